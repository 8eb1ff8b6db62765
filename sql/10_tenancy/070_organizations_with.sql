create function private.organizations_with(p_permission text) returns uuid[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  -- Read once, and not by auth.uid() and private.caller_key_id(): every policy asks this in every statement.
  v_claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  v_key_id uuid := (v_claims #>> '{millrace,key}')::uuid;
  v_user_id uuid := (v_claims ->> 'sub')::uuid;
  v_aal2 boolean := coalesce(v_claims ->> 'aal' = 'aal2', false);
begin
  -- PL/pgSQL keeps its plans for the session.
  if v_key_id is not null then
    -- The key's own row decides, not what its token was minted with: a token of a revoked key reads nothing.
    return array(
      select k.organization_id
      from public.api_keys k
      join public.organizations o on o.id = k.organization_id
      where k.id = v_key_id and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now())
        and p_permission = any (k.scopes)
        and (o.suspended_at is null or p_permission = 'org:read')
    );
  end if;
  return array(
    select m.organization_id
    from public.organization_members m
    where m.user_id = v_user_id
      and exists (select 1 from private.role_permissions rp where rp.role = m.role and rp.permission = p_permission)
      and exists (
        select 1 from public.organizations o
        where o.id = m.organization_id
          and (o.suspended_at is null and (v_aal2 or o.require_mfa <> 'always') or p_permission = 'org:read')
      )
  );
end;
$$;

revoke all on function private.organizations_with(text) from public, anon, authenticated, service_role;
grant execute on function private.organizations_with(text) to authenticated;
comment on function private.organizations_with(text) is
  'The organizations in which the caller holds the permission, by role or by an API key''s scopes: what every policy asks, once per statement. An organization that is suspended, or that always demands a second factor which this session has not shown, counts only for org:read; a key that is revoked or has expired counts for nothing.';
