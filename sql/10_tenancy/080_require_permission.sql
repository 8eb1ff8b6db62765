create function private.require_permission(p_organization_id uuid, p_permission text, p_what text) returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_role text;
  v_suspended boolean;
begin
  select m.role, o.suspended_at is not null into v_role, v_suspended
  from public.organization_members m
  join public.organizations o on o.id = m.organization_id
  where m.organization_id = p_organization_id and m.user_id = (select auth.uid());

  -- A stranger learns nothing: the same answer as for a thing that does not exist.
  if v_role is null then
    perform private.fail('not_found', format('No such %s', p_what), 404);
  end if;
  if v_suspended then
    perform private.fail('forbidden', 'This organization is suspended', 403);
  end if;
  if not exists (
    select 1 from private.role_permissions rp where rp.role = v_role and rp.permission = p_permission
  ) then
    perform private.fail('forbidden', format('The role %s lacks the permission %s', v_role, p_permission), 403);
  end if;
end;
$$;

revoke all on function private.require_permission(uuid, text, text) from public, anon, authenticated, service_role;
comment on function private.require_permission(uuid, text, text) is
  'Raises 404 unless the caller is a member of the organization (or when it is null), 403 unless the role holds the permission. p_what names the thing in the message.';
