create function private.change_api_key(p_key public.api_keys, p_changes jsonb) returns public.api_keys
language plpgsql
set search_path = ''
as $$
-- The caller may hand out only what the caller holds; what the key has already it keeps.
declare
  v_allowed text[] := '{name,scopes,ip_allow,requests_per_minute,request_burst,expires_at}';
  v_old text[] := coalesce(p_key.scopes, '{}');
  v_bad text;
begin
  if jsonb_typeof(p_changes) is distinct from 'object' then
    perform private.fail('invalid_request', 'The settings of an API key must be an object', 400);
  end if;
  select min(k.name) into v_bad from jsonb_object_keys(p_changes) as k (name) where k.name <> all (v_allowed);
  if v_bad is not null then
    perform private.fail('invalid_request', format('An API key has no setting %s', left(v_bad, 100)), 400);
  end if;
  begin
    p_key := jsonb_populate_record(p_key, p_changes);
    p_key.ip_allow := array(
      select distinct a.network::cidr::text from unnest(coalesce(p_key.ip_allow, '{}')) as a (network) order by 1
    );
    p_key.scopes := array(select distinct s.scope from unnest(p_key.scopes) as s (scope) order by 1);
  exception when data_exception then
    perform private.fail('invalid_request', 'A setting of the API key has the wrong type, or a network is none', 400);
  end;

  if length(coalesce(p_key.name, '')) not between 1 and 200 then
    perform private.fail('invalid_request', 'The name of an API key has 1 to 200 characters', 400);
  end if;
  if cardinality(p_key.scopes) not between 1 and 100 or array_position(p_key.scopes, null) is not null then
    perform private.fail('invalid_request', 'An API key needs at least one scope', 400);
  end if;
  if cardinality(p_key.ip_allow) > 100 or array_position(p_key.ip_allow, null) is not null then
    perform private.fail('invalid_request', 'An API key may be used from at most a hundred networks', 400);
  end if;
  if p_key.requests_per_minute not between 1 and 1000000 or p_key.request_burst not between 1 and 1000000 then
    perform private.fail('invalid_request', 'A limit of an API key lies between 1 and 1,000,000', 400);
  end if;
  if p_changes ? 'expires_at' and p_key.expires_at <= private.now() then
    perform private.fail('invalid_request', 'The end of an API key must lie ahead; revoke it to end it now', 400);
  end if;
  select min(s.scope) into v_bad from unnest(p_key.scopes) as s (scope)
  where s.scope in ('org:own', 'members:write', 'keys:write', 'billing:write')
    or not exists (select 1 from private.role_permissions rp where rp.permission = s.scope);
  if v_bad is not null then
    perform private.fail('invalid_request', format('An API key cannot hold the scope %s', left(v_bad, 100)), 400);
  end if;
  select min(s.scope) into v_bad from unnest(p_key.scopes) as s (scope)
  where s.scope <> all (v_old) and not exists (
    select 1 from public.organization_members m
    join private.role_permissions rp on rp.role = m.role and rp.permission = s.scope
    where m.organization_id = p_key.organization_id and m.user_id = auth.uid()
  );
  if v_bad is not null then
    perform private.fail('forbidden', format('You cannot hand out the scope %s, which you do not hold', v_bad), 403);
  end if;
  return p_key;
end;
$$;

revoke all on function private.change_api_key(public.api_keys, jsonb) from public, anon, authenticated, service_role;
comment on function private.change_api_key(public.api_keys, jsonb) is
  'An API key with some settings changed, checked: {name, scopes, ip_allow, requests_per_minute, request_burst, expires_at}; null clears what may be cleared. New scopes must exist, be for keys, and be held by the caller.';

create function private.lock_api_key(p_key_id uuid, p_if_version integer default null) returns public.api_keys
language plpgsql
set search_path = ''
as $$
declare
  v_key public.api_keys;
begin
  -- Asked before the lock: a stranger neither waits for who works on the key nor makes them wait.
  select k.organization_id into v_key.organization_id from public.api_keys k where k.id = p_key_id;
  perform private.require_permission(v_key.organization_id, 'keys:write', 'API key');
  select * into v_key from public.api_keys k where k.id = p_key_id for no key update;
  if p_if_version is not null and v_key.version <> p_if_version then
    perform private.fail('version_mismatch', format('The API key has version %s, not %s', v_key.version, p_if_version), 412);
  end if;
  return v_key;
end;
$$;

revoke all on function private.lock_api_key(uuid, integer) from public, anon, authenticated, service_role;
comment on function private.lock_api_key(uuid, integer) is
  'Locks an API key of the caller for a change: 404 when it is not theirs, 403 without keys:write, 412 when p_if_version is not its version.';
