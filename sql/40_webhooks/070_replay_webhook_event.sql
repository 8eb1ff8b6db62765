create function private.webhook_body(p_raw_body bytea) returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return convert_from(p_raw_body, 'UTF8')::jsonb;
exception when others then
  begin
    return to_jsonb(convert_from(p_raw_body, 'UTF8'));
  exception when others then
    return to_jsonb(translate(encode(p_raw_body, 'base64'), E'\n', ''));
  end;
end;
$$;

revoke all on function private.webhook_body(bytea) from public, anon, authenticated, service_role;
comment on function private.webhook_body(bytea) is 'The body of a delivery as a value: JSON, else text, else base64.';

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
  v_entity record;
  v_body jsonb;
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
  if not v_flow.is_active and not v_event.is_test then
    perform private.fail('flow_inactive', 'The flow is switched off', 409);
  end if;

  -- What the first run was given, as the receiver understood it; an event that started none is read here.
  select r.input -> 'body' into v_body from public.runs r where r.id = v_event.run_id;
  if v_body is null then
    v_body := private.webhook_body(v_event.raw_body);
  end if;
  insert into public.webhook_events (
    organization_id, endpoint_id, event_key, body_key, type, status, unsigned, method, headers, query, raw_body, replay_of,
    is_test, mapped, mapping_error
  )
  values (
    v_event.organization_id, v_event.endpoint_id, v_event.event_key, v_event.body_key, v_event.type, 'accepted',
    v_event.unsigned, v_event.method, v_event.headers, v_event.query, v_event.raw_body, coalesce(v_event.replay_of, v_event.id),
    v_event.is_test, v_event.mapped, v_event.mapping_error
  )
  returning * into v_event;
  select m.id into v_entity
  from private.map_entity(v_flow, v_event.mapped -> 'entity') m
  where v_event.mapped ? 'entity';
  v_run := private.create_run(
    v_flow, 'webhook',
    coalesce(v_event.mapped -> 'input', jsonb_build_object(
      'type', v_event.type, 'headers', v_event.headers, 'query', v_event.query, 'method', v_event.method, 'body', v_body
    )) || jsonb_build_object('event_id', v_event.id, 'received_at', v_event.received_at) || case when v_event.is_test then '{"test": true}' else '{}' end::jsonb,
    v_endpoint.trigger_node, v_event.id, p_entity_id => v_entity.id
  );
  update public.webhook_events e set run_id = v_run.id where e.id = v_event.id;
  perform private.wake_if_idle(v_run.organization_id);
  return private.keep_reply(v_event.organization_id, 'replay_webhook_event', p_idempotency_key,
    jsonb_build_object('event_id', v_event.id, 'run_id', v_run.id));
end;
$$;

revoke all on function public.replay_webhook_event(uuid, text) from public, anon, authenticated, service_role;
grant execute on function public.replay_webhook_event(uuid, text) to authenticated;
comment on function public.replay_webhook_event(uuid, text) is
  'Sends a kept event through its flow again, as a new event with a new run; a test event also while the flow is off. Needs webhooks:write.';
