create function private.organizations_with(p_permission text) returns uuid[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  -- PL/pgSQL keeps its plan for the session: policies ask this in every statement.
  return (
    select coalesce(array_agg(m.organization_id), '{}')
    from public.organization_members m
    join private.role_permissions rp on rp.role = m.role and rp.permission = p_permission
    join public.organizations o on o.id = m.organization_id
    where m.user_id = (select auth.uid())
      and (o.suspended_at is null or p_permission = 'org:read')
  );
end;
$$;

revoke all on function private.organizations_with(text) from public, anon, authenticated, service_role;
grant execute on function private.organizations_with(text) to authenticated;
comment on function private.organizations_with(text) is
  'The organizations in which the caller holds the permission: what every policy asks, once per statement. A suspended organization counts only for org:read.';
