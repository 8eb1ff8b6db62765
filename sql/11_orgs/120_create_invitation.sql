create function private.invitation_reply(p_invitation_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'id', i.id, 'organization_id', i.organization_id, 'email', i.email, 'role', i.role,
      'status', case when i.status = 'open' and i.expires_at <= private.now() then 'expired' else i.status end,
      'expires_at', i.expires_at, 'mails', i.mails, 'mailed_at', i.mailed_at, 'created_by', i.created_by,
      'accepted_by', i.accepted_by, 'ended_at', i.ended_at, 'version', i.version, 'created_at', i.created_at,
      'updated_at', i.updated_at
    )
    from public.invitations i where i.id = p_invitation_id
  );
end;
$$;

revoke all on function private.invitation_reply(uuid) from public, anon, authenticated, service_role;
comment on function private.invitation_reply(uuid) is 'An invitation as the API shows it: one whose time is over counts as expired.';

create function private.mail_invitation(p_invitation_id uuid) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_invitation public.invitations;
  v_rate jsonb;
begin
  update public.invitations i set mails = i.mails + 1, mailed_at = private.now()
  where i.id = p_invitation_id returning * into v_invitation;
  v_rate := private.take_tokens('invite:' || v_invitation.organization_id, 100, 3600, 30);
  if v_rate ->> 'allowed' = 'true' then
    v_rate := private.take_tokens('invite:' || p_invitation_id, 3, 3600, 2);
  end if;
  if v_rate ->> 'allowed' <> 'true' then
    perform private.fail('rate_limited', 'Too many invitations are being sent', 429,
      jsonb_build_object('retry_after_seconds', v_rate -> 'retry_after_seconds'));
  end if;
  -- The token is made when the mail is written, so that it stands in no queue.
  perform private.enqueue_job(v_invitation.organization_id, 'invitation.mail',
    jsonb_build_object('invitation_id', p_invitation_id, 'mail', v_invitation.mails),
    jsonb_build_object('priority', 50, 'unique_key', format('%s:%s', p_invitation_id, v_invitation.mails)));
end;
$$;

revoke all on function private.mail_invitation(uuid) from public, anon, authenticated, service_role;
comment on function private.mail_invitation(uuid) is
  'Enqueues the mail of an invitation. 429 beyond 30 at once and 100 an hour of an organization, or 2 at once and 3 an hour of one invitation.';

create function public.create_invitation(
  p_organization_id uuid,
  p_email text,
  p_role text,
  p_expires_in_days integer default 7,
  p_idempotency_key text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_email text := lower(btrim(p_email));
  v_reply jsonb;
  v_id uuid;
begin
  perform private.require_permission(p_organization_id, 'members:write', 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'create_invitation', p_idempotency_key,
    jsonb_build_array(v_email, p_role, p_expires_in_days));
  if v_reply is not null then
    return v_reply;
  end if;
  if coalesce(v_email, '') !~ '^[^@[:space:][:cntrl:]<>(),;:"\\]+@[^@[:space:][:cntrl:]<>(),;:"\\]+\.[^@[:space:][:cntrl:]<>(),;:"\\]+$'
    or length(v_email) > 254 or coalesce(p_expires_in_days, 0) not between 1 and 30 or p_role is null
  then
    perform private.fail('invalid_request', 'An invitation needs an e-mail address, a role and 1 to 30 days', 400);
  end if;

  perform private.lock_organization(p_organization_id, 'members:write');
  perform private.require_rank(p_organization_id, p_role, 'invite one');
  update public.invitations i set status = 'expired', ended_at = private.now()
  where i.organization_id = p_organization_id and i.email = v_email and i.status = 'open' and i.expires_at <= private.now();
  if exists (
    select from public.invitations i where i.organization_id = p_organization_id and i.email = v_email and i.status = 'open'
  ) then
    perform private.fail('conflict', 'This address has an open invitation: send it again, or revoke it', 409);
  end if;
  if exists (
    select from public.organization_members m join public.profiles p on p.id = m.user_id
    where m.organization_id = p_organization_id and lower(p.email) = v_email
  ) then
    perform private.fail('conflict', 'This person is a member', 409);
  end if;
  perform private.require_room(p_organization_id, 'max_members');

  insert into public.invitations (organization_id, email, role, expires_at, created_by)
  values (p_organization_id, v_email, p_role, private.now() + make_interval(days => p_expires_in_days), private.caller_user_id())
  returning id into v_id;
  perform private.mail_invitation(v_id);
  return private.keep_reply(p_organization_id, 'create_invitation', p_idempotency_key, private.invitation_reply(v_id));
end;
$$;

revoke all on function public.create_invitation(uuid, text, text, integer, text) from public, anon, authenticated, service_role;
grant execute on function public.create_invitation(uuid, text, text, integer, text) to authenticated;
comment on function public.create_invitation(uuid, text, text, integer, text) is
  'Invites an address into an organization and enqueues the mail, in one transaction. Needs members:write; 403 for a role above the caller''s own, 409 when the address has an open invitation or belongs to a member, 402 when members and open invitations fill the plan''s seats, 429 for too many. Answers the invitation, without its token.';
