-- Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

drop trigger "touch" on "public"."webhook_endpoints";

alter table "public"."job_queue"
  drop constraint "job_queue_status_check";

alter table "public"."run_steps"
  drop constraint "failure_says_why";

alter table "public"."run_steps"
  drop constraint "run_steps_status_check";

alter table "public"."runs"
  drop constraint "failed_says_why";

alter table "public"."runs"
  drop constraint "finished_means_terminal";

alter table "public"."runs"
  drop constraint "runs_status_check";

alter table "public"."runs"
  drop constraint "runs_trigger_check";

alter table "public"."runs"
  drop constraint "started_unless_queued";

drop function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean);

drop function "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid);
drop function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text);
drop function "public"."start_run"(uuid, jsonb, text, text, text, boolean);
drop function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text);

create unlogged table "private"."live_watchers" (
  "id"            uuid                     not null,
  "watched_until" timestamp with time zone not null,
  constraint "live_watchers_pkey" primary key (id)
);

alter table "private"."live_watchers"
  enable row level security;

create table "private"."run_cancellations" (
  "run_id"     uuid                     not null,
  "created_at" timestamp with time zone not null default private.now(),
  constraint "run_cancellations_pkey" primary key (run_id)
);

alter table "private"."run_cancellations"
  enable row level security;

create table "private"."run_regions" (
  "run_id"          uuid     not null,
  "node_id"         text     not null,
  "scope"           text     not null default ''::text,
  "token_id"        uuid     not null,
  "organization_id" uuid     not null,
  "closer"          text     not null,
  "items"           jsonb    not null,
  "first"           integer  not null,
  "total"           integer  not null,
  "next"            integer  not null,
  "open"            integer  not null default 0,
  "completed"       integer  not null default 0,
  "failed"          integer  not null default 0,
  "window_size"     smallint not null,
  "tolerate"        integer  not null,
  "more"            boolean  not null,
  "broke"           boolean  not null default false,
  "resume"          boolean  not null default false,
  "reads"           text[],
  "close_reads"     text[],
  "body"            text[]   not null,
  "chunk"           smallint not null default 1,
  constraint "run_regions_chunk_check" check ((chunk > 0)),
  constraint "run_regions_pkey" primary key (run_id, node_id, scope),
  constraint "run_regions_window_size_check" check ((window_size > 0))
);

alter table "private"."run_regions"
  enable row level security;

alter table "private"."run_regions"
  set (fillfactor=70);

create table "private"."run_signals" (
  "id"         uuid                     not null default private.uuid_v7(),
  "run_id"     uuid                     not null,
  "kind"       text                     not null,
  "name"       text                     not null,
  "data"       jsonb,
  "created_by" uuid,
  "created_at" timestamp with time zone not null default private.now(),
  constraint "run_signals_kind_check" check ((kind = ANY (ARRAY['signal'::text, 'callback'::text]))),
  constraint "run_signals_name_check" check (((length(name) >= 1) AND (length(name) <= 1000))),
  constraint "run_signals_pkey" primary key (id)
);

alter table "private"."run_signals"
  enable row level security;

create table "private"."run_slots" (
  "limit_key"       text not null,
  "run_id"          uuid not null,
  "organization_id" uuid not null,
  constraint "run_slots_pkey" primary key (limit_key, run_id)
);

alter table "private"."run_slots"
  enable row level security;

alter table "private"."run_slots"
  set (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000);

create table "private"."run_stats_open" (
  "run_id"          uuid not null,
  "organization_id" uuid not null,
  "flow_id"         uuid not null,
  "day"             date not null,
  "status"          text not null,
  constraint "run_stats_open_pkey" primary key (run_id)
);

alter table "private"."run_stats_open"
  enable row level security;

create table "private"."run_stats_state" (
  "id"         boolean not null default true,
  "counted_to" uuid    not null,
  "looked_at"  uuid    not null,
  constraint "run_stats_state_id_check" check (id),
  constraint "run_stats_state_pkey" primary key (id)
);

alter table "private"."run_stats_state"
  enable row level security;

create table "private"."scratch_flows" (
  "organization_id" uuid not null,
  "flow_id"         uuid not null,
  constraint "scratch_flows_pkey" primary key (organization_id)
);

alter table "private"."scratch_flows"
  enable row level security;

create table "public"."bulk_operations" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "action"          text                     not null,
  "filter"          jsonb                    not null,
  "status"          text                     not null default 'queued'::text,
  "total"           integer                  not null,
  "done"            integer                  not null default 0,
  "failed"          integer                  not null default 0,
  "errors"          jsonb                    not null default '[]'::jsonb,
  "error"           jsonb,
  "position"        uuid                     not null default '00000000-0000-0000-0000-000000000000'::uuid,
  "busy"            uuid[]                   not null default '{}'::uuid[],
  "created_by"      uuid                     not null,
  "created_at"      timestamp with time zone not null default private.now(),
  "worked_at"       timestamp with time zone,
  "finished_at"     timestamp with time zone,
  constraint "bulk_operations_action_check"
    check ((action = ANY (ARRAY['cancel'::text, 'retry'::text, 'delete'::text, 'resume'::text, 'pause'::text]))),
  constraint "bulk_operations_done_check" check ((done >= 0)),
  constraint "bulk_operations_failed_check" check ((failed >= 0)),
  constraint "bulk_operations_filter_check" check ((jsonb_typeof(filter) = 'object'::text)),
  constraint "bulk_operations_pkey" primary key (id),
  constraint "bulk_operations_status_check"
    check
    ((status = ANY (ARRAY['queued'::text, 'running'::text, 'completed'::text, 'cancelled'::text, 'failed'::text]))),
  constraint "bulk_operations_total_check" check ((total >= 0)),
  constraint "failed_says_why" check (((status = 'failed'::text) = (error IS NOT NULL))),
  constraint "finished_means_terminal"
    check (((status = ANY (ARRAY['completed'::text, 'cancelled'::text, 'failed'::text])) = (finished_at IS NOT NULL)))
);

alter table "public"."bulk_operations"
  enable row level security;

alter table "public"."bulk_operations"
  set (fillfactor=70);

create table "public"."entities" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "flow_id"         uuid                     not null,
  "type"            text                     not null,
  "name"            text                     not null,
  "external_key"    text,
  "data"            jsonb                    not null default '{}'::jsonb,
  "node_id"         text,
  "entered_at"      timestamp with time zone,
  "run_id"          uuid,
  "move_count"      integer                  not null default 0,
  "created_by"      uuid,
  "deleted_at"      timestamp with time zone,
  "version"         integer                  not null default 1,
  "created_at"      timestamp with time zone not null default private.now(),
  "updated_at"      timestamp with time zone not null default private.now(),
  constraint "entities_data_check"
    check (((jsonb_typeof(data) = 'object'::text) AND (octet_length((data)::text) <= 65536))),
  constraint "entities_external_key_check" check (((length(external_key) >= 1) AND (length(external_key) <= 255))),
  constraint "entities_move_count_check" check ((move_count >= 0)),
  constraint "entities_name_check" check (((length(name) >= 1) AND (length(name) <= 200))),
  constraint "entities_node_id_check" check (((length(node_id) >= 1) AND (length(node_id) <= 64))),
  constraint "entities_pkey" primary key (id),
  constraint "entities_type_check" check (((length(type) >= 1) AND (length(type) <= 64))),
  constraint "stands_since_then" check (((node_id IS NULL) = (entered_at IS NULL)))
);

alter table "public"."entities"
  enable row level security;

alter table "public"."entities"
  set (fillfactor=80);

create table "public"."entity_moves" (
  "entity_id"       uuid                     not null,
  "number"          integer                  not null,
  "organization_id" uuid                     not null,
  "flow_id"         uuid                     not null,
  "from_node"       text,
  "to_node"         text                     not null,
  "edge_id"         text,
  "reason"          text                     not null,
  "run_id"          uuid,
  "moved_by"        uuid,
  "moved_at"        timestamp with time zone not null,
  "seconds"         numeric(20,6),
  constraint "an_edge_begins_somewhere" check (((edge_id IS NULL) OR (from_node IS NOT NULL))),
  constraint "entity_moves_number_check" check ((number > 0)),
  constraint "entity_moves_pkey" primary key (entity_id, number),
  constraint "entity_moves_reason_check"
    check ((reason = ANY (ARRAY['run'::text, 'manual'::text, 'created'::text, 'webhook'::text]))),
  constraint "entity_moves_seconds_check" check ((seconds >= (0)::numeric)),
  constraint "time_is_spent_somewhere" check (((from_node IS NULL) = (seconds IS NULL)))
);

alter table "public"."entity_moves"
  enable row level security;

create table "public"."flow_edge_stats" (
  "flow_id"         uuid                     not null,
  "from_node"       text                     not null,
  "to_node"         text                     not null,
  "organization_id" uuid                     not null,
  "moves"           bigint                   not null,
  "total_seconds"   numeric(20,6)            not null,
  "last_at"         timestamp with time zone not null,
  constraint "flow_edge_stats_moves_check" check ((moves > 0)),
  constraint "flow_edge_stats_pkey" primary key (flow_id, from_node, to_node),
  constraint "flow_edge_stats_total_seconds_check" check ((total_seconds >= (0)::numeric))
);

alter table "public"."flow_edge_stats"
  enable row level security;

alter table "public"."flow_edge_stats"
  set (fillfactor=50);

create table "public"."flow_version_runs" (
  "flow_version_id" uuid                     not null,
  "organization_id" uuid                     not null,
  "flow_id"         uuid                     not null,
  "runs"            bigint                   not null,
  "first_run_at"    timestamp with time zone not null,
  "last_run_at"     timestamp with time zone not null,
  constraint "flow_version_runs_pkey" primary key (flow_version_id)
);

alter table "public"."flow_version_runs"
  enable row level security;

create table "public"."run_stats_daily" (
  "organization_id"     uuid      not null,
  "flow_id"             uuid      not null,
  "day"                 date      not null,
  "queued"              integer   not null default 0,
  "running"             integer   not null default 0,
  "paused"              integer   not null default 0,
  "compensating"        integer   not null default 0,
  "completed"           integer   not null default 0,
  "failed"              integer   not null default 0,
  "cancelled"           integer   not null default 0,
  "compensated"         integer   not null default 0,
  "compensation_failed" integer   not null default 0,
  "timed"               integer   not null default 0,
  "duration_ms"         bigint    not null default 0,
  "durations"           integer[] not null default '{}'::integer[],
  constraint "run_stats_daily_pkey" primary key (organization_id, flow_id, day)
);

alter table "public"."run_stats_daily"
  enable row level security;

create table "public"."schedule_firings" (
  "schedule_id"     uuid                     not null,
  "scheduled_for"   timestamp with time zone not null,
  "organization_id" uuid                     not null,
  "fired_at"        timestamp with time zone not null default private.now(),
  "outcome"         text                     not null,
  "run_id"          uuid,
  "reason"          text,
  "triggered_by"    uuid,
  "is_manual"       boolean                  not null default false,
  constraint "refused_says_why" check (((outcome <> 'refused'::text) OR (reason IS NOT NULL))),
  constraint "schedule_firings_outcome_check"
    check
    ((outcome = ANY (ARRAY['started'::text, 'queued'::text, 'skipped_overlap'::text, 'skipped_missed'::text,
    'refused'::text]))),
  constraint "schedule_firings_pkey" primary key (schedule_id, scheduled_for),
  constraint "schedule_firings_reason_check" check (((length(reason) >= 1) AND (length(reason) <= 100))),
  constraint "started_names_its_run" check (((outcome = 'started'::text) = (run_id IS NOT NULL)))
);

alter table "public"."schedule_firings"
  enable row level security;

create table "public"."schedules" (
  "id"              uuid                       not null default private.uuid_v7(),
  "organization_id" uuid                       not null,
  "flow_id"         uuid                       not null,
  "name"            text                       not null,
  "cron"            text                       not null,
  "timezone"        text                       not null default 'UTC'::text,
  "starts_at"       timestamp with time zone,
  "ends_at"         timestamp with time zone,
  "jitter_seconds"  integer                    not null default 0,
  "missed_policy"   text                       not null default 'skip'::text,
  "missed_limit"    integer                    not null default 10,
  "overlap_policy"  text                       not null default 'skip'::text,
  "input"           jsonb                      not null default '{}'::jsonb,
  "trigger_node"    text,
  "is_active"       boolean                    not null default true,
  "next_at"         timestamp with time zone,
  "fire_at"         timestamp with time zone,
  "upcoming"        timestamp with time zone[] not null default '{}'::timestamp with time zone[],
  "decided_until"   timestamp with time zone   not null default private.now(),
  "refilled_at"     timestamp with time zone   not null default private.now(),
  "refill_at"       timestamp with time zone,
  "open_runs"       uuid[]                     not null default '{}'::uuid[],
  "queued_count"    integer                    not null default 0,
  "last_run_id"     uuid,
  "last_fired_at"   timestamp with time zone,
  "created_by"      uuid,
  "version"         integer                    not null default 1,
  "created_at"      timestamp with time zone   not null default private.now(),
  "updated_at"      timestamp with time zone   not null default private.now(),
  constraint "ends_after_start" check ((starts_at < ends_at)),
  constraint "fires_after_due" check ((((fire_at IS NULL) = (next_at IS NULL)) AND (fire_at >= next_at))),
  constraint "inactive_waits_for_nothing"
    check ((is_active OR ((next_at IS NULL) AND (refill_at IS NULL) AND (queued_count = 0)))),
  constraint "next_is_the_first_upcoming" check ((NOT (next_at IS DISTINCT FROM upcoming[1]))),
  constraint "schedules_cron_check" check (((length(cron) >= 1) AND (length(cron) <= 200))),
  constraint "schedules_input_check" check ((octet_length((input)::text) <= 65536)),
  constraint "schedules_jitter_seconds_check" check (((jitter_seconds >= 0) AND (jitter_seconds <= 3600))),
  constraint "schedules_missed_limit_check" check (((missed_limit >= 1) AND (missed_limit <= 100))),
  constraint "schedules_missed_policy_check"
    check ((missed_policy = ANY (ARRAY['skip'::text, 'run_once'::text, 'run_all'::text]))),
  constraint "schedules_name_check" check (((length(name) >= 1) AND (length(name) <= 200))),
  constraint "schedules_overlap_policy_check"
    check ((overlap_policy = ANY (ARRAY['allow'::text, 'skip'::text, 'queue'::text, 'cancel_previous'::text]))),
  constraint "schedules_pkey" primary key (id),
  constraint "schedules_queued_count_check" check (((queued_count >= 0) AND (queued_count <= 100))),
  constraint "schedules_timezone_check" check ((timezone ~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$'::text)),
  constraint "schedules_trigger_node_check" check (((length(trigger_node) >= 1) AND (length(trigger_node) <= 64))),
  constraint "schedules_upcoming_check" check ((cardinality(upcoming) <= 150))
);

alter table "public"."schedules"
  enable row level security;

alter table "public"."schedules"
  set (fillfactor=80);

alter table "private"."run_joins"
  add column "fired" boolean not null default false;

alter table "private"."run_joins"
  add column "expects" smallint not null default 32767;

alter table "private"."run_joins"
  add column "need" smallint;

alter table "public"."flow_versions"
  add column "undo_nodes" text[];

alter table "public"."flow_versions"
  add column "error_flow_id" uuid;

alter table "public"."flow_versions"
  add column "run_limits" jsonb;

alter table "public"."flow_versions"
  add column "compensate_on_cancel" boolean not null default false;

alter table "public"."job_queue"
  add column "pausing" boolean not null default false;

alter table "public"."plans"
  add column "max_concurrent_runs" integer;

alter table "public"."plans"
  add column "max_schedules" integer not null default 20;

alter table "public"."run_steps"
  add column "exit" smallint;

alter table "public"."runs"
  add column "parent_run_id" uuid;

alter table "public"."runs"
  add column "depth" smallint not null default 0;

alter table "public"."runs"
  add column "entity_id" uuid;

alter table "public"."runs"
  add column "schedule_id" uuid;

alter table "public"."runs"
  add column "concurrency_key" text;

alter table "public"."runs"
  add column "pins" jsonb;

alter table "public"."webhook_endpoints"
  add column "mapping" jsonb;

alter table "public"."webhook_events"
  add column "mapped" jsonb;

alter table "public"."webhook_events"
  add column "mapping_error" text;

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
  v_found uuid[];
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

  v_found := v_ids;
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
  where j.id = any (v_ids) and r.status is distinct from 'paused'
    and (r.status is distinct from 'queued' or r.id in (select b.id from begun b));

  -- What became ready of a run that is paused parks until it is resumed.
  update public.job_queue j set status = 'paused'
  from public.runs r
  where j.id = any (v_found) and j.id <> all (v_ids) and r.id = j.run_id and r.status = 'paused';

  update public.job_queue j set
    status = 'running', worker_id = p_worker_id, epoch = j.epoch + 1, attempts = j.attempts + 1, started_at = v_now
  where j.id = any (v_ids);
  return private.job_reply(v_ids);
end;
$function$;

create or replace function engine.complete_callbacks (
  p_callbacks jsonb,
  p_wake      boolean default true
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_callbacks: [{run_id, node_id, scope, data}], whose signatures the caller has checked. Answers, in the same order,
-- [{run_id, node_id, scope, status}]: completed, buffered (the step does not wait yet), duplicate, finished or not_found.
declare
  v_call record;
  v_run public.runs;
  v_token public.job_queue;
  v_status text;
  v_reply jsonb := '[]';
  v_name text;
  v_any boolean := false;
begin
  -- Locked in one order, whatever the order of the list.
  perform 1 from (
    select q.id from public.runs q
    where q.id in (select c.run_id from jsonb_to_recordset(p_callbacks) as c (run_id uuid)) order by q.id for update
  ) l;
  for v_call in
    select c.*, coalesce(c.scope, '') as at from jsonb_to_recordset(p_callbacks) as c (run_id uuid, node_id text, scope text, data jsonb)
  loop
    v_name := concat_ws(':', v_call.node_id, nullif(v_call.at, ''));
    select * into v_run from public.runs q where q.id = v_call.run_id;
    if not found then
      v_status := 'not_found';
    elsif exists (
      select 1 from public.run_steps s
      where s.run_id = v_call.run_id and s.node_id = v_call.node_id and s.scope = v_call.at and s.status in ('completed', 'failed', 'skipped')
    ) then
      v_status := 'duplicate';
    elsif v_run.finished_at is not null or v_run.status = 'compensating' then
      v_status := 'finished';
    else
      v_token := private.waiting_token(v_call.run_id, '{callback}', null, v_call.node_id, v_call.at);
      if v_token.id is not null then
        perform private.resolve_token(v_token.id, v_run.status = 'paused', jsonb_build_object('by', 'callback', 'data', v_call.data));
        v_any := true;
        v_status := 'completed';
      elsif exists (
        select 1 from private.run_signals s where s.run_id = v_call.run_id and s.kind = 'callback' and s.name = v_name
      ) or exists (
        select 1 from public.job_queue j
        where j.run_id = v_call.run_id and j.node_id = v_call.node_id and j.scope = v_call.at and j.payload ? 'resolved'
      ) then
        v_status := 'duplicate';
      else
        insert into private.run_signals (run_id, kind, name, data) values (v_call.run_id, 'callback', v_name, v_call.data);
        v_status := 'buffered';
      end if;
    end if;
    v_reply := v_reply || jsonb_build_object(
      'run_id', v_call.run_id, 'node_id', v_call.node_id, 'scope', v_call.at, 'status', v_status
    );
  end loop;
  if v_any and p_wake then
    perform private.wake_if_idle();
  end if;
  return v_reply;
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
  perform private.secure_live();
  perform private.secure_run_data();
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

create or replace function engine.get_callback (
  p_run_id  uuid,
  p_node_id text,
  p_scope   text default ''::text
)
  returns text
  language sql
  stable
  security definer
  set search_path to ''
  AS $function$
  select case
    when exists (
      select 1 from public.run_steps s
      where s.run_id = r.id and s.node_id = p_node_id and s.scope = p_scope and s.status in ('completed', 'failed', 'skipped')
    ) or exists (
      select 1 from private.run_signals s
      where s.run_id = r.id and s.kind = 'callback' and s.name = concat_ws(':', p_node_id, nullif(p_scope, ''))
    ) or exists (
      select 1 from public.job_queue j
      where j.run_id = r.id and j.node_id = p_node_id and j.scope = p_scope and j.payload ? 'resolved'
    ) then 'done'
    when r.finished_at is not null or r.status = 'compensating' then 'finished'
    else 'open'
  end
  from public.runs r
  where r.id = p_run_id;
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
    'mapping', v_endpoint.mapping,
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
  p_test        boolean default false,
  p_mapped      jsonb   default null::jsonb
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
    organization_id, endpoint_id, event_key, body_key, type, status, held_because, unsigned, method, headers, query, raw_body,
    run_id, is_test, mapped, mapping_error
  )
  values (
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
    perform private.keep_worker(p_worker_id, 'inline');
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
    perform private.wake_if_idle();
  end if;
  return jsonb_build_object(
    'event_id', v_event.id, 'duplicate', false, 'status', 'accepted', 'held_because', null, 'run_id', v_run.id,
    'jobs', case when p_worker_id is null then '[]'::jsonb
      else private.job_reply(array(select j.id from public.job_queue j where j.run_id = v_run.id and j.worker_id = p_worker_id)) end
  );
end;
$function$;

create or replace function engine.list_schedules_to_refill (
  p_limit integer default 100
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'id', s.id, 'version', s.version, 'cron', s.cron, 'timezone', s.timezone, 'starts_at', s.starts_at,
      'ends_at', s.ends_at, 'decided_until', s.decided_until, 'now', private.now()
    )), '[]')
    from (
      select * from public.schedules o where o.refill_at <= private.now()
      order by o.refill_at limit least(p_limit, 500)
    ) s
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
--   scope                                        its scope, for all that names none; absent = top level
--   steps: [{node, scope, attempt, status, leaf, handles, exit, output, error, started_ago, finished_ago}]   microseconds before now
--   move:  {node, attempt, reads, payload, delay_ms, keep, error, wait}   where the token goes; absent = see hold
--   hold:  true                                  the token stays as it is, its worker goes on from memory
--   spawn: [{node, reads, payload, keep}]        new tokens
--   arrive: [{node, expects, need, live, dead, reads}]   answers at joins
--   open:  {…}                                   the token opens a region, see private.open_regions
--   child: {node, flow_id, input, wait, reads}   the token starts another flow, see private.start_child
--   ended: [{scope, error}]                      items that are through, of a token that carries several
--   fail:  {error}                               the item that the token belongs to fails
--   broke: scope                                 the loop that this is an iteration of begins no further one
--   finish: {status, output, error}              the run ends now
-- }]   neither move, hold, open nor child: the token is consumed
-- Answers {settled: [job], jobs: [tokens now leased to the worker], parked: [held jobs whose run is paused],
-- more: true when it made tokens that anybody may claim}. A job that is
-- not in settled was lost: nothing of it was written.
declare
  v_now timestamptz := private.now();
  v_settled uuid[];
  v_places bigint[];
  v_run_ids uuid[];
  v_dropped uuid[];
  v_kept uuid[] := '{}';
  v_more uuid[];
  v_paused uuid[] := '{}';
  v_pausing uuid[];
  v_parked uuid[];
  v_free boolean := false;
  v_run record;
