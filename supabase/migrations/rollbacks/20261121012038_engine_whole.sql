-- The way back from 20261121012038_engine_whole.sql. Written by `deno task db:diff` and never edited; change sql/ instead.
-- Loses data: 36 statements below.

drop policy if exists millrace_members_read_run_data on storage.objects;
do $$ begin drop policy if exists millrace_members_receive on realtime.messages; drop policy if exists millrace_members_appear on realtime.messages; exception when insufficient_privilege then null; end $$;

set check_function_bodies = off;

drop policy "members_see_entity_moves" on "public"."entity_moves";

drop trigger "broadcast_new" on "public"."runs";
drop trigger "broadcast_status" on "public"."runs";
drop trigger "touch" on "public"."webhook_endpoints";

drop index "public"."job_queue_limited_idx";
drop index "public"."job_queue_waiting_idx";
drop index "public"."job_queue_waits_idx";

alter table "private"."scratch_flows"
  drop constraint "scratch_flows_flow_id_fkey";

alter table "private"."scratch_flows"
  drop constraint "scratch_flows_organization_id_fkey";

alter table "public"."bulk_operations"
  drop constraint "bulk_operations_organization_id_fkey";

alter table "public"."entities"
  drop constraint "entities_created_by_fkey";

alter table "public"."entities"
  drop constraint "entities_flow_id_fkey";

alter table "public"."entities"
  drop constraint "entities_organization_id_fkey";

alter table "public"."entity_moves"
  drop constraint "entity_moves_entity_id_fkey";

alter table "public"."flow_edge_stats"
  drop constraint "flow_edge_stats_flow_id_fkey";

alter table "public"."flow_version_runs"
  drop constraint "flow_version_runs_flow_version_id_fkey";

alter table "public"."job_queue"
  drop constraint "job_queue_status_check";

alter table "public"."plans"
  drop constraint "plans_max_concurrent_runs_check";

alter table "public"."plans"
  drop constraint "plans_max_schedules_check";

alter table "public"."run_stats_daily"
  drop constraint "run_stats_daily_organization_id_fkey";

alter table "public"."run_steps"
  drop constraint "failure_says_why";

alter table "public"."run_steps"
  drop constraint "run_steps_status_check";

alter table "public"."runs"
  drop constraint "failed_says_why";

alter table "public"."runs"
  drop constraint "finished_means_terminal";

alter table "public"."runs"
  drop constraint "runs_concurrency_key_check";

alter table "public"."runs"
  drop constraint "runs_depth_check";

alter table "public"."runs"
  drop constraint "runs_status_check";

alter table "public"."runs"
  drop constraint "runs_trigger_check";

alter table "public"."runs"
  drop constraint "started_unless_queued";

alter table "public"."schedule_firings"
  drop constraint "schedule_firings_schedule_id_fkey";

alter table "public"."schedule_firings"
  drop constraint "schedule_firings_triggered_by_fkey";

alter table "public"."schedules"
  drop constraint "schedules_created_by_fkey";

alter table "public"."schedules"
  drop constraint "schedules_flow_id_fkey";

alter table "public"."schedules"
  drop constraint "schedules_organization_id_fkey";

alter table "public"."webhook_endpoints"
  drop constraint "webhook_endpoints_mapping_check";

drop function "engine"."complete_callbacks"(jsonb, boolean);
drop function "engine"."get_callback"(uuid, text, text);

drop function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean,
  jsonb);

drop function "engine"."list_schedules_to_refill"(integer);
drop function "engine"."store_upcoming"(jsonb);
drop function "private"."act_on_run"(text, uuid);
drop function "private"."add_entity"(public.flows, text, text, text, jsonb);
drop function "private"."add_histograms"(integer[], integer[]);
drop function "private"."admit_forgotten"();
drop function "private"."admit_run"(uuid, uuid);
drop function "private"."admit_waiting"(text[]);
drop function "private"."apply_moves"(uuid[], text[], timestamp with time zone[], text);
drop function "private"."attach_entity"(public.runs);
drop function "private"."broadcast_progress"(jsonb, timestamp with time zone);
drop function "private"."broadcast_run"();
drop function "private"."bulk_reply"(public.bulk_operations);
drop function "private"."bulk_runs"(uuid, text, jsonb, uuid, uuid, integer);
drop function "private"."cancel_runs"(uuid[]);
drop function "private"."change_schedule"(public.schedules, jsonb);
drop function "private"."check_entity"(text, text, text, jsonb);
drop function "private"."check_pins"(uuid, jsonb);
drop function "private"."check_schedule"(public.schedules);
drop function "private"."check_upcoming"(public.schedules, timestamp with time zone[], timestamp with time zone);
drop function "private"."clock_since"(timestamp with time zone);
drop function "private"."close_region"(private.run_regions, uuid, jsonb);
drop function "private"."count_runs"(integer, interval);

drop function
  "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid, public.runs, uuid, uuid,
  jsonb, boolean);

