-- Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

create schema "engine";
create schema "private";

create or replace function private.now()
  returns timestamp with time zone
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  -- PL/pgSQL, as everything that runs with each step: a SQL function is planned anew by every call.
  return coalesce(nullif(current_setting('millrace.now', true), '')::timestamptz, clock_timestamp());
end;
$function$;

create or replace function private.uuid_v7 (
  p_at timestamp with time zone default null::timestamp with time zone
)
  returns uuid
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- The first 48 bits of a random v4 become the milliseconds; bits 52 and 53 turn the version nibble 4 into 7.
  return encode(
    set_bit(
      set_bit(
        overlay(
          uuid_send(gen_random_uuid())
          placing substring(
            int8send(floor(extract(epoch from coalesce(p_at, private.now())) * 1000)::bigint) from 3
          )
          from 1 for 6
        ),
        52, 1
      ),
      53, 1
    ),
    'hex'
  )::uuid;
end;
$function$;

alter default privileges in schema "public" revoke all on sequences from "anon";
alter default privileges in schema "public" revoke all on sequences from "authenticated";
alter default privileges in schema "public" revoke all on sequences from "service_role";
alter default privileges in schema "public" revoke all on FUNCTIONS from "anon";
alter default privileges in schema "public" revoke all on FUNCTIONS from "authenticated";
alter default privileges in schema "public" revoke all on FUNCTIONS from "service_role";
alter default privileges in schema "public" revoke all on tables from "anon";
alter default privileges in schema "public" revoke all on tables from "authenticated";
alter default privileges in schema "public" revoke all on tables from "service_role";

create sequence "private"."claim_turns" as bigint increment by 1 minvalue 0 maxvalue 9223372036854775807 START
  with 0 cache 1 no cycle;

create table "private"."flow_plans" (
  "organization_id" uuid    not null,
  "plan_hash"       bytea   not null,
  "plan_version"    integer not null,
  "plan"            jsonb   not null,
  constraint "flow_plans_pkey" primary key (organization_id, plan_hash)
);

alter table "private"."flow_plans"
  enable row level security;

create table "private"."idempotency_keys" (
  "organization_id" uuid                     not null,
  "operation"       text                     not null,
  "key"             text                     not null,
  "request_hash"    bytea                    not null,
  "reply"           jsonb,
  "created_at"      timestamp with time zone not null default private.now(),
  constraint "idempotency_keys_pkey" primary key (organization_id, operation, key)
);

alter table "private"."idempotency_keys"
  enable row level security;

create unlogged table "private"."rate_limits" (
  "key" text                     not null,
  "tat" timestamp with time zone not null,
  constraint "rate_limits_pkey" primary key (key)
);

alter table "private"."rate_limits"
  enable row level security;

alter table "private"."rate_limits"
  set (fillfactor=50);

create table "private"."role_permissions" (
  "role"       text not null,
  "permission" text not null,
  constraint "role_permissions_permission_check" check ((permission ~ '^[a-z]+:[a-z]+$'::text)),
  constraint "role_permissions_pkey" primary key (role, permission),
  constraint "role_permissions_role_check"
    check
    ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'member'::text, 'viewer'::text,
    'guest'::text])))
);

alter table "private"."role_permissions"
  enable row level security;

create table "private"."run_joins" (
  "run_id"  uuid       not null,
  "node_id" text       not null,
  "scope"   text       not null default ''::text,
  "live"    smallint[] not null,
  "dead"    smallint[] not null,
  constraint "run_joins_pkey" primary key (run_id, node_id, scope)
);

alter table "private"."run_joins"
  enable row level security;

alter table "private"."run_joins"
  set (fillfactor=70);

create table "private"."settings" (
  "name"       text                     not null,
  "value"      text                     not null,
  "updated_at" timestamp with time zone not null default private.now(),
  constraint "settings_pkey" primary key (name)
);

alter table "private"."settings"
  enable row level security;

create table "private"."webhook_secrets" (
  "id"          uuid                     not null default private.uuid_v7(),
  "endpoint_id" uuid                     not null,
  "secret"      text                     not null,
  "expires_at"  timestamp with time zone,
  "created_at"  timestamp with time zone not null default private.now(),
  constraint "webhook_secrets_pkey" primary key (id),
  constraint "webhook_secrets_secret_check" check (((length(secret) >= 8) AND (length(secret) <= 512)))
);

alter table "private"."webhook_secrets"
  enable row level security;

create table "private"."worker_wakes" (
  "ticket"      uuid                     not null default gen_random_uuid(),
  "created_at"  timestamp with time zone not null default private.now(),
  "redeemed_at" timestamp with time zone,
  constraint "worker_wakes_pkey" primary key (ticket)
);

alter table "private"."worker_wakes"
  enable row level security;

create table "private"."workers" (
  "id"         uuid                     not null,
  "kind"       text                     not null,
  "started_at" timestamp with time zone not null default private.now(),
  "expires_at" timestamp with time zone not null,
  constraint "workers_kind_check" check ((kind = ANY (ARRAY['worker'::text, 'inline'::text]))),
  constraint "workers_pkey" primary key (id)
);

alter table "private"."workers"
  enable row level security;

alter table "private"."workers"
  set (fillfactor=70);

create table "public"."flow_versions" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "flow_id"         uuid                     not null,
  "number"          integer                  not null,
  "graph"           jsonb                    not null,
  "content_hash"    bytea                    not null,
  "plan_hash"       bytea                    not null,
  "timeout_seconds" integer                  not null,
  "created_by"      uuid,
  "created_at"      timestamp with time zone not null default private.now(),
  constraint "flow_versions_flow_id_number_key" unique (flow_id, number),
  constraint "flow_versions_graph_check"
    check (((jsonb_typeof(graph) = 'object'::text) AND (octet_length((graph)::text) <= 1048576))),
  constraint "flow_versions_number_check" check ((number > 0)),
  constraint "flow_versions_pkey" primary key (id),
  constraint "flow_versions_timeout_seconds_check" check ((timeout_seconds > 0))
);

alter table "public"."flow_versions"
  enable row level security;

create table "public"."flows" (
  "id"                 uuid                     not null default private.uuid_v7(),
  "organization_id"    uuid                     not null,
  "workspace_id"       uuid                     not null,
  "name"               text                     not null,
  "description"        text                     not null default ''::text,
  "is_active"          boolean                  not null default true,
  "current_version_id" uuid,
  "created_by"         uuid,
  "deleted_at"         timestamp with time zone,
  "version"            integer                  not null default 1,
  "created_at"         timestamp with time zone not null default private.now(),
  "updated_at"         timestamp with time zone not null default private.now(),
  constraint "flows_description_check" check ((length(description) <= 4000)),
  constraint "flows_name_check" check (((length(name) >= 1) AND (length(name) <= 200))),
  constraint "flows_pkey" primary key (id)
);

alter table "public"."flows"
  enable row level security;

create table "public"."job_queue" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "type"            text                     not null default 'flow.step'::text,
  "status"          text                     not null default 'available'::text,
  "priority"        smallint                 not null default 100,
  "attempts"        smallint                 not null default 0,
  "max_attempts"    smallint                 not null default 8,
  "epoch"           integer                  not null default 0,
  "resume"          boolean                  not null default false,
  "worker_id"       uuid,
  "run_id"          uuid,
  "node_id"         text,
  "scope"           text                     not null default ''::text,
  "reads"           text[],
  "payload"         jsonb,
  "scheduled_for"   timestamp with time zone not null default private.now(),
  "deadline_at"     timestamp with time zone,
  "started_at"      timestamp with time zone,
  "created_at"      timestamp with time zone not null default private.now(),
  "error_message"   text,
  constraint "job_queue_attempts_check" check ((attempts >= 0)),
  constraint "job_queue_max_attempts_check" check ((max_attempts > 0)),
  constraint "job_queue_pkey" primary key (id),
  constraint "job_queue_status_check" check ((status = ANY (ARRAY['available'::text, 'running'::text]))),
  constraint "running_means_leased" check (((status = 'running'::text) = (worker_id IS NOT NULL))),
  constraint "steps_belong_to_runs" check (((type = 'flow.step'::text) = (run_id IS NOT NULL)))
);

alter table "public"."job_queue"
  enable row level security;

alter table "public"."job_queue"
  set (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000, fillfactor=70);

create table "public"."organization_members" (
  "organization_id" uuid                     not null,
  "user_id"         uuid                     not null,
  "role"            text                     not null default 'member'::text,
  "created_at"      timestamp with time zone not null default private.now(),
  constraint "organization_members_pkey" primary key (organization_id, user_id),
  constraint "organization_members_role_check"
    check
    ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'member'::text, 'viewer'::text,
    'guest'::text])))
);

alter table "public"."organization_members"
  enable row level security;

create table "public"."organizations" (
  "id"           uuid                     not null default private.uuid_v7(),
  "name"         text                     not null,
  "slug"         text                     not null,
  "plan_id"      text                     not null default 'free'::text,
  "created_by"   uuid,
  "suspended_at" timestamp with time zone,
  "version"      integer                  not null default 1,
  "created_at"   timestamp with time zone not null default private.now(),
  "updated_at"   timestamp with time zone not null default private.now(),
  constraint "organizations_name_check" check (((length(name) >= 1) AND (length(name) <= 200))),
  constraint "organizations_pkey" primary key (id),
  constraint "organizations_slug_check" check ((slug ~ '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$'::text)),
  constraint "organizations_slug_key" unique (slug)
);

alter table "public"."organizations"
  enable row level security;

create table "public"."plans" (
  "id"                       text    not null,
  "name"                     text    not null,
  "requests_per_minute"      integer not null,
  "request_burst"            integer not null,
  "max_flows"                integer not null,
  "max_webhook_endpoints"    integer not null,
  "hook_requests_per_minute" integer not null,
  "max_run_seconds"          integer not null,
  constraint "plans_hook_requests_per_minute_check" check ((hook_requests_per_minute > 0)),
  constraint "plans_id_check" check ((id = ANY (ARRAY['free'::text, 'pro'::text, 'team'::text, 'enterprise'::text]))),
  constraint "plans_max_flows_check" check ((max_flows > 0)),
  constraint "plans_max_run_seconds_check" check ((max_run_seconds > 0)),
  constraint "plans_max_webhook_endpoints_check" check ((max_webhook_endpoints > 0)),
  constraint "plans_pkey" primary key (id),
  constraint "plans_request_burst_check" check ((request_burst > 0)),
  constraint "plans_requests_per_minute_check" check ((requests_per_minute > 0))
);

alter table "public"."plans"
  enable row level security;

create table "public"."profiles" (
  "id"           uuid                     not null,
  "email"        text,
  "display_name" text,
  "version"      integer                  not null default 1,
  "created_at"   timestamp with time zone not null default private.now(),
  "updated_at"   timestamp with time zone not null default private.now(),
  constraint "profiles_display_name_check" check ((length(display_name) <= 200)),
  constraint "profiles_pkey" primary key (id)
);

alter table "public"."profiles"
  enable row level security;

create table "public"."run_steps" (
  "run_id"          uuid                     not null,
  "node_id"         text                     not null,
  "scope"           text                     not null,
  "attempt"         smallint                 not null,
  "organization_id" uuid                     not null,
  "status"          text                     not null,
  "leaf"            boolean                  not null,
  "handles"         text[],
  "output"          jsonb,
  "error"           jsonb,
  "started_at"      timestamp with time zone not null,
  "finished_at"     timestamp with time zone not null
) partition by range (run_id);

create table "public"."run_steps_default" partition of "public"."run_steps" default;

alter table "public"."run_steps_default"
  enable row level security;

alter table "public"."run_steps"
  enable row level security;

create table "public"."runs" (
  "id"               uuid                     not null,
  "organization_id"  uuid                     not null,
  "flow_id"          uuid                     not null,
  "flow_version_id"  uuid                     not null,
  "status"           text                     not null,
  "trigger"          text                     not null,
  "trigger_node"     text,
  "webhook_event_id" uuid,
  "retry_of"         uuid,
  "input"            jsonb                    not null,
  "output"           jsonb,
  "error"            jsonb,
  "created_by"       uuid,
  "traceparent"      text,
  "deadline_at"      timestamp with time zone not null,
  "started_at"       timestamp with time zone,
  "finished_at"      timestamp with time zone,
  "created_at"       timestamp with time zone not null
) partition by range (id);

create table "public"."runs_default" partition of "public"."runs" default;

alter table "public"."runs_default"
  enable row level security;

alter table "public"."runs_default"
  set (fillfactor=80);

