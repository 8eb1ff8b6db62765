create function private.explain_tokens(p_run public.runs, p_graph jsonb) returns jsonb
language sql
stable
set search_path = ''
as $$
  with found as (
    select j.*, j.payload ? 'wait' and not j.payload ? 'resolved' and j.status <> 'running' as waits,
      j.status = 'available' and j.scheduled_for <= private.now() as due
    from public.job_queue j where j.run_id = p_run.id order by j.created_at, j.id limit 200
  ),
  edges as materialized (
    select e.value ->> 'source' as source, e.value ->> 'target' as target, e.value ->> 'sourceHandle' as handle
    from jsonb_array_elements(case when jsonb_typeof(p_graph -> 'edges') = 'array' then p_graph -> 'edges' else '[]' end) e
  ),
  -- A token keeps its node while its worker goes on from memory: what it has recorded since then says where it is. Told only
  -- where it is alone in its scope, and one node follows.
  latest as (
    select distinct on (s.scope) s.scope, s.node_id, s.handles, s.finished_at
    from public.run_steps s
    where s.run_id = p_run.id and s.status in ('completed', 'failed') and s.scope in (
      select f.scope from found f where f.payload is not null or f.status <> 'waiting' group by f.scope having count(*) = 1
    )
    order by s.scope, s.finished_at desc, s.node_id
  ),
  tokens as (
    select f.*, coalesce(l.target, f.node_id, b.target) as at_node, greatest(f.started_at, l.finished_at) as at_since
    from found f
    left join lateral (
      select min(e.target) as target, min(t.finished_at) as finished_at
      from latest t
      join edges e on e.source = t.node_id and (t.handles is null or e.handle is null or e.handle = any (t.handles))
      where t.scope = f.scope and t.finished_at >= f.created_at and f.status in ('running', 'paused', 'available')
        and not f.waits and coalesce(f.payload, '{}') - 'item' - 'index' - 'count' - 'rest' = '{}'
      having count(distinct e.target) = 1
    ) l on true
    -- A run that has begun and recorded nothing is at what follows its trigger.
    left join lateral (
      select min(e.target) as target
      from jsonb_array_elements(case when jsonb_typeof(p_graph -> 'nodes') = 'array' then p_graph -> 'nodes' else '[]' end) x
      join edges e on e.source = x.value ->> 'id'
      where f.node_id is null and f.payload is null and f.status = 'running' and x.value ->> 'type' like 'trigger.%'
        and (p_run.trigger_node is null or p_run.trigger_node = x.value ->> 'id')
        and not exists (select 1 from latest)
      having count(distinct e.target) = 1
    ) b on true
  )
  select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
    'node_id', t.at_node,
    'label', n.value #>> '{data,label}',
    'type', n.value ->> 'type',
    'scope', t.scope,
    'status', t.status,
    'attempt', case when t.status = 'running' then t.attempts else t.attempts + 1 end,
    'scheduled_for', case
      when t.scheduled_for <> 'infinity' and t.payload #>> '{wait,kind}' is distinct from 'run' then t.scheduled_for
    end,
    'started_at', t.at_since,
    'since', case when t.waits and t.payload #>> '{wait,since}' ~ '^[0-9]{1,15}$'
      then to_timestamp((t.payload #>> '{wait,since}')::bigint / 1000.0) end,
    'lease_until', w.expires_at,
    'pausing', nullif(t.pausing, false),
    'last_error', t.error_message,
    'undo', nullif(t.payload ? 'undo', false),
    'dead', nullif(t.payload ? 'dead', false),
    'resolved_by', t.payload -> 'resolved' ->> 'by',
    'items', nullif(t.payload is null and t.status = 'waiting', false),
    'wait', case when t.waits then t.payload -> 'wait' end,
    'child', case when t.waits and t.payload -> 'wait' ->> 'kind' = 'run' then (
      select jsonb_build_object('run_id', c.id, 'flow_id', c.flow_id, 'status', c.status)
      from public.runs c where c.id = (t.payload -> 'wait' ->> 'run_id')::uuid
    ) end,
    'limit', case when t.waits and t.payload -> 'wait' ->> 'kind' = 'limit' then (
      select jsonb_build_object(
        'key', t.payload -> 'wait' ->> 'name',
        'places', (select k.places from private.run_limit_keys(p_run) k where k.limit_key = t.payload -> 'wait' ->> 'name'),
        'holders', (select count(*) from private.run_slots s where s.limit_key = t.payload -> 'wait' ->> 'name'),
        'position', (
          select count(*) from public.job_queue q
          where q.status = 'waiting' and q.payload -> 'wait' ->> 'kind' = 'limit'
            and q.payload -> 'wait' ->> 'name' = t.payload -> 'wait' ->> 'name' and q.id <= t.id
        )
      )
    ) end,
    -- Counted up to a thousand and a hundred: more says no more.
    'line', case when t.due then jsonb_build_object(
      'ahead', (select count(*) from (
        select 1 from public.job_queue q
        where q.status = 'available' and q.organization_id = t.organization_id
          and (q.priority, q.scheduled_for) < (t.priority, t.scheduled_for) limit 1000
      ) a),
      'organizations', (select count(*) from (
        with recursive o as (
          (select q.organization_id from public.job_queue q
           where q.status = 'available' and q.scheduled_for <= private.now() order by q.organization_id limit 1)
          union all
          select (
            select q.organization_id from public.job_queue q
            where q.status = 'available' and q.scheduled_for <= private.now() and q.organization_id > o.organization_id
            order by q.organization_id limit 1
          ) from o where o.organization_id is not null
        )
        select 1 from o where o.organization_id is not null limit 100
      ) b),
      'workers', (select count(*) from private.workers k where k.kind = 'worker' and k.expires_at > private.now())
    ) end,
    'next', (select jsonb_agg(distinct e.target) from edges e where e.source = t.at_node)
  )) order by t.created_at, t.id), '[]')
  from tokens t
  left join private.workers w on w.id = t.worker_id
  left join lateral (
    select x.value from jsonb_array_elements(
      case when jsonb_typeof(p_graph -> 'nodes') = 'array' then p_graph -> 'nodes' else '[]' end
    ) x where x.value ->> 'id' = t.at_node limit 1
  ) n on true;
