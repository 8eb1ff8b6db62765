create function private.put_webhook_secret(p_endpoint_id uuid, p_secret text, p_sealed jsonb) returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
begin
  if p_sealed is null then
    insert into private.webhook_secrets (endpoint_id, secret) values (p_endpoint_id, p_secret) returning id into v_id;
    return v_id;
  end if;
  if jsonb_typeof(p_sealed) <> 'object' or not private.input_is_valid(coalesce(p_sealed ->> 'id', ''), 'uuid')
    or length(coalesce(p_sealed ->> 'last_four', '')) <> 4
  then
    perform private.fail('invalid_request', 'The secret is not encrypted as it must be', 400);
  end if;
  insert into private.webhook_secrets (id, endpoint_id, envelope, key_id, last_four)
  values (
    (p_sealed ->> 'id')::uuid, p_endpoint_id, private.read_envelope(p_sealed ->> 'envelope', p_sealed ->> 'key_id'),
    p_sealed ->> 'key_id', p_sealed ->> 'last_four'
  )
  on conflict do nothing
  returning id into v_id;
  if v_id is null then
    perform private.fail('conflict', 'There is a secret of this id already', 409);
  end if;
  return v_id;
end;
$$;

revoke all on function private.put_webhook_secret(uuid, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.put_webhook_secret(uuid, text, jsonb) is
  'Gives an endpoint a secret: p_sealed = {id, envelope (Base64), key_id, last_four}, encrypted for the row of this id; else p_secret as it is, until it is sealed. Answers the id of the row.';

create function private.told_webhook_secret(p_secret_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce((
    select case when s.secret is null then jsonb_build_object('sealed_secret', private.sealed_webhook_secret(s))
      else jsonb_build_object('secret', s.secret) end
    from private.webhook_secrets s where s.id = p_secret_id
  ), '{}');
end;
$$;

revoke all on function private.told_webhook_secret(uuid) from public, anon, authenticated, service_role;
comment on function private.told_webhook_secret(uuid) is
  'What whoever has just set a secret is told of it: {secret}, or {sealed_secret}, which the function webhooks opens; {} when it is gone.';

create function private.sealed_webhook_secret(p_secret private.webhook_secrets) returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_build_object('id', p_secret.id, 'envelope', encode(p_secret.envelope, 'hex'));
end;
$$;

revoke all on function private.sealed_webhook_secret(private.webhook_secrets) from public, anon, authenticated, service_role;
comment on function private.sealed_webhook_secret(private.webhook_secrets) is
  'A sealed secret as functions get it: {id, envelope (hex)}.';
