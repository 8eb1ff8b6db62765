-- Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

drop trigger "audit" on "public"."invitations";

drop index "public"."audit_events_organization_id_idx";

drop view "private"."audit_leaves";

alter table "public"."audit_events"
  drop constraint "audit_events_actor_check";

alter table "public"."audit_events"
  drop constraint "audit_events_auth_check";

alter table "public"."audit_events"
  drop constraint "audit_events_pkey";

alter table "public"."audit_events"
  drop constraint "audit_events_via_check";

alter table "public"."bulk_operations"
  drop constraint "bulk_operations_action_check";

alter table "public"."webhook_endpoints"
  drop constraint "webhook_endpoints_provider_check";

drop function "engine"."add_api_usage"(jsonb);
drop function "engine"."gate_key"(text, text, uuid, text, text);
drop function "engine"."get_flag"(text);
drop function "engine"."list_ip_blocks"(integer, uuid);
drop function "engine"."list_security_events"(uuid, jsonb, integer, uuid);
drop function "engine"."record_webhook_rejection"(uuid, text);
drop function "engine"."set_flag"(text, integer, uuid, boolean, text, date);
drop function "private"."check_audit_batches"(bigint, uuid, integer);
drop function "private"."request_is_proven"(jsonb);
drop function "private"."security_events_page"(uuid, jsonb, integer, uuid);
drop function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text);
drop function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer);
drop function "public"."gate"(text, uuid, text);
drop function "public"."list_activity"(uuid, integer, uuid, boolean);
drop function "public"."list_security_events"(uuid, jsonb, integer, uuid);
drop function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp with time zone, integer, text);
drop function "public"."rotate_webhook_secret"(uuid, text, integer);

create table "private"."cache_usage" (
  "day"          date   not null,
  "operation"    text   not null,
  "hits"         bigint not null default 0,
  "stale"        bigint not null default 0,
  "joined"       bigint not null default 0,
  "matched"      bigint not null default 0,
  "misses"       bigint not null default 0,
  "not_modified" bigint not null default 0,
  constraint "cache_usage_hits_check" check ((hits >= 0)),
  constraint "cache_usage_joined_check" check ((joined >= 0)),
  constraint "cache_usage_matched_check" check ((matched >= 0)),
  constraint "cache_usage_misses_check" check ((misses >= 0)),
  constraint "cache_usage_not_modified_check" check ((not_modified >= 0)),
  constraint "cache_usage_operation_check" check ((length(operation) <= 100)),
  constraint "cache_usage_pkey" primary key (day, operation),
  constraint "cache_usage_stale_check" check ((stale >= 0))
);

alter table "private"."cache_usage"
  enable row level security;

create table "private"."generations" (
  "id"              uuid   not null default gen_random_uuid(),
  "organization_id" uuid   not null,
  "kind"            text   not null,
  "generation"      bigint not null,
  constraint "generations_kind_check" check ((kind = ANY (ARRAY['flows'::text, 'organization'::text]))),
  constraint "generations_pkey" primary key (id)
);

alter table "private"."generations"
  enable row level security;

alter table "private"."generations"
  set (fillfactor=70);

create table "private"."mail_data" (
  "mail_id"   uuid                     not null,
  "data"      jsonb                    not null,
  "forget_at" timestamp with time zone not null,
  constraint "mail_data_data_check" check ((octet_length((data)::text) <= 131072)),
  constraint "mail_data_pkey" primary key (mail_id)
);

alter table "private"."mail_data"
  enable row level security;

create table "private"."mail_pace" (
  "provider"       text                     not null,
  "next_at"        timestamp with time zone not null default '-infinity'::timestamp with time zone,
  "last_tenant_id" uuid                     not null default '00000000-0000-0000-0000-000000000000'::uuid,
  constraint "mail_pace_pkey" primary key (provider),
  constraint "mail_pace_provider_check" check ((provider = ANY (ARRAY['resend'::text, 'smtp'::text])))
);

alter table "private"."mail_pace"
  enable row level security;

alter table "private"."mail_pace"
  set (fillfactor=50);

create table "private"."mail_templates" (
  "name"          text     not null,
  "category"      text     not null,
  "priority"      smallint not null,
  "expires_after" interval,
  "is_sensitive"  boolean  not null default false,
  constraint "mail_templates_category_check"
    check ((category = ANY (ARRAY['transactional'::text, 'alerts'::text, 'digests'::text, 'product'::text]))),
  constraint "mail_templates_name_check" check ((name ~ '^[a-z]+(_[a-z]+)*$'::text)),
  constraint "mail_templates_pkey" primary key (name),
  constraint "mail_templates_priority_check" check ((priority = ANY (ARRAY[10, 50, 100, 200])))
);

alter table "private"."mail_templates"
  enable row level security;

create table "private"."webhook_endpoint_states" (
  "subscription_id" uuid                     not null,
  "failures"        integer                  not null default 0,
  "failing_since"   timestamp with time zone,
  "opened"          smallint                 not null default 0,
  "hold_until"      timestamp with time zone,
  "batch"           smallint                 not null default 8,
  "tokens"          double precision         not null default 0,
  "tokens_at"       timestamp with time zone not null default private.now(),
  "last_success_at" timestamp with time zone,
  "last_failure_at" timestamp with time zone,
  "last_error"      text,
  constraint "webhook_endpoint_states_batch_check" check (((batch >= 1) AND (batch <= 32))),
  constraint "webhook_endpoint_states_failures_check" check ((failures >= 0)),
  constraint "webhook_endpoint_states_opened_check" check ((opened >= 0)),
  constraint "webhook_endpoint_states_pkey" primary key (subscription_id)
);

alter table "private"."webhook_endpoint_states"
  enable row level security;

alter table "private"."webhook_endpoint_states"
  set (fillfactor=50);

create table "private"."webhook_endpoint_stats" (
  "subscription_id" uuid                     not null,
  "hour"            timestamp with time zone not null,
  "answered_2xx"    integer                  not null default 0,
  "answered_3xx"    integer                  not null default 0,
  "answered_4xx"    integer                  not null default 0,
  "answered_5xx"    integer                  not null default 0,
  "timed_out"       integer                  not null default 0,
  "not_reached"     integer                  not null default 0,
  "durations"       integer[]                not null default '{}'::integer[],
  constraint "webhook_endpoint_stats_pkey" primary key (subscription_id, hour)
);

alter table "private"."webhook_endpoint_stats"
  enable row level security;

alter table "private"."webhook_endpoint_stats"
  set (fillfactor=50);

create table "private"."webhook_refusal_days" (
  "endpoint_id" uuid   not null,
  "day"         date   not null,
  "refused"     bigint not null default 0,
  constraint "webhook_refusal_days_pkey" primary key (endpoint_id, day),
  constraint "webhook_refusal_days_refused_check" check ((refused >= 0))
);

alter table "private"."webhook_refusal_days"
  enable row level security;

alter table "private"."webhook_refusal_days"
  set (fillfactor=80);

create table "private"."webhook_subscription_secrets" (
  "subscription_id" uuid                     not null,
  "kind"            text                     not null,
  "number"          integer                  not null,
  "organization_id" uuid                     not null,
  "envelope"        bytea                    not null,
  "key_id"          text                     not null,
  "last_four"       text,
  "expires_at"      timestamp with time zone,
  "created_at"      timestamp with time zone not null default private.now(),
  constraint "signing_secrets_show_their_end" check (((kind = 'signing'::text) = (last_four IS NOT NULL))),
  constraint "webhook_subscription_secrets_envelope_check"
    check (((octet_length(envelope) >= 92) AND (octet_length(envelope) <= 70000))),
  constraint "webhook_subscription_secrets_kind_check" check ((kind = ANY (ARRAY['signing'::text, 'headers'::text]))),
  constraint "webhook_subscription_secrets_last_four_check" check ((length(last_four) = 4)),
  constraint "webhook_subscription_secrets_number_check" check ((number > 0)),
  constraint "webhook_subscription_secrets_pkey" primary key (subscription_id, kind, number)
);

alter table "private"."webhook_subscription_secrets"
  enable row level security;

create table "public"."mails" (
  "id"                  uuid                     not null default private.uuid_v7(),
  "organization_id"     uuid,
  "tenant_id"           uuid                     not null,
  "template"            text                     not null,
  "category"            text                     not null,
  "key"                 text                     not null,
  "to_address"          text                     not null,
  "subject"             text,
  "status"              text                     not null default 'queued'::text,
  "priority"            smallint                 not null,
  "scheduled_for"       timestamp with time zone not null,
  "expires_at"          timestamp with time zone not null,
  "attempts"            smallint                 not null default 0,
  "batch_id"            uuid,
  "provider"            text,
  "provider_message_id" text,
  "error"               jsonb,
  "opens"               integer                  not null default 0,
  "clicks"              integer                  not null default 0,
  "resent_from"         uuid,
  "created_at"          timestamp with time zone not null default private.now(),
  "sent_at"             timestamp with time zone,
  "ended_at"            timestamp with time zone,
  "leased_until"        timestamp with time zone,
  "is_unsure"           boolean                  not null default false,
  constraint "mails_batch" check (((status <> 'sending'::text) OR ((batch_id IS NOT NULL) AND (leased_until IS
    NOT NULL)))),
  constraint "mails_category_check"
    check ((category = ANY (ARRAY['transactional'::text, 'alerts'::text, 'digests'::text, 'product'::text]))),
  constraint "mails_key_check" check (((length(key) >= 1) AND (length(key) <= 300))),
  constraint "mails_pkey" primary key (id),
  constraint "mails_priority_check" check ((priority = ANY (ARRAY[10, 50, 100, 200]))),
  constraint "mails_provider_check" check ((provider = ANY (ARRAY['resend'::text, 'smtp'::text]))),
  constraint "mails_provider_message_id_check" check ((length(provider_message_id) <= 300)),
  constraint "mails_status_check"
    check
    ((status = ANY (ARRAY['queued'::text, 'sending'::text, 'sent'::text, 'delivered'::text, 'bounced'::text,
    'complained'::text, 'failed'::text, 'suppressed'::text, 'cancelled'::text, 'expired'::text]))),
  constraint "mails_subject_check" check ((length(subject) <= 300)),
  constraint "mails_tenant"
    check ((tenant_id = COALESCE(organization_id, '00000000-0000-0000-0000-000000000000'::uuid))),
  constraint "mails_to_address_check"
    check (((length(to_address) <= 320) AND (to_address ~ '^[^\s<>@,;"\\]{1,64}@[^\s<>@,;"\\]{1,255}$'::text))),
  constraint "mails_unsure" check (((NOT is_unsure) OR ((batch_id IS NOT NULL) AND (provider IS NOT NULL)))),
  constraint "mails_waiting" check (((ended_at IS NULL) = (status = ANY (ARRAY['queued'::text, 'sending'::text]))))
);

alter table "public"."mails"
  enable row level security;

alter table "public"."mails"
  set (fillfactor=80);

create table "public"."webhook_attempts" (
  "delivery_id"      uuid                     not null,
  "number"           smallint                 not null,
  "organization_id"  uuid                     not null,
  "response_status"  smallint,
  "error_code"       text,
  "error_message"    text,
  "duration_ms"      integer                  not null,
  "url"              text                     not null,
  "request_headers"  jsonb                    not null,
  "response_headers" jsonb,
  "response_body"    bytea,
  "is_cut"           boolean                  not null default false,
  "finished_at"      timestamp with time zone not null default private.now(),
  constraint "webhook_attempts_duration_ms_check" check ((duration_ms >= 0)),
  constraint "webhook_attempts_number_check" check ((number > 0)),
  constraint "webhook_attempts_pkey" primary key (delivery_id, number),
  constraint "webhook_attempts_response_body_check" check ((octet_length(response_body) <= 65536))
);

alter table "public"."webhook_attempts"
  enable row level security;

create table "public"."webhook_deliveries" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "subscription_id" uuid                     not null,
  "message_id"      uuid                     not null,
  "application"     text,
  "type"            text                     not null,
  "status"          text                     not null default 'pending'::text,
  "attempts"        smallint                 not null default 0,
  "counted_from"    smallint                 not null default 0,
  "next_attempt_at" timestamp with time zone default private.now(),
  "order_key"       text,
  "lease"           uuid,
  "leased_until"    timestamp with time zone,
  "response_status" smallint,
  "error_code"      text,
  "body"            text,
  "created_at"      timestamp with time zone not null default private.now(),
  "finished_at"     timestamp with time zone,
  constraint "ended_means_finished" check (((status = 'pending'::text) = (finished_at IS NULL))),
  constraint "pending_means_due_some_day" check (((status = 'pending'::text) = (next_attempt_at IS NOT NULL))),
  constraint "webhook_deliveries_attempts_check" check ((attempts >= 0)),
  constraint "webhook_deliveries_pkey" primary key (id),
  constraint "webhook_deliveries_status_check"
    check ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text, 'cancelled'::text]))),
  constraint "webhook_deliveries_subscription_id_message_id_key" unique (subscription_id, message_id)
);

alter table "public"."webhook_deliveries"
  enable row level security;

alter table "public"."webhook_deliveries"
  set (fillfactor=80);

create table "public"."webhook_messages" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "type"            text                     not null,
  "data"            jsonb                    not null,
  "order_key"       text,
  "is_test"         boolean                  not null default false,
  "is_sent_on"      boolean                  not null default false,
  "created_at"      timestamp with time zone not null default private.now(),
  constraint "webhook_messages_data_check" check ((jsonb_typeof(data) = 'object'::text)),
  constraint "webhook_messages_order_key_check" check (((length(order_key) >= 1) AND (length(order_key) <= 255))),
  constraint "webhook_messages_pkey" primary key (id),
  constraint "webhook_messages_type_check" check (((length(type) >= 1) AND (length(type) <= 64)))
);

alter table "public"."webhook_messages"
  enable row level security;

create table "public"."webhook_refusals" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "endpoint_id"     uuid                     not null,
  "reason"          text                     not null,
  "detail"          text,
  "method"          text                     not null,
  "headers"         jsonb                    not null,
  "query"           jsonb                    not null default '{}'::jsonb,
  "body"            bytea                    not null,
  "body_bytes"      integer                  not null,
  "is_test"         boolean                  not null default false,
  "received_at"     timestamp with time zone not null default private.now(),
  constraint "webhook_refusals_body_bytes_check" check ((body_bytes >= 0)),
  constraint "webhook_refusals_body_check" check ((octet_length(body) <= 4096)),
  constraint "webhook_refusals_detail_check" check ((length(detail) <= 500)),
  constraint "webhook_refusals_headers_check" check ((jsonb_typeof(headers) = 'object'::text)),
  constraint "webhook_refusals_method_check" check ((length(method) <= 32)),
  constraint "webhook_refusals_pkey" primary key (id),
  constraint "webhook_refusals_query_check" check ((jsonb_typeof(query) = 'object'::text)),
  constraint "webhook_refusals_reason_check" check ((length(reason) <= 64))
);

alter table "public"."webhook_refusals"
  enable row level security;

create table "public"."webhook_subscriptions" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "url"             text                     not null,
  "description"     text                     not null default ''::text,
  "application"     text,
  "event_types"     text[]                   not null,
  "flow_ids"        uuid[],
  "resource_ids"    text[],
  "status"          text                     not null default 'active'::text,
  "disabled_reason" text,
  "disabled_at"     timestamp with time zone,
  "transformation"  jsonb,
  "header_names"    text[]                   not null default '{}'::text[],
  "ordered"         boolean                  not null default false,
  "rate_per_minute" integer,
  "timeout_seconds" smallint                 not null default 15,
  "priority"        text                     not null default 'normal'::text,
  "created_by"      uuid,
  "version"         integer                  not null default 1,
  "created_at"      timestamp with time zone not null default private.now(),
  "updated_at"      timestamp with time zone not null default private.now(),
  constraint "disabled_says_why" check ((((status = 'disabled'::text) = (disabled_reason IS
    NOT NULL)) AND ((status = 'disabled'::text) = (disabled_at IS NOT NULL)))),
  constraint "event_types_are_known"
    check
    (((cardinality(event_types) >= 1) AND (cardinality(event_types) <= 64) AND (array_position(event_types,
    NULL::text) IS NULL) AND
    (event_types <@ ARRAY['*'::text, 'run.completed'::text, 'run.failed'::text, 'run.cancelled'::text,
    'flow.created'::text,
    'flow.updated'::text,
    'flow.deleted'::text,
    'entity.created'::text,
    'entity.moved'::text,
    'entity.deleted'::text,
    'approval.requested'::text,
    'webhook.endpoint_disabled'::text,
    'subscription.updated'::text,
    'invoice.paid'::text,
    'invoice.payment_failed'::text,
    'budget.reached'::text,
    'usage.limit_reached'::text,
    'secret.expiring'::text,
    'member.joined'::text,
    'member.removed'::text,
    'api_key.created'::text, 'api_key.revoked'::text, 'email.bounced'::text, 'email.complained'::text]))),
  constraint "filters_are_short"
    check
    ((COALESCE(((cardinality(flow_ids) >= 1) AND (cardinality(flow_ids) <= 100)), true) AND
    COALESCE(((cardinality(resource_ids) >= 1) AND (cardinality(resource_ids) <= 100)), true))),
  constraint "headers_are_few" check ((cardinality(header_names) <= 20)),
  constraint "webhook_subscriptions_application_check" check ((application ~ '^[A-Za-z0-9._:-]{1,100}$'::text)),
  constraint "webhook_subscriptions_description_check" check ((length(description) <= 500)),
  constraint "webhook_subscriptions_disabled_reason_check"
    check ((disabled_reason = ANY (ARRAY['gone'::text, 'failing'::text]))),
  constraint "webhook_subscriptions_pkey" primary key (id),
  constraint "webhook_subscriptions_priority_check"
    check ((priority = ANY (ARRAY['high'::text, 'normal'::text, 'low'::text]))),
  constraint "webhook_subscriptions_rate_per_minute_check"
    check (((rate_per_minute >= 1) AND (rate_per_minute <= 60000))),
  constraint "webhook_subscriptions_status_check"
    check ((status = ANY (ARRAY['active'::text, 'paused'::text, 'disabled'::text]))),
  constraint "webhook_subscriptions_timeout_seconds_check"
    check (((timeout_seconds >= 1) AND (timeout_seconds <= 15))),
  constraint "webhook_subscriptions_transformation_check" check ((octet_length((transformation)::text) <= 8192)),
  constraint "webhook_subscriptions_url_check" check (((length(url) >= 8) AND (length(url) <= 2048)))
);

alter table "public"."webhook_subscriptions"
  enable row level security;

alter table "public"."webhook_subscriptions"
  set (fillfactor=90);

alter table "private"."webhook_secrets"
  add column "envelope" bytea;

alter table "private"."webhook_secrets"
  add column "key_id" text;

alter table "private"."webhook_secrets"
  add column "last_four" text;

alter table "public"."plans"
  add column "max_webhook_subscriptions" integer not null default 10;

alter table "private"."webhook_secrets"
  alter column "secret" drop not null;

create or replace function engine.add_api_usage (
  p_rows  jsonb,
  p_cache jsonb default '[]'::jsonb
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  insert into private.api_usage as u (day, organization_id, version, operation, door, requests, errors)
  select r.day, coalesce(r.organization_id, private.platform_id()), r.version, r.operation, r.door, sum(r.requests), sum(r.errors)
  from jsonb_to_recordset(p_rows) as r (
    day date, organization_id uuid, version date, operation text, door text, requests bigint, errors bigint
  )
  group by 1, 2, 3, 4, 5
  -- In one order: isolates add at the same time.
  order by 1, 2, 3, 4, 5
  on conflict (day, organization_id, version, operation, door) do update set
    requests = u.requests + excluded.requests, errors = u.errors + excluded.errors;
  if p_cache <> '[]' then
    perform private.add_cache_usage(p_cache);
  end if;
end;
$function$;

create or replace function engine.begin_webhook_batch (
  p_subscription_id uuid,
  p_lease           uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_state private.webhook_endpoint_states;
  v_subscription public.webhook_subscriptions;
  v_limit integer;
  v_capacity double precision;
  v_ids uuid[];
  v_due timestamptz;
begin
  select * into v_state from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id for update;
  select s.* into v_subscription
  from public.webhook_subscriptions s
  join public.organizations o on o.id = s.organization_id and o.suspended_at is null and o.deletes_at is null
  where s.id = p_subscription_id;
  if v_subscription.id is null or v_subscription.status = 'paused' then
    return '{"deliveries": []}';
  end if;
  if v_subscription.status = 'disabled' then
    return jsonb_build_object('deliveries', '[]'::jsonb, 'ended', private.end_disabled_deliveries(p_subscription_id));
  end if;
  if v_state.hold_until > v_now then
    perform private.wake_endpoint(p_subscription_id, v_state.hold_until);
    return '{"deliveries": []}';
  end if;

  -- After a pause of the breaker one is sent to see.
  v_limit := case when v_state.hold_until is not null then 1 else v_state.batch end;
  if v_subscription.rate_per_minute is not null then
    v_capacity := greatest(1, v_subscription.rate_per_minute / 6.0);
    v_state.tokens := least(v_capacity, v_state.tokens
      + greatest(0, extract(epoch from v_now - v_state.tokens_at)) * v_subscription.rate_per_minute / 60.0);
    v_limit := least(v_limit, floor(v_state.tokens)::integer);
    if v_limit = 0 then
      perform private.wake_endpoint(p_subscription_id,
        v_now + make_interval(secs => (1 - v_state.tokens) * 60.0 / v_subscription.rate_per_minute));
      return '{"deliveries": []}';
    end if;
  end if;

  with due as (
    select d.id from public.webhook_deliveries d
    where d.subscription_id = p_subscription_id and d.status = 'pending' and d.next_attempt_at <= v_now
      and (d.leased_until is null or d.leased_until <= v_now)
    order by d.next_attempt_at, d.id limit v_limit
    for update
  ), leased as (
    update public.webhook_deliveries d set lease = p_lease, leased_until = v_now + interval '1 minute'
    from due where d.id = due.id
    returning d.id
  )
  select array_agg(l.id) into v_ids from leased l;
  if v_ids is null then
    select min(greatest(d.next_attempt_at, d.leased_until)) into v_due
    from public.webhook_deliveries d where d.subscription_id = p_subscription_id and d.status = 'pending';
    if v_due < 'infinity' then
      perform private.wake_endpoint(p_subscription_id, v_due);
    end if;
    return '{"deliveries": []}';
  end if;
  if v_subscription.rate_per_minute is not null then
    update private.webhook_endpoint_states e set tokens = v_state.tokens - cardinality(v_ids), tokens_at = v_now
    where e.subscription_id = p_subscription_id;
  end if;

  return jsonb_build_object(
    'subscription', jsonb_build_object(
      'id', v_subscription.id, 'organization_id', v_subscription.organization_id, 'url', v_subscription.url,
      'timeout_seconds', v_subscription.timeout_seconds, 'transformation', v_subscription.transformation
    ),
    -- The newest signs first; those whose overlap is over sign no more.
    'secrets', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'kind', k.kind, 'number', k.number, 'envelope', replace(encode(k.envelope, 'base64'), E'\n', '')
      ) order by k.expires_at nulls first, k.created_at desc), '[]')
      from private.webhook_subscription_secrets k
      where k.subscription_id = p_subscription_id and (k.expires_at is null or k.expires_at > v_now)
    ),
    'now', v_now,
    'deliveries', (
      select jsonb_agg(jsonb_build_object(
        'id', d.id, 'message_id', m.id, 'type', m.type, 'created_at', m.created_at, 'data', m.data, 'body', d.body,
        'attempt', d.attempts + 1
      ) order by d.next_attempt_at, d.id)
      from public.webhook_deliveries d join public.webhook_messages m on m.id = d.message_id
      where d.id = any (v_ids)
    )
  );
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
  -- Nobody is told of a claim but its worker. One that a crash of Postgres forgets was never made: the work is where it was,
  -- and what comes later of that worker is refused. So it does not wait for the disk.
  perform set_config('synchronous_commit', 'off', true);
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

create or replace function engine.claim_mails (
  p_provider      text,
  p_limit         integer          default 100,
  p_per_second    double precision default 2,
  p_lease_seconds integer          default 60
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_pace private.mail_pace;
  v_batch_id uuid;
  v_ids uuid[];
  v_next timestamptz;
  v_is_repeated boolean := false;
begin
  -- Senders take turns here, for as long as this statement takes.
  select * into v_pace from private.mail_pace p where p.provider = p_provider for update;
  if v_pace.next_at > v_now then
    return jsonb_build_object('wait_ms', ceil(extract(epoch from v_pace.next_at - v_now) * 1000)::integer);
  end if;

  -- A batch whose sender is gone, or was not answered: the same provider is asked again, under the same key. SMTP knows no
  -- keys: private.keep_mails gives those up.
  select m.batch_id into v_batch_id from public.mails m
  where m.status = 'sending' and m.leased_until <= v_now and m.provider = p_provider and p_provider = 'resend'
  order by m.leased_until limit 1;
  if v_batch_id is null then
    v_ids := private.pick_mails(p_limit, v_pace.last_tenant_id);
    update public.mails m set status = case when m.expires_at <= v_now then 'expired' else 'suppressed' end, ended_at = v_now
    where m.id = any (v_ids) and (m.expires_at <= v_now or private.is_suppressed(m.to_address, m.category));
    if found then
      delete from private.mail_data d using public.mails m
      where d.mail_id = any (v_ids) and m.id = d.mail_id and m.status in ('expired', 'suppressed')
        and exists (select 1 from private.mail_templates t where t.name = m.template and t.is_sensitive);
    end if;
    v_batch_id := private.uuid_v7();
    update public.mails m set
      status = 'sending', batch_id = v_batch_id, provider = p_provider, is_unsure = true, attempts = m.attempts + 1,
      leased_until = v_now + make_interval(secs => p_lease_seconds)
    where m.id = any (v_ids) and m.status = 'queued';
    if not found then
      select least(
        (select min(m.scheduled_for) from public.mails m where m.status = 'queued' and m.scheduled_for <= v_now + interval '1 minute'),
        (select min(m.leased_until) from public.mails m where m.status = 'sending' and m.leased_until <= v_now + interval '1 minute')
      ) into v_next;
      return jsonb_build_object(
        'next_ms', greatest(case when cardinality(v_ids) > 0 then 0 else 1000 end, ceil(extract(epoch from v_next - v_now) * 1000))::integer
      );
    end if;
  else
    v_is_repeated := true;
    update public.mails m set attempts = m.attempts + 1, leased_until = v_now + make_interval(secs => p_lease_seconds)
    where m.batch_id = v_batch_id and m.status = 'sending';
  end if;
  update private.mail_pace p set
    next_at = v_now + make_interval(secs => 1 / p_per_second),
    last_tenant_id = coalesce((select m.tenant_id from public.mails m where m.id = v_ids[cardinality(v_ids)]), p.last_tenant_id)
  where p.provider = p_provider;
  return private.mail_batch(v_batch_id) || jsonb_build_object('is_repeated', v_is_repeated);
end;
$function$;

create or replace function engine.claim_new_mail (
  p_organization_id uuid,
  p_template        text,
  p_to              text,
  p_data            jsonb,
  p_key             text,
  p_provider        text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_mail public.mails := private.add_mail(p_organization_id, p_template, p_to, p_data, p_key);
  v_batch_id uuid := private.uuid_v7();
begin
  if v_mail.id is null or v_mail.status <> 'queued' then
    return jsonb_build_object('batch_id', null, 'mails', '[]'::jsonb);
  end if;
  update public.mails m set
    status = 'sending', batch_id = v_batch_id, provider = p_provider, is_unsure = true, attempts = 1,
    leased_until = v_now + interval '15 seconds'
  where m.id = v_mail.id;
  -- The queue waits for whoever cannot.
  update private.mail_pace p set next_at = greatest(p.next_at, v_now) + interval '500 milliseconds' where p.provider = p_provider;
  return private.mail_batch(v_batch_id) || '{"is_repeated": false}';
end;
$function$;

create or replace function engine.count_secrets_by_key()
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(jsonb_object_agg(k.key_id, k.values), '{}')
    from (
      select v.key_id, count(*) as values
      from (
        select v.key_id from private.secret_versions v where v.envelope is not null
        union all
        select s.key_id from private.webhook_secrets s where s.envelope is not null
        union all
        select k.key_id from private.webhook_subscription_secrets k
      ) v
      group by v.key_id
    ) k
  );
end;
$function$;

create or replace function engine.end_webhook_batch (
  p_subscription_id uuid,
  p_lease           uuid,
  p_results         jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_results: [{id, status, code, message, duration_ms, url, request_headers, response_headers, response_body (base64), is_cut,
-- retry_after, body}]
declare
  v_now timestamptz := private.now();
  -- Seconds after the first, second … attempt: ten attempts over 75 h.
  v_waits integer[] := array[5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400];
  v_state private.webhook_endpoint_states;
  v_good integer;
  v_bad integer;
  v_gone boolean;
  v_retry_after double precision;
  v_error text;
  v_keys text[];
  v_due timestamptz;
begin
  select * into v_state from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id for update;
  if not found then
    return '{"recorded": 0}';
  end if;
  with results as materialized (
    select r.*, case when r.retry_after > 86400 then 86400 else r.retry_after end as wait, coalesce(r.code is null and r.status >= 200 and r.status <= 299, false) as is_good
    from jsonb_to_recordset(p_results) as r (
      id uuid, status smallint, code text, message text, duration_ms integer, url text, request_headers jsonb,
      response_headers jsonb, response_body text, is_cut boolean, retry_after double precision, body text
    )
  ),
  mine as materialized (
    select d.id, d.organization_id, d.attempts, d.attempts + 1 - d.counted_from as tries, d.order_key
    from public.webhook_deliveries d
    where d.id in (select r.id from results r) and d.lease = p_lease and d.status = 'pending'
    for update
  ),
  outcome as materialized (
    select r.*, m.organization_id, m.attempts, m.tries, m.order_key,
      case when r.is_good then 'delivered' when m.tries >= 10 or r.status = 410 then 'failed' else 'pending' end as word
    from mine m join results r on r.id = m.id
  ),
  told as (
    insert into public.webhook_attempts (
      delivery_id, number, organization_id, response_status, error_code, error_message, duration_ms, url, request_headers,
      response_headers, response_body, is_cut, finished_at
    )
    select o.id, o.attempts + 1, o.organization_id, o.status, o.code, left(o.message, 1000), greatest(o.duration_ms, 0), o.url,
      o.request_headers, o.response_headers, decode(o.response_body, 'base64'), coalesce(o.is_cut, false), v_now
    from outcome o
    on conflict do nothing
  ),
  ended as (
    update public.webhook_deliveries d set
      status = o.word, attempts = d.attempts + 1, lease = null, leased_until = null, response_status = o.status,
      error_code = o.code, body = coalesce(d.body, o.body),
      finished_at = case when o.word <> 'pending' then v_now end,
      next_attempt_at = case when o.word = 'pending' then v_now + make_interval(secs => greatest(
        v_waits[o.tries] * (0.9 + random() * 0.2), o.wait
      )) end
    from outcome o
    where d.id = o.id
  ),
  counted as (
    insert into private.webhook_endpoint_stats as s (
      subscription_id, hour, answered_2xx, answered_3xx, answered_4xx, answered_5xx, timed_out, not_reached, durations
    )
    select p_subscription_id, date_trunc('hour', v_now),
      count(*) filter (where o.is_good), count(*) filter (where o.status >= 300 and o.status <= 399),
      count(*) filter (where o.status >= 400 and o.status <= 499), count(*) filter (where o.status >= 500),
      count(*) filter (where o.code = 'timeout'),
      count(*) filter (where not o.is_good and o.code is distinct from 'timeout' and not coalesce(o.status >= 300, false)),
      private.histogram(array_agg(private.duration_bucket(o.duration_ms)) filter (where o.status is not null))
    from outcome o
    having count(*) > 0
    on conflict (subscription_id, hour) do update set
      answered_2xx = s.answered_2xx + excluded.answered_2xx, answered_3xx = s.answered_3xx + excluded.answered_3xx,
      answered_4xx = s.answered_4xx + excluded.answered_4xx, answered_5xx = s.answered_5xx + excluded.answered_5xx,
      timed_out = s.timed_out + excluded.timed_out, not_reached = s.not_reached + excluded.not_reached,
      durations = private.add_histograms(s.durations, excluded.durations)
  )
  select count(*) filter (where o.is_good), count(*) filter (where not o.is_good), bool_or(o.status = 410),
    max(o.wait) filter (where o.status in (429, 503)),
    (array_agg(coalesce(o.code, o.status::text)) filter (where not o.is_good))[1],
    array_agg(o.order_key) filter (where o.order_key is not null and o.word <> 'pending')
  into v_good, v_bad, v_gone, v_retry_after, v_error, v_keys
  from outcome o;
  perform private.promote_deliveries(p_subscription_id, v_keys);
  if v_good + v_bad = 0 then
    return '{"recorded": 0}';
  end if;

  -- The endpoint: one success shows that it is there.
  if v_good > 0 then
    v_state.failures := 0;
    v_state.failing_since := null;
    v_state.opened := 0;
    v_state.hold_until := null;
    v_state.last_success_at := v_now;
  else
    v_state.failures := v_state.failures + v_bad;
    v_state.failing_since := coalesce(v_state.failing_since, v_now);
    if v_state.failures >= 5 or v_state.opened > 0 then
      v_state.hold_until := v_now + make_interval(secs => least(30 * power(2, v_state.opened), 900) * (0.9 + random() * 0.2));
      v_state.opened := least(v_state.opened + 1, 10);
    end if;
  end if;
  if v_retry_after is not null then
    v_state.hold_until := greatest(v_state.hold_until, v_now + make_interval(secs => v_retry_after));
  end if;
  if v_bad > 0 then
    v_state.last_failure_at := v_now;
    v_state.last_error := v_error;
  end if;
  update private.webhook_endpoint_states e set
    failures = v_state.failures, failing_since = v_state.failing_since, opened = v_state.opened,
    hold_until = v_state.hold_until, last_success_at = v_state.last_success_at, last_failure_at = v_state.last_failure_at,
    last_error = v_state.last_error,
    batch = case when v_bad = 0 then least(e.batch * 2, 32) else greatest(e.batch / 2, 1) end
  where e.subscription_id = p_subscription_id;
  if v_gone or (v_state.failures >= 10 and v_state.failing_since <= v_now - interval '5 days') then
    perform private.disable_subscription(p_subscription_id, case when v_gone then 'gone' else 'failing' end, v_state.failing_since);
  end if;

  select min(greatest(d.next_attempt_at, d.leased_until)) into v_due
  from public.webhook_deliveries d where d.subscription_id = p_subscription_id and d.status = 'pending';
  if v_due < 'infinity' then
    perform private.wake_endpoint(p_subscription_id, v_due);
  end if;
  return jsonb_build_object('recorded', v_good + v_bad, 'delivered', v_good, 'failed', v_bad);
end;
$function$;

create or replace function engine.finish_mails (
  p_batch_id uuid,
  p_results  jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_results: [{id, outcome, provider, message_id, subject, error, delay_seconds}]; outcome sent, failed (for good), retry (it
-- was surely not taken), back (the same, and it was not even tried) or unsure (nobody knows: the same provider is asked again)
declare
  v_now timestamptz := private.now();
  v_changed integer;
  v_retried integer;
begin
  with result as (
    select r.* from jsonb_to_recordset(p_results) as r (
      id uuid, outcome text, provider text, message_id text, subject text, error jsonb, delay_seconds double precision
    )
  ),
  done as (
    update public.mails m set
      status = case r.outcome
        when 'sent' then 'sent' when 'failed' then 'failed' when 'unsure' then 'sending'
        else case when m.attempts >= 12 and r.outcome = 'retry' then 'failed' when v_now + make_interval(secs => r.delay_seconds) >= m.expires_at then 'expired'
          else 'queued' end
      end,
      attempts = m.attempts - case r.outcome when 'back' then 1 else 0 end,
      ended_at = case when r.outcome = 'unsure' or (r.outcome = 'back' or r.outcome = 'retry' and m.attempts < 12)
        and v_now + make_interval(secs => r.delay_seconds) < m.expires_at then null else v_now end,
      sent_at = case when r.outcome = 'sent' then v_now end,
      provider = coalesce(r.provider, m.provider),
      provider_message_id = r.message_id,
      subject = coalesce(left(r.subject, 300), m.subject),
      error = case when r.outcome <> 'sent' then r.error end,
      batch_id = case when r.outcome in ('retry', 'back') then null else m.batch_id end,
      is_unsure = r.outcome = 'unsure',
      leased_until = case when r.outcome = 'unsure' then v_now + make_interval(secs => r.delay_seconds) end,
      scheduled_for = case when r.outcome in ('retry', 'back') then v_now + make_interval(secs => r.delay_seconds) else m.scheduled_for end
    from result r
    where m.id = r.id and m.batch_id = p_batch_id and m.status = 'sending'
    returning m.id, m.template, m.status
  ),
  forgotten as (
    -- What opens something is of no use any more, but to thieves.
    delete from private.mail_data d using done, private.mail_templates t
    where d.mail_id = done.id and done.status not in ('queued', 'sending') and t.name = done.template and t.is_sensitive
  )
  select count(*), count(*) filter (where d.status = 'queued') into v_changed, v_retried from done d;
  if v_retried > 0 then
    perform private.wake_mails();
  end if;
  return jsonb_build_object('changed', v_changed);
end;
$function$;

create or replace function engine.gate_key (
  p_secret_hash     text,
  p_route           text default 'default'::text,
  p_organization_id uuid default null::uuid,
  p_ip              text default null::text,
  p_operation       text default null::text,
  p_cached          text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_row record;
begin
  perform private.require_open_ip(case when pg_input_is_valid(p_ip, 'inet') then p_ip::inet end);
  if coalesce(p_route, '') not in ('default', 'read', 'write', 'run') then
    perform private.fail('invalid_request', 'Unknown route class', 400);
  end if;

  -- One look by the hash. What is unknown, revoked or over is answered alike.
  select k.id, k.organization_id, k.mode, k.scopes, k.ip_allow, k.requests_per_minute, k.request_burst, k.created_by,
    k.last_used_at, o.suspended_at, o.deletes_at, p as plan
  into v_row
  from private.api_key_hashes h
  join public.api_keys k on k.id = h.key_id
  join public.organizations o on o.id = k.organization_id
  join public.plans p on p.id = o.plan_id
  where h.secret_hash = decode(case when p_secret_hash ~ '^[0-9a-f]{64}$' then p_secret_hash else '' end, 'hex')
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > v_now);
  if not found then
    perform private.fail('unauthorized', 'The API key is not valid', 401);
  end if;
  if p_organization_id <> v_row.organization_id then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  if cardinality(v_row.ip_allow) > 0 and not coalesce(p_ip::inet <<= any (v_row.ip_allow::cidr[]), false) then
    perform private.fail('ip_not_allowed', 'The API key may not be used from this address', 403);
  end if;

  -- At most once a minute, waiting for nobody: whoever holds the row is at the same, or changes the key.
  if v_row.last_used_at is null or v_row.last_used_at < v_now - interval '1 minute' then
    perform set_config('synchronous_commit', 'off', true);
    update public.api_keys k set last_used_at = v_now
    where k.id = (select u.id from public.api_keys u where u.id = v_row.id for no key update skip locked);
  end if;

  return jsonb_build_object(
    'user_id', v_row.created_by,
    'key', jsonb_build_object('id', v_row.id, 'mode', v_row.mode),
    'organization_id', v_row.organization_id,
    'role', null,
    -- Suspended, it can be looked at; about to be deleted, it can be read.
    'permissions', to_jsonb(array(
      select s.scope from unnest(v_row.scopes) as s (scope)
      where (v_row.suspended_at is null or s.scope = 'org:read') and (v_row.deletes_at is null or s.scope like '%:read')
    )),
    'suspended', v_row.suspended_at is not null,
    'plan', (v_row.plan).id,
    'limits', to_jsonb(v_row.plan) - '{id,name,retention_days,archives_runs}'::text[],
    'flags', private.flags_of(v_row.organization_id),
    'api_version', private.api_version_of(v_row.organization_id, v_row.id),
    'generation', case when p_cached is not null then private.generation_of(v_row.organization_id, p_cached) end,
    'rate', private.take_request_tokens(private.request_buckets(
      'key:' || v_row.id, v_row.organization_id, v_row.plan, p_route, p_operation, v_row.requests_per_minute, v_row.request_burst
    ))
  );
end;
$function$;

create or replace function engine.get_cache_usage (
  p_from date,
  p_to   date
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(s) order by s.requests desc, s.operation), '[]')
    from (
      select
        c.operation, sum(c.requests) as requests, sum(c.hits) as hits, sum(c.stale) as stale, sum(c.joined) as joined,
        sum(c.matched) as matched, sum(c.misses) as misses, sum(c.not_modified) as not_modified,
        coalesce(round(1 - sum(c.misses) / nullif(sum(c.requests), 0), 4), 0) as hit_rate,
        min(c.day) as first_day, max(c.day) as last_day
      from engine.cache_rates c
      where c.day >= p_from and c.day <= p_to
      group by c.operation
    ) s
  );
end;
$function$;

create or replace function engine.get_flag (
  p_name text
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (
    select jsonb_build_object(
      'name', f.name, 'description', f.description, 'percentage', f.percentage, 'since_version', f.since_version,
      'updated_at', f.updated_at,
      'rules', (
        select coalesce(jsonb_object_agg(o.organization_id, o.is_on), '{}')
        from (
          select r.organization_id, r.is_on from private.flag_rules r where r.flag = f.name
          order by r.organization_id limit 1000
        ) o
      ),
      'rule_count', (select count(*) from private.flag_rules r where r.flag = f.name)
    )
    from private.flags f where f.name = p_name
  );
end;
$function$;

create or replace function engine.get_webhook_endpoint (
  p_slug  text,
  p_test  boolean default false,
  p_count integer default null::integer,
  p_ips   jsonb   default null::jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_endpoint record;
  v_ahead jsonb;
  v_count integer := coalesce(p_count, 1);
  v_blocked jsonb;
begin
  select
    e.id, e.organization_id, e.flow_id, e.provider, e.config, e.mapping, e.signature_required, e.wait_seconds, e.trigger_node,
    p.hook_requests_per_minute, p.max_concurrent_runs, v.id as version_id, v.timeout_seconds
  into v_endpoint
  from public.webhook_endpoints e
  join public.organizations o on o.id = e.organization_id
  join public.plans p on p.id = o.plan_id
  -- The version that may be run before the event is kept: no mapping and no limit of the flow has a say.
  left join public.flows f on f.id = e.flow_id and f.is_active and f.deleted_at is null and e.mapping is null and not p_test
  left join public.flow_versions v on v.id = f.current_version_id and v.run_limits is null
  where e.slug = p_slug and (e.is_active or (p_test and e.signature_required)) and o.suspended_at is null and o.deletes_at is null;
  if not found then
    return null;
  end if;
  -- From blocked addresses nothing is taken, no token of the endpoint's either. Mostly there is no block at all.
  if p_ips is not null and exists (select 1 from private.ip_blocks b) then
    select jsonb_agg(i.blocked order by i.n), v_count - count(*) filter (where i.blocked) into v_blocked, v_count
    from (
      select d.n, private.ip_block_until(case when pg_input_is_valid(d.ip, 'inet') then d.ip::inet end) is not null as blocked
      from jsonb_array_elements_text(p_ips) with ordinality as d (ip, n)
    ) i;
    if v_count <= 0 then
      return jsonb_build_object('blocked', v_blocked);
    end if;
  end if;
  -- What a flow that only computes needs to be run before its event is kept. Such a run takes no place under the limit of
  -- the organization; where that has none left the event goes the usual way.
  if v_endpoint.version_id is not null and (
    v_endpoint.max_concurrent_runs is null or (
      select count(*) from (
        select 1 from private.run_slots s where s.limit_key = 'org:' || v_endpoint.organization_id
        limit v_endpoint.max_concurrent_runs
      ) taken
    ) < v_endpoint.max_concurrent_runs
  ) then
    v_ahead := jsonb_build_object(
      'version_id', v_endpoint.version_id, 'trigger_node', v_endpoint.trigger_node, 'received_at', private.now(),
      'timeout_seconds', v_endpoint.timeout_seconds
    );
    if p_count is null then
      v_ahead := v_ahead || jsonb_build_object('event_id', private.uuid_v7(), 'run_id', private.uuid_v7());
    end if;
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
      select coalesce(jsonb_agg(
        case when s.secret is null then jsonb_build_object('id', s.id, 'envelope', encode(s.envelope, 'hex')) else to_jsonb(s.secret) end
        order by s.created_at desc
      ), '[]')
      from private.webhook_secrets s
      where s.endpoint_id = v_endpoint.id and (s.expires_at is null or s.expires_at > private.now())
    )
  ) || private.take_many_tokens(
    'hook:' || v_endpoint.id, v_endpoint.hook_requests_per_minute, 60, v_endpoint.hook_requests_per_minute, v_count
  ) || case when v_blocked @> 'true' then jsonb_build_object('blocked', v_blocked) else '{}' end;
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
    'organization_id', e.organization_id,
    'provider', e.provider,
    'config', e.config,
    'signature_required', e.signature_required,
    'secret', (
      select case when s.secret is null then private.sealed_webhook_secret(s) else to_jsonb(s.secret) end
      from private.webhook_secrets s
      where s.endpoint_id = e.id and s.expires_at is null
      order by s.created_at desc, s.id desc limit 1
    )
  )
  from public.webhook_endpoints e
  join public.organizations o on o.id = e.organization_id and o.suspended_at is null and o.deletes_at is null
  join public.organization_members m on m.organization_id = e.organization_id and m.user_id = p_user_id
  join private.role_permissions rp on rp.role = m.role and rp.permission = 'webhooks:write'
  where e.id = p_endpoint_id;
