create function private.lock_organization(p_organization_id uuid, p_permission text, p_if_version integer default null)
returns public.organizations
language plpgsql
set search_path = ''
as $$
declare
  v_organization public.organizations;
begin
  -- Asked before the lock: a stranger neither waits for who works on it nor makes them wait.
  perform private.require_permission(p_organization_id, p_permission, 'organization');
  select * into v_organization from public.organizations o where o.id = p_organization_id for no key update;
  -- Asked again: what the caller may do can have changed while they waited, by whoever held the lock.
  perform private.require_permission(v_organization.id, p_permission, 'organization');
  if p_if_version is not null and v_organization.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The organization has version %s, not %s', v_organization.version, p_if_version), 412);
  end if;
  return v_organization;
end;
$$;

revoke all on function private.lock_organization(uuid, text, integer) from public, anon, authenticated, service_role;
comment on function private.lock_organization(uuid, text, integer) is
  'Locks an organization of the caller for a change of it or of who belongs to it: such changes happen one by one. 404, 403 as private.require_permission, asked again under the lock; 412 when p_if_version is not its row version.';

create function private.organization_reply(p_organization_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'id', o.id, 'name', o.name, 'slug', o.slug, 'plan', o.plan_id,
      'role', (
        select m.role from public.organization_members m where m.organization_id = o.id and m.user_id = (select auth.uid())
      ),
      'suspended', o.suspended_at is not null, 'suspended_reason', o.suspended_reason, 'deletes_at', o.deletes_at,
      'version', o.version, 'created_at', o.created_at, 'updated_at', o.updated_at
    )
    from public.organizations o where o.id = p_organization_id
  );
end;
$$;

revoke all on function private.organization_reply(uuid) from public, anon, authenticated, service_role;
comment on function private.organization_reply(uuid) is 'An organization as the API shows it, with the role of the caller in it (null = none).';

create function private.check_slug(p_slug text) returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  if p_slug !~ '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' then
    perform private.fail('invalid_request', 'A slug has 1 to 63 lower-case letters, digits and, between them, hyphens', 400);
  end if;
  return p_slug;
end;
$$;

revoke all on function private.check_slug(text) from public, anon, authenticated, service_role;
comment on function private.check_slug(text) is 'A slug as it was given; 400 when it is none. Null stays null.';

create function private.check_name(p_name text) returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  if length(p_name) not between 1 and 200 or p_name ~ '[[:cntrl:]]' or btrim(p_name) = '' then
    perform private.fail('invalid_request', 'A name has 1 to 200 characters, all of them visible', 400);
  end if;
  return p_name;
end;
$$;

revoke all on function private.check_name(text) from public, anon, authenticated, service_role;
comment on function private.check_name(text) is 'A name for people as it was given; 400 when it is none. Null stays null.';
