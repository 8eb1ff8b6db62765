create function private.finish_leases(p_worker_id uuid, p_results jsonb, p_now timestamptz) returns uuid[]
language plpgsql
set search_path = ''
-- Left to itself Postgres plans anew in every call, which takes longer than the work; and a plan made while nothing was leased
-- must not read all leases when they are many.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
  v_leases uuid[];
  v_finished uuid[];
  v_keys text[];
  v_named jsonb;
begin
  select array_agg(l.id) into v_leases from (
    select o.id from private.job_leases o
    where o.id = any (array(select r.lease from jsonb_to_recordset(p_results) as r (lease uuid, job uuid) where r.job is null))
      and o.worker_id = p_worker_id
    order by o.id for update
  ) l;
  if v_leases is null then
    return '{}';
  end if;
  -- Few tell how far they are.
  if exists (select 1 from private.job_states) then
    delete from private.job_states s using private.job_leases l where l.id = any (v_leases) and s.job_id = any (l.job_ids);
  end if;
  with gone as (
    -- How many, once: asked of each job, it would unpack the list again for each.
    delete from private.job_leases l where l.id = any (v_leases) returning l.*, cardinality(l.types) as jobs
  ),
  said as (
    select r.lease, sum(r.busy_ms) as busy_ms, coalesce(bool_or(r.keep), false) as keep
    from jsonb_to_recordset(p_results) as r (lease uuid, job uuid, busy_ms double precision, keep boolean)
    where r.job is null group by r.lease
  ),
  -- Of those that leave no trace neither the jobs nor their arguments are read.
  kept as (
    insert into public.job_history (
      id, organization_id, type, status, priority, attempts, max_attempts, payload, unique_key, concurrency_key,
      scheduled_for, created_at, started_at, completed_at
    )
    select j.id, j.organization_id, j.type, 'completed', j.priority, j.attempts, j.max_attempts, j.payload,
      j.options ->> 'unique_key', j.options ->> 'concurrency_key', j.due, j.created, g.started_at, p_now
    from gone g
    join said s on s.lease = g.id and s.keep
    cross join lateral unnest(
      g.job_ids, g.organization_ids, g.types, g.payloads, g.attempts, g.max_attempts, g.priorities, g.due, g.created, g.options
    ) as j (id, organization_id, type, payload, attempts, max_attempts, priority, due, created, options)
    on conflict do nothing
  ),
  counted as (
    insert into private.job_counts as c (minute, organization_id, type, worker_id, completed, busy_ms, wait_ms)
    select date_trunc('minute', p_now), u.organization_id, u.type, p_worker_id, count(*),
      coalesce(sum(greatest(s.busy_ms, 0) / g.jobs), 0)::bigint,
      sum(greatest(0, extract(epoch from g.started_at - u.due) * 1000))::bigint
    from gone g
    cross join lateral unnest(g.organization_ids, g.types, g.due) as u (organization_id, type, due)
    left join said s on s.lease = g.id
    group by u.organization_id, u.type
    order by u.organization_id, u.type
    on conflict (minute, organization_id, type, worker_id) do update set
      completed = c.completed + excluded.completed, busy_ms = c.busy_ms + excluded.busy_ms, wait_ms = c.wait_ms + excluded.wait_ms
  ),
  -- Only what was enqueued under a name of its own can be a task.
  named as (
    select j.id, j.organization_id, j.type, j.options ->> 'unique_key' as unique_key
    from gone g
    cross join lateral unnest(g.job_ids, g.organization_ids, g.types, g.options) as j (id, organization_id, type, options)
    where g.options is not null and j.organization_id = private.platform_id() and j.options ? 'unique_key'
  )
  select array_agg(g.id), (select jsonb_agg(to_jsonb(n)) from named n) into v_finished, v_named from gone g;
  with freed as (
    delete from private.job_slots s where s.lease_id = any (v_finished) returning s.limit_key
  )
  select array_agg(f.limit_key) into v_keys from freed f;
  if v_keys is not null then
    perform private.unblock_jobs(v_keys);
  end if;
  if v_named is not null then
    perform private.tell_task((n ->> 'organization_id')::uuid, n ->> 'type', (n ->> 'id')::uuid, n ->> 'unique_key', 'completed', null)
    from jsonb_array_elements(v_named) n;
  end if;
  return v_finished;
end;
$$;

revoke all on function private.finish_leases(uuid, jsonb, timestamptz) from public, anon, authenticated, service_role;
comment on function private.finish_leases(uuid, jsonb, timestamptz) is
  'Part of engine.finish_jobs: leases all of whose jobs have completed and gave no result; keep = they go into the history. Answers those that this worker still held.';

create function private.shorten_leases(p_lease_ids uuid[], p_job_ids uuid[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  with rest as materialized (
    select o.id, array_agg(j.job_id) as job_ids, array_agg(j.organization_id) as organization_ids, array_agg(j.type) as types,
      array_agg(j.payload) as payloads, array_agg(j.attempts) as attempts, array_agg(j.max_attempts) as max_attempts,
      array_agg(j.priority) as priorities, array_agg(j.due) as due, array_agg(j.created) as created,
      array_agg(j.options) as options
    from private.job_leases o
    cross join lateral unnest(
      o.job_ids, o.organization_ids, o.types, o.payloads, o.attempts, o.max_attempts, o.priorities, o.due, o.created, o.options
    ) as j (job_id, organization_id, type, payload, attempts, max_attempts, priority, due, created, options)
    left join unnest(p_job_ids) as g (id) on g.id = j.job_id
    where o.id = any (p_lease_ids) and g.id is null
    group by o.id
  ),
  gone as (
    delete from private.job_leases l where l.id = any (p_lease_ids) and not exists (select 1 from rest r where r.id = l.id)
  )
  update private.job_leases l set
    job_ids = r.job_ids, organization_ids = r.organization_ids, types = r.types, payloads = r.payloads, attempts = r.attempts,
    max_attempts = r.max_attempts, priorities = r.priorities, due = r.due, created = r.created,
    options = case when l.options is not null then r.options end
  from rest r
  where l.id = r.id and cardinality(r.job_ids) < cardinality(l.job_ids);
end;
$$;

revoke all on function private.shorten_leases(uuid[], uuid[]) from public, anon, authenticated, service_role;
comment on function private.shorten_leases(uuid[], uuid[]) is
  'Part of engine.finish_jobs: takes jobs out of leases, which the caller has locked; a lease with none left goes.';
