create function private.canvas_number(p_value jsonb) returns double precision
language sql
immutable
set search_path = ''
as $$
  -- Rounded before the cast: 1e-400 is a number in JSON and an error in double precision. Nested, as "and" promises no order.
  select case when jsonb_typeof(p_value) = 'number' then
    case when abs(p_value::numeric) <= 1e9 then round(p_value::numeric, 6)::double precision end
  end;
$$;

revoke all on function private.canvas_number(jsonb) from public, anon, authenticated, service_role;
comment on function private.canvas_number(jsonb) is
  'A coordinate or size of a graph in canvas pixels; null = no number, or one that lies on no canvas.';

create function private.node_centre(p_nodes jsonb, p_node_id text) returns point
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_node jsonb := p_nodes -> p_node_id;
  v_x double precision := (v_node ->> 'width')::double precision / 2;
  v_y double precision := (v_node ->> 'height')::double precision / 2;
begin
  -- The position of a node inside a group counts from the group's corner. More levels than this, and every cycle, is no place.
  for i in 1..16 loop
    v_x := v_x + (v_node ->> 'x')::double precision;
    v_y := v_y + (v_node ->> 'y')::double precision;
    if v_x is null or v_y is null then
      return null;
    end if;
    if v_node ->> 'parent' is null then
      return point(v_x, v_y);
    end if;
    v_node := p_nodes -> (v_node ->> 'parent');
  end loop;
  return null;
end;
$$;

revoke all on function private.node_centre(jsonb, text) from public, anon, authenticated, service_role;
comment on function private.node_centre(jsonb, text) is
  'The centre of a node on the canvas; null = it has no place there. p_nodes = id -> x, y, width, height, parent, as edge_lengths makes it.';

create function private.edge_lengths(p_graph jsonb) returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_nodes jsonb;
  v_lengths jsonb;
begin
  -- Looked up by id in objects and never joined: the time grows with the graph, whatever it says and the planner thinks.
  select jsonb_object_agg(n.value ->> 'id', jsonb_build_object(
    'x', private.canvas_number(n.value #> '{position,x}'),
    'y', private.canvas_number(n.value #> '{position,y}'),
    'width', greatest(0, coalesce(private.canvas_number(n.value #> '{measured,width}'), private.canvas_number(n.value -> 'width'))),
    'height', greatest(0, coalesce(private.canvas_number(n.value #> '{measured,height}'), private.canvas_number(n.value -> 'height'))),
    -- parentNode is what React Flow called it before version 12.
    'parent', coalesce(nullif(n.value ->> 'parentId', ''), nullif(n.value ->> 'parentNode', ''))
  ))
  into v_nodes
  from jsonb_array_elements(case when jsonb_typeof(p_graph -> 'nodes') = 'array' then p_graph -> 'nodes' else '[]' end) n
  where jsonb_typeof(n.value -> 'id') = 'string';

  select jsonb_object_agg(l.id, l.length) into v_lengths
  from (
    select
      e.value ->> 'id' as id,
      trim_scale(round((
        private.node_centre(v_nodes, e.value ->> 'source') <-> private.node_centre(v_nodes, e.value ->> 'target')
      )::numeric, 2)) as length
    from jsonb_array_elements(case when jsonb_typeof(p_graph -> 'edges') = 'array' then p_graph -> 'edges' else '[]' end)
      with ordinality e
    -- A graph with more edges never compiles.
    where e.ordinality <= 2000 and jsonb_typeof(e.value -> 'id') = 'string'
  ) l
  where l.length is not null;
  return coalesce(v_lengths, '{}');
end;
$$;

revoke all on function private.edge_lengths(jsonb) from public, anon, authenticated, service_role;
comment on function private.edge_lengths(jsonb) is
  'Edge id -> distance between the centres of the nodes it joins, in canvas pixels, two decimals. Takes any JSON; edges whose ends have no place are left out.';
