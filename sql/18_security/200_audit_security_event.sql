create function private.audit_security_event() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_suppressed integer;
begin
  -- One a minute of each kind and caller: a flood of refusals must not become a flood of rows that stay for years.
  v_suppressed := private.audit_turn(
    concat_ws(':', 'security', new.kind, new.organization_id, new.user_id, new.key_id, new.ip), 60
  );
  if v_suppressed is null then
    return null;
  end if;
  insert into public.audit_events (
    organization_id, actor, user_id, key_id, auth, via, ip, agent, request_id, action, target_type, target_id, details
  )
  values (
    coalesce(new.organization_id, private.platform_id()),
    case when new.key_id is not null then 'key' when new.user_id is not null then 'user' else 'anonymous' end,
    new.user_id, new.key_id,
    case when new.key_id is not null then 'key' when new.user_id is not null then 'jwt' else 'none' end,
    'function', host(new.ip), new.agent, new.request_id, new.kind,
    case when new.kind like 'key.%' then 'key' else 'security' end, case when new.kind like 'key.%' then new.key_id::text end,
    private.audit_value(new.details || jsonb_build_object('occurrences', new.occurrences)
      || case when v_suppressed > 0 then jsonb_build_object('not_logged', v_suppressed) else '{}' end)
  );
  return null;
end;
$$;

revoke all on function private.audit_security_event() from public, anon, authenticated, service_role;
comment on function private.audit_security_event() is
  'Trigger on security_events: refused credentials and permissions, blocks for limits and the like stand in the audit log too, at most one a minute of each kind and caller.';

-- Who blocks and unblocks an address says so in the log by itself.
create trigger audit after insert on private.security_events
  for each row when (new.kind not in ('ip.blocked', 'ip.unblocked')) execute function private.audit_security_event();
