create function private.move_entities(p_run_ids uuid[], p_node_ids text[], p_finished_at timestamptz[]) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_entity_ids uuid[];
begin
  -- Locked in one order, before anything is read of them: whoever moves one meanwhile is waited for.
  select array_agg(l.id) into v_entity_ids
  from (
    select e.id from public.entities e
    where e.run_id = any (p_run_ids) and e.deleted_at is null
    order by e.id
    for no key update
  ) l;
  if v_entity_ids is null then
    return 0;
  end if;
  return private.apply_moves(array_agg(e.id order by s.place), array_agg(s.node_id order by s.place),
    array_agg(s.finished_at order by s.place), 'run')
  from unnest(p_run_ids, p_node_ids, p_finished_at) with ordinality s (run_id, node_id, finished_at, place)
  join public.entities e on e.run_id = s.run_id and e.id = any (v_entity_ids);
end;
$$;

revoke all on function private.move_entities(uuid[], text[], timestamptz[]) from public, anon, authenticated, service_role;
comment on function private.move_entities(uuid[], text[], timestamptz[]) is
  'Moves the entities of runs to the nodes that the runs have come to: three arrays of one length, a step each, in the order in which they ended. Never fails for a node that is gone. Locks entities by id, then edge statistics by key: call it as late in a transaction as possible.';

create function private.move_settled_entities(p_results jsonb, p_now timestamptz) returns integer
language plpgsql
set search_path = ''
as $$
begin
  return (
    select private.move_entities(
      array_agg(s.run_id order by s.at, s.place, s.line),
      array_agg(s.node order by s.at, s.place, s.line),
      array_agg(s.at order by s.at, s.place, s.line)
    )
    from (
      select r.run_id, t.node, p_now - make_interval(secs => coalesce(t.finished_ago, 0) / 1000000.0) as at, r.place, t.line
      from rows from (jsonb_to_recordset(p_results) as (run_id uuid, scope text, steps jsonb, entity boolean))
        with ordinality as r (run_id, scope, steps, entity, place)
      cross join lateral rows from (
        jsonb_to_recordset(r.steps) as (node text, scope text, status text, finished_ago bigint)
      ) with ordinality as t (node, scope, status, finished_ago, line)
      where r.entity and coalesce(t.scope, r.scope, '') = '' and t.status in ('completed', 'failed')
      union all
      -- Where a run waits, its entity waits too, and not at the node before.
      select r.run_id, w.node, p_now, r.place, 1000000
      from rows from (
        jsonb_to_recordset(p_results) as (run_id uuid, scope text, move jsonb, child jsonb, open jsonb, entity boolean)
      ) with ordinality as r (run_id, scope, move, child, open, entity, place)
      cross join lateral (
        select coalesce(case when r.move ? 'wait' then r.move ->> 'node' end, r.child ->> 'node', r.open ->> 'node') as node
      ) w
      where r.entity and coalesce(r.move ->> 'scope', r.scope, '') = '' and w.node is not null
    ) s
    having count(*) > 0
  );
end;
$$;

revoke all on function private.move_settled_entities(jsonb, timestamptz) from public, anon, authenticated, service_role;
comment on function private.move_settled_entities(jsonb, timestamptz) is
  'Moves entities as the results of engine.settle_jobs say, those that are marked "entity": true: to steps at the top level that completed or failed, and to where the run begins to wait (a wait, a sub-flow, a region). p_now = the moment that finished_ago counts from. Null = nothing to move.';
