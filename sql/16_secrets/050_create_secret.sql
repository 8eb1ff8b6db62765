create function public.create_secret(
  p_secret_id uuid,
  p_organization_id uuid,
  p_name text,
  p_envelope text,
  p_key_id text,
  p_description text default '',
  p_expires_at timestamptz default null,
  p_rotate_after_days integer default null,
  p_idempotency_key text default null,
  p_fingerprint text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_reply jsonb;
  v_bytes bytea;
begin
  perform private.require_permission(p_organization_id, 'secrets:write', 'organization');
  -- Neither the envelope nor the id: both are new in every request. The fingerprint stands for the value.
  v_reply := private.idempotent_reply(p_organization_id, 'create_secret', p_idempotency_key,
    jsonb_build_array(p_name, p_description, p_expires_at, p_rotate_after_days, p_fingerprint));
  if v_reply is not null then
    return v_reply;
  end if;
  if coalesce(p_name, '') !~ '^[A-Z][A-Z0-9_]{0,63}$' or length(p_description) > 1000 or p_secret_id is null
    or p_rotate_after_days not between 1 and 3650 or p_expires_at <= private.now()
  then
    perform private.fail('invalid_request',
      'A name is A to Z, 0 to 9 and _ (64 at most, a letter first), a description at most 1000 characters, and the expiry is to come', 400);
  end if;
  v_bytes := private.read_envelope(p_envelope, p_key_id);

  perform private.require_room(p_organization_id, 'max_secrets');

  insert into public.secrets (id, organization_id, name, description, expires_at, rotate_after_days, created_by)
  values (p_secret_id, p_organization_id, p_name, coalesce(p_description, ''), p_expires_at, p_rotate_after_days,
    private.caller_user_id())
  on conflict do nothing;
  if not found then
    perform private.fail('conflict', format('There is a secret %s already', p_name), 409);
  end if;
  insert into private.secret_versions (secret_id, number, organization_id, envelope, key_id, created_by)
  values (p_secret_id, 1, p_organization_id, v_bytes, p_key_id, private.caller_user_id());
  return private.keep_reply(p_organization_id, 'create_secret', p_idempotency_key, private.secret_reply(p_secret_id));
end;
$$;

revoke all on function public.create_secret(uuid, uuid, text, text, text, text, timestamptz, integer, text, text) from public, anon, authenticated, service_role;
grant execute on function public.create_secret(uuid, uuid, text, text, text, text, timestamptz, integer, text, text) to authenticated;
comment on function public.create_secret(uuid, uuid, text, text, text, text, timestamptz, integer, text, text) is
  'Makes a secret of a value that the function secrets has encrypted for this id, as version 1. p_fingerprint: a MAC of the value, by which a repeated request is known. Needs secrets:write; 402 at the plan''s number, 409 for a name that is taken. Answers the secret without its value.';