$function$;

create or replace function engine.ingest_webhooks (
  p_endpoint_id  uuid,
  p_version_id   uuid,
  p_trigger_node text,
  p_deliveries   jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
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
      run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, started_at, finished_at
    )
    select
      g.run_id, s.node, '', 1, v_organization_id, s.status, coalesce(s.leaf, false), s.handles, s.output,
      v_now - make_interval(secs => coalesce(s.started_ago, 0) / 1000000.0),
      v_now - make_interval(secs => coalesce(s.finished_ago, 0) / 1000000.0)
    from given g
    join events e on e.id = g.event_id
    cross join lateral jsonb_to_recordset(g.steps) as s (
      node text, status text, leaf boolean, handles text[], output jsonb, started_ago bigint, finished_ago bigint
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
$function$;

create or replace function engine.list_flags()
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(jsonb_agg(
      to_jsonb(f) || jsonb_build_object('rule_count', (select count(*) from private.flag_rules r where r.flag = f.name))
      order by f.name
    ), '[]')
    from (select * from private.flags f order by f.name limit 1000) f
  );
end;
$function$;

create or replace function engine.list_ip_blocks (
  p_limit        integer default 101,
  p_before       uuid    default null::uuid,
  p_after        uuid    default null::uuid,
  p_ascending    boolean default false,
  p_is_automatic boolean default null::boolean,
  p_network      text    default null::text
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  if not pg_input_is_valid(p_network, 'inet') then
    perform private.fail('invalid_request', 'The filter network must be an address or a network in CIDR form', 400);
  end if;
  -- Not more than some thousands: they are sorted, whatever the order.
  return (
    select coalesce(jsonb_agg(to_jsonb(b) order by
      case when p_ascending then b.id end, case when not p_ascending then b.id end desc), '[]')
    from (
      select * from private.ip_blocks o
      where (o.blocked_until is null or o.blocked_until > private.now())
        and (p_before is null or o.id < p_before) and (p_after is null or o.id > p_after)
        and (p_is_automatic is null or o.is_automatic = p_is_automatic)
        and (p_network is null or o.network && p_network::inet)
      order by case when p_ascending then o.id end, case when not p_ascending then o.id end desc
      limit least(greatest(p_limit, 1), 101)
    ) b
  );
end;
$function$;

create or replace function engine.list_security_events (
  p_organization_id uuid    default null::uuid,
  p_filter          jsonb   default '{}'::jsonb,
  p_limit           integer default 51,
  p_before          uuid    default null::uuid,
  p_after           uuid    default null::uuid,
  p_ascending       boolean default false
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return private.security_events_page(p_organization_id, p_filter, p_limit, p_before, p_after, p_ascending);
end;
$function$;

create or replace function engine.plain_webhook_secrets (
  p_limit integer default 200
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return jsonb_build_object(
    'left', (select count(*) from private.webhook_secrets s where s.secret is not null),
    'rows', (
      select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'organization_id', p.organization_id, 'secret', p.secret)), '[]')
      from (
        select s.id, e.organization_id, s.secret
        from private.webhook_secrets s join public.webhook_endpoints e on e.id = s.endpoint_id
        where s.secret is not null order by s.id limit least(greatest(p_limit, 0), 1000)
      ) p
    )
  );
end;
$function$;

create or replace function engine.record_webhook_rejection (
  p_endpoint_id uuid,
  p_reason      text,
  p_delivery    jsonb default null::jsonb
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_organization_id uuid;
  v_last timestamptz;
begin
  select e.organization_id, e.last_rejected_at into v_organization_id, v_last
  from public.webhook_endpoints e where e.id = p_endpoint_id for no key update;
  if not found then
    return;
  end if;
  update public.webhook_endpoints e
  set rejected_count = e.rejected_count + 1, last_rejected_at = v_now, last_rejection = left(p_reason, 200)
  where e.id = p_endpoint_id;
  -- The first of a while is an event. Those that follow it within a minute are only counted.
  if p_reason not like 'invalid_body%' and coalesce(v_last < v_now - interval '1 minute', true) then
    perform private.security_event('signature.refused', v_organization_id,
      jsonb_build_object('endpoint_id', p_endpoint_id, 'reason', left(p_reason, 200)));
  end if;
  if coalesce((p_delivery ->> 'test')::boolean, false) is false then
    insert into private.webhook_refusal_days as d (endpoint_id, day, refused)
    values (p_endpoint_id, (v_now at time zone 'UTC')::date, 1)
    on conflict (endpoint_id, day) do update set refused = d.refused + 1;
  end if;
  -- Ten a minute and the newest hundred: the lock on the endpoint makes both exact. More say nothing new.
  if p_delivery is null or (
    select count(*) from public.webhook_refusals r
    where r.endpoint_id = p_endpoint_id and r.received_at > v_now - interval '1 minute'
  ) >= 10 then
    return;
  end if;
  insert into public.webhook_refusals (
    organization_id, endpoint_id, reason, detail, method, headers, query, body, body_bytes, is_test, received_at
  )
  values (
    v_organization_id, p_endpoint_id, left(split_part(p_reason, ':', 1), 64), left(p_delivery ->> 'detail', 500),
    left(p_delivery ->> 'method', 32), p_delivery -> 'headers', coalesce(p_delivery -> 'query', '{}'),
    substring(decode(p_delivery ->> 'body', 'base64') from 1 for 4096), (p_delivery ->> 'body_bytes')::integer,
    coalesce((p_delivery ->> 'test')::boolean, false), v_now
  );
  delete from public.webhook_refusals r
  where r.endpoint_id = p_endpoint_id and r.id <= (
    select o.id from public.webhook_refusals o where o.endpoint_id = p_endpoint_id order by o.id desc offset 100 limit 1
  );
end;
$function$;

create or replace function engine.remove_flag (
  p_name text
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_before jsonb := engine.get_flag(p_name);
begin
  delete from private.flags f where f.name = p_name;
  if not found then
    perform private.fail('not_found', 'No such flag', 404);
  end if;
  perform private.audit(null, 'flag.removed', 'flag', p_name, v_before);
end;
$function$;

create or replace function engine.request_task (
  p_name            text,
  p_idempotency_key text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_run private.system_task_runs;
  v_reply jsonb;
begin
  if not exists (select 1 from private.system_tasks t where t.name = p_name) then
    perform private.fail('not_found', 'No such task', 404);
  end if;
  v_reply := private.idempotent_reply(private.platform_id(), 'request_task', p_idempotency_key, to_jsonb(p_name));
  if v_reply is not null then
    return v_reply;
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
  perform private.audit(null, 'task.requested', 'task', p_name);
  return private.keep_reply(
    private.platform_id(), 'request_task', p_idempotency_key, private.task_run_reply(v_run)
  );
end;
$function$;

create or replace function engine.rewrap_secrets (
  p_rows jsonb
)
  returns integer
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_secrets integer;
  v_endpoints integer;
  v_subscriptions integer;
begin
  with given as (
    select (r.value ->> 'secret_id')::uuid as secret_id, (r.value ->> 'number')::integer as number,
      decode(r.value ->> 'old_header', 'base64') as old_header, decode(r.value ->> 'header', 'base64') as header,
      r.value ->> 'key_id' as key_id
    from jsonb_array_elements(p_rows) r
    where coalesce(r.value ->> 'kind', 'secret') = 'secret'
  ),
  locked as (
    select g.*, v.envelope
    from given g
    join private.secret_versions v on v.secret_id = g.secret_id and v.number = g.number
    -- Whoever was here before has done it.
    where v.envelope is not null and substring(v.envelope from 1 for octet_length(g.old_header)) = g.old_header
      and get_byte(g.header, 0) = get_byte(v.envelope, 0)
      and octet_length(g.header) = 62 + get_byte(g.header, 1)
      and octet_length(g.old_header) = 62 + get_byte(v.envelope, 1)
    order by g.secret_id, g.number
    for update of v
  )
  update private.secret_versions v
  set key_id = l.key_id, envelope = l.header || substring(l.envelope from octet_length(l.old_header) + 1)
  from locked l
  where v.secret_id = l.secret_id and v.number = l.number;
  get diagnostics v_secrets = row_count;
  with given as (
    select (r.value ->> 'secret_id')::uuid as id,
      decode(r.value ->> 'old_header', 'base64') as old_header, decode(r.value ->> 'header', 'base64') as header,
      r.value ->> 'key_id' as key_id
    from jsonb_array_elements(p_rows) r
    where r.value ->> 'kind' = 'endpoint'
  ),
  locked as (
    select g.*, s.envelope
    from given g
    join private.webhook_secrets s on s.id = g.id
    where s.envelope is not null and substring(s.envelope from 1 for octet_length(g.old_header)) = g.old_header
      and get_byte(g.header, 0) = get_byte(s.envelope, 0)
      and octet_length(g.header) = 62 + get_byte(g.header, 1)
      and octet_length(g.old_header) = 62 + get_byte(s.envelope, 1)
    order by g.id
    for update of s
  )
  update private.webhook_secrets s
  set key_id = l.key_id, envelope = l.header || substring(l.envelope from octet_length(l.old_header) + 1)
  from locked l
  where s.id = l.id;
  get diagnostics v_endpoints = row_count;
  with given as (
    select (r.value ->> 'secret_id')::uuid as id, r.value ->> 'kind' as kind, (r.value ->> 'number')::integer as number,
      decode(r.value ->> 'old_header', 'base64') as old_header, decode(r.value ->> 'header', 'base64') as header,
      r.value ->> 'key_id' as key_id
    from jsonb_array_elements(p_rows) r
    where r.value ->> 'kind' in ('signing', 'headers')
  ),
  locked as (
    select g.*, k.envelope
    from given g
    join private.webhook_subscription_secrets k on k.subscription_id = g.id and k.kind = g.kind and k.number = g.number
    where substring(k.envelope from 1 for octet_length(g.old_header)) = g.old_header
      and get_byte(g.header, 0) = get_byte(k.envelope, 0)
      and octet_length(g.header) = 62 + get_byte(g.header, 1)
      and octet_length(g.old_header) = 62 + get_byte(k.envelope, 1)
    order by g.id, g.kind, g.number
    for update of k
  )
  update private.webhook_subscription_secrets k
  set key_id = l.key_id, envelope = l.header || substring(l.envelope from octet_length(l.old_header) + 1)
  from locked l
  where k.subscription_id = l.id and k.kind = l.kind and k.number = l.number;
  get diagnostics v_subscriptions = row_count;
  return v_secrets + v_endpoints + v_subscriptions;
end;
$function$;

create or replace function engine.schema_version()
  returns jsonb
  language sql
  immutable
  set search_path to ''
  AS $function$
  select '{"version": "20261121114643", "serves_from": "20261121090449"}'::jsonb;
$function$;

create or replace function engine.seal_webhook_secrets (
  p_rows jsonb
)
  returns integer
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_sealed integer;
begin
  with given as (
    select (r.value ->> 'id')::uuid as id, r.value ->> 'key_id' as key_id,
      private.read_envelope(r.value ->> 'envelope', r.value ->> 'key_id') as envelope
    from jsonb_array_elements(p_rows) r
  ),
  locked as (
    -- Whoever was here before has done it. A secret never changes: a new one is a new row.
    select g.* from given g join private.webhook_secrets s on s.id = g.id
    where s.secret is not null order by g.id for update of s
  )
  update private.webhook_secrets s
  set envelope = l.envelope, key_id = l.key_id, last_four = right(s.secret, 4), secret = null
  from locked l
  where s.id = l.id;
  get diagnostics v_sealed = row_count;
  return v_sealed;
end;
$function$;

create or replace function engine.secrets_to_rewrap (
  p_key_id text,
  p_limit  integer default 200,
  p_skip   jsonb   default '[]'::jsonb
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'kind', v.kind, 'secret_id', v.secret_id, 'number', v.number, 'organization_id', v.organization_id, 'key_id', v.key_id,
      -- The data key is in the first 62 bytes and the id of its master key; the ciphertext stays where it is.
      'header', replace(encode(substring(v.envelope from 1 for 62 + get_byte(v.envelope, 1)), 'base64'), E'\n', '')
    )), '[]')
    from (
      select a.* from (
        select 'secret' as kind, v.secret_id, v.number, v.organization_id, v.key_id, v.envelope
        from private.secret_versions v
        where v.envelope is not null and v.key_id <> p_key_id
        union all
        select 'endpoint', s.id, 1, e.organization_id, s.key_id, s.envelope
        from private.webhook_secrets s join public.webhook_endpoints e on e.id = s.endpoint_id
        where s.envelope is not null and s.key_id <> p_key_id
        union all
        select k.kind, k.subscription_id, k.number, k.organization_id, k.key_id, k.envelope
        from private.webhook_subscription_secrets k
        where k.key_id <> p_key_id
      ) a
      where not exists (
        select 1 from jsonb_array_elements(p_skip) s
        where s.value ->> 'secret_id' = a.secret_id::text and (s.value ->> 'number')::integer = a.number
      )
      order by a.secret_id, a.number
      limit least(greatest(p_limit, 1), 1000)
    ) v
  );
end;
$function$;

create or replace function engine.send_mails (
  p_mails jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_mails: [{organization_id, template, to, data, key}]
declare
  v_mail jsonb;
  v_added public.mails;
  v_queued integer := 0;
begin
  if jsonb_typeof(p_mails) is distinct from 'array' or jsonb_array_length(p_mails) > 1000 then
    perform private.fail('invalid_request', 'Mails come as a list of 1,000 at most', 400);
  end if;
  for v_mail in select e.value from jsonb_array_elements(p_mails) e loop
    v_added := private.add_mail((v_mail ->> 'organization_id')::uuid, v_mail ->> 'template', v_mail ->> 'to', v_mail -> 'data', v_mail ->> 'key');
    if v_added.status = 'queued' then
      v_queued := v_queued + 1;
    end if;
  end loop;
  if v_queued > 0 then
    perform private.wake_mails();
  end if;
  return jsonb_build_object('queued', v_queued);
end;
$function$;

create or replace function engine.send_webhooks_on (
  p_organization_id uuid,
  p_limit           integer default 500
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_messages uuid[];
  v_subscription_id uuid;
  v_made integer := 0;
begin
  -- One after the other in an organization: of two that are at it at once, the later events could overtake the earlier.
  perform pg_advisory_xact_lock(hashtext('millrace.send_webhooks_on'), hashtext(p_organization_id::text));
  select array_agg(m.id order by m.id) into v_messages
  from (
    select o.id from public.webhook_messages o
    where o.organization_id = p_organization_id and not o.is_sent_on and not o.is_test
    order by o.id limit least(greatest(p_limit, 1), 1000)
  ) m;
  if v_messages is null then
    return '{"messages": 0, "deliveries": 0, "more": false}';
  end if;
  for v_subscription_id in
    -- The endpoint's state is held: who ends deliveries of the same keys waits. In one order everywhere.
    select e.subscription_id
    from public.webhook_subscriptions s
    join private.webhook_endpoint_states e on e.subscription_id = s.id
    where s.organization_id = p_organization_id and s.status <> 'disabled'
    order by e.subscription_id
    for update of e
  loop
    with made as (
      insert into public.webhook_deliveries (
        organization_id, subscription_id, message_id, application, type, order_key, next_attempt_at
      )
      select p_organization_id, s.id, m.id, s.application, m.type, k.order_key,
        case when k.order_key is not null and (
          row_number() over (partition by k.order_key order by m.id) > 1
          or exists (
            select from public.webhook_deliveries d
            where d.subscription_id = s.id and d.order_key = k.order_key and d.status = 'pending'
          )
        ) then 'infinity' else private.now() end
      from public.webhook_subscriptions s
      join public.webhook_messages m on m.id = any (v_messages)
      cross join lateral (select case when s.ordered then m.order_key end as order_key) k
      where s.id = v_subscription_id
        and s.event_types && array[m.type, '*']
        and (s.flow_ids is null or not m.data ? 'flow_id' or m.data ->> 'flow_id' = any (s.flow_ids::text[]))
        and (s.resource_ids is null or m.data ->> 'id' = any (s.resource_ids))
        -- What an endpoint is told of itself would go nowhere.
        and not (m.type = 'webhook.endpoint_disabled' and m.data ->> 'id' = s.id::text)
      order by m.id
      on conflict do nothing
      returning 1
    )
    select v_made + count(*) into v_made from made;
    if found then
      perform private.wake_endpoint(v_subscription_id, n.due)
      from (
        select min(d.next_attempt_at) as due from public.webhook_deliveries d
        where d.subscription_id = v_subscription_id and d.status = 'pending'
      ) n
      where n.due < 'infinity';
    end if;
  end loop;
  update public.webhook_messages m set is_sent_on = true where m.id = any (v_messages);
  return jsonb_build_object('messages', cardinality(v_messages), 'deliveries', v_made,
    'more', cardinality(v_messages) = least(greatest(p_limit, 1), 1000));
end;
$function$;

create or replace function engine.set_flag (
  p_name    text,
  p_changes jsonb default '{}'::jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_flag private.flags;
  v_before jsonb;
begin
  if coalesce(p_name, '') !~ '^[a-z][a-z0-9_]{0,62}$' then
    perform private.fail('invalid_request', 'The name of a flag has up to 63 lower-case letters, digits and _', 400);
  end if;
  -- Two who set it at once do it one after the other, and each says truly what was before.
  insert into private.flags (name) values (p_name) on conflict (name) do nothing;
  v_before := case when found then null else '{}'::jsonb end;
  select * into v_flag from private.flags f where f.name = p_name for update;
  v_before := v_before || to_jsonb(v_flag);
  begin
    v_flag := jsonb_populate_record(v_flag, p_changes - '{name,updated_at}'::text[]);
  exception when data_exception then
    perform private.fail('invalid_request', 'A setting of the flag has the wrong type', 400);
  end;
  if v_flag.percentage is null or v_flag.percentage < 0 or v_flag.percentage > 100 then
    perform private.fail('invalid_request', 'The share of a flag is 0 to 100 percent', 400);
  end if;
  if v_flag.description is null or length(v_flag.description) > 1000 then
    perform private.fail('invalid_request', 'The description of a flag has at most 1000 characters', 400);
  end if;
  update private.flags f set
    percentage = v_flag.percentage, description = v_flag.description, since_version = v_flag.since_version,
    updated_at = private.now()
  where f.name = p_name returning * into v_flag;
  perform private.audit(null, 'flag.set', 'flag', p_name, v_before, to_jsonb(v_flag));
  return engine.get_flag(p_name);
end;
$function$;

create or replace function engine.set_flag_rule (
  p_name            text,
  p_organization_id uuid,
  p_is_on           boolean
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_before boolean;
begin
  -- In the order in which they are removed: the organization, then the flag.
  perform from public.organizations o where o.id = p_organization_id for key share;
  if not found then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  perform from private.flags f where f.name = p_name for update;
  if not found then
    perform private.fail('not_found', 'No such flag', 404);
  end if;
  select r.is_on into v_before from private.flag_rules r where r.flag = p_name and r.organization_id = p_organization_id;
  if p_is_on is null then
    delete from private.flag_rules r where r.flag = p_name and r.organization_id = p_organization_id;
  else
    insert into private.flag_rules as r (flag, organization_id, is_on) values (p_name, p_organization_id, p_is_on)
    on conflict (organization_id, flag) do update set is_on = excluded.is_on;
  end if;
  if v_before is distinct from p_is_on then
    perform private.audit(p_organization_id, case when p_is_on is null then 'flag.rule_removed' else 'flag.rule_set' end, 'flag',
      p_name, jsonb_build_object('is_on', v_before), jsonb_build_object('is_on', p_is_on));
  end if;
  return engine.get_flag(p_name);
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
      perform private.publish_approvals(p_results);
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
  if p_action = 'replay_events' then
    -- An event is only read: nobody is in the way.
    perform public.replay_webhook_event(p_run_id);
    return 'done';
  end if;
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
    when 'delete' then
      perform private.remove_run(p_run_id);
      return 'deleted';
  end case;
  return 'done';
end;
$function$;

create or replace function private.activity_kinds (
  p_organization_id uuid
)
  returns text[]
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return array(
    select unnest(k.kinds)
    from (values
      ('org:read', array['organization']),
      ('members:read', array['member', 'invitation']),
      ('flows:read', array['flow', 'workspace', 'schedule']),
      ('runs:read', array['run', 'bulk_operation', 'dead_letter', 'entity']),
      ('webhooks:read', array['webhook_endpoint', 'webhook_subscription']),
      ('keys:read', array['key']),
      ('secrets:read', array['secret'])
    ) as k (permission, kinds)
    where p_organization_id = any (private.organizations_with(k.permission))
  );
end;
$function$;

create or replace function private.activity_thing (
  p_organization_id uuid,
  p_kind            text,
  p_id              text
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_id uuid := case when pg_input_is_valid(p_id, 'uuid') then p_id::uuid end;
  v_name text;
begin
  case p_kind
    when 'flow' then
      return (
        select jsonb_build_object('name', t.name, 'is_there', t.deleted_at is null) from public.flows t
        where t.id = v_id and t.organization_id = p_organization_id
      );
    when 'workspace' then
      select t.name into v_name from public.workspaces t where t.id = v_id and t.organization_id = p_organization_id;
    when 'organization' then
      select t.name into v_name from public.organizations t where t.id = v_id and t.id = p_organization_id;
    when 'schedule' then
      select t.name into v_name from public.schedules t where t.id = v_id and t.organization_id = p_organization_id;
    when 'webhook_endpoint' then
      select t.name into v_name from public.webhook_endpoints t where t.id = v_id and t.organization_id = p_organization_id;
    when 'entity' then
      select t.name into v_name from public.entities t where t.id = v_id and t.organization_id = p_organization_id and t.deleted_at is null;
    when 'key' then
      select t.name into v_name from public.api_keys t where t.id = v_id and t.organization_id = p_organization_id;
    when 'secret' then
      select t.name into v_name from public.secrets t where t.id = v_id and t.organization_id = p_organization_id;
    when 'member' then
      -- Also who has left: the row of the log tells that they were here.
      select coalesce(t.display_name, t.email, '') into v_name from public.profiles t where t.id = v_id;
      return jsonb_build_object('name', nullif(v_name, ''), 'is_there', exists (
        select 1 from public.organization_members m where m.organization_id = p_organization_id and m.user_id = v_id
      ));
    when 'run' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.runs t where t.id = v_id and t.organization_id = p_organization_id
      ));
    when 'bulk_operation' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.bulk_operations t where t.id = v_id and t.organization_id = p_organization_id
      ));
    when 'invitation' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.invitations t where t.id = v_id and t.organization_id = p_organization_id
      ));
    else null;
  end case;
  return jsonb_build_object('name', v_name, 'is_there', v_name is not null);
end;
$function$;

create or replace function private.activity_things_named (
  p_organization_id uuid,
  p_text            text
)
  returns text[]
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_text text := lower(p_text);
begin
  return array(
    select t.id::text
    from (
      select f.id, f.name from public.flows f where f.organization_id = p_organization_id and f.deleted_at is null
      union all select w.id, w.name from public.workspaces w where w.organization_id = p_organization_id
      union all select s.id, s.name from public.schedules s where s.organization_id = p_organization_id
      union all select e.id, e.name from public.webhook_endpoints e where e.organization_id = p_organization_id
      union all select k.id, k.name from public.api_keys k where k.organization_id = p_organization_id
      union all select s.id, s.name from public.secrets s where s.organization_id = p_organization_id
    ) t
    where position(v_text in lower(t.name)) > 0
    limit 1000
  );
end;
$function$;

create or replace function private.add_api_key (
  p_key         public.api_keys,
  p_secret_hash text
)
  returns public.api_keys
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_key public.api_keys;
begin
  if p_key.mode is null or p_key.mode not in ('live', 'test') then
    perform private.fail('invalid_request', 'The mode of an API key is live or test', 400);
  end if;
  if coalesce(p_secret_hash, '') !~ '^[0-9a-f]{64}$' or coalesce(p_key.last_four, '') !~ '^[0-9A-Za-z]{4}$'
    or coalesce(p_key.prefix, '') !~ ('^mr_' || p_key.mode || '_[0-9A-Za-z]{4}$')
  then
    perform private.fail('invalid_request', 'The hash, the beginning or the end of the API key is not one', 400);
  end if;
  -- One that takes another's place may come beside it for a while, whatever the plan; not a third one beside both.
  if p_key.rotated_from is null or exists (
    select from public.api_keys o join public.api_keys b on b.id = o.rotated_from
    where o.id = p_key.rotated_from and b.revoked_at is null and b.expires_at > private.now()
  ) then
    perform private.require_room(p_key.organization_id, 'max_api_keys');
  end if;

  insert into public.api_keys (
    organization_id, name, mode, prefix, last_four, scopes, ip_allow, requests_per_minute, request_burst, expires_at,
    rotated_from, created_by
  )
  values (
    p_key.organization_id, p_key.name, p_key.mode, p_key.prefix, p_key.last_four, p_key.scopes, p_key.ip_allow,
    p_key.requests_per_minute, p_key.request_burst, p_key.expires_at, p_key.rotated_from, private.caller_user_id()
  )
  returning * into v_key;
  insert into private.api_key_hashes (secret_hash, key_id) values (decode(p_secret_hash, 'hex'), v_key.id);
  return v_key;
exception when unique_violation then
  -- Somebody sent the hash of a key that exists; nobody learns which.
  perform private.fail('conflict', 'The API key could not be made: try again with another one', 409);
  return null;
end;
$function$;

