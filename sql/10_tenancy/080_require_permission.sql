create function private.require_permission(p_organization_id uuid, p_permission text, p_what text) returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_key_id uuid := private.caller_key_id();
  v_role text;
  v_scopes text[];
  v_holds boolean := true;
  v_suspended boolean;
  v_deletes boolean;
  v_require_mfa text;
begin
  if v_key_id is not null then
    select k.scopes, k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now()), o.suspended_at is not null,
      o.deletes_at is not null
    into v_scopes, v_holds, v_suspended, v_deletes
    from public.api_keys k
    join public.organizations o on o.id = k.organization_id
    where k.id = v_key_id and k.organization_id = p_organization_id;
  else
    select m.role, o.suspended_at is not null, o.deletes_at is not null, o.require_mfa
    into v_role, v_suspended, v_deletes, v_require_mfa
    from public.organization_members m
    join public.organizations o on o.id = m.organization_id
    where m.organization_id = p_organization_id and m.user_id = (select auth.uid());
  end if;

  -- A stranger learns nothing: the same answer as for a thing that does not exist.
  if v_role is null and v_scopes is null then
    perform private.fail('not_found', format('No such %s', p_what), 404);
  end if;
  if not v_holds then
    perform private.fail('unauthorized', 'The API key is not valid', 401);
  end if;
  if v_suspended then
    perform private.fail('forbidden', 'This organization is suspended', 403);
  end if;
  if v_require_mfa = 'always' and p_permission <> 'org:read' then
    perform private.require_aal2(p_organization_id);
  end if;
  if v_deletes and p_permission not like '%:read' then
    perform private.fail('forbidden', 'This organization is to be deleted: until then it can only be read', 403);
  end if;
  if v_key_id is not null then
    if not p_permission = any (v_scopes) then
      perform private.fail('forbidden', format('The API key lacks the scope %s', p_permission), 403);
    end if;
  elsif not exists (
    select 1 from private.role_permissions rp where rp.role = v_role and rp.permission = p_permission
  ) then
    perform private.fail('forbidden', format('The role %s lacks the permission %s', v_role, p_permission), 403);
  end if;
end;
$$;

revoke all on function private.require_permission(uuid, text, text) from public, anon, authenticated, service_role;
comment on function private.require_permission(uuid, text, text) is
  'Raises 404 unless the caller is a member of the organization or an API key of it (or when it is null), 401 when the key no longer holds, 403 unless the role holds the permission or the key the scope. p_what names the thing in the message.';
