create function public.get_stats(p_organization_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_today date := (private.now() at time zone 'UTC')::date;
  v_rows public.run_stats_daily[];
  v_flows record;
begin
  if not p_organization_id = any (private.organizations_with('runs:read')) then
    return null;
  end if;
  select count(*) as total, count(*) filter (where f.is_active) as active into v_flows
  from public.flows f where f.organization_id = p_organization_id and f.deleted_at is null;
  v_rows := array(select s from private.run_stats_of(p_organization_id, null, v_today - 6) s);
  return jsonb_build_object(
    'total_flows', v_flows.total,
    'active_flows', v_flows.active,
    'executions_today', private.sum_run_stats(array(select r from unnest(v_rows) r where r.day = v_today)) -> 'executions',
    'from', v_today - 6,
    'to', v_today,
    'timezone', 'UTC'
  ) || private.sum_run_stats(v_rows);
end;
$$;

revoke all on function public.get_stats(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_stats(uuid) to authenticated;
comment on function public.get_stats(uuid) is
  'The numbers of an organization: its flows, the runs started today and over 7 days (today and the six before, in UTC), by status, how many succeeded, how long they took. Dry runs do not count. Null when the caller may not see its runs. Runs as the caller.';

create function public.get_flow_stats(p_flow_id uuid, p_days integer default 30) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_today date := (private.now() at time zone 'UTC')::date;
  v_from date := v_today - (least(greatest(p_days, 1), 90) - 1);
  v_organization_id uuid;
  v_rows public.run_stats_daily[];
begin
  select f.organization_id into v_organization_id from public.flows f where f.id = p_flow_id;
  if v_organization_id is null or not v_organization_id = any (private.organizations_with('runs:read')) then
    return null;
  end if;
  v_rows := array(select s from private.run_stats_of(v_organization_id, p_flow_id, v_from) s);
  return jsonb_build_object(
    'flow_id', p_flow_id,
    'executions_today', private.sum_run_stats(array(select r from unnest(v_rows) r where r.day = v_today)) -> 'executions',
    'from', v_from,
    'to', v_today,
    'timezone', 'UTC',
    'series', (
      select jsonb_agg(
        jsonb_build_object('day', d.day::date)
          || private.sum_run_stats(array(select r from unnest(v_rows) r where r.day = d.day::date))
        order by d.day
      )
      from generate_series(v_from::timestamp, v_today::timestamp, interval '1 day') d (day)
    )
  ) || private.sum_run_stats(v_rows);
end;
$$;

revoke all on function public.get_flow_stats(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.get_flow_stats(uuid, integer) to authenticated;
comment on function public.get_flow_stats(uuid, integer) is
  'The numbers of a flow over p_days days (1 to 90, today included, in UTC), in all and day by day. Dry runs do not count. Null when the caller may not see its runs. Runs as the caller.';
