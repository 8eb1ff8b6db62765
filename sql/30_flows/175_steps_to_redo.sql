create function private.steps_to_redo(p_version public.flow_versions, p_from text) returns text[]
language plpgsql
stable
set search_path = ''
as $$
declare
  v_plan jsonb;
  v_redo text[];
begin
  select p.plan into v_plan from private.flow_plans p
  where p.organization_id = p_version.organization_id and p.plan_hash = p_version.plan_hash;

  if v_plan ? 'nodes' then
    -- Besides the edges: what is done anew inside a region closes that anew, and a region that is closed anew is opened
    -- anew, with all of its body. An item may depend on the one before it, and what a collector gives on every item.
    with recursive nodes as materialized (
      select (n.value ->> 'index')::integer as index, n.value ->> 'id' as id, (n.value ->> 'region')::integer as region,
        n.value -> 'out' as out
      from jsonb_array_elements(v_plan -> 'nodes') n
    ),
    regions as materialized (
      select (r.value ->> 'index')::integer as index, (r.value ->> 'owner')::integer as owner, (r.value ->> 'closer')::integer as closer
      from jsonb_array_elements(coalesce(v_plan -> 'regions', '[]')) r
    ),
    ways as materialized (
      select n.index as source, (e.value ->> 'to')::integer as target from nodes n cross join lateral jsonb_array_elements(n.out) e
      union select n.index, r.closer from nodes n join regions r on r.index = n.region
      union select r.closer, r.owner from regions r
    ),
    redone (index) as (
      select n.index from nodes n where n.id = p_from
      union
      select w.target from redone d join ways w on w.source = d.index
    )
    select array_agg(n.id) into v_redo from redone d join nodes n on n.index = d.index;
    return v_redo;
  end if;

  -- Nobody has compiled this graph yet, so where its regions end is not known: none of them is taken over.
  with recursive nodes as materialized (
    select n.value ->> 'id' as id, n.value ->> 'type' as type
    from jsonb_array_elements(case when jsonb_typeof(p_version.graph -> 'nodes') = 'array' then p_version.graph -> 'nodes' else '[]' end) n
  ),
  edges as materialized (
    select e.value ->> 'source' as source, e.value ->> 'target' as target
    from jsonb_array_elements(case when jsonb_typeof(p_version.graph -> 'edges') = 'array' then p_version.graph -> 'edges' else '[]' end) e
  ),
  redone (id) as (
    select n.id from nodes n
    where n.id = p_from or n.type in ('logic.splitter', 'logic.collector', 'logic.boundary') or n.type like 'logic.loop.%'
    union
    select e.target from redone d join edges e on e.source = d.id
  )
  select array_agg(d.id) into v_redo from redone d where exists (select 1 from nodes n where n.id = p_from);
  return v_redo;
end;
$$;

revoke all on function private.steps_to_redo(public.flow_versions, text) from public, anon, authenticated, service_role;
comment on function private.steps_to_redo(public.flow_versions, text) is
  'The nodes that are run anew when a run is repeated from a node: it, all that comes after it, and every region that one of them is in or closes. Null = the version has no such node.';
