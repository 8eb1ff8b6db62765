-- The way back from 20261121215508_faster_claims.sql. Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

drop function "private"."advance_clock"(bigint);
drop function "private"."keep_worker"(uuid, text);
drop function "private"."lease_jobs"(uuid, uuid[], tid[], boolean, timestamp with time zone);

drop function "private"."note_turns"(timestamp with time zone, boolean, uuid[], integer[], timestamp
  with time zone[], uuid[], boolean, boolean, bigint, boolean);

drop function "private"."pick_jobs"(integer, timestamp with time zone, boolean);

drop function "private"."pick_more_jobs"(integer, timestamp
  with time zone,
  boolean,
  uuid[], boolean, uuid[], uuid[], tid[], boolean, uuid[], integer[], timestamp with time zone[], uuid[], bigint);

create or replace function engine.claim_jobs (
  p_worker_id uuid,
  p_limit     integer default 10,
  p_kind      text    default 'worker'::text,
  p_run_id    uuid    default null::uuid,
  p_listens   boolean default null::boolean
)
  returns json
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_picked record;
  v_ids uuid[];
  v_job_ids uuid[];
  v_reply json := '[]';
begin
  -- Nobody is told of a claim but its worker. One that a crash of Postgres forgets was never made: the work is where it was,
  -- and what comes later of that worker is refused. So it does not wait for the disk.
  perform set_config('synchronous_commit', 'off', true);
  perform private.keep_worker(p_worker_id, p_kind);

  if p_run_id is not null then
    select array_agg(c.id) into v_ids from (
      select j.id from public.job_queue j
      where j.run_id = p_run_id and j.status = 'available' and j.scheduled_for <= v_now
      order by j.id limit p_limit
      for update skip locked
    ) c;
  else
    if p_listens is null then
      -- A worker of the release before there were jobs: it would give all that it claimed back if one were among it.
      select * into v_picked from private.pick_jobs(p_limit + 1000, v_now);
      v_ids := v_picked.p_token_ids[1:p_limit];
    else
      select * into v_picked from private.pick_jobs(p_limit, v_now);
      v_ids := v_picked.p_token_ids;
      v_job_ids := v_picked.p_job_ids;
    end if;
    -- Who finds nothing is told when there is something; from then on whoever enqueues need not say so.
    update private.workers w set is_listening = not w.is_listening
    where w.id = p_worker_id and w.is_listening <> (coalesce(p_listens, false) and v_ids is null and v_job_ids is null);
  end if;
  if v_job_ids is not null then
    v_reply := private.lease_jobs(p_worker_id, v_job_ids, v_picked.p_is_special, v_now);
  end if;
  if v_ids is not null then
    v_ids := private.begin_tokens(p_worker_id, v_ids, v_now);
  end if;
  -- Last, because claims wait for each other here: whoever does has all the locks it needs.
  if p_run_id is null then
    perform private.note_turns(
      v_now, v_picked.p_is_full, v_picked.p_organization_ids, v_picked.p_counts, v_picked.p_latest, v_picked.p_empty,
      v_picked.p_is_costly, v_picked.p_virtual_time, v_picked.p_has_found
    );
  end if;
  if v_ids is null then
    return v_reply;
  end if;
  return case when v_job_ids is null then private.job_reply(v_ids) else private.job_reply(v_ids) || v_reply::jsonb end::json;
end;
$function$;

