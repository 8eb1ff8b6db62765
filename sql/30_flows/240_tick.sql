create function engine.tick() returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_workers uuid[];
  v_dead uuid[];
  v_freed uuid[] := '{}';
  v_expired integer := 0;
  v_lost integer := 0;
  v_run record;
  v_child record;
  v_ready integer;
  v_awake integer;
  v_woken integer := 0;
  v_scheduled integer;
begin
  -- One tick at a time; a second one has nothing to do. It never waits for a run or a token that somebody holds (the next
  -- tick comes soon), so it can hold many of them itself.
  if not pg_try_advisory_xact_lock(hashtext('millrace.tick')) then
    return '{"skipped": true}';
  end if;

  -- Lapsed leases: the worker goes first, so that it can not prolong a lease whose jobs are being given away.
  with lapsed as (
    delete from private.workers w where w.id in (
      select o.id from private.workers o where o.expires_at < v_now limit 100 for update skip locked
    ) returning w.id
  )
  select array_agg(l.id) into v_workers from lapsed l;
  -- Not only theirs: a token whose worker is not there at all belongs to nobody, however that came about.
  select array_agg(distinct j.worker_id) into v_dead
  from public.job_queue j
  where j.worker_id is not null and not exists (select 1 from private.workers w where w.id = j.worker_id);
  with freed as (
    update public.job_queue j
    set status = 'available', worker_id = null, started_at = null, resume = true
    where j.id in (select o.id from public.job_queue o where o.worker_id = any (v_dead) for update skip locked)
    returning j.id
  )
  select coalesce(array_agg(f.id), '{}') into v_freed from freed f;

  -- What waited until now, or will have soon: precise to the moment, though the clock ticks every ten seconds.
  update public.job_queue j set
    status = case when j.payload -> 'wait' ->> 'kind' = 'run' then j.status else 'available' end,
    -- A step that waits for a run goes on when that ends. Here only what was missed then.
    scheduled_for = case when j.payload -> 'wait' ->> 'kind' = 'run' then v_now + interval '1 minute' else j.scheduled_for end
  where j.id in (
    select o.id from public.job_queue o
    where o.status = 'waiting' and o.scheduled_for < v_now + interval '15 seconds'
    order by o.scheduled_for limit 1000
    for update skip locked
  );
  for v_child in
    select q as run from public.job_queue j
    join public.runs q on q.id = (j.payload -> 'wait' ->> 'run_id')::uuid
    where j.status = 'waiting' and j.scheduled_for < v_now + interval '61 seconds'
      and j.payload -> 'wait' ->> 'kind' = 'run' and not j.payload ? 'resolved' and q.finished_at is not null
    limit 200
  loop
    perform private.resolve_parent(v_child.run);
  end loop;
  -- Runs that were to be cancelled while somebody was at work on them.
  for v_run in
    select c.run_id, q.organization_id, q.finished_at from private.run_cancellations c
    left join public.runs q on q.id = c.run_id
    order by q.organization_id, c.run_id limit 200
  loop
    continue when v_run.finished_at is null and v_run.organization_id is not null and not private.try_lock_run(v_run.run_id);
    perform private.end_run(v_run.run_id, 'cancelled');
    delete from private.run_cancellations c where c.run_id = v_run.run_id;
  end loop;

  perform private.admit_forgotten();

  -- Runs past their deadline, and runs that take every worker down with them.
  for v_run in
    select distinct j.organization_id, j.run_id from public.job_queue j where j.deadline_at < v_now
    order by j.organization_id, j.run_id limit 200
  loop
    continue when not private.try_lock_run(v_run.run_id);
    perform private.end_run(v_run.run_id, 'failed', null, jsonb_build_object(
      'code', 'run_timeout', 'message', 'The run took longer than its time-out'
    ));
    v_expired := v_expired + 1;
  end loop;
  for v_run in
    select distinct on (j.organization_id, j.run_id) j.run_id, j.node_id from public.job_queue j
    where j.id = any (v_freed) and j.attempts >= j.max_attempts and j.run_id is not null
    order by j.organization_id, j.run_id, j.id
  loop
    continue when not private.try_lock_run(v_run.run_id);
    perform private.end_run(v_run.run_id, 'failed', null, jsonb_build_object(
      'code', 'worker_lost', 'node_id', v_run.node_id,
      'message', 'The worker was lost each time it ran this part of the flow'
    ));
    v_lost := v_lost + 1;
  end loop;

  v_scheduled := private.fire_schedules(v_now);

  perform private.work_bulk_operations();
  -- As many workers as the backlog needs.
  select count(*) into v_ready from (
    select 1 from public.job_queue j where j.status = 'available' and j.scheduled_for <= v_now limit 500
  ) b;
  if v_ready > 0 then
    select count(*) into v_awake from private.workers w where w.kind = 'worker' and w.expires_at > v_now;
    select v_awake + count(*) into v_awake from private.worker_wakes k
    where k.redeemed_at is null and k.created_at > v_now - interval '5 seconds';
    v_woken := private.wake_workers(least(
      coalesce(private.setting('max_workers')::integer, 4), ceil(v_ready / 50.0)::integer
    ) - v_awake);
  end if;

  delete from private.worker_wakes k where k.created_at < v_now - interval '1 hour';
  delete from private.idempotency_keys i where i.ctid in (
    select o.ctid from private.idempotency_keys o where o.created_at < v_now - interval '24 hours' limit 1000
    for update skip locked
  );
  -- Last and by itself: no run waits because the statistics are at fault.
  begin
    perform private.count_runs();
  exception when others then
    raise warning 'Cannot count runs: %', sqlerrm;
  end;
  return jsonb_build_object(
    'workers_lost', coalesce(cardinality(v_workers), 0), 'jobs_freed', cardinality(v_freed), 'runs_expired', v_expired,
    'runs_given_up', v_lost, 'schedules_fired', v_scheduled, 'ready', v_ready, 'workers_woken', v_woken
  );
end;
$$;

revoke all on function engine.tick() from public, anon, authenticated, service_role;
grant execute on function engine.tick() to service_role;
comment on function engine.tick() is
  'The clock, every ten seconds by pg_cron: gives away the jobs of workers whose lease lapsed, fails runs past their deadline or that lost their worker again and again, fires schedules, wakes as many workers as the backlog needs, forgets what is old, counts runs for the statistics. Answers what it did.';