$$;

revoke all on function private.explain_tokens(public.runs, jsonb) from public, anon, authenticated, service_role;
comment on function private.explain_tokens(public.runs, jsonb) is
  'Part of explain_run: where a run stands, the first 200 places, each with what it waits for, its place in line and what comes next in the graph.';

create function private.explain_joins(p_run public.runs, p_plan_hash bytea) returns jsonb
language sql
stable
set search_path = ''
as $$
  -- The plan knows which in-edge has which slot; a join has answers only where a plan was compiled.
  with edges as materialized (
    select n.value ->> 'id' as source, (e.value ->> 'to')::integer as target, (e.value ->> 'slot')::smallint as slot,
      e.value ->> 'handle' as handle
    from private.flow_plans p
    cross join lateral jsonb_array_elements(p.plan -> 'nodes') n
    cross join lateral jsonb_array_elements(n.value -> 'out') e
    where p.organization_id = p_run.organization_id and p.plan_hash = p_plan_hash and not e.value ? 'exit'
      and exists (select 1 from private.run_joins g where g.run_id = p_run.id)
  ),
  targets as materialized (
    select n.value ->> 'id' as id, (n.value ->> 'index')::integer as index
    from private.flow_plans p
    cross join lateral jsonb_array_elements(p.plan -> 'nodes') n
    where p.organization_id = p_run.organization_id and p.plan_hash = p_plan_hash
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'node_id', g.node_id,
    'scope', g.scope,
    'expects', g.expects,
    'need', g.need,
    'fired', g.fired,
    'live', cardinality(g.live),
    'dead', cardinality(g.dead),
    'branches', coalesce((
      select jsonb_agg(jsonb_build_object(
        'node_id', e.source, 'handle', e.handle,
        'state', case when e.slot = any (g.live) then 'arrived' when e.slot = any (g.dead) then 'dead' else 'missing' end
      ) order by e.slot)
      from targets t join edges e on e.target = t.index where t.id = g.node_id
    ), '[]')
  ) order by g.node_id, g.scope), '[]')
  from (select * from private.run_joins j where j.run_id = p_run.id order by j.node_id, j.scope limit 200) g;
