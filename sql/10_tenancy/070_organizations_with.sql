create function private.organizations_with(p_permission text) returns uuid[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_key_id uuid := private.caller_key_id();
begin
  -- PL/pgSQL keeps its plans for the session: policies ask this in every statement.
  if v_key_id is not null then
    -- The key's own row decides, not what its token was minted with: a token of a revoked key reads nothing.
    return (
      select coalesce(array_agg(k.organization_id), '{}')
      from public.api_keys k
      join public.organizations o on o.id = k.organization_id
      where k.id = v_key_id and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now())
        and p_permission = any (k.scopes)
        and (o.suspended_at is null or p_permission = 'org:read')
    );
  end if;
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
  'The organizations in which the caller holds the permission, by role or by an API key''s scopes: what every policy asks, once per statement. A suspended organization counts only for org:read; a key that is revoked or has expired counts for nothing.';
