create function private.count_usage_of(p_hour timestamptz) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_from uuid := private.uuid_v7_floor(p_hour);
  v_to uuid := private.uuid_v7_floor(p_hour + interval '1 hour');
  v_rows integer;
begin
  with
  -- Runs and steps once, by flow and node, and out of that by organization.
  runs_of_flows as materialized (
    select r.organization_id, r.flow_id, count(*) as started,
      count(*) filter (where r.status = 'completed') as completed,
      count(*) filter (where r.status in ('failed', 'compensated', 'compensation_failed')) as failed,
      count(*) filter (where r.status = 'cancelled') as cancelled,
      count(*) filter (where r.finished_at is null) as open
    from public.runs r
    where r.id >= v_from and r.id < v_to and r.pins is null
    group by r.organization_id, r.flow_id
  ),
  steps_of_nodes as materialized (
    select s.organization_id, r.flow_id, s.node_id, count(*) as steps
    from public.run_steps s
    join public.runs r on r.id = s.run_id and r.id >= v_from and r.id < v_to and r.pins is null
    where s.run_id >= v_from and s.run_id < v_to and s.status <> 'skipped'
    group by s.organization_id, r.flow_id, s.node_id
  ),
  runs as (
    select f.organization_id, sum(f.started) as started, sum(f.completed) as completed, sum(f.failed) as failed,
      sum(f.cancelled) as cancelled, sum(f.open) as open
    from runs_of_flows f
    group by f.organization_id
  ),
  steps as (
    select n.organization_id, sum(n.steps) as steps from steps_of_nodes n group by n.organization_id
  ),
  -- Calls of models are counted as they end.
  calls as (
    select d.organization_id, sum(d.input_tokens + d.output_tokens) as tokens, sum(d.cost_micros) as cost
    from public.usage_details d
    where d.hour = p_hour and d.model <> ''
    group by d.organization_id
  ),
  jobs as (
    select c.organization_id, sum(c.completed + c.dead) as jobs
    from private.job_counts c
    where c.minute >= p_hour and c.minute < p_hour + interval '1 hour'
    group by c.organization_id
  ),
  events as (
    select e.organization_id, count(*) as events
    from public.webhook_events e
    where e.id >= v_from and e.id < v_to and e.replay_of is null and not e.is_test
    group by e.organization_id
  ),
  -- An organization that is being deleted takes its numbers with it.
  tenants as (
    select o.id from public.organizations o
    where o.id in (
      select r.organization_id from runs r union select j.organization_id from jobs j union select e.organization_id from events e
      union select c.organization_id from calls c
    )
    order by o.id for key share
  ),
  details as (
    insert into public.usage_details as d (organization_id, hour, flow_id, node_id, runs, steps)
    select u.organization_id, p_hour, u.flow_id, u.node_id, u.runs, u.steps
    from (
      select f.organization_id, f.flow_id, '' as node_id, f.started as runs, 0 as steps from runs_of_flows f
      union all
      select n.organization_id, n.flow_id, n.node_id, 0, n.steps from steps_of_nodes n
    ) u
    join tenants t on t.id = u.organization_id
    -- A conflict would lock, and so write to, rows that do not change: most of an hour that is counted again.
    where not exists (
      select from public.usage_details o
      where o.organization_id = u.organization_id and o.hour = p_hour and o.flow_id = u.flow_id and o.node_id = u.node_id
        and o.model = '' and o.runs >= u.runs and o.steps >= u.steps
    )
    order by u.organization_id, u.flow_id, u.node_id
    on conflict (organization_id, hour, flow_id, node_id, model) do update set
      runs = greatest(d.runs, excluded.runs), steps = greatest(d.steps, excluded.steps)
      where d.runs < excluded.runs or d.steps < excluded.steps
  )
  insert into public.usage_hourly as u (
    organization_id, hour, runs_started, runs_completed, runs_failed, runs_cancelled, runs_open, steps, jobs, webhook_events,
    counted_at, ai_tokens, cost_micros
  )
  select t.id, p_hour, coalesce(r.started, 0), coalesce(r.completed, 0), coalesce(r.failed, 0), coalesce(r.cancelled, 0),
    coalesce(r.open, 0), coalesce(s.steps, 0), coalesce(j.jobs, 0), coalesce(e.events, 0), private.now(),
    coalesce(c.tokens, 0), coalesce(c.cost, 0)
  from tenants t
  left join runs r on r.organization_id = t.id
  left join steps s on s.organization_id = t.id
  left join jobs j on j.organization_id = t.id
  left join events e on e.organization_id = t.id
  left join calls c on c.organization_id = t.id
  -- What was counted stays counted, though runs, events and the counts of jobs are deleted in time.
  on conflict (organization_id, hour) do update set
    runs_started = greatest(u.runs_started, excluded.runs_started),
    runs_completed = greatest(u.runs_completed, excluded.runs_completed),
    runs_failed = greatest(u.runs_failed, excluded.runs_failed),
    runs_cancelled = greatest(u.runs_cancelled, excluded.runs_cancelled),
    runs_open = excluded.runs_open,
    steps = greatest(u.steps, excluded.steps),
    jobs = greatest(u.jobs, excluded.jobs),
    webhook_events = greatest(u.webhook_events, excluded.webhook_events),
    ai_tokens = greatest(u.ai_tokens, excluded.ai_tokens),
    cost_micros = greatest(u.cost_micros, excluded.cost_micros),
    counted_at = excluded.counted_at;
  get diagnostics v_rows = row_count;

  -- Of whom nothing is left, nothing is open.
  update public.usage_hourly u set runs_open = 0
  where u.hour = p_hour and u.runs_open > 0 and not exists (
    select 1 from public.runs r
    where r.organization_id = u.organization_id and r.id >= v_from and r.id < v_to and r.finished_at is null
  );
  return v_rows;
end;
$$;

revoke all on function private.count_usage_of(timestamptz) from public, anon, authenticated, service_role;
comment on function private.count_usage_of(timestamptz) is
  'Counts the usage of one hour anew, for all organizations, as often as one likes. Answers the number of rows.';