$$;

revoke all on function private.explain_joins(public.runs, bytea) from public, anon, authenticated, service_role;
comment on function private.explain_joins(public.runs, bytea) is
  'Part of explain_run: the joins that have some of their answers, and which branches those came over.';

create function private.explain_insides(p_run_id uuid) returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'tokens', private.explain_tokens(r, v.graph),
    'token_count', (select count(*) from public.job_queue j where j.run_id = r.id),
    'joins', private.explain_joins(r, v.plan_hash),
    'regions', coalesce((
      select jsonb_agg(jsonb_build_object(
        'node_id', g.node_id, 'scope', g.scope, 'closer', g.closer, 'total', case when not g.more then g.total end,
        'begun', g.next, 'open', g.open, 'completed', g.completed, 'failed', g.failed, 'at_once', g.window_size,
        'tolerate', g.tolerate, 'broke', g.broke
      ) order by g.scope, g.node_id)
      from (select * from private.run_regions x where x.run_id = r.id order by x.scope, x.node_id limit 200) g
    ), '[]'),
    'signals', coalesce((
      select jsonb_agg(jsonb_build_object('kind', s.kind, 'name', s.name, 'count', s.count) order by s.kind, s.name)
      from (
        select x.kind, x.name, count(*) from private.run_signals x where x.run_id = r.id group by x.kind, x.name
      ) s
    ), '[]'),
    'undone', coalesce((
      select jsonb_agg(jsonb_build_object('node_id', substr(s.node_id, 6), 'scope', s.scope, 'status', s.status) order by s.finished_at)
      from public.run_steps s where s.run_id = r.id and s.node_id like 'undo:%' and s.status in ('completed', 'failed')
    ), '[]'),
    'steps', coalesce((
      select jsonb_object_agg(c.status, c.count) from (
        select s.status, count(*) from public.run_steps s where s.run_id = r.id group by s.status
      ) c
    ), '{}'),
    'cancelling', exists (select 1 from private.run_cancellations c where c.run_id = r.id)
  )
  from public.runs r
  join public.flow_versions v on v.id = r.flow_version_id
  -- It sees more than its caller, so it asks itself who that is.
  where r.id = p_run_id and r.organization_id = any ((select private.organizations_with('runs:read'))::uuid[]);
$$;

revoke all on function private.explain_insides(uuid) from public, anon, authenticated, service_role;
grant execute on function private.explain_insides(uuid) to authenticated;
comment on function private.explain_insides(uuid) is
  'Part of explain_run: what tables of the engine say about a run. Null for who holds no runs:read in its organization.';

create function public.explain_run(p_run_id uuid) returns jsonb
language sql
stable
set search_path = ''
as $$
  select (to_jsonb(r) - '{input,output,pins,traceparent}'::text[])
    || jsonb_build_object('dry_run', r.pins is not null, 'now', private.now())
    || private.explain_insides(r.id)
  from public.runs r
  where r.id = p_run_id;
$$;

revoke all on function public.explain_run(uuid) from public, anon, authenticated, service_role;
grant execute on function public.explain_run(uuid) to authenticated;
comment on function public.explain_run(uuid) is
  'Why a run is where it is: its tokens with what they wait for, its joins with what has arrived, its regions with their items, all of one moment. Null when the caller sees no such run. Runs as the caller.';
