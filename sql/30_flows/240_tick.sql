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
  v_organizations uuid[];
  v_jobs_freed integer := 0;
  v_expired integer := 0;
  v_lost integer := 0;
  v_run record;
  v_ready integer;
  v_awake integer;
  v_woken integer := 0;
  v_scheduled integer := 0;
  v_until timestamptz;
  v_failed text[] := '{}';
begin
  -- Each part stands by itself: what goes wrong in one, a row of one tenant that nobody thought of, must not stop the clock
  -- for all. The locks of a part that fails are gone with it.
  -- One tick at a time; a second one has nothing to do. It never waits for a run or a token that somebody holds (the next
  -- tick comes soon), so it can hold many of them itself.
  if not pg_try_advisory_xact_lock(hashtext('millrace.tick')) then
    return '{"skipped": true}';
  end if;

  -- Lapsed leases: the worker goes first, so that it can not prolong a lease whose jobs are being given away.
  begin
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
      returning j.id, j.organization_id
    )
    select coalesce(array_agg(f.id), '{}'), array_agg(distinct f.organization_id) into v_freed, v_organizations from freed f;
    perform private.forget_heads(v_organizations);
  exception when others then
    raise warning 'Cannot free lapsed leases: %', sqlerrm;
    v_failed := v_failed || 'leases'::text;
  end;

  begin
    v_jobs_freed := private.sweep_jobs(v_now);
  exception when others then
    raise warning 'Cannot sweep jobs: %', sqlerrm;
    v_failed := v_failed || 'jobs'::text;
  end;

  begin
    perform private.end_waits(v_now);
  exception when others then
    raise warning 'Cannot end waits: %', sqlerrm;
    v_failed := v_failed || 'waits'::text;
  end;

  begin
    -- Runs that were to be cancelled while somebody was at work on them. One that fails again and again is passed over.
    v_until := clock_timestamp() + interval '2 seconds';
    for v_run in
      select o.run_id from (
        select c.run_id, q.organization_id from private.run_cancellations c
        left join public.runs q on q.id = c.run_id
        order by random() limit 200
      ) o
      order by o.organization_id, o.run_id
    loop
      exit when clock_timestamp() > v_until;
      if private.try_end_run(v_run.run_id, 'cancelled')
        or not exists (select 1 from public.runs q where q.id = v_run.run_id and q.finished_at is null)
      then
        delete from private.run_cancellations c where c.run_id = v_run.run_id;
      end if;
    end loop;

    perform private.admit_forgotten();
  exception when others then
    raise warning 'Cannot cancel or admit runs: %', sqlerrm;
    v_failed := v_failed || 'cancellations'::text;
  end;

  begin
    -- Runs past their deadline, and runs that take every worker down with them. Organizations take turns: a tenant with ever
    -- so many of them, or with some that can not be ended, keeps nobody else's waiting.
    v_until := clock_timestamp() + interval '2 seconds';
    for v_run in
      select t.run_id from (
        select e.organization_id, e.run_id, row_number() over (partition by e.organization_id order by min(e.deadline_at)) as place
        from (
          select j.organization_id, j.run_id, j.deadline_at from public.job_queue j
          where j.deadline_at < v_now and j.run_id is not null order by j.deadline_at limit 20000
        ) e
        group by e.organization_id, e.run_id
        order by place limit 200
      ) t
      order by t.organization_id, t.run_id
    loop
      exit when clock_timestamp() > v_until;
      v_expired := v_expired + private.try_end_run(v_run.run_id, 'failed', jsonb_build_object(
        'code', 'run_timeout', 'message', 'The run took longer than its time-out'
      ))::integer;
    end loop;
    for v_run in
      select distinct on (j.organization_id, j.run_id) j.run_id, j.node_id from public.job_queue j
      where j.id = any (v_freed) and j.attempts >= j.max_attempts and j.run_id is not null
      order by j.organization_id, j.run_id, j.id
    loop
      v_lost := v_lost + private.try_end_run(v_run.run_id, 'failed', jsonb_build_object(
        'code', 'worker_lost', 'node_id', v_run.node_id,
        'message', 'The worker was lost each time it ran this part of the flow'
      ))::integer;
    end loop;
  exception when others then
    raise warning 'Cannot end runs: %', sqlerrm;
    v_failed := v_failed || 'deadlines'::text;
  end;

  begin
    v_scheduled := private.fire_schedules(v_now);
  exception when others then
    raise warning 'Cannot fire schedules: %', sqlerrm;
    v_failed := v_failed || 'schedules'::text;
  end;

  begin
    perform private.work_bulk_operations();
  exception when others then
    raise warning 'Cannot work off bulk operations: %', sqlerrm;
    v_failed := v_failed || 'bulk'::text;
  end;
  -- As many workers as the backlog needs.
  select count(*) into v_ready from (
    select 1 from public.job_queue j where j.status = 'available' and j.scheduled_for <= v_now limit 500
  ) b;
  if v_ready > 0 then
    select count(*) into v_awake from private.workers w where w.kind = 'worker' and private.is_awake(w);
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
    v_failed := v_failed || 'statistics'::text;
  end;
  return jsonb_build_object(
    'workers_lost', coalesce(cardinality(v_workers), 0), 'jobs_freed', cardinality(v_freed) + v_jobs_freed, 'runs_expired', v_expired,
    'runs_given_up', v_lost, 'schedules_fired', v_scheduled, 'ready', v_ready, 'workers_woken', v_woken
  ) || case when v_failed = '{}' then '{}'::jsonb else jsonb_build_object('failed', to_jsonb(v_failed)) end;
end;
$$;

revoke all on function engine.tick() from public, anon, authenticated, service_role;
grant execute on function engine.tick() to service_role;
comment on function engine.tick() is
  'The clock, every ten seconds by pg_cron: gives away the jobs of workers whose lease lapsed, fails runs past their deadline or that lost their worker again and again, fires schedules, wakes as many workers as the backlog needs, forgets what is old, counts runs for the statistics. Answers what it did, and under "failed" the parts that went wrong, which keep nothing else back.';
