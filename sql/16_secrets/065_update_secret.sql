create function public.update_secret(
  p_secret_id uuid,
  p_changes jsonb,
  p_if_version integer default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_secret public.secrets := private.lock_secret(p_secret_id, 'secrets:write', p_if_version);
  v_next public.secrets;
begin
  if jsonb_typeof(p_changes) is distinct from 'object' then
    perform private.fail('invalid_request', 'The changes are an object', 400);
  end if;
  v_next := jsonb_populate_record(v_secret, p_changes - array(
    select k from jsonb_object_keys(p_changes) k where k not in ('name', 'description', 'expires_at', 'rotate_after_days')
  ));
  if coalesce(v_next.name, '') !~ '^[A-Z][A-Z0-9_]{0,63}$' or length(coalesce(v_next.description, '')) > 1000
    or v_next.rotate_after_days not between 1 and 3650
    or (v_next.expires_at is distinct from v_secret.expires_at and v_next.expires_at <= private.now())
  then
    perform private.fail('invalid_request',
      'A name is A to Z, 0 to 9 and _ (64 at most, a letter first), a description at most 1000 characters, and the expiry is to come', 400);
  end if;
  if v_next.name <> v_secret.name and exists (
    select 1 from public.secrets s where s.organization_id = v_secret.organization_id and s.name = v_next.name
  ) then
    perform private.fail('conflict', format('There is a secret %s already', v_next.name), 409);
  end if;
  if (v_next.name, v_next.description, v_next.expires_at, v_next.rotate_after_days)
    is distinct from (v_secret.name, v_secret.description, v_secret.expires_at, v_secret.rotate_after_days)
  then
    update public.secrets s set name = v_next.name, description = coalesce(v_next.description, ''),
      expires_at = v_next.expires_at, rotate_after_days = v_next.rotate_after_days
    where s.id = p_secret_id;
  end if;
  return private.secret_reply(p_secret_id);
end;
$$;

revoke all on function public.update_secret(uuid, jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function public.update_secret(uuid, jsonb, integer) to authenticated;
comment on function public.update_secret(uuid, jsonb, integer) is
  'Changes what p_changes names of {name, description, expires_at, rotate_after_days}; the last two may be null. Flows that name the secret by its old name do not find it any more. Needs secrets:write.';
