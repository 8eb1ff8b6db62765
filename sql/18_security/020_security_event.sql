create function private.security_event(
  p_kind text,
  p_organization_id uuid,
  p_details jsonb,
  p_user_id uuid default null,
  p_key_id uuid default null
) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.security_events (kind, organization_id, user_id, key_id, ip, agent, request_id, details)
  values (
    p_kind, p_organization_id, coalesce(p_user_id, private.caller_user_id()), coalesce(p_key_id, private.caller_key_id()),
    private.client_ip(), left(private.request_header('x-millrace-agent'), 400),
    left(private.request_header('x-request-id'), 100), coalesce(p_details, '{}')
  );
end;
$$;

revoke all on function private.security_event(text, uuid, jsonb, uuid, uuid) from public, anon, authenticated, service_role;
comment on function private.security_event(text, uuid, jsonb, uuid, uuid) is
  'Writes a security event; who asked, and from where, comes from the session where it is not given.';

create function private.client_ip() returns inet
language plpgsql
stable
set search_path = ''
as $$
declare
  v_text text := private.request_header('x-millrace-ip');
begin
  return case when private.input_is_valid(v_text, 'inet') then host(v_text::inet)::inet end;
end;
$$;

revoke all on function private.client_ip() from public, anon, authenticated, service_role;
comment on function private.client_ip() is
  'The address of the client, as functions tell it (x-millrace-ip); null = not known. Whoever calls the Data API directly sets it at will.';