alter table "public"."runs"
  enable row level security;

create table "public"."webhook_endpoints" (
  "id"                 uuid                     not null default private.uuid_v7(),
  "organization_id"    uuid                     not null,
  "flow_id"            uuid                     not null,
  "trigger_node"       text,
  "name"               text                     not null,
  "provider"           text                     not null,
  "config"             jsonb                    not null default '{}'::jsonb,
  "slug"               text                     not null,
  "signature_required" boolean                  not null default true,
  "is_active"          boolean                  not null default true,
  "rejected_count"     bigint                   not null default 0,
  "last_rejected_at"   timestamp with time zone,
  "last_rejection"     text,
  "created_by"         uuid,
  "version"            integer                  not null default 1,
  "created_at"         timestamp with time zone not null default private.now(),
  "updated_at"         timestamp with time zone not null default private.now(),
  constraint "webhook_endpoints_config_check" check ((jsonb_typeof(config) = 'object'::text)),
  constraint "webhook_endpoints_name_check" check (((length(name) >= 1) AND (length(name) <= 200))),
  constraint "webhook_endpoints_pkey" primary key (id),
  constraint "webhook_endpoints_provider_check"
    check ((provider = ANY (ARRAY['stripe'::text, 'typeform'::text, 'custom'::text]))),
  constraint "webhook_endpoints_slug_check" check ((slug ~ '^[A-Za-z0-9_-]{16,64}$'::text)),
  constraint "webhook_endpoints_slug_key" unique (slug),
  constraint "webhook_endpoints_trigger_node_check"
    check (((length(trigger_node) >= 1) AND (length(trigger_node) <= 64)))
);

alter table "public"."webhook_endpoints"
  enable row level security;

alter table "public"."webhook_endpoints"
  set (fillfactor=80);

create table "public"."webhook_events" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "endpoint_id"     uuid                     not null,
  "event_key"       text,
  "body_key"        bytea,
  "type"            text,
  "status"          text                     not null,
  "held_because"    text,
  "unsigned"        boolean                  not null default false,
  "method"          text                     not null,
  "headers"         jsonb                    not null,
  "query"           jsonb                    not null default '{}'::jsonb,
  "raw_body"        bytea                    not null,
  "run_id"          uuid,
  "deliveries"      integer                  not null default 1,
  "replay_of"       uuid,
  "received_at"     timestamp with time zone not null default private.now(),
  constraint "held_says_why" check (((status = 'held'::text) = (held_because IS NOT NULL))),
  constraint "webhook_events_event_key_check" check ((length(event_key) <= 255)),
  constraint "webhook_events_pkey" primary key (id),
  constraint "webhook_events_raw_body_check" check ((octet_length(raw_body) <= 1048576)),
  constraint "webhook_events_status_check" check ((status = ANY (ARRAY['accepted'::text, 'held'::text]))),
  constraint "webhook_events_type_check" check ((length(type) <= 255))
);

alter table "public"."webhook_events"
  enable row level security;

alter table "public"."webhook_events"
  set (fillfactor=90);

create table "public"."workspaces" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "name"            text                     not null,
  "is_default"      boolean                  not null default false,
  "version"         integer                  not null default 1,
  "created_at"      timestamp with time zone not null default private.now(),
  "updated_at"      timestamp with time zone not null default private.now(),
  constraint "workspaces_name_check" check (((length(name) >= 1) AND (length(name) <= 200))),
  constraint "workspaces_organization_id_id_key" unique (organization_id, id),
  constraint "workspaces_pkey" primary key (id)
);

alter table "public"."workspaces"
  enable row level security;

alter table "public"."run_steps"
  alter column "attempt" set default 1;

alter table "public"."run_steps"
  alter column "leaf" set default false;

alter table "public"."run_steps"
  alter column "scope" set default ''::text;

alter table "public"."runs"
  alter column "created_at" set default private.now();

alter table "public"."runs"
  alter column "id" set default private.uuid_v7();

alter table "public"."runs"
  alter column "status" set default 'queued'::text;

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
    foreach v_parent in array array['runs', 'run_steps'] loop
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

