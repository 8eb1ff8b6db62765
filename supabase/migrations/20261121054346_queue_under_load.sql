-- Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

drop trigger "touch" on "public"."webhook_endpoints";

drop index "public"."webhook_events_body_key_idx";
drop index "public"."webhook_events_event_key_idx";

alter table "public"."job_queue"
  drop constraint "job_queue_status_check";

drop function "engine"."claim_jobs"(uuid, integer, text, uuid);
drop function "engine"."configure"(text, integer);

drop function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean,
  jsonb);

drop function
  "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid, public.runs, uuid, uuid,
  jsonb, boolean);

drop function "private"."setting"(text);
drop function "private"."take_slots"(public.runs);
drop function "private"."wake_if_idle"();
drop function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb);
drop function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb);

drop sequence "private"."claim_turns";

create sequence "private"."job_clock" as bigint increment by 1 minvalue 0 maxvalue 9223372036854775807 START
  with 0 cache 1 no cycle;

create sequence "private"."next_discovery" as bigint increment by 1 minvalue 0 maxvalue 9223372036854775807 START
  with 0 cache 1 no cycle;

create table "private"."change_skips" (
  "change_id" uuid                     not null,
  "reason"    text                     not null,
  "shard"     uuid                     not null default gen_random_uuid(),
  "skipped"   bigint                   not null,
  "last_at"   timestamp with time zone not null default private.now(),
  constraint "change_skips_pkey" primary key (change_id, reason, shard),
  constraint "change_skips_reason_check" check ((length(reason) <= 60)),
  constraint "change_skips_skipped_check" check ((skipped > 0))
);

alter table "private"."change_skips"
  enable row level security;

alter table "private"."change_skips"
  set (fillfactor=70);

create table "private"."change_triggers" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "flow_id"         uuid                     not null,
  "name"            text                     not null,
  "operations"      text[]                   not null,
  "columns"         text[],
  "condition"       jsonb,
  "excluded"        text[]                   not null default '{}'::text[],
  "claims"          text[]                   not null default '{}'::text[],
  "trigger_node"    text,
  "batch"           integer                  not null default 1,
  "max_runs"        integer                  not null default 1000,
  "max_depth"       smallint                 not null default 10,
  "required"        boolean                  not null default false,
  "created_at"      timestamp with time zone not null default private.now(),
  "updated_at"      timestamp with time zone not null default private.now(),
  constraint "change_triggers_batch_check" check (((batch >= 1) AND (batch <= 10000))),
  constraint "change_triggers_columns_check" check ((cardinality(columns) > 0)),
  constraint "change_triggers_condition_check" check ((jsonb_typeof(condition) = 'object'::text)),
  constraint "change_triggers_max_depth_check" check (((max_depth >= 0) AND (max_depth <= 10))),
  constraint "change_triggers_max_runs_check" check (((max_runs >= 1) AND (max_runs <= 10000))),
  constraint "change_triggers_name_check" check ((name ~ '^[a-z][a-z0-9_-]{0,39}$'::text)),
  constraint "change_triggers_operations_check"
    check (((operations <@ '{insert,update,delete}'::text[]) AND (cardinality(operations) > 0))),
  constraint "change_triggers_pkey" primary key (id)
);

alter table "private"."change_triggers"
  enable row level security;

create table "private"."digest_opt_outs" (
  "organization_id" uuid                     not null,
  "user_id"         uuid,
  "created_at"      timestamp with time zone not null default private.now(),
  constraint "digest_opt_outs_pkey" primary key (organization_id)
);

alter table "private"."digest_opt_outs"
  enable row level security;

create table "private"."digests" (
  "organization_id" uuid                     not null,
  "day"             date                     not null,
  "job_id"          uuid                     not null,
  "queued_at"       timestamp with time zone not null default private.now(),
  constraint "digests_pkey" primary key (organization_id, day)
);

alter table "private"."digests"
  enable row level security;

create table "private"."job_counts" (
  "minute"          timestamp with time zone not null,
  "organization_id" uuid                     not null,
  "type"            text                     not null,
  "worker_id"       uuid                     not null,
  "completed"       integer                  not null default 0,
  "retried"         integer                  not null default 0,
  "dead"            integer                  not null default 0,
  "busy_ms"         bigint                   not null default 0,
  "wait_ms"         bigint                   not null default 0,
  constraint "job_counts_pkey" primary key (minute, organization_id, type, worker_id)
);

alter table "private"."job_counts"
  enable row level security;

alter table "private"."job_counts"
  set (fillfactor=70);

create table "private"."job_leases" (
  "id"               uuid                       not null default private.uuid_v7(),
  "worker_id"        uuid                       not null,
  "job_ids"          uuid[]                     not null,
  "organization_ids" uuid[]                     not null,
  "types"            text[]                     not null,
  "payloads"         jsonb[]                    not null,
  "attempts"         smallint[]                 not null,
  "max_attempts"     smallint[]                 not null,
  "priorities"       smallint[]                 not null,
  "due"              timestamp with time zone[] not null,
  "created"          timestamp with time zone[] not null,
  "options"          jsonb[],
  "started_at"       timestamp with time zone   not null,
  constraint "job_leases_pkey" primary key (id)
);

alter table "private"."job_leases"
  enable row level security;

alter table "private"."job_leases"
  set (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000, fillfactor=70);

create table "private"."job_slots" (
  "limit_key" text not null,
  "job_id"    uuid not null,
  "lease_id"  uuid not null,
  constraint "job_slots_pkey" primary key (limit_key, job_id)
);

alter table "private"."job_slots"
  enable row level security;

alter table "private"."job_slots"
  set (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000);

create table "private"."job_states" (
  "job_id"              uuid                     not null,
  "organization_id"     uuid                     not null,
  "progress"            jsonb,
  "cancel_requested_at" timestamp with time zone,
  "updated_at"          timestamp with time zone not null default private.now(),
  constraint "job_states_pkey" primary key (job_id)
);

alter table "private"."job_states"
  enable row level security;

alter table "private"."job_states"
  set (fillfactor=70);

create table "private"."job_turns" (
  "organization_id" uuid                     not null,
  "virtual_time"    bigint                   not null,
  "weight"          smallint                 not null default 1,
  "max_running"     integer,
  "is_active"       boolean                  not null default true,
  "head"            timestamp with time zone not null default '-infinity'::timestamp with time zone,
  "head_until"      timestamp with time zone not null default '-infinity'::timestamp with time zone,
  constraint "job_turns_pkey" primary key (organization_id),
  constraint "job_turns_weight_check" check ((weight > 0))
);

alter table "private"."job_turns"
  enable row level security;

alter table "private"."job_turns"
  set (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000, fillfactor=50);

create table "private"."partition_changes" (
  "kind" text not null,
  "week" date not null,
  "id"   uuid not null
);

alter table "private"."partition_changes"
  enable row level security;

create table "private"."partition_expired" (
  "kind"            text                     not null,
  "week"            date                     not null,
  "organization_id" uuid                     not null,
  "ended_before"    timestamp with time zone not null,
  constraint "partition_expired_pkey" primary key (kind, week, organization_id)
);

alter table "private"."partition_expired"
  enable row level security;

create table "private"."partition_rewrites" (
  "kind"         text                     not null,
  "week"         date                     not null,
  "phase"        text                     not null default 'idle'::text,
  "position"     uuid                     not null default '00000000-0000-0000-0000-000000000000'::uuid,
  "referred"     uuid[]                   not null default '{}'::uuid[],
  "copied"       bigint                   not null default 0,
  "began_at"     timestamp with time zone,
  "looked_at"    timestamp with time zone,
  "rewritten_at" timestamp with time zone,
  "tries"        integer                  not null default 0,
  "error"        text,
  constraint "partition_rewrites_kind_check" check ((kind = ANY (ARRAY['runs'::text, 'jobs'::text]))),
  constraint "partition_rewrites_phase_check"
    check ((phase = ANY (ARRAY['idle'::text, 'copying'::text, 'swapping'::text]))),
  constraint "partition_rewrites_pkey" primary key (kind, week),
  constraint "partition_rewrites_week_check" check ((EXTRACT(isodow FROM week) = (1)::numeric))
);

alter table "private"."partition_rewrites"
  enable row level security;

create table "private"."plan_downgrades" (
  "organization_id" uuid                     not null,
  "plan_id"         text                     not null,
  "until"           timestamp with time zone not null,
  constraint "plan_downgrades_pkey" primary key (organization_id)
);

alter table "private"."plan_downgrades"
  enable row level security;

create table "private"."provider_breakers" (
  "key"        text                     not null,
  "calls"      integer                  not null,
  "failures"   integer                  not null,
  "opened_at"  timestamp with time zone not null,
  "open_until" timestamp with time zone not null,
  constraint "provider_breakers_calls_check" check ((calls >= 0)),
  constraint "provider_breakers_failures_check" check ((failures >= 0)),
  constraint "provider_breakers_key_check" check (((length(key) >= 1) AND (length(key) <= 500))),
  constraint "provider_breakers_pkey" primary key (key)
);

alter table "private"."provider_breakers"
  enable row level security;

create table "private"."run_archive_weeks" (
  "organization_id" uuid                     not null,
  "week"            date                     not null,
  "archived_until"  timestamp with time zone not null default '-infinity'::timestamp with time zone,
  "pass_until"      timestamp with time zone,
  "pass_id"         uuid,
  "position"        jsonb,
  "requested_at"    timestamp with time zone not null default private.now(),
  "attempts"        integer                  not null default 0,
  "warned_at"       timestamp with time zone,
  constraint "run_archive_weeks_pkey" primary key (organization_id, week),
  constraint "run_archive_weeks_week_check" check ((EXTRACT(isodow FROM week) = (1)::numeric))
);

alter table "private"."run_archive_weeks"
  enable row level security;

create table "private"."system_alerts" (
  "id"              uuid                     not null default private.uuid_v7(),
  "task"            text                     not null,
  "failures"        integer                  not null,
  "error"           jsonb                    not null,
  "opened_at"       timestamp with time zone not null default private.now(),
  "mail_job_id"     uuid,
  "resolved_at"     timestamp with time zone,
  "recovery_job_id" uuid,
  constraint "system_alerts_pkey" primary key (id)
);

alter table "private"."system_alerts"
  enable row level security;

create table "private"."system_task_runs" (
  "id"          uuid                     not null default private.uuid_v7(),
  "name"        text                     not null,
  "status"      text                     not null,
  "trigger"     text                     not null,
  "reason"      text,
  "attempt"     smallint                 not null default 1,
  "job_id"      uuid,
  "result"      jsonb,
  "error"       jsonb,
  "created_at"  timestamp with time zone not null default private.now(),
  "started_at"  timestamp with time zone,
  "finished_at" timestamp with time zone,
  constraint "ended_means_finished_at"
    check (((status = ANY (ARRAY['completed'::text, 'failed'::text, 'skipped'::text])) = (finished_at IS NOT NULL))),
  constraint "failure_says_why" check (((status = 'failed'::text) = (error IS NOT NULL))),
  constraint "skipped_says_why" check (((status <> 'skipped'::text) OR (reason IS NOT NULL))),
  constraint "system_task_runs_attempt_check" check ((attempt > 0)),
  constraint "system_task_runs_pkey" primary key (id),
  constraint "system_task_runs_status_check"
    check
    ((status = ANY (ARRAY['queued'::text, 'running'::text, 'completed'::text, 'failed'::text, 'skipped'::text]))),
  constraint "system_task_runs_trigger_check"
    check ((trigger = ANY (ARRAY['cron'::text, 'manual'::text, 'dependency'::text, 'continued'::text])))
);

alter table "private"."system_task_runs"
  enable row level security;

create table "private"."system_tasks" (
  "name"            text                     not null,
  "description"     text                     not null,
  "kind"            text                     not null,
  "handler"         text                     not null,
  "cron"            text                     not null,
  "depends_on"      text[]                   not null default '{}'::text[],
  "timeout_seconds" integer                  not null default 60,
  "max_attempts"    smallint                 not null default 3,
  "alert_after"     smallint                 not null default 1,
  "custom_cron"     text,
  "is_enabled"      boolean                  not null default true,
  "updated_at"      timestamp with time zone,
  constraint "handler_is_a_name" check (
CASE kind
    WHEN 'sql'::text THEN (handler ~ '^[a-z][a-z0-9_]{0,62}$'::text)
    ELSE (handler ~ '^[a-z][a-z0-9_.]{0,99}$'::text)
END),
  constraint "system_tasks_alert_after_check" check (((alert_after >= 1) AND (alert_after <= 100))),
  constraint "system_tasks_kind_check" check ((kind = ANY (ARRAY['sql'::text, 'job'::text]))),
  constraint "system_tasks_max_attempts_check" check (((max_attempts >= 1) AND (max_attempts <= 20))),
  constraint "system_tasks_name_check" check ((name ~ '^[a-z][a-z0-9-]{0,39}$'::text)),
  constraint "system_tasks_pkey" primary key (name),
  constraint "system_tasks_timeout_seconds_check" check (((timeout_seconds >= 1) AND (timeout_seconds <= 21600))),
  constraint "waits_not_for_itself" check ((name <> ALL (depends_on)))
);

alter table "private"."system_tasks"
  enable row level security;

create table "public"."analytics_daily" (
  "organization_id"     uuid                     not null,
  "flow_id"             uuid                     not null,
  "day"                 date                     not null,
  "runs"                integer                  not null,
  "completed"           integer                  not null,
  "failed"              integer                  not null,
  "cancelled"           integer                  not null,
  "compensated"         integer                  not null,
  "compensation_failed" integer                  not null,
  "unfinished"          integer                  not null,
  "success_rate"        double precision,
  "p50_ms"              double precision,
  "p95_ms"              double precision,
  "steps"               bigint                   not null default 0,
  "rolled_up_at"        timestamp with time zone not null default private.now(),
  constraint "analytics_daily_pkey" primary key (organization_id, flow_id, day)
);

alter table "public"."analytics_daily"
  enable row level security;

create table "public"."job_history" (
  "id"              uuid                     not null,
  "organization_id" uuid                     not null,
  "type"            text                     not null,
  "status"          text                     not null,
  "priority"        smallint                 not null,
  "attempts"        smallint                 not null,
  "max_attempts"    smallint                 not null,
  "payload"         jsonb,
  "result"          jsonb,
  "error"           jsonb,
  "unique_key"      text,
  "concurrency_key" text,
  "scheduled_for"   timestamp with time zone not null,
  "created_at"      timestamp with time zone not null,
  "started_at"      timestamp with time zone,
  "completed_at"    timestamp with time zone not null,
  "replay_of"       uuid,
  "replayed_as"     uuid
) partition by range (id);

create table "public"."job_history_default" partition of "public"."job_history" default;

alter table "public"."job_history_default"
  enable row level security;

alter table "public"."job_history"
  enable row level security;

create table "public"."run_archives" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "week"            date                     not null,
  "part"            integer                  not null,
  "path"            text                     not null,
  "runs"            integer                  not null,
  "lines"           integer                  not null,
  "bytes"           bigint                   not null,
  "raw_bytes"       bigint                   not null,
  "sha256"          text                     not null,
  "first_run_id"    uuid                     not null,
  "last_run_id"     uuid                     not null,
  "member_offsets"  bigint[]                 not null,
  "member_run_ids"  uuid[]                   not null,
  "created_at"      timestamp with time zone not null default private.now(),
  constraint "members_have_places"
    check
    (((member_offsets[1] = 0) AND (array_ndims(member_offsets) = 1) AND (cardinality(member_offsets) =
    cardinality(member_run_ids)))),
  constraint "run_archives_bytes_check" check ((bytes > 0)),
  constraint "run_archives_lines_check" check ((lines > 0)),
  constraint "run_archives_organization_id_week_part_key" unique (organization_id, week, part),
  constraint "run_archives_part_check" check ((part > 0)),
  constraint "run_archives_path_key" unique (path),
  constraint "run_archives_pkey" primary key (id),
  constraint "run_archives_raw_bytes_check" check ((raw_bytes > 0)),
  constraint "run_archives_runs_check" check ((runs >= 0)),
  constraint "run_archives_sha256_check" check ((sha256 ~ '^[0-9a-f]{64}$'::text)),
  constraint "run_archives_week_check" check ((EXTRACT(isodow FROM week) = (1)::numeric))
);

alter table "public"."run_archives"
  enable row level security;

create table "public"."usage_hourly" (
  "organization_id" uuid                     not null,
  "hour"            timestamp with time zone not null,
  "runs_started"    integer                  not null default 0,
  "runs_completed"  integer                  not null default 0,
  "runs_failed"     integer                  not null default 0,
  "runs_cancelled"  integer                  not null default 0,
  "runs_open"       integer                  not null default 0,
  "steps"           bigint                   not null default 0,
  "jobs"            bigint                   not null default 0,
  "webhook_events"  integer                  not null default 0,
  "counted_at"      timestamp with time zone not null default private.now(),
  constraint "usage_hourly_pkey" primary key (organization_id, hour)
);

alter table "public"."usage_hourly"
  enable row level security;

alter table "private"."workers"
  add column "is_listening" boolean not null default false;

alter table "public"."job_queue"
  add column "unique_key" text;

alter table "public"."job_queue"
  add column "concurrency_key" text;

alter table "public"."job_queue"
  add column "concurrency_limit" smallint;

alter table "public"."job_queue"
  add column "expires_at" timestamp with time zone;

alter table "public"."plans"
  add column "queue_weight" smallint not null default 1;

alter table "public"."plans"
  add column "max_concurrent_jobs" integer;

alter table "public"."plans"
  add column "retention_days" jsonb not null default '{}'::jsonb;

alter table "public"."plans"
  add column "archives_runs" boolean not null default false;

alter table "public"."webhook_endpoints"
  add column "wait_seconds" smallint not null default 0;

create or replace function engine.add_run_archive (
  p_organization_id uuid,
  p_week            date,
  p_pass_id         uuid,
  p_archive         jsonb,
  p_position        jsonb,
  p_more            boolean
)
  returns uuid
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_id uuid;
begin
  perform private.lock_archive_pass(p_organization_id, p_week, p_pass_id);
  insert into public.run_archives (
    organization_id, week, part, path, runs, lines, bytes, raw_bytes, sha256, first_run_id, last_run_id, member_offsets,
    member_run_ids
  )
  select p_organization_id, p_week, a.part, a.path, a.runs, a.lines, a.bytes, a.raw_bytes, a.sha256, a.first_run_id,
    a.last_run_id, a.member_offsets, a.member_run_ids
  from jsonb_to_record(p_archive) as a (
    part integer, path text, runs integer, lines integer, bytes bigint, raw_bytes bigint, sha256 text, first_run_id uuid,
    last_run_id uuid, member_offsets bigint[], member_run_ids uuid[]
  )
  returning id into v_id;
  update private.run_archive_weeks w set position = p_position
  where w.organization_id = p_organization_id and w.week = p_week;
  if p_more then
    perform private.enqueue_run_archive(p_organization_id, p_week);
  end if;
  return v_id;
end;
$function$;

create or replace function engine.admit_runs (
  p_organization_id uuid
)
  returns integer
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_keys text[] := array(
    select distinct j.payload -> 'wait' ->> 'name' from public.job_queue j
    where j.organization_id = p_organization_id and j.payload ? 'wait' and j.status = 'waiting'
      and j.payload -> 'wait' ->> 'kind' = 'limit'
  );
begin
  if v_keys = '{}' then
    return 0;
  end if;
  perform private.lock_limits(p_organization_id);
  return private.admit_waiting(v_keys);
end;
$function$;

create or replace function engine.apply_retention()
  returns jsonb
  language sql
  security definer
  set search_path to ''
  set statement_timeout to '15min'
  AS $function$
  select private.apply_retention();
$function$;

create or replace function engine.begin_run_archive (
  p_organization_id uuid,
  p_week            date
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_week private.run_archive_weeks;
begin
  update private.run_archive_weeks w set pass_id = gen_random_uuid(), attempts = w.attempts + 1
  where w.organization_id = p_organization_id and w.week = p_week and w.pass_until is not null
  returning * into v_week;
  if not found then
    return null;
  end if;
  return jsonb_build_object(
    'pass_id', v_week.pass_id,
    'position', v_week.position,
    'name', to_char(p_week, 'IYYY"w"IW'),
    'part', (
      select coalesce(max(a.part), 0) + 1 from public.run_archives a
      where a.organization_id = p_organization_id and a.week = p_week
    )
  );
end;
$function$;

create or replace function engine.cancel_job (
  p_job_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  return private.cancel_job(p_job_id);
end;
$function$;

create or replace function engine.claim_jobs (
  p_worker_id uuid,
  p_limit     integer default 10,
  p_kind      text    default 'worker'::text,
  p_run_id    uuid    default null::uuid,
  p_listens   boolean default null::boolean
)
  returns json
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_picked record;
  v_ids uuid[];
  v_job_ids uuid[];
  v_reply json := '[]';
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
    if p_listens is null then
      -- A worker of the release before there were jobs: it would give all that it claimed back if one were among it.
      select * into v_picked from private.pick_jobs(p_limit + 1000, v_now);
      v_ids := v_picked.p_token_ids[1:p_limit];
    else
      select * into v_picked from private.pick_jobs(p_limit, v_now);
      v_ids := v_picked.p_token_ids;
      v_job_ids := v_picked.p_job_ids;
    end if;
    -- Who finds nothing is told when there is something; from then on whoever enqueues need not say so.
    update private.workers w set is_listening = not w.is_listening
    where w.id = p_worker_id and w.is_listening <> (coalesce(p_listens, false) and v_ids is null and v_job_ids is null);
  end if;
  if v_job_ids is not null then
    v_reply := private.lease_jobs(p_worker_id, v_job_ids, v_picked.p_is_special, v_now);
  end if;
  if v_ids is not null then
    v_ids := private.begin_tokens(p_worker_id, v_ids, v_now);
  end if;
  -- Last, because claims wait for each other here: whoever does has all the locks it needs.
  if p_run_id is null then
    perform private.note_turns(
      v_now, v_picked.p_is_full, v_picked.p_organization_ids, v_picked.p_counts, v_picked.p_latest, v_picked.p_empty,
      v_picked.p_is_costly, v_picked.p_virtual_time
    );
  end if;
  if v_ids is null then
    return v_reply;
  end if;
  return case when v_job_ids is null then private.job_reply(v_ids) else private.job_reply(v_ids) || v_reply::jsonb end::json;
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
        perform private.give_turn(v_run.organization_id);
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
    perform private.wake_if_idle(null);
  end if;
  return v_reply;
end;
$function$;

create or replace function engine.configure (
  p_functions_url  text,
  p_max_workers    integer default 4,
  p_operator_email text    default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_jobs text[];
begin
  if coalesce(p_functions_url, '') !~ '^https?://[^[:space:]]+$' then
    perform private.fail('invalid_request', 'The address of the edge functions must be a http(s) URL', 400);
  end if;
  if p_operator_email <> '' and (p_operator_email !~ '^[^[:space:]<>"@]+@[^[:space:]<>"@]+$' or length(p_operator_email) > 254) then
    perform private.fail('invalid_request', 'The operators'' address must be an e-mail address', 400);
  end if;
  insert into private.settings (name, value)
  values ('functions_url', rtrim(p_functions_url, '/')), ('max_workers', p_max_workers::text)
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
  if p_operator_email = '' then
    delete from private.settings s where s.name = 'operator_email';
  elsif p_operator_email is not null then
    insert into private.settings (name, value) values ('operator_email', p_operator_email)
    on conflict (name) do update set value = excluded.value, updated_at = private.now();
  end if;

  perform engine.ensure_partitions();
  perform private.secure_live();
  perform private.secure_run_data();
  perform private.secure_run_archives();
  v_jobs := private.schedule_tasks();
  return jsonb_build_object(
    'functions_url', rtrim(p_functions_url, '/'),
    'cron_jobs', to_jsonb(v_jobs),
    'can_call_functions', to_regproc('net.http_post') is not null
  );
end;
$function$;

create or replace function engine.discard_dead_letter (
  p_job_id uuid
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.discard_dead_letter(p_job_id);
end;
$function$;

create or replace function engine.discard_dead_letters (
  p_organization_id uuid    default null::uuid,
  p_filter          jsonb   default '{}'::jsonb,
  p_limit           integer default 100,
  p_dry_run         boolean default false
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  return private.discard_dead_letters(p_organization_id, p_filter, p_limit, p_dry_run);
end;
$function$;

create or replace function engine.enqueue_jobs (
  p_jobs jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_jobs: [{type, organization_id, payload, priority, delay_seconds or scheduled_for, max_attempts, unique_key, on_conflict,
-- concurrency_key, concurrency_limit, expires_in_seconds or expires_at}]
-- Answers [{id, status}] in the same order: enqueued; of a unique key replaced, kept or rejected, with the id of the job
-- that is there.
declare
  v_now timestamptz := private.now();
  v_reply jsonb;
  v_organization_id uuid;
  v_count integer;
begin
  if jsonb_typeof(p_jobs) is distinct from 'array' or jsonb_array_length(p_jobs) not between 1 and 10000 then
    perform private.fail('invalid_request', 'Jobs come as a list of 1 to 10,000', 400);
  end if;
  v_count := jsonb_array_length(p_jobs);
  if v_count = 1 then
    v_reply := jsonb_build_array(private.enqueue_one(p_jobs -> 0, v_now));
    perform private.wake_if_idle(coalesce((p_jobs -> 0 ->> 'organization_id')::uuid, private.platform_id()));
    return v_reply;
  elsif p_jobs @? '$[*] ? (exists(@.unique_key) && @.unique_key != null)' then
    select jsonb_agg(private.enqueue_one(e.value, v_now) order by e.ordinality) into v_reply
    from jsonb_array_elements(p_jobs) with ordinality e;
  else
    with asked as materialized (
      select a.*, private.uuid_v7() as id from rows from (jsonb_to_recordset(p_jobs) as (
        type text, organization_id uuid, payload jsonb, priority smallint, delay_seconds double precision,
        scheduled_for timestamptz, max_attempts smallint, concurrency_key text, concurrency_limit smallint,
        expires_in_seconds double precision, expires_at timestamptz
      )) with ordinality as a (
        type, organization_id, payload, priority, delay_seconds, scheduled_for, max_attempts, concurrency_key,
        concurrency_limit, expires_in_seconds, expires_at, place
      )
    ),
    made as (
      insert into public.job_queue (
        id, organization_id, type, payload, priority, max_attempts, scheduled_for, concurrency_key, concurrency_limit,
        expires_at, created_at, status
      )
      select a.id, coalesce(a.organization_id, private.platform_id()), a.type, nullif(a.payload, 'null'), coalesce(a.priority, 100),
        coalesce(a.max_attempts, 8), d.due, a.concurrency_key,
        case when a.concurrency_key is not null then coalesce(a.concurrency_limit, 1) end,
        coalesce(a.expires_at, v_now + make_interval(secs => a.expires_in_seconds)), v_now, private.resting_status(d.due, v_now)
      from asked a
      cross join lateral (
        -- A microsecond apart, so that those of one list keep its order.
        select greatest(coalesce(a.scheduled_for, v_now + make_interval(secs => coalesce(a.delay_seconds, 0))), v_now)
          - (v_count - a.place) * interval '1 microsecond' as due
      ) d
    )
    select jsonb_agg(jsonb_build_object('id', a.id, 'status', 'enqueued') order by a.place) into v_reply from asked a;
  end if;
  for v_organization_id in
    select distinct coalesce(a.organization_id, private.platform_id()) from jsonb_to_recordset(p_jobs) as a (organization_id uuid)
  loop
    perform private.wake_if_idle(v_organization_id);
  end loop;
  return v_reply;
exception
  when check_violation or not_null_violation or data_exception then
    perform private.fail('invalid_request', format('A job that can not be enqueued: %s', sqlerrm), 400);
end;
$function$;

create or replace function engine.ensure_partitions (
  p_weeks_ahead integer default 4
)
  returns integer
  language plpgsql
  security definer
  set search_path to ''
  set lock_timeout to '200ms'
  AS $function$
declare
  v_week timestamptz := date_trunc('week', private.now(), 'UTC');
  v_parent text;
  v_name text;
  v_made integer := 0;
begin
  for v_i in 0..p_weeks_ahead loop
    foreach v_parent in array array['runs', 'run_steps', 'job_history'] loop
      v_name := v_parent || '_' || to_char((v_week + v_i * interval '7 days') at time zone 'UTC', 'IYYY"w"IW');
      continue when to_regclass('public.' || v_name) is not null;
      -- The rows that the default partition took for want of this one would block it; they keep living there.
      begin
        execute format(
          'create table public.%I partition of public.%I for values from (%L) to (%L) with (fillfactor = 80)',
          v_name, v_parent,
          private.uuid_v7_floor(v_week + v_i * interval '7 days'),
          private.uuid_v7_floor(v_week + (v_i + 1) * interval '7 days')
        );
      exception
        when check_violation then
          continue;
        when lock_not_available then
          return v_made;
      end;
      execute format('alter table public.%I enable row level security', v_name);
      execute format('revoke all on table public.%I from public, anon, authenticated, service_role', v_name);
      execute format('comment on table public.%I is %L', v_name, 'A week of ' || v_parent || '.');
      v_made := v_made + 1;
    end loop;
  end loop;
  return v_made;
end;
$function$;

create or replace function engine.expired_run_archives (
  p_limit integer default 100
)
  returns jsonb
  language sql
  stable
  security definer
  set search_path to ''
  AS $function$
  select coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'path', e.path)), '[]')
  from (
    select a.id, a.path
    from public.organizations o
    cross join lateral private.kept_days('archives', o.id) as d (days)
    join public.run_archives a on a.organization_id = o.id
    where a.week + 7 + d.days <= (private.now() at time zone 'UTC')::date
    order by a.id
    limit p_limit
  ) e;
$function$;

create or replace function engine.finish_jobs (
  p_worker_id uuid,
  p_results   jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_results: [{lease, job, outcome, result, error, delay_ms, keep, busy_ms, counted}]; without job: all that the lease
-- holds have completed, and leave no trace
--   outcome: completed; retry = once more after delay_ms; failed = never again; cancelled
--   result: what it gave; error: {code, message, details}; keep: false = a completed one leaves no trace
-- Answers {settled: [jobs], leases: [those that were finished as a whole]}. What is missing was lost: nothing of it was
-- written.
declare
  v_now timestamptz := private.now();
  v_leases uuid[];
  v_settled uuid[];
  v_whole uuid[] := '{}';
  v_ended jsonb;
  v_keys text[];
begin
  if p_results @? '$[*] ? (!exists(@.job))' then
    v_whole := private.finish_leases(p_worker_id, p_results, v_now);
  end if;
  -- The fence: leases that this worker holds, in one order.
  select array_agg(l.id) into v_leases from (
    select o.id from private.job_leases o
    where o.id in (select r.lease from jsonb_to_recordset(p_results) as r (lease uuid, job uuid) where r.job is not null) and o.worker_id = p_worker_id
    order by o.id for update
  ) l;
  if v_leases is null then
    return jsonb_build_object('settled', '[]'::jsonb, 'leases', to_jsonb(v_whole));
  end if;

  with results as materialized (
    -- The first counts, should a job be named twice.
    select distinct on (r.job) r.* from rows from (jsonb_to_recordset(p_results) as (
      lease uuid, job uuid, outcome text, result jsonb, error jsonb, delay_ms double precision, keep boolean, busy_ms double precision,
      counted boolean
    )) with ordinality as r (lease, job, outcome, result, error, delay_ms, keep, busy_ms, counted, place)
    order by r.job, r.place
  ),
  held as materialized (
    select * from private.leased_jobs(v_leases)
  ),
  jobs as materialized (
    select h.*, r.result, r.error, r.delay_ms, r.busy_ms, r.keep, r.counted,
      -- Whoever would try again and was asked to stop does; whoever may not is given up.
      case when r.outcome = 'retry' and exists (
        select 1 from private.job_states s where s.job_id = h.id and s.cancel_requested_at is not null
      ) then 'cancelled' when r.outcome = 'retry' and r.counted is not false and h.attempts >= h.max_attempts then 'failed' else r.outcome end as outcome
    from held h join results r on r.lease = h.lease_id and r.job = h.id
  ),
  kept as (
    insert into public.job_history (
      id, organization_id, type, status, priority, attempts, max_attempts, payload, result, error, unique_key, concurrency_key,
      scheduled_for, created_at, started_at, completed_at
    )
    select j.id, j.organization_id, j.type, case j.outcome when 'failed' then 'dead' else j.outcome end,
      j.priority, j.attempts, j.max_attempts, j.payload, nullif(j.result, 'null'),
      case when j.outcome = 'failed' then coalesce(nullif(j.error, 'null'), '{"code": "internal", "message": "It failed"}')
        when j.outcome = 'cancelled' then nullif(j.error, 'null') end,
      j.unique_key, j.concurrency_key, j.scheduled_for, j.created_at, j.started_at, v_now
    from jobs j
    where j.outcome in ('failed', 'cancelled') or (j.outcome = 'completed' and j.keep is not false)
    on conflict do nothing
  ),
  again as (
    insert into public.job_queue (
      id, organization_id, type, payload, priority, attempts, max_attempts, scheduled_for, created_at, unique_key,
      concurrency_key, concurrency_limit, expires_at, error_message, status
    )
    select j.id, j.organization_id, j.type, j.payload, j.priority, j.attempts - (j.counted is false)::integer, j.max_attempts, d.due, j.created_at,
      -- A newer job with the same key stays, and this one goes on without.
      case when not exists (
        select 1 from public.job_queue q
        where q.organization_id = j.organization_id and q.type = j.type and q.unique_key = j.unique_key
      ) then j.unique_key end,
      j.concurrency_key, j.concurrency_limit, j.expires_at,
      left(coalesce(j.error ->> 'message', j.error ->> 'code'), 2000), private.resting_status(d.due, v_now)
    from jobs j
    cross join lateral (select v_now + make_interval(secs => greatest(coalesce(j.delay_ms, 0), 0) / 1000) as due) d
    where j.outcome = 'retry'
    on conflict do nothing
  ),
  counted as (
    insert into private.job_counts as c (minute, organization_id, type, worker_id, completed, retried, dead, busy_ms, wait_ms)
    select date_trunc('minute', v_now), j.organization_id, j.type, p_worker_id,
      count(*) filter (where j.outcome = 'completed'), count(*) filter (where j.outcome = 'retry'),
      count(*) filter (where j.outcome = 'failed'), coalesce(sum(greatest(j.busy_ms, 0)), 0)::bigint,
      sum(greatest(0, extract(epoch from j.started_at - j.scheduled_for) * 1000))::bigint
    from jobs j
    group by j.organization_id, j.type
    order by j.organization_id, j.type
    on conflict (minute, organization_id, type, worker_id) do update set
      completed = c.completed + excluded.completed, retried = c.retried + excluded.retried, dead = c.dead + excluded.dead,
      busy_ms = c.busy_ms + excluded.busy_ms, wait_ms = c.wait_ms + excluded.wait_ms
  )
  select array_agg(j.id),
    -- Only what was enqueued under a name of its own can be a task.
    jsonb_agg(jsonb_build_array(j.organization_id, j.type, j.id, j.unique_key, j.outcome, j.error))
      filter (where j.organization_id = private.platform_id() and j.unique_key is not null and j.outcome <> 'retry')
  into v_settled, v_ended from jobs j;
  if v_settled is not null then
    perform private.shorten_leases(v_leases, v_settled);
  end if;

  delete from private.job_states s where s.job_id = any (v_settled);
  with freed as (
    delete from private.job_slots s where s.lease_id = any (v_leases) and s.job_id = any (v_settled) returning s.limit_key
  )
  select array_agg(f.limit_key) into v_keys from freed f;
  if v_keys is not null then
    perform private.unblock_jobs(v_keys);
  end if;
  if v_ended is not null then
    perform private.tell_task(
      (e ->> 0)::uuid, e ->> 1, (e ->> 2)::uuid, e ->> 3, case e ->> 4 when 'failed' then 'dead' else e ->> 4 end, e -> 5
    ) from jsonb_array_elements(v_ended) e;
  end if;
  return jsonb_build_object('settled', to_jsonb(coalesce(v_settled, '{}')), 'leases', to_jsonb(v_whole));
end;
$function$;

create or replace function engine.finish_run_archive (
  p_organization_id uuid,
  p_week            date,
  p_pass_id         uuid
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.lock_archive_pass(p_organization_id, p_week, p_pass_id);
  update private.run_archive_weeks w set
    archived_until = w.pass_until, pass_until = null, pass_id = null, position = null, warned_at = null, attempts = 0
  where w.organization_id = p_organization_id and w.week = p_week;
end;
$function$;

create or replace function engine.get_digest (
  p_organization_id uuid,
  p_day             date
)
  returns jsonb
  language sql
  stable
  security definer
  set search_path to ''
  AS $function$
  with flows as (
    select a.flow_id, coalesce(f.name, 'A deleted flow') as name, a.runs, a.failed + a.compensated + a.compensation_failed as failed,
      round(a.p95_ms) as p95_ms
    from public.analytics_daily a
    left join public.flows f on f.id = a.flow_id
    where a.organization_id = p_organization_id and a.day = p_day
      and a.flow_id <> '00000000-0000-0000-0000-000000000000'
  )
  select jsonb_build_object(
    'organization', o.name, 'day', a.day, 'runs', a.runs, 'completed', a.completed,
    'failed', a.failed + a.compensated + a.compensation_failed, 'cancelled', a.cancelled, 'unfinished', a.unfinished,
    'success_rate', a.success_rate, 'steps', a.steps,
    'failing', coalesce((
      select jsonb_agg(jsonb_build_object('name', l.name, 'runs', l.runs, 'failed', l.failed) order by l.failed desc, l.name)
      from (select * from flows f where f.failed > 0 order by f.failed desc, f.name limit 5) l
    ), '[]'),
    'slowest', coalesce((
      select jsonb_agg(jsonb_build_object('name', l.name, 'runs', l.runs, 'p95_ms', l.p95_ms) order by l.p95_ms desc, l.name)
      from (select * from flows f where f.p95_ms is not null order by f.p95_ms desc, f.name limit 5) l
    ), '[]'),
    'to', coalesce((
      select jsonb_agg(p.email order by p.email)
      from public.organization_members m join public.profiles p on p.id = m.user_id
      where m.organization_id = o.id and m.role = 'owner' and p.email is not null
        and not exists (select 1 from private.digest_opt_outs x where x.organization_id = o.id)
    ), '[]')
  )
  from public.organizations o
  join public.analytics_daily a
    on a.organization_id = o.id and a.day = p_day and a.flow_id = '00000000-0000-0000-0000-000000000000'
  where o.id = p_organization_id and o.suspended_at is null;
$function$;

create or replace function engine.get_job (
  p_job_id uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_job jsonb := private.find_job(p_job_id);
begin
  if v_job is null then
    perform private.fail('not_found', 'No such job', 404);
  end if;
  return v_job;
end;
$function$;

create or replace function engine.get_run_end (
  p_run_id uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_end jsonb;
begin
  select jsonb_build_object('status', r.status, 'output', r.output, 'error', r.error) into v_end
  from public.runs r
  where r.id = p_run_id and r.finished_at is not null;
  return v_end;
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
  v_ahead jsonb;
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
  -- What a flow that only computes needs to be run before its event is kept. Such a run takes no place under the limit of
  -- the organization; where that has none left, or a mapping or a limit of the flow has a say, the event goes the usual way.
  if v_endpoint.mapping is null and not p_test and (
    v_plan.max_concurrent_runs is null or (
      select count(*) from (
        select 1 from private.run_slots s where s.limit_key = 'org:' || v_endpoint.organization_id limit v_plan.max_concurrent_runs
      ) taken
    ) < v_plan.max_concurrent_runs
  ) then
    select jsonb_build_object(
      'version_id', v.id, 'trigger_node', v_endpoint.trigger_node, 'event_id', private.uuid_v7(), 'run_id', private.uuid_v7(),
      'received_at', private.now(), 'timeout_seconds', v.timeout_seconds
    ) into v_ahead
    from public.flows f
    join public.flow_versions v on v.id = f.current_version_id
    where f.id = v_endpoint.flow_id and f.is_active and f.deleted_at is null and v.run_limits is null;
  end if;
  return jsonb_build_object(
    'id', v_endpoint.id,
    'organization_id', v_endpoint.organization_id,
    'flow_id', v_endpoint.flow_id,
    'provider', v_endpoint.provider,
    'config', v_endpoint.config,
    'mapping', v_endpoint.mapping,
    'signature_required', v_endpoint.signature_required,
    'wait_seconds', v_endpoint.wait_seconds,
    'ahead', v_ahead,
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
  p_mapped      jsonb   default null::jsonb,
  p_ahead       jsonb   default null::jsonb
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

  if v_held is not null or v_flow.current_version_id is distinct from (p_ahead ->> 'version_id')::uuid then
    -- What was run ahead is not what would be run now.
    p_ahead := null;
  end if;
  if v_held is null then
    -- Known before the run is written, so that the event, with its body, is written once.
    v_run_id := coalesce((p_ahead ->> 'run_id')::uuid, private.uuid_v7());
  end if;

  -- Two deliveries of one event at once: the second waits here for the first to commit, then finds it. Tests are in no
  -- unique index: each is an event of its own, and none stands in the way of the real one.
  insert into public.webhook_events (
    id, received_at, organization_id, endpoint_id, event_key, body_key, type, status, held_because, unsigned, method, headers, query, raw_body,
    run_id, is_test, mapped, mapping_error
  )
  values (
    coalesce((p_ahead ->> 'event_id')::uuid, private.uuid_v7()), coalesce((p_ahead ->> 'received_at')::timestamptz, private.now()),
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

  if p_ahead is not null then
    v_run := private.record_run_ahead(
      v_flow, v_event, v_endpoint.trigger_node,
      p_input || jsonb_build_object('event_id', v_event.id, 'received_at', v_event.received_at), p_traceparent, p_ahead -> 'steps'
    );
    return jsonb_build_object(
      'event_id', v_event.id, 'duplicate', false, 'status', 'accepted', 'held_because', null, 'run_id', v_run.id,
      'jobs', '[]'::jsonb, 'run', jsonb_build_object('status', v_run.status, 'output', v_run.output, 'error', null)
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
$function$;

create or replace function engine.list_jobs (
  p_organization_id uuid    default null::uuid,
  p_filter          jsonb   default '{}'::jsonb,
  p_after           uuid    default null::uuid,
  p_ascending       boolean default false,
  p_limit           integer default 50
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return private.find_jobs(p_organization_id, p_filter, p_after, p_ascending, p_limit);
end;
$function$;

create or replace function engine.list_task_runs (
  p_name   text,
  p_limit  integer default 51,
  p_before uuid    default null::uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  if not exists (select 1 from private.system_tasks t where t.name = p_name) then
    perform private.fail('not_found', 'No such task', 404);
  end if;
  return (
    select coalesce(jsonb_agg(private.task_run_reply(r) order by r.id desc), '[]')
    from (
      select * from private.system_task_runs o
      where o.name = p_name and (p_before is null or o.id < p_before)
      order by o.id desc limit least(greatest(p_limit, 1), 101)
    ) r
  );
end;
$function$;

create or replace function engine.list_tasks()
  returns jsonb
  language sql
  stable
  security definer
  set search_path to ''
  AS $function$
  select coalesce(jsonb_agg(jsonb_build_object(
    'name', t.name, 'description', t.description, 'kind', t.kind, 'handler', t.handler,
    'cron', coalesce(t.custom_cron, t.cron), 'default_cron', t.cron, 'depends_on', to_jsonb(t.depends_on),
    'is_enabled', t.is_enabled, 'timeout_seconds', t.timeout_seconds, 'alert_after', t.alert_after,
    'state', case
      when h.name is not null then 'running'
      when o.job_id is not null then o.status
      when o.reason is not null then 'waiting'
      when o.id is not null then 'queued'
      when t.is_enabled then 'idle'
      else 'disabled'
    end,
    'reason', o.reason,
    'is_scheduled', t.name = any (s.scheduled),
    'last_run', case when l.id is not null then private.task_run_reply(l) end,
    'last_completed_at', (
      select max(r.finished_at) from private.system_task_runs r where r.name = t.name and r.status = 'completed'
    ),
    'failures', private.task_attempt(t.name) - 1,
    'alert', (
      select jsonb_build_object('opened_at', a.opened_at, 'failures', a.failures, 'error', a.error)
      from private.system_alerts a where a.task = t.name and a.resolved_at is null
    )
  ) order by t.name), '[]')
  from private.system_tasks t
  cross join (select private.scheduled_tasks() as scheduled) s
  left join private.system_task_runs o on o.name = t.name and o.finished_at is null
  left join lateral (
    select r.* from private.system_task_runs r where r.name = t.name order by r.id desc limit 1
  ) l on true
  left join (select distinct on (k.name) k.name from private.task_holders() k) h on h.name = t.name;
$function$;

create or replace function engine.off_change (
  p_table   regclass,
  p_flow_id uuid     default null::uuid,
  p_name    text     default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  set lock_timeout to '5s'
  AS $function$
declare
  v_id uuid;
  v_removed integer := 0;
begin
  for v_id in
    select c.id from private.change_triggers c
    where (p_flow_id is null or c.flow_id = p_flow_id) and (p_name is null or c.name = p_name)
      and exists (select 1 from private.change_tables() t where t.change_id = c.id and t.table_id = p_table)
  loop
    perform private.drop_change_triggers(v_id);
    v_removed := v_removed + 1;
  end loop;
  perform private.forget_lost_changes();
  return jsonb_build_object('removed', v_removed);
exception
  when lock_not_available then
    perform private.fail('conflict', format('%s is in use by a long transaction: try again', p_table), 409);
end;
$function$;

create or replace function engine.on_change (
  p_table   regclass,
  p_flow_id uuid,
  p_options jsonb    default '{}'::jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  set lock_timeout to '5s'
  AS $function$
declare
  v_flow public.flows;
  v_kind "char";
  v_is_partition boolean;
  v_change private.change_triggers;
  v_operation text;
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null and f.current_version_id is not null;
  if not found then
    perform private.fail('not_found', 'No such flow', 404);
  end if;
  select c.relkind, c.relispartition into v_kind, v_is_partition from pg_catalog.pg_class c where c.oid = p_table;
  if not found then
    perform private.fail('not_found', 'No such table', 404);
  elsif private.is_own_table(p_table) then
    perform private.fail('invalid_request', format('%s belongs to Millrace or the platform: its changes can not start flows', p_table), 400);
  elsif v_kind not in ('r', 'p') then
    perform private.fail('invalid_request', format('%s is no table: name the table behind it', p_table), 400);
  elsif v_is_partition then
    perform private.fail('invalid_request', format('%s is a partition: name the table it is a part of', p_table), 400);
  end if;
  v_change := private.change_options(p_table, p_flow_id, coalesce(p_options, '{}'));

  -- The lock that making a trigger takes, taken first: so of two calls at once, the second finds what the first made.
  begin
    execute format('lock table %s in share row exclusive mode', p_table);
    perform private.forget_lost_changes();
    select c.id into v_change.id
    from private.change_triggers c
    where c.flow_id = p_flow_id and c.name = v_change.name and exists (
      select 1 from private.change_tables() t where t.change_id = c.id and t.table_id = p_table
    );
    v_change.id := coalesce(v_change.id, private.uuid_v7());
    insert into private.change_triggers as c (
      id, organization_id, flow_id, name, operations, columns, condition, excluded, claims, trigger_node, batch, max_runs,
      max_depth, required
    )
    values (
      v_change.id, v_flow.organization_id, p_flow_id, v_change.name, v_change.operations, v_change.columns,
      v_change.condition, v_change.excluded, v_change.claims, v_change.trigger_node, v_change.batch, v_change.max_runs,
      v_change.max_depth, v_change.required
    )
    on conflict (id) do update set
      operations = excluded.operations, columns = excluded.columns, condition = excluded.condition,
      excluded = excluded.excluded, claims = excluded.claims, trigger_node = excluded.trigger_node, batch = excluded.batch,
      max_runs = excluded.max_runs, max_depth = excluded.max_depth, required = excluded.required,
      updated_at = private.now();
    perform private.drop_change_triggers(v_change.id);
    foreach v_operation in array v_change.operations loop
      execute format(
        'create trigger %I after %s on %s %s for each statement execute function private.start_changed_flow(%L)',
        'millrace_' || v_operation || '_' || replace(v_change.id::text, '-', ''), v_operation, p_table,
        case v_operation
          when 'insert' then 'referencing new table as new_rows'
          when 'delete' then 'referencing old table as old_rows'
          else 'referencing old table as old_rows new table as new_rows'
        end,
        v_change.id
      );
    end loop;
  exception
    when insufficient_privilege then
      perform private.fail('forbidden', format('The owner of Millrace''s schema may not make triggers on %s', p_table), 403);
    when lock_not_available then
      perform private.fail('conflict', format('%s is in use by a long transaction: try again', p_table), 409);
  end;
  return (select to_jsonb(v) from engine.changes v where v.id = v_change.id);
end;
$function$;

create or replace function engine.queue_digests (
  p_day date default null::date
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_day date := coalesce(p_day, (private.now() at time zone 'UTC')::date - 1);
  v_organization_id uuid;
  v_queued integer := 0;
begin
  for v_organization_id in
    select a.organization_id from public.analytics_daily a
    join public.organizations o on o.id = a.organization_id and o.suspended_at is null
    where a.day = v_day and a.flow_id = v_nil and a.runs > 0
      and not exists (select 1 from private.digest_opt_outs x where x.organization_id = a.organization_id)
      and not exists (select 1 from private.digests d where d.organization_id = a.organization_id and d.day = v_day)
    order by a.organization_id
    limit 2000
  loop
    insert into private.digests (organization_id, day, job_id)
    values (v_organization_id, v_day, private.enqueue_job(
      v_organization_id, 'digest.mail', jsonb_build_object('organization_id', v_organization_id, 'day', v_day),
      '{"priority": 200}'
    ))
    on conflict do nothing;
    v_queued := v_queued + 1;
  end loop;
  return jsonb_build_object('day', v_day, 'queued', v_queued, 'more', v_queued = 2000);
end;
$function$;

create or replace function engine.queue_statistics (
  p_organization_id uuid    default null::uuid,
  p_minutes         integer default 60
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_reply jsonb := private.queue_statistics(p_organization_id, p_minutes);
begin
  if p_organization_id is not null then
    return v_reply;
  end if;
  return v_reply || jsonb_build_object(
    'workers', (
      select jsonb_build_object(
        'alive', count(*) filter (where w.is_alive), 'lost', count(*) filter (where not w.is_alive),
        'steps', coalesce(sum(w.steps), 0), 'jobs', coalesce(sum(w.jobs), 0)
      ) from engine.workers w
    ),
    'stuck', (select coalesce(jsonb_object_agg(s.problem, s.count), '{}') from (
      select k.problem, count(*) as count from engine.stuck k group by k.problem
    ) s),
    'organizations', (
      with all_of_them as materialized (select v.* from engine.queue_organizations v),
      ranked as (
        select a.*, row_number() over (order by a.queued desc, a.organization_id) as by_depth,
          row_number() over (order by a.oldest_due_at nulls last, a.organization_id) as by_age
        from all_of_them a
      )
      select jsonb_build_object(
        'deepest', coalesce((
          select jsonb_agg(to_jsonb(r) - '{by_depth,by_age}'::text[] order by r.by_depth) from ranked r
          where r.by_depth <= 20 and r.queued > 0
        ), '[]'),
        'oldest', coalesce((
          select jsonb_agg(to_jsonb(r) - '{by_depth,by_age}'::text[] order by r.by_age) from ranked r
          where r.by_age <= 20 and r.oldest_due_at is not null
        ), '[]')
      )
    )
  );
end;
$function$;

create or replace function engine.read_run_archive (
  p_organization_id uuid,
  p_week            date,
  p_pass_id         uuid,
  p_position        jsonb   default null::jsonb,
  p_bytes           integer default 2097152
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  set "TimeZone" to 'UTC'
  AS $function$
declare
  v_week private.run_archive_weeks;
  v_run public.runs;
  v_page jsonb;
  v_line text;
  v_lines text[] := '{}';
  v_runs uuid[] := '{}';
  v_begins boolean[] := '{}';
  v_bytes integer := 0;
  v_position jsonb := p_position;
  v_last uuid := (p_position ->> 'run_id')::uuid;
  v_low uuid;
  v_high uuid;
begin
  select w.low, w.high into v_low, v_high from private.week_range(p_week) w;
  select * into v_week from private.run_archive_weeks w where w.organization_id = p_organization_id and w.week = p_week;
  if v_week.pass_until is null or v_week.pass_id is distinct from p_pass_id then
    perform private.fail('conflict', 'Somebody else archives these runs, or has', 409);
  end if;
  while v_bytes < p_bytes and cardinality(v_lines) < 1000 loop
    if v_position ? 'step' then
      -- The run has further steps.
      v_page := private.run_steps_page(
        v_last, (v_position ->> 'ended')::timestamptz, v_position ->> 'step', null, 1000
      );
      v_line := jsonb_build_object('run_id', v_last, 'steps', v_page -> 'steps', 'more_steps', v_page -> 'more')::text;
      v_begins := v_begins || false;
    else
      select * into v_run from public.runs r
      where r.organization_id = p_organization_id
        and r.id >= v_low and r.id < v_high and (v_last is null or r.id > v_last)
        and r.finished_at >= v_week.archived_until and r.finished_at < v_week.pass_until
      order by r.id limit 1;
      if not found then
        v_position := null;
        exit;
      end if;
      v_last := v_run.id;
      v_page := private.run_steps_page(v_last, null, null, null, 100);
      v_line := (to_jsonb(v_run) || jsonb_build_object(
        'steps', v_page -> 'steps', 'more_steps', v_page -> 'more', 'active', '[]'::jsonb, 'waiting_for', null
      ))::text;
      v_begins := v_begins || true;
    end if;
    v_position := jsonb_build_object('run_id', v_last) || case when (v_page ->> 'more')::boolean then jsonb_build_object(
      'ended', v_page -> 'steps' -> -1 -> 'finished_at', 'step', v_page -> 'steps' -> -1 -> 'id'
    ) else '{}' end;
    v_lines := v_lines || v_line;
    v_runs := v_runs || v_last;
    v_bytes := v_bytes + octet_length(v_line);
  end loop;
  return jsonb_build_object(
    'lines', to_jsonb(v_lines), 'run_ids', to_jsonb(v_runs), 'begins', to_jsonb(v_begins), 'position', v_position
  );
end;
$function$;

create or replace function engine.release_worker (
  p_worker_id      uuid,
  p_wake_successor boolean default false
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_freed integer;
  v_organizations uuid[];
  v_leases uuid[];
  v_more boolean;
begin
  delete from private.workers w where w.id = p_worker_id;
  -- What is given back was not lost: it does not count towards max_attempts.
  with freed as (
    update public.job_queue j
    set status = 'available', worker_id = null, started_at = null, resume = true, attempts = greatest(j.attempts - 1, 0)
    from (select o.id from public.job_queue o where o.worker_id = p_worker_id order by o.id for update) l
    where j.id = l.id
    returning j.organization_id
  )
  select count(*), array_agg(distinct f.organization_id) into v_freed, v_organizations from freed f;
  perform private.forget_heads(v_organizations);
  select array_agg(l.id) into v_leases from (
    select o.id from private.job_leases o where o.worker_id = p_worker_id order by o.id for update
  ) l;
  if v_leases is not null then
    v_freed := v_freed + (
      select sum(cardinality(l.organization_ids)) from private.job_leases l where l.id = any (v_leases)
    );
    perform private.put_back_leases(v_leases, false);
  end if;

  -- Asked after the row is gone: whoever enqueued before saw a live worker and woke nobody.
  v_more := exists (
    select 1 from public.job_queue j
    where j.status = 'available' and j.scheduled_for <= private.now()
  );
  if v_more and p_wake_successor then
    perform private.wake_workers(1);
  end if;
  return jsonb_build_object('freed', v_freed, 'more', v_more);
end;
$function$;

create or replace function engine.remove_run_archives (
  p_ids uuid[]
)
  returns integer
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_removed integer;
begin
  delete from public.run_archives a where a.id = any (p_ids);
  get diagnostics v_removed = row_count;
  return v_removed;
end;
$function$;

create or replace function engine.replay_dead_letters (
  p_organization_id uuid    default null::uuid,
  p_filter          jsonb   default '{}'::jsonb,
  p_limit           integer default 100,
  p_dry_run         boolean default false
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  return private.replay_dead_letters(p_organization_id, p_filter, p_limit, p_dry_run);
end;
$function$;

create or replace function engine.report_jobs (
  p_worker_id uuid,
  p_progress  jsonb default '[]'::jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_cancel jsonb;
begin
  with mine as materialized (
    select j.job, j.organization_id
    from private.job_leases l cross join lateral unnest(l.job_ids, l.organization_ids) as j (job, organization_id)
    where l.worker_id = p_worker_id
  ),
  told as (
    insert into private.job_states as s (job_id, organization_id, progress, updated_at)
    select m.job, m.organization_id, p.progress, private.now()
    from (select distinct on (r.job) r.* from jsonb_to_recordset(p_progress) as r (job uuid, progress jsonb) order by r.job) p
    join mine m on m.job = p.job
    where octet_length(p.progress::text) <= 4096
    order by m.job
    on conflict (job_id) do update set progress = excluded.progress, updated_at = excluded.updated_at
  )
  select jsonb_agg(s.job_id) into v_cancel
  from private.job_states s join mine m on m.job = s.job_id
  where s.cancel_requested_at is not null;
  return jsonb_build_object('cancel', coalesce(v_cancel, '[]'));
end;
$function$;

create or replace function engine.request_task (
  p_name text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_run private.system_task_runs;
begin
  if not exists (select 1 from private.system_tasks t where t.name = p_name) then
    perform private.fail('not_found', 'No such task', 404);
  end if;
  if not private.try_lock_task(p_name) then
    perform private.fail('conflict', 'A run of this task is under way', 409);
  end if;
  perform private.close_lost_runs(p_name);
  select * into v_run from private.system_task_runs r where r.name = p_name and r.finished_at is null;
  if v_run.job_id is not null then
    perform private.fail('conflict', 'A run of this task is under way', 409);
  end if;
  if v_run.id is not null then
    -- It waited for others: now it need not.
    update private.system_task_runs r set trigger = 'manual', reason = null where r.id = v_run.id returning * into v_run;
  else
    insert into private.system_task_runs (name, status, trigger, attempt)
    values (p_name, 'queued', 'manual', private.task_attempt(p_name))
    returning * into v_run;
  end if;
  return private.task_run_reply(v_run);
end;
$function$;

create or replace function engine.retry_job (
  p_job_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  return private.retry_job(p_job_id);
end;
$function$;

create or replace function engine.run_job_now (
  p_job_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  return private.run_job_now(p_job_id);
end;
$function$;

create or replace function engine.run_task (
  p_name    text,
  p_trigger text default 'cron'::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_task private.system_tasks;
  v_run private.system_task_runs;
  v_trigger text := p_trigger;
  v_waits text[];
  v_function regprocedure;
  v_result jsonb;
  v_state text;
  v_message text;
begin
  if coalesce(p_trigger, '') not in ('cron', 'manual', 'dependency', 'continued') then
    perform private.fail('invalid_request', 'A task is started by cron, manual, dependency or continued', 400);
  end if;
  select * into v_task from private.system_tasks t where t.name = p_name;
  if not found then
    perform private.fail('not_found', 'No such task', 404);
  end if;

  -- Nobody waits for somebody else's run: it is under way, that is all.
  if not private.try_lock_task(p_name) then
    return private.skip_task(p_name, p_trigger, 'overlap');
  end if;
  perform private.close_lost_runs(p_name);
  select * into v_run from private.system_task_runs r where r.name = p_name and r.finished_at is null;
  if v_run.job_id is not null then
    return private.skip_task(p_name, p_trigger, 'overlap');
  end if;
  -- It was asked for by hand, or goes on: then it is that, whoever comes first.
  if v_run.trigger in ('manual', 'continued') and v_trigger <> 'manual' then
    v_trigger := v_run.trigger;
  end if;
  if not v_task.is_enabled and v_trigger <> 'manual' then
    return private.skip_task(p_name, v_trigger, 'disabled', v_run.id);
  end if;

  -- A person's word counts more than the order of things, and what has begun goes on.
  v_waits := case when v_trigger in ('manual', 'continued') then '{}' else private.task_waits_for(p_name) end;
  if v_run.id is null then
    insert into private.system_task_runs (name, status, trigger, attempt)
    values (p_name, 'queued', v_trigger, private.task_attempt(p_name))
    returning * into v_run;
  end if;
  if v_waits <> '{}' then
    update private.system_task_runs r set reason = 'waits for ' || array_to_string(v_waits, ', ')
    where r.id = v_run.id returning * into v_run;
    return private.task_run_reply(v_run);
  end if;
  update private.system_task_runs r set
    trigger = v_trigger, attempt = private.task_attempt(p_name), reason = null,
    started_at = case v_task.kind when 'sql' then private.now() end
  where r.id = v_run.id returning * into v_run;

  begin
    if v_task.kind = 'job' then
      if to_regprocedure('private.enqueue_job(uuid, text, jsonb, jsonb)') is null then
        return private.skip_task(p_name, v_trigger, 'not_installed', v_run.id);
      end if;
      update private.system_task_runs r set job_id = private.enqueue_job(
        private.platform_id(), v_task.handler, jsonb_build_object('task', p_name, 'task_run_id', v_run.id),
        jsonb_build_object('unique_key', p_name, 'max_attempts', v_task.max_attempts)
      )
      where r.id = v_run.id returning * into v_run;
      return private.task_run_reply(v_run);
    end if;

    select p.oid into v_function from pg_catalog.pg_proc p
    where p.pronamespace = 'private'::regnamespace and p.proname = v_task.handler and p.pronargs = p.pronargdefaults
    limit 1;
    if v_function is null then
      return private.skip_task(p_name, v_trigger, 'not_installed', v_run.id);
    end if;
    execute format('select to_jsonb(private.%I())', v_task.handler) into v_result;
    if jsonb_typeof(v_result) <> 'object' then
      v_result := jsonb_build_object('rows', v_result);
    end if;
    if v_result ? 'skipped' then
      return private.skip_task(p_name, v_trigger, v_result ->> 'skipped', v_run.id);
    end if;
    perform private.end_task_run(v_run.id, 'completed', p_result => v_result);
    if v_result -> 'more' = 'true' then
      insert into private.system_task_runs (name, status, trigger) values (p_name, 'queued', 'continued');
    end if;
  exception
    when query_canceled then
      -- By statement_timeout, by the watch, or by a person.
      perform private.end_task_run(v_run.id, 'failed', p_error => case
        when clock_timestamp() - now() >= make_interval(secs => v_task.timeout_seconds * 0.99) then jsonb_build_object(
          'code', 'task_timeout', 'message', 'It had not ended after ' || v_task.timeout_seconds || ' seconds'
        )
        else jsonb_build_object('code', 'task_cancelled', 'message', 'Somebody cancelled it')
      end);
    when others or assert_failure then
      get stacked diagnostics v_state = returned_sqlstate, v_message = message_text;
      perform private.end_task_run(v_run.id, 'failed', p_error => case v_state
        when 'PGRST' then jsonb_build_object(
          'code', v_message::jsonb ->> 'code', 'message', v_message::jsonb ->> 'message'
        )
        else jsonb_build_object('code', v_state, 'message', left(v_message, 2000))
      end);
  end;
  select * into v_run from private.system_task_runs r where r.id = v_run.id;
  return private.task_run_reply(v_run);
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
        perform private.wake_if_idle(null);
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

create or replace function engine.share_breakers (
  p_changes jsonb default '[]'::jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_changes: [{key, state, open_ms, calls, failures}], state open or closed
-- Answers [{key, open_ms, calls, failures}]: what is left alone at this moment, longest first.
declare
  v_now timestamptz := private.now();
begin
  if p_changes <> '[]' then
    -- Whoever has tried a service with success speaks for all.
    delete from private.provider_breakers b
    where b.key in (select c.key from jsonb_to_recordset(p_changes) as c (key text, state text) where c.state = 'closed')
      or b.open_until < v_now - interval '1 hour';
    insert into private.provider_breakers as b (key, calls, failures, opened_at, open_until)
    select distinct on (c.key) c.key, coalesce(c.calls, 0), coalesce(c.failures, 0), v_now,
      v_now + make_interval(secs => least(greatest(coalesce(c.open_ms, 0), 0), 3600000) / 1000)
    from jsonb_to_recordset(p_changes) as c (key text, state text, open_ms double precision, calls integer, failures integer)
    where c.state = 'open' and length(c.key) between 1 and 500
    order by c.key, c.open_ms desc
    on conflict (key) do update set
      calls = excluded.calls, failures = excluded.failures,
      opened_at = case when b.open_until < v_now then excluded.opened_at else b.opened_at end,
      open_until = greatest(b.open_until, excluded.open_until);
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'key', b.key, 'open_ms', ceil(extract(epoch from b.open_until - v_now) * 1000)::bigint,
      'calls', b.calls, 'failures', b.failures
    ) order by b.open_until desc, b.key), '[]')
    from (
      select * from private.provider_breakers o where o.open_until > v_now order by o.open_until desc limit 1000
    ) b
  );
end;
$function$;

create or replace function engine.start_waiting_task()
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_run private.system_task_runs;
begin
  -- One at a time, each in a transaction of its own: the next call starts the next.
  for v_run in
    select * from private.system_task_runs r where r.finished_at is null and r.job_id is null order by r.id
  loop
    continue when v_run.trigger not in ('manual', 'continued') and private.task_waits_for(v_run.name) <> '{}'
      and exists (select 1 from private.system_tasks t where t.name = v_run.name and t.is_enabled);
    -- Under way in another session: what was asked for by hand waits for its turn.
    continue when not private.try_lock_task(v_run.name);
    return engine.run_task(v_run.name, case when v_run.trigger in ('manual', 'continued') then v_run.trigger else 'dependency' end);
  end loop;
  return null;
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
  v_organizations uuid[];
  v_jobs_freed integer := 0;
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
      returning j.id, j.organization_id
    )
    select coalesce(array_agg(f.id), '{}'), array_agg(distinct f.organization_id) into v_freed, v_organizations from freed f;
    perform private.forget_heads(v_organizations);
  exception when others then
    raise warning 'Cannot free lapsed leases: %', sqlerrm;
    v_failed := v_failed || 'leases'::text;
  end;

  begin
    v_jobs_freed := private.sweep_jobs(v_now);
  exception when others then
    raise warning 'Cannot sweep jobs: %', sqlerrm;
    v_failed := v_failed || 'jobs'::text;
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
    select count(*) into v_awake from private.workers w where w.kind = 'worker' and private.is_awake(w);
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
    'workers_lost', coalesce(cardinality(v_workers), 0), 'jobs_freed', cardinality(v_freed) + v_jobs_freed, 'runs_expired', v_expired,
    'runs_given_up', v_lost, 'schedules_fired', v_scheduled, 'ready', v_ready, 'workers_woken', v_woken
  ) || case when v_failed = '{}' then '{}'::jsonb else jsonb_build_object('failed', to_jsonb(v_failed)) end;
end;
$function$;

create or replace function engine.update_task (
  p_name    text,
  p_changes jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_cron text := p_changes ->> 'cron';
begin
  if jsonb_typeof(p_changes) is distinct from 'object' or p_changes - array['cron', 'is_enabled'] <> '{}'
    or (p_changes ? 'is_enabled' and jsonb_typeof(p_changes -> 'is_enabled') <> 'boolean')
    or (p_changes ? 'cron' and jsonb_typeof(p_changes -> 'cron') not in ('string', 'null'))
  then
    perform private.fail('invalid_request', 'Of a task, cron (text or null) and is_enabled (true or false) can be changed', 400);
  end if;
  -- The shape; what the fields may be, pg_cron says below.
  if length(v_cron) > 100 or v_cron !~ '^([0-9A-Za-z*/,-]+ ){4}[0-9A-Za-z*/,-]+$' then
    perform private.fail('invalid_request', 'The cron expression must have five fields: minute, hour, day, month, day of week', 400);
  end if;
  update private.system_tasks t set
    custom_cron = case when p_changes ? 'cron' then nullif(v_cron, t.cron) else t.custom_cron end,
    is_enabled = coalesce((p_changes ->> 'is_enabled')::boolean, t.is_enabled),
    updated_at = private.now()
  where t.name = p_name;
  if not found then
    perform private.fail('not_found', 'No such task', 404);
  end if;
  -- Before engine.configure there is nothing to bring in line.
  if private.setting('functions_url') is not null then
    perform private.schedule_tasks();
  end if;
  return (select l.value from jsonb_array_elements(engine.list_tasks()) l where l.value ->> 'name' = p_name);
end;
$function$;

create or replace function engine.watch_tasks()
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_stopped integer := 0;
  v_closed integer;
  v_holder record;
  v_alerts jsonb;
begin
  if not pg_try_advisory_xact_lock(hashtext('millrace.task_watch')) then
    return '{"skipped": true}';
  end if;
  -- Runs in other sessions past their time-out. They note it themselves: engine.run_task catches the cancellation.
  for v_holder in
    select h.pid from private.task_holders() h
    join private.system_tasks t on t.name = h.name
    where h.since + make_interval(secs => t.timeout_seconds) < clock_timestamp()
  loop
    begin
      v_stopped := v_stopped + pg_cancel_backend(v_holder.pid)::integer;
    exception when insufficient_privilege then
      raise warning 'Cannot cancel a task that is past its time-out: its session belongs to another role';
    end;
  end loop;
  v_closed := private.close_lost_runs();
  v_alerts := private.raise_alerts();
  return jsonb_build_object('stopped', v_stopped, 'closed', v_closed) || v_alerts;
end;
$function$;

create or replace function engine.work_bulk_operation (
  p_operation_id uuid,
  p_runs         integer          default 200,
  p_seconds      double precision default 2
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_operation public.bulk_operations;
  v_worked integer := 0;
begin
  select * into v_operation from public.bulk_operations b where b.id = p_operation_id for update skip locked;
  if found and v_operation.finished_at is null then
    v_worked := private.work_bulk_operation(v_operation, least(greatest(p_runs, 1), 1000), least(greatest(p_seconds, 0), 5));
  end if;
  select * into v_operation from public.bulk_operations b where b.id = p_operation_id;
  if not found then
    return null;
  end if;
  return jsonb_build_object(
    'status', v_operation.status, 'total', v_operation.total, 'done', v_operation.done, 'failed', v_operation.failed,
    'worked', v_worked
  );
end;
$function$;

create or replace function private.activate_turns (
  p_organization_ids uuid[]
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_clock bigint := (select c.last_value from private.job_clock c);
  v_count integer;
begin
  insert into private.job_turns as t (organization_id, virtual_time, weight, max_running)
  select u.id, v_clock - 1, coalesce(p.queue_weight, 1), p.max_concurrent_jobs
  from (select distinct i from unnest(p_organization_ids) i) u (id)
  left join public.organizations o on o.id = u.id
  left join public.plans p on p.id = o.plan_id
  order by u.id
  on conflict (organization_id) do update set
    -- Just before those who have waited: whoever has little to do does not wait for those who have much.
    virtual_time = greatest(t.virtual_time, excluded.virtual_time), is_active = true,
    weight = excluded.weight, max_running = excluded.max_running, head_until = '-infinity'
    where not t.is_active;
  get diagnostics v_count = row_count;
  return v_count;
end;
$function$;

create or replace function private.admit_jobs (
  p_lease_id uuid,
  p_job_ids  uuid[],
  p_now      timestamp with time zone
)
  returns uuid[]
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_job record;
  v_admitted uuid[] := '{}';
begin
  for v_job in
    select j.*, j.organization_id || ':' || j.concurrency_key as limit_key
    from public.job_queue j
    where j.id = any (p_job_ids)
    order by limit_key nulls first, j.priority, j.scheduled_for, j.id
  loop
    if v_job.expires_at <= p_now then
      perform private.end_queued_job(v_job.id, 'expired', '{"code": "expired", "message": "It had not begun in time"}');
      continue;
    end if;
    if v_job.limit_key is not null then
      perform private.lock_concurrency_key(v_job.limit_key);
      if (select count(*) from private.job_slots s where s.limit_key = v_job.limit_key) >= v_job.concurrency_limit then
        -- Out of the way of claims until a place is free.
        update public.job_queue j set status = 'blocked' where j.id = v_job.id;
        continue;
      end if;
      insert into private.job_slots (limit_key, job_id, lease_id) values (v_job.limit_key, v_job.id, p_lease_id);
    end if;
    v_admitted := v_admitted || v_job.id;
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
    perform private.wake_if_idle(v_run.organization_id);
  else
    update public.job_queue j set payload = jsonb_build_object('wait', jsonb_build_object('kind', 'limit', 'name', v_full))
    where j.id = p_token_id and j.payload -> 'wait' ->> 'name' <> v_full;
  end if;
  return v_full;
end;
$function$;

create or replace function private.apply_retention (
  p_limit   bigint  default 100000,
  p_seconds numeric default 5
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_until timestamptz := clock_timestamp() + make_interval(secs => p_seconds);
  v_rewrite private.partition_rewrites;
  v_week record;
  v_step jsonb;
  v_deleted bigint;
  v_failing integer;
  v_report jsonb := '{}';
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'Retention has to see what others commit meanwhile: call it in READ COMMITTED';
  end if;
  -- One at a time; a second one has nothing to do.
  if not pg_try_advisory_xact_lock(hashtext('millrace.retention')) then
    return '{"skipped": true, "more": false}';
  end if;
  v_deleted := private.purge_webhook_events(least(p_limit, 5000));
  if v_deleted > 0 then
    v_report := jsonb_build_object('webhook_events', v_deleted, 'more', v_deleted = least(p_limit, 5000));
  end if;
  v_failing := private.warn_of_archives();
  if v_failing > 0 then
    v_report := v_report || jsonb_build_object('archives_failing', v_failing);
  end if;

  -- One step a call: what the next one needs has to be committed, and what a swap locks is let go of at once.
  select * into v_rewrite from private.partition_rewrites r where r.phase <> 'idle' order by r.tries, r.began_at limit 1;
  if found then
    v_step := private.continue_rewrite(v_rewrite, p_limit, v_until);
    return v_report || v_step;
  end if;
  for v_week in
    select w.kind, w.week
    from (
      select k.kind, to_date(substring(c.relname from '\d{4}w\d{2}$'), 'IYYY"w"IW') as week
      from (values ('runs'), ('jobs')) as k (kind)
      cross join lateral (select t.parent from private.retained_tables(k.kind) t limit 1) p
      join pg_catalog.pg_inherits i on i.inhparent = ('public.' || p.parent)::regclass
      join pg_catalog.pg_class c on c.oid = i.inhrelid and c.relname ~ '_\d{4}w\d{2}$'
      union
      select k.kind, d.week
      from (values ('runs'), ('jobs')) as k (kind)
      cross join lateral (select t.parent from private.retained_tables(k.kind) t limit 1) p
      cross join lateral private.weeks_of_default(p.parent) as d (week)
    ) w
    left join private.partition_rewrites r on r.kind = w.kind and r.week = w.week
    where (w.week + 8)::timestamp at time zone 'UTC' <= private.now()
      and coalesce(r.looked_at < private.now() - interval '20 hours', true)
    order by r.looked_at nulls first, w.week
  loop
    v_step := private.look_at_week(v_week.kind, v_week.week, p_limit);
    v_report := v_report || v_step;
    exit when v_step ? 'began' or v_step ? 'deleted' or v_step ? 'dropped';
    if clock_timestamp() >= v_until then
      v_report := v_report || '{"more": true}';
      exit;
    end if;
  end loop;
  delete from private.partition_rewrites r
  where r.phase = 'idle' and r.looked_at < private.now() - interval '60 days';
  return '{"more": false}'::jsonb || v_report;
end;
$function$;

create or replace function private.archives_runs (
  p_organization_id uuid
)
  returns boolean
  language sql
  stable
  set search_path to ''
  AS $function$
  select exists (
    select 1
    from public.organizations o
    left join private.plan_downgrades d on d.organization_id = o.id and d.until > private.now()
    join public.plans p on p.id in (o.plan_id, d.plan_id) and p.archives_runs
    where o.id = p_organization_id
  );
$function$;

create or replace function private.begin_rewrite (
  p_kind text,
  p_week date
)
  returns boolean
  language plpgsql
  set search_path to ''
  set lock_timeout to '200ms'
  AS $function$
declare
  v_range record;
  v_table record;
  v_old text;
  v_copy text;
begin
  if not private.note_expired(p_kind, p_week) then
    return false;
  end if;

  select * into v_range from private.week_range(p_week);
  for v_table in select * from private.retained_tables(p_kind) loop
    v_old := private.partition_name(v_table.parent, p_week);
    v_copy := 'keep_' || v_old;
    execute format('drop table if exists private.%I', v_copy);
    execute format(
      'create table private.%I (like public.%I including defaults including constraints including storage including compression)',
      v_copy, v_table.parent
    );
    -- Says that no row of it is of another week, so that nobody has to look when it takes its place.
    execute format('alter table private.%I add constraint is_of_its_week check (%I >= %L and %I < %L)',
      v_copy, v_table.key, v_range.low, v_table.key, v_range.high);
    execute format('alter table private.%I enable row level security', v_copy);
    execute format('revoke all on table private.%I from public, anon, authenticated, service_role', v_copy);
    execute format('comment on table private.%I is %L', v_copy, 'A week of ' || v_table.parent || '.');
    execute format('drop trigger if exists note_change on public.%I', v_old);
    -- Commits with this transaction, before the first row is copied: what is written from then on is copied once more.
    execute format(
      'create trigger note_change after insert or update or delete on public.%I for each row
         execute function private.note_partition_change(%L, %L, %L)', v_old, p_kind, p_week, v_table.key
    );
  end loop;
  delete from private.partition_changes c where c.kind = p_kind and c.week = p_week;
  update private.partition_rewrites r set
    phase = 'copying', position = '00000000-0000-0000-0000-000000000000', copied = 0,
    began_at = private.now(), tries = 0, error = null
  where r.kind = p_kind and r.week = p_week;
  return true;
end;
$function$;

create or replace function private.begin_tokens (
  p_worker_id uuid,
  p_ids       uuid[],
  p_now       timestamp with time zone
)
  returns uuid[]
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_ids uuid[];
begin
  -- A queued run begins. One that someone else holds (it is being cancelled) is left alone with its token: never wait for a
  -- run while holding tokens.
  with begun as (
    update public.runs r set status = 'running', started_at = p_now
    where r.id in (
      select q.id from public.runs q
      where q.id in (select j.run_id from public.job_queue j where j.id = any (p_ids))
        and q.status = 'queued'
      for update skip locked
    )
    returning r.id
  )
  select coalesce(array_agg(j.id), '{}') into v_ids
  from public.job_queue j
  left join public.runs r on r.id = j.run_id
  where j.id = any (p_ids) and r.status is distinct from 'paused'
    and (r.status is distinct from 'queued' or r.id in (select b.id from begun b));

  -- What became ready of a run that is paused parks until it is resumed.
  if cardinality(v_ids) < cardinality(p_ids) then
    update public.job_queue j set status = 'paused'
    from public.runs r
    where j.id = any (p_ids) and j.id <> all (v_ids) and r.id = j.run_id and r.status = 'paused';
  end if;

  update public.job_queue j set
    status = 'running', worker_id = p_worker_id, epoch = j.epoch + 1, attempts = j.attempts + 1, started_at = p_now
  where j.id = any (v_ids);
  return v_ids;
end;
$function$;

create or replace function private.cancel_job (
  p_job_id uuid
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_queued public.job_queue;
  v_job jsonb;
begin
  -- A job may go from the queue to a worker and back between two looks.
  for v_try in 1..5 loop
    select * into v_queued from public.job_queue j where j.id = p_job_id for update;
    if found then
      if v_queued.run_id is not null then
        perform private.fail('conflict', 'This is a step of a run: cancel the run', 409, jsonb_build_object('run_id', v_queued.run_id));
      end if;
      perform private.end_queued_job(p_job_id, 'cancelled');
      return private.find_job(p_job_id);
    end if;
    insert into private.job_states as s (job_id, organization_id, cancel_requested_at, updated_at)
    select l.id, l.organization_id, private.now(), private.now() from private.leased_jobs() l where l.id = p_job_id
    on conflict (job_id) do update set
      cancel_requested_at = coalesce(s.cancel_requested_at, excluded.cancel_requested_at), updated_at = excluded.updated_at;
    v_job := private.find_job(p_job_id);
    exit when v_job is null or v_job ->> 'status' = any ('{running,completed,dead,cancelled,expired}'::text[]);
  end loop;
  if v_job is null then
    perform private.fail('not_found', 'No such job', 404);
  elsif v_job ->> 'status' = any ('{completed,dead,expired}'::text[]) then
    perform private.fail('conflict', format('The job has ended already: it is %s', v_job ->> 'status'), 409);
  end if;
  return v_job;
end;
$function$;

create or replace function private.causing_run (
  p_organization_id uuid
)
  returns public.runs
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_id uuid := private.to_uuid(nullif(current_setting('millrace.run_id', true), ''));
  v_run public.runs;
begin
  if v_id is null and current_setting('request.headers', true) like '%idempotency-key%' then
    -- An HTTP request node names its run and node in this header, unless it is told not to.
    v_id := private.to_uuid(left(private.json_setting('request.headers') ->> 'idempotency-key', 36));
  end if;
  if v_id is not null then
    select * into v_run from public.runs r
    where r.id = v_id and r.organization_id = p_organization_id and r.finished_at is null;
  end if;
  return v_run;
end;
$function$;

create or replace function private.change_actor (
  p_claims text[]
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_claims jsonb := private.json_setting('request.jwt.claims');
begin
  return jsonb_build_object(
    'user_id', v_claims ->> 'sub',
    -- In a security definer function, current_user is its owner; these two are not touched by that.
    'role', coalesce(nullif(current_setting('role', true), 'none'), session_user),
    'email', v_claims ->> 'email',
    'claims', (
      select coalesce(jsonb_object_agg(c.key, c.value), '{}') from jsonb_each(v_claims) c where c.key = any (p_claims)
    )
  );
end;
$function$;

create or replace function private.change_fits (
  p_change private.change_triggers,
  p_old    jsonb,
  p_new    jsonb
)
  returns boolean
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
declare
  v_row jsonb := coalesce(p_new, p_old);
begin
  if p_old is not null and p_new is not null then
    if p_change.columns is null then
      if p_old - p_change.excluded = p_new - p_change.excluded then
        return false;
      end if;
    elsif not exists (select 1 from unnest(p_change.columns) c where p_old -> c <> p_new -> c) then
      return false;
    end if;
  end if;
  return p_change.condition is null or not exists (
    select 1 from jsonb_each(p_change.condition) w
    where not exists (
      select 1
      from jsonb_array_elements(case jsonb_typeof(w.value) when 'array' then w.value else jsonb_build_array(w.value) end) v
      where v.value = v_row -> w.key
    )
  );
end;
$function$;

create or replace function private.change_obstacle (
  p_change private.change_triggers,
  p_flow   public.flows,
  p_cause  public.runs
)
  returns text
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return case
    when p_flow.id is null or p_flow.current_version_id is null then 'flow_deleted'
    -- Changes that runs make, and triggers of the tenant's own that go round in circles.
    when p_cause.depth >= p_change.max_depth or pg_trigger_depth() > 16 then 'too_deep'
    else private.schedule_obstacle(p_flow)
  end;
end;
$function$;

create or replace function private.change_options (
  p_table   regclass,
  p_flow_id uuid,
  p_options jsonb
)
  returns private.change_triggers
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_change private.change_triggers;
  v_option text;
  v_value jsonb;
  v_kind text;
  v_column text;
begin
  if jsonb_typeof(p_options) is distinct from 'object' then
    perform private.fail('invalid_request', 'The options are an object', 400);
  end if;
  for v_option, v_value in select e.key, e.value from jsonb_each(p_options) e loop
    v_kind := case
      when v_option in ('on', 'columns', 'exclude', 'claims') then 'array'
      when v_option = 'when' then 'object'
      when v_option in ('name', 'trigger_node') then 'string'
      when v_option in ('batch', 'max_runs', 'max_depth') then 'number'
      when v_option = 'required' then 'boolean'
    end;
    if v_kind is null then
      perform private.fail('invalid_request', format('There is no option "%s": there are on, columns, when, exclude, claims, batch, max_runs, max_depth, required, trigger_node and name', v_option), 400);
    elsif jsonb_typeof(v_value) <> v_kind then
      perform private.fail('invalid_request', format('The option "%s" is of the type %s', v_option, v_kind), 400);
    elsif v_kind = 'array' and jsonb_path_exists(v_value, 'strict $[*] ? (@.type() != "string")') then
      perform private.fail('invalid_request', format('The option "%s" is a list of names', v_option), 400);
    elsif v_kind = 'number' and (v_value::numeric % 1 <> 0 or v_value::numeric not between 0 and 10000) then
      perform private.fail('invalid_request', format('The option "%s" is a whole number up to 10,000', v_option), 400);
    end if;
  end loop;

  v_change.flow_id := p_flow_id;
  v_change.name := coalesce(p_options ->> 'name', 'default');
  v_change.operations := private.text_list(p_options -> 'on', '{insert,update,delete}');
  v_change.columns := private.text_list(p_options -> 'columns', null);
  v_change.condition := nullif(p_options -> 'when', '{}');
  v_change.excluded := private.text_list(p_options -> 'exclude', '{}');
  v_change.claims := private.text_list(p_options -> 'claims', '{}');
  v_change.trigger_node := p_options ->> 'trigger_node';
  v_change.batch := coalesce((p_options -> 'batch')::integer, 1);
  v_change.max_runs := coalesce((p_options -> 'max_runs')::integer, 1000);
  v_change.max_depth := least(coalesce((p_options -> 'max_depth')::integer, 10), 100);
  v_change.required := coalesce((p_options -> 'required')::boolean, false);

  if v_change.name !~ '^[a-z][a-z0-9_-]{0,39}$' then
    perform private.fail('invalid_request', 'A name is up to 40 lower-case letters, digits, hyphens and underscores, a letter first', 400);
  elsif not v_change.operations <@ '{insert,update,delete}' or v_change.operations = '{}' then
    perform private.fail('invalid_request', 'The option "on" lists insert, update, delete, or some of them', 400);
  elsif v_change.columns is not null and not 'update' = any (v_change.operations) then
    perform private.fail('invalid_request', 'The option "columns" is about updates, and they are not listed in "on"', 400);
  elsif v_change.batch < 1 or v_change.max_runs < 1 then
    perform private.fail('invalid_request', 'The options "batch" and "max_runs" are 1 at least', 400);
  elsif v_change.max_depth > 10 then
    perform private.fail('invalid_request', 'The option "max_depth" is 10 at most', 400);
  end if;
  for v_column in
    select c from unnest(v_change.columns || v_change.excluded) c
    union select k from jsonb_object_keys(coalesce(v_change.condition, '{}')) k
  loop
    if not exists (
      select 1 from pg_catalog.pg_attribute a
      where a.attrelid = p_table and a.attname = v_column and a.attnum > 0 and not a.attisdropped
    ) then
      perform private.fail('invalid_request', format('The table %s has no column "%s"', p_table, v_column), 400);
    end if;
  end loop;
  perform private.check_trigger_node(p_flow_id, v_change.trigger_node);
  return v_change;
end;
$function$;

create or replace function private.change_tables()
  returns table (
    change_id    uuid,
    table_id     oid,
    trigger_name name,
    is_enabled   boolean
  )
  language sql
  stable
  set search_path to ''
  AS $function$
  select (split_part(encode(t.tgargs, 'escape'), '\000', 1))::uuid, t.tgrelid, t.tgname, t.tgenabled <> 'D'
  from pg_catalog.pg_trigger t
  where t.tgfoid = 'private.start_changed_flow()'::regprocedure and not t.tgisinternal;
$function$;

create or replace function private.check_dead_letter_filter (
  p_filter jsonb,
  p_limit  integer
)
  returns void
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  if p_limit is null or p_limit not between 1 and 1000 then
    perform private.fail('invalid_request', 'The limit is 1 to 1000', 400);
  elsif jsonb_typeof(p_filter) = 'object' and p_filter ? 'status' then
    perform private.fail('invalid_request', 'Dead letters can not be filtered by "status"', 400);
  end if;
end;
$function$;

create or replace function private.check_leases()
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_late timestamptz := private.now() - interval '1 minute';
  v_workers integer;
  v_tokens integer;
  v_jobs integer;
begin
  select count(*) into v_workers from private.workers w where w.expires_at < v_late;
  select count(*) into v_tokens from public.job_queue j
  where j.worker_id is not null and j.started_at < v_late
    and not exists (select 1 from private.workers w where w.id = j.worker_id);
  select count(*) into v_jobs from private.job_leases l
  where l.started_at < v_late and not exists (select 1 from private.workers w where w.id = l.worker_id);
  if v_workers + v_tokens + v_jobs > 0 then
    raise exception 'Leases that lapsed over a minute ago have not been given away: % workers, % tokens, % batches of jobs. Does the clock (engine.tick, job millrace-tick of pg_cron) run?',
      v_workers, v_tokens, v_jobs;
  end if;
  return jsonb_build_object('workers', (select count(*) from private.workers));
end;
$function$;

create or replace function private.clean_rate_limits()
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_gone integer := 0;
  v_some integer;
begin
  for v_round in 1..100 loop
    v_some := private.purge_rate_limits(10000);
    v_gone := v_gone + v_some;
    exit when v_some < 10000;
  end loop;
  return v_gone;
end;
$function$;

create or replace function private.close_lost_runs (
  p_name text default null::text
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_run record;
  v_lease record;
  v_past record;
  v_closed integer := 0;
begin
  -- Whoever holds a row is closing it: a worker that settles its job, or another session here.
  for v_run in
    select r.id, r.name, r.status, r.job_id, r.created_at, t.timeout_seconds
    from private.system_task_runs r
    join private.system_tasks t on t.name = r.name
    where r.finished_at is null and r.job_id is not null and (p_name is null or r.name = p_name)
    order by r.id
    for update of r skip locked
  loop
    -- Its end was not told, for somebody else held the row.
    select h.status, h.error into v_past from public.job_history h where h.id = v_run.job_id;
    if found then
      perform private.task_ended(jsonb_build_object('job', v_run.job_id), v_past.status, v_past.error);
      v_closed := v_closed + 1;
      continue;
    end if;
    if v_run.created_at + make_interval(secs => v_run.timeout_seconds) < v_now then
      -- In this order: the end of the job finds its run closed.
      perform private.end_task_run(v_run.id, 'failed', p_error => jsonb_build_object(
        'code', 'task_timeout', 'message', 'It had not ended after ' || v_run.timeout_seconds || ' seconds'
      ));
      perform private.stop_task_job(v_run.job_id);
      v_closed := v_closed + 1;
      continue;
    end if;
    -- A worker that was lost is none of our business while its job lives: engine.tick puts that back.
    select l.started_at into v_lease from private.job_leases l
    where v_run.job_id = any (l.job_ids) limit 1;
    if found then
      update private.system_task_runs r set status = 'running', started_at = v_lease.started_at
      where r.id = v_run.id and r.status = 'queued';
    elsif not exists (select 1 from public.job_queue j where j.id = v_run.job_id) then
      perform private.end_task_run(v_run.id, 'failed', p_error => jsonb_build_object(
        'code', 'job_lost', 'message', 'Its job is neither waiting, nor with a worker, nor in the history'
      ));
      v_closed := v_closed + 1;
    end if;
  end loop;
  return v_closed;
end;
$function$;

create or replace function private.columns_of (
  p_table text
)
  returns text
  language sql
  stable
  set search_path to ''
  AS $function$
  select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
  from pg_catalog.pg_attribute a
  where a.attrelid = p_table::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '';
$function$;

create or replace function private.continue_rewrite (
  p_rewrite private.partition_rewrites,
  p_limit   bigint,
  p_until   timestamp with time zone
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_copied bigint;
  v_done boolean;
  v_report jsonb := jsonb_build_object('kind', p_rewrite.kind, 'week', p_rewrite.week);
begin
  if p_rewrite.phase = 'copying' then
    v_copied := private.copy_survivors(p_rewrite.kind, p_rewrite.week, p_limit, p_until);
    return jsonb_build_object('copied', v_report || jsonb_build_object('rows', v_copied), 'more', true);
  end if;
  v_done := private.swap_partition(p_rewrite.kind, p_rewrite.week, p_until);
  return case when v_done
    then jsonb_build_object('swapped', v_report || jsonb_build_object('rows', p_rewrite.copied), 'more', true)
    else jsonb_build_object('gave_way', v_report, 'more', true) end;
exception
  when lock_not_available or deadlock_detected then
    update private.partition_rewrites r set tries = r.tries + 1 where r.kind = p_rewrite.kind and r.week = p_rewrite.week;
    if p_rewrite.tries % 1000 = 999 then
      raise warning 'Retention cannot swap the partitions of % of %: somebody was in the way % times', p_rewrite.kind, p_rewrite.week, p_rewrite.tries + 1;
    end if;
    return jsonb_build_object('gave_way', v_report, 'more', false);
  when query_canceled then
    raise;
  when others then
    -- A migration, for example, has changed the tables since it began. The next day it begins anew.
    raise warning 'Retention gives up rewriting % of %: %', p_rewrite.kind, p_rewrite.week, sqlerrm;
    perform private.drop_rewrite(p_rewrite.kind, p_rewrite.week, sqlerrm);
    return jsonb_build_object('failed', v_report || jsonb_build_object('error', sqlerrm), 'more', false);
end;
$function$;

create or replace function private.copy_changes (
  p_kind  text,
  p_week  date,
  p_limit integer
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_ids uuid[];
  v_table record;
begin
  -- First forgotten, then read: what is written in between is noted anew.
  with taken as (
    delete from private.partition_changes c where c.ctid in (
      select o.ctid from private.partition_changes o where o.kind = p_kind and o.week = p_week limit p_limit
    ) returning c.id
  )
  select array_agg(distinct t.id) into v_ids from taken t;
  if v_ids is null then
    return 0;
  end if;
  for v_table in select * from private.retained_tables(p_kind) loop
    execute format('delete from private.%I t where t.%I = any ($1)', 'keep_' || private.partition_name(v_table.parent, p_week), v_table.key)
      using v_ids;
  end loop;
  perform private.copy_runs(p_kind, p_week, v_ids);
  return cardinality(v_ids);
end;
$function$;

create or replace function private.copy_runs (
  p_kind text,
  p_week date,
  p_ids  uuid[]
)
  returns bigint
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_table record;
  v_ids uuid[];
  v_old text;
  v_copy text;
  v_rows bigint;
  v_copied bigint := 0;
begin
  for v_table in select * from private.retained_tables(p_kind) loop
    v_old := private.partition_name(v_table.parent, p_week);
    v_copy := 'keep_' || v_old;
    if v_ids is null then
      execute format(
        'with copied as (
           insert into private.%1$I (%2$s) select %2$s from public.%3$I t where t.id = any ($1) and (%4$s) order by t.id returning id
         ) select coalesce(array_agg(c.id), ''{}'') from copied c',
        v_copy, private.columns_of('public.' || v_table.parent), v_old, private.survives(p_kind, p_week)
      ) into v_ids using p_ids;
      v_copied := cardinality(v_ids);
    else
      execute format(
        'insert into private.%1$I (%2$s) select %2$s from public.%3$I t where t.%4$I = any ($1) order by t.%4$I',
        v_copy, private.columns_of('public.' || v_table.parent), v_old, v_table.key
      ) using v_ids;
      get diagnostics v_rows = row_count;
      v_copied := v_copied + v_rows;
    end if;
  end loop;
  return v_copied;
end;
$function$;

create or replace function private.copy_survivors (
  p_kind  text,
  p_week  date,
  p_limit bigint,
  p_until timestamp with time zone
)
  returns bigint
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_old text := private.partition_name((select t.parent from private.retained_tables(p_kind) t limit 1), p_week);
  v_position uuid;
  v_ids uuid[];
  v_copied bigint := 0;
begin
  select r.position into v_position from private.partition_rewrites r where r.kind = p_kind and r.week = p_week;
  loop
    execute format('select array_agg(o.id order by o.id) from (select t.id from public.%I t where t.id > $1 order by t.id limit 1000) o', v_old)
      into v_ids using v_position;
    exit when v_ids is null;
    v_copied := v_copied + private.copy_runs(p_kind, p_week, v_ids);
    v_position := v_ids[cardinality(v_ids)];
    exit when v_copied >= p_limit or clock_timestamp() >= p_until;
  end loop;
  update private.partition_rewrites r set
    position = v_position, copied = r.copied + v_copied, phase = case when v_ids is null then 'swapping' else 'copying' end
  where r.kind = p_kind and r.week = p_week;
  if v_ids is null then
    perform private.index_copies(p_kind, p_week);
  end if;
  return v_copied;
end;
$function$;

create or replace function private.count_running (
  p_organization_id uuid
)
  returns integer
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select count(*) from public.job_queue j where j.worker_id is not null and j.organization_id = p_organization_id
  ) + (
    select count(*) from private.job_leases l cross join lateral unnest(l.organization_ids) u (id) where u.id = p_organization_id
  );
end;
$function$;

create or replace function private.count_usage()
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_this timestamptz := date_trunc('hour', private.now(), 'UTC');
  v_from timestamptz := private.setting('usage_counted_to')::timestamptz;
  v_hour timestamptz;
  v_hours integer := 0;
  v_late integer := 0;
  v_rows integer := 0;
begin
  if v_from is null then
    -- For the first time: what there is, of a month.
    v_from := greatest(date_trunc('hour', least(
      (select r.created_at from public.runs r order by r.id limit 1),
      (select e.received_at from public.webhook_events e order by e.id limit 1),
      v_this
    ), 'UTC'), v_this - interval '31 days');
  end if;
  -- The hour before, once more: something of it may have been committed after it was counted.
  v_from := least(v_from, v_this) - interval '1 hour';

  -- Earlier hours of which a run has ended since. Open runs are those that have tokens.
  for v_hour in
    select u.hour from public.usage_hourly u where u.runs_open > 0 and u.hour < v_from
    group by u.hour
    having sum(u.runs_open) <> (
      select count(distinct j.run_id) from public.job_queue j
      where j.run_id >= private.uuid_v7_floor(u.hour) and j.run_id < private.uuid_v7_floor(u.hour + interval '1 hour')
    )
    order by u.hour
  loop
    v_rows := v_rows + private.count_usage_of(v_hour);
    v_late := v_late + 1;
  end loop;
  for v_hour in select g.hour from generate_series(v_from, v_this, interval '1 hour') g (hour) loop
    v_rows := v_rows + private.count_usage_of(v_hour);
    v_hours := v_hours + 1;
  end loop;

  insert into private.settings (name, value) values ('usage_counted_to', v_this::text)
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
  return jsonb_build_object('hours', v_hours, 'late_hours', v_late, 'rows', v_rows);
end;
$function$;

create or replace function private.count_usage_of (
  p_hour timestamp with time zone
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_from uuid := private.uuid_v7_floor(p_hour);
  v_to uuid := private.uuid_v7_floor(p_hour + interval '1 hour');
  v_rows integer;
begin
  with
  runs as (
    select r.organization_id, count(*) as started,
      count(*) filter (where r.status = 'completed') as completed,
      count(*) filter (where r.status in ('failed', 'compensated', 'compensation_failed')) as failed,
      count(*) filter (where r.status = 'cancelled') as cancelled,
      count(*) filter (where r.finished_at is null) as open
    from public.runs r
    where r.id >= v_from and r.id < v_to and r.pins is null
    group by r.organization_id
  ),
  steps as (
    select s.organization_id, count(*) as steps
    from public.run_steps s
    join public.runs r on r.id = s.run_id and r.id >= v_from and r.id < v_to and r.pins is null
    where s.run_id >= v_from and s.run_id < v_to and s.status <> 'skipped'
    group by s.organization_id
  ),
  jobs as (
    select c.organization_id, sum(c.completed + c.dead) as jobs
    from private.job_counts c
    where c.minute >= p_hour and c.minute < p_hour + interval '1 hour'
    group by c.organization_id
  ),
  events as (
    select e.organization_id, count(*) as events
    from public.webhook_events e
    where e.id >= v_from and e.id < v_to and e.replay_of is null and not e.is_test
    group by e.organization_id
  ),
  -- An organization that is being deleted takes its numbers with it.
  tenants as (
    select o.id from public.organizations o
    where o.id in (
      select r.organization_id from runs r union select j.organization_id from jobs j union select e.organization_id from events e
    )
    order by o.id for key share
  )
  insert into public.usage_hourly as u (
    organization_id, hour, runs_started, runs_completed, runs_failed, runs_cancelled, runs_open, steps, jobs, webhook_events,
    counted_at
  )
  select t.id, p_hour, coalesce(r.started, 0), coalesce(r.completed, 0), coalesce(r.failed, 0), coalesce(r.cancelled, 0),
    coalesce(r.open, 0), coalesce(s.steps, 0), coalesce(j.jobs, 0), coalesce(e.events, 0), private.now()
  from tenants t
  left join runs r on r.organization_id = t.id
  left join steps s on s.organization_id = t.id
  left join jobs j on j.organization_id = t.id
  left join events e on e.organization_id = t.id
  -- What was counted stays counted, though runs, events and the counts of jobs are deleted in time.
  on conflict (organization_id, hour) do update set
    runs_started = greatest(u.runs_started, excluded.runs_started),
    runs_completed = greatest(u.runs_completed, excluded.runs_completed),
    runs_failed = greatest(u.runs_failed, excluded.runs_failed),
    runs_cancelled = greatest(u.runs_cancelled, excluded.runs_cancelled),
    runs_open = excluded.runs_open,
    steps = greatest(u.steps, excluded.steps),
    jobs = greatest(u.jobs, excluded.jobs),
    webhook_events = greatest(u.webhook_events, excluded.webhook_events),
    counted_at = excluded.counted_at;
  get diagnostics v_rows = row_count;

  -- Of whom nothing is left, nothing is open.
  update public.usage_hourly u set runs_open = 0
  where u.hour = p_hour and u.runs_open > 0 and not exists (
    select 1 from public.runs r
    where r.organization_id = u.organization_id and r.id >= v_from and r.id < v_to and r.finished_at is null
  );
  return v_rows;
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
  p_may_refuse       boolean      default false,
  p_waits_for_nobody boolean      default false
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
    v_full := private.take_slots(v_run, p_waits_for_nobody);
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
  if v_worker is null then
    perform private.give_turn(v_run.organization_id);
  end if;
  if p_entity_id is not null then
    perform private.attach_entity(v_run);
  end if;
  return v_run;
end;
$function$;

create or replace function private.depth_of (
  p_numbers jsonb
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select jsonb_build_object(
    'queued', coalesce(sum(n.jobs) filter (where n.status = 'queued'), 0),
    'delayed', coalesce(sum(n.jobs) filter (where n.status = 'delayed'), 0),
    'blocked', coalesce(sum(n.jobs) filter (where n.status = 'blocked'), 0),
    'waiting', coalesce(sum(n.jobs) filter (where n.status = 'waiting'), 0),
    'paused', coalesce(sum(n.jobs) filter (where n.status = 'paused'), 0),
    'running', coalesce(sum(n.jobs) filter (where n.status = 'running'), 0),
    'dead_letters', coalesce(sum(n.jobs) filter (where n.status = 'dead_letters'), 0),
    'oldest_due_at', min(n.oldest_due_at),
    'oldest_due_seconds', extract(epoch from private.now() - min(n.oldest_due_at))::bigint
  )
  from jsonb_to_recordset(p_numbers) as n (status text, jobs bigint, oldest_due_at timestamptz);
$function$;

create or replace function private.discard_dead_letter (
  p_job_id uuid
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  delete from public.job_history h where h.id = p_job_id and h.status = 'dead';
  if not found then
    perform private.fail('not_found', 'No such dead letter', 404);
  end if;
end;
$function$;

create or replace function private.discard_dead_letters (
  p_organization_id uuid,
  p_filter          jsonb,
  p_limit           integer,
  p_dry_run         boolean
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_which text := 'public.job_history j where j.status = ''dead'' and j.replayed_as is null and '
    || private.job_conditions(p_organization_id, coalesce(p_filter, '{}'));
  v_discarded bigint := 0;
  v_left bigint;
begin
  perform private.check_dead_letter_filter(p_filter, p_limit);
  if not coalesce(p_dry_run, false) then
    execute format(
      'delete from public.job_history h where h.id in (select j.id from %s order by j.id limit %s for update of j skip locked)',
      v_which, p_limit
    );
    get diagnostics v_discarded = row_count;
  end if;
  execute 'select count(*) from ' || v_which into v_left;
  return jsonb_build_object('discarded', v_discarded, 'left', v_left, 'dry_run', coalesce(p_dry_run, false));
end;
$function$;

create or replace function private.drop_change_triggers (
  p_change_id uuid
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_trigger record;
begin
  for v_trigger in select t.* from private.change_tables() t where t.change_id = p_change_id loop
    execute format('drop trigger %I on %s', v_trigger.trigger_name, v_trigger.table_id::regclass);
  end loop;
end;
$function$;

create or replace function private.drop_empty (
  p_kind text,
  p_week date
)
  returns boolean
  language plpgsql
  set search_path to ''
  set lock_timeout to '200ms'
  AS $function$
declare
  v_table record;
  v_name text;
  v_is_empty boolean;
  v_dropped boolean := false;
begin
  for v_table in select * from private.retained_tables(p_kind) loop
    v_name := private.partition_name(v_table.parent, p_week);
    continue when to_regclass('public.' || v_name) is null;
    execute format('select not exists (select 1 from public.%I)', v_name) into v_is_empty;
    if not v_is_empty then
      return v_dropped;
    end if;
    execute format('lock table only public.%I in access exclusive mode', v_table.parent);
    execute format('select not exists (select 1 from public.%I)', v_name) into v_is_empty;
    if v_is_empty then
      execute format('drop table public.%I', v_name);
      v_dropped := true;
    end if;
  end loop;
  return v_dropped;
end;
$function$;

create or replace function private.drop_rewrite (
  p_kind  text,
  p_week  date,
  p_error text
)
  returns void
  language plpgsql
  set search_path to ''
  set lock_timeout to '200ms'
  AS $function$
declare
  v_table record;
  v_name text;
begin
  for v_table in select * from private.retained_tables(p_kind) loop
    v_name := private.partition_name(v_table.parent, p_week);
    execute format('drop table if exists private.%I', 'keep_' || v_name);
    if to_regclass('public.' || v_name) is not null then
      execute format('drop trigger if exists note_change on public.%I', v_name);
    end if;
  end loop;
  delete from private.partition_changes c where c.kind = p_kind and c.week = p_week;
  delete from private.partition_expired e where e.kind = p_kind and e.week = p_week;
  update private.partition_rewrites r set
    phase = 'idle', began_at = null, error = p_error, looked_at = private.now(), referred = '{}'
  where r.kind = p_kind and r.week = p_week;
end;
$function$;

create or replace function private.end_queued_job (
  p_job_id uuid,
  p_status text,
  p_error  jsonb default null::jsonb
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_job public.job_queue;
begin
  delete from public.job_queue j where j.id = p_job_id and j.run_id is null returning * into v_job;
  if not found then
    return;
  end if;
  insert into public.job_history (
    id, organization_id, type, status, priority, attempts, max_attempts, payload, error, unique_key, concurrency_key,
    scheduled_for, created_at, completed_at
  )
  values (
    v_job.id, v_job.organization_id, v_job.type, p_status, v_job.priority, v_job.attempts, v_job.max_attempts, v_job.payload,
    p_error, v_job.unique_key, v_job.concurrency_key,
    v_job.scheduled_for, v_job.created_at, private.now()
  );
  perform private.tell_task(v_job.organization_id, v_job.type, v_job.id, v_job.unique_key, p_status, p_error);
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
    perform private.wake_if_idle(v_run.organization_id);
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

create or replace function private.end_task_run (
  p_run_id     uuid,
  p_status     text,
  p_reason     text                     default null::text,
  p_result     jsonb                    default null::jsonb,
  p_error      jsonb                    default null::jsonb,
  p_started_at timestamp with time zone default null::timestamp with time zone
)
  returns void
  language sql
  set search_path to ''
  AS $function$
  update private.system_task_runs r set
    status = p_status,
    reason = p_reason,
    result = p_result,
    error = case when p_status = 'failed' then coalesce(p_error, '{"code": "internal", "message": "It failed without a word"}') end,
    started_at = coalesce(p_started_at, r.started_at),
    finished_at = private.now()
  where r.id = p_run_id and r.finished_at is null;
$function$;

create or replace function private.enqueue_job (
  p_organization_id uuid,
  p_type            text,
  p_payload         jsonb,
  p_options         jsonb default '{}'::jsonb
)
  returns uuid
  language sql
  set search_path to ''
  AS $function$
  select (engine.enqueue_jobs(jsonb_build_array(
    p_options || jsonb_build_object('organization_id', p_organization_id, 'type', p_type, 'payload', p_payload)
  )) -> 0 ->> 'id')::uuid;
$function$;

create or replace function private.enqueue_one (
  p_job jsonb,
  p_now timestamp with time zone
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_organization_id uuid := coalesce((p_job ->> 'organization_id')::uuid, private.platform_id());
  v_due timestamptz := greatest(p_now, coalesce(
    (p_job ->> 'scheduled_for')::timestamptz,
    p_now + make_interval(secs => coalesce((p_job ->> 'delay_seconds')::double precision, 0))
  ));
  v_policy text := coalesce(p_job ->> 'on_conflict', 'keep');
  v_new uuid := private.uuid_v7();
  v_id uuid;
begin
  if v_policy not in ('keep', 'replace', 'reject') then
    perform private.fail('invalid_request', 'on_conflict is keep, replace or reject', 400);
  end if;
  for v_try in 1..3 loop
    insert into public.job_queue as j (
      id, organization_id, type, payload, priority, max_attempts, scheduled_for, unique_key, concurrency_key, concurrency_limit,
      expires_at, created_at, status
    )
    values (
      v_new, v_organization_id, p_job ->> 'type', nullif(p_job -> 'payload', 'null'), coalesce((p_job ->> 'priority')::smallint, 100),
      coalesce((p_job ->> 'max_attempts')::smallint, 8), v_due, p_job ->> 'unique_key', p_job ->> 'concurrency_key',
      case when p_job ->> 'concurrency_key' is not null then coalesce((p_job ->> 'concurrency_limit')::smallint, 1) end,
      coalesce((p_job ->> 'expires_at')::timestamptz, p_now + make_interval(secs => (p_job ->> 'expires_in_seconds')::double precision)),
      p_now, private.resting_status(v_due, p_now)
    )
    on conflict (organization_id, type, unique_key) where unique_key is not null do update set
      payload = excluded.payload, priority = excluded.priority, max_attempts = excluded.max_attempts,
      scheduled_for = excluded.scheduled_for, status = excluded.status, expires_at = excluded.expires_at,
      concurrency_key = excluded.concurrency_key, concurrency_limit = excluded.concurrency_limit,
      attempts = 0, error_message = null
      where v_policy = 'replace'
    returning j.id into v_id;
    if v_id is not null then
      return jsonb_build_object('id', v_id, 'status', case when v_id = v_new then 'enqueued' else 'replaced' end);
    end if;
    select j.id into v_id from public.job_queue j
    where j.organization_id = v_organization_id and j.type = p_job ->> 'type' and j.unique_key = p_job ->> 'unique_key';
    if v_id is not null then
      return jsonb_build_object('id', v_id, 'status', case v_policy when 'keep' then 'kept' else 'rejected' end);
    end if;
    -- It began in between: then there is room for a new one.
  end loop;
  return jsonb_build_object('id', null, 'status', 'rejected');
end;
$function$;

create or replace function private.enqueue_run_archive (
  p_organization_id uuid,
  p_week            date
)
  returns uuid
  language plpgsql
  set search_path to ''
  AS $function$
begin
  return private.enqueue_job(
    p_organization_id, 'runs.archive', jsonb_build_object('organization_id', p_organization_id, 'week', p_week),
    jsonb_build_object(
      'unique_key', p_week::text, 'concurrency_key', format('runs.archive:%s:%s', p_organization_id, p_week), 'priority', 200
    )
  );
end;
$function$;

create or replace function private.find_expired (
  p_kind text,
  p_week date
)
  returns table (
    organization_id uuid,
    ended_before    timestamp with time zone
  )
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_parent text := (select t.parent from private.retained_tables(p_kind) t limit 1);
  v_query text;
  v_found boolean;
begin
  select format(
    'select exists (select 1 from public.%I t where t.organization_id = $1 and t.id >= %L and t.id < %L and t.%I < $2)',
    v_parent, w.low, w.high, case p_kind when 'runs' then 'finished_at' else 'completed_at' end
  ) into v_query from private.week_range(p_week) w;
  for organization_id, ended_before in
    select o.id,
      case when p_kind = 'runs' and private.archives_runs(o.id)
        then least(private.now() - make_interval(days => d.days), coalesce(w.archived_until, '-infinity'))
        else private.now() - make_interval(days => d.days) end
    from private.organizations_of_week(v_parent, p_week) as o (id)
    cross join lateral private.kept_days(p_kind, o.id) as d (days)
    left join private.run_archive_weeks w on w.organization_id = o.id and w.week = p_week
    where (p_week + 7)::timestamp at time zone 'UTC' + make_interval(days => d.days) <= private.now()
  loop
    execute v_query into v_found using organization_id, ended_before;
    if v_found then
      return next;
    end if;
  end loop;
end;
$function$;

create or replace function private.find_job (
  p_job_id uuid
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (select to_jsonb(j) from engine.jobs j where j.id = p_job_id);
end;
$function$;

create or replace function private.find_jobs (
  p_organization_id uuid,
  p_filter          jsonb,
  p_after           uuid,
  p_ascending       boolean,
  p_limit           integer
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_filter jsonb := coalesce(p_filter, '{}');
  v_conditions text := private.job_conditions(p_organization_id, v_filter - '{steps,open}'::text[]);
  v_jobs jsonb;
  v_states text[];
begin
  if p_limit is null or p_limit not between 1 and 1000 then
    perform private.fail('invalid_request', 'The limit is 1 to 1000', 400);
  end if;
  if v_filter -> 'steps' is distinct from 'true' then
    v_conditions := v_conditions || ' and j.type <> ''flow.step''';
  end if;
  -- Dead letters that nobody has repeated.
  if v_filter -> 'open' = 'true' then
    v_conditions := v_conditions || ' and j.status = ''dead'' and j.replayed_as is null';
  end if;
  -- The states say where a job is, and this says it so that the planner leaves out the rest.
  v_states := case when v_filter -> 'open' = 'true' then '{dead}'
    when v_filter ? 'status' then array(select jsonb_array_elements_text(v_filter -> 'status')) end;
  if v_states <@ '{completed,dead,cancelled,expired}' then
    v_conditions := v_conditions || ' and j.completed_at is not null';
  elsif v_states <@ '{running}' then
    v_conditions := v_conditions || ' and j.completed_at is null and j.worker_id is not null';
  elsif not v_states && '{completed,dead,cancelled,expired}' then
    v_conditions := v_conditions || ' and j.completed_at is null';
  end if;
  if p_after is not null then
    v_conditions := v_conditions || format(' and j.id %s %L::uuid', case when p_ascending then '>' else '<' end, p_after);
  end if;
  execute format(
    'select coalesce(jsonb_agg(to_jsonb(r) - ''{payload,result}''::text[] order by r.id %2$s), ''[]'')
     from (select j.* from engine.jobs j where %1$s order by j.id %2$s limit %3$s) r',
    v_conditions, case when p_ascending then 'asc' else 'desc' end, p_limit
  ) into v_jobs;
  return v_jobs;
end;
$function$;

create or replace function private.find_turns (
  p_now     timestamp with time zone,
  p_rest_us bigint                   default 0
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_clock bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
  v_before bigint := pg_stat_get_xact_blocks_fetched('public.job_queue'::regclass);
  v_missing uuid[];
begin
  if v_clock < p_rest_us + (select n.last_value from private.next_discovery n) then
    return null;
  end if;
  -- From one organization with ready work to the next, over the index.
  with recursive ready as (
    (select j.organization_id from public.job_queue j where j.status = 'available' and j.scheduled_for <= p_now
     order by j.organization_id limit 1)
    union all
    select n.organization_id from ready r
    cross join lateral (
      select j.organization_id from public.job_queue j
      where j.status = 'available' and j.scheduled_for <= p_now and j.organization_id > r.organization_id
      order by j.organization_id limit 1
    ) n
  )
  select array_agg(r.organization_id) into v_missing from ready r
  where not exists (select 1 from private.job_turns t where t.organization_id = r.organization_id and t.is_active);
  -- Whoever enqueues for it and is about to say so is not waited for.
  select array_agg(m.id) into v_missing from unnest(v_missing) m (id)
  where pg_try_advisory_xact_lock(hashtext('millrace.turn'), hashtext(m.id::text));
  -- Counted in pages of the table, about ten microseconds each, and not by the clock: a busy machine makes no difference.
  v_before := pg_stat_get_xact_blocks_fetched('public.job_queue'::regclass) - v_before;
  if v_before > 50 or p_rest_us > 0 then
    perform setval('private.next_discovery', v_clock + case when v_before > 50 then v_before * 200 else 0 end);
  end if;
  return case when v_missing is null then 0 else private.activate_turns(v_missing) end;
end;
$function$;

create or replace function private.finish_leases (
  p_worker_id uuid,
  p_results   jsonb,
  p_now       timestamp with time zone
)
  returns uuid[]
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_leases uuid[];
  v_finished uuid[];
  v_keys text[];
begin
  select array_agg(l.id) into v_leases from (
    select o.id from private.job_leases o
    where o.id in (select r.lease from jsonb_to_recordset(p_results) as r (lease uuid, job uuid) where r.job is null)
      and o.worker_id = p_worker_id
    order by o.id for update
  ) l;
  if v_leases is null then
    return '{}';
  end if;
  -- Neither the jobs nor their arguments are read.
  with gone as (
    delete from private.job_leases l where l.id = any (v_leases)
    returning l.id, l.organization_ids, l.types, l.due, l.started_at, cardinality(l.types) as jobs
  ),
  spent as (
    select r.lease, sum(r.busy_ms) as busy_ms from jsonb_to_recordset(p_results) as r (lease uuid, job uuid, busy_ms double precision)
    where r.job is null group by r.lease
  ),
  counted as (
    insert into private.job_counts as c (minute, organization_id, type, worker_id, completed, busy_ms, wait_ms)
    select date_trunc('minute', p_now), u.organization_id, u.type, p_worker_id, count(*),
      coalesce(sum(greatest(s.busy_ms, 0) / g.jobs), 0)::bigint,
      sum(greatest(0, extract(epoch from g.started_at - u.due) * 1000))::bigint
    from gone g
    cross join lateral unnest(g.organization_ids, g.types, g.due) as u (organization_id, type, due)
    left join spent s on s.lease = g.id
    group by u.organization_id, u.type
    order by u.organization_id, u.type
    on conflict (minute, organization_id, type, worker_id) do update set
      completed = c.completed + excluded.completed, busy_ms = c.busy_ms + excluded.busy_ms, wait_ms = c.wait_ms + excluded.wait_ms
  )
  select array_agg(g.id) into v_finished from gone g;
  with freed as (
    delete from private.job_slots s where s.lease_id = any (v_finished) returning s.limit_key
  )
  select array_agg(f.limit_key) into v_keys from freed f;
  if v_keys is not null then
    perform private.unblock_jobs(v_keys);
  end if;
  return v_finished;
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
    perform private.wake_if_idle(null);
  end if;
  delete from public.schedule_firings f where f.ctid in (
    select o.ctid from public.schedule_firings o
    where o.fired_at < p_now - interval '90 days' and o.outcome <> 'queued'
    order by o.fired_at limit 500 for update skip locked
  );
  return v_decided;
end;
$function$;

create or replace function private.forget_heads (
  p_organization_ids uuid[]
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  update private.job_turns t set head_until = '-infinity'
  where t.organization_id in (
    select o.organization_id from private.job_turns o
    where o.organization_id = any (p_organization_ids) and o.head_until > private.now()
    -- A claim that holds it looks at all again within a second.
    for update skip locked
  );
end;
$function$;

create or replace function private.forget_lost_changes()
  returns void
  language sql
  set search_path to ''
  AS $function$
  with lost as (
    delete from private.change_triggers c
    where not exists (select 1 from private.change_tables() t where t.change_id = c.id)
    returning c.id
  )
  delete from private.change_skips s using lost l where s.change_id = l.id;
$function$;

create or replace function private.give_turn (
  p_organization_id uuid
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- Almost always it has one: a read, and nothing is locked or written.
  if p_organization_id is null or exists (
    select 1 from private.job_turns t where t.organization_id = p_organization_id and t.is_active
  ) then
    return;
  end if;
  -- Who else gives it one at this moment does not keep us waiting, whatever they do before they commit: should theirs come
  -- to nothing, or later than what we enqueue, the next claim with room finds the work.
  perform 1 from private.job_turns t where t.organization_id = p_organization_id for update skip locked;
  if found or not exists (select 1 from private.job_turns t where t.organization_id = p_organization_id) then
    if pg_try_advisory_xact_lock(hashtext('millrace.turn'), hashtext(p_organization_id::text)) then
      perform private.activate_turns(array[p_organization_id]);
    end if;
  end if;
end;
$function$;

create or replace function private.index_copies (
  p_kind text,
  p_week date
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_table record;
  v_index record;
  v_copy text;
begin
  for v_table in select * from private.retained_tables(p_kind) loop
    v_copy := 'keep_' || private.partition_name(v_table.parent, p_week);
    -- Only now: indexes over rows that are there already are built without a gap in them.
    for v_index in
      select i.indisprimary, pg_catalog.pg_get_indexdef(i.indexrelid) as definition, pg_catalog.pg_get_constraintdef(c.oid) as key, n.relname as name
      from pg_catalog.pg_index i
      join pg_catalog.pg_class n on n.oid = i.indexrelid
      left join pg_catalog.pg_constraint c on c.conindid = i.indexrelid and c.contype in ('p', 'u') and c.conrelid = i.indrelid
      where i.indrelid = ('public.' || v_table.parent)::regclass
      order by i.indisprimary desc, n.relname
    loop
      if v_index.key is not null then
        execute format('alter table private.%I add %s', v_copy, v_index.key);
      else
        execute regexp_replace(
          v_index.definition, '^(CREATE (?:UNIQUE )?INDEX) \S+ ON (?:ONLY )?\S+ ', format('\1 ON private.%I ', v_copy)
        );
      end if;
    end loop;
    execute format('analyze private.%I', v_copy);
  end loop;
end;
$function$;

create or replace function private.is_awake (
  p_worker private.workers
)
  returns boolean
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  -- Whoever lives is heard of every ten seconds, and its lease is for thirty: one that was killed is not counted on for longer
  -- than it takes to notice.
  return p_worker.expires_at > private.now() + interval '15 seconds';
end;
$function$;

create or replace function private.is_own_table (
  p_table regclass
)
  returns boolean
  language sql
  stable
  set search_path to ''
  AS $function$
  select exists (
    select 1
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = p_table
      and (
        n.nspname in ('engine', 'private', 'pg_catalog', 'information_schema', 'cron', 'net', 'realtime', 'vault')
        or n.nspname like 'pg\_%'
        or n.nspname = 'public' and (
          c.relname = any ('{
            analytics_daily,bulk_operations,entities,entity_moves,flow_edge_stats,flow_version_runs,flow_versions,flows,job_history,job_queue,
            organization_members,organizations,plans,profiles,run_archives,run_stats_daily,run_steps,runs,schedule_firings,schedules,usage_hourly,
            webhook_endpoints,webhook_events,workspaces
          }'::text[])
          -- Weeks of a table of ours.
          or c.relispartition and c.relname ~ '^(runs|run_steps|job_history)_(default|\d{4}w\d{2})$'
        )
      )
  );
$function$;

create or replace function private.job_again (
  p_old public.job_history
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return jsonb_strip_nulls(jsonb_build_object(
    'type', p_old.type, 'organization_id', p_old.organization_id, 'priority', p_old.priority,
    'max_attempts', p_old.max_attempts, 'unique_key', p_old.unique_key, 'on_conflict', 'reject',
    'concurrency_key', p_old.concurrency_key,
    -- Those who wait under the same key know how many may be at work.
    'concurrency_limit', case when p_old.concurrency_key is not null then (
      select max(q.concurrency_limit) from public.job_queue q
      where q.organization_id = p_old.organization_id and q.concurrency_key = p_old.concurrency_key and q.status = 'blocked'
    ) end
  )) || jsonb_build_object('payload', p_old.payload);
end;
$function$;

create or replace function private.job_conditions (
  p_organization_id uuid,
  p_filter          jsonb
)
  returns text
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_name text;
  v_value jsonb;
  v_text text := 'true';
begin
  if jsonb_typeof(p_filter) is distinct from 'object' then
    perform private.fail('invalid_request', 'The filter is an object', 400);
  end if;
  if p_organization_id is not null then
    v_text := format('j.organization_id = %L::uuid', p_organization_id);
  end if;
  for v_name, v_value in select e.key, e.value from jsonb_each(p_filter) e loop
    if jsonb_typeof(v_value) is distinct from (case
      when v_name in ('status', 'type') then 'array'
      when v_name in ('code', 'created_after', 'created_before') then 'string'
    end) then
      perform private.fail('invalid_request', format('Jobs can not be filtered by this "%s"', v_name), 400);
    end if;
    begin
      v_text := v_text || case v_name
        when 'status' then format(' and j.status = any (%L::text[])', array(select jsonb_array_elements_text(v_value)))
        when 'type' then format(' and j.type = any (%L::text[])', array(select jsonb_array_elements_text(v_value)))
        when 'code' then format(' and j.error ->> ''code'' = %L', v_value #>> '{}')
        when 'created_after' then format(' and j.id >= %L::uuid', private.uuid_v7_floor((v_value #>> '{}')::timestamptz))
        else format(' and j.id < %L::uuid', private.uuid_v7_floor((v_value #>> '{}')::timestamptz))
      end;
    exception when data_exception or feature_not_supported then
      perform private.fail('invalid_request', format('The filter "%s" is no moment', v_name), 400);
    end;
  end loop;
  return v_text;
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
    -- Workers measure from here: their own clocks may be wrong.
    'now', floor(extract(epoch from private.now()) * 1000)::bigint,
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
  ) || case when r.retry_of is null or j.scope = '' then '{}'::jsonb else jsonb_build_object(
    -- A region that was taken over is not gone into again, and a break in it ends a loop around it all the same.
    'breaks', (
      select coalesce(jsonb_agg(s.scope), '[]') from public.run_steps s
      join public.flow_versions v on v.id = r.flow_version_id
      where s.run_id = j.run_id and s.status = 'completed' and starts_with(s.scope, j.scope || '/')
        and v.graph @? format('$.nodes[*] ? (@.type == "logic.loop.break" && @.id == %s)', to_json(s.node_id))::jsonpath
    )
  ) end order by j.id), '[]')
  from public.job_queue j
  left join public.runs r on r.id = j.run_id
  where j.id = any (p_job_ids)
  );
end;
$function$;

create or replace function private.json_setting (
  p_name text
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_value jsonb;
begin
  v_value := nullif(current_setting(p_name, true), '')::jsonb;
  return case when jsonb_typeof(v_value) = 'object' then v_value else '{}' end;
exception when data_exception then
  return '{}';
end;
$function$;

create or replace function private.keep_cron_job (
  p_name     text,
  p_schedule text,
  p_command  text
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  begin
    perform cron.schedule(p_name, p_schedule, p_command);
  exception when others then
    if p_schedule !~ ' seconds?$' then
      perform private.fail('invalid_request', 'pg_cron does not take the schedule ' || p_schedule || ': ' || sqlerrm, 400);
    end if;
    -- Seconds came with pg_cron 1.5: with an older one the clock ticks once a minute.
    perform cron.schedule(p_name, '* * * * *', p_command);
  end;
end;
$function$;

create or replace function private.keep_partitions()
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_made integer := engine.ensure_partitions();
  v_missing text[];
begin
  -- It gives way when the tables are in use. That is no failure until next week's are missing.
  select array_agg(p.parent || '_' || w.week) into v_missing
  from unnest(array['runs', 'run_steps', 'job_history']) p (parent),
    (select to_char((private.now() + interval '7 days') at time zone 'UTC', 'IYYY"w"IW') as week) w
  where to_regclass('public.' || p.parent || '_' || w.week) is null;
  if v_missing is not null then
    raise exception 'The partitions of next week are missing: %', array_to_string(v_missing, ', ');
  end if;
  return jsonb_build_object('made', v_made);
end;
$function$;

create or replace function private.keep_worker (
  p_worker_id uuid,
  p_kind      text
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
begin
  -- Writes only when a third of the lease is used up: calls that follow each other closely cost one read, and lock nothing.
  if exists (select 1 from private.workers w where w.id = p_worker_id and w.expires_at > v_now + interval '20 seconds') then
    return;
  end if;
  insert into private.workers as w (id, kind, expires_at)
  values (p_worker_id, p_kind, v_now + interval '30 seconds')
  on conflict (id) do update set expires_at = greatest(w.expires_at, excluded.expires_at);
end;
$function$;

create or replace function private.kept_days (
  p_kind            text,
  p_organization_id uuid
)
  returns integer
  language sql
  stable
  set search_path to ''
  AS $function$
  -- Nobody can read what is left of an organization that is gone, and nobody pays for the platform's own jobs.
  select case
    when o.id is null then 14
    -- Null is longer than any number of days.
    when p.retention_days ->> p_kind is null or (b.id is not null and b.retention_days ->> p_kind is null) then null
    else greatest((p.retention_days ->> p_kind)::integer, (b.retention_days ->> p_kind)::integer)
  end
  from (select p_organization_id as id) g
  left join public.organizations o on o.id = g.id
  left join public.plans p on p.id = o.plan_id
  left join private.plan_downgrades d on d.organization_id = o.id and d.until > private.now()
  left join public.plans b on b.id = d.plan_id;
$function$;

create or replace function private.lease_jobs (
  p_worker_id  uuid,
  p_job_ids    uuid[],
  p_is_special boolean,
  p_now        timestamp with time zone
)
  returns json
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_lease private.job_leases;
  v_ids uuid[] := p_job_ids;
begin
  v_lease.id := private.uuid_v7();
  if p_is_special then
    v_ids := private.admit_jobs(v_lease.id, p_job_ids, p_now);
  end if;
  with taken as (
    delete from public.job_queue j where j.id = any (v_ids) returning j.*
  )
  select array_agg(t.id), array_agg(t.organization_id), array_agg(t.type), array_agg(t.payload),
    array_agg((t.attempts + 1)::smallint), array_agg(t.max_attempts), array_agg(t.priority), array_agg(t.scheduled_for),
    array_agg(t.created_at),
    case when count(*) filter (where num_nonnulls(t.unique_key, t.concurrency_key, t.error_message, t.expires_at) > 0) > 0 then array_agg(
      case when num_nonnulls(t.unique_key, t.concurrency_key, t.error_message, t.expires_at) > 0 then jsonb_strip_nulls(
        jsonb_build_object('unique_key', t.unique_key, 'concurrency_key', t.concurrency_key,
          'concurrency_limit', t.concurrency_limit, 'expires_at', t.expires_at, 'error_message', t.error_message)
      ) end
    ) end
  into v_lease.job_ids, v_lease.organization_ids, v_lease.types, v_lease.payloads, v_lease.attempts, v_lease.max_attempts,
    v_lease.priorities, v_lease.due, v_lease.created, v_lease.options
  from (select * from taken order by taken.organization_id, taken.priority, taken.scheduled_for) t;
  if v_lease.job_ids is null then
    return '[]';
  end if;
  v_lease.worker_id := p_worker_id;
  v_lease.started_at := p_now;
  insert into private.job_leases select (v_lease).*;
  -- json and not jsonb: built once, and it is text already. Half the time of this function went into jsonb.
  return json_build_array(json_build_object(
    'lease', v_lease.id, 'jobs', array_to_json(v_lease.job_ids), 'organization_ids', array_to_json(v_lease.organization_ids),
    'types', array_to_json(v_lease.types), 'payloads', array_to_json(v_lease.payloads),
    'attempts', array_to_json(v_lease.attempts), 'max_attempts', array_to_json(v_lease.max_attempts),
    'due', array_to_json(v_lease.due)
  ));
end;
$function$;

create or replace function private.leased_jobs (
  p_lease_ids uuid[] default null::uuid[]
)
  returns table (
    lease_id          uuid,
    worker_id         uuid,
    started_at        timestamp with time zone,
    id                uuid,
    organization_id   uuid,
    type              text,
    payload           jsonb,
    attempts          smallint,
    max_attempts      smallint,
    priority          smallint,
    scheduled_for     timestamp with time zone,
    created_at        timestamp with time zone,
    unique_key        text,
    concurrency_key   text,
    concurrency_limit smallint,
    expires_at        timestamp with time zone,
    error_message     text
  )
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return query
  select l.id, l.worker_id, l.started_at, j.job_id, j.organization_id, j.type, j.payload, j.attempts, j.max_attempts, j.priority,
    j.due, j.created, j.options ->> 'unique_key', j.options ->> 'concurrency_key', (j.options ->> 'concurrency_limit')::smallint,
    (j.options ->> 'expires_at')::timestamptz, j.options ->> 'error_message'
  from private.job_leases l
  cross join lateral unnest(
    l.job_ids, l.organization_ids, l.types, l.payloads, l.attempts, l.max_attempts, l.priorities, l.due, l.created, l.options
  ) as j (job_id, organization_id, type, payload, attempts, max_attempts, priority, due, created, options)
  where p_lease_ids is null or l.id = any (p_lease_ids);
end;
$function$;

create or replace function private.lock_archive_pass (
  p_organization_id uuid,
  p_week            date,
  p_pass_id         uuid
)
  returns private.run_archive_weeks
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_week private.run_archive_weeks;
begin
  select * into v_week from private.run_archive_weeks w
  where w.organization_id = p_organization_id and w.week = p_week for update;
  if v_week.pass_until is null or v_week.pass_id is distinct from p_pass_id then
    perform private.fail('conflict', 'Somebody else archives these runs, or has', 409);
  end if;
  return v_week;
end;
$function$;

create or replace function private.lock_concurrency_key (
  p_limit_key text
)
  returns void
  language sql
  set search_path to ''
  AS $function$
  select pg_advisory_xact_lock(hashtext('millrace.jobs'), hashtext(p_limit_key));
$function$;

create or replace function private.look_at_week (
  p_kind  text,
  p_week  date,
  p_limit bigint
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_parent text := (select t.parent from private.retained_tables(p_kind) t limit 1);
  v_has_partition boolean;
  v_rewritten_at timestamptz;
  v_report jsonb := jsonb_build_object('kind', p_kind, 'week', p_week);
  v_deleted bigint;
begin
  insert into private.partition_rewrites (kind, week) values (p_kind, p_week) on conflict do nothing;
  select r.rewritten_at into v_rewritten_at from private.partition_rewrites r where r.kind = p_kind and r.week = p_week;
  if p_kind = 'runs' then
    -- Whoever counts runs has seen them all before one goes.
    if not exists (select 1 from private.run_stats_state s, private.week_range(p_week) w where s.counted_to >= w.high) then
      return jsonb_build_object('uncounted', v_report);
    end if;
    perform private.request_archives(p_week);
  end if;
  v_has_partition := not exists (
    select 1 from private.retained_tables(p_kind) t where to_regclass('public.' || private.partition_name(t.parent, p_week)) is null
  );
  update private.partition_rewrites r set looked_at = private.now() where r.kind = p_kind and r.week = p_week;
  if (p_week + 37)::timestamp at time zone 'UTC' <= private.now() and private.drop_empty(p_kind, p_week) then
    return jsonb_build_object('dropped', v_report, 'more', true);
  end if;
  if v_has_partition then
    -- A straggler now and then is not worth copying all others for.
    if coalesce(v_rewritten_at < private.now() - interval '6 days', true) and private.begin_rewrite(p_kind, p_week) then
      return jsonb_build_object('began', v_report, 'more', true);
    end if;
    return '{}';
  end if;
  v_deleted := private.purge_default(p_kind, p_week, p_limit);
  if v_deleted = p_limit then
    update private.partition_rewrites r set looked_at = null where r.kind = p_kind and r.week = p_week;
  end if;
  return case when v_deleted > 0 then jsonb_build_object('deleted', v_report || jsonb_build_object('rows', v_deleted), 'more', true) else '{}' end;
exception
  when lock_not_available or deadlock_detected then
    return jsonb_build_object('gave_way', v_report, 'more', false);
  when query_canceled then
    raise;
  when others then
    raise warning 'Retention cannot look at % of %: %', p_kind, p_week, sqlerrm;
    update private.partition_rewrites r set looked_at = private.now(), error = sqlerrm where r.kind = p_kind and r.week = p_week;
    return jsonb_build_object('failed', v_report || jsonb_build_object('error', sqlerrm), 'more', true);
end;
$function$;

create or replace function private.mail_operators (
  p_alert private.system_alerts,
  p_event text
)
  returns uuid
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_to text := private.setting('operator_email');
begin
  if v_to is null or to_regprocedure('private.enqueue_job(uuid, text, jsonb, jsonb)') is null then
    return null;
  end if;
  return private.enqueue_job(private.platform_id(), 'system.alert', jsonb_build_object(
    'alert_id', p_alert.id, 'event', p_event, 'to', v_to, 'task', p_alert.task, 'failures', p_alert.failures,
    'error', p_alert.error, 'opened_at', p_alert.opened_at
  ), '{"priority": 10}');
end;
$function$;

create or replace function private.note_downgrade()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  insert into private.plan_downgrades as d (organization_id, plan_id, until)
  values (new.id, old.plan_id, private.now() + interval '30 days')
  on conflict (organization_id) do update set
    until = excluded.until,
    plan_id = case when d.until > private.now() then (
      select p.id from public.plans p where p.id in (d.plan_id, excluded.plan_id)
      order by (p.retention_days ->> 'runs')::integer desc nulls first, p.id = d.plan_id limit 1
    ) else excluded.plan_id end;
  return null;
end;
$function$;

create or replace function private.note_expired (
  p_kind text,
  p_week date
)
  returns boolean
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_referred uuid[] := '{}';
begin
  delete from private.partition_expired e where e.kind = p_kind and e.week = p_week;
  insert into private.partition_expired (kind, week, organization_id, ended_before)
  select p_kind, p_week, f.organization_id, f.ended_before from private.find_expired(p_kind, p_week) f;
  if not found then
    return false;
  end if;
  if p_kind = 'runs' then
    -- Every run that has not ended has a token.
    select coalesce(array_agg(distinct x.id), '{}') into v_referred
    from private.week_range(p_week) w
    cross join (select distinct j.run_id from public.job_queue j where j.run_id is not null) q
    join public.runs r on r.id = q.run_id
    cross join lateral (values (r.retry_of), (r.parent_run_id)) as x (id)
    where x.id >= w.low and x.id < w.high;
  end if;
  update private.partition_rewrites r set referred = v_referred where r.kind = p_kind and r.week = p_week;
  return true;
end;
$function$;

create or replace function private.note_partition_change()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  if tg_argv[2] = 'run_id' then
    insert into private.partition_changes (kind, week, id)
    values (tg_argv[0], tg_argv[1]::date, case when tg_op = 'DELETE' then old.run_id else new.run_id end);
  else
    insert into private.partition_changes (kind, week, id)
    values (tg_argv[0], tg_argv[1]::date, case when tg_op = 'DELETE' then old.id else new.id end);
  end if;
  return null;
end;
$function$;

create or replace function private.note_turns (
  p_now              timestamp with time zone,
  p_is_full          boolean,
  p_organization_ids uuid[],
  p_counts           integer[],
  p_latest           timestamp with time zone[],
  p_empty            uuid[],
  p_is_costly        boolean,
  p_virtual_time     bigint
)
  returns void
  language plpgsql
  set search_path to ''
  set plan_cache_mode to 'force_generic_plan'
  AS $function$
begin
  -- Nobody was kept waiting, and looking cost little: nothing to write.
  if not p_is_full and not p_is_costly and cardinality(p_empty) <= 64 then
    return;
  end if;
  -- Nobody else has work: what the only one is given keeps nobody waiting.
  if not p_is_costly and cardinality(p_empty) <= 64 and not exists (
    select 1 from private.job_turns t where t.is_active and t.organization_id <> p_organization_ids[1]
  ) then
    return;
  end if;
  -- Locked in one order, and counted afterwards: what another claim has added meanwhile is seen.
  update private.job_turns t set
    virtual_time = t.virtual_time + case when p_is_full then n.taken * 1000 / t.weight else 0 end,
    is_active = t.is_active and not (n.is_empty and cardinality(p_empty) > 64),
    -- Whoever enqueued at this moment may not have committed yet: a tenth of a second back.
    head = case when p_is_costly then greatest(
      least(n.latest, p_now - interval '100 milliseconds'), case when t.head_until > p_now then t.head else '-infinity' end
    ) else t.head end,
    head_until = case when p_is_costly then p_now + interval '1 second' else t.head_until end
  from (
    select l.organization_id, u.taken, u.latest, u.is_empty
    from (
      select g.id, sum(g.taken)::integer as taken, g.id = any (p_empty) as is_empty,
        -- One that gave less than it was asked for has nothing before this moment.
        case when p_is_full and sum(g.taken) > 0 then coalesce(max(g.latest), '-infinity')
          when p_is_full then '-infinity' else p_now end as latest
      from unnest(p_organization_ids, p_counts, p_latest) as g (id, taken, latest)
      group by g.id
    ) u
    join private.job_turns l on l.organization_id = u.id and l.is_active
    where (p_is_full and u.taken > 0) or p_is_costly or (u.is_empty and cardinality(p_empty) > 64)
    order by l.organization_id
    for update of l
  ) n
  where t.organization_id = n.organization_id;
  if p_is_full and p_virtual_time > (select c.last_value from private.job_clock c) then
    perform setval('private.job_clock', p_virtual_time);
  end if;
end;
$function$;

create or replace function private.organizations_of_week (
  p_parent text,
  p_week   date
)
  returns SETOF uuid
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_query text;
  v_id uuid;
begin
  -- From one organization to the next by the index: as many probes as there are organizations, not rows.
  select format(
    'select t.organization_id from public.%I t where t.id >= %L and t.id < %L and t.organization_id > $1 order by t.organization_id limit 1',
    p_parent, w.low, w.high
  ) into v_query from private.week_range(p_week) w;
  if p_parent = 'job_history' then
    -- No id is below the platform's.
    v_query := replace(v_query, '> $1', '>= $1');
  end if;
  execute v_query into v_id using '00000000-0000-0000-0000-000000000000'::uuid;
  v_query := replace(v_query, '>= $1', '> $1');
  while v_id is not null loop
    return next v_id;
    execute v_query into v_id using v_id;
  end loop;
end;
$function$;

create or replace function private.partition_name (
  p_parent text,
  p_week   date
)
  returns text
  language sql
  stable
  set search_path to ''
  AS $function$
  select p_parent || '_' || to_char(p_week, 'IYYY"w"IW');
$function$;

create or replace function private.pick_jobs (
  p_limit integer,
  p_now   timestamp with time zone,
  OUT     p_token_ids uuid[],
  OUT     p_job_ids uuid[],
  OUT     p_is_special boolean,
  OUT     p_is_full boolean,
  OUT     p_organization_ids uuid[],
  OUT     p_counts integer[],
  OUT     p_latest timestamp with time zone[],
  OUT     p_empty uuid[],
  OUT     p_is_costly boolean,
  OUT     p_virtual_time bigint
)
  returns record
  language plpgsql
  set search_path to ''
  set enable_seqscan to 'off'
  set enable_bitmapscan to 'off'
  AS $function$
declare
  v_queue constant oid := 'public.job_queue'::regclass;
  v_pages bigint := pg_stat_get_xact_blocks_fetched(v_queue);
  -- What is behind by more has been overlooked, and the tick sets it right: see engine.tick.
  v_floor bigint := (select c.last_value from private.job_clock c) - 64000;
  v_width integer := greatest(8, ceil(p_limit / 8.0)::integer);
  v_wanted integer := p_limit;
  v_seen uuid[] := '{}';
  v_done uuid[] := '{}';
  v_skipped uuid[] := '{}';
  v_has_looked boolean := false;
  v_round record;
begin
  p_organization_ids := '{}';
  p_counts := '{}';
  p_latest := '{}';
  p_empty := '{}';
  loop
    with turns as materialized (
      select c.organization_id, c.virtual_time, c.head, c.room,
        least(ceil(v_wanted::double precision * c.weight / sum(c.weight) over ())::integer, c.room) as quota
      from (
        select t.organization_id, t.virtual_time, t.weight,
          case when t.head_until > p_now and t.head <= p_now and not v_has_looked then t.head else '-infinity'::timestamptz end as head,
          case when t.max_running is not null then greatest(0, t.max_running - private.count_running(t.organization_id) - (
            select coalesce(sum(g.taken), 0) from unnest(p_organization_ids, p_counts) g (id, taken) where g.id = t.organization_id
          ))::integer end as room
        from private.job_turns t
        where t.is_active and t.virtual_time >= v_floor and t.organization_id <> all (v_skipped)
        order by t.virtual_time, t.organization_id
        limit v_width
      ) c
    ),
    picked as materialized (
      select c.id, c.is_job, c.is_special, c.priority, c.scheduled_for, t.organization_id
      from (select * from turns order by turns.virtual_time, turns.organization_id) t
      cross join lateral (
        -- Urgent work first; of the ordinary priority only from the head on.
        select * from (
          select j.id, j.run_id is null as is_job, num_nonnulls(j.concurrency_key, j.expires_at) > 0 as is_special,
            j.priority, j.scheduled_for
          from public.job_queue j
          where j.status = 'available' and j.organization_id = t.organization_id and j.priority < 100
            and j.scheduled_for <= p_now and j.id <> all (v_seen)
          order by j.priority, j.scheduled_for
          limit t.quota
          for update skip locked
        ) urgent
        union all
        select * from (
          select j.id, j.run_id is null, num_nonnulls(j.concurrency_key, j.expires_at) > 0, j.priority, j.scheduled_for
          from public.job_queue j
          where j.status = 'available' and j.organization_id = t.organization_id
            and (j.priority, j.scheduled_for) >= (100::smallint, t.head)
            and j.scheduled_for <= p_now and j.id <> all (v_seen)
          order by j.priority, j.scheduled_for
          limit t.quota
          for update skip locked
        ) ordinary
        limit t.quota
      ) c
      limit v_wanted
    ),
    counted as (
      select t.organization_id, t.virtual_time, t.quota, coalesce(p.taken, 0) as taken, p.latest
      from turns t
      left join (
        select k.organization_id, count(*)::integer as taken, max(k.scheduled_for) filter (where k.priority = 100) as latest
        from picked k group by k.organization_id
      ) p on p.organization_id = t.organization_id
    )
    select
      array_agg(n.organization_id) as organizations, array_agg(n.taken) as counts, array_agg(n.latest) as latest,
      array_agg(n.organization_id) filter (where n.taken < n.quota or n.quota = 0) as exhausted,
      array_agg(n.organization_id) filter (where n.taken = 0 and n.quota > 0) as empty,
      min(n.virtual_time) filter (where n.taken > 0) as virtual_time,
      coalesce(sum(n.taken), 0)::integer as taken,
      (select array_agg(k.id) from picked k where not k.is_job) as tokens,
      (select array_agg(k.id) from picked k where k.is_job) as jobs,
      (select bool_or(k.is_special) from picked k where k.is_job) as is_special
    into v_round from counted n;

    p_token_ids := p_token_ids || v_round.tokens;
    p_job_ids := p_job_ids || v_round.jobs;
    p_is_special := coalesce(p_is_special, false) or coalesce(v_round.is_special, false);
    v_wanted := v_wanted - v_round.taken;
    p_virtual_time := coalesce(p_virtual_time, v_round.virtual_time);
    p_organization_ids := p_organization_ids || v_round.organizations;
    p_counts := p_counts || v_round.counts;
    p_latest := p_latest || v_round.latest;
    exit when v_wanted <= 0;
    v_seen := coalesce(p_token_ids, '{}') || coalesce(p_job_ids, '{}');
    p_empty := p_empty || v_round.empty;
    v_done := v_done || v_round.exhausted;
    v_width := least(v_width * 2, 256);
    v_skipped := v_skipped || v_round.organizations;
    continue when v_round.organizations is not null;
    -- All had their share. What is left of the batch goes to those that have more.
    if cardinality(v_skipped) > cardinality(v_done) then
      v_skipped := v_done;
      continue;
    end if;
    -- All that is known of is taken. What is not known of is looked for once.
    exit when v_has_looked or private.find_turns(p_now) is null;
    v_has_looked := true;
    v_done := '{}';
    v_skipped := '{}';
    p_empty := '{}';
  end loop;
  v_pages := pg_stat_get_xact_blocks_fetched(v_queue) - v_pages;
  -- While every claim is full, five times a second.
  if v_wanted <= 0 then
    perform private.find_turns(p_now, 200000);
  end if;
  p_is_full := v_wanted <= 0;
  p_is_costly := v_pages > 100 + p_limit;
end;
$function$;

create or replace function private.platform_id()
  returns uuid
  language sql
  immutable
  parallel safe
  set search_path to ''
  AS $function$
  select '00000000-0000-0000-0000-000000000000'::uuid;
$function$;

create or replace function private.prune_cron_history()
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_cron integer := 0;
  v_tasks integer;
  v_digests integer;
begin
  if to_regclass('cron.job_run_details') is not null then
    delete from cron.job_run_details d where d.start_time < private.now() - interval '3 days';
    get diagnostics v_cron = row_count;
  end if;
  delete from private.system_task_runs r
  where r.finished_at < private.now() - interval '90 days'
    and r.id <> coalesce((
      select o.id from private.system_task_runs o
      where o.name = r.name and o.status = 'completed' order by o.finished_at desc limit 1
    ), '00000000-0000-0000-0000-000000000000');
  get diagnostics v_tasks = row_count;
  delete from private.system_alerts a where a.resolved_at < private.now() - interval '90 days';
  delete from private.digests d where d.day < (private.now() - interval '90 days')::date;
  get diagnostics v_digests = row_count;
  return jsonb_build_object('cron', v_cron, 'task_runs', v_tasks, 'digests', v_digests);
end;
$function$;

create or replace function private.prune_idempotency_keys()
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_gone integer;
begin
  delete from private.idempotency_keys k where k.ctid in (
    select o.ctid from private.idempotency_keys o where o.created_at < private.now() - interval '24 hours' for update skip locked
  );
  get diagnostics v_gone = row_count;
  return v_gone;
end;
$function$;

create or replace function private.prune_job_counts()
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_gone integer;
begin
  delete from private.job_counts c where c.minute < private.now() - interval '7 days';
  get diagnostics v_gone = row_count;
  return v_gone;
end;
$function$;

create or replace function private.purge_default (
  p_kind  text,
  p_week  date,
  p_limit bigint
)
  returns bigint
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_tables text[] := array(select t.parent from private.retained_tables(p_kind) t);
  v_ids uuid[];
begin
  if not private.note_expired(p_kind, p_week) then
    return 0;
  end if;
  execute (
    select format(
      'select array_agg(o.id) from (
         select t.id from public.%I t where t.id >= %L and t.id < %L and not (%s) order by t.id limit $1 for update of t skip locked
       ) o', v_tables[1] || '_default', w.low, w.high, private.survives(p_kind, p_week)
    ) from private.week_range(p_week) w
  ) into v_ids using p_limit;
  if p_kind = 'runs' then
    delete from public.run_steps s where s.run_id = any (v_ids);
  end if;
  execute format('delete from public.%I t where t.id = any ($1)', v_tables[1] || '_default') using v_ids;
  delete from private.partition_expired e where e.kind = p_kind and e.week = p_week;
  return coalesce(cardinality(v_ids), 0);
end;
$function$;

create or replace function private.purge_webhook_events (
  p_limit bigint
)
  returns bigint
  language sql
  set search_path to ''
  AS $function$
  -- Deleted and not dropped: an event is known by its key for as long as it is kept, and no key is unique over partitions.
  with expired as (
    select e.id
    from public.organizations o
    cross join lateral private.kept_days('webhook_events', o.id) as d (days)
    cross join lateral (
      select w.id
      from public.webhook_events w
      where w.organization_id = o.id
        and w.id < private.uuid_v7_floor(private.now() - make_interval(days => d.days))
        and not exists (select 1 from public.runs r where r.id = w.run_id and r.finished_at is null)
      order by w.id limit p_limit
    ) e
    limit p_limit
  ),
  locked as (
    select w.id from public.webhook_events w where w.id in (select e.id from expired e) for update skip locked
  ),
  gone as (
    delete from public.webhook_events w where w.id in (select l.id from locked l) returning 1
  )
  select count(*) from gone;
$function$;

create or replace function private.put_back_leases (
  p_lease_ids uuid[],
  p_is_lost   boolean
)
  returns uuid[]
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_organizations uuid[];
  v_keys text[];
  v_ended record;
begin
  -- Those who lost their worker too often are given up; the others wait for the next one. A newer job with the same unique
  -- key takes the key from one that had begun.
  with jobs as materialized (
    select l.*, exists (
      select 1 from private.job_states s where s.job_id = l.id and s.cancel_requested_at is not null
    ) as is_stopped
    from private.leased_jobs(p_lease_ids) l
  ),
  dead as (
    insert into public.job_history (
      id, organization_id, type, status, priority, attempts, max_attempts, payload, error, unique_key, concurrency_key,
      scheduled_for, created_at, started_at, completed_at
    )
    select j.id, j.organization_id, j.type, case when j.is_stopped then 'cancelled' else 'dead' end, j.priority, j.attempts,
      j.max_attempts, j.payload,
      case when not j.is_stopped then '{"code": "worker_lost", "message": "The worker was lost each time it ran the job"}'::jsonb end,
      j.unique_key, j.concurrency_key,
      j.scheduled_for, j.created_at, j.started_at, v_now
    from jobs j where j.is_stopped or (p_is_lost and j.attempts >= j.max_attempts)
    on conflict do nothing
    returning id, organization_id, type, unique_key, status, error
  ),
  back as (
    insert into public.job_queue (
      id, organization_id, type, payload, priority, attempts, max_attempts, scheduled_for, created_at, unique_key,
      concurrency_key, concurrency_limit, expires_at, error_message
    )
    select j.id, j.organization_id, j.type, j.payload, j.priority, j.attempts - case when p_is_lost then 0 else 1 end,
      j.max_attempts, j.scheduled_for, j.created_at,
      case when not exists (
        select 1 from public.job_queue q
        where q.organization_id = j.organization_id and q.type = j.type and q.unique_key = j.unique_key
      ) then j.unique_key end,
      j.concurrency_key, j.concurrency_limit, j.expires_at, case when p_is_lost then 'The worker was lost' else j.error_message end
    from jobs j where not j.is_stopped and (not p_is_lost or j.attempts < j.max_attempts)
    on conflict do nothing
    returning organization_id
  )
  select array_agg(distinct b.organization_id) as organizations, (select jsonb_agg(to_jsonb(d)) from dead d) as dead
  into v_ended from back b;
  delete from private.job_states s
  where s.cancel_requested_at is not null
    and s.job_id in (select unnest(l.job_ids) from private.job_leases l where l.id = any (p_lease_ids));
  delete from private.job_leases l where l.id = any (p_lease_ids);
  v_organizations := v_ended.organizations;
  if v_ended.dead is not null then
    perform private.tell_task((d ->> 'organization_id')::uuid, d ->> 'type', (d ->> 'id')::uuid, d ->> 'unique_key', d ->> 'status', nullif(d -> 'error', 'null'))
    from jsonb_array_elements(v_ended.dead) d;
  end if;
  with freed as (
    delete from private.job_slots s where s.lease_id = any (p_lease_ids) returning s.limit_key
  )
  select array_agg(f.limit_key) into v_keys from freed f;
  perform private.unblock_jobs(v_keys);
  -- They are due since before: whatever stepped over them looks again.
  perform private.forget_heads(v_organizations);
  return v_organizations;
end;
$function$;

create or replace function private.queue_numbers (
  p_organization_id uuid
)
  returns table (
    type          text,
    status        text,
    jobs          bigint,
    oldest_due_at timestamp with time zone
  )
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_whose text := case when p_organization_id is null then 'true' else format('q.organization_id = %L::uuid', p_organization_id) end;
begin
  -- What is ready is found by its index; the rest is little beside it.
  return query execute replace($sql$
    select q.type, case when q.scheduled_for > (select private.now()) then 'delayed' else 'queued' end, count(*),
      min(q.scheduled_for) filter (where q.scheduled_for <= (select private.now()))
    from public.job_queue q where q.status = 'available' and WHOSE group by 1, 2
    union all
    select q.type, case when q.run_id is not null then 'waiting' else 'delayed' end, count(*), null
    from public.job_queue q where q.status = 'waiting' and WHOSE group by 1, 2
    union all
    select q.type, q.status, count(*), null
    from public.job_queue q where q.status in ('running', 'paused', 'blocked') and WHOSE group by 1, 2
    union all
    select q.type, 'running', count(*), null from private.leased_jobs() q where WHOSE group by 1
    union all
    select q.type, 'dead_letters', count(*), null
    from public.job_history q where q.status = 'dead' and q.replayed_as is null and WHOSE group by 1
  $sql$, 'WHOSE', v_whose);
end;
$function$;

create or replace function private.queue_statistics (
  p_organization_id uuid,
  p_minutes         integer
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_since timestamptz := date_trunc('minute', v_now) - make_interval(mins => p_minutes - 1);
  v_numbers jsonb;
  v_counts jsonb;
  v_waits jsonb;
begin
  if p_minutes is null or p_minutes not between 1 and 1440 then
    perform private.fail('invalid_request', 'Statistics are of 1 to 1440 minutes', 400);
  end if;
  select coalesce(jsonb_agg(to_jsonb(n)), '[]') into v_numbers from private.queue_numbers(p_organization_id) n;
  select coalesce(jsonb_agg(to_jsonb(c)), '[]') into v_counts from (
    select k.minute, k.type, sum(k.completed)::bigint as completed, sum(k.retried)::bigint as retried, sum(k.dead)::bigint as dead,
      sum(k.busy_ms)::bigint as busy_ms, sum(k.wait_ms)::bigint as wait_ms
    from private.job_counts k
    where k.minute >= v_since and k.minute <= v_now and (p_organization_id is null or k.organization_id = p_organization_id)
    group by k.minute, k.type
  ) c;
  -- From the newest thousand that were kept: exact counts are above.
  select jsonb_build_object(
    'wait_p50_ms', round((percentile_cont(0.5) within group (order by w.ms))::numeric, 1),
    'wait_p95_ms', round((percentile_cont(0.95) within group (order by w.ms))::numeric, 1)
  ) into v_waits
  from (
    select greatest(0, extract(epoch from h.started_at - h.scheduled_for) * 1000)::double precision as ms
    from (
      select i.started_at, i.scheduled_for, i.completed_at from public.job_history i
      where (p_organization_id is null or i.organization_id = p_organization_id)
      order by i.id desc limit 1000
    ) h
    where h.started_at is not null and h.completed_at >= v_since
  ) w;
  return jsonb_build_object(
    'organization_id', p_organization_id,
    'at', v_now,
    'minutes', p_minutes,
    'jobs', private.depth_of((select jsonb_agg(n) from jsonb_array_elements(v_numbers) n where n ->> 'type' <> 'flow.step')) - '{waiting,paused}'::text[],
    'steps', private.depth_of((select jsonb_agg(n) from jsonb_array_elements(v_numbers) n where n ->> 'type' = 'flow.step'))
      - '{blocked,dead_letters}'::text[],
    'throughput', (
      select private.throughput_of(coalesce(sum(c.completed), 0)::bigint, coalesce(sum(c.retried), 0)::bigint,
        coalesce(sum(c.dead), 0)::bigint, sum(c.busy_ms), sum(c.wait_ms)) || v_waits
      from jsonb_to_recordset(v_counts) as c (completed bigint, retried bigint, dead bigint, busy_ms bigint, wait_ms bigint)
    ),
    'types', (
      select coalesce(jsonb_agg(jsonb_build_object('type', y.type) || (private.depth_of(y.numbers) - '{waiting,paused}'::text[]) || y.throughput order by y.type), '[]')
      from (
        select t.type,
          (select jsonb_agg(n) from jsonb_array_elements(v_numbers) n where n ->> 'type' = t.type) as numbers,
          (
            select private.throughput_of(coalesce(sum(c.completed), 0)::bigint, coalesce(sum(c.retried), 0)::bigint,
              coalesce(sum(c.dead), 0)::bigint, sum(c.busy_ms), sum(c.wait_ms))
            from jsonb_to_recordset(v_counts) as c (
              type text, completed bigint, retried bigint, dead bigint, busy_ms bigint, wait_ms bigint
            )
            where c.type = t.type
          ) as throughput
        from (
          select n ->> 'type' as type from jsonb_array_elements(v_numbers || v_counts) n
          where n ->> 'type' <> 'flow.step' group by 1
        ) t
      ) y
    ),
    'series', (
      select jsonb_agg(jsonb_build_object(
        'minute', m.minute, 'completed', coalesce(c.completed, 0), 'retried', coalesce(c.retried, 0), 'dead', coalesce(c.dead, 0)
      ) order by m.minute)
      from generate_series(v_since, date_trunc('minute', v_now), interval '1 minute') m (minute)
      left join (
        select k.minute, sum(k.completed) as completed, sum(k.retried) as retried, sum(k.dead) as dead
        from jsonb_to_recordset(v_counts) as k (minute timestamptz, completed bigint, retried bigint, dead bigint)
        group by k.minute
      ) c on c.minute = m.minute
    )
  );
end;
$function$;

create or replace function private.raise_alerts()
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_task record;
  v_alert private.system_alerts;
  v_raised integer := 0;
  v_resolved integer := 0;
begin
  -- Only the watch comes here, one at a time.
  for v_task in
    select t.name, t.alert_after, l.error, c.completed_at,
      private.task_attempt(t.name) - 1 as failures
    from private.system_tasks t
    left join lateral (
      select max(r.finished_at) as completed_at from private.system_task_runs r where r.name = t.name and r.status = 'completed'
    ) c on true
    left join lateral (
      select r.error from private.system_task_runs r
      where r.name = t.name and r.status = 'failed' order by r.id desc limit 1
    ) l on true
  loop
    select * into v_alert from private.system_alerts a where a.task = v_task.name and a.resolved_at is null;
    if v_alert.id is not null and v_task.failures = 0 then
      update private.system_alerts a set resolved_at = private.now(), recovery_job_id = case
        when v_alert.mail_job_id is not null then private.mail_operators(v_alert, 'recovered') end
      where a.id = v_alert.id;
      v_resolved := v_resolved + 1;
    elsif v_alert.id is not null and v_task.failures > v_alert.failures then
      update private.system_alerts a set failures = v_task.failures, error = v_task.error where a.id = v_alert.id;
    elsif v_alert.id is null and v_task.failures >= v_task.alert_after then
      insert into private.system_alerts (task, failures, error) values (v_task.name, v_task.failures, v_task.error)
      returning * into v_alert;
      update private.system_alerts a set mail_job_id = private.mail_operators(v_alert, 'failed') where a.id = v_alert.id;
      v_raised := v_raised + 1;
    end if;
  end loop;
  return jsonb_build_object('raised', v_raised, 'resolved', v_resolved);
end;
$function$;

create or replace function private.record_run_ahead (
  p_flow         public.flows,
  p_event        public.webhook_events,
  p_trigger_node text,
  p_input        jsonb,
  p_traceparent  text,
  p_steps        jsonb
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
    id, organization_id, flow_id, flow_version_id, status, trigger, trigger_node, webhook_event_id, input, output,
    created_by, traceparent, deadline_at, started_at, finished_at, created_at
  )
  select
    p_event.run_id, p_flow.organization_id, p_flow.id, v.id, 'completed', 'webhook', p_trigger_node, p_event.id, p_input,
    l.output, auth.uid(), p_traceparent, p_event.received_at + make_interval(secs => v.timeout_seconds),
    p_event.received_at, greatest(v_now, p_event.received_at), p_event.received_at
  from public.flow_versions v
  cross join lateral (
    -- As private.finish_run has it: the output of the only last step.
    select case when count(*) = 1 then (array_agg(s.value -> 'output'))[1] end as output
    from jsonb_array_elements(p_steps) s
    where (s.value ->> 'leaf')::boolean and s.value ->> 'status' = 'completed'
  ) l
  where v.id = p_flow.current_version_id
  returning * into v_run;

  insert into public.run_steps (
    run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, started_at, finished_at
  )
  select
    v_run.id, s.node, '', 1, v_run.organization_id, s.status, coalesce(s.leaf, false), s.handles, s.output,
    v_now - make_interval(secs => coalesce(s.started_ago, 0) / 1000000.0),
    v_now - make_interval(secs => coalesce(s.finished_ago, 0) / 1000000.0)
  from jsonb_to_recordset(p_steps) as s (
    node text, status text, leaf boolean, handles text[], output jsonb, started_ago bigint, finished_ago bigint
  );
  return v_run;
end;
$function$;

create or replace function private.replay_dead_letters (
  p_organization_id uuid,
  p_filter          jsonb,
  p_limit           integer,
  p_dry_run         boolean
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_which text := 'public.job_history j where j.status = ''dead'' and j.replayed_as is null and '
    || private.job_conditions(p_organization_id, coalesce(p_filter, '{}'));
  v_old uuid[];
  v_jobs jsonb;
  v_reply jsonb;
  v_replayed bigint := 0;
  v_left bigint;
begin
  perform private.check_dead_letter_filter(p_filter, p_limit);
  if not coalesce(p_dry_run, false) then
    execute format(
      'select array_agg(r.id order by r.id), jsonb_agg(private.job_again(r) order by r.id)
       from (select j.* from %s order by j.id limit %s for update of j skip locked) r', v_which, p_limit
    ) into v_old, v_jobs;
    if v_old is not null then
      v_reply := engine.enqueue_jobs(v_jobs);
      -- Of those with a unique key, some may be waited for already: they stay dead letters.
      with made as (
        select o.id, (e.value ->> 'id')::uuid as new_id
        from unnest(v_old) with ordinality o (id, place)
        join jsonb_array_elements(v_reply) with ordinality e on e.ordinality = o.place
        where e.value ->> 'status' = 'enqueued'
      )
      update public.job_history h set replayed_as = m.new_id from made m where h.id = m.id;
      get diagnostics v_replayed = row_count;
    end if;
  end if;
  execute 'select count(*) from ' || v_which into v_left;
  return jsonb_build_object(
    'replayed', v_replayed, 'refused', coalesce(cardinality(v_old), 0) - v_replayed, 'left', v_left,
    'dry_run', coalesce(p_dry_run, false)
  );
end;
$function$;

create or replace function private.request_archives (
  p_week date
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_week private.run_archive_weeks;
  v_due record;
  v_found boolean;
  v_requested integer := 0;
begin
  for v_due in
    select o.id, d.days
    from private.organizations_of_week('runs', p_week) as o (id)
    cross join lateral private.kept_days('runs', o.id) as d (days)
    -- Some days ahead: what is archived in time is dropped in time.
    where private.archives_runs(o.id) and (p_week + 7)::timestamp at time zone 'UTC' + make_interval(days => d.days - 2) <= v_now
  loop
    insert into private.run_archive_weeks (organization_id, week) values (v_due.id, p_week) on conflict do nothing;
    select * into v_week from private.run_archive_weeks w
    where w.organization_id = v_due.id and w.week = p_week for update skip locked;
    continue when not found;
    if v_week.pass_until is null then
      -- An hour: no transaction of ours is open for as long, so everything that ended before is to be seen. What ends
      -- after the first pass waits for a further one until it has expired.
      select exists (
        select 1 from private.week_range(p_week) w
        join public.runs r on r.organization_id = v_due.id and r.id >= w.low and r.id < w.high
        where r.finished_at >= v_week.archived_until and r.finished_at < case
          when v_week.archived_until = '-infinity' then v_now - interval '1 hour'
          else v_now - make_interval(days => v_due.days) end
      ) into v_found;
      continue when not v_found;
      update private.run_archive_weeks w set pass_until = v_now - interval '1 hour', requested_at = v_now, attempts = 0
      where w.organization_id = v_due.id and w.week = p_week;
    end if;
    perform private.enqueue_run_archive(v_due.id, p_week);
    v_requested := v_requested + 1;
  end loop;
  return v_requested;
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
    perform private.wake_if_idle(p_run.organization_id);
  end if;
end;
$function$;

create or replace function private.resting_status (
  p_due timestamp with time zone,
  p_now timestamp with time zone
)
  returns text
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return case when p_due > p_now + interval '1 minute' then 'waiting' else 'available' end;
end;
$function$;

create or replace function private.retained_tables (
  p_kind text
)
  returns table (
    parent text,
    key    text
  )
  language sql
  immutable
  set search_path to ''
  AS $function$
  -- In the order in which everybody writes to them: first what decides how long the others live.
  select t.parent, t.key
  from (values ('runs', 1, 'runs', 'id'), ('runs', 2, 'run_steps', 'run_id'), ('jobs', 1, 'job_history', 'id')) as t (kind, place, parent, key)
  where t.kind = p_kind
  order by t.place;
$function$;

create or replace function private.retry_job (
  p_job_id uuid
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_old public.job_history;
  v_new jsonb;
begin
  select * into v_old from public.job_history h where h.id = p_job_id for update;
  if not found then
    if private.find_job(p_job_id) is null then
      perform private.fail('not_found', 'No such job', 404);
    end if;
    perform private.fail('conflict', 'The job has not ended', 409);
  elsif v_old.status = 'completed' then
    perform private.fail('conflict', 'The job has completed: enqueue another one to do the same again', 409);
  elsif v_old.replayed_as is not null then
    perform private.fail('conflict', 'The job was retried already', 409, jsonb_build_object('replayed_as', v_old.replayed_as));
  end if;
  v_new := engine.enqueue_jobs(jsonb_build_array(private.job_again(v_old))) -> 0;
  if v_new ->> 'status' <> 'enqueued' then
    perform private.fail('conflict', 'Another job with the same unique key waits to begin', 409, jsonb_build_object('job_id', v_new -> 'id'));
  end if;
  update public.job_history h set replayed_as = (v_new ->> 'id')::uuid where h.id = p_job_id;
  return private.find_job((v_new ->> 'id')::uuid);
end;
$function$;

create or replace function private.retry_webhooks()
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
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
  return jsonb_build_object('started', v_started, 'failed', v_failed);
end;
$function$;

create or replace function private.roll_up_analytics()
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_today date := (private.now() at time zone 'UTC')::date;
  v_day date;
  v_days integer := 0;
  v_rows integer := 0;
begin
  -- What no tick has counted yet: yesterday must be complete.
  perform private.count_runs();
  -- Days that were never rolled up, and those of which a run has ended (or was deleted) since. Runs take 31 days at most;
  -- the first time takes all there is.
  for v_day in
    select distinct d.day from public.run_stats_daily d
    left join public.analytics_daily a
      on a.organization_id = d.organization_id and a.flow_id = d.flow_id and a.day = d.day
    where d.day < v_today
      and d.day >= coalesce((select max(m.day) from public.analytics_daily m) - 35, '-infinity')
      and (a.day is null
        or (a.completed, a.failed, a.cancelled, a.compensated, a.compensation_failed, a.unfinished)
          is distinct from (d.completed, d.failed, d.cancelled, d.compensated, d.compensation_failed,
            d.queued + d.running + d.paused + d.compensating))
    order by 1
  loop
    v_rows := v_rows + private.roll_up_day(v_day);
    v_days := v_days + 1;
  end loop;
  return jsonb_build_object('days', v_days, 'rows', v_rows);
end;
$function$;

create or replace function private.roll_up_day (
  p_day date
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_from uuid := private.uuid_v7_floor(p_day::timestamp at time zone 'UTC');
  v_to uuid := private.uuid_v7_floor((p_day + 1)::timestamp at time zone 'UTC');
  v_rows integer;
begin
  with
  steps as (
    select r.organization_id, coalesce(r.flow_id, v_nil) as flow_id, count(*) as steps
    from public.run_steps s
    join public.runs r on r.id = s.run_id and r.id >= v_from and r.id < v_to and r.pins is null
    where s.run_id >= v_from and s.run_id < v_to and s.status <> 'skipped'
    group by grouping sets ((r.organization_id, r.flow_id), (r.organization_id))
  ),
  days as (
    select d.*, d.queued + d.running + d.paused + d.compensating as unfinished,
      d.completed + d.failed + d.compensated + d.compensation_failed as judged
    from public.run_stats_daily d
    where d.day = p_day
      and d.organization_id in (select o.id from public.organizations o order by o.id for key share)
  )
  insert into public.analytics_daily as a (
    organization_id, flow_id, day, runs, completed, failed, cancelled, compensated, compensation_failed, unfinished,
    success_rate, p50_ms, p95_ms, steps, rolled_up_at
  )
  select d.organization_id, d.flow_id, d.day, d.judged + d.cancelled + d.unfinished, d.completed, d.failed, d.cancelled,
    d.compensated, d.compensation_failed, d.unfinished, round(d.completed / nullif(d.judged, 0)::numeric, 4),
    private.percentile(d.durations, 0.5), private.percentile(d.durations, 0.95), coalesce(s.steps, 0), private.now()
  from days d
  left join steps s on s.organization_id = d.organization_id and s.flow_id = d.flow_id
  on conflict (organization_id, flow_id, day) do update set
    runs = excluded.runs, completed = excluded.completed, failed = excluded.failed, cancelled = excluded.cancelled,
    compensated = excluded.compensated, compensation_failed = excluded.compensation_failed,
    unfinished = excluded.unfinished, success_rate = excluded.success_rate, p50_ms = excluded.p50_ms,
    p95_ms = excluded.p95_ms,
    -- Steps of runs that were deleted since stay counted, as the runs do.
    steps = greatest(a.steps, excluded.steps),
    rolled_up_at = excluded.rolled_up_at;
  get diagnostics v_rows = row_count;
  return v_rows;
end;
$function$;

create or replace function private.run_job_now (
  p_job_id uuid
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_job public.job_queue;
  v_now timestamptz := private.now();
begin
  select * into v_job from public.job_queue j where j.id = p_job_id for update;
  if not found then
    if private.find_job(p_job_id) is null then
      perform private.fail('not_found', 'No such job', 404);
    end if;
    perform private.fail('conflict', 'The job has begun or ended already', 409);
  elsif v_job.run_id is not null then
    perform private.fail('conflict', 'This is a step of a run', 409, jsonb_build_object('run_id', v_job.run_id));
  elsif v_job.status = 'blocked' then
    perform private.fail('conflict', 'The job waits for another one with its concurrency key to end', 409);
  end if;
  if v_job.scheduled_for > v_now then
    update public.job_queue j set status = 'available', scheduled_for = v_now where j.id = p_job_id;
    perform private.wake_if_idle(v_job.organization_id);
  end if;
  return private.find_job(p_job_id);
end;
$function$;

create or replace function private.schedule_tasks()
  returns text[]
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_task private.system_tasks;
  v_name text;
  -- A session of its own each, so that nothing long keeps the clock of the runs waiting.
  v_names text[] := array['millrace-tick', 'millrace-task-watch', 'millrace-task-starts'];
begin
  if to_regprocedure('cron.schedule(text, text, text)') is null then
    return '{}';
  end if;
  perform private.keep_cron_job('millrace-tick', '10 seconds', 'select engine.tick()');
  perform private.keep_cron_job('millrace-task-watch', '20 seconds', 'select engine.watch_tasks()');
  -- The time-out of the task that it starts is the watch's to keep.
  perform private.keep_cron_job('millrace-task-starts', '10 seconds',
    'set local statement_timeout = 0; select engine.start_waiting_task()');
  for v_task in select * from private.system_tasks t where t.is_enabled order by t.name loop
    v_name := 'millrace-' || v_task.name;
    perform private.keep_cron_job(v_name, coalesce(v_task.custom_cron, v_task.cron), format(
      'set local statement_timeout = %L; select engine.run_task(%L)', v_task.timeout_seconds || 's', v_task.name
    ));
    v_names := v_names || v_name;
  end loop;
  -- All that is called millrace-… is ours: what went, or was switched off, goes.
  for v_name in
    select j.jobname from cron.job j
    where j.jobname like 'millrace-%' and j.jobname <> all (v_names)
      and j.username = current_user and j.database = current_database()
  loop
    perform cron.unschedule(v_name);
  end loop;
  return v_names;
end;
$function$;

create or replace function private.scheduled_tasks()
  returns text[]
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  if to_regclass('cron.job') is null then
    return '{}';
  end if;
  return coalesce((
    select array_agg(substr(j.jobname, 10)) from cron.job j
    where j.jobname like 'millrace-%' and j.active and j.username = current_user and j.database = current_database()
  ), '{}');
end;
$function$;

create or replace function private.secure_run_archives()
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
  values ('run-archives', 'run-archives', false, 50331648, array['application/gzip'])
  on conflict do nothing;
  -- Only the archive job writes. What lies in the folder of an organization may be read by who may read its runs.
  if not exists (
    select 1 from pg_catalog.pg_policy p
    where p.polrelid = 'storage.objects'::regclass and p.polname = 'millrace_members_read_run_archives'
  ) then
    create policy millrace_members_read_run_archives on storage.objects for select to authenticated
      using (
        bucket_id = 'run-archives'
        and split_part(name, '/', 1) = any ((select private.organizations_with('runs:read'))::text[])
      );
  end if;
  return true;
exception
  when insufficient_privilege then
    raise warning 'Cannot make the bucket run-archives and its policy: %. Run private.secure_run_archives() as a role that may', sqlerrm;
    return false;
end;
$function$;

create or replace function private.setting (
  p_name text
)
  returns text
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (select s.value from private.settings s where s.name = p_name);
end;
$function$;

create or replace function private.shorten_leases (
  p_lease_ids uuid[],
  p_job_ids   uuid[]
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  with rest as materialized (
    select o.id, array_agg(j.job_id) as job_ids, array_agg(j.organization_id) as organization_ids, array_agg(j.type) as types,
      array_agg(j.payload) as payloads, array_agg(j.attempts) as attempts, array_agg(j.max_attempts) as max_attempts,
      array_agg(j.priority) as priorities, array_agg(j.due) as due, array_agg(j.created) as created,
      array_agg(j.options) as options
    from private.job_leases o
    cross join lateral unnest(
      o.job_ids, o.organization_ids, o.types, o.payloads, o.attempts, o.max_attempts, o.priorities, o.due, o.created, o.options
    ) as j (job_id, organization_id, type, payload, attempts, max_attempts, priority, due, created, options)
    left join unnest(p_job_ids) as g (id) on g.id = j.job_id
    where o.id = any (p_lease_ids) and g.id is null
    group by o.id
  ),
  gone as (
    delete from private.job_leases l where l.id = any (p_lease_ids) and not exists (select 1 from rest r where r.id = l.id)
  )
  update private.job_leases l set
    job_ids = r.job_ids, organization_ids = r.organization_ids, types = r.types, payloads = r.payloads, attempts = r.attempts,
    max_attempts = r.max_attempts, priorities = r.priorities, due = r.due, created = r.created,
    options = case when l.options is not null then r.options end
  from rest r
  where l.id = r.id and cardinality(r.job_ids) < cardinality(l.job_ids);
end;
$function$;

create or replace function private.skip_change (
  p_change_id uuid,
  p_reason    text,
  p_rows      bigint
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- A row that nobody holds, or a new one: writers of the table never wait for each other because of a counter. Where a row
  -- that was changed meanwhile would be an error, none is looked for.
  if current_setting('transaction_isolation') = 'read committed' then
    update private.change_skips s set skipped = s.skipped + p_rows, last_at = private.now()
    where (s.change_id, s.reason, s.shard) = (
      select o.change_id, o.reason, o.shard from private.change_skips o
      where o.change_id = p_change_id and o.reason = p_reason
      limit 1 for update skip locked
    );
    if found then
      return;
    end if;
  end if;
  insert into private.change_skips (change_id, reason, skipped) values (p_change_id, p_reason, p_rows);
end;
$function$;

create or replace function private.skip_task (
  p_name    text,
  p_trigger text,
  p_reason  text,
  p_run_id  uuid default null::uuid
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_run private.system_task_runs;
begin
  if p_run_id is not null then
    perform private.end_task_run(p_run_id, 'skipped', p_reason);
    select * into v_run from private.system_task_runs r where r.id = p_run_id;
  else
    insert into private.system_task_runs (name, status, trigger, reason, finished_at)
    values (p_name, 'skipped', p_trigger, p_reason, private.now())
    returning * into v_run;
  end if;
  return private.task_run_reply(v_run);
end;
$function$;

create or replace function private.start_change_runs (
  p_change private.change_triggers,
  p_flow   public.flows,
  p_cause  public.runs,
  p_event  jsonb,
  p_rows   jsonb[]
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_claims text := current_setting('request.jwt.claims', true);
  v_sub uuid := private.to_uuid(p_event #>> '{actor,user_id}');
  v_input jsonb;
  v_batch jsonb[];
  v_runs uuid[] := '{}';
begin
  -- Accounts of another provider have ids that are no UUIDs, and auth.uid() fails for them.
  if v_sub is null and v_claims <> '' then
    perform set_config('request.jwt.claims', '', true);
  end if;
  for v_from in 1 .. cardinality(p_rows) by p_change.batch loop
    v_batch := p_rows[v_from : v_from + p_change.batch - 1];
    v_input := p_event || jsonb_build_object('event_id', private.uuid_v7()) || case p_change.batch
      when 1 then v_batch[1]
      else jsonb_build_object('records', to_jsonb(v_batch), 'count', cardinality(v_batch))
    end;
    if octet_length(v_input::text) > 1048576 then
      if p_change.required then
        perform private.fail('payload_too_large', 'The changed rows are more than the 1 MiB that a run may get', 413);
      end if;
      perform private.skip_change(p_change.id, 'payload_too_large', cardinality(v_batch));
      continue;
    end if;
    v_runs := v_runs || (private.create_run(
      p_flow, 'event', v_input, p_change.trigger_node,
      p_parent => case when p_cause.id is not null then p_cause end, p_waits_for_nobody => true
    )).id;
  end loop;
  if v_sub is null and v_claims <> '' then
    perform set_config('request.jwt.claims', v_claims, true);
  end if;
  -- Without a unique key: that of another open transaction would have to be waited for.
  if exists (select 1 from public.job_queue j where j.run_id = any (v_runs) and j.status = 'waiting') then
    perform private.enqueue_job(p_flow.organization_id, 'runs.admit', '{}', '{"max_attempts": 3, "priority": 50}');
  end if;
  perform private.wake_if_idle(p_flow.organization_id);
end;
$function$;

create or replace function private.start_changed_flow()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_change private.change_triggers;
  v_flow public.flows;
  v_cause public.runs;
  v_obstacle text;
  v_cursor refcursor;
  v_old jsonb;
  v_new jsonb;
  v_rows jsonb[] := '{}';
  v_count bigint := 0;
  v_beyond bigint := 0;
  v_looked boolean := false;
begin
  case tg_op
    when 'INSERT' then
      open v_cursor for select null::jsonb, to_jsonb(n.*) from new_rows n;
    when 'DELETE' then
      open v_cursor for select to_jsonb(o.*), null::jsonb from old_rows o;
    else
      -- Both tables hold the rows in the order in which they were changed.
      open v_cursor for
        select o.row, n.row
        from (select to_jsonb(r.*) as row, row_number() over () as place from old_rows r) o
        join (select to_jsonb(r.*) as row, row_number() over () as place from new_rows r) n using (place)
        order by place;
  end case;

  loop
    fetch v_cursor into v_old, v_new;
    exit when not found;
    if not v_looked then
      v_looked := true;
      select * into v_change from private.change_triggers c where c.id = tg_argv[0]::uuid;
      if not found then
        return null;
      end if;
      select * into v_flow from public.flows f where f.id = v_change.flow_id;
      v_cause := private.causing_run(v_change.organization_id);
      v_obstacle := private.change_obstacle(v_change, v_flow, v_cause);
      -- A column may have got another name, and what was to be left out must not come along under that.
      if not coalesce(v_new, v_old) ?& (
        coalesce(v_change.columns, '{}') || v_change.excluded
          || array(select k from jsonb_object_keys(coalesce(v_change.condition, '{}')) k)
      ) then
        v_obstacle := 'column_gone';
      end if;
    end if;
    continue when v_obstacle is distinct from 'column_gone' and not private.change_fits(v_change, v_old, v_new);
    v_count := v_count + 1;
    if v_obstacle is not null then
      continue;
    elsif v_count > v_change.max_runs::bigint * v_change.batch then
      v_beyond := v_beyond + 1;
    else
      v_rows := v_rows || jsonb_build_object('record', v_new - v_change.excluded, 'old_record', v_old - v_change.excluded);
    end if;
  end loop;
  close v_cursor;
  if v_count = 0 then
    return null;
  end if;

  if v_obstacle is null then
    begin
      perform private.start_change_runs(v_change, v_flow, v_cause, jsonb_build_object(
        'type', format('%s.%s.%s', tg_table_schema, tg_table_name, lower(tg_op)),
        'operation', lower(tg_op), 'schema', tg_table_schema, 'table', tg_table_name,
        'changed_at', private.now(), 'actor', private.change_actor(v_change.claims)
      ), v_rows);
    exception
      when serialization_failure or deadlock_detected then
        raise;
      when others then
        if v_change.required then
          raise;
        end if;
        raise warning 'Cannot start flow % for a change of %.%: %', v_change.flow_id, tg_table_schema, tg_table_name, sqlerrm;
        v_obstacle := left(private.refusal_code(sqlstate, sqlerrm), 60);
        v_count := v_count - v_beyond;
    end;
  end if;
  if v_obstacle is not null or v_beyond > 0 then
    if v_change.required then
      perform private.fail('conflict', format('The change can not start its flow: %s', coalesce(v_obstacle, 'too_many_rows')), 409);
    end if;
    if v_obstacle is not null then
      perform private.skip_change(v_change.id, v_obstacle, v_count);
    end if;
    if v_beyond > 0 then
      perform private.skip_change(v_change.id, 'too_many_rows', v_beyond);
    end if;
  end if;
  return null;
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
      perform private.wake_if_idle(v_parent.organization_id);
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
  perform private.wake_if_idle(p_run.organization_id);
end;
$function$;

create or replace function private.stop_task_job (
  p_job_id uuid
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- Not begun: it goes. With a worker: it is asked to stop, and whatever it still says comes too late for the history.
  if exists (select 1 from public.job_queue j where j.id = p_job_id) then
    perform private.end_queued_job(p_job_id, 'cancelled', '{"code": "task_timeout", "message": "Nobody began it in time"}');
  else
    insert into private.job_states as s (job_id, organization_id, cancel_requested_at)
    values (p_job_id, private.platform_id(), private.now())
    on conflict (job_id) do update set cancel_requested_at = coalesce(s.cancel_requested_at, excluded.cancel_requested_at);
  end if;
end;
$function$;

create or replace function private.survives (
  p_kind text,
  p_week date
)
  returns text
  language sql
  stable
  set search_path to ''
  AS $function$
  select format(
    'not exists (
       select 1 from private.partition_expired e
       where e.kind = %L and e.week = %L and e.organization_id = t.organization_id and t.%I < e.ended_before
     )', p_kind, p_week, case p_kind when 'runs' then 'finished_at' else 'completed_at' end
  ) || case p_kind when 'runs' then format(
    ' or t.id = any (select unnest(r.referred) from private.partition_rewrites r where r.kind = %L and r.week = %L)
      or (t.parent_run_id is not null and exists (select 1 from public.runs p where p.id = t.parent_run_id and p.finished_at is null))',
    p_kind, p_week
  ) else '' end;
$function$;

create or replace function private.swap_partition (
  p_kind  text,
  p_week  date,
  p_until timestamp with time zone
)
  returns boolean
  language plpgsql
  set search_path to ''
  set lock_timeout to '200ms'
  AS $function$
declare
  v_range record;
  v_tables text;
  v_table record;
  v_index record;
  v_name text;
  v_empty boolean;
begin
  -- What has been noted so far, while nobody has to wait for it.
  while private.copy_changes(p_kind, p_week, 1000) > 100 loop
    if clock_timestamp() >= p_until then
      return false;
    end if;
  end loop;

  select string_agg(format('only public.%I', t.parent), ', ') into v_tables from private.retained_tables(p_kind) t;
  execute format('lock table %s in access exclusive mode', v_tables);
  -- Whoever wrote has committed: the last notes. From here on nobody writes.
  while private.copy_changes(p_kind, p_week, 1000) > 0 loop
    null;
  end loop;

  select * into v_range from private.week_range(p_week);
  for v_table in select * from private.retained_tables(p_kind) loop
    v_name := private.partition_name(v_table.parent, p_week);
    execute format('alter table public.%I detach partition public.%I', v_table.parent, v_name);
    execute format('drop table public.%I', v_name);
    if v_empty is null then
      execute format('select not exists (select 1 from private.%I)', 'keep_' || v_name) into v_empty;
    end if;
    if v_empty then
      execute format('drop table private.%I', 'keep_' || v_name);
      continue;
    end if;
    execute format('alter table private.%I set schema public', 'keep_' || v_name);
    execute format('alter table public.%I rename to %I', 'keep_' || v_name, v_name);
    execute format('alter table public.%I attach partition public.%I for values from (%L) to (%L)', v_table.parent, v_name, v_range.low, v_range.high);
    execute format('alter table public.%I drop constraint is_of_its_week', v_name);
    for v_index in
      select n.relname as name from pg_catalog.pg_index i join pg_catalog.pg_class n on n.oid = i.indexrelid
      where i.indrelid = ('public.' || v_name)::regclass and n.relname like 'keep\_%'
    loop
      execute format('alter index public.%I rename to %I', v_index.name, substr(v_index.name, 6));
    end loop;
  end loop;
  update private.partition_rewrites r set
    phase = 'idle', began_at = null, rewritten_at = private.now(), looked_at = private.now(), referred = '{}'
  where r.kind = p_kind and r.week = p_week;
  delete from private.partition_expired e where e.kind = p_kind and e.week = p_week;
  return true;
end;
$function$;

create or replace function private.sweep_jobs (
  p_now timestamp with time zone
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_leases uuid[];
  v_freed integer := 0;
  v_clock bigint := (select c.last_value from private.job_clock c);
begin
  -- Jobs of workers that are gone.
  select array_agg(o.id), coalesce(sum(cardinality(o.organization_ids)), 0)::integer into v_leases, v_freed from (
    select l.id, l.organization_ids from private.job_leases l
    where not exists (select 1 from private.workers w where w.id = l.worker_id)
    order by l.id limit 1000
    for update skip locked
  ) o;
  if v_leases is not null then
    perform private.put_back_leases(v_leases, true);
  end if;

  -- Places without a lease, and jobs that wait for a place that is free: neither should be there.
  delete from private.job_slots s where not exists (select 1 from private.job_leases l where l.id = s.lease_id);
  perform private.unblock_jobs(array(
    select distinct o.limit_key from (
      select j.organization_id || ':' || j.concurrency_key as limit_key, j.concurrency_limit
      from public.job_queue j
      where j.status = 'blocked'
      order by random() limit 500
    ) o
    where (select count(*) from private.job_slots s where s.limit_key = o.limit_key) < o.concurrency_limit
  ));

  -- Jobs that nobody began in time.
  perform private.end_queued_job(o.id, 'expired', '{"code": "expired", "message": "It had not begun in time"}') from (
    select j.id from public.job_queue j where j.expires_at <= p_now order by j.expires_at limit 1000 for update skip locked
  ) o;

  -- An organization so far behind that claims overlook it: one whose claim was taken back. And plans may have changed.
  update private.job_turns t set
    virtual_time = greatest(t.virtual_time, v_clock - 1), weight = p.weight, max_running = p.max_running
  from (
    select u.organization_id, coalesce(p.queue_weight, 1) as weight, p.max_concurrent_jobs as max_running
    from private.job_turns u
    left join public.organizations o on o.id = u.organization_id
    left join public.plans p on p.id = o.plan_id
    where u.is_active and (
      u.virtual_time < v_clock - 64000 or u.weight <> coalesce(p.queue_weight, 1)
      or u.max_running is distinct from p.max_concurrent_jobs
    )
    order by u.organization_id
    for update of u skip locked
  ) p
  where t.organization_id = p.organization_id;
  delete from private.job_states s
  where s.updated_at < p_now - interval '1 hour'
    and not exists (select 1 from public.job_queue j where j.id = s.job_id)
    and not exists (select 1 from private.job_leases l where s.job_id = any (l.job_ids));
  return v_freed;
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
    perform private.wake_if_idle(null);
    v_signal := null;
  end loop;
end;
$function$;

create or replace function private.take_slots (
  p_run          public.runs,
  p_without_lock boolean     default false
)
  returns text
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_full text;
begin
  if private.limits_are_near(p_run) then
    if p_without_lock then
      return (select k.limit_key from private.run_limit_keys(p_run) k order by k.places, k.limit_key limit 1);
    end if;
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

create or replace function private.task_attempt (
  p_name text
)
  returns smallint
  language sql
  stable
  set search_path to ''
  AS $function$
  select least(count(*) + 1, 32767)::smallint from private.system_task_runs r
  where r.name = p_name and r.status = 'failed' and r.finished_at > coalesce(
    (select max(o.finished_at) from private.system_task_runs o where o.name = p_name and o.status = 'completed'), '-infinity'
  );
$function$;

create or replace function private.task_ended (
  p_job    jsonb,
  p_status text,
  p_error  jsonb
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_job_id uuid := coalesce(p_job ->> 'job', p_job ->> 'id');
  v_run_id uuid;
  v_result jsonb;
  v_started_at timestamptz;
begin
  select h.result, h.started_at into v_result, v_started_at from public.job_history h where h.id = v_job_id;
  -- It never waits: whoever holds the row is closing it, and looks into the history of jobs first.
  select r.id into v_run_id from private.system_task_runs r
  where r.job_id = v_job_id and r.finished_at is null for update skip locked;
  if found then
    perform private.end_task_run(
      v_run_id,
      case when p_status = 'cancelled' or v_result ? 'skipped' then 'skipped'
        when p_status = 'completed' then 'completed' else 'failed' end,
      case when p_status = 'cancelled' then 'job_cancelled' else v_result ->> 'skipped' end,
      v_result, nullif(p_error, 'null'), v_started_at
    );
    return;
  end if;
  -- A dead letter that was replayed with success: the task has completed after all.
  insert into private.system_task_runs (name, status, trigger, job_id, attempt, result, started_at, finished_at)
  select t.name, 'completed', 'manual', v_job_id, private.task_attempt(t.name), v_result,
    coalesce(v_started_at, private.now()), private.now()
  from private.system_tasks t
  where p_status = 'completed' and t.name = p_job ->> 'unique_key' and t.kind = 'job' and t.handler = p_job ->> 'type'
    and not exists (select 1 from private.system_task_runs r where r.name = t.name and r.job_id = v_job_id);
end;
$function$;

create or replace function private.task_holders()
  returns table (
    name  text,
    pid   integer,
    since timestamp with time zone
  )
  language sql
  stable
  security definer
  set search_path to ''
  AS $function$
  select t.name, l.pid, a.xact_start
  from pg_catalog.pg_locks l
  join private.system_tasks t on hashtext(t.name)::bit(32) = l.objid::bigint::bit(32)
  left join pg_catalog.pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.classid = 7318349 and l.objsubid = 2 and l.granted and l.pid <> pg_backend_pid()
    and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database());
$function$;

create or replace function private.task_run_reply (
  p_run private.system_task_runs
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select jsonb_build_object(
    'id', p_run.id, 'name', p_run.name, 'status', p_run.status, 'trigger', p_run.trigger, 'reason', p_run.reason,
    'attempt', p_run.attempt, 'job_id', p_run.job_id, 'result', p_run.result, 'error', p_run.error,
    'created_at', p_run.created_at, 'started_at', p_run.started_at, 'finished_at', p_run.finished_at
  );
$function$;

create or replace function private.task_waits_for (
  p_name text
)
  returns text[]
  language sql
  stable
  set search_path to ''
  AS $function$
  select coalesce(array_agg(d.name order by d.name), '{}')
  from private.system_tasks t
  cross join lateral unnest(t.depends_on) as n (name)
  join private.system_tasks d on d.name = n.name and d.is_enabled
  where t.name = p_name
    and not exists (
      select 1 from private.system_task_runs r
      where r.name = d.name and r.status = 'completed' and r.finished_at > coalesce(
        (
          select max(o.started_at) from private.system_task_runs o
          where o.name = p_name and o.status = 'completed' and o.finished_at = (
            select max(l.finished_at) from private.system_task_runs l where l.name = p_name and l.status = 'completed'
          )
        ),
        '-infinity'
      )
    );
$function$;

create or replace function private.tell_task (
  p_organization_id uuid,
  p_type            text,
  p_job_id          uuid,
  p_unique_key      text,
  p_status          text,
  p_error           jsonb
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- Tasks are the platform's own, and come after the queue in the order of these files.
  if p_organization_id = private.platform_id() and to_regprocedure('private.task_ended(jsonb, text, jsonb)') is not null then
    perform private.task_ended(jsonb_build_object('job', p_job_id, 'type', p_type, 'unique_key', p_unique_key), p_status, p_error);
  end if;
end;
$function$;

create or replace function private.text_list (
  p_list    jsonb,
  p_default text[]
)
  returns text[]
  language sql
  immutable
  set search_path to ''
  AS $function$
  select case when p_list is null or p_list = '[]' then p_default
    else array(select distinct e from jsonb_array_elements_text(p_list) e order by e) end;
$function$;

create or replace function private.throughput_of (
  p_completed bigint,
  p_retried   bigint,
  p_dead      bigint,
  p_busy_ms   numeric,
  p_wait_ms   numeric
)
  returns jsonb
  language sql
  immutable
  set search_path to ''
  AS $function$
  select jsonb_build_object(
    'completed', p_completed, 'retried', p_retried, 'dead', p_dead,
    'failure_rate', round((p_retried + p_dead)::numeric / nullif(p_completed + p_retried + p_dead, 0), 4),
    'avg_busy_ms', round(p_busy_ms / nullif(p_completed + p_retried + p_dead, 0), 1),
    'avg_wait_ms', round(p_wait_ms / nullif(p_completed + p_retried + p_dead, 0), 1)
  );
$function$;

create or replace function private.try_lock_task (
  p_name text
)
  returns boolean
  language sql
  set search_path to ''
  AS $function$
  select pg_try_advisory_xact_lock(7318349, hashtext(p_name));
$function$;

create or replace function private.unblock_jobs (
  p_limit_keys text[]
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_key text;
  v_organization_id uuid;
  v_count integer;
  v_freed integer := 0;
begin
  for v_key in select distinct k from unnest(p_limit_keys) k order by k loop
    perform private.lock_concurrency_key(v_key);
    v_organization_id := split_part(v_key, ':', 1)::uuid;
    update public.job_queue j set status = 'available'
    where j.id in (
      select o.id from public.job_queue o
      where o.status = 'blocked' and o.organization_id = v_organization_id and o.concurrency_key = substr(v_key, 38)
      order by o.priority, o.scheduled_for
      limit greatest(0, (
        select max(o.concurrency_limit) from public.job_queue o
        where o.status = 'blocked' and o.organization_id = v_organization_id and o.concurrency_key = substr(v_key, 38)
      ) - (select count(*) from private.job_slots s where s.limit_key = v_key))
      for update skip locked
    );
    get diagnostics v_count = row_count;
    if v_count > 0 then
      perform private.forget_heads(array[v_organization_id]);
      perform private.wake_if_idle(v_organization_id);
    end if;
    v_freed := v_freed + v_count;
  end loop;
  return v_freed;
end;
$function$;

create or replace function private.uuid_v7_time (
  p_id uuid
)
  returns timestamp with time zone
  language sql
  immutable
  set search_path to ''
  AS $function$
  select to_timestamp(('x' || left(replace(p_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0);
$function$;

create or replace function private.wake_if_idle (
  p_organization_id uuid
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
begin
  perform private.give_turn(p_organization_id);
  -- A notification takes a lock that all who notify wait for, so only when somebody waits for it.
  if exists (select 1 from private.workers w where w.is_listening and private.is_awake(w)) then
    perform pg_notify('millrace_jobs', '');
    return;
  end if;
  if not exists (select 1 from private.workers w where w.kind = 'worker' and private.is_awake(w))
    and not exists (
      select 1 from private.worker_wakes k
      where k.created_at > v_now - interval '5 seconds' and k.redeemed_at is null
    )
  then
    perform private.wake_workers(1);
  end if;
end;
$function$;

create or replace function private.warn_of_archives()
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_week record;
  v_failing integer;
begin
  for v_week in
    update private.run_archive_weeks w set warned_at = private.now()
    where w.pass_until is not null and w.requested_at < private.now() - interval '14 days'
      and coalesce(w.warned_at < private.now() - interval '1 day', true)
    returning w.*
  loop
    raise warning 'The runs of organization % of the week of % could not be archived since %, after % attempts: they are kept, see the dead letters of runs.archive',
      v_week.organization_id, v_week.week, v_week.requested_at, v_week.attempts;
  end loop;
  select count(*) into v_failing from private.run_archive_weeks w
  where w.pass_until is not null and w.requested_at < private.now() - interval '14 days';
  return v_failing;
end;
$function$;

create or replace function private.week_of (
  p_id uuid
)
  returns date
  language sql
  immutable
  set search_path to ''
  AS $function$
  select date_trunc('week', private.uuid_v7_time(p_id) at time zone 'UTC')::date;
$function$;

create or replace function private.week_range (
  p_week date
)
  returns table (
    low  uuid,
    high uuid
  )
  language sql
  stable
  set search_path to ''
  AS $function$
  select private.uuid_v7_floor(p_week::timestamp at time zone 'UTC'), private.uuid_v7_floor((p_week + 7)::timestamp at time zone 'UTC');
$function$;

create or replace function private.weeks_of_default (
  p_parent text
)
  returns SETOF date
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_id uuid;
  v_low uuid := '00000000-0000-0000-0000-000000000000';
begin
  loop
    execute format('select t.id from public.%I t where t.id >= $1 order by t.id limit 1', p_parent || '_default') into v_id using v_low;
    exit when v_id is null;
    return next private.week_of(v_id);
    select w.high into v_low from private.week_range(private.week_of(v_id)) w;
  end loop;
end;
$function$;

create or replace function private.work_bulk_operation (
  p_operation public.bulk_operations,
  p_runs      integer,
  p_seconds   double precision
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_operation public.bulk_operations := p_operation;
  v_claims text := current_setting('request.jwt.claims', true);
  v_until timestamptz := clock_timestamp() + make_interval(secs => p_seconds);
  v_run uuid;
  v_outcome text;
  v_message jsonb;
  v_count integer := 0;
  v_busy uuid[] := '{}';
  v_position uuid := p_operation.position;
  v_all boolean := true;
begin
  -- The limits of one organization are all that this needs to lock.
  if not pg_try_advisory_xact_lock(hashtext('millrace.limits'), hashtext(v_operation.organization_id::text)) then
    update public.bulk_operations b set worked_at = clock_timestamp() where b.id = v_operation.id;
    return 0;
  end if;

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
      -- At least one, however slow; what is left over is for the next batch.
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
begin
  -- One operation a tick, those in line taking turns.
  select * into v_operation from public.bulk_operations b
  where b.finished_at is null
  order by b.worked_at nulls first, b.id limit 1
  for update skip locked;
  if not found then
    return 0;
  end if;
  return private.work_bulk_operation(v_operation, p_runs, p_seconds);
end;
$function$;

create or replace function public.cancel_job (
  p_job_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission((private.find_job(p_job_id) ->> 'organization_id')::uuid, 'runs:execute', 'job');
  return private.cancel_job(p_job_id);
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
  insert into public.bulk_operations (id, organization_id, action, filter, total, created_by, status, finished_at)
  values (
    v_id, p_organization_id, p_action, p_filter, v_total, auth.uid(),
    case when v_total = 0 then 'completed' else 'queued' end, case when v_total = 0 then private.now() end
  )
  returning * into v_operation;
  -- Begun at once by a worker; should that come to nothing, the clock goes on with it.
  if v_total > 0 then
    perform private.enqueue_job(
      p_organization_id, 'runs.bulk', jsonb_build_object('operation_id', v_id),
      jsonb_build_object('unique_key', v_id, 'max_attempts', 3)
    );
  end if;
  return private.keep_reply(p_organization_id, 'create_bulk_operation', p_idempotency_key,
    private.bulk_reply(v_operation) || '{"dry_run": false}');
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
  p_mapping            jsonb   default null::jsonb,
  p_wait_seconds       integer default 0
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
      p_mapping, p_wait_seconds));
  if v_reply is not null then
    return v_reply;
  end if;
  if length(coalesce(p_name, '')) not between 1 and 200 or coalesce(p_provider, '') not in ('stripe', 'typeform', 'custom')
    or jsonb_typeof(p_config) <> 'object' or octet_length(p_config::text) > 8192
    or length(v_secret) not between 8 and 512 or length(p_trigger_node) not between 1 and 64
    or jsonb_typeof(p_mapping) <> 'object' or octet_length(p_mapping::text) > 8192 or p_wait_seconds not between 0 and 60
  then
    perform private.fail('invalid_request', 'The name, provider, config, secret, trigger node, mapping or waiting time is out of range', 400);
  end if;
  perform private.check_trigger_node(p_flow_id, p_trigger_node);

  select p.* into v_plan from public.organizations o join public.plans p on p.id = o.plan_id
  where o.id = v_flow.organization_id for no key update of o;
  if (select count(*) from public.webhook_endpoints e where e.organization_id = v_flow.organization_id) >= v_plan.max_webhook_endpoints then
    perform private.fail('plan_limit_reached', format('The plan %s allows %s webhook endpoints', v_plan.id, v_plan.max_webhook_endpoints), 402);
  end if;

  insert into public.webhook_endpoints (
    organization_id, flow_id, trigger_node, name, provider, config, slug, signature_required, created_by, mapping,
    wait_seconds
  )
  values (
    v_flow.organization_id, p_flow_id, p_trigger_node, p_name, p_provider, coalesce(p_config, '{}'),
    replace(gen_random_uuid()::text, '-', ''), coalesce(p_signature_required, true), auth.uid(), nullif(p_mapping, '{}'),
    coalesce(p_wait_seconds, 0)
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
    perform private.wake_if_idle(v_run.organization_id);
  end if;
  return jsonb_build_object('run_id', p_run_id, 'node_id', v_token.node_id, 'scope', v_token.scope, 'kind', v_kind) || v_data;
end;
$function$;

create or replace function public.discard_dead_letter (
  p_job_id uuid
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission((private.find_job(p_job_id) ->> 'organization_id')::uuid, 'runs:execute', 'dead letter');
  perform private.discard_dead_letter(p_job_id);
end;
$function$;

create or replace function public.discard_dead_letters (
  p_organization_id uuid,
  p_filter          jsonb   default '{}'::jsonb,
  p_limit           integer default 100,
  p_dry_run         boolean default false
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'runs:execute', 'organization');
  return private.discard_dead_letters(p_organization_id, p_filter, p_limit, p_dry_run);
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
    perform private.wake_if_idle(p_organization_id);
  end if;
  return private.keep_reply(p_organization_id, 'execute_graph', p_idempotency_key, v_reply);
end;
$function$;

create or replace function public.find_run_archives (
  p_run_id uuid
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  -- The id tells the week, so few rows are looked at: those of the caller's organizations and this week.
  select jsonb_agg(to_jsonb(a) order by a.part) from public.run_archives a
  where a.organization_id = any ((select private.organizations_with('runs:read'))::uuid[])
    and a.week = private.week_of(p_run_id)
    and p_run_id between a.first_run_id and a.last_run_id;
$function$;

create or replace function public.gate (
  p_route           text default 'default'::text,
  p_organization_id uuid default null::uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_user_id uuid := auth.uid();
  v_organization_id uuid := p_organization_id;
  v_row record;
begin
  if v_user_id is null then
    perform private.fail('unauthorized', 'Sign in first', 401);
  end if;
  if coalesce(p_route, '') not in ('default', 'read', 'write', 'run') then
    perform private.fail('invalid_request', 'Unknown route class', 400);
  end if;

  -- The default organization must exist before it can be found; a person who has one is told so by the index alone.
  if v_organization_id is null then
    v_organization_id := private.ensure_tenant(v_user_id);
  end if;

  select o.id, o.suspended_at, m.role, p as plan,
    (select coalesce(array_agg(rp.permission order by rp.permission), '{}')
     from private.role_permissions rp where rp.role = m.role) as permissions
  into v_row
  from public.organization_members m
  join public.organizations o on o.id = m.organization_id
  join public.plans p on p.id = o.plan_id
  where m.organization_id = v_organization_id and m.user_id = v_user_id;
  if not found then
    perform private.fail('not_found', 'No such organization', 404);
  end if;

  return jsonb_build_object(
    'user_id', v_user_id,
    'organization_id', v_row.id,
    'role', v_row.role,
    'permissions', case when v_row.suspended_at is null then to_jsonb(v_row.permissions) else '["org:read"]'::jsonb end,
    'suspended', v_row.suspended_at is not null,
    'plan', (v_row.plan).id,
    'limits', to_jsonb(v_row.plan) - '{id,name,retention_days,archives_runs}'::text[],
    'rate', private.take_tokens(
      format('user:%s:%s', v_user_id, p_route),
      (v_row.plan).requests_per_minute, 60, (v_row.plan).request_burst
    )
  );
end;
$function$;

create or replace function public.get_job (
  p_job_id uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_job jsonb := private.find_job(p_job_id);
begin
  perform private.require_permission((v_job ->> 'organization_id')::uuid, 'runs:read', 'job');
  return v_job;
end;
$function$;

create or replace function public.get_run_archive (
  p_archive_id uuid
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select to_jsonb(a) from public.run_archives a where a.id = p_archive_id;
$function$;

create or replace function public.list_jobs (
  p_organization_id uuid,
  p_filter          jsonb   default '{}'::jsonb,
  p_after           uuid    default null::uuid,
  p_ascending       boolean default false,
  p_limit           integer default 50
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'runs:read', 'organization');
  return private.find_jobs(p_organization_id, p_filter, p_after, p_ascending, p_limit);
end;
$function$;

create or replace function public.list_run_archives (
  p_organization_id uuid,
  p_week            date    default null::date,
  p_after           uuid    default null::uuid,
  p_limit           integer default 51
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select jsonb_agg(to_jsonb(a) - array['member_offsets', 'member_run_ids'] order by a.id desc)
  from (
    select o.* from public.run_archives o
    where o.organization_id = p_organization_id
      and (p_week is null or o.week = date_trunc('week', p_week::timestamp)::date)
      and (p_after is null or o.id < p_after)
    order by o.id desc
    limit least(greatest(p_limit, 1), 101)
  ) a;
$function$;

create or replace function public.queue_statistics (
  p_organization_id uuid,
  p_minutes         integer default 60
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'runs:read', 'organization');
  return private.queue_statistics(p_organization_id, p_minutes);
end;
$function$;

create or replace function public.replay_dead_letters (
  p_organization_id uuid,
  p_filter          jsonb   default '{}'::jsonb,
  p_limit           integer default 100,
  p_dry_run         boolean default false
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'runs:execute', 'organization');
  return private.replay_dead_letters(p_organization_id, p_filter, p_limit, p_dry_run);
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
  perform private.wake_if_idle(v_run.organization_id);
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
    perform private.wake_if_idle(v_new.organization_id);
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
      perform private.wake_if_idle(v_run.organization_id);
    end if;
  end if;
  return to_jsonb(v_run);
end;
$function$;

create or replace function public.retry_job (
  p_job_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission((private.find_job(p_job_id) ->> 'organization_id')::uuid, 'runs:execute', 'job');
  return private.retry_job(p_job_id);
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
    perform private.wake_if_idle(v_new.organization_id);
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
    perform private.wake_if_idle(v_run.organization_id);
  end if;
  return jsonb_build_object('began', 'attempt', 'run', to_jsonb(v_run));
end;
$function$;

create or replace function public.run_job_now (
  p_job_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission((private.find_job(p_job_id) ->> 'organization_id')::uuid, 'runs:execute', 'job');
  return private.run_job_now(p_job_id);
end;
$function$;

create or replace function public.set_daily_digest (
  p_organization_id uuid,
  p_wanted          boolean
)
  returns boolean
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'org:write', 'organization');
  if p_wanted then
    delete from private.digest_opt_outs x where x.organization_id = p_organization_id;
  else
    insert into private.digest_opt_outs (organization_id, user_id) values (p_organization_id, auth.uid())
    on conflict (organization_id) do nothing;
  end if;
  return coalesce(p_wanted, false);
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
      perform private.wake_if_idle(v_run.organization_id);
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
    perform private.wake_if_idle(v_run.organization_id);
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
  perform private.wake_if_idle(v_schedule.organization_id);
  return private.keep_reply(v_schedule.organization_id, 'trigger_schedule', p_idempotency_key,
    jsonb_build_object('schedule_id', p_schedule_id, 'scheduled_for', v_at, 'run_id', v_run_id));
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
  p_mapping            jsonb   default null::jsonb,
  p_wait_seconds       integer default null::integer
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
    or p_wait_seconds not between 0 and 60
  then
    perform private.fail('invalid_request', 'The name, config, trigger node, mapping or waiting time is out of range', 400);
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
    mapping = nullif(coalesce(p_mapping, e.mapping), '{}'),
    wait_seconds = coalesce(p_wait_seconds, e.wait_seconds)
  where e.id = p_endpoint_id;
  return private.webhook_endpoint_reply(p_endpoint_id);
end;
$function$;

alter table "private"."digest_opt_outs"
  add constraint "digest_opt_outs_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "private"."digest_opt_outs"
  add constraint "digest_opt_outs_user_id_fkey" foreign key (user_id) references public.profiles(id) on delete
    set null;

alter table "private"."digests"
  add constraint "digests_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "private"."partition_expired"
  add constraint "partition_expired_kind_week_fkey" foreign key (kind, week)
    references private.partition_rewrites(kind, week) on delete cascade;

alter table "private"."plan_downgrades"
  add constraint "plan_downgrades_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "private"."plan_downgrades"
  add constraint "plan_downgrades_plan_id_fkey" foreign key (plan_id) references public.plans(id);

alter table "private"."run_archive_weeks"
  add constraint "run_archive_weeks_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "private"."system_alerts"
  add constraint "system_alerts_task_fkey" foreign key (task) references private.system_tasks(name) on delete cascade;

alter table "private"."system_task_runs"
  add constraint "system_task_runs_name_fkey" foreign key (name) references private.system_tasks(name)
    on delete cascade;

alter table "public"."analytics_daily"
  add constraint "analytics_daily_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "public"."job_history"
  add constraint "death_says_why" check (((status = ANY (ARRAY['dead'::text, 'expired'::text])) <= (error IS
    NOT NULL)));

alter table "public"."job_history"
  add constraint "job_history_attempts_check" check ((attempts >= 0));

alter table "public"."job_history"
  add constraint "job_history_pkey" primary key (id);

alter table "public"."job_history"
  add constraint "job_history_status_check"
    check ((status = ANY (ARRAY['completed'::text, 'dead'::text, 'cancelled'::text, 'expired'::text])));

alter table "public"."job_queue"
  add constraint "job_queue_concurrency_key_check"
    check (((length(concurrency_key) >= 1) AND (length(concurrency_key) <= 200)));

alter table "public"."job_queue"
  add constraint "job_queue_concurrency_limit_check" check ((concurrency_limit > 0));

alter table "public"."job_queue"
  add constraint "job_queue_status_check"
    check
    ((status = ANY (ARRAY['available'::text, 'running'::text, 'waiting'::text, 'paused'::text, 'blocked'::text])));

alter table "public"."job_queue"
  add constraint "job_queue_unique_key_check" check (((length(unique_key) >= 1) AND (length(unique_key) <= 200)));

alter table "public"."job_queue"
  add constraint "jobs_are_leased_elsewhere"
    check
    (((type = 'flow.step'::text) OR (status = ANY (ARRAY['available'::text, 'waiting'::text, 'blocked'::text]))));

alter table "public"."job_queue"
  add constraint "limit_of_a_key" check (((concurrency_key IS NULL) = (concurrency_limit IS NULL)));

alter table "public"."plans"
  add constraint "plans_max_concurrent_jobs_check" check ((max_concurrent_jobs > 0));

alter table "public"."plans"
  add constraint "plans_queue_weight_check" check (((queue_weight >= 1) AND (queue_weight <= 1000)));

alter table "public"."plans"
  add constraint "retention_is_in_days"
    check
    (((jsonb_typeof(retention_days) = 'object'::text) AND (NOT jsonb_path_exists(retention_days,
    '$.*?(@.type() != "null" && (((@.type() != "number" || @ < 1) || @ > 36500) || @.floor() != @))'::jsonpath)) AND
    (NOT jsonb_path_exists(retention_days, '$."webhook_events"?(@ < 30)'::jsonpath))));

alter table "public"."run_archives"
  add constraint "run_archives_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "public"."usage_hourly"
  add constraint "usage_hourly_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "public"."webhook_endpoints"
  add constraint "webhook_endpoints_wait_seconds_check" check (((wait_seconds >= 0) AND (wait_seconds <= 60)));

create view "engine"."changes" with (security_invoker=true) AS  SELECT c.id,
    ( SELECT format('%I.%I'::text, n.nspname, k.relname) AS format
           FROM (pg_class k
             JOIN pg_namespace n ON ((n.oid = k.relnamespace)))
          WHERE (k.oid = t.table_id)) AS "table",
    c.name,
    c.organization_id,
    c.flow_id,
    f.name AS flow_name,
        CASE
            WHEN (t.table_id IS NULL) THEN 'table_gone'::text
            WHEN ((f.id IS NULL) OR (f.deleted_at IS NOT NULL)) THEN 'flow_deleted'::text
            WHEN (NOT t.is_enabled) THEN 'disabled'::text
            WHEN (EXISTS ( SELECT 1
               FROM unnest(((c.columns || c.excluded) || ARRAY( SELECT jsonb_object_keys(COALESCE(c.condition, '{}'::jsonb)) AS jsonb_object_keys))) n(n)
              WHERE (NOT (EXISTS ( SELECT 1
                       FROM pg_attribute a
                      WHERE ((a.attrelid = t.table_id) AND (a.attname = n.n) AND (NOT a.attisdropped))))))) THEN 'column_gone'::text
            WHEN (o.suspended_at IS NOT NULL) THEN 'organization_suspended'::text
            WHEN (NOT f.is_active) THEN 'flow_inactive'::text
            ELSE 'on'::text
        END AS state,
    c.operations,
    c.columns,
    c.condition,
    c.excluded,
    c.claims,
    c.trigger_node,
    c.batch,
    c.max_runs,
    c.max_depth,
    c.required,
    s.skipped,
    s.skipped_because,
    s.last_skipped_at,
    c.created_at,
    c.updated_at
   FROM ((((private.change_triggers c
     LEFT JOIN ( SELECT x.change_id,
            min(x.table_id) AS table_id,
            bool_and(x.is_enabled) AS is_enabled
           FROM private.change_tables() x(change_id, table_id, trigger_name, is_enabled)
          GROUP BY x.change_id) t ON ((t.change_id = c.id)))
     LEFT JOIN public.flows f ON ((f.id = c.flow_id)))
     LEFT JOIN public.organizations o ON ((o.id = c.organization_id)))
     CROSS JOIN LATERAL ( SELECT (COALESCE(sum(r.skipped), (0)::numeric))::bigint AS skipped,
            jsonb_object_agg(r.reason, r.skipped) AS skipped_because,
            max(r.last_at) AS last_skipped_at
           FROM ( SELECT k.reason,
                    sum(k.skipped) AS skipped,
                    max(k.last_at) AS last_at
                   FROM private.change_skips k
                  WHERE (k.change_id = c.id)
                  GROUP BY k.reason) r) s);

create view "engine"."dead_letters" with (security_invoker=true) AS  SELECT id,
    organization_id,
    type,
    payload,
    (error ->> 'code'::text) AS error_code,
    (error ->> 'message'::text) AS error_message,
    (error -> 'details'::text) AS error_details,
    attempts,
    max_attempts,
    created_at,
    started_at,
    completed_at
   FROM public.job_history h
  WHERE ((status = 'dead'::text) AND (replayed_as IS NULL));

create view "engine"."jobs" with (security_invoker=true) AS  SELECT j.id,
    j.organization_id,
    j.type,
    j.payload,
        CASE
            WHEN (j.status = ANY (ARRAY['running'::text, 'paused'::text, 'blocked'::text])) THEN j.status
            WHEN ((j.status = 'waiting'::text) AND (j.run_id IS NOT NULL)) THEN 'waiting'::text
            WHEN (j.scheduled_for > ( SELECT private.now() AS now)) THEN 'delayed'::text
            ELSE 'queued'::text
        END AS status,
    j.priority,
    j.attempts,
    j.max_attempts,
    NULLIF(j.scheduled_for, 'infinity'::timestamp with time zone) AS scheduled_for,
    j.started_at,
    NULL::timestamp with time zone AS completed_at,
    j.error_message,
    j.created_at,
    ( SELECT s.progress
           FROM private.job_states s
          WHERE (s.job_id = j.id)) AS progress,
    ( SELECT s.cancel_requested_at
           FROM private.job_states s
          WHERE (s.job_id = j.id)) AS cancel_requested_at,
    NULL::jsonb AS result,
    NULL::jsonb AS error,
    j.unique_key,
    j.concurrency_key,
    j.expires_at,
    j.worker_id,
    j.run_id,
    ( SELECT h.id
           FROM public.job_history h
          WHERE (h.replayed_as = j.id)) AS replay_of,
    NULL::uuid AS replayed_as
   FROM public.job_queue j
UNION ALL
 SELECT l.id,
    l.organization_id,
    l.type,
    l.payload,
    'running'::text AS status,
    l.priority,
    l.attempts,
    l.max_attempts,
    l.scheduled_for,
    l.started_at,
    NULL::timestamp with time zone AS completed_at,
    l.error_message,
    l.created_at,
    ( SELECT s.progress
           FROM private.job_states s
          WHERE (s.job_id = l.id)) AS progress,
    ( SELECT s.cancel_requested_at
           FROM private.job_states s
          WHERE (s.job_id = l.id)) AS cancel_requested_at,
    NULL::jsonb AS result,
    NULL::jsonb AS error,
    l.unique_key,
    l.concurrency_key,
    l.expires_at,
    l.worker_id,
    NULL::uuid AS run_id,
    ( SELECT h.id
           FROM public.job_history h
          WHERE (h.replayed_as = l.id)) AS replay_of,
    NULL::uuid AS replayed_as
   FROM private.leased_jobs() l(lease_id, worker_id, started_at, id, organization_id, type, payload, attempts, max_attempts, priority, scheduled_for, created_at, unique_key, concurrency_key, concurrency_limit, expires_at, error_message)
UNION ALL
 SELECT h.id,
    h.organization_id,
    h.type,
    h.payload,
    h.status,
    h.priority,
    h.attempts,
    h.max_attempts,
    h.scheduled_for,
    h.started_at,
    h.completed_at,
    (h.error ->> 'message'::text) AS error_message,
    h.created_at,
    NULL::jsonb AS progress,
    NULL::timestamp with time zone AS cancel_requested_at,
    h.result,
    h.error,
    h.unique_key,
    h.concurrency_key,
    NULL::timestamp with time zone AS expires_at,
    NULL::uuid AS worker_id,
    NULL::uuid AS run_id,
    COALESCE(h.replay_of, ( SELECT o.id
           FROM public.job_history o
          WHERE (o.replayed_as = h.id))) AS replay_of,
    h.replayed_as
   FROM public.job_history h;

create view "engine"."queue_depth" with (security_invoker=true) AS  SELECT type,
    status,
    (sum(jobs))::bigint AS jobs,
    min(oldest) AS oldest,
        CASE
            WHEN (status = 'queued'::text) THEN (EXTRACT(epoch FROM (( SELECT private.now() AS now) - min(oldest))))::bigint
            ELSE NULL::bigint
        END AS oldest_seconds
   FROM ( SELECT q.type,
                CASE
                    WHEN (q.status = ANY (ARRAY['running'::text, 'paused'::text, 'blocked'::text])) THEN q.status
                    WHEN ((q.status = 'waiting'::text) AND (q.run_id IS NOT NULL)) THEN 'waiting'::text
                    WHEN (q.scheduled_for > ( SELECT private.now() AS now)) THEN 'delayed'::text
                    ELSE 'queued'::text
                END AS status,
            count(*) AS jobs,
            min(
                CASE
                    WHEN (q.scheduled_for = 'infinity'::timestamp with time zone) THEN q.created_at
                    WHEN (q.status = 'running'::text) THEN q.started_at
                    ELSE q.scheduled_for
                END) AS oldest
           FROM public.job_queue q
          GROUP BY q.type,
                CASE
                    WHEN (q.status = ANY (ARRAY['running'::text, 'paused'::text, 'blocked'::text])) THEN q.status
                    WHEN ((q.status = 'waiting'::text) AND (q.run_id IS NOT NULL)) THEN 'waiting'::text
                    WHEN (q.scheduled_for > ( SELECT private.now() AS now)) THEN 'delayed'::text
                    ELSE 'queued'::text
                END
        UNION ALL
         SELECT l.type,
            'running'::text AS text,
            count(*) AS count,
            min(l.started_at) AS min
           FROM private.leased_jobs() l(lease_id, worker_id, started_at, id, organization_id, type, payload, attempts, max_attempts, priority, scheduled_for, created_at, unique_key, concurrency_key, concurrency_limit, expires_at, error_message)
          GROUP BY l.type) d
  GROUP BY type, status;

create view "engine"."queue_organizations" with (security_invoker=true) AS  SELECT d.organization_id,
    o.name,
    o.plan_id,
    COALESCE((t.weight)::integer, 1) AS weight,
    t.max_running,
    (sum(d.queued))::bigint AS queued,
    (sum(d.delayed))::bigint AS delayed,
    (sum(d.blocked))::bigint AS blocked,
    (sum(d.waiting))::bigint AS waiting,
    (sum(d.running))::bigint AS running,
    (sum(d.dead_letters))::bigint AS dead_letters,
    min(d.oldest_due_at) AS oldest_due_at,
    (EXTRACT(epoch FROM (( SELECT private.now() AS now) - min(d.oldest_due_at))))::bigint AS oldest_due_seconds
   FROM ((( SELECT q.organization_id,
            count(*) FILTER (WHERE ((q.status = 'available'::text) AND (q.scheduled_for <= ( SELECT private.now() AS now)))) AS queued,
            count(*) FILTER (WHERE (((q.status = 'available'::text) AND (q.scheduled_for > ( SELECT private.now() AS now))) OR ((q.status = 'waiting'::text) AND (q.run_id IS NULL)))) AS delayed,
            count(*) FILTER (WHERE (q.status = 'blocked'::text)) AS blocked,
            count(*) FILTER (WHERE ((q.status = 'paused'::text) OR ((q.status = 'waiting'::text) AND (q.run_id IS NOT NULL)))) AS waiting,
            count(*) FILTER (WHERE (q.status = 'running'::text)) AS running,
            0 AS dead_letters,
            min(q.scheduled_for) FILTER (WHERE ((q.status = 'available'::text) AND (q.scheduled_for <= ( SELECT private.now() AS now)))) AS oldest_due_at
           FROM public.job_queue q
          GROUP BY q.organization_id
        UNION ALL
         SELECT l.organization_id,
            0,
            0,
            0,
            0,
            count(*) AS count,
            0,
            NULL::timestamp with time zone AS timestamptz
           FROM private.leased_jobs() l(lease_id, worker_id, started_at, id, organization_id, type, payload, attempts, max_attempts, priority, scheduled_for, created_at, unique_key, concurrency_key, concurrency_limit, expires_at, error_message)
          GROUP BY l.organization_id
        UNION ALL
         SELECT h.organization_id,
            0,
            0,
            0,
            0,
            0,
            count(*) AS count,
            NULL::timestamp with time zone AS timestamptz
           FROM public.job_history h
          WHERE ((h.status = 'dead'::text) AND (h.replayed_as IS NULL))
          GROUP BY h.organization_id) d
     LEFT JOIN public.organizations o ON ((o.id = d.organization_id)))
     LEFT JOIN private.job_turns t ON ((t.organization_id = d.organization_id)))
  GROUP BY d.organization_id, o.name, o.plan_id, t.weight, t.max_running;

create view "engine"."stuck" with (security_invoker=true) AS  SELECT problem,
    id,
    organization_id,
    type,
    since,
    (EXTRACT(epoch FROM (( SELECT private.now() AS now) - since)))::bigint AS seconds,
        CASE problem
            WHEN 'not_claimed'::text THEN 'It is due, and no worker takes it: see engine.workers, and whether engine.configure was called'::text
            WHEN 'worker_lost'::text THEN 'Its worker is gone, and the tick has not given it away: see cron.job_run_details for millrace-tick'::text
            WHEN 'long_running'::text THEN 'A worker has had it for more than 15 minutes: engine.cancel_job asks it to stop'::text
            WHEN 'ignores_cancel'::text THEN 'It was asked to stop more than a minute ago and goes on: its handler does not look at its signal'::text
            WHEN 'blocked'::text THEN 'It waits for others with its concurrency key, and none of them is at work: the tick should let it go'::text
            ELSE 'The time of its run is over, and the tick has not ended it: see cron.job_run_details for millrace-tick'::text
        END AS why
   FROM ( SELECT
                CASE
                    WHEN (q.deadline_at < (( SELECT private.now() AS now) - '00:01:00'::interval)) THEN 'past_deadline'::text
                    ELSE 'not_claimed'::text
                END AS problem,
            q.id,
            q.organization_id,
            q.type,
                CASE
                    WHEN (q.deadline_at < (( SELECT private.now() AS now) - '00:01:00'::interval)) THEN q.deadline_at
                    ELSE q.scheduled_for
                END AS since
           FROM public.job_queue q
          WHERE ((q.deadline_at < (( SELECT private.now() AS now) - '00:01:00'::interval)) OR ((q.scheduled_for < (( SELECT private.now() AS now) - '00:01:00'::interval)) AND ((q.status = 'available'::text) OR ((q.status = 'waiting'::text) AND (q.run_id IS NULL)))))
        UNION ALL
         SELECT 'worker_lost'::text AS text,
            q.id,
            q.organization_id,
            q.type,
            COALESCE(w.expires_at, q.started_at) AS "coalesce"
           FROM (public.job_queue q
             LEFT JOIN private.workers w ON ((w.id = q.worker_id)))
          WHERE ((q.worker_id IS NOT NULL) AND ((w.id IS NULL) OR (w.expires_at < (( SELECT private.now() AS now) - '00:01:00'::interval))))
        UNION ALL
         SELECT
                CASE
                    WHEN ((w.id IS NULL) OR (w.expires_at < (( SELECT private.now() AS now) - '00:01:00'::interval))) THEN 'worker_lost'::text
                    WHEN (s_1.cancel_requested_at < (( SELECT private.now() AS now) - '00:01:00'::interval)) THEN 'ignores_cancel'::text
                    ELSE 'long_running'::text
                END AS "case",
            l.id,
            l.organization_id,
            l.type,
                CASE
                    WHEN (w.id IS NULL) THEN l.started_at
                    WHEN (w.expires_at < (( SELECT private.now() AS now) - '00:01:00'::interval)) THEN w.expires_at
                    WHEN (s_1.cancel_requested_at < (( SELECT private.now() AS now) - '00:01:00'::interval)) THEN s_1.cancel_requested_at
                    ELSE l.started_at
                END AS started_at
           FROM ((private.leased_jobs() l(lease_id, worker_id, started_at, id, organization_id, type, payload, attempts, max_attempts, priority, scheduled_for, created_at, unique_key, concurrency_key, concurrency_limit, expires_at, error_message)
             LEFT JOIN private.workers w ON ((w.id = l.worker_id)))
             LEFT JOIN private.job_states s_1 ON ((s_1.job_id = l.id)))
          WHERE ((w.id IS NULL) OR (w.expires_at < (( SELECT private.now() AS now) - '00:01:00'::interval)) OR (s_1.cancel_requested_at < (( SELECT private.now() AS now) - '00:01:00'::interval)) OR (l.started_at < (( SELECT private.now() AS now) - '00:15:00'::interval)))
        UNION ALL
         SELECT 'blocked'::text AS text,
            q.id,
            q.organization_id,
            q.type,
            q.scheduled_for
           FROM public.job_queue q
          WHERE ((q.status = 'blocked'::text) AND (q.scheduled_for < (( SELECT private.now() AS now) - '00:01:00'::interval)) AND (NOT (EXISTS ( SELECT 1
                   FROM private.leased_jobs() l(lease_id, worker_id, started_at, id, organization_id, type, payload, attempts, max_attempts, priority, scheduled_for, created_at, unique_key, concurrency_key, concurrency_limit, expires_at, error_message)
                  WHERE ((l.organization_id = q.organization_id) AND (l.concurrency_key = q.concurrency_key))))))) s;

create view "engine"."workers" with (security_invoker=true) AS  SELECT id,
    kind,
    (expires_at > ( SELECT private.now() AS now)) AS is_alive,
    ( SELECT count(*) AS count
           FROM public.job_queue q
          WHERE (q.worker_id = w.id)) AS steps,
    ( SELECT COALESCE(sum(cardinality(l.organization_ids)), (0)::bigint) AS "coalesce"
           FROM private.job_leases l
          WHERE (l.worker_id = w.id)) AS jobs,
    started_at,
    expires_at
   FROM private.workers w;

create index change_triggers_flow_id_idx on private.change_triggers using btree (flow_id);
create index digest_opt_outs_user_id_idx on private.digest_opt_outs using btree (user_id);
create index job_leases_worker_id_idx on private.job_leases using btree (worker_id);
create index job_slots_lease_id_idx on private.job_slots using btree (lease_id);

create index job_turns_active_idx on private.job_turns using btree (virtual_time, organization_id)
  where is_active;

create index partition_changes_idx on private.partition_changes using btree (kind, week);
create index plan_downgrades_plan_id_idx on private.plan_downgrades using btree (plan_id);

create index run_archive_weeks_open_idx on private.run_archive_weeks using btree (requested_at)
  where (pass_until is not null);

create unique index system_alerts_open_idx on private.system_alerts using btree (task)
  where (resolved_at is null);

create index system_alerts_task_idx on private.system_alerts using btree (task, id);

create index system_task_runs_completed_idx on private.system_task_runs using btree (name, finished_at)
  where (status = 'completed'::text);

create index system_task_runs_job_id_idx on private.system_task_runs using btree (job_id)
  where (finished_at is null);

create index system_task_runs_name_idx on private.system_task_runs using btree (name, id);

create unique index system_task_runs_open_idx on private.system_task_runs using btree (name)
  where (finished_at is null);

create index analytics_daily_day_idx on public.analytics_daily using btree (day);
create index job_history_organization_id_idx on public.job_history using btree (organization_id, id);

create index job_history_replayed_as_idx on public.job_history using btree (replayed_as)
  where (replayed_as is not null);

create index job_history_unreplayed_idx on public.job_history using btree (organization_id, id)
  where ((status = 'dead'::text) AND (replayed_as is null));

create index job_queue_blocked_idx on public.job_queue
  using btree (organization_id, concurrency_key, priority, scheduled_for)
  where (status = 'blocked'::text);

create index job_queue_expires_at_idx on public.job_queue using btree (expires_at)
  where (expires_at is not null);

create unique index job_queue_unique_key_idx on public.job_queue using btree (organization_id, type, unique_key)
  where (unique_key is not null);

create index run_archives_newest_idx on public.run_archives using btree (organization_id, id);

create index usage_hourly_open_idx on public.usage_hourly using btree (hour)
  where (runs_open > 0);

create unique index webhook_events_body_key_idx on public.webhook_events using btree (endpoint_id, body_key)
  where ((replay_of is null) AND (not is_test) AND (body_key is not null));

create unique index webhook_events_event_key_idx on public.webhook_events using btree (endpoint_id, event_key)
  where ((replay_of is null) AND (not is_test) AND (event_key is not null));

create index webhook_events_without_run_idx on public.webhook_events using btree (id)
  where ((status = 'accepted'::text) AND (run_id is null));

create trigger note_downgrade
  after update of plan_id on public.organizations
  for each row
  when ((old.plan_id IS DISTINCT FROM new.plan_id))
  execute function private.note_downgrade();

create trigger append_only
  before update on public.run_archives
  for each row
  execute function private.refuse_change();

alter table "public"."run_archives"
  enable always trigger "append_only";

create trigger touch
  before update of name,
    config, flow_id, trigger_node, signature_required, is_active, mapping, wait_seconds on public.webhook_endpoints
  for each row
  execute function private.touch();

create policy "members_see_analytics_daily" on "public"."analytics_daily"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('runs:read'::text) as organizations_with)::uuid[])));

create policy "members_see_job_history" on "public"."job_history"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('runs:read'::text) as organizations_with)::uuid[])));

create policy "members_see_run_archives" on "public"."run_archives"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('runs:read'::text) as organizations_with)::uuid[])));

create policy "members_see_usage_hourly" on "public"."usage_hourly"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('runs:read'::text) as organizations_with)::uuid[])));

comment on column "private"."change_skips"."change_id" is 'The row of private.change_triggers.';
comment on column "private"."change_skips"."last_at" is 'The last time.';
comment on column "private"."change_skips"."reason" is 'flow_deleted, flow_inactive, organization_suspended; too_deep = started by a run that was too deep already; too_many_rows = beyond max_runs; payload_too_large = more than 1 MiB; column_gone = a column that was named is not there any more; otherwise the code of an error.';
comment on column "private"."change_skips"."shard" is 'Random.';
comment on column "private"."change_skips"."skipped" is 'Rows of the table.';
comment on column "private"."change_triggers"."batch" is 'How many rows a run gets: 1 = a run for each row.';
comment on column "private"."change_triggers"."claims" is 'Claims of the writer''s token that the flow sees besides who it is.';
comment on column "private"."change_triggers"."columns" is 'An update starts it only when one of these differs afterwards; null = any column that is not left out.';
comment on column "private"."change_triggers"."condition" is 'Column -> value, or list of values, that the row has to have; after the change, or before a delete. Null = every row.';
comment on column "private"."change_triggers"."created_at" is 'Made.';
comment on column "private"."change_triggers"."excluded" is 'Columns that the flow never sees.';
comment on column "private"."change_triggers"."flow_id" is 'The flow.';
comment on column "private"."change_triggers"."id" is 'UUIDv7; the argument of the triggers.';
comment on column "private"."change_triggers"."max_depth" is 'How many runs may stand above one that is started here: what bounds a flow that writes the table that starts it. 0 = changes that runs make start nothing.';
comment on column "private"."change_triggers"."max_runs" is 'How many runs one statement starts at most; rows beyond are counted as too_many_rows.';
comment on column "private"."change_triggers"."name" is 'Tells several for the same table and flow apart.';
comment on column "private"."change_triggers"."operations" is 'Which changes start it: insert, update, delete.';
comment on column "private"."change_triggers"."organization_id" is 'The tenant whose flow it is.';
comment on column "private"."change_triggers"."required" is 'True = a change that can not start its run is refused; false = it is counted, and the change goes through.';
comment on column "private"."change_triggers"."trigger_node" is 'Id of the trigger node to start at; null = the first event trigger, otherwise the first of all.';
comment on column "private"."change_triggers"."updated_at" is 'Last call of engine.on_change for it.';
comment on column "private"."digest_opt_outs"."created_at" is 'When.';
comment on column "private"."digest_opt_outs"."organization_id" is 'The tenant.';
comment on column "private"."digest_opt_outs"."user_id" is 'Who said so; null = the account is gone.';
comment on column "private"."digests"."day" is 'The day, UTC, that the digest is about.';
comment on column "private"."digests"."job_id" is 'The job digest.mail that sends it.';
comment on column "private"."digests"."organization_id" is 'The tenant.';
comment on column "private"."digests"."queued_at" is 'When it was queued.';
comment on column "private"."job_counts"."busy_ms" is 'Milliseconds that the attempts took, together.';
comment on column "private"."job_counts"."completed" is 'Attempts that succeeded.';
comment on column "private"."job_counts"."dead" is 'Jobs that were given up.';
comment on column "private"."job_counts"."minute" is 'The minute in which they ended.';
comment on column "private"."job_counts"."organization_id" is 'The tenant.';
comment on column "private"."job_counts"."retried" is 'Attempts after which another one follows.';
comment on column "private"."job_counts"."type" is 'What they do.';
comment on column "private"."job_counts"."wait_ms" is 'Milliseconds from being due to being claimed, together.';
comment on column "private"."job_counts"."worker_id" is 'Who did them.';
comment on column "private"."job_leases"."attempts" is 'How often each was begun, this time included.';
comment on column "private"."job_leases"."created" is 'When they were enqueued.';
comment on column "private"."job_leases"."due" is 'When they were due.';
comment on column "private"."job_leases"."id" is 'UUIDv7. What a worker names with each result.';
comment on column "private"."job_leases"."job_ids" is 'The jobs that are not finished. The other lists have an entry for each, in the same order; private.leased_jobs reads them.';
comment on column "private"."job_leases"."max_attempts" is 'How often each may be begun.';
comment on column "private"."job_leases"."options" is '{unique_key, concurrency_key, concurrency_limit, expires_at, error_message} of those that have any; null = none has.';
comment on column "private"."job_leases"."organization_ids" is 'Whose they are: how many an organization has at work.';
comment on column "private"."job_leases"."payloads" is 'Their arguments.';
comment on column "private"."job_leases"."priorities" is 'Lower runs first within an organization.';
comment on column "private"."job_leases"."started_at" is 'When they were claimed.';
comment on column "private"."job_leases"."types" is 'What they do.';
comment on column "private"."job_leases"."worker_id" is 'Who holds it. When that worker is lost, engine.tick puts the jobs back.';
comment on column "private"."job_slots"."job_id" is 'The job.';
comment on column "private"."job_slots"."lease_id" is 'The lease it is in.';
comment on column "private"."job_slots"."limit_key" is 'ORGANIZATION:KEY.';
comment on column "private"."job_states"."cancel_requested_at" is 'When somebody asked it to stop; null = nobody has.';
comment on column "private"."job_states"."job_id" is 'The job.';
comment on column "private"."job_states"."organization_id" is 'The tenant.';
comment on column "private"."job_states"."progress" is 'What its handler last said, in words of its own; null = nothing.';
comment on column "private"."job_states"."updated_at" is 'The last change.';
comment on column "private"."job_turns"."head" is 'Of priority 100 nothing was ready that was due before this moment, so that claims step over no dead rows.';
comment on column "private"."job_turns"."head_until" is 'When head is forgotten: what became visible late is found then.';
comment on column "private"."job_turns"."is_active" is 'False = nothing was ready at the last look. Who enqueues sets it; what slips through, the next claim with room finds.';
comment on column "private"."job_turns"."max_running" is 'max_concurrent_jobs of its plan, as of the last look; null = no limit.';
comment on column "private"."job_turns"."organization_id" is 'The tenant.';
comment on column "private"."job_turns"."virtual_time" is 'What it has had, in thousandths of a job by weight. One that comes back begins where the others are: nobody saves up turns.';
comment on column "private"."job_turns"."weight" is 'queue_weight of its plan, as of the last look.';
comment on column "private"."partition_changes"."id" is 'The run or job.';
comment on column "private"."partition_changes"."kind" is 'runs or jobs.';
comment on column "private"."partition_changes"."week" is 'The Monday of the week.';
comment on column "private"."partition_expired"."ended_before" is 'What ended before this is left out.';
comment on column "private"."partition_expired"."kind" is 'runs or jobs.';
comment on column "private"."partition_expired"."organization_id" is 'The tenant, or private.platform_id().';
comment on column "private"."partition_expired"."week" is 'The Monday of the week.';
comment on column "private"."partition_rewrites"."began_at" is 'When the rewriting began; null = it is idle.';
comment on column "private"."partition_rewrites"."copied" is 'Rows copied so far, of all tables of the kind.';
comment on column "private"."partition_rewrites"."error" is 'Why the last rewriting was given up; null = it was not.';
comment on column "private"."partition_rewrites"."kind" is 'runs (with their steps) or jobs.';
comment on column "private"."partition_rewrites"."looked_at" is 'When it was last seen whether something of it has expired: once a day.';
comment on column "private"."partition_rewrites"."phase" is 'idle; copying = what survives is being copied; swapping = all is copied and the copy takes the place of the partition as soon as nobody is in the way.';
comment on column "private"."partition_rewrites"."position" is 'Rows up to this id are copied.';
comment on column "private"."partition_rewrites"."referred" is 'Runs that survive because one that has not ended refers to them.';
comment on column "private"."partition_rewrites"."rewritten_at" is 'When it was last rewritten; null = never. Not again within six days.';
comment on column "private"."partition_rewrites"."tries" is 'How often somebody was in the way of the swap.';
comment on column "private"."partition_rewrites"."week" is 'The Monday of the week, in UTC.';
comment on column "private"."plan_downgrades"."organization_id" is 'The tenant.';
comment on column "private"."plan_downgrades"."plan_id" is 'The plan; of several that were left meanwhile, the one that keeps runs longest.';
comment on column "private"."plan_downgrades"."until" is 'Until when it counts.';
comment on column "private"."provider_breakers"."calls" is 'Calls of the last half minute when it was opened; 0 = the service itself asked for a pause.';
comment on column "private"."provider_breakers"."failures" is 'Those that failed.';
comment on column "private"."provider_breakers"."key" is 'email:<provider>, or http:<organization>:<host>: what one tenant does to a host does not keep others from it.';
comment on column "private"."provider_breakers"."open_until" is 'When somebody may try it again.';
comment on column "private"."provider_breakers"."opened_at" is 'Since when the service is left alone.';
comment on column "private"."run_archive_weeks"."archived_until" is 'Runs that ended before this are in confirmed objects: retention may drop them.';
comment on column "private"."run_archive_weeks"."attempts" is 'How often somebody began the pass.';
comment on column "private"."run_archive_weeks"."organization_id" is 'The tenant.';
comment on column "private"."run_archive_weeks"."pass_id" is 'Who works on the pass: each attempt has its own, and what names another is refused. Null = nobody has begun.';
comment on column "private"."run_archive_weeks"."pass_until" is 'The pass under way archives those that ended from archived_until until this; null = none is under way.';
comment on column "private"."run_archive_weeks"."position" is 'Behind which line the last confirmed object of the pass ends: {run_id, ended, step}; null = none is confirmed.';
comment on column "private"."run_archive_weeks"."requested_at" is 'When the pass was asked for.';
comment on column "private"."run_archive_weeks"."warned_at" is 'When it was said that it does not succeed; null = it was not.';
comment on column "private"."run_archive_weeks"."week" is 'The Monday of the week.';
comment on column "private"."settings"."name" is 'functions_url = where the edge functions answer; max_workers = how many worker isolates may be awake; schedule_clock_since = since when the clock of schedules ticks, written by each tick; operator_email = who is told when a system task fails; usage_counted_to = the hour up to which usage has been counted.';
comment on column "private"."system_alerts"."error" is '{code, message} of the latest of them.';
comment on column "private"."system_alerts"."failures" is 'Failures in a row up to now, or up to the recovery.';
comment on column "private"."system_alerts"."id" is 'UUIDv7.';
comment on column "private"."system_alerts"."mail_job_id" is 'The job that told the operators; null = no address is set (engine.configure).';
comment on column "private"."system_alerts"."opened_at" is 'When the alert was raised.';
comment on column "private"."system_alerts"."recovery_job_id" is 'The job that told the operators of the recovery; null = it was not told.';
comment on column "private"."system_alerts"."resolved_at" is 'When the task had completed again; null = it has not.';
comment on column "private"."system_alerts"."task" is 'The task.';
comment on column "private"."system_task_runs"."attempt" is '1 = the first since the task last completed; raised by every failure.';
comment on column "private"."system_task_runs"."created_at" is 'When it was asked for.';
comment on column "private"."system_task_runs"."error" is '{code, message} when it failed.';
comment on column "private"."system_task_runs"."finished_at" is 'When it ended; null = it has not.';
comment on column "private"."system_task_runs"."id" is 'UUIDv7.';
comment on column "private"."system_task_runs"."job_id" is 'The job that does the work; null = none yet, or none is needed.';
comment on column "private"."system_task_runs"."name" is 'The task.';
comment on column "private"."system_task_runs"."reason" is 'Why it was skipped, or what it waits for; null = there is nothing to say.';
comment on column "private"."system_task_runs"."result" is 'What the handler answered: {rows} when that was a number.';
comment on column "private"."system_task_runs"."started_at" is 'When the work began; null = it has not, or never did.';
comment on column "private"."system_task_runs"."status" is 'queued = it was asked for, waits for its turn, for the tasks it depends on, or for a worker; running = a worker has its job; completed; failed; skipped = nothing was done.';
comment on column "private"."system_task_runs"."trigger" is 'cron = it was due; manual = a person; dependency = the last task that it waited for has completed; continued = the run before had more to do.';
comment on column "private"."system_tasks"."alert_after" is 'An alert is raised after so many failures in a row.';
comment on column "private"."system_tasks"."cron" is 'When it is due, in GMT, unless an operator says otherwise.';
comment on column "private"."system_tasks"."custom_cron" is 'When it is due by an operator''s wish; null = as cron says.';
comment on column "private"."system_tasks"."depends_on" is 'Tasks that must have completed since this one last began what it completed.';
comment on column "private"."system_tasks"."description" is 'What it does, for operators.';
comment on column "private"."system_tasks"."handler" is 'The function, which takes no argument and answers a number of rows, nothing, or an object: {skipped: why} = there was nothing to do, {more: true} = it is to be called again soon; or the type of the job.';
comment on column "private"."system_tasks"."is_enabled" is 'False = it runs only when somebody starts it by hand, and no other task waits for it.';
comment on column "private"."system_tasks"."kind" is 'sql = a function of schema private, run in the call itself; job = a background job for a worker.';
comment on column "private"."system_tasks"."max_attempts" is 'For a job: how often a worker tries before the run has failed.';
comment on column "private"."system_tasks"."name" is 'What it is called; its job of pg_cron is millrace-<name>.';
comment on column "private"."system_tasks"."timeout_seconds" is 'How long a run may take; then it is cancelled and has failed.';
comment on column "private"."system_tasks"."updated_at" is 'When an operator last changed it; null = never.';
comment on column "private"."workers"."is_listening" is 'True = its last claim found nothing, and it waits for a notification on the channel millrace_jobs.';
comment on column "public"."analytics_daily"."cancelled" is 'How many were cancelled.';
comment on column "public"."analytics_daily"."compensated" is 'How many failed and undid what they had done.';
comment on column "public"."analytics_daily"."compensation_failed" is 'How many failed and could not undo all.';
comment on column "public"."analytics_daily"."completed" is 'How many completed.';
comment on column "public"."analytics_daily"."day" is 'The day, UTC, on which the runs were asked for.';
comment on column "public"."analytics_daily"."failed" is 'How many failed.';
comment on column "public"."analytics_daily"."flow_id" is 'The flow; 00000000-0000-0000-0000-000000000000 = all flows of the organization together.';
comment on column "public"."analytics_daily"."organization_id" is 'The tenant.';
comment on column "public"."analytics_daily"."p50_ms" is 'The duration, milliseconds, that half of the runs did not exceed; null = none has ended.';
comment on column "public"."analytics_daily"."p95_ms" is 'The duration, milliseconds, that 95 % of the runs did not exceed; null = none has ended.';
comment on column "public"."analytics_daily"."rolled_up_at" is 'When the row was made or made anew.';
comment on column "public"."analytics_daily"."runs" is 'Runs, without dry ones.';
comment on column "public"."analytics_daily"."steps" is 'Steps that ran: each attempt, without those on ways that were not taken.';
comment on column "public"."analytics_daily"."success_rate" is 'Completed runs as a part (0 to 1) of those that ended without being cancelled; null = there was none.';
comment on column "public"."analytics_daily"."unfinished" is 'How many had not ended yet.';
comment on column "public"."job_history"."attempts" is 'How often it was begun.';
comment on column "public"."job_history"."completed_at" is 'When it ended.';
comment on column "public"."job_history"."concurrency_key" is 'Its concurrency key, if it had one.';
comment on column "public"."job_history"."created_at" is 'When it was enqueued.';
comment on column "public"."job_history"."error" is '{code, message, details} of the last attempt; null = it succeeded.';
comment on column "public"."job_history"."id" is 'The job; UUIDv7 of when it was enqueued.';
comment on column "public"."job_history"."max_attempts" is 'How often it might have been.';
comment on column "public"."job_history"."organization_id" is 'The tenant; private.platform_id() = none, the job is of the platform itself.';
comment on column "public"."job_history"."payload" is 'Its arguments.';
comment on column "public"."job_history"."priority" is 'Lower runs first within an organization.';
comment on column "public"."job_history"."replay_of" is 'The dead letter that it repeats; null = none.';
comment on column "public"."job_history"."replayed_as" is 'The job that repeats it; null = none does.';
comment on column "public"."job_history"."result" is 'What it gave; null = nothing, or it did not complete.';
comment on column "public"."job_history"."scheduled_for" is 'When its last attempt was due.';
comment on column "public"."job_history"."started_at" is 'When its last attempt was claimed; null = never.';
comment on column "public"."job_history"."status" is 'completed; dead = given up, a dead letter; cancelled = by a person; expired = it had not begun by expires_at.';
comment on column "public"."job_history"."type" is 'What it does.';
comment on column "public"."job_history"."unique_key" is 'Its unique key, if it had one.';
comment on column "public"."job_queue"."concurrency_key" is 'Of the jobs of an organization with this key only concurrency_limit are at work at once; null = no such limit.';
comment on column "public"."job_queue"."concurrency_limit" is 'How many that are.';
comment on column "public"."job_queue"."expires_at" is 'A job that has not begun by then never does; null = it never expires.';
comment on column "public"."job_queue"."payload" is 'For a token at a join: {"live": [slots]} or {"dead": true}; one that waits: {"wait": {kind, name, data}}, and {"resolved": {by, data}} once that is over; at a region: {item, index, count}, {close} or {again}. For jobs: their arguments.';
comment on column "public"."job_queue"."status" is 'available = may be claimed once scheduled_for has come; running = leased to worker_id; waiting = for something to happen (payload says what) or for scheduled_for; paused = its run is; blocked = as many as its concurrency_limit allows are at work.';
comment on column "public"."job_queue"."unique_key" is 'No two jobs of an organization and type that have not begun have the same; null = any number.';
comment on column "public"."plans"."archives_runs" is 'True = runs go to Storage before they fall out of retention, see public.run_archives.';
comment on column "public"."plans"."max_concurrent_jobs" is 'Tokens and jobs of an organization that workers hold at once; further ones wait for their turn. Null = no limit.';
comment on column "public"."plans"."queue_weight" is 'Share of the workers, against organizations with other weights, while all of them have work waiting.';
comment on column "public"."plans"."retention_days" is 'Days for which is kept what has ended, by kind: {runs, jobs, webhook_events, archives}; null or absent = for ever. Yours to change: a migration adds what is absent and changes nothing. Webhook events at least 30: a repetition of an event is known by it.';
comment on column "public"."run_archives"."bytes" is 'Size of the object.';
comment on column "public"."run_archives"."created_at" is 'When it was confirmed.';
comment on column "public"."run_archives"."first_run_id" is 'The first run of which it holds a line; they are in the order of their ids.';
comment on column "public"."run_archives"."id" is 'UUIDv7.';
comment on column "public"."run_archives"."last_run_id" is 'The last run of which it holds a line.';
comment on column "public"."run_archives"."lines" is 'Lines: one for a run, and further ones for a run with more than a hundred steps or 4 MiB of outputs.';
comment on column "public"."run_archives"."member_offsets" is 'At which byte each gzip member begins: one can be read without the others.';
comment on column "public"."run_archives"."member_run_ids" is 'The first run that begins in each member; null = none does, it goes on with the one before.';
comment on column "public"."run_archives"."organization_id" is 'The tenant.';
comment on column "public"."run_archives"."part" is '1, 2, 3 … within the organization and week.';
comment on column "public"."run_archives"."path" is 'Where the object lies in the bucket run-archives; the end of its name is the beginning of its hash.';
comment on column "public"."run_archives"."raw_bytes" is 'Size of the lines, unpacked.';
comment on column "public"."run_archives"."runs" is 'Runs that begin in it.';
comment on column "public"."run_archives"."sha256" is 'SHA-256 of the object, in hex.';
comment on column "public"."run_archives"."week" is 'The Monday, in UTC, of the week in which the runs were asked for.';
comment on column "public"."usage_hourly"."counted_at" is 'When the hour was last counted.';
comment on column "public"."usage_hourly"."hour" is 'Begin of the hour, UTC.';
comment on column "public"."usage_hourly"."jobs" is 'Background jobs that ended in this hour, completed or given up.';
comment on column "public"."usage_hourly"."organization_id" is 'The tenant.';
comment on column "public"."usage_hourly"."runs_cancelled" is 'How many of them were cancelled.';
comment on column "public"."usage_hourly"."runs_completed" is 'How many of them have completed.';
comment on column "public"."usage_hourly"."runs_failed" is 'How many of them have failed, those that undid what they had done included.';
comment on column "public"."usage_hourly"."runs_open" is 'How many of them had not ended when they were last counted. The hour is counted again when one has.';
comment on column "public"."usage_hourly"."runs_started" is 'Runs that were asked for in this hour.';
comment on column "public"."usage_hourly"."steps" is 'Steps of these runs that ran: each attempt, without those on ways that were not taken.';
comment on column "public"."usage_hourly"."webhook_events" is 'Webhook events that came in this hour; a repeated delivery is none.';
comment on column "public"."webhook_endpoints"."wait_seconds" is 'How long a delivery waits for the end of its run, to be answered with what it gave; 0 = answered as soon as it is kept.';
comment on function "engine"."add_run_archive"(uuid, date, uuid, jsonb, jsonb, boolean) is 'Confirms an object that lies in Storage: its row (p_archive names the columns), and that the pass has come to p_position. p_more = there are further runs: another job goes on. 409 when the pass is somebody else''s by now.';
comment on function "engine"."admit_runs"(uuid) is 'Lets runs of an organization begin that wait although there is a place for them: what the job runs.admit does for those that changes of tables start, which take no lock that an ending run waits for. Answers how many.';
comment on function "engine"."apply_retention"() is 'private.apply_retention() for the worker: see there.';
comment on function "engine"."begin_run_archive"(uuid, date) is 'Takes the pass that archives an organization''s runs of a week, away from whoever had it: {pass_id, position: behind what is confirmed already, name of the week, part: number of the next object}. Null = nothing is to be archived.';
comment on function "engine"."cancel_job"(uuid) is 'public.cancel_job for operators.';
comment on function "engine"."claim_jobs"(uuid, integer, text, uuid, boolean) is 'Leases up to p_limit pieces of work that are due to a worker (kind worker or inline), fairly among organizations; p_run_id = only tokens of one run. Registers the worker and prolongs its lease. Answers tokens with what they read, and jobs with the lease that they are in. p_listens = when there is nothing, whoever enqueues next notifies the channel millrace_jobs; null = the worker knows no jobs and gets tokens only.';
comment on function "engine"."configure"(text, integer, text) is 'Told once after deployment where the edge functions answer, how many workers may be awake, and who is told when a system task fails (null = as before, empty = nobody). Schedules the clock and the system tasks with pg_cron; repeat it at will.';
comment on function "engine"."discard_dead_letter"(uuid) is 'public.discard_dead_letter for operators.';
comment on function "engine"."discard_dead_letters"(uuid, jsonb, integer, boolean) is 'public.discard_dead_letters for operators: null = of every organization, and of the platform itself.';
comment on function "engine"."enqueue_jobs"(jsonb) is 'Enqueues jobs, 10,000 at most, in the transaction of the caller: delayed, by priority (lower first), with a unique key (on_conflict keep, replace or reject the one that has not begun), a limit on how many with one concurrency key are at work at once, an expiry. Wakes a worker. Answers id and status of each, in order.';
comment on function "engine"."ensure_partitions"(integer) is 'Makes the weekly partitions of runs, run_steps and job_history from this week to p_weeks_ahead later, with RLS on and no grants of their own. Gives way when the tables are in use: the next call makes the rest. Answers how many it made. Daily by pg_cron.';
comment on function "engine"."expired_run_archives"(integer) is 'Archives that are older than their plan keeps, [{id, path}], p_limit at most.';
comment on function "engine"."finish_jobs"(uuid, jsonb) is 'Records how jobs of a worker ended, many in one transaction: completed, to be tried again, given up (a dead letter) or cancelled. A job whose lease has fallen writes nothing and is missing from settled.';
comment on function "engine"."finish_run_archive"(uuid, date, uuid) is 'Ends a pass whose objects are all confirmed: retention may drop what it archived. 409 when the pass is somebody else''s by now.';
comment on function "engine"."get_digest"(uuid, date) is 'What the digest of an organization and day says, and to whom (its owners; none when they opted out meanwhile). Null = there is nothing to say, or the organization is gone or suspended.';
comment on function "engine"."get_job"(uuid) is 'public.get_job for operators.';
comment on function "engine"."get_run_end"(uuid) is 'How a run has ended: {status, output, error}. Null = it has not, or there is no such run. For the answer to a webhook delivery that waits for it.';
comment on function "engine"."get_webhook_endpoint"(text, boolean) is 'What the receiver needs to judge a delivery: adapter, settings, valid secrets, one token of the endpoint''s rate limit, and in ahead what it takes to run a flow before its event is kept: the current version, ids and time; null where a limit is full, or a mapping or a limit of the flow has a say. Null = no active endpoint has this slug. p_test = for its test address, where one that is switched off answers too, unless it takes unsigned deliveries.';

comment on function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean,
  jsonb, jsonb) is 'Keeps a verified delivery and starts its run, in one transaction, so that it may be acknowledged. A repeated event (same key, or same body where p_dedupe_body) starts nothing and answers with the first one. p_raw_body is base64; p_input is what the trigger gives (event_id and received_at are added); p_worker_id = the first token is leased to that worker, and jobs holds it; p_unsigned = nobody checked who sent it; p_test = it came to the test address: it repeats nothing, runs although the flow is off, and its input says test; p_mapped = what the endpoint''s mapping gave: {entity, input, error}, where the entity is made or brought up to date and moves with the run, and input stands in for p_input; p_ahead = what a flow that only computes has given already: {version_id, event_id, run_id, received_at} as get_webhook_endpoint proposed them and the steps, recorded with the event when the version is still the current one.';

comment on function "engine"."list_jobs"(uuid, jsonb, uuid, boolean, integer) is 'public.list_jobs for operators: null = of every organization, and of the platform itself.';
comment on function "engine"."list_task_runs"(text, integer, uuid) is 'The history of a task, newest first; p_before = only runs older than this one.';
comment on function "engine"."list_tasks"() is 'All system tasks with where they stand: state is idle, disabled, queued, waiting (for the tasks it depends on) or running; last_run = the newest row of the history; failures = in a row; is_scheduled = pg_cron has a job for it.';
comment on function "engine"."off_change"(regclass, uuid, text) is 'Changes of the table start the flow no more. p_flow_id null = no flow; p_name null = whatever its name. Answers {removed}: 0 when there was nothing, which is no error.';
comment on function "engine"."on_change"(regclass, uuid, jsonb) is 'Changes of a table start a flow, in the same transaction. Options: on [insert, update, delete]; columns [those an update has to change]; when {column: value or list of values}; exclude [columns the flow never sees]; claims [of the writer''s token to pass on]; batch = rows a run gets (1); max_runs = runs a statement starts at most (1000); max_depth = runs that may stand above (10); required = a change that can not start its run is refused (false); trigger_node; name = tells several for the same table and flow apart (default). Again with the same table, flow and name: the options are replaced. Answers the row of engine.changes.';
comment on function "engine"."queue_digests"(date) is 'Queues the digest of a day (null = yesterday, UTC), a job digest.mail for each organization that had runs and wants it, once for each however often it is called. Answers {day, queued, more}; more = call again.';
comment on function "engine"."queue_statistics"(uuid, integer) is 'public.queue_statistics for operators: null = over all organizations, and besides workers, stuck (problem -> count, see engine.stuck), and the twenty organizations with most due and with the oldest.';
comment on function "engine"."read_run_archive"(uuid, date, uuid, jsonb, integer) is 'The next lines of a pass behind p_position, some p_bytes and a thousand at most: {lines: [text], run_ids: of each line, begins: whether the run begins with it, position: behind the last one, null = these were all}. The first line of a run is what GET /runs/{id} answers; one with more steps goes on with {run_id, steps, more_steps}.';
comment on function "engine"."remove_run_archives"(uuid[]) is 'Takes archives out of the list, whose objects are gone already. Answers how many.';
comment on function "engine"."replay_dead_letters"(uuid, jsonb, integer, boolean) is 'public.replay_dead_letters for operators: null = of every organization, and of the platform itself.';
comment on function "engine"."report_jobs"(uuid, jsonb) is 'A worker tells how far its jobs are ([{job, progress}], 4 KiB of JSON each) and learns which of them somebody asked to stop: {cancel: [jobs]}.';
comment on function "engine"."request_task"(text) is 'Asks for a run of a task by hand, whether it is due, enabled, or waits for others: start_waiting_task begins it within ten seconds, in a session that may take its time. 409 conflict while a run is under way. Answers the row of the history.';
comment on function "engine"."retry_job"(uuid) is 'public.retry_job for operators.';
comment on function "engine"."run_job_now"(uuid) is 'public.run_job_now for operators.';
comment on function "engine"."run_task"(text, text) is 'Runs a system task, or enqueues its job, and answers the row of its history. Not while a run of it is under way (skipped: overlap), nor when it is disabled, nor before the tasks it depends on have completed (queued: start_waiting_task starts it then); p_trigger manual asks neither of the last two. Never raises for what the task does: that is in the history. In the SQL editor: select engine.run_task(''usage-hourly'', ''manual'').';
comment on function "engine"."share_breakers"(jsonb) is 'An isolate tells which services it leaves alone, or has found well again ([{key, state, open_ms, calls, failures}]), and learns which others do.';
comment on function "engine"."start_waiting_task"() is 'Starts the first task that was asked for by hand, has more to do, or whose last dependency has completed, and answers its row of the history; null = there is none. Every ten seconds by pg_cron.';
comment on function "engine"."update_task"(text, jsonb) is 'Switches a task on or off, or changes when it is due ({is_enabled, cron}; cron null = as it came), and tells pg_cron. Answers the task as engine.list_tasks does.';
comment on function "engine"."watch_tasks"() is 'Looks after the system tasks, every twenty seconds by pg_cron: cancels what is past its time-out, closes runs whose job is gone, raises and resolves alerts. Answers {stopped, closed, raised, resolved}.';
comment on function "engine"."work_bulk_operation"(uuid, integer, double precision) is 'One batch of a bulk operation: what its job runs.bulk calls until status is not queued or running any more. Answers {status, total, done, failed, worked}; worked 0 = somebody else is at it, or at the limits of its organization: try again soon. Null = there is no such operation.';
comment on function "private"."activate_turns"(uuid[]) is 'Lets organizations take part again, from the present virtual time on, with the weight and limit of their plans. Answers how many did not.';
comment on function "private"."admit_jobs"(uuid, uuid[], timestamp with time zone) is 'Part of private.lease_jobs: takes places under concurrency keys for jobs that are about to be leased. Those that find none wait; those that have expired end. Answers the others.';
comment on function "private"."apply_retention"(bigint, numeric) is 'Drops what has fallen out of the retention of its plan, one bounded step a call: some p_limit rows, some p_seconds. Answers what it did, and "more": true when the next call has something to do at once. Never waits for anybody longer than 0.2 s.';
comment on function "private"."archives_runs"(uuid) is 'Whether the runs of an organization are archived before they go: by its plan, or by one that it left within 30 days.';
comment on function "private"."begin_rewrite"(text, date) is 'Begins to rewrite the partitions of a week, if something of it has expired: decides what, makes the empty copies, and has all further writes noted. The copying has to wait for the commit. Raises lock_not_available when somebody writes to the week for longer than 0.2 s.';
comment on function "private"."begin_tokens"(uuid, uuid[], timestamp with time zone) is 'Part of engine.claim_jobs: leases tokens, whose rows the caller has locked; queued runs begin. Tokens of paused runs park instead. Answers those that are leased.';
comment on function "private"."cancel_job"(uuid) is 'Cancels a job: at once when no worker has it; one that a worker has is asked to stop. Again on a cancelled one: the same answer. Answers the job.';
comment on function "private"."causing_run"(uuid) is 'The run of the organization that makes the present change, null when none does or nobody can tell: the setting millrace.run_id names it, or the Idempotency-Key of the request that PostgREST serves. Only a run that is under way is believed.';
comment on function "private"."change_actor"(text[]) is 'Who writes, to be asked inside a trigger: {user_id, role, email, claims}. user_id and email come from the token, null without one; role is the database role: authenticated, anon, service_role, or who is logged in; claims = those of the token that are named.';
comment on function "private"."change_fits"(private.change_triggers, jsonb, jsonb) is 'Whether a changed row is one that starts the flow: p_old null = inserted, p_new null = deleted.';

comment on function "private"."change_obstacle"(private.change_triggers, public.flows, public.runs) is
  'Why a change can not start its flow; null = it can. p_cause = the run that makes the change, null when none does.';

comment on function "private"."change_options"(regclass, uuid, jsonb) is 'Reads the options of engine.on_change. Refuses what it does not know, what is out of range, and columns that the table does not have.';
comment on function "private"."change_tables"() is 'The triggers that engine.on_change made, as the catalog knows them: the row of private.change_triggers that each names, its table, whatever that is called by now, and whether it is switched on.';
comment on function "private"."check_dead_letter_filter"(jsonb, integer) is 'Refuses what no action on dead letters takes.';
comment on function "private"."check_leases"() is 'The task leases: engine.tick gives away lapsed leases every ten seconds; this fails when one is left that lapsed over a minute ago. Answers {workers}: those that hold a lease.';
comment on function "private"."clean_rate_limits"() is 'The task rate-limits: forgets all buckets that are full and unused. Answers how many.';
comment on function "private"."close_lost_runs"(text) is 'Closes runs of a task (null = of all) whose job ended unnoticed, is past the task''s time-out or is gone; notes which ones a worker has begun. Answers how many it closed.';
comment on function "private"."columns_of"(text) is 'The columns of a table, as a list for an insert.';

comment on function "private"."continue_rewrite"(private.partition_rewrites, bigint, timestamp
  with time zone) is 'One step of a rewriting that has begun: copies on, or swaps.';

comment on function "private"."copy_changes"(text, date, integer) is 'Copies once more what was written since it was copied, as it is now: up to p_limit notes. Answers how many runs or jobs.';
comment on function "private"."copy_runs"(text, date, uuid[]) is 'Copies those of the runs or jobs that survive, with their steps. Answers how many rows. They must not be in the copy yet.';

comment on function "private"."copy_survivors"(text, date, bigint, timestamp
  with time zone) is 'Copies on behind the last copied row, in the order of ids, until some p_limit rows or p_until; indexes the copies when that was all. Answers how many rows.';

comment on function "private"."count_running"(uuid) is 'How many tokens and jobs of an organization workers hold at this moment, by their leases.';
comment on function "private"."count_usage"() is 'The task usage-hourly: counts the hours since it last did, the present one so far, and earlier ones of which a run has ended meanwhile. Answers {hours, late_hours, rows}.';
comment on function "private"."count_usage_of"(timestamp with time zone) is 'Counts the usage of one hour anew, for all organizations, as often as one likes. Answers the number of rows.';

comment on function
  "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid, public.runs, uuid, uuid,
  jsonb, boolean, boolean) is 'Writes a run and its first token. p_worker_id null = any worker may claim it; otherwise it starts leased to that worker (inline start). p_run_id = an id that the caller has chosen already, by private.uuid_v7. A run beyond a limit waits for its place; p_may_refuse = it is refused when the flow says so; p_waits_for_nobody = it never locks the limits of its organization, and where they are near, the clock gives it its place. Trusts its caller for permissions.';

comment on function "private"."depth_of"(jsonb) is 'Rows of private.queue_numbers, added up.';
comment on function "private"."discard_dead_letter"(uuid) is 'Deletes a dead letter.';
comment on function "private"."discard_dead_letters"(uuid, jsonb, integer, boolean) is 'Deletes dead letters that nobody has repeated, oldest first, at most p_limit. Answers {discarded, left, dry_run}.';
comment on function "private"."drop_change_triggers"(uuid) is 'Takes the triggers of a row of private.change_triggers off its table.';
comment on function "private"."drop_empty"(text, date) is 'Drops the partitions of a week in which there is nothing. Raises lock_not_available when somebody is in the way for longer than 0.2 s.';
comment on function "private"."drop_rewrite"(text, date, text) is 'Gives a rewriting up: nothing of it is left, and the partitions are as they were. Looked at again the next day.';
comment on function "private"."end_queued_job"(uuid, text, jsonb) is 'Ends a job that has not begun: cancelled or expired. Does nothing if it is not in the queue any more.';

comment on function "private"."end_task_run"(uuid, text, text, jsonb, jsonb, timestamp
  with time zone) is 'Closes a row of the history. It takes no other lock: workers that settle come here, too. What follows from it (alerts, tasks that waited) is done by the watch and by start_waiting_task.';

comment on function "private"."enqueue_job"(uuid, text, jsonb, jsonb) is 'Enqueues one job from SQL, in the transaction of the caller; p_options as engine.enqueue_jobs has them. Answers its id, or that of the one that has its unique key.';
comment on function "private"."enqueue_one"(jsonb, timestamp with time zone) is 'Part of engine.enqueue_jobs: one job, whose unique key, if it has one, may be taken.';
comment on function "private"."enqueue_run_archive"(uuid, date) is 'Asks for a job that archives runs of an organization and week; one that has not begun is enough, and two never work at once.';
comment on function "private"."find_expired"(text, date) is 'Organizations with something of a week that has fallen out of retention: the whole week has to be past it, what is dropped has to have ended before it too, and where the plan archives runs, to be archived.';
comment on function "private"."find_job"(uuid) is 'A job wherever it is, as engine.jobs has it; null = there is none.';
comment on function "private"."find_jobs"(uuid, jsonb, uuid, boolean, integer) is 'Jobs in the order of their ids, without payloads and results: of one organization or all (null), that fit the filter {status, type, code, created_after, created_before, steps, open}, after p_after. steps true = steps of runs too; open true = dead letters that nobody has repeated.';
comment on function "private"."find_turns"(timestamp with time zone, bigint) is 'Looks for organizations that have ready work and no turn: work that became ready while the last look of a claim ended, or that is due only now. Answers how many it found; null = it is too early to look again: p_rest_us microseconds have to pass besides.';
comment on function "private"."finish_leases"(uuid, jsonb, timestamp with time zone) is 'Part of engine.finish_jobs: leases all of whose jobs have completed and leave no trace. Answers those that this worker still held.';
comment on function "private"."forget_heads"(uuid[]) is 'Work of these organizations became ready that was due since before: claims look at all they have again.';
comment on function "private"."forget_lost_changes"() is 'Forgets what was made for tables that are gone.';
comment on function "private"."give_turn"(uuid) is 'Says that an organization has work: the next claim knows of it. Never waits. Null = of one that surely has its turn.';
comment on function "private"."index_copies"(text, date) is 'Gives the copies of a week the indexes of their tables, and statistics.';
comment on function "private"."is_awake"(private.workers) is 'Whether a worker has been heard of in the last fifteen seconds. Its lease holds for longer; this only says whether work may be left to it.';
comment on function "private"."is_own_table"(regclass) is 'Whether a table belongs to Millrace or to the platform. A flow that its own tables start would never come to an end.';
comment on function "private"."job_again"(public.job_history) is 'What engine.enqueue_jobs takes to do an ended job once more.';
comment on function "private"."job_conditions"(uuid, jsonb) is 'A filter of jobs as a condition on j, a row of engine.jobs or public.job_history: {status [], type [], code, created_after, created_before}. p_organization_id null = of all. Every value is quoted.';
comment on function "private"."json_setting"(text) is 'A setting of the session that holds a JSON object, such as request.jwt.claims; {} when it is not set or holds something else.';
comment on function "private"."keep_cron_job"(text, text, text) is 'Makes or changes a job of pg_cron. One in seconds becomes one a minute where pg_cron is too old for it.';
comment on function "private"."keep_partitions"() is 'The task partitions: makes the weekly partitions ahead; fails when those of next week are missing. Answers {made}.';
comment on function "private"."kept_days"(text, uuid) is 'Days for which an organization keeps what has ended: those of its plan, or of a better one that it left within 30 days; null = for ever. The platform, and organizations that are gone: 14.';

comment on function "private"."lease_jobs"(uuid, uuid[], boolean, timestamp
  with time zone) is 'Part of engine.claim_jobs: takes jobs, whose rows the caller has locked, out of the queue and into a lease. Answers [{lease, jobs, organization_ids, types, payloads, attempts, max_attempts, due}], the lists in the same order: half the time of an object a job. Those that have expired or find no place under their key are left out; [] = all are.';

comment on function "private"."leased_jobs"(uuid[]) is 'The jobs that workers hold at this moment, a row each, of these leases or (null) of all; attempts counts the present one.';
comment on function "private"."lock_archive_pass"(uuid, date, uuid) is 'Locks the pass under way for an organization and week; 409 when it is not the caller''s any more.';
comment on function "private"."lock_concurrency_key"(text) is 'One transaction at a time gives and takes places under a concurrency key. Whoever needs several locks them in their order.';
comment on function "private"."look_at_week"(text, date, bigint) is 'Sees what has expired of a week: asks for archives, begins to rewrite its partitions, deletes what lies in no partition.';
comment on function "private"."mail_operators"(private.system_alerts, text) is 'Enqueues the mail about an alert: p_event failed or recovered. Answers the job; null = engine.configure was given no address.';
comment on function "private"."note_downgrade"() is 'Trigger on organizations: notes the plan that one leaves.';
comment on function "private"."note_expired"(text, date) is 'Decides what of a week goes, for private.survives. False = nothing.';
comment on function "private"."note_partition_change"() is 'Trigger on a partition that is being rewritten: notes which run or job was written. Arguments: kind, week, name of the key.';

comment on function "private"."note_turns"(timestamp with time zone, boolean, uuid[], integer[], timestamp
  with time zone[], uuid[], boolean, bigint) is 'Part of engine.claim_jobs, and the last: whoever waits here holds all other locks it needs. What each organization was given by private.pick_jobs counts, if others had to wait (p_is_full). Those that had nothing lose their turn when they are many. When the look led over many dead rows (p_is_costly), the next one begins behind them.';

comment on function "private"."organizations_of_week"(text, date) is 'The organizations that have rows of a week in a table.';
comment on function "private"."partition_name"(text, date) is 'What the partition of a week is called, without its schema.';
comment on function "private"."pick_jobs"(integer, timestamp with time zone) is 'Locks up to p_limit pieces of work that are due, fairly among organizations: those with the least virtual time first, each a share by its weight. Tokens and jobs apart; null = none; p_is_special = a job has a concurrency key or expires; the rest is for private.note_turns. What it costs grows neither with the number of organizations nor with what they have waiting.';
comment on function "private"."platform_id"() is 'Stands in organization_id of jobs that belong to no tenant, but to the platform itself. No organization has it.';
comment on function "private"."prune_cron_history"() is 'The task cron-history: pg_cron never forgets what it ran, every ten seconds for the clock: that goes after 3 days; histories of tasks, alerts and digests after 90. Answers {cron, task_runs, digests}.';
comment on function "private"."prune_idempotency_keys"() is 'The task idempotency-keys: forgets those older than 24 hours, all that engine.tick, which takes 1,000 at a time, has left. Answers how many.';
comment on function "private"."prune_job_counts"() is 'The task job-counts: forgets counts of jobs by the minute after 7 days; usage_hourly keeps their sums. Answers how many.';
comment on function "private"."purge_default"(text, date, bigint) is 'Deletes what has expired of a week for which there is no partition: up to p_limit rows. Few come there: those of the week of the installation, and those whose partition is gone.';
comment on function "private"."purge_webhook_events"(bigint) is 'Deletes up to p_limit webhook events that have fallen out of retention, but for those whose run has not ended.';
comment on function "private"."put_back_leases"(uuid[], boolean) is 'Puts the jobs of leases back into the queue: their worker is lost (the attempt counts, and the last one makes a dead letter) or gave them back (it does not). Those that were asked to stop end. The caller has locked the leases. Answers the organizations that have work again.';
comment on function "private"."queue_numbers"(uuid) is 'How many jobs of each type are in each state, dead letters among them, and since when the oldest is due: of an organization, or of all (null).';
comment on function "private"."queue_statistics"(uuid, integer) is 'The numbers of the queue: see public.queue_statistics. p_organization_id null = of all.';
comment on function "private"."raise_alerts"() is 'One alert, and one mail, from the failure that counts (alert_after) to the recovery, which is told too. Answers {raised, resolved}.';

comment on function "private"."record_run_ahead"(public.flows, public.webhook_events, text, jsonb, text, jsonb) is
  'Writes a run that has been run already, with its steps: what create_run, settle_jobs and finish_run would have left of a run without limits, entity, effects, waits and regions. p_steps is as in a result of settle_jobs.';

comment on function "private"."replay_dead_letters"(uuid, jsonb, integer, boolean) is 'Does dead letters once more, oldest first, at most p_limit of those that the filter finds. Answers {replayed, refused, left, dry_run}.';
comment on function "private"."request_archives"(date) is 'Asks for the archives of organizations whose runs of a week fall out of retention within two days, and again for those that are not done: jobs of the type runs.archive. Answers how many.';

comment on function "private"."resting_status"(timestamp with time zone, timestamp
  with time zone) is 'How something rests in the queue that is due at a moment: what is due within a minute is claimed to the moment, the rest stays out of the way of claims until the tick makes it ready.';

comment on function "private"."retained_tables"(text) is 'The partitioned tables of a kind and the column that says which run or job a row is of.';
comment on function "private"."retry_job"(uuid) is 'Does a job once more that was given up, cancelled or expired: as a new job, with all its attempts before it. Once only. Answers the new job.';
comment on function "private"."retry_webhooks"() is 'The task webhook-retries: starts the runs of accepted events that have none; the engine leaves none behind, so it finds only what was restored or written by hand. Answers {started, failed}. Events that are held wait for a person.';
comment on function "private"."roll_up_analytics"() is 'The task analytics-daily: makes the rows of analytics_daily for the days that have passed and changed. Answers {days, rows}.';
comment on function "private"."roll_up_day"(date) is 'Makes the rows of analytics_daily for one day anew. Answers how many.';
comment on function "private"."run_job_now"(uuid) is 'Makes a delayed job due. One that is due already stays as it is. Answers the job.';
comment on function "private"."schedule_tasks"() is 'Brings the jobs of pg_cron in line with the tasks: the clock, the watch, and a job for each enabled task. Answers their names; none where pg_cron is missing. Seconds need pg_cron 1.5, older ones go by the minute.';
comment on function "private"."scheduled_tasks"() is 'The tasks that pg_cron has an active job for.';
comment on function "private"."secure_run_archives"() is 'Makes the private bucket run-archives, in which the job runs.archive keeps runs as <organization>/runs/<week>-<part>-<hash>.jsonl.gz, and the policy by which members may read those of their organizations. False = the database has no Storage, or the owner of our schema may not make policies there: repeat it when that has changed.';
comment on function "private"."setting"(text) is 'The value of a setting, null when it was never set.';
comment on function "private"."shorten_leases"(uuid[], uuid[]) is 'Part of engine.finish_jobs: takes jobs out of leases, which the caller has locked; a lease with none left goes.';
comment on function "private"."skip_change"(uuid, text, bigint) is 'Counts rows of a table that started no run, without waiting for anybody.';
comment on function "private"."skip_task"(text, text, text, uuid) is 'Notes in the history that a run was skipped: overlap, disabled, not_installed, or what the handler said. p_run_id = its row, null = there is none yet.';

comment on function "private"."start_change_runs"(private.change_triggers, public.flows, public.runs, jsonb, jsonb[])
  is 'Starts the runs of a statement: p_event = what they have in common, p_rows = {record, old_record} of each row.';

comment on function "private"."start_changed_flow"() is 'Trigger of engine.on_change, once a statement: starts the flow for the rows that fit, in the transaction of the change. What keeps a run from being started is counted in private.change_skips and does not disturb the change, unless the runs are required.';
comment on function "private"."stop_task_job"(uuid) is 'Takes a job of a task out of the queue, or has its worker told to stop.';
comment on function "private"."survives"(text, date) is 'The condition, for rows t of a partition, under which they survive its rewriting: not expired, not ended, or something that has not ended refers to them.';
comment on function "private"."swap_partition"(text, date, timestamp with time zone) is 'Puts the copies of a week in the place of its partitions, or drops these when nothing survived. False = too much is being written just now. Raises lock_not_available when somebody is in the way for longer than 0.2 s.';
comment on function "private"."sweep_jobs"(timestamp with time zone) is 'Part of engine.tick: puts back the jobs of workers that are gone, frees places without a lease, ends what has expired, and keeps the turns in order. Answers how many jobs it put back.';
comment on function "private"."take_slots"(public.runs, boolean) is 'Takes a place under every limit of a run, or none: answers the limit that is full, null when it has its places. p_without_lock = where limits are near it takes none and names one of them: for transactions that may stay open for long.';
comment on function "private"."task_attempt"(text) is 'The number of the next attempt: 1 + the failures since the task last completed.';
comment on function "private"."task_ended"(jsonb, text, jsonb) is 'Told when a job of the platform has ended: closes the run of the task that it belongs to. p_job = {job, type, unique_key}; p_status = completed, dead, cancelled or expired. A result {skipped: why} says that there was nothing to do.';
comment on function "private"."task_holders"() is 'Tasks that other sessions run in this moment: the session, and since when (null = it may not be seen).';
comment on function "private"."task_run_reply"(private.system_task_runs) is 'A row of the history as the API shows it.';
comment on function "private"."task_waits_for"(text) is 'The enabled tasks that it depends on and that have not completed since its last completed run began; empty = it may run.';
comment on function "private"."tell_task"(uuid, text, uuid, text, text, jsonb) is 'Tells the system tasks that a job of the platform has ended: they keep their own history.';
comment on function "private"."text_list"(jsonb, text[]) is 'The different texts of a JSON list in their order; p_default when there are none.';
comment on function "private"."throughput_of"(bigint, bigint, bigint, numeric, numeric) is 'What attempts came to: counts, the share that failed, average milliseconds of work and of waiting; null = there were none.';
comment on function "private"."try_lock_task"(text) is 'True = the task is ours until the end of the transaction. Nobody ever waits for this lock, so it can be part of no deadlock.';
comment on function "private"."unblock_jobs"(text[]) is 'Lets jobs be claimed again that wait for a place under one of these keys, as many as there are places; the claim takes them. Answers how many.';
comment on function "private"."uuid_v7_time"(uuid) is 'When a UUIDv7 was made, to the millisecond.';
comment on function "private"."wake_if_idle"(uuid) is 'Whoever made work ready says so: the organization gets its turn, and a worker is told, or called when none is awake and none has just been called.';
comment on function "private"."warn_of_archives"() is 'Says once a day which archives were asked for two weeks ago and are not done. Answers how many.';
comment on function "private"."week_of"(uuid) is 'The Monday of the week, in UTC, in which an id was made.';
comment on function "private"."week_range"(date) is 'The ids of a week: from low to below high.';
comment on function "private"."weeks_of_default"(text) is 'The weeks of the rows in a default partition.';

comment on function "private"."work_bulk_operation"(public.bulk_operations, integer, double precision) is
  'One batch of a bulk operation that the caller has locked and that has not ended: at most p_runs runs and p_seconds seconds, as the person who asked. A run that refuses is counted and keeps nothing else back. Answers how many runs it looked at: 0 also when somebody else holds the limits of the organization.';

comment on function "private"."work_bulk_operations"(integer, double precision) is 'Part of engine.tick: one batch of one bulk operation, whatever became of its job. Answers how many runs it looked at.';
comment on function "public"."cancel_job"(uuid) is 'Cancels a job: at once when no worker has it; one that a worker has is asked to stop (cancel_requested_at) and ends as its handler lets it. 409 for a step of a run and for what has ended otherwise. Needs runs:execute. Answers the job.';
comment on function "public"."create_bulk_operation"(uuid, text, jsonb, boolean, text) is 'Has an action done to all runs that a filter finds; a job works it off in batches, beginning at once. p_dry_run = only says how many there are. Needs runs:execute, now and at each batch. Answers the operation with its total.';

comment on function
  "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer) is
  'Makes a webhook endpoint for a flow. p_secret: the one the provider shows (Stripe), null = made here. The answer holds the secret, this once. Needs webhooks:write.';

comment on function "public"."discard_dead_letter"(uuid) is 'Deletes a dead letter, repeated or not. Needs runs:execute.';
comment on function "public"."discard_dead_letters"(uuid, jsonb, integer, boolean) is 'Deletes dead letters of an organization, oldest first, at most p_limit (1000) of those that the filter finds: see public.replay_dead_letters. Answers {discarded, left, dry_run}. Needs runs:execute.';
comment on function "public"."find_run_archives"(uuid) is 'The archived objects that may hold a run: in most cases one. Null when there is none. Runs as the caller.';
comment on function "public"."get_job"(uuid) is 'A job wherever it is, with payload, progress, result and error: a row of engine.jobs. Needs runs:read.';
comment on function "public"."get_run_archive"(uuid) is 'An archived object. Null when the caller sees no such one. Runs as the caller.';
comment on function "public"."list_jobs"(uuid, jsonb, uuid, boolean, integer) is 'Background jobs of an organization, newest first (p_ascending = oldest first), without payloads and results. p_filter: {status [], type [], code, created_after, created_before, steps, open}; p_after = the id of the last one of the page before. Needs runs:read.';
comment on function "public"."list_run_archives"(uuid, date, uuid, integer) is 'Archived objects of an organization, newest first: those of the week of p_week (null = of all), behind p_after. Null when there is none. Runs as the caller.';
comment on function "public"."queue_statistics"(uuid, integer) is 'Numbers for a dashboard: jobs and steps = how many are in which state, and how old the oldest due one is; throughput, types and series = what ended in the last p_minutes (1 to 1440), in all, by type and by minute; waits from being due to being begun (p50 and p95 of the newest thousand kept). Needs runs:read.';
comment on function "public"."replay_dead_letters"(uuid, jsonb, integer, boolean) is 'Does dead letters of an organization once more, oldest first, at most p_limit (1000) of those that the filter {type [], code, created_after, created_before} finds. Answers {replayed, refused = a job with their unique key waits already, left = how many the filter still finds, dry_run}; p_dry_run = only left. Needs runs:execute.';
comment on function "public"."retry_job"(uuid) is 'Does a dead letter, or a cancelled or expired job, once more as a new job, which names it as replay_of. 409 when that was done already (details: replayed_as) or a job with its unique key waits. Needs runs:execute. Answers the new job.';
comment on function "public"."run_job_now"(uuid) is 'Makes a delayed job, or one that waits to be tried again, due at once. 409 when it has begun, ended, or waits for a place under its concurrency key. Needs runs:execute. Answers the job.';
comment on function "public"."set_daily_digest"(uuid, boolean) is 'Whether the owners of an organization get a mail after each day with runs; they do until somebody says otherwise. Needs org:write. Answers what holds now.';

comment on function
  "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb, integer) is
  'Changes an endpoint; null = leave as it is, but with another flow the trigger node is p_trigger_node or the first that fits; an empty p_mapping takes the mapping away. Needs webhooks:write.';

comment on sequence "private"."job_clock" is 'The virtual time of whoever was served last: where an organization begins that had no work.';
comment on sequence "private"."next_discovery" is 'When claims may look again for organizations that have work and no turn, in microseconds since 1970. Looking takes a twentieth of the time at the most.';
comment on table "private"."change_skips" is 'How many changed rows started nothing, and why. Several rows a reason: a transaction takes one that nobody holds, so that writers of the table never wait for each other here.';
comment on table "private"."change_triggers" is 'Tables whose changes start a flow, made by engine.on_change. The table itself is known by its triggers, which name the row: so it may be renamed. No foreign key to flows on purpose: what becomes of a deleted one is counted here.';
comment on table "private"."digest_opt_outs" is 'Organizations that want no daily digest.';
comment on table "private"."digests" is 'Daily digests that were queued: one for an organization and day, however often the task runs. Kept for 90 days.';
comment on table "private"."job_counts" is 'Jobs that ended, counted by the minute. Each worker has rows of its own, so that none waits for another; a task forgets old ones.';
comment on table "private"."job_leases" is 'Jobs that workers hold, one row for each batch that was claimed: the claim takes the jobs out of job_queue, so that a job costs two row writes and not three. The row is the fence: who names one that is gone writes nothing.';
comment on table "private"."job_slots" is 'Places under concurrency keys that leased jobs hold. A place is worth nothing without its lease: none can leak.';
comment on table "private"."job_states" is 'What is said of jobs while they are at work: a row only for those that tell of their progress or are asked to stop; gone when they end.';
comment on table "private"."job_turns" is 'Whose turn it is: a row for each organization that had work. While more is ready than a claim takes, the least virtual time comes first, and what is taken adds to it (start-time fair queueing: Goyal, Vin, Cheng 1997, https://doi.org/10.1109/90.649569). While all is taken anyway, nothing is written here.';
comment on table "private"."partition_changes" is 'Rows that were written in a partition while it is being rewritten, noted by a trigger: they are copied once more. Empty otherwise.';
comment on table "private"."partition_expired" is 'Organizations of which a rewriting leaves something out. Decided once when it begins, so that its batches agree.';
comment on table "private"."partition_rewrites" is 'Weekly partitions that retention has looked at, and how far it is with the one that it rewrites. What survives is copied to private.keep_<table>_<week>, which then takes the partition''s place.';
comment on table "private"."plan_downgrades" is 'Organizations that have left a plan: for 30 days retention keeps what that plan would. A payment that fails for a week costs nobody a year of runs.';
comment on table "private"."provider_breakers" is 'Services outside that are left alone for a while, because calls to them failed. Each isolate decides for itself; what it found out is a hint to the others. Written only when that changes.';
comment on table "private"."run_archive_weeks" is 'How far the runs of an organization and week are archived. Runs that end late are archived in a further pass.';
comment on table "private"."system_alerts" is 'System tasks that failed: one row from the failure that raised the alert to the recovery. Written by engine.watch_tasks.';
comment on table "private"."system_task_runs" is 'The history of system tasks. A run of kind sql appears with its end, for it is one transaction. Kept for 90 days, and the last completed run of each task for ever.';
comment on table "private"."system_tasks" is 'What the platform does by the clock for itself. Rows come with the migrations; operators change when, and whether, a task runs. engine.configure schedules them with pg_cron.';
comment on table "public"."analytics_daily" is 'Finished days in figures, one row for each organization, flow and UTC day on which runs were asked for. Made by the task analytics-daily out of run_stats_daily and run_steps; a day is made anew when a run of it ends later.';
comment on table "public"."bulk_operations" is 'One action on all runs that a filter finds, worked off in batches by a job of the type runs.bulk, or else by the clock, under the rights of who asked.';
comment on table "public"."job_history" is 'Jobs that have ended. Completed ones only where their type keeps them; those that were given up (dead letters) always. Partitioned by id, which is ordered by time.';
comment on table "public"."job_history_default" is 'Jobs for whose week there is no partition.';
comment on table "public"."job_queue" is 'Work that is waiting or running; finished work leaves. A row of type flow.step is a token: where a run stands. Other rows are jobs; a job that is claimed leaves for private.job_leases. No foreign key to organizations or runs on purpose: its row lock would cost every insert a write on the busiest rows; engine functions are the only writers.';
comment on table "public"."run_archives" is 'Objects in Storage that hold runs which fell out of retention: gzip members one behind the other, of JSON lines. A row is written after its object, never changed.';
comment on table "public"."usage_hourly" is 'What an organization used, by the hour, up to an hour behind: the task usage-hourly keeps it. Runs and their steps belong to the hour in which the run was asked for, jobs to that in which they ended. Dry runs and tests of webhooks do not count. What is deleted stays counted. No row = nothing was used.';
comment on view "engine"."changes" is 'Tables whose changes start flows: made by engine.on_change, removed by engine.off_change.';
comment on view "engine"."dead_letters" is 'Jobs that were given up and that nobody has repeated. select engine.retry_job(id) repeats one, engine.replay_dead_letters() many; engine.discard_dead_letters() deletes them.';
comment on view "engine"."jobs" is 'Every job wherever it is: in the queue, held by a worker, ended. The steps that runs are at are among them, as flow.step.';
comment on view "engine"."queue_depth" is 'How much work of each type there is in each state, over all organizations.';
comment on view "engine"."queue_organizations" is 'How much work each organization has, steps of runs and jobs together.';
comment on view "engine"."stuck" is 'Work that is older than it should be, and why. Empty = all is well.';
comment on view "engine"."workers" is 'Isolates that hold work, and how much.';

revoke all on function "engine"."add_run_archive"(uuid, date, uuid, jsonb, jsonb, boolean) from public;
grant execute on function "engine"."add_run_archive"(uuid, date, uuid, jsonb, jsonb, boolean) to "service_role";
revoke all on function "engine"."admit_runs"(uuid) from public;
grant execute on function "engine"."admit_runs"(uuid) to "service_role";
revoke all on function "engine"."apply_retention"() from public;
grant execute on function "engine"."apply_retention"() to "service_role";
revoke all on function "engine"."begin_run_archive"(uuid, date) from public;
grant execute on function "engine"."begin_run_archive"(uuid, date) to "service_role";
revoke all on function "engine"."cancel_job"(uuid) from public;
grant execute on function "engine"."cancel_job"(uuid) to "service_role";
revoke all on function "engine"."claim_jobs"(uuid, integer, text, uuid, boolean) from public;
grant execute on function "engine"."claim_jobs"(uuid, integer, text, uuid, boolean) to "service_role";
revoke all on function "engine"."configure"(text, integer, text) from public;
grant execute on function "engine"."configure"(text, integer, text) to "service_role";
revoke all on function "engine"."discard_dead_letter"(uuid) from public;
grant execute on function "engine"."discard_dead_letter"(uuid) to "service_role";
revoke all on function "engine"."discard_dead_letters"(uuid, jsonb, integer, boolean) from public;
grant execute on function "engine"."discard_dead_letters"(uuid, jsonb, integer, boolean) to "service_role";
revoke all on function "engine"."enqueue_jobs"(jsonb) from public;
grant execute on function "engine"."enqueue_jobs"(jsonb) to "service_role";
revoke all on function "engine"."expired_run_archives"(integer) from public;
grant execute on function "engine"."expired_run_archives"(integer) to "service_role";
revoke all on function "engine"."finish_jobs"(uuid, jsonb) from public;
grant execute on function "engine"."finish_jobs"(uuid, jsonb) to "service_role";
revoke all on function "engine"."finish_run_archive"(uuid, date, uuid) from public;
grant execute on function "engine"."finish_run_archive"(uuid, date, uuid) to "service_role";
revoke all on function "engine"."get_digest"(uuid, date) from public;
grant execute on function "engine"."get_digest"(uuid, date) to "service_role";
revoke all on function "engine"."get_job"(uuid) from public;
grant execute on function "engine"."get_job"(uuid) to "service_role";
revoke all on function "engine"."get_run_end"(uuid) from public;
grant execute on function "engine"."get_run_end"(uuid) to "service_role";

revoke all
  on function
    "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean,
    boolean, jsonb, jsonb)
  from public;

grant execute
  on function
    "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean,
    boolean, jsonb, jsonb)
  to "service_role";

revoke all on function "engine"."list_jobs"(uuid, jsonb, uuid, boolean, integer) from public;
grant execute on function "engine"."list_jobs"(uuid, jsonb, uuid, boolean, integer) to "service_role";
revoke all on function "engine"."list_task_runs"(text, integer, uuid) from public;
grant execute on function "engine"."list_task_runs"(text, integer, uuid) to "service_role";
revoke all on function "engine"."list_tasks"() from public;
grant execute on function "engine"."list_tasks"() to "service_role";
revoke all on function "engine"."off_change"(regclass, uuid, text) from public;
grant execute on function "engine"."off_change"(regclass, uuid, text) to "service_role";
revoke all on function "engine"."on_change"(regclass, uuid, jsonb) from public;
grant execute on function "engine"."on_change"(regclass, uuid, jsonb) to "service_role";
revoke all on function "engine"."queue_digests"(date) from public;
grant execute on function "engine"."queue_digests"(date) to "service_role";
revoke all on function "engine"."queue_statistics"(uuid, integer) from public;
grant execute on function "engine"."queue_statistics"(uuid, integer) to "service_role";
revoke all on function "engine"."read_run_archive"(uuid, date, uuid, jsonb, integer) from public;
grant execute on function "engine"."read_run_archive"(uuid, date, uuid, jsonb, integer) to "service_role";
revoke all on function "engine"."remove_run_archives"(uuid[]) from public;
grant execute on function "engine"."remove_run_archives"(uuid[]) to "service_role";
revoke all on function "engine"."replay_dead_letters"(uuid, jsonb, integer, boolean) from public;
grant execute on function "engine"."replay_dead_letters"(uuid, jsonb, integer, boolean) to "service_role";
revoke all on function "engine"."report_jobs"(uuid, jsonb) from public;
grant execute on function "engine"."report_jobs"(uuid, jsonb) to "service_role";
revoke all on function "engine"."request_task"(text) from public;
grant execute on function "engine"."request_task"(text) to "service_role";
revoke all on function "engine"."retry_job"(uuid) from public;
grant execute on function "engine"."retry_job"(uuid) to "service_role";
revoke all on function "engine"."run_job_now"(uuid) from public;
grant execute on function "engine"."run_job_now"(uuid) to "service_role";
revoke all on function "engine"."run_task"(text, text) from public;
grant execute on function "engine"."run_task"(text, text) to "service_role";
revoke all on function "engine"."share_breakers"(jsonb) from public;
grant execute on function "engine"."share_breakers"(jsonb) to "service_role";
revoke all on function "engine"."start_waiting_task"() from public;
grant execute on function "engine"."start_waiting_task"() to "service_role";
revoke all on function "engine"."update_task"(text, jsonb) from public;
grant execute on function "engine"."update_task"(text, jsonb) to "service_role";
revoke all on function "engine"."watch_tasks"() from public;
grant execute on function "engine"."watch_tasks"() to "service_role";
revoke all on function "engine"."work_bulk_operation"(uuid, integer, double precision) from public;
grant execute on function "engine"."work_bulk_operation"(uuid, integer, double precision) to "service_role";
revoke all on function "private"."activate_turns"(uuid[]) from public;
revoke all on function "private"."admit_jobs"(uuid, uuid[], timestamp with time zone) from public;
revoke all on function "private"."apply_retention"(bigint, numeric) from public;
revoke all on function "private"."archives_runs"(uuid) from public;
revoke all on function "private"."begin_rewrite"(text, date) from public;
revoke all on function "private"."begin_tokens"(uuid, uuid[], timestamp with time zone) from public;
revoke all on function "private"."cancel_job"(uuid) from public;
revoke all on function "private"."causing_run"(uuid) from public;
revoke all on function "private"."change_actor"(text[]) from public;
revoke all on function "private"."change_fits"(private.change_triggers, jsonb, jsonb) from public;
revoke all on function "private"."change_obstacle"(private.change_triggers, public.flows, public.runs) from public;
revoke all on function "private"."change_options"(regclass, uuid, jsonb) from public;
revoke all on function "private"."change_tables"() from public;
grant execute on function "private"."change_tables"() to "service_role";
revoke all on function "private"."check_dead_letter_filter"(jsonb, integer) from public;
revoke all on function "private"."check_leases"() from public;
revoke all on function "private"."clean_rate_limits"() from public;
revoke all on function "private"."close_lost_runs"(text) from public;
revoke all on function "private"."columns_of"(text) from public;

revoke all
  on function "private"."continue_rewrite"(private.partition_rewrites, bigint, timestamp with time zone)
  from public;

revoke all on function "private"."copy_changes"(text, date, integer) from public;
revoke all on function "private"."copy_runs"(text, date, uuid[]) from public;
revoke all on function "private"."copy_survivors"(text, date, bigint, timestamp with time zone) from public;
revoke all on function "private"."count_running"(uuid) from public;
revoke all on function "private"."count_usage"() from public;
revoke all on function "private"."count_usage_of"(timestamp with time zone) from public;

revoke all
  on function
    "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid, public.runs, uuid,
    uuid, jsonb, boolean, boolean)
  from public;

revoke all on function "private"."depth_of"(jsonb) from public;
revoke all on function "private"."discard_dead_letter"(uuid) from public;
revoke all on function "private"."discard_dead_letters"(uuid, jsonb, integer, boolean) from public;
revoke all on function "private"."drop_change_triggers"(uuid) from public;
revoke all on function "private"."drop_empty"(text, date) from public;
revoke all on function "private"."drop_rewrite"(text, date, text) from public;
revoke all on function "private"."end_queued_job"(uuid, text, jsonb) from public;
revoke all on function "private"."end_task_run"(uuid, text, text, jsonb, jsonb, timestamp with time zone) from public;
revoke all on function "private"."enqueue_job"(uuid, text, jsonb, jsonb) from public;
revoke all on function "private"."enqueue_one"(jsonb, timestamp with time zone) from public;
revoke all on function "private"."enqueue_run_archive"(uuid, date) from public;
revoke all on function "private"."find_expired"(text, date) from public;
revoke all on function "private"."find_job"(uuid) from public;
revoke all on function "private"."find_jobs"(uuid, jsonb, uuid, boolean, integer) from public;
revoke all on function "private"."find_turns"(timestamp with time zone, bigint) from public;
revoke all on function "private"."finish_leases"(uuid, jsonb, timestamp with time zone) from public;
revoke all on function "private"."forget_heads"(uuid[]) from public;
revoke all on function "private"."forget_lost_changes"() from public;
revoke all on function "private"."give_turn"(uuid) from public;
revoke all on function "private"."index_copies"(text, date) from public;
revoke all on function "private"."is_awake"(private.workers) from public;
revoke all on function "private"."is_own_table"(regclass) from public;
revoke all on function "private"."job_again"(public.job_history) from public;
revoke all on function "private"."job_conditions"(uuid, jsonb) from public;
revoke all on function "private"."json_setting"(text) from public;
revoke all on function "private"."keep_cron_job"(text, text, text) from public;
revoke all on function "private"."keep_partitions"() from public;
revoke all on function "private"."kept_days"(text, uuid) from public;
revoke all on function "private"."lease_jobs"(uuid, uuid[], boolean, timestamp with time zone) from public;
revoke all on function "private"."leased_jobs"(uuid[]) from public;
grant execute on function "private"."leased_jobs"(uuid[]) to "service_role";
revoke all on function "private"."lock_archive_pass"(uuid, date, uuid) from public;
revoke all on function "private"."lock_concurrency_key"(text) from public;
revoke all on function "private"."look_at_week"(text, date, bigint) from public;
revoke all on function "private"."mail_operators"(private.system_alerts, text) from public;
revoke all on function "private"."note_downgrade"() from public;
revoke all on function "private"."note_expired"(text, date) from public;
revoke all on function "private"."note_partition_change"() from public;

revoke all
  on function "private"."note_turns"(timestamp with time zone, boolean, uuid[], integer[], timestamp
    with time zone[], uuid[], boolean, bigint)
  from public;

revoke all on function "private"."organizations_of_week"(text, date) from public;
revoke all on function "private"."partition_name"(text, date) from public;
revoke all on function "private"."pick_jobs"(integer, timestamp with time zone) from public;
revoke all on function "private"."platform_id"() from public;
revoke all on function "private"."prune_cron_history"() from public;
revoke all on function "private"."prune_idempotency_keys"() from public;
revoke all on function "private"."prune_job_counts"() from public;
revoke all on function "private"."purge_default"(text, date, bigint) from public;
revoke all on function "private"."purge_webhook_events"(bigint) from public;
revoke all on function "private"."put_back_leases"(uuid[], boolean) from public;
revoke all on function "private"."queue_numbers"(uuid) from public;
revoke all on function "private"."queue_statistics"(uuid, integer) from public;
revoke all on function "private"."raise_alerts"() from public;

revoke all
  on function "private"."record_run_ahead"(public.flows, public.webhook_events, text, jsonb, text, jsonb)
  from public;

revoke all on function "private"."replay_dead_letters"(uuid, jsonb, integer, boolean) from public;
revoke all on function "private"."request_archives"(date) from public;
revoke all on function "private"."resting_status"(timestamp with time zone, timestamp with time zone) from public;
revoke all on function "private"."retained_tables"(text) from public;
revoke all on function "private"."retry_job"(uuid) from public;
revoke all on function "private"."retry_webhooks"() from public;
revoke all on function "private"."roll_up_analytics"() from public;
revoke all on function "private"."roll_up_day"(date) from public;
revoke all on function "private"."run_job_now"(uuid) from public;
revoke all on function "private"."schedule_tasks"() from public;
revoke all on function "private"."scheduled_tasks"() from public;
revoke all on function "private"."secure_run_archives"() from public;
revoke all on function "private"."setting"(text) from public;
revoke all on function "private"."shorten_leases"(uuid[], uuid[]) from public;
revoke all on function "private"."skip_change"(uuid, text, bigint) from public;
revoke all on function "private"."skip_task"(text, text, text, uuid) from public;

revoke all
  on function "private"."start_change_runs"(private.change_triggers, public.flows, public.runs, jsonb, jsonb[])
  from public;

revoke all on function "private"."start_changed_flow"() from public;
revoke all on function "private"."stop_task_job"(uuid) from public;
revoke all on function "private"."survives"(text, date) from public;
revoke all on function "private"."swap_partition"(text, date, timestamp with time zone) from public;
revoke all on function "private"."sweep_jobs"(timestamp with time zone) from public;
revoke all on function "private"."take_slots"(public.runs, boolean) from public;
revoke all on function "private"."task_attempt"(text) from public;
revoke all on function "private"."task_ended"(jsonb, text, jsonb) from public;
revoke all on function "private"."task_holders"() from public;
revoke all on function "private"."task_run_reply"(private.system_task_runs) from public;
revoke all on function "private"."task_waits_for"(text) from public;
revoke all on function "private"."tell_task"(uuid, text, uuid, text, text, jsonb) from public;
revoke all on function "private"."text_list"(jsonb, text[]) from public;
revoke all on function "private"."throughput_of"(bigint, bigint, bigint, numeric, numeric) from public;
revoke all on function "private"."try_lock_task"(text) from public;
revoke all on function "private"."unblock_jobs"(text[]) from public;
revoke all on function "private"."uuid_v7_time"(uuid) from public;
grant execute on function "private"."uuid_v7_time"(uuid) to "authenticated";
revoke all on function "private"."wake_if_idle"(uuid) from public;
revoke all on function "private"."warn_of_archives"() from public;
revoke all on function "private"."week_of"(uuid) from public;
grant execute on function "private"."week_of"(uuid) to "authenticated";
revoke all on function "private"."week_range"(date) from public;
revoke all on function "private"."weeks_of_default"(text) from public;
revoke all on function "private"."work_bulk_operation"(public.bulk_operations, integer, double precision) from public;
revoke all on function "public"."cancel_job"(uuid) from public;
grant execute on function "public"."cancel_job"(uuid) to "authenticated";

revoke all
  on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer)
  from public;

grant execute
  on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer)
  to "authenticated";

revoke all on function "public"."discard_dead_letter"(uuid) from public;
grant execute on function "public"."discard_dead_letter"(uuid) to "authenticated";
revoke all on function "public"."discard_dead_letters"(uuid, jsonb, integer, boolean) from public;
grant execute on function "public"."discard_dead_letters"(uuid, jsonb, integer, boolean) to "authenticated";
revoke all on function "public"."find_run_archives"(uuid) from public;
grant execute on function "public"."find_run_archives"(uuid) to "authenticated";
revoke all on function "public"."get_job"(uuid) from public;
grant execute on function "public"."get_job"(uuid) to "authenticated";
revoke all on function "public"."get_run_archive"(uuid) from public;
grant execute on function "public"."get_run_archive"(uuid) to "authenticated";
revoke all on function "public"."list_jobs"(uuid, jsonb, uuid, boolean, integer) from public;
grant execute on function "public"."list_jobs"(uuid, jsonb, uuid, boolean, integer) to "authenticated";
revoke all on function "public"."list_run_archives"(uuid, date, uuid, integer) from public;
grant execute on function "public"."list_run_archives"(uuid, date, uuid, integer) to "authenticated";
revoke all on function "public"."queue_statistics"(uuid, integer) from public;
grant execute on function "public"."queue_statistics"(uuid, integer) to "authenticated";
revoke all on function "public"."replay_dead_letters"(uuid, jsonb, integer, boolean) from public;
grant execute on function "public"."replay_dead_letters"(uuid, jsonb, integer, boolean) to "authenticated";
revoke all on function "public"."retry_job"(uuid) from public;
grant execute on function "public"."retry_job"(uuid) to "authenticated";
revoke all on function "public"."run_job_now"(uuid) from public;
grant execute on function "public"."run_job_now"(uuid) to "authenticated";
revoke all on function "public"."set_daily_digest"(uuid, boolean) from public;
grant execute on function "public"."set_daily_digest"(uuid, boolean) to "authenticated";

revoke all
  on function
    "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb, integer)
  from public;

grant execute
  on function
    "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb, integer)
  to "authenticated";

grant select on table "private"."change_skips" to "service_role";
grant select on table "private"."change_triggers" to "service_role";
grant select on table "private"."job_counts" to "service_role";
grant select on table "private"."job_leases" to "service_role";
grant select on table "private"."job_states" to "service_role";
grant select on table "private"."job_turns" to "service_role";
revoke all on table "private"."workers" from "service_role";
grant select on table "private"."workers" to "service_role";
grant select on table "public"."analytics_daily" to "authenticated", "service_role";
grant select on table "public"."job_history" to "authenticated", "service_role";
grant select on table "public"."run_archives" to "authenticated", "service_role";
grant select on table "public"."usage_hourly" to "authenticated", "service_role";
grant select on table "engine"."changes" to "service_role";
grant select on table "engine"."dead_letters" to "service_role";
grant select on table "engine"."jobs" to "service_role";
grant select on table "engine"."queue_depth" to "service_role";
grant select on table "engine"."queue_organizations" to "service_role";
grant select on table "engine"."stuck" to "service_role";
grant select on table "engine"."workers" to "service_role";

comment on column engine.changes.id is 'UUIDv7; also in the names of the triggers.';
comment on column engine.changes."table" is 'The table under its present name; null = it is gone.';
comment on column engine.changes.name is 'Tells several for the same table and flow apart.';
comment on column engine.changes.organization_id is 'The tenant whose flow it is.';
comment on column engine.changes.flow_id is 'The flow.';
comment on column engine.changes.flow_name is 'Its name now; null = it is gone.';
comment on column engine.changes.state is 'on = changes start runs. Otherwise why they do not: flow_inactive, flow_deleted, organization_suspended; disabled = the trigger is switched off; column_gone = a column that the options name is not there any more; table_gone.';
comment on column engine.changes.operations is 'Which changes start it.';
comment on column engine.changes.columns is 'An update starts it only when one of these differs afterwards; null = any.';
comment on column engine.changes.condition is 'Column -> value, or list of values, that the row has to have; null = every row.';
comment on column engine.changes.excluded is 'Columns that the flow never sees.';
comment on column engine.changes.claims is 'Claims of the writer''s token that the flow sees besides who it is.';
comment on column engine.changes.trigger_node is 'The trigger node to start at; null = the first event trigger.';
comment on column engine.changes.batch is 'How many rows a run gets.';
comment on column engine.changes.max_runs is 'How many runs one statement starts at most.';
comment on column engine.changes.max_depth is 'How many runs may stand above one that is started here.';
comment on column engine.changes.required is 'True = a change that can not start its run is refused.';
comment on column engine.changes.skipped is 'Changed rows that started nothing although they fit.';
comment on column engine.changes.skipped_because is 'The same by reason; null = none.';
comment on column engine.changes.last_skipped_at is 'The last of them; null = none.';
comment on column engine.changes.created_at is 'Made.';
comment on column engine.changes.updated_at is 'Last call of engine.on_change for it.';
comment on column engine.dead_letters.id is 'UUIDv7 of when it was enqueued.';
comment on column engine.dead_letters.organization_id is 'The tenant; zeros = the platform itself.';
comment on column engine.dead_letters.type is 'What it was to do.';
comment on column engine.dead_letters.payload is 'Its arguments.';
comment on column engine.dead_letters.error_code is 'Why it was given up, in one word: worker_lost, unknown_job_type, invalid_payload, or what its handler says.';
comment on column engine.dead_letters.error_message is 'The same for people.';
comment on column engine.dead_letters.error_details is 'What else is known.';
comment on column engine.dead_letters.attempts is 'How often it was begun.';
comment on column engine.dead_letters.max_attempts is 'How often it might have been.';
comment on column engine.dead_letters.created_at is 'When it was enqueued.';
comment on column engine.dead_letters.started_at is 'When its last attempt began; null = it never began.';
comment on column engine.dead_letters.completed_at is 'When it was given up.';
comment on column engine.jobs.id is 'UUIDv7 of when it was enqueued.';
comment on column engine.jobs.organization_id is 'The tenant; zeros = the platform itself.';
comment on column engine.jobs.type is 'What it does; flow.step = where a run stands.';
comment on column engine.jobs.payload is 'Its arguments.';
comment on column engine.jobs.status is 'queued = due, for the next worker; delayed = not before scheduled_for; blocked = as many as its concurrency key allows are at work; running; completed; dead = given up, a dead letter; cancelled; expired = it had not begun in time. Steps also: waiting = for something to happen; paused = their run is.';
comment on column engine.jobs.priority is 'Lower runs first within an organization.';
comment on column engine.jobs.attempts is 'How often it was begun, the present time included.';
comment on column engine.jobs.max_attempts is 'How often it may be.';
comment on column engine.jobs.scheduled_for is 'When its next or last attempt is due; null = at no known time: a step that waits for something.';
comment on column engine.jobs.started_at is 'When its present or last attempt began; null = none has, or it waits for another.';
comment on column engine.jobs.completed_at is 'When it ended, however; null = it has not.';
comment on column engine.jobs.error_message is 'Why its last attempt failed.';
comment on column engine.jobs.created_at is 'When it was enqueued.';
comment on column engine.jobs.progress is 'What its handler last said of it.';
comment on column engine.jobs.cancel_requested_at is 'When it was asked to stop.';
comment on column engine.jobs.result is 'What it gave.';
comment on column engine.jobs.error is '{code, message, details} of one that ended without success.';
comment on column engine.jobs.unique_key is 'No two with the same wait to begin.';
comment on column engine.jobs.concurrency_key is 'Only so many with the same are at work at once.';
comment on column engine.jobs.expires_at is 'Not after this moment.';
comment on column engine.jobs.worker_id is 'Who holds it.';
comment on column engine.jobs.run_id is 'The run, for a step.';
comment on column engine.jobs.replay_of is 'The dead letter that it repeats.';
comment on column engine.jobs.replayed_as is 'The job that repeats it.';
comment on column engine.queue_depth.type is 'What the jobs do; flow.step = where runs stand.';
comment on column engine.queue_depth.status is 'queued, delayed, blocked, waiting, running or paused, as in engine.jobs.';
comment on column engine.queue_depth.jobs is 'How many.';
comment on column engine.queue_depth.oldest is 'Since when the oldest is due, runs or waits; of those that are delayed, when the first is due.';
comment on column engine.queue_depth.oldest_seconds is 'How late the oldest one that is due is, seconds; null = none of these is due.';
comment on column engine.queue_organizations.organization_id is 'The tenant; zeros = the platform itself.';
comment on column engine.queue_organizations.name is 'Its name; null for the platform.';
comment on column engine.queue_organizations.plan_id is 'Its plan.';
comment on column engine.queue_organizations.weight is 'Its share while more is due than workers take: twice the weight, twice the jobs.';
comment on column engine.queue_organizations.max_running is 'How many of its jobs may be at work at once; null = any number.';
comment on column engine.queue_organizations.queued is 'Due, for the next worker.';
comment on column engine.queue_organizations.delayed is 'Due later.';
comment on column engine.queue_organizations.blocked is 'As many as their concurrency key allows are at work.';
comment on column engine.queue_organizations.waiting is 'Steps that wait for something, or whose run is paused.';
comment on column engine.queue_organizations.running is 'Held by workers.';
comment on column engine.queue_organizations.dead_letters is 'Given up, and not repeated.';
comment on column engine.queue_organizations.oldest_due_at is 'Since when the oldest one that is due is; null = none is.';
comment on column engine.queue_organizations.oldest_due_seconds is 'How late that is, seconds.';
comment on column engine.stuck.problem is 'not_claimed, worker_lost, long_running, ignores_cancel, blocked or past_deadline.';
comment on column engine.stuck.id is 'The job or token.';
comment on column engine.stuck.organization_id is 'The tenant; zeros = the platform itself.';
comment on column engine.stuck.type is 'What it does; flow.step = where a run stands.';
comment on column engine.stuck.since is 'Since when something should have happened.';
comment on column engine.stuck.seconds is 'How long that is, seconds.';
comment on column engine.stuck.why is 'What it means and where to look.';
comment on column engine.workers.id is 'Random, made by the isolate.';
comment on column engine.workers.kind is 'worker = drains the queue; inline = runs what its own request started.';
comment on column engine.workers.is_alive is 'False = its lease has lapsed; the next tick gives away what it holds.';
comment on column engine.workers.steps is 'Steps of runs that it holds.';
comment on column engine.workers.jobs is 'Jobs that it holds.';
comment on column engine.workers.started_at is 'First claim.';
comment on column engine.workers.expires_at is 'Until when its lease lasts; a heartbeat prolongs it.';

reset check_function_bodies;

-- seed 10_tenancy/011_plans_seed.sql 2670dd4c19cab20c
insert into public.plans
  (id, name, requests_per_minute, request_burst, max_flows, max_webhook_endpoints, hook_requests_per_minute, max_run_seconds,
    max_concurrent_runs, max_schedules, queue_weight)
values
  ('free', 'Free', 300, 100, 20, 20, 600, 86400, 200, 20, 1),
  ('pro', 'Pro', 1200, 300, 200, 200, 3000, 604800, 1000, 200, 2),
  ('team', 'Team', 3000, 600, 1000, 1000, 12000, 2592000, 5000, 1000, 4),
  ('enterprise', 'Enterprise', 12000, 2400, 10000, 10000, 60000, 31536000, null, 10000, 8)
on conflict (id) do update set
  name = excluded.name,
  requests_per_minute = excluded.requests_per_minute,
  request_burst = excluded.request_burst,
  max_flows = excluded.max_flows,
  max_webhook_endpoints = excluded.max_webhook_endpoints,
  hook_requests_per_minute = excluded.hook_requests_per_minute,
  max_run_seconds = excluded.max_run_seconds,
  max_concurrent_runs = excluded.max_concurrent_runs,
  max_schedules = excluded.max_schedules,
  queue_weight = excluded.queue_weight;
-- end of seed 10_tenancy/011_plans_seed.sql

-- seed 10_tenancy/012_plans_retention_seed.sql 2393eb2aed7a6401
-- Only what is absent: what an operator has set stays, null (for ever) too. A plan without any gets its archive with them.
update public.plans p set
  archives_runs = case when p.retention_days = '{}' then v.archives_runs else p.archives_runs end,
  retention_days = v.retention_days || p.retention_days
from (values
  ('free', false, '{"runs": 7, "jobs": 7, "webhook_events": 30, "archives": 365}'::jsonb),
  ('pro', true, '{"runs": 30, "jobs": 14, "webhook_events": 30, "archives": 365}'),
  ('team', true, '{"runs": 90, "jobs": 30, "webhook_events": 90, "archives": 1095}'),
  ('enterprise', true, '{"runs": 365, "jobs": 90, "webhook_events": 365, "archives": null}')
) as v (id, archives_runs, retention_days)
where p.id = v.id and not p.retention_days ?& array['runs', 'jobs', 'webhook_events', 'archives'];
-- end of seed 10_tenancy/012_plans_retention_seed.sql

-- seed 45_retention/031_secure_run_archives_seed.sql bdeb98b79603bb5f
-- Policies on a table of Supabase's are no part of the schema that migrations compare. The bucket stays: it may hold data.
-- undo: drop policy if exists millrace_members_read_run_archives on storage.objects;
select private.secure_run_archives();
-- end of seed 45_retention/031_secure_run_archives_seed.sql

-- seed 45_tasks/900_system_tasks_seed.sql aca7232abea0708a
insert into private.system_tasks (name, kind, handler, cron, depends_on, timeout_seconds, alert_after, description)
values
  ('usage-hourly', 'sql', 'count_usage', '7 * * * *', '{}', 900, 2,
    'Counts what each organization used, by the hour, into usage_hourly: runs, steps, jobs, webhook events. Hours of which a run ended late are counted again.'),
  ('analytics-daily', 'sql', 'roll_up_analytics', '23 0 * * *', '{}', 1800, 1,
    'Rolls finished days up into analytics_daily, for each flow: runs by how they ended, success rate, durations, steps. Days of which a run ended late are made anew.'),
  ('digest-daily', 'job', 'digest.daily', '0 6 * * *', '{analytics-daily}', 3600, 1,
    'Mails the owners of each organization that had runs yesterday what became of them: one job digest.mail for each, which fails and is tried again by itself.'),
  ('archive-weekly', 'job', 'runs.remove_archives', '31 4 * * 0', '{}', 3600, 1,
    'Removes archives of old runs, in Storage and from the list, that are older than the plan keeps.'),
  ('retention', 'job', 'retention.apply', '47 * * * *', '{}', 3600, 1,
    'Drops runs, steps, jobs and webhook events that are older than the plan keeps, step by step; asks for archives before. Fails, after all else is done, when runs could not be archived for two weeks.'),
  ('webhook-retries', 'sql', 'retry_webhooks', '*/5 * * * *', '{}', 120, 3,
    'Starts the runs of accepted webhook events that have none. The engine writes both in one transaction, so it finds only what was restored from a backup or written by hand. Deliveries of outgoing webhooks will be retried here when there are such.'),
  ('rate-limits', 'sql', 'clean_rate_limits', '*/15 * * * *', '{}', 120, 3,
    'Forgets buckets of rate limits that are full and unused.'),
  ('partitions', 'sql', 'keep_partitions', '17 3 * * *', '{}', 60, 1,
    'Makes the weekly partitions five weeks ahead.'),
  ('leases', 'sql', 'check_leases', '*/5 * * * *', '{}', 30, 2,
    'Checks that engine.tick, which sweeps lapsed leases every ten seconds, has left none.'),
  ('cron-history', 'sql', 'prune_cron_history', '41 4 * * *', '{}', 600, 2,
    'Forgets what pg_cron ran over 3 days ago, and histories of tasks, alerts and digests after 90 days.'),
  ('idempotency-keys', 'sql', 'prune_idempotency_keys', '13 * * * *', '{}', 300, 3,
    'Forgets idempotency keys after 24 hours.'),
  ('job-counts', 'sql', 'prune_job_counts', '19 4 * * *', '{}', 300, 2,
    'Forgets counts of jobs by the minute after 7 days.')
on conflict (name) do update set
  kind = excluded.kind, handler = excluded.handler, cron = excluded.cron, depends_on = excluded.depends_on,
  timeout_seconds = excluded.timeout_seconds, alert_after = excluded.alert_after, description = excluded.description;
-- end of seed 45_tasks/900_system_tasks_seed.sql