begin
  -- Phase 1: the runs that may end, meet at a join or get more tokens, locked in one order. Tokens of a run come and go
  -- under its lock only, so nobody who ends a run overlooks one that is being made.
  select array_agg(distinct j.run_id) into v_run_ids
  from jsonb_to_recordset(p_results) as r (
    job uuid, move jsonb, hold boolean, spawn jsonb, arrive jsonb, finish jsonb, broke text, ended jsonb
  )
  join public.job_queue j on j.id = r.job
  where r.finish is not null or r.arrive is not null or r.spawn is not null or (r.move is null and r.hold is not true)
    or r.move ? 'wait' or r.broke is not null or r.ended is not null;
  if v_run_ids is not null then
    select coalesce(array_agg(l.id) filter (where l.status = 'paused'), '{}') into v_paused from (
      select q.id, q.status from public.runs q where q.id = any (v_run_ids) order by q.id for no key update
    ) l;
    -- Tokens of other workers that go with a run that finishes, or an item that fails.
    select array_agg(j.id) into v_dropped
    from jsonb_to_recordset(p_results) as r (run_id uuid, finish jsonb, fail jsonb, ended jsonb)
    join public.job_queue j on j.run_id = r.run_id
    where r.finish is not null or r.fail is not null or r.ended @? '$[*].error';
  end if;

  -- Phase 2: the fence. All tokens that this call may touch are locked in one order, so that two calls never wait for each
  -- other. A result whose token is not ours any more is dropped here; so is an older one of a token that this worker lost
  -- and claimed again.
  with r as materialized (
    select * from rows from (jsonb_to_recordset(p_results) as (job uuid, epoch integer))
      with ordinality as x (job, epoch, place)
  ),
  locked as materialized (
    select j.id, j.epoch, j.worker_id, j.pausing from public.job_queue j
    where j.id = any (array(select r.job from r) || v_dropped)
      and (j.worker_id = p_worker_id or j.id = any (v_dropped))
    order by j.id
    for update
  )
  select array_agg(v.id), array_agg(v.place), array_agg(v.id) filter (where v.pausing) into v_settled, v_places, v_pausing
  from (
    select l.id, min(r.place) as place, bool_or(l.pausing) as pausing
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

  -- Phase 3: tokens move or go; the others stay. Of a paused run nothing stays leased.
  with r as materialized (
    select x.*, coalesce((x.move ->> 'keep')::boolean, false) and not (x.job = any (coalesce(v_pausing, '{}'))) as keep,
      -- A wait that is soon over is a token for later; others stay out of the way of claims until the tick sees to them.
      case
        when x.move ? 'wait' and coalesce((x.move ->> 'delay_ms')::double precision, 60001) > 60000 then 'waiting'
        when x.job = any (v_pausing) then 'paused'
        else 'available'
      end as rest
    from jsonb_to_recordset(p_results) as x (job uuid, move jsonb, hold boolean, scope text, open jsonb, child jsonb)
  ),
  moved as (
    update public.job_queue j set
      node_id = r.move ->> 'node',
      scope = coalesce(r.move ->> 'scope', r.scope, ''),
      attempts = case when r.keep then 1 else 0 end + coalesce((r.move ->> 'attempt')::smallint, 0),
      max_attempts = 8 + coalesce((r.move ->> 'attempt')::smallint, 0),
      reads = case when r.move ? 'reads' then array(select jsonb_array_elements_text(r.move -> 'reads')) end,
      payload = r.move -> 'payload',
      resume = false,
      pausing = false,
      error_message = r.move ->> 'error',
      epoch = j.epoch + 1,
      scheduled_for = case
        when r.move ? 'delay_ms' then v_now + make_interval(secs => (r.move ->> 'delay_ms')::double precision / 1000)
        when r.move ? 'wait' then 'infinity'
        else j.scheduled_for
      end,
      status = case when r.keep then 'running' else r.rest end,
      worker_id = case when r.keep then p_worker_id end,
      started_at = case when r.keep then v_now end
    from r
    where r.move is not null and j.id = r.job
  )
  delete from public.job_queue j
  using r
  where r.move is null and r.hold is not true and r.open is null and r.child is null and j.id = r.job;
  select coalesce(array_agg(r.job), '{}') into v_kept
  from jsonb_to_recordset(p_results) as r (job uuid, move jsonb)
  where (r.move ->> 'keep')::boolean and not (r.job = any (coalesce(v_pausing, '{}')));
  if v_pausing is not null then
    with parked as (
      update public.job_queue j set
        status = 'paused', worker_id = null, started_at = null, pausing = false, resume = true, epoch = j.epoch + 1,
        attempts = greatest(j.attempts - 1, 0)
      from jsonb_to_recordset(p_results) as r (job uuid, hold boolean)
      where r.hold and j.id = r.job and j.id = any (v_pausing)
      returning j.id
    )
    select array_agg(p.id) into v_parked from parked p;
  end if;

  -- Phase 4: what was done is recorded.
  insert into public.run_steps (
    run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, error, started_at, finished_at, exit
  )
  select
    r.run_id, s.node, coalesce(s.scope, r.scope, ''), coalesce(s.attempt, 1), r.organization_id, s.status, coalesce(s.leaf, false),
    s.handles, s.output, s.error,
    v_now - make_interval(secs => coalesce(s.started_ago, 0) / 1000000.0),
    v_now - make_interval(secs => coalesce(s.finished_ago, 0) / 1000000.0), s.exit
  from jsonb_to_recordset(p_results) as r (run_id uuid, organization_id uuid, scope text, steps jsonb)
  cross join lateral jsonb_to_recordset(r.steps) as s (
    node text, scope text, attempt smallint, status text, leaf boolean, handles text[], output jsonb, error jsonb,
    started_ago bigint, finished_ago bigint, exit smallint
  )
  -- A worker that saw no answer sends the same again; a step that it holds is then recorded already.
  on conflict (run_id, node_id, scope, attempt) do nothing;
  -- Whoever watches is told, before the runs may end.
  if exists (select 1 from private.live_watchers w where w.watched_until > v_now) then
    perform private.broadcast_progress(p_results, v_now);
  end if;

  -- Phase 5: new tokens.
  with spawned as (
    insert into public.job_queue (
      organization_id, run_id, node_id, scope, reads, payload, status, worker_id, epoch, attempts, started_at,
      scheduled_for, deadline_at, created_at
    )
    select
      r.organization_id, r.run_id, s.node, coalesce(r.scope, ''), s.reads, s.payload,
      case when p.paused then 'paused' when s.keep then 'running' else 'available' end,
      case when s.keep and not p.paused then p_worker_id end,
      case when s.keep then 1 else 0 end, case when s.keep and not p.paused then 1 else 0 end,
      case when s.keep and not p.paused then v_now end,
      v_now, v_now + make_interval(secs => r.deadline_ms / 1000.0), v_now
    from jsonb_to_recordset(p_results) as r (run_id uuid, organization_id uuid, deadline_ms bigint, scope text, spawn jsonb)
    cross join lateral jsonb_to_recordset(r.spawn) as s (node text, reads text[], payload jsonb, keep boolean)
    cross join lateral (select r.run_id = any (v_paused) as paused) p
    where r.spawn is not null
    returning id, worker_id
  )
  select array_agg(s.id) into v_more from spawned s where s.worker_id is not null;
  v_kept := v_kept || coalesce(v_more, '{}');

  if v_run_ids is not null then
    -- Phase 6: answers at joins. The last answer turns the row into a token: live if any answer was, dead otherwise.
    with answers as (
      select r.run_id, r.organization_id, r.deadline_ms, a.node, coalesce(r.scope, '') as scope, a.expects, a.need, a.reads,
        array(select jsonb_array_elements_text(coalesce(a.live, '[]'))::smallint) as live,
        array(select jsonb_array_elements_text(coalesce(a.dead, '[]'))::smallint) as dead
      from jsonb_to_recordset(p_results) as r (run_id uuid, organization_id uuid, deadline_ms bigint, scope text, arrive jsonb)
      cross join lateral jsonb_to_recordset(r.arrive) as a (
        node text, expects smallint, need smallint, live jsonb, dead jsonb, reads text[]
      )
      where r.arrive is not null
    ),
    grouped as (
      select a.run_id, a.node, a.scope, min(a.organization_id::text)::uuid as organization_id, min(a.deadline_ms) as deadline_ms,
        min(a.expects) as expects, min(a.need) as need,
        array(select unnest(b.live) from answers b where (b.run_id, b.node, b.scope) = (a.run_id, a.node, a.scope)) as live,
        array(select unnest(b.dead) from answers b where (b.run_id, b.node, b.scope) = (a.run_id, a.node, a.scope)) as dead
      from answers a
      group by a.run_id, a.node, a.scope
    ),
    arrived as (
      insert into private.run_joins as g (run_id, node_id, scope, live, dead, expects, need)
      select a.run_id, a.node, a.scope, a.live, a.dead, a.expects, a.need from grouped a
      order by a.run_id, a.node, a.scope
      on conflict (run_id, node_id, scope) do update set
        live = g.live || excluded.live, dead = g.dead || excluded.dead, expects = excluded.expects
      returning g.*
    ),
    -- A join runs when enough answers are live; when all are in and too few of them were, it is skipped.
    firing as (
      select d.*, cardinality(d.live) >= coalesce(d.need, 1) as is_live
      from arrived d
      where not d.fired and (cardinality(d.live) + cardinality(d.dead) >= d.expects or cardinality(d.live) >= d.need)
    ),
    made as (
      insert into public.job_queue (
        organization_id, run_id, node_id, scope, reads, payload, status, worker_id, epoch, attempts, started_at,
        scheduled_for, deadline_at, created_at
      )
      select
        g.organization_id, g.run_id, g.node, g.scope,
        case when d.is_live then
          (select b.reads from answers b where (b.run_id, b.node, b.scope) = (g.run_id, g.node, g.scope) limit 1) end,
        case when d.is_live
          then jsonb_build_object('live', (select jsonb_agg(l order by l) from unnest(d.live[1:coalesce(d.need, d.expects)]) l))
          else '{"dead": true}' end,
        case when p.paused then 'paused' else 'running' end, case when not p.paused then p_worker_id end,
        1, case when p.paused then 0 else 1 end, case when not p.paused then v_now end, v_now, v_now + make_interval(secs => g.deadline_ms / 1000.0), v_now
      from firing d
      join grouped g on (g.run_id, g.node, g.scope) = (d.run_id, d.node_id, d.scope)
      cross join lateral (select g.run_id = any (v_paused) as paused) p
      returning id, worker_id
    )
    select array_agg(m.id) filter (where m.worker_id is not null) into v_more from made m;
    v_kept := v_kept || coalesce(v_more, '{}');
    if p_results @? '$[*].arrive' then
      delete from private.run_joins g
      where g.run_id = any (v_run_ids) and cardinality(g.live) + cardinality(g.dead) >= g.expects;
      update private.run_joins g set fired = true
      where g.run_id = any (v_run_ids) and not g.fired and cardinality(g.live) >= g.need;
    end if;

    -- Runs of several organizations give and take places here: in one order, whatever ends or starts first.
    if (select count(distinct r.organization_id) > 1 from jsonb_to_recordset(p_results) as r (organization_id uuid)) then
      perform private.lock_limits_of(array(
        select q.id from public.runs q
        where q.id = any (v_run_ids) and (
          not exists (select 1 from public.job_queue j where j.run_id = q.id)
          or q.id in (
            select r.run_id from jsonb_to_recordset(p_results) as r (run_id uuid, finish jsonb, child jsonb)
            where r.finish is not null or r.child is not null
          )
        )
      ));
    end if;

    -- What is rarer has functions of its own: waits, regions, flows that call flows.
    if p_results @? '$[*].move.wait' then
      perform private.take_signals(p_results);
    end if;
    if p_results @? '$[*].child' then
      v_kept := v_kept || private.start_children(p_worker_id, p_results, v_paused);
    end if;
    if p_results @? '$[*].open' then
      v_kept := v_kept || private.open_regions(p_worker_id, p_results, v_paused);
    end if;
    if p_results @? '$[*] ? (exists(@.scope))' then
      v_kept := v_kept || private.end_items(p_worker_id, p_results, v_paused);
    end if;
    -- A wide window is more than one worker keeps: the rest is for everybody, this worker included.
    if p_results @? '$[*] ? (exists(@.scope) || exists(@.open))' then
      v_free := exists (
        select 1 from public.job_queue j where j.run_id = any (v_run_ids) and j.status = 'available' and j.scheduled_for <= v_now
      );
      if v_free then
        perform private.wake_if_idle();
      end if;
    end if;

    -- Phase 7: runs end, by their own word or because no token is left.
    for v_run in
      -- Where branches end a run in the same moment the first counts: what comes after would end what undoes the run.
      select distinct on (f.organization_id, f.run_id) f.run_id, f.finish
      from rows from (
        jsonb_to_recordset(p_results) as (run_id uuid, organization_id uuid, finish jsonb)
      ) with ordinality as f (run_id, organization_id, finish, place)
      where f.finish is not null
      -- Places under limits are given on, one organization after the other in the same order everywhere.
      order by f.organization_id, f.run_id, f.place
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
      order by q.organization_id, q.id
    loop
      perform private.finish_run(v_run.id);
    end loop;
  end if;

  -- Entities follow their runs: last, after every run, token and place.
  if p_results @? '$[*].entity' then
    perform private.move_settled_entities(p_results, v_now);
  end if;

  return jsonb_build_object(
    'settled', to_jsonb(v_settled),
    'jobs', case when cardinality(v_kept) = 0 then '[]'::jsonb else private.job_reply(v_kept) end
  ) || case when v_parked is null then '{}'::jsonb else jsonb_build_object('parked', to_jsonb(v_parked)) end
    || case when v_free then '{"more": true}' else '{}'::jsonb end;
end;
$function$;

create or replace function engine.store_upcoming (
  p_lists jsonb
)
  returns integer
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_list record;
  v_schedule public.schedules;
  v_stored integer := 0;
begin
  -- In the order of their ids, so that two who store the same ones do not wait for each other in a circle.
  for v_list in
    select * from jsonb_to_recordset(p_lists) as l (id uuid, version integer, upcoming text[]) order by l.id
  loop
    select * into v_schedule from public.schedules s
    where s.id = v_list.id and s.version = v_list.version and s.is_active for no key update;
    continue when not found;
    begin
      v_schedule := private.with_upcoming(v_schedule,
        private.check_upcoming(v_schedule, v_list.upcoming::timestamptz[], v_schedule.decided_until));
    exception when data_exception or sqlstate 'PGRST' then
      -- A schedule whose list can not be is never due, as one that can not be read. It keeps no other back.
      raise warning 'The due times of schedule % can not be: %', v_list.id, sqlerrm;
      v_schedule := private.with_upcoming(v_schedule, '{}');
    end;
    update public.schedules s set
      upcoming = v_schedule.upcoming, next_at = v_schedule.next_at, fire_at = v_schedule.fire_at,
      refilled_at = v_schedule.refilled_at, refill_at = v_schedule.refill_at
    where s.id = v_schedule.id;
    v_stored := v_stored + 1;
  end loop;
  return v_stored;
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
  v_scheduled integer := 0;
  v_until timestamptz;
  v_failed text[] := '{}';
begin
  -- Each part stands by itself: what goes wrong in one, a row of one tenant that nobody thought of, must not stop the clock
  -- for all. The locks of a part that fails are gone with it.
  -- One tick at a time; a second one has nothing to do. It never waits for a run or a token that somebody holds (the next
  -- tick comes soon), so it can hold many of them itself.
  if not pg_try_advisory_xact_lock(hashtext('millrace.tick')) then
    return '{"skipped": true}';
  end if;

  -- Lapsed leases: the worker goes first, so that it can not prolong a lease whose jobs are being given away.
  begin
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
  exception when others then
    raise warning 'Cannot free lapsed leases: %', sqlerrm;
    v_failed := v_failed || 'leases'::text;
  end;

  begin
    perform private.end_waits(v_now);
  exception when others then
    raise warning 'Cannot end waits: %', sqlerrm;
    v_failed := v_failed || 'waits'::text;
  end;

  begin
    -- Runs that were to be cancelled while somebody was at work on them. One that fails again and again is passed over.
    v_until := clock_timestamp() + interval '2 seconds';
    for v_run in
      select o.run_id from (
        select c.run_id, q.organization_id from private.run_cancellations c
        left join public.runs q on q.id = c.run_id
        order by random() limit 200
      ) o
      order by o.organization_id, o.run_id
    loop
      exit when clock_timestamp() > v_until;
      if private.try_end_run(v_run.run_id, 'cancelled')
        or not exists (select 1 from public.runs q where q.id = v_run.run_id and q.finished_at is null)
      then
        delete from private.run_cancellations c where c.run_id = v_run.run_id;
      end if;
    end loop;

    perform private.admit_forgotten();
  exception when others then
    raise warning 'Cannot cancel or admit runs: %', sqlerrm;
    v_failed := v_failed || 'cancellations'::text;
  end;

  begin
    -- Runs past their deadline, and runs that take every worker down with them. Organizations take turns: a tenant with ever
    -- so many of them, or with some that can not be ended, keeps nobody else's waiting.
    v_until := clock_timestamp() + interval '2 seconds';
    for v_run in
      select t.run_id from (
        select e.organization_id, e.run_id, row_number() over (partition by e.organization_id order by min(e.deadline_at)) as place
        from (
          select j.organization_id, j.run_id, j.deadline_at from public.job_queue j
          where j.deadline_at < v_now and j.run_id is not null order by j.deadline_at limit 20000
        ) e
        group by e.organization_id, e.run_id
        order by place limit 200
      ) t
      order by t.organization_id, t.run_id
    loop
      exit when clock_timestamp() > v_until;
      v_expired := v_expired + private.try_end_run(v_run.run_id, 'failed', jsonb_build_object(
        'code', 'run_timeout', 'message', 'The run took longer than its time-out'
      ))::integer;
    end loop;
    for v_run in
      select distinct on (j.organization_id, j.run_id) j.run_id, j.node_id from public.job_queue j
      where j.id = any (v_freed) and j.attempts >= j.max_attempts and j.run_id is not null
      order by j.organization_id, j.run_id, j.id
    loop
      v_lost := v_lost + private.try_end_run(v_run.run_id, 'failed', jsonb_build_object(
        'code', 'worker_lost', 'node_id', v_run.node_id,
        'message', 'The worker was lost each time it ran this part of the flow'
      ))::integer;
    end loop;
  exception when others then
    raise warning 'Cannot end runs: %', sqlerrm;
    v_failed := v_failed || 'deadlines'::text;
  end;

  begin
    v_scheduled := private.fire_schedules(v_now);
  exception when others then
    raise warning 'Cannot fire schedules: %', sqlerrm;
    v_failed := v_failed || 'schedules'::text;
  end;

  begin
    perform private.work_bulk_operations();
  exception when others then
    raise warning 'Cannot work off bulk operations: %', sqlerrm;
    v_failed := v_failed || 'bulk'::text;
  end;
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
  -- Last and by itself: no run waits because the statistics are at fault.
  begin
    perform private.count_runs();
  exception when others then
    raise warning 'Cannot count runs: %', sqlerrm;
    v_failed := v_failed || 'statistics'::text;
  end;
  return jsonb_build_object(
    'workers_lost', coalesce(cardinality(v_workers), 0), 'jobs_freed', cardinality(v_freed), 'runs_expired', v_expired,
    'runs_given_up', v_lost, 'schedules_fired', v_scheduled, 'ready', v_ready, 'workers_woken', v_woken
  ) || case when v_failed = '{}' then '{}'::jsonb else jsonb_build_object('failed', to_jsonb(v_failed)) end;
end;
$function$;

create or replace function private.act_on_run (
  p_action text,
  p_run_id uuid
)
  returns text
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_finished timestamptz;
begin
  -- Called by the clock, which never waits: whoever is at the run comes first.
  if p_action in ('retry', 'delete') then
    perform 1 from public.runs r where r.id = p_run_id for update skip locked;
    if not found then
      return case when exists (select 1 from public.runs r where r.id = p_run_id) then 'busy' else 'done' end;
    end if;
  elsif not private.try_lock_run(p_run_id) then
    select r.finished_at into v_finished from public.runs r where r.id = p_run_id;
    -- It ended by itself, or is gone: nothing is left to be done.
    return case when found and v_finished is null then 'busy' else 'done' end;
  end if;
  case p_action
    when 'cancel' then perform public.cancel_run(p_run_id);
    when 'pause' then perform public.pause_run(p_run_id);
    when 'resume' then perform public.resume_run(p_run_id, false);
    when 'retry' then perform public.retry_run(p_run_id, null, false);
    when 'delete' then perform public.delete_run(p_run_id);
  end case;
  return 'done';
end;
$function$;

create or replace function private.add_entity (
  p_flow         public.flows,
  p_type         text,
  p_name         text,
  p_external_key text,
  p_data         jsonb,
  OUT            id uuid,
  OUT            is_new boolean
)
  returns record
  language plpgsql
  set search_path to ''
  AS $function$
begin
  loop
    -- Two that add the same at once: the second waits here for the first to commit, then finds it.
    insert into public.entities as e (organization_id, flow_id, type, name, external_key, data, created_by)
    values (
      p_flow.organization_id, p_flow.id, p_type, coalesce(p_name, left(p_external_key, 200), p_type), p_external_key,
      coalesce(p_data, '{}'), auth.uid()
    )
    on conflict (flow_id, type, external_key) where external_key is not null and deleted_at is null do nothing
    returning e.id into id;
    is_new := id is not null;
    exit when is_new;
    select e.id into id from public.entities e
    where e.flow_id = p_flow.id and e.type = p_type and e.external_key = p_external_key and e.deleted_at is null;
    -- Deleted in between: there is room now.
    exit when id is not null;
  end loop;
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
    organization_id, flow_id, number, graph, content_hash, plan_hash, timeout_seconds, created_by, edge_lengths,
    undo_nodes, error_flow_id, run_limits, compensate_on_cancel
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
      greatest(1, case when jsonb_typeof(v_timeout) = 'number' then least(greatest((v_timeout #>> '{}')::numeric, 1), 2147483647)::integer else 86400 end)
    ),
    auth.uid(),
    private.edge_lengths(p_graph),
    private.undo_nodes(p_graph),
    private.to_uuid(p_graph #>> '{settings,errorFlowId}'),
    private.run_limits(p_graph),
    p_graph #> '{settings,compensateOnCancel}' is not distinct from 'true'::jsonb
  )
  returning * into v_version;
  update public.flows f set current_version_id = v_version.id where f.id = p_flow.id;
  return v_version;
end;
$function$;

create or replace function private.add_histograms (
  p_one   integer[],
  p_other integer[]
)
  returns integer[]
  language sql
  immutable
  set search_path to ''
  AS $function$
  select coalesce(array_agg(coalesce(u.one, 0) + coalesce(u.other, 0) order by u.place), '{}')
  from unnest(p_one, p_other) with ordinality u (one, other, place);
$function$;

create or replace function private.admit_forgotten()
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_limits record;
  v_admitted integer := 0;
  v_until timestamptz := clock_timestamp() + interval '1 second';
begin
  -- Some of them, by chance: whoever has ever so many limits, or one that can not be given, keeps nobody else waiting.
  for v_limits in
    select w.organization_id, array_agg(w.name) as keys
    from (
      select o.organization_id, o.name from (
        select distinct j.organization_id, j.payload -> 'wait' ->> 'name' as name
        from public.job_queue j
        where j.status = 'waiting' and j.payload -> 'wait' ->> 'kind' = 'limit'
      ) o
      order by row_number() over (partition by o.organization_id order by random()), random()
      limit 500
    ) w
    group by w.organization_id
    order by random()
  loop
    exit when clock_timestamp() > v_until;
    begin
      continue when not pg_try_advisory_xact_lock(hashtext('millrace.limits'), hashtext(v_limits.organization_id::text));
      v_admitted := v_admitted + private.admit_waiting(v_limits.keys);
    exception when others then
      raise warning 'Cannot admit runs of %: %', v_limits.organization_id, sqlerrm;
    end;
  end loop;
  return v_admitted;
end;
$function$;

create or replace function private.admit_run (
  p_token_id uuid,
  p_run_id   uuid
)
  returns text
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_run public.runs;
  v_full text;
begin
  select * into v_run from public.runs r where r.id = p_run_id;
  v_full := private.take_slots(v_run);
  if v_full is null then
    update public.job_queue j set
      status = case when v_run.status = 'paused' then 'paused' else 'available' end,
      payload = null, scheduled_for = private.now()
    where j.id = p_token_id;
    perform private.wake_if_idle();
  else
    update public.job_queue j set payload = jsonb_build_object('wait', jsonb_build_object('kind', 'limit', 'name', v_full))
    where j.id = p_token_id and j.payload -> 'wait' ->> 'name' <> v_full;
  end if;
  return v_full;
end;
$function$;

create or replace function private.admit_waiting (
  p_limit_keys text[]
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_key text;
  v_token record;
  v_admitted integer := 0;
begin
  foreach v_key in array p_limit_keys loop
    -- Who now finds another limit full waits for that one, and the next may try.
    for v_token in
      select j.id, j.run_id from public.job_queue j
      where j.status = 'waiting' and j.payload -> 'wait' ->> 'kind' = 'limit' and j.payload -> 'wait' ->> 'name' = v_key
      order by j.id limit 100
      for update skip locked
    loop
      exit when private.admit_run(v_token.id, v_token.run_id) = v_key;
      v_admitted := v_admitted + 1;
    end loop;
  end loop;
  return v_admitted;
end;
$function$;

create or replace function private.apply_moves (
  p_entity_ids uuid[],
  p_node_ids   text[],
  p_moved_at   timestamp with time zone[],
  p_reason     text
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_moved integer;
begin
  -- The caller holds the rows of the entities. What follows is one statement: one graph decides about nodes and edges.
  with places as materialized (
    select e.id, e.organization_id, e.flow_id, e.run_id, e.node_id, e.entered_at, e.move_count
    from public.entities e
    where e.id = any (p_entity_ids)
  ),
  graphs as materialized (
    select f.id as flow_id, v.graph
    from public.flows f
    join public.flow_versions v on v.id = f.current_version_id
    where f.id in (select p.flow_id from places p)
      and jsonb_typeof(v.graph -> 'nodes') = 'array' and jsonb_typeof(v.graph -> 'edges') = 'array'
  ),
  nodes as materialized (
    select distinct g.flow_id, n.value ->> 'id' as id
    from graphs g
    cross join lateral jsonb_array_elements(g.graph -> 'nodes') n
    -- Whoever saves past the API may call a node anything; an entity stands at none that has no proper name.
    where length(n.value ->> 'id') between 1 and 64
  ),
  edges as materialized (
    select distinct on (g.flow_id, e.value ->> 'source', e.value ->> 'target')
      g.flow_id, e.value ->> 'source' as source, e.value ->> 'target' as target, e.value ->> 'id' as id
    from graphs g
    cross join lateral jsonb_array_elements(g.graph -> 'edges') with ordinality e
    order by g.flow_id, e.value ->> 'source', e.value ->> 'target', e.ordinality
  ),
  -- What came late or leads out of the flow is no move.
  wanted as (
    select p.id, w.node_id as to_node, w.moved_at, w.place,
      coalesce(lag(w.node_id) over o, p.node_id) as from_node
    from unnest(p_entity_ids, p_node_ids, p_moved_at) with ordinality w (entity_id, node_id, moved_at, place)
    join places p on p.id = w.entity_id
    join nodes n on n.flow_id = p.flow_id and n.id = w.node_id
    where p.entered_at is null or w.moved_at >= p.entered_at
    window o as (partition by p.id order by w.moved_at, w.place)
  ),
  -- Nor is staying where one is: what is left changes the place each time.
  made as materialized (
    select w.id, w.from_node, w.to_node, w.moved_at,
      coalesce(lag(w.moved_at) over o, p.entered_at) as since,
      p.move_count + row_number() over o as number,
      row_number() over (partition by w.id order by w.moved_at desc, w.place desc) = 1 as is_last,
      p.organization_id, p.flow_id, p.run_id, e.id as edge_id
    from wanted w
    join places p on p.id = w.id
    left join edges e on e.flow_id = p.flow_id and e.source = w.from_node and e.target = w.to_node
    where w.from_node is distinct from w.to_node
    window o as (partition by w.id order by w.moved_at, w.place)
  ),
  told as (
    insert into public.entity_moves (
      entity_id, number, organization_id, flow_id, from_node, to_node, edge_id, reason, run_id, moved_by, moved_at, seconds
    )
    select
      m.id, m.number, m.organization_id, m.flow_id, m.from_node, m.to_node, m.edge_id, p_reason,
      case when p_reason in ('run', 'webhook') then m.run_id end,
      case when p_reason in ('manual', 'created') then auth.uid() end,
      m.moved_at, extract(epoch from m.moved_at - m.since)
    from made m
    returning 1
  ),
  placed as (
    update public.entities e set node_id = m.to_node, entered_at = m.moved_at, move_count = m.number
    from made m
    where m.is_last and e.id = m.id
  ),
  -- In the order of the key, so that no two calls wait for each other.
  counted as (
    insert into public.flow_edge_stats as s (flow_id, from_node, to_node, organization_id, moves, total_seconds, last_at)
    select m.flow_id, m.from_node, m.to_node, m.organization_id, count(*), sum(extract(epoch from m.moved_at - m.since)), max(m.moved_at)
    from made m
    where m.edge_id is not null
    group by m.flow_id, m.from_node, m.to_node, m.organization_id
    order by m.flow_id, m.from_node, m.to_node
    on conflict (flow_id, from_node, to_node) do update set
      moves = s.moves + excluded.moves,
      total_seconds = s.total_seconds + excluded.total_seconds,
      last_at = greatest(s.last_at, excluded.last_at)
  )
  select count(*) into v_moved from told;
  return v_moved;
end;
$function$;

create or replace function private.attach_entity (
  p_run public.runs
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_entity public.entities;
  v_trigger text := p_run.trigger_node;
begin
  select * into v_entity from public.entities e
  where e.id = p_run.entity_id and e.flow_id = p_run.flow_id and e.deleted_at is null
  for no key update;
  if not found then
    -- Who names it is told; a run that comes by itself goes on without it.
    if p_run.trigger = 'manual' and p_run.retry_of is null then
      perform private.fail('not_found', 'No such entity', 404);
    end if;
    update public.runs r set entity_id = null where r.id = p_run.id;
    return;
  end if;
  update public.entities e set run_id = p_run.id where e.id = v_entity.id and e.run_id is distinct from p_run.id;
  -- A retry goes on where its predecessor stopped.
  if p_run.retry_of is not null then
    return;
  end if;

  if v_trigger is null then
    select n.value ->> 'id' into v_trigger
    from public.flow_versions v
    cross join lateral jsonb_array_elements(
      case when jsonb_typeof(v.graph -> 'nodes') = 'array' then v.graph -> 'nodes' else '[]' end
    ) with ordinality n
    where v.id = p_run.flow_version_id and n.value ->> 'type' like 'trigger.%'
    order by n.value ->> 'type' = 'trigger.' || p_run.trigger desc, n.ordinality
    limit 1;
  end if;
  perform private.apply_moves(
    array[v_entity.id], array[v_trigger], array[greatest(private.now(), v_entity.entered_at)],
    case when p_run.trigger = 'webhook' then 'webhook' else 'run' end
  );
end;
$function$;

create or replace function private.broadcast_progress (
  p_results jsonb,
  p_now     timestamp with time zone
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_message record;
begin
  for v_message in
    with r as materialized (
      select x.* from rows from (
        jsonb_to_recordset(p_results) as (run_id uuid, scope text, steps jsonb, move jsonb, child jsonb)
      ) with ordinality as x (run_id, scope, steps, move, child, place)
      where exists (select 1 from private.live_watchers w where w.id = x.run_id and w.watched_until > p_now)
    ),
    steps as (
      select r.run_id, row_number() over (partition by r.run_id order by r.place, s.place) - 1 as place,
        jsonb_build_object(
          'id', concat_ws(':', s.node, nullif(coalesce(s.scope, r.scope, ''), ''), coalesce(s.attempt, 1)),
          'node_id', s.node,
          'scope', coalesce(s.scope, r.scope, ''),
          'attempt', coalesce(s.attempt, 1),
          'status', s.status,
          'handles', s.handles,
          'error', case when jsonb_typeof(s.error) = 'object' then jsonb_build_object(
            'code', s.error -> 'code', 'message', left(s.error ->> 'message', 500)
          ) end,
          'started_at', p_now - make_interval(secs => coalesce(s.started_ago, 0) / 1000000.0),
          'finished_at', p_now - make_interval(secs => coalesce(s.finished_ago, 0) / 1000000.0),
          'duration_ms', (coalesce(s.started_ago, 0) - coalesce(s.finished_ago, 0)) / 1000.0
        ) as step
      from r
      cross join lateral rows from (
        jsonb_to_recordset(case when jsonb_typeof(r.steps) = 'array' then r.steps else '[]' end) as (
          node text, scope text, attempt smallint, status text, handles text[], error jsonb, started_ago bigint,
          finished_ago bigint
        )
      ) with ordinality as s (node, scope, attempt, status, handles, error, started_ago, finished_ago, place)
    ),
    waits as (
      select r.run_id, jsonb_agg(jsonb_build_object(
        'node_id', coalesce(r.move, r.child) ->> 'node',
        'scope', coalesce(r.move ->> 'scope', r.scope, ''),
        'kind', case when r.move is null then '"run"' else r.move #> '{wait,kind}' end,
        'name', r.move #> '{wait,name}',
        'until', p_now + make_interval(secs => (r.move ->> 'delay_ms')::double precision / 1000)
      ) order by r.place) as waiting
      from r
      where jsonb_typeof(r.move -> 'wait') = 'object' or (r.child ->> 'wait')::boolean
      group by r.run_id
    ),
    -- Realtime takes messages of 256 KB: a settle with more steps makes several.
    parts as (
      select s.run_id, s.place / 200 as part, jsonb_agg(s.step order by s.place) as steps
      from steps s
      group by s.run_id, s.place / 200
    )
    select coalesce(p.run_id, w.run_id) as run_id, coalesce(p.steps, '[]') as steps, coalesce(w.waiting, '[]') as waiting
    from parts p
    full join waits w on w.run_id = p.run_id and p.part = 0
    order by coalesce(p.run_id, w.run_id), p.part
  loop
    perform private.send_live('run:' || v_message.run_id, 'progress', jsonb_build_object(
      'run_id', v_message.run_id, 'steps', v_message.steps, 'waiting', v_message.waiting
    ));
  end loop;
end;
$function$;

create or replace function private.broadcast_run()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_ids uuid[];
  v_payload jsonb;
begin
  select array_agg(w.id) into v_ids
  from private.live_watchers w
  where w.id in (new.id, new.organization_id) and w.watched_until > private.now();
  if v_ids is null then
    return null;
  end if;
  v_payload := jsonb_build_object(
    'run_id', new.id,
    'flow_id', new.flow_id,
    'status', new.status,
    'trigger', new.trigger,
    'error', case when jsonb_typeof(new.error) = 'object' then jsonb_build_object(
      'code', new.error -> 'code', 'message', left(new.error ->> 'message', 500), 'node_id', new.error -> 'node_id'
    ) end,
    'created_at', new.created_at,
    'started_at', new.started_at,
    'finished_at', new.finished_at
  );
  if new.id = any (v_ids) then
    perform private.send_live('run:' || new.id, 'run', v_payload);
  end if;
  if new.organization_id = any (v_ids) then
    perform private.send_live(format('org:%s:runs', new.organization_id), 'run', v_payload);
  end if;
  return null;
end;
$function$;

create or replace function private.bulk_reply (
  p_operation public.bulk_operations
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select to_jsonb(p_operation) - '{position,busy,worked_at}'::text[];
$function$;

create or replace function private.bulk_runs (
  p_organization_id uuid,
  p_action          text,
  p_filter          jsonb,
  p_until           uuid,
  p_after           uuid    default null::uuid,
  p_limit           integer default null::integer
)
  returns SETOF uuid
  language sql
  stable
  set search_path to ''
  AS $function$
  select r.id from public.runs r
  where r.organization_id = p_organization_id
    and r.id < p_until
    and (p_after is null or r.id > p_after)
    and r.status = any (case p_action
      when 'cancel' then '{queued,running,paused}'::text[]
      when 'pause' then '{queued,running}'
      when 'resume' then '{paused}'
      when 'retry' then '{failed,cancelled}'
      else '{completed,failed,cancelled,compensated,compensation_failed}'
    end)
    and (not p_filter ? 'flow_id' or r.flow_id = (p_filter ->> 'flow_id')::uuid)
    and (not p_filter ? 'status' or p_filter -> 'status' ? r.status)
    and (not p_filter ? 'trigger' or p_filter -> 'trigger' ? r.trigger)
    and (not p_filter ? 'retry_of' or r.retry_of = (p_filter ->> 'retry_of')::uuid)
    and (not p_filter ? 'entity_id' or r.entity_id = (p_filter ->> 'entity_id')::uuid)
    and (not p_filter ? 'parent_run_id' or r.parent_run_id = (p_filter ->> 'parent_run_id')::uuid)
    and (not p_filter ? 'schedule_id' or r.schedule_id = (p_filter ->> 'schedule_id')::uuid)
    and (not p_filter ? 'created_after' or r.id >= private.uuid_v7_floor((p_filter ->> 'created_after')::timestamptz))
    and (not p_filter ? 'created_before' or r.id < private.uuid_v7_floor((p_filter ->> 'created_before')::timestamptz))
  order by r.id
  limit p_limit;
$function$;

create or replace function private.cancel_runs (
  p_run_ids uuid[]
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_id uuid;
begin
  foreach v_id in array array_remove(p_run_ids, null) loop
    if private.try_lock_run(v_id) then
      perform private.end_run(v_id, 'cancelled');
    else
      insert into private.run_cancellations (run_id) values (v_id) on conflict do nothing;
    end if;
  end loop;
end;
$function$;

create or replace function private.change_schedule (
  p_schedule public.schedules,
  p_changes  jsonb
)
  returns public.schedules
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_allowed text[] := '{name,cron,timezone,starts_at,ends_at,jitter_seconds,missed_policy,missed_limit,overlap_policy,input,trigger_node,is_active}';
  v_unknown text;
begin
  if jsonb_typeof(p_changes) is distinct from 'object' then
    perform private.fail('invalid_request', 'The settings of a schedule must be an object', 400);
  end if;
  select min(k.name) into v_unknown from jsonb_object_keys(p_changes) as k (name) where k.name <> all (v_allowed);
  if v_unknown is not null then
    perform private.fail('invalid_request', format('A schedule has no setting %s', left(v_unknown, 100)), 400);
  end if;
  begin
    p_schedule := jsonb_populate_record(p_schedule, p_changes);
  exception when data_exception then
    perform private.fail('invalid_request', 'A setting of the schedule has the wrong type', 400);
  end;
  -- A JSON null would read as no input at all.
  if p_changes ? 'input' then
    p_schedule.input := p_changes -> 'input';
  end if;
  perform private.check_schedule(p_schedule);
  return p_schedule;
end;
$function$;

create or replace function private.check_entity (
  p_type         text,
  p_name         text,
  p_external_key text,
  p_data         jsonb
)
  returns void
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  if length(p_type) not between 1 and 64 or length(p_name) not between 1 and 200 or length(p_external_key) not between 1 and 255
    or jsonb_typeof(p_data) <> 'object'
  then
    perform private.fail('invalid_request',
      'A type has 1 to 64 characters, a name 1 to 200, an external key 1 to 255, and data is an object', 400);
  end if;
  if octet_length(p_data::text) > 65536 then
    perform private.fail('payload_too_large', 'The data of an entity may have at most 64 KiB', 413);
  end if;
end;
$function$;

create or replace function private.check_pins (
  p_version_id uuid,
  p_pins       jsonb
)
  returns void
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_problems jsonb;
begin
  if p_pins is null then
    return;
  end if;
  if jsonb_typeof(p_pins) <> 'object' then
    perform private.fail('invalid_request', 'Pins are outputs by node id', 400);
  end if;
  if octet_length(p_pins::text) > 262144 then
    perform private.fail('payload_too_large', 'The pins of a dry run may have at most 256 KiB', 413);
  end if;
  -- No graph has more nodes, and each is looked up.
  if (select count(*) from jsonb_object_keys(p_pins)) > 500 then
    perform private.fail('invalid_request', 'A dry run has at most 500 pins', 400);
  end if;
  select jsonb_agg(jsonb_build_object(
    'path', 'body.dry_run.pins.' || k.id, 'code', 'unknown_node', 'message', format('The graph has no node "%s"', k.id)
  ) order by k.id) into v_problems
  from jsonb_object_keys(p_pins) k (id)
  where not exists (
    select 1 from public.flow_versions v
    where v.id = p_version_id
      and jsonb_path_exists(v.graph, '$.nodes[*] ? (@.id == $id)', jsonb_build_object('id', k.id), true)
  );
  if v_problems is not null then
    perform private.fail('invalid_request', 'A pin is for a node that the graph lacks', 400, v_problems);
  end if;
end;
$function$;

create or replace function private.check_schedule (
  p_schedule public.schedules
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  if length(coalesce(p_schedule.name, '')) not between 1 and 200
    or length(coalesce(p_schedule.cron, '')) not between 1 and 200
    or coalesce(p_schedule.timezone, '') !~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$'
    or length(p_schedule.trigger_node) not between 1 and 64
    or p_schedule.is_active is null
  then
    perform private.fail('invalid_request', 'The name, cron expression, time zone or trigger node is out of range', 400);
  end if;
  -- Moments that JavaScript and Postgres write alike, and to which a jitter may be added.
  if p_schedule.starts_at >= p_schedule.ends_at
    or p_schedule.starts_at not between '1970-01-01T00:00:00Z' and '9000-01-01T00:00:00Z'
    or p_schedule.ends_at not between '1970-01-01T00:00:00Z' and '9000-01-01T00:00:00Z'
  then
    perform private.fail('invalid_request', 'A schedule must end later than it starts, between the years 1970 and 9000', 400);
  end if;
  if coalesce(p_schedule.jitter_seconds, -1) not between 0 and 3600
    or coalesce(p_schedule.missed_limit, 0) not between 1 and 100
    or coalesce(p_schedule.missed_policy, '') not in ('skip', 'run_once', 'run_all')
    or coalesce(p_schedule.overlap_policy, '') not in ('allow', 'skip', 'queue', 'cancel_previous')
  then
    perform private.fail('invalid_request', 'The jitter or a policy is out of range', 400);
  end if;
  if p_schedule.input is null or octet_length(p_schedule.input::text) > 65536 then
    perform private.fail('payload_too_large', 'The input of a schedule may have at most 64 KiB', 413);
  end if;
end;
$function$;

create or replace function private.check_upcoming (
  p_schedule public.schedules,
  p_upcoming timestamp with time zone[],
  p_after    timestamp with time zone
)
  returns timestamp with time zone[]
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_upcoming timestamptz[];
begin
  if array_ndims(p_upcoming) > 1 or cardinality(p_upcoming) > 150 or array_position(p_upcoming, null) is not null then
    perform private.fail('invalid_request', 'The list of due times may have 150 entries, none of them null', 400);
  end if;
  -- A cron expression is never due twice in a minute. What has passed meanwhile is left out, for clocks differ.
  if exists (
    select 1 from (
      select u.at, lag(u.at) over (order by u.place) as before
      from unnest(p_upcoming) with ordinality as u (at, place)
    ) t
    -- The service reckons in milliseconds.
    where t.at < t.before + interval '1 minute' or t.at not between '1970-01-01T00:00:00Z' and '9000-01-01T00:00:00Z'
      or t.at < date_trunc('milliseconds', p_schedule.starts_at) or t.at > p_schedule.ends_at
  ) then
    perform private.fail('invalid_request', 'Due times must ascend by a minute or more, between start and end', 400);
  end if;
  select coalesce(array_agg(u.at order by u.place), '{}') into v_upcoming
  from unnest(p_upcoming) with ordinality as u (at, place) where u.at > p_after;
  return v_upcoming;
end;
$function$;

create or replace function private.clock_since (
  p_now timestamp with time zone
)
  returns timestamp with time zone
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_since timestamptz;
begin
  -- updated_at is the tick before this one: after a minute without any, the clock begins anew.
  insert into private.settings as s (name, value, updated_at) values ('schedule_clock_since', p_now::text, p_now)
  on conflict (name) do update set
    value = case
      when excluded.updated_at between s.updated_at and s.updated_at + interval '60 seconds' then s.value
      else excluded.value
    end,
    updated_at = excluded.updated_at
  returning s.value::timestamptz into v_since;
  return v_since;
exception when lock_not_available then
  -- Another clock is at it.
  return p_now;
end;
$function$;

create or replace function private.close_region (
  p_region    private.run_regions,
  p_worker_id uuid,
  p_close     jsonb               default '{}'::jsonb
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  delete from private.run_regions g
  where (g.run_id, g.node_id, g.scope) = (p_region.run_id, p_region.node_id, p_region.scope);
  update public.job_queue j set
    node_id = p_region.closer, reads = p_region.close_reads, resume = p_region.resume,
    status = case when p_worker_id is null then 'paused' else 'running' end, worker_id = p_worker_id,
    started_at = case when p_worker_id is not null then private.now() end, epoch = j.epoch + 1,
    attempts = case when p_worker_id is null then 0 else 1 end, scheduled_for = private.now(),
    payload = case
      when p_region.more and not p_region.broke and p_close = '{}' then jsonb_build_object('again', jsonb_build_object(
        'index', p_region.total - 1,
        'last', private.region_items(
          p_region.run_id, p_region.scope, p_region.node_id, p_region.body, p_region.total - 1, p_region.total
        ) -> 0 -> 'value'
      ))
      else jsonb_build_object('close', jsonb_build_object(
        'owner', p_region.node_id, 'body', to_jsonb(p_region.body), 'total', p_region.total,
        'completed', p_region.completed, 'failed', p_region.failed
      ) || p_close)
    end
  where j.id = p_region.token_id;
end;
$function$;

create or replace function private.count_runs (
  p_limit integer  default 10000,
  p_lag   interval default '00:02:00'::interval
)
  returns integer
  language plpgsql
  set search_path to ''
  set lock_timeout to '200ms'
  AS $function$
-- Measured: 5 to 13 microseconds a run, 0.4 ms when there is nothing to count, 18 ms with 100,000 open runs to look at.
declare
  -- Ids are ordered by when a run was asked for, and become visible with its commit. No transaction of ours is open for as
  -- long as the lag, so behind it nothing new appears.
  v_until uuid := private.uuid_v7_floor(private.now() - p_lag);
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_state private.run_stats_state;
  v_counted integer;
  v_last uuid;
  v_looked integer;
  v_looked_at uuid;
begin
  insert into private.run_stats_state (counted_to, looked_at) values (v_nil, v_nil) on conflict do nothing;
  select s.* into v_state from private.run_stats_state s for update skip locked;
  if not found then
    return 0;
  end if;

  with
  fresh as materialized (
    select r.id, r.organization_id, r.flow_id, r.flow_version_id, r.status, r.started_at, r.finished_at, r.created_at,
      (r.created_at at time zone 'UTC')::date as day, r.pins is null as counts
    from public.runs r
    where r.id > v_state.counted_to and r.id < v_until
    order by r.id limit p_limit
  ),
  looked as materialized (
    select o.* from private.run_stats_open o where o.run_id > v_state.looked_at order by o.run_id limit p_limit
  ),
  moved as materialized (
    select l.run_id, l.organization_id, l.flow_id, l.day, l.status as before, r.status as now, r.started_at, r.finished_at
    from looked l
    left join lateral (
      select q.status, q.started_at, q.finished_at from public.runs q where q.id = l.run_id
    ) r on true
    where r.status is distinct from l.status
  ),
  opened as (
    insert into private.run_stats_open (run_id, organization_id, flow_id, day, status)
    select f.id, f.organization_id, f.flow_id, f.day, f.status from fresh f where f.finished_at is null and f.counts
    on conflict do nothing
  ),
  closed as (
    delete from private.run_stats_open o using moved m
    where o.run_id = m.run_id and (m.finished_at is not null or m.now is null)
  ),
  noted as (
    update private.run_stats_open o set status = m.now from moved m
    where o.run_id = m.run_id and m.finished_at is null and m.now is not null
  ),
  -- Each run once more where it stands now, and once less where it stood before.
  changes as (
    select f.organization_id, f.flow_id, f.day, f.status, 1 as n, f.started_at, f.finished_at from fresh f where f.counts
    union all
    select m.organization_id, m.flow_id, m.day, m.before, -1, null, null from moved m
    union all
    select m.organization_id, m.flow_id, m.day, m.now, 1, m.started_at, m.finished_at from moved m where m.now is not null
  ),
  measured as (
    select c.*, extract(epoch from c.finished_at - c.started_at)::double precision * 1000 as milliseconds from changes c
  ),
  -- An organization that is being deleted takes its numbers with it.
  tenants as (
    select o.id from public.organizations o
    where o.id in (select c.organization_id from changes c) order by o.id for key share
  ),
  summed as (
    insert into public.run_stats_daily as s (
      organization_id, flow_id, day, queued, running, paused, compensating, completed, failed, cancelled, compensated,
      compensation_failed, timed, duration_ms, durations
    )
    select
      m.organization_id, coalesce(m.flow_id, v_nil), m.day,
      coalesce(sum(m.n) filter (where m.status = 'queued'), 0),
      coalesce(sum(m.n) filter (where m.status = 'running'), 0),
      coalesce(sum(m.n) filter (where m.status = 'paused'), 0),
      coalesce(sum(m.n) filter (where m.status = 'compensating'), 0),
      coalesce(sum(m.n) filter (where m.status = 'completed'), 0),
      coalesce(sum(m.n) filter (where m.status = 'failed'), 0),
      coalesce(sum(m.n) filter (where m.status = 'cancelled'), 0),
      coalesce(sum(m.n) filter (where m.status = 'compensated'), 0),
      coalesce(sum(m.n) filter (where m.status = 'compensation_failed'), 0),
      count(m.milliseconds), coalesce(sum(m.milliseconds)::bigint, 0),
      private.histogram(array_agg(private.duration_bucket(m.milliseconds)) filter (where m.milliseconds is not null))
    from measured m
    where m.organization_id in (select t.id from tenants t)
    group by grouping sets ((m.organization_id, m.flow_id, m.day), (m.organization_id, m.day))
    on conflict (organization_id, flow_id, day) do update set
      queued = s.queued + excluded.queued, running = s.running + excluded.running, paused = s.paused + excluded.paused,
      compensating = s.compensating + excluded.compensating, completed = s.completed + excluded.completed,
      failed = s.failed + excluded.failed, cancelled = s.cancelled + excluded.cancelled,
      compensated = s.compensated + excluded.compensated,
      compensation_failed = s.compensation_failed + excluded.compensation_failed,
      timed = s.timed + excluded.timed, duration_ms = s.duration_ms + excluded.duration_ms,
      durations = private.add_histograms(s.durations, excluded.durations)
  ),
  versions as (
    select v.id from public.flow_versions v
    where v.id in (select f.flow_version_id from fresh f) order by v.id for key share
  ),
  used as (
    insert into public.flow_version_runs as u (flow_version_id, organization_id, flow_id, runs, first_run_at, last_run_at)
    select f.flow_version_id, f.organization_id, f.flow_id, count(*), min(f.created_at), max(f.created_at)
    from fresh f
    where f.counts and f.flow_version_id in (select v.id from versions v)
    group by 1, 2, 3
    on conflict (flow_version_id) do update set
      runs = u.runs + excluded.runs,
      first_run_at = least(u.first_run_at, excluded.first_run_at),
      last_run_at = greatest(u.last_run_at, excluded.last_run_at)
  )
  select
    (select count(*) from fresh), (select f.id from fresh f order by f.id desc limit 1),
    (select count(*) from looked), (select l.run_id from looked l order by l.run_id desc limit 1)
  into v_counted, v_last, v_looked, v_looked_at;

  update private.run_stats_state s set
    counted_to = case when v_counted = p_limit then v_last else greatest(s.counted_to, v_until) end,
    looked_at = case when v_looked = p_limit then v_looked_at else v_nil end;
  return v_counted;
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
  p_run_id           uuid         default null::uuid,
  p_parent           public.runs  default null::public.runs,
  p_entity_id        uuid         default null::uuid,
  p_schedule_id      uuid         default null::uuid,
  p_pins             jsonb        default null::jsonb,
  p_may_refuse       boolean      default false
)
  returns public.runs
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_run public.runs;
  v_worker uuid := p_worker_id;
  v_limits jsonb;
  v_limited boolean;
  v_full text;
begin
  insert into public.runs (
    id, organization_id, flow_id, flow_version_id, status, trigger, trigger_node, webhook_event_id, retry_of, input,
    created_by, traceparent, deadline_at, started_at, created_at, parent_run_id, depth, entity_id, schedule_id,
    concurrency_key, pins
  )
  select
    coalesce(p_run_id, private.uuid_v7()), p_flow.organization_id, p_flow.id, v.id,
    case when p_worker_id is null then 'queued' else 'running' end,
    p_trigger, p_trigger_node, p_webhook_event_id, p_retry_of, p_input,
    auth.uid(), p_traceparent, v_now + make_interval(secs => v.timeout_seconds),
    case when p_worker_id is not null then v_now end, v_now,
    p_parent.id, coalesce(p_parent.depth + 1, 0), p_entity_id, p_schedule_id,
    case when v.run_limits ? 'key_path' then
      left(p_input #>> array(select jsonb_array_elements_text(v.run_limits -> 'key_path')), 200) end,
    p_pins
  from public.flow_versions v
  where v.id = coalesce(p_version_id, p_flow.current_version_id)
  returning * into v_run;

  select v.run_limits, v.run_limits is not null or p.max_concurrent_runs is not null into v_limits, v_limited
  from public.organizations o
  join public.plans p on p.id = o.plan_id
  cross join public.flow_versions v
  where o.id = p_flow.organization_id and v.id = v_run.flow_version_id;
  if v_limited then
    v_full := private.take_slots(v_run);
    if v_full is not null then
      if p_may_refuse and v_limits ->> 'when_full' = 'refuse' and v_full not like 'org:%' then
        perform private.fail('run_limit_reached', 'As many runs of the flow as it allows are under way', 409,
          jsonb_build_object('limit', v_full));
      end if;
      v_worker := null;
      if p_worker_id is not null then
        update public.runs r set status = 'queued', started_at = null where r.id = v_run.id returning * into v_run;
      end if;
    end if;
  end if;

  insert into public.job_queue (
    organization_id, run_id, resume, status, worker_id, attempts, epoch, started_at, scheduled_for, deadline_at, created_at,
    payload
  )
  values (
    v_run.organization_id, v_run.id, p_retry_of is not null,
    case when v_full is not null then 'waiting' when v_worker is null then 'available' else 'running' end, v_worker,
    case when v_worker is null then 0 else 1 end, case when v_worker is null then 0 else 1 end,
    case when v_worker is not null then v_now end,
    case when v_full is not null then 'infinity' else v_now end, v_run.deadline_at, v_now,
    case when v_full is not null then jsonb_build_object('wait', jsonb_build_object('kind', 'limit', 'name', v_full)) end
  );
  if p_entity_id is not null then
    perform private.attach_entity(v_run);
  end if;
  return v_run;
end;
$function$;

create or replace function private.drop_scope (
  p_run_id uuid,
  p_prefix text,
  p_exact  text default null::text
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_children uuid[];
begin
  with gone as (
    delete from public.job_queue j
    where j.run_id = p_run_id and (j.scope = p_exact or starts_with(j.scope, p_prefix))
    returning j.payload
  )
  select array_agg(private.to_uuid(g.payload -> 'wait' ->> 'run_id')) into v_children
  from gone g where g.payload -> 'wait' ->> 'kind' = 'run' and not g.payload ? 'resolved';
  delete from private.run_joins g where g.run_id = p_run_id and (g.scope = p_exact or starts_with(g.scope, p_prefix));
  delete from private.run_regions g where g.run_id = p_run_id and (g.scope = p_exact or starts_with(g.scope, p_prefix));
  if v_children is not null then
    perform private.cancel_runs(v_children);
  end if;
end;
$function$;

create or replace function private.duration_bucket (
  p_milliseconds double precision
)
  returns integer
  language sql
  immutable
  set search_path to ''
  AS $function$
  select least(127, greatest(0, ceil(4 * ln(greatest(p_milliseconds, 1)) / ln(2))))::integer;
$function$;

create or replace function private.end_items (
  p_worker_id uuid,
  p_results   jsonb,
  p_paused    uuid[]
)
  returns uuid[]
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_kept uuid[] := '{}';
  v_fail record;
  v_group record;
  v_region private.run_regions;
  v_worker uuid;
  v_close jsonb;
begin
  update private.run_regions g set broke = true
  from jsonb_to_recordset(p_results) as r (run_id uuid, broke text)
  where r.broke is not null and g.run_id = r.run_id
    and (g.node_id, g.scope) = (substring(r.broke from '([^/]+)\.[0-9]+$'), coalesce(substring(r.broke from '^(.*)/[^/]+$'), ''));

  for v_fail in
    select r.run_id, r.scope from jsonb_to_recordset(p_results) as r (run_id uuid, scope text, fail jsonb)
    where r.fail is not null
  loop
    perform private.drop_scope(v_fail.run_id, v_fail.scope || '/', v_fail.scope);
  end loop;

  -- Items whose token has gone and that have none left. What is still open in a region below is a token of the item.
  for v_group in
    with gone as (
      select i.run_id, i.scope, (array_agg(i.fail) filter (where i.fail is not null))[1] as fail
      from jsonb_to_recordset(p_results) as r (
        run_id uuid, scope text, move jsonb, hold boolean, open jsonb, child jsonb, fail jsonb, ended jsonb
      )
      cross join lateral (
        select r.run_id, r.scope, r.fail
        where r.ended is null and r.scope <> '' and r.move is null and r.hold is not true and r.open is null and r.child is null
        union all
        -- A token that carried several items names those that are through.
        select r.run_id, e.scope, case when e.error is not null then jsonb_build_object('error', e.error) end
        from jsonb_to_recordset(r.ended) as e (scope text, error jsonb)
      ) i
      group by i.run_id, i.scope
    ),
    ended as (
      select g.*, substring(g.scope from '([^/]+)\.[0-9]+$') as owner, substring(g.scope from '[0-9]+$')::integer as index,
        coalesce(substring(g.scope from '^(.*)/[^/]+$'), '') as outer_scope
      from gone g
      where not exists (select 1 from public.job_queue j where j.run_id = g.run_id and j.scope = g.scope)
    )
    select e.run_id, e.owner, e.outer_scope, count(*)::integer as ended, count(e.fail)::integer as failed,
      max(e.index) as last,
      (array_agg(e.index order by e.index) filter (where e.fail is not null))[1] as index,
      (array_agg(e.fail -> 'error' order by e.index) filter (where e.fail is not null))[1] as error
    from ended e
    group by e.run_id, e.owner, e.outer_scope
    order by e.run_id, e.outer_scope, e.owner
  loop
    update private.run_regions g set
      open = g.open - v_group.ended,
      completed = g.completed + v_group.ended - v_group.failed,
      failed = g.failed + v_group.failed,
      total = case when g.broke then g.next else g.total end
    where (g.run_id, g.node_id, g.scope) = (v_group.run_id, v_group.owner, v_group.outer_scope)
    returning * into v_region;
    continue when not found;
    v_worker := case when v_region.run_id = any (p_paused) then null else p_worker_id end;

    if v_region.failed > v_region.tolerate then
      perform private.drop_scope(
        v_region.run_id, case when v_region.scope = '' then '' else v_region.scope || '/' end || v_region.node_id || '.'
      );
      v_close := jsonb_build_object('error', v_group.error, 'index', v_group.index);
    elsif v_region.next < v_region.total then
      v_kept := v_kept || private.spawn_items(v_region, v_worker);
      continue;
    elsif v_region.open > 0 then
      continue;
    else
      v_close := '{}';
    end if;

    perform private.close_region(v_region, v_worker, v_close);
    if v_worker is not null then
      v_kept := v_kept || v_region.token_id;
    end if;
  end loop;
  -- A region that fails takes tokens along that were made a moment ago.
  return array(select k.id from unnest(v_kept) as k (id) join public.job_queue j on j.id = k.id);
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
  v_before text;
  v_run public.runs;
  v_status text := p_status;
  v_children uuid[];
begin
  select r.status into v_before from public.runs r where r.id = p_run_id and r.finished_at is null for update;
  if not found then
    return false;
  end if;
  if v_before = 'compensating' then
    -- What goes wrong while a run undoes itself is the end of that.
    v_status := case when p_status in ('compensated', 'compensation_failed') then p_status else 'compensation_failed' end;
  elsif p_status in ('failed', 'cancelled') and private.has_to_undo(p_run_id, p_status) then
    v_status := 'compensating';
  end if;

  -- Every path locks the run first and its tokens after it, in the order of their ids, so no two of them wait for each other.
  update public.runs r set
    status = v_status,
    finished_at = case when v_status <> 'compensating' then v_now end,
    started_at = case when v_status in ('completed', 'compensating') then coalesce(r.started_at, v_now) else r.started_at end,
    output = case when v_before = 'compensating' then r.output else p_output end,
    error = case when v_before = 'compensating' then r.error
      when v_status = 'compensating' then coalesce(p_error, '{"code": "cancelled", "message": "The run was cancelled"}')
      else p_error end
  where r.id = p_run_id
  returning * into v_run;
  perform 1 from (
    select j.id from public.job_queue j where j.run_id = p_run_id order by j.id for update
  ) l;
  with gone as (
    delete from public.job_queue j where j.run_id = p_run_id returning j.payload
  )
  select array_agg(private.to_uuid(g.payload -> 'wait' ->> 'run_id')) into v_children
  from gone g where g.payload -> 'wait' ->> 'kind' = 'run' and not g.payload ? 'resolved';
  delete from private.run_joins g where g.run_id = p_run_id;
  delete from private.run_regions g where g.run_id = p_run_id;
  delete from private.run_signals g where g.run_id = p_run_id;
  if v_children is not null then
    perform private.cancel_runs(v_children);
  end if;

  if v_status = 'compensating' then
    insert into public.job_queue (organization_id, run_id, payload, deadline_at, created_at, scheduled_for)
    select v_run.organization_id, v_run.id, '{"undo": true}', v_now + make_interval(secs => greatest(v.timeout_seconds, 3600)), v_now, v_now
    from public.flow_versions v where v.id = v_run.flow_version_id;
    perform private.wake_if_idle();
    return true;
  end if;
  perform private.free_slots(v_run);
  if v_run.trigger = 'flow' then
    perform private.resolve_parent(v_run);
  end if;
  if p_status = 'failed' or v_before = 'compensating' then
    perform private.start_error_flow(v_run);
  end if;
  return true;
end;
$function$;

create or replace function private.end_waits (
  p_now timestamp with time zone
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_child record;
begin
  -- What waited until now, or will have soon: precise to the moment, though the clock ticks every ten seconds.
  update public.job_queue j set status = 'available'
  where j.id in (
    select o.id from public.job_queue o
    where o.status = 'waiting' and o.scheduled_for < p_now + interval '15 seconds'
      and o.payload -> 'wait' ->> 'kind' is distinct from 'run'
    order by o.scheduled_for limit 5000
    for update skip locked
  );
  -- A step that waits for a run goes on when that ends. Here only what was missed then; by themselves, so that a tenant
  -- with ever so many of them keeps nobody's timer waiting.
  update public.job_queue j set scheduled_for = p_now + interval '1 minute'
  where j.id in (
    select o.id from public.job_queue o
    where o.status = 'waiting' and o.scheduled_for < p_now + interval '15 seconds'
      and o.payload -> 'wait' ->> 'kind' = 'run'
    order by o.scheduled_for limit 1000
    for update skip locked
  );
  for v_child in
    select q as run from public.job_queue j
    join public.runs q on q.id = private.to_uuid(j.payload -> 'wait' ->> 'run_id')
    where j.status = 'waiting' and j.scheduled_for < p_now + interval '61 seconds'
      and j.payload -> 'wait' ->> 'kind' = 'run' and not j.payload ? 'resolved' and q.finished_at is not null
    limit 200
  loop
    perform private.resolve_parent(v_child.run);
  end loop;
end;
$function$;

create or replace function private.entity_reply (
  p_entity_id uuid
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select to_jsonb(e) - 'deleted_at' from public.entities e where e.id = p_entity_id;
$function$;

create or replace function private.explain_insides (
  p_run_id uuid
)
  returns jsonb
  language sql
  stable
  security definer
  set search_path to ''
  AS $function$
  select jsonb_build_object(
    'tokens', private.explain_tokens(r, v.graph),
    'token_count', (select count(*) from public.job_queue j where j.run_id = r.id),
    'joins', private.explain_joins(r, v.plan_hash),
    'regions', coalesce((
      select jsonb_agg(jsonb_build_object(
        'node_id', g.node_id, 'scope', g.scope, 'closer', g.closer, 'total', case when not g.more then g.total end,
        'begun', g.next, 'open', g.open, 'completed', g.completed, 'failed', g.failed, 'at_once', g.window_size,
        'tolerate', g.tolerate, 'broke', g.broke
      ) order by g.scope, g.node_id)
      from (select * from private.run_regions x where x.run_id = r.id order by x.scope, x.node_id limit 200) g
    ), '[]'),
    'signals', coalesce((
      select jsonb_agg(jsonb_build_object('kind', s.kind, 'name', s.name, 'count', s.count) order by s.kind, s.name)
      from (
        select x.kind, x.name, count(*) from private.run_signals x where x.run_id = r.id group by x.kind, x.name
      ) s
    ), '[]'),
    'undone', coalesce((
      select jsonb_agg(jsonb_build_object('node_id', substr(s.node_id, 6), 'scope', s.scope, 'status', s.status) order by s.finished_at)
      from public.run_steps s where s.run_id = r.id and s.node_id like 'undo:%' and s.status in ('completed', 'failed')
    ), '[]'),
    'steps', coalesce((
      select jsonb_object_agg(c.status, c.count) from (
        select s.status, count(*) from public.run_steps s where s.run_id = r.id group by s.status
      ) c
    ), '{}'),
    'cancelling', exists (select 1 from private.run_cancellations c where c.run_id = r.id)
  )
  from public.runs r
  join public.flow_versions v on v.id = r.flow_version_id
  -- It sees more than its caller, so it asks itself who that is.
  where r.id = p_run_id and r.organization_id = any ((select private.organizations_with('runs:read'))::uuid[]);
$function$;

create or replace function private.explain_joins (
  p_run       public.runs,
  p_plan_hash bytea
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  -- The plan knows which in-edge has which slot; a join has answers only where a plan was compiled.
  with edges as materialized (
    select n.value ->> 'id' as source, (e.value ->> 'to')::integer as target, (e.value ->> 'slot')::smallint as slot,
      e.value ->> 'handle' as handle
    from private.flow_plans p
    cross join lateral jsonb_array_elements(p.plan -> 'nodes') n
    cross join lateral jsonb_array_elements(n.value -> 'out') e
    where p.organization_id = p_run.organization_id and p.plan_hash = p_plan_hash and not e.value ? 'exit'
      and exists (select 1 from private.run_joins g where g.run_id = p_run.id)
  ),
  targets as materialized (
    select n.value ->> 'id' as id, (n.value ->> 'index')::integer as index
    from private.flow_plans p
    cross join lateral jsonb_array_elements(p.plan -> 'nodes') n
    where p.organization_id = p_run.organization_id and p.plan_hash = p_plan_hash
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'node_id', g.node_id,
    'scope', g.scope,
    'expects', g.expects,
    'need', g.need,
    'fired', g.fired,
    'live', cardinality(g.live),
    'dead', cardinality(g.dead),
    'branches', coalesce((
      select jsonb_agg(jsonb_build_object(
        'node_id', e.source, 'handle', e.handle,
        'state', case when e.slot = any (g.live) then 'arrived' when e.slot = any (g.dead) then 'dead' else 'missing' end
      ) order by e.slot)
      from targets t join edges e on e.target = t.index where t.id = g.node_id
    ), '[]')
  ) order by g.node_id, g.scope), '[]')
  from (select * from private.run_joins j where j.run_id = p_run.id order by j.node_id, j.scope limit 200) g;
$function$;

create or replace function private.explain_tokens (
  p_run   public.runs,
  p_graph jsonb
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  with found as (
    select j.*, j.payload ? 'wait' and not j.payload ? 'resolved' and j.status <> 'running' as waits,
      j.status = 'available' and j.scheduled_for <= private.now() as due
    from public.job_queue j where j.run_id = p_run.id order by j.created_at, j.id limit 200
  ),
  edges as materialized (
    select e.value ->> 'source' as source, e.value ->> 'target' as target, e.value ->> 'sourceHandle' as handle
    from jsonb_array_elements(case when jsonb_typeof(p_graph -> 'edges') = 'array' then p_graph -> 'edges' else '[]' end) e
  ),
  -- A token keeps its node while its worker goes on from memory: what it has recorded since then says where it is. Told only
  -- where it is alone in its scope, and one node follows.
  latest as (
    select distinct on (s.scope) s.scope, s.node_id, s.handles, s.finished_at
    from public.run_steps s
    where s.run_id = p_run.id and s.status in ('completed', 'failed') and s.scope in (
      select f.scope from found f where f.payload is not null or f.status <> 'waiting' group by f.scope having count(*) = 1
    )
    order by s.scope, s.finished_at desc, s.node_id
  ),
  tokens as (
    select f.*, coalesce(l.target, f.node_id, b.target) as at_node, greatest(f.started_at, l.finished_at) as at_since
    from found f
    left join lateral (
      select min(e.target) as target, min(t.finished_at) as finished_at
      from latest t
      join edges e on e.source = t.node_id and (t.handles is null or e.handle is null or e.handle = any (t.handles))
      where t.scope = f.scope and t.finished_at >= f.created_at and f.status in ('running', 'paused', 'available')
        and not f.waits and coalesce(f.payload, '{}') - 'item' - 'index' - 'count' - 'rest' = '{}'
      having count(distinct e.target) = 1
    ) l on true
    -- A run that has begun and recorded nothing is at what follows its trigger.
    left join lateral (
      select min(e.target) as target
      from jsonb_array_elements(case when jsonb_typeof(p_graph -> 'nodes') = 'array' then p_graph -> 'nodes' else '[]' end) x
      join edges e on e.source = x.value ->> 'id'
      where f.node_id is null and f.payload is null and f.status = 'running' and x.value ->> 'type' like 'trigger.%'
        and (p_run.trigger_node is null or p_run.trigger_node = x.value ->> 'id')
        and not exists (select 1 from latest)
      having count(distinct e.target) = 1
    ) b on true
  )
  select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
    'node_id', t.at_node,
    'label', n.value #>> '{data,label}',
    'type', n.value ->> 'type',
    'scope', t.scope,
    'status', t.status,
    'attempt', case when t.status = 'running' then t.attempts else t.attempts + 1 end,
    'scheduled_for', case
      when t.scheduled_for <> 'infinity' and t.payload #>> '{wait,kind}' is distinct from 'run' then t.scheduled_for
    end,
    'started_at', t.at_since,
    'since', case when t.waits and t.payload #>> '{wait,since}' ~ '^[0-9]{1,15}$'
      then to_timestamp((t.payload #>> '{wait,since}')::bigint / 1000.0) end,
    'lease_until', w.expires_at,
    'pausing', nullif(t.pausing, false),
    'last_error', t.error_message,
    'undo', nullif(t.payload ? 'undo', false),
    'dead', nullif(t.payload ? 'dead', false),
    'resolved_by', t.payload -> 'resolved' ->> 'by',
    'items', nullif(t.payload is null and t.status = 'waiting', false),
    'wait', case when t.waits then t.payload -> 'wait' end,
    'child', case when t.waits and t.payload -> 'wait' ->> 'kind' = 'run' then (
      select jsonb_build_object('run_id', c.id, 'flow_id', c.flow_id, 'status', c.status)
      from public.runs c where c.id = (t.payload -> 'wait' ->> 'run_id')::uuid
    ) end,
    'limit', case when t.waits and t.payload -> 'wait' ->> 'kind' = 'limit' then (
      select jsonb_build_object(
        'key', t.payload -> 'wait' ->> 'name',
        'places', (select k.places from private.run_limit_keys(p_run) k where k.limit_key = t.payload -> 'wait' ->> 'name'),
        'holders', (select count(*) from private.run_slots s where s.limit_key = t.payload -> 'wait' ->> 'name'),
        'position', (
          select count(*) from public.job_queue q
          where q.status = 'waiting' and q.payload -> 'wait' ->> 'kind' = 'limit'
            and q.payload -> 'wait' ->> 'name' = t.payload -> 'wait' ->> 'name' and q.id <= t.id
        )
      )
    ) end,
    -- Counted up to a thousand and a hundred: more says no more.
    'line', case when t.due then jsonb_build_object(
      'ahead', (select count(*) from (
        select 1 from public.job_queue q
        where q.status = 'available' and q.organization_id = t.organization_id
          and (q.priority, q.scheduled_for) < (t.priority, t.scheduled_for) limit 1000
      ) a),
      'organizations', (select count(*) from (
        with recursive o as (
          (select q.organization_id from public.job_queue q
           where q.status = 'available' and q.scheduled_for <= private.now() order by q.organization_id limit 1)
          union all
          select (
            select q.organization_id from public.job_queue q
            where q.status = 'available' and q.scheduled_for <= private.now() and q.organization_id > o.organization_id
            order by q.organization_id limit 1
          ) from o where o.organization_id is not null
        )
        select 1 from o where o.organization_id is not null limit 100
      ) b),
      'workers', (select count(*) from private.workers k where k.kind = 'worker' and k.expires_at > private.now())
    ) end,
    'next', (select jsonb_agg(distinct e.target) from edges e where e.source = t.at_node)
  )) order by t.created_at, t.id), '[]')
  from tokens t
  left join private.workers w on w.id = t.worker_id
  left join lateral (
    select x.value from jsonb_array_elements(
      case when jsonb_typeof(p_graph -> 'nodes') = 'array' then p_graph -> 'nodes' else '[]' end
    ) x where x.value ->> 'id' = t.at_node limit 1
  ) n on true;
$function$;

create or replace function private.fire_due_time (
  p_schedule      public.schedules,
  p_scheduled_for timestamp with time zone,
  p_now           timestamp with time zone,
  p_late          text
)
  returns public.schedules
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_flow public.flows;
  v_outcome text := 'started';
  v_reason text;
  v_run_id uuid;
begin
  -- The key says it as well: what has been decided once is not decided again.
  if exists (
    select 1 from public.schedule_firings f where f.schedule_id = p_schedule.id and f.scheduled_for = p_scheduled_for
  ) then
    return p_schedule;
  end if;

  select * into v_flow from public.flows f where f.id = p_schedule.flow_id;
  v_reason := private.schedule_obstacle(v_flow);
  if v_reason is not null then
    v_outcome := 'refused';
  else
    v_reason := p_late;
    p_schedule.open_runs := private.runs_still_open(p_schedule.open_runs);
    -- A due time must not overtake those that wait in the queue.
    if p_schedule.overlap_policy = 'queue' and (p_schedule.queued_count > 0 or cardinality(p_schedule.open_runs) > 0) then
      v_outcome := case when p_schedule.queued_count < 100 then 'queued' else 'skipped_overlap' end;
      v_reason := case when v_outcome = 'skipped_overlap' then 'queue_full' else p_late end;
    elsif p_schedule.overlap_policy = 'skip' and cardinality(p_schedule.open_runs) > 0 then
      v_outcome := 'skipped_overlap';
    elsif p_schedule.overlap_policy = 'cancel_previous' then
      -- The caller has locked them all. One that undoes itself is left to that.
      perform private.end_run(r.id, 'cancelled') from public.runs r
      where r.id = any (p_schedule.open_runs) and r.status <> 'compensating';
      p_schedule.open_runs := private.runs_still_open(p_schedule.open_runs);
    end if;
  end if;

  if v_outcome = 'started' then
    begin
      v_run_id := private.start_scheduled_run(p_schedule, v_flow, p_scheduled_for, p_now, false);
      p_schedule.open_runs := (v_run_id || p_schedule.open_runs)[1:100];
      p_schedule.last_run_id := v_run_id;
      p_schedule.last_fired_at := p_now;
    exception
      when lock_not_available or deadlock_detected then
        raise;
      when others then
        -- One schedule that cannot start must not stop the clock of all.
        v_outcome := 'refused';
        v_reason := private.refusal_code(sqlstate, sqlerrm);
    end;
  end if;
  insert into public.schedule_firings (schedule_id, scheduled_for, organization_id, fired_at, outcome, run_id, reason)
  values (p_schedule.id, p_scheduled_for, p_schedule.organization_id, p_now, v_outcome, v_run_id, v_reason);
  p_schedule.queued_count := p_schedule.queued_count + (v_outcome = 'queued')::integer;
  return p_schedule;
end;
$function$;

create or replace function private.fire_schedule (
  p_schedule public.schedules,
  p_now      timestamp with time zone,
  p_since    timestamp with time zone
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_schedule public.schedules := p_schedule;
  v_due timestamptz[];
  v_missed integer;
  v_from integer;
  v_done integer := 0;
begin
  -- In order: jitter never lets a due time overtake the one before it. Missed is what was due before the clock ticked
  -- again, or before the list named it; what merely waits its turn among many is not.
  select coalesce(array_agg(t.at order by t.place), '{}'), count(*) filter (
    where t.fires_at < greatest(p_since, v_schedule.refilled_at) - interval '60 seconds'
  )
  into v_due, v_missed
  from (
    select u.at, u.place, max(u.at + private.schedule_jitter(v_schedule.id, u.at, v_schedule.jitter_seconds))
      over (order by u.place) as fires_at
    from unnest(v_schedule.upcoming) with ordinality as u (at, place)
  ) t
  where t.fires_at <= p_now;

  -- The first one that is not skipped as missed.
  v_from := 1 + case v_schedule.missed_policy
    when 'skip' then v_missed
    when 'run_once' then greatest(v_missed - 1, 0)
    else greatest(v_missed - v_schedule.missed_limit, 0)
  end;
  for i in 1 .. cardinality(v_due) loop
    if i < v_from then
      insert into public.schedule_firings (schedule_id, scheduled_for, organization_id, fired_at, outcome, reason)
      values (v_schedule.id, v_due[i], v_schedule.organization_id, p_now, 'skipped_missed', 'missed_policy')
      on conflict do nothing;
    else
      -- A run to be cancelled that somebody is at work on right now: the next tick fires.
      exit when v_schedule.overlap_policy = 'cancel_previous' and exists (
        select 1 from unnest(private.runs_still_open(v_schedule.open_runs)) as o (id) where not private.try_lock_run(o.id)
      );
      v_schedule := private.fire_due_time(v_schedule, v_due[i], p_now, case when i <= v_missed then 'missed' end);
    end if;
    v_done := i;
  end loop;
  if v_done = 0 then
    return 0;
  end if;

  v_schedule.upcoming := v_schedule.upcoming[v_done + 1:];
  update public.schedules s set
    upcoming = v_schedule.upcoming,
    next_at = v_schedule.upcoming[1],
    fire_at = v_schedule.upcoming[1]
      + private.schedule_jitter(v_schedule.id, v_schedule.upcoming[1], v_schedule.jitter_seconds),
    decided_until = v_due[v_done],
    open_runs = v_schedule.open_runs,
    queued_count = v_schedule.queued_count,
    last_run_id = v_schedule.last_run_id,
    last_fired_at = v_schedule.last_fired_at
  where s.id = v_schedule.id;
  -- Of a flow that is gone nothing can come any more.
  if exists (select 1 from public.flows f where f.id = v_schedule.flow_id and f.deleted_at is not null) then
    update public.schedule_firings f set outcome = 'refused', reason = 'flow_deleted', fired_at = p_now
    where f.schedule_id = v_schedule.id and f.outcome = 'queued';
    update public.schedules s set
      is_active = false, upcoming = '{}', next_at = null, fire_at = null, refill_at = null, queued_count = 0
    where s.id = v_schedule.id;
  end if;
  return v_done;
end;
$function$;

create or replace function private.fire_schedules (
  p_now timestamp with time zone
)
  returns integer
  language plpgsql
  set search_path to ''
  set lock_timeout to '200ms'
  AS $function$
declare
  v_schedule public.schedules;
  v_decided integer := 0;
  v_busy uuid[] := '{}';
  v_since timestamptz := private.clock_since(p_now);
  v_until timestamptz := clock_timestamp() + interval '3 seconds';
begin
  for v_schedule in
    select s.* from public.schedules s
    where s.queued_count > 0
      and not exists (select 1 from public.runs r where r.id = any (s.open_runs) and r.finished_at is null)
    order by s.organization_id limit 1000 for no key update of s skip locked
  loop
    exit when clock_timestamp() > v_until - interval '2 seconds';
    continue when v_schedule.organization_id = any (v_busy);
    begin
      perform private.start_queued_firing(v_schedule, p_now);
      v_decided := v_decided + 1;
    exception
      when lock_not_available or deadlock_detected then
        v_busy := v_busy || v_schedule.organization_id;
      when others then
        raise warning 'Cannot start what schedule % has queued: %', v_schedule.id, sqlerrm;
    end;
  end loop;

  for v_schedule in
    select s.* from public.schedules s
    where s.fire_at <= p_now
      -- After an outage longer than the list, nobody knows yet all that was missed: it fires once the list is new.
      and greatest(s.upcoming[cardinality(s.upcoming)], s.refilled_at) >= v_since - interval '60 seconds'
    order by s.fire_at limit 5000 for no key update skip locked
  loop
    -- The rest comes with the next tick, and so does an organization where somebody holds what a run needs for long.
    exit when clock_timestamp() > v_until or cardinality(v_busy) >= 10;
    continue when v_schedule.organization_id = any (v_busy);
    begin
      v_decided := v_decided + private.fire_schedule(v_schedule, p_now, v_since);
    exception
      when lock_not_available or deadlock_detected then
        v_busy := v_busy || v_schedule.organization_id;
      when others then
        -- One schedule that can not be decided on must not stop the clock of all.
        raise warning 'Cannot fire schedule %: %', v_schedule.id, sqlerrm;
    end;
  end loop;

  if exists (select 1 from public.schedules s where s.refill_at <= p_now) then
    perform private.wake_if_idle();
  end if;
  delete from public.schedule_firings f where f.ctid in (
    select o.ctid from public.schedule_firings o
    where o.fired_at < p_now - interval '90 days' and o.outcome <> 'queued'
    order by o.fired_at limit 500 for update skip locked
  );
  return v_decided;
end;
$function$;

create or replace function private.free_slots (
  p_run public.runs
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_keys text[];
begin
  if not exists (select 1 from private.run_slots s where s.run_id = p_run.id) then
    return;
  end if;
  if not private.limits_are_near(p_run) then
    delete from private.run_slots s where s.run_id = p_run.id;
    return;
  end if;
  perform private.lock_limits(p_run.organization_id);
  with freed as (
    delete from private.run_slots s where s.run_id = p_run.id returning s.limit_key
  )
  select array_agg(f.limit_key) into v_keys from freed f;
  perform private.admit_waiting(v_keys);
end;
$function$;

create or replace function private.has_to_undo (
  p_run_id uuid,
  p_status text
)
  returns boolean
  language sql
  stable
  set search_path to ''
  AS $function$
  select exists (
    select 1
    from public.runs r
    join public.flow_versions v on v.id = r.flow_version_id
    join public.run_steps s on s.run_id = r.id and s.node_id = any (v.undo_nodes) and s.status = 'completed'
    where r.id = p_run_id and r.pins is null and (p_status = 'failed' or v.compensate_on_cancel)
  );
$function$;

create or replace function private.histogram (
  p_buckets integer[]
)
  returns integer[]
  language sql
  immutable
  set search_path to ''
  AS $function$
  select coalesce(array_agg(coalesce(c.count, 0) order by g.bucket), '{}')
  from generate_series(0, (select max(b) from unnest(p_buckets) b)) g (bucket)
  left join (select b as bucket, count(*)::integer as count from unnest(p_buckets) b group by b) c using (bucket);
$function$;

create or replace function private.item_scope (
  p_scope text,
  p_owner text,
  p_index integer
)
  returns text
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return case when p_scope = '' then '' else p_scope || '/' end || p_owner || '.' || p_index;
end;
$function$;

create or replace function private.job_details (
  p_job public.job_queue
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_details jsonb := jsonb_build_object('payload', p_job.payload);
  v_close jsonb := p_job.payload -> 'close';
begin
  -- The end of a region: what its items gave. A region that failed gives nothing.
  if v_close is not null and not v_close ? 'error' then
    v_details := v_details || jsonb_build_object('items', private.region_items(
      p_job.run_id, p_job.scope, v_close ->> 'owner', array(select jsonb_array_elements_text(v_close -> 'body')),
      0, (v_close ->> 'total')::integer
    ));
  end if;
  -- The token that undoes a run: what is to be undone, newest first.
  if p_job.payload ? 'undo' then
    v_details := v_details || jsonb_build_object('undo', (
      select coalesce(jsonb_agg(
        jsonb_build_object('node', s.node_id, 'scope', s.scope, 'output', s.output)
        order by s.finished_at desc, s.node_id desc, s.scope desc
      ), '[]')
      from public.runs r
      join public.flow_versions v on v.id = r.flow_version_id
      join public.run_steps s on s.run_id = r.id and s.node_id = any (v.undo_nodes) and s.status = 'completed'
      where r.id = p_job.run_id
    ), 'undone', (
      select coalesce(jsonb_agg(jsonb_build_object('node', s.node_id, 'scope', s.scope, 'status', s.status)), '[]')
      from public.run_steps s
      where s.run_id = p_job.run_id and s.node_id like 'undo:%' and s.status not in ('retried', 'unknown')
    ), 'outputs_all', (
      select coalesce(jsonb_agg(jsonb_build_object('node', s.node_id, 'scope', s.scope, 'output', s.output)), '[]')
      from public.run_steps s
      where s.run_id = p_job.run_id and s.output is not null and s.node_id = any (p_job.reads)
    ));
  end if;
  return v_details;
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
    'resumed', nullif(j.resume, false),
    'deadline_ms', floor(extract(epoch from j.deadline_at - private.now()) * 1000)::bigint,
    'trigger', r.trigger,
    'trigger_node', r.trigger_node,
    'traceparent', r.traceparent,
    'started_at', r.started_at,
    'flow_id', r.flow_id,
    'flow_version_id', r.flow_version_id,
    'entity_id', r.entity_id
  )) || case when j.payload is null then '{}'::jsonb else private.job_details(j) end
    || case when r.pins is null then '{}'::jsonb else jsonb_build_object('pins', r.pins) end
    || jsonb_build_object(
    -- Only where it is read: with a long list as input, each of its items would carry all of it.
    'input', case when j.node_id is null or '$trigger' = any (j.reads) or j.payload ? 'undo' then r.input end,
    'outputs', case when j.scope = '' then (
      select coalesce(jsonb_object_agg(s.node_id, s.output), '{}')
      from public.run_steps s
      where s.run_id = j.run_id and s.node_id = any (j.reads) and s.scope = '' and s.output is not null
    ) else (
      -- The same node may have given something in several scopes around: the innermost counts.
      select coalesce(jsonb_object_agg(s.node_id, s.output order by length(s.scope)), '{}')
      from public.run_steps s
      where s.run_id = j.run_id and s.node_id = any (j.reads) and s.scope = any (private.scope_chain(j.scope))
        and s.output is not null
    ) end,
    -- In a retry, a step that was taken over may come after one that was not: one that was undone, or a slow branch.
    'recorded', case when j.resume or r.retry_of is not null then (
      select coalesce(jsonb_agg(jsonb_build_object(
        'node', s.node_id, 'status', s.status, 'handles', s.handles, 'output', s.output
      )), '[]')
      from public.run_steps s
      where s.run_id = j.run_id and s.scope = j.scope and s.status not in ('retried', 'unknown')
    ) end
  ) order by j.id), '[]')
  from public.job_queue j
  left join public.runs r on r.id = j.run_id
  where j.id = any (p_job_ids)
  );
end;
$function$;

create or replace function private.limits_are_near (
  p_run public.runs
)
  returns boolean
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  -- As many as may be on their way at this moment without seeing each other: a transaction needs a connection.
  return exists (
    select 1 from private.run_limit_keys(p_run) k
    where k.places <= 100 or (
      select count(*) from (select 1 from private.run_slots s where s.limit_key = k.limit_key limit k.places) c
    ) >= k.places - 100
  );
end;
$function$;

create or replace function private.lock_entity (
  p_entity_id  uuid,
  p_if_version integer default null::integer
)
  returns public.entities
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_entity public.entities;
begin
  -- Asked before the lock: a stranger neither waits for who moves the entity nor makes them wait.
  select e.organization_id into v_entity.organization_id
  from public.entities e
  join public.flows f on f.id = e.flow_id and f.deleted_at is null
  where e.id = p_entity_id and e.deleted_at is null;
  perform private.require_permission(v_entity.organization_id, 'runs:execute', 'entity');
  select * into v_entity from public.entities e where e.id = p_entity_id and e.deleted_at is null for no key update;
  if not found then
    perform private.fail('not_found', 'No such entity', 404);
  end if;
  if p_if_version is not null and v_entity.version <> p_if_version then
    perform private.fail('version_mismatch', format('The entity has version %s, not %s', v_entity.version, p_if_version), 412);
  end if;
  return v_entity;
end;
$function$;

create or replace function private.lock_limits (
  p_organization_id uuid
)
  returns void
  language sql
  set search_path to ''
  AS $function$
  select pg_advisory_xact_lock(hashtext('millrace.limits'), hashtext(p_organization_id::text));
$function$;

create or replace function private.lock_limits_of (
  p_run_ids uuid[]
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_organization_id uuid;
begin
  for v_organization_id in
    select distinct q.organization_id from public.runs q
    where q.id = any (p_run_ids) and private.limits_are_near(q)
    order by q.organization_id
  loop
    perform private.lock_limits(v_organization_id);
  end loop;
end;
$function$;

create or replace function private.lock_schedule (
  p_schedule_id uuid,
  p_permission  text,
  p_if_version  integer default null::integer
)
  returns public.schedules
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_schedule public.schedules;
begin
  -- Asked before the lock: a stranger neither waits for who works on the schedule nor makes them wait.
  select s.organization_id into v_schedule.organization_id from public.schedules s where s.id = p_schedule_id;
  perform private.require_permission(v_schedule.organization_id, p_permission, 'schedule');
  select * into v_schedule from public.schedules s where s.id = p_schedule_id for no key update;
  if not found then
    perform private.fail('not_found', 'No such schedule', 404);
  end if;
  if p_if_version is not null and v_schedule.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The schedule has version %s, not %s', v_schedule.version, p_if_version), 412);
  end if;
  return v_schedule;
end;
$function$;

create or replace function private.map_entity (
  p_flow   public.flows,
  p_entity jsonb,
  OUT      id uuid,
  OUT      is_new boolean,
  OUT      error text
)
  returns record
  language plpgsql
  set search_path to ''
  AS $function$
begin
  perform private.check_entity(
    coalesce(p_entity ->> 'type', ''), p_entity ->> 'name', coalesce(p_entity ->> 'key', ''), p_entity -> 'data'
  );
  select a.id, a.is_new into id, is_new
  from private.add_entity(p_flow, p_entity ->> 'type', p_entity ->> 'name', p_entity ->> 'key', p_entity -> 'data') a;
exception when sqlstate 'PGRST' or check_violation then
  error := case sqlstate when 'PGRST' then sqlerrm::jsonb ->> 'message' else 'The entity has values that none can have' end;
end;
$function$;

create or replace function private.may_receive_live (
  p_topic text
)
  returns boolean
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_parts text[] := regexp_match(p_topic, '^(run|org):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(:runs)?$');
begin
  -- A run's topic has no tail, an organization's has one.
  if v_parts is null or (v_parts[1] = 'org') <> (v_parts[3] is not null) then
    return false;
  end if;
  if v_parts[1] = 'org' then
    return v_parts[2]::uuid = any (private.organizations_with('runs:read'));
  end if;
  return exists (
    select 1 from public.runs r
    where r.id = v_parts[2]::uuid and r.organization_id = any (private.organizations_with('runs:read'))
  );
end;
$function$;

create or replace function private.move_entities (
  p_run_ids     uuid[],
  p_node_ids    text[],
  p_finished_at timestamp with time zone[]
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_entity_ids uuid[];
begin
  -- Locked in one order, before anything is read of them: whoever moves one meanwhile is waited for.
  select array_agg(l.id) into v_entity_ids
  from (
    select e.id from public.entities e
    where e.run_id = any (p_run_ids) and e.deleted_at is null
    order by e.id
    for no key update
  ) l;
  if v_entity_ids is null then
    return 0;
  end if;
  return private.apply_moves(array_agg(e.id order by s.place), array_agg(s.node_id order by s.place),
    array_agg(s.finished_at order by s.place), 'run')
  from unnest(p_run_ids, p_node_ids, p_finished_at) with ordinality s (run_id, node_id, finished_at, place)
  join public.entities e on e.run_id = s.run_id and e.id = any (v_entity_ids);
end;
$function$;

create or replace function private.move_settled_entities (
  p_results jsonb,
  p_now     timestamp with time zone
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
begin
  return (
    select private.move_entities(
      array_agg(s.run_id order by s.at, s.place, s.line),
      array_agg(s.node order by s.at, s.place, s.line),
      array_agg(s.at order by s.at, s.place, s.line)
    )
    from (
      select r.run_id, t.node, p_now - make_interval(secs => coalesce(t.finished_ago, 0) / 1000000.0) as at, r.place, t.line
      from rows from (jsonb_to_recordset(p_results) as (run_id uuid, scope text, steps jsonb, entity boolean))
        with ordinality as r (run_id, scope, steps, entity, place)
      cross join lateral rows from (
        jsonb_to_recordset(r.steps) as (node text, scope text, status text, finished_ago bigint)
      ) with ordinality as t (node, scope, status, finished_ago, line)
      where r.entity and coalesce(t.scope, r.scope, '') = '' and t.status in ('completed', 'failed')
      union all
      -- Where a run waits, its entity waits too, and not at the node before.
      select r.run_id, w.node, p_now, r.place, 1000000
      from rows from (
        jsonb_to_recordset(p_results) as (run_id uuid, scope text, move jsonb, child jsonb, open jsonb, entity boolean)
      ) with ordinality as r (run_id, scope, move, child, open, entity, place)
      cross join lateral (
        select coalesce(case when r.move ? 'wait' then r.move ->> 'node' end, r.child ->> 'node', r.open ->> 'node') as node
      ) w
      where r.entity and coalesce(r.move ->> 'scope', r.scope, '') = '' and w.node is not null
    ) s
    having count(*) > 0
  );
end;
$function$;

create or replace function private.open_regions (
  p_worker_id uuid,
  p_results   jsonb,
  p_paused    uuid[]
)
  returns uuid[]
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_kept uuid[] := '{}';
  v_open record;
  v_region private.run_regions;
  v_worker uuid;
begin
  for v_open in
    select r.job, r.run_id, coalesce(r.scope, '') as scope, r.organization_id, o.*
    from jsonb_to_recordset(p_results) as r (job uuid, run_id uuid, scope text, organization_id uuid, open jsonb)
    cross join lateral jsonb_to_record(r.open) as o (
      node text, closer text, items jsonb, first integer, window_size integer, tolerate integer, more boolean, reads text[],
      close_reads text[], body text[], chunk smallint
    )
    where r.open is not null
  loop
    v_worker := case when v_open.run_id = any (p_paused) then null else p_worker_id end;
    update public.job_queue j set
      status = 'waiting', node_id = v_open.node, worker_id = null, started_at = null, payload = null, reads = null,
      epoch = j.epoch + 1, attempts = 0, resume = false, pausing = false, scheduled_for = 'infinity'
    where j.id = v_open.job;
    insert into private.run_regions (
      run_id, node_id, scope, token_id, organization_id, closer, items, first, total, next, open, window_size, tolerate, more,
      resume, reads, close_reads, body, chunk
    )
    select
      v_open.run_id, v_open.node, v_open.scope, v_open.job, v_open.organization_id, v_open.closer, v_open.items, v_open.first,
      v_open.first + jsonb_array_length(v_open.items), v_open.first, 0, v_open.window_size,
      v_open.tolerate, v_open.more, q.retry_of is not null, v_open.reads, v_open.close_reads, v_open.body,
      -- What is recorded already is told of one item at a time.
      case when q.retry_of is null then coalesce(v_open.chunk, 1) else 1 end
    from public.runs q where q.id = v_open.run_id
    returning * into v_region;
    if v_region.total = v_region.first then
      -- A while loop whose condition holds no longer: nothing more goes in.
      perform private.close_region(v_region, v_worker);
      v_kept := v_kept || case when v_worker is null then '{}'::uuid[] else array[v_region.token_id] end;
      continue;
    end if;
    v_kept := v_kept || private.spawn_items(v_region, v_worker);
  end loop;
  return v_kept;
end;
$function$;

create or replace function private.percentile (
  p_histogram integer[],
  p_part      double precision
)
  returns double precision
  language sql
  immutable
  set search_path to ''
  AS $function$
  -- Inside a bucket the durations are taken to lie evenly between its bounds.
  select case when b.place = 1 then 1 else
    power(2, (b.place - 2) / 4.0) + (power(2, (b.place - 1) / 4.0) - power(2, (b.place - 2) / 4.0))
      * (b.wanted - (b.up_to - b.count)) / b.count
    end
  from (
    select u.count, u.place, sum(u.count) over (order by u.place) as up_to, p_part * sum(u.count) over () as wanted
    from unnest(p_histogram) with ordinality u (count, place)
  ) b
  where b.count > 0 and b.up_to >= b.wanted
  order by b.place
  limit 1;
$function$;

create or replace function private.place_entity (
  p_entity  public.entities,
  p_node_id text,
  p_reason  text
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  perform private.apply_moves(
    array[p_entity.id], array[p_node_id], array[greatest(private.now(), p_entity.entered_at)], p_reason
  );
  if not exists (select 1 from public.entities e where e.id = p_entity.id and e.node_id = p_node_id) then
    perform private.fail('unknown_node', format('The flow has no node "%s"', p_node_id), 422,
      jsonb_build_array(jsonb_build_object(
        'path', 'body.node_id', 'code', 'unknown_node', 'node_id', p_node_id,
        'message', format('The flow has no node "%s"', p_node_id)
      )));
  end if;
end;
$function$;

create or replace function private.refresh_entity (
  p_entity_id uuid,
  p_name      text,
  p_data      jsonb
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_data jsonb;
begin
  select e.data || coalesce(p_data, '{}') into v_data from public.entities e
  where e.id = p_entity_id and e.deleted_at is null
  for no key update;
  -- Deleted meanwhile: nothing of it may come back.
  if not found then
    return;
  end if;
  perform private.check_entity(null, p_name, null, v_data);
  update public.entities e set name = coalesce(p_name, e.name), data = v_data
  where e.id = p_entity_id and (e.name, e.data) is distinct from (coalesce(p_name, e.name), v_data);
end;
$function$;

create or replace function private.refresh_mapped_entity (
  p_entity_id uuid,
  p_entity    jsonb
)
  returns text
  language plpgsql
  set search_path to ''
  AS $function$
begin
  perform private.refresh_entity(p_entity_id, p_entity ->> 'name', p_entity -> 'data');
  return null;
exception when sqlstate 'PGRST' then
  return sqlerrm::jsonb ->> 'message';
end;
$function$;

create or replace function private.refusal_code (
  p_sqlstate text,
  p_message  text
)
  returns text
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return case when p_sqlstate = 'PGRST' then left(p_message::jsonb ->> 'code', 100) else 'internal' end;
end;
$function$;

create or replace function private.refuse_references (
  p_run_id  uuid,
  p_outputs jsonb
)
  returns void
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_problems jsonb;
begin
  -- What was read from the run and is sent back as it is may stay what it is.
  select jsonb_agg(jsonb_build_object(
    'path', 'body.outputs.' || o.key, 'code', 'reserved_key', 'message', 'An output must not look like a reference: "$blob"'
  ) order by o.key) into v_problems
  from jsonb_each(p_outputs) o
  where jsonb_path_exists(o.value, '$[*] ? (exists(@."$blob"))')
    and not exists (
      select 1 from public.run_steps s
      where s.run_id = p_run_id and s.node_id = o.key and s.scope = '' and s.output = o.value
    );
  if v_problems is not null then
    perform private.fail('invalid_request', 'Outputs must not look like references to large ones', 400, v_problems);
  end if;
end;
$function$;

create or replace function private.region_items (
  p_run_id uuid,
  p_scope  text,
  p_owner  text,
  p_body   text[],
  p_from   integer,
  p_until  integer
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  with items as (
    select i, private.item_scope(p_scope, p_owner, i) as scope from generate_series(p_from, p_until - 1) i
  ),
  -- By node and scope, so that the key finds them however many steps the run has.
  found as (
    select s.scope,
      jsonb_agg(s.output order by s.exit) filter (where s.exit is not null) as values,
      (jsonb_agg(s.error order by s.finished_at) filter (where s.status = 'failed' and s.output is null)) -> 0 as error
    from public.run_steps s
    where s.run_id = p_run_id and s.node_id = any (p_body) and s.scope = any (array(select t.scope from items t))
      and (s.exit is not null or (s.status = 'failed' and s.output is null))
    group by s.scope
  )
  select coalesce(jsonb_agg(
    case
      when f.error is not null then jsonb_build_object('index', t.i, 'status', 'failed', 'error', f.error)
      when f.values is null then jsonb_build_object('index', t.i, 'status', 'skipped')
      else jsonb_build_object('index', t.i, 'status', 'completed',
        'value', case when jsonb_array_length(f.values) = 1 then f.values -> 0 else f.values end)
    end order by t.i
  ), '[]')
  from items t
  left join found f on f.scope = t.scope;
$function$;

create or replace function private.repeat_run (
  p_run        public.runs,
  p_input      jsonb,
  p_version_id uuid
)
  returns public.runs
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_flow public.flows;
  v_new public.runs;
  v_entity uuid;
begin
  select * into v_flow from public.flows f
  where f.id = p_run.flow_id
    and (f.deleted_at is null or exists (select 1 from private.scratch_flows s where s.flow_id = f.id));
  if not found then
    perform private.fail('not_found', 'No such flow', 404);
  end if;
  select e.id into v_entity from public.entities e
  where e.id = p_run.entity_id and e.flow_id = p_run.flow_id and e.deleted_at is null;
  -- A dry run stays one.
  v_new := private.create_run(
    v_flow, p_run.trigger, p_input, p_run.trigger_node, p_run.webhook_event_id, p_run.id, p_version_id, p_run.traceparent,
    p_entity_id => v_entity, p_pins => p_run.pins, p_may_refuse => true
  );
  return v_new;
end;
$function$;

create or replace function private.resolve_parent (
  p_run public.runs
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- Never waits: whoever holds the token may be waiting for this run. What is passed over here, the tick finds.
  update public.job_queue j set
    status = case when j.status = 'paused' or exists (
      select 1 from public.runs q where q.id = p_run.parent_run_id and q.status = 'paused'
    ) then 'paused' else 'available' end,
    scheduled_for = private.now(),
    payload = j.payload || jsonb_build_object('resolved', private.run_resolution(p_run))
  where j.id in (
    select o.id from public.job_queue o
    where o.run_id = p_run.parent_run_id and o.status in ('waiting', 'paused')
      and o.payload -> 'wait' ->> 'kind' = 'run' and o.payload -> 'wait' ->> 'run_id' = p_run.id::text
      and not o.payload ? 'resolved'
    for update skip locked
  );
  if found then
    perform private.wake_if_idle();
  end if;
end;
$function$;

create or replace function private.resolve_token (
  p_token_id   uuid,
  p_paused     boolean,
  p_resolution jsonb
)
  returns void
  language sql
  set search_path to ''
  AS $function$
  update public.job_queue j set
    status = case when p_paused then 'paused' else 'available' end,
    scheduled_for = private.now(),
    payload = j.payload || jsonb_build_object('resolved', p_resolution)
  where j.id = p_token_id;
$function$;

create or replace function private.run_limit_keys (
  p_run public.runs
)
  returns table (
    limit_key text,
    places    integer
  )
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_places integer;
  v_limits jsonb;
begin
  select p.max_concurrent_runs into v_places
  from public.organizations o
  join public.plans p on p.id = o.plan_id
  where o.id = p_run.organization_id;
  if v_places is not null then
    return query select 'org:' || p_run.organization_id, v_places;
  end if;
  select v.run_limits into v_limits from public.flow_versions v where v.id = p_run.flow_version_id;
  if v_limits ? 'max_runs' then
    return query select 'flow:' || p_run.flow_id, (v_limits ->> 'max_runs')::integer;
  end if;
  if v_limits ? 'max_per_key' and p_run.concurrency_key is not null then
    return query select 'key:' || p_run.flow_id || ':' || p_run.concurrency_key, (v_limits ->> 'max_per_key')::integer;
  end if;
end;
$function$;

create or replace function private.run_limits (
  p_graph jsonb
)
  returns jsonb
  language sql
  immutable
  set search_path to ''
  AS $function$
  -- A graph may be anything here; what is not as it should be sets no limit (the compiler has told its author).
  select case when l.max_runs is not null or l.key_path is not null then
    jsonb_strip_nulls(jsonb_build_object(
      'max_runs', l.max_runs,
      'key_path', l.key_path,
      'max_per_key', case when l.key_path is not null then coalesce(l.max_per_key, 1) end,
      'when_full', case when l.when_full = 'refuse' then 'refuse' else 'queue' end
    )) end
  from (
    select
      private.small_number(s.settings -> 'maxConcurrentRuns') as max_runs,
      private.small_number(s.settings -> 'maxPerKey') as max_per_key,
      s.settings ->> 'whenFull' as when_full,
      -- trigger.body.customer["id"][0] → {body, customer, id, 0}
      case when s.settings ->> 'concurrencyKey' ~ '^\s*trigger([.[].*)?$' then
        (select to_jsonb(array_agg(coalesce(m[1], m[2], m[3]) order by o))
         from regexp_matches(
           regexp_replace(s.settings ->> 'concurrencyKey', '^\s*trigger', ''),
           '\.\s*([A-Za-z_$][A-Za-z0-9_$]*)|\[\s*"([^"]*)"\s*\]|\[\s*([0-9]+)\s*\]', 'g'
         ) with ordinality as x (m, o))
      end as key_path
    from (select p_graph -> 'settings' as settings) s
  ) l;
$function$;

create or replace function private.run_resolution (
  p_run public.runs
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select jsonb_build_object('by', 'run', 'data', jsonb_build_object(
    'run_id', p_run.id, 'status', p_run.status, 'output', p_run.output, 'error', p_run.error
  ));
$function$;

create or replace function private.run_stats_of (
  p_organization_id uuid,
  p_flow_id         uuid,
  p_from            date
)
  returns SETOF public.run_stats_daily
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_after uuid := private.runs_counted_to(p_from);
begin
  return query
  select d.* from public.run_stats_daily d
  where d.organization_id = p_organization_id and d.flow_id = coalesce(p_flow_id, v_nil) and d.day >= p_from;

  -- The newest, which are not counted yet: a few minutes of them.
  return query
  select
    p_organization_id, coalesce(p_flow_id, v_nil), n.day,
    count(*) filter (where n.status = 'queued')::integer, count(*) filter (where n.status = 'running')::integer,
    count(*) filter (where n.status = 'paused')::integer, count(*) filter (where n.status = 'compensating')::integer,
    count(*) filter (where n.status = 'completed')::integer, count(*) filter (where n.status = 'failed')::integer,
    count(*) filter (where n.status = 'cancelled')::integer, count(*) filter (where n.status = 'compensated')::integer,
    count(*) filter (where n.status = 'compensation_failed')::integer,
    count(n.milliseconds)::integer, coalesce(sum(n.milliseconds)::bigint, 0),
    private.histogram(array_agg(private.duration_bucket(n.milliseconds)) filter (where n.milliseconds is not null))
  from (
    select r.status, (r.created_at at time zone 'UTC')::date as day,
      extract(epoch from r.finished_at - r.started_at)::double precision * 1000 as milliseconds
    from public.runs r
    where p_flow_id is null and r.organization_id = p_organization_id and r.id > v_after and r.pins is null
    union all
    select r.status, (r.created_at at time zone 'UTC')::date,
      extract(epoch from r.finished_at - r.started_at)::double precision * 1000
    from public.runs r
    where r.flow_id = p_flow_id and r.id > v_after and r.pins is null
  ) n
  where n.day >= p_from
  group by n.day;
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
      -- Not `<> all`: thousands of steps and thousands of keys are joined by a hash.
      and not exists (select 1 from unnest(p_seen) k where k = left(md5(i.id), 12))
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
    'status', case
      when j.status in ('running', 'waiting', 'paused') then j.status
      when w.wait is not null then 'waiting'
      when j.scheduled_for > private.now() then 'scheduled'
      else 'available'
    end,
    'attempt', case when j.status = 'running' then j.attempts else j.attempts + 1 end,
    -- For another run the moment is only when the clock looks after it.
    'scheduled_for', case
      when j.scheduled_for <> 'infinity' and j.payload #>> '{wait,kind}' is distinct from 'run' then j.scheduled_for
    end,
    'started_at', j.started_at,
    'last_error', j.error_message,
    'wait', w.wait
  ) order by j.created_at, j.id), '[]')
  from public.job_queue j
  cross join lateral (
    select case
      -- The token of a region waits for its items, and its payload says nothing.
      when j.payload is null and j.status = 'waiting'
        then '{"kind": "items", "name": null, "data": null, "run_id": null}'::jsonb
      when j.payload ? 'wait' and not j.payload ? 'resolved' and j.status <> 'running' then jsonb_build_object(
        'kind', j.payload -> 'wait' ->> 'kind', 'name', j.payload -> 'wait' ->> 'name',
        'data', j.payload -> 'wait' -> 'data', 'run_id', j.payload -> 'wait' ->> 'run_id'
      )
    end as wait
  ) w
  where j.run_id = p_run_id;
$function$;

create or replace function private.runs_counted_to (
  p_from date default null::date
)
  returns uuid
  language sql
  stable
  security definer
  set search_path to ''
  AS $function$
  select greatest(
    (select s.counted_to from private.run_stats_state s),
    private.uuid_v7_floor(coalesce(p_from, '1970-01-01')::timestamp at time zone 'UTC')
  );
$function$;

create or replace function private.runs_still_open (
  p_run_ids uuid[]
)
  returns uuid[]
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(array_agg(r.id order by r.id), '{}') from public.runs r
    where r.id = any (p_run_ids) and r.finished_at is null
  );
end;
$function$;

create or replace function private.schedule_jitter (
  p_schedule_id    uuid,
  p_due_at         timestamp with time zone,
  p_jitter_seconds integer
)
  returns interval
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
declare
  v_hash bytea;
begin
  if p_jitter_seconds <= 0 then
    return interval '0';
  end if;
  v_hash := sha256(convert_to(p_schedule_id::text || '/' || floor(extract(epoch from p_due_at))::bigint::text, 'UTF8'));
  return make_interval(secs => (
    (
      get_byte(v_hash, 0)::bigint * 16777216 + get_byte(v_hash, 1) * 65536 + get_byte(v_hash, 2) * 256 + get_byte(v_hash, 3)
    ) % (p_jitter_seconds + 1)
  ));
end;
$function$;

create or replace function private.schedule_obstacle (
  p_flow public.flows
)
  returns text
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return case
    when p_flow.deleted_at is not null then 'flow_deleted'
    when not p_flow.is_active then 'flow_inactive'
    when exists (
      select 1 from public.organizations o where o.id = p_flow.organization_id and o.suspended_at is not null
    ) then 'organization_suspended'
  end;
end;
$function$;

create or replace function private.schedule_reply (
  p_schedule public.schedules
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select to_jsonb(p_schedule) - '{upcoming,decided_until,refilled_at,refill_at,open_runs}'::text[];
$function$;

create or replace function private.scope_chain (
  p_scope text
)
  returns text[]
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
declare
  v_chain text[] := '{""}';
  v_part text;
begin
  foreach v_part in array string_to_array(p_scope, '/') loop
    v_chain := v_chain || concat_ws('/', nullif(v_chain[cardinality(v_chain)], ''), v_part);
  end loop;
  return v_chain;
end;
$function$;

create or replace function private.scratch_flow (
  p_organization_id uuid
)
  returns public.flows
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_flow public.flows;
begin
  perform pg_advisory_xact_lock(hashtext('millrace.scratch'), hashtext(p_organization_id::text));
  select f.* into v_flow from private.scratch_flows s join public.flows f on f.id = s.flow_id
  where s.organization_id = p_organization_id for update of f;
  if not found then
    insert into public.flows (organization_id, workspace_id, name, description, is_active, deleted_at)
    select p_organization_id, w.id, 'Unsaved graphs', 'Graphs that were run without being saved', false, private.now()
    from public.workspaces w where w.organization_id = p_organization_id and w.is_default
    returning * into v_flow;
    insert into private.scratch_flows (organization_id, flow_id) values (p_organization_id, v_flow.id);
  end if;
  return v_flow;
end;
$function$;

create or replace function private.secure_live()
  returns boolean
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  -- The table belongs to Supabase: a project may get it only when Realtime is first used, and a plain Postgres has none.
  if to_regclass('realtime.messages') is null then
    return false;
  end if;
  if not exists (
    select 1 from pg_catalog.pg_policy p
    where p.polrelid = 'realtime.messages'::regclass and p.polname = 'millrace_members_receive'
  ) then
    create policy millrace_members_receive on realtime.messages for select to authenticated
      using (extension in ('broadcast', 'presence') and (select private.may_receive_live((select realtime.topic()))));
  end if;
  -- Members may show that they are there. They may not broadcast: what arrives on these topics comes from the database.
  if not exists (
    select 1 from pg_catalog.pg_policy p
    where p.polrelid = 'realtime.messages'::regclass and p.polname = 'millrace_members_appear'
  ) then
    create policy millrace_members_appear on realtime.messages for insert to authenticated
      with check (extension = 'presence' and (select private.may_receive_live((select realtime.topic()))));
  end if;
  return true;
exception
  -- Nobody is let in then, which is a reason to say so and none to refuse a migration.
  when insufficient_privilege then
    raise warning 'Cannot make the policies on realtime.messages: %. Run private.secure_live() as a role that may', sqlerrm;
    return false;
end;
$function$;

create or replace function private.secure_run_data()
  returns boolean
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  -- The tables belong to Supabase: a plain Postgres has none.
  if to_regclass('storage.buckets') is null or to_regclass('storage.objects') is null then
    return false;
  end if;
  insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
  values ('run-data', 'run-data', false, 16777216, array['application/json'])
  on conflict do nothing;
  -- Only the engine writes. What lies in the folder of an organization may be read by who may read its runs.
  if not exists (
    select 1 from pg_catalog.pg_policy p
    where p.polrelid = 'storage.objects'::regclass and p.polname = 'millrace_members_read_run_data'
  ) then
    create policy millrace_members_read_run_data on storage.objects for select to authenticated
      using (
        bucket_id = 'run-data'
        and split_part(name, '/', 1) = any ((select private.organizations_with('runs:read'))::text[])
      );
  end if;
  return true;
exception
  -- Members can not read large outputs by themselves then (the API can), which is a reason to say so and none to refuse a
  -- migration.
  when insufficient_privilege then
    raise warning 'Cannot make the bucket run-data and its policy: %. Run private.secure_run_data() as a role that may', sqlerrm;
    return false;
end;
$function$;

create or replace function private.send_live (
  p_topic   text,
  p_event   text,
  p_payload jsonb
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  -- Only looked up when somebody watches. A database without Realtime has nobody to tell.
  if to_regprocedure('realtime.send(jsonb, text, text, boolean)') is not null then
    perform realtime.send(p_payload, p_event, p_topic, true);
  end if;
end;
$function$;

create or replace function private.small_number (
  p_value jsonb
)
  returns integer
  language sql
  immutable
  set search_path to ''
  AS $function$
  select case when jsonb_typeof(p_value) = 'number' and (p_value #>> '{}')::numeric between 1 and 1000000
    then (p_value #>> '{}')::numeric::integer end;
$function$;

create or replace function private.spawn_items (
  p_region    private.run_regions,
  p_worker_id uuid
)
  returns uuid[]
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  -- Taken out of its storage once, not once for each item.
  v_items jsonb := p_region.items || '[]'::jsonb;
  v_tokens integer := least(
    p_region.window_size - ceil(p_region.open::numeric / p_region.chunk)::integer,
    ceil((p_region.total - p_region.next)::numeric / p_region.chunk)::integer
  );
  v_count integer := least(v_tokens * p_region.chunk, p_region.total - p_region.next);
  v_kept uuid[];
begin
  with made as (
    insert into public.job_queue (
      organization_id, run_id, node_id, scope, reads, payload, resume, status, worker_id, epoch, attempts, started_at,
      scheduled_for, deadline_at, created_at
    )
    select
      p_region.organization_id, p_region.run_id, p_region.node_id,
      private.item_scope(p_region.scope, p_region.node_id, i), p_region.reads,
      jsonb_build_object(
        'item', v_items -> (i - p_region.first), 'index', i, 'count', case when not p_region.more then p_region.total end
      ) || case when p_region.chunk = 1 then '{}' else jsonb_build_object('rest', (
        select coalesce(jsonb_agg(v_items -> (n - p_region.first) order by n), '[]')
        from generate_series(i + 1, least(i + p_region.chunk, p_region.total) - 1) n
      )) end,
      p_region.resume, case when k.keep then 'running' when p_worker_id is null then 'paused' else 'available' end,
      case when k.keep then p_worker_id end,
      case when k.keep then 1 else 0 end, case when k.keep then 1 else 0 end, case when k.keep then v_now end,
      v_now, r.deadline_at, v_now
    from generate_series(0, v_tokens - 1) t
    cross join lateral (select p_region.next + t * p_region.chunk as i) o
    -- Some stay with the worker that is at it, the others are for everybody.
    cross join lateral (select p_worker_id is not null and t < 16 as keep) k
    join public.runs r on r.id = p_region.run_id
    order by i
    returning id, worker_id
  )
  select coalesce(array_agg(m.id) filter (where m.worker_id is not null), '{}') into v_kept from made m;
  update private.run_regions g set next = g.next + v_count, open = g.open + v_count
  where (g.run_id, g.node_id, g.scope) = (p_region.run_id, p_region.node_id, p_region.scope);
  return v_kept;
end;
$function$;

create or replace function private.start_children (
  p_worker_id uuid,
  p_results   jsonb,
  p_paused    uuid[]
)
  returns uuid[]
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_kept uuid[] := '{}';
  v_start record;
  v_parent public.runs;
  v_flow public.flows;
  v_run public.runs;
  v_refused jsonb;
  v_resolution jsonb;
  v_worker uuid;
begin
  for v_start in
    select r.job, r.run_id, c.* from jsonb_to_recordset(p_results) as r (job uuid, run_id uuid, organization_id uuid, child jsonb)
    cross join lateral jsonb_to_record(r.child) as c (
      node text, flow_id text, input jsonb, wait boolean, reads text[], attempt smallint, since bigint
    )
    where r.child is not null
    order by r.organization_id, r.job
  loop
    select * into v_parent from public.runs q where q.id = v_start.run_id;
    v_flow := null;
    v_run := null;
    select f.* into v_flow from public.flows f
    where f.id = private.to_uuid(v_start.flow_id) and f.organization_id = v_parent.organization_id and f.deleted_at is null;
    v_refused := case
      when v_flow.id is null then jsonb_build_object('code', 'not_found', 'message', 'There is no such flow')
      when not v_flow.is_active then jsonb_build_object('code', 'flow_inactive', 'message', 'The flow is switched off')
      when v_flow.current_version_id is null then jsonb_build_object('code', 'flow_invalid', 'message', 'The flow has no graph yet')
      when v_parent.depth >= 10 then jsonb_build_object('code', 'too_deep', 'message', 'Flows may call flows ten levels deep')
    end;
    if v_refused is null then
      v_run := private.create_run(
        v_flow, 'flow', coalesce(v_start.input, '{}'), p_parent => v_parent, p_traceparent => v_parent.traceparent,
        p_pins => case when v_parent.pins is not null then '{}'::jsonb end
      );
      perform private.wake_if_idle();
    end if;
    v_resolution := case
      when v_refused is not null then jsonb_build_object('by', 'run', 'data', jsonb_build_object(
        'run_id', null, 'status', 'refused', 'output', null, 'error', v_refused))
      when not v_start.wait then private.run_resolution(v_run)
    end;
    v_worker := case when v_resolution is null or v_start.run_id = any (p_paused) then null else p_worker_id end;
    update public.job_queue j set
      node_id = v_start.node,
      reads = v_start.reads,
      epoch = j.epoch + 1,
      resume = false,
      pausing = false,
      -- What comes back is the same attempt.
      attempts = coalesce(v_start.attempt, 1) - case when v_worker is null then 1 else 0 end,
      max_attempts = 8 + coalesce(v_start.attempt, 1),
      status = case when v_resolution is null then 'waiting' when v_worker is null then 'paused' else 'running' end,
      worker_id = v_worker,
      started_at = case when v_worker is not null then private.now() end,
      -- Should the end of that run be missed, the tick looks after it a minute later.
      scheduled_for = private.now() + case when v_resolution is null then interval '1 minute' else interval '0' end,
      payload = jsonb_build_object('wait', jsonb_build_object('kind', 'run', 'run_id', v_run.id, 'since', v_start.since))
        || case when v_resolution is null then '{}' else jsonb_build_object('resolved', v_resolution) end
    where j.id = v_start.job;
    if v_worker is not null then
      v_kept := v_kept || v_start.job;
    end if;
  end loop;
  return v_kept;
end;
$function$;

create or replace function private.start_error_flow (
  p_run public.runs
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_flow public.flows;
begin
  if p_run.trigger = 'error' or p_run.pins is not null or p_run.depth >= 10 then
    return;
  end if;
  select f.* into v_flow
  from public.flow_versions v
  join public.flows f on f.id = v.error_flow_id and f.organization_id = v.organization_id
  where v.id = p_run.flow_version_id and f.is_active and f.deleted_at is null and f.current_version_id is not null;
  if not found then
    return;
  end if;
  perform private.create_run(
    v_flow, 'error',
    jsonb_build_object(
      'run', jsonb_build_object(
        'id', p_run.id, 'flow_id', p_run.flow_id, 'status', p_run.status, 'trigger', p_run.trigger,
        'started_at', p_run.started_at, 'finished_at', p_run.finished_at
      ),
      'error', p_run.error, 'input', p_run.input
    ),
    p_parent => p_run, p_traceparent => p_run.traceparent
  );
  perform private.wake_if_idle();
end;
$function$;

create or replace function private.start_queued_firing (
  p_schedule public.schedules,
  p_now      timestamp with time zone
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_flow public.flows;
  v_firing public.schedule_firings;
  v_run_id uuid;
  v_reason text;
begin
  -- Somebody may have fired it by hand since the caller looked.
  if cardinality(private.runs_still_open(p_schedule.open_runs)) > 0 then
    return;
  end if;
  select * into v_firing from public.schedule_firings f
  where f.schedule_id = p_schedule.id and f.outcome = 'queued' order by f.scheduled_for limit 1;
  select * into v_flow from public.flows f where f.id = p_schedule.flow_id;
  v_reason := private.schedule_obstacle(v_flow);
  if v_reason is null then
    begin
      v_run_id := private.start_scheduled_run(p_schedule, v_flow, v_firing.scheduled_for, p_now, false);
      v_reason := 'queued';
    exception
      when lock_not_available or deadlock_detected then
        raise;
      when others then
        v_reason := private.refusal_code(sqlstate, sqlerrm);
    end;
  end if;
  update public.schedule_firings f set
    outcome = case when v_run_id is null then 'refused' else 'started' end,
    run_id = v_run_id, reason = v_reason, fired_at = p_now
  where f.schedule_id = p_schedule.id and f.scheduled_for = v_firing.scheduled_for;
  update public.schedules s set
    queued_count = s.queued_count - 1,
    open_runs = case when v_run_id is null then '{}' else array[v_run_id] end,
    last_run_id = coalesce(v_run_id, s.last_run_id),
    last_fired_at = case when v_run_id is null then s.last_fired_at else p_now end
  where s.id = p_schedule.id;
end;
$function$;

create or replace function private.start_scheduled_run (
  p_schedule      public.schedules,
  p_flow          public.flows,
  p_scheduled_for timestamp with time zone,
  p_now           timestamp with time zone,
  p_is_manual     boolean
)
  returns uuid
  language plpgsql
  set search_path to ''
  AS $function$
begin
  return (private.create_run(
    p_flow, 'schedule',
    jsonb_build_object(
      'schedule_id', p_schedule.id, 'name', p_schedule.name, 'scheduled_for', p_scheduled_for, 'fired_at', p_now,
      'timezone', p_schedule.timezone, 'manual', p_is_manual, 'input', p_schedule.input
    ),
    p_schedule.trigger_node, p_schedule_id => p_schedule.id, p_may_refuse => true
  )).id;
end;
$function$;

create or replace function private.steps_to_redo (
  p_version public.flow_versions,
  p_from    text
)
  returns text[]
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_plan jsonb;
  v_redo text[];
begin
  select p.plan into v_plan from private.flow_plans p
  where p.organization_id = p_version.organization_id and p.plan_hash = p_version.plan_hash;

  if v_plan ? 'nodes' then
    -- Besides the edges: what is done anew inside a region closes that anew, and a region that is closed anew is opened
    -- anew, with all of its body. An item may depend on the one before it, and what a collector gives on every item.
    with recursive nodes as materialized (
      select (n.value ->> 'index')::integer as index, n.value ->> 'id' as id, (n.value ->> 'region')::integer as region,
        n.value -> 'out' as out
      from jsonb_array_elements(v_plan -> 'nodes') n
    ),
    regions as materialized (
      select (r.value ->> 'index')::integer as index, (r.value ->> 'owner')::integer as owner, (r.value ->> 'closer')::integer as closer
      from jsonb_array_elements(coalesce(v_plan -> 'regions', '[]')) r
    ),
    ways as materialized (
      select n.index as source, (e.value ->> 'to')::integer as target from nodes n cross join lateral jsonb_array_elements(n.out) e
      union select n.index, r.closer from nodes n join regions r on r.index = n.region
      union select r.closer, r.owner from regions r
    ),
    redone (index) as (
      select n.index from nodes n where n.id = p_from
      union
      select w.target from redone d join ways w on w.source = d.index
    )
    select array_agg(n.id) into v_redo from redone d join nodes n on n.index = d.index;
    return v_redo;
  end if;

  -- Nobody has compiled this graph yet, so where its regions end is not known: none of them is taken over.
  with recursive nodes as materialized (
    select n.value ->> 'id' as id, n.value ->> 'type' as type
    from jsonb_array_elements(case when jsonb_typeof(p_version.graph -> 'nodes') = 'array' then p_version.graph -> 'nodes' else '[]' end) n
  ),
  edges as materialized (
    select e.value ->> 'source' as source, e.value ->> 'target' as target
    from jsonb_array_elements(case when jsonb_typeof(p_version.graph -> 'edges') = 'array' then p_version.graph -> 'edges' else '[]' end) e
  ),
  redone (id) as (
    select n.id from nodes n
    where n.id = p_from or n.type in ('logic.splitter', 'logic.collector', 'logic.boundary') or n.type like 'logic.loop.%'
    union
    select e.target from redone d join edges e on e.source = d.id
  )
  select array_agg(d.id) into v_redo from redone d where exists (select 1 from nodes n where n.id = p_from);
  return v_redo;
end;
$function$;

create or replace function private.sum_run_stats (
  p_rows public.run_stats_daily[]
)
  returns jsonb
  language sql
  immutable
  set search_path to ''
  AS $function$
  with totals as (
    select
      coalesce(sum(r.queued), 0) as queued, coalesce(sum(r.running), 0) as running, coalesce(sum(r.paused), 0) as paused,
      coalesce(sum(r.compensating), 0) as compensating, coalesce(sum(r.completed), 0) as completed,
      coalesce(sum(r.failed), 0) as failed, coalesce(sum(r.cancelled), 0) as cancelled,
      coalesce(sum(r.compensated), 0) as compensated, coalesce(sum(r.compensation_failed), 0) as compensation_failed,
      sum(r.timed) as timed, sum(r.duration_ms) as duration_ms
    from unnest(p_rows) r
  ),
  spread as (
    select array_agg(p.count order by p.place) as durations
    from (
      select u.place, sum(u.count)::integer as count
      from unnest(p_rows) r, unnest(r.durations) with ordinality u (count, place)
      group by u.place
    ) p
  )
  select jsonb_build_object(
    'executions', t.queued + t.running + t.paused + t.compensating + t.completed + t.failed + t.cancelled + t.compensated
      + t.compensation_failed,
    'by_status', to_jsonb(t) - 'timed' - 'duration_ms',
    'success_rate', round(t.completed / nullif(t.completed + t.failed + t.compensated + t.compensation_failed, 0)::numeric, 4),
    'average_duration_ms', round(t.duration_ms / nullif(t.timed, 0)),
    'p95_duration_ms', round(private.percentile(s.durations, 0.95))
  )
  from totals t, spread s;
$function$;

create or replace function private.take_over_steps (
  p_source  public.runs,
  p_target  public.runs,
  p_redo    text[]      default '{}'::text[],
  p_outputs jsonb       default '{}'::jsonb
)
  returns text[]
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_taken text[];
begin
  -- What the run went past is taken over: completed steps, and failed ones whose error it went on with (only those have an
  -- output). Skipped ones follow from them anew; a stop node that failed the run is where it goes on. An output that is
  -- given counts for a step whatever became of that.
  with taken as (
    insert into public.run_steps
      (run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, error, started_at, finished_at, exit)
    select
      p_target.id, s.node_id, s.scope, s.attempt, s.organization_id, case when g.is_given then 'completed' else s.status end,
      s.leaf, s.handles, case when g.is_given then nullif(p_outputs -> s.node_id, 'null') else s.output end,
      case when g.is_given then null else s.error end, s.started_at, s.finished_at, s.exit
    from public.run_steps s
    cross join lateral (select s.scope = '' and p_outputs ? s.node_id as is_given) g
    where s.run_id = p_source.id
      and s.node_id not like 'undo:%'
      and (s.status = 'completed' or (s.status = 'failed' and (s.output is not null or g.is_given)))
      and (g.is_given or (
        s.node_id <> all (p_redo)
        and not exists (
          select 1 from unnest(string_to_array(s.scope, '/')) as u (segment) where split_part(u.segment, '.', 1) = any (p_redo)
        )
        and (p_source.error ->> 'code' = 'stopped' and p_source.error ->> 'node_id' = s.node_id) is not true
      ))
    returning node_id, scope
  )
  select coalesce(array_agg(t.node_id) filter (where t.scope = ''), '{}') into v_taken from taken t;
  return v_taken;
end;
$function$;

create or replace function private.take_signals (
  p_results jsonb
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_wait record;
  v_signal private.run_signals;
begin
  for v_wait in
    select r.job, r.run_id, r.move -> 'wait' ->> 'kind' as kind,
      case when r.move -> 'wait' ->> 'kind' = 'callback' then concat_ws(':', r.move ->> 'node', nullif(r.scope, ''))
        else r.move -> 'wait' ->> 'name' end as name
    from jsonb_to_recordset(p_results) as r (job uuid, run_id uuid, scope text, move jsonb)
    where r.move -> 'wait' ->> 'kind' in ('signal', 'callback')
  loop
    delete from private.run_signals s
    where s.id = (
      select o.id from private.run_signals o
      where o.run_id = v_wait.run_id and o.kind = v_wait.kind and o.name = v_wait.name
      order by o.id limit 1
    )
    returning * into v_signal;
    continue when v_signal.id is null;
    perform private.resolve_token(
      v_wait.job, exists (select 1 from public.runs q where q.id = v_wait.run_id and q.status = 'paused'),
      jsonb_build_object('by', v_wait.kind, 'data', v_signal.data)
    );
    -- Whoever settles may run nothing but its own request.
    perform private.wake_if_idle();
    v_signal := null;
  end loop;
end;
$function$;

create or replace function private.take_slots (
  p_run public.runs
)
  returns text
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_full text;
begin
  if private.limits_are_near(p_run) then
    perform private.lock_limits(p_run.organization_id);
    select k.limit_key into v_full
    from private.run_limit_keys(p_run) k
    where (select count(*) from private.run_slots s where s.limit_key = k.limit_key) >= k.places
    order by k.limit_key desc
    limit 1;
  end if;
  if v_full is null then
    insert into private.run_slots (limit_key, run_id, organization_id)
    select k.limit_key, p_run.id, p_run.organization_id from private.run_limit_keys(p_run) k
    on conflict do nothing;
  end if;
  return v_full;
end;
$function$;

create or replace function private.to_uuid (
  p_text text
)
  returns uuid
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return p_text::uuid;
exception when invalid_text_representation then
  return null;
end;
$function$;

create or replace function private.try_end_run (
  p_run_id uuid,
  p_status text,
  p_error  jsonb default null::jsonb
)
  returns boolean
  language plpgsql
  set search_path to ''
  set lock_timeout to '200ms'
  AS $function$
begin
  if not private.try_lock_run(p_run_id) then
    return false;
  end if;
  return private.end_run(p_run_id, p_status, null, p_error);
exception when others then
  -- One run that can not be ended must not stop the clock of all. Nothing of the attempt is left, its locks neither.
  raise warning 'Cannot end run % as %: %', p_run_id, p_status, sqlerrm;
  return false;
end;
$function$;

create or replace function private.undo_nodes (
  p_graph jsonb
)
  returns text[]
  language sql
  immutable
  set search_path to ''
  AS $function$
  select array_agg(n.value ->> 'id' order by n.ordinality)
  from jsonb_array_elements(case when jsonb_typeof(p_graph -> 'nodes') = 'array' then p_graph -> 'nodes' else '[]' end)
    with ordinality n
  where jsonb_typeof(n.value #> '{data,undo}') = 'object' and n.value ->> 'id' is not null;
$function$;

create or replace function private.waiting_token (
  p_run_id  uuid,
  p_kinds   text[],
  p_name    text,
  p_node_id text   default null::text,
  p_scope   text   default null::text
)
  returns public.job_queue
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_token public.job_queue;
begin
  -- Not one that a worker has claimed because its time is out: that is decided.
  select j.* into v_token from public.job_queue j
  where j.run_id = p_run_id and j.status in ('waiting', 'available', 'paused') and j.payload ? 'wait' and not j.payload ? 'resolved'
    and j.payload -> 'wait' ->> 'kind' = any (p_kinds)
    and (p_name is null or j.payload -> 'wait' ->> 'name' = p_name)
    and (p_node_id is null or (j.node_id = p_node_id and j.scope = p_scope))
  order by j.id limit 1
  for update;
  return v_token;
end;
$function$;

create or replace function private.watch_live (
  p_id uuid
)
  returns timestamp with time zone
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
begin
  -- Whoever comes sweeps a little: no clock is needed for it.
  delete from private.live_watchers w where w.id in (
    select o.id from private.live_watchers o where o.watched_until < v_now limit 100 for update skip locked
  );
  -- Many may watch the same: only the first of half a minute writes.
  insert into private.live_watchers as w (id, watched_until)
  values (p_id, v_now + interval '2 minutes')
  on conflict (id) do update set watched_until = excluded.watched_until
    where w.watched_until < excluded.watched_until - interval '30 seconds';
  return v_now + interval '90 seconds';
end;
$function$;

create or replace function private.with_upcoming (
  p_schedule public.schedules,
  p_upcoming timestamp with time zone[]
)
  returns public.schedules
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_length integer := cardinality(p_upcoming);
begin
  p_schedule.upcoming := p_upcoming;
  p_schedule.next_at := p_upcoming[1];
  p_schedule.fire_at := p_upcoming[1] + private.schedule_jitter(p_schedule.id, p_upcoming[1], p_schedule.jitter_seconds);
  p_schedule.refilled_at := private.now();
  -- When half of it is used up; and every week, for governments change their clocks at short notice. Not at once: what
  -- was missed is in the list until the clock has decided on it.
  p_schedule.refill_at := case when v_length > 0 then greatest(
    least(p_upcoming[(v_length + 1) / 2], private.now() + interval '7 days'),
    private.now() + interval '10 seconds'
  ) end;
  return p_schedule;
end;
$function$;

create or replace function private.work_bulk_operations (
  p_runs    integer          default 200,
  p_seconds double precision default 2
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_operation public.bulk_operations;
  v_claims text := current_setting('request.jwt.claims', true);
  v_until timestamptz := clock_timestamp() + make_interval(secs => p_seconds);
  v_run uuid;
  v_outcome text;
  v_message jsonb;
  v_count integer := 0;
  v_busy uuid[] := '{}';
  v_position uuid;
  v_all boolean := true;
begin
  -- One operation a tick, those in line taking turns: so the limits of one organization are all that this needs to lock.
  select * into v_operation from public.bulk_operations b
  where b.finished_at is null
  order by b.worked_at nulls first, b.id limit 1
  for update skip locked;
  if not found then
    return 0;
  end if;
  if not pg_try_advisory_xact_lock(hashtext('millrace.limits'), hashtext(v_operation.organization_id::text)) then
    update public.bulk_operations b set worked_at = clock_timestamp() where b.id = v_operation.id;
    return 0;
  end if;
  v_position := v_operation.position;

  -- As the person who asked: every function below checks what that person may do now.
  perform set_config('request.jwt.claims', jsonb_build_object('sub', v_operation.created_by, 'role', 'authenticated')::text, true);
  begin
    perform private.require_permission(v_operation.organization_id, 'runs:execute', 'organization');
  exception when sqlstate 'PGRST' then
    get stacked diagnostics v_outcome = message_text;
    update public.bulk_operations b set
      status = 'failed', finished_at = private.now(), busy = '{}',
      error = jsonb_build_object('code', 'forbidden', 'message', v_outcome::jsonb ->> 'message')
    where b.id = v_operation.id;
    perform set_config('request.jwt.claims', coalesce(v_claims, ''), true);
    return 0;
  end;

  begin
    for v_run in
      select u.id from unnest(v_operation.busy) with ordinality as u (id, place) where u.place <= p_runs
      union all
      select b from private.bulk_runs(
        v_operation.organization_id, v_operation.action, v_operation.filter, v_operation.id, v_operation.position,
        greatest(p_runs - cardinality(v_operation.busy), 0)
      ) b
    loop
      -- At least one, however slow; what is left over is for the next tick.
      if v_count > 0 and clock_timestamp() > v_until then
        v_all := false;
        exit;
      end if;
      v_count := v_count + 1;
      begin
        v_outcome := private.act_on_run(v_operation.action, v_run);
      exception
        when sqlstate 'PGRST' then
          get stacked diagnostics v_outcome = message_text;
          v_message := v_outcome::jsonb;
          v_outcome := 'failed';
        when others then
          raise warning 'bulk % of run %: %', v_operation.action, v_run, sqlerrm;
          v_message := '{"code": "internal", "message": "Something went wrong on our side"}';
          v_outcome := 'failed';
      end;
      if v_outcome = 'busy' then
        v_busy := v_busy || v_run;
      elsif v_outcome = 'done' then
        v_operation.done := v_operation.done + 1;
      else
        v_operation.failed := v_operation.failed + 1;
        if jsonb_array_length(v_operation.errors) < 20 then
          v_operation.errors := v_operation.errors || jsonb_build_object(
            'run_id', v_run, 'code', v_message ->> 'code', 'message', v_message ->> 'message'
          );
        end if;
      end if;
      if v_run <> all (v_operation.busy) then
        v_position := v_run;
      else
        v_operation.busy := array_remove(v_operation.busy, v_run);
      end if;
    end loop;
    perform set_config('request.jwt.claims', coalesce(v_claims, ''), true);

    v_busy := v_operation.busy || v_busy;
    v_all := v_all and cardinality(v_busy) = 0 and not exists (
      select 1 from private.bulk_runs(
        v_operation.organization_id, v_operation.action, v_operation.filter, v_operation.id, v_position, 1
      )
    );
    update public.bulk_operations b set
      status = case when v_all then 'completed' else 'running' end,
      finished_at = case when v_all then private.now() end,
      done = v_operation.done, failed = v_operation.failed, errors = v_operation.errors,
      position = v_position, busy = v_busy, worked_at = clock_timestamp()
    where b.id = v_operation.id;
  exception when others then
    -- It would fail again and again, before all others in line.
    raise warning 'bulk operation %: %', v_operation.id, sqlerrm;
    perform set_config('request.jwt.claims', coalesce(v_claims, ''), true);
    update public.bulk_operations b set
      status = 'failed', finished_at = private.now(), busy = '{}', worked_at = clock_timestamp(),
      error = '{"code": "internal", "message": "Something went wrong on our side"}'
    where b.id = v_operation.id;
    return 0;
  end;
  return v_count;
end;
$function$;

create or replace function public.cancel_bulk_operation (
  p_operation_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_organization_id uuid;
  v_operation public.bulk_operations;
begin
  select b.organization_id into v_organization_id from public.bulk_operations b where b.id = p_operation_id;
  perform private.require_permission(v_organization_id, 'runs:execute', 'operation');
  update public.bulk_operations b set status = 'cancelled', finished_at = private.now(), busy = '{}'
  where b.id = p_operation_id and b.finished_at is null;
  select * into v_operation from public.bulk_operations b where b.id = p_operation_id;
  if v_operation.status <> 'cancelled' then
    perform private.fail('conflict', format('The operation has already %s', v_operation.status), 409);
  end if;
  return private.bulk_reply(v_operation);
end;
$function$;

create or replace function public.count_version_runs (
  p_flow_id     uuid,
  p_version_ids uuid[]
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_organization_id uuid;
  v_after uuid := private.runs_counted_to();
begin
  select f.organization_id into v_organization_id from public.flows f where f.id = p_flow_id;
  if v_organization_id is null or not v_organization_id = any (private.organizations_with('runs:read')) then
    return null;
  end if;
  return (
    select coalesce(jsonb_object_agg(c.id, jsonb_build_object('count', c.runs, 'first_at', c.first_at, 'last_at', c.last_at)), '{}')
    from (
      select u.id, sum(u.runs) as runs, min(u.first_at) as first_at, max(u.last_at) as last_at
      from (
        select v.flow_version_id as id, v.runs, v.first_run_at as first_at, v.last_run_at as last_at
        from public.flow_version_runs v where v.flow_version_id = any (p_version_ids) and v.flow_id = p_flow_id
        union all
        -- The newest, which are not counted yet.
        select r.flow_version_id, count(*), min(r.created_at), max(r.created_at)
        from public.runs r
        where r.flow_id = p_flow_id and r.id > v_after and r.flow_version_id = any (p_version_ids) and r.pins is null
        group by r.flow_version_id
      ) u
      group by u.id
    ) c
  );
end;
$function$;

create or replace function public.create_bulk_operation (
  p_organization_id uuid,
  p_action          text,
  p_filter          jsonb,
  p_dry_run         boolean default false,
  p_idempotency_key text    default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_id uuid := private.uuid_v7();
  v_total integer;
  v_reply jsonb;
  v_name text;
  v_operation public.bulk_operations;
begin
  perform private.require_permission(p_organization_id, 'runs:execute', 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'create_bulk_operation', p_idempotency_key,
    jsonb_build_array(p_action, p_filter, p_dry_run));
  if v_reply is not null then
    return v_reply;
  end if;
  if p_action is null or p_action not in ('cancel', 'retry', 'delete', 'resume', 'pause') then
    perform private.fail('invalid_request', 'The action is cancel, retry, delete, resume or pause', 400);
  end if;
  if jsonb_typeof(p_filter) is distinct from 'object' or p_filter = '{}' then
    perform private.fail('invalid_request', 'Name at least one thing to filter by: without any, every run would be meant', 400);
  end if;
  for v_name in select k from jsonb_object_keys(p_filter) k loop
    if v_name not in (
      'flow_id', 'status', 'trigger', 'retry_of', 'entity_id', 'parent_run_id', 'schedule_id', 'created_after', 'created_before'
    ) or jsonb_typeof(p_filter -> v_name) <> (case when v_name in ('status', 'trigger') then 'array' else 'string' end) then
      perform private.fail('invalid_request', format('Runs can not be filtered by this "%s"', v_name), 400);
    end if;
  end loop;

  begin
    -- Read here, whatever runs there are: the filter is read again whenever the clock works on it.
    perform (p_filter ->> 'flow_id')::uuid, (p_filter ->> 'retry_of')::uuid, (p_filter ->> 'entity_id')::uuid,
      (p_filter ->> 'parent_run_id')::uuid, (p_filter ->> 'schedule_id')::uuid,
      private.uuid_v7_floor((p_filter ->> 'created_after')::timestamptz),
      private.uuid_v7_floor((p_filter ->> 'created_before')::timestamptz);
    select count(*) into v_total from private.bulk_runs(p_organization_id, p_action, p_filter, v_id);
  exception when data_exception or feature_not_supported then
    perform private.fail('invalid_request', 'The filter holds something that is no id or no moment', 400);
  end;
  if p_dry_run then
    return private.keep_reply(p_organization_id, 'create_bulk_operation', p_idempotency_key, jsonb_build_object(
      'id', null, 'action', p_action, 'filter', p_filter, 'total', v_total, 'dry_run', true
    ));
  end if;
  if (
    select count(*) from public.bulk_operations b where b.organization_id = p_organization_id and b.finished_at is null
  ) >= 10 then
    perform private.fail('conflict', 'Ten operations are under way already: wait for one of them, or cancel it', 409);
  end if;
  insert into public.bulk_operations (id, organization_id, action, filter, total, created_by)
  values (v_id, p_organization_id, p_action, p_filter, v_total, auth.uid())
  returning * into v_operation;
  return private.keep_reply(p_organization_id, 'create_bulk_operation', p_idempotency_key,
    private.bulk_reply(v_operation) || '{"dry_run": false}');
end;
$function$;

create or replace function public.create_entity (
  p_flow_id         uuid,
  p_type            text,
  p_name            text    default null::text,
  p_external_key    text    default null::text,
  p_data            jsonb   default '{}'::jsonb,
  p_node_id         text    default null::text,
  p_upsert          boolean default false,
  p_idempotency_key text    default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_flow public.flows;
  v_entity public.entities;
  v_id uuid;
  v_is_new boolean;
  v_reply jsonb;
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, 'runs:execute', 'flow');
  v_reply := private.idempotent_reply(v_flow.organization_id, 'create_entity', p_idempotency_key,
    jsonb_build_array(p_flow_id, p_type, p_name, p_external_key, p_data, p_node_id, p_upsert));
  if v_reply is not null then
    return v_reply;
  end if;
  perform private.check_entity(coalesce(p_type, ''), p_name, p_external_key, p_data);

  select a.id, a.is_new into v_id, v_is_new from private.add_entity(v_flow, p_type, p_name, p_external_key, p_data) a;
  select * into v_entity from public.entities e where e.id = v_id and e.deleted_at is null for no key update;
  if not found then
    perform private.fail('conflict', 'The entity was deleted at the same moment: try again', 409);
  end if;
  if not v_is_new then
    if p_upsert is not true then
      perform private.fail('conflict', format('The flow has a %s with this external key already', p_type), 409);
    end if;
    perform private.refresh_entity(v_id, p_name, p_data);
  end if;
  if p_node_id is not null then
    perform private.place_entity(v_entity, p_node_id, case when v_is_new then 'created' else 'manual' end);
  end if;
  return private.keep_reply(v_flow.organization_id, 'create_entity', p_idempotency_key,
    private.entity_reply(v_id) || jsonb_build_object('is_new', v_is_new));
end;
$function$;

create or replace function public.create_schedule (
  p_flow_id         uuid,
  p_settings        jsonb,
  p_upcoming        timestamp with time zone[] default '{}'::timestamp with time zone[],
  p_idempotency_key text                       default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_flow public.flows;
  v_plan public.plans;
  v_schedule public.schedules;
  v_reply jsonb;
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, 'flows:write', 'flow');
  -- Without the due times: the same request some minutes later has others.
  v_reply := private.idempotent_reply(v_flow.organization_id, 'create_schedule', p_idempotency_key,
    jsonb_build_array(p_flow_id, p_settings));
  if v_reply is not null then
    return v_reply;
  end if;

  v_schedule.id := private.uuid_v7();
  v_schedule.organization_id := v_flow.organization_id;
  v_schedule.flow_id := p_flow_id;
  v_schedule.timezone := 'UTC';
  v_schedule.jitter_seconds := 0;
  v_schedule.missed_policy := 'skip';
  v_schedule.missed_limit := 10;
  v_schedule.overlap_policy := 'skip';
  v_schedule.input := '{}';
  v_schedule.is_active := true;
  v_schedule.decided_until := private.now();
  v_schedule := private.change_schedule(v_schedule, p_settings);
  v_schedule := private.with_upcoming(v_schedule,
    case when v_schedule.is_active then private.check_upcoming(v_schedule, p_upcoming, private.now()) else '{}' end);
  perform private.check_trigger_node(p_flow_id, v_schedule.trigger_node);
  if v_schedule.is_active and v_schedule.next_at is null then
    perform private.fail('invalid_request', 'Nothing is due any more', 400);
  end if;

  select p.* into v_plan from public.organizations o join public.plans p on p.id = o.plan_id
  where o.id = v_flow.organization_id for no key update of o;
  if (select count(*) from public.schedules s where s.organization_id = v_flow.organization_id) >= v_plan.max_schedules then
    perform private.fail('plan_limit_reached', format('The plan %s allows %s schedules', v_plan.id, v_plan.max_schedules), 402);
  end if;

  insert into public.schedules (
    id, organization_id, flow_id, name, cron, timezone, starts_at, ends_at, jitter_seconds, missed_policy, missed_limit,
    overlap_policy, input, trigger_node, is_active, next_at, fire_at, upcoming, decided_until, refilled_at, refill_at, created_by
  )
  values (
    v_schedule.id, v_schedule.organization_id, v_schedule.flow_id, v_schedule.name, v_schedule.cron, v_schedule.timezone,
    v_schedule.starts_at, v_schedule.ends_at, v_schedule.jitter_seconds, v_schedule.missed_policy, v_schedule.missed_limit,
    v_schedule.overlap_policy, v_schedule.input, v_schedule.trigger_node, v_schedule.is_active, v_schedule.next_at,
    v_schedule.fire_at, v_schedule.upcoming, v_schedule.decided_until, v_schedule.refilled_at, v_schedule.refill_at, auth.uid()
  )
  returning * into v_schedule;
  return private.keep_reply(v_flow.organization_id, 'create_schedule', p_idempotency_key, private.schedule_reply(v_schedule));
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
  p_idempotency_key    text    default null::text,
  p_mapping            jsonb   default null::jsonb
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
    jsonb_build_array(p_flow_id, p_name, p_provider, p_config, p_secret, p_trigger_node, p_signature_required,
      p_mapping));
  if v_reply is not null then
    return v_reply;
  end if;
  if length(coalesce(p_name, '')) not between 1 and 200 or coalesce(p_provider, '') not in ('stripe', 'typeform', 'custom')
    or jsonb_typeof(p_config) <> 'object' or octet_length(p_config::text) > 8192
    or length(v_secret) not between 8 and 512 or length(p_trigger_node) not between 1 and 64
    or jsonb_typeof(p_mapping) <> 'object' or octet_length(p_mapping::text) > 8192
  then
    perform private.fail('invalid_request', 'The name, provider, config, secret, trigger node or mapping is out of range', 400);
  end if;
  perform private.check_trigger_node(p_flow_id, p_trigger_node);

  select p.* into v_plan from public.organizations o join public.plans p on p.id = o.plan_id
  where o.id = v_flow.organization_id for no key update of o;
  if (select count(*) from public.webhook_endpoints e where e.organization_id = v_flow.organization_id) >= v_plan.max_webhook_endpoints then
    perform private.fail('plan_limit_reached', format('The plan %s allows %s webhook endpoints', v_plan.id, v_plan.max_webhook_endpoints), 402);
  end if;

  insert into public.webhook_endpoints (
    organization_id, flow_id, trigger_node, name, provider, config, slug, signature_required, created_by, mapping
  )
  values (
    v_flow.organization_id, p_flow_id, p_trigger_node, p_name, p_provider, coalesce(p_config, '{}'),
    replace(gen_random_uuid()::text, '-', ''), coalesce(p_signature_required, true), auth.uid(), nullif(p_mapping, '{}')
  )
  returning id into v_id;
  insert into private.webhook_secrets (endpoint_id, secret) values (v_id, v_secret);
  -- The only time the secret is shown.
  return private.keep_reply(v_flow.organization_id, 'create_webhook_endpoint', p_idempotency_key,
    private.webhook_endpoint_reply(v_id) || jsonb_build_object('secret', v_secret));
end;
$function$;

create or replace function public.decide_step (
  p_run_id   uuid,
  p_node_id  text,
  p_decision jsonb,
  p_scope    text    default ''::text,
  p_wake     boolean default true
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
  v_token public.job_queue;
  v_kind text;
  v_approvers jsonb;
  v_word text;
  v_data jsonb;
begin
  if v_run.finished_at is not null then
    perform private.fail('run_finished', format('The run has already %s', v_run.status), 409);
  end if;
  v_token := private.waiting_token(p_run_id, '{approval,decision}', null, p_node_id, coalesce(p_scope, ''));
  if v_token.id is null then
    perform private.fail('conflict', 'The step waits for no decision', 409);
  end if;
  v_kind := v_token.payload -> 'wait' ->> 'kind';
  v_approvers := v_token.payload #> '{wait,data,approvers}';
  if v_kind = 'approval' and jsonb_typeof(v_approvers) = 'object' and not exists (
    select 1 from public.organization_members m
    where m.organization_id = v_run.organization_id and m.user_id = auth.uid()
      and (v_approvers -> 'roles' ? m.role or v_approvers -> 'user_ids' ? m.user_id::text)
  ) then
    perform private.fail('forbidden', 'Others have to decide this', 403);
  end if;
  v_word := p_decision ->> case when v_kind = 'approval' then 'decision' else 'outcome' end;
  if v_word is null or v_word not in ('approved', 'rejected', 'completed', 'failed', 'retry')
    or (v_kind = 'approval') <> (v_word in ('approved', 'rejected'))
  then
    perform private.fail('invalid_request', case when v_kind = 'approval' then 'decision is approved or rejected'
      else 'outcome is completed, failed or retry' end, 400);
  end if;
  if octet_length(p_decision::text) > 262144 then
    perform private.fail('payload_too_large', 'A decision may carry at most 256 KiB', 413);
  end if;
  v_data := case when v_kind = 'approval'
    then jsonb_build_object('decision', v_word, 'comment', p_decision -> 'comment')
    else jsonb_build_object('outcome', v_word, 'output', p_decision -> 'output', 'error', p_decision -> 'error', 'comment', p_decision -> 'comment')
  end || jsonb_build_object('user_id', auth.uid(), 'decided_at', private.now());
  perform private.resolve_token(v_token.id, v_run.status = 'paused', jsonb_build_object('by', v_kind, 'data', v_data));
  if p_wake then
    perform private.wake_if_idle();
  end if;
  return jsonb_build_object('run_id', p_run_id, 'node_id', v_token.node_id, 'scope', v_token.scope, 'kind', v_kind) || v_data;
end;
$function$;

create or replace function public.delete_entity (
  p_entity_id  uuid,
  p_if_version integer default null::integer
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.lock_entity(p_entity_id, p_if_version);
  update public.entities e set
    deleted_at = private.now(),
    name = 'deleted',
    external_key = null,
    data = '{}',
    run_id = null
  where e.id = p_entity_id;
end;
$function$;

create or replace function public.delete_schedule (
  p_schedule_id uuid,
  p_if_version  integer default null::integer
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.lock_schedule(p_schedule_id, 'flows:write', p_if_version);
  delete from public.schedules s where s.id = p_schedule_id;
end;
$function$;

create or replace function public.execute_graph (
  p_organization_id uuid,
  p_graph           jsonb,
  p_input           jsonb   default '{}'::jsonb,
  p_flow_id         uuid    default null::uuid,
  p_trigger_node    text    default null::text,
  p_pins            jsonb   default null::jsonb,
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
    perform private.wake_if_idle();
  end if;
  return private.keep_reply(p_organization_id, 'execute_graph', p_idempotency_key, v_reply);
end;
$function$;

create or replace function public.explain_run (
  p_run_id uuid
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select (to_jsonb(r) - '{input,output,pins,traceparent}'::text[])
    || jsonb_build_object('dry_run', r.pins is not null, 'now', private.now())
    || private.explain_insides(r.id)
  from public.runs r
  where r.id = p_run_id;
$function$;

create or replace function public.get_entity_journey (
  p_entity_id  uuid,
  p_after      integer default null::integer,
  p_limit      integer default 50,
  p_descending boolean default false
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  with page as (
    select m.*, row_number() over (order by case when p_descending then -m.number else m.number end) as place
    from public.entity_moves m
    where m.entity_id = p_entity_id
      and (p_after is null or case when p_descending then m.number < p_after else m.number > p_after end)
    order by case when p_descending then -m.number else m.number end
    limit least(greatest(p_limit, 1), 100) + 1
  ),
  stays as (
    select m.from_node as node_id, m.seconds, null::timestamptz as since
    from public.entity_moves m
    where m.entity_id = p_entity_id and m.from_node is not null
    union all
    select e.node_id, greatest(extract(epoch from private.now() - e.entered_at), 0), e.entered_at
    from public.entities e
    where e.id = p_entity_id and e.node_id is not null
  )
  select jsonb_build_object(
    'moves', (
      select coalesce(jsonb_agg(
        to_jsonb(p) - array['place', 'entity_id', 'organization_id', 'flow_id'] order by p.place
      ) filter (where p.place <= least(greatest(p_limit, 1), 100)), '[]')
      from page p
    ),
    'more', (select count(*) > least(greatest(p_limit, 1), 100) from page),
    'durations', (
      select coalesce(jsonb_agg(to_jsonb(d) order by d.seconds desc, d.node_id), '[]')
      from (
        select s.node_id, count(*) as stays, sum(s.seconds) as seconds, max(s.since) as since
        from stays s
        group by s.node_id
      ) d
    )
  )
  from public.entities e
  where e.id = p_entity_id;
$function$;

create or replace function public.get_flow_stats (
  p_flow_id uuid,
  p_days    integer default 30
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_today date := (private.now() at time zone 'UTC')::date;
  v_from date := v_today - (least(greatest(p_days, 1), 90) - 1);
  v_organization_id uuid;
  v_rows public.run_stats_daily[];
begin
  select f.organization_id into v_organization_id from public.flows f where f.id = p_flow_id;
  if v_organization_id is null or not v_organization_id = any (private.organizations_with('runs:read')) then
    return null;
  end if;
  v_rows := array(select s from private.run_stats_of(v_organization_id, p_flow_id, v_from) s);
  return jsonb_build_object(
    'flow_id', p_flow_id,
    'executions_today', private.sum_run_stats(array(select r from unnest(v_rows) r where r.day = v_today)) -> 'executions',
    'from', v_from,
    'to', v_today,
    'timezone', 'UTC',
    'series', (
      select jsonb_agg(
        jsonb_build_object('day', d.day::date)
          || private.sum_run_stats(array(select r from unnest(v_rows) r where r.day = d.day::date))
        order by d.day
      )
      from generate_series(v_from::timestamp, v_today::timestamp, interval '1 day') d (day)
    )
  ) || private.sum_run_stats(v_rows);
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
    ),
    'waiting', (
      select coalesce(jsonb_agg(w.wait order by w.id), '[]')
      from (
        select j.id, jsonb_build_object(
          'node_id', j.node_id,
          'scope', j.scope,
          'kind', j.payload #> '{wait,kind}',
          'name', j.payload #> '{wait,name}',
          'data', j.payload #> '{wait,data}',
          'run_id', j.payload #> '{wait,run_id}',
          -- Whoever waits for a run is looked after every minute: that is no moment to tell.
          'until', case when isfinite(j.scheduled_for) and j.payload #>> '{wait,kind}' <> 'run' then j.scheduled_for end
        ) as wait
        from public.job_queue j
        where j.run_id = r.id and j.payload ? 'wait' and not j.payload ? 'resolved'
          and (j.status = 'waiting' or (j.status in ('available', 'paused') and j.scheduled_for > private.now()))
        order by j.id
        limit 100
      ) w
    )
  ) || private.run_steps_page(r.id, p_since, '', coalesce(p_seen, '{}'), least(greatest(p_limit, 1), 100))
  from public.runs r
  where r.id = p_run_id;
$function$;

create or replace function public.get_stats (
  p_organization_id uuid
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_today date := (private.now() at time zone 'UTC')::date;
  v_rows public.run_stats_daily[];
  v_flows record;
begin
  if not p_organization_id = any (private.organizations_with('runs:read')) then
    return null;
  end if;
  select count(*) as total, count(*) filter (where f.is_active) as active into v_flows
  from public.flows f where f.organization_id = p_organization_id and f.deleted_at is null;
  v_rows := array(select s from private.run_stats_of(p_organization_id, null, v_today - 6) s);
  return jsonb_build_object(
    'total_flows', v_flows.total,
    'active_flows', v_flows.active,
    'executions_today', private.sum_run_stats(array(select r from unnest(v_rows) r where r.day = v_today)) -> 'executions',
    'from', v_today - 6,
    'to', v_today,
    'timezone', 'UTC'
  ) || private.sum_run_stats(v_rows);
end;
$function$;

create or replace function public.import_flows (
  p_organization_id uuid,
  p_flows           jsonb,
  p_workspace_id    uuid    default null::uuid,
  p_is_active       boolean default false,
  p_idempotency_key text    default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
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

  -- The lock on the organization makes the count exact, as in create_flow.
  select p.* into v_plan from public.organizations o join public.plans p on p.id = o.plan_id
  where o.id = p_organization_id for no key update of o;
  if (select count(*) from public.flows f where f.organization_id = p_organization_id and f.deleted_at is null)
    + jsonb_array_length(p_flows) > v_plan.max_flows
  then
    perform private.fail('plan_limit_reached', format('The plan %s allows %s flows', v_plan.id, v_plan.max_flows), 402);
  end if;
  select w.id into v_workspace_id from public.workspaces w
  where w.organization_id = p_organization_id and (w.id = p_workspace_id or (p_workspace_id is null and w.is_default));
  if not found then
    perform private.fail('not_found', 'No such workspace', 404);
  end if;

  -- All flows first, so that each has its id before a graph names it.
  for v_item in select i.value from jsonb_array_elements(p_flows) with ordinality i order by i.ordinality loop
    insert into public.flows (organization_id, workspace_id, name, description, is_active, created_by)
    values (p_organization_id, v_workspace_id, v_item ->> 'name', coalesce(v_item ->> 'description', ''),
      coalesce(p_is_active, false), auth.uid())
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
$function$;

create or replace function public.list_edge_stats (
  p_flow_id uuid
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  with edges as materialized (
    select e.value ->> 'source' as source, e.value ->> 'target' as target,
      jsonb_agg(e.value ->> 'id' order by e.ordinality) as ids
    from public.flows f
    join public.flow_versions v on v.id = f.current_version_id
    cross join lateral jsonb_array_elements(
      case when jsonb_typeof(v.graph -> 'edges') = 'array' then v.graph -> 'edges' else '[]' end
    ) with ordinality e
    where f.id = p_flow_id
    group by 1, 2
  ),
  busiest as (
    select s.* from public.flow_edge_stats s
    where s.flow_id = p_flow_id
    order by s.moves desc, s.from_node, s.to_node
    limit 2000
  )
  select (
    select coalesce(jsonb_agg(jsonb_build_object(
      'from_node', s.from_node,
      'to_node', s.to_node,
      'edge_ids', coalesce(e.ids, '[]'),
      'moves', s.moves,
      'total_seconds', s.total_seconds,
      'average_seconds', round(s.total_seconds / s.moves, 6),
      'last_at', s.last_at
    ) order by s.moves desc, s.from_node, s.to_node), '[]')
    from busiest s
    left join edges e on e.source = s.from_node and e.target = s.to_node
  )
  from public.flows f
  where f.id = p_flow_id;
$function$;

create or replace function public.list_waiting_steps (
  p_organization_id uuid,
  p_kinds           text[]  default '{approval,decision}'::text[],
  p_flow_id         uuid    default null::uuid,
  p_after           uuid    default null::uuid,
  p_limit           integer default 50
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  -- Runs as the caller: RLS decides which tokens, runs and flows there are.
  select case when p_organization_id = any ((select private.organizations_with('runs:read'))::uuid[])
    then coalesce(jsonb_agg(to_jsonb(w) order by w.id), '[]') end
  from (
    select
      j.id, j.run_id, r.flow_id, f.name as flow_name, j.node_id, j.scope, j.payload -> 'wait' ->> 'kind' as kind,
      j.payload -> 'wait' ->> 'name' as name, j.payload -> 'wait' -> 'data' as data,
      case when (j.payload -> 'wait' ->> 'since') ~ '^[0-9]{1,15}$'
        then to_timestamp((j.payload -> 'wait' ->> 'since')::bigint / 1000.0) else j.created_at end as since,
      -- For another run the moment is only when the clock looks after it.
      case when j.scheduled_for <> 'infinity' and j.payload #>> '{wait,kind}' <> 'run' then j.scheduled_for end as until,
      r.deadline_at, r.status as run_status, r.entity_id,
      (
        jsonb_typeof(j.payload #> '{wait,data,approvers}') is distinct from 'object'
        or coalesce(j.payload #> '{wait,data,approvers,user_ids}' ? (select auth.uid())::text, false)
        or coalesce(j.payload #> '{wait,data,approvers,roles}' ? (
          select m.role from public.organization_members m
          where m.organization_id = j.organization_id and m.user_id = (select auth.uid())
        ), false)
      ) and j.organization_id = any ((select private.organizations_with('runs:execute'))::uuid[]) as may_decide
    from public.job_queue j
    join public.runs r on r.id = j.run_id
    left join public.flows f on f.id = r.flow_id
    where j.organization_id = p_organization_id
      and j.status in ('waiting', 'available', 'paused')
      and j.payload ? 'wait' and not j.payload ? 'resolved'
      and j.payload -> 'wait' ->> 'kind' = any (p_kinds)
      and (p_flow_id is null or r.flow_id = p_flow_id)
      and (p_after is null or j.id > p_after)
    order by j.id
    limit least(greatest(p_limit, 1), 101)
  ) w;
$function$;

create or replace function public.move_entity (
  p_entity_id  uuid,
  p_node_id    text,
  p_if_version integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.place_entity(private.lock_entity(p_entity_id, p_if_version), p_node_id, 'manual');
  return private.entity_reply(p_entity_id);
end;
$function$;

create or replace function public.pause_run (
  p_run_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
begin
  if v_run.finished_at is not null then
    perform private.fail('run_finished', format('The run has already %s', v_run.status), 409);
  end if;
  if v_run.status = 'compensating' then
    perform private.fail('conflict', 'The run is undoing what it did, which can not be paused', 409);
  end if;
  if v_run.status <> 'paused' then
    update public.runs r set status = 'paused' where r.id = p_run_id returning * into v_run;
    perform 1 from (
      select j.id from public.job_queue j where j.run_id = p_run_id order by j.id for update
    ) l;
    update public.job_queue j set
      status = case when j.status = 'available' then 'paused' else j.status end,
      pausing = j.status = 'running'
    where j.run_id = p_run_id and j.status in ('available', 'running');
  end if;
  return to_jsonb(v_run);
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
  perform private.wake_if_idle();
  return private.keep_reply(v_event.organization_id, 'replay_webhook_event', p_idempotency_key,
    jsonb_build_object('event_id', v_event.id, 'run_id', v_run.id));
end;
$function$;

create or replace function public.rerun_run (
  p_run_id          uuid,
  p_from            text    default null::text,
  p_input           jsonb   default null::jsonb,
  p_outputs         jsonb   default null::jsonb,
  p_current_version boolean default false,
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
  v_outputs jsonb := coalesce(p_outputs, '{}');
  v_version public.flow_versions;
  v_redo text[];
  v_new public.runs;
  v_taken text[];
  v_reply jsonb;
  v_problems jsonb;
begin
  v_reply := private.idempotent_reply(v_run.organization_id, 'rerun_run', p_idempotency_key,
    jsonb_build_array(p_run_id, p_from, p_input, p_outputs, p_current_version));
  if v_reply is not null then
    return v_reply;
  end if;
  if octet_length(p_input::text) > 1048576 or octet_length(p_outputs::text) > 1048576 then
    perform private.fail('payload_too_large', 'The input of a run, and the outputs given to it, may have at most 1 MiB', 413);
  end if;
  if jsonb_typeof(v_outputs) <> 'object' then
    perform private.fail('invalid_request', 'Outputs are given by node id', 400);
  end if;
  perform private.refuse_references(p_run_id, v_outputs);
  if exists (
    select 1 from public.flows f where f.id = v_run.flow_id and f.deleted_at is null and not f.is_active
  ) then
    perform private.fail('flow_inactive', 'The flow is switched off', 409);
  end if;
  select v.* into v_version from public.flow_versions v
  where v.id = case when p_current_version
    then (select f.current_version_id from public.flows f where f.id = v_run.flow_id) else v_run.flow_version_id end;

  if p_from is not null or v_outputs <> '{}' then
    if v_run.finished_at is null then
      perform private.fail('run_not_finished', 'The run is still under way', 409);
    end if;
    if v_run.status in ('compensated', 'compensation_failed') then
      perform private.fail('conflict', 'The run has undone what it did: nothing of it can be taken over', 409);
    end if;
  end if;
  if p_from is not null then
    v_redo := private.steps_to_redo(v_version, p_from);
    if v_redo is null then
      perform private.fail('invalid_request', format('The flow has no node "%s"', p_from), 400, jsonb_build_array(jsonb_build_object(
        'path', 'body.from', 'code', 'unknown_node', 'message', format('The flow has no node "%s"', p_from)
      )));
    end if;
  end if;

  v_new := private.repeat_run(v_run, coalesce(p_input, v_run.input), v_version.id);
  if p_from is not null then
    -- Nor what another version does not know.
    v_redo := v_redo || coalesce(array(
      select distinct s.node_id from public.run_steps s
      where s.run_id = p_run_id and v_version.id <> v_run.flow_version_id and not jsonb_path_exists(
        v_version.graph, '$.nodes[*] ? (@.id == $id)', jsonb_build_object('id', s.node_id), true
      )
    ), '{}');
  else
    select coalesce(array_agg(distinct s.node_id), '{}') into v_redo from public.run_steps s where s.run_id = p_run_id;
  end if;
  if p_from is not null or v_outputs <> '{}' then
    v_taken := private.take_over_steps(v_run, v_new, v_redo, v_outputs);
    select jsonb_agg(jsonb_build_object(
      'path', 'body.outputs.' || k.id, 'code', 'not_taken_over',
      'message', format('"%s" has not run, or is run again', k.id)
    ) order by k.id) into v_problems
    from jsonb_object_keys(v_outputs) k (id)
    where k.id <> all (v_taken) or (p_from is not null and k.id = any (v_redo));
    if v_problems is not null then
      perform private.fail('invalid_request', 'Outputs are for steps that are taken over', 400, v_problems);
    end if;
  end if;
  if p_wake then
    perform private.wake_if_idle();
  end if;
  return private.keep_reply(v_run.organization_id, 'rerun_run', p_idempotency_key, to_jsonb(v_new));
end;
$function$;

create or replace function public.resume_run (
  p_run_id uuid,
  p_wake   boolean default true
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
begin
  if v_run.finished_at is not null then
    perform private.fail('run_finished', format('The run has already %s', v_run.status), 409);
  end if;
  if v_run.status = 'paused' then
    update public.runs r set status = case when r.started_at is null then 'queued' else 'running' end
    where r.id = p_run_id returning * into v_run;
    perform 1 from (
      select j.id from public.job_queue j where j.run_id = p_run_id order by j.id for update
    ) l;
    update public.job_queue j set
      pausing = false,
      status = case
        when j.status <> 'paused' then j.status
        when j.payload ? 'wait' and not j.payload ? 'resolved' and j.scheduled_for > private.now() then 'waiting'
        else 'available'
      end
    where j.run_id = p_run_id and (j.status = 'paused' or j.pausing);
    if p_wake then
      perform private.wake_if_idle();
    end if;
  end if;
  return to_jsonb(v_run);
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
  if v_run.status in ('compensated', 'compensation_failed') then
    perform private.fail('conflict', 'The run has undone what it did: replay it instead', 409);
  end if;
  v_new := private.repeat_run(v_run, v_run.input, v_run.flow_version_id);
  perform private.take_over_steps(v_run, v_new);
  if p_wake then
    perform private.wake_if_idle();
  end if;
  return private.keep_reply(v_run.organization_id, 'retry_run', p_idempotency_key, to_jsonb(v_new));
end;
$function$;

create or replace function public.retry_step (
  p_run_id          uuid,
  p_node_id         text,
  p_scope           text    default ''::text,
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
  v_scope text := coalesce(p_scope, '');
  v_status text;
begin
  if v_run.finished_at is not null then
    select s.status into v_status from public.run_steps s
    where s.run_id = p_run_id and s.node_id = p_node_id and s.scope = v_scope
    order by s.attempt desc limit 1;
    if v_status is null then
      perform private.fail('conflict', 'The run has never come to this step', 409);
    end if;
    -- Where a run stopped it goes on without doing anything twice; elsewhere the step and what follows it is done again.
    return jsonb_build_object('began', 'run', 'run', case
      when v_status in ('retried', 'unknown') or v_run.error ->> 'node_id' = p_node_id
        then public.retry_run(p_run_id, p_idempotency_key, p_wake)
      else public.rerun_run(p_run_id, p_node_id, p_idempotency_key => p_idempotency_key, p_wake => p_wake)
    end);
  end if;

  perform 1 from public.job_queue j
  where j.run_id = p_run_id and j.node_id = p_node_id and j.scope = v_scope and not coalesce(j.payload ? 'wait', false)
    and (j.status = 'running' or (j.status in ('available', 'paused') and j.attempts > 0))
  order by j.id for update;
  if not found then
    perform private.fail('conflict', 'The step waits for no further attempt', 409);
  end if;
  update public.job_queue j set scheduled_for = private.now()
  where j.run_id = p_run_id and j.node_id = p_node_id and j.scope = v_scope and j.status in ('available', 'paused')
    and j.attempts > 0 and not coalesce(j.payload ? 'wait', false) and j.scheduled_for > private.now();
  if found and p_wake then
    perform private.wake_if_idle();
  end if;
  return jsonb_build_object('began', 'attempt', 'run', to_jsonb(v_run));
end;
$function$;

create or replace function public.signal_run (
  p_run_id uuid,
  p_name   text,
  p_data   jsonb   default null::jsonb,
  p_wake   boolean default true
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
  v_token public.job_queue;
begin
  if length(coalesce(p_name, '')) not between 1 and 200 then
    perform private.fail('invalid_request', 'The name of a signal has 1 to 200 characters', 400);
  end if;
  if octet_length(p_data::text) > 262144 then
    perform private.fail('payload_too_large', 'A signal may carry at most 256 KiB', 413);
  end if;
  if v_run.finished_at is not null or v_run.status = 'compensating' then
    perform private.fail('run_finished', format('The run has already %s', v_run.status), 409);
  end if;
  v_token := private.waiting_token(p_run_id, '{signal}', p_name);
  if v_token.id is not null then
    perform private.resolve_token(v_token.id, v_run.status = 'paused', jsonb_build_object('by', 'signal', 'data', p_data));
    if p_wake then
      perform private.wake_if_idle();
    end if;
    return jsonb_build_object('run_id', p_run_id, 'name', p_name, 'delivered', true, 'node_id', v_token.node_id, 'scope', v_token.scope);
  end if;
  if (select count(*) from private.run_signals s where s.run_id = p_run_id) >= 1000 then
    perform private.fail('conflict', 'A thousand signals wait for this run already', 409);
  end if;
  insert into private.run_signals (run_id, kind, name, data, created_by) values (p_run_id, 'signal', p_name, p_data, auth.uid());
  return jsonb_build_object('run_id', p_run_id, 'name', p_name, 'delivered', false, 'node_id', null, 'scope', null);
end;
$function$;

create or replace function public.start_run (
  p_flow_id         uuid,
  p_input           jsonb   default '{}'::jsonb,
  p_trigger_node    text    default null::text,
  p_idempotency_key text    default null::text,
  p_traceparent     text    default null::text,
  p_wake            boolean default true,
  p_entity_id       uuid    default null::uuid,
  p_pins            jsonb   default null::jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
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
    perform private.wake_if_idle();
  end if;
  return private.keep_reply(v_flow.organization_id, 'start_run', p_idempotency_key, v_reply);
end;
$function$;

create or replace function public.trigger_schedule (
  p_schedule_id     uuid,
  p_idempotency_key text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_schedule public.schedules := private.lock_schedule(p_schedule_id, 'runs:execute');
  v_flow public.flows;
  v_now timestamptz := private.now();
  v_at timestamptz := v_now;
  v_run_id uuid;
  v_reply jsonb;
begin
  v_reply := private.idempotent_reply(v_schedule.organization_id, 'trigger_schedule', p_idempotency_key, to_jsonb(p_schedule_id));
  if v_reply is not null then
    return v_reply;
  end if;
  select * into v_flow from public.flows f where f.id = v_schedule.flow_id and f.deleted_at is null;
  if not found then
    perform private.fail('not_found', 'No such flow', 404);
  end if;
  if not v_flow.is_active then
    perform private.fail('flow_inactive', 'The flow is switched off', 409);
  end if;
  -- A due time, or another call, of the same microsecond.
  while exists (
    select 1 from public.schedule_firings f where f.schedule_id = p_schedule_id and f.scheduled_for = v_at
  ) or v_at = any (v_schedule.upcoming) loop
    v_at := v_at + interval '1 microsecond';
  end loop;

  v_run_id := private.start_scheduled_run(v_schedule, v_flow, v_at, v_now, true);
  insert into public.schedule_firings (
    schedule_id, scheduled_for, organization_id, fired_at, outcome, run_id, triggered_by, is_manual
  )
  values (p_schedule_id, v_at, v_schedule.organization_id, v_now, 'started', v_run_id, auth.uid(), true);
  update public.schedules s set
    open_runs = (v_run_id || private.runs_still_open(s.open_runs))[1:100], last_run_id = v_run_id, last_fired_at = v_now
  where s.id = p_schedule_id;
  perform private.wake_if_idle();
  return private.keep_reply(v_schedule.organization_id, 'trigger_schedule', p_idempotency_key,
    jsonb_build_object('schedule_id', p_schedule_id, 'scheduled_for', v_at, 'run_id', v_run_id));
end;
$function$;

create or replace function public.update_entity (
  p_entity_id    uuid,
  p_name         text    default null::text,
  p_external_key text    default null::text,
  p_data         jsonb   default null::jsonb,
  p_if_version   integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_entity public.entities := private.lock_entity(p_entity_id, p_if_version);
  v_key text := nullif(coalesce(p_external_key, v_entity.external_key), '');
begin
  perform private.check_entity(null, p_name, v_key, p_data);
  begin
    update public.entities e set
      name = coalesce(p_name, e.name),
      external_key = v_key,
      data = coalesce(p_data, e.data)
    where e.id = p_entity_id
      and (e.name, e.external_key, e.data) is distinct from (coalesce(p_name, e.name), v_key, coalesce(p_data, e.data));
  exception when unique_violation then
    perform private.fail('conflict', format('The flow has a %s with this external key already', v_entity.type), 409);
  end;
  return private.entity_reply(p_entity_id);
end;
$function$;

create or replace function public.update_schedule (
  p_schedule_id uuid,
  p_changes     jsonb,
  p_upcoming    timestamp with time zone[] default null::timestamp with time zone[],
  p_flow_id     uuid                       default null::uuid,
  p_if_version  integer                    default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_old public.schedules := private.lock_schedule(p_schedule_id, 'flows:write', p_if_version);
  v_new public.schedules := private.change_schedule(v_old, p_changes);
begin
  if p_flow_id is not null and p_flow_id <> v_old.flow_id then
    if not exists (
      select 1 from public.flows f
      where f.id = p_flow_id and f.organization_id = v_old.organization_id and f.deleted_at is null
    ) then
      perform private.fail('not_found', 'No such flow', 404);
    end if;
    v_new.flow_id := p_flow_id;
    -- A node of one flow means nothing in another.
    v_new.trigger_node := p_changes ->> 'trigger_node';
  end if;
  if v_new.trigger_node is distinct from v_old.trigger_node or v_new.flow_id <> v_old.flow_id then
    perform private.check_trigger_node(v_new.flow_id, v_new.trigger_node);
  end if;

  if not v_new.is_active then
    v_new := private.with_upcoming(v_new, '{}');
    v_new.queued_count := 0;
  elsif not v_old.is_active
    or (v_new.cron, v_new.timezone, v_new.starts_at, v_new.ends_at)
      is distinct from (v_old.cron, v_old.timezone, v_old.starts_at, v_old.ends_at)
  then
    v_new := private.with_upcoming(v_new, private.check_upcoming(v_new, p_upcoming, private.now()));
    v_new.decided_until := private.now();
    if v_new.next_at is null then
      perform private.fail('invalid_request', 'Another timing needs its due times, and one must lie ahead', 400);
    end if;
  else
    v_new.fire_at := v_new.next_at + private.schedule_jitter(v_new.id, v_new.next_at, v_new.jitter_seconds);
  end if;
  if not v_new.is_active then
    update public.schedule_firings f set outcome = 'skipped_overlap', reason = 'switched_off', fired_at = private.now()
    where f.schedule_id = p_schedule_id and f.outcome = 'queued';
  end if;

  update public.schedules s set
    name = v_new.name, flow_id = v_new.flow_id, cron = v_new.cron, timezone = v_new.timezone, starts_at = v_new.starts_at,
    ends_at = v_new.ends_at, jitter_seconds = v_new.jitter_seconds, missed_policy = v_new.missed_policy,
    missed_limit = v_new.missed_limit, overlap_policy = v_new.overlap_policy, input = v_new.input,
    trigger_node = v_new.trigger_node, is_active = v_new.is_active, next_at = v_new.next_at, fire_at = v_new.fire_at,
    upcoming = v_new.upcoming, decided_until = v_new.decided_until, refilled_at = v_new.refilled_at,
    refill_at = v_new.refill_at, queued_count = v_new.queued_count
  where s.id = p_schedule_id
  returning * into v_new;
  return private.schedule_reply(v_new);
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
  p_trigger_node       text    default null::text,
  p_mapping            jsonb   default null::jsonb
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
    or length(p_trigger_node) not between 1 and 64 or jsonb_typeof(p_mapping) <> 'object' or octet_length(p_mapping::text) > 8192
  then
    perform private.fail('invalid_request', 'The name, config, trigger node or mapping is out of range', 400);
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
    is_active = coalesce(p_is_active, e.is_active),
    mapping = nullif(coalesce(p_mapping, e.mapping), '{}')
  where e.id = p_endpoint_id;
  return private.webhook_endpoint_reply(p_endpoint_id);
end;
$function$;

create or replace function public.watch_run (
  p_run_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_run record;
begin
  select r.organization_id, r.status, r.finished_at into v_run from public.runs r where r.id = p_run_id;
  perform private.require_permission(v_run.organization_id, 'runs:read', 'run');
  return jsonb_build_object(
    'topic', 'run:' || p_run_id,
    'status', v_run.status,
    'watched_until', case when v_run.finished_at is null then private.watch_live(p_run_id) end
  );
end;
$function$;

create or replace function public.watch_runs (
  p_organization_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'runs:read', 'organization');
  return jsonb_build_object(
    'topic', format('org:%s:runs', p_organization_id),
    'watched_until', private.watch_live(p_organization_id)
  );
end;
$function$;

alter table "private"."scratch_flows"
  add constraint "scratch_flows_flow_id_fkey" foreign key (flow_id) references public.flows(id) on delete cascade;

alter table "private"."scratch_flows"
  add constraint "scratch_flows_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "public"."bulk_operations"
  add constraint "bulk_operations_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "public"."entities"
  add constraint "entities_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete set null;

alter table "public"."entities"
  add constraint "entities_flow_id_fkey" foreign key (flow_id) references public.flows(id) on delete cascade;

alter table "public"."entities"
  add constraint "entities_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "public"."entity_moves"
  add constraint "entity_moves_entity_id_fkey" foreign key (entity_id) references public.entities(id)
    on delete cascade;

alter table "public"."flow_edge_stats"
  add constraint "flow_edge_stats_flow_id_fkey" foreign key (flow_id) references public.flows(id) on delete cascade;

alter table "public"."flow_version_runs"
  add constraint "flow_version_runs_flow_version_id_fkey" foreign key (flow_version_id)
    references public.flow_versions(id) on delete cascade;

alter table "public"."job_queue"
  add constraint "job_queue_status_check"
    check ((status = ANY (ARRAY['available'::text, 'running'::text, 'waiting'::text, 'paused'::text])));

alter table "public"."plans"
  add constraint "plans_max_concurrent_runs_check" check ((max_concurrent_runs > 0));

alter table "public"."plans"
  add constraint "plans_max_schedules_check" check ((max_schedules > 0));

alter table "public"."run_stats_daily"
  add constraint "run_stats_daily_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "public"."run_steps"
  add constraint "failure_says_why"
    check (((status = ANY (ARRAY['failed'::text, 'retried'::text, 'unknown'::text])) = (error IS NOT NULL)));

alter table "public"."run_steps"
  add constraint "run_steps_status_check"
    check
    ((status = ANY (ARRAY['completed'::text, 'failed'::text, 'retried'::text, 'skipped'::text, 'unknown'::text])));

alter table "public"."runs"
  add constraint "failed_says_why"
    check
    ((((status = ANY (ARRAY['failed'::text, 'compensating'::text, 'compensated'::text, 'compensation_failed'::text]))
    = (error IS
    NOT NULL)) OR (status = ANY (ARRAY['compensating'::text, 'compensated'::text, 'compensation_failed'::text]))));

alter table "public"."runs"
  add constraint "finished_means_terminal"
    check
    (((status = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text, 'compensated'::text,
    'compensation_failed'::text])) = (finished_at IS NOT NULL)));

alter table "public"."runs"
  add constraint "runs_concurrency_key_check" check ((length(concurrency_key) <= 200));

alter table "public"."runs"
  add constraint "runs_depth_check" check (((depth >= 0) AND (depth <= 10)));

alter table "public"."runs"
  add constraint "runs_status_check"
    check
    ((status = ANY (ARRAY['queued'::text, 'running'::text, 'paused'::text, 'compensating'::text, 'completed'::text,
    'failed'::text, 'cancelled'::text, 'compensated'::text, 'compensation_failed'::text])));

alter table "public"."runs"
  add constraint "runs_trigger_check"
    check
    ((trigger = ANY (ARRAY['manual'::text, 'webhook'::text, 'schedule'::text, 'flow'::text, 'error'::text,
    'event'::text])));

alter table "public"."runs"
  add constraint "started_unless_queued" check (((started_at IS
    NOT NULL) OR (status = ANY (ARRAY['queued'::text, 'paused'::text, 'cancelled'::text, 'failed'::text]))));

alter table "public"."schedule_firings"
  add constraint "schedule_firings_triggered_by_fkey" foreign key (triggered_by) references public.profiles(id)
    on delete set null;

alter table "public"."schedules"
  add constraint "schedules_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete
    set null;

alter table "public"."schedules"
  add constraint "schedules_flow_id_fkey" foreign key (flow_id) references public.flows(id) on delete cascade;

alter table "public"."schedules"
  add constraint "schedules_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "public"."schedule_firings"
  add constraint "schedule_firings_schedule_id_fkey" foreign key (schedule_id) references public.schedules(id)
    on delete cascade;

alter table "public"."webhook_endpoints"
  add constraint "webhook_endpoints_mapping_check"
    check (((jsonb_typeof(mapping) = 'object'::text) AND (octet_length((mapping)::text) <= 8192)));

create index live_watchers_watched_until_idx on private.live_watchers using btree (watched_until);
create index run_signals_run_id_idx on private.run_signals using btree (run_id, kind, name, id);
create index run_slots_run_id_idx on private.run_slots using btree (run_id);
create index scratch_flows_flow_id_idx on private.scratch_flows using btree (flow_id);

create index bulk_operations_open_idx on public.bulk_operations using btree (id)
  where (finished_at is null);

create index bulk_operations_organization_id_idx on public.bulk_operations using btree (organization_id, id);
create index entities_created_by_idx on public.entities using btree (created_by);

create unique index entities_external_key_idx on public.entities using btree (flow_id, type, external_key)
  where ((external_key is not null) AND (deleted_at is null));

create index entities_flow_id_idx on public.entities using btree (flow_id, node_id);
create index entities_organization_id_idx on public.entities using btree (organization_id, id);

create index entities_run_id_idx on public.entities using btree (run_id)
  where (run_id is not null);

create index job_queue_limited_idx on public.job_queue
  using btree ((((payload -> 'wait'::text) ->> 'name'::text)), id)
  where ((status = 'waiting'::text) AND (((payload -> 'wait'::text) ->> 'kind'::text) = 'limit'::text));

create index job_queue_waiting_idx on public.job_queue using btree (scheduled_for)
  where (status = 'waiting'::text);

create index job_queue_waits_idx on public.job_queue using btree (organization_id, id)
  where (payload ? 'wait'::text);

create index schedule_firings_fired_at_idx on public.schedule_firings using btree (fired_at);

create index schedule_firings_queued_idx on public.schedule_firings using btree (schedule_id, scheduled_for)
  where (outcome = 'queued'::text);

create index schedule_firings_triggered_by_idx on public.schedule_firings using btree (triggered_by)
  where (triggered_by is not null);

create index schedules_created_by_idx on public.schedules using btree (created_by);

create index schedules_fire_at_idx on public.schedules using btree (fire_at)
  where (fire_at is not null);

create index schedules_flow_id_idx on public.schedules using btree (flow_id);
create index schedules_organization_id_idx on public.schedules using btree (organization_id, id);

create index schedules_queued_idx on public.schedules using btree (id)
  where (queued_count > 0);

create index schedules_refill_at_idx on public.schedules using btree (refill_at)
  where (refill_at is not null);

create trigger touch
  before update on public.entities
  for each row
  execute function private.touch();

create trigger append_only
  before update on public.entity_moves
  for each row
  execute function private.refuse_change();

alter table "public"."entity_moves"
  enable always trigger "append_only";

create trigger broadcast_new
  after insert on public.runs
  for each row
  execute function private.broadcast_run();

create trigger broadcast_status
  after update of status on public.runs
  for each row
  when ((old.status IS DISTINCT FROM new.status))
  execute function private.broadcast_run();

create trigger touch
  before update of name,
    flow_id,
    cron,
    timezone,
    starts_at,
    ends_at,
    jitter_seconds, missed_policy, missed_limit, overlap_policy, input, trigger_node, is_active on public.schedules
  for each row
  execute function private.touch();

create trigger touch
  before update of name,
    config, flow_id, trigger_node, signature_required, is_active, mapping on public.webhook_endpoints
  for each row
  execute function private.touch();

create policy "members_see_bulk_operations" on "public"."bulk_operations"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('runs:read'::text) as organizations_with)::uuid[])));

create policy "members_see_entities" on "public"."entities"
  for select
  to "authenticated"
  using
    (((deleted_at is null) AND (organization_id = ANY (( select private.organizations_with('runs:read'::text) as
    organizations_with)::uuid[])) AND (exists ( select 1
   from public.flows f
  where (f.id = entities.flow_id)))));

create policy "members_see_entity_moves" on "public"."entity_moves"
  for select
  to "authenticated"
  using
    (((organization_id = ANY (( select private.organizations_with('runs:read'::text) as organizations_with)::uuid[]))
    AND (exists ( select 1
   from public.entities e
  where (e.id = entity_moves.entity_id)))));

create policy "members_see_flow_edge_stats" on "public"."flow_edge_stats"
  for select
  to "authenticated"
  using
    (((organization_id = ANY (( select private.organizations_with('runs:read'::text) as organizations_with)::uuid[]))
    AND (exists ( select 1
   from public.flows f
  where (f.id = flow_edge_stats.flow_id)))));

create policy "members_see_flow_version_runs" on "public"."flow_version_runs"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('runs:read'::text) as organizations_with)::uuid[])));

create policy "members_see_run_stats_daily" on "public"."run_stats_daily"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('runs:read'::text) as organizations_with)::uuid[])));

create policy "members_see_schedule_firings" on "public"."schedule_firings"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('flows:read'::text) as organizations_with)::uuid[])));

create policy "members_see_schedules" on "public"."schedules"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('flows:read'::text) as organizations_with)::uuid[])));

comment on column "private"."live_watchers"."id" is 'A run, or an organization whose list of runs is watched.';
comment on column "private"."live_watchers"."watched_until" is 'Broadcast until then; whoever goes on watching prolongs it.';
comment on column "private"."run_cancellations"."created_at" is 'When it was asked for.';
comment on column "private"."run_cancellations"."run_id" is 'The run.';
comment on column "private"."run_joins"."expects" is 'The number of its in-edges.';
comment on column "private"."run_joins"."fired" is 'True = it needed fewer answers than all and has run; the others are awaited for nothing.';
comment on column "private"."run_joins"."need" is 'How many live answers let it run; null = it waits for all answers.';
comment on column "private"."run_joins"."scope" is 'The items and iterations it belongs to; empty = top level.';
comment on column "private"."run_regions"."body" is 'The nodes that live in the region itself.';
comment on column "private"."run_regions"."broke" is 'True = no further item begins.';
comment on column "private"."run_regions"."chunk" is 'Items that one token carries: more than one where the body only computes.';
comment on column "private"."run_regions"."close_reads" is 'What the closer, and the nodes after it, read.';
comment on column "private"."run_regions"."closer" is 'The node at which the run goes on.';
comment on column "private"."run_regions"."completed" is 'Items that have ended well, filtered ones included.';
comment on column "private"."run_regions"."failed" is 'Items that have failed.';
comment on column "private"."run_regions"."first" is 'The index of the first of them: a while loop opens once for each iteration.';
comment on column "private"."run_regions"."items" is 'The items of this opening, in order.';
comment on column "private"."run_regions"."more" is 'True = the owner decides after these items whether others follow.';
comment on column "private"."run_regions"."next" is 'The index of the next item that a token is made for.';
comment on column "private"."run_regions"."node_id" is 'The node that opened it.';
comment on column "private"."run_regions"."open" is 'Items that tokens carry now.';
comment on column "private"."run_regions"."organization_id" is 'The tenant.';
comment on column "private"."run_regions"."reads" is 'What the body reads from outside.';
comment on column "private"."run_regions"."resume" is 'True = steps of its items may be recorded already: a run is retried.';
comment on column "private"."run_regions"."run_id" is 'The run.';
comment on column "private"."run_regions"."scope" is 'Where that node stands; its items are below, as in scope/node.3.';
comment on column "private"."run_regions"."token_id" is 'The token that waits for the end.';
comment on column "private"."run_regions"."tolerate" is 'Failed items that do not fail the region.';
comment on column "private"."run_regions"."total" is 'The index after the last of them.';
comment on column "private"."run_regions"."window_size" is 'Tokens at once.';
comment on column "private"."run_signals"."created_at" is 'When it came.';
comment on column "private"."run_signals"."created_by" is 'Who sent it; null = nobody in person.';
comment on column "private"."run_signals"."data" is 'What was sent.';
comment on column "private"."run_signals"."id" is 'UUIDv7: the order in which they came.';
comment on column "private"."run_signals"."kind" is 'signal = by name; callback = for one step, named node or node:scope.';
comment on column "private"."run_signals"."name" is 'The name of the signal, or the step.';
comment on column "private"."run_signals"."run_id" is 'The run.';
comment on column "private"."run_slots"."limit_key" is 'org:ID, flow:ID or key:FLOW:VALUE.';
comment on column "private"."run_slots"."organization_id" is 'The tenant: what holds places in it is changed by one transaction at a time.';
comment on column "private"."run_slots"."run_id" is 'The run; its rows go when it ends.';
comment on column "private"."run_stats_open"."day" is 'The day it is counted on.';
comment on column "private"."run_stats_open"."flow_id" is 'The flow.';
comment on column "private"."run_stats_open"."organization_id" is 'The tenant.';
comment on column "private"."run_stats_open"."run_id" is 'The run.';
comment on column "private"."run_stats_open"."status" is 'The status it is counted with.';
comment on column "private"."run_stats_state"."counted_to" is 'Runs whose id is not above this one are counted in run_stats_daily and flow_version_runs.';
comment on column "private"."run_stats_state"."id" is 'True: there is one row.';
comment on column "private"."run_stats_state"."looked_at" is 'The last run of run_stats_open that was looked at again; the next look goes on behind it.';
comment on column "private"."scratch_flows"."flow_id" is 'The flow.';
comment on column "private"."scratch_flows"."organization_id" is 'The tenant.';
comment on column "private"."settings"."name" is 'functions_url = where the edge functions answer; max_workers = how many worker isolates may be awake; schedule_clock_since = since when the clock of schedules ticks, written by each tick.';
comment on column "public"."bulk_operations"."action" is 'What is done to each run.';
comment on column "public"."bulk_operations"."busy" is 'Runs that somebody was at; they are tried again.';
comment on column "public"."bulk_operations"."created_at" is 'When it was asked for.';
comment on column "public"."bulk_operations"."created_by" is 'Who asked, and whose rights count.';
comment on column "public"."bulk_operations"."done" is 'Runs that the action was done to. A run that needed it no more counts as done.';
comment on column "public"."bulk_operations"."error" is '{code, message} when the operation itself failed.';
comment on column "public"."bulk_operations"."errors" is 'The first of those: [{run_id, code, message}], twenty at most.';
comment on column "public"."bulk_operations"."failed" is 'Runs that refused it.';
comment on column "public"."bulk_operations"."filter" is 'Which runs: {flow_id, status, trigger, retry_of, entity_id, parent_run_id, schedule_id, created_after, created_before}. Of those only the ones whose state the action is for.';
comment on column "public"."bulk_operations"."finished_at" is 'When it ended; null = it has not.';
comment on column "public"."bulk_operations"."id" is 'UUIDv7. Runs that are younger than the operation are none of its business.';
comment on column "public"."bulk_operations"."organization_id" is 'The tenant.';
comment on column "public"."bulk_operations"."position" is 'The last run that was looked at: they are gone through in the order of their ids.';
comment on column "public"."bulk_operations"."status" is 'queued = not begun; running = some batches are done; completed = all runs were tried; cancelled = stopped by a person; failed = who asked may not do it any more.';
comment on column "public"."bulk_operations"."total" is 'How many runs it found when it was made.';
comment on column "public"."bulk_operations"."worked_at" is 'The last batch; null = none yet.';
comment on column "public"."entities"."created_at" is 'Made.';
comment on column "public"."entities"."created_by" is 'Who made it; null = a webhook did, or the account is gone.';
comment on column "public"."entities"."data" is 'What is known of it, at most 64 KiB.';
comment on column "public"."entities"."deleted_at" is 'Null = in use; set = deleted: name, key and data are gone, and nobody sees it.';
comment on column "public"."entities"."entered_at" is 'Since when it stands there; null = it stands nowhere.';
comment on column "public"."entities"."external_key" is 'What it is called elsewhere; unique in its flow and type. Null = nothing.';
comment on column "public"."entities"."flow_id" is 'The flow on whose canvas it lives.';
comment on column "public"."entities"."id" is 'UUIDv7.';
comment on column "public"."entities"."move_count" is 'Moves so far: the number of the last line of its journey.';
comment on column "public"."entities"."name" is 'Name for people.';
comment on column "public"."entities"."node_id" is 'The node at which it stands; null = nowhere yet. A node of the graph as it was when the entity came there.';
comment on column "public"."entities"."organization_id" is 'The tenant.';
comment on column "public"."entities"."run_id" is 'The run that moves it, or moved it last; null = none has. A newer run takes it over.';
comment on column "public"."entities"."type" is 'What it is, in the words of the tenant: customer, lead, order.';
comment on column "public"."entities"."updated_at" is 'Last change.';
comment on column "public"."entities"."version" is 'Raised by every change of the row, moves included; the ETag.';
comment on column "public"."entity_moves"."edge_id" is 'The edge that led there in the graph of that moment; null = none did.';
comment on column "public"."entity_moves"."entity_id" is 'The entity.';
comment on column "public"."entity_moves"."flow_id" is 'The flow.';
comment on column "public"."entity_moves"."from_node" is 'Where it stood before; null = nowhere.';
comment on column "public"."entity_moves"."moved_at" is 'When: for run, the end of the step.';
comment on column "public"."entity_moves"."moved_by" is 'The person, for manual and created; null otherwise.';
comment on column "public"."entity_moves"."number" is '1, 2, 3 … within the journey.';
comment on column "public"."entity_moves"."organization_id" is 'The tenant.';
comment on column "public"."entity_moves"."reason" is 'run = a run came there; webhook = a run that a webhook started began there; manual = a person moved it; created = it was made there.';
comment on column "public"."entity_moves"."run_id" is 'The run, for run and webhook; null otherwise.';
comment on column "public"."entity_moves"."seconds" is 'How long it had stood at from_node; null = nowhere.';
comment on column "public"."entity_moves"."to_node" is 'Where it went.';
comment on column "public"."flow_edge_stats"."flow_id" is 'The flow.';
comment on column "public"."flow_edge_stats"."from_node" is 'Where the edge begins.';
comment on column "public"."flow_edge_stats"."last_at" is 'The latest move.';
comment on column "public"."flow_edge_stats"."moves" is 'How many entities came over it, as often as each did.';
comment on column "public"."flow_edge_stats"."organization_id" is 'The tenant.';
comment on column "public"."flow_edge_stats"."to_node" is 'Where it ends. Several edges between the same two nodes count as one.';
comment on column "public"."flow_edge_stats"."total_seconds" is 'How long all of them together had stood at from_node before.';
comment on column "public"."flow_version_runs"."first_run_at" is 'When the first of them was started.';
comment on column "public"."flow_version_runs"."flow_id" is 'The flow.';
comment on column "public"."flow_version_runs"."flow_version_id" is 'The version.';
comment on column "public"."flow_version_runs"."last_run_at" is 'When the last of them was started.';
comment on column "public"."flow_version_runs"."organization_id" is 'The tenant.';
comment on column "public"."flow_version_runs"."runs" is 'How many runs used it, those that were deleted since included.';
comment on column "public"."flow_versions"."compensate_on_cancel" is 'True = a cancelled run undoes what it did.';
comment on column "public"."flow_versions"."error_flow_id" is 'A flow that is started when a run fails; null = none.';
comment on column "public"."flow_versions"."run_limits" is '{max_runs, key_path, max_per_key, when_full}: how many runs at once, in all and by a value of their input; null = no limit of the flow.';
comment on column "public"."flow_versions"."undo_nodes" is 'Nodes that name what undoes them; null = none.';
comment on column "public"."job_queue"."pausing" is 'True = the run was paused while this token was running: it parks at the next checkpoint.';
comment on column "public"."job_queue"."payload" is 'For a token at a join: {"live": [slots]} or {"dead": true}; one that waits: {"wait": {kind, name, data}}, and {"resolved": {by, data}} once that is over; at a region: {item, index, count}, {close} or {again}. For other types: their arguments.';
comment on column "public"."job_queue"."scope" is 'The items and iterations it belongs to, as in split.3/loop.0; empty = top level.';
comment on column "public"."job_queue"."status" is 'available = may be claimed once scheduled_for has come; running = leased to worker_id; waiting = for something to happen (payload says what) or for scheduled_for; paused = its run is.';
comment on column "public"."plans"."max_concurrent_runs" is 'Runs of an organization at once; further ones wait for their turn. Null = no limit.';
comment on column "public"."plans"."max_schedules" is 'Schedules that an organization may keep.';
comment on column "public"."run_stats_daily"."cancelled" is 'How many were cancelled.';
comment on column "public"."run_stats_daily"."compensated" is 'How many failed and undid what they had done.';
comment on column "public"."run_stats_daily"."compensating" is 'How many were last seen undoing what they did.';
comment on column "public"."run_stats_daily"."compensation_failed" is 'How many failed and could not undo all.';
comment on column "public"."run_stats_daily"."completed" is 'How many completed.';
comment on column "public"."run_stats_daily"."day" is 'The day, in UTC, on which the runs were started.';
comment on column "public"."run_stats_daily"."duration_ms" is 'Their durations added up, in milliseconds, from the first work to the end.';
comment on column "public"."run_stats_daily"."durations" is 'Their durations as a histogram: element 1 counts those of a millisecond at most, element n + 1 those of at most 2^(n/4) milliseconds.';
comment on column "public"."run_stats_daily"."failed" is 'How many failed.';
comment on column "public"."run_stats_daily"."flow_id" is 'The flow; 00000000-0000-0000-0000-000000000000 = all flows of the organization together.';
comment on column "public"."run_stats_daily"."organization_id" is 'The tenant.';
comment on column "public"."run_stats_daily"."paused" is 'How many were last seen paused.';
comment on column "public"."run_stats_daily"."queued" is 'Of these runs, how many were last seen queued.';
comment on column "public"."run_stats_daily"."running" is 'How many were last seen running.';
comment on column "public"."run_stats_daily"."timed" is 'How many have ended after a worker began them: those that the durations are of.';
comment on column "public"."run_steps"."exit" is 'In a region: the exit over which the run left the item with this step, so that its output is the value of the item; null = none.';
comment on column "public"."run_steps"."scope" is 'The items and iterations it belongs to, as in split.3/loop.0; empty = top level.';
comment on column "public"."run_steps"."status" is 'completed; failed = for good; retried = failed, another attempt follows; skipped = every way to it was dead; unknown = nobody knows whether its effect happened, and it must not be repeated: a person decides.';
comment on column "public"."runs"."concurrency_key" is 'Runs of the flow with the same key count together against its limit; null = none.';
comment on column "public"."runs"."depth" is 'How many runs are above it: flows that call flows stop at 10.';
comment on column "public"."runs"."entity_id" is 'The entity that moves with it; null = none.';
comment on column "public"."runs"."parent_run_id" is 'The run whose step started this one, or whose failure did; null = none.';
comment on column "public"."runs"."pins" is 'For a dry run: outputs by node id that stand in for running the node; no effect without one is performed. Null = a real run.';
comment on column "public"."runs"."retry_of" is 'The run that this one repeats: a retry or re-run took over recorded steps of it, a replay none; null = none.';
comment on column "public"."runs"."schedule_id" is 'The schedule that started it; null = none.';
comment on column "public"."runs"."status" is 'queued = no worker has begun it; running = begun, working or visibly waiting; paused = nothing new starts until it is resumed; compensating = it failed and undoes what it did; completed, failed, cancelled, compensated, compensation_failed = ended, never changes again.';
comment on column "public"."runs"."trigger" is 'What started it: manual (a person or an API call), webhook, schedule, flow (another flow called it), error (a run of another flow failed) or event (a table changed). A retry keeps what its first run had.';
comment on column "public"."schedule_firings"."fired_at" is 'When it was decided; of one that was queued, when it left the queue.';
comment on column "public"."schedule_firings"."is_manual" is 'True = by hand.';
comment on column "public"."schedule_firings"."organization_id" is 'The tenant.';
comment on column "public"."schedule_firings"."outcome" is 'started = run_id is the run; queued = waits for a run of the schedule to end; skipped_overlap = such a run was under way; skipped_missed = nobody was there to fire it in time; refused = it could not start.';
comment on column "public"."schedule_firings"."reason" is 'Why, as a code: flow_inactive, flow_deleted, organization_suspended, queue_full, switched_off, missed_policy, or what refused the run. For started: missed = late, by the missed policy; queued = it had waited. Null = nothing to say.';
comment on column "public"."schedule_firings"."run_id" is 'The run.';
comment on column "public"."schedule_firings"."schedule_id" is 'The schedule.';
comment on column "public"."schedule_firings"."scheduled_for" is 'The due time; of a firing by hand, when it was asked for.';
comment on column "public"."schedule_firings"."triggered_by" is 'Who fired it by hand; null = the clock, or the account is gone.';
comment on column "public"."schedules"."created_at" is 'Made.';
comment on column "public"."schedules"."created_by" is 'Who made it; null = the account is gone.';
comment on column "public"."schedules"."cron" is 'Five fields (minute, hour, day of month, month, day of week) or a nickname, in the time of timezone.';
comment on column "public"."schedules"."decided_until" is 'Due times up to here have been decided on, or do not count.';
comment on column "public"."schedules"."ends_at" is 'Nothing is due after; null = for ever.';
comment on column "public"."schedules"."fire_at" is 'When that one fires: due time and jitter.';
comment on column "public"."schedules"."flow_id" is 'The flow that it starts.';
comment on column "public"."schedules"."id" is 'UUIDv7.';
comment on column "public"."schedules"."input" is 'What the trigger gives as input.';
comment on column "public"."schedules"."is_active" is 'False = switched off: nothing is due.';
comment on column "public"."schedules"."jitter_seconds" is 'It fires up to so many seconds after each due time, each due time with a delay of its own that never changes.';
comment on column "public"."schedules"."last_fired_at" is 'When it started that.';
comment on column "public"."schedules"."last_run_id" is 'The run that it started last; null = none.';
comment on column "public"."schedules"."missed_limit" is 'How many missed due times run_all makes up for.';
comment on column "public"."schedules"."missed_policy" is 'For due times that nobody was there to fire for more than a minute: skip, run_once (the newest of them) or run_all (the newest missed_limit, the oldest first).';
comment on column "public"."schedules"."name" is 'Name for people.';
comment on column "public"."schedules"."next_at" is 'The next due time; null = switched off, over, or waiting for a new list.';
comment on column "public"."schedules"."open_runs" is 'Runs that it started and that had not ended when it last looked, the newest 100.';
comment on column "public"."schedules"."organization_id" is 'The tenant.';
comment on column "public"."schedules"."overlap_policy" is 'While a run of this schedule has not ended: allow (start another), skip, queue (start when it has ended) or cancel_previous.';
comment on column "public"."schedules"."queued_count" is 'Due times that wait for a run to end.';
comment on column "public"."schedules"."refill_at" is 'When upcoming is to be worked out again; null = never, nothing is to come.';
comment on column "public"."schedules"."refilled_at" is 'When upcoming was worked out.';
comment on column "public"."schedules"."starts_at" is 'Nothing is due before; null = from the beginning.';
comment on column "public"."schedules"."timezone" is 'IANA name, as Europe/Berlin.';
comment on column "public"."schedules"."trigger_node" is 'Id of the trigger node to start at; null = the first trigger.schedule.';
comment on column "public"."schedules"."upcoming" is 'Due times to come, ascending; at most a year ahead but for the first.';
comment on column "public"."schedules"."updated_at" is 'Last change of the settings.';
comment on column "public"."schedules"."version" is 'Raised by every change of the settings; the ETag.';
comment on column "public"."webhook_endpoints"."mapping" is '{entity: {type, key, name, data}, input}: what to make of an event, with expressions over trigger; see docs/entities.md. Null = the run gets the event as it came, and no entity.';
comment on column "public"."webhook_events"."mapped" is '{entity, input}: what the endpoint''s mapping gave, each only if it gave something; a replay takes it over. Null = there was no mapping.';
comment on column "public"."webhook_events"."mapping_error" is 'What of the mapping could not be had, so that the run began without it; null = nothing.';
comment on function "engine"."complete_callbacks"(jsonb, boolean) is 'Completes steps that wait for a callback, many at once, each at most once; one that comes before its step waits is kept. The caller has checked the signatures. Answers what became of each.';
comment on function "engine"."get_callback"(uuid, text, text) is 'Whether a callback to a step is still open: open, done (it has been answered, or the step is over), finished (its run is); null = there is no such run. The caller has checked the signature.';

comment on function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean,
  jsonb) is 'Keeps a verified delivery and starts its run, in one transaction, so that it may be acknowledged. A repeated event (same key, or same body where p_dedupe_body) starts nothing and answers with the first one. p_raw_body is base64; p_input is what the trigger gives (event_id and received_at are added); p_worker_id = the first token is leased to that worker, and jobs holds it; p_unsigned = nobody checked who sent it; p_test = it came to the test address: it repeats nothing, runs although the flow is off, and its input says test; p_mapped = what the endpoint''s mapping gave: {entity, input, error}, where the entity is made or brought up to date and moves with the run, and input stands in for p_input.';

comment on function "engine"."list_schedules_to_refill"(integer) is 'Schedules whose list of due times is to be worked out again: [{id, version, cron, timezone, starts_at, ends_at, decided_until, now}]. The new list goes on after decided_until, what was missed included.';
comment on function "engine"."store_upcoming"(jsonb) is 'Stores new lists of due times: [{id, version, upcoming}]. Passes over a schedule that was changed since, and entries that were decided on since. An empty list = nothing is due any more. Answers how many were stored.';
comment on function "engine"."tick"() is 'The clock, every ten seconds by pg_cron: gives away the jobs of workers whose lease lapsed, fails runs past their deadline or that lost their worker again and again, fires schedules, wakes as many workers as the backlog needs, forgets what is old, counts runs for the statistics. Answers what it did, and under "failed" the parts that went wrong, which keep nothing else back.';
comment on function "private"."act_on_run"(text, uuid) is 'Does the action of a bulk operation to one run, as whoever the claims of the session name, without waiting for anybody. Answers done, or busy when somebody else is at the run. Throws what the action throws.';
comment on function "private"."add_entity"(public.flows, text, text, text, jsonb) is 'Makes an entity, or finds the one that has this key already, which it neither locks nor changes. Without a name it is called by its key, else by its type. Trusts its caller for permissions and values.';
comment on function "private"."add_histograms"(integer[], integer[]) is 'Two histograms added up; the shorter one counts as 0 where it ends.';
comment on function "private"."admit_forgotten"() is 'Part of engine.tick: lets runs begin whose limit was raised, or has free places for any other reason.';
comment on function "private"."admit_run"(uuid, uuid) is 'Lets a run that waits for a place begin; if another limit is full, it waits for that, and the answer names it. The caller holds its token and the limits of its organization.';
comment on function "private"."admit_waiting"(text[]) is 'Lets runs begin that wait for a place under one of these limits, oldest first, until it is full. The caller holds private.lock_limits of their organization.';

comment on function "private"."apply_moves"(uuid[], text[], timestamp
  with time zone[], text) is 'Moves entities whose rows the caller has locked, in the order of the moments: place, journey and edge statistics in one. A node that is not in the flow''s current graph, a moment before the entity came where it stands, and the place where it stands already are passed over. Answers how many moves there were.';

comment on function "private"."attach_entity"(public.runs) is 'Gives a new run the entity that its entity_id names: it stands at the run''s trigger and moves with this run from now on, and with no older one. A retry finds it where it is. Unless it lives in the same flow: 404 for a run that is started by hand, any other goes on without it. Locks the entity: call it last.';
comment on function "private"."broadcast_progress"(jsonb, timestamp with time zone) is 'Broadcasts what engine.settle_jobs(…, p_results) has recorded of runs that somebody watches: one message per run with its steps, without their outputs, and where it now waits. p_now is the moment of the settle. Called behind the insert of the steps, before runs end, and only while somebody watches anything: an index that is empty otherwise.';
comment on function "private"."broadcast_run"() is 'Broadcasts the state of a run, without its output, to those who watch it or the runs of its organization. For whoever changes it, so that no way to end a run is forgotten.';
comment on function "private"."bulk_reply"(public.bulk_operations) is 'A bulk operation as callers see it.';
comment on function "private"."bulk_runs"(uuid, text, jsonb, uuid, uuid, integer) is 'Ids of the runs that an action and a filter mean, in their order: those below p_until, after p_after (null = from the first), p_limit of them at most (null = all).';
comment on function "private"."cancel_runs"(uuid[]) is 'Cancels runs without waiting for anybody: at once where nobody is at it, by the tick where somebody is.';
comment on function "private"."change_schedule"(public.schedules, jsonb) is 'A schedule with some settings changed, checked. A key that is there with null clears what may be cleared.';
comment on function "private"."check_entity"(text, text, text, jsonb) is 'Refuses values that no entity can have, before a constraint does; null = not given. 400, or 413 for too much data.';
comment on function "private"."check_pins"(uuid, jsonb) is 'Refuses what can not be the pins of a dry run of a version: {node id: output}, 256 KiB at most; null = a real run.';
comment on function "private"."check_schedule"(public.schedules) is 'Refuses settings that are out of range.';

comment on function "private"."check_upcoming"(public.schedules, timestamp with time zone[], timestamp
  with time zone) is 'The due times later than p_after, after the shape of the list was checked. Whether they are those of the cron expression only TypeScript can say: a false list harms nobody else, and the service replaces it.';

comment on function "private"."clock_since"(timestamp with time zone) is 'Notes a tick of the clock of schedules. Answers since when it ticks without a pause of more than a minute: what is late although it ticks is not missed, only late.';
comment on function "private"."close_region"(private.run_regions, uuid, jsonb) is 'Ends a region: its token goes on at the closer, or asks the owner whether more follows; p_worker_id null = the run is paused. p_close holds the error of a region that fails.';
comment on function "private"."count_runs"(integer, interval) is 'Counts the runs that were started since it last did, up to p_limit and none younger than p_lag, and looks again at up to p_limit that had not ended. Answers how many were new. Called by engine.tick.';

comment on function
  "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid, public.runs, uuid, uuid,
  jsonb, boolean) is 'Writes a run and its first token. p_worker_id null = any worker may claim it; otherwise it starts leased to that worker (inline start). p_run_id = an id that the caller has chosen already, by private.uuid_v7. A run beyond a limit waits for its place; p_may_refuse = it is refused when the flow says so. Trusts its caller for permissions.';

comment on function "private"."drop_scope"(uuid, text, text) is 'Drops the tokens, joins and regions of a run whose scope begins with p_prefix, or is p_exact. The caller holds the run and its tokens.';
comment on function "private"."duration_bucket"(double precision) is 'The bucket of a duration: the least n with at most 2^(n/4) milliseconds, 127 at most. 30 days are 126.';
comment on function "private"."end_items"(uuid, jsonb, uuid[]) is 'Part of engine.settle_jobs: items of regions that have no token left are counted, the next ones become tokens, and the token of a region that is through, or has failed, goes on at its closer. Answers the tokens that are leased to the worker.';
comment on function "private"."end_run"(uuid, text, jsonb, jsonb) is 'Ends a run: status, output or error, and no token left; a worker that still holds one finds its fence gone. A failed run that has something to undo compensates first. Runs that its steps wait for are cancelled, who waits for it goes on, its error flow starts. False = it had ended before.';
comment on function "private"."end_waits"(timestamp with time zone) is 'Part of engine.tick: makes tokens ready whose time has come, and those that wait for a run whose end they missed.';
comment on function "private"."entity_reply"(uuid) is 'An entity as the API shows it.';
comment on function "private"."explain_insides"(uuid) is 'Part of explain_run: what tables of the engine say about a run. Null for who holds no runs:read in its organization.';
comment on function "private"."explain_joins"(public.runs, bytea) is 'Part of explain_run: the joins that have some of their answers, and which branches those came over.';
comment on function "private"."explain_tokens"(public.runs, jsonb) is 'Part of explain_run: where a run stands, the first 200 places, each with what it waits for, its place in line and what comes next in the graph.';

comment on function "private"."fire_due_time"(public.schedules, timestamp with time zone, timestamp
  with time zone, text) is 'Decides on one due time: starts its run, queues it, skips it or refuses it, and writes that down. p_late: null, or missed for one that the missed policy makes up for. Answers the schedule with what that changes; the caller, who holds its lock, stores it.';

comment on function "private"."fire_schedule"(public.schedules, timestamp with time zone, timestamp
  with time zone) is 'Decides on the due times of a schedule that have come, by its missed policy (missed = due more than 60 s before p_since, when the clock began to tick, or before its list was stored) and its overlap policy, and moves it on. The caller holds its lock. Answers how many were decided on.';

comment on function "private"."fire_schedules"(timestamp with time zone) is 'Fires the schedules that are due, starts what waits in queues, has lists of due times renewed that run low, forgets firings after 90 days. Waits for nobody longer than 0.2 s and ends after some 3 s, so the clock can call it. Answers how many due times were decided on or left a queue.';
comment on function "private"."free_slots"(public.runs) is 'Gives the places of a run that ends to those that wait for them, oldest first.';
comment on function "private"."has_to_undo"(uuid, text) is 'Whether a run that ends so has completed steps that name what undoes them.';
comment on function "private"."histogram"(integer[]) is 'How often each bucket occurs: element 1 is of bucket 0. Nulls do not count; empty when nothing is left.';
comment on function "private"."item_scope"(text, text, integer) is 'The scope of an item of a region that the node p_owner opened at p_scope.';
comment on function "private"."job_details"(public.job_queue) is 'What a worker needs besides, for tokens with a payload: {payload}, at the end of a region its items, for a compensation what is to be undone and what has been.';
comment on function "private"."job_reply"(uuid[]) is 'Jobs as a worker needs them: the token, its fence (epoch), the run it belongs to, the input, the outputs its node reads, what its payload calls for, and, when steps after the token may be recorded already, those.';
comment on function "private"."limits_are_near"(public.runs) is 'Whether a limit of the run has fewer than a hundred places left. Only then do starts and ends of an organization have to come one after the other.';
comment on function "private"."lock_entity"(uuid, integer) is 'Locks an entity of the caller for a change: 404 when it is not theirs, 403 without runs:execute, 412 when p_if_version is not its version.';
comment on function "private"."lock_limits"(uuid) is 'One transaction at a time gives and takes places in an organization. Whoever needs several organizations locks them in the order of their ids, and after every run and token.';
comment on function "private"."lock_limits_of"(uuid[]) is 'Locks the limits of the organizations of runs, in the order that all keep to, where that is needed.';
comment on function "private"."lock_schedule"(uuid, text, integer) is 'Locks a schedule of the caller for a change: 404 when it is not theirs, 403 without the permission, 412 when p_if_version is not its version.';
comment on function "private"."map_entity"(public.flows, jsonb) is 'Finds or makes the entity {type, key, name, data} that the mapping of a webhook endpoint gave. Says what is wrong with it in error instead of failing: an event is never lost for it.';
comment on function "private"."may_receive_live"(text) is 'Whether the caller may join a Realtime topic of ours: run:<id> of a run it may read, or org:<id>:runs of an organization whose runs it may read. False for every other topic. What the policies on realtime.messages ask.';
comment on function "private"."move_entities"(uuid[], text[], timestamp with time zone[]) is 'Moves the entities of runs to the nodes that the runs have come to: three arrays of one length, a step each, in the order in which they ended. Never fails for a node that is gone. Locks entities by id, then edge statistics by key: call it as late in a transaction as possible.';
comment on function "private"."move_settled_entities"(jsonb, timestamp with time zone) is 'Moves entities as the results of engine.settle_jobs say, those that are marked "entity": true: to steps at the top level that completed or failed, and to where the run begins to wait (a wait, a sub-flow, a region). p_now = the moment that finished_ago counts from. Null = nothing to move.';
comment on function "private"."open_regions"(uuid, jsonb, uuid[]) is 'Part of engine.settle_jobs: the tokens of results with "open" wait, and the first items of their regions become tokens. Answers those that are leased to the worker.';
comment on function "private"."percentile"(integer[], double precision) is 'The duration in milliseconds that p_part (0 to 1) of a histogram does not exceed: right to within a fifth, mostly far closer. Null for an empty one.';
comment on function "private"."place_entity"(public.entities, text, text) is 'Puts an entity whose row the caller has locked at a node: 422 unless the flow''s current graph has it.';
comment on function "private"."refresh_entity"(uuid, text, jsonb) is 'Brings a known entity up to date: another name, and fields of p_data over its own; null = leave as it is.';
comment on function "private"."refresh_mapped_entity"(uuid, jsonb) is 'Brings a known entity up to date with what a mapping gave; answers what was wrong with that, null = nothing. Locks the entity.';
comment on function "private"."refusal_code"(text, text) is 'The code of an error: that of private.fail, or internal.';
comment on function "private"."refuse_references"(uuid, jsonb) is 'Refuses outputs, by node id, that people give for steps and the engine would take for references to large outputs, unless the run recorded them so.';
comment on function "private"."region_items"(uuid, text, text, text[], integer, integer) is 'What the items p_from to p_until - 1 of a region gave: [{index, status, value or error}]. The value is the output with which the item left the region, a list when it left over several exits.';
comment on function "private"."repeat_run"(public.runs, jsonb, uuid) is 'A new run like an older one: same trigger, pins and, while it lives, entity. Steps are not taken over yet. 404 when the flow is gone. Trusts its caller for permissions.';
comment on function "private"."resolve_parent"(public.runs) is 'Lets the step that waits for a run which has ended go on.';
comment on function "private"."resolve_token"(uuid, boolean, jsonb) is 'Ends the wait of a token: whoever claims it next finds the resolution in its payload. The caller holds the run and the token.';
comment on function "private"."run_limit_keys"(public.runs) is 'The limits that concern a run, with the number of their places.';
comment on function "private"."run_limits"(jsonb) is 'The limits that the settings of a graph name, as flow_versions keeps them; null = none.';
comment on function "private"."run_resolution"(public.runs) is 'What a step that waited for a run is told.';
comment on function "private"."run_stats_of"(uuid, uuid, date) is 'The numbers of an organization (p_flow_id null) or of one of its flows from a day on: up to two rows a day, to be added up. Exact to the moment but for what open runs of earlier minutes do, which is seconds behind. Runs as the caller.';
comment on function "private"."run_tokens"(uuid) is 'Where a run stands: its tokens, running, waiting for something, paused, scheduled for later or available to the next worker. Called by functions that run as the caller: RLS decides.';
comment on function "private"."runs_counted_to"(date) is 'Runs whose id is above this one, and from p_from (UTC) on, are not counted in run_stats_daily yet.';
comment on function "private"."runs_still_open"(uuid[]) is 'Those of the runs that have not ended.';
comment on function "private"."schedule_jitter"(uuid, timestamp with time zone, integer) is 'How long after its due time a schedule fires, 0 to p_jitter_seconds: always the same for a due time. jitterSeconds of shared/schedules does the same.';
comment on function "private"."schedule_obstacle"(public.flows) is 'Why the clock cannot start a flow; null = it can.';
comment on function "private"."schedule_reply"(public.schedules) is 'A schedule as the API shows it.';
comment on function "private"."scope_chain"(text) is 'A scope and all around it, outermost first: a.1/b.2 → {"", a.1, a.1/b.2}.';
comment on function "private"."scratch_flow"(uuid) is 'The flow that holds the unsaved graphs of an organization, locked; made when there is none.';
comment on function "private"."secure_live"() is 'Makes the policies by which members may join the Realtime topics of their runs. False = the database has no Realtime, or the owner of our schema may not make policies there: repeat it when that has changed.';
comment on function "private"."secure_run_data"() is 'Makes the private bucket run-data, in which the engine keeps large outputs as <organization>/<sha256>.json, and the policy by which members may read those of their organizations. False = the database has no Storage, or the owner of our schema may not make policies there: repeat it when that has changed.';
comment on function "private"."send_live"(text, text, jsonb) is 'Broadcasts an event on a private Realtime topic when the transaction commits. Never fails: realtime.send turns its errors into warnings.';
comment on function "private"."small_number"(jsonb) is 'A number from 1 to a million as an integer; null when the value is anything else.';
comment on function "private"."spawn_items"(private.run_regions, uuid) is 'Makes tokens of the next items of a region, as many as its window has room for; p_worker_id null = its run is paused. Answers those that are leased to the worker.';
comment on function "private"."start_children"(uuid, jsonb, uuid[]) is 'Part of engine.settle_jobs: the tokens of results with "child" start another flow of their organization, once, since it is the transaction that moves the token; they wait for its end or go on at once. A start that is refused resolves the wait with the reason. Answers the tokens that stay leased to the worker.';
comment on function "private"."start_error_flow"(public.runs) is 'Starts the error flow of a run that has failed, when its version names one that is active. The failure of an error flow starts none.';

comment on function "private"."start_queued_firing"(public.schedules, timestamp
  with time zone) is 'Starts the oldest queued due time of a schedule whose runs have all ended. The caller holds its lock.';

comment on function "private"."start_scheduled_run"(public.schedules, public.flows, timestamp
  with time zone, timestamp with time zone, boolean) is 'Starts a run of a schedule. Its input: {schedule_id, name, scheduled_for, fired_at, timezone, manual, input}. Fails where the flow refuses runs beyond its limits. Answers its id.';

comment on function "private"."steps_to_redo"(public.flow_versions, text) is 'The nodes that are run anew when a run is repeated from a node: it, all that comes after it, and every region that one of them is in or closes. Null = the version has no such node.';
comment on function "private"."sum_run_stats"(public.run_stats_daily[]) is 'Rows of run_stats_daily as one: {executions, by_status, success_rate, average_duration_ms, p95_duration_ms}. The rate is completed of completed, failed and compensated; null when there is none of them. Cancelled runs are neither.';
comment on function "private"."take_over_steps"(public.runs, public.runs, text[], jsonb) is 'Copies to a new run the steps that an older one went past, but for those of the nodes p_redo and of regions that they open. p_outputs: what steps of the top level are said to have given instead. Answers the nodes of the top level that were taken over.';
comment on function "private"."take_signals"(jsonb) is 'Part of engine.settle_jobs: a token that begins to wait for what has come already goes on at once.';
comment on function "private"."take_slots"(public.runs) is 'Takes a place under every limit of a run, or none: answers the limit that is full, null when it has its places.';
comment on function "private"."to_uuid"(text) is 'A UUID, or null when the text is none.';
comment on function "private"."try_end_run"(uuid, text, jsonb) is 'Part of engine.tick: ends a run unless somebody is at it, or has ended it, or it can not be. Waits for a place under a limit for 0.2 s at the most. Never fails: false = it did not end.';
comment on function "private"."undo_nodes"(jsonb) is 'Ids of the nodes of a graph that name what undoes them; null = none.';
comment on function "private"."waiting_token"(uuid, text[], text, text, text) is 'The token of a run that waits longest for one of these kinds of things, locked; its id is null when none does. The caller holds the run.';
comment on function "private"."watch_live"(uuid) is 'Has the progress of a run, or the runs of an organization, broadcast for a while. Answers until when at least; the caller has checked who asks.';

comment on function "private"."with_upcoming"(public.schedules, timestamp
  with time zone[]) is 'A schedule with a new list of due times, and all that follows from it.';

comment on function "private"."work_bulk_operations"(integer, double precision) is 'Part of engine.tick: one batch of one bulk operation, at most p_runs runs and p_seconds seconds. A run that refuses is counted and keeps nothing else back. Answers how many runs it looked at.';
comment on function "public"."cancel_bulk_operation"(uuid) is 'Stops a bulk operation: what it has done stays done. Again on a cancelled one: the same answer; 409 when it ended otherwise. Needs runs:execute.';
comment on function "public"."count_version_runs"(uuid, uuid[]) is 'How many runs used these versions of a flow, and when the first and the last of them were started: {version id: {count, first_at, last_at}}, without those that none used. Null when the caller may not see its runs. Runs as the caller.';
comment on function "public"."create_bulk_operation"(uuid, text, jsonb, boolean, text) is 'Has an action done to all runs that a filter finds; the clock works it off in batches. p_dry_run = only says how many there are. Needs runs:execute, now and at each batch. Answers the operation with its total.';

comment on function "public"."create_entity"(uuid, text, text, text, jsonb, text, boolean, text) is
  'Makes an entity on the canvas of a flow; p_node_id null = it stands nowhere yet. When the external key is taken: 409, or with p_upsert that entity gets the name and the fields of p_data. Needs runs:execute. Answers the entity and is_new.';

comment on function "public"."create_schedule"(uuid, jsonb, timestamp
  with time zone[], text) is 'Makes a schedule for a flow. p_settings: name and cron, and whatever of timezone, starts_at, ends_at, jitter_seconds, missed_policy, missed_limit, overlap_policy, input, trigger_node, is_active is not as usual. p_upcoming: its next due times, ascending. Needs flows:write.';

comment on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb) is
  'Makes a webhook endpoint for a flow. p_secret: the one the provider shows (Stripe), null = made here. The answer holds the secret, this once. Needs webhooks:write.';

comment on function "public"."decide_step"(uuid, text, jsonb, text, boolean) is 'Decides a step that waits for a person: an approval ({decision: approved or rejected, comment}), or an effect of unknown outcome ({outcome: completed, failed or retry, output, error}). 409 when the step waits for none: of two decisions the first counts. Needs runs:execute, and where the step names approvers, to be one.';
comment on function "public"."delete_entity"(uuid, integer) is 'Deletes an entity: name, key and data are erased at once, nobody sees it or its journey any more, and no run moves it. What it added to the edge statistics stays. Needs runs:execute.';
comment on function "public"."delete_schedule"(uuid, integer) is 'Deletes a schedule with its history; runs that it started stay. Needs flows:write.';

comment on function "public"."execute_graph"(uuid, jsonb, jsonb, uuid, text, jsonb, text, text, boolean) is
  'Runs a graph that is not saved: it becomes a version that is the current one of no flow and in no list. p_flow_id = the flow among whose runs it appears; null = none. p_pins = a dry run. Needs runs:execute and flows:write. Answers the run.';

comment on function "public"."explain_run"(uuid) is 'Why a run is where it is: its tokens with what they wait for, its joins with what has arrived, its regions with their items, all of one moment. Null when the caller sees no such run. Runs as the caller.';
comment on function "public"."get_entity_journey"(uuid, integer, integer, boolean) is 'A page of an entity''s journey after the move p_after (null = from the beginning, or the end when p_descending), and how long it stood at each node altogether, until now. Answers {moves, more, durations}; null when the caller sees no such entity. Runs as the caller.';
comment on function "public"."get_flow_stats"(uuid, integer) is 'The numbers of a flow over p_days days (1 to 90, today included, in UTC), in all and day by day. Dry runs do not count. Null when the caller may not see its runs. Runs as the caller.';

comment on function "public"."get_run_progress"(uuid, timestamp
  with time zone, text[], integer) is 'What is new about a run: its state, where it waits for something to happen (100 at most), and the steps that ended at p_since or later and whose key is not among p_seen. Whoever follows a run asks again with p_since = complete_until less a margin for clocks, and p_seen = the keys of what has been seen since then. Null when the caller sees no such run. Runs as the caller.';

comment on function "public"."get_stats"(uuid) is 'The numbers of an organization: its flows, the runs started today and over 7 days (today and the six before, in UTC), by status, how many succeeded, how long they took. Dry runs do not count. Null when the caller may not see its runs. Runs as the caller.';
comment on function "public"."import_flows"(uuid, jsonb, uuid, boolean, text) is 'Makes new flows of [{name, description, graph, source_id}], all or none: where a graph names the source_id of one of them it names the new flow afterwards. Nothing that exists is changed. Needs flows:write; 402 beyond the plan''s number of flows. Answers the flows in the order given.';
comment on function "public"."list_edge_stats"(uuid) is 'What moved over the edges of a flow, the 2000 busiest at most: read as it was counted, never worked out anew. edge_ids = the edges of the current graph between the two nodes; empty when they were taken out of it. Null when the caller sees no such flow. Runs as the caller.';
comment on function "public"."list_waiting_steps"(uuid, text[], uuid, uuid, integer) is 'Steps of an organization that wait for something: of these kinds (approval and decision wait for a person; also signal, callback, timer, run, limit), those after p_after. may_decide = the caller could. Null for who may not read runs there. Runs as the caller.';
comment on function "public"."move_entity"(uuid, text, integer) is 'Moves an entity by hand to a node of the flow''s current graph; 422 unknown_node when there is none. Where it stands already nothing happens. Needs runs:execute. Answers the entity.';
comment on function "public"."pause_run"(uuid) is 'Pauses a run: steps that are running end, nothing new begins until resume_run. Its time-out goes on. Again on a paused run: the same answer. Needs runs:execute.';

comment on function "public"."rerun_run"(uuid, text, jsonb, jsonb, boolean, text, boolean) is
  'Repeats a run as a new one. p_from = the node to begin at: what comes before it is taken over (null = nothing is, a replay); p_input = another input; p_outputs = what steps before it are said to have given; p_current_version = by the flow''s current version instead of the run''s. Needs runs:execute. Answers the new run.';

comment on function "public"."resume_run"(uuid, boolean) is 'Lets a paused run go on where it stands. Again on a run that is not paused: the same answer. Needs runs:execute.';
comment on function "public"."retry_run"(uuid, text, boolean) is 'Retries a failed or cancelled run from where it stopped: a new run of the same version that takes over the completed steps. 409 for one that has completed, or that has undone what it did. Needs runs:execute. Answers the new run.';
comment on function "public"."retry_step"(uuid, text, text, text, boolean) is 'Tries a step again: one that waits for its next attempt runs at once; a run that has ended is retried where it stopped, or repeated from the step. Needs runs:execute. Answers {began: attempt or run, run}.';
comment on function "public"."signal_run"(uuid, text, jsonb, boolean) is 'Sends a signal to a run: the step that waits longest for it goes on; when none waits, it is kept for the next that does. p_wake false = the caller runs what follows itself. Needs runs:execute.';

comment on function "public"."start_run"(uuid, jsonb, text, text, text, boolean, uuid, jsonb) is
  'Starts a run of the current version. p_wake false = the caller runs it itself at once, so no worker needs waking (the next tick finds it otherwise). p_entity_id = an entity of the flow that moves with it. p_pins = a dry run: outputs by node id, and no effect is performed. Needs runs:execute; 409 when the flow is off, or full and says that it refuses. Answers the run.';

comment on function "public"."trigger_schedule"(uuid, text) is 'Starts a run of a schedule now, also of one that is switched off, whatever its overlap policy says; what is due later comes all the same. Needs runs:execute; 409 when the flow is off.';
comment on function "public"."update_entity"(uuid, text, text, jsonb, integer) is 'Changes an entity; null = leave as it is, an empty p_external_key takes the key away, p_data replaces the data. p_if_version: 412 unless it is the row version. Needs runs:execute.';

comment on function "public"."update_schedule"(uuid, jsonb, timestamp
  with time zone[], uuid, integer) is 'Changes settings of a schedule; what is not named stays. Another cron expression, time zone, start or end, and switching on, need p_upcoming, the due times to come. Switching off drops what is queued. Needs flows:write.';

comment on function
  "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb) is
  'Changes an endpoint; null = leave as it is, but with another flow the trigger node is p_trigger_node or the first that fits; an empty p_mapping takes the mapping away. Needs webhooks:write.';

comment on function "public"."watch_run"(uuid) is 'Has the progress of a run broadcast on its private Realtime topic for a while; call it again every minute. Answers {topic, status, watched_until}; watched_until null = it has ended and nothing more will come. Needs runs:read.';
comment on function "public"."watch_runs"(uuid) is 'Has new runs of an organization and their changes of state broadcast on its private Realtime topic for a while; call it again every minute. Answers {topic, watched_until}. Needs runs:read.';
comment on table "private"."live_watchers" is 'Whose progress somebody watches through Realtime. What has no row here, or an expired one, is broadcast to nobody and costs nothing.';
comment on table "private"."run_cancellations" is 'Runs that are to be cancelled as soon as nobody is at work on them: the tick does it.';
comment on table "private"."run_regions" is 'Splitters, loops and boundaries that are open in a run. Their items become tokens in windows; the row goes with the last of them.';
comment on table "private"."run_signals" is 'Signals and callbacks that came before their run waited for them. Whoever waits next takes the oldest; the rest goes with the run.';
comment on table "private"."run_slots" is 'Places under limits that runs hold: one row for each run and limit, so that none can be counted twice or leak. Only runs that a limit concerns have rows.';
comment on table "private"."run_stats_open" is 'Runs that were counted before they ended. They are looked at again, in turns, until they have.';
comment on table "private"."run_stats_state" is 'How far the counting of runs has come: one row, or none before it began.';
comment on table "private"."scratch_flows" is 'The flow of an organization that nobody sees (it counts as deleted): its versions are graphs that were run without being saved.';
comment on table "private"."settings" is 'Settings of this deployment that SQL needs, written by engine.configure, and what the clock notes.';
comment on table "public"."bulk_operations" is 'One action on all runs that a filter finds, worked off by the clock in batches, under the rights of who asked.';
comment on table "public"."entities" is 'Things that live on the canvas of a flow, such as a customer or a lead, and move over it with runs or by hand.';
comment on table "public"."entity_moves" is 'The journeys of entities: one row for each move, never changed.';
comment on table "public"."flow_edge_stats" is 'What moved over the edges of a flow, counted by each move itself. Jumps between nodes that no edge joins are not in it.';
comment on table "public"."flow_version_runs" is 'How often a version of a flow was run and when, some minutes behind: engine.tick keeps it, public.count_version_runs adds the newest. Dry runs do not count.';
comment on table "public"."run_stats_daily" is 'Runs counted by the UTC day they were started on, some minutes behind: engine.tick keeps it, private.run_stats_of adds the newest. Dry runs do not count. A run that is deleted after it ended stays counted.';
comment on table "public"."schedule_firings" is 'What became of each due time. Its key makes it impossible that one fires twice. Kept for 90 days.';
comment on table "public"."schedules" is 'When the clock starts a flow. Postgres fires from a list of due times that TypeScript has worked out, for only that knows cron and time zones.';

revoke all on function "engine"."complete_callbacks"(jsonb, boolean) from public;
grant execute on function "engine"."complete_callbacks"(jsonb, boolean) to "service_role";
revoke all on function "engine"."get_callback"(uuid, text, text) from public;
grant execute on function "engine"."get_callback"(uuid, text, text) to "service_role";

revoke all
  on function
    "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean,
    boolean, jsonb)
  from public;

grant execute
  on function
    "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean,
    boolean, jsonb)
  to "service_role";

revoke all on function "engine"."list_schedules_to_refill"(integer) from public;
grant execute on function "engine"."list_schedules_to_refill"(integer) to "service_role";
revoke all on function "engine"."store_upcoming"(jsonb) from public;
grant execute on function "engine"."store_upcoming"(jsonb) to "service_role";
revoke all on function "private"."act_on_run"(text, uuid) from public;
revoke all on function "private"."add_entity"(public.flows, text, text, text, jsonb) from public;
revoke all on function "private"."add_histograms"(integer[], integer[]) from public;
revoke all on function "private"."admit_forgotten"() from public;
revoke all on function "private"."admit_run"(uuid, uuid) from public;
revoke all on function "private"."admit_waiting"(text[]) from public;
revoke all on function "private"."apply_moves"(uuid[], text[], timestamp with time zone[], text) from public;
revoke all on function "private"."attach_entity"(public.runs) from public;
revoke all on function "private"."broadcast_progress"(jsonb, timestamp with time zone) from public;
revoke all on function "private"."broadcast_run"() from public;
revoke all on function "private"."bulk_reply"(public.bulk_operations) from public;
revoke all on function "private"."bulk_runs"(uuid, text, jsonb, uuid, uuid, integer) from public;
revoke all on function "private"."cancel_runs"(uuid[]) from public;
revoke all on function "private"."change_schedule"(public.schedules, jsonb) from public;
revoke all on function "private"."check_entity"(text, text, text, jsonb) from public;
revoke all on function "private"."check_pins"(uuid, jsonb) from public;
revoke all on function "private"."check_schedule"(public.schedules) from public;

revoke all
  on function "private"."check_upcoming"(public.schedules, timestamp with time zone[], timestamp with time zone)
  from public;

revoke all on function "private"."clock_since"(timestamp with time zone) from public;
revoke all on function "private"."close_region"(private.run_regions, uuid, jsonb) from public;
revoke all on function "private"."count_runs"(integer, interval) from public;

revoke all
  on function
    "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid, public.runs, uuid,
    uuid, jsonb, boolean)
  from public;

revoke all on function "private"."drop_scope"(uuid, text, text) from public;
revoke all on function "private"."duration_bucket"(double precision) from public;
grant execute on function "private"."duration_bucket"(double precision) to "authenticated";
revoke all on function "private"."end_items"(uuid, jsonb, uuid[]) from public;
revoke all on function "private"."end_waits"(timestamp with time zone) from public;
revoke all on function "private"."entity_reply"(uuid) from public;
revoke all on function "private"."explain_insides"(uuid) from public;
grant execute on function "private"."explain_insides"(uuid) to "authenticated";
revoke all on function "private"."explain_joins"(public.runs, bytea) from public;
revoke all on function "private"."explain_tokens"(public.runs, jsonb) from public;

revoke all
  on function "private"."fire_due_time"(public.schedules, timestamp with time zone, timestamp with time zone, text)
  from public;

revoke all
  on function "private"."fire_schedule"(public.schedules, timestamp with time zone, timestamp with time zone)
  from public;

revoke all on function "private"."fire_schedules"(timestamp with time zone) from public;
revoke all on function "private"."free_slots"(public.runs) from public;
revoke all on function "private"."has_to_undo"(uuid, text) from public;
revoke all on function "private"."histogram"(integer[]) from public;
grant execute on function "private"."histogram"(integer[]) to "authenticated";
revoke all on function "private"."item_scope"(text, text, integer) from public;
revoke all on function "private"."job_details"(public.job_queue) from public;
revoke all on function "private"."limits_are_near"(public.runs) from public;
revoke all on function "private"."lock_entity"(uuid, integer) from public;
revoke all on function "private"."lock_limits"(uuid) from public;
revoke all on function "private"."lock_limits_of"(uuid[]) from public;
revoke all on function "private"."lock_schedule"(uuid, text, integer) from public;
revoke all on function "private"."map_entity"(public.flows, jsonb) from public;
revoke all on function "private"."may_receive_live"(text) from public;
grant execute on function "private"."may_receive_live"(text) to "authenticated";
revoke all on function "private"."move_entities"(uuid[], text[], timestamp with time zone[]) from public;
revoke all on function "private"."move_settled_entities"(jsonb, timestamp with time zone) from public;
revoke all on function "private"."open_regions"(uuid, jsonb, uuid[]) from public;
revoke all on function "private"."percentile"(integer[], double precision) from public;
grant execute on function "private"."percentile"(integer[], double precision) to "authenticated";
revoke all on function "private"."place_entity"(public.entities, text, text) from public;
revoke all on function "private"."refresh_entity"(uuid, text, jsonb) from public;
revoke all on function "private"."refresh_mapped_entity"(uuid, jsonb) from public;
revoke all on function "private"."refusal_code"(text, text) from public;
revoke all on function "private"."refuse_references"(uuid, jsonb) from public;
revoke all on function "private"."region_items"(uuid, text, text, text[], integer, integer) from public;
revoke all on function "private"."repeat_run"(public.runs, jsonb, uuid) from public;
revoke all on function "private"."resolve_parent"(public.runs) from public;
revoke all on function "private"."resolve_token"(uuid, boolean, jsonb) from public;
revoke all on function "private"."run_limit_keys"(public.runs) from public;
revoke all on function "private"."run_limits"(jsonb) from public;
revoke all on function "private"."run_resolution"(public.runs) from public;
revoke all on function "private"."run_stats_of"(uuid, uuid, date) from public;
grant execute on function "private"."run_stats_of"(uuid, uuid, date) to "authenticated";
revoke all on function "private"."runs_counted_to"(date) from public;
grant execute on function "private"."runs_counted_to"(date) to "authenticated";
revoke all on function "private"."runs_still_open"(uuid[]) from public;
revoke all on function "private"."schedule_jitter"(uuid, timestamp with time zone, integer) from public;
revoke all on function "private"."schedule_obstacle"(public.flows) from public;
revoke all on function "private"."schedule_reply"(public.schedules) from public;
revoke all on function "private"."scope_chain"(text) from public;
revoke all on function "private"."scratch_flow"(uuid) from public;
revoke all on function "private"."secure_live"() from public;
revoke all on function "private"."secure_run_data"() from public;
revoke all on function "private"."send_live"(text, text, jsonb) from public;
revoke all on function "private"."small_number"(jsonb) from public;
revoke all on function "private"."spawn_items"(private.run_regions, uuid) from public;
revoke all on function "private"."start_children"(uuid, jsonb, uuid[]) from public;
revoke all on function "private"."start_error_flow"(public.runs) from public;
revoke all on function "private"."start_queued_firing"(public.schedules, timestamp with time zone) from public;

revoke all
  on function "private"."start_scheduled_run"(public.schedules, public.flows, timestamp with time zone, timestamp
    with time zone, boolean)
  from public;

revoke all on function "private"."steps_to_redo"(public.flow_versions, text) from public;
revoke all on function "private"."sum_run_stats"(public.run_stats_daily[]) from public;
grant execute on function "private"."sum_run_stats"(public.run_stats_daily[]) to "authenticated";
revoke all on function "private"."take_over_steps"(public.runs, public.runs, text[], jsonb) from public;
revoke all on function "private"."take_signals"(jsonb) from public;
revoke all on function "private"."take_slots"(public.runs) from public;
revoke all on function "private"."to_uuid"(text) from public;
revoke all on function "private"."try_end_run"(uuid, text, jsonb) from public;
revoke all on function "private"."undo_nodes"(jsonb) from public;
revoke all on function "private"."waiting_token"(uuid, text[], text, text, text) from public;
revoke all on function "private"."watch_live"(uuid) from public;
revoke all on function "private"."with_upcoming"(public.schedules, timestamp with time zone[]) from public;
revoke all on function "private"."work_bulk_operations"(integer, double precision) from public;
revoke all on function "public"."cancel_bulk_operation"(uuid) from public;
grant execute on function "public"."cancel_bulk_operation"(uuid) to "authenticated";
revoke all on function "public"."count_version_runs"(uuid, uuid[]) from public;
grant execute on function "public"."count_version_runs"(uuid, uuid[]) to "authenticated";
revoke all on function "public"."create_bulk_operation"(uuid, text, jsonb, boolean, text) from public;
grant execute on function "public"."create_bulk_operation"(uuid, text, jsonb, boolean, text) to "authenticated";
revoke all on function "public"."create_entity"(uuid, text, text, text, jsonb, text, boolean, text) from public;

grant execute
  on function "public"."create_entity"(uuid, text, text, text, jsonb, text, boolean, text)
  to "authenticated";

revoke all on function "public"."create_schedule"(uuid, jsonb, timestamp with time zone[], text) from public;
grant execute on function "public"."create_schedule"(uuid, jsonb, timestamp with time zone[], text) to "authenticated";

revoke all
  on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb)
  from public;

grant execute
  on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb)
  to "authenticated";

revoke all on function "public"."decide_step"(uuid, text, jsonb, text, boolean) from public;
grant execute on function "public"."decide_step"(uuid, text, jsonb, text, boolean) to "authenticated";
revoke all on function "public"."delete_entity"(uuid, integer) from public;
grant execute on function "public"."delete_entity"(uuid, integer) to "authenticated";
revoke all on function "public"."delete_schedule"(uuid, integer) from public;
grant execute on function "public"."delete_schedule"(uuid, integer) to "authenticated";

revoke all
  on function "public"."execute_graph"(uuid, jsonb, jsonb, uuid, text, jsonb, text, text, boolean)
  from public;

grant execute
  on function "public"."execute_graph"(uuid, jsonb, jsonb, uuid, text, jsonb, text, text, boolean)
  to "authenticated";

revoke all on function "public"."explain_run"(uuid) from public;
grant execute on function "public"."explain_run"(uuid) to "authenticated";
revoke all on function "public"."get_entity_journey"(uuid, integer, integer, boolean) from public;
grant execute on function "public"."get_entity_journey"(uuid, integer, integer, boolean) to "authenticated";
revoke all on function "public"."get_flow_stats"(uuid, integer) from public;
grant execute on function "public"."get_flow_stats"(uuid, integer) to "authenticated";
revoke all on function "public"."get_stats"(uuid) from public;
grant execute on function "public"."get_stats"(uuid) to "authenticated";
revoke all on function "public"."import_flows"(uuid, jsonb, uuid, boolean, text) from public;
grant execute on function "public"."import_flows"(uuid, jsonb, uuid, boolean, text) to "authenticated";
revoke all on function "public"."list_edge_stats"(uuid) from public;
grant execute on function "public"."list_edge_stats"(uuid) to "authenticated";
revoke all on function "public"."list_waiting_steps"(uuid, text[], uuid, uuid, integer) from public;
grant execute on function "public"."list_waiting_steps"(uuid, text[], uuid, uuid, integer) to "authenticated";
revoke all on function "public"."move_entity"(uuid, text, integer) from public;
grant execute on function "public"."move_entity"(uuid, text, integer) to "authenticated";
revoke all on function "public"."pause_run"(uuid) from public;
grant execute on function "public"."pause_run"(uuid) to "authenticated";
revoke all on function "public"."rerun_run"(uuid, text, jsonb, jsonb, boolean, text, boolean) from public;
grant execute on function "public"."rerun_run"(uuid, text, jsonb, jsonb, boolean, text, boolean) to "authenticated";
revoke all on function "public"."resume_run"(uuid, boolean) from public;
grant execute on function "public"."resume_run"(uuid, boolean) to "authenticated";
revoke all on function "public"."retry_step"(uuid, text, text, text, boolean) from public;
grant execute on function "public"."retry_step"(uuid, text, text, text, boolean) to "authenticated";
revoke all on function "public"."signal_run"(uuid, text, jsonb, boolean) from public;
grant execute on function "public"."signal_run"(uuid, text, jsonb, boolean) to "authenticated";
revoke all on function "public"."start_run"(uuid, jsonb, text, text, text, boolean, uuid, jsonb) from public;
grant execute on function "public"."start_run"(uuid, jsonb, text, text, text, boolean, uuid, jsonb) to "authenticated";
revoke all on function "public"."trigger_schedule"(uuid, text) from public;
grant execute on function "public"."trigger_schedule"(uuid, text) to "authenticated";
revoke all on function "public"."update_entity"(uuid, text, text, jsonb, integer) from public;
grant execute on function "public"."update_entity"(uuid, text, text, jsonb, integer) to "authenticated";
revoke all on function "public"."update_schedule"(uuid, jsonb, timestamp with time zone[], uuid, integer) from public;

grant execute
  on function "public"."update_schedule"(uuid, jsonb, timestamp with time zone[], uuid, integer)
  to "authenticated";

revoke all
  on function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb)
  from public;

grant execute
  on function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb)
  to "authenticated";

revoke all on function "public"."watch_run"(uuid) from public;
grant execute on function "public"."watch_run"(uuid) to "authenticated";
revoke all on function "public"."watch_runs"(uuid) from public;
grant execute on function "public"."watch_runs"(uuid) to "authenticated";
grant select on table "private"."run_regions" to "service_role";
grant select on table "public"."bulk_operations" to "authenticated", "service_role";
grant select on table "public"."entities" to "authenticated", "service_role";
grant select on table "public"."entity_moves" to "authenticated", "service_role";
grant select on table "public"."flow_edge_stats" to "authenticated", "service_role";
grant select on table "public"."flow_version_runs" to "authenticated", "service_role";
grant select on table "public"."run_stats_daily" to "authenticated", "service_role";
grant select on table "public"."schedule_firings" to "authenticated", "service_role";
grant select on table "public"."schedules" to "authenticated", "service_role";

reset check_function_bodies;

-- seed 10_tenancy/011_plans_seed.sql 98aacac86c1342b9
insert into public.plans
  (id, name, requests_per_minute, request_burst, max_flows, max_webhook_endpoints, hook_requests_per_minute, max_run_seconds,
    max_concurrent_runs, max_schedules)
values
  ('free', 'Free', 300, 100, 20, 20, 600, 86400, 200, 20),
  ('pro', 'Pro', 1200, 300, 200, 200, 3000, 604800, 1000, 200),
  ('team', 'Team', 3000, 600, 1000, 1000, 12000, 2592000, 5000, 1000),
  ('enterprise', 'Enterprise', 12000, 2400, 10000, 10000, 60000, 31536000, null, 10000)
on conflict (id) do update set
  name = excluded.name,
  requests_per_minute = excluded.requests_per_minute,
  request_burst = excluded.request_burst,
  max_flows = excluded.max_flows,
  max_webhook_endpoints = excluded.max_webhook_endpoints,
  hook_requests_per_minute = excluded.hook_requests_per_minute,
  max_run_seconds = excluded.max_run_seconds,
  max_concurrent_runs = excluded.max_concurrent_runs,
  max_schedules = excluded.max_schedules;
-- end of seed 10_tenancy/011_plans_seed.sql

-- seed 34_blobs/020_secure_run_data_seed.sql e46f20654b77437d
-- Policies on a table of Supabase's are no part of the schema that migrations compare. The bucket stays: it may hold data.
-- undo: drop policy if exists millrace_members_read_run_data on storage.objects;
select private.secure_run_data();
-- end of seed 34_blobs/020_secure_run_data_seed.sql

-- seed 37_live/090_secure_live_seed.sql 170d686be7c7251e
-- Policies on a table of Supabase's are no part of the schema that migrations compare.
-- undo: do $$ begin drop policy if exists millrace_members_receive on realtime.messages; drop policy if exists millrace_members_appear on realtime.messages; exception when insufficient_privilege then null; end $$;
select private.secure_live();
-- end of seed 37_live/090_secure_live_seed.sql