drop function "private"."drop_scope"(uuid, text, text);
drop function "private"."duration_bucket"(double precision);
drop function "private"."end_items"(uuid, jsonb, uuid[]);
drop function "private"."end_waits"(timestamp with time zone);
drop function "private"."entity_reply"(uuid);
drop function "private"."explain_insides"(uuid);
drop function "private"."explain_joins"(public.runs, bytea);
drop function "private"."explain_tokens"(public.runs, jsonb);
drop function "private"."fire_due_time"(public.schedules, timestamp with time zone, timestamp with time zone, text);
drop function "private"."fire_schedule"(public.schedules, timestamp with time zone, timestamp with time zone);
drop function "private"."fire_schedules"(timestamp with time zone);
drop function "private"."free_slots"(public.runs);
drop function "private"."has_to_undo"(uuid, text);
drop function "private"."histogram"(integer[]);
drop function "private"."item_scope"(text, text, integer);
drop function "private"."job_details"(public.job_queue);
drop function "private"."limits_are_near"(public.runs);
drop function "private"."lock_entity"(uuid, integer);
drop function "private"."lock_limits"(uuid);
drop function "private"."lock_limits_of"(uuid[]);
drop function "private"."lock_schedule"(uuid, text, integer);
drop function "private"."map_entity"(public.flows, jsonb);
drop function "private"."may_receive_live"(text);
drop function "private"."move_entities"(uuid[], text[], timestamp with time zone[]);
drop function "private"."move_settled_entities"(jsonb, timestamp with time zone);
drop function "private"."open_regions"(uuid, jsonb, uuid[]);
drop function "private"."percentile"(integer[], double precision);
drop function "private"."place_entity"(public.entities, text, text);
drop function "private"."refresh_entity"(uuid, text, jsonb);
drop function "private"."refresh_mapped_entity"(uuid, jsonb);
drop function "private"."refusal_code"(text, text);
drop function "private"."refuse_references"(uuid, jsonb);
drop function "private"."region_items"(uuid, text, text, text[], integer, integer);
drop function "private"."repeat_run"(public.runs, jsonb, uuid);
drop function "private"."resolve_parent"(public.runs);
drop function "private"."resolve_token"(uuid, boolean, jsonb);
drop function "private"."run_limit_keys"(public.runs);
drop function "private"."run_limits"(jsonb);
drop function "private"."run_resolution"(public.runs);
drop function "private"."run_stats_of"(uuid, uuid, date);
drop function "private"."runs_counted_to"(date);
drop function "private"."runs_still_open"(uuid[]);
drop function "private"."schedule_jitter"(uuid, timestamp with time zone, integer);
drop function "private"."schedule_obstacle"(public.flows);
drop function "private"."schedule_reply"(public.schedules);
drop function "private"."scope_chain"(text);
drop function "private"."scratch_flow"(uuid);
drop function "private"."secure_live"();
drop function "private"."secure_run_data"();
drop function "private"."send_live"(text, text, jsonb);
drop function "private"."small_number"(jsonb);
drop function "private"."spawn_items"(private.run_regions, uuid);
drop function "private"."start_children"(uuid, jsonb, uuid[]);
drop function "private"."start_error_flow"(public.runs);
drop function "private"."start_queued_firing"(public.schedules, timestamp with time zone);

drop function "private"."start_scheduled_run"(public.schedules, public.flows, timestamp with time zone, timestamp
  with time zone, boolean);

drop function "private"."steps_to_redo"(public.flow_versions, text);
drop function "private"."sum_run_stats"(public.run_stats_daily[]);
drop function "private"."take_over_steps"(public.runs, public.runs, text[], jsonb);
drop function "private"."take_signals"(jsonb);
drop function "private"."take_slots"(public.runs);
drop function "private"."to_uuid"(text);
drop function "private"."try_end_run"(uuid, text, jsonb);
drop function "private"."undo_nodes"(jsonb);
drop function "private"."waiting_token"(uuid, text[], text, text, text);
drop function "private"."watch_live"(uuid);
drop function "private"."with_upcoming"(public.schedules, timestamp with time zone[]);
drop function "private"."work_bulk_operations"(integer, double precision);
drop function "public"."cancel_bulk_operation"(uuid);
drop function "public"."count_version_runs"(uuid, uuid[]);
drop function "public"."create_bulk_operation"(uuid, text, jsonb, boolean, text);
drop function "public"."create_entity"(uuid, text, text, text, jsonb, text, boolean, text);
drop function "public"."create_schedule"(uuid, jsonb, timestamp with time zone[], text);
drop function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb);
drop function "public"."decide_step"(uuid, text, jsonb, text, boolean);
drop function "public"."delete_entity"(uuid, integer);
drop function "public"."delete_schedule"(uuid, integer);
drop function "public"."execute_graph"(uuid, jsonb, jsonb, uuid, text, jsonb, text, text, boolean);
drop function "public"."explain_run"(uuid);
drop function "public"."get_entity_journey"(uuid, integer, integer, boolean);
drop function "public"."get_flow_stats"(uuid, integer);
drop function "public"."get_stats"(uuid);
drop function "public"."import_flows"(uuid, jsonb, uuid, boolean, text);
drop function "public"."list_edge_stats"(uuid);
drop function "public"."list_waiting_steps"(uuid, text[], uuid, uuid, integer);
drop function "public"."move_entity"(uuid, text, integer);
drop function "public"."pause_run"(uuid);
drop function "public"."rerun_run"(uuid, text, jsonb, jsonb, boolean, text, boolean);
drop function "public"."resume_run"(uuid, boolean);
drop function "public"."retry_step"(uuid, text, text, text, boolean);
drop function "public"."signal_run"(uuid, text, jsonb, boolean);
drop function "public"."start_run"(uuid, jsonb, text, text, text, boolean, uuid, jsonb);
drop function "public"."trigger_schedule"(uuid, text);
drop function "public"."update_entity"(uuid, text, text, jsonb, integer);
drop function "public"."update_schedule"(uuid, jsonb, timestamp with time zone[], uuid, integer);
drop function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb);
drop function "public"."watch_run"(uuid);
drop function "public"."watch_runs"(uuid);

alter table "private"."run_joins"
  drop column "expects";

alter table "private"."run_joins"
  drop column "fired";

alter table "private"."run_joins"
  drop column "need";

alter table "public"."flow_versions"
  drop column "compensate_on_cancel";

alter table "public"."flow_versions"
  drop column "error_flow_id";

alter table "public"."flow_versions"
  drop column "run_limits";

alter table "public"."flow_versions"
  drop column "undo_nodes";

alter table "public"."job_queue"
  drop column "pausing";

alter table "public"."plans"
  drop column "max_concurrent_runs";

alter table "public"."plans"
  drop column "max_schedules";

alter table "public"."run_steps"
  drop column "exit";

alter table "public"."runs"
  drop column "concurrency_key";

alter table "public"."runs"
  drop column "depth";

alter table "public"."runs"
  drop column "entity_id";

alter table "public"."runs"
  drop column "parent_run_id";

alter table "public"."runs"
  drop column "pins";

alter table "public"."runs"
  drop column "schedule_id";

alter table "public"."webhook_endpoints"
  drop column "mapping";

alter table "public"."webhook_events"
  drop column "mapped";

alter table "public"."webhook_events"
  drop column "mapping_error";

drop table "private"."live_watchers";
drop table "private"."run_cancellations";
drop table "private"."run_regions";
drop table "private"."run_signals";
drop table "private"."run_slots";
drop table "private"."run_stats_open";
drop table "private"."run_stats_state";
drop table "private"."scratch_flows";
drop table "public"."bulk_operations";
drop table "public"."entities";
drop table "public"."entity_moves";
drop table "public"."flow_edge_stats";
drop table "public"."flow_version_runs";
drop table "public"."run_stats_daily";
drop table "public"."schedule_firings";
drop table "public"."schedules";

