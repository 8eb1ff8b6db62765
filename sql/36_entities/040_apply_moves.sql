create function private.apply_moves(
  p_entity_ids uuid[],
  p_node_ids text[],
  p_moved_at timestamptz[],
  p_reason text
) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_moved integer;
begin
  -- The caller holds the rows of the entities. What follows is one statement: one graph decides about nodes and edges.
  with places as materialized (
    select e.id, e.organization_id, e.flow_id, e.run_id, e.node_id, e.entered_at, e.move_count
    from public.entities e
    where e.id = any (p_entity_ids)
  ),
  graphs as materialized (
    select f.id as flow_id, v.graph
    from public.flows f
    join public.flow_versions v on v.id = f.current_version_id
    where f.id in (select p.flow_id from places p)
      and jsonb_typeof(v.graph -> 'nodes') = 'array' and jsonb_typeof(v.graph -> 'edges') = 'array'
  ),
  nodes as materialized (
    select distinct g.flow_id, n.value ->> 'id' as id
    from graphs g
    cross join lateral jsonb_array_elements(g.graph -> 'nodes') n
    -- Whoever saves past the API may call a node anything; an entity stands at none that has no proper name.
    where length(n.value ->> 'id') between 1 and 64
  ),
  edges as materialized (
    select distinct on (g.flow_id, e.value ->> 'source', e.value ->> 'target')
      g.flow_id, e.value ->> 'source' as source, e.value ->> 'target' as target, e.value ->> 'id' as id
    from graphs g
    cross join lateral jsonb_array_elements(g.graph -> 'edges') with ordinality e
    order by g.flow_id, e.value ->> 'source', e.value ->> 'target', e.ordinality
  ),
  -- What came late or leads out of the flow is no move.
  wanted as (
    select p.id, w.node_id as to_node, w.moved_at, w.place,
      coalesce(lag(w.node_id) over o, p.node_id) as from_node
    from unnest(p_entity_ids, p_node_ids, p_moved_at) with ordinality w (entity_id, node_id, moved_at, place)
    join places p on p.id = w.entity_id
    join nodes n on n.flow_id = p.flow_id and n.id = w.node_id
    where p.entered_at is null or w.moved_at >= p.entered_at
    window o as (partition by p.id order by w.moved_at, w.place)
  ),
  -- Nor is staying where one is: what is left changes the place each time.
  made as materialized (
    select w.id, w.from_node, w.to_node, w.moved_at,
      coalesce(lag(w.moved_at) over o, p.entered_at) as since,
      p.move_count + row_number() over o as number,
      row_number() over (partition by w.id order by w.moved_at desc, w.place desc) = 1 as is_last,
      p.organization_id, p.flow_id, p.run_id, e.id as edge_id
    from wanted w
    join places p on p.id = w.id
    left join edges e on e.flow_id = p.flow_id and e.source = w.from_node and e.target = w.to_node
    where w.from_node is distinct from w.to_node
    window o as (partition by w.id order by w.moved_at, w.place)
  ),
  told as (
    insert into public.entity_moves (
      entity_id, number, organization_id, flow_id, from_node, to_node, edge_id, reason, run_id, moved_by, moved_at, seconds
    )
    select
      m.id, m.number, m.organization_id, m.flow_id, m.from_node, m.to_node, m.edge_id, p_reason,
      case when p_reason in ('run', 'webhook') then m.run_id end,
      case when p_reason in ('manual', 'created') then private.caller_user_id() end,
      m.moved_at, extract(epoch from m.moved_at - m.since)
    from made m
    returning 1
  ),
  placed as (
    update public.entities e set node_id = m.to_node, entered_at = m.moved_at, move_count = m.number
    from made m
    where m.is_last and e.id = m.id
  ),
  -- In the order of the key, so that no two calls wait for each other.
  counted as (
    insert into public.flow_edge_stats as s (flow_id, from_node, to_node, organization_id, moves, total_seconds, last_at)
    select m.flow_id, m.from_node, m.to_node, m.organization_id, count(*), sum(extract(epoch from m.moved_at - m.since)), max(m.moved_at)
    from made m
    where m.edge_id is not null
    group by m.flow_id, m.from_node, m.to_node, m.organization_id
    order by m.flow_id, m.from_node, m.to_node
    on conflict (flow_id, from_node, to_node) do update set
      moves = s.moves + excluded.moves,
      total_seconds = s.total_seconds + excluded.total_seconds,
      last_at = greatest(s.last_at, excluded.last_at)
  )
  select count(*) into v_moved from told;
  return v_moved;
end;
$$;

revoke all on function private.apply_moves(uuid[], text[], timestamptz[], text) from public, anon, authenticated, service_role;
comment on function private.apply_moves(uuid[], text[], timestamptz[], text) is
  'Moves entities whose rows the caller has locked, in the order of the moments: place, journey and edge statistics in one. A node that is not in the flow''s current graph, a moment before the entity came where it stands, and the place where it stands already are passed over. Answers how many moves there were.';
