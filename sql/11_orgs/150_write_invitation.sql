create function engine.write_invitation(p_invitation_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_invitation public.invitations;
  v_token text;
begin
  select i.* into v_invitation from public.invitations i
  join public.organizations o on o.id = i.organization_id and o.suspended_at is null and o.deletes_at is null
  where i.id = p_invitation_id and i.status = 'open' and i.expires_at > private.now()
  for share of i;
  if not found then
    return null;
  end if;
  -- 32 bytes from the random numbers of the operating system; in base64 that an address can hold.
  v_token := translate(rtrim(encode(
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64'
  ), '='), '+/', '-_');
  insert into private.invitation_tokens (token_hash, invitation_id)
  values (sha256(convert_to(v_token, 'UTF8')), p_invitation_id);
  return (
    select jsonb_build_object(
      'to', v_invitation.email, 'token', v_token, 'role', v_invitation.role, 'expires_at', v_invitation.expires_at,
      'organization', o.name, 'invited_by', coalesce(p.display_name, p.email)
    )
    from public.organizations o left join public.profiles p on p.id = v_invitation.created_by
    where o.id = v_invitation.organization_id
  );
end;
$$;

revoke all on function engine.write_invitation(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.write_invitation(uuid) to service_role;
comment on function engine.write_invitation(uuid) is
  'What the mail of an invitation says, with a token made for it, of which only the SHA-256 is kept. Null = there is nothing to send any more.';