create or replace function engine.claim_jobs (
  p_worker_id uuid,
  p_limit     integer default 10,
  p_kind      text    default 'worker'::text,
  p_run_id    uuid    default null::uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_start uuid;
  v_ids uuid[];
  v_walk uuid[];
  v_orgs integer;
  v_rest integer;
begin
  perform private.keep_worker(p_worker_id, p_kind);

  if p_run_id is not null then
    select array_agg(c.id) into v_ids from (
      select j.id from public.job_queue j
      where j.run_id = p_run_id and j.status = 'available' and j.scheduled_for <= v_now
      order by j.id limit p_limit
      for update skip locked
    ) c;
  else
    -- Organizations take turns: the index is walked from one organization with due work to the next, beginning where the
    -- last batch ended and around the end, and each gives an equal share of the batch. (A random place to begin at would
    -- be no turn: ids are ordered by time and lie close together.)
    select (lpad(to_hex(t.last_value), 15, '0') || repeat('f', 17))::uuid into v_start from private.claim_turns t;
    with recursive turns as (
      (select j.organization_id from public.job_queue j
       where j.status = 'available' and j.scheduled_for <= v_now and j.organization_id > v_start
       order by j.organization_id limit 1)
      union all
      select t.organization_id from (
        select (
          select j.organization_id from public.job_queue j
          where j.status = 'available' and j.scheduled_for <= v_now and j.organization_id > p.organization_id
          order by j.organization_id limit 1
        ) as organization_id
        from turns p
      ) t
      where t.organization_id is not null
    ),
    around as (
      (select j.organization_id from public.job_queue j
       where j.status = 'available' and j.scheduled_for <= v_now and j.organization_id <= v_start
       order by j.organization_id limit 1)
      union all
      select t.organization_id from (
        select (
          select j.organization_id from public.job_queue j
          where j.status = 'available' and j.scheduled_for <= v_now
            and j.organization_id > p.organization_id and j.organization_id <= v_start
          order by j.organization_id limit 1
        ) as organization_id
        from around p
      ) t
      where t.organization_id is not null
    ),
    orgs as materialized (
      select organization_id from (
        select organization_id from turns union all select organization_id from around
      ) o limit greatest(1, p_limit)
    ),
    picked as (
      select c.id, o.organization_id from orgs o
      cross join lateral (
        select j.id from public.job_queue j
        where j.status = 'available' and j.organization_id = o.organization_id and j.scheduled_for <= v_now
        order by j.priority, j.scheduled_for
        limit greatest(1, ceil(p_limit::numeric / (select count(*) from orgs)))::integer
        for update skip locked
      ) c
      limit p_limit
    )
    select array_agg(p.id), array_agg(p.organization_id), (select count(*) from orgs) into v_ids, v_walk, v_orgs from picked p;

    if v_orgs >= p_limit then
      perform setval('private.claim_turns', ('x' || left(replace(v_walk[cardinality(v_walk)]::text, '-', ''), 15))::bit(60)::bigint)
      where v_walk is not null;
    end if;
    -- What some leave of their share goes to the others.
    if cardinality(v_ids) < p_limit and v_orgs > 1 then
      v_rest := p_limit - cardinality(v_ids);
      select v_ids || coalesce(array_agg(f.id), '{}') into v_ids from (
        select c.id from (select distinct w.organization_id from unnest(v_walk) as w (organization_id)) o
        cross join lateral (
          select j.id from public.job_queue j
          where j.status = 'available' and j.organization_id = o.organization_id and j.scheduled_for <= v_now
            and j.id <> all (v_ids)
          order by j.priority, j.scheduled_for
          limit v_rest
          for update skip locked
        ) c
        limit v_rest
      ) f;
    end if;
  end if;

  if v_ids is null then
    return '[]';
  end if;

  -- A queued run begins. One that someone else holds (it is being cancelled) is left alone with its token: never wait for a
  -- run while holding tokens.
  with begun as (
    update public.runs r set status = 'running', started_at = v_now
    where r.id in (
      select q.id from public.runs q
      where q.id in (select j.run_id from public.job_queue j where j.id = any (v_ids))
        and q.status = 'queued'
      for update skip locked
    )
    returning r.id
  )
  select coalesce(array_agg(j.id), '{}') into v_ids
  from public.job_queue j
  left join public.runs r on r.id = j.run_id
  where j.id = any (v_ids) and (r.status is distinct from 'queued' or r.id in (select b.id from begun b));

  update public.job_queue j set
    status = 'running', worker_id = p_worker_id, epoch = j.epoch + 1, attempts = j.attempts + 1, started_at = v_now
  where j.id = any (v_ids);
  return private.job_reply(v_ids);
end;
$function$;

create or replace function engine.configure (
  p_functions_url text,
  p_max_workers   integer default 4
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_jobs text[] := '{}';
begin
  if coalesce(p_functions_url, '') !~ '^https?://[^[:space:]]+$' then
    perform private.fail('invalid_request', 'The address of the edge functions must be a http(s) URL', 400);
  end if;
  insert into private.settings (name, value)
  values ('functions_url', rtrim(p_functions_url, '/')), ('max_workers', p_max_workers::text)
  on conflict (name) do update set value = excluded.value, updated_at = private.now();

  perform engine.ensure_partitions();
  if to_regprocedure('cron.schedule(text, text, text)') is not null then
    perform cron.schedule('millrace-tick', '10 seconds', 'select engine.tick()');
    perform cron.schedule('millrace-partitions', '17 3 * * *', 'select engine.ensure_partitions()');
    perform cron.schedule('millrace-rate-limits', '*/15 * * * *', 'select private.purge_rate_limits()');
    perform cron.schedule('millrace-cron-history', '41 4 * * *',
      'delete from cron.job_run_details where end_time < now() - interval ''3 days''');
    v_jobs := array['millrace-tick', 'millrace-partitions', 'millrace-rate-limits', 'millrace-cron-history'];
  end if;
  return jsonb_build_object(
    'functions_url', rtrim(p_functions_url, '/'),
    'cron_jobs', to_jsonb(v_jobs),
    'can_call_functions', to_regproc('net.http_post') is not null
  );
end;
$function$;

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

create or replace function engine.settle_jobs (
  p_worker_id uuid,
  p_results   jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_results: [{
--   job, epoch                                   the token and its fence
--   steps: [{node, scope, attempt, status, leaf, handles, output, error, started_ago, finished_ago}]   microseconds before now
--   move:  {node, scope, attempt, reads, payload, delay_ms, keep, error}   where the token goes; absent = see hold
--   hold:  true                                  the token stays as it is, its worker goes on from memory
--   spawn: [{node, scope, reads, payload, keep}] new tokens
--   arrive: [{node, scope, expects, live, dead, reads}]   answers at joins
--   finish: {status, output, error}              the run ends now
-- }]   neither move nor hold: the token is consumed
-- Answers {settled: [job], jobs: [tokens now leased to the worker]}. A job that is not in settled was lost: nothing of
-- it was written.
declare
  v_now timestamptz := private.now();
  v_settled uuid[];
  v_places bigint[];
  v_run_ids uuid[];
  v_dropped uuid[];
  v_kept uuid[] := '{}';
  v_more uuid[];
  v_run record;
begin
  -- Phase 1: the runs that may end, meet at a join or get more tokens, locked in one order. Tokens of a run come and go
  -- under its lock only, so nobody who ends a run overlooks one that is being made.
  select array_agg(distinct j.run_id) into v_run_ids
  from jsonb_to_recordset(p_results) as r (job uuid, move jsonb, hold boolean, spawn jsonb, arrive jsonb, finish jsonb)
  join public.job_queue j on j.id = r.job
  where r.finish is not null or r.arrive is not null or r.spawn is not null or (r.move is null and r.hold is not true);
  if v_run_ids is not null then
    perform 1 from (
      select q.id from public.runs q where q.id = any (v_run_ids) order by q.id for no key update
    ) l;
    -- Tokens of other workers that go with a run that finishes.
    select array_agg(j.id) into v_dropped
    from jsonb_to_recordset(p_results) as r (run_id uuid, finish jsonb)
    join public.job_queue j on j.run_id = r.run_id
    where r.finish is not null;
  end if;

  -- Phase 2: the fence. All tokens that this call may touch are locked in one order, so that two calls never wait for each
  -- other. A result whose token is not ours any more is dropped here; so is an older one of a token that this worker lost
  -- and claimed again.
  with r as materialized (
    select * from rows from (jsonb_to_recordset(p_results) as (job uuid, epoch integer))
      with ordinality as x (job, epoch, place)
  ),
  locked as materialized (
    select j.id, j.epoch, j.worker_id from public.job_queue j
    where j.id = any (array(select r.job from r) || v_dropped)
      and (j.worker_id = p_worker_id or j.id = any (v_dropped))
    order by j.id
    for update
  )
  select array_agg(v.id), array_agg(v.place) into v_settled, v_places
  from (
    select l.id, min(r.place) as place
    from locked l
    join r on r.job = l.id and r.epoch = l.epoch
    where l.worker_id = p_worker_id
    group by l.id
  ) v;
  if v_settled is null then
    return '{"settled": [], "jobs": []}';
  end if;
  if cardinality(v_places) < jsonb_array_length(p_results) then
    select jsonb_agg(x.value) into p_results
    from jsonb_array_elements(p_results) with ordinality x
    where x.ordinality = any (v_places);
  end if;

  -- Phase 3: tokens move or go; the others stay.
  with r as materialized (
    select * from jsonb_to_recordset(p_results) as x (job uuid, move jsonb, hold boolean)
  ),
  moved as (
    update public.job_queue j set
      node_id = r.move ->> 'node',
      scope = coalesce(r.move ->> 'scope', ''),
      attempts = case when (r.move ->> 'keep')::boolean then 1 else 0 end + coalesce((r.move ->> 'attempt')::smallint, 0),
      max_attempts = 8 + coalesce((r.move ->> 'attempt')::smallint, 0),
      reads = case when r.move ? 'reads' then array(select jsonb_array_elements_text(r.move -> 'reads')) end,
      payload = r.move -> 'payload',
      resume = false,
      error_message = r.move ->> 'error',
      epoch = j.epoch + 1,
      scheduled_for = case when r.move ? 'delay_ms'
        then v_now + make_interval(secs => (r.move ->> 'delay_ms')::double precision / 1000) else j.scheduled_for end,
      status = case when (r.move ->> 'keep')::boolean then 'running' else 'available' end,
      worker_id = case when (r.move ->> 'keep')::boolean then p_worker_id end,
      started_at = case when (r.move ->> 'keep')::boolean then v_now end
    from r
    where r.move is not null and j.id = r.job
  )
  delete from public.job_queue j
  using r
  where r.move is null and r.hold is not true and j.id = r.job;
  select coalesce(array_agg(r.job), '{}') into v_kept
  from jsonb_to_recordset(p_results) as r (job uuid, move jsonb)
  where (r.move ->> 'keep')::boolean;

  -- Phase 4: what was done is recorded.
  insert into public.run_steps (
    run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, error, started_at, finished_at
  )
  select
    r.run_id, s.node, coalesce(s.scope, ''), coalesce(s.attempt, 1), r.organization_id, s.status, coalesce(s.leaf, false),
    s.handles, s.output, s.error,
    v_now - make_interval(secs => coalesce(s.started_ago, 0) / 1000000.0),
    v_now - make_interval(secs => coalesce(s.finished_ago, 0) / 1000000.0)
  from jsonb_to_recordset(p_results) as r (run_id uuid, organization_id uuid, steps jsonb)
  cross join lateral jsonb_to_recordset(r.steps) as s (
    node text, scope text, attempt smallint, status text, leaf boolean, handles text[], output jsonb, error jsonb,
    started_ago bigint, finished_ago bigint
  )
  -- A worker that saw no answer sends the same again; a step that it holds is then recorded already.
  on conflict (run_id, node_id, scope, attempt) do nothing;

  -- Phase 5: new tokens.
  with spawned as (
    insert into public.job_queue (
      organization_id, run_id, node_id, scope, reads, payload, status, worker_id, epoch, attempts, started_at,
      scheduled_for, deadline_at, created_at
    )
    select
      r.organization_id, r.run_id, s.node, coalesce(s.scope, ''), s.reads, s.payload,
      case when s.keep then 'running' else 'available' end, case when s.keep then p_worker_id end,
      case when s.keep then 1 else 0 end, case when s.keep then 1 else 0 end, case when s.keep then v_now end,
      v_now, v_now + make_interval(secs => r.deadline_ms / 1000.0), v_now
    from jsonb_to_recordset(p_results) as r (run_id uuid, organization_id uuid, deadline_ms bigint, spawn jsonb)
    cross join lateral jsonb_to_recordset(r.spawn) as s (node text, scope text, reads text[], payload jsonb, keep boolean)
    where r.spawn is not null
    returning id, worker_id
  )
  select array_agg(s.id) into v_more from spawned s where s.worker_id is not null;
  v_kept := v_kept || coalesce(v_more, '{}');

  if v_run_ids is not null then
    -- Phase 6: answers at joins. The last answer turns the row into a token: live if any answer was, dead otherwise.
    with answers as (
      select r.run_id, r.organization_id, r.deadline_ms, a.node, coalesce(a.scope, '') as scope, a.expects, a.reads,
        array(select jsonb_array_elements_text(coalesce(a.live, '[]'))::smallint) as live,
        array(select jsonb_array_elements_text(coalesce(a.dead, '[]'))::smallint) as dead
      from jsonb_to_recordset(p_results) as r (run_id uuid, organization_id uuid, deadline_ms bigint, arrive jsonb)
      cross join lateral jsonb_to_recordset(r.arrive) as a (
        node text, scope text, expects integer, live jsonb, dead jsonb, reads text[]
      )
        where r.arrive is not null
    ),
    grouped as (
      select a.run_id, a.node, a.scope, min(a.organization_id::text)::uuid as organization_id, min(a.deadline_ms) as deadline_ms,
        min(a.expects) as expects,
        array(select unnest(b.live) from answers b where (b.run_id, b.node, b.scope) = (a.run_id, a.node, a.scope)) as live,
        array(select unnest(b.dead) from answers b where (b.run_id, b.node, b.scope) = (a.run_id, a.node, a.scope)) as dead
      from answers a
      group by a.run_id, a.node, a.scope
    ),
    arrived as (
      insert into private.run_joins as g (run_id, node_id, scope, live, dead)
      select a.run_id, a.node, a.scope, a.live, a.dead from grouped a
      order by a.run_id, a.node, a.scope
      on conflict (run_id, node_id, scope) do update set live = g.live || excluded.live, dead = g.dead || excluded.dead
      returning g.run_id, g.node_id, g.scope, g.live, g.dead
    ),
    made as (
      insert into public.job_queue (
        organization_id, run_id, node_id, scope, reads, payload, status, worker_id, epoch, attempts, started_at,
        scheduled_for, deadline_at, created_at
      )
      select
        g.organization_id, g.run_id, g.node, g.scope,
        case when cardinality(d.live) > 0 then
          (select b.reads from answers b where (b.run_id, b.node, b.scope) = (g.run_id, g.node, g.scope) limit 1) end,
        case when cardinality(d.live) > 0
          then jsonb_build_object('live', (select jsonb_agg(l order by l) from unnest(d.live) l))
          else '{"dead": true}' end,
        'running', p_worker_id, 1, 1, v_now, v_now, v_now + make_interval(secs => g.deadline_ms / 1000.0), v_now
      from arrived d
      join grouped g on (g.run_id, g.node, g.scope) = (d.run_id, d.node_id, d.scope)
      where cardinality(d.live) + cardinality(d.dead) >= g.expects
      returning id
    )
    select array_agg(m.id) into v_more from made m;
    if v_more is not null then
      delete from private.run_joins g
      using public.job_queue j
      where j.id = any (v_more) and (g.run_id, g.node_id, g.scope) = (j.run_id, j.node_id, j.scope);
      v_kept := v_kept || v_more;
    end if;

    -- Phase 7: runs end, by their own word or because no token is left.
    for v_run in
      select f.run_id, f.finish
      from jsonb_to_recordset(p_results) as f (run_id uuid, finish jsonb)
      where f.finish is not null
    loop
      perform private.end_run(
        v_run.run_id, v_run.finish ->> 'status',
        -- JSON's null is no value: a run that has completed has no error.
        nullif(v_run.finish -> 'output', 'null'), nullif(v_run.finish -> 'error', 'null')
      );
    end loop;
    for v_run in
      select q.id from public.runs q
      where q.id = any (v_run_ids) and q.finished_at is null
        and not exists (select 1 from public.job_queue j where j.run_id = q.id)
    loop
      perform private.finish_run(v_run.id);
    end loop;
  end if;

  return jsonb_build_object(
    'settled', to_jsonb(v_settled),
    'jobs', case when cardinality(v_kept) = 0 then '[]'::jsonb else private.job_reply(v_kept) end
  );
end;
$function$;

create or replace function engine.tick()
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_workers uuid[];
  v_dead uuid[];
  v_freed uuid[] := '{}';
  v_expired integer := 0;
  v_lost integer := 0;
  v_run record;
  v_ready integer;
  v_awake integer;
  v_woken integer := 0;
begin
  -- One tick at a time; a second one has nothing to do. It never waits for a run or a token that somebody holds (the next
  -- tick comes soon), so it can hold many of them itself.
  if not pg_try_advisory_xact_lock(hashtext('millrace.tick')) then
    return '{"skipped": true}';
  end if;

  -- Lapsed leases: the worker goes first, so that it can not prolong a lease whose jobs are being given away.
  with lapsed as (
    delete from private.workers w where w.id in (
      select o.id from private.workers o where o.expires_at < v_now limit 100 for update skip locked
    ) returning w.id
  )
  select array_agg(l.id) into v_workers from lapsed l;
  -- Not only theirs: a token whose worker is not there at all belongs to nobody, however that came about.
  select array_agg(distinct j.worker_id) into v_dead
  from public.job_queue j
  where j.worker_id is not null and not exists (select 1 from private.workers w where w.id = j.worker_id);
  with freed as (
    update public.job_queue j
    set status = 'available', worker_id = null, started_at = null, resume = true
    where j.id in (select o.id from public.job_queue o where o.worker_id = any (v_dead) for update skip locked)
    returning j.id
  )
  select coalesce(array_agg(f.id), '{}') into v_freed from freed f;

  -- Runs past their deadline, and runs that take every worker down with them.
  for v_run in
    select distinct j.run_id from public.job_queue j where j.deadline_at < v_now limit 200
  loop
    continue when not private.try_lock_run(v_run.run_id);
    perform private.end_run(v_run.run_id, 'failed', null, jsonb_build_object(
      'code', 'run_timeout', 'message', 'The run took longer than its time-out'
    ));
    v_expired := v_expired + 1;
  end loop;
  for v_run in
    select distinct on (j.run_id) j.run_id, j.node_id from public.job_queue j
    where j.id = any (v_freed) and j.attempts >= j.max_attempts and j.run_id is not null
    order by j.run_id, j.id
  loop
    continue when not private.try_lock_run(v_run.run_id);
    perform private.end_run(v_run.run_id, 'failed', null, jsonb_build_object(
      'code', 'worker_lost', 'node_id', v_run.node_id,
      'message', 'The worker was lost each time it ran this part of the flow'
    ));
    v_lost := v_lost + 1;
  end loop;

  -- As many workers as the backlog needs.
  select count(*) into v_ready from (
    select 1 from public.job_queue j where j.status = 'available' and j.scheduled_for <= v_now limit 500
  ) b;
  if v_ready > 0 then
    select count(*) into v_awake from private.workers w where w.kind = 'worker' and w.expires_at > v_now;
    select v_awake + count(*) into v_awake from private.worker_wakes k
    where k.redeemed_at is null and k.created_at > v_now - interval '5 seconds';
    v_woken := private.wake_workers(least(
      coalesce(private.setting('max_workers')::integer, 4), ceil(v_ready / 50.0)::integer
    ) - v_awake);
  end if;

  delete from private.worker_wakes k where k.created_at < v_now - interval '1 hour';
  delete from private.idempotency_keys i where i.ctid in (
    select o.ctid from private.idempotency_keys o where o.created_at < v_now - interval '24 hours' limit 1000
    for update skip locked
  );
  return jsonb_build_object(
    'workers_lost', coalesce(cardinality(v_workers), 0), 'jobs_freed', cardinality(v_freed), 'runs_expired', v_expired,
    'runs_given_up', v_lost, 'ready', v_ready, 'workers_woken', v_woken
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

create or replace function private.create_run (
  p_flow             public.flows,
  p_trigger          text,
  p_input            jsonb,
  p_trigger_node     text         default null::text,
  p_webhook_event_id uuid         default null::uuid,
  p_retry_of         uuid         default null::uuid,
  p_version_id       uuid         default null::uuid,
  p_traceparent      text         default null::text,
  p_worker_id        uuid         default null::uuid,
  p_run_id           uuid         default null::uuid
)
  returns public.runs
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_run public.runs;
begin
  insert into public.runs (
    id, organization_id, flow_id, flow_version_id, status, trigger, trigger_node, webhook_event_id, retry_of, input,
    created_by, traceparent, deadline_at, started_at, created_at
  )
  select
    coalesce(p_run_id, private.uuid_v7()), p_flow.organization_id, p_flow.id, v.id,
    case when p_worker_id is null then 'queued' else 'running' end,
    p_trigger, p_trigger_node, p_webhook_event_id, p_retry_of, p_input,
    auth.uid(), p_traceparent, v_now + make_interval(secs => v.timeout_seconds),
    case when p_worker_id is not null then v_now end, v_now
  from public.flow_versions v
  where v.id = coalesce(p_version_id, p_flow.current_version_id)
  returning * into v_run;

  insert into public.job_queue (
    organization_id, run_id, resume, status, worker_id, attempts, epoch, started_at, scheduled_for, deadline_at, created_at
  )
  values (
    v_run.organization_id, v_run.id, p_retry_of is not null,
    case when p_worker_id is null then 'available' else 'running' end, p_worker_id,
    case when p_worker_id is null then 0 else 1 end, case when p_worker_id is null then 0 else 1 end,
    case when p_worker_id is not null then v_now end, v_now, v_run.deadline_at, v_now
  );
  return v_run;
end;
$function$;

create or replace function private.end_run (
  p_run_id uuid,
  p_status text,
  p_output jsonb default null::jsonb,
  p_error  jsonb default null::jsonb
)
  returns boolean
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
begin
  -- Every path locks the run first and its tokens after it, in the order of their ids, so no two of them wait for each other.
  update public.runs r set
    status = p_status,
    finished_at = v_now,
    started_at = case when p_status = 'completed' then coalesce(r.started_at, v_now) else r.started_at end,
    output = p_output,
    error = p_error
  where r.id = p_run_id and r.finished_at is null;
  if not found then
    return false;
  end if;
  perform 1 from (
    select j.id from public.job_queue j where j.run_id = p_run_id order by j.id for update
  ) l;
  delete from public.job_queue j where j.run_id = p_run_id;
  delete from private.run_joins g where g.run_id = p_run_id;
  return true;
end;
$function$;

create or replace function private.job_reply (
  p_job_ids uuid[]
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  set plan_cache_mode to 'force_generic_plan'
  AS $function$
begin
  return (
  select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
    'job', j.id,
    'epoch', j.epoch,
    'type', j.type,
    'organization_id', j.organization_id,
    'run_id', j.run_id,
    'node', j.node_id,
    'scope', nullif(j.scope, ''),
    'attempt', j.attempts,
    'payload', j.payload,
    'deadline_ms', floor(extract(epoch from j.deadline_at - private.now()) * 1000)::bigint,
    'trigger', r.trigger,
    'trigger_node', r.trigger_node,
    'traceparent', r.traceparent,
    'started_at', r.started_at,
    'flow_id', r.flow_id,
    'flow_version_id', r.flow_version_id
  )) || jsonb_build_object(
    'input', r.input,
    'outputs', (
      select coalesce(jsonb_object_agg(s.node_id, s.output), '{}')
      from public.run_steps s
      where s.run_id = j.run_id and s.node_id = any (j.reads) and s.output is not null
        and (s.scope = j.scope or s.scope = '')
    ),
    'recorded', case when j.resume then (
      select coalesce(jsonb_agg(jsonb_build_object(
        'node', s.node_id, 'status', s.status, 'handles', s.handles, 'output', s.output
      )), '[]')
      from public.run_steps s
      where s.run_id = j.run_id and s.scope = j.scope and s.status <> 'retried'
    ) end
  ) order by j.id), '[]')
  from public.job_queue j
  left join public.runs r on r.id = j.run_id
  where j.id = any (p_job_ids)
  );
end;
$function$;

create or replace function private.run_steps_page (
  p_run_id uuid,
  p_from   timestamp with time zone,
  p_after  text,
  p_seen   text[],
  p_limit  integer
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  -- Called by functions that run as the caller: RLS decides which steps there are.
  with found as (
    select s.*, i.id
    from public.run_steps s
    cross join lateral (select concat_ws(':', s.node_id, nullif(s.scope, ''), s.attempt) as id) i
    where s.run_id = p_run_id
      and (p_from is null or (s.finished_at, i.id collate "C") > (p_from, p_after))
      and (p_seen is null or left(md5(i.id), 12) <> all (p_seen))
    order by s.finished_at, i.id collate "C"
    limit p_limit + 1
  ),
  -- At least one step and at most some MiB: a hundred outputs of 1 MiB would fill the memory of an isolate.
  measured as (
    select f.*,
      row_number() over (order by f.finished_at, f.id collate "C") as place,
      coalesce(sum(octet_length(f.output::text)) over (
        order by f.finished_at, f.id collate "C" rows between unbounded preceding and 1 preceding
      ), 0) as bytes_before
    from found f
  )
  select jsonb_build_object(
    'steps', coalesce(jsonb_agg(
      jsonb_build_object(
        'id', m.id,
        'node_id', m.node_id,
        'scope', m.scope,
        'attempt', m.attempt,
        'status', m.status,
        'handles', m.handles,
        'output', m.output,
        'error', m.error,
        'started_at', m.started_at,
        'finished_at', m.finished_at,
        'duration_ms', round(extract(epoch from m.finished_at - m.started_at) * 1000, 3)
      ) || case when p_seen is null then '{}' else jsonb_build_object('key', left(md5(m.id), 12)) end
      order by m.place
    ) filter (where m.place <= p_limit and m.bytes_before < 4194304), '[]'),
    'more', coalesce(bool_or(m.place > p_limit or m.bytes_before >= 4194304), false)
  )
  from measured m;
$function$;

create or replace function private.run_tokens (
  p_run_id uuid
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select coalesce(jsonb_agg(jsonb_build_object(
    'node_id', j.node_id,
    'scope', j.scope,
    'status', case when j.status = 'running' then 'running' when j.scheduled_for > private.now() then 'scheduled' else 'available' end,
    'attempt', case when j.status = 'running' then j.attempts else j.attempts + 1 end,
    'scheduled_for', j.scheduled_for,
    'started_at', j.started_at,
    'last_error', j.error_message
  ) order by j.created_at, j.id), '[]')
  from public.job_queue j
  where j.run_id = p_run_id;
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

create or replace function public.get_run_progress (
  p_run_id uuid,
  p_since  timestamp with time zone default null::timestamp with time zone,
  p_seen   text[]                   default '{}'::text[],
  p_limit  integer                  default 100
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  -- Steps are recorded when they are settled, and two branches settle in any order: a step may appear that ended before
  -- one that was seen already. But none will appear that ended before the oldest lease that is running now began.
  select jsonb_build_object(
    'id', r.id,
    'status', r.status,
    'output', r.output,
    'error', r.error,
    'started_at', r.started_at,
    'finished_at', r.finished_at,
    'complete_until', coalesce(
      (select min(j.started_at) from public.job_queue j where j.run_id = r.id and j.status = 'running'), private.now()
    )
  ) || private.run_steps_page(r.id, p_since, '', coalesce(p_seen, '{}'), least(greatest(p_limit, 1), 100))
  from public.runs r
  where r.id = p_run_id;
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

create or replace function public.retry_run (
  p_run_id          uuid,
  p_idempotency_key text    default null::text,
  p_wake            boolean default true
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
  v_flow public.flows;
  v_new public.runs;
  v_reply jsonb;
begin
  v_reply := private.idempotent_reply(v_run.organization_id, 'retry_run', p_idempotency_key, to_jsonb(p_run_id));
  if v_reply is not null then
    return v_reply;
  end if;
  if v_run.finished_at is null then
    perform private.fail('run_not_finished', 'The run is still under way', 409);
  end if;
  if v_run.status = 'completed' then
    perform private.fail('run_finished', 'The run has completed: nothing of it is left to retry', 409);
  end if;
  select * into v_flow from public.flows f where f.id = v_run.flow_id and f.deleted_at is null;
  if not found then
    perform private.fail('not_found', 'No such flow', 404);
  end if;

  v_new := private.create_run(
    v_flow, v_run.trigger, v_run.input, v_run.trigger_node, v_run.webhook_event_id, v_run.id, v_run.flow_version_id, v_run.traceparent
  );
  -- What the run went past is taken over: completed steps, and failed ones whose error it went on with (only those have an
  -- output). Skipped ones follow from them anew; a stop node that failed the run is where the retry begins.
  insert into public.run_steps
    (run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, error, started_at, finished_at)
  select
    v_new.id, s.node_id, s.scope, s.attempt, s.organization_id, s.status, s.leaf, s.handles, s.output, s.error,
    s.started_at, s.finished_at
  from public.run_steps s
  where s.run_id = v_run.id
    and (s.status = 'completed' or (s.status = 'failed' and s.output is not null))
    and (v_run.error ->> 'code' = 'stopped' and v_run.error ->> 'node_id' = s.node_id) is not true;
  if p_wake then
    perform private.wake_if_idle();
  end if;
  return private.keep_reply(v_run.organization_id, 'retry_run', p_idempotency_key, to_jsonb(v_new));
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

alter table "public"."job_queue"
  add constraint "job_queue_status_check" check ((status = ANY (ARRAY['available'::text, 'running'::text])));

alter table "public"."run_steps"
  add constraint "failure_says_why" check (((status = ANY (ARRAY['failed'::text, 'retried'::text])) = (error IS
    NOT NULL)));

alter table "public"."run_steps"
  add constraint "run_steps_status_check"
    check ((status = ANY (ARRAY['completed'::text, 'failed'::text, 'retried'::text, 'skipped'::text])));

alter table "public"."runs"
  add constraint "failed_says_why" check (((status = 'failed'::text) = (error IS NOT NULL)));

alter table "public"."runs"
  add constraint "finished_means_terminal"
    check (((status = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text])) = (finished_at IS NOT NULL)));

alter table "public"."runs"
  add constraint "runs_status_check"
    check
    ((status = ANY (ARRAY['queued'::text, 'running'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])));

alter table "public"."runs"
  add constraint "runs_trigger_check" check ((trigger = ANY (ARRAY['manual'::text, 'webhook'::text])));

alter table "public"."runs"
  add constraint "started_unless_queued" check (((started_at IS
    NOT NULL) OR (status = ANY (ARRAY['queued'::text, 'cancelled'::text, 'failed'::text]))));

create trigger touch
  before update of name, config, flow_id, trigger_node, signature_required, is_active on public.webhook_endpoints
  for each row
  execute function private.touch();

comment on column "private"."run_joins"."scope" is 'Path of loop and split indices; empty = top level.';
comment on column "private"."settings"."name" is 'functions_url = where the edge functions answer; max_workers = how many worker isolates may be awake.';
comment on column "public"."job_queue"."payload" is 'For a token at a join: {"live": [slots]} or {"dead": true}. For other types: their arguments.';
comment on column "public"."job_queue"."scope" is 'Path of loop and split indices, as in 3.0.12; empty = top level.';
comment on column "public"."job_queue"."status" is 'available = may be claimed once scheduled_for has come; running = leased to worker_id.';
comment on column "public"."run_steps"."scope" is 'Path of loop and split indices; empty = top level.';
comment on column "public"."run_steps"."status" is 'completed; failed = for good; retried = failed, another attempt follows; skipped = every way to it was dead.';
comment on column "public"."runs"."retry_of" is 'The run whose recorded steps this one took over; null = none.';
comment on column "public"."runs"."status" is 'queued = no worker has begun it; running = begun, working or visibly waiting; completed, failed, cancelled = ended, never changes again.';
comment on column "public"."runs"."trigger" is 'What started it: manual (a person or an API call) or webhook. A retry keeps what its first run had.';

comment on function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean)
  is 'Keeps a verified delivery and starts its run, in one transaction, so that it may be acknowledged. A repeated event (same key, or same body where p_dedupe_body) starts nothing and answers with the first one. p_raw_body is base64; p_input is what the trigger gives (event_id and received_at are added); p_worker_id = the first token is leased to that worker, and jobs holds it; p_unsigned = nobody checked who sent it; p_test = it came to the test address: it repeats nothing, runs although the flow is off, and its input says test.';

comment on function "engine"."tick"() is 'The clock, every ten seconds by pg_cron: gives away the jobs of workers whose lease lapsed, fails runs past their deadline or that lost their worker again and again, wakes as many workers as the backlog needs, forgets what is old. Answers what it did.';

comment on function "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid) is
  'Writes a run and its first token. p_worker_id null = any worker may claim it; otherwise it starts leased to that worker (inline start). p_run_id = an id that the caller has chosen already, by private.uuid_v7. Trusts its caller for permissions.';

comment on function "private"."end_run"(uuid, text, jsonb, jsonb) is 'Ends a run: status, output or error, and no token left; a worker that still holds one finds its fence gone. False = it had ended before.';
comment on function "private"."job_reply"(uuid[]) is 'Jobs as a worker needs them: the token, its fence (epoch), the run it belongs to, the input, the outputs its node reads, and, when steps after the token may be recorded already, those.';
comment on function "private"."run_tokens"(uuid) is 'Where a run stands: its tokens, running, scheduled for later or available to the next worker. Called by functions that run as the caller: RLS decides.';

comment on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text) is
  'Makes a webhook endpoint for a flow. p_secret: the one the provider shows (Stripe), null = made here. The answer holds the secret, this once. Needs webhooks:write.';

comment on function "public"."get_run_progress"(uuid, timestamp
  with time zone, text[], integer) is 'What is new about a run: its state, and the steps that ended at p_since or later and whose key is not among p_seen. Whoever follows a run asks again with p_since = complete_until less a margin for clocks, and p_seen = the keys of what has been seen since then. Null when the caller sees no such run. Runs as the caller.';

comment on function "public"."retry_run"(uuid, text, boolean) is 'Retries a failed or cancelled run from where it stopped: a new run of the same version that takes over the completed steps. Needs runs:execute. Answers the new run.';
comment on function "public"."start_run"(uuid, jsonb, text, text, text, boolean) is 'Starts a run of the current version. p_wake false = the caller runs it itself at once, so no worker needs waking (the next tick finds it otherwise). Needs runs:execute; 409 when the flow is off. Answers the run.';

comment on function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text) is
  'Changes an endpoint; null = leave as it is, but with another flow the trigger node is p_trigger_node or the first that fits. Needs webhooks:write.';

