create function private.refuse_references(p_run_id uuid, p_outputs jsonb) returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_problems jsonb;
begin
  -- What was read from the run and is sent back as it is may stay what it is.
  select jsonb_agg(jsonb_build_object(
    'path', 'body.outputs.' || o.key, 'code', 'reserved_key', 'message', 'An output must not look like a reference: "$blob"'
  ) order by o.key) into v_problems
  from jsonb_each(p_outputs) o
  where jsonb_path_exists(o.value, '$[*] ? (exists(@."$blob"))')
    and not exists (
      select 1 from public.run_steps s
      where s.run_id = p_run_id and s.node_id = o.key and s.scope = '' and s.output = o.value
    );
  if v_problems is not null then
    perform private.fail('invalid_request', 'Outputs must not look like references to large ones', 400, v_problems);
  end if;
end;
$$;

revoke all on function private.refuse_references(uuid, jsonb) from public, anon, authenticated, service_role;
comment on function private.refuse_references(uuid, jsonb) is
  'Refuses outputs, by node id, that people give for steps and the engine would take for references to large outputs, unless the run recorded them so.';
