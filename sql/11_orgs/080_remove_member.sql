create function private.end_membership(p_member public.organization_members) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.require_other_owner(p_member);
  delete from public.organization_members m
  where m.organization_id = p_member.organization_id and m.user_id = p_member.user_id;
  perform private.drop_invitations_by(p_member.organization_id, p_member.user_id);
end;
$$;

revoke all on function private.end_membership(public.organization_members) from public, anon, authenticated, service_role;
comment on function private.end_membership(public.organization_members) is
  'Takes a member out; 409 for the last owner. The open invitations they made are revoked. The caller holds the lock of the organization.';

create function public.remove_member(p_organization_id uuid, p_user_id uuid, p_if_version integer default null) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_member public.organization_members;
begin
  perform private.lock_organization(p_organization_id, 'members:write');
  v_member := private.lock_member(p_organization_id, p_user_id, p_if_version);
  perform private.require_rank(p_organization_id, v_member.role, 'remove one');
  perform private.end_membership(v_member);
end;
$$;

revoke all on function public.remove_member(uuid, uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.remove_member(uuid, uuid, integer) to authenticated;
comment on function public.remove_member(uuid, uuid, integer) is
  'Takes a member out of an organization: from the next statement on they see nothing of it. What they made stays. Needs members:write; 403 for who stands above the caller, 409 for the last owner.';

create function public.leave_organization(p_organization_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_person();
begin
  -- Nobody is kept in by a suspension or a deletion, so no permission is asked: only that they are in it.
  if private.role_of_caller(p_organization_id) is null then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  perform 1 from public.organizations o where o.id = p_organization_id for no key update;
  perform private.end_membership(private.lock_member(p_organization_id, v_user_id));
end;
$$;

revoke all on function public.leave_organization(uuid) from public, anon, authenticated, service_role;
grant execute on function public.leave_organization(uuid) to authenticated;
comment on function public.leave_organization(uuid) is
  'Ends the caller''s own membership, also of a suspended organization. 409 for the last owner.';