create or replace function private.add_cache_usage (
  p_rows jsonb
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  insert into private.cache_usage as u (day, operation, hits, stale, joined, matched, misses, not_modified)
  select r.day, r.operation, sum(r.hits), sum(r.stale), sum(r.joined), sum(r.matched), sum(r.misses), sum(r.not_modified)
  from jsonb_to_recordset(p_rows) as r (
    day date, operation text, hits bigint, stale bigint, joined bigint, matched bigint, misses bigint, not_modified bigint
  )
  group by 1, 2
  -- In one order: isolates add at the same time.
  order by 1, 2
  on conflict (day, operation) do update set
    hits = u.hits + excluded.hits, stale = u.stale + excluded.stale, joined = u.joined + excluded.joined,
    matched = u.matched + excluded.matched, misses = u.misses + excluded.misses,
    not_modified = u.not_modified + excluded.not_modified;
end;
$function$;

create or replace function private.add_mail (
  p_organization_id uuid,
  p_template        text,
  p_to              text,
  p_data            jsonb,
  p_key             text,
  p_scheduled_for   timestamp with time zone default null::timestamp with time zone,
  p_resent_from     uuid                     default null::uuid
)
  returns public.mails
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_due timestamptz := greatest(p_scheduled_for, v_now);
  v_tenant_id uuid := coalesce(p_organization_id, private.platform_id());
  v_template private.mail_templates;
  v_suppressed boolean;
  v_mail public.mails;
begin
  select * into v_template from private.mail_templates t where t.name = p_template;
  if not found then
    perform private.fail('invalid_request', format('There is no mail template %s', p_template), 400);
  end if;
  v_suppressed := private.is_suppressed(p_to, v_template.category);
  insert into public.mails (
    organization_id, tenant_id, template, category, key, to_address, status, priority, scheduled_for, expires_at,
    resent_from, ended_at
  )
  values (
    p_organization_id, v_tenant_id, p_template, v_template.category, p_key, p_to,
    case when v_suppressed then 'suppressed' else 'queued' end, v_template.priority, v_due,
    v_due + coalesce(v_template.expires_after, interval '7 days'), p_resent_from, case when v_suppressed then v_now end
  )
  on conflict (tenant_id, template, key) do nothing
  returning * into v_mail;
  if v_mail.id is not null and not v_suppressed then
    insert into private.mail_data (mail_id, data, forget_at)
    values (v_mail.id, p_data, v_mail.expires_at + case when v_template.is_sensitive then interval '1 hour' else interval '7 days' end);
  end if;
  return v_mail;
exception
  when check_violation or not_null_violation then
    perform private.fail('invalid_request', format('A mail that can not be sent: %s', sqlerrm), 400);
end;
$function$;

create or replace function private.add_message (
  p_organization_id uuid,
  p_type            text,
  p_data            jsonb,
  p_key             text
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_called text;
begin
  -- An organization that is being removed takes its rows with it, one after the other: nobody is told of that.
  if not exists (select from public.organizations o where o.id = p_organization_id) then
    return;
  end if;
  insert into public.webhook_messages (organization_id, type, data, order_key)
  values (p_organization_id, p_type, p_data, left(p_key, 255));
  -- One job a transaction and organization, however much happens in it. The setting goes with the transaction, and with a
  -- savepoint that is rolled back.
  v_called := coalesce(current_setting('millrace.sends_on', true), '');
  if position(p_organization_id::text in v_called) = 0 then
    perform set_config('millrace.sends_on', right(v_called || ' ' || p_organization_id, 4000), true);
    perform private.enqueue_job(p_organization_id, 'webhook.send_on', '{}', '{"priority": 90}');
  end if;
end;
$function$;

create or replace function private.audit (
  p_organization_id uuid,
  p_action          text,
  p_target_type     text,
  p_target_id       text,
  p_before          jsonb default null::jsonb,
  p_after           jsonb default null::jsonb,
  p_details         jsonb default null::jsonb
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- This runs inside of every change. Each expression and statement of PL/pgSQL costs its own start in every transaction, and so
-- do functions that are called: hence as few of them as can be.
declare
  v_claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  v_headers jsonb;
  v_actor text := 'system';
begin
  if v_claims is not null then
    v_headers := nullif(current_setting('request.headers', true), '')::jsonb;
    v_actor := case
      when v_claims ->> 'role' = 'service_role' then 'service'
      when v_claims #>> '{millrace,key}' is not null then 'key'
      when pg_input_is_valid(v_claims ->> 'sub', 'uuid') then 'user'
      else 'anonymous'
    end;
  end if;

  insert into public.audit_events (
    organization_id, actor, user_id, key_id, auth, via, ip, agent, request_id, action, target_type, target_id, before, after, details
  )
  values (
    coalesce(p_organization_id, private.platform_id()), v_actor,
    case v_actor when 'user' then (v_claims ->> 'sub')::uuid when 'key' then private.caller_user_id() end,
    case v_actor when 'key' then private.caller_key_id() end,
    case v_actor when 'user' then 'jwt' when 'key' then 'key' when 'service' then 'secret_key' when 'system' then 'sql' else 'none' end,
    case
      when v_actor = 'system' then 'sql'
      -- x-millrace-proof is HMAC-SHA-256 (RFC 2104), in hex, over three headers (shared/audit/request_proof.ts). The setting holds
      -- the two padded keys, 64 bytes each: inner, then outer. Without it nothing is proven.
      when (
        select v_headers ->> 'x-millrace-proof' = encode(sha256(
          decode(right(s.value, 128), 'hex') || sha256(decode(left(s.value, 128), 'hex') || convert_to(
            coalesce(v_headers ->> 'x-request-id', '') || E'\n' || coalesce(v_headers ->> 'x-millrace-ip', '') || E'\n'
              || coalesce(v_headers ->> 'x-millrace-agent', ''), 'UTF8'
          ))
        ), 'hex')
        from private.settings s where s.name = 'request_proof_key' and v_headers ? 'x-millrace-proof'
      ) then 'function'
      else 'data_api'
    end,
    case when pg_input_is_valid(v_headers ->> 'x-millrace-ip', 'inet') then host((v_headers ->> 'x-millrace-ip')::inet) end,
    case v_actor when 'system' then concat_ws(' ', session_user, nullif(current_setting('application_name'), ''))
      else left(v_headers ->> 'x-millrace-agent', 400) end,
    left(v_headers ->> 'x-request-id', 100),
    p_action, p_target_type, left(p_target_id, 400),
    case when octet_length(p_before::text) > 4096 then private.audit_value(p_before) else p_before::text::json end,
    case when octet_length(p_after::text) > 4096 then private.audit_value(p_after) else p_after::text::json end,
    case when octet_length(p_details::text) > 4096 then private.audit_value(p_details) else p_details::text::json end
  );
end;
$function$;

create or replace function private.audit_address (
  p_values jsonb,
  p_column text
)
  returns jsonb
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
declare
  v_url text := p_values ->> p_column;
  v_origin text;
begin
  if v_url is null then
    return p_values;
  end if;
  -- The name of a user ends at the last at sign before the path; a backslash counts as a slash, as in browsers.
  v_origin := substring(v_url from '^[A-Za-z][A-Za-z0-9+.-]*://')
    || coalesce(substring(v_url from '^[^:/]+://(?:[^/?#\\]*@)?([^/?#\\@]+)'), '');
  return jsonb_set(p_values, array[p_column], to_jsonb(case
    when v_origin is null then '…'
    when v_url in (v_origin, v_origin || '/') then v_url
    else v_origin || '/…'
  end));
end;
$function$;

create or replace function private.audit_bulk_deletion (
  p_operation public.bulk_operations,
  p_deleted   jsonb[]
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_row record;
begin
  -- 90 ids and their count stay below the 4 KiB from which on the log cuts values.
  for v_row in
    select p.about, count(*) as count, jsonb_agg(p.id order by p.id) as ids
    from (
      select d - 'id' as about, d ->> 'id' as id, (row_number() over (partition by d - 'id' order by d ->> 'id') - 1) / 90 as part
      from unnest(p_deleted) d
    ) p
    group by p.about, p.part
    order by min(p.id)
  loop
    perform private.audit(p_operation.organization_id, 'run.deleted', 'bulk_operation', p_operation.id::text, v_row.about, null,
      jsonb_build_object('count', v_row.count, 'run_ids', v_row.ids));
  end loop;
end;
$function$;

create or replace function private.audit_facts (
  p_organization_id uuid
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_state private.audit_seal_state;
  v_last private.audit_batches;
begin
  select * into v_state from private.audit_seal_state;
  select * into v_last from private.audit_batches b order by b.number desc limit 1;
  return jsonb_build_object(
    'last_number', v_state.last_number, 'last_link', encode(v_state.last_link, 'hex'),
    'number', v_last.number, 'link', encode(v_last.link, 'hex'),
    'gap', (
      select jsonb_build_object('number', b.number, 'is_cut', p.number is null)
      from private.audit_batches b left join private.audit_batches p on p.number = b.number - 1
      where b.number > 1 and p.link is distinct from b.previous_link order by b.number limit 1
    ),
    'dropped', (
      select coalesce(jsonb_object_agg(d.organization_id, d.through), '{}')
      from (
        select e.organization_id, max((e.details ->> 'through')::bigint) as through from public.audit_events e
        where e.action = 'audit.dropped' and e.actor in ('system', 'service')
          and (p_organization_id is null or e.organization_id = p_organization_id)
        group by e.organization_id
      ) d
    )
  ) || (
    -- Rows without a seal: new ones, or such as somebody has put in.
    with sealed as materialized (
      select b.organization_id, unnest(b.row_ids) as id from private.audit_batches b
      where p_organization_id is null or b.organization_id = p_organization_id
    ),
    loose as materialized (
      select e.id, e.organization_id, e.tx < v_state.sealed_below or e.occurred_at < v_state.seen_at - interval '1 hour' as is_inserted
      from public.audit_events e
      where (p_organization_id is null or e.organization_id = p_organization_id)
        and not exists (select 1 from sealed s where s.organization_id = e.organization_id and s.id = e.id)
    )
    select jsonb_build_object(
      'unsealed', count(*) filter (where is_inserted is not true),
      'inserted', coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'organization_id', l.organization_id) order by l.id)
        filter (where l.is_inserted), '[]')
    )
    from loose l
  );
end;
$function$;

create or replace function private.audit_page (
  p_organization_id uuid,
  p_filter          jsonb,
  p_limit           integer,
  p_after           uuid,
  p_ascending       boolean
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_where text := private.audit_where(p_filter, p_after, p_ascending);
  v_reply jsonb;
begin
  if p_filter ? 'q' then
    v_where := v_where || format(
      ' and position(lower(%L) in lower(concat_ws('' '', e.action, e.target_type, e.target_id, e.before, e.after, e.details))) > 0',
      p_filter ->> 'q'
    );
  end if;
  execute format(
    'select coalesce(jsonb_agg(private.audit_event_reply(p.e) order by (p.e).id %1$s), ''[]'')
     from (select e from public.audit_events e where e.organization_id = $1 %2$s order by e.id %1$s limit $2) p',
    case when p_ascending then 'asc' else 'desc' end, v_where
  ) into v_reply using p_organization_id, least(greatest(p_limit, 1), 1001);
  return v_reply;
end;
$function$;

create or replace function private.audit_row()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_old jsonb;
  v_new jsonb;
  v_before jsonb;
  v_after jsonb;
  v_thing text;
  v_verb text;
  v_hidden text[];
  v_column text;
begin
  -- Every change pays for this, see private.audit. What is rare stands behind a condition.
  if tg_op = 'UPDATE' then
    v_old := to_jsonb(old);
    v_new := to_jsonb(new);
    select jsonb_object_agg(n.key, v_old -> n.key), jsonb_object_agg(n.key, n.value) into v_before, v_after
    from jsonb_each(v_new) n
    where n.value <> v_old -> n.key and n.key <> 'version' and n.key <> 'updated_at';
    if v_after is null then
      return null;
    end if;
    v_verb := 'updated';
    if v_after ?| '{deleted_at,revoked_at,suspended_at,role}' then
      v_verb := case
        when v_after ? 'deleted_at' then case when v_after ->> 'deleted_at' is null then 'restored' else 'deleted' end
        when v_after ? 'revoked_at' and v_after ->> 'revoked_at' is not null then 'revoked'
        when v_after ? 'suspended_at' then case when v_after ->> 'suspended_at' is null then 'resumed' else 'suspended' end
        when v_after ? 'role' then 'role_changed'
        else 'updated'
      end;
    end if;
  elsif tg_op = 'INSERT' then
    v_new := to_jsonb(new);
    v_after := jsonb_strip_nulls(v_new - '{version,updated_at}'::text[]);
    v_verb := 'created';
  else
    v_new := to_jsonb(old);
    v_before := jsonb_strip_nulls(v_new - '{version,updated_at}'::text[]);
    v_verb := 'deleted';
  end if;
  if tg_argv[2] <> '' then
    v_hidden := array(
      select s from unnest(string_to_array(tg_argv[2], ',')) s where coalesce(v_after, v_before) ? s
    );
    v_before := v_before - v_hidden;
    v_after := v_after - v_hidden;
  end if;
  if tg_argv[4] <> '' then
    foreach v_column in array string_to_array(tg_argv[4], ',') loop
      v_before := private.audit_address(v_before, v_column);
      v_after := private.audit_address(v_after, v_column);
    end loop;
  end if;
  v_thing := coalesce(
    nullif(tg_argv[3], ''), case when tg_table_name like '%ies' then left(tg_table_name, -3) || 'y' else rtrim(tg_table_name, 's') end
  );
  perform private.audit(
    (v_new ->> tg_argv[0])::uuid, v_thing || '.' || v_verb, v_thing, v_new ->> tg_argv[1], v_before, v_after,
    case when v_hidden <> '{}' then jsonb_build_object('hidden', v_hidden) end
  );
  return null;
end;
$function$;

create or replace function private.audit_security_event()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_suppressed integer;
begin
  -- One a minute of each kind and caller: a flood of refusals must not become a flood of rows that stay for years.
  v_suppressed := private.audit_turn(
    concat_ws(':', 'security', new.kind, new.organization_id, new.user_id, new.key_id, new.ip), 60
  );
  if v_suppressed is null then
    return null;
  end if;
  insert into public.audit_events (
    organization_id, actor, user_id, key_id, auth, via, ip, agent, request_id, action, target_type, target_id, details
  )
  values (
    coalesce(new.organization_id, private.platform_id()),
    case when new.key_id is not null then 'key' when new.user_id is not null then 'user' else 'anonymous' end,
    new.user_id, new.key_id,
    case when new.key_id is not null then 'key' when new.user_id is not null then 'jwt' else 'none' end,
    'function', host(new.ip), new.agent, new.request_id, new.kind,
    case when new.kind like 'key.%' then 'key' else 'security' end, case when new.kind like 'key.%' then new.key_id::text end,
    private.audit_value(new.details || jsonb_build_object('occurrences', new.occurrences)
      || case when v_suppressed > 0 then jsonb_build_object('not_logged', v_suppressed) else '{}' end)
  );
  return null;
end;
$function$;

create or replace function private.audit_slice_end (
  p_after           bigint,
  p_organization_id uuid    default null::uuid,
  p_limit           integer default 50000
)
  returns bigint
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  -- As many seals as have p_limit rows, one at least.
  return (
    select max(g.number)
    from (
      select b.number, sum(b.last_seq - b.first_seq + 1) over (order by b.number) - (b.last_seq - b.first_seq) as before
      from private.audit_batches b
      where b.number > p_after and (p_organization_id is null or b.organization_id = p_organization_id)
      order by b.number limit 5000
    ) g
    where g.before <= p_limit
  );
end;
$function$;

create or replace function private.audit_where (
  p_filter    jsonb,
  p_after     uuid,
  p_ascending boolean
)
  returns text
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_ip text := p_filter ->> 'ip';
  v_where text := '';
begin
  if v_ip is not null then
    if not pg_input_is_valid(v_ip, 'inet') then
      perform private.fail('invalid_request', 'The filter ip must be an address', 400);
    end if;
    v_where := v_where || format(' and e.ip = %L', host(v_ip::inet));
  end if;
  -- The statement says only what is asked for: the plan goes along (organization_id, id) and stops at the end of the page.
  if p_after is not null then
    v_where := v_where || format(' and e.id %s %L', case when p_ascending then '>' else '<' end, p_after);
  end if;
  if p_filter ? 'from' then
    v_where := v_where || format(' and e.id >= %L', private.uuid_v7_floor((p_filter ->> 'from')::timestamptz));
  end if;
  if p_filter ? 'to' then
    v_where := v_where || format(' and e.id < %L', private.uuid_v7_floor((p_filter ->> 'to')::timestamptz));
  end if;
  if p_filter ? 'actions' then
    v_where := v_where || format(
      ' and (e.action = any (%1$L::text[]) or split_part(e.action, ''.'', 1) || ''.*'' = any (%1$L::text[]))',
      array(select jsonb_array_elements_text(p_filter -> 'actions'))
    );
  end if;
  if p_filter ? 'target_types' then
    v_where := v_where || format(
      ' and e.target_type = any (%L::text[])', array(select jsonb_array_elements_text(p_filter -> 'target_types'))
    );
  end if;
  return v_where || (
    select coalesce(string_agg(format(' and e.%I::text = %L', f.name, p_filter ->> f.name), ''), '')
    from unnest(array['actor', 'user_id', 'key_id', 'via', 'target_type', 'target_id', 'request_id']) as f (name)
    where p_filter ? f.name
  );
end;
$function$;

create or replace function private.bulk_events (
  p_organization_id uuid,
  p_filter          jsonb,
  p_until           uuid,
  p_after           uuid    default null::uuid,
  p_limit           integer default null::integer
)
  returns SETOF uuid
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return query
  select e.id from public.webhook_events e
  where e.organization_id = p_organization_id
    and e.id < p_until
    and (p_after is null or e.id > p_after)
    -- What was sent again by people is meant only by its id: else each round would double it.
    and (e.replay_of is null or p_filter ? 'event_ids')
    and (not p_filter ? 'event_ids' or p_filter -> 'event_ids' ? e.id::text)
    and (not p_filter ? 'endpoint_id' or e.endpoint_id = (p_filter ->> 'endpoint_id')::uuid)
    and (not p_filter ? 'type' or p_filter -> 'type' ? e.type)
    and (not p_filter ? 'status' or p_filter -> 'status' ? e.status)
    and (not p_filter ? 'test' or e.is_test = (p_filter ->> 'test')::boolean)
    and (not p_filter ? 'run_status' or exists (
      select 1 from public.runs r where r.id = e.run_id and p_filter -> 'run_status' ? r.status
    ))
    and (not p_filter ? 'received_after' or e.id >= private.uuid_v7_floor((p_filter ->> 'received_after')::timestamptz))
    and (not p_filter ? 'received_before' or e.id < private.uuid_v7_floor((p_filter ->> 'received_before')::timestamptz))
  order by e.id
  limit p_limit;
end;
$function$;

create or replace function private.bulk_permission (
  p_action text
)
  returns text
  language sql
  immutable
  set search_path to ''
  AS $function$
  select case when p_action = 'replay_events' then 'webhooks:write' else 'runs:execute' end;
$function$;

create or replace function private.bulk_targets (
  p_organization_id uuid,
  p_action          text,
  p_filter          jsonb,
  p_until           uuid,
  p_after           uuid    default null::uuid,
  p_limit           integer default null::integer
)
  returns SETOF uuid
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  if p_action = 'replay_events' then
    return query select e from private.bulk_events(p_organization_id, p_filter, p_until, p_after, p_limit) e;
  else
    return query select r from private.bulk_runs(p_organization_id, p_action, p_filter, p_until, p_after, p_limit) r;
  end if;
end;
$function$;

create or replace function private.bump_generation()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_organization_id uuid;
begin
  if tg_op = 'INSERT' then
    for v_organization_id in select distinct n.organization_id from new_rows n loop
      perform private.bump_generation_of(v_organization_id, tg_argv[0]);
    end loop;
  elsif tg_op = 'DELETE' then
    for v_organization_id in select distinct o.organization_id from old_rows o loop
      perform private.bump_generation_of(v_organization_id, tg_argv[0]);
    end loop;
  else
    -- Whoever a row was moved away from sees a change as well.
    for v_organization_id in
      select n.organization_id from new_rows n union select o.organization_id from old_rows o
    loop
      perform private.bump_generation_of(v_organization_id, tg_argv[0]);
    end loop;
  end if;
  return null;
end;
$function$;

create or replace function private.bump_generation_of (
  p_organization_id uuid,
  p_kind            text
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- Once a transaction is enough: the others see all of it or nothing. What a savepoint took back is not found here.
  if exists (
    select 1 from private.generations g
    where g.organization_id = p_organization_id and g.kind = p_kind and g.xmin = pg_current_xact_id()::xid
  ) then
    return;
  end if;
  -- A row that nobody holds, or a new one. Where a row that was changed meanwhile would be an error, none is looked for.
  if current_setting('transaction_isolation') = 'read committed' then
    update private.generations g set generation = random(-9223372036854775808, 9223372036854775807)
    where g.id = (
      select o.id from private.generations o
      where o.organization_id = p_organization_id and o.kind = p_kind
      limit 1 for update skip locked
    );
    if found then
      return;
    end if;
  end if;
  insert into private.generations (organization_id, kind, generation)
  values (p_organization_id, p_kind, random(-9223372036854775808, 9223372036854775807));
end;
$function$;

create or replace function private.bump_organization_generation()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_organization_id uuid;
begin
  if tg_table_name = 'organizations' then
    for v_organization_id in select n.id from new_rows n loop
      perform private.bump_generation_of(v_organization_id, 'organization');
    end loop;
  else
    for v_organization_id in
      select distinct m.organization_id from new_rows n join public.organization_members m on m.user_id = n.id
    loop
      perform private.bump_generation_of(v_organization_id, 'organization');
    end loop;
  end if;
  return null;
end;
$function$;

create or replace function private.change_is_sensitive()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  if tg_op = 'DELETE' then
    -- Who leaves takes nothing from anybody.
    if to_jsonb(old) ->> 'user_id' is distinct from auth.uid()::text then
      perform private.require_aal2((to_jsonb(old) ->> tg_argv[0])::uuid);
    end if;
    return old;
  end if;
  perform private.require_aal2((to_jsonb(new) ->> tg_argv[0])::uuid);
  return new;
end;
$function$;

create or replace function private.change_webhook_subscription (
  p_subscription public.webhook_subscriptions,
  p_changes      jsonb
)
  returns public.webhook_subscriptions
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_bad text;
begin
  if jsonb_typeof(p_changes) is distinct from 'object' then
    perform private.fail('invalid_request', 'The settings of a webhook subscription must be an object', 400);
  end if;
  select min(k.name) into v_bad from jsonb_object_keys(p_changes) as k (name)
  where k.name <> all (array[
    'url', 'description', 'application', 'event_types', 'flow_ids', 'resource_ids', 'status', 'transformation',
    'header_names', 'ordered', 'rate_per_minute', 'timeout_seconds', 'priority'
  ]);
  if v_bad is not null then
    perform private.fail('invalid_request', format('A webhook subscription has no setting %s', left(v_bad, 100)), 400);
  end if;
  if p_changes ? 'status' and coalesce(p_changes ->> 'status', '') not in ('active', 'paused') then
    perform private.fail('invalid_request', 'A person makes a webhook subscription active or paused', 400);
  end if;
  begin
    p_subscription := jsonb_populate_record(p_subscription, p_changes);
  exception when data_exception then
    perform private.fail('invalid_request', 'A setting of the webhook subscription has the wrong type', 400);
  end;
  if coalesce(p_subscription.url, '') !~ '^https?://[^[:space:][:cntrl:]]+$' then
    perform private.fail('invalid_request', 'The address of a webhook subscription begins with http:// or https://', 400);
  end if;
  if p_subscription.status <> 'disabled' then
    p_subscription.disabled_reason := null;
    p_subscription.disabled_at := null;
  end if;
  p_subscription.transformation := nullif(p_subscription.transformation, 'null');
  p_subscription.event_types := array(select distinct t.type from unnest(p_subscription.event_types) as t (type) order by 1);
  return p_subscription;
end;
$function$;

create or replace function private.check_api_key_seed (
  p_seed text
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  if p_seed !~ '^[0-9A-Za-z_-]{16,64}$' then
    perform private.fail('invalid_request', 'The seed of an API key has 16 to 64 letters, digits, - and _', 400);
  end if;
end;
$function$;

create or replace function private.check_audit_batches (
  p_after           bigint,
  p_through         bigint,
  p_organization_id uuid   default null::uuid
)
  returns table (
    number          bigint,
    organization_id uuid,
    first_seq       bigint,
    last_seq        bigint,
    rows_dropped    boolean,
    statement       text,
    stored_link     text,
    key_id          text,
    signed_at       text,
    signature       text,
    fault           text,
    fault_seq       bigint,
    fault_row       uuid
  )
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  b private.audit_batches;
  v_ids uuid[];
  v_leaves bytea;
  v_late uuid;
  v_place integer;
begin
  for b in
    select * from private.audit_batches s
    where s.number > p_after and s.number <= p_through and (p_organization_id is null or s.organization_id = p_organization_id)
    order by s.number
  loop
    number := b.number;
    organization_id := b.organization_id;
    first_seq := b.first_seq;
    last_seq := b.last_seq;
    rows_dropped := b.dropped_at is not null;
    statement := private.audit_statement(b);
    stored_link := encode(b.link, 'hex');
    key_id := b.key_id;
    signed_at := (extract(epoch from b.signed_at) * 1000000)::bigint::text;
    signature := translate(encode(b.signature, 'base64'), E'\n', '');
    fault := null;
    v_place := null;
    if sha256(convert_to(statement, 'UTF8')) <> b.link or private.audit_head(b.previous_head, b.root) <> b.head then
      fault := 'rewritten';
    elsif not rows_dropped then
      -- A seal's rows stand in the order of their ids, so the index gives them as they are sealed. A statement a seal: a join
      -- with all seals at once would hash every row of the log for each slice of it.
      select array_agg(l.id order by l.id), string_agg(l.leaf, ''::bytea order by l.id),
        min(l.id::text) filter (where l.occurred_at < b.seen_at - interval '1 hour')::uuid
      into v_ids, v_leaves, v_late
      from private.audit_leaves l
      where l.organization_id = b.organization_id and l.id = any (b.row_ids);
      if v_ids is distinct from b.row_ids then
        select min(u.place) filter (where l.id is null),
          string_agg(coalesce(l.leaf, decode(repeat('00', 32), 'hex')), ''::bytea order by u.place)
        into v_place, v_leaves
        from unnest(b.row_ids) with ordinality as u (id, place)
        left join private.audit_leaves l on l.organization_id = b.organization_id and l.id = u.id and l.id = any (b.row_ids);
      end if;
      if v_place is not null then
        fault := 'deleted';
      elsif v_leaves <> b.leaves then
        select min(i) into v_place
        from generate_series(1, cardinality(b.row_ids)) i
        where substring(v_leaves from i * 32 - 31 for 32) <> substring(b.leaves from i * 32 - 31 for 32);
        fault := case when exists (
          select 1 from generate_series(1, cardinality(b.row_ids)) i
          where substring(b.leaves from i * 32 - 31 for 32) = substring(v_leaves from v_place * 32 - 31 for 32)
        ) then 'reordered' else 'edited' end;
      elsif private.audit_root(v_leaves) <> b.root then
        fault := 'rewritten';
      elsif v_late is not null then
        fault := 'backdated';
        v_place := array_position(b.row_ids, v_late);
      end if;
    end if;
    fault_seq := first_seq + v_place - 1;
    fault_row := b.row_ids[v_place];
    return next;
  end loop;
end;
$function$;

create or replace function private.disable_subscription (
  p_subscription_id uuid,
  p_reason          text,
  p_failing_since   timestamp with time zone
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_subscription public.webhook_subscriptions;
  v_state private.webhook_endpoint_states;
  v_waiting bigint;
  v_owner record;
begin
  update public.webhook_subscriptions s set status = 'disabled', disabled_reason = p_reason, disabled_at = private.now()
  where s.id = p_subscription_id and s.status <> 'disabled'
  returning * into v_subscription;
  if v_subscription.id is null then
    return;
  end if;
  perform private.publish_event(v_subscription.organization_id, 'webhook.endpoint_disabled', jsonb_build_object(
    'id', v_subscription.id, 'url', v_subscription.url, 'reason', p_reason, 'failing_since', p_failing_since
  ), v_subscription.id::text);
  select * into v_state from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id;
  select count(*) into v_waiting from public.webhook_deliveries d where d.subscription_id = p_subscription_id and d.status = 'pending';
  for v_owner in
    select p.email, o.name
    from public.organization_members m
    join public.profiles p on p.id = m.user_id and p.email is not null
    join public.organizations o on o.id = m.organization_id
    where m.organization_id = v_subscription.organization_id and m.role = 'owner'
    order by p.email
  loop
    perform private.send_mail(v_subscription.organization_id, 'endpoint_disabled', v_owner.email, jsonb_build_object(
      'organization', v_owner.name, 'url', left(v_subscription.url, 2000), 'reason', p_reason, 'failures', v_state.failures,
      'failing_since', p_failing_since, 'last_error', v_state.last_error, 'waiting', v_waiting,
      'link', '/webhooks/subscriptions/' || v_subscription.id
    ), concat_ws(':', v_subscription.id, v_subscription.version, v_owner.email));
  end loop;
end;
$function$;

create or replace function private.discard_dead_letter (
  p_job_id uuid
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_job record;
begin
  delete from public.job_history h where h.id = p_job_id and h.status = 'dead' returning h.organization_id, h.type into v_job;
  if not found then
    perform private.fail('not_found', 'No such dead letter', 404);
  end if;
  perform private.audit(v_job.organization_id, 'dead_letter.discarded', 'dead_letter', p_job_id::text,
    jsonb_build_object('type', v_job.type));
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
  v_which text := private.dead_letters_from(p_organization_id, p_filter, p_limit);
  v_discarded bigint := 0;
  v_left bigint;
begin
  if not coalesce(p_dry_run, false) then
    execute format(
      'delete from public.job_history h where h.id in (select j.id from %s order by j.id limit %s for update of j skip locked)',
      v_which, p_limit
    );
    get diagnostics v_discarded = row_count;
    if v_discarded > 0 then
      perform private.audit(p_organization_id, 'dead_letter.discarded', 'dead_letter', null,
        p_details => jsonb_build_object('filter', p_filter, 'discarded', v_discarded));
    end if;
  end if;
  execute 'select count(*) from ' || v_which into v_left;
  return jsonb_build_object('discarded', v_discarded, 'left', v_left, 'dry_run', coalesce(p_dry_run, false));
end;
$function$;

create or replace function private.drop_audit_of (
  p_organization_id uuid,
  p_sealed_before   timestamp with time zone,
  p_limit           bigint
)
  returns bigint
  language plpgsql
  set search_path to ''
  AS $function$
-- Whole seals from the oldest on, some p_limit rows. Never a tenant's last: it has the row that tells what was dropped.
declare
  v_batch record;
  v_rows bigint := 0;
  v_last record;
begin
  perform set_config('millrace.audit_retention', 'on', true);
  for v_batch in
    select b.number, b.row_ids, b.last_seq, b.head, b.sealed_at, b.signature is not null as is_signed,
      lead(b.number) over (order by b.first_seq) is null as is_last
    from (
      select * from private.audit_batches b
      where b.organization_id = p_organization_id and b.dropped_at is null order by b.first_seq limit 101
    ) b
    order by b.first_seq
  loop
    exit when v_rows >= p_limit or v_batch.is_last or not v_batch.is_signed or v_batch.sealed_at >= p_sealed_before;
    delete from public.audit_events e where e.organization_id = p_organization_id and e.id = any (v_batch.row_ids);
    update private.audit_batches b set dropped_at = private.now(), row_ids = null, leaves = null where b.number = v_batch.number;
    v_rows := v_rows + cardinality(v_batch.row_ids);
    v_last := v_batch;
  end loop;
  perform set_config('millrace.audit_retention', '', true);
  if v_rows > 0 then
    perform private.audit(
      p_organization_id, 'audit.dropped', 'audit', null,
      p_details => jsonb_build_object('through', v_last.last_seq, 'rows', v_rows, 'head', encode(v_last.head, 'hex'))
    );
  end if;
  return v_rows;
end;
$function$;

create or replace function private.end_disabled_deliveries (
  p_subscription_id uuid
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_ended integer;
begin
  with waiting as (
    select d.id from public.webhook_deliveries d
    where d.subscription_id = p_subscription_id and d.status = 'pending' limit 2000 for update
  )
  update public.webhook_deliveries d set
    status = 'failed', finished_at = private.now(), next_attempt_at = null, lease = null, leased_until = null,
    error_code = 'endpoint_disabled'
  from waiting where d.id = waiting.id;
  get diagnostics v_ended = row_count;
  if v_ended = 2000 then
    perform private.wake_endpoint(p_subscription_id, private.now());
  end if;
  return v_ended;
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
  -- Here and not in a function: each run comes by, and hardly any organization has a subscription.
  if exists (select from public.webhook_subscriptions s where s.organization_id = v_run.organization_id) then
    perform private.publish_run(v_run);
  end if;
  return true;
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
  v_named jsonb;
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
  -- Few tell how far they are.
  if exists (select 1 from private.job_states) then
    delete from private.job_states s using private.job_leases l where l.id = any (v_leases) and s.job_id = any (l.job_ids);
  end if;
  with gone as (
    -- How many, once: asked of each job, it would unpack the list again for each.
    delete from private.job_leases l where l.id = any (v_leases) returning l.*, cardinality(l.types) as jobs
  ),
  said as (
    select r.lease, sum(r.busy_ms) as busy_ms, coalesce(bool_or(r.keep), false) as keep
    from jsonb_to_recordset(p_results) as r (lease uuid, job uuid, busy_ms double precision, keep boolean)
    where r.job is null group by r.lease
  ),
  -- Of those that leave no trace neither the jobs nor their arguments are read.
  kept as (
    insert into public.job_history (
      id, organization_id, type, status, priority, attempts, max_attempts, payload, unique_key, concurrency_key,
      scheduled_for, created_at, started_at, completed_at
    )
    select j.id, j.organization_id, j.type, 'completed', j.priority, j.attempts, j.max_attempts, j.payload,
      j.options ->> 'unique_key', j.options ->> 'concurrency_key', j.due, j.created, g.started_at, p_now
    from gone g
    join said s on s.lease = g.id and s.keep
    cross join lateral unnest(
      g.job_ids, g.organization_ids, g.types, g.payloads, g.attempts, g.max_attempts, g.priorities, g.due, g.created, g.options
    ) as j (id, organization_id, type, payload, attempts, max_attempts, priority, due, created, options)
    on conflict do nothing
  ),
  counted as (
    insert into private.job_counts as c (minute, organization_id, type, worker_id, completed, busy_ms, wait_ms)
    select date_trunc('minute', p_now), u.organization_id, u.type, p_worker_id, count(*),
      coalesce(sum(greatest(s.busy_ms, 0) / g.jobs), 0)::bigint,
      sum(greatest(0, extract(epoch from g.started_at - u.due) * 1000))::bigint
    from gone g
    cross join lateral unnest(g.organization_ids, g.types, g.due) as u (organization_id, type, due)
    left join said s on s.lease = g.id
    group by u.organization_id, u.type
    order by u.organization_id, u.type
    on conflict (minute, organization_id, type, worker_id) do update set
      completed = c.completed + excluded.completed, busy_ms = c.busy_ms + excluded.busy_ms, wait_ms = c.wait_ms + excluded.wait_ms
  ),
  -- Only what was enqueued under a name of its own can be a task.
  named as (
    select j.id, j.organization_id, j.type, j.options ->> 'unique_key' as unique_key
    from gone g
    cross join lateral unnest(g.job_ids, g.organization_ids, g.types, g.options) as j (id, organization_id, type, options)
    where g.options is not null and j.organization_id = private.platform_id() and j.options ? 'unique_key'
  )
  select array_agg(g.id), (select jsonb_agg(to_jsonb(n)) from named n) into v_finished, v_named from gone g;
  with freed as (
    delete from private.job_slots s where s.lease_id = any (v_finished) returning s.limit_key
  )
  select array_agg(f.limit_key) into v_keys from freed f;
  if v_keys is not null then
    perform private.unblock_jobs(v_keys);
  end if;
  if v_named is not null then
    perform private.tell_task((n ->> 'organization_id')::uuid, n ->> 'type', (n ->> 'id')::uuid, n ->> 'unique_key', 'completed', null)
    from jsonb_array_elements(v_named) n;
  end if;
  return v_finished;
end;
$function$;

create or replace function private.generation_of (
  p_organization_id uuid,
  p_kind            text
)
  returns text
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(to_hex(bit_xor(g.generation)), '0') from private.generations g
    where g.organization_id = p_organization_id and g.kind = p_kind
  );
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
            analytics_daily,api_keys,audit_events,bulk_operations,entities,entity_moves,flow_edge_stats,flow_version_runs,
            flow_versions,flows,invitations,job_history,job_queue,mails,organization_members,organizations,plans,profiles,
            run_archives,run_stats_daily,run_steps,runs,schedule_firings,schedules,secrets,usage_hourly,webhook_attempts,
            webhook_deliveries,webhook_endpoints,webhook_events,webhook_messages,webhook_subscriptions,workspaces
          }'::text[])
          -- Weeks of a table of ours.
          or c.relispartition and c.relname ~ '^(runs|run_steps|job_history|audit_events)_(default|\d{4}w\d{2})$'
        )
      )
  );
$function$;

create or replace function private.is_suppressed (
  p_email    text,
  p_category text
)
  returns boolean
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return false;
end;
$function$;

create or replace function private.keep_mails()
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_given_up integer;
begin
  with late as (
    select m.id from public.mails m where m.status = 'queued' and m.expires_at <= v_now order by m.expires_at limit 5000 for update skip locked
  )
  update public.mails m set status = 'expired', ended_at = v_now from late where m.id = late.id;
  -- Nobody will ever know: SMTP has no keys, and Resend forgets its own after a day.
  with lost as (
    select m.id from public.mails m
    where m.status = 'sending' and m.leased_until <= v_now
      and (m.provider = 'smtp' or m.created_at < v_now - interval '20 hours' or m.expires_at <= v_now)
    order by m.leased_until limit 5000 for update skip locked
  )
  update public.mails m set
    status = 'failed', ended_at = v_now, is_unsure = false, leased_until = null,
    error = jsonb_build_object('code', 'outcome_unknown', 'message', 'The provider was asked, and its answer is not known: it may have been sent')
  from lost where m.id = lost.id;
  get diagnostics v_given_up = row_count;
  delete from private.mail_data d where d.ctid in (
    select o.ctid from private.mail_data o where o.forget_at <= v_now order by o.forget_at limit 5000
  );
  delete from public.mails m where m.ctid in (
    select o.ctid from public.mails o where o.ended_at < v_now - interval '90 days' limit 5000
  );
  if exists (
    select 1 from public.mails m where m.status = 'queued' and m.scheduled_for <= v_now
    union all
    select 1 from public.mails m where m.status = 'sending' and m.leased_until <= v_now
  ) then
    perform private.wake_mails();
  end if;
  return v_given_up;
end;
$function$;

create or replace function private.keep_subscription_secret (
  p_subscription public.webhook_subscriptions,
  p_kind         text,
  p_secret       jsonb
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  insert into private.webhook_subscription_secrets (subscription_id, kind, number, organization_id, envelope, key_id, last_four)
  values (
    p_subscription.id, p_kind, (p_secret ->> 'number')::integer, p_subscription.organization_id,
    private.read_envelope(p_secret ->> 'envelope', p_secret ->> 'key_id'), p_secret ->> 'key_id',
    case p_kind when 'signing' then p_secret ->> 'last_four' end
  );
exception
  when check_violation or not_null_violation or data_exception then
    perform private.fail('invalid_request', 'The secret is not encrypted as it must be', 400);
  when unique_violation then
    perform private.fail('conflict', 'There is a secret of this number already', 409);
end;
$function$;

create or replace function private.keep_webhooks_out (
  p_limit integer default 5000
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_woken integer := 0;
  v_gone bigint;
  v_row record;
begin
  -- What waits without a job: its job became a dead letter, the organization was suspended, a backup was restored.
  for v_row in
    select e.subscription_id, s.organization_id
    from private.webhook_endpoint_states e
    join public.webhook_subscriptions s on s.id = e.subscription_id and s.status <> 'paused'
    join public.organizations o on o.id = s.organization_id and o.suspended_at is null and o.deletes_at is null
    where exists (
      select from public.webhook_deliveries d
      where d.subscription_id = s.id and d.status = 'pending' and d.next_attempt_at < private.now() - interval '2 minutes'
        and coalesce(d.leased_until < private.now(), true)
    ) and not exists (
      select from public.job_queue j
      where j.organization_id = s.organization_id and j.type = 'webhook.deliver' and j.unique_key = s.id::text
    )
    order by e.subscription_id limit 1000
    for update of e skip locked
  loop
    perform private.wake_endpoint(v_row.subscription_id, private.now());
    v_woken := v_woken + 1;
  end loop;
  for v_row in
    select distinct m.organization_id from public.webhook_messages m
    where not m.is_sent_on and not m.is_test and m.created_at < private.now() - interval '2 minutes'
  loop
    perform private.enqueue_job(v_row.organization_id, 'webhook.send_on', '{}', '{"priority": 90}');
    v_woken := v_woken + 1;
  end loop;
  with expired as (
    select e.id
    from public.organizations o
    cross join lateral private.kept_days('webhook_events', o.id) as d (days)
    cross join lateral (
      select m.id from public.webhook_messages m
      where m.organization_id = o.id and m.id < private.uuid_v7_floor(private.now() - make_interval(days => d.days))
        and not exists (select from public.webhook_deliveries w where w.message_id = m.id and w.status = 'pending')
      order by m.id limit p_limit
    ) e
    limit p_limit
  ), gone as (
    delete from public.webhook_messages m where m.id in (select e.id from expired e) returning 1
  )
  select count(*) into v_gone from gone;
  delete from private.webhook_endpoint_stats h where h.hour < private.now() - interval '90 days';
  return jsonb_build_object('woken', v_woken, 'deleted', v_gone);
end;
$function$;

create or replace function private.limit_struck (
  p_key           text,
  p_strikes       integer,
  p_blocked_until timestamp with time zone
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_kind text := split_part(p_key, ':', 1);
  v_id uuid := case when pg_input_is_valid(split_part(p_key, ':', 2), 'uuid') then split_part(p_key, ':', 2)::uuid end;
  v_organization_id uuid;
  v_details jsonb := jsonb_build_object('bucket', p_key, 'strikes', p_strikes, 'blocked_until', p_blocked_until);
begin
  if v_kind = 'key' then
    select k.organization_id into v_organization_id from public.api_keys k where k.id = v_id;
  end if;
  perform private.security_event('limit.blocked', v_organization_id, v_details, case when v_kind = 'user' then v_id end,
    case when v_kind = 'key' then v_id end);
  if v_organization_id is null then
    return;
  end if;
  -- The ninth block in a row lasts an hour. Whoever hammers through that has nobody who looks after it.
  if p_strikes >= 10 then
    update public.api_keys k set expires_at = private.now()
    where k.id = v_id and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now());
    if found then
      perform private.security_event('key.suspended', v_organization_id, v_details, null, v_id);
    end if;
  end if;
end;
$function$;

create or replace function private.lock_webhook_delivery (
  p_delivery_id uuid
)
  returns public.webhook_deliveries
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_delivery public.webhook_deliveries;
begin
  select * into v_delivery from public.webhook_deliveries d where d.id = p_delivery_id;
  perform private.require_permission(v_delivery.organization_id, 'webhooks:write', 'webhook delivery');
  perform 1 from private.webhook_endpoint_states e where e.subscription_id = v_delivery.subscription_id for update;
  select * into v_delivery from public.webhook_deliveries d where d.id = p_delivery_id for update;
  return v_delivery;
end;
$function$;

create or replace function private.lock_webhook_subscription (
  p_subscription_id uuid,
  p_if_version      integer default null::integer
)
  returns public.webhook_subscriptions
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_subscription public.webhook_subscriptions;
begin
  select * into v_subscription from public.webhook_subscriptions s where s.id = p_subscription_id for no key update;
  perform private.require_permission(v_subscription.organization_id, 'webhooks:write', 'webhook subscription');
  if p_if_version is not null and p_if_version <> v_subscription.version then
    perform private.fail('version_mismatch', 'The webhook subscription has changed since you read it', 412);
  end if;
  return v_subscription;
end;
$function$;

create or replace function private.mail_batch (
  p_batch_id uuid
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select jsonb_build_object('batch_id', p_batch_id, 'mails', jsonb_agg(jsonb_build_object(
      'id', m.id, 'organization_id', m.organization_id, 'template', m.template, 'category', m.category, 'to', m.to_address,
      'data', d.data, 'attempts', m.attempts, 'created_at', m.created_at
    ) order by m.id))
    from public.mails m
    left join private.mail_data d on d.mail_id = m.id
    where m.batch_id = p_batch_id and m.status = 'sending'
  );
end;
$function$;

create or replace function private.mail_reply (
  p_mail public.mails
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return to_jsonb(p_mail) - '{tenant_id,batch_id,leased_until,is_unsure}'::text[];
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
  set enable_seqscan to 'off'
  set enable_bitmapscan to 'off'
  set enable_hashjoin to 'off'
  set enable_mergejoin to 'off'
  set jit to 'off'
  AS $function$
declare
  -- Looking at those that have nothing has become dear, sooner while others wait.
  v_are_many boolean := cardinality(p_empty) > case when p_is_full then 8 else 64 end;
  -- While nobody else has work, what the only one is given keeps nobody waiting.
  v_counts boolean := p_is_full and coalesce(p_organization_ids[2] <> p_organization_ids[1], false);
  v_free uuid[];
begin
  if p_is_full and not v_counts then
    v_counts := exists (select 1 from private.job_turns t where t.is_active and t.organization_id <> p_organization_ids[1]);
  end if;
  if not v_counts and not v_are_many and not p_is_costly then
    return;
  end if;
  if not v_counts then
    -- It only makes the next look cheaper: no reason to wait.
    select array_agg(l.organization_id) into v_free from (
      select t.organization_id from private.job_turns t
      where t.organization_id = any (p_organization_ids) and t.is_active
      for update skip locked
    ) l;
  end if;
  with locked as materialized (
    -- In one order, and counted afterwards: what another claim has added meanwhile is seen.
    select t.organization_id from private.job_turns t
    where v_counts and t.organization_id = any (p_organization_ids) and t.is_active
    order by t.organization_id
    for update
  )
  update private.job_turns t set
    virtual_time = t.virtual_time + case when v_counts then n.taken * 1000 / t.weight else 0 end,
    is_active = not (n.is_empty and v_are_many),
    -- Whoever enqueued at this moment may not have committed yet: a tenth of a second back.
    head = case when p_is_costly then greatest(
      least(n.latest, p_now - interval '100 milliseconds'), case when t.head_until > p_now then t.head else '-infinity' end
    ) else t.head end,
    head_until = case when p_is_costly then p_now + interval '1 second' else t.head_until end
  from (
    select g.id, sum(g.taken)::integer as taken, g.id = any (p_empty) as is_empty,
      -- One that gave less than it was asked for has nothing before this moment.
      case when p_is_full and sum(g.taken) > 0 then coalesce(max(g.latest), '-infinity')
        when p_is_full then '-infinity' else p_now end as latest
    from unnest(p_organization_ids, p_counts, p_latest) as g (id, taken, latest)
    where v_counts or g.id = any (v_free)
    group by g.id
  ) n
  where (select count(*) from locked) >= 0 -- they are locked first
    and t.organization_id = n.id and t.is_active and (n.taken > 0 or p_is_costly or (n.is_empty and v_are_many));
  if v_counts and p_virtual_time > (select c.last_value from private.job_clock c) then
    perform setval('private.job_clock', p_virtual_time);
  end if;
end;
$function$;

create or replace function private.organizations_of_caller()
  returns uuid[]
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return array(select k.organization_id from public.api_keys k where k.id = private.caller_key_id())
    || array(select m.organization_id from public.organization_members m where m.user_id = auth.uid());
end;
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
declare
  -- Read once, and not by auth.uid() and private.caller_key_id(): every policy asks this in every statement. Each expression
  -- of PL/pgSQL costs its own start in every transaction, so there are as few as can be.
  v_claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  -- PL/pgSQL keeps its plans for the session.
  if v_claims ? 'millrace' and v_claims #>> '{millrace,key}' is not null then
    -- The key's own row decides, not what its token was minted with: a token of a revoked key reads nothing.
    return array(
      select k.organization_id
      from public.api_keys k
      join public.organizations o on o.id = k.organization_id
      where k.id = (v_claims #>> '{millrace,key}')::uuid
        and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now())
        and p_permission = any (k.scopes)
        and (o.suspended_at is null or p_permission = 'org:read')
    );
  end if;
  return array(
    select m.organization_id
    from public.organization_members m
    join private.role_permissions rp on rp.role = m.role and rp.permission = p_permission
    join public.organizations o on o.id = m.organization_id
    where m.user_id = (v_claims ->> 'sub')::uuid
      and (o.suspended_at is null and (o.require_mfa <> 'always' or v_claims ->> 'aal' = 'aal2') or p_permission = 'org:read')
  );
end;
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
  set jit to 'off'
  AS $function$
declare
  v_queue constant oid := 'public.job_queue'::regclass;
  v_pages bigint := pg_stat_get_xact_blocks_fetched(v_queue);
  -- What is behind by more has been overlooked, and the sweep sets it right: private.sweep_jobs.
  v_floor bigint := (select c.last_value from private.job_clock c) - 64000;
  -- Organizations a look. Of a small batch each gets one; of a large one a few get several each, which touches fewer pages
  -- and evens out.
  v_width integer := case when p_limit <= 8 then 8 else least(8, greatest(3, ceil(p_limit / 8.0)::integer)) end;
  v_wanted integer := p_limit;
  v_seen uuid[] := '{}';
  v_done uuid[] := '{}';
  v_has_looked boolean := false;
  v_has_heads boolean := false;
  v_found integer;
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
        select n.organization_id, n.virtual_time, n.weight,
          case when n.head_until > p_now and n.head <= p_now and not v_has_looked then n.head else '-infinity'::timestamptz end as head,
          case when n.max_running is not null then
            greatest(0, n.max_running - private.count_running(n.organization_id) - n.taken)::integer
          end as room
        from (
          (
            select t.organization_id, t.virtual_time, t.weight, t.head, t.head_until, t.max_running, 0 as taken
            from private.job_turns t
            where t.is_active and t.virtual_time >= v_floor and t.organization_id <> all (p_organization_ids)
            order by t.virtual_time, t.organization_id
            limit v_width
          )
          union all
          -- Those that had something in this claim and have more, at what that made of their time.
          select t.organization_id, t.virtual_time + g.taken * 1000 / t.weight, t.weight, t.head, t.head_until, t.max_running, g.taken
          from (
            select u.id, sum(u.taken)::integer as taken from unnest(p_organization_ids, p_counts) u (id, taken)
            where u.id <> all (v_done) group by u.id
          ) g
          join private.job_turns t on t.organization_id = g.id
        ) n
        order by n.virtual_time, n.organization_id
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
          where t.head > '-infinity' and j.status = 'available' and j.organization_id = t.organization_id and j.priority < 100
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
            and (j.priority, j.scheduled_for) >= (case when t.head > '-infinity' then 100 else -32768 end::smallint, t.head)
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
      select t.organization_id, t.virtual_time, t.quota, t.head > '-infinity' as has_head, coalesce(p.taken, 0) as taken, p.latest
      from turns t
      left join (
        select k.organization_id, count(*)::integer as taken, max(k.scheduled_for) filter (where k.priority = 100) as latest
        from picked k group by k.organization_id
      ) p on p.organization_id = t.organization_id
    )
    select * into v_round from (
      select
        array_agg(n.organization_id) as organizations, array_agg(n.taken) as counts, array_agg(n.latest) as latest,
        array_agg(n.organization_id) filter (where n.taken < n.quota or n.quota = 0) as exhausted,
        array_agg(n.organization_id) filter (where n.taken = 0 and n.quota > 0) as empty,
        bool_or(n.has_head) as has_heads,
        min(n.virtual_time) filter (where n.taken > 0) as virtual_time, coalesce(sum(n.taken), 0)::integer as taken
      from counted n
    ) o, (
      select
        array_agg(k.id) filter (where not k.is_job) as tokens, array_agg(k.id) filter (where k.is_job) as jobs,
        bool_or(k.is_special) filter (where k.is_job) as is_special
      from picked k
    ) w;

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
    v_has_heads := v_has_heads or coalesce(v_round.has_heads, false);
    -- What is left of the batch goes to those that have more, again the least virtual time first; unless that was everybody,
    -- and none has more.
    if cardinality(v_round.organizations) = v_width or cardinality(v_round.organizations) > coalesce(cardinality(v_round.exhausted), 0) then
      v_width := least(v_width * 2, 256);
      continue;
    end if;
    -- All that is known of is taken. What is not known of, or was passed over, is looked for once.
    exit when v_has_looked;
    v_found := private.find_turns(p_now);
    exit when v_found is null or (v_found = 0 and not v_has_heads);
    v_has_looked := true;
    v_width := least(v_width * 2, 256);
    v_done := '{}';
    p_empty := '{}';
  end loop;
  v_pages := pg_stat_get_xact_blocks_fetched(v_queue) - v_pages;
  -- While every claim is full, five times a second.
  if v_wanted <= 0 and date_part('epoch', clock_timestamp()) * 1000000 >= 200000 + (select n.last_value from private.next_discovery n) then
    perform private.find_turns(p_now, 200000);
  end if;
  p_is_full := v_wanted <= 0;
  p_is_costly := v_pages > 100 + 3 * p_limit;
end;
$function$;

create or replace function private.pick_mails (
  p_limit          integer,
  p_last_tenant_id uuid
)
  returns uuid[]
  language plpgsql
  set search_path to ''
  AS $function$
-- By priority; within one, organizations take turns from the one behind p_last_tenant_id on, each giving an equal share of
-- the batch, and what is left goes to whoever has more. Costs an index look an organization, 100 at the most.
declare
  v_now timestamptz := private.now();
  v_ids uuid[] := '{}';
  v_tenants uuid[];
  v_tenant_id uuid;
  v_share integer;
  v_room integer;
begin
  foreach v_share in array '{10,50,100,200}'::integer[] loop
    continue when cardinality(v_ids) >= p_limit;
    v_tenants := '{}';
    v_tenant_id := p_last_tenant_id;
    for v_lap in 1..2 loop
      loop
        select m.tenant_id into v_tenant_id from public.mails m
        where m.status = 'queued' and m.priority = v_share and m.tenant_id > v_tenant_id and m.scheduled_for <= v_now
          and (v_lap = 1 or m.tenant_id <= p_last_tenant_id)
        order by m.tenant_id limit 1;
        exit when not found or cardinality(v_tenants) >= 100;
        v_tenants := v_tenants || v_tenant_id;
      end loop;
      -- The platform's own has the least id, which is behind none.
      v_tenant_id := private.platform_id();
      if v_lap = 1 then
        v_tenants := v_tenants || v_tenant_id;
      end if;
    end loop;
    for v_pass in 1..2 loop
      v_room := p_limit - cardinality(v_ids);
      exit when v_room <= 0;
      v_ids := v_ids || array(
        select m.id
        from unnest(v_tenants) with ordinality as t (tenant_id, place)
        cross join lateral (
          select q.id, q.scheduled_for from public.mails q
          where q.status = 'queued' and q.priority = v_share and q.tenant_id = t.tenant_id and q.scheduled_for <= v_now
            and q.id <> all (v_ids)
          order by q.scheduled_for, q.id
          limit case v_pass when 1 then ceil(v_room::numeric / cardinality(v_tenants)) else v_room end
          for update skip locked
        ) m
        order by t.place, m.scheduled_for, m.id
        limit v_room
      );
    end loop;
  end loop;
  return v_ids;
end;
$function$;

create or replace function private.promote_deliveries (
  p_subscription_id uuid,
  p_keys            text[]
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  if p_keys is null then
    return;
  end if;
  update public.webhook_deliveries d set next_attempt_at = private.now()
  where d.id in (
    select f.id
    from unnest(p_keys) as k (order_key)
    cross join lateral (
      select o.id, o.next_attempt_at from public.webhook_deliveries o
      where o.subscription_id = p_subscription_id and o.order_key = k.order_key and o.status = 'pending'
      order by o.id limit 1
    ) f
    where f.next_attempt_at = 'infinity'
  );
end;
$function$;

create or replace function private.publish_api_key()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  if tg_op = 'UPDATE' and (new.revoked_at is null or old.revoked_at is not null) then
    return null;
  end if;
  perform private.publish_event(new.organization_id, case tg_op when 'INSERT' then 'api_key.created' else 'api_key.revoked' end,
    jsonb_build_object('id', new.id, 'name', new.name, 'mode', new.mode, 'prefix', new.prefix, 'last_four', new.last_four, 'scopes', new.scopes),
    new.id::text);
  return null;
end;
$function$;

create or replace function private.publish_approvals (
  p_results jsonb
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_wait record;
begin
  for v_wait in
    select r.run_id, coalesce(r.scope, '') as scope, r.move ->> 'node' as node, r.move #> '{wait,data,approvers}' as approvers,
      q.organization_id, q.flow_id, q.pins, nullif(j.scheduled_for, 'infinity') as expires_at
    from jsonb_to_recordset(p_results) as r (job uuid, run_id uuid, scope text, move jsonb)
    join public.runs q on q.id = r.run_id and q.pins is null
    left join public.job_queue j on j.id = r.job
    where r.move -> 'wait' ->> 'kind' = 'approval'
    order by r.run_id
  loop
    perform private.publish_event(v_wait.organization_id, 'approval.requested', jsonb_build_object(
      'id', v_wait.run_id, 'flow_id', v_wait.flow_id, 'node_id', v_wait.node, 'scope', v_wait.scope,
      'approvers', v_wait.approvers, 'expires_at', v_wait.expires_at
    ), v_wait.run_id::text);
  end loop;
end;
$function$;

create or replace function private.publish_entity()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_entity public.entities := coalesce(new, old);
begin
  if not exists (
    select from public.webhook_subscriptions s where s.organization_id = v_entity.organization_id and s.status <> 'disabled'
  ) or (tg_op = 'DELETE' and old.deleted_at is not null) or (tg_op = 'UPDATE' and new.deleted_at is null) then
    return null;
  end if;
  perform private.publish_event(v_entity.organization_id, case tg_op when 'INSERT' then 'entity.created' else 'entity.deleted' end,
    jsonb_build_object('id', v_entity.id, 'flow_id', v_entity.flow_id, 'type', v_entity.type, 'node_id', v_entity.node_id),
    v_entity.id::text);
  return null;
end;
$function$;

create or replace function private.publish_event (
  p_organization_id uuid,
  p_type            text,
  p_data            jsonb,
  p_key             text  default null::text
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  if p_type <> all (array[
    'run.completed', 'run.failed', 'run.cancelled', 'flow.created', 'flow.updated', 'flow.deleted', 'entity.created',
    'entity.moved', 'entity.deleted', 'approval.requested', 'webhook.endpoint_disabled', 'subscription.updated',
    'invoice.paid', 'invoice.payment_failed', 'budget.reached', 'usage.limit_reached', 'secret.expiring', 'member.joined',
    'member.removed', 'api_key.created', 'api_key.revoked', 'email.bounced', 'email.complained'
  ]) then
    raise 'There is no event type %', p_type;
  end if;
  -- The one cheap look: most organizations have no subscription at all.
  if not exists (
    select from public.webhook_subscriptions s
    where s.organization_id = p_organization_id and s.status <> 'disabled' and s.event_types && array[p_type, '*']
  ) then
    return;
  end if;
  perform private.add_message(p_organization_id, p_type, p_data, p_key);
end;
$function$;

create or replace function private.publish_flow()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_flow public.flows := coalesce(new, old);
begin
  -- What nobody sees: a flow that was deleted before, and the scratch flow, which is born so. Its first graph belongs to the
  -- making of a flow.
  if (tg_op <> 'INSERT' and old.deleted_at is not null) or (tg_op = 'INSERT' and new.deleted_at is not null)
    or (tg_op = 'UPDATE' and old.current_version_id is null and new.name = old.name)
  then
    return null;
  end if;
  perform private.publish_event(v_flow.organization_id,
    case
      when tg_op = 'INSERT' then 'flow.created'
      when tg_op = 'DELETE' or (new.deleted_at is not null and old.deleted_at is null) then 'flow.deleted'
      else 'flow.updated'
    end,
    jsonb_build_object('id', v_flow.id, 'flow_id', v_flow.id, 'name', v_flow.name, 'is_active', v_flow.is_active, 'version', v_flow.version),
    v_flow.id::text);
  return null;
end;
$function$;

create or replace function private.publish_member()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_member public.organization_members := coalesce(new, old);
begin
  perform private.publish_event(v_member.organization_id, case tg_op when 'INSERT' then 'member.joined' else 'member.removed' end,
    jsonb_build_object('id', v_member.user_id, 'role', v_member.role), v_member.user_id::text);
  return null;
end;
$function$;

create or replace function private.publish_move()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  -- With each step of a run that has an entity: nothing is made before it is known that somebody wants it.
  if exists (
    select from public.webhook_subscriptions s
    where s.organization_id = new.organization_id and s.status <> 'disabled' and s.event_types && array['entity.moved', '*']
  ) then
    perform private.add_message(new.organization_id, 'entity.moved', jsonb_build_object(
      'id', new.entity_id, 'flow_id', new.flow_id, 'number', new.number, 'from_node', new.from_node, 'to_node', new.to_node,
      'reason', new.reason, 'run_id', new.run_id, 'moved_at', new.moved_at
    ), new.entity_id::text);
  end if;
  return null;
end;
$function$;

create or replace function private.publish_run (
  p_run public.runs
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- A dry run happened nowhere but in the editor.
  if p_run.pins is not null then
    return;
  end if;
  perform private.publish_event(p_run.organization_id,
    case p_run.status when 'completed' then 'run.completed' when 'cancelled' then 'run.cancelled' else 'run.failed' end,
    jsonb_build_object(
      'id', p_run.id, 'flow_id', p_run.flow_id, 'status', p_run.status, 'trigger', p_run.trigger, 'error', p_run.error,
      'entity_id', p_run.entity_id, 'parent_run_id', p_run.parent_run_id, 'created_at', p_run.created_at,
      'started_at', p_run.started_at, 'finished_at', p_run.finished_at
    ),
    coalesce(p_run.entity_id, p_run.id)::text);
end;
$function$;

create or replace function private.publish_secret_notice()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.publish_event(new.organization_id, 'secret.expiring', jsonb_build_object(
    'id', new.secret_id, 'name', (select s.name from public.secrets s where s.id = new.secret_id), 'kind', new.kind,
    'due_at', new.due_at, 'days_before', new.days_before
  ), new.secret_id::text);
  return null;
end;
$function$;

create or replace function private.purge_webhook_events (
  p_limit bigint
)
  returns bigint
  language sql
  set search_path to ''
  AS $function$
  -- Few: an endpoint has a hundred of them at most.
  delete from public.webhook_refusals f
  using public.organizations o
  cross join lateral private.kept_days('webhook_events', o.id) as d (days)
  where f.organization_id = o.id and f.id < private.uuid_v7_floor(private.now() - make_interval(days => d.days));
  delete from private.webhook_refusal_days d where d.day < (private.now() at time zone 'UTC')::date - 40;

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

create or replace function private.put_webhook_secret (
  p_endpoint_id uuid,
  p_secret      text,
  p_sealed      jsonb
)
  returns uuid
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_id uuid;
begin
  if p_sealed is null then
    insert into private.webhook_secrets (endpoint_id, secret) values (p_endpoint_id, p_secret) returning id into v_id;
    return v_id;
  end if;
  if jsonb_typeof(p_sealed) <> 'object' or not pg_input_is_valid(coalesce(p_sealed ->> 'id', ''), 'uuid')
    or length(coalesce(p_sealed ->> 'last_four', '')) <> 4
  then
    perform private.fail('invalid_request', 'The secret is not encrypted as it must be', 400);
  end if;
  insert into private.webhook_secrets (id, endpoint_id, envelope, key_id, last_four)
  values (
    (p_sealed ->> 'id')::uuid, p_endpoint_id, private.read_envelope(p_sealed ->> 'envelope', p_sealed ->> 'key_id'),
    p_sealed ->> 'key_id', p_sealed ->> 'last_four'
  )
  on conflict do nothing
  returning id into v_id;
  if v_id is null then
    perform private.fail('conflict', 'There is a secret of this id already', 409);
  end if;
  return v_id;
end;
$function$;

create or replace function private.remove_run (
  p_run_id uuid
)
  returns public.runs
  language plpgsql
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
  return v_run;
end;
$function$;

create or replace function private.require_room (
  p_organization_id uuid,
  p_limit           text,
  p_more            integer default 1
)
  returns public.plans
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_plan public.plans;
  v_allowed bigint;
begin
  -- The lock makes the count exact: the next one here waits for our commit and then counts what we made. No key update, so
  -- that nobody waits whose row only refers to the organization.
  perform from public.organizations o where o.id = p_organization_id for no key update;
  -- Statements of their own, so that they see what was committed while we waited: another plan, and what others made.
  select p.* into strict v_plan from public.organizations o join public.plans p on p.id = o.plan_id
  where o.id = p_organization_id;
  v_allowed := (to_jsonb(v_plan) ->> p_limit)::bigint;
  if private.used_of(p_organization_id, p_limit) + p_more > v_allowed then
    perform private.fail('plan_limit_reached', format('The plan %s allows %s %s', v_plan.id, v_allowed,
      case p_limit
        when 'max_members' then 'members and open invitations'
        else replace(replace(substr(p_limit, 5), 'api_', 'API '), '_', ' ')
      end), 402);
  end if;
  return v_plan;
end;
$function$;

create or replace function private.reset_endpoint (
  p_subscription_id uuid
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  update private.webhook_endpoint_states e set
    failures = 0, failing_since = null, opened = 0, hold_until = null, batch = 8, last_error = null
  where e.subscription_id = p_subscription_id;
  perform private.wake_endpoint(p_subscription_id, private.now());
end;
$function$;

create or replace function private.restart_audit_seal()
  returns private.audit_seal_state
  language plpgsql
  set search_path to ''
  AS $function$
-- Transaction numbers begin anew in a cluster into which a dump was restored. What was sealed by then is told by the seals.
declare
  v_state private.audit_seal_state;
  v_last timestamptz := (select max(b.sealed_at) from private.audit_batches b);
begin
  update private.audit_seal_state s set
    sealed_below = '0', after_id = private.uuid_v7_floor(coalesce(v_last, private.now()) - interval '1 day')
  returning * into v_state;
  truncate private.audit_sealed_ahead;
  insert into private.audit_sealed_ahead (tx, id)
  select e.tx, e.id
  from private.audit_batches b
  cross join lateral unnest(b.row_ids) as r (id)
  join public.audit_events e on e.organization_id = b.organization_id and e.id = r.id
  where b.sealed_at >= v_last - interval '2 days' and e.id >= v_state.after_id;
  return v_state;
end;
$function$;

create or replace function private.retry_deliveries (
  p_subscription_id uuid,
  p_ids             uuid[]
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_retried integer;
begin
  -- The state first, as everybody who ends deliveries does.
  perform 1 from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id for update;
  update public.webhook_deliveries d set
    status = 'pending', finished_at = null, counted_from = d.attempts, lease = null, leased_until = null,
    -- Before what waits already: a person asked.
    next_attempt_at = private.now() - interval '1 day'
  where d.id = any (p_ids) and d.subscription_id = p_subscription_id
    and (d.status <> 'pending' or (d.next_attempt_at > private.now() and d.next_attempt_at < 'infinity'));
  get diagnostics v_retried = row_count;
  if v_retried > 0 then
    perform private.wake_endpoint(p_subscription_id, private.now());
  end if;
  return v_retried;
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
  return jsonb_build_object('started', v_started, 'failed', v_failed, 'out', private.keep_webhooks_out());
end;
$function$;

create or replace function private.seal_audit_rows (
  p_limit integer default 100000
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_state private.audit_seal_state;
  v_began timestamptz := private.now();
  v_ended_below xid8;
  v_sealed_below xid8;
  v_tenant record;
  v_last xid8;
  v_rows integer := 0;
  v_number bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'The sealer has to see what others commit meanwhile: call it in READ COMMITTED';
  end if;
  -- One at a time: the second waits, and sees what the first has sealed.
  perform pg_advisory_xact_lock(hashtext('millrace.audit_seal'));
  insert into private.audit_seal_state default values on conflict do nothing;
  select * into v_state from private.audit_seal_state;
  if v_state.sealed_below > pg_snapshot_xmax(pg_current_snapshot()) then
    v_state := private.restart_audit_seal();
  end if;
  v_number := v_state.last_number;

  -- Transactions below this have ended. Asked before the rows are read: what ended since then is seen next time. Rows of
  -- those above may appear at any time, in any order: they stay in question until all before them have ended.
  v_ended_below := pg_snapshot_xmin(pg_current_snapshot());
  v_sealed_below := v_ended_below;
  for v_tenant in
    with unsealed as materialized (
      select e.organization_id, e.id, e.tx, e.leaf
      from private.audit_leaves e
      where e.tx >= v_state.sealed_below and e.id >= v_state.after_id
        and not exists (select 1 from private.audit_sealed_ahead a where a.id = e.id)
      order by e.tx, e.id
      limit p_limit
    )
    select u.organization_id, array_agg(u.id order by u.id) as ids, string_agg(u.leaf, ''::bytea order by u.id) as leaves,
      sum(count(*)) over () as total, max(max(u.tx::text::bigint)) over () as last_tx
    from unsealed u
    group by u.organization_id
    order by u.organization_id
  loop
    if v_rows = 0 and v_tenant.total >= p_limit then
      -- There is more: of the last of these transactions, and those behind it.
      v_last := v_tenant.last_tx::text::xid8;
      v_sealed_below := least(v_sealed_below, v_last);
    end if;
    v_state := private.add_audit_batches(v_tenant.organization_id, v_tenant.ids, v_tenant.leaves, v_state);
    insert into private.audit_sealed_ahead (tx, id)
    select e.tx, e.id from public.audit_events e
    where e.tx >= v_sealed_below and e.organization_id = v_tenant.organization_id and e.id = any (v_tenant.ids);
    v_rows := v_rows + cardinality(v_tenant.ids);
  end loop;

  delete from private.audit_sealed_ahead a where a.tx < v_sealed_below;
  update private.audit_seal_state s set
    sealed_below = v_sealed_below, last_number = v_state.last_number, last_link = v_state.last_link,
    seen_at = case when v_last is null then v_began else s.seen_at end;
  return jsonb_build_object('rows', v_rows, 'batches', v_state.last_number - v_number, 'more', v_last is not null);
end;
$function$;

create or replace function private.sealed_webhook_secret (
  p_secret private.webhook_secrets
)
  returns jsonb
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return jsonb_build_object('id', p_secret.id, 'envelope', encode(p_secret.envelope, 'hex'));
end;
$function$;

create or replace function private.security_events_page (
  p_organization_id uuid,
  p_filter          jsonb,
  p_limit           integer,
  p_before          uuid,
  p_after           uuid,
  p_ascending       boolean
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_where text;
  v_page jsonb;
begin
  if p_filter ? 'ip' and not pg_input_is_valid(p_filter ->> 'ip', 'inet') then
    perform private.fail('invalid_request', 'The filter ip must be an address or a network in CIDR form', 400);
  end if;
  -- The statement says only what is asked for: the plan goes along the ids and stops at the end of the page.
  select coalesce(string_agg(' and ' || c.condition, ''), '') into v_where
  from (values
    (p_organization_id is not null, 'o.organization_id = $1'),
    (p_before is not null, 'o.id < $4'),
    (p_after is not null, 'o.id > $5'),
    (p_filter ? 'kind', 'o.kind = $2 ->> ''kind'''),
    (p_filter ? 'user_id', 'o.user_id = ($2 ->> ''user_id'')::uuid'),
    (p_filter ? 'key_id', 'o.key_id = ($2 ->> ''key_id'')::uuid'),
    (p_filter ? 'ip', 'o.ip <<= ($2 ->> ''ip'')::inet'),
    (p_filter ? 'after', 'o.at >= ($2 ->> ''after'')::timestamptz'),
    (p_filter ? 'before', 'o.at < ($2 ->> ''before'')::timestamptz')
  ) as c (is_asked, condition)
  where c.is_asked;
  execute format(
    'select coalesce(jsonb_agg(to_jsonb(e) || jsonb_build_object(''ip'', host(e.ip)) order by e.id %1$s), ''[]'')
     from (select * from private.security_events o where true %2$s order by o.id %1$s limit $3) e',
    case when p_ascending then 'asc' else 'desc' end, v_where
  ) into v_page using p_organization_id, p_filter, least(greatest(p_limit, 1), 101), p_before, p_after;
  return v_page;
end;
$function$;

create or replace function private.send_mail (
  p_organization_id uuid,
  p_template        text,
  p_to              text,
  p_data            jsonb,
  p_key             text
)
  returns uuid
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_mail public.mails := private.add_mail(p_organization_id, p_template, p_to, p_data, p_key);
begin
  if v_mail.id is null then
    return (
      select m.id from public.mails m
      where m.tenant_id = coalesce(p_organization_id, private.platform_id()) and m.template = p_template and m.key = p_key
    );
  end if;
  if v_mail.status = 'queued' then
    perform private.wake_mails();
  end if;
  return v_mail.id;
end;
$function$;

create or replace function private.tenant_relations()
  returns table (
    relation  regclass,
    condition text,
    place     integer
  )
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return query
  with recursive tenant as (
    -- Partitions by themselves: a place within a table tells a row only there.
    select c.oid, c.relname
    from pg_catalog.pg_class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped
    where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace, 'engine'::regnamespace)
      and c.oid <> 'private.organization_removals'::regclass
  ),
  -- How many tenant tables a row leads to, one behind the other: who refers to others goes before them.
  steps as (
    select t.oid, t.oid as target, 0 as depth from tenant t
    union
    select s.oid, k.confrelid, s.depth + 1
    from steps s
    join pg_catalog.pg_constraint k on k.conrelid = s.target and k.contype = 'f' and k.confrelid <> k.conrelid
      -- Of a circle, the one that is checked last is let go of before.
      and not k.condeferrable
    join tenant t on t.oid = k.confrelid
    where s.depth < 12
  )
  -- Those that name the tenant by something of its own, before that goes.
  select to_regclass(l.name), l.condition, l.place
  from (values
    ('private.run_joins', 'run_id in (select r.id from public.runs r where r.organization_id = $1)', -3),
    ('private.run_signals', 'run_id in (select r.id from public.runs r where r.organization_id = $1)', -3),
    ('private.run_cancellations', 'run_id in (select r.id from public.runs r where r.organization_id = $1)', -3),
    ('private.live_watchers', 'id = $1 or id in (select r.id from public.runs r where r.organization_id = $1)', -3),
    ('private.job_slots', 'split_part(limit_key, '':'', 1) = $1::text or job_id in (
      select q.id from public.job_queue q where q.organization_id = $1)', -3),
    ('private.provider_breakers', 'key like ''http:'' || $1 || '':%''', -3),
    ('private.secret_tickets', 'secret_id in (select s.id from public.secrets s where s.organization_id = $1)', -3),
    ('private.change_skips', 'change_id in (select c.id from private.change_triggers c where c.organization_id = $1)', -3)
  ) as l (name, condition, place)
  where to_regclass(l.name) is not null
  union all
  select t.oid::regclass, 'organization_id = $1',
    case
      -- No worker takes anything up while the rest goes.
      when t.relname = 'job_queue' then -2
      -- Last, with what the removal itself writes into it.
      when t.relname like 'audit\_%' or t.relname = 'generations' then 1000
      else 100 - max(s.depth)
    end
  from tenant t join steps s on s.oid = t.oid
  group by t.oid, t.relname
  order by 3, 1;
end;
$function$;

create or replace function private.told_webhook_secret (
  p_secret_id uuid
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return coalesce((
    select case when s.secret is null then jsonb_build_object('sealed_secret', private.sealed_webhook_secret(s))
      else jsonb_build_object('secret', s.secret) end
    from private.webhook_secrets s where s.id = p_secret_id
  ), '{}');
end;
$function$;

create or replace function private.used_of (
  p_organization_id uuid,
  p_limit           text
)
  returns bigint
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  case p_limit
    when 'max_members' then
      return (select count(*) from public.organization_members m where m.organization_id = p_organization_id)
        + (select count(*) from public.invitations i
           where i.organization_id = p_organization_id and i.status = 'open' and i.expires_at > private.now());
    when 'max_workspaces' then
      return (select count(*) from public.workspaces w where w.organization_id = p_organization_id);
    when 'max_flows' then
      return (select count(*) from public.flows f where f.organization_id = p_organization_id and f.deleted_at is null);
    when 'max_webhook_endpoints' then
      return (select count(*) from public.webhook_endpoints e where e.organization_id = p_organization_id);
    when 'max_schedules' then
      return (select count(*) from public.schedules s where s.organization_id = p_organization_id);
    when 'max_api_keys' then
      return (select count(*) from public.api_keys k
        where k.organization_id = p_organization_id and k.revoked_at is null
          and (k.expires_at is null or k.expires_at > private.now()));
    when 'max_secrets' then
      return (select count(*) from public.secrets s where s.organization_id = p_organization_id);
    when 'max_webhook_subscriptions' then
      return (select count(*) from public.webhook_subscriptions s where s.organization_id = p_organization_id);
    else
      raise 'There is no limit %', p_limit;
  end case;
end;
$function$;

create or replace function private.wake_endpoint (
  p_subscription_id uuid,
  p_due             timestamp with time zone
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
-- The caller holds the endpoint's state, so that of two calls the earlier moment wins whatever their order.
declare
  v_subscription public.webhook_subscriptions;
  v_hold timestamptz;
  v_failures integer;
  v_due timestamptz;
begin
  select s.* into v_subscription from public.webhook_subscriptions s where s.id = p_subscription_id;
  if v_subscription.id is null or v_subscription.status = 'paused' then
    return;
  end if;
  select e.hold_until, e.failures into v_hold, v_failures
  from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id for update;
  -- What waits for a disabled one is given up at once.
  v_due := case v_subscription.status when 'disabled' then private.now() else greatest(p_due, v_hold, private.now()) end;
  if exists (
    select from public.job_queue j
    where j.organization_id = v_subscription.organization_id and j.type = 'webhook.deliver'
      and j.unique_key = p_subscription_id::text and j.scheduled_for <= v_due
  ) then
    return;
  end if;
  perform private.enqueue_job(v_subscription.organization_id, 'webhook.deliver',
    jsonb_build_object('subscription_id', p_subscription_id),
    jsonb_build_object(
      'unique_key', p_subscription_id, 'on_conflict', 'replace', 'scheduled_for', v_due, 'max_attempts', 100,
      'concurrency_key', 'webhook:' || p_subscription_id, 'concurrency_limit', 1,
      -- Whoever answers goes before whoever does not.
      'priority', case v_subscription.priority when 'high' then 90 when 'normal' then 110 else 160 end
        + case when v_failures > 0 then 30 else 0 end
    ));
end;
$function$;

create or replace function private.wake_mails()
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- One job sends all that is due. It may end just before the caller commits; then the task mails, each minute, or the next
  -- mail calls one.
  if not exists (
    select 1 from public.job_queue j
    where j.organization_id = private.platform_id() and j.status = 'available' and j.priority = 10 and j.type = 'mail.send'
      and j.scheduled_for <= private.now()
  ) and not exists (
    select 1 from public.job_queue j
    where j.organization_id = private.platform_id() and j.status = 'blocked' and j.concurrency_key = 'mail.send'
  ) then
    perform private.enqueue_job(null, 'mail.send', '{}', '{"priority": 10, "concurrency_key": "mail.send", "concurrency_limit": 2}');
  end if;
end;
$function$;

create or replace function private.warn_of_expiry()
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_due record;
  v_queued integer := 0;
begin
  for v_due in
    with due as (
      -- The tightest warning that has come; one that was missed is not made up for.
      select s.id, s.organization_id, 'expiry' as kind, s.expires_at as due_at,
        (select min(d) from unnest('{14,3,1,0}'::integer[]) d where s.expires_at <= private.now() + make_interval(days => d)) as days_before
      from public.secrets s
      where s.expires_at <= private.now() + interval '14 days' and s.expires_at > private.now() - interval '7 days'
      union all
      select s.id, s.organization_id, 'rotation', s.rotated_at + make_interval(days => s.rotate_after_days), 0
      from public.secrets s
      where s.rotated_at + make_interval(days => s.rotate_after_days) <= private.now()
    )
    insert into private.secret_notices (secret_id, kind, due_at, days_before, organization_id)
    select d.id, d.kind, d.due_at, d.days_before, d.organization_id
    from due d
    join public.organizations o on o.id = d.organization_id and o.suspended_at is null
    on conflict do nothing
    returning secret_id, kind, due_at, days_before, organization_id
  loop
    perform private.enqueue_job(v_due.organization_id, 'secret.warning', jsonb_build_object(
      'secret_id', v_due.secret_id, 'kind', v_due.kind, 'due_at', v_due.due_at, 'days_before', v_due.days_before
    ));
    perform private.audit(v_due.organization_id,
      case when v_due.kind = 'rotation' then 'secret.rotation_due' when v_due.days_before = 0 then 'secret.expired' else 'secret.expiring' end,
      'secret', v_due.secret_id::text, null, null, jsonb_build_object('due_at', v_due.due_at));
    v_queued := v_queued + 1;
  end loop;
  delete from private.secret_accesses a where a.minute < private.now() - interval '90 days';
  delete from private.secret_tickets t where t.expires_at < private.now();
  -- Those of before there were master keys, and of who called SQL directly. Without master keys the job leaves them.
  if exists (select from private.webhook_secrets s where s.secret is not null) then
    perform engine.enqueue_jobs('[{"type": "secrets.rewrap", "payload": {"plain": true}, "unique_key": "plain"}]');
  end if;
  return v_queued;
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
        'last_four', coalesce(s.last_four, right(s.secret, 4)), 'created_at', s.created_at, 'expires_at', s.expires_at
      ) order by s.created_at desc), '[]')
      from private.webhook_secrets s
      where s.endpoint_id = e.id and (s.expires_at is null or s.expires_at > private.now())
    )
  )
  from public.webhook_endpoints e where e.id = p_endpoint_id;
$function$;

create or replace function private.webhook_subscription_reply (
  p_subscription_id uuid
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select to_jsonb(s) || jsonb_build_object('secrets', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'last_four', k.last_four, 'created_at', k.created_at, 'expires_at', k.expires_at
      ) order by k.created_at desc, k.number), '[]')
      from private.webhook_subscription_secrets k
      where k.subscription_id = s.id and k.kind = 'signing' and (k.expires_at is null or k.expires_at > private.now())
    ))
    from public.webhook_subscriptions s where s.id = p_subscription_id
  );
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
  v_about jsonb;
  v_deleted jsonb[] := '{}';
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

  -- As the person or the API key that asked: every function below checks what it may do now.
  perform set_config('request.jwt.claims', (case when v_operation.api_key_id is null
    then jsonb_build_object('sub', v_operation.created_by, 'role', 'authenticated')
    else jsonb_build_object('sub', v_operation.api_key_id, 'role', 'authenticated',
      'millrace', jsonb_build_object('key', v_operation.api_key_id))
  end)::text, true);
  begin
    perform private.require_permission(v_operation.organization_id, private.bulk_permission(v_operation.action), 'organization');
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
      select b from private.bulk_targets(
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
        if v_operation.action = 'delete' then
          -- What it is stays so: it has ended.
          select jsonb_build_object('id', r.id, 'flow_id', r.flow_id, 'status', r.status, 'trigger', r.trigger) into v_about
          from public.runs r where r.id = v_run;
        end if;
        v_outcome := private.act_on_run(v_operation.action, v_run);
        if v_outcome = 'deleted' then
          v_deleted := v_deleted || v_about;
          v_outcome := 'done';
        end if;
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
            case when v_operation.action = 'replay_events' then 'event_id' else 'run_id' end, v_run, 'code', v_message ->> 'code', 'message', v_message ->> 'message'
          );
        end if;
      end if;
      if v_run <> all (v_operation.busy) then
        v_position := v_run;
      else
        v_operation.busy := array_remove(v_operation.busy, v_run);
      end if;
    end loop;
    perform private.audit_bulk_deletion(v_operation, v_deleted);
    perform set_config('request.jwt.claims', coalesce(v_claims, ''), true);

    v_busy := v_operation.busy || v_busy;
    v_all := v_all and cardinality(v_busy) = 0 and not exists (
      select 1 from private.bulk_targets(
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
  v_action text;
  v_operation public.bulk_operations;
begin
  select b.organization_id, b.action into v_organization_id, v_action from public.bulk_operations b where b.id = p_operation_id;
  perform private.require_permission(v_organization_id, private.bulk_permission(v_action), 'operation');
  update public.bulk_operations b set status = 'cancelled', finished_at = private.now(), busy = '{}'
  where b.id = p_operation_id and b.finished_at is null;
  select * into v_operation from public.bulk_operations b where b.id = p_operation_id;
  if v_operation.status <> 'cancelled' then
    perform private.fail('conflict', format('The operation has already %s', v_operation.status), 409);
  end if;
  return private.bulk_reply(v_operation);
end;
$function$;

create or replace function public.cancel_mail (
  p_mail_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_mail public.mails;
begin
  select * into v_mail from public.mails m where m.id = p_mail_id for update;
  perform private.require_permission(v_mail.organization_id, 'mail:write', 'mail');
  if v_mail.status <> 'queued' then
    perform private.fail('conflict', format('The mail is %s: only one that is queued can be cancelled', v_mail.status), 409);
  end if;
  update public.mails m set status = 'cancelled', ended_at = private.now() where m.id = p_mail_id returning * into v_mail;
  delete from private.mail_data d using private.mail_templates t
  where d.mail_id = p_mail_id and t.name = v_mail.template and t.is_sensitive;
  perform private.audit(v_mail.organization_id, 'mail.cancelled', 'mail', p_mail_id::text, null, null,
    jsonb_build_object('template', v_mail.template));
  return private.mail_reply(v_mail);
end;
$function$;

create or replace function public.cancel_webhook_delivery (
  p_delivery_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_delivery public.webhook_deliveries := private.lock_webhook_delivery(p_delivery_id);
begin
  if v_delivery.status in ('delivered', 'failed') then
    perform private.fail('conflict', format('The delivery has already %s', case v_delivery.status when 'failed' then 'failed' else 'been delivered' end), 409);
  end if;
  update public.webhook_deliveries d set
    status = 'cancelled', finished_at = private.now(), next_attempt_at = null, lease = null, leased_until = null
  where d.id = p_delivery_id and d.status = 'pending';
  if found and v_delivery.order_key is not null then
    perform private.promote_deliveries(v_delivery.subscription_id, array[v_delivery.order_key]);
    perform private.wake_endpoint(v_delivery.subscription_id, private.now());
  end if;
  return (select to_jsonb(d) - '{lease,leased_until,body}'::text[] from public.webhook_deliveries d where d.id = p_delivery_id);
end;
$function$;

create or replace function public.create_api_key (
  p_organization_id uuid,
  p_mode            text,
  p_settings        jsonb,
  p_secret_hash     text,
  p_prefix          text,
  p_last_four       text,
  p_idempotency_key text  default null::text,
  p_seed            text  default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_key public.api_keys;
  v_reply jsonb;
begin
  perform private.require_permission(p_organization_id, 'keys:write', 'organization');
  perform private.check_api_key_seed(p_seed);
  -- Each attempt brings another secret: it is no part of what is compared. The caller is: nobody repeats what another
  -- person asked for, and is shown a key with scopes of that person.
  v_reply := private.idempotent_reply(p_organization_id, 'create_api_key', p_idempotency_key,
    jsonb_build_array(auth.uid(), p_mode, p_settings));
  if v_reply is not null then
    return v_reply || '{"is_new": false}';
  end if;
  v_key.organization_id := p_organization_id;
  v_key.mode := p_mode;
  v_key.prefix := p_prefix;
  v_key.last_four := p_last_four;
  v_key := private.add_api_key(private.change_api_key(v_key, p_settings), p_secret_hash);
  return private.keep_reply(p_organization_id, 'create_api_key', p_idempotency_key,
    to_jsonb(v_key) || jsonb_build_object('seed', p_seed)) || '{"is_new": true}';
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
  v_kind text;
  v_operation public.bulk_operations;
begin
  perform private.require_permission(p_organization_id, private.bulk_permission(p_action), 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'create_bulk_operation', p_idempotency_key,
    jsonb_build_array(p_action, p_filter, p_dry_run));
  if v_reply is not null then
    return v_reply;
  end if;
  if p_action is null or p_action not in ('cancel', 'retry', 'delete', 'resume', 'pause', 'replay_events') then
    perform private.fail('invalid_request', 'The action is cancel, retry, delete, resume, pause or replay_events', 400);
  end if;
  if jsonb_typeof(p_filter) is distinct from 'object' or p_filter = '{}' then
    perform private.fail('invalid_request', 'Name at least one thing to filter by: without any, all of them would be meant', 400);
  end if;
  for v_name in select k from jsonb_object_keys(p_filter) k loop
    v_kind := case
      when p_action = 'replay_events' then case
        when v_name in ('event_ids', 'type', 'status', 'run_status') then 'array'
        when v_name = 'test' then 'boolean'
        when v_name in ('endpoint_id', 'received_after', 'received_before') then 'string'
      end
      when v_name in ('status', 'trigger') then 'array'
      when v_name in (
        'flow_id', 'retry_of', 'entity_id', 'parent_run_id', 'schedule_id', 'created_after', 'created_before'
      ) then 'string'
    end;
    if jsonb_typeof(p_filter -> v_name) is distinct from v_kind then
      perform private.fail('invalid_request', format('%s can not be filtered by this "%s"',
        case when p_action = 'replay_events' then 'Events' else 'Runs' end, v_name), 400);
    end if;
  end loop;

  begin
    -- Read here, whatever runs there are: the filter is read again whenever the clock works on it.
    perform (p_filter ->> 'flow_id')::uuid, (p_filter ->> 'retry_of')::uuid, (p_filter ->> 'entity_id')::uuid,
      (p_filter ->> 'parent_run_id')::uuid, (p_filter ->> 'schedule_id')::uuid,
      private.uuid_v7_floor((p_filter ->> 'created_after')::timestamptz),
      private.uuid_v7_floor((p_filter ->> 'created_before')::timestamptz), (p_filter ->> 'endpoint_id')::uuid,
      private.uuid_v7_floor((p_filter ->> 'received_after')::timestamptz),
      private.uuid_v7_floor((p_filter ->> 'received_before')::timestamptz);
    select count(*) into v_total from private.bulk_targets(p_organization_id, p_action, p_filter, v_id);
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
  insert into public.bulk_operations (id, organization_id, action, filter, total, created_by, status, finished_at, api_key_id)
  values (
    v_id, p_organization_id, p_action, p_filter, v_total, coalesce(private.caller_user_id(), private.caller_key_id()),
    case when v_total = 0 then 'completed' else 'queued' end, case when v_total = 0 then private.now() end,
    private.caller_key_id()
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

  v_plan := private.require_room(p_organization_id, 'max_flows');

  insert into public.flows (organization_id, workspace_id, name, description, is_active, created_by)
  select p_organization_id, w.id, p_name, coalesce(p_description, ''), coalesce(p_is_active, true), private.caller_user_id()
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

  perform private.require_room(v_flow.organization_id, 'max_schedules');

  insert into public.schedules (
    id, organization_id, flow_id, name, cron, timezone, starts_at, ends_at, jitter_seconds, missed_policy, missed_limit,
    overlap_policy, input, trigger_node, is_active, next_at, fire_at, upcoming, decided_until, refilled_at, refill_at, created_by
  )
  values (
    v_schedule.id, v_schedule.organization_id, v_schedule.flow_id, v_schedule.name, v_schedule.cron, v_schedule.timezone,
    v_schedule.starts_at, v_schedule.ends_at, v_schedule.jitter_seconds, v_schedule.missed_policy, v_schedule.missed_limit,
    v_schedule.overlap_policy, v_schedule.input, v_schedule.trigger_node, v_schedule.is_active, v_schedule.next_at,
    v_schedule.fire_at, v_schedule.upcoming, v_schedule.decided_until, v_schedule.refilled_at, v_schedule.refill_at, private.caller_user_id()
  )
  returning * into v_schedule;
  return private.keep_reply(v_flow.organization_id, 'create_schedule', p_idempotency_key, private.schedule_reply(v_schedule));
end;
$function$;

create or replace function public.create_secret (
  p_secret_id         uuid,
  p_organization_id   uuid,
  p_name              text,
  p_envelope          text,
  p_key_id            text,
  p_description       text                     default ''::text,
  p_expires_at        timestamp with time zone default null::timestamp with time zone,
  p_rotate_after_days integer                  default null::integer,
  p_idempotency_key   text                     default null::text,
  p_fingerprint       text                     default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_reply jsonb;
  v_bytes bytea;
begin
  perform private.require_permission(p_organization_id, 'secrets:write', 'organization');
  -- Neither the envelope nor the id: both are new in every request. The fingerprint stands for the value.
  v_reply := private.idempotent_reply(p_organization_id, 'create_secret', p_idempotency_key,
    jsonb_build_array(p_name, p_description, p_expires_at, p_rotate_after_days, p_fingerprint));
  if v_reply is not null then
    return v_reply;
  end if;
  if coalesce(p_name, '') !~ '^[A-Z][A-Z0-9_]{0,63}$' or length(p_description) > 1000 or p_secret_id is null
    or p_rotate_after_days not between 1 and 3650 or p_expires_at <= private.now()
  then
    perform private.fail('invalid_request',
      'A name is A to Z, 0 to 9 and _ (64 at most, a letter first), a description at most 1000 characters, and the expiry is to come', 400);
  end if;
  v_bytes := private.read_envelope(p_envelope, p_key_id);

  perform private.require_room(p_organization_id, 'max_secrets');

  insert into public.secrets (id, organization_id, name, description, expires_at, rotate_after_days, created_by)
  values (p_secret_id, p_organization_id, p_name, coalesce(p_description, ''), p_expires_at, p_rotate_after_days,
    private.caller_user_id())
  on conflict do nothing;
  if not found then
    perform private.fail('conflict', format('There is a secret %s already', p_name), 409);
  end if;
  insert into private.secret_versions (secret_id, number, organization_id, envelope, key_id, created_by)
  values (p_secret_id, 1, p_organization_id, v_bytes, p_key_id, private.caller_user_id());
  return private.keep_reply(p_organization_id, 'create_secret', p_idempotency_key, private.secret_reply(p_secret_id));
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
  p_wait_seconds       integer default 0,
  p_sealed             jsonb   default null::jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_flow public.flows;
  v_reply jsonb;
  v_id uuid;
  v_secret text := case when p_sealed is null then coalesce(p_secret, private.new_webhook_secret(p_config)) end;
  v_secret_id uuid;
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, 'webhooks:write', 'flow');
  v_reply := private.idempotent_reply(v_flow.organization_id, 'create_webhook_endpoint', p_idempotency_key,
    -- Of what is sealed only the fingerprint: the envelope is new in every request.
    jsonb_build_array(p_flow_id, p_name, p_provider, p_config, coalesce(p_secret, p_sealed ->> 'fingerprint'), p_trigger_node,
      p_signature_required, p_mapping, p_wait_seconds));
  if v_reply is not null then
    return (v_reply - 'secret_id') || private.told_webhook_secret((v_reply ->> 'secret_id')::uuid);
  end if;
  if length(coalesce(p_name, '')) not between 1 and 200 or coalesce(p_provider, '') not in ('stripe', 'typeform', 'calendly', 'standard_webhooks', 'github', 'slack', 'shopify', 'custom')
    or jsonb_typeof(p_config) <> 'object' or octet_length(p_config::text) > 8192
    or length(v_secret) not between 8 and 512 or length(p_trigger_node) not between 1 and 64
    or jsonb_typeof(p_mapping) <> 'object' or octet_length(p_mapping::text) > 8192 or p_wait_seconds not between 0 and 60
  then
    perform private.fail('invalid_request', 'The name, provider, config, secret, trigger node, mapping or waiting time is out of range', 400);
  end if;
  perform private.check_trigger_node(p_flow_id, p_trigger_node);

  perform private.require_room(v_flow.organization_id, 'max_webhook_endpoints');

  insert into public.webhook_endpoints (
    organization_id, flow_id, trigger_node, name, provider, config, slug, signature_required, created_by, mapping,
    wait_seconds
  )
  values (
    v_flow.organization_id, p_flow_id, p_trigger_node, p_name, p_provider, coalesce(p_config, '{}'),
    replace(gen_random_uuid()::text, '-', ''), coalesce(p_signature_required, true), private.caller_user_id(), nullif(p_mapping, '{}'),
    coalesce(p_wait_seconds, 0)
  )
  returning id into v_id;
  v_secret_id := private.put_webhook_secret(v_id, v_secret, p_sealed);
  -- The reply is kept without the secret, which is shown this once and to who repeats the request.
  v_reply := private.keep_reply(v_flow.organization_id, 'create_webhook_endpoint', p_idempotency_key,
    private.webhook_endpoint_reply(v_id) || jsonb_build_object('secret_id', v_secret_id));
  return (v_reply - 'secret_id') || private.told_webhook_secret(v_secret_id);
end;
$function$;

create or replace function public.create_webhook_subscription (
  p_subscription_id uuid,
  p_organization_id uuid,
  p_settings        jsonb,
  p_signing         jsonb,
  p_headers         jsonb default null::jsonb,
  p_idempotency_key text  default null::text,
  p_fingerprint     text  default null::text,
  p_seed            text  default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_subscription public.webhook_subscriptions;
  v_reply jsonb;
begin
  perform private.require_permission(p_organization_id, 'webhooks:write', 'organization');
  -- Each attempt brings another id and another secret: they are no part of what is compared.
  v_reply := private.idempotent_reply(p_organization_id, 'create_webhook_subscription', p_idempotency_key,
    jsonb_build_array(p_settings, p_fingerprint));
  if v_reply is not null then
    return v_reply || '{"is_new": false}';
  end if;
  perform private.require_room(p_organization_id, 'max_webhook_subscriptions');
  v_subscription.id := p_subscription_id;
  v_subscription.organization_id := p_organization_id;
  v_subscription.created_by := private.caller_user_id();
  v_subscription := private.change_webhook_subscription(v_subscription, p_settings);
  begin
    insert into public.webhook_subscriptions (
      id, organization_id, url, description, application, event_types, flow_ids, resource_ids, status, transformation,
      header_names, ordered, rate_per_minute, timeout_seconds, priority, created_by
    )
    values (
      v_subscription.id, v_subscription.organization_id, v_subscription.url, coalesce(v_subscription.description, ''),
      v_subscription.application, v_subscription.event_types, v_subscription.flow_ids, v_subscription.resource_ids,
      coalesce(v_subscription.status, 'active'), v_subscription.transformation, coalesce(v_subscription.header_names, '{}'),
      coalesce(v_subscription.ordered, false), v_subscription.rate_per_minute, coalesce(v_subscription.timeout_seconds, 15),
      coalesce(v_subscription.priority, 'normal'), v_subscription.created_by
    )
    returning * into v_subscription;
  exception
    when check_violation or not_null_violation then
      perform private.fail('invalid_request', 'A setting of the webhook subscription is out of range', 400);
    when unique_violation then
      perform private.fail('conflict', 'There is a webhook subscription of this id already', 409);
  end;
  insert into private.webhook_endpoint_states (subscription_id) values (v_subscription.id);
  perform private.keep_subscription_secret(v_subscription, 'signing', p_signing);
  if p_headers is not null then
    perform private.keep_subscription_secret(v_subscription, 'headers', p_headers);
  end if;
  return private.keep_reply(p_organization_id, 'create_webhook_subscription', p_idempotency_key,
    private.webhook_subscription_reply(v_subscription.id) || jsonb_build_object('seed', left(p_seed, 100))) || '{"is_new": true}';
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
  v_run public.runs := private.remove_run(p_run_id);
begin
  perform private.audit(v_run.organization_id, 'run.deleted', 'run', p_run_id::text, jsonb_build_object(
    'flow_id', v_run.flow_id, 'status', v_run.status, 'trigger', v_run.trigger, 'created_at', v_run.created_at
  ));
end;
$function$;

create or replace function public.delete_webhook_subscription (
  p_subscription_id uuid,
  p_if_version      integer default null::integer
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.lock_webhook_subscription(p_subscription_id, p_if_version);
  delete from public.webhook_subscriptions s where s.id = p_subscription_id;
end;
$function$;

create or replace function public.gate (
  p_route           text default 'default'::text,
  p_organization_id uuid default null::uuid,
  p_operation       text default null::text,
  p_cached          text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_user_id uuid := private.require_person();
  v_organization_id uuid := p_organization_id;
  v_row record;
  v_mfa boolean;
begin
  perform private.require_open_ip(private.client_ip());
  if coalesce(p_route, '') not in ('default', 'read', 'write', 'run') then
    perform private.fail('invalid_request', 'Unknown route class', 400);
  end if;

  -- The default organization must exist before it can be found; a person who has one is told so by the index alone.
  if v_organization_id is null then
    v_organization_id := private.ensure_tenant(v_user_id);
  end if;

  select o.id, o.suspended_at, o.deletes_at, o.require_mfa, m.role, p as plan,
    (select coalesce(array_agg(rp.permission order by rp.permission), '{}')
     from private.role_permissions rp
     where rp.role = m.role
       -- One that is to be deleted can be read, and its deletion be cancelled.
       and (o.deletes_at is null or rp.permission like '%:read' or rp.permission = 'org:own')) as permissions
  into v_row
  from public.organization_members m
  join public.organizations o on o.id = m.organization_id
  join public.plans p on p.id = o.plan_id
  where m.organization_id = v_organization_id and m.user_id = v_user_id;
  if not found then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  v_mfa := private.must_show_factor(v_row.id);

  return jsonb_build_object(
    'user_id', v_user_id,
    'key', null,
    'organization_id', v_row.id,
    'role', v_row.role,
    'permissions', case when v_row.suspended_at is null and not (v_mfa and v_row.require_mfa = 'always')
      then to_jsonb(v_row.permissions) else '["org:read"]'::jsonb end,
    'suspended', v_row.suspended_at is not null,
    'mfa', v_mfa,
    'mfa_always', v_mfa and v_row.require_mfa = 'always',
    'plan', (v_row.plan).id,
    'limits', to_jsonb(v_row.plan) - '{id,name,retention_days,archives_runs}'::text[],
    'flags', private.flags_of(v_row.id),
    'api_version', private.api_version_of(v_row.id),
    'generation', case when p_cached is not null then private.generation_of(v_row.id, p_cached) end,
    'rate', private.take_request_tokens(
      private.request_buckets('user:' || v_user_id, v_row.id, v_row.plan, p_route, p_operation)
    )
  );
end;
$function$;

create or replace function public.get_audit_event (
  p_event_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_event public.audit_events;
  v_batch private.audit_batches;
begin
  select * into v_event from public.audit_events e
  where e.organization_id = any (private.organizations_of_caller()) and e.id = p_event_id;
  perform private.require_permission(v_event.organization_id, 'audit:read', 'audit event');
  v_batch := private.audit_batch_of(v_event.organization_id, p_event_id);
  return private.audit_event_reply(v_event) || jsonb_build_object('seal', case when v_batch.number is not null then jsonb_build_object(
    'number', v_batch.number,
    'seq', v_batch.first_seq + array_position(v_batch.row_ids, p_event_id) - 1,
    'sealed_at', v_batch.sealed_at,
    'signed_at', v_batch.signed_at
  ) end);
end;
$function$;

create or replace function public.get_audit_proof (
  p_event_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_row record;
  v_batch private.audit_batches;
  v_level bytea;
  v_place integer;
  v_path jsonb := '[]';
begin
  select l.organization_id, l.canonical, l.leaf into v_row from private.audit_leaves l
  where l.organization_id = any (private.organizations_of_caller()) and l.id = p_event_id;
  perform private.require_permission(v_row.organization_id, 'audit:read', 'audit event');
  v_batch := private.audit_batch_of(v_row.organization_id, p_event_id);
  if v_batch.number is null or v_batch.signature is null then
    perform private.fail('conflict', 'The row is not sealed and signed yet: that takes a minute', 409);
  end if;
  v_level := v_batch.leaves;
  v_place := array_position(v_batch.row_ids, p_event_id) - 1;
  while octet_length(v_level) > 32 loop
    if (v_place # 1) * 32 < octet_length(v_level) then
      v_path := v_path || jsonb_build_object(
        'side', case when v_place % 2 = 0 then 'right' else 'left' end,
        'hash', encode(substring(v_level from (v_place # 1) * 32 + 1 for 32), 'hex')
      );
    end if;
    select string_agg(
      case when octet_length(p.pair) = 64 then sha256('\x01'::bytea || p.pair) else p.pair end, ''::bytea order by p.place
    ) into v_level
    from (select i as place, substring(v_level from i * 64 + 1 for 64) as pair from generate_series(0, (octet_length(v_level) - 1) / 64) i) p;
    v_place := v_place / 2;
  end loop;
  return jsonb_build_object(
    'id', p_event_id,
    'seq', v_batch.first_seq + array_position(v_batch.row_ids, p_event_id) - 1,
    'canonical', v_row.canonical,
    'leaf', encode(v_row.leaf, 'hex'),
    'path', v_path,
    'root', encode(v_batch.root, 'hex'),
    'statement', private.audit_statement(v_batch),
    'link', encode(v_batch.link, 'hex'),
    'signed_at', (extract(epoch from v_batch.signed_at) * 1000000)::bigint::text,
    'signature', translate(encode(v_batch.signature, 'base64'), E'\n', ''),
    'key', (select k.public_key || jsonb_build_object('kid', k.id) from private.audit_keys k where k.id = v_batch.key_id)
  );
end;
$function$;

create or replace function public.get_organization_usage (
  p_organization_id uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'org:read', 'organization');
  return (
    select jsonb_build_object('plan', p.id, 'limits', jsonb_agg(jsonb_build_object(
      'name', substr(l.name, 5), 'used', private.used_of(p_organization_id, l.name), 'limit', (to_jsonb(p) ->> l.name)::integer
    ) order by l.place))
    from public.organizations o
    join public.plans p on p.id = o.plan_id
    cross join unnest(array[
      'max_members', 'max_workspaces', 'max_flows', 'max_webhook_endpoints', 'max_schedules', 'max_api_keys', 'max_secrets',
      'max_webhook_subscriptions'
    ]) with ordinality as l (name, place)
    where o.id = p_organization_id
    group by p.*, p.id
  );
end;
$function$;

create or replace function public.get_webhook_stats (
  p_endpoint_id uuid,
  p_days        integer default 7
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_organization_id uuid;
  v_today date := (private.now() at time zone 'UTC')::date;
  v_from date;
  v_reply jsonb;
begin
  select e.organization_id into v_organization_id from public.webhook_endpoints e where e.id = p_endpoint_id;
  perform private.require_permission(v_organization_id, 'webhooks:read', 'webhook endpoint');
  if p_days is null or p_days < 1 or p_days > 31 then
    perform private.fail('invalid_request', 'The days are 1 to 31', 400);
  end if;
  v_from := v_today - (p_days - 1);

  with events as materialized (
    -- By the organization, whose index is in the order of time.
    select e.id, e.run_id, e.status, e.deliveries, e.unsigned, e.is_test, e.replay_of is not null as is_replay,
      e.mapping_error is not null as unmapped, (e.received_at at time zone 'UTC')::date as day
    from public.webhook_events e
    where e.organization_id = v_organization_id and e.endpoint_id = p_endpoint_id
      and e.id >= private.uuid_v7_floor(v_from::timestamp at time zone 'UTC')
  ), real as (
    select e.* from events e where not e.is_test and not e.is_replay
  ), days as (
    select d::date as day,
      (select count(*) from real e where e.day = d::date) as kept,
      coalesce((
        select r.refused from private.webhook_refusal_days r where r.endpoint_id = p_endpoint_id and r.day = d::date
      ), 0) as refused
    from generate_series(v_from::timestamp, v_today::timestamp, interval '1 day') d
  ), latest as (
    select e.run_id from real e where e.run_id is not null order by e.id desc limit 1000
  ), outcomes as (
    select count(*) as sampled,
      count(*) filter (where r.status = 'completed') as completed,
      count(*) filter (where r.finished_at is not null and r.status <> 'completed') as failed,
      count(*) filter (where r.finished_at is null) as unfinished
    from latest l
    join public.runs r on r.id = l.run_id
  ), sums as (
    select count(*) as events, count(*) filter (where e.status = 'held') as held,
      coalesce(sum(e.deliveries - 1), 0) as repeated, count(*) filter (where e.unsigned) as unsigned,
      count(*) filter (where e.unmapped) as mapping_errors
    from real e
  )
  select jsonb_build_object(
    'from', v_from, 'to', v_today,
    'events', s.events, 'held', s.held, 'repeated', s.repeated, 'unsigned', s.unsigned,
    'mapping_errors', s.mapping_errors,
    'tests', (select count(*) from events e where e.is_test and not e.is_replay),
    'replays', (select count(*) from events e where e.is_replay),
    'refused', f.refused,
    'acceptance_rate', round(s.events::numeric / nullif(s.events + f.refused, 0), 4),
    'runs', to_jsonb(o),
    'success_rate', round(o.completed::numeric / nullif(o.completed + o.failed, 0), 4),
    'days', f.days
  ) into v_reply
  from sums s
  cross join outcomes o
  cross join (select sum(d.refused) as refused, jsonb_agg(to_jsonb(d) order by d.day) as days from days d) f;
  return v_reply;
end;
$function$;

create or replace function public.get_webhook_subscription (
  p_subscription_id uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(
    (select s.organization_id from public.webhook_subscriptions s where s.id = p_subscription_id), 'webhooks:read', 'webhook subscription');
  return private.webhook_subscription_reply(p_subscription_id);
end;
$function$;

create or replace function public.get_webhook_subscription_stats (
  p_subscription_id uuid,
  p_hours           integer default 24
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_since timestamptz := date_trunc('hour', private.now()) - make_interval(hours => least(greatest(p_hours, 1), 2160) - 1);
  v_sum record;
  v_durations integer[];
  v_state private.webhook_endpoint_states;
begin
  perform private.require_permission(
    (select s.organization_id from public.webhook_subscriptions s where s.id = p_subscription_id), 'webhooks:read', 'webhook subscription');
  select coalesce(sum(h.answered_2xx), 0) as s2, coalesce(sum(h.answered_3xx), 0) as s3, coalesce(sum(h.answered_4xx), 0) as s4,
    coalesce(sum(h.answered_5xx), 0) as s5, coalesce(sum(h.timed_out), 0) as late, coalesce(sum(h.not_reached), 0) as gone
  into v_sum
  from private.webhook_endpoint_stats h where h.subscription_id = p_subscription_id and h.hour >= v_since;
  select array_agg(b.count order by b.place) into v_durations
  from (
    select u.place, sum(u.count)::integer as count
    from private.webhook_endpoint_stats h cross join lateral unnest(h.durations) with ordinality u (count, place)
    where h.subscription_id = p_subscription_id and h.hour >= v_since
    group by u.place
  ) b;
  select * into v_state from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id;
  return jsonb_build_object(
    'since', v_since,
    'attempts', v_sum.s2 + v_sum.s3 + v_sum.s4 + v_sum.s5 + v_sum.late + v_sum.gone,
    'succeeded', v_sum.s2,
    'success_rate', case when v_sum.s2 + v_sum.s3 + v_sum.s4 + v_sum.s5 + v_sum.late + v_sum.gone > 0
      then round(v_sum.s2::numeric / (v_sum.s2 + v_sum.s3 + v_sum.s4 + v_sum.s5 + v_sum.late + v_sum.gone), 4) end,
    'by_outcome', jsonb_build_object('2xx', v_sum.s2, '3xx', v_sum.s3, '4xx', v_sum.s4, '5xx', v_sum.s5, 'timeout', v_sum.late, 'not_reached', v_sum.gone),
    'p50_ms', round(private.percentile(v_durations, 0.5)::numeric),
    'p95_ms', round(private.percentile(v_durations, 0.95)::numeric),
    'pending', (
      select count(*) from (
        select 1 from public.webhook_deliveries d
        where d.subscription_id = p_subscription_id and d.status = 'pending' limit 10000
      ) l
    ),
    'breaker', case when v_state.hold_until is null then 'closed' when v_state.hold_until > private.now() then 'open' else 'half_open' end,
    'hold_until', case when v_state.hold_until > private.now() then v_state.hold_until end,
    'failures', v_state.failures, 'failing_since', v_state.failing_since, 'last_success_at', v_state.last_success_at,
    'last_failure_at', v_state.last_failure_at, 'last_error', v_state.last_error
  );
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

  v_plan := private.require_room(p_organization_id, 'max_flows', jsonb_array_length(p_flows));
  select w.id into v_workspace_id from public.workspaces w
  where w.organization_id = p_organization_id and (w.id = p_workspace_id or (p_workspace_id is null and w.is_default));
  if not found then
    perform private.fail('not_found', 'No such workspace', 404);
  end if;

  -- All flows first, so that each has its id before a graph names it.
  for v_item in select i.value from jsonb_array_elements(p_flows) with ordinality i order by i.ordinality loop
    insert into public.flows (organization_id, workspace_id, name, description, is_active, created_by)
    values (p_organization_id, v_workspace_id, v_item ->> 'name', coalesce(v_item ->> 'description', ''),
      coalesce(p_is_active, false), private.caller_user_id())
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

create or replace function public.list_activity (
  p_organization_id uuid,
  p_filter          jsonb   default '{}'::jsonb,
  p_limit           integer default 51,
  p_after           uuid    default null::uuid,
  p_ascending       boolean default false
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_kinds text[];
  v_where text;
  v_people uuid[] := '{}';
  v_sees_members boolean;
  v_reply jsonb;
begin
  perform private.require_permission(p_organization_id, 'org:read', 'organization');
  v_kinds := private.activity_kinds(p_organization_id);
  v_sees_members := 'member' = any (v_kinds);
  -- Only these: a filter by what is not shown (the address, the values) would tell it.
  v_where := private.audit_where(
    (
      select coalesce(jsonb_object_agg(f.key, f.value), '{}') from jsonb_each(p_filter) f
      where f.key in ('actor', 'user_id', 'key_id', 'actions', 'target_types', 'target_id', 'from', 'to')
    ),
    p_after, p_ascending
  );
  if p_filter ? 'q' then
    if v_sees_members then
      v_people := array(
        select m.user_id from public.organization_members m
        join public.profiles p on p.id = m.user_id
        where m.organization_id = p_organization_id
          and position(lower(p_filter ->> 'q') in lower(concat_ws(' ', p.display_name, p.email))) > 0
      );
    end if;
    v_where := v_where || format(
      ' and (position(lower(%L) in lower(concat_ws('' '', e.action, e.target_id, e.before ->> ''name'', e.after ->> ''name''))) > 0
        or e.user_id = any (%L::uuid[]) or e.target_id = any (%L::text[]))',
      p_filter ->> 'q', v_people, private.activity_things_named(p_organization_id, p_filter ->> 'q') || v_people::text[]
    );
  end if;
  -- In the direction of the index, whichever that is.
  execute format(
    'select coalesce(jsonb_agg(jsonb_build_object(
       ''id'', e.id,
       ''occurred_at'', e.occurred_at,
       ''actor'', e.actor,
       ''user_id'', e.user_id,
       ''user_name'', case when $4 then coalesce(p.display_name, p.email) end,
       ''key_id'', e.key_id,
       ''key_name'', case when $5 then k.name end,
       ''action'', e.action,
       ''target_type'', e.target_type,
       ''target_id'', e.target_id,
       ''target_name'', coalesce(e.after ->> ''name'', e.before ->> ''name'', t.it ->> ''name''),
       ''is_there'', coalesce((t.it ->> ''is_there'')::boolean, false),
       ''changed'', case when e.action like ''%%.updated'' and json_typeof(e.after) = ''object''
         then coalesce((select jsonb_agg(c.name order by c.name) from json_object_keys(e.after) c (name)), ''[]'')
         else ''[]'' end,
       ''about'', jsonb_strip_nulls(jsonb_build_object(
         ''was'', e.before ->> ''name'',
         ''role'', case when e.target_type in (''member'', ''invitation'') then e.after ->> ''role'' end,
         ''status'', case when e.target_type = ''invitation'' then e.after ->> ''status'' end,
         ''is_active'', case when e.target_type in (''flow'', ''schedule'', ''webhook_endpoint'') then e.after -> ''is_active'' end,
         ''bulk'', case when e.target_type = ''bulk_operation'' then e.after ->> ''action'' end,
         ''count'', case e.target_type when ''bulk_operation'' then coalesce(e.after -> ''total'', e.details -> ''count'')
           when ''dead_letter'' then e.details -> ''discarded'' end
       ))
     ) order by e.id %1$s), ''[]'')
     from (
       select * from public.audit_events e
       where e.organization_id = $1 and e.actor in (''user'', ''key'') and e.target_type = any ($3)
         -- That a new flow gets its first version is no news, nor that an invitation is mailed.
         and not (
           e.action = ''flow.updated'' and coalesce(json_typeof(e.before -> ''current_version_id'') = ''null'', false)
           or e.action = ''invitation.updated'' and coalesce(e.before ->> ''mails'' = ''0'', false)
         ) %2$s
       order by e.id %1$s limit $2
     ) e
     cross join lateral (select private.activity_thing($1, e.target_type, e.target_id) as it) t
     left join public.profiles p on p.id = e.user_id
     left join public.api_keys k on k.id = e.key_id and k.organization_id = $1',
    case when p_ascending then 'asc' else 'desc' end, v_where
  ) into v_reply using p_organization_id, least(greatest(p_limit, 1), 101), v_kinds, v_sees_members, 'key' = any (v_kinds);
  return v_reply;
end;
$function$;

create or replace function public.list_security_events (
  p_organization_id uuid,
  p_filter          jsonb   default '{}'::jsonb,
  p_limit           integer default 51,
  p_before          uuid    default null::uuid,
  p_after           uuid    default null::uuid,
  p_ascending       boolean default false
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'audit:read', 'organization');
  return private.security_events_page(p_organization_id, p_filter, p_limit, p_before, p_after, p_ascending);
end;
$function$;

create or replace function public.resend_mail (
  p_mail_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_mail public.mails;
  v_data jsonb;
  v_new public.mails;
begin
  select * into v_mail from public.mails m where m.id = p_mail_id for update;
  perform private.require_permission(v_mail.organization_id, 'mail:write', 'mail');
  if v_mail.ended_at is null or exists (
    select 1 from public.mails m where m.resent_from = p_mail_id and m.ended_at is null
  ) then
    perform private.fail('conflict', 'The mail is on its way', 409);
  end if;
  select d.data into v_data from private.mail_data d where d.mail_id = p_mail_id;
  if v_data is null then
    perform private.fail('conflict', 'What the mail said is forgotten: ask for a new one where it came from', 409);
  end if;
  v_new := private.add_mail(v_mail.organization_id, v_mail.template, v_mail.to_address, v_data,
    left(v_mail.key, 240) || ':again:' || private.uuid_v7(), null, v_mail.id);
  if v_new.status = 'queued' then
    perform private.wake_mails();
  end if;
  perform private.audit(v_mail.organization_id, 'mail.resent', 'mail', v_new.id::text, null, null,
    jsonb_build_object('template', v_mail.template, 'resent_from', p_mail_id));
  return private.mail_reply(v_new);
end;
$function$;

create or replace function public.retry_webhook_deliveries (
  p_organization_id uuid,
  p_filter          jsonb,
  p_limit           integer default 500
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_limit integer := least(greatest(coalesce(p_limit, 500), 1), 5000);
  v_bad text;
  v_found uuid[];
  v_group record;
  v_retried integer := 0;
begin
  perform private.require_permission(p_organization_id, 'webhooks:write', 'organization');
  select min(k.name) into v_bad from jsonb_object_keys(coalesce(p_filter, '{}')) as k (name)
  where k.name <> all (array['subscription_id', 'status', 'type', 'application', 'created_after', 'created_before']);
  if v_bad is not null or coalesce(p_filter ->> 'status', 'failed') not in ('failed', 'cancelled', 'delivered') then
    perform private.fail('invalid_request', 'The filter takes subscription_id, status (failed, cancelled, delivered), type, application, created_after and created_before', 400);
  end if;
  begin
    select array_agg(f.id) into v_found
    from (
      select d.id
      from public.webhook_deliveries d
      join public.webhook_subscriptions s on s.id = d.subscription_id and s.status <> 'disabled'
      where d.organization_id = p_organization_id
        and d.status = coalesce(p_filter ->> 'status', 'failed')
        and (p_filter ->> 'subscription_id' is null or d.subscription_id = (p_filter ->> 'subscription_id')::uuid)
        and (p_filter ->> 'type' is null or d.type = p_filter ->> 'type')
        and (p_filter ->> 'application' is null or d.application = p_filter ->> 'application')
        and (p_filter ->> 'created_after' is null or d.id >= private.uuid_v7_floor((p_filter ->> 'created_after')::timestamptz))
        and (p_filter ->> 'created_before' is null or d.id < private.uuid_v7_floor((p_filter ->> 'created_before')::timestamptz))
      order by d.id limit v_limit + 1
    ) f;
  exception when data_exception then
    perform private.fail('invalid_request', 'A value of the filter has the wrong type', 400);
  end;
  for v_group in
    select d.subscription_id, array_agg(d.id) as ids
    from public.webhook_deliveries d
    where d.id = any (v_found[1:v_limit])
    group by d.subscription_id
    order by d.subscription_id
  loop
    v_retried := v_retried + private.retry_deliveries(v_group.subscription_id, v_group.ids);
  end loop;
  return jsonb_build_object('retried', v_retried, 'more', coalesce(cardinality(v_found), 0) > v_limit);
end;
$function$;

create or replace function public.retry_webhook_delivery (
  p_delivery_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_delivery public.webhook_deliveries := private.lock_webhook_delivery(p_delivery_id);
begin
  if exists (select from public.webhook_subscriptions s where s.id = v_delivery.subscription_id and s.status = 'disabled') then
    perform private.fail('conflict', 'The webhook subscription is disabled: make it active first', 409);
  end if;
  if v_delivery.next_attempt_at = 'infinity' then
    perform private.fail('conflict', 'The delivery waits for those of its key before it', 409);
  end if;
  perform private.retry_deliveries(v_delivery.subscription_id, array[p_delivery_id]);
  return (select to_jsonb(d) - '{lease,leased_until,body}'::text[] from public.webhook_deliveries d where d.id = p_delivery_id);
end;
$function$;

create or replace function public.rotate_api_key (
  p_key_id          uuid,
  p_secret_hash     text,
  p_prefix          text,
  p_last_four       text,
  p_overlap_seconds integer                  default 86400,
  p_expires_at      timestamp with time zone default null::timestamp with time zone,
  p_if_version      integer                  default null::integer,
  p_idempotency_key text                     default null::text,
  p_seed            text                     default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_old public.api_keys := private.lock_api_key(p_key_id);
  v_new public.api_keys := v_old;
  v_reply jsonb;
begin
  perform private.check_api_key_seed(p_seed);
  v_reply := private.idempotent_reply(v_old.organization_id, 'rotate_api_key', p_idempotency_key,
    jsonb_build_array(auth.uid(), p_key_id, p_overlap_seconds, p_expires_at));
  if v_reply is not null then
    return v_reply || '{"is_new": false}';
  end if;
  if p_if_version is not null and v_old.version <> p_if_version then
    perform private.fail('version_mismatch', format('The API key has version %s, not %s', v_old.version, p_if_version), 412);
  end if;
  if coalesce(p_overlap_seconds, -1) not between 0 and 2592000 then
    perform private.fail('invalid_request', 'The overlap lasts 0 to 2,592,000 seconds (30 days)', 400);
  end if;
  if p_expires_at <= v_now + make_interval(secs => p_overlap_seconds) then
    perform private.fail('invalid_request', 'The new API key must outlast the overlap', 400);
  end if;
  if v_old.rotated_at is not null then
    perform private.fail('conflict', 'The API key was rotated already: rotate the one that took its place', 409);
  end if;
  if v_old.revoked_at is not null or v_old.expires_at <= v_now then
    perform private.fail('conflict', 'The API key opens nothing any more: make a new one', 409);
  end if;

  -- First, so that the limit of keys in force does not stand in the way of a rotation without overlap.
  update public.api_keys k set
    rotated_at = v_now,
    expires_at = least(k.expires_at, v_now + make_interval(secs => p_overlap_seconds))
  where k.id = p_key_id;
  v_new.prefix := p_prefix;
  v_new.last_four := p_last_four;
  v_new.rotated_from := p_key_id;
  -- A key that had an end gets one as far away as the old one's was when it was made.
  v_new.expires_at := coalesce(p_expires_at, greatest(
    v_now + (v_old.expires_at - v_old.created_at), v_now + make_interval(secs => p_overlap_seconds + 60)
  ));
  if v_old.expires_at is null and p_expires_at is null then
    v_new.expires_at := null;
  end if;
  v_new := private.add_api_key(v_new, p_secret_hash);
  return private.keep_reply(v_old.organization_id, 'rotate_api_key', p_idempotency_key,
    to_jsonb(v_new) || jsonb_build_object('seed', p_seed)) || '{"is_new": true}';
end;
$function$;

create or replace function public.rotate_webhook_secret (
  p_endpoint_id     uuid,
  p_secret          text    default null::text,
  p_overlap_seconds integer default 86400,
  p_sealed          jsonb   default null::jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_endpoint public.webhook_endpoints := private.lock_webhook_endpoint(p_endpoint_id);
  v_secret text := case when p_sealed is null then coalesce(p_secret, private.new_webhook_secret(v_endpoint.config)) end;
  v_secret_id uuid;
begin
  if length(v_secret) not between 8 and 512 or coalesce(p_overlap_seconds, -1) not between 0 and 604800 then
    perform private.fail('invalid_request', 'A secret has 8 to 512 characters, the overlap is at most a week', 400);
  end if;
  -- Two at once at the most: the one before the current one ends now.
  delete from private.webhook_secrets s where s.endpoint_id = p_endpoint_id and s.expires_at is not null;
  update private.webhook_secrets s set expires_at = private.now() + make_interval(secs => p_overlap_seconds)
  where s.endpoint_id = p_endpoint_id;
  v_secret_id := private.put_webhook_secret(p_endpoint_id, v_secret, p_sealed);
  perform private.audit(
    v_endpoint.organization_id, 'webhook_endpoint.secret_rotated', 'webhook_endpoint', p_endpoint_id::text,
    p_details => jsonb_build_object('overlap_seconds', p_overlap_seconds)
  );
  return private.webhook_endpoint_reply(p_endpoint_id) || private.told_webhook_secret(v_secret_id);
end;
$function$;

create or replace function public.rotate_webhook_subscription_secret (
  p_subscription_id uuid,
  p_signing         jsonb,
  p_overlap_seconds integer default 86400,
  p_if_version      integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_subscription public.webhook_subscriptions := private.lock_webhook_subscription(p_subscription_id, p_if_version);
begin
  if coalesce(p_overlap_seconds, -1) not between 0 and 604800 then
    perform private.fail('invalid_request', 'The overlap lasts 0 to 604,800 seconds (7 days)', 400);
  end if;
  -- Two sign at the most: the newest, and the one before it.
  delete from private.webhook_subscription_secrets k
  where k.subscription_id = p_subscription_id and k.kind = 'signing' and k.expires_at is not null;
  update private.webhook_subscription_secrets k set expires_at = v_now + make_interval(secs => p_overlap_seconds)
  where k.subscription_id = p_subscription_id and k.kind = 'signing';
  perform private.keep_subscription_secret(v_subscription, 'signing', p_signing);
  update public.webhook_subscriptions s set description = s.description where s.id = p_subscription_id;
  perform private.audit(v_subscription.organization_id, 'webhook_subscription.secret_rotated', 'webhook_subscription',
    p_subscription_id::text, null, null, jsonb_build_object('overlap_seconds', p_overlap_seconds));
  return private.webhook_subscription_reply(p_subscription_id);
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
  v_user_id uuid := private.require_person();
  v_profile public.profiles;
begin
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
  -- Once a person, and not to those who were there before there was such a mail, nor to an address that nobody confirmed.
  if v_profile.created_at > private.now() - interval '1 day' and exists (
    select 1 from auth.users u where u.id = v_user_id and u.email = v_profile.email and u.email_confirmed_at is not null
  ) then
    perform private.send_mail(null, 'welcome', v_profile.email, jsonb_build_object('name', v_profile.display_name), v_user_id::text);
  end if;
  return to_jsonb(v_profile);
end;
$function$;

create or replace function public.test_webhook_subscription (
  p_subscription_id uuid,
  p_type            text,
  p_data            jsonb,
  p_idempotency_key text  default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_subscription public.webhook_subscriptions := private.lock_webhook_subscription(p_subscription_id);
  v_message_id uuid;
  v_delivery_id uuid;
  v_reply jsonb;
begin
  v_reply := private.idempotent_reply(v_subscription.organization_id, 'test_webhook_subscription', p_idempotency_key,
    jsonb_build_array(p_subscription_id, p_type, p_data));
  if v_reply is not null then
    return v_reply;
  end if;
  if v_subscription.status = 'disabled' then
    perform private.fail('conflict', 'The webhook subscription is disabled: make it active first', 409);
  end if;
  if coalesce(length(p_type) not between 1 and 64, true) or jsonb_typeof(p_data) is distinct from 'object' or octet_length(p_data::text) > 65536 then
    perform private.fail('invalid_request', 'A test event has a type and an object of at most 64 KiB', 400);
  end if;
  perform 1 from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id for update;
  insert into public.webhook_messages (organization_id, type, data, is_test, is_sent_on)
  values (v_subscription.organization_id, p_type, p_data, true, true)
  returning id into v_message_id;
  insert into public.webhook_deliveries (organization_id, subscription_id, message_id, application, type, next_attempt_at)
  values (v_subscription.organization_id, p_subscription_id, v_message_id, v_subscription.application, p_type, private.now() - interval '1 day')
  returning id into v_delivery_id;
  perform private.wake_endpoint(p_subscription_id, private.now());
  return private.keep_reply(v_subscription.organization_id, 'test_webhook_subscription', p_idempotency_key,
    (select to_jsonb(d) - '{lease,leased_until,body}'::text[] from public.webhook_deliveries d where d.id = v_delivery_id));
end;
$function$;

create or replace function public.update_api_key (
  p_key_id     uuid,
  p_changes    jsonb,
  p_if_version integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_key public.api_keys := private.lock_api_key(p_key_id, p_if_version);
  v_was_over boolean := v_key.expires_at <= private.now();
begin
  if v_key.revoked_at is not null then
    perform private.fail('conflict', 'The API key is revoked, for good', 409);
  end if;
  if v_key.rotated_at is not null and p_changes ? 'expires_at' then
    perform private.fail('conflict', 'The API key was rotated: its end is the end of the overlap', 409);
  end if;
  v_key := private.change_api_key(v_key, p_changes);
  -- One that was over and gets another end counts again.
  if v_was_over and (v_key.expires_at is null or v_key.expires_at > private.now()) then
    perform private.require_room(v_key.organization_id, 'max_api_keys');
  end if;
  update public.api_keys k set
    name = v_key.name, scopes = v_key.scopes, ip_allow = v_key.ip_allow, requests_per_minute = v_key.requests_per_minute,
    request_burst = v_key.request_burst, expires_at = v_key.expires_at
  where k.id = p_key_id
  returning * into v_key;
  return to_jsonb(v_key);
end;
$function$;

create or replace function public.update_webhook_subscription (
  p_subscription_id uuid,
  p_changes         jsonb,
  p_headers         jsonb   default null::jsonb,
  p_if_version      integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_was public.webhook_subscriptions := private.lock_webhook_subscription(p_subscription_id, p_if_version);
  v_now public.webhook_subscriptions := private.change_webhook_subscription(v_was, p_changes);
begin
  begin
    update public.webhook_subscriptions s set
      url = v_now.url, description = v_now.description, application = v_now.application, event_types = v_now.event_types,
      flow_ids = v_now.flow_ids, resource_ids = v_now.resource_ids, status = v_now.status,
      disabled_reason = v_now.disabled_reason, disabled_at = v_now.disabled_at, transformation = v_now.transformation,
      header_names = v_now.header_names, ordered = v_now.ordered, rate_per_minute = v_now.rate_per_minute,
      timeout_seconds = v_now.timeout_seconds, priority = v_now.priority
    where s.id = p_subscription_id;
  exception when check_violation or not_null_violation then
    perform private.fail('invalid_request', 'A setting of the webhook subscription is out of range', 400);
  end;
  if p_changes ? 'header_names' then
    delete from private.webhook_subscription_secrets k where k.subscription_id = p_subscription_id and k.kind = 'headers';
    if p_headers is not null then
      perform private.keep_subscription_secret(v_now, 'headers', p_headers);
    end if;
  end if;
  -- Another address, or a person who says that it works again: what is known of the old one says nothing any more.
  if v_now.status = 'active' and (v_was.status <> 'active' or v_was.url <> v_now.url) then
    perform private.reset_endpoint(p_subscription_id);
  end if;
  return private.webhook_subscription_reply(p_subscription_id);
end;
$function$;

create or replace function public.verify_audit (
  p_organization_id uuid,
  p_after           bigint default 0
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  set statement_timeout to '20s'
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'audit:read', 'organization');
  return jsonb_build_object('lines', (
    select coalesce(jsonb_agg(to_jsonb(c) order by c.number), '[]')
    from private.check_audit_batches(p_after, private.audit_slice_end(p_after, p_organization_id, 100000), p_organization_id) c
  ));
end;
$function$;

alter table "private"."webhook_refusal_days"
  add constraint "webhook_refusal_days_endpoint_id_fkey" foreign key (endpoint_id)
    references public.webhook_endpoints(id) on delete cascade;

alter table "private"."webhook_secrets"
  add constraint "envelopes_are_whole"
    check
    (((envelope IS NULL) OR ((octet_length(envelope) >= 92) AND (octet_length(envelope) <= 4096) AND
    (get_byte(envelope, 0) = 1) AND (get_byte(envelope, 1) >= 1) AND (get_byte(envelope, 1) <= 32) AND
    (octet_length(envelope) > (90 + get_byte(envelope, 1))) AND
    (encode(SUBSTRING(envelope FROM 3 FOR get_byte(envelope, 1)), 'escape'::text) = key_id))));

alter table "private"."webhook_secrets"
  add constraint "sealed_or_waiting_for_it" check (
CASE
    WHEN (envelope IS NULL) THEN ((secret IS NOT NULL) AND (key_id IS NULL))
    ELSE ((secret IS NULL) AND (key_id IS NOT NULL) AND (last_four IS NOT NULL))
END);

alter table "private"."webhook_secrets"
  add constraint "webhook_secrets_last_four_check" check ((length(last_four) <= 4));

alter table "public"."audit_events"
  add constraint "audit_events_pkey" primary key (organization_id, id);

alter table "public"."bulk_operations"
  add constraint "bulk_operations_action_check"
    check
    ((action = ANY (ARRAY['cancel'::text, 'retry'::text, 'delete'::text, 'resume'::text, 'pause'::text,
    'replay_events'::text])));

alter table "public"."mails"
  add constraint "mails_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "private"."mail_data"
  add constraint "mail_data_mail_id_fkey" foreign key (mail_id) references public.mails(id) on delete cascade;

alter table "public"."mails"
  add constraint "mails_resent_from_fkey" foreign key (resent_from) references public.mails(id) on delete set null;

alter table "public"."plans"
  add constraint "plans_max_webhook_subscriptions_check" check ((max_webhook_subscriptions > 0));

alter table "public"."webhook_attempts"
  add constraint "webhook_attempts_delivery_id_fkey" foreign key (delivery_id)
    references public.webhook_deliveries(id) on delete cascade;

alter table "public"."webhook_endpoints"
  add constraint "webhook_endpoints_provider_check"
    check
    ((provider = ANY (ARRAY['stripe'::text, 'typeform'::text, 'calendly'::text, 'standard_webhooks'::text,
    'github'::text, 'slack'::text, 'shopify'::text, 'custom'::text])));

alter table "public"."webhook_messages"
  add constraint "webhook_messages_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "public"."webhook_deliveries"
  add constraint "webhook_deliveries_message_id_fkey" foreign key (message_id) references public.webhook_messages(id)
    on delete cascade;

alter table "public"."webhook_refusals"
  add constraint "webhook_refusals_endpoint_id_fkey" foreign key (endpoint_id) references public.webhook_endpoints(id)
    on delete cascade;

alter table "public"."webhook_subscriptions"
  add constraint "webhook_subscriptions_created_by_fkey" foreign key (created_by) references public.profiles(id)
    on delete set null;

alter table "public"."webhook_subscriptions"
  add constraint "webhook_subscriptions_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "private"."webhook_endpoint_states"
  add constraint "webhook_endpoint_states_subscription_id_fkey" foreign key (subscription_id)
    references public.webhook_subscriptions(id) on delete cascade;

alter table "private"."webhook_endpoint_stats"
  add constraint "webhook_endpoint_stats_subscription_id_fkey" foreign key (subscription_id)
    references public.webhook_subscriptions(id) on delete cascade;

alter table "private"."webhook_subscription_secrets"
  add constraint "webhook_subscription_secrets_subscription_id_fkey" foreign key (subscription_id)
    references public.webhook_subscriptions(id) on delete cascade;

alter table "public"."webhook_deliveries"
  add constraint "webhook_deliveries_subscription_id_fkey" foreign key (subscription_id)
    references public.webhook_subscriptions(id) on delete cascade;

create view "engine"."cache_rates" with (security_invoker=true) AS  SELECT u.day,
    u.operation,
    r.requests,
    u.hits,
    u.stale,
    u.joined,
    u.matched,
    u.misses,
    u.not_modified,
    round(((1)::numeric - ((u.misses)::numeric / (NULLIF(r.requests, 0))::numeric)), 4) AS hit_rate,
    round(((u.not_modified)::numeric / (NULLIF(r.requests, 0))::numeric), 4) AS not_modified_rate
   FROM (private.cache_usage u
     CROSS JOIN LATERAL ( SELECT ((((u.hits + u.stale) + u.joined) + u.matched) + u.misses) AS requests) r);

create view "private"."audit_leaves" with (security_invoker=true) AS  SELECT id,
    organization_id,
    occurred_at,
    tx,
    canonical,
    sha256(('\x00'::bytea || convert_to(canonical, 'UTF8'::name))) AS leaf
   FROM ( SELECT e.id,
            e.organization_id,
            e.occurred_at,
            e.tx,
            (((((((((((((((((((((('20:millrace-audit-row-1,36:'::text || e.organization_id) || ',36:'::text) || e.id) || ','::text) || octet_length((((date_part('epoch'::text, e.occurred_at) * (1000000)::double precision))::bigint)::text)) || ':'::text) || ((date_part('epoch'::text, e.occurred_at) * (1000000)::double precision))::bigint) || ','::text) || COALESCE((((octet_length(e.actor) || ':'::text) || e.actor) || ','::text), ':,'::text)) || COALESCE((((octet_length((e.user_id)::text) || ':'::text) || (e.user_id)::text) || ','::text), ':,'::text)) || COALESCE((((octet_length((e.key_id)::text) || ':'::text) || (e.key_id)::text) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.auth) || ':'::text) || e.auth) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.via) || ':'::text) || e.via) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.ip) || ':'::text) || e.ip) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.agent) || ':'::text) || e.agent) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.request_id) || ':'::text) || e.request_id) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.action) || ':'::text) || e.action) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.target_type) || ':'::text) || e.target_type) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.target_id) || ':'::text) || e.target_id) || ','::text), ':,'::text)) || COALESCE((((octet_length((e.before)::text) || ':'::text) || (e.before)::text) || ','::text), ':,'::text)) || COALESCE((((octet_length((e.after)::text) || ':'::text) || (e.after)::text) || ','::text), ':,'::text)) || COALESCE((((octet_length((e.details)::text) || ':'::text) || (e.details)::text) || ','::text), ':,'::text)) AS canonical
           FROM public.audit_events e) c;

create index generations_organization_id_idx on private.generations using btree (organization_id, kind);
create index mail_data_forget_at_idx on private.mail_data using btree (forget_at);

create index webhook_secrets_key_id_idx on private.webhook_secrets using btree (key_id, id)
  where (envelope is not null);

create index webhook_secrets_plain_idx on private.webhook_secrets using btree (id)
  where (secret is not null);

create index webhook_subscription_secrets_key_id_idx on private.webhook_subscription_secrets
  using btree (key_id, subscription_id, kind, number);

create index mails_batch_id_idx on public.mails using btree (batch_id)
  where (batch_id is not null);

create index mails_ended_at_idx on public.mails using btree (ended_at)
  where (ended_at is not null);

create index mails_expires_at_idx on public.mails using btree (expires_at)
  where (status = 'queued'::text);

create unique index mails_key_idx on public.mails using btree (tenant_id, template, key);

create index mails_leased_until_idx on public.mails using btree (leased_until)
  where (status = 'sending'::text);

create index mails_organization_id_idx on public.mails using btree (organization_id, id);

create index mails_provider_message_id_idx on public.mails using btree (provider_message_id)
  where (provider_message_id is not null);

create index mails_queued_idx on public.mails using btree (priority, tenant_id, scheduled_for)
  where (status = 'queued'::text);

create index mails_resent_from_idx on public.mails using btree (resent_from)
  where (resent_from is not null);

create index mails_scheduled_for_idx on public.mails using btree (scheduled_for)
  where (status = 'queued'::text);

create index webhook_deliveries_due_idx on public.webhook_deliveries using btree (subscription_id, next_attempt_at)
  where (status = 'pending'::text);

create index webhook_deliveries_message_id_idx on public.webhook_deliveries using btree (message_id);

create index webhook_deliveries_order_idx on public.webhook_deliveries using btree (subscription_id, order_key, id)
  where ((status = 'pending'::text) AND (order_key is not null));

create index webhook_deliveries_organization_id_idx on public.webhook_deliveries using btree (organization_id, id);
create index webhook_deliveries_subscription_id_idx on public.webhook_deliveries using btree (subscription_id, id);

create index webhook_messages_new_idx on public.webhook_messages using btree (organization_id, id)
  where (not is_sent_on);

create index webhook_messages_organization_id_idx on public.webhook_messages using btree (organization_id, id);
create index webhook_refusals_endpoint_id_idx on public.webhook_refusals using btree (endpoint_id, id);
create index webhook_subscriptions_created_by_idx on public.webhook_subscriptions using btree (created_by);

create index webhook_subscriptions_organization_id_idx on public.webhook_subscriptions
  using btree (organization_id, id);

create trigger publish
  after insert on private.secret_notices
  for each row
  execute function private.publish_secret_notice();

create trigger audit
  after update of custom_cron, is_enabled on private.system_tasks
  for each row
  execute function private.audit_row('', 'name', '', 'task');

create trigger publish
  after insert or update of revoked_at on public.api_keys
  for each row
  execute function private.publish_api_key();

create trigger audit_cancel
  after update on public.bulk_operations
  for each row
  when (((new.status = 'cancelled'::text) AND (old.status <> 'cancelled'::text)))
  execute function private.audit_row('organization_id', 'id', 'position,busy,errors');

create trigger audit
  after insert on public.bulk_operations
  for each row
  execute function private.audit_row('organization_id', 'id', 'position,busy,errors');

create trigger publish
  after insert or delete or update of deleted_at on public.entities
  for each row
  execute function private.publish_entity();

create trigger publish
  after insert on public.entity_moves
  for each row
  execute function private.publish_move();

create trigger generation_after_delete after delete on public.flow_versions
  referencing OLD table as old_rows for each STATEMENT execute function private.bump_generation (
  'flows'
);

create trigger generation_after_insert after insert on public.flow_versions
  referencing NEW table as new_rows for each STATEMENT execute function private.bump_generation (
  'flows'
);

create trigger generation_after_update after update on public.flow_versions
  referencing OLD table as old_rows NEW table as new_rows for each STATEMENT execute function private.bump_generation
  (
  'flows'
);

create trigger generation_after_delete after delete on public.flows
  referencing OLD table as old_rows for each STATEMENT execute function private.bump_generation (
  'flows'
);

create trigger generation_after_insert after insert on public.flows
  referencing NEW table as new_rows for each STATEMENT execute function private.bump_generation (
  'flows'
);

create trigger generation_after_update after update on public.flows
  referencing OLD table as old_rows NEW table as new_rows for each STATEMENT execute function private.bump_generation
  (
  'flows'
);

create trigger publish
  after insert or delete or update of name,
    description, is_active, current_version_id, workspace_id, deleted_at on public.flows
  for each row
  execute function private.publish_flow();

create trigger audit
  after insert or delete or update on public.invitations
  for each row
  execute function private.audit_row('organization_id', 'id', 'email');

create trigger sensitive
  before insert on public.invitations
  for each row
  when ((new.role = ANY (ARRAY['owner'::text, 'admin'::text])))
  execute function private.change_is_sensitive('organization_id');

create trigger generation_after_delete after delete on public.organization_members
  referencing OLD table as old_rows for each STATEMENT execute function private.bump_generation (
  'organization'
);

create trigger generation_after_insert after insert on public.organization_members
  referencing NEW table as new_rows for each STATEMENT execute function private.bump_generation (
  'organization'
);

create trigger generation_after_update after update on public.organization_members
  referencing OLD table as old_rows NEW table as new_rows for each STATEMENT execute function private.bump_generation
  (
  'organization'
);

create trigger publish
  after insert or delete on public.organization_members
  for each row
  execute function private.publish_member();

create trigger sensitive_removal
  before delete on public.organization_members
  for each row
  execute function private.change_is_sensitive('organization_id');

create trigger generation_after_update
  after update on public.organizations referencing NEW table as new_rows
  for each STATEMENT
  execute function private.bump_organization_generation();

create trigger generation_after_update
  after update on public.profiles referencing NEW table as new_rows
  for each STATEMENT
  execute function private.bump_organization_generation();

create trigger audit
  after insert or delete or update on public.webhook_subscriptions
  for each row
  execute function private.audit_row('organization_id', 'id', 'transformation', '', 'url');

create trigger touch
  before update on public.webhook_subscriptions
  for each row
  execute function private.touch();

create trigger generation_after_delete after delete on public.workspaces
  referencing OLD table as old_rows for each STATEMENT execute function private.bump_generation (
  'organization'
);

create trigger generation_after_insert after insert on public.workspaces
  referencing NEW table as new_rows for each STATEMENT execute function private.bump_generation (
  'organization'
);

create trigger generation_after_update after update on public.workspaces
  referencing OLD table as old_rows NEW table as new_rows for each STATEMENT execute function private.bump_generation
  (
  'organization'
);

create policy "members_see_mails" on "public"."mails"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('mail:read'::text) as organizations_with)::uuid[])));

create policy "members_see_webhook_attempts" on "public"."webhook_attempts"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('webhooks:read'::text) as
    organizations_with)::uuid[])));

create policy "members_see_webhook_deliveries" on "public"."webhook_deliveries"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('webhooks:read'::text) as
    organizations_with)::uuid[])));

create policy "members_see_webhook_messages" on "public"."webhook_messages"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('webhooks:read'::text) as
    organizations_with)::uuid[])));

