create function private.retry_webhooks() returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_event public.webhook_events;
  v_endpoint public.webhook_endpoints;
  v_flow public.flows;
  v_run public.runs;
  v_entity record;
  v_started integer := 0;
  v_failed integer := 0;
begin
  -- An event is accepted and its run written in one transaction: what is found here was restored from a backup, or written
  -- past our functions.
  for v_event in
    select * from public.webhook_events e
    where e.status = 'accepted' and e.run_id is null and e.received_at < private.now() - interval '1 minute'
    order by e.id limit 500 for update skip locked
  loop
    select * into v_endpoint from public.webhook_endpoints e where e.id = v_event.endpoint_id;
    select * into v_flow from public.flows f where f.id = v_endpoint.flow_id;
    if v_flow.deleted_at is not null or not (v_flow.is_active or v_event.is_test) then
      update public.webhook_events e set
        status = 'held', held_because = case when v_flow.deleted_at is not null then 'flow_deleted' else 'flow_inactive' end
      where e.id = v_event.id;
      continue;
    end if;
    begin
      v_entity := null;
      select m.id into v_entity
      from private.map_entity(v_flow, v_event.mapped -> 'entity') m where v_event.mapped ? 'entity';
      v_run := private.create_run(
        v_flow, 'webhook',
        coalesce(v_event.mapped -> 'input', jsonb_build_object(
          'type', v_event.type, 'headers', v_event.headers, 'query', v_event.query, 'method', v_event.method,
          'body', private.webhook_body(v_event.raw_body)
        )) || jsonb_build_object('event_id', v_event.id, 'received_at', v_event.received_at)
          || case when v_event.is_test then '{"test": true}' else '{}' end::jsonb,
        v_endpoint.trigger_node, v_event.id, p_entity_id => v_entity.id
      );
      update public.webhook_events e set run_id = v_run.id where e.id = v_event.id;
      v_started := v_started + 1;
    exception when others then
      -- A limit of the tenant's, or a flow that starts no more: the next call tries again.
      raise warning 'Cannot start the run of webhook event %: %', v_event.id, sqlerrm;
      v_failed := v_failed + 1;
    end;
  end loop;
  return jsonb_build_object('started', v_started, 'failed', v_failed, 'out', private.keep_webhooks_out());
end;
$$;

revoke all on function private.retry_webhooks() from public, anon, authenticated, service_role;
comment on function private.retry_webhooks() is
  'The task webhook-retries: starts the runs of accepted events that have none; the engine leaves none behind, so it finds only what was restored or written by hand. Answers {started, failed, out}: out as private.keep_webhooks_out has it. Events that are held wait for a person.';
