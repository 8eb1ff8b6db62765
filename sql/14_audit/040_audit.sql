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
-- This runs inside of every change. Each expression and statement of PL/pgSQL costs its own start in every transaction, and so
-- do functions that are called: hence as few of them as can be.
declare
  v_claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  v_headers jsonb;
  v_actor text := 'system';
begin
  if v_claims is not null then
    v_headers := nullif(current_setting('request.headers', true), '')::jsonb;
    v_actor := case
      when v_claims ->> 'role' = 'service_role' then 'service'
      when v_claims #>> '{millrace,key}' is not null then 'key'
      when private.input_is_valid(v_claims ->> 'sub', 'uuid') then 'user'
      else 'anonymous'
    end;
  end if;

  insert into public.audit_events (
    organization_id, actor, user_id, key_id, auth, via, ip, agent, request_id, action, target_type, target_id, before, after, details
  )
  values (
    coalesce(p_organization_id, private.platform_id()), v_actor,
    case v_actor when 'user' then (v_claims ->> 'sub')::uuid when 'key' then private.caller_user_id() end,
    case v_actor when 'key' then private.caller_key_id() end,
    case v_actor when 'user' then 'jwt' when 'key' then 'key' when 'service' then 'secret_key' when 'system' then 'sql' else 'none' end,
    case
      when v_actor = 'system' then 'sql'
      -- x-millrace-proof is HMAC-SHA-256 (RFC 2104), in hex, over three headers (shared/audit/request_proof.ts). The setting holds
      -- the two padded keys, 64 bytes each: inner, then outer. Without it nothing is proven.
      when (
        select v_headers ->> 'x-millrace-proof' = encode(sha256(
          decode(right(s.value, 128), 'hex') || sha256(decode(left(s.value, 128), 'hex') || convert_to(
            coalesce(v_headers ->> 'x-request-id', '') || E'\n' || coalesce(v_headers ->> 'x-millrace-ip', '') || E'\n'
              || coalesce(v_headers ->> 'x-millrace-agent', ''), 'UTF8'
          ))
        ), 'hex')
        from private.settings s where s.name = 'request_proof_key' and v_headers ? 'x-millrace-proof'
      ) then 'function'
      else 'data_api'
    end,
    case when private.input_is_valid(v_headers ->> 'x-millrace-ip', 'inet') then host((v_headers ->> 'x-millrace-ip')::inet) end,
    case v_actor when 'system' then concat_ws(' ', session_user, nullif(current_setting('application_name'), ''))
      else left(v_headers ->> 'x-millrace-agent', 400) end,
    left(v_headers ->> 'x-request-id', 100),
    p_action, p_target_type, left(p_target_id, 400),
    case when octet_length(p_before::text) > 4096 then private.audit_value(p_before) else p_before::text::json end,
    case when octet_length(p_after::text) > 4096 then private.audit_value(p_after) else p_after::text::json end,
    case when octet_length(p_details::text) > 4096 then private.audit_value(p_details) else p_details::text::json end
  );
end;
$$;

revoke all on function private.audit(uuid, text, text, text, jsonb, jsonb, jsonb) from public, anon, authenticated, service_role;
comment on function private.audit(uuid, text, text, text, jsonb, jsonb, jsonb) is
  'Writes a row of the audit log, in the transaction of what it tells of: one plain insert. Who and from where come from the session. p_organization_id null = the platform. p_before, p_after: the columns that changed, never secrets; large values are cut, with a hash.';
