create function public.restore_secret_version(p_secret_id uuid, p_number integer, p_if_version integer default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_secret public.secrets := private.lock_secret(p_secret_id, 'secrets:write', p_if_version);
  v_destroyed boolean;
begin
  select v.envelope is null into v_destroyed from private.secret_versions v
  where v.secret_id = p_secret_id and v.number = p_number;
  if v_destroyed is null then
    perform private.fail('not_found', 'No such version', 404);
  elsif v_destroyed then
    perform private.fail('conflict', 'This version is destroyed', 409);
  end if;
  if v_secret.current_version <> p_number then
    update public.secrets s set current_version = p_number, rotated_at = private.now() where s.id = p_secret_id;
  end if;
  return private.secret_reply(p_secret_id);
end;
$$;

revoke all on function public.restore_secret_version(uuid, integer, integer) from public, anon, authenticated, service_role;
grant execute on function public.restore_secret_version(uuid, integer, integer) to authenticated;
comment on function public.restore_secret_version(uuid, integer, integer) is
  'Makes an earlier value the current one again. 409 when it is destroyed. Needs secrets:write.';

create function public.destroy_secret_version(p_secret_id uuid, p_number integer) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_secret public.secrets := private.lock_secret(p_secret_id, 'secrets:write');
begin
  if not exists (select 1 from private.secret_versions v where v.secret_id = p_secret_id and v.number = p_number) then
    perform private.fail('not_found', 'No such version', 404);
  elsif v_secret.current_version = p_number then
    perform private.fail('conflict', 'This is the current version: set a new value or delete the secret', 409);
  end if;
  perform private.require_aal2(v_secret.organization_id);
  update private.secret_versions v set envelope = null, destroyed_at = private.now()
  where v.secret_id = p_secret_id and v.number = p_number and v.envelope is not null;
  perform private.audit(v_secret.organization_id, 'secret.version_destroyed', 'secret', p_secret_id::text, null, null,
    jsonb_build_object('name', v_secret.name, 'number', p_number));
  return private.secret_reply(p_secret_id);
end;
$$;

revoke all on function public.destroy_secret_version(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.destroy_secret_version(uuid, integer) to authenticated;
comment on function public.destroy_secret_version(uuid, integer) is
  'Throws an earlier value away for good; the current one can not be. Backups keep it as long as they are kept. Needs secrets:write, and the second factor of who has one.';
