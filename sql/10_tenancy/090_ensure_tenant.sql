create function private.ensure_tenant(p_user_id uuid) returns uuid
language plpgsql
security definer
set search_path = ''
as $$
-- On a person's first call: profile, organization, workspace and membership in one transaction.
declare
  v_email text;
  v_name text;
  v_organization_id uuid;
begin
  select m.organization_id into v_organization_id
  from public.organization_members m where m.user_id = p_user_id
  order by m.created_at, m.organization_id limit 1;
  if v_organization_id is not null then
    return v_organization_id;
  end if;

  select u.email into v_email from auth.users u where u.id = p_user_id;
  if not found then
    perform private.fail('unauthorized', 'The user of this token does not exist any more', 401);
  end if;

  -- Two first calls at once: the second waits here for the first and then finds its membership.
  insert into public.profiles (id, email) values (p_user_id, v_email)
  on conflict (id) do update set email = excluded.email;
  perform 1 from public.profiles p where p.id = p_user_id for update;
  select m.organization_id into v_organization_id
  from public.organization_members m where m.user_id = p_user_id
  order by m.created_at, m.organization_id limit 1;
  if v_organization_id is not null then
    return v_organization_id;
  end if;

  v_name := coalesce(nullif(split_part(v_email, '@', 1), ''), 'My');
  insert into public.organizations (name, slug, created_by)
  values (
    left(v_name, 180) || '''s organization',
    'org-' || replace(gen_random_uuid()::text, '-', ''),
    p_user_id
  )
  returning id into v_organization_id;
  insert into public.organization_members (organization_id, user_id, role) values (v_organization_id, p_user_id, 'owner');
  insert into public.workspaces (organization_id, name, is_default) values (v_organization_id, 'Default', true);
  perform private.join_by_invitations(p_user_id);
  return v_organization_id;
end;
$$;

revoke all on function private.ensure_tenant(uuid) from public, anon, authenticated, service_role;
comment on function private.ensure_tenant(uuid) is
  'The default organization of a user; makes profile, organization, default workspace and owner membership when there is none, and accepts the invitations to their confirmed address then.';
