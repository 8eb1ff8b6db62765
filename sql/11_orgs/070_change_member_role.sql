create function public.change_member_role(
  p_organization_id uuid,
  p_user_id uuid,
  p_role text,
  p_if_version integer default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_member public.organization_members;
begin
  perform private.lock_organization(p_organization_id, 'members:write');
  v_member := private.lock_member(p_organization_id, p_user_id, p_if_version);
  perform private.require_rank(p_organization_id, v_member.role, 'change the role of one');
  perform private.require_rank(p_organization_id, p_role, 'make somebody that');
  if p_role <> v_member.role then
    perform private.require_other_owner(v_member);
    update public.organization_members m set role = p_role
    where m.organization_id = p_organization_id and m.user_id = p_user_id;
    perform private.drop_invitations_by(p_organization_id, p_user_id, p_role);
  end if;
  return private.member_reply(p_organization_id, p_user_id);
end;
$$;

revoke all on function public.change_member_role(uuid, uuid, text, integer) from public, anon, authenticated, service_role;
grant execute on function public.change_member_role(uuid, uuid, text, integer) to authenticated;
comment on function public.change_member_role(uuid, uuid, text, integer) is
  'Changes what a member is. Needs members:write; 403 for a role above the caller''s own and for who stands above them; 409 for the last owner; 412 when p_if_version is not the member''s row version. Invitations that the member made and could not make any more are revoked. Answers the member.';
