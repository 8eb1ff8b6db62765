create function public.transfer_organization(
  p_organization_id uuid,
  p_user_id uuid,
  p_own_role text default 'admin',
  p_if_version integer default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_caller_id uuid := private.require_person();
begin
  perform private.lock_organization(p_organization_id, 'org:own', p_if_version);
  if coalesce(private.role_rank(p_own_role), 0) = 0 then
    perform private.fail('invalid_request', 'A role is owner, admin, developer, member, viewer or guest', 400);
  end if;
  if p_user_id = v_caller_id then
    perform private.fail('invalid_request', 'The organization is yours already', 400);
  end if;
  perform private.lock_member(p_organization_id, p_user_id);
  update public.organization_members m set role = 'owner'
  where m.organization_id = p_organization_id and m.user_id = p_user_id and m.role <> 'owner';
  update public.organization_members m set role = p_own_role
  where m.organization_id = p_organization_id and m.user_id = v_caller_id and m.role <> p_own_role;
  perform private.drop_invitations_by(p_organization_id, v_caller_id, p_own_role);
  -- Who owns it is a change of the organization: what was read before is stale.
  update public.organizations o set name = o.name where o.id = p_organization_id;
  return private.organization_reply(p_organization_id);
end;
$$;

revoke all on function public.transfer_organization(uuid, uuid, text, integer) from public, anon, authenticated, service_role;
grant execute on function public.transfer_organization(uuid, uuid, text, integer) to authenticated;
comment on function public.transfer_organization(uuid, uuid, text, integer) is
  'Makes a member the owner, at once, and the caller what p_own_role says. Needs org:own. Without acceptance: who gets it is a member already, and can leave or give it on. Answers the organization.';
