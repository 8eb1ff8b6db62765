-- Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

drop index "public"."webhook_events_body_key_idx";
drop index "public"."webhook_events_event_key_idx";

drop function "engine"."get_webhook_endpoint"(text);

drop function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean);

alter table "public"."flow_versions"
  add column "edge_lengths" jsonb not null default '{}'::jsonb;

alter table "public"."webhook_events"
  add column "is_test" boolean not null default false;

create or replace function engine.get_webhook_endpoint (
  p_slug text,
  p_test boolean default false
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_endpoint public.webhook_endpoints;
  v_plan public.plans;
begin
  select e.* into v_endpoint
  from public.webhook_endpoints e
  join public.organizations o on o.id = e.organization_id
  where e.slug = p_slug and (e.is_active or (p_test and e.signature_required)) and o.suspended_at is null;
  if not found then
    return null;
  end if;
  select p.* into v_plan from public.organizations o join public.plans p on p.id = o.plan_id
  where o.id = v_endpoint.organization_id;
  return jsonb_build_object(
    'id', v_endpoint.id,
    'organization_id', v_endpoint.organization_id,
    'flow_id', v_endpoint.flow_id,
    'provider', v_endpoint.provider,
    'config', v_endpoint.config,
    'signature_required', v_endpoint.signature_required,
    'secrets', (
      select coalesce(jsonb_agg(s.secret order by s.created_at desc), '[]') from private.webhook_secrets s
      where s.endpoint_id = v_endpoint.id and (s.expires_at is null or s.expires_at > private.now())
    ),
    'rate', private.take_tokens(
      'hook:' || v_endpoint.id, v_plan.hook_requests_per_minute, 60, v_plan.hook_requests_per_minute
    )
  );
end;
$function$;

create or replace function engine.get_webhook_sender (
  p_endpoint_id uuid,
  p_user_id     uuid
)
  returns jsonb
  language sql
  stable
  security definer
  set search_path to ''
  AS $function$
  select jsonb_build_object(
    'slug', e.slug,
    'provider', e.provider,
    'config', e.config,
    'signature_required', e.signature_required,
    'secret', (
      select s.secret from private.webhook_secrets s
      where s.endpoint_id = e.id and s.expires_at is null
      order by s.created_at desc, s.id desc limit 1
    )
  )
  from public.webhook_endpoints e
  join public.organizations o on o.id = e.organization_id and o.suspended_at is null
  join public.organization_members m on m.organization_id = e.organization_id and m.user_id = p_user_id
  join private.role_permissions rp on rp.role = m.role and rp.permission = 'webhooks:write'
  where e.id = p_endpoint_id;
$function$;

create or replace function engine.ingest_webhook (
  p_endpoint_id uuid,
  p_event_key   text,
  p_type        text,
  p_method      text,
  p_headers     jsonb,
  p_query       jsonb,
  p_raw_body    text,
  p_dedupe_body boolean,
  p_input       jsonb,
  p_traceparent text    default null::text,
  p_worker_id   uuid    default null::uuid,
  p_unsigned    boolean default false,
  p_test        boolean default false
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_endpoint public.webhook_endpoints;
  v_flow public.flows;
  v_body bytea := decode(p_raw_body, 'base64');
  v_body_key bytea := case when p_dedupe_body then sha256(v_body) end;
  v_event public.webhook_events;
  v_run public.runs;
  v_run_id uuid;
  v_held text;
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
    organization_id, endpoint_id, event_key, body_key, type, status, held_because, unsigned, method, headers, query, raw_body,
    run_id, is_test
  )
  values (
    v_endpoint.organization_id, p_endpoint_id, p_event_key, v_body_key, p_type,
    case when v_held is null then 'accepted' else 'held' end, v_held, p_unsigned, p_method, p_headers, p_query, v_body,
    v_run_id, p_test
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
    perform private.keep_worker(p_worker_id, 'inline');
  end if;
  v_run := private.create_run(
    v_flow, 'webhook',
    p_input || jsonb_build_object('event_id', v_event.id, 'received_at', v_event.received_at)
      || case when p_test then '{"test": true}' else '{}' end::jsonb,
    v_endpoint.trigger_node, v_event.id, p_traceparent => p_traceparent, p_worker_id => p_worker_id, p_run_id => v_run_id
  );
  if p_worker_id is null then
    perform private.wake_if_idle();
  end if;
  return jsonb_build_object(
    'event_id', v_event.id, 'duplicate', false, 'status', 'accepted', 'held_because', null, 'run_id', v_run.id,
    'jobs', case when p_worker_id is null then '[]'::jsonb
      else private.job_reply(array(select j.id from public.job_queue j where j.run_id = v_run.id)) end
  );
end;
$function$;

create or replace function private.add_flow_version (
  p_flow            public.flows,
  p_graph           jsonb,
  p_max_run_seconds integer
)
  returns public.flow_versions
  language plpgsql
  set search_path to ''
  AS $function$
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
    organization_id, flow_id, number, graph, content_hash, plan_hash, timeout_seconds, created_by, edge_lengths
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
      greatest(1, case when jsonb_typeof(v_timeout) = 'number' then least((v_timeout #>> '{}')::numeric, 2147483647)::integer else 86400 end)
    ),
    auth.uid(),
    private.edge_lengths(p_graph)
  )
  returning * into v_version;
  update public.flows f set current_version_id = v_version.id where f.id = p_flow.id;
  return v_version;
end;
$function$;

create or replace function private.canvas_number (
  p_value jsonb
)
  returns double precision
  language sql
  immutable
  set search_path to ''
  AS $function$
  -- Rounded before the cast: 1e-400 is a number in JSON and an error in double precision. Nested, as "and" promises no order.
  select case when jsonb_typeof(p_value) = 'number' then
    case when abs(p_value::numeric) <= 1e9 then round(p_value::numeric, 6)::double precision end
  end;
$function$;

create or replace function private.check_trigger_node (
  p_flow_id      uuid,
  p_trigger_node text
)
  returns void
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_message text := format('The flow has no trigger node "%s"', p_trigger_node);
begin
  -- Most calls name none and cost nothing here: graphs are large.
  if p_trigger_node is not null and not exists (
    select 1 from public.flows f join public.flow_versions v on v.id = f.current_version_id
    where f.id = p_flow_id and jsonb_path_exists(
      v.graph, '$.nodes[*] ? (@.id == $id && @.type starts with "trigger.")', jsonb_build_object('id', p_trigger_node), true
    )
  ) then
    perform private.fail('invalid_request', v_message, 400, jsonb_build_array(jsonb_build_object(
      'path', 'body.trigger_node', 'code', 'unknown_trigger_node', 'message', v_message
    )));
  end if;
end;
$function$;

create or replace function private.edge_lengths (
  p_graph jsonb
)
  returns jsonb
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
declare
  v_nodes jsonb;
  v_lengths jsonb;
begin
  -- Looked up by id in objects and never joined: the time grows with the graph, whatever it says and the planner thinks.
  select jsonb_object_agg(n.value ->> 'id', jsonb_build_object(
    'x', private.canvas_number(n.value #> '{position,x}'),
    'y', private.canvas_number(n.value #> '{position,y}'),
    'width', greatest(0, coalesce(private.canvas_number(n.value #> '{measured,width}'), private.canvas_number(n.value -> 'width'))),
    'height', greatest(0, coalesce(private.canvas_number(n.value #> '{measured,height}'), private.canvas_number(n.value -> 'height'))),
    -- parentNode is what React Flow called it before version 12.
    'parent', coalesce(nullif(n.value ->> 'parentId', ''), nullif(n.value ->> 'parentNode', ''))
  ))
  into v_nodes
  from jsonb_array_elements(case when jsonb_typeof(p_graph -> 'nodes') = 'array' then p_graph -> 'nodes' else '[]' end) n
  where jsonb_typeof(n.value -> 'id') = 'string';

  select jsonb_object_agg(l.id, l.length) into v_lengths
  from (
    select
      e.value ->> 'id' as id,
      trim_scale(round((
        private.node_centre(v_nodes, e.value ->> 'source') <-> private.node_centre(v_nodes, e.value ->> 'target')
      )::numeric, 2)) as length
    from jsonb_array_elements(case when jsonb_typeof(p_graph -> 'edges') = 'array' then p_graph -> 'edges' else '[]' end)
      with ordinality e
    -- A graph with more edges never compiles.
    where e.ordinality <= 2000 and jsonb_typeof(e.value -> 'id') = 'string'
  ) l
  where l.length is not null;
  return coalesce(v_lengths, '{}');
end;
$function$;

create or replace function private.flow_reply (
  p_flow_id uuid
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select to_jsonb(f) - 'deleted_at'
    || jsonb_build_object('version_number', v.number, 'graph', v.graph, 'edge_lengths', v.edge_lengths)
  from public.flows f
  left join public.flow_versions v on v.id = f.current_version_id
  where f.id = p_flow_id;
$function$;

create or replace function private.node_centre (
  p_nodes   jsonb,
  p_node_id text
)
  returns point
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
declare
  v_node jsonb := p_nodes -> p_node_id;
  v_x double precision := (v_node ->> 'width')::double precision / 2;
  v_y double precision := (v_node ->> 'height')::double precision / 2;
begin
  -- The position of a node inside a group counts from the group's corner. More levels than this, and every cycle, is no place.
  for i in 1..16 loop
    v_x := v_x + (v_node ->> 'x')::double precision;
    v_y := v_y + (v_node ->> 'y')::double precision;
    if v_x is null or v_y is null then
      return null;
    end if;
    if v_node ->> 'parent' is null then
      return point(v_x, v_y);
    end if;
    v_node := p_nodes -> (v_node ->> 'parent');
  end loop;
  return null;
end;
$function$;

create or replace function public.create_webhook_endpoint (
  p_flow_id            uuid,
  p_name               text,
  p_provider           text,
  p_config             jsonb   default '{}'::jsonb,
  p_secret             text    default null::text,
  p_trigger_node       text    default null::text,
  p_signature_required boolean default true,
  p_idempotency_key    text    default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_flow public.flows;
  v_plan public.plans;
  v_reply jsonb;
  v_id uuid;
  v_secret text := coalesce(p_secret, private.new_webhook_secret(p_config));
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, 'webhooks:write', 'flow');
  v_reply := private.idempotent_reply(v_flow.organization_id, 'create_webhook_endpoint', p_idempotency_key,
    jsonb_build_array(p_flow_id, p_name, p_provider, p_config, p_secret, p_trigger_node, p_signature_required));
  if v_reply is not null then
    return v_reply;
  end if;
  if length(coalesce(p_name, '')) not between 1 and 200 or coalesce(p_provider, '') not in ('stripe', 'typeform', 'custom')
    or jsonb_typeof(p_config) <> 'object' or octet_length(p_config::text) > 8192
    or length(v_secret) not between 8 and 512 or length(p_trigger_node) not between 1 and 64
  then
    perform private.fail('invalid_request', 'The name, provider, config, secret or trigger node is out of range', 400);
  end if;
  perform private.check_trigger_node(p_flow_id, p_trigger_node);

  select p.* into v_plan from public.organizations o join public.plans p on p.id = o.plan_id
  where o.id = v_flow.organization_id for no key update of o;
  if (select count(*) from public.webhook_endpoints e where e.organization_id = v_flow.organization_id) >= v_plan.max_webhook_endpoints then
    perform private.fail('plan_limit_reached', format('The plan %s allows %s webhook endpoints', v_plan.id, v_plan.max_webhook_endpoints), 402);
  end if;

  insert into public.webhook_endpoints (
    organization_id, flow_id, trigger_node, name, provider, config, slug, signature_required, created_by
  )
  values (
    v_flow.organization_id, p_flow_id, p_trigger_node, p_name, p_provider, coalesce(p_config, '{}'),
    replace(gen_random_uuid()::text, '-', ''), coalesce(p_signature_required, true), auth.uid()
  )
  returning id into v_id;
  insert into private.webhook_secrets (endpoint_id, secret) values (v_id, v_secret);
  -- The only time the secret is shown.
  return private.keep_reply(v_flow.organization_id, 'create_webhook_endpoint', p_idempotency_key,
    private.webhook_endpoint_reply(v_id) || jsonb_build_object('secret', v_secret));
end;
$function$;

create or replace function public.replay_webhook_event (
  p_event_id        uuid,
  p_idempotency_key text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_event public.webhook_events;
  v_endpoint public.webhook_endpoints;
  v_flow public.flows;
  v_run public.runs;
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
    is_test
  )
  values (
    v_event.organization_id, v_event.endpoint_id, v_event.event_key, v_event.body_key, v_event.type, 'accepted',
    v_event.unsigned, v_event.method, v_event.headers, v_event.query, v_event.raw_body, coalesce(v_event.replay_of, v_event.id),
    v_event.is_test
  )
  returning * into v_event;
  v_run := private.create_run(
    v_flow, 'webhook',
    jsonb_build_object(
      'event_id', v_event.id, 'type', v_event.type, 'headers', v_event.headers, 'query', v_event.query,
      'method', v_event.method, 'body', v_body, 'received_at', v_event.received_at
    ) || case when v_event.is_test then '{"test": true}' else '{}' end::jsonb,
    v_endpoint.trigger_node, v_event.id
  );
  update public.webhook_events e set run_id = v_run.id where e.id = v_event.id;
  perform private.wake_if_idle();
  return private.keep_reply(v_event.organization_id, 'replay_webhook_event', p_idempotency_key,
    jsonb_build_object('event_id', v_event.id, 'run_id', v_run.id));
end;
$function$;

create or replace function public.start_run (
  p_flow_id         uuid,
  p_input           jsonb   default '{}'::jsonb,
  p_trigger_node    text    default null::text,
  p_idempotency_key text    default null::text,
  p_traceparent     text    default null::text,
  p_wake            boolean default true
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_flow public.flows;
  v_reply jsonb;
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, 'runs:execute', 'flow');
  v_reply := private.idempotent_reply(v_flow.organization_id, 'start_run', p_idempotency_key,
    jsonb_build_array(p_flow_id, p_input, p_trigger_node));
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

  v_reply := to_jsonb(private.create_run(
    v_flow, 'manual', coalesce(p_input, '{}'), p_trigger_node, p_traceparent => p_traceparent
  ));
  if p_wake then
    perform private.wake_if_idle();
  end if;
  return private.keep_reply(v_flow.organization_id, 'start_run', p_idempotency_key, v_reply);
end;
$function$;

create or replace function public.update_webhook_endpoint (
  p_endpoint_id        uuid,
  p_name               text    default null::text,
  p_config             jsonb   default null::jsonb,
  p_flow_id            uuid    default null::uuid,
  p_signature_required boolean default null::boolean,
  p_is_active          boolean default null::boolean,
  p_if_version         integer default null::integer,
  p_trigger_node       text    default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_endpoint public.webhook_endpoints := private.lock_webhook_endpoint(p_endpoint_id, p_if_version);
begin
  if length(p_name) not between 1 and 200 or jsonb_typeof(p_config) <> 'object' or octet_length(p_config::text) > 8192
    or length(p_trigger_node) not between 1 and 64
  then
    perform private.fail('invalid_request', 'The name, config or trigger node is out of range', 400);
  end if;
  if p_flow_id is not null and not exists (
    select 1 from public.flows f
    where f.id = p_flow_id and f.organization_id = v_endpoint.organization_id and f.deleted_at is null
  ) then
    perform private.fail('not_found', 'No such flow', 404);
  end if;
  perform private.check_trigger_node(coalesce(p_flow_id, v_endpoint.flow_id), p_trigger_node);
  update public.webhook_endpoints e set
    name = coalesce(p_name, e.name),
    config = coalesce(p_config, e.config),
    flow_id = coalesce(p_flow_id, e.flow_id),
    -- A node of one flow means nothing in another.
    trigger_node = case when p_flow_id <> e.flow_id then p_trigger_node else coalesce(p_trigger_node, e.trigger_node) end,
    signature_required = coalesce(p_signature_required, e.signature_required),
    is_active = coalesce(p_is_active, e.is_active)
  where e.id = p_endpoint_id;
  return private.webhook_endpoint_reply(p_endpoint_id);
end;
$function$;

create unique index webhook_events_body_key_idx on public.webhook_events using btree (endpoint_id, body_key)
  where ((replay_of is null) AND (not is_test));

create unique index webhook_events_event_key_idx on public.webhook_events using btree (endpoint_id, event_key)
  where ((replay_of is null) AND (not is_test));

comment on column "public"."flow_versions"."edge_lengths" is 'Edge id -> its length on the canvas, in pixels: what an animation needs. Worked out from the graph, see private.edge_lengths.';
comment on column "public"."webhook_endpoints"."is_active" is 'False = deliveries are answered with 404, but for those to the test address.';
comment on column "public"."webhook_events"."body_key" is 'SHA-256 of the body where the sender signs no timestamp; null otherwise. One event per endpoint and body, tests and replays aside.';
comment on column "public"."webhook_events"."event_key" is 'The sender''s id of the event; null = it has none. One event per endpoint and key, tests and replays aside.';
comment on column "public"."webhook_events"."is_test" is 'True = it came to the test address, or is the replay of such an event: each is an event of its own, and runs although endpoint or flow is off.';
comment on function "engine"."get_webhook_endpoint"(text, boolean) is 'What the receiver needs to judge a delivery: adapter, settings, valid secrets, and one token of the endpoint''s rate limit. Null = no active endpoint has this slug. p_test = for its test address, where one that is switched off answers too, unless it takes unsigned deliveries.';
comment on function "engine"."get_webhook_sender"(uuid, uuid) is 'What it takes to send a test event to an endpoint as its provider would: slug, adapter, settings and the current secret. Null = there is no such endpoint, or the user p_user_id does not hold webhooks:write in its organization.';

comment on function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean)
  is 'Keeps a verified delivery and starts its run, in one transaction, so that it may be acknowledged. A repeated event (same key, or same body where p_dedupe_body) starts nothing and answers with the first one. p_raw_body is base64; p_input is what the trigger gives (event_id and received_at are added); p_worker_id = the first token is leased to that worker, and jobs holds it; p_unsigned = nobody checked who sent it; p_test = it came to the test address: it repeats nothing, runs although the flow is off, and its input says test.';

comment on function "private"."canvas_number"(jsonb) is 'A coordinate or size of a graph in canvas pixels; null = no number, or one that lies on no canvas.';
comment on function "private"."check_trigger_node"(uuid, text) is 'Refuses the id of a node that is no trigger of the flow''s current version; null = none was named. A later version may lack it: runs started there fail.';
comment on function "private"."edge_lengths"(jsonb) is 'Edge id -> distance between the centres of the nodes it joins, in canvas pixels, two decimals. Takes any JSON; edges whose ends have no place are left out.';
comment on function "private"."flow_reply"(uuid) is 'A flow as the API shows it: the row, and the number, the graph and its edge lengths of the current version.';
comment on function "private"."node_centre"(jsonb, text) is 'The centre of a node on the canvas; null = it has no place there. p_nodes = id -> x, y, width, height, parent, as edge_lengths makes it.';
comment on function "public"."replay_webhook_event"(uuid, text) is 'Sends a kept event through its flow again, as a new event with a new run; a test event also while the flow is off. Needs webhooks:write.';

revoke all on function "engine"."get_webhook_endpoint"(text, boolean) from public;
grant execute on function "engine"."get_webhook_endpoint"(text, boolean) to "service_role";
revoke all on function "engine"."get_webhook_sender"(uuid, uuid) from public;
grant execute on function "engine"."get_webhook_sender"(uuid, uuid) to "service_role";

revoke all
  on function
    "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean,
    boolean)
  from public;

grant execute
  on function
    "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean,
    boolean)
  to "service_role";

revoke all on function "private"."canvas_number"(jsonb) from public;
revoke all on function "private"."check_trigger_node"(uuid, text) from public;
revoke all on function "private"."edge_lengths"(jsonb) from public;
revoke all on function "private"."node_centre"(jsonb, text) from public;

reset check_function_bodies;

-- seed 30_flows/045_edge_lengths_seed.sql e9aee6effd0b015e
-- Versions from before edge lengths were stored.
update public.flow_versions v set edge_lengths = private.edge_lengths(v.graph)
where v.edge_lengths = '{}' and private.edge_lengths(v.graph) <> '{}';
-- end of seed 30_flows/045_edge_lengths_seed.sql