comment on table "private"."settings" is 'Settings of this deployment that SQL needs, written by engine.configure.';

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

revoke all
  on function "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid)
  from public;

revoke all
  on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text)
  from public;

grant execute
  on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text)
  to "authenticated";

revoke all on function "public"."start_run"(uuid, jsonb, text, text, text, boolean) from public;
grant execute on function "public"."start_run"(uuid, jsonb, text, text, text, boolean) to "authenticated";

revoke all
  on function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text)
  from public;

grant execute
  on function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text)
  to "authenticated";

reset check_function_bodies;

-- seed 10_tenancy/011_plans_seed.sql 1af3b3481b80743f
insert into public.plans
  (id, name, requests_per_minute, request_burst, max_flows, max_webhook_endpoints, hook_requests_per_minute, max_run_seconds)
values
  ('free', 'Free', 300, 100, 20, 20, 600, 86400),
  ('pro', 'Pro', 1200, 300, 200, 200, 3000, 604800),
  ('team', 'Team', 3000, 600, 1000, 1000, 12000, 2592000),
  ('enterprise', 'Enterprise', 12000, 2400, 10000, 10000, 60000, 31536000)
on conflict (id) do update set
  name = excluded.name,
  requests_per_minute = excluded.requests_per_minute,
  request_burst = excluded.request_burst,
  max_flows = excluded.max_flows,
  max_webhook_endpoints = excluded.max_webhook_endpoints,
  hook_requests_per_minute = excluded.hook_requests_per_minute,
  max_run_seconds = excluded.max_run_seconds;
-- end of seed 10_tenancy/011_plans_seed.sql
