create function public.update_api_key(p_key_id uuid, p_changes jsonb, p_if_version integer default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_key public.api_keys := private.lock_api_key(p_key_id, p_if_version);
  v_was_over boolean := v_key.expires_at <= private.now();
begin
  if v_key.revoked_at is not null then
    perform private.fail('conflict', 'The API key is revoked, for good', 409);
  end if;
  if v_key.rotated_at is not null and p_changes ? 'expires_at' then
    perform private.fail('conflict', 'The API key was rotated: its end is the end of the overlap', 409);
  end if;
  v_key := private.change_api_key(v_key, p_changes);
  -- One that was over and gets another end counts again.
  if v_was_over and (v_key.expires_at is null or v_key.expires_at > private.now()) then
    perform private.require_room(v_key.organization_id, 'max_api_keys');
  end if;
  update public.api_keys k set
    name = v_key.name, scopes = v_key.scopes, ip_allow = v_key.ip_allow, requests_per_minute = v_key.requests_per_minute,
    request_burst = v_key.request_burst, expires_at = v_key.expires_at
  where k.id = p_key_id
  returning * into v_key;
  return to_jsonb(v_key);
end;
$$;

revoke all on function public.update_api_key(uuid, jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function public.update_api_key(uuid, jsonb, integer) to authenticated;
comment on function public.update_api_key(uuid, jsonb, integer) is
  'Changes settings of an API key: {name, scopes, ip_allow, requests_per_minute, request_burst, expires_at}; what is not named stays. Holds from the next request on. Needs keys:write; 402 for another end of a key that is over when the plan''s number of keys is in force.';

create function public.rotate_api_key(
  p_key_id uuid,
  p_secret_hash text,
  p_prefix text,
  p_last_four text,
  p_overlap_seconds integer default 86400,
  p_expires_at timestamptz default null,
  p_if_version integer default null,
  p_idempotency_key text default null,
  p_seed text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_old public.api_keys := private.lock_api_key(p_key_id);
  v_new public.api_keys := v_old;
  v_reply jsonb;
begin
  perform private.check_api_key_seed(p_seed);
  v_reply := private.idempotent_reply(v_old.organization_id, 'rotate_api_key', p_idempotency_key,
    jsonb_build_array(auth.uid(), p_key_id, p_overlap_seconds, p_expires_at));
  if v_reply is not null then
    return v_reply || '{"is_new": false}';
  end if;
  if p_if_version is not null and v_old.version <> p_if_version then
    perform private.fail('version_mismatch', format('The API key has version %s, not %s', v_old.version, p_if_version), 412);
  end if;
  if coalesce(p_overlap_seconds, -1) not between 0 and 2592000 then
    perform private.fail('invalid_request', 'The overlap lasts 0 to 2,592,000 seconds (30 days)', 400);
  end if;
  if p_expires_at <= v_now + make_interval(secs => p_overlap_seconds) then
    perform private.fail('invalid_request', 'The new API key must outlast the overlap', 400);
  end if;
  if v_old.rotated_at is not null then
    perform private.fail('conflict', 'The API key was rotated already: rotate the one that took its place', 409);
  end if;
  if v_old.revoked_at is not null or v_old.expires_at <= v_now then
    perform private.fail('conflict', 'The API key opens nothing any more: make a new one', 409);
  end if;

  -- First, so that the limit of keys in force does not stand in the way of a rotation without overlap.
  update public.api_keys k set
    rotated_at = v_now,
    expires_at = least(k.expires_at, v_now + make_interval(secs => p_overlap_seconds))
  where k.id = p_key_id;
  v_new.prefix := p_prefix;
  v_new.last_four := p_last_four;
  v_new.rotated_from := p_key_id;
  -- A key that had an end gets one as far away as the old one's was when it was made.
  v_new.expires_at := coalesce(p_expires_at, greatest(
    v_now + (v_old.expires_at - v_old.created_at), v_now + make_interval(secs => p_overlap_seconds + 60)
  ));
  if v_old.expires_at is null and p_expires_at is null then
    v_new.expires_at := null;
  end if;
  v_new := private.add_api_key(v_new, p_secret_hash);
  return private.keep_reply(v_old.organization_id, 'rotate_api_key', p_idempotency_key,
    to_jsonb(v_new) || jsonb_build_object('seed', p_seed)) || '{"is_new": true}';
end;
$$;

revoke all on function public.rotate_api_key(uuid, text, text, text, integer, timestamptz, integer, text, text) from public, anon, authenticated, service_role;
grant execute on function public.rotate_api_key(uuid, text, text, text, integer, timestamptz, integer, text, text) to authenticated;
comment on function public.rotate_api_key(uuid, text, text, text, integer, timestamptz, integer, text, text) is
  'Makes the API key that takes the place of another, with its settings; the old one goes on for p_overlap_seconds (0 = it ends now). p_expires_at null = none, or as long a life as the old one was given. Only the new key''s hash and seed come here, as for create_api_key. Needs keys:write.';

create function public.revoke_api_key(p_key_id uuid, p_if_version integer default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_key public.api_keys := private.lock_api_key(p_key_id, p_if_version);
begin
  if v_key.revoked_at is null then
    update public.api_keys k set revoked_at = private.now() where k.id = p_key_id returning * into v_key;
  end if;
  return to_jsonb(v_key);
end;
$$;

revoke all on function public.revoke_api_key(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.revoke_api_key(uuid, integer) to authenticated;
comment on function public.revoke_api_key(uuid, integer) is
  'Revokes an API key, for good and at once: the gate refuses the next request, and what a request under way still asks finds nothing. Revoking again changes nothing. Needs keys:write.';
