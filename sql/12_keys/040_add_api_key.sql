create function private.add_api_key(p_key public.api_keys, p_secret_hash text) returns public.api_keys
language plpgsql
set search_path = ''
as $$
declare
  v_key public.api_keys;
begin
  if p_key.mode is null or p_key.mode not in ('live', 'test') then
    perform private.fail('invalid_request', 'The mode of an API key is live or test', 400);
  end if;
  if coalesce(p_secret_hash, '') !~ '^[0-9a-f]{64}$' or coalesce(p_key.last_four, '') !~ '^[0-9A-Za-z]{4}$'
    or coalesce(p_key.prefix, '') !~ ('^mr_' || p_key.mode || '_[0-9A-Za-z]{4}$')
  then
    perform private.fail('invalid_request', 'The hash, the beginning or the end of the API key is not one', 400);
  end if;
  -- One that takes another's place may come beside it for a while, whatever the plan; not a third one beside both.
  if p_key.rotated_from is null or exists (
    select from public.api_keys o join public.api_keys b on b.id = o.rotated_from
    where o.id = p_key.rotated_from and b.revoked_at is null and b.expires_at > private.now()
  ) then
    perform private.require_room(p_key.organization_id, 'max_api_keys');
  end if;

  insert into public.api_keys (
    organization_id, name, mode, prefix, last_four, scopes, ip_allow, requests_per_minute, request_burst, expires_at,
    rotated_from, created_by
  )
  values (
    p_key.organization_id, p_key.name, p_key.mode, p_key.prefix, p_key.last_four, p_key.scopes, p_key.ip_allow,
    p_key.requests_per_minute, p_key.request_burst, p_key.expires_at, p_key.rotated_from, private.caller_user_id()
  )
  returning * into v_key;
  insert into private.api_key_hashes (secret_hash, key_id) values (decode(p_secret_hash, 'hex'), v_key.id);
  return v_key;
exception when unique_violation then
  -- Somebody sent the hash of a key that exists; nobody learns which.
  perform private.fail('conflict', 'The API key could not be made: try again with another one', 409);
  return null;
end;
$$;

revoke all on function private.add_api_key(public.api_keys, text) from public, anon, authenticated, service_role;
comment on function private.add_api_key(public.api_keys, text) is
  'Adds an API key whose settings are checked already, with the SHA-256 of its text in hex. 402 at the plan''s number of keys in force, unless it takes the place of one beside which no other is in force any more.';

create function private.check_api_key_seed(p_seed text) returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_seed !~ '^[0-9A-Za-z_-]{16,64}$' then
    perform private.fail('invalid_request', 'The seed of an API key has 16 to 64 letters, digits, - and _', 400);
  end if;
end;
$$;

revoke all on function private.check_api_key_seed(text) from public, anon, authenticated, service_role;
comment on function private.check_api_key_seed(text) is '400 for what is no seed of an API key. Null is none, and right.';

create function public.create_api_key(
  p_organization_id uuid,
  p_mode text,
  p_settings jsonb,
  p_secret_hash text,
  p_prefix text,
  p_last_four text,
  p_idempotency_key text default null,
  p_seed text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_key public.api_keys;
  v_reply jsonb;
begin
  perform private.require_permission(p_organization_id, 'keys:write', 'organization');
  perform private.check_api_key_seed(p_seed);
  -- Each attempt brings another secret: it is no part of what is compared. The caller is: nobody repeats what another
  -- person asked for, and is shown a key with scopes of that person.
  v_reply := private.idempotent_reply(p_organization_id, 'create_api_key', p_idempotency_key,
    jsonb_build_array(auth.uid(), p_mode, p_settings));
  if v_reply is not null then
    return v_reply || '{"is_new": false}';
  end if;
  v_key.organization_id := p_organization_id;
  v_key.mode := p_mode;
  v_key.prefix := p_prefix;
  v_key.last_four := p_last_four;
  v_key := private.add_api_key(private.change_api_key(v_key, p_settings), p_secret_hash);
  return private.keep_reply(p_organization_id, 'create_api_key', p_idempotency_key,
    to_jsonb(v_key) || jsonb_build_object('seed', p_seed)) || '{"is_new": true}';
end;
$$;

revoke all on function public.create_api_key(uuid, text, jsonb, text, text, text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.create_api_key(uuid, text, jsonb, text, text, text, text, text) to authenticated;
comment on function public.create_api_key(uuid, text, jsonb, text, text, text, text, text) is
  'Makes an API key of the mode live or test. The key itself stays with the caller: only its SHA-256 in hex comes here, its beginning (mr_<mode>_ and four characters) and its last four characters. is_new false = an earlier call with the same Idempotency-Key made it, and the secret of this call opens nothing. p_seed: what the caller, with a secret of its own, can make the same key of again; it comes back with the answer, to that caller only, while the Idempotency-Key is kept. Needs keys:write.';