create policy "members_see_webhook_refusals" on "public"."webhook_refusals"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('webhooks:read'::text) as
    organizations_with)::uuid[])));

create policy "members_see_webhook_subscriptions" on "public"."webhook_subscriptions"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('webhooks:read'::text) as
    organizations_with)::uuid[])));

comment on column "private"."cache_usage"."day" is 'The day, in UTC.';
comment on column "private"."cache_usage"."hits" is 'A kept reply.';
comment on column "private"."cache_usage"."joined" is 'The reply of a query that another request had begun.';
comment on column "private"."cache_usage"."matched" is '304 because the caller named the generation that still holds: nothing was kept here, and nothing was asked.';
comment on column "private"."cache_usage"."misses" is 'The query was made.';
comment on column "private"."cache_usage"."not_modified" is 'How many of all these were answered 304, without a body.';
comment on column "private"."cache_usage"."operation" is 'The operation: listFlows.';
comment on column "private"."cache_usage"."stale" is 'A kept reply that was older than its maximum age, while it was fetched anew behind the answer.';
comment on column "private"."generations"."generation" is 'Random, and another one with every change. No count: a database that was restored would come to the same count by other changes.';
comment on column "private"."generations"."id" is 'Random.';
comment on column "private"."generations"."kind" is 'flows = flows and their versions; organization = the organization, its members, their profiles, its workspaces.';
comment on column "private"."generations"."organization_id" is 'The tenant.';
comment on column "private"."mail_data"."data" is 'What the template is filled with.';
comment on column "private"."mail_data"."forget_at" is 'Removed from then on: a week after the mail would have expired, an hour where it opens something.';
comment on column "private"."mail_data"."mail_id" is 'The mail.';
comment on column "private"."mail_pace"."last_tenant_id" is 'Whose mails were taken last: the next in the order of ids goes first.';
comment on column "private"."mail_pace"."next_at" is 'When it may be asked next; -infinity = it never was.';
comment on column "private"."mail_pace"."provider" is 'resend or smtp.';
comment on column "private"."mail_templates"."category" is 'What people may switch off: alerts, digests, product; transactional cannot be.';
comment on column "private"."mail_templates"."expires_after" is 'Not sent when so much later than it was to be; null = a week.';
comment on column "private"."mail_templates"."is_sensitive" is 'Its data opens something (a link, a code): it is forgotten as soon as the mail is out, and the mail is not sent a second time.';
comment on column "private"."mail_templates"."name" is 'What private.send_mail calls it.';
comment on column "private"."mail_templates"."priority" is '10 = somebody waits for it, 50 = about a step somebody took, 100 = a notice, 200 = a digest. The lower goes first.';
comment on column "private"."webhook_endpoint_states"."batch" is 'How many deliveries are under way at once: doubled by success, halved by failure.';
comment on column "private"."webhook_endpoint_states"."failing_since" is 'The first of them; null = the last attempt succeeded.';
comment on column "private"."webhook_endpoint_states"."failures" is 'Failures since the last success.';
comment on column "private"."webhook_endpoint_states"."hold_until" is 'Nothing is sent before; then one delivery is tried. Null = the breaker is closed.';
comment on column "private"."webhook_endpoint_states"."last_error" is 'Its code, or status.';
comment on column "private"."webhook_endpoint_states"."last_failure_at" is 'The last failure; null = none.';
comment on column "private"."webhook_endpoint_states"."last_success_at" is 'The last answer of 2xx; null = none.';
comment on column "private"."webhook_endpoint_states"."opened" is 'How often the breaker opened since the last success: each time it stays open for longer.';
comment on column "private"."webhook_endpoint_states"."subscription_id" is 'The subscription.';
comment on column "private"."webhook_endpoint_states"."tokens" is 'Requests that rate_per_minute allowed at tokens_at.';
comment on column "private"."webhook_endpoint_states"."tokens_at" is 'When they were counted.';
comment on column "private"."webhook_endpoint_stats"."answered_2xx" is 'Attempts that succeeded.';
comment on column "private"."webhook_endpoint_stats"."answered_3xx" is 'Answered with a redirect, which is a failure.';
comment on column "private"."webhook_endpoint_stats"."answered_4xx" is 'Answered with 4xx.';
comment on column "private"."webhook_endpoint_stats"."answered_5xx" is 'Answered with 5xx.';
comment on column "private"."webhook_endpoint_stats"."durations" is 'How long those took that were answered: a histogram, see private.duration_bucket.';
comment on column "private"."webhook_endpoint_stats"."hour" is 'Its beginning.';
comment on column "private"."webhook_endpoint_stats"."not_reached" is 'No connection, no valid answer, an address that is refused.';
comment on column "private"."webhook_endpoint_stats"."subscription_id" is 'The subscription.';
comment on column "private"."webhook_endpoint_stats"."timed_out" is 'Not answered, or not completely, in time.';
comment on column "private"."webhook_refusal_days"."day" is 'The day, UTC.';
comment on column "private"."webhook_refusal_days"."endpoint_id" is 'The endpoint.';
comment on column "private"."webhook_refusal_days"."refused" is 'Refused deliveries, also those of which nothing is kept.';
comment on column "private"."webhook_secrets"."envelope" is 'The secret, encrypted as docs/secrets.md says, bound to this row and its organization. Null = not sealed yet.';
comment on column "private"."webhook_secrets"."key_id" is 'The master key that wraps its data key, as the envelope says.';
comment on column "private"."webhook_secrets"."last_four" is 'The last four characters, by which people tell secrets apart; null = those of secret.';
comment on column "private"."webhook_secrets"."secret" is 'The secret as the provider shows it, until it is sealed (envelope); null = it is. It stays here where there are no master keys.';
comment on column "private"."webhook_subscription_secrets"."created_at" is 'Made.';
comment on column "private"."webhook_subscription_secrets"."envelope" is 'Version, id of the master key, wrapped data key, IV, ciphertext, tag.';
comment on column "private"."webhook_subscription_secrets"."expires_at" is 'Null = the current one; set = deliveries are signed with it too until then.';
comment on column "private"."webhook_subscription_secrets"."key_id" is 'The master key that wraps the data key, as the envelope says.';
comment on column "private"."webhook_subscription_secrets"."kind" is 'signing = a secret of Standard Webhooks; headers = a JSON object, name to value.';
comment on column "private"."webhook_subscription_secrets"."last_four" is 'How a signing secret ends; null = headers.';
comment on column "private"."webhook_subscription_secrets"."number" is '1, 2, 3 … within the subscription and kind; part of what the ciphertext is bound to.';
comment on column "private"."webhook_subscription_secrets"."organization_id" is 'The tenant, to which the ciphertext is bound.';
comment on column "private"."webhook_subscription_secrets"."subscription_id" is 'The subscription.';
comment on column "public"."bulk_operations"."action" is 'What is done to each run; replay_events = each event of a webhook goes through its flow again.';
comment on column "public"."bulk_operations"."errors" is 'The first of those: [{run_id or event_id, code, message}], twenty at most.';
comment on column "public"."bulk_operations"."filter" is 'Which runs: {flow_id, status, trigger, retry_of, entity_id, parent_run_id, schedule_id, created_after, created_before}. Of those only the ones whose state the action is for. For replay_events: {endpoint_id, event_ids, type, status, run_status, test, received_after, received_before}.';
comment on column "public"."bulk_operations"."id" is 'UUIDv7. Runs and events that are younger than the operation are none of its business.';
comment on column "public"."mails"."attempts" is 'How often a provider was asked to send it.';
comment on column "public"."mails"."batch_id" is 'With which others it was given to the provider: stays the same while it is not known whether they were taken.';
comment on column "public"."mails"."category" is 'As the template''s: what the receiver may have switched off.';
comment on column "public"."mails"."clicks" is 'How often a link of it was followed, as far as the provider can know.';
comment on column "public"."mails"."created_at" is 'Asked for.';
comment on column "public"."mails"."ended_at" is 'When it was sent or given up; null = it is still to be sent.';
comment on column "public"."mails"."error" is '{code, message} of the latest failure; null = none.';
comment on column "public"."mails"."expires_at" is 'Not sent any more from then on.';
comment on column "public"."mails"."id" is 'UUIDv7.';
comment on column "public"."mails"."is_unsure" is 'The provider may have taken it: it was asked, and its answer is not known. Then no other provider is asked, ever.';
comment on column "public"."mails"."key" is 'What it is about, from whoever asked for it: one mail for each organization, template and key, ever.';
comment on column "public"."mails"."leased_until" is 'While sending: until then nobody else asks the provider again.';
comment on column "public"."mails"."opens" is 'How often it was opened, as far as the provider can know.';
comment on column "public"."mails"."organization_id" is 'The tenant whom it is about; null = nobody''s, as the mails of Auth.';
comment on column "public"."mails"."priority" is '10 first, 200 last.';
comment on column "public"."mails"."provider" is 'Who took it, or was asked last: resend or smtp; null = nobody yet.';
comment on column "public"."mails"."provider_message_id" is 'Its id there, by which events of the provider find it.';
comment on column "public"."mails"."resent_from" is 'The mail of which this one is another try, asked for by somebody.';
comment on column "public"."mails"."scheduled_for" is 'Not sent before; later after a failure.';
comment on column "public"."mails"."sent_at" is 'When a provider took it; null = none did.';
comment on column "public"."mails"."status" is 'queued; sending = with a provider, whose answer is not known yet; sent = a provider took it; delivered, bounced, complained = what the provider said later; failed = it was not sent, or nobody can know; suppressed = the receiver wants none, or has no mailbox; cancelled; expired = too late to be of use.';
comment on column "public"."mails"."subject" is 'Its subject; null = not written yet, or forgotten.';
comment on column "public"."mails"."template" is 'Which mail, see private.mail_templates.';
comment on column "public"."mails"."tenant_id" is 'The organization, or the platform''s id: whose turn it is.';
comment on column "public"."mails"."to_address" is 'The receiver: personal data, gone with the row.';
comment on column "public"."plans"."max_webhook_subscriptions" is 'Webhook subscriptions that an organization may keep.';
comment on column "public"."webhook_attempts"."delivery_id" is 'The delivery.';
comment on column "public"."webhook_attempts"."duration_ms" is 'From the name lookup to the end of the answer, milliseconds.';
comment on column "public"."webhook_attempts"."error_code" is 'Why it failed, in a word; null = it did not.';
comment on column "public"."webhook_attempts"."error_message" is 'The same in a sentence.';
comment on column "public"."webhook_attempts"."finished_at" is 'When it was over.';
comment on column "public"."webhook_attempts"."is_cut" is 'True = there was more of the body than was read.';
comment on column "public"."webhook_attempts"."number" is '1, 2, 3 … within the delivery.';
comment on column "public"."webhook_attempts"."organization_id" is 'The tenant.';
comment on column "public"."webhook_attempts"."request_headers" is 'As they were sent, without signatures and without the values of the tenant''s own.';
comment on column "public"."webhook_attempts"."response_body" is 'The first 64 KiB; null = none came.';
comment on column "public"."webhook_attempts"."response_headers" is 'As they came, cookies left out; null = none came.';
comment on column "public"."webhook_attempts"."response_status" is 'HTTP status; null = none came.';
comment on column "public"."webhook_attempts"."url" is 'Where it was sent.';
comment on column "public"."webhook_deliveries"."application" is 'That of the subscription when the delivery was made.';
comment on column "public"."webhook_deliveries"."attempts" is 'How often it was sent.';
comment on column "public"."webhook_deliveries"."body" is 'What was sent, where the transformation made it; null = the event as it is.';
comment on column "public"."webhook_deliveries"."counted_from" is 'Attempts that do not count against the ten: those before a person sent it again.';
comment on column "public"."webhook_deliveries"."created_at" is 'Made.';
comment on column "public"."webhook_deliveries"."error_code" is 'Why the last attempt failed; null = it did not, or was not made.';
comment on column "public"."webhook_deliveries"."finished_at" is 'When it ended; null = it has not.';
comment on column "public"."webhook_deliveries"."id" is 'UUIDv7.';
comment on column "public"."webhook_deliveries"."lease" is 'Who sends it now; only they may say what came of it. Null = nobody.';
comment on column "public"."webhook_deliveries"."leased_until" is 'From then on another may send it.';
comment on column "public"."webhook_deliveries"."message_id" is 'The event.';
comment on column "public"."webhook_deliveries"."next_attempt_at" is 'When it is sent next; infinity = when those of its key before it have ended; null = it has ended.';
comment on column "public"."webhook_deliveries"."order_key" is 'Of the event, where the subscription is ordered; null = it waits for no other.';
comment on column "public"."webhook_deliveries"."organization_id" is 'The tenant: that of the subscription, with which deliveries go.';
comment on column "public"."webhook_deliveries"."response_status" is 'HTTP status of the last attempt; null = none came.';
comment on column "public"."webhook_deliveries"."status" is 'pending = to be sent, or sent again; delivered = answered with 2xx; failed = given up; cancelled = by a person.';
comment on column "public"."webhook_deliveries"."subscription_id" is 'Where it goes.';
comment on column "public"."webhook_deliveries"."type" is 'That of the event.';
comment on column "public"."webhook_endpoints"."provider" is 'Who sends, by which adapter of shared/webhooks: stripe, typeform, calendly, standard_webhooks, github, slack, shopify, or custom (an HMAC described in config).';
comment on column "public"."webhook_messages"."created_at" is 'When it happened.';
comment on column "public"."webhook_messages"."data" is 'What the type''s schema says.';
comment on column "public"."webhook_messages"."id" is 'UUIDv7; receivers get it as webhook-id, the same in each attempt.';
comment on column "public"."webhook_messages"."is_sent_on" is 'True = its deliveries have been made.';
comment on column "public"."webhook_messages"."is_test" is 'True = a person asked for it, to try a subscription.';
comment on column "public"."webhook_messages"."order_key" is 'Events with the same key reach ordered subscriptions in order; null = this one has no order.';
comment on column "public"."webhook_messages"."organization_id" is 'The tenant.';
comment on column "public"."webhook_messages"."type" is 'What happened, of the catalogue in shared/webhooks_out.';
comment on column "public"."webhook_refusals"."body" is 'The first 4 KiB of the body.';
comment on column "public"."webhook_refusals"."body_bytes" is 'How long the body was.';
comment on column "public"."webhook_refusals"."detail" is 'What exactly was wrong; null = the reason says all.';
comment on column "public"."webhook_refusals"."endpoint_id" is 'Where it came in.';
comment on column "public"."webhook_refusals"."headers" is 'Request headers, without credentials and signatures.';
comment on column "public"."webhook_refusals"."id" is 'UUIDv7.';
comment on column "public"."webhook_refusals"."is_test" is 'True = it came to the test address.';
comment on column "public"."webhook_refusals"."method" is 'HTTP method.';
comment on column "public"."webhook_refusals"."organization_id" is 'The tenant: that of the endpoint, with which refusals go. No foreign key of its own on purpose.';
comment on column "public"."webhook_refusals"."query" is 'Query parameters.';
comment on column "public"."webhook_refusals"."reason" is 'Why it was refused: a reason of shared/webhooks, such as signature_mismatch.';
comment on column "public"."webhook_refusals"."received_at" is 'When it came.';
comment on column "public"."webhook_subscriptions"."application" is 'Which of the tenant''s own customers it is for, in the tenant''s words: what a portal token may see. Null = none.';
comment on column "public"."webhook_subscriptions"."created_at" is 'Made.';
comment on column "public"."webhook_subscriptions"."created_by" is 'Who made it; null = the account is gone.';
comment on column "public"."webhook_subscriptions"."description" is 'What it is for, for people; empty = none given.';
comment on column "public"."webhook_subscriptions"."disabled_at" is 'Since when; null = not disabled.';
comment on column "public"."webhook_subscriptions"."disabled_reason" is 'gone = it answered 410; failing = nothing got through for five days. Null = not disabled.';
comment on column "public"."webhook_subscriptions"."event_types" is 'The types that are sent; * = all.';
comment on column "public"."webhook_subscriptions"."flow_ids" is 'Only events of these flows, and those that belong to no flow; null = of all.';
comment on column "public"."webhook_subscriptions"."header_names" is 'Names of headers that are sent besides ours; their values are encrypted elsewhere.';
comment on column "public"."webhook_subscriptions"."id" is 'UUIDv7.';
comment on column "public"."webhook_subscriptions"."ordered" is 'True = of events with the same key one is sent only when those before it have got through, or were given up.';
comment on column "public"."webhook_subscriptions"."organization_id" is 'The tenant.';
comment on column "public"."webhook_subscriptions"."priority" is 'Whose deliveries go first when workers are busy: high, normal or low.';
comment on column "public"."webhook_subscriptions"."rate_per_minute" is 'Requests a minute at most; null = no limit.';
comment on column "public"."webhook_subscriptions"."resource_ids" is 'Only events whose data has one of these ids; null = all.';
comment on column "public"."webhook_subscriptions"."status" is 'active; paused = events are kept and sent when it goes on; disabled = by us: nothing is kept or sent until a person activates it.';
comment on column "public"."webhook_subscriptions"."timeout_seconds" is 'How long one attempt may take: name lookup, connection, headers and body.';
comment on column "public"."webhook_subscriptions"."transformation" is 'A value with expressions over trigger = the event, sent as the body instead of the event; null = the event as it is.';
comment on column "public"."webhook_subscriptions"."updated_at" is 'Last change.';
comment on column "public"."webhook_subscriptions"."url" is 'Where events are sent; http or https.';
comment on column "public"."webhook_subscriptions"."version" is 'Raised by every change; the ETag.';
comment on function "engine"."add_api_usage"(jsonb, jsonb) is 'Adds what an isolate has counted: [{day, organization_id (null = none), version, operation, door, requests, errors}], and of routes that keep replies p_cache, see private.add_cache_usage.';
comment on function "engine"."begin_webhook_batch"(uuid, uuid) is 'Leases the deliveries of a subscription that are due, as many as its endpoint bears at once: {subscription, secrets, now, deliveries}. None while its breaker is open, its rate is used up or it is paused: then the next job is called where one is needed.';
comment on function "engine"."claim_mails"(text, integer, double precision, integer) is 'Gives a sender what to hand to a provider: a batch that is still without an answer, or mails that are due, fair among organizations, under the provider''s pace for all senders together. is_repeated = the provider may have taken them already. {wait_ms} = the pace; {next_ms} = nothing is due before (null = nothing within a minute). From here on nobody else is asked to send these until engine.finish_mails says that they were not taken.';
comment on function "engine"."claim_new_mail"(uuid, text, text, jsonb, text, text) is 'Queues a mail and claims it at once, as a batch of one, for somebody who waits for it; if its sender fails, the queue goes on with it. No mails = it was asked for before, or is suppressed.';
comment on function "engine"."count_secrets_by_key"() is 'How many values each master key protects, those of webhook endpoints and subscriptions among them: {key id: number}. A key that is not among them protects nothing and may go.';
comment on function "engine"."end_webhook_batch"(uuid, uuid, jsonb) is 'Records what came of a batch: attempts, when the failed ones are sent again (Retry-After heeded up to a day), the endpoint''s breaker and numbers, and calls the next job. What is not leased with p_lease any more is passed over. Answers {recorded, delivered, failed}.';
comment on function "engine"."finish_mails"(uuid, jsonb) is 'What became of a batch: [{id, outcome, provider, message_id, subject, error, delay_seconds}]. A mail that is not of the batch any more is left alone: {changed} says how many were.';
comment on function "engine"."gate_key"(text, text, uuid, text, text, text) is 'The one call before the business call for an API key, given as the SHA-256 of its text in hex: what public.gate answers for a person, with {id, mode} of the key, user_id = who made it, and its scopes as permissions. 401, always the same, for a key that is unknown, revoked or over; 403 ip_not_allowed for an address outside its networks; 404 for another organization than its own. p_ip = the address of the client, null = unknown.';
comment on function "engine"."get_cache_usage"(date, date) is 'engine.cache_rates between two days, both included, by operation. For operators.';
comment on function "engine"."get_flag"(text) is 'A flag with its rules, organization → whether it has it, a thousand of them at the most (rule_count says how many there are); null when there is none of this name.';
comment on function "engine"."get_webhook_endpoint"(text, boolean, integer, jsonb) is 'What the receiver needs to judge p_count deliveries (null = one, of a receiver of the release before): adapter, settings, valid secrets (text, or sealed: {id, envelope in hex}), a token each of the endpoint''s rate limit as take_many_tokens answers, and in ahead what it takes to run a flow before its event is kept: the current version and the time; null where a limit is full, or a mapping or a limit of the flow has a say. Null = no active endpoint has this slug. p_test = for its test address, where one that is switched off answers too, unless it takes unsigned deliveries. p_ips = the address of each delivery, null = not known; where some are blocked, blocked says which, and where all are, nothing else is answered.';
comment on function "engine"."get_webhook_sender"(uuid, uuid) is 'What it takes to send a test event to an endpoint as its provider would: slug, adapter, settings and the current secret (text, or sealed: {id, envelope in hex}). Null = there is no such endpoint, or the user p_user_id does not hold webhooks:write in its organization.';
comment on function "engine"."list_flags"() is 'All flags by name, a thousand at the most, with the number of their rules.';

