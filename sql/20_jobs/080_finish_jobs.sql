create function engine.finish_jobs(p_worker_id uuid, p_results jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
-- p_results: [{lease, job, outcome, result, error, delay_ms, keep, busy_ms, counted}]; {lease, keep, busy_ms} without job:
-- all that the lease holds have completed and gave no result
--   outcome: completed; retry = once more after delay_ms; failed = never again; cancelled
--   result: what it gave; error: {code, message, details}; keep: false = a completed one leaves no trace
-- Answers {settled: [jobs], leases: [those that were finished as a whole]}. What is missing was lost: nothing of it was
-- written.
declare
  v_now timestamptz := private.now();
  v_leases uuid[];
  v_settled uuid[];
  v_whole uuid[] := '{}';
  v_ended jsonb;
  v_keys text[];
begin
  if p_results @? '$[*] ? (!exists(@.job))' then
    v_whole := private.finish_leases(p_worker_id, p_results, v_now);
  end if;
  if p_results @? '$[*].job' then
    -- The fence: leases that this worker holds, in one order.
    select array_agg(l.id) into v_leases from (
      select o.id from private.job_leases o
      where o.id = any (array(select r.lease from jsonb_to_recordset(p_results) as r (lease uuid, job uuid) where r.job is not null))
        and o.worker_id = p_worker_id
      order by o.id for update
    ) l;
  end if;
  if v_leases is null then
    return jsonb_build_object('settled', '[]'::jsonb, 'leases', to_jsonb(v_whole));
  end if;

  with results as materialized (
    -- The first counts, should a job be named twice.
    select distinct on (r.job) r.* from rows from (jsonb_to_recordset(p_results) as (
      lease uuid, job uuid, outcome text, result jsonb, error jsonb, delay_ms double precision, keep boolean, busy_ms double precision,
      counted boolean
    )) with ordinality as r (lease, job, outcome, result, error, delay_ms, keep, busy_ms, counted, place)
    order by r.job, r.place
  ),
  held as materialized (
    select * from private.leased_jobs(v_leases)
  ),
  jobs as materialized (
    select h.*, r.result, r.error, r.delay_ms, r.busy_ms, r.keep, r.counted,
      -- Whoever would try again and was asked to stop does; whoever may not is given up.
      case when r.outcome = 'retry' and exists (
        select 1 from private.job_states s where s.job_id = h.id and s.cancel_requested_at is not null
      ) then 'cancelled' when r.outcome = 'retry' and r.counted is not false and h.attempts >= h.max_attempts then 'failed' else r.outcome end as outcome
    from held h join results r on r.lease = h.lease_id and r.job = h.id
  ),
  kept as (
    insert into public.job_history (
      id, organization_id, type, status, priority, attempts, max_attempts, payload, result, error, unique_key, concurrency_key,
      scheduled_for, created_at, started_at, completed_at
    )
    select j.id, j.organization_id, j.type, case j.outcome when 'failed' then 'dead' else j.outcome end,
      j.priority, j.attempts, j.max_attempts, j.payload, nullif(j.result, 'null'),
      case when j.outcome = 'failed' then coalesce(nullif(j.error, 'null'), '{"code": "internal", "message": "It failed"}')
        when j.outcome = 'cancelled' then nullif(j.error, 'null') end,
      j.unique_key, j.concurrency_key, j.scheduled_for, j.created_at, j.started_at, v_now
    from jobs j
    where j.outcome in ('failed', 'cancelled') or (j.outcome = 'completed' and j.keep is not false)
    on conflict do nothing
  ),
  again as (
    insert into public.job_queue (
      id, organization_id, type, payload, priority, attempts, max_attempts, scheduled_for, created_at, unique_key,
      concurrency_key, concurrency_limit, expires_at, error_message, status
    )
    select j.id, j.organization_id, j.type, j.payload, j.priority, j.attempts - (j.counted is false)::integer, j.max_attempts, d.due, j.created_at,
      -- A newer job with the same key stays, and this one goes on without.
      case when not exists (
        select 1 from public.job_queue q
        where q.organization_id = j.organization_id and q.type = j.type and q.unique_key = j.unique_key
      ) then j.unique_key end,
      j.concurrency_key, j.concurrency_limit, j.expires_at,
      left(coalesce(j.error ->> 'message', j.error ->> 'code'), 2000), private.resting_status(d.due, v_now)
    from jobs j
    cross join lateral (select v_now + make_interval(secs => greatest(coalesce(j.delay_ms, 0), 0) / 1000) as due) d
    where j.outcome = 'retry'
    on conflict do nothing
  ),
  counted as (
    insert into private.job_counts as c (minute, organization_id, type, worker_id, completed, retried, dead, busy_ms, wait_ms)
    select date_trunc('minute', v_now), j.organization_id, j.type, p_worker_id,
      count(*) filter (where j.outcome = 'completed'), count(*) filter (where j.outcome = 'retry'),
      count(*) filter (where j.outcome = 'failed'), coalesce(sum(greatest(j.busy_ms, 0)), 0)::bigint,
      sum(greatest(0, extract(epoch from j.started_at - j.scheduled_for) * 1000))::bigint
    from jobs j
    group by j.organization_id, j.type
    order by j.organization_id, j.type
    on conflict (minute, organization_id, type, worker_id) do update set
      completed = c.completed + excluded.completed, retried = c.retried + excluded.retried, dead = c.dead + excluded.dead,
      busy_ms = c.busy_ms + excluded.busy_ms, wait_ms = c.wait_ms + excluded.wait_ms
  )
  select array_agg(j.id),
    -- Only what was enqueued under a name of its own can be a task.
    jsonb_agg(jsonb_build_array(j.organization_id, j.type, j.id, j.unique_key, j.outcome, j.error))
      filter (where j.organization_id = private.platform_id() and j.unique_key is not null and j.outcome <> 'retry')
  into v_settled, v_ended from jobs j;
  if v_settled is not null then
    perform private.shorten_leases(v_leases, v_settled);
  end if;

  delete from private.job_states s where s.job_id = any (v_settled);
  with freed as (
    delete from private.job_slots s where s.lease_id = any (v_leases) and s.job_id = any (v_settled) returning s.limit_key
  )
  select array_agg(f.limit_key) into v_keys from freed f;
  if v_keys is not null then
    perform private.unblock_jobs(v_keys);
  end if;
  if v_ended is not null then
    perform private.tell_task(
      (e ->> 0)::uuid, e ->> 1, (e ->> 2)::uuid, e ->> 3, case e ->> 4 when 'failed' then 'dead' else e ->> 4 end, e -> 5
    ) from jsonb_array_elements(v_ended) e;
  end if;
  return jsonb_build_object('settled', to_jsonb(coalesce(v_settled, '{}')), 'leases', to_jsonb(v_whole));
end;
$$;

revoke all on function engine.finish_jobs(uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.finish_jobs(uuid, jsonb) to service_role;
comment on function engine.finish_jobs(uuid, jsonb) is
  'Records how jobs of a worker ended, many in one transaction: completed, to be tried again, given up (a dead letter) or cancelled. A job whose lease has fallen writes nothing and is missing from settled.';
