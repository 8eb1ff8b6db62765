create function private.roll_up_day(p_day date) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_from uuid := private.uuid_v7_floor(p_day::timestamp at time zone 'UTC');
  v_to uuid := private.uuid_v7_floor((p_day + 1)::timestamp at time zone 'UTC');
  v_rows integer;
begin
  with
  steps as (
    select r.organization_id, coalesce(r.flow_id, v_nil) as flow_id, count(*) as steps
    from public.run_steps s
    join public.runs r on r.id = s.run_id and r.id >= v_from and r.id < v_to and r.pins is null
    where s.run_id >= v_from and s.run_id < v_to and s.status <> 'skipped'
    group by grouping sets ((r.organization_id, r.flow_id), (r.organization_id))
  ),
  days as (
    select d.*, d.queued + d.running + d.paused + d.compensating as unfinished,
      d.completed + d.failed + d.compensated + d.compensation_failed as judged
    from public.run_stats_daily d
    where d.day = p_day
      and d.organization_id in (select o.id from public.organizations o order by o.id for key share)
  )
  insert into public.analytics_daily as a (
    organization_id, flow_id, day, runs, completed, failed, cancelled, compensated, compensation_failed, unfinished,
    success_rate, p50_ms, p95_ms, steps, rolled_up_at
  )
  select d.organization_id, d.flow_id, d.day, d.judged + d.cancelled + d.unfinished, d.completed, d.failed, d.cancelled,
    d.compensated, d.compensation_failed, d.unfinished, round(d.completed / nullif(d.judged, 0)::numeric, 4),
    private.percentile(d.durations, 0.5), private.percentile(d.durations, 0.95), coalesce(s.steps, 0), private.now()
  from days d
  left join steps s on s.organization_id = d.organization_id and s.flow_id = d.flow_id
  on conflict (organization_id, flow_id, day) do update set
    runs = excluded.runs, completed = excluded.completed, failed = excluded.failed, cancelled = excluded.cancelled,
    compensated = excluded.compensated, compensation_failed = excluded.compensation_failed,
    unfinished = excluded.unfinished, success_rate = excluded.success_rate, p50_ms = excluded.p50_ms,
    p95_ms = excluded.p95_ms,
    -- Steps of runs that were deleted since stay counted, as the runs do.
    steps = greatest(a.steps, excluded.steps),
    rolled_up_at = excluded.rolled_up_at;
  get diagnostics v_rows = row_count;
  return v_rows;
end;
$$;

revoke all on function private.roll_up_day(date) from public, anon, authenticated, service_role;
comment on function private.roll_up_day(date) is 'Makes the rows of analytics_daily for one day anew. Answers how many.';
