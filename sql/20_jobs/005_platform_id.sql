create function private.platform_id() returns uuid
language sql
immutable parallel safe
set search_path = ''
as $$
  select '00000000-0000-0000-0000-000000000000'::uuid;
$$;

revoke all on function private.platform_id() from public, anon, authenticated, service_role;
comment on function private.platform_id() is
  'Stands in organization_id of jobs that belong to no tenant, but to the platform itself. No organization has it.';
