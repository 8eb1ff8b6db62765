create function public.set_secret_value(
  p_secret_id uuid,
  p_number integer,
  p_envelope text,
  p_key_id text,
  p_if_version integer default null,
  p_expires_at timestamptz default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_kept constant integer := 10;
  v_secret public.secrets := private.lock_secret(p_secret_id, 'secrets:write', p_if_version);
  v_last integer := (select max(v.number) from private.secret_versions v where v.secret_id = p_secret_id);
begin
  -- The number is part of what the ciphertext is bound to, so it has to be known before.
  if p_number is distinct from v_last + 1 then
    perform private.fail('conflict', 'Another value was set at the same time', 409);
  end if;
  if coalesce(p_expires_at, v_secret.expires_at) <= private.now() then
    perform private.fail('invalid_request', 'The expiry is over: give another one with the value', 400);
  end if;
  insert into private.secret_versions (secret_id, number, organization_id, envelope, key_id, created_by)
  values (p_secret_id, p_number, v_secret.organization_id, private.read_envelope(p_envelope, p_key_id), p_key_id,
    private.caller_user_id());
  update private.secret_versions v set envelope = null, destroyed_at = private.now()
  where v.secret_id = p_secret_id and v.envelope is not null and v.number <> p_number and v.number not in (
    select k.number from private.secret_versions k
    where k.secret_id = p_secret_id and k.envelope is not null order by k.number desc limit v_kept
  );
  update public.secrets s set current_version = p_number, rotated_at = private.now(),
    expires_at = coalesce(p_expires_at, s.expires_at)
  where s.id = p_secret_id;
  return private.secret_reply(p_secret_id);
end;
$$;

revoke all on function public.set_secret_value(uuid, integer, text, text, integer, timestamptz) from public, anon, authenticated, service_role;
grant execute on function public.set_secret_value(uuid, integer, text, text, integer, timestamptz) to authenticated;
comment on function public.set_secret_value(uuid, integer, text, text, integer, timestamptz) is
  'Makes a new value the current one; p_number is the one after the last (409 when somebody was faster). The ten newest values are kept, older ones destroyed. p_expires_at null = as it was. Needs secrets:write.';

create function public.next_secret_version(p_secret_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid := (select s.organization_id from public.secrets s where s.id = p_secret_id);
begin
  perform private.require_permission(v_organization_id, 'secrets:write', 'secret');
  return jsonb_build_object('organization_id', v_organization_id, 'number',
    (select max(v.number) + 1 from private.secret_versions v where v.secret_id = p_secret_id));
end;
$$;

revoke all on function public.next_secret_version(uuid) from public, anon, authenticated, service_role;
grant execute on function public.next_secret_version(uuid) to authenticated;
comment on function public.next_secret_version(uuid) is
  'What a new value of the secret is to be bound to: {organization_id, number}. Needs secrets:write.';
