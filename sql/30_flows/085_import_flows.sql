create function public.import_flows(
  p_organization_id uuid,
  p_flows jsonb,
  p_workspace_id uuid default null,
  p_is_active boolean default false,
  p_idempotency_key text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_reply jsonb;
  v_plan public.plans;
  v_workspace_id uuid;
  v_item jsonb;
  v_flow public.flows;
  v_flows public.flows[] := '{}';
  v_graph text;
begin
  perform private.require_permission(p_organization_id, 'flows:write', 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'import_flows', p_idempotency_key,
    jsonb_build_array(p_flows, p_workspace_id, p_is_active));
  if v_reply is not null then
    return v_reply;
  end if;
  if jsonb_typeof(p_flows) is distinct from 'array' or jsonb_array_length(p_flows) not between 1 and 50 then
    perform private.fail('invalid_request', 'Import 1 to 50 flows at once', 400);
  end if;
  if exists (
    select 1 from jsonb_array_elements(p_flows) i
    where length(coalesce(i.value ->> 'name', '')) not between 1 and 200
      or length(coalesce(i.value ->> 'description', '')) > 4000
      or jsonb_typeof(i.value -> 'graph') is distinct from 'object'
      or coalesce(i.value ->> 'source_id', '') !~ '^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$'
  ) then
    perform private.fail('invalid_request', 'A flow has a name of 1 to 200 characters, a description of at most 4000, a graph, and perhaps a UUID as source_id', 400);
  end if;

  v_plan := private.require_room(p_organization_id, 'max_flows', jsonb_array_length(p_flows));
  select w.id into v_workspace_id from public.workspaces w
  where w.organization_id = p_organization_id and (w.id = p_workspace_id or (p_workspace_id is null and w.is_default));
  if not found then
    perform private.fail('not_found', 'No such workspace', 404);
  end if;

  -- All flows first, so that each has its id before a graph names it.
  for v_item in select i.value from jsonb_array_elements(p_flows) with ordinality i order by i.ordinality loop
    insert into public.flows (organization_id, workspace_id, name, description, is_active, created_by)
    values (p_organization_id, v_workspace_id, v_item ->> 'name', coalesce(v_item ->> 'description', ''),
      coalesce(p_is_active, false), private.caller_user_id())
    returning * into v_flow;
    v_flows := v_flows || v_flow;
  end loop;
  v_reply := '[]';
  for v_i in 1..cardinality(v_flows) loop
    v_graph := (p_flows -> (v_i - 1) -> 'graph')::text;
    -- A UUID stands in a text as it is, and nothing else looks like one that the file gives to a flow.
    for v_j in 1..cardinality(v_flows) loop
      if p_flows -> (v_j - 1) ->> 'source_id' <> '' then
        v_graph := replace(v_graph, to_json(p_flows -> (v_j - 1) ->> 'source_id')::text, to_json(v_flows[v_j].id)::text);
      end if;
    end loop;
    perform private.add_flow_version(v_flows[v_i], v_graph::jsonb, v_plan.max_run_seconds);
    v_reply := v_reply || private.flow_reply(v_flows[v_i].id);
  end loop;
  return private.keep_reply(p_organization_id, 'import_flows', p_idempotency_key, v_reply);
end;
$$;

revoke all on function public.import_flows(uuid, jsonb, uuid, boolean, text) from public, anon, authenticated, service_role;
grant execute on function public.import_flows(uuid, jsonb, uuid, boolean, text) to authenticated;
comment on function public.import_flows(uuid, jsonb, uuid, boolean, text) is
  'Makes new flows of [{name, description, graph, source_id}], all or none: where a graph names the source_id of one of them it names the new flow afterwards. Nothing that exists is changed. Needs flows:write; 402 beyond the plan''s number of flows. Answers the flows in the order given.';
