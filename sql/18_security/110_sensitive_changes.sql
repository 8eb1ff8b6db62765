create function private.change_is_sensitive() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    -- Who leaves takes nothing from anybody.
    if to_jsonb(old) ->> 'user_id' is distinct from auth.uid()::text then
      perform private.require_aal2((to_jsonb(old) ->> tg_argv[0])::uuid);
    end if;
    return old;
  end if;
  perform private.require_aal2((to_jsonb(new) ->> tg_argv[0])::uuid);
  return new;
end;
$$;

revoke all on function private.change_is_sensitive() from public, anon, authenticated, service_role;
comment on function private.change_is_sensitive() is
  'Trigger: the change needs private.require_aal2. The argument is the column that holds the organization. On the tables, so that no function that changes them can forget it.';

-- Roles, and with them who owns an organization.
create trigger sensitive before update of role on public.organization_members
  for each row when (old.role is distinct from new.role) execute function private.change_is_sensitive('organization_id');

-- And what comes to the same: taking a member out, letting somebody in who may do what asks for a factor.
create trigger sensitive_removal before delete on public.organization_members
  for each row execute function private.change_is_sensitive('organization_id');
create trigger sensitive before insert on public.invitations
  for each row when (new.role in ('owner', 'admin')) execute function private.change_is_sensitive('organization_id');

-- Deletion and its cancelling, and the demand for a second factor itself.
create trigger sensitive before update of deletes_at, require_mfa on public.organizations
  for each row when (old.deletes_at is distinct from new.deletes_at or old.require_mfa is distinct from new.require_mfa)
  execute function private.change_is_sensitive('id');

-- Keys: made, changed, rotated, revoked. Not that one was used.
create trigger sensitive before insert or update of name, scopes, ip_allow, requests_per_minute, request_burst, expires_at,
  revoked_at, rotated_at on public.api_keys
  for each row execute function private.change_is_sensitive('organization_id');

-- A new value of a secret, or an old one taken again. What shows a value asks by itself.
create trigger sensitive before update of current_version on public.secrets
  for each row when (old.current_version is distinct from new.current_version)
  execute function private.change_is_sensitive('organization_id');