comment on function "engine"."list_ip_blocks"(integer, uuid, uuid, boolean, boolean, text) is
  'The networks that are blocked now, newest first or, p_ascending, oldest first; p_before = only those older than this one, p_after = only newer ones; p_network = only those that lie in it or hold it.';

comment on function "engine"."list_security_events"(uuid, jsonb, integer, uuid, uuid, boolean) is
  'Security events of all organizations and of nobody''s, or of one organization: see public.list_security_events.';

comment on function "engine"."note_refusals"(jsonb) is 'Writes security events [{kind, organization_id, user_id, key_id, ip, agent, request_id, occurrences, details, counts}] and blocks addresses from which too many refused credentials came (counts = true): more than the setting ip_block_after (50; 0 = never) in ip_block_window_seconds (600) give a block of ip_block_seconds (3600). Answers which of the addresses are blocked: [{ip, until}], until null = until it is lifted. Of another kind (address.asked) nothing is written: that only asks.';
comment on function "engine"."plain_webhook_secrets"(integer) is 'Secrets of webhook endpoints that are not sealed yet: how many are left, and the next p_limit of them (0 = none): [{id, organization_id, secret}].';
comment on function "engine"."record_webhook_rejection"(uuid, text, jsonb) is 'Counts a delivery that was refused, and why; a refused signature is a security event as well, once a minute. p_delivery = {detail, method, headers, query, body (base64, its first 4 KiB), body_bytes, test}, kept among the newest hundred refusals of the endpoint, ten a minute at most; null (a receiver of the release before) = nothing of it is kept.';
comment on function "engine"."remove_flag"(text) is 'Removes a flag with its rules: nobody has it any more. 404 when there is none.';
comment on function "engine"."rewrap_secrets"(jsonb) is 'Puts newly wrapped data keys into values that still have the old ones: [{kind, secret_id, number, old_header, header, key_id}]. The ciphertext stays. Answers how many.';
comment on function "engine"."schema_version"() is 'Which schema this is: version = the newest migration it holds (deno task db:diff writes it here and into shared/db/schema_version.ts, when it writes the migration); serves_from = the oldest version that deployed functions may have been made for and still work (raised by hand, by a migration that takes away what older functions need). Functions ask once in each isolate.';
comment on function "engine"."seal_webhook_secrets"(jsonb) is 'Puts envelopes in the place of secrets that are not sealed yet: [{id, envelope (Base64), key_id}]. Answers how many.';
comment on function "engine"."secrets_to_rewrap"(text, integer, jsonb) is 'The next values whose data key is wrapped by another master key than p_key_id, those of p_skip left out: [{kind, secret_id, number, organization_id, key_id, header}]. kind: secret, or endpoint for the secret of a webhook endpoint, where secret_id is the row in private.webhook_secrets, or signing and headers of a webhook subscription, where it is that.';
comment on function "engine"."send_mails"(jsonb) is 'private.send_mail for jobs and functions, for several mails at once: [{organization_id, template, to, data, key}]. Answers how many were queued; those with keys that are known were before.';
comment on function "engine"."send_webhooks_on"(uuid, integer) is 'Makes the deliveries of new events of an organization, in their order, and calls the jobs that send them. Answers {messages, deliveries, more}.';
comment on function "engine"."set_flag"(text, jsonb) is 'Makes a flag or changes it: {percentage of the organizations that have it, description, since_version}; what is not named stays, since_version null = every version. Answers the flag. Counts with the next request.';
comment on function "engine"."set_flag_rule"(text, uuid, boolean) is 'Says that an organization has a flag, or has it not, whatever its share; null takes the rule away. 404 for a flag or an organization that there is not. Answers the flag.';
comment on function "engine"."set_request_proof_key"(text) is 'Sets the key by which functions prove that request id, address and agent are what they saw: 32 bytes in hex, derived from the project''s secret key. Kept are the two padded keys of HMAC-SHA-256 (RFC 2104), inner and outer, 64 bytes each in hex; private.audit checks by them.';
comment on function "private"."act_on_run"(text, uuid) is 'Does the action of a bulk operation to one run (replay_events: to one event of a webhook), as whoever the claims of the session name, without waiting for anybody. Answers done, deleted when the caller has to tell the audit log so, or busy when somebody else is at the run. Throws what the action throws.';
comment on function "private"."activity_kinds"(uuid) is 'The kinds of things whose history the caller may see in an organization: those that the role, or the key''s scopes, may read.';
comment on function "private"."activity_thing"(uuid, text, text) is 'What a thing that the audit log names is called now: {name, is_there}. Whether the caller may know is for whoever calls this to ask.';
comment on function "private"."activity_things_named"(uuid, text) is 'Ids of up to 1,000 flows, workspaces, schedules, webhook endpoints, keys and secrets of an organization whose names hold the text now, whatever its case.';
comment on function "private"."add_api_key"(public.api_keys, text) is 'Adds an API key whose settings are checked already, with the SHA-256 of its text in hex. 402 at the plan''s number of keys in force, unless it takes the place of one beside which no other is in force any more.';
comment on function "private"."add_cache_usage"(jsonb) is 'Adds what an isolate has counted: [{day, operation, hits, stale, joined, matched, misses, not_modified}]. For engine.add_api_usage.';

