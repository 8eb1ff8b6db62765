create function public.find_run_archives(p_run_id uuid) returns jsonb
language sql
stable
set search_path = ''
as $$
  -- The id tells the week, so few rows are looked at: those of the caller's organizations and this week.
  select jsonb_agg(to_jsonb(a) order by a.part) from public.run_archives a
  where a.organization_id = any ((select private.organizations_with('runs:read'))::uuid[])
    and a.week = private.week_of(p_run_id)
    and p_run_id between a.first_run_id and a.last_run_id;
$$;

revoke all on function public.find_run_archives(uuid) from public, anon, authenticated, service_role;
grant execute on function public.find_run_archives(uuid) to authenticated;
comment on function public.find_run_archives(uuid) is
  'The archived objects that may hold a run: in most cases one. Null when there is none. Runs as the caller.';

create function public.get_run_archive(p_archive_id uuid) returns jsonb
language sql
stable
set search_path = ''
as $$
  select to_jsonb(a) from public.run_archives a where a.id = p_archive_id;
$$;

revoke all on function public.get_run_archive(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_run_archive(uuid) to authenticated;
comment on function public.get_run_archive(uuid) is 'An archived object. Null when the caller sees no such one. Runs as the caller.';
