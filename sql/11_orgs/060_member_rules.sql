create function private.member_reply(p_organization_id uuid, p_user_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'user_id', m.user_id, 'role', m.role, 'email', p.email, 'display_name', p.display_name, 'created_at', m.created_at,
      'version', m.version
    )
    from public.organization_members m join public.profiles p on p.id = m.user_id
    where m.organization_id = p_organization_id and m.user_id = p_user_id
  );
end;
$$;

revoke all on function private.member_reply(uuid, uuid) from public, anon, authenticated, service_role;
comment on function private.member_reply(uuid, uuid) is 'A member as the API shows it.';

create function private.role_of_caller(p_organization_id uuid) returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select m.role from public.organization_members m
    where m.organization_id = p_organization_id and m.user_id = (select auth.uid())
  );
end;
$$;

revoke all on function private.role_of_caller(uuid) from public, anon, authenticated, service_role;
comment on function private.role_of_caller(uuid) is 'The role of the signed-in person in an organization; null = none.';

create function private.require_rank(p_organization_id uuid, p_role text, p_what text) returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if private.role_rank(p_role) is null then
    perform private.fail('invalid_request', 'A role is owner, admin, developer, member, viewer or guest', 400);
  end if;
  if coalesce(private.role_rank(private.role_of_caller(p_organization_id)), 0) < private.role_rank(p_role) then
    perform private.fail('forbidden', format('Only who is %s may %s', p_role, p_what), 403);
  end if;
end;
$$;

revoke all on function private.require_rank(uuid, text, text) from public, anon, authenticated, service_role;
comment on function private.require_rank(uuid, text, text) is
  'Raises 403 when the role stands above the caller''s own, 400 when it is none. p_what ends the sentence "Only who is admin may …".';

create function private.lock_member(p_organization_id uuid, p_user_id uuid, p_if_version integer default null)
returns public.organization_members
language plpgsql
set search_path = ''
as $$
declare
  v_member public.organization_members;
begin
  select * into v_member from public.organization_members m
  where m.organization_id = p_organization_id and m.user_id = p_user_id for update;
  if not found then
    perform private.fail('not_found', 'No such member', 404);
  end if;
  if p_if_version is not null and v_member.version <> p_if_version then
    perform private.fail('version_mismatch', format('The member has version %s, not %s', v_member.version, p_if_version), 412);
  end if;
  return v_member;
end;
$$;

revoke all on function private.lock_member(uuid, uuid, integer) from public, anon, authenticated, service_role;
comment on function private.lock_member(uuid, uuid, integer) is
  'Locks a member for a change; 404, 412. The caller holds the lock of the organization already.';

create function private.require_other_owner(p_member public.organization_members) returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_member.role = 'owner' and not exists (
    select from public.organization_members m
    where m.organization_id = p_member.organization_id and m.role = 'owner' and m.user_id <> p_member.user_id
  ) then
    perform private.fail('conflict', 'The last owner stays: transfer the organization to another member first, or delete it', 409);
  end if;
end;
$$;

revoke all on function private.require_other_owner(public.organization_members) from public, anon, authenticated, service_role;
comment on function private.require_other_owner(public.organization_members) is
  'Raises 409 when the member is the only owner. Exact because every change of members holds the lock of the organization.';

create function private.drop_invitations_by(p_organization_id uuid, p_user_id uuid, p_role text default null) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  update public.invitations i set status = 'revoked', ended_at = private.now()
  where i.organization_id = p_organization_id and i.created_by = p_user_id and i.status = 'open'
    and (
      not exists (
        select from private.role_permissions rp where rp.role = p_role and rp.permission = 'members:write'
      )
      or private.role_rank(i.role) > private.role_rank(p_role)
    );
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

revoke all on function private.drop_invitations_by(uuid, uuid, text) from public, anon, authenticated, service_role;
comment on function private.drop_invitations_by(uuid, uuid, text) is
  'Revokes the open invitations of a person that the role they have now (null = none) could not give. Answers how many.';
