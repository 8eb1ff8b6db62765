create function private.secret_reply(p_secret_id uuid) returns jsonb
language sql
stable
set search_path = ''
as $$
  select to_jsonb(s) from public.secrets s where s.id = p_secret_id;
$$;

revoke all on function private.secret_reply(uuid) from public, anon, authenticated, service_role;
comment on function private.secret_reply(uuid) is 'A secret as the API shows it: never its value.';

create function private.lock_secret(p_secret_id uuid, p_permission text, p_if_version integer default null) returns public.secrets
language plpgsql
set search_path = ''
as $$
declare
  v_secret public.secrets;
begin
  select * into v_secret from public.secrets s where s.id = p_secret_id for update;
  perform private.require_permission(v_secret.organization_id, p_permission, 'secret');
  if p_if_version is not null and p_if_version <> v_secret.version then
    perform private.fail('version_mismatch', 'The secret has changed since you read it', 412);
  end if;
  return v_secret;
end;
$$;

revoke all on function private.lock_secret(uuid, text, integer) from public, anon, authenticated, service_role;
comment on function private.lock_secret(uuid, text, integer) is
  'Locks a secret for a change by the caller: 404 for strangers, 403 without the permission, 412 when it is another version than p_if_version.';

create function private.read_envelope(p_envelope text, p_key_id text) returns bytea
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_bytes bytea;
begin
  if p_envelope is null or length(p_envelope) not between 120 and 94000 or p_envelope !~ '^[A-Za-z0-9+/]+={0,2}$' then
    perform private.fail('invalid_request', 'The value is not encrypted as it must be', 400);
  end if;
  v_bytes := decode(p_envelope, 'base64');
  if octet_length(v_bytes) not between 92 and 70000 or get_byte(v_bytes, 0) <> 1 or get_byte(v_bytes, 1) not between 1 and 32
    or octet_length(v_bytes) <= 90 + get_byte(v_bytes, 1)
    or encode(substring(v_bytes from 3 for get_byte(v_bytes, 1)), 'escape') is distinct from p_key_id
  then
    perform private.fail('invalid_request', 'The value is not encrypted as it must be', 400);
  end if;
  return v_bytes;
end;
$$;

revoke all on function private.read_envelope(text, text) from public, anon, authenticated, service_role;
comment on function private.read_envelope(text, text) is
  'An envelope in Base64 as bytes; 400 unless it has the form of docs/secrets.md and names this master key.';
