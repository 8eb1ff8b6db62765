create function engine.update_task(p_name text, p_changes jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_cron text := p_changes ->> 'cron';
begin
  if jsonb_typeof(p_changes) is distinct from 'object' or p_changes - array['cron', 'is_enabled'] <> '{}'
    or (p_changes ? 'is_enabled' and jsonb_typeof(p_changes -> 'is_enabled') <> 'boolean')
    or (p_changes ? 'cron' and jsonb_typeof(p_changes -> 'cron') not in ('string', 'null'))
  then
    perform private.fail('invalid_request', 'Of a task, cron (text or null) and is_enabled (true or false) can be changed', 400);
  end if;
  -- The shape; what the fields may be, pg_cron says below.
  if length(v_cron) > 100 or v_cron !~ '^([0-9A-Za-z*/,-]+ ){4}[0-9A-Za-z*/,-]+$' then
    perform private.fail('invalid_request', 'The cron expression must have five fields: minute, hour, day, month, day of week', 400);
  end if;
  update private.system_tasks t set
    custom_cron = case when p_changes ? 'cron' then nullif(v_cron, t.cron) else t.custom_cron end,
    is_enabled = coalesce((p_changes ->> 'is_enabled')::boolean, t.is_enabled),
    updated_at = private.now()
  where t.name = p_name;
  if not found then
    perform private.fail('not_found', 'No such task', 404);
  end if;
  -- Before engine.configure there is nothing to bring in line.
  if private.setting('functions_url') is not null then
    perform private.schedule_tasks();
  end if;
  return (select l.value from jsonb_array_elements(engine.list_tasks()) l where l.value ->> 'name' = p_name);
end;
$$;

revoke all on function engine.update_task(text, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.update_task(text, jsonb) to service_role;
comment on function engine.update_task(text, jsonb) is
  'Switches a task on or off, or changes when it is due ({is_enabled, cron}; cron null = as it came), and tells pg_cron. Answers the task as engine.list_tasks does.';
