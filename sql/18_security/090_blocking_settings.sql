create function engine.blocking_settings() returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'ip_block_after', coalesce(private.setting('ip_block_after')::integer, 50),
    'ip_block_window_seconds', coalesce(private.setting('ip_block_window_seconds')::integer, 600),
    'ip_block_seconds', coalesce(private.setting('ip_block_seconds')::integer, 3600),
    'ip_never_block', to_jsonb(regexp_split_to_array(nullif(private.setting('ip_never_block'), ''), '[\s,]+')
      || array[]::text[])
  );
end;
$$;

revoke all on function engine.blocking_settings() from public, anon, authenticated, service_role;
grant execute on function engine.blocking_settings() to service_role;
comment on function engine.blocking_settings() is
  'When addresses are blocked by themselves: {ip_block_after, ip_block_window_seconds, ip_block_seconds, ip_never_block}.';

create function engine.set_blocking_settings(p_settings jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_before jsonb := engine.blocking_settings();
begin
  if exists (
    select 1 from jsonb_array_elements_text(coalesce(p_settings -> 'ip_never_block', '[]')) t (network)
    where not private.input_is_valid(t.network, 'inet')
  ) then
    perform private.fail('invalid_request', 'Each of ip_never_block must be an address or a network in CIDR form', 400);
  end if;
  insert into private.settings as s (name, value)
  select e.name, e.value
  from (values
    ('ip_block_after', p_settings ->> 'ip_block_after'),
    ('ip_block_window_seconds', p_settings ->> 'ip_block_window_seconds'),
    ('ip_block_seconds', p_settings ->> 'ip_block_seconds'),
    ('ip_never_block', (
      select coalesce(string_agg(t.network, ','), '') from jsonb_array_elements_text(p_settings -> 'ip_never_block') t (network)
    ))
  ) e (name, value)
  where e.value is not null and p_settings ? e.name
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
  perform private.audit(null, 'blocking_settings.updated', 'settings', 'blocking', v_before, engine.blocking_settings());
  return engine.blocking_settings();
end;
$$;

revoke all on function engine.set_blocking_settings(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.set_blocking_settings(jsonb) to service_role;
comment on function engine.set_blocking_settings(jsonb) is
  'Changes when addresses are blocked by themselves: what is absent stays. Answers all settings.';