comment on function "private"."add_mail"(uuid, text, text, jsonb, text, timestamp
  with time zone, uuid) is 'Part of private.send_mail: writes the row. Null = there is one with this key.';

comment on function "private"."add_message"(uuid, text, jsonb, text) is 'Part of private.publish_event: keeps the event, and sees to it that a job makes deliveries of it.';
comment on function "private"."audit_address"(jsonb, text) is 'The values with one address cut down to scheme, host and port: user names, paths (chat services have their token there) and queries may be secrets. Three dots stand for what was cut.';
comment on function "private"."audit_bulk_deletion"(public.bulk_operations, jsonb[]) is 'Writes into the audit log which runs [{id, flow_id, status, trigger}] a batch of a bulk operation deleted: one row for up to 90 of the same flow, status and trigger. When each was made, its UUIDv7 says.';
comment on function "private"."audit_page"(uuid, jsonb, integer, uuid, boolean) is 'A page of the audit log of an organization. p_filter: that of private.audit_where, and q, which is looked for literally, whatever its case, in action, target, before, after and details. No filter but the time has an index: a rare one reads the log of the organization until the page is full.';
comment on function "private"."audit_row"() is 'Trigger after insert, update or delete for each row: writes the change into the audit log, of an update only the columns that changed. Arguments: the column with the organization (empty = the platform), the column with the id, columns that are never recorded (by commas; the row says only that they were written), the name of the thing (empty: the table''s in the singular), and columns with addresses, of which only the host is recorded (by commas). Actions: created, updated, deleted, restored, revoked, suspended, resumed, role_changed.';
comment on function "private"."audit_slice_end"(bigint, uuid, integer) is 'Through which seal private.check_audit_batches checks some p_limit rows behind the number p_after, of one tenant or all; null = there are no more.';
comment on function "private"."audit_where"(jsonb, uuid, boolean) is 'The conditions of a filter of the audit log, as SQL over public.audit_events e that begins with and: {actor, user_id, key_id, via, actions: [flow.updated, flow.*], target_type, target_types, target_id, ip, request_id, from, to}; behind the row p_after.';
comment on function "private"."bulk_events"(uuid, jsonb, uuid, uuid, integer) is 'Ids of the events of webhooks that a filter means, in their order: those below p_until, after p_after (null = from the first), p_limit of them at most (null = all). Replays are meant only by their ids.';
comment on function "private"."bulk_permission"(text) is 'What it takes to do this to many at once.';
comment on function "private"."bulk_targets"(uuid, text, jsonb, uuid, uuid, integer) is 'Ids of what an action is done to: of runs (bulk_runs), or of events of webhooks (bulk_events).';
comment on function "private"."bump_generation"() is 'Trigger after each statement on a table whose rows replies are made of: the generation of its kind, the argument, is another one for every organization with changed rows. The transition tables are named new_rows and old_rows.';
comment on function "private"."bump_generation_of"(uuid, text) is 'Says that an organization''s things of a kind have changed, without waiting for anybody. Takes back with its transaction.';
comment on function "private"."bump_organization_generation"() is 'private.bump_generation for tables without organization_id: organizations themselves, and profiles, which show in every organization that the person is in.';

