create function engine.settle_jobs(p_worker_id uuid, p_results jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
-- p_results: [{
--   job, epoch                                   the token and its fence
--   steps: [{node, scope, attempt, status, leaf, handles, output, error, started_ago, finished_ago}]   microseconds before now
--   move:  {node, scope, attempt, reads, payload, delay_ms, keep, error}   where the token goes; absent = see hold
--   hold:  true                                  the token stays as it is, its worker goes on from memory
--   spawn: [{node, scope, reads, payload, keep}] new tokens
--   arrive: [{node, scope, expects, live, dead, reads}]   answers at joins
--   finish: {status, output, error}              the run ends now
-- }]   neither move nor hold: the token is consumed
-- Answers {settled: [job], jobs: [tokens now leased to the worker]}. A job that is not in settled was lost: nothing of
-- it was written.
declare
  v_now timestamptz := private.now();
  v_settled uuid[];
  v_places bigint[];
  v_run_ids uuid[];
  v_dropped uuid[];
  v_kept uuid[] := '{}';
  v_more uuid[];
  v_run record;
begin
  -- Phase 1: the runs that may end, meet at a join or get more tokens, locked in one order. Tokens of a run come and go
  -- under its lock only, so nobody who ends a run overlooks one that is being made.
  select array_agg(distinct j.run_id) into v_run_ids
  from jsonb_to_recordset(p_results) as r (job uuid, move jsonb, hold boolean, spawn jsonb, arrive jsonb, finish jsonb)
  join public.job_queue j on j.id = r.job
  where r.finish is not null or r.arrive is not null or r.spawn is not null or (r.move is null and r.hold is not true);
  if v_run_ids is not null then
    perform 1 from (
      select q.id from public.runs q where q.id = any (v_run_ids) order by q.id for no key update
    ) l;
    -- Tokens of other workers that go with a run that finishes.
    select array_agg(j.id) into v_dropped
    from jsonb_to_recordset(p_results) as r (run_id uuid, finish jsonb)
    join public.job_queue j on j.run_id = r.run_id
    where r.finish is not null;
  end if;

  -- Phase 2: the fence. All tokens that this call may touch are locked in one order, so that two calls never wait for each
  -- other. A result whose token is not ours any more is dropped here; so is an older one of a token that this worker lost
  -- and claimed again.
  with r as materialized (
    select * from rows from (jsonb_to_recordset(p_results) as (job uuid, epoch integer))
      with ordinality as x (job, epoch, place)
  ),
  locked as materialized (
    select j.id, j.epoch, j.worker_id from public.job_queue j
    where j.id = any (array(select r.job from r) || v_dropped)
      and (j.worker_id = p_worker_id or j.id = any (v_dropped))
    order by j.id
    for update
  )
  select array_agg(v.id), array_agg(v.place) into v_settled, v_places
  from (
    select l.id, min(r.place) as place
    from locked l
    join r on r.job = l.id and r.epoch = l.epoch
    where l.worker_id = p_worker_id
    group by l.id
  ) v;
  if v_settled is null then
    return '{"settled": [], "jobs": []}';
  end if;
  if cardinality(v_places) < jsonb_array_length(p_results) then
    select jsonb_agg(x.value) into p_results
    from jsonb_array_elements(p_results) with ordinality x
    where x.ordinality = any (v_places);
  end if;

  -- Phase 3: tokens move or go; the others stay.
  with r as materialized (
    select * from jsonb_to_recordset(p_results) as x (job uuid, move jsonb, hold boolean)
  ),
  moved as (
    update public.job_queue j set
      node_id = r.move ->> 'node',
      scope = coalesce(r.move ->> 'scope', ''),
      attempts = case when (r.move ->> 'keep')::boolean then 1 else 0 end + coalesce((r.move ->> 'attempt')::smallint, 0),
      max_attempts = 8 + coalesce((r.move ->> 'attempt')::smallint, 0),
      reads = case when r.move ? 'reads' then array(select jsonb_array_elements_text(r.move -> 'reads')) end,
      payload = r.move -> 'payload',
      resume = false,
      error_message = r.move ->> 'error',
      epoch = j.epoch + 1,
      scheduled_for = case when r.move ? 'delay_ms'
        then v_now + make_interval(secs => (r.move ->> 'delay_ms')::double precision / 1000) else j.scheduled_for end,
      status = case when (r.move ->> 'keep')::boolean then 'running' else 'available' end,
      worker_id = case when (r.move ->> 'keep')::boolean then p_worker_id end,
      started_at = case when (r.move ->> 'keep')::boolean then v_now end
    from r
    where r.move is not null and j.id = r.job
  )
  delete from public.job_queue j
  using r
  where r.move is null and r.hold is not true and j.id = r.job;
  select coalesce(array_agg(r.job), '{}') into v_kept
  from jsonb_to_recordset(p_results) as r (job uuid, move jsonb)
  where (r.move ->> 'keep')::boolean;

  -- Phase 4: what was done is recorded.
  insert into public.run_steps (
    run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, error, started_at, finished_at
  )
  select
    r.run_id, s.node, coalesce(s.scope, ''), coalesce(s.attempt, 1), r.organization_id, s.status, coalesce(s.leaf, false),
    s.handles, s.output, s.error,
    v_now - make_interval(secs => coalesce(s.started_ago, 0) / 1000000.0),
    v_now - make_interval(secs => coalesce(s.finished_ago, 0) / 1000000.0)
  from jsonb_to_recordset(p_results) as r (run_id uuid, organization_id uuid, steps jsonb)
  cross join lateral jsonb_to_recordset(r.steps) as s (
    node text, scope text, attempt smallint, status text, leaf boolean, handles text[], output jsonb, error jsonb,
    started_ago bigint, finished_ago bigint
  )
  -- A worker that saw no answer sends the same again; a step that it holds is then recorded already.
  on conflict (run_id, node_id, scope, attempt) do nothing;

  -- Phase 5: new tokens.
  with spawned as (
    insert into public.job_queue (
      organization_id, run_id, node_id, scope, reads, payload, status, worker_id, epoch, attempts, started_at,
      scheduled_for, deadline_at, created_at
    )
    select
      r.organization_id, r.run_id, s.node, coalesce(s.scope, ''), s.reads, s.payload,
      case when s.keep then 'running' else 'available' end, case when s.keep then p_worker_id end,
      case when s.keep then 1 else 0 end, case when s.keep then 1 else 0 end, case when s.keep then v_now end,
      v_now, v_now + make_interval(secs => r.deadline_ms / 1000.0), v_now
    from jsonb_to_recordset(p_results) as r (run_id uuid, organization_id uuid, deadline_ms bigint, spawn jsonb)
    cross join lateral jsonb_to_recordset(r.spawn) as s (node text, scope text, reads text[], payload jsonb, keep boolean)
    where r.spawn is not null
    returning id, worker_id
  )
  select array_agg(s.id) into v_more from spawned s where s.worker_id is not null;
  v_kept := v_kept || coalesce(v_more, '{}');

  if v_run_ids is not null then
    -- Phase 6: answers at joins. The last answer turns the row into a token: live if any answer was, dead otherwise.
    with answers as (
      select r.run_id, r.organization_id, r.deadline_ms, a.node, coalesce(a.scope, '') as scope, a.expects, a.reads,
        array(select jsonb_array_elements_text(coalesce(a.live, '[]'))::smallint) as live,
        array(select jsonb_array_elements_text(coalesce(a.dead, '[]'))::smallint) as dead
      from jsonb_to_recordset(p_results) as r (run_id uuid, organization_id uuid, deadline_ms bigint, arrive jsonb)
      cross join lateral jsonb_to_recordset(r.arrive) as a (
        node text, scope text, expects integer, live jsonb, dead jsonb, reads text[]
      )
        where r.arrive is not null
    ),
    grouped as (
      select a.run_id, a.node, a.scope, min(a.organization_id::text)::uuid as organization_id, min(a.deadline_ms) as deadline_ms,
        min(a.expects) as expects,
        array(select unnest(b.live) from answers b where (b.run_id, b.node, b.scope) = (a.run_id, a.node, a.scope)) as live,
        array(select unnest(b.dead) from answers b where (b.run_id, b.node, b.scope) = (a.run_id, a.node, a.scope)) as dead
      from answers a
      group by a.run_id, a.node, a.scope
    ),
    arrived as (
      insert into private.run_joins as g (run_id, node_id, scope, live, dead)
      select a.run_id, a.node, a.scope, a.live, a.dead from grouped a
      order by a.run_id, a.node, a.scope
      on conflict (run_id, node_id, scope) do update set live = g.live || excluded.live, dead = g.dead || excluded.dead
      returning g.run_id, g.node_id, g.scope, g.live, g.dead
    ),
    made as (
      insert into public.job_queue (
        organization_id, run_id, node_id, scope, reads, payload, status, worker_id, epoch, attempts, started_at,
        scheduled_for, deadline_at, created_at
      )
      select
        g.organization_id, g.run_id, g.node, g.scope,
        case when cardinality(d.live) > 0 then
          (select b.reads from answers b where (b.run_id, b.node, b.scope) = (g.run_id, g.node, g.scope) limit 1) end,
        case when cardinality(d.live) > 0
          then jsonb_build_object('live', (select jsonb_agg(l order by l) from unnest(d.live) l))
          else '{"dead": true}' end,
        'running', p_worker_id, 1, 1, v_now, v_now, v_now + make_interval(secs => g.deadline_ms / 1000.0), v_now
      from arrived d
      join grouped g on (g.run_id, g.node, g.scope) = (d.run_id, d.node_id, d.scope)
      where cardinality(d.live) + cardinality(d.dead) >= g.expects
      returning id
    )
    select array_agg(m.id) into v_more from made m;
    if v_more is not null then
      delete from private.run_joins g
      using public.job_queue j
      where j.id = any (v_more) and (g.run_id, g.node_id, g.scope) = (j.run_id, j.node_id, j.scope);
      v_kept := v_kept || v_more;
    end if;

    -- Phase 7: runs end, by their own word or because no token is left.
    for v_run in
      select f.run_id, f.finish
      from jsonb_to_recordset(p_results) as f (run_id uuid, finish jsonb)
      where f.finish is not null
    loop
      perform private.end_run(
        v_run.run_id, v_run.finish ->> 'status',
        -- JSON's null is no value: a run that has completed has no error.
        nullif(v_run.finish -> 'output', 'null'), nullif(v_run.finish -> 'error', 'null')
      );
    end loop;
    for v_run in
      select q.id from public.runs q
      where q.id = any (v_run_ids) and q.finished_at is null
        and not exists (select 1 from public.job_queue j where j.run_id = q.id)
    loop
      perform private.finish_run(v_run.id);
    end loop;
  end if;

  return jsonb_build_object(
    'settled', to_jsonb(v_settled),
    'jobs', case when cardinality(v_kept) = 0 then '[]'::jsonb else private.job_reply(v_kept) end
  );
end;
$$;

revoke all on function engine.settle_jobs(uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.settle_jobs(uuid, jsonb) to service_role;
comment on function engine.settle_jobs(uuid, jsonb) is
  'Records what a worker has done with its jobs, for many runs in one transaction: steps, where tokens go, answers at joins, ends of runs. A job whose fence (worker, epoch) has fallen writes nothing and is missing from settled. Answers {settled, jobs}: jobs are tokens leased to the worker by this call.';
