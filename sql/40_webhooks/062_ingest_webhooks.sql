create function engine.ingest_webhooks(
  p_endpoint_id uuid,
  p_version_id uuid,
  p_trigger_node text,
  p_deliveries jsonb
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_flow_id uuid;
  v_organization_id uuid;
  v_kept jsonb;
begin
  select e.flow_id, e.organization_id into v_flow_id, v_organization_id
  from public.webhook_endpoints e
  join public.flows f on f.id = e.flow_id
  where e.id = p_endpoint_id and e.trigger_node is not distinct from p_trigger_node
    and f.is_active and f.deleted_at is null and f.current_version_id = p_version_id;
  if not found then
    -- What was run is not what would be run now.
    return '[]';
  end if;

  with given as materialized (
    select d.*, b.body, case when d.dedupe_body then sha256(b.body) end as body_key
    from jsonb_to_recordset(p_deliveries) as d (
      event_id uuid, run_id uuid, received_at timestamptz, timeout_seconds integer, event_key text, type text,
      dedupe_body boolean, unsigned boolean, traceparent text, raw_body text, input jsonb, output jsonb, steps jsonb
    )
    cross join lateral (select decode(d.raw_body, 'base64') as body) b
  ), events as (
    -- In the order of what is unique: two calls that have the same events wait for each other in one direction only.
    insert into public.webhook_events (
      id, received_at, organization_id, endpoint_id, event_key, body_key, type, status, unsigned, method, headers, query,
      raw_body, run_id
    )
    select
      g.event_id, g.received_at, v_organization_id, p_endpoint_id, g.event_key, g.body_key,
      g.type, 'accepted', coalesce(g.unsigned, false), g.input ->> 'method', g.input -> 'headers', g.input -> 'query', g.body,
      g.run_id
    from given g
    order by g.event_key, g.body_key
    on conflict do nothing
    returning id
  ), runs as (
    insert into public.runs (
      id, organization_id, flow_id, flow_version_id, status, trigger, trigger_node, webhook_event_id, input, output,
      traceparent, deadline_at, started_at, finished_at, created_at
    )
    select
      g.run_id, v_organization_id, v_flow_id, p_version_id, 'completed', 'webhook', p_trigger_node, g.event_id, g.input, g.output,
      g.traceparent, g.received_at + make_interval(secs => g.timeout_seconds), g.received_at, greatest(v_now, g.received_at),
      g.received_at
    from given g
    join events e on e.id = g.event_id
  ), steps as (
    insert into public.run_steps (
      run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, started_at, finished_at, exit
    )
    select
      g.run_id, s.node, coalesce(s.scope, ''), 1, v_organization_id, s.status, coalesce(s.leaf, false), s.handles, s.output,
      v_now - make_interval(secs => coalesce(s.started_ago, 0) / 1000000.0),
      v_now - make_interval(secs => coalesce(s.finished_ago, 0) / 1000000.0), s.exit
    from given g
    join events e on e.id = g.event_id
    cross join lateral jsonb_to_recordset(g.steps) as s (
      node text, scope text, status text, leaf boolean, handles text[], output jsonb, started_ago bigint, finished_ago bigint,
      exit smallint
    )
  )
  select coalesce(jsonb_agg(e.id), '[]') into v_kept from events e;
  if exists (select from public.webhook_subscriptions s where s.organization_id = v_organization_id) then
    perform private.publish_run(r) from public.runs r
    where r.id in (
      select d.run_id from jsonb_to_recordset(p_deliveries) as d (event_id uuid, run_id uuid) where v_kept ? d.event_id::text
    )
    order by r.id;
  end if;
  return v_kept;
end;
$$;

revoke all on function engine.ingest_webhooks(uuid, uuid, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.ingest_webhooks(uuid, uuid, text, jsonb) to service_role;
comment on function engine.ingest_webhooks(uuid, uuid, text, jsonb) is
  'Keeps verified deliveries to one endpoint with their runs, which have been run already by this version from this trigger node, in one transaction, so that they may be acknowledged: each leaves what create_run, settle_jobs and finish_run would have left of a run without limits, entity, effects and waits. p_deliveries: [{event_id, run_id, received_at, timeout_seconds, event_key, type, dedupe_body, unsigned, traceparent, raw_body (base64), input, output, steps (as in a result of settle_jobs)}]. Answers the ids of the events that were kept; nothing is left of the others, which are repetitions, or all of them when version, trigger node or flow are other ones by now: they are for ingest_webhook.';
