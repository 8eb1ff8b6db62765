create function private.graph_without_layout(p_graph jsonb) returns jsonb
language sql
immutable
set search_path = ''
as $$
  -- Order is kept: it decides the order of a merge's inputs.
  select case
    when jsonb_typeof(p_graph -> 'nodes') = 'array' and jsonb_typeof(p_graph -> 'edges') = 'array' then
      jsonb_build_object(
        'settings', p_graph -> 'settings',
        'nodes', (
          select coalesce(jsonb_agg(jsonb_build_array(n.value -> 'id', n.value -> 'type', n.value -> 'data') order by n.ordinality), '[]')
          from jsonb_array_elements(p_graph -> 'nodes') with ordinality n
        ),
        'edges', (
          select coalesce(jsonb_agg(jsonb_build_array(
            e.value -> 'id', e.value -> 'source', e.value -> 'target', e.value -> 'sourceHandle', e.value -> 'targetHandle', e.value -> 'data'
          ) order by e.ordinality), '[]')
          from jsonb_array_elements(p_graph -> 'edges') with ordinality e
        )
      )
    else p_graph
  end;
$$;

revoke all on function private.graph_without_layout(jsonb) from public, anon, authenticated, service_role;
comment on function private.graph_without_layout(jsonb) is
  'What a plan depends on: ids, types, data, edges, settings; not positions, sizes, selection or the viewport.';
