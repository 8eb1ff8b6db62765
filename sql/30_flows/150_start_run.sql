create function public.start_run(
  p_flow_id uuid,
  p_input jsonb default '{}',
  p_trigger_node text default null,
  p_idempotency_key text default null,
  p_traceparent text default null,
  p_wake boolean default true,
  p_entity_id uuid default null,
  p_pins jsonb default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_flow public.flows;
  v_run public.runs;
  v_reply jsonb;
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, 'runs:execute', 'flow');
  v_reply := private.idempotent_reply(v_flow.organization_id, 'start_run', p_idempotency_key,
    jsonb_build_array(p_flow_id, p_input, p_trigger_node)
      || case when num_nonnulls(p_entity_id, p_pins) > 0 then jsonb_build_array(p_entity_id, p_pins) else '[]' end);
  if v_reply is not null then
    return v_reply;
  end if;
  if not v_flow.is_active then
    perform private.fail('flow_inactive', 'The flow is switched off', 409);
  end if;
  if octet_length(p_input::text) > 1048576 then
    perform private.fail('payload_too_large', 'The input of a run may have at most 1 MiB', 413);
  end if;
  if length(p_trigger_node) > 64 or length(p_traceparent) > 64 then
    perform private.fail('invalid_request', 'The trigger node or traceparent is too long', 400);
  end if;
  perform private.check_trigger_node(p_flow_id, p_trigger_node);
  perform private.check_pins(v_flow.current_version_id, p_pins);

  v_run := private.create_run(
    v_flow, 'manual', coalesce(p_input, '{}'), p_trigger_node, p_traceparent => p_traceparent, p_entity_id => p_entity_id,
    p_pins => p_pins, p_may_refuse => true
  );
  v_reply := to_jsonb(v_run);
  if p_wake then
    perform private.wake_if_idle(v_run.organization_id);
  end if;
  return private.keep_reply(v_flow.organization_id, 'start_run', p_idempotency_key, v_reply);
end;
$$;

revoke all on function public.start_run(uuid, jsonb, text, text, text, boolean, uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.start_run(uuid, jsonb, text, text, text, boolean, uuid, jsonb) to authenticated;
comment on function public.start_run(uuid, jsonb, text, text, text, boolean, uuid, jsonb) is
  'Starts a run of the current version. p_wake false = the caller runs it itself at once, so no worker needs waking (the next tick finds it otherwise). p_entity_id = an entity of the flow that moves with it. p_pins = a dry run: outputs by node id, and no effect is performed. Needs runs:execute; 409 when the flow is off, or full and says that it refuses. Answers the run.';
