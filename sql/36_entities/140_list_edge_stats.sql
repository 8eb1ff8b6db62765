create function public.list_edge_stats(p_flow_id uuid) returns jsonb
language sql
stable
set search_path = ''
as $$
  with edges as materialized (
    select e.value ->> 'source' as source, e.value ->> 'target' as target,
      jsonb_agg(e.value ->> 'id' order by e.ordinality) as ids
    from public.flows f
    join public.flow_versions v on v.id = f.current_version_id
    cross join lateral jsonb_array_elements(
      case when jsonb_typeof(v.graph -> 'edges') = 'array' then v.graph -> 'edges' else '[]' end
    ) with ordinality e
    where f.id = p_flow_id
    group by 1, 2
  ),
  busiest as (
    select s.* from public.flow_edge_stats s
    where s.flow_id = p_flow_id
    order by s.moves desc, s.from_node, s.to_node
    limit 2000
  )
  select (
    select coalesce(jsonb_agg(jsonb_build_object(
      'from_node', s.from_node,
      'to_node', s.to_node,
      'edge_ids', coalesce(e.ids, '[]'),
      'moves', s.moves,
      'total_seconds', s.total_seconds,
      'average_seconds', round(s.total_seconds / s.moves, 6),
      'last_at', s.last_at
    ) order by s.moves desc, s.from_node, s.to_node), '[]')
    from busiest s
    left join edges e on e.source = s.from_node and e.target = s.to_node
  )
  from public.flows f
  where f.id = p_flow_id;
$$;

revoke all on function public.list_edge_stats(uuid) from public, anon, authenticated, service_role;
grant execute on function public.list_edge_stats(uuid) to authenticated;
comment on function public.list_edge_stats(uuid) is
  'What moved over the edges of a flow, the 2000 busiest at most: read as it was counted, never worked out anew. edge_ids = the edges of the current graph between the two nodes; empty when they were taken out of it. Null when the caller sees no such flow. Runs as the caller.';
