create function private.runs_counted_to(p_from date default null) returns uuid
language sql
stable
security definer
set search_path = ''
as $$
  select greatest(
    (select s.counted_to from private.run_stats_state s),
    private.uuid_v7_floor(coalesce(p_from, '1970-01-01')::timestamp at time zone 'UTC')
  );
$$;

revoke all on function private.runs_counted_to(date) from public, anon, authenticated, service_role;
grant execute on function private.runs_counted_to(date) to authenticated;
comment on function private.runs_counted_to(date) is
  'Runs whose id is above this one, and from p_from (UTC) on, are not counted in run_stats_daily yet.';

create function private.run_stats_of(p_organization_id uuid, p_flow_id uuid, p_from date) returns setof public.run_stats_daily
language plpgsql
stable
set search_path = ''
as $$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_after uuid := private.runs_counted_to(p_from);
begin
  return query
  select d.* from public.run_stats_daily d
  where d.organization_id = p_organization_id and d.flow_id = coalesce(p_flow_id, v_nil) and d.day >= p_from;

  -- The newest, which are not counted yet: a few minutes of them.
  return query
  select
    p_organization_id, coalesce(p_flow_id, v_nil), n.day,
    count(*) filter (where n.status = 'queued')::integer, count(*) filter (where n.status = 'running')::integer,
    count(*) filter (where n.status = 'paused')::integer, count(*) filter (where n.status = 'compensating')::integer,
    count(*) filter (where n.status = 'completed')::integer, count(*) filter (where n.status = 'failed')::integer,
    count(*) filter (where n.status = 'cancelled')::integer, count(*) filter (where n.status = 'compensated')::integer,
    count(*) filter (where n.status = 'compensation_failed')::integer,
    count(n.milliseconds)::integer, coalesce(sum(n.milliseconds)::bigint, 0),
    private.histogram(array_agg(private.duration_bucket(n.milliseconds)) filter (where n.milliseconds is not null))
  from (
    select r.status, (r.created_at at time zone 'UTC')::date as day,
      extract(epoch from r.finished_at - r.started_at)::double precision * 1000 as milliseconds
    from public.runs r
    where p_flow_id is null and r.organization_id = p_organization_id and r.id > v_after and r.pins is null
    union all
    select r.status, (r.created_at at time zone 'UTC')::date,
      extract(epoch from r.finished_at - r.started_at)::double precision * 1000
    from public.runs r
    where r.flow_id = p_flow_id and r.id > v_after and r.pins is null
  ) n
  where n.day >= p_from
  group by n.day;
end;
$$;

revoke all on function private.run_stats_of(uuid, uuid, date) from public, anon, authenticated, service_role;
grant execute on function private.run_stats_of(uuid, uuid, date) to authenticated;
comment on function private.run_stats_of(uuid, uuid, date) is
  'The numbers of an organization (p_flow_id null) or of one of its flows from a day on: up to two rows a day, to be added up. Exact to the moment but for what open runs of earlier minutes do, which is seconds behind. Runs as the caller.';

create function private.sum_run_stats(p_rows public.run_stats_daily[]) returns jsonb
language sql
immutable
set search_path = ''
as $$
  with totals as (
    select
      coalesce(sum(r.queued), 0) as queued, coalesce(sum(r.running), 0) as running, coalesce(sum(r.paused), 0) as paused,
      coalesce(sum(r.compensating), 0) as compensating, coalesce(sum(r.completed), 0) as completed,
      coalesce(sum(r.failed), 0) as failed, coalesce(sum(r.cancelled), 0) as cancelled,
      coalesce(sum(r.compensated), 0) as compensated, coalesce(sum(r.compensation_failed), 0) as compensation_failed,
      sum(r.timed) as timed, sum(r.duration_ms) as duration_ms
    from unnest(p_rows) r
  ),
  spread as (
    select array_agg(p.count order by p.place) as durations
    from (
      select u.place, sum(u.count)::integer as count
      from unnest(p_rows) r, unnest(r.durations) with ordinality u (count, place)
      group by u.place
    ) p
  )
  select jsonb_build_object(
    'executions', t.queued + t.running + t.paused + t.compensating + t.completed + t.failed + t.cancelled + t.compensated
      + t.compensation_failed,
    'by_status', to_jsonb(t) - 'timed' - 'duration_ms',
    'success_rate', round(t.completed / nullif(t.completed + t.failed + t.compensated + t.compensation_failed, 0)::numeric, 4),
    'average_duration_ms', round(t.duration_ms / nullif(t.timed, 0)),
    'p95_duration_ms', round(private.percentile(s.durations, 0.95))
  )
  from totals t, spread s;
$$;

revoke all on function private.sum_run_stats(public.run_stats_daily[]) from public, anon, authenticated, service_role;
grant execute on function private.sum_run_stats(public.run_stats_daily[]) to authenticated;
comment on function private.sum_run_stats(public.run_stats_daily[]) is
  'Rows of run_stats_daily as one: {executions, by_status, success_rate, average_duration_ms, p95_duration_ms}. The rate is completed of completed, failed and compensated; null when there is none of them. Cancelled runs are neither.';