comment on function "private"."change_webhook_subscription"(public.webhook_subscriptions, jsonb) is
  'A subscription with some settings changed; null clears what may be cleared. What is out of range the table''s own checks refuse.';

comment on function "private"."check_api_key_seed"(text) is '400 for what is no seed of an API key. Null is none, and right.';
comment on function "private"."check_audit_batches"(bigint, bigint, uuid) is 'Checks the seals behind the number p_after through p_through, of one tenant or all: hashes every row anew. One line a seal with what a signature is checked by, and the first fault: deleted, edited, reordered, backdated (a row says it is over an hour older than the last sealing before it), rewritten (the seal itself). Whether seals continue each other, and signatures, are for the caller to check.';

comment on function "private"."disable_subscription"(uuid, text, timestamp
  with time zone) is 'Disables a subscription whose address is gone (410) or fails for days, and tells the owners by mail and whoever is subscribed to webhook.endpoint_disabled.';

comment on function "private"."end_disabled_deliveries"(uuid) is 'Gives up what waits for a disabled subscription, 2,000 a call; a person may send them again. Answers how many.';
comment on function "private"."generation_of"(uuid, text) is 'The generation of an organization''s things of a kind, as text that means nothing but by being equal: whoever sees the same one twice has seen no change between. 0 = never changed since there are generations. For the gate.';
comment on function "private"."is_suppressed"(text, text) is 'Whether an address gets no mails of a category: it bounced, complained, or its owner switched them off.';
comment on function "private"."keep_mails"() is 'The task mails, each minute: sees to it that what is due has a sender, ends what came too late or will never be known, forgets what mails said after a week and that they were sent after 90 days. Answers how many were given up.';

