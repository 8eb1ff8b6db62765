create function engine.ingest_webhook(
  p_endpoint_id uuid,
  p_event_key text,
  p_type text,
  p_method text,
  p_headers jsonb,
  p_query jsonb,
  p_raw_body text,
  p_dedupe_body boolean,
  p_input jsonb,
  p_traceparent text default null,
  p_worker_id uuid default null,
  p_unsigned boolean default false,
  p_test boolean default false,
  p_mapped jsonb default null,
  p_ahead jsonb default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints;
  v_flow public.flows;
  v_body bytea := decode(p_raw_body, 'base64');
  v_body_key bytea := case when p_dedupe_body then sha256(v_body) end;
  v_event public.webhook_events;
  v_run public.runs;
  v_run_id uuid;
  v_held text;
  v_entity record;
  v_error text := p_mapped ->> 'error';
begin
  -- The lock that the foreign key takes anyway, taken first: an endpoint that is being deleted is a missing one.
  select * into v_endpoint from public.webhook_endpoints e where e.id = p_endpoint_id for key share;
  if not found then
    perform private.fail('not_found', 'No such webhook endpoint', 404);
  end if;
  select * into v_flow from public.flows f where f.id = v_endpoint.flow_id;
  v_held := case when v_flow.deleted_at is not null then 'flow_deleted'
    when not v_flow.is_active and not p_test then 'flow_inactive' end;

  if v_held is null then
    -- Known before the run is written, so that the event, with its body, is written once.
    v_run_id := private.uuid_v7();
  end if;

  -- Two deliveries of one event at once: the second waits here for the first to commit, then finds it. Tests are in no
  -- unique index: each is an event of its own, and none stands in the way of the real one.
  insert into public.webhook_events (
    id, received_at, organization_id, endpoint_id, event_key, body_key, type, status, held_because, unsigned, method, headers, query, raw_body,
    run_id, is_test, mapped, mapping_error
  )
  values (
    private.uuid_v7(), private.now(),
    v_endpoint.organization_id, p_endpoint_id, p_event_key, v_body_key, p_type,
    case when v_held is null then 'accepted' else 'held' end, v_held, p_unsigned, p_method, p_headers, p_query, v_body,
    v_run_id, p_test, p_mapped - 'error', v_error
  )
  on conflict do nothing
  returning * into v_event;

  if not found then
    update public.webhook_events e set deliveries = e.deliveries + 1
    where e.id = (
      select o.id from public.webhook_events o
      where o.endpoint_id = p_endpoint_id and o.replay_of is null and not o.is_test
        and (o.event_key = p_event_key or o.body_key = v_body_key)
      order by o.id limit 1
    )
    returning * into v_event;
    return jsonb_build_object(
      'event_id', v_event.id, 'duplicate', true, 'status', v_event.status, 'held_because', v_event.held_because,
      'run_id', v_event.run_id, 'jobs', '[]'::jsonb
    );
  end if;
  if v_held is not null then
    return jsonb_build_object(
      'event_id', v_event.id, 'duplicate', false, 'status', 'held', 'held_because', v_held, 'run_id', null, 'jobs', '[]'::jsonb
    );
  end if;

  if p_worker_id is not null then
    -- All deliveries of an isolate meet at this row. While the lease is fresh a lock that they share suffices: it keeps the
    -- worker from going between here and the commit, and no delivery waits for the commit of another.
    perform 1 from private.workers w
    where w.id = p_worker_id and w.expires_at > private.now() + interval '20 seconds' for key share;
    if not found then
      perform private.keep_worker(p_worker_id, 'inline');
    end if;
  end if;
  select m.id, m.is_new, m.error into v_entity
  from private.map_entity(v_flow, p_mapped -> 'entity') m
  where p_mapped ? 'entity';
  v_run := private.create_run(
    v_flow, 'webhook',
    coalesce(p_mapped -> 'input', p_input) || jsonb_build_object('event_id', v_event.id, 'received_at', v_event.received_at)
      || case when p_test then '{"test": true}' else '{}' end::jsonb,
    v_endpoint.trigger_node, v_event.id, p_traceparent => p_traceparent, p_worker_id => p_worker_id, p_run_id => v_run_id,
    p_entity_id => v_entity.id
  );
  if not v_entity.is_new then
    v_entity.error := private.refresh_mapped_entity(v_entity.id, p_mapped -> 'entity');
  end if;
  if v_entity.error is not null then
    update public.webhook_events e set mapping_error = concat_ws('; ', v_error, 'entity: ' || v_entity.error) where e.id = v_event.id;
  end if;
  if p_worker_id is null then
    perform private.wake_if_idle(v_run.organization_id);
  end if;
  return jsonb_build_object(
    'event_id', v_event.id, 'duplicate', false, 'status', 'accepted', 'held_because', null, 'run_id', v_run.id,
    'jobs', case when p_worker_id is null then '[]'::jsonb
      else private.job_reply(array(select j.id from public.job_queue j where j.run_id = v_run.id and j.worker_id = p_worker_id)) end
  );
end;
$$;

revoke all on function engine.ingest_webhook(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean, jsonb, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.ingest_webhook(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean, jsonb, jsonb) to service_role;
comment on function engine.ingest_webhook(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean, jsonb, jsonb) is
  'Keeps a verified delivery and starts its run, in one transaction, so that it may be acknowledged. A repeated event (same key, or same body where p_dedupe_body) starts nothing and answers with the first one. p_raw_body is base64; p_input is what the trigger gives (event_id and received_at are added); p_worker_id = the first token is leased to that worker, and jobs holds it; p_unsigned = nobody checked who sent it; p_test = it came to the test address: it repeats nothing, runs although the flow is off, and its input says test; p_mapped = what the endpoint''s mapping gave: {entity, input, error}, where the entity is made or brought up to date and moves with the run, and input stands in for p_input; p_ahead says nothing: receivers of the release before send it, and their events take the usual way.';
