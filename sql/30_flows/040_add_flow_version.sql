create function private.add_flow_version(p_flow public.flows, p_graph jsonb, p_max_run_seconds integer) returns public.flow_versions
language plpgsql
set search_path = ''
as $$
declare
  v_hash bytea := sha256(convert_to(p_graph::text, 'UTF8'));
  v_current public.flow_versions;
  v_version public.flow_versions;
  v_timeout jsonb := p_graph #> '{settings,timeoutSeconds}';
begin
  if jsonb_typeof(p_graph) is distinct from 'object' then
    perform private.fail('flow_invalid', 'A graph is an object with nodes and edges', 422);
  end if;
  if octet_length(p_graph::text) > 1048576 then
    perform private.fail('payload_too_large', 'A graph may have at most 1 MiB', 413);
  end if;

  select * into v_current from public.flow_versions v where v.id = p_flow.current_version_id;
  if v_current.content_hash = v_hash then
    return v_current;
  end if;

  insert into public.flow_versions (
    organization_id, flow_id, number, graph, content_hash, plan_hash, timeout_seconds, created_by, edge_lengths,
    undo_nodes, error_flow_id, run_limits, compensate_on_cancel
  )
  values (
    p_flow.organization_id,
    p_flow.id,
    coalesce((select max(v.number) from public.flow_versions v where v.flow_id = p_flow.id), 0) + 1,
    p_graph,
    v_hash,
    sha256(convert_to(private.graph_without_layout(p_graph)::text, 'UTF8')),
    least(
      p_max_run_seconds,
      greatest(1, case when jsonb_typeof(v_timeout) = 'number' then least(greatest((v_timeout #>> '{}')::numeric, 1), 2147483647)::integer else 86400 end)
    ),
    private.caller_user_id(),
    private.edge_lengths(p_graph),
    private.undo_nodes(p_graph),
    private.to_uuid(p_graph #>> '{settings,errorFlowId}'),
    private.run_limits(p_graph),
    p_graph #> '{settings,compensateOnCancel}' is not distinct from 'true'::jsonb
  )
  returning * into v_version;
  update public.flows f set current_version_id = v_version.id where f.id = p_flow.id;
  return v_version;
end;
$$;

revoke all on function private.add_flow_version(public.flows, jsonb, integer) from public, anon, authenticated, service_role;
comment on function private.add_flow_version(public.flows, jsonb, integer) is
  'Saves a graph as the next version of a flow whose row the caller has locked, unless it is the same as the current one. Answers the current version.';