create or replace function engine.get_webhook_endpoint (
  p_slug text
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
  where e.slug = p_slug and e.is_active and o.suspended_at is null;
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

create or replace function engine.heartbeat (
  p_worker_id uuid
)
  returns boolean
  language sql
  security definer
  set search_path to ''
  AS $function$
  with kept as (
    update private.workers w set expires_at = private.now() + interval '30 seconds'
    where w.id = p_worker_id
    returning 1
  )
  select exists (select 1 from kept);
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
  p_unsigned    boolean default false
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
  v_held := case when v_flow.deleted_at is not null then 'flow_deleted' when not v_flow.is_active then 'flow_inactive' end;

  if v_held is null then
    -- Known before the run is written, so that the event, with its body, is written once.
    v_run_id := private.uuid_v7();
  end if;

  -- Two deliveries of one event at once: the second waits here for the first to commit, then finds it.
  insert into public.webhook_events (
    organization_id, endpoint_id, event_key, body_key, type, status, held_because, unsigned, method, headers, query, raw_body,
    run_id
  )
  values (
    v_endpoint.organization_id, p_endpoint_id, p_event_key, v_body_key, p_type,
    case when v_held is null then 'accepted' else 'held' end, v_held, p_unsigned, p_method, p_headers, p_query, v_body,
    v_run_id
  )
  on conflict do nothing
  returning * into v_event;

  if not found then
    update public.webhook_events e set deliveries = e.deliveries + 1
    where e.id = (
      select o.id from public.webhook_events o
      where o.endpoint_id = p_endpoint_id and o.replay_of is null
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
    v_flow, 'webhook', p_input || jsonb_build_object('event_id', v_event.id, 'received_at', v_event.received_at),
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

create or replace function engine.load_plans (
  p_version_ids  uuid[],
  p_plan_version integer
)
  returns jsonb
  language sql
  stable
  security definer
  set search_path to ''
  AS $function$
  select coalesce(jsonb_agg(jsonb_build_object(
    'version_id', v.id,
    'flow_id', f.id,
    'flow_name', f.name,
    'plan_hash', encode(v.plan_hash, 'hex'),
    'plan', p.plan,
    'graph', case when p.plan is null then v.graph end
  )), '[]')
  from public.flow_versions v
  join public.flows f on f.id = v.flow_id
  left join private.flow_plans p
    on p.organization_id = v.organization_id and p.plan_hash = v.plan_hash and p.plan_version = p_plan_version
  where v.id = any (p_version_ids);
$function$;

create or replace function engine.record_webhook_rejection (
  p_endpoint_id uuid,
  p_reason      text
)
  returns void
  language sql
  security definer
  set search_path to ''
  AS $function$
  update public.webhook_endpoints e
  set rejected_count = e.rejected_count + 1, last_rejected_at = private.now(), last_rejection = left(p_reason, 200)
  where e.id = p_endpoint_id;
$function$;

create or replace function engine.redeem_wake (
  p_ticket uuid
)
  returns boolean
  language sql
  security definer
  set search_path to ''
  AS $function$
  with redeemed as (
    update private.worker_wakes k set redeemed_at = private.now()
    where k.ticket = p_ticket and k.redeemed_at is null and k.created_at > private.now() - interval '1 minute'
    returning 1
  )
  select exists (select 1 from redeemed);
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
  v_more boolean;
begin
  delete from private.workers w where w.id = p_worker_id;
  -- What is given back was not lost: it does not count towards max_attempts.
  update public.job_queue j
  set status = 'available', worker_id = null, started_at = null, resume = true, attempts = greatest(j.attempts - 1, 0)
  from (select o.id from public.job_queue o where o.worker_id = p_worker_id order by o.id for update) l
  where j.id = l.id;
  get diagnostics v_freed = row_count;

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

create or replace function engine.store_plan (
  p_version_id   uuid,
  p_plan         jsonb,
  p_plan_version integer
)
  returns void
  language sql
  security definer
  set search_path to ''
  AS $function$
  insert into private.flow_plans as p (organization_id, plan_hash, plan_version, plan)
  select v.organization_id, v.plan_hash, p_plan_version, p_plan
  from public.flow_versions v
  where v.id = p_version_id
  on conflict (organization_id, plan_hash) do update set plan_version = excluded.plan_version, plan = excluded.plan
    where p.plan_version < excluded.plan_version;
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
    organization_id, flow_id, number, graph, content_hash, plan_hash, timeout_seconds, created_by
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
    auth.uid()
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

create or replace function private.ensure_tenant (
  p_user_id uuid
)
  returns uuid
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- On a person's first call: profile, organization, workspace and membership in one transaction.
declare
  v_email text;
  v_name text;
  v_organization_id uuid;
begin
  select m.organization_id into v_organization_id
  from public.organization_members m where m.user_id = p_user_id
  order by m.created_at, m.organization_id limit 1;
  if v_organization_id is not null then
    return v_organization_id;
  end if;

  select u.email into v_email from auth.users u where u.id = p_user_id;
  if not found then
    perform private.fail('unauthorized', 'The user of this token does not exist any more', 401);
  end if;

  -- Two first calls at once: the second waits here for the first and then finds its membership.
  insert into public.profiles (id, email) values (p_user_id, v_email)
  on conflict (id) do update set email = excluded.email;
  perform 1 from public.profiles p where p.id = p_user_id for update;
  select m.organization_id into v_organization_id
  from public.organization_members m where m.user_id = p_user_id
  order by m.created_at, m.organization_id limit 1;
  if v_organization_id is not null then
    return v_organization_id;
  end if;

  v_name := coalesce(nullif(split_part(v_email, '@', 1), ''), 'My');
  insert into public.organizations (name, slug, created_by)
  values (
    left(v_name, 180) || '''s organization',
    'org-' || replace(gen_random_uuid()::text, '-', ''),
    p_user_id
  )
  returning id into v_organization_id;
  insert into public.organization_members (organization_id, user_id, role) values (v_organization_id, p_user_id, 'owner');
  insert into public.workspaces (organization_id, name, is_default) values (v_organization_id, 'Default', true);
  return v_organization_id;
end;
$function$;

create or replace function private.fail (
  p_code    text,
  p_message text,
  p_status  integer default 400,
  p_details jsonb   default null::jsonb
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- PostgREST turns this SQLSTATE into a response with our status and body:
  -- https://docs.postgrest.org/en/stable/references/errors.html#raise-errors-with-http-status-codes
  raise sqlstate 'PGRST' using
    message = json_build_object('code', p_code, 'message', p_message, 'details', p_details::text, 'hint', null)::text,
    detail = json_build_object('status', p_status, 'headers', json_build_object())::text;
end;
$function$;

create or replace function private.finish_run (
  p_run_id uuid
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_leaves integer;
  v_output jsonb;
begin
  -- A join that waits while no token is left can never be answered. A compiled plan excludes it; if it happens all the
  -- same, the run says so instead of standing still.
  if exists (select 1 from private.run_joins g where g.run_id = p_run_id) then
    perform private.end_run(p_run_id, 'failed', null, jsonb_build_object(
      'code', 'internal', 'message', 'A join waits for a branch that is gone'
    ));
    return;
  end if;

  select count(*), (array_agg(s.output))[1] into v_leaves, v_output
  from public.run_steps s
  where s.run_id = p_run_id and s.leaf and s.status = 'completed';
  perform private.end_run(p_run_id, 'completed', case when v_leaves = 1 then v_output end);
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
    || jsonb_build_object('version_number', v.number, 'graph', v.graph)
  from public.flows f
  left join public.flow_versions v on v.id = f.current_version_id
  where f.id = p_flow_id;
$function$;

create or replace function private.graph_without_layout (
  p_graph jsonb
)
  returns jsonb
  language sql
  immutable
  set search_path to ''
  AS $function$
  -- Order is kept: it decides the order of a merge's inputs.
  select case
    when jsonb_typeof(p_graph -> 'nodes') = 'array' and jsonb_typeof(p_graph -> 'edges') = 'array' then
      jsonb_build_object(
        'settings', p_graph -> 'settings',
        'nodes', (
          select coalesce(jsonb_agg(jsonb_build_array(n.value -> 'id', n.value -> 'type', n.value -> 'data') order by n.ordinality), '[]')
          from jsonb_array_elements(p_graph -> 'nodes') with ordinality n
        ),
        'edges', (
          select coalesce(jsonb_agg(jsonb_build_array(
            e.value -> 'id', e.value -> 'source', e.value -> 'target', e.value -> 'sourceHandle', e.value -> 'targetHandle', e.value -> 'data'
          ) order by e.ordinality), '[]')
          from jsonb_array_elements(p_graph -> 'edges') with ordinality e
        )
      )
    else p_graph
  end;
$function$;

create or replace function private.idempotent_reply (
  p_organization_id uuid,
  p_operation       text,
  p_key             text,
  p_request         jsonb
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_hash bytea := sha256(convert_to(p_request::text, 'UTF8'));
  v_row private.idempotency_keys;
begin
  if p_key is null then
    return null;
  end if;
  if length(p_key) not between 1 and 255 then
    perform private.fail('invalid_request', 'The Idempotency-Key must have 1 to 255 characters', 400);
  end if;

  -- Waits here while another transaction holds the same key, and sees its reply afterwards.
  insert into private.idempotency_keys as k (organization_id, operation, key, request_hash)
  values (p_organization_id, p_operation, p_key, v_hash)
  on conflict (organization_id, operation, key) do update
    set request_hash = excluded.request_hash, reply = null, created_at = excluded.created_at
    where k.created_at < private.now() - interval '24 hours';
  if found then
    return null;
  end if;

  select * into v_row from private.idempotency_keys k
  where k.organization_id = p_organization_id and k.operation = p_operation and k.key = p_key;
  if v_row.request_hash <> v_hash then
    perform private.fail('idempotency_mismatch', 'This Idempotency-Key was used with another request', 422);
  end if;
  return v_row.reply;
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

create or replace function private.keep_reply (
  p_organization_id uuid,
  p_operation       text,
  p_key             text,
  p_reply           jsonb
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
begin
  if p_key is not null then
    update private.idempotency_keys k set reply = p_reply
    where k.organization_id = p_organization_id and k.operation = p_operation and k.key = p_key;
  end if;
  return p_reply;
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
  -- Writes only when a third of the lease is used up: calls that follow each other closely cost one read.
  insert into private.workers as w (id, kind, expires_at)
  values (p_worker_id, p_kind, v_now + interval '30 seconds')
  on conflict (id) do update set expires_at = excluded.expires_at
    where w.expires_at < excluded.expires_at - interval '10 seconds';
end;
$function$;

create or replace function private.lock_flow (
  p_flow_id    uuid,
  p_permission text,
  p_if_version integer default null::integer
)
  returns public.flows
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_flow public.flows;
begin
  -- Asked before the lock: a stranger neither waits for who works on the flow nor makes them wait.
  select f.organization_id into v_flow.organization_id from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, p_permission, 'flow');
  -- No key update, as foreign keys to the flow are checked meanwhile by those who hold what we may want next.
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null for no key update;
  if not found then
    perform private.fail('not_found', 'No such flow', 404);
  end if;
  if p_if_version is not null and v_flow.version <> p_if_version then
    perform private.fail('version_mismatch', format('The flow has version %s, not %s', v_flow.version, p_if_version), 412);
  end if;
  return v_flow;
end;
$function$;

create or replace function private.lock_run (
  p_run_id     uuid,
  p_permission text
)
  returns public.runs
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_run public.runs;
begin
  -- Asked before the lock: a stranger neither waits for who works on the run nor makes them wait.
  select r.organization_id into v_run.organization_id from public.runs r where r.id = p_run_id;
  perform private.require_permission(v_run.organization_id, p_permission, 'run');
  select * into v_run from public.runs r where r.id = p_run_id for update;
  if not found then
    perform private.fail('not_found', 'No such run', 404);
  end if;
  return v_run;
end;
$function$;

create or replace function private.lock_webhook_endpoint (
  p_endpoint_id uuid,
  p_if_version  integer default null::integer
)
  returns public.webhook_endpoints
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_endpoint public.webhook_endpoints;
begin
  -- Asked before the lock: a stranger neither waits for who works on the endpoint nor makes them wait.
  select e.organization_id into v_endpoint.organization_id from public.webhook_endpoints e where e.id = p_endpoint_id;
  perform private.require_permission(v_endpoint.organization_id, 'webhooks:write', 'webhook endpoint');
  select * into v_endpoint from public.webhook_endpoints e where e.id = p_endpoint_id for no key update;
  if not found then
    perform private.fail('not_found', 'No such webhook endpoint', 404);
  end if;
  if p_if_version is not null and v_endpoint.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The endpoint has version %s, not %s', v_endpoint.version, p_if_version), 412);
  end if;
  return v_endpoint;
end;
$function$;

create or replace function private.new_webhook_secret (
  p_config jsonb
)
  returns text
  language sql
  set search_path to ''
  AS $function$
  select case when p_config ->> 'secret_encoding' = 'hex' then encode(b.bytes, 'hex') else 'whsec_' || encode(b.bytes, 'base64') end
  from (select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) as bytes) b;
$function$;

create or replace function private.organizations_with (
  p_permission text
)
  returns uuid[]
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  -- PL/pgSQL keeps its plan for the session: policies ask this in every statement.
  return (
    select coalesce(array_agg(m.organization_id), '{}')
    from public.organization_members m
    join private.role_permissions rp on rp.role = m.role and rp.permission = p_permission
    join public.organizations o on o.id = m.organization_id
    where m.user_id = (select auth.uid())
      and (o.suspended_at is null or p_permission = 'org:read')
  );
end;
$function$;

create or replace function private.purge_rate_limits (
  p_limit integer default 10000
)
  returns integer
  language sql
  set search_path to ''
  AS $function$
  with gone as (
    delete from private.rate_limits r
    where r.ctid in (
      select o.ctid from private.rate_limits o where o.tat < private.now() - interval '10 minutes' limit p_limit
    )
    returning 1
  )
  select count(*)::integer from gone;
$function$;

create or replace function private.refuse_change()
  returns trigger
  language plpgsql
  set search_path to ''
  AS $function$
begin
  perform private.fail('conflict', format('A row of %s never changes once written', tg_table_name), 409);
  return null;
end;
$function$;

create or replace function private.require_permission (
  p_organization_id uuid,
  p_permission      text,
  p_what            text
)
  returns void
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_role text;
  v_suspended boolean;
begin
  select m.role, o.suspended_at is not null into v_role, v_suspended
  from public.organization_members m
  join public.organizations o on o.id = m.organization_id
  where m.organization_id = p_organization_id and m.user_id = (select auth.uid());

  -- A stranger learns nothing: the same answer as for a thing that does not exist.
  if v_role is null then
    perform private.fail('not_found', format('No such %s', p_what), 404);
  end if;
  if v_suspended then
    perform private.fail('forbidden', 'This organization is suspended', 403);
  end if;
  if not exists (
    select 1 from private.role_permissions rp where rp.role = v_role and rp.permission = p_permission
  ) then
    perform private.fail('forbidden', format('The role %s lacks the permission %s', v_role, p_permission), 403);
  end if;
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

create or replace function private.setting (
  p_name text
)
  returns text
  language sql
  stable
  security definer
  set search_path to ''
  AS $function$
  select s.value from private.settings s where s.name = p_name;
$function$;

create or replace function private.take_tokens (
  p_key            text,
  p_limit          integer,
  p_window_seconds integer,
  p_burst          integer
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
-- Generic cell rate algorithm (ITU-T I.371): one timestamp a key says all. One upsert a request; the row is read a
-- second time only for a request that is refused.
declare
  v_now timestamptz := private.now();
  v_interval interval := make_interval(secs => p_window_seconds::double precision / p_limit);
  -- Of the rounded interval: otherwise a limit that does not divide the window would let one less than the burst pass.
  v_tolerance interval := v_interval * p_burst;
  v_tat timestamptz;
  v_allowed boolean;
begin
  insert into private.rate_limits as r (key, tat)
  values (p_key, v_now + v_interval)
  on conflict (key) do update
    set tat = greatest(r.tat, v_now) + v_interval
    where greatest(r.tat, v_now) + v_interval - v_now <= v_tolerance
  returning r.tat into v_tat;

  v_allowed := found;
  if not v_allowed then
    select r.tat into v_tat from private.rate_limits r where r.key = p_key;
    v_tat := coalesce(v_tat, v_now);
  end if;

  return jsonb_build_object(
    'allowed', v_allowed,
    'limit', p_burst,
    -- What a client may rely on: so many in so many seconds, again and again.
    'window_seconds', ceil(p_window_seconds::double precision * p_burst / p_limit)::integer,
    'remaining', greatest(0, floor(extract(epoch from v_tolerance - (v_tat - v_now)) / extract(epoch from v_interval)))::integer,
    'reset_seconds', greatest(0, ceil(extract(epoch from v_tat - v_now)))::integer,
    'retry_after_seconds', case when v_allowed then 0
      else greatest(1, ceil(extract(epoch from v_tat + v_interval - v_tolerance - v_now)))::integer end
  );
end;
$function$;

create or replace function private.touch()
  returns trigger
  language plpgsql
  set search_path to ''
  AS $function$
begin
  new.updated_at := private.now();
  new.version := old.version + 1;
  return new;
end;
$function$;

create or replace function private.try_lock_run (
  p_run_id uuid
)
  returns boolean
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_tokens integer;
begin
  perform 1 from public.runs r where r.id = p_run_id and r.finished_at is null for update skip locked;
  if not found then
    return false;
  end if;
  select count(*) into v_tokens from (
    select 1 from public.job_queue j where j.run_id = p_run_id for update skip locked
  ) l;
  return v_tokens = (select count(*) from public.job_queue j where j.run_id = p_run_id);
end;
$function$;

create or replace function private.uuid_v7_floor (
  p_at timestamp with time zone
)
  returns uuid
  language sql
  immutable
  set search_path to ''
  AS $function$
  select (lpad(to_hex(floor(extract(epoch from p_at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid;
$function$;

create or replace function private.wake_if_idle()
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
begin
  if not exists (select 1 from private.workers w where w.kind = 'worker' and w.expires_at > v_now)
    and not exists (
      select 1 from private.worker_wakes k
      where k.created_at > v_now - interval '5 seconds' and k.redeemed_at is null
    )
  then
    perform private.wake_workers(1);
  end if;
end;
$function$;

create or replace function private.wake_workers (
  p_count integer
)
  returns integer
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_url text := private.setting('functions_url');
  v_woken integer := 0;
  v_ticket uuid;
begin
  if v_url is null or to_regproc('net.http_post') is null then
    return 0;
  end if;
  while v_woken < p_count loop
    insert into private.worker_wakes default values returning ticket into v_ticket;
    -- pg_net sends after commit. Every role may read its queue, which is why the ticket can do nothing but start a worker.
    perform net.http_post(
      url := v_url || '/worker/wake',
      body := '{}'::jsonb,
      params := '{}'::jsonb,
      headers := jsonb_build_object('content-type', 'application/json', 'x-millrace-wake', v_ticket),
      timeout_milliseconds := 5000
    );
    v_woken := v_woken + 1;
  end loop;
  return v_woken;
end;
$function$;

create or replace function private.webhook_body (
  p_raw_body bytea
)
  returns jsonb
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return convert_from(p_raw_body, 'UTF8')::jsonb;
exception when others then
  begin
    return to_jsonb(convert_from(p_raw_body, 'UTF8'));
  exception when others then
    return to_jsonb(translate(encode(p_raw_body, 'base64'), E'\n', ''));
  end;
end;
$function$;

create or replace function private.webhook_endpoint_reply (
  p_endpoint_id uuid
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select to_jsonb(e) || jsonb_build_object(
    'secrets', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'last_four', right(s.secret, 4), 'created_at', s.created_at, 'expires_at', s.expires_at
      ) order by s.created_at desc), '[]')
      from private.webhook_secrets s
      where s.endpoint_id = e.id and (s.expires_at is null or s.expires_at > private.now())
    )
  )
  from public.webhook_endpoints e where e.id = p_endpoint_id;
$function$;

create or replace function public.cancel_run (
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
  if v_run.finished_at is not null and v_run.status <> 'cancelled' then
    perform private.fail('run_finished', format('The run has already %s', v_run.status), 409);
  end if;
  perform private.end_run(p_run_id, 'cancelled');
  select * into v_run from public.runs r where r.id = p_run_id;
  return to_jsonb(v_run);
end;
$function$;

create or replace function public.create_flow (
  p_organization_id uuid,
  p_name            text,
  p_graph           jsonb,
  p_description     text    default ''::text,
  p_workspace_id    uuid    default null::uuid,
  p_is_active       boolean default true,
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
  v_flow public.flows;
begin
  perform private.require_permission(p_organization_id, 'flows:write', 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'create_flow', p_idempotency_key,
    jsonb_build_array(p_name, p_graph, p_description, p_workspace_id, p_is_active));
  if v_reply is not null then
    return v_reply;
  end if;
  if length(coalesce(p_name, '')) not between 1 and 200 or length(coalesce(p_description, '')) > 4000 then
    perform private.fail('invalid_request', 'A name has 1 to 200 characters, a description at most 4000', 400);
  end if;

  -- The lock on the organization makes the count exact: two creations at the limit do not both pass. No key update, so that
  -- nobody waits here whose row only refers to the organization.
  select p.* into v_plan from public.organizations o join public.plans p on p.id = o.plan_id
  where o.id = p_organization_id for no key update of o;
  if (select count(*) from public.flows f where f.organization_id = p_organization_id and f.deleted_at is null) >= v_plan.max_flows then
    perform private.fail('plan_limit_reached', format('The plan %s allows %s flows', v_plan.id, v_plan.max_flows), 402);
  end if;

  insert into public.flows (organization_id, workspace_id, name, description, is_active, created_by)
  select p_organization_id, w.id, p_name, coalesce(p_description, ''), coalesce(p_is_active, true), auth.uid()
  from public.workspaces w
  where w.organization_id = p_organization_id and (w.id = p_workspace_id or (p_workspace_id is null and w.is_default))
  returning * into v_flow;
  if not found then
    perform private.fail('not_found', 'No such workspace', 404);
  end if;
  perform private.add_flow_version(v_flow, p_graph, v_plan.max_run_seconds);
  return private.keep_reply(p_organization_id, 'create_flow', p_idempotency_key, private.flow_reply(v_flow.id));
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

create or replace function public.delete_flow (
  p_flow_id    uuid,
  p_if_version integer default null::integer
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_flow public.flows := private.lock_flow(p_flow_id, 'flows:write', p_if_version);
begin
  update public.flows f set deleted_at = private.now(), is_active = false where f.id = v_flow.id;
end;
$function$;

create or replace function public.delete_run (
  p_run_id uuid
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
begin
  if v_run.finished_at is null then
    perform private.fail('run_not_finished', 'Cancel the run before deleting it', 409);
  end if;
  delete from public.run_steps s where s.run_id = p_run_id;
  delete from public.runs r where r.id = p_run_id;
end;
$function$;

create or replace function public.delete_webhook_endpoint (
  p_endpoint_id uuid,
  p_if_version  integer default null::integer
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.lock_webhook_endpoint(p_endpoint_id, p_if_version);
  delete from public.webhook_endpoints e where e.id = p_endpoint_id;
end;
$function$;

create or replace function public.duplicate_flow (
  p_flow_id         uuid,
  p_name            text default null::text,
  p_idempotency_key text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_flow public.flows;
  v_graph jsonb;
  v_reply jsonb;
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, 'flows:write', 'flow');
  -- A key of its own and not create_flow's: the same request stays the same when the original has changed meanwhile.
  v_reply := private.idempotent_reply(v_flow.organization_id, 'duplicate_flow', p_idempotency_key,
    jsonb_build_array(p_flow_id, p_name));
  if v_reply is not null then
    return v_reply;
  end if;
  select v.graph into v_graph from public.flow_versions v where v.id = v_flow.current_version_id;
  v_reply := public.create_flow(
    v_flow.organization_id,
    coalesce(p_name, left(v_flow.name, 193) || ' (Copy)'),
    v_graph,
    v_flow.description,
    v_flow.workspace_id,
    false
  );
  return private.keep_reply(v_flow.organization_id, 'duplicate_flow', p_idempotency_key, v_reply);
end;
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
    'limits', to_jsonb(v_row.plan) - 'id' - 'name',
    'rate', private.take_tokens(
      format('user:%s:%s', v_user_id, p_route),
      (v_row.plan).requests_per_minute, 60, (v_row.plan).request_burst
    )
  );
end;
$function$;

create or replace function public.get_latest_run (
  p_flow_id uuid
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select public.get_run(r.id)
  from public.runs r
  where r.flow_id = p_flow_id
  order by r.id desc
  limit 1;
$function$;

create or replace function public.get_run (
  p_run_id     uuid,
  p_step_limit integer default 100
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select to_jsonb(r)
    || private.run_steps_page(r.id, null, null, null, least(greatest(p_step_limit, 1), 100))
    || jsonb_build_object('active', case when r.finished_at is null then private.run_tokens(r.id) else '[]'::jsonb end)
  from public.runs r
  where r.id = p_run_id;
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

create or replace function public.get_webhook_endpoint (
  p_endpoint_id uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_organization_id uuid;
begin
  select e.organization_id into v_organization_id from public.webhook_endpoints e where e.id = p_endpoint_id;
  perform private.require_permission(v_organization_id, 'webhooks:read', 'webhook endpoint');
  return private.webhook_endpoint_reply(p_endpoint_id);
end;
$function$;

create or replace function public.list_run_steps (
  p_run_id uuid,
  p_from   timestamp with time zone default null::timestamp with time zone,
  p_after  text                     default ''::text,
  p_limit  integer                  default 50
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select private.run_steps_page(r.id, p_from, p_after, null, least(greatest(p_limit, 1), 100))
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
  if not v_flow.is_active then
    perform private.fail('flow_inactive', 'The flow is switched off', 409);
  end if;

  -- What the first run was given, as the receiver understood it; an event that started none is read here.
  select r.input -> 'body' into v_body from public.runs r where r.id = v_event.run_id;
  if v_body is null then
    v_body := private.webhook_body(v_event.raw_body);
  end if;
  insert into public.webhook_events (
    organization_id, endpoint_id, event_key, body_key, type, status, unsigned, method, headers, query, raw_body, replay_of
  )
  values (
    v_event.organization_id, v_event.endpoint_id, v_event.event_key, v_event.body_key, v_event.type, 'accepted',
    v_event.unsigned, v_event.method, v_event.headers, v_event.query, v_event.raw_body, coalesce(v_event.replay_of, v_event.id)
  )
  returning * into v_event;
  v_run := private.create_run(
    v_flow, 'webhook',
    jsonb_build_object(
      'event_id', v_event.id, 'type', v_event.type, 'headers', v_event.headers, 'query', v_event.query,
      'method', v_event.method, 'body', v_body, 'received_at', v_event.received_at
    ),
    v_endpoint.trigger_node, v_event.id
  );
  update public.webhook_events e set run_id = v_run.id where e.id = v_event.id;
  perform private.wake_if_idle();
  return private.keep_reply(v_event.organization_id, 'replay_webhook_event', p_idempotency_key,
    jsonb_build_object('event_id', v_event.id, 'run_id', v_run.id));
end;
$function$;

create or replace function public.restore_flow_version (
  p_flow_id    uuid,
  p_version_id uuid,
  p_if_version integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_graph jsonb;
begin
  perform private.lock_flow(p_flow_id, 'flows:write', p_if_version);
  select v.graph into v_graph from public.flow_versions v where v.id = p_version_id and v.flow_id = p_flow_id;
  if not found then
    perform private.fail('not_found', 'No such version', 404);
  end if;
  return public.save_flow(p_flow_id, p_graph => v_graph);
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

create or replace function public.rotate_webhook_secret (
  p_endpoint_id     uuid,
  p_secret          text    default null::text,
  p_overlap_seconds integer default 86400
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_endpoint public.webhook_endpoints := private.lock_webhook_endpoint(p_endpoint_id);
  v_secret text := coalesce(p_secret, private.new_webhook_secret(v_endpoint.config));
begin
  if length(v_secret) not between 8 and 512 or coalesce(p_overlap_seconds, -1) not between 0 and 604800 then
    perform private.fail('invalid_request', 'A secret has 8 to 512 characters, the overlap is at most a week', 400);
  end if;
  -- Two at once at the most: the one before the current one ends now.
  delete from private.webhook_secrets s where s.endpoint_id = p_endpoint_id and s.expires_at is not null;
  update private.webhook_secrets s set expires_at = private.now() + make_interval(secs => p_overlap_seconds)
  where s.endpoint_id = p_endpoint_id;
  insert into private.webhook_secrets (endpoint_id, secret) values (p_endpoint_id, v_secret);
  return private.webhook_endpoint_reply(p_endpoint_id) || jsonb_build_object('secret', v_secret);
end;
$function$;

create or replace function public.save_flow (
  p_flow_id      uuid,
  p_name         text    default null::text,
  p_description  text    default null::text,
  p_graph        jsonb   default null::jsonb,
  p_workspace_id uuid    default null::uuid,
  p_is_active    boolean default null::boolean,
  p_if_version   integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_flow public.flows := private.lock_flow(p_flow_id, 'flows:write', p_if_version);
  v_max_run_seconds integer;
begin
  if length(p_name) not between 1 and 200 or length(p_description) > 4000 then
    perform private.fail('invalid_request', 'A name has 1 to 200 characters, a description at most 4000', 400);
  end if;
  if p_workspace_id is not null and not exists (
    select 1 from public.workspaces w where w.id = p_workspace_id and w.organization_id = v_flow.organization_id
  ) then
    perform private.fail('not_found', 'No such workspace', 404);
  end if;

  update public.flows f set
    name = coalesce(p_name, f.name),
    description = coalesce(p_description, f.description),
    workspace_id = coalesce(p_workspace_id, f.workspace_id),
    is_active = coalesce(p_is_active, f.is_active)
  where f.id = p_flow_id
    and (f.name, f.description, f.workspace_id, f.is_active) is distinct from (
      coalesce(p_name, f.name), coalesce(p_description, f.description),
      coalesce(p_workspace_id, f.workspace_id), coalesce(p_is_active, f.is_active));
  if p_graph is not null then
    select p.max_run_seconds into v_max_run_seconds
    from public.organizations o join public.plans p on p.id = o.plan_id where o.id = v_flow.organization_id;
    perform private.add_flow_version(v_flow, p_graph, v_max_run_seconds);
  end if;
  return private.flow_reply(p_flow_id);
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

  v_reply := to_jsonb(private.create_run(
    v_flow, 'manual', coalesce(p_input, '{}'), p_trigger_node, p_traceparent => p_traceparent
  ));
  if p_wake then
    perform private.wake_if_idle();
  end if;
  return private.keep_reply(v_flow.organization_id, 'start_run', p_idempotency_key, v_reply);
end;
$function$;

create or replace function public.sync_profile (
  p_display_name text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_user_id uuid := auth.uid();
  v_profile public.profiles;
begin
  if v_user_id is null then
    perform private.fail('unauthorized', 'Sign in first', 401);
  end if;
  if length(p_display_name) > 200 then
    perform private.fail('invalid_request', 'The display name must have at most 200 characters', 400);
  end if;
  perform private.ensure_tenant(v_user_id);
  update public.profiles p
  set email = u.email, display_name = coalesce(p_display_name, p.display_name)
  from auth.users u
  where p.id = v_user_id and u.id = v_user_id
    and (p.email, p.display_name) is distinct from (u.email::text, coalesce(p_display_name, p.display_name));
  select * into v_profile from public.profiles p where p.id = v_user_id;
  return to_jsonb(v_profile);
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

alter table "public"."flows"
  add constraint "flows_current_version_id_fkey" foreign key (current_version_id) references public.flow_versions(id)
    deferrable initially deferred;

alter table "public"."flow_versions"
  add constraint "flow_versions_flow_id_fkey" foreign key (flow_id) references public.flows(id) on delete cascade;

alter table "private"."flow_plans"
  add constraint "flow_plans_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "public"."flow_versions"
  add constraint "flow_versions_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "public"."flows"
  add constraint "flows_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "public"."organization_members"
  add constraint "organization_members_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "public"."organizations"
  add constraint "organizations_plan_id_fkey" foreign key (plan_id) references public.plans(id);

alter table "public"."profiles"
  add constraint "profiles_id_fkey" foreign key (id) references auth.users(id) on delete cascade;

alter table "public"."flow_versions"
  add constraint "flow_versions_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete
    set null;

alter table "public"."flows"
  add constraint "flows_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete set null;

alter table "public"."organization_members"
  add constraint "organization_members_user_id_fkey" foreign key (user_id) references public.profiles(id)
    on delete cascade;

alter table "public"."organizations"
  add constraint "organizations_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete
    set null;

alter table "public"."run_steps"
  add constraint "failure_says_why" check (((status = ANY (ARRAY['failed'::text, 'retried'::text])) = (error IS
    NOT NULL)));

alter table "public"."run_steps"
  add constraint "run_steps_pkey" primary key (run_id, node_id, scope, attempt);

alter table "public"."run_steps"
  add constraint "run_steps_status_check"
    check ((status = ANY (ARRAY['completed'::text, 'failed'::text, 'retried'::text, 'skipped'::text])));

alter table "public"."runs"
  add constraint "failed_says_why" check (((status = 'failed'::text) = (error IS NOT NULL)));

alter table "public"."runs"
  add constraint "finished_means_terminal"
    check (((status = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text])) = (finished_at IS NOT NULL)));

alter table "public"."runs"
  add constraint "runs_pkey" primary key (id);

alter table "public"."runs"
  add constraint "runs_status_check"
    check
    ((status = ANY (ARRAY['queued'::text, 'running'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])));

alter table "public"."runs"
  add constraint "runs_trigger_check" check ((trigger = ANY (ARRAY['manual'::text, 'webhook'::text])));

alter table "public"."runs"
  add constraint "started_unless_queued" check (((started_at IS
    NOT NULL) OR (status = ANY (ARRAY['queued'::text, 'cancelled'::text, 'failed'::text]))));

alter table "public"."webhook_endpoints"
  add constraint "webhook_endpoints_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete
    set null;

alter table "public"."webhook_endpoints"
  add constraint "webhook_endpoints_flow_id_fkey" foreign key (flow_id) references public.flows(id) on delete cascade;

alter table "public"."webhook_endpoints"
  add constraint "webhook_endpoints_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "private"."webhook_secrets"
  add constraint "webhook_secrets_endpoint_id_fkey" foreign key (endpoint_id) references public.webhook_endpoints(id)
    on delete cascade;

alter table "public"."webhook_events"
  add constraint "webhook_events_endpoint_id_fkey" foreign key (endpoint_id) references public.webhook_endpoints(id)
    on delete cascade;

alter table "public"."webhook_events"
  add constraint "webhook_events_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "public"."webhook_events"
  add constraint "webhook_events_replay_of_fkey" foreign key (replay_of) references public.webhook_events(id)
    on delete set null;

alter table "public"."workspaces"
  add constraint "workspaces_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "public"."flows"
  add constraint "flows_organization_id_workspace_id_fkey" foreign key (organization_id, workspace_id)
    references public.workspaces(organization_id, id);

create index idempotency_keys_created_at_idx on private.idempotency_keys using btree (created_at);
create index webhook_secrets_endpoint_id_idx on private.webhook_secrets using btree (endpoint_id);
create index worker_wakes_created_at_idx on private.worker_wakes using btree (created_at);
create index flow_versions_created_by_idx on public.flow_versions using btree (created_by);
create index flow_versions_organization_id_idx on public.flow_versions using btree (organization_id);
create index flows_created_by_idx on public.flows using btree (created_by);
create index flows_current_version_id_idx on public.flows using btree (current_version_id);

create index flows_organization_id_idx on public.flows using btree (organization_id, id)
  where (deleted_at is null);

create index flows_workspace_id_idx on public.flows using btree (organization_id, workspace_id);

create index job_queue_deadline_at_idx on public.job_queue using btree (deadline_at)
  where (deadline_at is not null);

create index job_queue_ready_idx on public.job_queue using btree (organization_id, priority, scheduled_for)
  where (status = 'available'::text);

create index job_queue_run_id_idx on public.job_queue using btree (run_id)
  where (run_id is not null);

create index job_queue_worker_id_idx on public.job_queue using btree (worker_id)
  where (worker_id is not null);

create index organization_members_user_id_idx on public.organization_members using btree (user_id, created_at);
create index organizations_created_by_idx on public.organizations using btree (created_by);
create index organizations_plan_id_idx on public.organizations using btree (plan_id);
create index runs_flow_id_idx on public.runs using btree (flow_id, id);
create index runs_organization_id_idx on public.runs using btree (organization_id, id);
create index webhook_endpoints_created_by_idx on public.webhook_endpoints using btree (created_by);
create index webhook_endpoints_flow_id_idx on public.webhook_endpoints using btree (flow_id);
create index webhook_endpoints_organization_id_idx on public.webhook_endpoints using btree (organization_id, id);

create unique index webhook_events_body_key_idx on public.webhook_events using btree (endpoint_id, body_key)
  where (replay_of is null);

create unique index webhook_events_event_key_idx on public.webhook_events using btree (endpoint_id, event_key)
  where (replay_of is null);

create index webhook_events_organization_id_idx on public.webhook_events using btree (organization_id, id);

create index webhook_events_replay_of_idx on public.webhook_events using btree (replay_of)
  where (replay_of is not null);

create unique index workspaces_one_default_idx on public.workspaces using btree (organization_id)
  where is_default;

create trigger immutable
  before update on public.flow_versions
  for each row
  when
    (((new.id IS DISTINCT FROM old.id) OR (new.organization_id IS DISTINCT FROM old.organization_id) OR (new.flow_id
    IS DISTINCT FROM old.flow_id) OR (new.number IS DISTINCT FROM old.number) OR
    (new.graph IS DISTINCT FROM old.graph) OR (new.content_hash IS DISTINCT FROM old.content_hash) OR
    (new.plan_hash IS DISTINCT FROM old.plan_hash) OR (new.timeout_seconds IS DISTINCT FROM old.timeout_seconds)))
  execute function private.refuse_change();

alter table "public"."flow_versions"
  enable always trigger "immutable";

create trigger touch
  before update on public.flows
  for each row
  execute function private.touch();

create trigger touch
  before update on public.organizations
  for each row
  execute function private.touch();

create trigger touch
  before update on public.profiles
  for each row
  execute function private.touch();

create trigger append_only
  before update on public.run_steps
  for each row
  execute function private.refuse_change();

alter table "public"."run_steps"
  enable always trigger "append_only";

create trigger terminal_states_stay
  before update on public.runs
  for each row
  when ((old.finished_at IS NOT NULL))
  execute function private.refuse_change();

alter table "public"."runs"
  enable always trigger "terminal_states_stay";

create trigger touch
  before update of name, config, flow_id, trigger_node, signature_required, is_active on public.webhook_endpoints
  for each row
  execute function private.touch();

create trigger touch
  before update on public.workspaces
  for each row
  execute function private.touch();

create policy "members_see_flow_versions" on "public"."flow_versions"
  for select
  to "authenticated"
  using
    (((organization_id = ANY (( select private.organizations_with('flows:read'::text) as organizations_with)::uuid[]))
    AND (exists ( select 1
   from public.flows f
  where (f.id = flow_versions.flow_id)))));

create policy "members_see_flows" on "public"."flows"
  for select
  to "authenticated"
  using
    (((deleted_at is null) AND (organization_id = ANY (( select private.organizations_with('flows:read'::text) as
    organizations_with)::uuid[]))));

create policy "members_see_jobs" on "public"."job_queue"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('runs:read'::text) as organizations_with)::uuid[])));

create policy "members_see_members" on "public"."organization_members"
  for select
  to "authenticated"
  using
    (((user_id = ( select auth.uid() as uid)) or (organization_id = ANY (( select
    private.organizations_with('members:read'::text) as organizations_with)::uuid[]))));

create policy "members_see_their_organizations" on "public"."organizations"
  for select
  to "authenticated"
  using ((id = ANY (( select private.organizations_with('org:read'::text) as organizations_with)::uuid[])));

create policy "plans_are_public" on "public"."plans"
  for select
  to "anon", "authenticated"
  using (true);

create policy "members_see_themselves" on "public"."profiles"
  for select
  to "authenticated"
  using (((id = ( select auth.uid() as uid)) or (exists ( select 1
   from public.organization_members m
  where
    ((m.user_id = profiles.id) AND (m.organization_id = ANY (( select private.organizations_with('members:read'::text)
    as organizations_with)::uuid[])))))));

create policy "members_see_run_steps" on "public"."run_steps"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('runs:read'::text) as organizations_with)::uuid[])));

create policy "members_see_runs" on "public"."runs"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('runs:read'::text) as organizations_with)::uuid[])));

create policy "members_see_webhook_endpoints" on "public"."webhook_endpoints"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('webhooks:read'::text) as
    organizations_with)::uuid[])));

create policy "members_see_webhook_events" on "public"."webhook_events"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('webhooks:read'::text) as
    organizations_with)::uuid[])));

create policy "members_see_workspaces" on "public"."workspaces"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('flows:read'::text) as organizations_with)::uuid[])));

comment on column "private"."flow_plans"."organization_id" is 'The tenant.';
comment on column "private"."flow_plans"."plan" is 'The plan, see shared/graph.';
comment on column "private"."flow_plans"."plan_hash" is 'As in flow_versions.';
comment on column "private"."flow_plans"."plan_version" is 'Version of the compiler''s output; another one is compiled anew.';
comment on column "private"."idempotency_keys"."created_at" is 'Kept for 24 hours.';
comment on column "private"."idempotency_keys"."key" is 'The caller''s key, 1 to 255 characters.';
comment on column "private"."idempotency_keys"."operation" is 'The SQL function that was called.';
comment on column "private"."idempotency_keys"."organization_id" is 'The tenant in which the key is unique.';
comment on column "private"."idempotency_keys"."reply" is 'The answer that is given again. Never null once committed.';
comment on column "private"."idempotency_keys"."request_hash" is 'SHA-256 of the arguments: the same key with other arguments is refused.';
comment on column "private"."rate_limits"."key" is 'What is limited: user:<id>:<route class>, hook:<endpoint id>.';
comment on column "private"."rate_limits"."tat" is 'Theoretical arrival time: the moment at which the bucket is empty again.';
comment on column "private"."role_permissions"."permission" is 'resource:verb, as in flows:write.';
comment on column "private"."role_permissions"."role" is 'owner, admin, developer, member, viewer or guest.';
comment on column "private"."run_joins"."dead" is 'Slots of the in-edges over which it will not come.';
comment on column "private"."run_joins"."live" is 'Slots of the in-edges over which the run came.';
comment on column "private"."run_joins"."node_id" is 'The node at which branches meet.';
comment on column "private"."run_joins"."run_id" is 'The run.';
comment on column "private"."run_joins"."scope" is 'Path of loop and split indices; empty = top level.';
comment on column "private"."settings"."name" is 'functions_url = where the edge functions answer; max_workers = how many worker isolates may be awake.';
comment on column "private"."settings"."updated_at" is 'When it was last written.';
comment on column "private"."settings"."value" is 'The value as text.';
comment on column "private"."webhook_secrets"."created_at" is 'Made.';
comment on column "private"."webhook_secrets"."endpoint_id" is 'The endpoint.';
comment on column "private"."webhook_secrets"."expires_at" is 'Null = the current one; set = good until then.';
comment on column "private"."webhook_secrets"."id" is 'UUIDv7.';
comment on column "private"."webhook_secrets"."secret" is 'The secret as the provider shows it.';
comment on column "private"."worker_wakes"."created_at" is 'When the call was queued.';
comment on column "private"."worker_wakes"."redeemed_at" is 'When a worker showed it; null = not yet.';
comment on column "private"."worker_wakes"."ticket" is 'Sent in the header x-millrace-wake.';
comment on column "private"."workers"."expires_at" is 'When this moment passes, engine.tick gives the jobs of the worker to others.';
comment on column "private"."workers"."id" is 'Random, made by the isolate; a worker that lost its lease comes back under a new one.';
comment on column "private"."workers"."kind" is 'worker = drains the queue; inline = runs what its own request started.';
comment on column "private"."workers"."started_at" is 'First claim.';
comment on column "public"."flow_versions"."content_hash" is 'SHA-256 of the graph: an unchanged graph makes no new version.';
comment on column "public"."flow_versions"."created_at" is 'Saved.';
comment on column "public"."flow_versions"."created_by" is 'Who saved it; null = the account is gone.';
comment on column "public"."flow_versions"."flow_id" is 'The flow.';
comment on column "public"."flow_versions"."graph" is 'The graph in React Flow''s JSON shape.';
comment on column "public"."flow_versions"."id" is 'UUIDv7.';
comment on column "public"."flow_versions"."number" is '1, 2, 3 … within the flow.';
comment on column "public"."flow_versions"."organization_id" is 'The tenant.';
comment on column "public"."flow_versions"."plan_hash" is 'SHA-256 of the graph without its layout: versions that share it share a compiled plan.';
comment on column "public"."flow_versions"."timeout_seconds" is 'How long a run may take, from the settings of the graph.';
comment on column "public"."flows"."created_at" is 'Made.';
comment on column "public"."flows"."created_by" is 'Who made it; null = the account is gone.';
comment on column "public"."flows"."current_version_id" is 'The version that new runs use.';
comment on column "public"."flows"."deleted_at" is 'Null = in use; set = deleted: nobody sees it, its runs stay until their retention ends.';
comment on column "public"."flows"."description" is 'What it is for; empty = none given.';
comment on column "public"."flows"."id" is 'UUIDv7.';
comment on column "public"."flows"."is_active" is 'False = webhooks are kept but start no run; starting by hand is refused.';
comment on column "public"."flows"."name" is 'Name for people.';
comment on column "public"."flows"."organization_id" is 'The tenant.';
comment on column "public"."flows"."updated_at" is 'Last change.';
comment on column "public"."flows"."version" is 'Raised by every change of the row; the ETag. Not the number of a flow version.';
comment on column "public"."flows"."workspace_id" is 'The workspace, of the same organization.';
comment on column "public"."job_queue"."attempts" is 'How often this piece of work has been begun: 0 = never.';
comment on column "public"."job_queue"."created_at" is 'When it was enqueued.';
comment on column "public"."job_queue"."deadline_at" is 'When the whole run times out; null = no run.';
comment on column "public"."job_queue"."epoch" is 'The fence: raised by every claim; a write that names an older one changes nothing.';
comment on column "public"."job_queue"."error_message" is 'Why the last attempt failed; null = it did not.';
comment on column "public"."job_queue"."id" is 'UUIDv7.';
comment on column "public"."job_queue"."max_attempts" is 'How often it may be begun when its workers keep dying; retries of a failing node follow the node''s own policy.';
comment on column "public"."job_queue"."node_id" is 'Where the token entered; null = at the start. A worker that continues inline records steps and leaves this as it is.';
comment on column "public"."job_queue"."organization_id" is 'The tenant.';
comment on column "public"."job_queue"."payload" is 'For a token at a join: {"live": [slots]} or {"dead": true}. For other types: their arguments.';
comment on column "public"."job_queue"."priority" is 'Lower runs first within an organization.';
comment on column "public"."job_queue"."reads" is 'Ids of the steps whose outputs the node needs.';
comment on column "public"."job_queue"."resume" is 'True = steps at or after node_id may already be recorded (a worker died, or a run is retried); the next worker reads them before it goes on.';
comment on column "public"."job_queue"."run_id" is 'The run, for flow.step.';
comment on column "public"."job_queue"."scheduled_for" is 'Not before this moment.';
comment on column "public"."job_queue"."scope" is 'Path of loop and split indices, as in 3.0.12; empty = top level.';
comment on column "public"."job_queue"."started_at" is 'When the present lease began; null = not leased.';
comment on column "public"."job_queue"."status" is 'available = may be claimed once scheduled_for has come; running = leased to worker_id.';
comment on column "public"."job_queue"."type" is 'flow.step = a token of a run; other kinds of background work have other types.';
comment on column "public"."job_queue"."worker_id" is 'Who holds the lease; null = nobody.';
comment on column "public"."organization_members"."created_at" is 'Joined. A person''s first membership is the default organization.';
comment on column "public"."organization_members"."organization_id" is 'The organization.';
comment on column "public"."organization_members"."role" is 'Decides the permissions, see private.role_permissions.';
comment on column "public"."organization_members"."user_id" is 'The person.';
comment on column "public"."organizations"."created_at" is 'Founded.';
comment on column "public"."organizations"."created_by" is 'Who founded it; null = the account is gone.';
comment on column "public"."organizations"."id" is 'UUIDv7.';
comment on column "public"."organizations"."name" is 'Name for people.';
comment on column "public"."organizations"."plan_id" is 'The plan, which gives the limits.';
comment on column "public"."organizations"."slug" is 'Name in addresses: lower case, digits, hyphens.';
comment on column "public"."organizations"."suspended_at" is 'Null = in use; set = members see that it exists and nothing else works.';
comment on column "public"."organizations"."updated_at" is 'Last change.';
comment on column "public"."organizations"."version" is 'Raised by every change; the ETag.';
comment on column "public"."plans"."hook_requests_per_minute" is 'Deliveries that one webhook endpoint takes per minute.';
comment on column "public"."plans"."id" is 'free, pro, team or enterprise.';
comment on column "public"."plans"."max_flows" is 'Flows that an organization may keep.';
comment on column "public"."plans"."max_run_seconds" is 'Longest time that a run may take, seconds.';
comment on column "public"."plans"."max_webhook_endpoints" is 'Webhook endpoints that an organization may keep.';
comment on column "public"."plans"."name" is 'Name for people.';
comment on column "public"."plans"."request_burst" is 'How many of those may come at once.';
comment on column "public"."plans"."requests_per_minute" is 'API requests a user may make per minute and route class.';
comment on column "public"."profiles"."created_at" is 'First call.';
comment on column "public"."profiles"."display_name" is 'Name for people, null = none given.';
comment on column "public"."profiles"."email" is 'Copy of the address in auth.users, for member lists.';
comment on column "public"."profiles"."id" is 'The id of the user in auth.users.';
comment on column "public"."profiles"."updated_at" is 'Last change.';
comment on column "public"."profiles"."version" is 'Raised by every change; the ETag.';
comment on column "public"."run_steps"."attempt" is '1 = the first.';
comment on column "public"."run_steps"."error" is '{code, message, details} of the attempt.';
comment on column "public"."run_steps"."finished_at" is 'End of the attempt.';
comment on column "public"."run_steps"."handles" is 'The source handles through which the run went on; null = all but error.';
comment on column "public"."run_steps"."leaf" is 'True = nothing follows it in the graph.';
comment on column "public"."run_steps"."node_id" is 'The node of the graph.';
comment on column "public"."run_steps"."organization_id" is 'The tenant, so that RLS asks no other table.';
comment on column "public"."run_steps"."output" is 'What the node gave.';
comment on column "public"."run_steps"."run_id" is 'The run.';
comment on column "public"."run_steps"."scope" is 'Path of loop and split indices; empty = top level.';
comment on column "public"."run_steps"."started_at" is 'Begin of the attempt.';
comment on column "public"."run_steps"."status" is 'completed; failed = for good; retried = failed, another attempt follows; skipped = every way to it was dead.';
comment on column "public"."runs"."created_at" is 'When it was asked for.';
comment on column "public"."runs"."created_by" is 'Who started it; null = nobody in person.';
comment on column "public"."runs"."deadline_at" is 'When it fails with run_timeout.';
comment on column "public"."runs"."error" is '{code, message, node_id} when it failed.';
comment on column "public"."runs"."finished_at" is 'When it ended; null = it has not.';
comment on column "public"."runs"."flow_id" is 'The flow.';
comment on column "public"."runs"."flow_version_id" is 'The version that this run executes to its end, whatever is saved meanwhile.';
comment on column "public"."runs"."id" is 'UUIDv7.';
comment on column "public"."runs"."input" is 'What the trigger gives to the steps.';
comment on column "public"."runs"."organization_id" is 'The tenant.';
comment on column "public"."runs"."output" is 'What a stop node or the only last step gave; null when there are several last steps: read them.';
comment on column "public"."runs"."retry_of" is 'The run whose recorded steps this one took over; null = none.';
comment on column "public"."runs"."started_at" is 'When a worker first took it; null = not yet.';
comment on column "public"."runs"."status" is 'queued = no worker has begun it; running = begun, working or visibly waiting; completed, failed, cancelled = ended, never changes again.';
comment on column "public"."runs"."traceparent" is 'W3C trace context of the request that started it.';
comment on column "public"."runs"."trigger" is 'What started it: manual (a person or an API call) or webhook. A retry keeps what its first run had.';
comment on column "public"."runs"."trigger_node" is 'Id of the trigger node to start at; null = the first that fits the trigger.';
comment on column "public"."runs"."webhook_event_id" is 'The event, when a webhook started it.';
comment on column "public"."webhook_endpoints"."config" is 'Settings of the adapter, see shared/webhooks.';
comment on column "public"."webhook_endpoints"."created_at" is 'Made.';
comment on column "public"."webhook_endpoints"."created_by" is 'Who made it; null = the account is gone.';
comment on column "public"."webhook_endpoints"."flow_id" is 'The flow that an event starts.';
comment on column "public"."webhook_endpoints"."id" is 'UUIDv7.';
comment on column "public"."webhook_endpoints"."is_active" is 'False = deliveries are answered with 404.';
comment on column "public"."webhook_endpoints"."last_rejected_at" is 'When the last of them came; null = none.';
comment on column "public"."webhook_endpoints"."last_rejection" is 'Why it was refused.';
comment on column "public"."webhook_endpoints"."name" is 'Name for people.';
comment on column "public"."webhook_endpoints"."organization_id" is 'The tenant.';
comment on column "public"."webhook_endpoints"."provider" is 'stripe, typeform, or custom (an HMAC described in config).';
comment on column "public"."webhook_endpoints"."rejected_count" is 'Deliveries refused for their signature.';
comment on column "public"."webhook_endpoints"."signature_required" is 'False = anyone who knows the address can start the flow.';
comment on column "public"."webhook_endpoints"."slug" is 'Last part of the public address; random, so that it can not be guessed.';
comment on column "public"."webhook_endpoints"."trigger_node" is 'Id of the trigger node to start at; null = the first trigger.webhook.';
comment on column "public"."webhook_endpoints"."updated_at" is 'Last change of the settings.';
comment on column "public"."webhook_endpoints"."version" is 'Raised by every change of the settings; the ETag.';
comment on column "public"."webhook_events"."body_key" is 'SHA-256 of the body where the sender signs no timestamp; null otherwise. One event per endpoint and body.';
comment on column "public"."webhook_events"."deliveries" is 'How often it was delivered: above 1, the sender repeated itself.';
comment on column "public"."webhook_events"."endpoint_id" is 'Where it came in.';
comment on column "public"."webhook_events"."event_key" is 'The sender''s id of the event; null = it has none. One event per endpoint and key.';
comment on column "public"."webhook_events"."headers" is 'Request headers, without credentials.';
comment on column "public"."webhook_events"."held_because" is 'flow_inactive or flow_deleted; null = not held.';
comment on column "public"."webhook_events"."id" is 'UUIDv7.';
comment on column "public"."webhook_events"."method" is 'HTTP method.';
comment on column "public"."webhook_events"."organization_id" is 'The tenant.';
comment on column "public"."webhook_events"."query" is 'Query parameters.';
comment on column "public"."webhook_events"."raw_body" is 'The bytes that were signed.';
comment on column "public"."webhook_events"."received_at" is 'When it came.';
comment on column "public"."webhook_events"."replay_of" is 'The event that a person sent again; null = it came from outside.';
comment on column "public"."webhook_events"."run_id" is 'The run it started; null = none.';
comment on column "public"."webhook_events"."status" is 'accepted = it started a run; held = it is kept but started none.';
comment on column "public"."webhook_events"."type" is 'The sender''s name for the kind of event; null = unknown.';
comment on column "public"."webhook_events"."unsigned" is 'True = nobody checked who sent it: the endpoint takes deliveries without a signature.';
comment on column "public"."workspaces"."created_at" is 'Made.';
comment on column "public"."workspaces"."id" is 'UUIDv7.';
comment on column "public"."workspaces"."is_default" is 'Where a flow goes that names no workspace. One per organization.';
comment on column "public"."workspaces"."name" is 'Name for people.';
comment on column "public"."workspaces"."organization_id" is 'The tenant.';
comment on column "public"."workspaces"."updated_at" is 'Last change.';
comment on column "public"."workspaces"."version" is 'Raised by every change; the ETag.';
comment on function "engine"."claim_jobs"(uuid, integer, text, uuid) is 'Leases up to p_limit ready jobs to a worker (kind worker or inline), organizations taking turns; p_run_id = only those of one run. Registers the worker and prolongs its lease. Answers the jobs with what they read.';
comment on function "engine"."configure"(text, integer) is 'Told once after deployment where the edge functions answer, and how many workers may be awake. Schedules the clock with pg_cron; repeat it at will.';
comment on function "engine"."ensure_partitions"(integer) is 'Makes the weekly partitions of runs and run_steps from this week to p_weeks_ahead later, with RLS on and no grants of their own. Gives way when the tables are in use: the next call makes the rest. Answers how many it made. Daily by pg_cron.';
comment on function "engine"."get_webhook_endpoint"(text) is 'What the receiver needs to judge a delivery: adapter, settings, valid secrets, and one token of the endpoint''s rate limit. Null = no active endpoint has this slug.';
comment on function "engine"."heartbeat"(uuid) is 'Prolongs the lease of a worker by 30 seconds from now. False = the lease was lost and its jobs are given away.';

comment on function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean) is
  'Keeps a verified delivery and starts its run, in one transaction, so that it may be acknowledged. A repeated event (same key, or same body where p_dedupe_body) starts nothing and answers with the first one. p_raw_body is base64; p_input is what the trigger gives (event_id and received_at are added); p_worker_id = the first token is leased to that worker, and jobs holds it; p_unsigned = nobody checked who sent it.';

comment on function "engine"."load_plans"(uuid[], integer) is 'The compiled plans of versions; where none is stored for this compiler (p_plan_version), the graph to compile instead.';
comment on function "engine"."record_webhook_rejection"(uuid, text) is 'Counts a delivery that was refused, and why. Nothing of the delivery is kept.';
comment on function "engine"."redeem_wake"(uuid) is 'True once for a ticket of private.wake_workers that is at most a minute old.';
comment on function "engine"."release_worker"(uuid, boolean) is 'A worker goes: its jobs become available again. Answers freed (jobs given back) and more (true = there is work that nobody may have been woken for); p_wake_successor wakes another worker for it.';
comment on function "engine"."settle_jobs"(uuid, jsonb) is 'Records what a worker has done with its jobs, for many runs in one transaction: steps, where tokens go, answers at joins, ends of runs. A job whose fence (worker, epoch) has fallen writes nothing and is missing from settled. Answers {settled, jobs}: jobs are tokens leased to the worker by this call.';
comment on function "engine"."store_plan"(uuid, jsonb, integer) is 'Keeps the plan that was compiled from a version''s graph; an older compiler never overwrites a newer one.';
comment on function "engine"."tick"() is 'The clock, every ten seconds by pg_cron: gives away the jobs of workers whose lease lapsed, fails runs past their deadline or that lost their worker again and again, wakes as many workers as the backlog needs, forgets what is old. Answers what it did.';
comment on function "private"."add_flow_version"(public.flows, jsonb, integer) is 'Saves a graph as the next version of a flow whose row the caller has locked, unless it is the same as the current one. Answers the current version.';

comment on function "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid) is
  'Writes a run and its first token. p_worker_id null = any worker may claim it; otherwise it starts leased to that worker (inline start). p_run_id = an id that the caller has chosen already, by private.uuid_v7. Trusts its caller for permissions.';

comment on function "private"."end_run"(uuid, text, jsonb, jsonb) is 'Ends a run: status, output or error, and no token left; a worker that still holds one finds its fence gone. False = it had ended before.';
comment on function "private"."ensure_tenant"(uuid) is 'The default organization of a user; makes profile, organization, default workspace and owner membership when there is none.';
comment on function "private"."fail"(text, text, integer, jsonb) is 'Raises an error that the Data API answers with: p_code from the closed list in shared/errors, p_message for people, p_status as HTTP status, p_details as JSON text. The only way our SQL reports a problem to a caller.';
comment on function "private"."finish_run"(uuid) is 'Ends a run that has no token left: completed, with the output of its last step when there is just one.';
comment on function "private"."flow_reply"(uuid) is 'A flow as the API shows it: the row, the number and the graph of its current version.';
comment on function "private"."graph_without_layout"(jsonb) is 'What a plan depends on: ids, types, data, edges, settings; not positions, sizes, selection or the viewport.';
comment on function "private"."idempotent_reply"(uuid, text, text, jsonb) is 'Reserves an idempotency key. Null = go on (the key is ours, or none was given); otherwise the reply of the earlier request. Another request under the same key: 422 idempotency_mismatch.';
comment on function "private"."job_reply"(uuid[]) is 'Jobs as a worker needs them: the token, its fence (epoch), the run it belongs to, the input, the outputs its node reads, and, when steps after the token may be recorded already, those.';
comment on function "private"."keep_reply"(uuid, text, text, jsonb) is 'Stores the reply under the key that idempotent_reply reserved, and gives it back.';
comment on function "private"."keep_worker"(uuid, text) is 'Registers a worker, or prolongs its lease to 30 seconds from now.';
comment on function "private"."lock_flow"(uuid, text, integer) is 'Locks a flow of the caller for a change: 404 when it is not theirs, 403 without the permission, 412 when p_if_version is not its row version.';
comment on function "private"."lock_run"(uuid, text) is 'Locks a run of the caller: 404 when it is not theirs, 403 without the permission.';
comment on function "private"."lock_webhook_endpoint"(uuid, integer) is 'Locks an endpoint of the caller for a change: 404 when it is not theirs, 403 without the permission, 412 when p_if_version is not its version.';
comment on function "private"."new_webhook_secret"(jsonb) is 'A random signing secret of 32 bytes in the form of Standard Webhooks, or in hex where the endpoint''s settings want that.';
comment on function "private"."now"() is 'The time, everywhere. A test sets it with `set millrace.now = ''2026-01-01T00:00:00Z''`; otherwise the clock.';
comment on function "private"."organizations_with"(text) is 'The organizations in which the caller holds the permission: what every policy asks, once per statement. A suspended organization counts only for org:read.';
comment on function "private"."purge_rate_limits"(integer) is 'Forgets full buckets that nobody has used for ten minutes; answers how many.';
comment on function "private"."refuse_change"() is 'Trigger: makes a table append-only.';
comment on function "private"."require_permission"(uuid, text, text) is 'Raises 404 unless the caller is a member of the organization (or when it is null), 403 unless the role holds the permission. p_what names the thing in the message.';

comment on function "private"."run_steps_page"(uuid, timestamp
  with time zone, text, text[], integer) is 'The steps of a run in order of their end, after (p_from, p_after) where p_from is not null, without those whose key is in p_seen; at most p_limit and some 4 MiB of outputs. Answers {steps, more}. The id of a step is unique in its run: node_id[:scope]:attempt; its key, which is there when p_seen is not null, is the beginning of the md5 of that.';

comment on function "private"."run_tokens"(uuid) is 'Where a run stands: its tokens, running, scheduled for later or available to the next worker. Called by functions that run as the caller: RLS decides.';
comment on function "private"."setting"(text) is 'The value of a setting, null when it was never set.';
comment on function "private"."take_tokens"(text, integer, integer, integer) is 'Takes one token from the bucket p_key that refills p_limit per p_window_seconds and holds p_burst. Answers allowed, limit and window_seconds (p_burst, and the time in which as many come back), remaining, reset_seconds, retry_after_seconds.';
comment on function "private"."touch"() is 'Trigger: stamps updated_at and raises the row version that ETag and If-Match compare.';
comment on function "private"."try_lock_run"(uuid) is 'Locks a run that has not ended, and all its tokens, without waiting. False = someone else is at it, or it has ended.';
comment on function "private"."uuid_v7"(timestamp with time zone) is 'A UUID version 7 (RFC 9562): ordered by time, so an index grows at one end and a time range is a range of ids. p_at null = now.';
comment on function "private"."uuid_v7_floor"(timestamp with time zone) is 'The smallest UUID of a millisecond: the bound of partitions and of time filters over ids.';
comment on function "private"."wake_if_idle"() is 'Wakes one worker when none is awake and none has just been called.';
comment on function "private"."wake_workers"(integer) is 'Calls the worker function p_count times through pg_net, each with a single-use ticket. Answers how many calls were queued: 0 until engine.configure has been called.';
comment on function "private"."webhook_body"(bytea) is 'The body of a delivery as a value: JSON, else text, else base64.';
comment on function "private"."webhook_endpoint_reply"(uuid) is 'An endpoint as the API shows it: of its secrets only the last four characters.';
comment on function "public"."cancel_run"(uuid) is 'Cancels a run: pending steps are dropped, a running step is fenced off. Again on a cancelled run: the same answer. 409 when it ended otherwise. Needs runs:execute.';
comment on function "public"."create_flow"(uuid, text, jsonb, text, uuid, boolean, text) is 'Makes a flow with its first version; p_workspace_id null = the default workspace. Needs flows:write; 402 at the plan''s number of flows. Answers the flow with its graph.';

comment on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text) is
  'Makes a webhook endpoint for a flow. p_secret: the one the provider shows (Stripe), null = made here. The answer holds the secret, this once. Needs webhooks:write.';

comment on function "public"."delete_flow"(uuid, integer) is 'Deletes a flow: it and its versions vanish, runs that are under way end by themselves. Needs flows:write.';
comment on function "public"."delete_run"(uuid) is 'Deletes a run that has ended, with its steps. Needs runs:execute.';
comment on function "public"."delete_webhook_endpoint"(uuid, integer) is 'Deletes an endpoint with its event log; runs it started stay. Needs webhooks:write.';
comment on function "public"."duplicate_flow"(uuid, text, text) is 'Copies a flow, inactive, under p_name or the name with " (Copy)". Needs flows:write.';
comment on function "public"."gate"(text, uuid) is 'The one call before the business call: who the caller is in which organization (null = the first), what the role may do, the plan''s limits, and one token of the rate limit of the route class (default, read, write, run). A person''s first call makes profile, organization and workspace.';
comment on function "public"."get_latest_run"(uuid) is 'The newest run of a flow, as get_run gives it. Null when the caller sees none. Runs as the caller.';
comment on function "public"."get_run"(uuid, integer) is 'A run with its first steps in order (more = there are further ones, see list_run_steps) and, while it has not ended, its tokens, all of one moment. Null when the caller sees no such run. Runs as the caller.';

comment on function "public"."get_run_progress"(uuid, timestamp
  with time zone, text[], integer) is 'What is new about a run: its state, and the steps that ended at p_since or later and whose key is not among p_seen. Whoever follows a run asks again with p_since = complete_until less a margin for clocks, and p_seen = the keys of what has been seen since then. Null when the caller sees no such run. Runs as the caller.';

comment on function "public"."get_webhook_endpoint"(uuid) is 'A webhook endpoint with the last four characters of its valid secrets. Needs webhooks:read.';

comment on function "public"."list_run_steps"(uuid, timestamp
  with time zone, text, integer) is 'A page of the steps of a run in order: those after the step p_after that ended at p_from (null = from the first). Answers {steps, more}; null when the caller sees no such run. Runs as the caller.';

comment on function "public"."replay_webhook_event"(uuid, text) is 'Sends a kept event through its flow again, as a new event with a new run. Needs webhooks:write.';
comment on function "public"."restore_flow_version"(uuid, uuid, integer) is 'Makes the graph of an older version the newest version. Needs flows:write.';
comment on function "public"."retry_run"(uuid, text, boolean) is 'Retries a failed or cancelled run from where it stopped: a new run of the same version that takes over the completed steps. Needs runs:execute. Answers the new run.';
comment on function "public"."rotate_webhook_secret"(uuid, text, integer) is 'Gives an endpoint a new secret; the old one stays valid for p_overlap_seconds. The answer holds the new secret, this once. Needs webhooks:write.';
comment on function "public"."save_flow"(uuid, text, text, jsonb, uuid, boolean, integer) is 'Changes a flow; null = leave as it is. A changed graph becomes a new version, an unchanged one does not. p_if_version: 412 unless it is the row version. Needs flows:write.';
comment on function "public"."start_run"(uuid, jsonb, text, text, text, boolean) is 'Starts a run of the current version. p_wake false = the caller runs it itself at once, so no worker needs waking (the next tick finds it otherwise). Needs runs:execute; 409 when the flow is off. Answers the run.';
comment on function "public"."sync_profile"(text) is 'Brings the caller''s profile in step with Supabase Auth after sign-up or a change of address. p_display_name null = leave it.';

comment on function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text) is
  'Changes an endpoint; null = leave as it is, but with another flow the trigger node is p_trigger_node or the first that fits. Needs webhooks:write.';

comment on schema "engine" is 'Functions of the engine. Exposed to the Data API, executable by service_role only.';
comment on schema "private" is 'Helpers and internal tables. Never exposed to the Data API.';
comment on sequence "private"."claim_turns" is 'The organization at which the last batch of claims ended, as the first 60 bits of its id; the next batch goes on behind it. Not moved while all organizations with work fit into one batch.';
comment on table "private"."flow_plans" is 'Compiled plans by the hash of what they were compiled from. Written by the service only: what a worker executes never comes from a tenant''s hand.';
comment on table "private"."idempotency_keys" is 'Idempotency-Key of creating requests. The row is written in the transaction of the effect, so both exist or neither.';
comment on table "private"."rate_limits" is 'Rate limits by GCRA. Unlogged: it is forgotten after a crash, so never a place for quotas or money.';
comment on table "private"."role_permissions" is 'What each role may do. RLS, SQL functions and edge functions all ask this table.';
comment on table "private"."run_joins" is 'Joins that some of their in-edges have answered. The last answer removes the row and makes the token.';
comment on table "private"."settings" is 'Settings of this deployment that SQL needs, written by engine.configure.';
comment on table "private"."webhook_secrets" is 'Signing secrets of endpoints: the current one, and after a rotation the one before it for a while.';
comment on table "private"."worker_wakes" is 'Calls that woke a worker. The ticket is the credential of the call: single use, good for a minute, worth nothing else.';
comment on table "private"."workers" is 'Isolates that hold work. The lease belongs to this row, so one update keeps all the jobs of a worker.';
comment on table "public"."flow_versions" is 'What a flow was at a moment. Never changed; a run pins one.';
comment on table "public"."flows" is 'A flow: a name for a line of versions. Its graph is that of the current version.';
comment on table "public"."job_queue" is 'Work that is waiting or running; finished work leaves. A row of type flow.step is a token: where a run stands. No foreign key to organizations or runs on purpose: its row lock would cost every insert a write on the busiest rows; engine functions are the only writers.';
comment on table "public"."organization_members" is 'Who belongs to which organization, and as what.';
comment on table "public"."organizations" is 'A tenant. Every other row belongs to one.';
comment on table "public"."plans" is 'What an organization may use. Rows come with the migrations.';
comment on table "public"."profiles" is 'A person: one row per user of Supabase Auth, made on the first call.';
comment on table "public"."run_steps" is 'What a run did: one row per attempt of a node, written once, when it ended. Partitioned like runs. Never changed.';
comment on table "public"."run_steps_default" is 'Steps of runs for whose week there is no partition.';
comment on table "public"."runs" is 'One execution of a flow. Partitioned by id, which is ordered by time. No foreign keys on purpose: their row locks would write to the flow on every run.';
comment on table "public"."runs_default" is 'Runs for whose week there is no partition.';
comment on table "public"."webhook_endpoints" is 'Addresses at which other services start flows.';
comment on table "public"."webhook_events" is 'Deliveries whose signature held, or whose endpoint asks for none, kept before they are acknowledged.';
comment on table "public"."workspaces" is 'A folder of flows inside an organization.';

revoke all on function "engine"."claim_jobs"(uuid, integer, text, uuid) from public;
grant execute on function "engine"."claim_jobs"(uuid, integer, text, uuid) to "service_role";
revoke all on function "engine"."configure"(text, integer) from public;
grant execute on function "engine"."configure"(text, integer) to "service_role";
revoke all on function "engine"."ensure_partitions"(integer) from public;
grant execute on function "engine"."ensure_partitions"(integer) to "service_role";
revoke all on function "engine"."get_webhook_endpoint"(text) from public;
grant execute on function "engine"."get_webhook_endpoint"(text) to "service_role";
revoke all on function "engine"."heartbeat"(uuid) from public;
grant execute on function "engine"."heartbeat"(uuid) to "service_role";

revoke all
  on function
    "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean)
  from public;

grant execute
  on function
    "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean)
  to "service_role";

revoke all on function "engine"."load_plans"(uuid[], integer) from public;
grant execute on function "engine"."load_plans"(uuid[], integer) to "service_role";
revoke all on function "engine"."record_webhook_rejection"(uuid, text) from public;
grant execute on function "engine"."record_webhook_rejection"(uuid, text) to "service_role";
revoke all on function "engine"."redeem_wake"(uuid) from public;
grant execute on function "engine"."redeem_wake"(uuid) to "service_role";
revoke all on function "engine"."release_worker"(uuid, boolean) from public;
grant execute on function "engine"."release_worker"(uuid, boolean) to "service_role";
revoke all on function "engine"."settle_jobs"(uuid, jsonb) from public;
grant execute on function "engine"."settle_jobs"(uuid, jsonb) to "service_role";
revoke all on function "engine"."store_plan"(uuid, jsonb, integer) from public;
grant execute on function "engine"."store_plan"(uuid, jsonb, integer) to "service_role";
revoke all on function "engine"."tick"() from public;
grant execute on function "engine"."tick"() to "service_role";
revoke all on function "private"."add_flow_version"(public.flows, jsonb, integer) from public;

revoke all
  on function "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid)
  from public;

revoke all on function "private"."end_run"(uuid, text, jsonb, jsonb) from public;
revoke all on function "private"."ensure_tenant"(uuid) from public;
revoke all on function "private"."fail"(text, text, integer, jsonb) from public;
revoke all on function "private"."finish_run"(uuid) from public;
revoke all on function "private"."flow_reply"(uuid) from public;
revoke all on function "private"."graph_without_layout"(jsonb) from public;
revoke all on function "private"."idempotent_reply"(uuid, text, text, jsonb) from public;
revoke all on function "private"."job_reply"(uuid[]) from public;
revoke all on function "private"."keep_reply"(uuid, text, text, jsonb) from public;
revoke all on function "private"."keep_worker"(uuid, text) from public;
revoke all on function "private"."lock_flow"(uuid, text, integer) from public;
revoke all on function "private"."lock_run"(uuid, text) from public;
revoke all on function "private"."lock_webhook_endpoint"(uuid, integer) from public;
revoke all on function "private"."new_webhook_secret"(jsonb) from public;
revoke all on function "private"."now"() from public;
revoke all on function "private"."now"() from "authenticated";
grant execute on function "private"."now"() to "authenticated";
revoke all on function "private"."now"() from "service_role";
grant execute on function "private"."now"() to "service_role";
revoke all on function "private"."organizations_with"(text) from public;
grant execute on function "private"."organizations_with"(text) to "authenticated";
revoke all on function "private"."purge_rate_limits"(integer) from public;
revoke all on function "private"."refuse_change"() from public;
revoke all on function "private"."require_permission"(uuid, text, text) from public;
revoke all on function "private"."run_steps_page"(uuid, timestamp with time zone, text, text[], integer) from public;

grant execute
  on function "private"."run_steps_page"(uuid, timestamp with time zone, text, text[], integer)
  to "authenticated";

revoke all on function "private"."run_tokens"(uuid) from public;
grant execute on function "private"."run_tokens"(uuid) to "authenticated";
revoke all on function "private"."setting"(text) from public;
revoke all on function "private"."take_tokens"(text, integer, integer, integer) from public;
revoke all on function "private"."touch"() from public;
revoke all on function "private"."try_lock_run"(uuid) from public;
revoke all on function "private"."uuid_v7"(timestamp with time zone) from public;
revoke all on function "private"."uuid_v7_floor"(timestamp with time zone) from public;
revoke all on function "private"."wake_if_idle"() from public;
revoke all on function "private"."wake_workers"(integer) from public;
revoke all on function "private"."webhook_body"(bytea) from public;
revoke all on function "private"."webhook_endpoint_reply"(uuid) from public;
revoke all on function "public"."cancel_run"(uuid) from public;
grant execute on function "public"."cancel_run"(uuid) to "authenticated";
revoke all on function "public"."create_flow"(uuid, text, jsonb, text, uuid, boolean, text) from public;
grant execute on function "public"."create_flow"(uuid, text, jsonb, text, uuid, boolean, text) to "authenticated";

revoke all
  on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text)
  from public;

grant execute
  on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text)
  to "authenticated";

revoke all on function "public"."delete_flow"(uuid, integer) from public;
grant execute on function "public"."delete_flow"(uuid, integer) to "authenticated";
revoke all on function "public"."delete_run"(uuid) from public;
grant execute on function "public"."delete_run"(uuid) to "authenticated";
revoke all on function "public"."delete_webhook_endpoint"(uuid, integer) from public;
grant execute on function "public"."delete_webhook_endpoint"(uuid, integer) to "authenticated";
revoke all on function "public"."duplicate_flow"(uuid, text, text) from public;
grant execute on function "public"."duplicate_flow"(uuid, text, text) to "authenticated";
revoke all on function "public"."gate"(text, uuid) from public;
grant execute on function "public"."gate"(text, uuid) to "authenticated";
revoke all on function "public"."get_latest_run"(uuid) from public;
grant execute on function "public"."get_latest_run"(uuid) to "authenticated";
revoke all on function "public"."get_run"(uuid, integer) from public;
grant execute on function "public"."get_run"(uuid, integer) to "authenticated";
revoke all on function "public"."get_run_progress"(uuid, timestamp with time zone, text[], integer) from public;

grant execute
  on function "public"."get_run_progress"(uuid, timestamp with time zone, text[], integer)
  to "authenticated";

revoke all on function "public"."get_webhook_endpoint"(uuid) from public;
grant execute on function "public"."get_webhook_endpoint"(uuid) to "authenticated";
revoke all on function "public"."list_run_steps"(uuid, timestamp with time zone, text, integer) from public;
grant execute on function "public"."list_run_steps"(uuid, timestamp with time zone, text, integer) to "authenticated";
revoke all on function "public"."replay_webhook_event"(uuid, text) from public;
grant execute on function "public"."replay_webhook_event"(uuid, text) to "authenticated";
revoke all on function "public"."restore_flow_version"(uuid, uuid, integer) from public;
grant execute on function "public"."restore_flow_version"(uuid, uuid, integer) to "authenticated";
revoke all on function "public"."retry_run"(uuid, text, boolean) from public;
grant execute on function "public"."retry_run"(uuid, text, boolean) to "authenticated";
revoke all on function "public"."rotate_webhook_secret"(uuid, text, integer) from public;
grant execute on function "public"."rotate_webhook_secret"(uuid, text, integer) to "authenticated";
revoke all on function "public"."save_flow"(uuid, text, text, jsonb, uuid, boolean, integer) from public;
grant execute on function "public"."save_flow"(uuid, text, text, jsonb, uuid, boolean, integer) to "authenticated";
revoke all on function "public"."start_run"(uuid, jsonb, text, text, text, boolean) from public;
grant execute on function "public"."start_run"(uuid, jsonb, text, text, text, boolean) to "authenticated";
revoke all on function "public"."sync_profile"(text) from public;
grant execute on function "public"."sync_profile"(text) to "authenticated";

revoke all
  on function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text)
  from public;

grant execute
  on function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text)
  to "authenticated";

revoke all on schema "engine" from "service_role";
grant usage on schema "engine" to "service_role";
revoke all on schema "private" from "authenticated";
grant usage on schema "private" to "authenticated";
revoke all on schema "private" from "service_role";
grant usage on schema "private" to "service_role";
grant select on table "private"."role_permissions" to "service_role";
grant select on table "private"."run_joins" to "service_role";
grant select on table "public"."flow_versions" to "authenticated", "service_role";
grant select on table "public"."flows" to "authenticated", "service_role";
grant select on table "public"."job_queue" to "authenticated", "service_role";
grant select on table "public"."organization_members" to "authenticated", "service_role";
grant select on table "public"."organizations" to "authenticated", "service_role";
grant select on table "public"."plans" to "anon", "authenticated", "service_role";
grant select on table "public"."profiles" to "authenticated", "service_role";
grant select on table "public"."run_steps" to "authenticated", "service_role";
grant select on table "public"."runs" to "authenticated", "service_role";
grant select on table "public"."webhook_endpoints" to "authenticated", "service_role";
grant select on table "public"."webhook_events" to "authenticated", "service_role";
grant select on table "public"."workspaces" to "authenticated", "service_role";

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

-- seed 10_tenancy/041_role_permissions_seed.sql 622b4eae7a58089f
delete from private.role_permissions;
insert into private.role_permissions (role, permission)
select r.role, p.permission
from (values
  ('guest', array['org:read', 'flows:read']),
  ('viewer', array['org:read', 'members:read', 'flows:read', 'runs:read']),
  ('member', array['org:read', 'members:read', 'flows:read', 'runs:read', 'runs:execute', 'webhooks:read']),
  ('developer', array['org:read', 'members:read', 'flows:read', 'flows:write', 'runs:read', 'runs:execute',
    'webhooks:read', 'webhooks:write']),
  ('admin', array['org:read', 'org:write', 'members:read', 'members:write', 'flows:read', 'flows:write', 'runs:read',
    'runs:execute', 'webhooks:read', 'webhooks:write']),
  ('owner', array['org:read', 'org:write', 'members:read', 'members:write', 'flows:read', 'flows:write', 'runs:read',
    'runs:execute', 'webhooks:read', 'webhooks:write'])
) as r (role, permissions)
cross join lateral unnest(r.permissions) as p (permission);
-- end of seed 10_tenancy/041_role_permissions_seed.sql
