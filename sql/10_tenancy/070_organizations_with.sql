create function private.organizations_with(p_permission text) returns uuid[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  -- Read once, and not by auth.uid() and private.caller_key_id(): every policy asks this in every statement. Each expression
  -- of PL/pgSQL costs its own start in every transaction, so there are as few as can be.
  v_claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  -- PL/pgSQL keeps its plans for the session.
  if v_claims ? 'millrace' and v_claims #>> '{millrace,key}' is not null then
    -- The key's own row decides, not what its token was minted with: a token of a revoked key reads nothing.
    return array(
      select k.organization_id
      from public.api_keys k
      join public.organizations o on o.id = k.organization_id
      where k.id = (v_claims #>> '{millrace,key}')::uuid
        and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now())
        and p_permission = any (k.scopes)
        and (o.suspended_at is null or p_permission = 'org:read')
    );
  end if;
  return array(
    select m.organization_id
    from public.organization_members m
    join private.role_permissions rp on rp.role = m.role and rp.permission = p_permission
    join public.organizations o on o.id = m.organization_id
    where m.user_id = (v_claims ->> 'sub')::uuid
      and (o.suspended_at is null and (o.require_mfa <> 'always' or v_claims ->> 'aal' = 'aal2') or p_permission = 'org:read')
  );
end;
$$;

revoke all on function private.organizations_with(text) from public, anon, authenticated, service_role;
grant execute on function private.organizations_with(text) to authenticated;
comment on function private.organizations_with(text) is
  'The organizations in which the caller holds the permission, by role or by an API key''s scopes: what every policy asks, once per statement. An organization that is suspended, or that always demands a second factor which this session has not shown, counts only for org:read; a key that is revoked or has expired counts for nothing.';
