create function private.lock_invitation(p_invitation_id uuid, p_organization_id uuid, p_if_version integer) returns public.invitations
language plpgsql
set search_path = ''
as $$
declare
  v_invitation public.invitations;
  v_organization_id uuid;
begin
  select i.organization_id into v_organization_id from public.invitations i
  where i.id = p_invitation_id and i.organization_id = coalesce(p_organization_id, i.organization_id);
  perform private.require_permission(v_organization_id, 'members:write', 'invitation');
  perform private.lock_organization(v_organization_id, 'members:write');
  select * into v_invitation from public.invitations i where i.id = p_invitation_id for no key update;
  if not found then
    perform private.fail('not_found', 'No such invitation', 404);
  end if;
  perform private.require_rank(v_organization_id, v_invitation.role, 'change the invitation of one');
  if p_if_version is not null and v_invitation.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The invitation has version %s, not %s', v_invitation.version, p_if_version), 412);
  end if;
  if v_invitation.status <> 'open' then
    perform private.fail('conflict', format('The invitation is %s', v_invitation.status), 409);
  end if;
  return v_invitation;
end;
$$;

revoke all on function private.lock_invitation(uuid, uuid, integer) from public, anon, authenticated, service_role;
comment on function private.lock_invitation(uuid, uuid, integer) is
  'Locks an open invitation of an organization (null = whichever it is of) of the caller for a change: 404, 403, 412; 409 when it is not open any more.';

create function public.resend_invitation(
  p_invitation_id uuid,
  p_expires_in_days integer default 7,
  p_if_version integer default null,
  p_organization_id uuid default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_invitation public.invitations := private.lock_invitation(p_invitation_id, p_organization_id, p_if_version);
begin
  if coalesce(p_expires_in_days, 0) not between 1 and 30 then
    perform private.fail('invalid_request', 'An invitation is open for 1 to 30 days', 400);
  end if;
  -- One that had expired took no seat any more.
  if v_invitation.expires_at <= private.now() then
    perform private.require_room(v_invitation.organization_id, 'max_members');
  end if;
  update public.invitations i
  set expires_at = greatest(i.expires_at, private.now() + make_interval(days => p_expires_in_days))
  where i.id = p_invitation_id;
  perform private.mail_invitation(p_invitation_id);
  return private.invitation_reply(p_invitation_id);
end;
$$;

revoke all on function public.resend_invitation(uuid, integer, integer, uuid) from public, anon, authenticated, service_role;
grant execute on function public.resend_invitation(uuid, integer, integer, uuid) to authenticated;
comment on function public.resend_invitation(uuid, integer, integer, uuid) is
  'Sends an invitation again, with a token of its own, and lets it be open for so many days from now, also one that had expired. Needs members:write and a role not below the invitation''s; 429 for too many. Answers the invitation.';

create function public.revoke_invitation(
  p_invitation_id uuid,
  p_if_version integer default null,
  p_organization_id uuid default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_invitation(p_invitation_id, p_organization_id, p_if_version);
  update public.invitations i set status = 'revoked', ended_at = private.now() where i.id = p_invitation_id;
  return private.invitation_reply(p_invitation_id);
end;
$$;

revoke all on function public.revoke_invitation(uuid, integer, uuid) from public, anon, authenticated, service_role;
grant execute on function public.revoke_invitation(uuid, integer, uuid) to authenticated;
comment on function public.revoke_invitation(uuid, integer, uuid) is
  'Takes an open invitation back: its tokens open nothing from then on. Needs members:write and a role not below the invitation''s. Answers the invitation.';
