create function private.audit(
  p_organization_id uuid,
  p_action text,
  p_target_type text,
  p_target_id text,
  p_before jsonb default null,
  p_after jsonb default null,
  p_details jsonb default null
) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_text text := nullif(current_setting('request.jwt.claims', true), '');
  v_claims jsonb;
  v_headers jsonb;
  v_actor text;
  v_auth text;
  v_user_id uuid;
  v_key_id uuid;
  v_ip text;
  v_before text := p_before::text;
  v_after text := p_after::text;
  v_details text := p_details::text;
begin
  -- PL/pgSQL without a block for exceptions: this runs inside of every change.
  if v_text is null then
    v_actor := 'system';
    v_auth := 'sql';
  else
    v_claims := case when pg_input_is_valid(v_text, 'jsonb') then v_text::jsonb end;
    v_headers := private.request_headers();
    v_text := v_claims ->> 'sub';
    v_text := case when pg_input_is_valid(v_text, 'uuid') then v_text end;
    if v_claims ->> 'role' = 'service_role' then
      v_actor := 'service';
      v_auth := 'secret_key';
    elsif v_claims #>> '{millrace,key}' is not null then
      v_actor := 'key';
      v_auth := 'key';
      v_key_id := v_text;
      v_user_id := private.caller_user_id();
    elsif v_text is not null then
      v_actor := 'user';
      v_auth := 'jwt';
      v_user_id := v_text;
    else
      v_actor := 'anonymous';
      v_auth := 'none';
    end if;
    v_ip := v_headers ->> 'x-millrace-ip';
  end if;

  insert into public.audit_events (
    organization_id, actor, user_id, key_id, auth, via, ip, agent, request_id, action, target_type, target_id, before, after, details
  )
  values (
    coalesce(p_organization_id, private.platform_id()), v_actor, v_user_id, v_key_id, v_auth,
    case when v_actor = 'system' then 'sql' when v_headers is not null and private.request_is_proven(v_headers) then 'function' else 'data_api' end,
    case when pg_input_is_valid(v_ip, 'inet') then host(v_ip::inet) end,
    case when v_actor = 'system' then concat_ws(' ', session_user, nullif(current_setting('application_name'), ''))
      else left(v_headers ->> 'x-millrace-agent', 400) end,
    left(v_headers ->> 'x-request-id', 100),
    p_action, p_target_type, left(p_target_id, 400),
    case when octet_length(v_before) > 4096 then private.audit_value(p_before) else v_before::json end,
    case when octet_length(v_after) > 4096 then private.audit_value(p_after) else v_after::json end,
    case when octet_length(v_details) > 4096 then private.audit_value(p_details) else v_details::json end
  );
end;
$$;

revoke all on function private.audit(uuid, text, text, text, jsonb, jsonb, jsonb) from public, anon, authenticated, service_role;
comment on function private.audit(uuid, text, text, text, jsonb, jsonb, jsonb) is
  'Writes a row of the audit log, in the transaction of what it tells of: one plain insert. Who and from where come from the session. p_organization_id null = the platform. p_before, p_after: the columns that changed, never secrets; large values are cut, with a hash.';
