create function private.own_address(p_organization_id uuid) returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_email text;
begin
  perform private.require_permission(p_organization_id, 'org:read', 'organization');
  if private.caller_key_id() is not null then
    perform private.fail('forbidden', 'This needs a person: an API key cannot do it', 403);
  end if;
  select p.email into v_email from public.profiles p where p.id = private.caller_user_id();
  if v_email is null then
    perform private.fail('conflict', 'Your account has no e-mail address', 409);
  end if;
  return v_email;
end;
$$;

revoke all on function private.own_address(uuid) from public, anon, authenticated, service_role;
comment on function private.own_address(uuid) is 'The address of the caller, a person who is a member of the organization.';

create function public.get_mail_preferences(p_organization_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return private.wanted_mails(p_organization_id, private.own_address(p_organization_id));
end;
$$;

revoke all on function public.get_mail_preferences(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_mail_preferences(uuid) to authenticated;
comment on function public.get_mail_preferences(uuid) is
  'Which mails of an organization the caller wants at their own address: {alerts, digests, product}. For members, not for API keys.';

create function public.set_mail_preferences(p_organization_id uuid, p_wanted jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  return private.want_mails(
    p_organization_id, private.own_address(p_organization_id), p_wanted, null, private.caller_user_id()
  );
end;
$$;

revoke all on function public.set_mail_preferences(uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.set_mail_preferences(uuid, jsonb) to authenticated;
comment on function public.set_mail_preferences(uuid, jsonb) is
  'Says which mails of an organization the caller wants at their own address; what is left out stays as it is. Answers all three. For members, not for API keys.';
