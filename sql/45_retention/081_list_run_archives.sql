create function public.list_run_archives(
  p_organization_id uuid,
  p_week date default null,
  p_after uuid default null,
  p_limit integer default 51
) returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_agg(to_jsonb(a) - array['member_offsets', 'member_run_ids'] order by a.id desc)
  from (
    select o.* from public.run_archives o
    where o.organization_id = p_organization_id
      and (p_week is null or o.week = date_trunc('week', p_week::timestamp)::date)
      and (p_after is null or o.id < p_after)
    order by o.id desc
    limit least(greatest(p_limit, 1), 101)
  ) a;
$$;

revoke all on function public.list_run_archives(uuid, date, uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.list_run_archives(uuid, date, uuid, integer) to authenticated;
comment on function public.list_run_archives(uuid, date, uuid, integer) is
  'Archived objects of an organization, newest first: those of the week of p_week (null = of all), behind p_after. Null when there is none. Runs as the caller.';