create or replace function engine.finish_jobs (
  p_worker_id uuid,
  p_results   jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
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
  -- The fence: leases that this worker holds, in one order.
  select array_agg(l.id) into v_leases from (
    select o.id from private.job_leases o
    where o.id in (select r.lease from jsonb_to_recordset(p_results) as r (lease uuid, job uuid) where r.job is not null) and o.worker_id = p_worker_id
    order by o.id for update
  ) l;
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
$function$;

create or replace function engine.schema_version()
  returns jsonb
  language sql
  immutable
  set search_path to ''
  AS $function$
  select '{"version": "20261121191853", "serves_from": "20261121090449"}'::jsonb;
$function$;

create or replace function private.find_turns (
  p_now     timestamp with time zone,
  p_rest_us bigint                   default 0
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_clock bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
  v_before bigint := pg_stat_get_xact_blocks_fetched('public.job_queue'::regclass);
  v_missing uuid[];
begin
  if v_clock < p_rest_us + (select n.last_value from private.next_discovery n) then
    return null;
  end if;
  -- From one organization with ready work to the next, over the index.
  with recursive ready as (
    (select j.organization_id from public.job_queue j where j.status = 'available' and j.scheduled_for <= p_now
     order by j.organization_id limit 1)
    union all
    select n.organization_id from ready r
    cross join lateral (
      select j.organization_id from public.job_queue j
      where j.status = 'available' and j.scheduled_for <= p_now and j.organization_id > r.organization_id
      order by j.organization_id limit 1
    ) n
  )
  select array_agg(r.organization_id) into v_missing from ready r
  where not exists (select 1 from private.job_turns t where t.organization_id = r.organization_id and t.is_active);
  -- Nobody is waited for: neither who enqueues for it and is about to say so, nor a claim that notes its turn.
  with free as materialized (
    select t.organization_id from private.job_turns t
    where t.organization_id = any (v_missing) and not t.is_active
    for update skip locked
  )
  select array_agg(m.id) into v_missing from unnest(v_missing) m (id)
  where (m.id in (select f.organization_id from free f) or not exists (select 1 from private.job_turns t where t.organization_id = m.id))
    and pg_try_advisory_xact_lock(hashtext('millrace.turn'), hashtext(m.id::text));
  -- Counted in pages of the table, about ten microseconds each, and not by the clock: a busy machine makes no difference.
  v_before := pg_stat_get_xact_blocks_fetched('public.job_queue'::regclass) - v_before;
  if v_before > 50 or p_rest_us > 0 then
    perform setval('private.next_discovery', v_clock + case when v_before > 50 then v_before * 200 else 0 end);
  end if;
  return case when v_missing is null then 0 else private.activate_turns(v_missing) end;
end;
$function$;

create or replace function private.finish_leases (
  p_worker_id uuid,
  p_results   jsonb,
  p_now       timestamp with time zone
)
  returns uuid[]
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_leases uuid[];
  v_finished uuid[];
  v_keys text[];
  v_named jsonb;
begin
  select array_agg(l.id) into v_leases from (
    select o.id from private.job_leases o
    where o.id in (select r.lease from jsonb_to_recordset(p_results) as r (lease uuid, job uuid) where r.job is null)
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
$function$;

create or replace function private.keep_worker (
  p_worker_id uuid,
  p_kind      text
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
begin
  -- Writes only when a third of the lease is used up: calls that follow each other closely cost one read, and lock nothing.
  if exists (select 1 from private.workers w where w.id = p_worker_id and w.expires_at > v_now + interval '20 seconds') then
    return;
  end if;
  insert into private.workers as w (id, kind, expires_at)
  values (p_worker_id, p_kind, v_now + interval '30 seconds')
  on conflict (id) do update set expires_at = greatest(w.expires_at, excluded.expires_at);
end;
$function$;

create or replace function private.lease_jobs (
  p_worker_id  uuid,
  p_job_ids    uuid[],
  p_is_special boolean,
  p_now        timestamp with time zone
)
  returns json
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_lease private.job_leases;
  v_ids uuid[] := p_job_ids;
begin
  v_lease.id := private.uuid_v7();
  if p_is_special then
    v_ids := private.admit_jobs(v_lease.id, p_job_ids, p_now);
  end if;
  -- In the order of their ids, the order in which they were enqueued: sorting them would cost as much as taking them.
  with taken as (
    delete from public.job_queue j where j.id = any (v_ids)
    returning j.id, j.organization_id, j.type, j.payload, j.attempts, j.max_attempts, j.priority, j.scheduled_for, j.created_at,
      case when num_nonnulls(j.unique_key, j.concurrency_key, j.error_message, j.expires_at) > 0 then jsonb_strip_nulls(
        jsonb_build_object('unique_key', j.unique_key, 'concurrency_key', j.concurrency_key,
          'concurrency_limit', j.concurrency_limit, 'expires_at', j.expires_at, 'error_message', j.error_message)
      ) end as options
  )
  select array_agg(t.id), array_agg(t.organization_id), array_agg(t.type), array_agg(t.payload),
    array_agg((t.attempts + 1)::smallint), array_agg(t.max_attempts), array_agg(t.priority), array_agg(t.scheduled_for),
    array_agg(t.created_at), case when count(t.options) > 0 then array_agg(t.options) end
  into v_lease.job_ids, v_lease.organization_ids, v_lease.types, v_lease.payloads, v_lease.attempts, v_lease.max_attempts,
    v_lease.priorities, v_lease.due, v_lease.created, v_lease.options
  from taken t;
  if v_lease.job_ids is null then
    return '[]';
  end if;
  v_lease.worker_id := p_worker_id;
  v_lease.started_at := p_now;
  insert into private.job_leases select (v_lease).*;
  -- json and not jsonb: built once, and it is text already. What is the same of all is said once.
  return json_build_array(json_build_object(
    'lease', v_lease.id, 'jobs', array_to_json(v_lease.job_ids), 'payloads', array_to_json(v_lease.payloads),
    'organization_ids', private.said_once(v_lease.organization_ids), 'types', private.said_once(v_lease.types),
    'attempts', private.said_once(v_lease.attempts), 'max_attempts', private.said_once(v_lease.max_attempts),
    'priorities', private.said_once(v_lease.priorities)
  ));
end;
$function$;

create or replace function private.note_turns (
  p_now              timestamp with time zone,
  p_is_full          boolean,
  p_organization_ids uuid[],
  p_counts           integer[],
  p_latest           timestamp with time zone[],
  p_empty            uuid[],
  p_is_costly        boolean,
  p_virtual_time     bigint,
  p_has_found        boolean
)
  returns void
  language plpgsql
  set search_path to ''
  set plan_cache_mode to 'force_generic_plan'
  set enable_seqscan to 'off'
  set enable_bitmapscan to 'off'
  set enable_hashjoin to 'off'
  set enable_mergejoin to 'off'
  set jit to 'off'
  AS $function$
declare
  -- Looking at those that have nothing has become dear, sooner while others wait.
  v_are_many boolean := cardinality(p_empty) > case when p_is_full then 8 else 64 end;
  -- While nobody else has work, what the only one is given keeps nobody waiting.
  v_counts boolean := p_is_full and coalesce(p_organization_ids[2] <> p_organization_ids[1], false);
  v_waits boolean;
  v_free uuid[];
begin
  if p_is_full and not v_counts then
    v_counts := exists (select 1 from private.job_turns t where t.is_active and t.organization_id <> p_organization_ids[1]);
  end if;
  if not v_counts and not v_are_many and not p_is_costly then
    return;
  end if;
  -- A claim that has looked for organizations may hold their turns, in no order with these: whoever waits for one of them may
  -- hold what this one would wait for. Some of what it took is counted for nobody then.
  v_waits := v_counts and not p_has_found;
  if not v_waits then
    -- Where nothing counts it only makes the next look cheaper: no reason to wait either.
    select array_agg(l.organization_id) into v_free from (
      select t.organization_id from private.job_turns t
      where t.organization_id = any (p_organization_ids) and t.is_active
      for update skip locked
    ) l;
  end if;
  with locked as materialized (
    -- In one order, and counted afterwards: what another claim has added meanwhile is seen.
    select t.organization_id from private.job_turns t
    where v_waits and t.organization_id = any (p_organization_ids) and t.is_active
    order by t.organization_id
    for update
  )
  update private.job_turns t set
    virtual_time = t.virtual_time + case when v_counts then n.taken * 1000 / t.weight else 0 end,
    is_active = not (n.is_empty and v_are_many),
    -- Whoever enqueued at this moment may not have committed yet: a tenth of a second back.
    head = case when p_is_costly then greatest(
      least(n.latest, p_now - interval '100 milliseconds'), case when t.head_until > p_now then t.head else '-infinity' end
    ) else t.head end,
    head_until = case when p_is_costly then p_now + interval '1 second' else t.head_until end
  from (
    select g.id, sum(g.taken)::integer as taken, g.id = any (p_empty) as is_empty,
      -- One that gave less than it was asked for has nothing before this moment.
      case when p_is_full and sum(g.taken) > 0 then coalesce(max(g.latest), '-infinity')
        when p_is_full then '-infinity' else p_now end as latest
    from unnest(p_organization_ids, p_counts, p_latest) as g (id, taken, latest)
    where v_waits or g.id = any (v_free)
    group by g.id
  ) n
  where (select count(*) from locked) >= 0 -- they are locked first
    and t.organization_id = n.id and t.is_active and (n.taken > 0 or p_is_costly or (n.is_empty and v_are_many));
  if v_counts and p_virtual_time > (select c.last_value from private.job_clock c) then
    perform setval('private.job_clock', p_virtual_time);
  end if;
end;
$function$;

create or replace function private.pick_jobs (
  p_limit integer,
  p_now   timestamp with time zone,
  OUT     p_token_ids uuid[],
  OUT     p_job_ids uuid[],
  OUT     p_is_special boolean,
  OUT     p_is_full boolean,
  OUT     p_organization_ids uuid[],
  OUT     p_counts integer[],
  OUT     p_latest timestamp with time zone[],
  OUT     p_empty uuid[],
  OUT     p_is_costly boolean,
  OUT     p_virtual_time bigint,
  OUT     p_has_found boolean
)
  returns record
  language plpgsql
  set search_path to ''
  set enable_seqscan to 'off'
  set enable_bitmapscan to 'off'
  set jit to 'off'
  AS $function$
declare
  v_queue constant oid := 'public.job_queue'::regclass;
  v_pages bigint := pg_stat_get_xact_blocks_fetched(v_queue);
  -- What is behind by more has been overlooked, and the sweep sets it right: private.sweep_jobs.
  v_floor bigint := (select c.last_value from private.job_clock c) - 64000;
  -- Organizations a look. Of a small batch each gets one; of a large one a few get several each, which touches fewer pages
  -- and evens out.
  v_width integer := case when p_limit <= 8 then 8 else least(8, greatest(3, ceil(p_limit / 8.0)::integer)) end;
  v_wanted integer := p_limit;
  v_seen uuid[] := '{}';
  v_done uuid[] := '{}';
  v_has_looked boolean := false;
  v_has_heads boolean := false;
  v_found integer;
  v_round record;
  v_first record;
  v_part record;
  v_tokens uuid[];
  v_jobs uuid[];
  v_is_special boolean := false;
  v_counts integer[] := '{}';
  v_latest timestamptz[] := '{}';
  v_exhausted uuid[] := '{}';
  v_empty uuid[] := '{}';
  v_virtual_time bigint;
  v_taken integer := 0;
  v_quota integer;
begin
  p_organization_ids := '{}';
  p_counts := '{}';
  p_latest := '{}';
  p_empty := '{}';
  p_has_found := false;
  select array_agg(t.organization_id) as organizations, array_agg(t.virtual_time) as times, array_agg(t.weight) as weights,
    sum(t.weight)::double precision as weight,
    bool_and(t.max_running is null and (t.head_until > p_now and t.head <= p_now) is not true) as is_plain
  into v_first from (
    select o.organization_id, o.virtual_time, o.weight, o.head, o.head_until, o.max_running from private.job_turns o
    where o.is_active and o.virtual_time >= v_floor
    order by o.virtual_time, o.organization_id
    limit v_width
  ) t;
  loop
    if v_first.is_plain then
      -- As the first round nearly always is: nobody has a head or a limit. A small query for each organization costs half of
      -- the general one, of which Postgres prepares every part anew each time.
      for v_place in 1 .. cardinality(v_first.organizations) loop
        v_quota := ceil(p_limit * v_first.weights[v_place] / v_first.weight);
        select array_agg(c.id) filter (where not c.is_job) as tokens, array_agg(c.id) filter (where c.is_job) as jobs,
          bool_or(c.is_special) filter (where c.is_job) as is_special, count(*)::integer as taken,
          max(c.scheduled_for) filter (where c.priority = 100) as latest
        into v_part from (
          select j.id, j.run_id is null as is_job, num_nonnulls(j.concurrency_key, j.expires_at) > 0 as is_special,
            j.priority, j.scheduled_for
          from public.job_queue j
          where j.status = 'available' and j.organization_id = v_first.organizations[v_place] and j.scheduled_for <= p_now
          order by j.priority, j.scheduled_for
          limit least(v_quota, p_limit - v_taken)
          for update skip locked
        ) c;
        v_tokens := v_tokens || v_part.tokens;
        v_jobs := v_jobs || v_part.jobs;
        v_is_special := v_is_special or coalesce(v_part.is_special, false);
        v_counts := v_counts || v_part.taken;
        v_latest := v_latest || v_part.latest;
        v_taken := v_taken + v_part.taken;
        if v_part.taken > 0 then
          v_virtual_time := coalesce(v_virtual_time, v_first.times[v_place]);
        end if;
        if v_part.taken < v_quota then
          v_exhausted := v_exhausted || v_first.organizations[v_place];
          if v_part.taken = 0 then
            v_empty := v_empty || v_first.organizations[v_place];
          end if;
        end if;
      end loop;
      select v_first.organizations, v_counts as counts, v_latest as latest, v_exhausted as exhausted, v_empty as empty,
        false as has_heads, v_virtual_time as virtual_time, v_taken as taken, v_tokens as tokens, v_jobs as jobs,
        v_is_special as is_special
      into v_round;
      v_first.is_plain := false;
    else
      with turns as materialized (
        select c.organization_id, c.virtual_time, c.head, c.room,
          least(ceil(v_wanted::double precision * c.weight / sum(c.weight) over ())::integer, c.room) as quota
        from (
          select n.organization_id, n.virtual_time, n.weight,
            case when n.head_until > p_now and n.head <= p_now and not v_has_looked then n.head else '-infinity'::timestamptz end as head,
            case when n.max_running is not null then
              greatest(0, n.max_running - private.count_running(n.organization_id) - n.taken)::integer
            end as room
          from (
            (
              select t.organization_id, t.virtual_time, t.weight, t.head, t.head_until, t.max_running, 0 as taken
              from private.job_turns t
              where t.is_active and t.virtual_time >= v_floor and t.organization_id <> all (p_organization_ids)
              order by t.virtual_time, t.organization_id
              limit v_width
            )
            union all
            -- Those that had something in this claim and have more, at what that made of their time.
            select t.organization_id, t.virtual_time + g.taken * 1000 / t.weight, t.weight, t.head, t.head_until, t.max_running, g.taken
            from (
              select u.id, sum(u.taken)::integer as taken from unnest(p_organization_ids, p_counts) u (id, taken)
              where u.id <> all (v_done) group by u.id
            ) g
            join private.job_turns t on t.organization_id = g.id
          ) n
          order by n.virtual_time, n.organization_id
          limit v_width
        ) c
      ),
      picked as materialized (
        select c.id, c.is_job, c.is_special, c.priority, c.scheduled_for, t.organization_id
        from (select * from turns order by turns.virtual_time, turns.organization_id) t
        cross join lateral (
          -- Urgent work first; of the ordinary priority only from the head on.
          select * from (
            select j.id, j.run_id is null as is_job, num_nonnulls(j.concurrency_key, j.expires_at) > 0 as is_special,
              j.priority, j.scheduled_for
            from public.job_queue j
            where t.head > '-infinity' and j.status = 'available' and j.organization_id = t.organization_id and j.priority < 100
              and j.scheduled_for <= p_now and j.id <> all (v_seen)
            order by j.priority, j.scheduled_for
            limit t.quota
            for update skip locked
          ) urgent
          union all
          select * from (
            select j.id, j.run_id is null, num_nonnulls(j.concurrency_key, j.expires_at) > 0, j.priority, j.scheduled_for
            from public.job_queue j
            where j.status = 'available' and j.organization_id = t.organization_id
              and (j.priority, j.scheduled_for) >= (case when t.head > '-infinity' then 100 else -32768 end::smallint, t.head)
              and j.scheduled_for <= p_now and j.id <> all (v_seen)
            order by j.priority, j.scheduled_for
            limit t.quota
            for update skip locked
          ) ordinary
          limit t.quota
        ) c
        limit v_wanted
      ),
      counted as (
        select t.organization_id, t.virtual_time, t.quota, t.head > '-infinity' as has_head, coalesce(p.taken, 0) as taken, p.latest
        from turns t
        left join (
          select k.organization_id, count(*)::integer as taken, max(k.scheduled_for) filter (where k.priority = 100) as latest
          from picked k group by k.organization_id
        ) p on p.organization_id = t.organization_id
      )
      select * into v_round from (
        select
          array_agg(n.organization_id) as organizations, array_agg(n.taken) as counts, array_agg(n.latest) as latest,
          array_agg(n.organization_id) filter (where n.taken < n.quota or n.quota = 0) as exhausted,
          array_agg(n.organization_id) filter (where n.taken = 0 and n.quota > 0) as empty,
          bool_or(n.has_head) as has_heads,
          min(n.virtual_time) filter (where n.taken > 0) as virtual_time, coalesce(sum(n.taken), 0)::integer as taken
        from counted n
      ) o, (
        select
          array_agg(k.id) filter (where not k.is_job) as tokens, array_agg(k.id) filter (where k.is_job) as jobs,
          bool_or(k.is_special) filter (where k.is_job) as is_special
        from picked k
      ) w;
    end if;

    p_token_ids := p_token_ids || v_round.tokens;
    p_job_ids := p_job_ids || v_round.jobs;
    p_is_special := coalesce(p_is_special, false) or coalesce(v_round.is_special, false);
    v_wanted := v_wanted - v_round.taken;
    p_virtual_time := coalesce(p_virtual_time, v_round.virtual_time);
    p_organization_ids := p_organization_ids || v_round.organizations;
    p_counts := p_counts || v_round.counts;
    p_latest := p_latest || v_round.latest;
    exit when v_wanted <= 0;
    v_seen := coalesce(p_token_ids, '{}') || coalesce(p_job_ids, '{}');
    p_empty := p_empty || v_round.empty;
    v_done := v_done || v_round.exhausted;
    v_has_heads := v_has_heads or coalesce(v_round.has_heads, false);
    -- What is left of the batch goes to those that have more, again the least virtual time first; unless that was everybody,
    -- and none has more.
    if cardinality(v_round.organizations) = v_width or cardinality(v_round.organizations) > coalesce(cardinality(v_round.exhausted), 0) then
      v_width := least(v_width * 2, 256);
      continue;
    end if;
    -- All that is known of is taken. What is not known of, or was passed over, is looked for once.
    exit when v_has_looked;
    v_found := private.find_turns(p_now);
    -- Also one that gave no turn may hold some: it may have been too late.
    p_has_found := v_found is not null;
    exit when v_found is null or (v_found = 0 and not v_has_heads);
    v_has_looked := true;
    v_width := least(v_width * 2, 256);
    v_done := '{}';
    p_empty := '{}';
  end loop;
  v_pages := pg_stat_get_xact_blocks_fetched(v_queue) - v_pages;
  -- While every claim is full, five times a second.
  if v_wanted <= 0 and date_part('epoch', clock_timestamp()) * 1000000 >= 200000 + (select n.last_value from private.next_discovery n) then
    v_found := private.find_turns(p_now, 200000);
    p_has_found := p_has_found or v_found is not null;
  end if;
  p_is_full := v_wanted <= 0;
  p_is_costly := v_pages > 100 + 3 * p_limit;
end;
$function$;

comment on function "private"."keep_worker"(uuid, text) is 'Registers a worker, or prolongs its lease to 30 seconds from now.';

comment on function "private"."lease_jobs"(uuid, uuid[], boolean, timestamp
  with time zone) is 'Part of engine.claim_jobs: takes jobs, whose rows the caller has locked, out of the queue and into a lease. Answers [{lease, jobs, payloads, organization_ids, types, attempts, max_attempts, priorities}], the lists in the same order, the last five as private.said_once has them. Those that have expired or find no place under their key are left out; [] = all are.';

comment on function "private"."note_turns"(timestamp with time zone, boolean, uuid[], integer[], timestamp
  with time zone[], uuid[], boolean, bigint, boolean) is 'Part of engine.claim_jobs, and the last: whoever waits here holds all other locks it needs. What each organization was given by private.pick_jobs counts, if others had to wait (p_is_full). Those that had nothing lose their turn when they are many. When the look led over many dead rows (p_is_costly), the next one begins behind them. p_has_found = the claim has looked for organizations itself (private.find_turns) and may hold their turns, so it waits for nobody here.';

comment on function "private"."pick_jobs"(integer, timestamp with time zone) is 'Locks up to p_limit pieces of work that are due, fairly among organizations: those with the least virtual time first, each a share by its weight. Tokens and jobs apart; null = none; p_is_special = a job has a concurrency key or expires; the rest is for private.note_turns. What it costs grows neither with the number of organizations nor with what they have waiting.';

revoke all on function "private"."keep_worker"(uuid, text) from public;
revoke all on function "private"."lease_jobs"(uuid, uuid[], boolean, timestamp with time zone) from public;

revoke all
  on function "private"."note_turns"(timestamp with time zone, boolean, uuid[], integer[], timestamp
    with time zone[], uuid[], boolean, bigint, boolean)
  from public;

revoke all on function "private"."pick_jobs"(integer, timestamp with time zone) from public;

reset check_function_bodies;
