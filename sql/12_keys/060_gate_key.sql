create function engine.gate_key(
  p_secret_hash text,
  p_route text default 'default',
  p_organization_id uuid default null,
  p_ip text default null,
  p_operation text default null,
  p_cached text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_row record;
begin
  perform private.require_open_ip(case when private.input_is_valid(p_ip, 'inet') then p_ip::inet end);
  if coalesce(p_route, '') not in ('default', 'read', 'write', 'run') then
    perform private.fail('invalid_request', 'Unknown route class', 400);
  end if;

  -- One look by the hash. What is unknown, revoked or over is answered alike.
  select k.id, k.organization_id, k.mode, k.scopes, k.ip_allow, k.requests_per_minute, k.request_burst, k.created_by,
    k.last_used_at, o.suspended_at, o.deletes_at, p as plan
  into v_row
  from private.api_key_hashes h
  join public.api_keys k on k.id = h.key_id
  join public.organizations o on o.id = k.organization_id
  join public.plans p on p.id = o.plan_id
  where h.secret_hash = decode(case when p_secret_hash ~ '^[0-9a-f]{64}$' then p_secret_hash else '' end, 'hex')
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > v_now);
  if not found then
    perform private.fail('unauthorized', 'The API key is not valid', 401);
  end if;
  if p_organization_id <> v_row.organization_id then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  if cardinality(v_row.ip_allow) > 0 and not coalesce(p_ip::inet <<= any (v_row.ip_allow::cidr[]), false) then
    perform private.fail('ip_not_allowed', 'The API key may not be used from this address', 403);
  end if;

  -- At most once a minute, waiting for nobody: whoever holds the row is at the same, or changes the key.
  if v_row.last_used_at is null or v_row.last_used_at < v_now - interval '1 minute' then
    perform set_config('synchronous_commit', 'off', true);
    update public.api_keys k set last_used_at = v_now
    where k.id = (select u.id from public.api_keys u where u.id = v_row.id for no key update skip locked);
  end if;

  return jsonb_build_object(
    'user_id', v_row.created_by,
    'key', jsonb_build_object('id', v_row.id, 'mode', v_row.mode),
    'organization_id', v_row.organization_id,
    'role', null,
    -- Suspended, it can be looked at; about to be deleted, it can be read.
    'permissions', to_jsonb(array(
      select s.scope from unnest(v_row.scopes) as s (scope)
      where (v_row.suspended_at is null or s.scope = 'org:read') and (v_row.deletes_at is null or s.scope like '%:read')
    )),
    'suspended', v_row.suspended_at is not null,
    'plan', (v_row.plan).id,
    'limits', to_jsonb(v_row.plan) - '{id,name,retention_days,archives_runs}'::text[],
    'flags', private.flags_of(v_row.organization_id),
    'api_version', private.api_version_of(v_row.organization_id, v_row.id),
    'generation', case when p_cached is not null then private.generation_of(v_row.organization_id, p_cached) end,
    'rate', private.take_request_tokens(private.request_buckets(
      'key:' || v_row.id, v_row.organization_id, v_row.plan, p_route, p_operation, v_row.requests_per_minute, v_row.request_burst
    ))
  );
end;
$$;

revoke all on function engine.gate_key(text, text, uuid, text, text, text) from public, anon, authenticated, service_role;
grant execute on function engine.gate_key(text, text, uuid, text, text, text) to service_role;
comment on function engine.gate_key(text, text, uuid, text, text, text) is
  'The one call before the business call for an API key, given as the SHA-256 of its text in hex: what public.gate answers for a person, with {id, mode} of the key, user_id = who made it, and its scopes as permissions. 401, always the same, for a key that is unknown, revoked or over; 403 ip_not_allowed for an address outside its networks; 404 for another organization than its own. p_ip = the address of the client, null = unknown.';
