create function private.confirmed_email(p_user_id uuid) returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return (select lower(u.email) from auth.users u where u.id = p_user_id and u.email_confirmed_at is not null);
end;
$$;

revoke all on function private.confirmed_email(uuid) from public, anon, authenticated, service_role;
comment on function private.confirmed_email(uuid) is 'The address of a user in lower case; null while it is not confirmed.';

create function private.invitation_for(p_user_id uuid, p_invitation_id uuid, p_token text) returns public.invitations
language plpgsql
set search_path = ''
as $$
-- The organization first, then its invitation: the order in which everybody locks them.
declare
  v_invitation public.invitations;
begin
  if (p_invitation_id is null) = (p_token is null) then
    perform private.fail('invalid_request', 'Name an invitation or give its token', 400);
  end if;
  if p_token is not null then
    select i.* into v_invitation from private.invitation_tokens t join public.invitations i on i.id = t.invitation_id
    where t.token_hash = sha256(convert_to(p_token, 'UTF8'));
  else
    select * into v_invitation from public.invitations i
    where i.id = p_invitation_id and i.email = private.confirmed_email(p_user_id);
  end if;
  if v_invitation.id is null then
    perform private.fail('not_found', 'No such invitation', 404);
  end if;
  perform 1 from public.organizations o where o.id = v_invitation.organization_id for no key update;
  select * into v_invitation from public.invitations i where i.id = v_invitation.id for no key update;
  if v_invitation.id is null then
    perform private.fail('not_found', 'No such invitation', 404);
  end if;
  return v_invitation;
end;
$$;

revoke all on function private.invitation_for(uuid, uuid, text) from public, anon, authenticated, service_role;
comment on function private.invitation_for(uuid, uuid, text) is
  'Locks an invitation for whom it is: by its id for the person whose confirmed address it names, by its token for whoever holds that. 404 otherwise.';

create function private.join_organization(p_invitation public.invitations, p_user_id uuid) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- A moment later than the personal organization that the same transaction may have made: that one stays the first.
  insert into public.organization_members (organization_id, user_id, role, created_at)
  values (p_invitation.organization_id, p_user_id, p_invitation.role, private.now() + interval '1 microsecond')
  on conflict do nothing;
  update public.invitations i set status = 'accepted', accepted_by = p_user_id, ended_at = private.now()
  where i.id = p_invitation.id;
end;
$$;

revoke all on function private.join_organization(public.invitations, uuid) from public, anon, authenticated, service_role;
comment on function private.join_organization(public.invitations, uuid) is
  'Makes a person a member by an open invitation, which ends with it and gives them its seat. Who is a member stays what they are. The caller holds the locks of both.';

create function public.accept_invitation(p_invitation_id uuid default null, p_token text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_person();
  v_invitation public.invitations;
begin
  perform private.ensure_tenant(v_user_id);
  v_invitation := private.invitation_for(v_user_id, p_invitation_id, p_token);
  if v_invitation.status = 'accepted' and v_invitation.accepted_by = v_user_id
    and private.role_of_caller(v_invitation.organization_id) is not null
  then
    return private.organization_reply(v_invitation.organization_id);
  end if;
  if v_invitation.status <> 'open' then
    perform private.fail('conflict', format('The invitation is %s', v_invitation.status), 409);
  end if;
  if v_invitation.expires_at <= private.now() then
    perform private.fail('conflict', 'The invitation has expired', 409);
  end if;
  if exists (
    select from public.organizations o
    where o.id = v_invitation.organization_id and (o.suspended_at is not null or o.deletes_at is not null)
  ) then
    perform private.fail('conflict', 'The organization takes no members at the moment', 409);
  end if;
  perform private.join_organization(v_invitation, v_user_id);
  return private.organization_reply(v_invitation.organization_id);
end;
$$;

revoke all on function public.accept_invitation(uuid, text) from public, anon, authenticated, service_role;
grant execute on function public.accept_invitation(uuid, text) to authenticated;
comment on function public.accept_invitation(uuid, text) is
  'Makes the caller a member: by the id of an invitation to their confirmed address, or by a token from its mail whatever their address. Once; again by the same person answers the same. 404 for what is not for them, 409 for one that has ended or expired. Answers the organization.';

create function public.decline_invitation(p_invitation_id uuid default null, p_token text default null) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_invitation public.invitations := private.invitation_for(private.require_person(), p_invitation_id, p_token);
begin
  if v_invitation.status = 'declined' then
    return;
  end if;
  if v_invitation.status <> 'open' then
    perform private.fail('conflict', format('The invitation is %s', v_invitation.status), 409);
  end if;
  update public.invitations i set status = 'declined', ended_at = private.now() where i.id = v_invitation.id;
end;
$$;

revoke all on function public.decline_invitation(uuid, text) from public, anon, authenticated, service_role;
grant execute on function public.decline_invitation(uuid, text) to authenticated;
comment on function public.decline_invitation(uuid, text) is
  'Declines an invitation, named as for accept_invitation. 409 when it has ended otherwise.';

create function public.list_own_invitations() returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'id', i.id, 'organization', jsonb_build_object('id', i.organization_id, 'name', o.name), 'role', i.role,
      'invited_by', p.display_name, 'expires_at', i.expires_at, 'created_at', i.created_at
    ) order by i.id desc), '[]')
    from (
      select * from public.invitations i
      where i.email = private.confirmed_email(private.require_person()) and i.status = 'open' and i.expires_at > private.now()
      order by i.id desc limit 100
    ) i
    join public.organizations o on o.id = i.organization_id and o.suspended_at is null and o.deletes_at is null
    left join public.profiles p on p.id = i.created_by
  );
end;
$$;

revoke all on function public.list_own_invitations() from public, anon, authenticated, service_role;
grant execute on function public.list_own_invitations() to authenticated;
comment on function public.list_own_invitations() is
  'The open invitations to the caller''s confirmed address, the newest first, 100 at most.';

create function private.join_by_invitations(p_user_id uuid) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
  v_invitation public.invitations;
  v_joined integer := 0;
begin
  -- In the order of the organizations: two of one person's calls lock them in the same one.
  for v_id in
    select i.id from public.invitations i
    join public.organizations o on o.id = i.organization_id and o.suspended_at is null and o.deletes_at is null
    where i.email = private.confirmed_email(p_user_id) and i.status = 'open' and i.expires_at > private.now()
    order by i.organization_id limit 100
  loop
    v_invitation := private.invitation_for(p_user_id, v_id, null);
    -- It can have ended while we waited.
    if v_invitation.status = 'open' then
      perform private.join_organization(v_invitation, p_user_id);
      v_joined := v_joined + 1;
    end if;
  end loop;
  return v_joined;
end;
$$;

revoke all on function private.join_by_invitations(uuid) from public, anon, authenticated, service_role;
comment on function private.join_by_invitations(uuid) is
  'Accepts all open invitations to a person''s confirmed address: what signing up by an invitation means. Answers how many.';
