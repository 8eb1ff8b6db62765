-- The way back from 20261122005214_leaner_runs.sql. Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

drop function "private"."read_steps"(jsonb, timestamp with time zone);
drop function "private"."record_steps"(jsonb, timestamp with time zone);

create or replace function engine.ingest_webhooks (
  p_endpoint_id  uuid,
  p_version_id   uuid,
  p_trigger_node text,
  p_deliveries   jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_flow_id uuid;
  v_organization_id uuid;
  v_kept jsonb;
begin
  select e.flow_id, e.organization_id into v_flow_id, v_organization_id
  from public.webhook_endpoints e
  join public.flows f on f.id = e.flow_id
  where e.id = p_endpoint_id and e.trigger_node is not distinct from p_trigger_node
    and f.is_active and f.deleted_at is null and f.current_version_id = p_version_id;
  if not found then
    -- What was run is not what would be run now.
    return '[]';
  end if;

  with given as materialized (
    select d.*, b.body, case when d.dedupe_body then sha256(b.body) end as body_key
    from jsonb_to_recordset(p_deliveries) as d (
      event_id uuid, run_id uuid, received_at timestamptz, timeout_seconds integer, event_key text, type text,
      dedupe_body boolean, unsigned boolean, traceparent text, raw_body text, input jsonb, output jsonb, steps jsonb
    )
    cross join lateral (select decode(d.raw_body, 'base64') as body) b
  ), events as (
    -- In the order of what is unique: two calls that have the same events wait for each other in one direction only.
    insert into public.webhook_events (
      id, received_at, organization_id, endpoint_id, event_key, body_key, type, status, unsigned, method, headers, query,
      raw_body, run_id
    )
    select
      g.event_id, g.received_at, v_organization_id, p_endpoint_id, g.event_key, g.body_key,
      g.type, 'accepted', coalesce(g.unsigned, false), g.input ->> 'method', g.input -> 'headers', g.input -> 'query', g.body,
      g.run_id
    from given g
    order by g.event_key, g.body_key
    on conflict do nothing
    returning id
  ), runs as (
    insert into public.runs (
      id, organization_id, flow_id, flow_version_id, status, trigger, trigger_node, webhook_event_id, input, output,
      traceparent, deadline_at, started_at, finished_at, created_at
    )
    select
      g.run_id, v_organization_id, v_flow_id, p_version_id, 'completed', 'webhook', p_trigger_node, g.event_id, g.input, g.output,
      g.traceparent, g.received_at + make_interval(secs => g.timeout_seconds), g.received_at, greatest(v_now, g.received_at),
      g.received_at
    from given g
    join events e on e.id = g.event_id
  ), steps as (
    insert into public.run_steps (
      run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, started_at, finished_at
    )
    select
      g.run_id, s.node, '', 1, v_organization_id, s.status, coalesce(s.leaf, false), s.handles, s.output,
      v_now - make_interval(secs => coalesce(s.started_ago, 0) / 1000000.0),
      v_now - make_interval(secs => coalesce(s.finished_ago, 0) / 1000000.0)
    from given g
    join events e on e.id = g.event_id
    cross join lateral jsonb_to_recordset(g.steps) as s (
      node text, status text, leaf boolean, handles text[], output jsonb, started_ago bigint, finished_ago bigint
    )
  )
  select coalesce(jsonb_agg(e.id), '[]') into v_kept from events e;
  if exists (select from public.webhook_subscriptions s where s.organization_id = v_organization_id) then
    perform private.publish_run(r) from public.runs r
    where r.id in (
      select d.run_id from jsonb_to_recordset(p_deliveries) as d (event_id uuid, run_id uuid) where v_kept ? d.event_id::text
    )
    order by r.id;
  end if;
  return v_kept;
end;
$function$;

create or replace function engine.schema_version()
  returns jsonb
  language sql
  immutable
  set search_path to ''
  AS $function$
  select '{"version": "20261121215508", "serves_from": "20261121090449"}'::jsonb;
$function$;

create or replace function engine.settle_jobs (
  p_worker_id uuid,
  p_results   jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_results: [{
--   job, epoch                                   the token and its fence
--   scope                                        its scope, for all that names none; absent = top level
--   steps: [{node, scope, attempt, status, leaf, handles, exit, output, error, started_ago, finished_ago}]   microseconds before now
--   move:  {node, attempt, reads, payload, delay_ms, keep, error, wait}   where the token goes; absent = see hold
--   hold:  true                                  the token stays as it is, its worker goes on from memory
--   spawn: [{node, reads, payload, keep}]        new tokens
--   arrive: [{node, expects, need, live, dead, reads}]   answers at joins
--   open:  {…}                                   the token opens a region, see private.open_regions
--   child: {node, flow_id, input, wait, reads}   the token starts another flow, see private.start_child
--   ended: [{scope, error}]                      items that are through, of a token that carries several
--   fail:  {error}                               the item that the token belongs to fails
--   broke: scope                                 the loop that this is an iteration of begins no further one
--   finish: {status, output, error}              the run ends now
-- }]   neither move, hold, open nor child: the token is consumed
-- Answers {settled: [job], jobs: [tokens now leased to the worker], parked: [held jobs whose run is paused],
-- more: true when it made tokens that anybody may claim}. A job that is
-- not in settled was lost: nothing of it was written.
declare
  v_now timestamptz := private.now();
  v_settled uuid[];
  v_places bigint[];
  v_run_ids uuid[];
  v_dropped uuid[];
  v_kept uuid[] := '{}';
  v_more uuid[];
  v_paused uuid[] := '{}';
  v_pausing uuid[];
  v_parked uuid[];
  v_free boolean := false;
  v_run record;
begin
  -- Phase 1: the runs that may end, meet at a join or get more tokens, locked in one order. Tokens of a run come and go
  -- under its lock only, so nobody who ends a run overlooks one that is being made.
  select array_agg(distinct j.run_id) into v_run_ids
  from jsonb_to_recordset(p_results) as r (
    job uuid, move jsonb, hold boolean, spawn jsonb, arrive jsonb, finish jsonb, broke text, ended jsonb
  )
  join public.job_queue j on j.id = r.job
  where r.finish is not null or r.arrive is not null or r.spawn is not null or (r.move is null and r.hold is not true)
    or r.move ? 'wait' or r.broke is not null or r.ended is not null;
  if v_run_ids is not null then
    select coalesce(array_agg(l.id) filter (where l.status = 'paused'), '{}') into v_paused from (
      select q.id, q.status from public.runs q where q.id = any (v_run_ids) order by q.id for no key update
    ) l;
    -- Tokens of other workers that go with a run that finishes, or an item that fails.
    select array_agg(j.id) into v_dropped
    from jsonb_to_recordset(p_results) as r (run_id uuid, finish jsonb, fail jsonb, ended jsonb)
    join public.job_queue j on j.run_id = r.run_id
    where r.finish is not null or r.fail is not null or r.ended @? '$[*].error';
  end if;

  -- Phase 2: the fence. All tokens that this call may touch are locked in one order, so that two calls never wait for each
  -- other. A result whose token is not ours any more is dropped here; so is an older one of a token that this worker lost
  -- and claimed again.
  with r as materialized (
    select * from rows from (jsonb_to_recordset(p_results) as (job uuid, epoch integer))
      with ordinality as x (job, epoch, place)
  ),
  locked as materialized (
    select j.id, j.epoch, j.worker_id, j.pausing from public.job_queue j
    where j.id = any (array(select r.job from r) || v_dropped)
      and (j.worker_id = p_worker_id or j.id = any (v_dropped))
    order by j.id
    for update
  )
  select array_agg(v.id), array_agg(v.place), array_agg(v.id) filter (where v.pausing) into v_settled, v_places, v_pausing
  from (
    select l.id, min(r.place) as place, bool_or(l.pausing) as pausing
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

  -- Phase 3: tokens move or go; the others stay. Of a paused run nothing stays leased.
  with r as materialized (
    select x.*, coalesce((x.move ->> 'keep')::boolean, false) and not (x.job = any (coalesce(v_pausing, '{}'))) as keep,
      -- A wait that is soon over is a token for later; others stay out of the way of claims until the tick sees to them.
      case
        when x.move ? 'wait' and coalesce((x.move ->> 'delay_ms')::double precision, 60001) > 60000 then 'waiting'
        when x.job = any (v_pausing) then 'paused'
        else 'available'
      end as rest
    from jsonb_to_recordset(p_results) as x (job uuid, move jsonb, hold boolean, scope text, open jsonb, child jsonb)
  ),
  moved as (
    update public.job_queue j set
      node_id = r.move ->> 'node',
      scope = coalesce(r.move ->> 'scope', r.scope, ''),
      attempts = case when r.keep then 1 else 0 end + coalesce((r.move ->> 'attempt')::smallint, 0),
      max_attempts = 8 + coalesce((r.move ->> 'attempt')::smallint, 0),
      reads = case when r.move ? 'reads' then array(select jsonb_array_elements_text(r.move -> 'reads')) end,
      payload = r.move -> 'payload',
      resume = false,
      pausing = false,
      error_message = r.move ->> 'error',
      epoch = j.epoch + 1,
      scheduled_for = case
        when r.move ? 'delay_ms' then v_now + make_interval(secs => (r.move ->> 'delay_ms')::double precision / 1000)
        when r.move ? 'wait' then 'infinity'
        else j.scheduled_for
      end,
      status = case when r.keep then 'running' else r.rest end,
      worker_id = case when r.keep then p_worker_id end,
      started_at = case when r.keep then v_now end
    from r
    where r.move is not null and j.id = r.job
  )
  delete from public.job_queue j
  using r
  where r.move is null and r.hold is not true and r.open is null and r.child is null and j.id = r.job;
  select coalesce(array_agg(r.job), '{}') into v_kept
  from jsonb_to_recordset(p_results) as r (job uuid, move jsonb)
  where (r.move ->> 'keep')::boolean and not (r.job = any (coalesce(v_pausing, '{}')));
  if v_pausing is not null then
    with parked as (
      update public.job_queue j set
        status = 'paused', worker_id = null, started_at = null, pausing = false, resume = true, epoch = j.epoch + 1,
        attempts = greatest(j.attempts - 1, 0)
      from jsonb_to_recordset(p_results) as r (job uuid, hold boolean)
      where r.hold and j.id = r.job and j.id = any (v_pausing)
      returning j.id
    )
    select array_agg(p.id) into v_parked from parked p;
  end if;

  -- Phase 4: what was done is recorded.
  insert into public.run_steps (
    run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, error, started_at, finished_at, exit
  )
  select
    r.run_id, s.node, coalesce(s.scope, r.scope, ''), coalesce(s.attempt, 1), r.organization_id, s.status, coalesce(s.leaf, false),
    s.handles, s.output, s.error,
    v_now - make_interval(secs => coalesce(s.started_ago, 0) / 1000000.0),
    v_now - make_interval(secs => coalesce(s.finished_ago, 0) / 1000000.0), s.exit
  from jsonb_to_recordset(p_results) as r (run_id uuid, organization_id uuid, scope text, steps jsonb)
  cross join lateral jsonb_to_recordset(r.steps) as s (
    node text, scope text, attempt smallint, status text, leaf boolean, handles text[], output jsonb, error jsonb,
    started_ago bigint, finished_ago bigint, exit smallint
  )
  -- A worker that saw no answer sends the same again; a step that it holds is then recorded already.
  on conflict (run_id, node_id, scope, attempt) do nothing;
  -- Whoever watches is told, before the runs may end.
  if exists (select 1 from private.live_watchers w where w.watched_until > v_now) then
    perform private.broadcast_progress(p_results, v_now);
  end if;

  -- Phase 5: new tokens.
  with spawned as (
    insert into public.job_queue (
      organization_id, run_id, node_id, scope, reads, payload, status, worker_id, epoch, attempts, started_at,
      scheduled_for, deadline_at, created_at
    )
    select
      r.organization_id, r.run_id, s.node, coalesce(r.scope, ''), s.reads, s.payload,
      case when p.paused then 'paused' when s.keep then 'running' else 'available' end,
      case when s.keep and not p.paused then p_worker_id end,
      case when s.keep then 1 else 0 end, case when s.keep and not p.paused then 1 else 0 end,
      case when s.keep and not p.paused then v_now end,
      v_now, v_now + make_interval(secs => r.deadline_ms / 1000.0), v_now
    from jsonb_to_recordset(p_results) as r (run_id uuid, organization_id uuid, deadline_ms bigint, scope text, spawn jsonb)
    cross join lateral jsonb_to_recordset(r.spawn) as s (node text, reads text[], payload jsonb, keep boolean)
    cross join lateral (select r.run_id = any (v_paused) as paused) p
    where r.spawn is not null
    returning id, worker_id
  )
  select array_agg(s.id) into v_more from spawned s where s.worker_id is not null;
  v_kept := v_kept || coalesce(v_more, '{}');

  if v_run_ids is not null then
    -- Phase 6: answers at joins. The last answer turns the row into a token: live if any answer was, dead otherwise.
    with answers as (
      select r.run_id, r.organization_id, r.deadline_ms, a.node, coalesce(r.scope, '') as scope, a.expects, a.need, a.reads,
        array(select jsonb_array_elements_text(coalesce(a.live, '[]'))::smallint) as live,
        array(select jsonb_array_elements_text(coalesce(a.dead, '[]'))::smallint) as dead
      from jsonb_to_recordset(p_results) as r (run_id uuid, organization_id uuid, deadline_ms bigint, scope text, arrive jsonb)
      cross join lateral jsonb_to_recordset(r.arrive) as a (
        node text, expects smallint, need smallint, live jsonb, dead jsonb, reads text[]
      )
      where r.arrive is not null
    ),
    grouped as (
      select a.run_id, a.node, a.scope, min(a.organization_id::text)::uuid as organization_id, min(a.deadline_ms) as deadline_ms,
        min(a.expects) as expects, min(a.need) as need,
        array(select unnest(b.live) from answers b where (b.run_id, b.node, b.scope) = (a.run_id, a.node, a.scope)) as live,
        array(select unnest(b.dead) from answers b where (b.run_id, b.node, b.scope) = (a.run_id, a.node, a.scope)) as dead
      from answers a
      group by a.run_id, a.node, a.scope
    ),
    arrived as (
      insert into private.run_joins as g (run_id, node_id, scope, live, dead, expects, need)
      select a.run_id, a.node, a.scope, a.live, a.dead, a.expects, a.need from grouped a
      order by a.run_id, a.node, a.scope
      on conflict (run_id, node_id, scope) do update set
        live = g.live || excluded.live, dead = g.dead || excluded.dead, expects = excluded.expects
      returning g.*
    ),
    -- A join runs when enough answers are live; when all are in and too few of them were, it is skipped.
    firing as (
      select d.*, cardinality(d.live) >= coalesce(d.need, 1) as is_live
      from arrived d
      where not d.fired and (cardinality(d.live) + cardinality(d.dead) >= d.expects or cardinality(d.live) >= d.need)
    ),
    made as (
      insert into public.job_queue (
        organization_id, run_id, node_id, scope, reads, payload, status, worker_id, epoch, attempts, started_at,
        scheduled_for, deadline_at, created_at
      )
      select
        g.organization_id, g.run_id, g.node, g.scope,
        case when d.is_live then
          (select b.reads from answers b where (b.run_id, b.node, b.scope) = (g.run_id, g.node, g.scope) limit 1) end,
        case when d.is_live
          then jsonb_build_object('live', (select jsonb_agg(l order by l) from unnest(d.live[1:coalesce(d.need, d.expects)]) l))
          else '{"dead": true}' end,
        case when p.paused then 'paused' else 'running' end, case when not p.paused then p_worker_id end,
        1, case when p.paused then 0 else 1 end, case when not p.paused then v_now end, v_now, v_now + make_interval(secs => g.deadline_ms / 1000.0), v_now
      from firing d
      join grouped g on (g.run_id, g.node, g.scope) = (d.run_id, d.node_id, d.scope)
      cross join lateral (select g.run_id = any (v_paused) as paused) p
      returning id, worker_id
    )
    select array_agg(m.id) filter (where m.worker_id is not null) into v_more from made m;
    v_kept := v_kept || coalesce(v_more, '{}');
    if p_results @? '$[*].arrive' then
      delete from private.run_joins g
      where g.run_id = any (v_run_ids) and cardinality(g.live) + cardinality(g.dead) >= g.expects;
      update private.run_joins g set fired = true
      where g.run_id = any (v_run_ids) and not g.fired and cardinality(g.live) >= g.need;
    end if;

    -- Runs of several organizations give and take places here: in one order, whatever ends or starts first.
    if (select count(distinct r.organization_id) > 1 from jsonb_to_recordset(p_results) as r (organization_id uuid)) then
      perform private.lock_limits_of(array(
        select q.id from public.runs q
        where q.id = any (v_run_ids) and (
          not exists (select 1 from public.job_queue j where j.run_id = q.id)
          or q.id in (
            select r.run_id from jsonb_to_recordset(p_results) as r (run_id uuid, finish jsonb, child jsonb)
            where r.finish is not null or r.child is not null
          )
        )
      ));
    end if;

    -- What is rarer has functions of its own: waits, regions, flows that call flows.
    if p_results @? '$[*].move.wait' then
      perform private.take_signals(p_results);
      perform private.publish_approvals(p_results);
    end if;
    if p_results @? '$[*].child' then
      v_kept := v_kept || private.start_children(p_worker_id, p_results, v_paused);
    end if;
    if p_results @? '$[*].open' then
      v_kept := v_kept || private.open_regions(p_worker_id, p_results, v_paused);
    end if;
    if p_results @? '$[*] ? (exists(@.scope))' then
      v_kept := v_kept || private.end_items(p_worker_id, p_results, v_paused);
    end if;
    -- A wide window is more than one worker keeps: the rest is for everybody, this worker included.
    if p_results @? '$[*] ? (exists(@.scope) || exists(@.open))' then
      v_free := exists (
        select 1 from public.job_queue j where j.run_id = any (v_run_ids) and j.status = 'available' and j.scheduled_for <= v_now
      );
      if v_free then
        perform private.wake_if_idle(null);
      end if;
    end if;

    -- Phase 7: runs end, by their own word or because no token is left.
    for v_run in
      -- Where branches end a run in the same moment the first counts: what comes after would end what undoes the run.
      select distinct on (f.organization_id, f.run_id) f.run_id, f.finish
      from rows from (
        jsonb_to_recordset(p_results) as (run_id uuid, organization_id uuid, finish jsonb)
      ) with ordinality as f (run_id, organization_id, finish, place)
      where f.finish is not null
      -- Places under limits are given on, one organization after the other in the same order everywhere.
      order by f.organization_id, f.run_id, f.place
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
      order by q.organization_id, q.id
    loop
      perform private.finish_run(v_run.id);
    end loop;
  end if;

  -- Entities follow their runs: last, after every run, token and place.
  if p_results @? '$[*].entity' then
    perform private.move_settled_entities(p_results, v_now);
  end if;

  return jsonb_build_object(
    'settled', to_jsonb(v_settled),
    'jobs', case when cardinality(v_kept) = 0 then '[]'::jsonb else private.job_reply(v_kept) end
  ) || case when v_parked is null then '{}'::jsonb else jsonb_build_object('parked', to_jsonb(v_parked)) end
    || case when v_free then '{"more": true}' else '{}'::jsonb end;
end;
$function$;

comment on function "engine"."ingest_webhooks"(uuid, uuid, text, jsonb) is 'Keeps verified deliveries to one endpoint with their runs, which have been run already by this version from this trigger node, in one transaction, so that they may be acknowledged: each leaves what create_run, settle_jobs and finish_run would have left of a run without limits, entity, effects, waits and regions. p_deliveries: [{event_id, run_id, received_at, timeout_seconds, event_key, type, dedupe_body, unsigned, traceparent, raw_body (base64), input, output, steps (as in a result of settle_jobs)}]. Answers the ids of the events that were kept; nothing is left of the others, which are repetitions, or all of them when version, trigger node or flow are other ones by now: they are for ingest_webhook.';

reset check_function_bodies;
