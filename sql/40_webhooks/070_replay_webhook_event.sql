create function public.replay_webhook_event(p_event_id uuid, p_idempotency_key text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_event public.webhook_events;
  v_endpoint public.webhook_endpoints;
  v_flow public.flows;
  v_run public.runs;
  v_input jsonb;
  v_reply jsonb;
begin
  select * into v_event from public.webhook_events e where e.id = p_event_id;
  perform private.require_permission(v_event.organization_id, 'webhooks:write', 'webhook event');
  v_reply := private.idempotent_reply(v_event.organization_id, 'replay_webhook_event', p_idempotency_key, to_jsonb(p_event_id));
  if v_reply is not null then
    return v_reply;
  end if;
  select * into v_endpoint from public.webhook_endpoints e where e.id = v_event.endpoint_id;
  select * into v_flow from public.flows f where f.id = v_endpoint.flow_id and f.deleted_at is null;
  if not found then
    perform private.fail('not_found', 'No such flow', 404);
  end if;
  if not v_flow.is_active then
    perform private.fail('flow_inactive', 'The flow is switched off', 409);
  end if;

  insert into public.webhook_events (
    organization_id, endpoint_id, event_key, body_key, type, status, method, headers, query, raw_body, replay_of
  )
  values (
    v_event.organization_id, v_event.endpoint_id, v_event.event_key, v_event.body_key, v_event.type, 'accepted',
    v_event.method, v_event.headers, v_event.query, v_event.raw_body, coalesce(v_event.replay_of, v_event.id)
  )
  returning * into v_event;
  begin
    v_input := convert_from(v_event.raw_body, 'UTF8')::jsonb;
  exception when others then
    -- Not JSON: the body as text, as the receiver gives it.
    v_input := to_jsonb(replace(convert_from(v_event.raw_body, 'LATIN1'), chr(0), ''));
  end;
  v_run := private.create_run(
    v_flow, 'webhook',
    jsonb_build_object(
      'event_id', v_event.id, 'type', v_event.type, 'headers', v_event.headers, 'query', v_event.query,
      'method', v_event.method, 'body', v_input, 'received_at', v_event.received_at
    ),
    v_endpoint.trigger_node, v_event.id
  );
  update public.webhook_events e set run_id = v_run.id where e.id = v_event.id;
  perform private.wake_if_idle();
  return private.keep_reply(v_event.organization_id, 'replay_webhook_event', p_idempotency_key,
    jsonb_build_object('event_id', v_event.id, 'run_id', v_run.id));
end;
$$;

revoke all on function public.replay_webhook_event(uuid, text) from public, anon, authenticated, service_role;
grant execute on function public.replay_webhook_event(uuid, text) to authenticated;
comment on function public.replay_webhook_event(uuid, text) is
  'Sends a kept event through its flow again, as a new event with a new run. Needs webhooks:write.';