comment on function "private"."keep_subscription_secret"(public.webhook_subscriptions, text, jsonb) is
  'Keeps what the function webhooks has encrypted for this subscription, kind and number: {number, envelope, key_id, last_four}.';

comment on function "private"."keep_webhooks_out"(integer) is 'Part of the task webhook-retries: calls jobs for what waits without one, and deletes events with their deliveries and attempts that have fallen out of retention (that of webhook events), p_limit a call. Answers {woken, deleted}.';
comment on function "private"."limit_struck"(text, integer, timestamp with time zone) is 'What follows the beginning of a block: a security event, which stands in the audit log too. The tenth block in a row, after two hours of hammering, suspends the key: it expires now, until someone gives it another end.';
comment on function "private"."lock_webhook_delivery"(uuid) is 'Locks a delivery and its endpoint''s state for a change by the caller: 404 for strangers, 403 without webhooks:write.';
comment on function "private"."lock_webhook_subscription"(uuid, integer) is 'Locks a subscription for a change by the caller: 404 for strangers, 403 without webhooks:write, 412 when it is another version than p_if_version.';
comment on function "private"."mail_batch"(uuid) is 'Part of engine.claim_mails: what a sender gets of a batch. Always in the same order: the provider must see the same request under the same key.';
comment on function "private"."mail_reply"(public.mails) is 'A mail as routes answer it: without what only senders need.';
comment on function "private"."organizations_of_caller"() is 'Where a row of the audit log is looked for by its id alone, since the key of the log begins with the organization. What the caller may do there is not asked.';
comment on function "private"."pick_mails"(integer, uuid) is 'Part of engine.claim_mails: locks up to p_limit queued mails that are due, the most urgent first, organizations in turn.';
comment on function "private"."promote_deliveries"(uuid, text[]) is 'Of each key the first delivery that is left may be sent now. The caller holds the endpoint''s state.';
comment on function "private"."publish_api_key"() is 'Trigger of public.api_keys: api_key.created, api_key.revoked.';
comment on function "private"."publish_approvals"(jsonb) is 'Part of engine.settle_jobs, where something begins to wait: approval.requested for what waits for a person.';
comment on function "private"."publish_entity"() is 'Trigger of public.entities: entity.created, entity.deleted.';
comment on function "private"."publish_event"(uuid, text, jsonb, text) is 'Says in the transaction of the caller that something happened, for the webhooks of the organization. One look at an index when nobody has subscribed to the type. p_data as the catalogue in shared/webhooks_out has it; events with the same p_key reach ordered subscriptions in their order. Takes no lock that others wait for.';
comment on function "private"."publish_flow"() is 'Trigger of public.flows: flow.created, flow.updated, flow.deleted.';
comment on function "private"."publish_member"() is 'Trigger of public.organization_members: member.joined, member.removed.';
comment on function "private"."publish_move"() is 'Trigger of public.entity_moves: entity.moved.';
comment on function "private"."publish_run"(public.runs) is 'Says that a run has ended: run.completed, run.failed (undone or not) or run.cancelled. Whoever ends runs looks first whether anybody is subscribed at all.';
comment on function "private"."publish_secret_notice"() is 'Trigger of private.secret_notices: secret.expiring.';
comment on function "private"."purge_webhook_events"(bigint) is 'Deletes up to p_limit webhook events that have fallen out of retention, but for those whose run has not ended; with them refusals of that age, which are not counted.';
comment on function "private"."put_webhook_secret"(uuid, text, jsonb) is 'Gives an endpoint a secret: p_sealed = {id, envelope (Base64), key_id, last_four}, encrypted for the row of this id; else p_secret as it is, until it is sealed. Answers the id of the row.';
comment on function "private"."remove_run"(uuid) is 'Deletes a run that has ended, with its steps, and gives what it was. Whoever calls it tells the audit log: the history of a run is the run itself, of one that is gone the log alone tells.';
comment on function "private"."request_header"(text) is 'A header of the request to the Data API; null = it has none, or there is no request. Whoever calls the Data API directly sets them at will: see the column via of public.audit_events.';
comment on function "private"."reset_endpoint"(uuid) is 'Forgets how an endpoint has done, and sends what waits.';
comment on function "private"."retry_deliveries"(uuid, uuid[]) is 'Sends deliveries of a subscription again, at once and with ten attempts anew; what is due anyway stays as it is. Answers how many.';
comment on function "private"."retry_webhooks"() is 'The task webhook-retries: starts the runs of accepted events that have none; the engine leaves none behind, so it finds only what was restored or written by hand. Answers {started, failed, out}: out as private.keep_webhooks_out has it. Events that are held wait for a person.';
comment on function "private"."sealed_webhook_secret"(private.webhook_secrets) is 'A sealed secret as functions get it: {id, envelope (hex)}.';

comment on function "private"."security_events_page"(uuid, jsonb, integer, uuid, uuid, boolean) is
  'A page of security events, by id; p_filter: {kind, user_id, key_id, ip (address or network), after, before}.';

comment on function "private"."send_mail"(uuid, text, text, jsonb, text) is 'Queues a mail to one address, in the transaction of the caller, once for each organization, template and p_key, ever. p_organization_id null = the platform''s own. p_data as the template''s schema in shared/mail/templates has it; what does not fit makes the mail fail, not the caller. Answers the mail, or the one that has the key.';
comment on function "private"."told_webhook_secret"(uuid) is 'What whoever has just set a secret is told of it: {secret}, or {sealed_secret}, which the function webhooks opens; {} when it is gone.';
comment on function "private"."wake_endpoint"(uuid, timestamp with time zone) is 'Sees to it that a job webhook.deliver of the subscription is due at p_due, or sooner. There is one at the most that waits, however many deliveries do, and one at work.';
comment on function "private"."wake_mails"() is 'Sees to it that a job mail.send is there. It waits for nobody: two may be there, which does no harm.';
comment on function "private"."warn_of_expiry"() is 'The task secrets: queues a mail to the owners 14, 3 and 1 days before a secret expires and when it has, and when a rotation is due, each once; forgets accesses after 90 days; has secrets of webhook endpoints sealed that are not. Answers how many mails.';
comment on function "private"."webhook_subscription_reply"(uuid) is 'A subscription as the API shows it: of its secrets only the last four characters.';
comment on function "public"."cancel_bulk_operation"(uuid) is 'Stops a bulk operation: what it has done stays done. Again on a cancelled one: the same answer; 409 when it ended otherwise. Needs runs:execute, or webhooks:write for replay_events.';
comment on function "public"."cancel_mail"(uuid) is 'Keeps a queued mail from being sent; 409 once it is on its way. Needs mail:write.';
comment on function "public"."cancel_webhook_delivery"(uuid) is 'Sends a delivery no more; an attempt that is under way may arrive. Again changes nothing; 409 when it has ended otherwise. Needs webhooks:write.';

comment on function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text, text) is
  'Makes an API key of the mode live or test. The key itself stays with the caller: only its SHA-256 in hex comes here, its beginning (mr_<mode>_ and four characters) and its last four characters. is_new false = an earlier call with the same Idempotency-Key made it, and the secret of this call opens nothing. p_seed: what the caller, with a secret of its own, can make the same key of again; it comes back with the answer, to that caller only, while the Idempotency-Key is kept. Needs keys:write.';

comment on function "public"."create_bulk_operation"(uuid, text, jsonb, boolean, text) is 'Has an action done to all runs, or events of webhooks (replay_events), that a filter finds; a job works it off in batches, beginning at once. p_dry_run = only says how many there are. Needs runs:execute, or webhooks:write for replay_events, now and at each batch. Answers the operation with its total.';

comment on function
  "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer, jsonb) is
  'Makes a webhook endpoint for a flow. p_sealed: {id, envelope, key_id, last_four, fingerprint} of a secret that the function webhooks has encrypted for the row of this id, as private.put_webhook_secret takes it. Else p_secret: the one the provider shows (Stripe), null = made here; it is sealed within the hour. The answer holds the secret, this once, or sealed_secret, as it was given. Needs webhooks:write.';

comment on function "public"."create_webhook_subscription"(uuid, uuid, jsonb, jsonb, jsonb, text, text, text) is
  'Subscribes an organization to events: settings as the columns of public.webhook_subscriptions, and what the function webhooks has encrypted for this id, {number, envelope, key_id, last_four}: the signing secret, and p_headers = the values of the tenant''s own headers. p_fingerprint: a MAC of those, by which a repeated request is known. is_new false = an earlier call with the same Idempotency-Key made it, and the secret of this call signs nothing: seed, the p_seed of that call, tells the function webhooks which one it was. Needs webhooks:write; 402 at the plan''s number.';

comment on function "public"."delete_webhook_subscription"(uuid, integer) is 'Deletes a webhook subscription with its deliveries; nothing more is sent. Needs webhooks:write.';
comment on function "public"."gate"(text, uuid, text, text) is 'The one call before the business call: who the caller is in which organization (null = the first), what the role may do, the plan''s limits, and one token of each rate limit that the request falls under: the person''s for the route class (default, read, write, run), the organization''s, and that of p_operation where it has one. p_cached = the kind of things that the route keeps replies of: then also their generation, see private.generations. A person''s first call makes profile, organization and workspace.';
comment on function "public"."get_webhook_stats"(uuid, integer) is 'What came to an endpoint in the last p_days days (1 to 31, UTC, today is one of them) and what became of it: events, refusals, repetitions; how the runs of its latest thousand events ended; rates from 0 to 1, null = nothing to reckon with. Tests and replays are in no rate. Needs webhooks:read.';
comment on function "public"."get_webhook_subscription"(uuid) is 'A webhook subscription with the ends of its secrets. Needs webhooks:read.';
comment on function "public"."get_webhook_subscription_stats"(uuid, integer) is 'How an endpoint does, over the last hours, this one included (2,160 at most): attempts by what came of them, success rate, p50 and p95 of the answers in milliseconds, what waits (counted up to 10,000), its breaker. Needs webhooks:read.';
comment on function "public"."list_activity"(uuid, jsonb, integer, uuid, boolean) is 'Who did what in the organization lately, for its members (org:read): rows of the audit log that people and keys made, on the kinds of things that the caller may read (private.activity_kinds), without addresses, values and secrets. p_filter: {actor, user_id, key_id, actions: [flow.updated, flow.*], target_types, target_id, from, to, q}; q is looked for in action, id, name of the thing, then and now, and of the person. Names of people need members:read, those of keys keys:read. is_there = the thing still exists; changed = names of columns; about = what a sentence about it needs: {was, role, status, is_active, bulk, count}.';

comment on function "public"."list_security_events"(uuid, jsonb, integer, uuid, uuid, boolean) is
  'Security events of the organization, newest first or, p_ascending, oldest first; needs audit:read. p_filter: {kind, user_id, key_id, ip, after, before}; p_before = only events older than this one, p_after = only newer ones.';

comment on function "public"."resend_mail"(uuid) is 'Queues a mail once more, to the same address, as a mail of its own; 409 while it, or another try of it, is on its way, or when what it said is forgotten. Needs mail:write.';
comment on function "public"."retry_webhook_deliveries"(uuid, jsonb, integer) is 'Sends many deliveries again, the oldest first, p_limit a call: those of an organization that the filter finds ({subscription_id, status (failed unless it says otherwise), type, application, created_after, created_before}) and whose subscription is not disabled. Answers {retried, more}. Needs webhooks:write.';
comment on function "public"."retry_webhook_delivery"(uuid) is 'Sends a delivery again, at once, with the same webhook-id and ten attempts anew; one that succeeded too. 409 while its subscription is disabled. Needs webhooks:write.';

comment on function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp
  with time zone, integer, text, text) is 'Makes the API key that takes the place of another, with its settings; the old one goes on for p_overlap_seconds (0 = it ends now). p_expires_at null = none, or as long a life as the old one was given. Only the new key''s hash and seed come here, as for create_api_key. Needs keys:write.';

comment on function "public"."rotate_webhook_secret"(uuid, text, integer, jsonb) is 'Gives an endpoint a new secret; the old one stays valid for p_overlap_seconds. p_sealed: as create_webhook_endpoint has it. The answer holds the new secret, this once, or sealed_secret. Needs webhooks:write.';

comment on function "public"."rotate_webhook_subscription_secret"(uuid, jsonb, integer, integer) is
  'Gives a webhook subscription a new signing secret, encrypted as in create_webhook_subscription; deliveries are signed with the one before it too for p_overlap_seconds. Needs webhooks:write.';

comment on function "public"."sync_profile"(text) is 'Brings the caller''s profile in step with Supabase Auth after sign-up or a change of address. p_display_name null = leave it. Who is new, and has confirmed the address, gets the mail welcome.';
comment on function "public"."test_webhook_subscription"(uuid, text, jsonb, text) is 'Sends a made-up event to one subscription, whatever its types and filters, before what waits there. It takes the way of every delivery. Needs webhooks:write; answers the delivery.';
comment on function "public"."update_api_key"(uuid, jsonb, integer) is 'Changes settings of an API key: {name, scopes, ip_allow, requests_per_minute, request_burst, expires_at}; what is not named stays. Holds from the next request on. Needs keys:write; 402 for another end of a key that is over when the plan''s number of keys is in force.';
comment on function "public"."update_webhook_subscription"(uuid, jsonb, jsonb, integer) is 'Changes settings of a webhook subscription; what is not named stays. header_names and p_headers (as in create_webhook_subscription; null = none any more) go together. status active after paused or disabled, or another url: what waits is sent at once. Needs webhooks:write.';
comment on table "private"."cache_usage" is 'How often replies of routes that keep them came from memory. Counted in the isolates and added every few seconds, with private.api_usage: what an isolate had not added when it was killed is missing.';
comment on table "private"."generations" is 'What replies that are kept in memory are known by: another number with every change of an organization''s things of a kind, in the transaction of the change. Several rows a kind: a transaction takes one that nobody holds, so that writers never wait for each other here. No foreign key to organizations on purpose: what goes along with one changes generations.';
comment on table "private"."mail_data" is 'What mails say: for whom they were written, and for nobody else. Forgotten as soon as the mail is out where it opens something (mail_templates.is_sensitive).';
comment on table "private"."mail_pace" is 'How fast providers of mail are asked, by all senders together. Not unlogged: after a crash the pace goes on.';
comment on table "private"."mail_templates" is 'Mails that the platform can send. What they look like and what they need is in shared/mail/templates.';
comment on table "private"."webhook_endpoint_states" is 'How the address of a webhook subscription has done lately: its circuit breaker, its rate, how much is sent at once. Whoever makes or ends deliveries of a subscription holds its row here.';
comment on table "private"."webhook_endpoint_stats" is 'Attempts of webhook subscriptions by the hour and what came of them; kept for 90 days.';
comment on table "private"."webhook_refusal_days" is 'How many deliveries an endpoint has refused by day, those to its test address aside.';
comment on table "private"."webhook_subscription_secrets" is 'What deliveries are signed with, and the values of headers of the tenant''s own, encrypted as docs/secrets.md has it.';
comment on table "public"."bulk_operations" is 'One action on all runs, or events of webhooks, that a filter finds, worked off in batches by a job of the type runs.bulk, or else by the clock, under the rights of who asked.';
comment on table "public"."mails" is 'Mails of the platform: one row for each receiver. Written by private.send_mail, sent by the job mail.send, forgotten after 90 days.';
comment on table "public"."webhook_attempts" is 'What was sent for a delivery each time, and what came back.';
comment on table "public"."webhook_deliveries" is 'What is to be told to whom: one row for each event and subscription, with how far it is.';
comment on table "public"."webhook_messages" is 'Events that somebody was subscribed to when they happened: one row however many are told.';
comment on table "public"."webhook_refusals" is 'Deliveries that were refused, to find out why: the newest hundred of an endpoint, ten a minute at most, so that nobody fills it. Nothing in them is proved.';
comment on table "public"."webhook_subscriptions" is 'Where organizations want to be told of events, and of which: docs/webhooks_out.md.';
comment on view "engine"."cache_rates" is 'How often requests of routes that keep replies needed no query, by day and operation. See private.cache_usage.';
comment on view "private"."audit_leaves" is 'Rows of the audit log with their hashes: SHA-256 of a zero byte and the canonical bytes. docs/audit.md has the encoding.';

revoke all on function "engine"."add_api_usage"(jsonb, jsonb) from public;
grant execute on function "engine"."add_api_usage"(jsonb, jsonb) to "service_role";
revoke all on function "engine"."begin_webhook_batch"(uuid, uuid) from public;
grant execute on function "engine"."begin_webhook_batch"(uuid, uuid) to "service_role";
revoke all on function "engine"."claim_mails"(text, integer, double precision, integer) from public;
grant execute on function "engine"."claim_mails"(text, integer, double precision, integer) to "service_role";
revoke all on function "engine"."claim_new_mail"(uuid, text, text, jsonb, text, text) from public;
grant execute on function "engine"."claim_new_mail"(uuid, text, text, jsonb, text, text) to "service_role";
revoke all on function "engine"."end_webhook_batch"(uuid, uuid, jsonb) from public;
grant execute on function "engine"."end_webhook_batch"(uuid, uuid, jsonb) to "service_role";
revoke all on function "engine"."finish_mails"(uuid, jsonb) from public;
grant execute on function "engine"."finish_mails"(uuid, jsonb) to "service_role";
revoke all on function "engine"."gate_key"(text, text, uuid, text, text, text) from public;
grant execute on function "engine"."gate_key"(text, text, uuid, text, text, text) to "service_role";
revoke all on function "engine"."get_cache_usage"(date, date) from public;
grant execute on function "engine"."get_cache_usage"(date, date) to "service_role";
revoke all on function "engine"."get_flag"(text) from public;
grant execute on function "engine"."get_flag"(text) to "service_role";
revoke all on function "engine"."list_flags"() from public;
grant execute on function "engine"."list_flags"() to "service_role";
revoke all on function "engine"."list_ip_blocks"(integer, uuid, uuid, boolean, boolean, text) from public;
grant execute on function "engine"."list_ip_blocks"(integer, uuid, uuid, boolean, boolean, text) to "service_role";
revoke all on function "engine"."list_security_events"(uuid, jsonb, integer, uuid, uuid, boolean) from public;
grant execute on function "engine"."list_security_events"(uuid, jsonb, integer, uuid, uuid, boolean) to "service_role";
revoke all on function "engine"."plain_webhook_secrets"(integer) from public;
grant execute on function "engine"."plain_webhook_secrets"(integer) to "service_role";
revoke all on function "engine"."record_webhook_rejection"(uuid, text, jsonb) from public;
grant execute on function "engine"."record_webhook_rejection"(uuid, text, jsonb) to "service_role";
revoke all on function "engine"."remove_flag"(text) from public;
grant execute on function "engine"."remove_flag"(text) to "service_role";
revoke all on function "engine"."schema_version"() from public;
grant execute on function "engine"."schema_version"() to "service_role";
revoke all on function "engine"."seal_webhook_secrets"(jsonb) from public;
grant execute on function "engine"."seal_webhook_secrets"(jsonb) to "service_role";
revoke all on function "engine"."send_mails"(jsonb) from public;
grant execute on function "engine"."send_mails"(jsonb) to "service_role";
revoke all on function "engine"."send_webhooks_on"(uuid, integer) from public;
grant execute on function "engine"."send_webhooks_on"(uuid, integer) to "service_role";
revoke all on function "engine"."set_flag"(text, jsonb) from public;
grant execute on function "engine"."set_flag"(text, jsonb) to "service_role";
revoke all on function "engine"."set_flag_rule"(text, uuid, boolean) from public;
grant execute on function "engine"."set_flag_rule"(text, uuid, boolean) to "service_role";
revoke all on function "private"."activity_kinds"(uuid) from public;
revoke all on function "private"."activity_thing"(uuid, text, text) from public;
revoke all on function "private"."activity_things_named"(uuid, text) from public;
revoke all on function "private"."add_cache_usage"(jsonb) from public;
revoke all on function "private"."add_mail"(uuid, text, text, jsonb, text, timestamp with time zone, uuid) from public;
revoke all on function "private"."add_message"(uuid, text, jsonb, text) from public;
revoke all on function "private"."audit_address"(jsonb, text) from public;
revoke all on function "private"."audit_bulk_deletion"(public.bulk_operations, jsonb[]) from public;
revoke all on function "private"."audit_slice_end"(bigint, uuid, integer) from public;
revoke all on function "private"."audit_where"(jsonb, uuid, boolean) from public;
revoke all on function "private"."bulk_events"(uuid, jsonb, uuid, uuid, integer) from public;
revoke all on function "private"."bulk_permission"(text) from public;
revoke all on function "private"."bulk_targets"(uuid, text, jsonb, uuid, uuid, integer) from public;
revoke all on function "private"."bump_generation"() from public;
revoke all on function "private"."bump_generation_of"(uuid, text) from public;
revoke all on function "private"."bump_organization_generation"() from public;
revoke all on function "private"."change_webhook_subscription"(public.webhook_subscriptions, jsonb) from public;
revoke all on function "private"."check_api_key_seed"(text) from public;
revoke all on function "private"."check_audit_batches"(bigint, bigint, uuid) from public;
revoke all on function "private"."disable_subscription"(uuid, text, timestamp with time zone) from public;
revoke all on function "private"."end_disabled_deliveries"(uuid) from public;
revoke all on function "private"."generation_of"(uuid, text) from public;
revoke all on function "private"."is_suppressed"(text, text) from public;
revoke all on function "private"."keep_mails"() from public;
revoke all on function "private"."keep_subscription_secret"(public.webhook_subscriptions, text, jsonb) from public;
revoke all on function "private"."keep_webhooks_out"(integer) from public;
revoke all on function "private"."lock_webhook_delivery"(uuid) from public;
revoke all on function "private"."lock_webhook_subscription"(uuid, integer) from public;
revoke all on function "private"."mail_batch"(uuid) from public;
revoke all on function "private"."mail_reply"(public.mails) from public;
revoke all on function "private"."organizations_of_caller"() from public;
revoke all on function "private"."pick_mails"(integer, uuid) from public;
revoke all on function "private"."promote_deliveries"(uuid, text[]) from public;
revoke all on function "private"."publish_api_key"() from public;
revoke all on function "private"."publish_approvals"(jsonb) from public;
revoke all on function "private"."publish_entity"() from public;
revoke all on function "private"."publish_event"(uuid, text, jsonb, text) from public;
revoke all on function "private"."publish_flow"() from public;
revoke all on function "private"."publish_member"() from public;
revoke all on function "private"."publish_move"() from public;
revoke all on function "private"."publish_run"(public.runs) from public;
revoke all on function "private"."publish_secret_notice"() from public;
revoke all on function "private"."put_webhook_secret"(uuid, text, jsonb) from public;
revoke all on function "private"."remove_run"(uuid) from public;
revoke all on function "private"."reset_endpoint"(uuid) from public;
revoke all on function "private"."retry_deliveries"(uuid, uuid[]) from public;
revoke all on function "private"."sealed_webhook_secret"(private.webhook_secrets) from public;
revoke all on function "private"."security_events_page"(uuid, jsonb, integer, uuid, uuid, boolean) from public;
revoke all on function "private"."send_mail"(uuid, text, text, jsonb, text) from public;
revoke all on function "private"."told_webhook_secret"(uuid) from public;
revoke all on function "private"."wake_endpoint"(uuid, timestamp with time zone) from public;
revoke all on function "private"."wake_mails"() from public;
revoke all on function "private"."webhook_subscription_reply"(uuid) from public;
revoke all on function "public"."cancel_mail"(uuid) from public;
grant execute on function "public"."cancel_mail"(uuid) to "authenticated";
revoke all on function "public"."cancel_webhook_delivery"(uuid) from public;
grant execute on function "public"."cancel_webhook_delivery"(uuid) to "authenticated";
revoke all on function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text, text) from public;

grant execute
  on function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text, text)
  to "authenticated";

revoke all
  on function
    "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer, jsonb)
  from public;

grant execute
  on function
    "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer, jsonb)
  to "authenticated";

revoke all
  on function "public"."create_webhook_subscription"(uuid, uuid, jsonb, jsonb, jsonb, text, text, text)
  from public;

grant execute
  on function "public"."create_webhook_subscription"(uuid, uuid, jsonb, jsonb, jsonb, text, text, text)
  to "authenticated";

revoke all on function "public"."delete_webhook_subscription"(uuid, integer) from public;
grant execute on function "public"."delete_webhook_subscription"(uuid, integer) to "authenticated";
revoke all on function "public"."gate"(text, uuid, text, text) from public;
grant execute on function "public"."gate"(text, uuid, text, text) to "authenticated";
revoke all on function "public"."get_webhook_stats"(uuid, integer) from public;
grant execute on function "public"."get_webhook_stats"(uuid, integer) to "authenticated";
revoke all on function "public"."get_webhook_subscription"(uuid) from public;
grant execute on function "public"."get_webhook_subscription"(uuid) to "authenticated";
revoke all on function "public"."get_webhook_subscription_stats"(uuid, integer) from public;
grant execute on function "public"."get_webhook_subscription_stats"(uuid, integer) to "authenticated";
revoke all on function "public"."list_activity"(uuid, jsonb, integer, uuid, boolean) from public;
grant execute on function "public"."list_activity"(uuid, jsonb, integer, uuid, boolean) to "authenticated";
revoke all on function "public"."list_security_events"(uuid, jsonb, integer, uuid, uuid, boolean) from public;

grant execute
  on function "public"."list_security_events"(uuid, jsonb, integer, uuid, uuid, boolean)
  to "authenticated";

revoke all on function "public"."resend_mail"(uuid) from public;
grant execute on function "public"."resend_mail"(uuid) to "authenticated";
revoke all on function "public"."retry_webhook_deliveries"(uuid, jsonb, integer) from public;
grant execute on function "public"."retry_webhook_deliveries"(uuid, jsonb, integer) to "authenticated";
revoke all on function "public"."retry_webhook_delivery"(uuid) from public;
grant execute on function "public"."retry_webhook_delivery"(uuid) to "authenticated";

revoke all
  on function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp
    with time zone, integer, text, text)
  from public;

grant execute
  on function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp
    with time zone, integer, text, text)
  to "authenticated";

revoke all on function "public"."rotate_webhook_secret"(uuid, text, integer, jsonb) from public;
grant execute on function "public"."rotate_webhook_secret"(uuid, text, integer, jsonb) to "authenticated";
revoke all on function "public"."rotate_webhook_subscription_secret"(uuid, jsonb, integer, integer) from public;

grant execute
  on function "public"."rotate_webhook_subscription_secret"(uuid, jsonb, integer, integer)
  to "authenticated";

revoke all on function "public"."test_webhook_subscription"(uuid, text, jsonb, text) from public;
grant execute on function "public"."test_webhook_subscription"(uuid, text, jsonb, text) to "authenticated";
revoke all on function "public"."update_webhook_subscription"(uuid, jsonb, jsonb, integer) from public;
grant execute on function "public"."update_webhook_subscription"(uuid, jsonb, jsonb, integer) to "authenticated";
grant select on table "private"."cache_usage" to "service_role";
grant select on table "public"."mails" to "authenticated", "service_role";
grant select on table "public"."webhook_attempts" to "authenticated", "service_role";
grant select on table "public"."webhook_deliveries" to "authenticated", "service_role";
grant select on table "public"."webhook_messages" to "authenticated", "service_role";
grant select on table "public"."webhook_refusals" to "authenticated", "service_role";
grant select on table "public"."webhook_subscriptions" to "authenticated", "service_role";
grant select on table "engine"."cache_rates" to "service_role";

reset check_function_bodies;

-- seed 10_tenancy/011_plans_seed.sql 0bc95a6acdd3c817
insert into public.plans
  (id, name, requests_per_minute, request_burst, max_flows, max_webhook_endpoints, hook_requests_per_minute, max_run_seconds,
    max_concurrent_runs, max_schedules, queue_weight, max_members, max_workspaces, max_api_keys, max_secrets,
    max_webhook_subscriptions)
values
  ('free', 'Free', 300, 100, 20, 20, 600, 86400, 200, 20, 1, 5, 3, 5, 20, 10),
  ('pro', 'Pro', 1200, 300, 200, 200, 3000, 604800, 1000, 200, 2, 25, 20, 50, 200, 100),
  ('team', 'Team', 3000, 600, 1000, 1000, 12000, 2592000, 5000, 1000, 4, 200, 100, 200, 1000, 500),
  ('enterprise', 'Enterprise', 12000, 2400, 10000, 10000, 60000, 31536000, null, 10000, 8, 10000, 1000, 2000, 10000, 5000)
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
  queue_weight = excluded.queue_weight,
  max_members = excluded.max_members,
  max_workspaces = excluded.max_workspaces,
  max_api_keys = excluded.max_api_keys,
  max_secrets = excluded.max_secrets,
  max_webhook_subscriptions = excluded.max_webhook_subscriptions;
-- end of seed 10_tenancy/011_plans_seed.sql

-- seed 10_tenancy/041_role_permissions_seed.sql b4a2bc25631b2106
delete from private.role_permissions;
insert into private.role_permissions (role, permission)
select r.role, p.permission
from (values
  ('guest', array['org:read', 'flows:read']),
  ('viewer', array['org:read', 'members:read', 'flows:read', 'runs:read']),
  ('member', array['org:read', 'members:read', 'flows:read', 'runs:read', 'runs:execute', 'webhooks:read']),
  ('developer', array['org:read', 'members:read', 'workspaces:write', 'flows:read', 'flows:write', 'runs:read', 'runs:execute',
    'webhooks:read', 'webhooks:write', 'keys:read', 'secrets:read', 'secrets:write', 'mail:read']),
  ('admin', array['org:read', 'org:write', 'members:read', 'members:write', 'workspaces:write', 'flows:read', 'flows:write',
    'runs:read', 'runs:execute', 'webhooks:read', 'webhooks:write', 'keys:read', 'keys:write', 'secrets:read', 'secrets:write',
    'audit:read', 'billing:read', 'mail:read', 'mail:write']),
  ('owner', array['org:read', 'org:write', 'org:own', 'members:read', 'members:write', 'workspaces:write', 'flows:read',
    'flows:write', 'runs:read', 'runs:execute', 'webhooks:read', 'webhooks:write', 'keys:read', 'keys:write', 'secrets:read',
    'secrets:write', 'audit:read', 'billing:read', 'billing:write', 'mail:read', 'mail:write'])
) as r (role, permissions)
cross join lateral unnest(r.permissions) as p (permission);
-- end of seed 10_tenancy/041_role_permissions_seed.sql

-- seed 15_api/095_cache_rates_seed.sql a56bbbc181b9dc17
-- What the columns of the view mean, for whoever reads it in the dashboard.
comment on column engine.cache_rates.day is 'The day, in UTC.';
comment on column engine.cache_rates.operation is 'The operation: listFlows.';
comment on column engine.cache_rates.requests is 'Requests that were let in.';
comment on column engine.cache_rates.hits is 'A kept reply.';
comment on column engine.cache_rates.stale is 'A kept reply past its maximum age, fetched anew behind the answer.';
comment on column engine.cache_rates.joined is 'The reply of a query that another request had begun.';
comment on column engine.cache_rates.matched is '304 by the generation alone: nothing kept, nothing asked.';
comment on column engine.cache_rates.misses is 'The query was made.';
comment on column engine.cache_rates.not_modified is 'How many of all were answered 304.';
comment on column engine.cache_rates.hit_rate is 'Share of the requests that needed no query, 0 to 1.';
comment on column engine.cache_rates.not_modified_rate is 'Share of the requests that were answered 304, 0 to 1.';
-- end of seed 15_api/095_cache_rates_seed.sql

-- seed 45_tasks/900_system_tasks_seed.sql 404e64477c27814a
with named (name, kind, handler, cron, depends_on, timeout_seconds, alert_after, description) as (values
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
    'Starts the runs of accepted webhook events that have none. The engine writes both in one transaction, so it finds only what was restored from a backup or written by hand. For webhooks that we send: calls jobs for what waits without one, and deletes what has fallen out of retention.'),
  ('audit-seal', 'sql', 'seal_audit', '* * * * *', '{}', 120, 5,
    'Gives new rows of the audit log their sequence numbers and seals; asks for a job audit.sign, which signs them.'),
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
    'Forgets counts of jobs by the minute after 7 days.'),
  ('organizations-remove', 'job', 'organizations.remove', '37 * * * *', '{}', 3600, 2,
    'Removes what is left of organizations whose deletion was asked for 30 days ago: objects in Storage, then every row, in batches.'),
  ('security', 'sql', 'prune_security', '29 4 * * *', '{}', 600, 2,
    'Forgets security events after 90 days, and blocks of addresses that are over.'),
  ('secrets', 'sql', 'warn_of_expiry', '27 * * * *', '{}', 300, 2,
    'Mails the owners 14, 3 and 1 days before a secret expires, when it has, and when its rotation is due; forgets accesses to secrets after 90 days.'),
  ('mails', 'sql', 'keep_mails', '* * * * *', '{}', 120, 5,
    'Sees to it that mails that are due have a sender, ends those that are too late, forgets what they said after a week and that they were sent after 90 days.')
),
-- What is not named any more goes: a release that is taken back leaves no task behind.
gone as (
  delete from private.system_tasks t where t.name not in (select n.name from named n)
)
insert into private.system_tasks (name, kind, handler, cron, depends_on, timeout_seconds, alert_after, description)
select n.name, n.kind, n.handler, n.cron, n.depends_on::text[], n.timeout_seconds, n.alert_after, n.description from named n
on conflict (name) do update set
  kind = excluded.kind, handler = excluded.handler, cron = excluded.cron, depends_on = excluded.depends_on,
  timeout_seconds = excluded.timeout_seconds, alert_after = excluded.alert_after, description = excluded.description;
-- end of seed 45_tasks/900_system_tasks_seed.sql

-- seed 55_mail/011_mail_templates_seed.sql 11cd499f208aefd1
delete from private.mail_templates;
insert into private.mail_templates (name, category, priority, expires_after, is_sensitive)
values
  ('verification', 'transactional', 10, '1 hour', true),
  ('magic_link', 'transactional', 10, '30 minutes', true),
  ('password_reset', 'transactional', 10, '1 hour', true),
  ('security_notice', 'transactional', 50, '1 day', false),
  ('invitation', 'transactional', 50, '7 days', true),
  ('welcome', 'transactional', 50, '3 days', false),
  ('receipt', 'transactional', 50, null, false),
  ('payment_failed', 'transactional', 50, null, false),
  ('trial_ending', 'transactional', 100, '2 days', false),
  ('approval_request', 'alerts', 50, '7 days', false),
  ('alert', 'alerts', 50, '1 day', false),
  ('usage_alert', 'alerts', 100, '2 days', false),
  ('endpoint_disabled', 'alerts', 100, '7 days', false),
  ('secret_warning', 'alerts', 100, '3 days', false),
  ('weekly_digest', 'digests', 200, '3 days', false);
-- end of seed 55_mail/011_mail_templates_seed.sql

-- seed 55_mail/051_mail_pace_seed.sql bb00dcb1461eb84c
insert into private.mail_pace (provider) values ('resend'), ('smtp') on conflict (provider) do nothing;
-- end of seed 55_mail/051_mail_pace_seed.sql
