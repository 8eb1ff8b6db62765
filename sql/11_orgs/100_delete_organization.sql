create function public.delete_organization(p_organization_id uuid, p_if_version integer default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_person();
  v_grace constant interval := interval '30 days';
begin
  perform private.lock_organization(p_organization_id, 'org:own', p_if_version);
  update public.organizations o set deletes_at = private.now() + v_grace, deletion_requested_by = v_user_id
  where o.id = p_organization_id;
  return private.organization_reply(p_organization_id);
end;
$$;

revoke all on function public.delete_organization(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.delete_organization(uuid, integer) to authenticated;
comment on function public.delete_organization(uuid, integer) is
  'Asks for the deletion of an organization, which begins 30 days later: until then it can be read, and restore_organization called; nothing else, and no run starts. Needs org:own; 403 when it is asked for already. Answers the organization.';

create function public.restore_organization(p_organization_id uuid, p_if_version integer default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_organization public.organizations;
  v_role text;
begin
  perform private.require_person();
  -- Not by private.require_permission: it refuses every change of an organization that is to be deleted.
  if private.role_of_caller(p_organization_id) is null then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  select * into v_organization from public.organizations o where o.id = p_organization_id for no key update;
  v_role := private.role_of_caller(p_organization_id);
  if v_role is null or not exists (
    select from private.role_permissions rp where rp.role = v_role and rp.permission = 'org:own'
  ) then
    perform private.fail('forbidden', format('The role %s lacks the permission org:own', v_role), 403);
  end if;
  if v_organization.suspended_at is not null then
    perform private.fail('forbidden', 'This organization is suspended', 403);
  end if;
  if p_if_version is not null and v_organization.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The organization has version %s, not %s', v_organization.version, p_if_version), 412);
  end if;
  if v_organization.deletes_at <= private.now() then
    perform private.fail('conflict', 'The deletion has begun', 409);
  end if;
  update public.organizations o set deletes_at = null, deletion_requested_by = null
  where o.id = p_organization_id and o.deletes_at is not null;
  return private.organization_reply(p_organization_id);
end;
$$;

revoke all on function public.restore_organization(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.restore_organization(uuid, integer) to authenticated;
comment on function public.restore_organization(uuid, integer) is
  'Cancels a deletion that was asked for and has not begun; nothing to do = nothing done. Needs org:own. Answers the organization.';
