create function public.list_jobs(
  p_organization_id uuid,
  p_filter jsonb default '{}',
  p_after uuid default null,
  p_ascending boolean default false,
  p_limit integer default 50
) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'runs:read', 'organization');
  return private.find_jobs(p_organization_id, p_filter, p_after, p_ascending, p_limit);
end;
$$;

revoke all on function public.list_jobs(uuid, jsonb, uuid, boolean, integer) from public, anon, authenticated, service_role;
grant execute on function public.list_jobs(uuid, jsonb, uuid, boolean, integer) to authenticated;
comment on function public.list_jobs(uuid, jsonb, uuid, boolean, integer) is
  'Background jobs of an organization, newest first (p_ascending = oldest first), without payloads and results. p_filter: {status [], type [], code, created_after, created_before, steps, open}; p_after = the id of the last one of the page before. Needs runs:read.';

create function engine.list_jobs(
  p_organization_id uuid default null,
  p_filter jsonb default '{}',
  p_after uuid default null,
  p_ascending boolean default false,
  p_limit integer default 50
) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return private.find_jobs(p_organization_id, p_filter, p_after, p_ascending, p_limit);
end;
$$;

revoke all on function engine.list_jobs(uuid, jsonb, uuid, boolean, integer) from public, anon, authenticated, service_role;
grant execute on function engine.list_jobs(uuid, jsonb, uuid, boolean, integer) to service_role;
comment on function engine.list_jobs(uuid, jsonb, uuid, boolean, integer) is
  'public.list_jobs for operators: null = of every organization, and of the platform itself.';
