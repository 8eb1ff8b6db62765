create function public.execute_graph(
  p_organization_id uuid,
  p_graph jsonb,
  p_input jsonb default '{}',
  p_flow_id uuid default null,
  p_trigger_node text default null,
  p_pins jsonb default null,
  p_idempotency_key text default null,
  p_traceparent text default null,
  p_wake boolean default true
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_scratch public.flows;
  v_flow public.flows;
  v_version public.flow_versions;
  v_reply jsonb;
  v_max integer;
begin
  -- Whoever runs a graph of their own could as well save it.
  perform private.require_permission(p_organization_id, 'runs:execute', 'organization');
  perform private.require_permission(p_organization_id, 'flows:write', 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'execute_graph', p_idempotency_key,
    jsonb_build_array(p_graph, p_input, p_flow_id, p_trigger_node, p_pins));
  if v_reply is not null then
    return v_reply;
  end if;
  if octet_length(p_input::text) > 1048576 then
    perform private.fail('payload_too_large', 'The input of a run may have at most 1 MiB', 413);
  end if;
  if length(p_trigger_node) > 64 or length(p_traceparent) > 64 then
    perform private.fail('invalid_request', 'The trigger node or traceparent is too long', 400);
  end if;
  if p_flow_id is not null then
    select * into v_flow from public.flows f
    where f.id = p_flow_id and f.organization_id = p_organization_id and f.deleted_at is null;
    if not found then
      perform private.fail('not_found', 'No such flow', 404);
    end if;
  end if;

  v_scratch := private.scratch_flow(p_organization_id);
  select p.max_run_seconds into v_max from public.organizations o join public.plans p on p.id = o.plan_id where o.id = p_organization_id;
  v_version := private.add_flow_version(v_scratch, p_graph, v_max);
  perform private.check_pins(v_version.id, p_pins);
  perform private.check_trigger_node(v_scratch.id, p_trigger_node);
  if v_flow.id is null then
    v_flow := v_scratch;
  end if;
  v_reply := to_jsonb(private.create_run(
    v_flow, 'manual', coalesce(p_input, '{}'), p_trigger_node, p_version_id => v_version.id, p_traceparent => p_traceparent,
    p_pins => p_pins, p_may_refuse => true
  ));
  if p_wake then
    perform private.wake_if_idle(p_organization_id);
  end if;
  return private.keep_reply(p_organization_id, 'execute_graph', p_idempotency_key, v_reply);
end;
$$;

revoke all on function public.execute_graph(uuid, jsonb, jsonb, uuid, text, jsonb, text, text, boolean) from public, anon, authenticated, service_role;
grant execute on function public.execute_graph(uuid, jsonb, jsonb, uuid, text, jsonb, text, text, boolean) to authenticated;
comment on function public.execute_graph(uuid, jsonb, jsonb, uuid, text, jsonb, text, text, boolean) is
  'Runs a graph that is not saved: it becomes a version that is the current one of no flow and in no list. p_flow_id = the flow among whose runs it appears; null = none. p_pins = a dry run. Needs runs:execute and flows:write. Answers the run.';
