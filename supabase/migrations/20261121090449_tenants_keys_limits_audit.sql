-- Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

drop view "engine"."changes";

alter table "public"."webhook_events"
  drop constraint "webhook_events_organization_id_fkey";

drop function "engine"."get_webhook_endpoint"(text, boolean);
drop function "engine"."list_task_runs"(text, integer, uuid);
drop function "engine"."record_webhook_rejection"(uuid, text);
drop function "engine"."request_task"(text);
drop function "engine"."retry_job"(uuid);
drop function "private"."check_dead_letter_filter"(jsonb, integer);
drop function "private"."record_run_ahead"(public.flows, public.webhook_events, text, jsonb, text, jsonb);
drop function "private"."retry_job"(uuid);
drop function "private"."run_steps_page"(uuid, timestamp with time zone, text, text[], integer);
drop function "public"."gate"(text, uuid);
drop function "public"."list_run_archives"(uuid, date, uuid, integer);
drop function "public"."list_run_steps"(uuid, timestamp with time zone, text, integer);
drop function "public"."list_waiting_steps"(uuid, text[], uuid, uuid, integer);
drop function "public"."retry_job"(uuid);
drop function "public"."signal_run"(uuid, text, jsonb, boolean);

create table "private"."api_key_hashes" (
  "secret_hash" bytea not null,
  "key_id"      uuid  not null,
  constraint "api_key_hashes_key_id_key" unique (key_id),
  constraint "api_key_hashes_pkey" primary key (secret_hash),
  constraint "api_key_hashes_secret_hash_check" check ((octet_length(secret_hash) = 32))
);

alter table "private"."api_key_hashes"
  enable row level security;

create table "private"."api_pins" (
  "organization_id" uuid                     not null,
  "key_id"          uuid,
  "version"         date                     not null,
  "pinned_at"       timestamp with time zone not null default private.now(),
  constraint "api_pins_organization_id_key_id_key" unique nulls not DISTINCT (organization_id, key_id)
);

alter table "private"."api_pins"
  enable row level security;

create table "private"."api_usage" (
  "day"             date   not null,
  "organization_id" uuid   not null,
  "version"         date   not null,
  "operation"       text   not null,
  "door"            text   not null,
  "requests"        bigint not null default 0,
  "errors"          bigint not null default 0,
  constraint "api_usage_door_check" check ((length(door) <= 100)),
  constraint "api_usage_errors_check" check ((errors >= 0)),
  constraint "api_usage_operation_check" check ((length(operation) <= 100)),
  constraint "api_usage_pkey" primary key (day, organization_id, version, operation, door),
  constraint "api_usage_requests_check" check ((requests >= 0))
);

alter table "private"."api_usage"
  enable row level security;

create table "private"."audit_batches" (
  "number"          bigint                   not null,
  "organization_id" uuid                     not null,
  "first_seq"       bigint                   not null,
  "last_seq"        bigint                   not null,
  "previous_head"   bytea                    not null,
  "head"            bytea                    not null,
  "root"            bytea                    not null,
  "seen_at"         timestamp with time zone not null,
  "sealed_at"       timestamp with time zone not null,
  "previous_link"   bytea                    not null,
  "link"            bytea                    not null,
  "row_ids"         uuid[],
  "leaves"          bytea,
  "dropped_at"      timestamp with time zone,
  "key_id"          text,
  "signed_at"       timestamp with time zone,
  "signature"       bytea,
  constraint "audit_batches_first_seq_check" check ((first_seq > 0)),
  constraint "audit_batches_head_check" check ((octet_length(head) = 32)),
  constraint "audit_batches_link_check" check ((octet_length(link) = 32)),
  constraint "audit_batches_number_check" check ((number > 0)),
  constraint "audit_batches_organization_id_first_seq_key" unique (organization_id, first_seq),
  constraint "audit_batches_pkey" primary key (number),
  constraint "audit_batches_previous_head_check" check ((octet_length(previous_head) = 32)),
  constraint "audit_batches_previous_link_check" check ((octet_length(previous_link) = 32)),
  constraint "audit_batches_root_check" check ((octet_length(root) = 32)),
  constraint "is_not_empty" check ((last_seq >= first_seq)),
  constraint "lists_every_row" check (
CASE
    WHEN (dropped_at IS NULL) THEN
      ((cardinality(row_ids) = ((last_seq - first_seq) + 1)) AND (octet_length(leaves) = (32 * ((last_seq - first_seq)
      + 1))))
    ELSE ((row_ids IS NULL) AND (leaves IS NULL))
END),
  constraint "signature_says_whose" check ((num_nulls(key_id, signed_at, signature) = ANY (ARRAY[0, 3])))
);

alter table "private"."audit_batches"
  enable row level security;

create table "private"."audit_keys" (
  "id"          text                     not null,
  "public_key"  jsonb                    not null,
  "endorsed_by" text,
  "endorsement" bytea,
  "created_at"  timestamp with time zone not null default private.now(),
  constraint "audit_keys_id_check" check ((id ~ '^[A-Za-z0-9_-]{43}$'::text)),
  constraint "audit_keys_pkey" primary key (id),
  constraint "audit_keys_public_key_check"
    check
    ((((public_key ->> 'kty'::text) = 'OKP'::text) AND ((public_key ->> 'crv'::text) = 'Ed25519'::text) AND (NOT
    (public_key ? 'd'::text)))),
  constraint "endorsed_means_signed" check (((endorsed_by IS NULL) = (endorsement IS NULL)))
);

alter table "private"."audit_keys"
  enable row level security;

create table "private"."audit_seal_state" (
  "id"           boolean                  not null default true,
  "sealed_below" xid8                     not null default '0'::xid8,
  "after_id"     uuid                     not null default '00000000-0000-0000-0000-000000000000'::uuid,
  "last_number"  bigint                   not null default 0,
  "last_link"    bytea                    not null default decode(repeat('00'::text, 32), 'hex'::text),
  "seen_at"      timestamp with time zone not null default '1970-01-01 00:00:00+00'::timestamp with time zone,
  constraint "audit_seal_state_id_check" check (id),
  constraint "audit_seal_state_pkey" primary key (id)
);

alter table "private"."audit_seal_state"
  enable row level security;

create table "private"."audit_sealed_ahead" (
  "tx" xid8 not null,
  "id" uuid not null,
  constraint "audit_sealed_ahead_pkey" primary key (id)
);

alter table "private"."audit_sealed_ahead"
  enable row level security;

create table "private"."audit_turns" (
  "key"        text                     not null,
  "since"      timestamp with time zone not null,
  "suppressed" integer                  not null default 0,
  constraint "audit_turns_pkey" primary key (key)
);

alter table "private"."audit_turns"
  enable row level security;

create table "private"."flag_rules" (
  "flag"            text    not null,
  "organization_id" uuid    not null,
  "is_on"           boolean not null,
  constraint "flag_rules_pkey" primary key (organization_id, flag)
);

alter table "private"."flag_rules"
  enable row level security;

create table "private"."flags" (
  "name"          text                     not null,
  "description"   text                     not null default ''::text,
  "percentage"    smallint                 not null default 0,
  "since_version" date,
  "updated_at"    timestamp with time zone not null default private.now(),
  constraint "flags_description_check" check ((length(description) <= 1000)),
  constraint "flags_name_check" check ((name ~ '^[a-z][a-z0-9_]{0,62}$'::text)),
  constraint "flags_percentage_check" check (((percentage >= 0) AND (percentage <= 100))),
  constraint "flags_pkey" primary key (name)
);

alter table "private"."flags"
  enable row level security;

create table "private"."invitation_tokens" (
  "token_hash"    bytea                    not null,
  "invitation_id" uuid                     not null,
  "created_at"    timestamp with time zone not null default private.now(),
  constraint "invitation_tokens_pkey" primary key (token_hash),
  constraint "invitation_tokens_token_hash_check" check ((octet_length(token_hash) = 32))
);

alter table "private"."invitation_tokens"
  enable row level security;

create table "private"."ip_blocks" (
  "id"            uuid                     not null default private.uuid_v7(),
  "network"       cidr                     not null,
  "reason"        text                     not null,
  "blocked_until" timestamp with time zone,
  "is_automatic"  boolean                  not null default false,
  "created_by"    text                     not null,
  "created_at"    timestamp with time zone not null default private.now(),
  constraint "ip_blocks_created_by_check" check (((length(created_by) >= 1) AND (length(created_by) <= 200))),
  constraint "ip_blocks_network_key" unique (network),
  constraint "ip_blocks_pkey" primary key (id),
  constraint "ip_blocks_reason_check" check (((length(reason) >= 1) AND (length(reason) <= 500)))
);

alter table "private"."ip_blocks"
  enable row level security;

create table "private"."organization_removals" (
  "organization_id" uuid                     not null,
  "started_at"      timestamp with time zone not null default private.now(),
  "finished_at"     timestamp with time zone,
  "removed_rows"    bigint                   not null default 0,
  constraint "organization_removals_pkey" primary key (organization_id),
  constraint "organization_removals_removed_rows_check" check ((removed_rows >= 0))
);

alter table "private"."organization_removals"
  enable row level security;

create table "private"."rate_limit_overrides" (
  "subject_kind"   text                     not null,
  "subject_id"     text                     not null,
  "scope"          text                     not null default '*'::text,
  "request_limit"  integer                  not null,
  "window_seconds" integer                  not null default 60,
  "burst"          integer                  not null,
  "reason"         text                     not null,
  "expires_at"     timestamp with time zone,
  "created_by"     text                     not null,
  "created_at"     timestamp with time zone not null default private.now(),
  constraint "rate_limit_overrides_burst_check" check (((burst >= 1) AND (burst <= 10000000))),
  constraint "rate_limit_overrides_created_by_check"
    check (((length(created_by) >= 1) AND (length(created_by) <= 200))),
  constraint "rate_limit_overrides_pkey" primary key (subject_kind, subject_id, scope),
  constraint "rate_limit_overrides_reason_check" check (((length(reason) >= 1) AND (length(reason) <= 500))),
  constraint "rate_limit_overrides_request_limit_check"
    check (((request_limit >= 1) AND (request_limit <= 10000000))),
  constraint "rate_limit_overrides_scope_check" check ((scope ~ '^(\*|[A-Za-z][A-Za-z0-9]{0,99})$'::text)),
  constraint "rate_limit_overrides_subject_id_check"
    check (((length(subject_id) >= 1) AND (length(subject_id) <= 200))),
  constraint "rate_limit_overrides_subject_kind_check"
    check ((subject_kind = ANY (ARRAY['user'::text, 'key'::text, 'org'::text, 'ip'::text, 'operation'::text]))),
  constraint "rate_limit_overrides_window_seconds_check" check (((window_seconds >= 1) AND (window_seconds <= 86400)))
);

alter table "private"."rate_limit_overrides"
  enable row level security;

create table "private"."secret_accesses" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "secret_id"       uuid                     not null,
  "number"          integer                  not null,
  "kind"            text                     not null,
  "run_id"          uuid,
  "node_id"         text,
  "user_id"         uuid,
  "key_id"          uuid,
  "minute"          timestamp with time zone not null,
  "uses"            integer                  not null default 1,
  "last_at"         timestamp with time zone not null default private.now(),
  constraint "secret_accesses_by_minute" unique nulls
    not DISTINCT (secret_id, minute, kind, number, run_id, node_id, user_id, key_id),
  constraint "secret_accesses_kind_check" check ((kind = ANY (ARRAY['run'::text, 'reveal'::text]))),
  constraint "secret_accesses_pkey" primary key (id),
  constraint "secret_accesses_uses_check" check ((uses > 0))
);

alter table "private"."secret_accesses"
  enable row level security;

create table "private"."secret_notices" (
  "secret_id"       uuid                     not null,
  "kind"            text                     not null,
  "due_at"          timestamp with time zone not null,
  "days_before"     integer                  not null,
  "organization_id" uuid                     not null,
  "created_at"      timestamp with time zone not null default private.now(),
  constraint "secret_notices_days_before_check" check ((days_before >= 0)),
  constraint "secret_notices_kind_check" check ((kind = ANY (ARRAY['expiry'::text, 'rotation'::text]))),
  constraint "secret_notices_pkey" primary key (secret_id, kind, due_at, days_before)
);

alter table "private"."secret_notices"
  enable row level security;

create unlogged table "private"."secret_tickets" (
  "ticket"     uuid                     not null default gen_random_uuid(),
  "secret_id"  uuid                     not null,
  "number"     integer                  not null,
  "expires_at" timestamp with time zone not null,
  constraint "secret_tickets_pkey" primary key (ticket)
);

alter table "private"."secret_tickets"
  enable row level security;

create table "private"."secret_versions" (
  "secret_id"       uuid                     not null,
  "number"          integer                  not null,
  "organization_id" uuid                     not null,
  "envelope"        bytea,
  "key_id"          text                     not null,
  "created_by"      uuid,
  "created_at"      timestamp with time zone not null default private.now(),
  "destroyed_at"    timestamp with time zone,
  constraint "destroyed_versions_hold_nothing" check (((envelope IS NULL) = (destroyed_at IS NOT NULL))),
  constraint "envelopes_are_whole"
    check
    (((envelope IS NULL) OR ((octet_length(envelope) >= 92) AND (octet_length(envelope) <= 70000) AND
    (get_byte(envelope, 0) = 1) AND (get_byte(envelope, 1) >= 1) AND (get_byte(envelope, 1) <= 32) AND
    (octet_length(envelope) > (90 + get_byte(envelope, 1))) AND
    (encode(SUBSTRING(envelope FROM 3 FOR get_byte(envelope, 1)), 'escape'::text) = key_id)))),
  constraint "secret_versions_number_check" check ((number > 0)),
  constraint "secret_versions_pkey" primary key (secret_id, number)
);

alter table "private"."secret_versions"
  enable row level security;

create table "private"."security_events" (
  "id"              uuid                     not null default private.uuid_v7(),
  "kind"            text                     not null,
  "organization_id" uuid,
  "user_id"         uuid,
  "key_id"          uuid,
  "ip"              inet,
  "agent"           text,
  "request_id"      text,
  "occurrences"     integer                  not null default 1,
  "details"         jsonb                    not null default '{}'::jsonb,
  "at"              timestamp with time zone not null default private.now(),
  constraint "security_events_agent_check" check ((length(agent) <= 400)),
  constraint "security_events_kind_check" check ((kind ~ '^[a-z]+\.[a-z_]+$'::text)),
  constraint "security_events_occurrences_check" check ((occurrences > 0)),
  constraint "security_events_pkey" primary key (id),
  constraint "security_events_request_id_check" check ((length(request_id) <= 100))
);

alter table "private"."security_events"
  enable row level security;

create table "public"."api_keys" (
  "id"                  uuid                     not null default private.uuid_v7(),
  "organization_id"     uuid                     not null,
  "name"                text                     not null,
  "mode"                text                     not null,
  "prefix"              text                     not null,
  "last_four"           text                     not null,
  "scopes"              text[]                   not null,
  "ip_allow"            text[]                   not null default '{}'::text[],
  "requests_per_minute" integer,
  "request_burst"       integer,
  "expires_at"          timestamp with time zone,
  "revoked_at"          timestamp with time zone,
  "rotated_from"        uuid,
  "rotated_at"          timestamp with time zone,
  "last_used_at"        timestamp with time zone,
  "created_by"          uuid,
  "version"             integer                  not null default 1,
  "created_at"          timestamp with time zone not null default private.now(),
  "updated_at"          timestamp with time zone not null default private.now(),
  constraint "api_keys_last_four_check" check ((last_four ~ '^[0-9A-Za-z]{4}$'::text)),
  constraint "api_keys_mode_check" check ((mode = ANY (ARRAY['live'::text, 'test'::text]))),
  constraint "api_keys_name_check" check (((length(name) >= 1) AND (length(name) <= 200))),
  constraint "api_keys_pkey" primary key (id),
  constraint "api_keys_request_burst_check" check (((request_burst >= 1) AND (request_burst <= 1000000))),
  constraint "api_keys_requests_per_minute_check"
    check (((requests_per_minute >= 1) AND (requests_per_minute <= 1000000))),
  constraint "networks_are_networks"
    check (((cardinality(ip_allow) <= 100) AND (array_position((ip_allow)::cidr[], NULL::cidr) IS NULL))),
  constraint "prefix_names_the_mode" check ((prefix ~ (('^mr_'::text || mode) || '_[0-9A-Za-z]{4}$'::text))),
  constraint "scopes_are_not_for_people_only"
    check
    (((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 100) AND (array_position(scopes, NULL::text) IS NULL) AND
    (NOT (scopes && ARRAY['org:own'::text, 'members:write'::text, 'keys:write'::text, 'billing:write'::text]))))
);

alter table "public"."api_keys"
  enable row level security;

alter table "public"."api_keys"
  set (fillfactor=90);

create table "public"."audit_events" (
  "id"              uuid                     not null,
  "organization_id" uuid                     not null,
  "occurred_at"     timestamp with time zone not null,
  "actor"           text                     not null,
  "user_id"         uuid,
  "key_id"          uuid,
  "auth"            text                     not null,
  "via"             text                     not null,
  "ip"              text,
  "agent"           text,
  "request_id"      text,
  "action"          text                     not null,
  "target_type"     text                     not null,
  "target_id"       text,
  "before"          json,
  "after"           json,
  "details"         json,
  "tx"              xid8                     not null
) partition by range (id);

create table "public"."audit_events_default" partition of "public"."audit_events" default;

alter table "public"."audit_events_default"
  enable row level security;

alter table "public"."audit_events"
  enable row level security;

create table "public"."invitations" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "email"           text                     not null,
  "role"            text                     not null,
  "status"          text                     not null default 'open'::text,
  "expires_at"      timestamp with time zone not null,
  "mails"           integer                  not null default 0,
  "mailed_at"       timestamp with time zone,
  "created_by"      uuid,
  "accepted_by"     uuid,
  "ended_at"        timestamp with time zone,
  "version"         integer                  not null default 1,
  "created_at"      timestamp with time zone not null default private.now(),
  "updated_at"      timestamp with time zone not null default private.now(),
  constraint "ended_says_when" check (((status = 'open'::text) = (ended_at IS NULL))),
  constraint "invitations_email_check"
    check
    (((length(email) >= 3) AND (length(email) <= 320) AND (email = lower(email)) AND (email !~
    '[[:cntrl:][:space:]]'::text))),
  constraint "invitations_mails_check" check ((mails >= 0)),
  constraint "invitations_pkey" primary key (id),
  constraint "invitations_role_check"
    check
    ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'member'::text, 'viewer'::text,
    'guest'::text]))),
  constraint "invitations_status_check"
    check ((status = ANY (ARRAY['open'::text, 'accepted'::text, 'declined'::text, 'revoked'::text, 'expired'::text])))
);

alter table "public"."invitations"
  enable row level security;

create table "public"."secrets" (
  "id"                uuid                     not null default private.uuid_v7(),
  "organization_id"   uuid                     not null,
  "name"              text                     not null,
  "description"       text                     not null default ''::text,
  "current_version"   integer                  not null default 1,
  "expires_at"        timestamp with time zone,
  "rotate_after_days" integer,
  "rotated_at"        timestamp with time zone not null default private.now(),
  "last_used_at"      timestamp with time zone,
  "created_by"        uuid,
  "version"           integer                  not null default 1,
  "created_at"        timestamp with time zone not null default private.now(),
  "updated_at"        timestamp with time zone not null default private.now(),
  constraint "secrets_current_version_check" check ((current_version > 0)),
  constraint "secrets_description_check" check ((length(description) <= 1000)),
  constraint "secrets_name_check" check ((name ~ '^[A-Z][A-Z0-9_]{0,63}$'::text)),
  constraint "secrets_organization_id_name_key" unique (organization_id, name),
  constraint "secrets_pkey" primary key (id),
  constraint "secrets_rotate_after_days_check" check (((rotate_after_days >= 1) AND (rotate_after_days <= 3650)))
);

alter table "public"."secrets"
  enable row level security;

alter table "public"."secrets"
  set (fillfactor=80);

alter table "private"."rate_limits"
  add column "burst" integer;

alter table "private"."rate_limits"
  add column "refused" integer not null default 0;

alter table "private"."rate_limits"
  add column "refused_at" timestamp with time zone;

alter table "private"."rate_limits"
  add column "strikes" smallint not null default 0;

alter table "private"."rate_limits"
  add column "blocked_until" timestamp with time zone;

alter table "public"."bulk_operations"
  add column "api_key_id" uuid;

alter table "public"."organization_members"
  add column "version" integer not null default 1;

alter table "public"."organization_members"
  add column "updated_at" timestamp with time zone not null default private.now();

alter table "public"."organizations"
  add column "suspended_reason" text;

alter table "public"."organizations"
  add column "deletes_at" timestamp with time zone;

alter table "public"."organizations"
  add column "deletion_requested_by" uuid;

alter table "public"."organizations"
  add column "require_mfa" text not null default 'off'::text;

alter table "public"."plans"
  add column "organization_requests_per_minute" integer not null default 900;

alter table "public"."plans"
  add column "organization_request_burst" integer not null default 300;

alter table "public"."plans"
  add column "max_members" integer not null default 5;

alter table "public"."plans"
  add column "max_workspaces" integer not null default 3;

alter table "public"."plans"
  add column "max_api_keys" integer not null default 5;

alter table "public"."plans"
  add column "max_secrets" integer not null default 20;

alter table "public"."audit_events"
  alter column "id" set default private.uuid_v7();

alter table "public"."audit_events"
  alter column "occurred_at" set default private.now();

alter table "public"."audit_events"
  alter column "tx" set default pg_current_xact_id();

create or replace function engine.add_api_usage (
  p_rows jsonb
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
end;
$function$;

create or replace function engine.add_ip_block (
  p_network text,
  p_reason  text,
  p_until   timestamp with time zone,
  p_by      text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_block private.ip_blocks;
begin
  if not pg_input_is_valid(p_network, 'inet') then
    perform private.fail('invalid_request', 'The network must be an address or a network in CIDR form', 400);
  end if;
  if p_until <= private.now() then
    perform private.fail('invalid_request', 'The end must lie in the future', 400);
  end if;
  v_block := private.block_ip(p_network::inet, p_reason, p_until, p_by);
  perform private.audit(null, 'ip.blocked', 'ip_block', v_block.id::text, null, to_jsonb(v_block));
  return to_jsonb(v_block);
end;
$function$;

create or replace function engine.blocking_settings()
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return jsonb_build_object(
    'ip_block_after', coalesce(private.setting('ip_block_after')::integer, 50),
    'ip_block_window_seconds', coalesce(private.setting('ip_block_window_seconds')::integer, 600),
    'ip_block_seconds', coalesce(private.setting('ip_block_seconds')::integer, 3600),
    'ip_never_block', to_jsonb(regexp_split_to_array(nullif(private.setting('ip_never_block'), ''), '[\s,]+')
      || array[]::text[])
  );
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
      select v.key_id, count(*) as values from private.secret_versions v where v.envelope is not null group by v.key_id
    ) k
  );
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
  v_soon timestamptz;
  v_stamp bigint;
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
    -- What private.uuid_v7 and private.resting_status do, without a call for each of 10,000: a fifth of the time.
    -- The ids are in the order of the list, so that the index grows at one end: 12 bits tell the place in it.
    v_stamp := ((date_part('epoch', v_now) * 1000)::bigint << 16) | 28672;
    v_soon := v_now + interval '1 minute';
    with asked as materialized (
      select a.*, (
        lpad(to_hex(v_stamp | ((a.place - 1) * 4096 / v_count)), 16, '0') || substr(gen_random_uuid()::text, 19)
      )::uuid as id from rows from (jsonb_to_recordset(p_jobs) as (
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
        coalesce(a.expires_at, v_now + make_interval(secs => a.expires_in_seconds)), v_now,
        case when d.due > v_soon then 'waiting' else 'available' end
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

create or replace function engine.enqueue_jobs_once (
  p_jobs            jsonb,
  p_idempotency_key text  default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_reply jsonb := private.idempotent_reply(private.platform_id(), 'enqueue_jobs', p_idempotency_key, p_jobs);
begin
  return coalesce(v_reply, private.keep_reply(
    private.platform_id(), 'enqueue_jobs', p_idempotency_key, engine.enqueue_jobs(p_jobs)
  ));
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
    foreach v_parent in array array['runs', 'run_steps', 'job_history', 'audit_events'] loop
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
      if v_parent = 'audit_events' then
        -- Triggers of statements are not inherited.
        execute format(
          'create trigger no_truncate before truncate on public.%I for each statement execute function private.refuse_audit_change()', v_name
        );
        execute format('alter table public.%I enable always trigger no_truncate', v_name);
      end if;
      execute format('revoke all on table public.%I from public, anon, authenticated, service_role', v_name);
      execute format('comment on table public.%I is %L', v_name, 'A week of ' || v_parent || '.');
      v_made := v_made + 1;
    end loop;
  end loop;
  return v_made;
end;
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
-- p_results: [{lease, job, outcome, result, error, delay_ms, keep, busy_ms, counted}]; {lease, keep, busy_ms} without job:
-- all that the lease holds have completed and gave no result
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

create or replace function engine.gate_key (
  p_secret_hash     text,
  p_route           text default 'default'::text,
  p_organization_id uuid default null::uuid,
  p_ip              text default null::text,
  p_operation       text default null::text
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
    'rate', private.take_request_tokens(private.request_buckets(
      'key:' || v_row.id, v_row.organization_id, v_row.plan, p_route, p_operation, v_row.requests_per_minute, v_row.request_burst
    ))
  );
end;
$function$;

create or replace function engine.get_api_usage (
  p_organization_id uuid,
  p_from            date,
  p_to              date
)
  returns jsonb
  language sql
  stable
  security definer
  set search_path to ''
  AS $function$
  select private.api_usage_of(p_organization_id, p_from, p_to);
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
  where o.id = p_organization_id and o.suspended_at is null and o.deletes_at is null;
$function$;

create or replace function engine.get_flag (
  p_name text
)
  returns jsonb
  language sql
  stable
  security definer
  set search_path to ''
  AS $function$
  select jsonb_build_object(
    'name', f.name, 'description', f.description, 'percentage', f.percentage, 'since_version', f.since_version,
    'updated_at', f.updated_at,
    'rules', (
      select coalesce(jsonb_object_agg(r.organization_id, r.is_on), '{}') from private.flag_rules r where r.flag = f.name
    )
  )
  from private.flags f where f.name = p_name;
$function$;

create or replace function engine.get_secret_warning (
  p_secret_id uuid,
  p_kind      text,
  p_due_at    timestamp with time zone
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
      'name', s.name, 'organization', o.name, 'expired', s.expires_at <= private.now(),
      'flows', private.flows_reading_secret(s.organization_id, s.name),
      'to', coalesce((
        select jsonb_agg(p.email order by p.email)
        from public.organization_members m join public.profiles p on p.id = m.user_id
        where m.organization_id = o.id and m.role = 'owner' and p.email is not null
      ), '[]')
    )
    from public.secrets s
    join public.organizations o on o.id = s.organization_id and o.suspended_at is null
    where s.id = p_secret_id
      and case p_kind when 'expiry' then s.expires_at
        else s.rotated_at + make_interval(days => s.rotate_after_days) end = p_due_at
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
      select coalesce(jsonb_agg(s.secret order by s.created_at desc), '[]') from private.webhook_secrets s
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
  join public.organizations o on o.id = e.organization_id and o.suspended_at is null and o.deletes_at is null
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
  return v_kept;
end;
$function$;

create or replace function engine.list_ip_blocks (
  p_limit  integer default 101,
  p_before uuid    default null::uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(b) order by b.id desc), '[]')
    from (
      select * from private.ip_blocks o
      where (o.blocked_until is null or o.blocked_until > private.now()) and (p_before is null or o.id < p_before)
      order by o.id desc limit least(greatest(p_limit, 1), 101)
    ) b
  );
end;
$function$;

create or replace function engine.list_organization_objects (
  p_organization_id uuid,
  p_limit           integer default 100
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  -- The table is Supabase's: a plain Postgres has none.
  if to_regclass('storage.objects') is null then
    return '[]';
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('bucket', s.bucket_id, 'path', s.name)), '[]')
    from (
      select s.bucket_id, s.name from storage.objects s
      where s.bucket_id in ('run-data', 'run-archives')
        -- By bytes, as Storage's own index is: other orders take no notice of a slash.
        and s.name collate "C" >= p_organization_id || '/' and s.name collate "C" < p_organization_id || '0'
      order by s.bucket_id, s.name limit p_limit
    ) s
  );
end;
$function$;

create or replace function engine.list_rate_limit_buckets (
  p_subject_kind text,
  p_subject_id   text
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_prefix text := p_subject_kind || ':' || private.limit_subject_id(p_subject_kind, p_subject_id);
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'key', r.key, 'burst', r.burst, 'full_in_seconds', greatest(0, ceil(extract(epoch from r.tat - v_now)))::integer,
      'refused', r.refused, 'refused_at', r.refused_at, 'strikes', r.strikes,
      'blocked_until', case when r.blocked_until > v_now then r.blocked_until end
    ) order by r.key collate "C"), '[]')
    from private.rate_limits r
    where r.key = v_prefix or (r.key collate "C" >= v_prefix || ':' and r.key collate "C" < v_prefix || ';')
  );
end;
$function$;

create or replace function engine.list_rate_limit_overrides (
  p_subject_kind text default null::text,
  p_subject_id   text default null::text
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(o) order by o.subject_kind, o.subject_id, o.scope), '[]')
    from (
      select * from private.rate_limit_overrides r
      where (p_subject_kind is null or r.subject_kind = p_subject_kind) and (p_subject_id is null or r.subject_id = private.limit_subject_id(r.subject_kind, p_subject_id))
      order by r.subject_kind, r.subject_id, r.scope limit 1000
    ) o
  );
end;
$function$;

create or replace function engine.list_security_events (
  p_organization_id uuid    default null::uuid,
  p_filter          jsonb   default '{}'::jsonb,
  p_limit           integer default 51,
  p_before          uuid    default null::uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return private.security_events_page(p_organization_id, p_filter, p_limit, p_before);
end;
$function$;

create or replace function engine.list_task_runs (
  p_name      text,
  p_limit     integer default 51,
  p_after     uuid    default null::uuid,
  p_ascending boolean default false,
  p_status    text[]  default null::text[],
  p_trigger   text[]  default null::text[]
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
    select coalesce(jsonb_agg(private.task_run_reply(r) order by case when p_ascending then r.id end, r.id desc), '[]')
    from (
      select * from private.system_task_runs o
      where o.name = p_name
        and (p_after is null or case when p_ascending then o.id > p_after else o.id < p_after end)
        and (p_status is null or o.status::text = any (p_status))
        and (p_trigger is null or o.trigger::text = any (p_trigger))
      order by case when p_ascending then o.id end, o.id desc limit least(greatest(p_limit, 1), 101)
    ) r
  );
end;
$function$;

create or replace function engine.list_unsigned_audit (
  p_limit integer default 1000
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return jsonb_build_object(
    'keys', (
      select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'public_key', k.public_key) order by k.created_at), '[]')
      from private.audit_keys k
    ),
    'batches', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'number', b.number, 'statement', private.audit_statement(b), 'link', encode(b.link, 'hex')
      ) order by b.number), '[]')
      from (select * from private.audit_batches b where b.signature is null order by b.number limit p_limit) b
    ),
    -- What the first of them continues: who signs checks that it was signed.
    'before', (
      select jsonb_build_object(
        'number', p.number, 'link', encode(p.link, 'hex'), 'key_id', p.key_id,
        'signed_at', (extract(epoch from p.signed_at) * 1000000)::bigint::text, 'signature', encode(p.signature, 'base64')
      )
      from private.audit_batches p
      where p.number = (select min(b.number) from private.audit_batches b where b.signature is null) - 1
    )
  );
end;
$function$;

create or replace function engine.note_refusals (
  p_refusals jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- What functions refused before, or after, the database heard of the request: gathered for a moment, told by one call that no
-- answer waits for.
declare
  v_now timestamptz := private.now();
  v_after integer := coalesce(private.setting('ip_block_after')::integer, 50);
  v_window integer := coalesce(private.setting('ip_block_window_seconds')::integer, 600);
  v_seconds integer := coalesce(private.setting('ip_block_seconds')::integer, 3600);
  v_row record;
  v_taken jsonb;
begin
  if jsonb_typeof(p_refusals) is distinct from 'array' or jsonb_array_length(p_refusals) > 1000 then
    perform private.fail('invalid_request', 'Give at most 1,000 refusals', 400);
  end if;
  insert into private.security_events (kind, organization_id, user_id, key_id, ip, agent, request_id, occurrences, details)
  select r.kind, r.organization_id, r.user_id, r.key_id,
    case when pg_input_is_valid(r.ip, 'inet') then host(r.ip::inet)::inet end,
    left(r.agent, 400), left(r.request_id, 100), greatest(r.occurrences, 1), coalesce(r.details, '{}')
  from jsonb_to_recordset(p_refusals) as r (
    kind text, organization_id uuid, user_id uuid, key_id uuid, ip text, agent text, request_id text, occurrences integer,
    details jsonb
  )
  where r.kind in ('credential.refused', 'permission.denied', 'id.probed', 'mfa.required', 'signature.refused', 'address.refused');

  -- In the order of the buckets: two calls at once never wait for each other.
  for v_row in
    select private.ip_network(r.ip::inet) as network, sum(greatest(r.occurrences, 1))::integer as refused
    from jsonb_to_recordset(p_refusals) as r (kind text, ip text, occurrences integer, counts boolean)
    where r.counts and r.kind = 'credential.refused' and pg_input_is_valid(r.ip, 'inet')
    group by 1 order by private.ip_bucket(private.ip_network(r.ip::inet)) collate "C"
  loop
    continue when v_after = 0 or private.ip_is_ours(v_row.network);
    v_taken := private.take_many_tokens(
      'refused:' || private.ip_bucket(v_row.network), v_after, v_window, v_after, v_row.refused
    );
    if coalesce(v_taken -> 'refused', 'null') <> 'null' or not (v_taken #>> '{rate,allowed}')::boolean then
      perform private.block_ip(v_row.network, format('%s refused credentials in %s seconds', v_after, v_window),
        v_now + make_interval(secs => v_seconds), 'system', true);
    end if;
  end loop;

  -- What the caller of this may refuse by itself from now on.
  return (
    select coalesce(jsonb_agg(jsonb_build_object('ip', i.ip, 'until', case when i.until < 'infinity' then i.until end)), '[]')
    from (
      select d.ip, private.ip_block_until(d.ip::inet) as until
      from (
        select distinct r.ip from jsonb_to_recordset(p_refusals) as r (ip text) where pg_input_is_valid(r.ip, 'inet')
      ) d
    ) i
    where i.until is not null
  );
end;
$function$;

create or replace function engine.organizations_to_remove (
  p_limit integer default 100
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(jsonb_agg(o.id order by o.deletes_at), '[]')
    from (
      select o.id, o.deletes_at from public.organizations o
      where o.deletes_at <= private.now() order by o.deletes_at limit p_limit
    ) o
  );
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
    join public.organizations o on o.id = a.organization_id and o.suspended_at is null and o.deletes_at is null
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

create or replace function engine.read_secrets (
  p_reads jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_read jsonb;
  v_use jsonb;
  v_secret public.secrets;
  v_version private.secret_versions;
  v_replies jsonb := '[]';
  v_reply jsonb;
begin
  -- In one order, so that calls which count the same readers do not wait for each other in a circle.
  for v_read in
    select r.value from jsonb_array_elements(p_reads) with ordinality r
    order by r.value ->> 'organization_id', r.value ->> 'name', r.ordinality
  loop
    select * into v_secret from public.secrets s
    where s.organization_id = (v_read ->> 'organization_id')::uuid and s.name = v_read ->> 'name';
    v_reply := jsonb_build_object('organization_id', v_read ->> 'organization_id', 'name', v_read ->> 'name');
    if v_secret.id is null then
      v_replies := v_replies || jsonb_build_array(v_reply || '{"status": "missing"}');
      continue;
    end if;
    for v_use in select u.value from jsonb_array_elements(coalesce(v_read -> 'past_uses', '[]')) u order by u.value::text
    loop
      perform private.note_secret_access(
        jsonb_populate_record(v_secret, jsonb_build_object('current_version', v_use -> 'number')), 'run',
        (v_use ->> 'run_id')::uuid, v_use ->> 'node_id', null, null, (v_use ->> 'uses')::integer);
    end loop;
    if v_secret.expires_at <= private.now() then
      v_replies := v_replies || jsonb_build_array(v_reply || '{"status": "expired"}');
      continue;
    end if;
    for v_use in select u.value from jsonb_array_elements(coalesce(v_read -> 'uses', '[]')) u order by u.value::text
    loop
      perform private.note_secret_access(v_secret, 'run', (v_use ->> 'run_id')::uuid, v_use ->> 'node_id', null, null,
        (v_use ->> 'uses')::integer);
    end loop;
    if v_secret.last_used_at is null or v_secret.last_used_at < private.now() - interval '1 minute' then
      update public.secrets s set last_used_at = private.now()
      where s.id = v_secret.id and (s.last_used_at is null or s.last_used_at < private.now() - interval '1 minute');
    end if;
    v_reply := v_reply || jsonb_build_object('status', 'found', 'secret_id', v_secret.id, 'number', v_secret.current_version,
      'expires_in_ms', floor(extract(epoch from v_secret.expires_at - private.now()) * 1000));
    if v_read ->> 'secret_id' is distinct from v_secret.id::text or (v_read ->> 'number')::integer is distinct from v_secret.current_version then
      select * into v_version from private.secret_versions v where v.secret_id = v_secret.id and v.number = v_secret.current_version;
      v_reply := v_reply || jsonb_build_object('envelope', replace(encode(v_version.envelope, 'base64'), E'\n', ''));
    end if;
    v_replies := v_replies || jsonb_build_array(v_reply);
  end loop;
  return v_replies;
end;
$function$;

create or replace function engine.record_webhook_rejection (
  p_endpoint_id uuid,
  p_reason      text
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
  update public.webhook_endpoints e
  set rejected_count = e.rejected_count + 1, last_rejected_at = v_now, last_rejection = left(p_reason, 200)
  where e.id = p_endpoint_id;
  -- The first of a while is an event. Those that follow it within a minute are only counted.
  if v_organization_id is not null and p_reason not like 'invalid_body%' and coalesce(v_last < v_now - interval '1 minute', true) then
    perform private.security_event('signature.refused', v_organization_id,
      jsonb_build_object('endpoint_id', p_endpoint_id, 'reason', left(p_reason, 200)));
  end if;
end;
$function$;

create or replace function engine.redeem_secret_ticket (
  p_ticket uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_ticket private.secret_tickets;
begin
  delete from private.secret_tickets t where t.ticket = p_ticket returning * into v_ticket;
  if v_ticket.ticket is null or v_ticket.expires_at < private.now() then
    return null;
  end if;
  return (
    select jsonb_build_object('organization_id', v.organization_id, 'secret_id', v.secret_id, 'number', v.number,
      'envelope', replace(encode(v.envelope, 'base64'), E'\n', ''))
    from private.secret_versions v
    where v.secret_id = v_ticket.secret_id and v.number = v_ticket.number and v.envelope is not null
  );
end;
$function$;

create or replace function engine.remove_ip_block (
  p_id uuid,
  p_by text
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_block private.ip_blocks;
begin
  delete from private.ip_blocks b where b.id = p_id returning * into v_block;
  if not found then
    perform private.fail('not_found', 'No such block', 404);
  end if;
  delete from private.rate_limits r where r.key = 'refused:' || private.ip_bucket(v_block.network);
  insert into private.security_events (kind, ip, details)
  values ('ip.unblocked', host(v_block.network)::inet, jsonb_build_object('network', v_block.network, 'by', p_by));
  perform private.audit(null, 'ip.unblocked', 'ip_block', p_id::text, to_jsonb(v_block));
end;
$function$;

create or replace function engine.remove_organization (
  p_organization_id uuid,
  p_limit           integer default 2000
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_left bigint := p_limit;
  v_rows bigint;
  v_relation regclass;
  v_condition text;
  v_found boolean;
begin
  -- Whoever restores it now waits, and is told that it has begun.
  perform 1 from public.organizations o
  where o.id = p_organization_id and o.deletes_at <= private.now() for update;
  if not found then
    perform private.fail('conflict', 'This organization is not to be deleted yet', 409);
  end if;
  insert into private.organization_removals (organization_id) values (p_organization_id) on conflict do nothing;
  -- The log is append-only but for its retention; who removes a tenant removes its log.
  perform set_config('millrace.audit_retention', 'on', true);
  -- Flows and versions name each other.
  update public.flows f set current_version_id = null
  where f.organization_id = p_organization_id and f.current_version_id is not null;

  for v_relation, v_condition in select t.relation, t.condition from private.tenant_relations() t order by t.place, t.relation loop
    execute format(
      'delete from only %1$s where ctid = any (array(select t.ctid from only %1$s t where %2$s limit $2))', v_relation, v_condition
    ) using p_organization_id, v_left;
    get diagnostics v_rows = row_count;
    v_left := v_left - v_rows;
    exit when v_left <= 0;
  end loop;
  update private.organization_removals r set removed_rows = r.removed_rows + p_limit - v_left
  where r.organization_id = p_organization_id;
  if v_left < p_limit then
    return jsonb_build_object('removed', p_limit - v_left, 'done', false);
  end if;

  -- Nothing was found. Somebody may have changed a row while it was looked for, and it be there still.
  for v_relation, v_condition in select t.relation, t.condition from private.tenant_relations() t loop
    execute format('select exists (select from only %s where %s)', v_relation, v_condition) into v_found using p_organization_id;
    if v_found then
      return jsonb_build_object('removed', 0, 'done', false);
    end if;
  end loop;
  -- A worker may hold work of it, and put it back or store what it made.
  if exists (select from private.job_leases l where p_organization_id = any (l.organization_ids)) then
    return jsonb_build_object('removed', 0, 'done', false, 'waits_for', 'workers');
  end if;
  if engine.list_organization_objects(p_organization_id, 1) <> '[]' then
    return jsonb_build_object('removed', 0, 'done', false, 'waits_for', 'objects');
  end if;
  delete from public.organizations o where o.id = p_organization_id;
  -- It carries no organization_id, but the name of whom it is for.
  delete from private.rate_limit_overrides o where o.subject_kind = 'org' and o.subject_id = p_organization_id::text;
  -- The delete may have written of itself.
  for v_relation, v_condition in select t.relation, t.condition from private.tenant_relations() t where t.place = 1000 loop
    execute format('delete from only %s where %s', v_relation, v_condition) using p_organization_id;
  end loop;
  update private.organization_removals r set finished_at = private.now() where r.organization_id = p_organization_id;
  return jsonb_build_object('removed', 1, 'done', true);
end;
$function$;

create or replace function engine.remove_rate_limit_override (
  p_subject_kind text,
  p_subject_id   text,
  p_scope        text default '*'::text
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_row private.rate_limit_overrides;
begin
  delete from private.rate_limit_overrides o
  where o.subject_kind = p_subject_kind and o.subject_id = private.limit_subject_id(p_subject_kind, p_subject_id) and o.scope = p_scope
  returning * into v_row;
  if not found then
    perform private.fail('not_found', 'No such override', 404);
  end if;
  perform private.audit(null, 'rate_limit_override.removed', p_subject_kind, p_subject_id, to_jsonb(v_row));
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
  return private.keep_reply(
    private.platform_id(), 'request_task', p_idempotency_key, private.task_run_reply(v_run)
  );
end;
$function$;

create or replace function engine.reset_rate_limit_buckets (
  p_subject_kind text,
  p_subject_id   text
)
  returns integer
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_prefix text := p_subject_kind || ':' || private.limit_subject_id(p_subject_kind, p_subject_id);
  v_gone integer;
begin
  delete from private.rate_limits r where r.key in (
    select o.key from private.rate_limits o
    where o.key = v_prefix or (o.key collate "C" >= v_prefix || ':' and o.key collate "C" < v_prefix || ';')
    order by o.key collate "C" for update
  );
  get diagnostics v_gone = row_count;
  perform private.audit(null, 'rate_limit.reset', p_subject_kind, p_subject_id, p_details => jsonb_build_object('buckets', v_gone));
  return v_gone;
end;
$function$;

create or replace function engine.resume_organization (
  p_organization_id uuid,
  p_if_version      integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_organization public.organizations;
begin
  select * into v_organization from public.organizations o where o.id = p_organization_id for no key update;
  if not found then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  if p_if_version is not null and v_organization.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The organization has version %s, not %s', v_organization.version, p_if_version), 412);
  end if;
  update public.organizations o set suspended_at = null, suspended_reason = null
  where o.id = p_organization_id and o.suspended_at is not null;
  return private.organization_reply(p_organization_id) - 'role';
end;
$function$;

create or replace function engine.retry_job (
  p_job_id          uuid,
  p_idempotency_key text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  return private.retry_job(p_job_id, private.platform_id(), p_idempotency_key);
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
  v_changed integer;
begin
  with given as (
    select (r.value ->> 'secret_id')::uuid as secret_id, (r.value ->> 'number')::integer as number,
      decode(r.value ->> 'old_header', 'base64') as old_header, decode(r.value ->> 'header', 'base64') as header,
      r.value ->> 'key_id' as key_id
    from jsonb_array_elements(p_rows) r
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
  get diagnostics v_changed = row_count;
  return v_changed;
end;
$function$;

create or replace function engine.seal_audit()
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  set statement_timeout to '60s'
  AS $function$
begin
  return private.seal_audit_rows();
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
      'secret_id', v.secret_id, 'number', v.number, 'organization_id', v.organization_id, 'key_id', v.key_id,
      -- The data key is in the first 62 bytes and the id of its master key; the ciphertext stays where it is.
      'header', replace(encode(substring(v.envelope from 1 for 62 + get_byte(v.envelope, 1)), 'base64'), E'\n', '')
    )), '[]')
    from (
      select v.* from private.secret_versions v
      where v.envelope is not null and v.key_id <> p_key_id
        and not exists (
          select 1 from jsonb_array_elements(p_skip) s
          where s.value ->> 'secret_id' = v.secret_id::text and (s.value ->> 'number')::integer = v.number
        )
      order by v.secret_id, v.number
      limit least(greatest(p_limit, 1), 1000)
    ) v
  );
end;
$function$;

create or replace function engine.set_blocking_settings (
  p_settings jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_before jsonb := engine.blocking_settings();
begin
  if exists (
    select 1 from jsonb_array_elements_text(coalesce(p_settings -> 'ip_never_block', '[]')) t (network)
    where not pg_input_is_valid(t.network, 'inet')
  ) then
    perform private.fail('invalid_request', 'Each of ip_never_block must be an address or a network in CIDR form', 400);
  end if;
  insert into private.settings as s (name, value)
  select e.name, e.value
  from (values
    ('ip_block_after', p_settings ->> 'ip_block_after'),
    ('ip_block_window_seconds', p_settings ->> 'ip_block_window_seconds'),
    ('ip_block_seconds', p_settings ->> 'ip_block_seconds'),
    ('ip_never_block', (
      select coalesce(string_agg(t.network, ','), '') from jsonb_array_elements_text(p_settings -> 'ip_never_block') t (network)
    ))
  ) e (name, value)
  where e.value is not null and p_settings ? e.name
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
  perform private.audit(null, 'blocking_settings.updated', 'settings', 'blocking', v_before, engine.blocking_settings());
  return engine.blocking_settings();
end;
$function$;

create or replace function engine.set_flag (
  p_name            text,
  p_percentage      integer default null::integer,
  p_organization_id uuid    default null::uuid,
  p_is_on           boolean default null::boolean,
  p_description     text    default null::text,
  p_since_version   date    default null::date
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  insert into private.flags as f (name, percentage, description, since_version)
  values (p_name, coalesce(p_percentage, 0), coalesce(p_description, ''), p_since_version)
  on conflict (name) do update set
    percentage = coalesce(p_percentage, f.percentage),
    description = coalesce(p_description, f.description),
    since_version = coalesce(p_since_version, f.since_version),
    updated_at = private.now();
  if p_organization_id is not null and p_is_on is null then
    delete from private.flag_rules r where r.flag = p_name and r.organization_id = p_organization_id;
  elsif p_organization_id is not null then
    insert into private.flag_rules as r (flag, organization_id, is_on) values (p_name, p_organization_id, p_is_on)
    on conflict (organization_id, flag) do update set is_on = excluded.is_on;
  end if;
  return engine.get_flag(p_name);
end;
$function$;

create or replace function engine.set_rate_limit_override (
  p_override jsonb,
  p_by       text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_row private.rate_limit_overrides;
  v_before jsonb;
begin
  select to_jsonb(o) into v_before from private.rate_limit_overrides o
  where o.subject_kind = p_override ->> 'subject_kind' and o.subject_id = private.limit_subject_id(o.subject_kind, p_override ->> 'subject_id')
    and o.scope = coalesce(p_override ->> 'scope', '*');
  insert into private.rate_limit_overrides as o
    (subject_kind, subject_id, scope, request_limit, window_seconds, burst, reason, expires_at, created_by)
  values (
    p_override ->> 'subject_kind', private.limit_subject_id(p_override ->> 'subject_kind', p_override ->> 'subject_id'), coalesce(p_override ->> 'scope', '*'),
    (p_override ->> 'request_limit')::integer, coalesce((p_override ->> 'window_seconds')::integer, 60),
    coalesce((p_override ->> 'burst')::integer, (p_override ->> 'request_limit')::integer),
    p_override ->> 'reason', (p_override ->> 'expires_at')::timestamptz, p_by
  )
  on conflict (subject_kind, subject_id, scope) do update set
    request_limit = excluded.request_limit, window_seconds = excluded.window_seconds, burst = excluded.burst,
    reason = excluded.reason, expires_at = excluded.expires_at, created_by = excluded.created_by, created_at = private.now()
  returning * into v_row;
  perform private.audit(null, 'rate_limit_override.set', v_row.subject_kind, v_row.subject_id, v_before, to_jsonb(v_row));
  return to_jsonb(v_row);
end;
$function$;

create or replace function engine.set_request_proof_key (
  p_key text
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_key bytea;
  v_inner bytea := decode(repeat('36', 64), 'hex');
  v_outer bytea := decode(repeat('5c', 64), 'hex');
begin
  if coalesce(p_key, '') !~ '^[0-9a-f]{64}$' then
    perform private.fail('invalid_request', 'The key is 32 bytes in hex', 400);
  end if;
  v_key := decode(p_key, 'hex');
  for v_i in 0..31 loop
    v_inner := set_byte(v_inner, v_i, get_byte(v_inner, v_i) # get_byte(v_key, v_i));
    v_outer := set_byte(v_outer, v_i, get_byte(v_outer, v_i) # get_byte(v_key, v_i));
  end loop;
  insert into private.settings as s (name, value)
  values ('request_proof_key', encode(v_inner, 'hex') || encode(v_outer, 'hex'))
  on conflict (name) do update set value = excluded.value, updated_at = private.now()
  where s.value <> excluded.value;
end;
$function$;

create or replace function engine.sign_audit (
  p_key        jsonb,
  p_signatures jsonb
)
  returns integer
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_signed integer;
begin
  insert into private.audit_keys (id, public_key, endorsed_by, endorsement)
  values (p_key ->> 'id', p_key -> 'public_key', p_key ->> 'endorsed_by', decode(p_key ->> 'endorsement', 'base64'))
  on conflict do nothing;
  -- Whoever was first has signed; of the same key it is the same.
  update private.audit_batches b set
    key_id = p_key ->> 'id', signed_at = to_timestamp(0) + s.signed_at * interval '1 microsecond', signature = decode(s.signature, 'base64')
  from jsonb_to_recordset(p_signatures) as s (number bigint, link text, signed_at bigint, signature text)
  where b.number = s.number and b.signature is null and encode(b.link, 'hex') = s.link;
  get diagnostics v_signed = row_count;
  return v_signed;
end;
$function$;

create or replace function engine.suspend_organization (
  p_organization_id uuid,
  p_reason          text    default null::text,
  p_if_version      integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_organization public.organizations;
begin
  if length(p_reason) not between 1 and 500 then
    perform private.fail('invalid_request', 'A reason has 1 to 500 characters', 400);
  end if;
  select * into v_organization from public.organizations o where o.id = p_organization_id for no key update;
  if not found then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  if p_if_version is not null and v_organization.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The organization has version %s, not %s', v_organization.version, p_if_version), 412);
  end if;
  update public.organizations o set suspended_at = coalesce(o.suspended_at, private.now()), suspended_reason = p_reason
  where o.id = p_organization_id and (o.suspended_at is null or o.suspended_reason is distinct from p_reason);
  return private.organization_reply(p_organization_id) - 'role';
end;
$function$;

create or replace function engine.write_invitation (
  p_invitation_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_invitation public.invitations;
  v_token text;
begin
  select i.* into v_invitation from public.invitations i
  join public.organizations o on o.id = i.organization_id and o.suspended_at is null and o.deletes_at is null
  where i.id = p_invitation_id and i.status = 'open' and i.expires_at > private.now()
  for share of i;
  if not found then
    return null;
  end if;
  -- 32 bytes from the random numbers of the operating system; in base64 that an address can hold.
  v_token := translate(rtrim(encode(
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64'
  ), '='), '+/', '-_');
  insert into private.invitation_tokens (token_hash, invitation_id)
  values (sha256(convert_to(v_token, 'UTF8')), p_invitation_id);
  return (
    select jsonb_build_object(
      'to', v_invitation.email, 'token', v_token, 'role', v_invitation.role, 'expires_at', v_invitation.expires_at,
      'organization', o.name, 'invited_by', coalesce(p.display_name, p.email)
    )
    from public.organizations o left join public.profiles p on p.id = v_invitation.created_by
    where o.id = v_invitation.organization_id
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
  -- One that takes another's place may come beside it for a while: the plan counts what it was before.
  if p_key.rotated_from is null then
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

create or replace function private.add_audit_batches (
  p_organization_id uuid,
  p_ids             uuid[],
  p_leaves          bytea,
  p_state           private.audit_seal_state
)
  returns private.audit_seal_state
  language plpgsql
  set search_path to ''
  AS $function$
-- Seals rows of a tenant, in this order, in batches of 4,096. Answers the state behind them.
declare
  v_state private.audit_seal_state := p_state;
  v_batch private.audit_batches;
  v_size constant integer := 4096;
begin
  select * into v_batch from private.audit_batches b where b.organization_id = p_organization_id order by b.first_seq desc limit 1;
  v_batch.head := coalesce(v_batch.head, decode(repeat('00', 32), 'hex'));
  v_batch.last_seq := coalesce(v_batch.last_seq, 0);
  v_batch.organization_id := p_organization_id;
  v_batch.seen_at := p_state.seen_at;
  v_batch.sealed_at := private.now();
  v_batch.key_id := null;
  v_batch.signed_at := null;
  v_batch.signature := null;
  v_batch.dropped_at := null;
  for v_i in 0..(cardinality(p_ids) - 1) / v_size loop
    v_batch.row_ids := p_ids[v_i * v_size + 1 : (v_i + 1) * v_size];
    v_batch.leaves := substring(p_leaves from v_i * v_size * 32 + 1 for v_size * 32);
    v_batch.number := v_state.last_number + 1;
    v_batch.first_seq := v_batch.last_seq + 1;
    v_batch.last_seq := v_batch.last_seq + cardinality(v_batch.row_ids);
    v_batch.previous_head := v_batch.head;
    v_batch.root := private.audit_root(v_batch.leaves);
    v_batch.head := private.audit_head(v_batch.head, v_batch.root);
    v_batch.previous_link := v_state.last_link;
    v_batch.link := sha256(convert_to(private.audit_statement(v_batch), 'UTF8'));
    insert into private.audit_batches select (v_batch).*;
    v_state.last_number := v_batch.number;
    v_state.last_link := v_batch.link;
  end loop;
  return v_state;
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
      coalesce(p_data, '{}'), private.caller_user_id()
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
    private.caller_user_id(),
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

create or replace function private.api_usage_of (
  p_organization_id uuid,
  p_from            date,
  p_to              date
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select coalesce(jsonb_agg(to_jsonb(s) order by s.requests desc, s.version, s.operation, s.door), '[]')
  from (
    select
      concat_ws(':', u.version, u.operation, u.door) as id, u.version, u.operation, u.door,
      sum(u.requests) as requests, sum(u.errors) as errors, min(u.day) as first_day, max(u.day) as last_day
    from private.api_usage u
    where (p_organization_id is null or u.organization_id = p_organization_id) and u.day between p_from and p_to
    group by u.version, u.operation, u.door
  ) s;
$function$;

create or replace function private.api_version_of (
  p_organization_id uuid,
  p_key_id          uuid default null::uuid
)
  returns date
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select p.version from private.api_pins p
    where p.organization_id = p_organization_id and (p.key_id is null or p.key_id = p_key_id)
    order by p.key_id nulls last limit 1
  );
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
      case when p_reason in ('manual', 'created') then private.caller_user_id() end,
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
  v_audit bigint;
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
  v_audit := private.drop_audit_batches(least(p_limit, 20000));
  if v_audit > 0 then
    v_report := v_report || jsonb_build_object(
      'audit_rows', v_audit, 'more', v_audit >= least(p_limit, 20000) or coalesce((v_report -> 'more')::boolean, false)
    );
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
declare
  v_text text := nullif(current_setting('request.jwt.claims', true), '');
  v_claims jsonb;
  v_headers jsonb;
  v_actor text;
  v_auth text;
  v_user_id uuid;
  v_key_id uuid;
  v_ip text;
  v_before text := p_before::text;
  v_after text := p_after::text;
  v_details text := p_details::text;
begin
  -- PL/pgSQL without a block for exceptions: this runs inside of every change.
  if v_text is null then
    v_actor := 'system';
    v_auth := 'sql';
  else
    v_claims := case when pg_input_is_valid(v_text, 'jsonb') then v_text::jsonb end;
    v_headers := private.request_headers();
    v_text := v_claims ->> 'sub';
    v_text := case when pg_input_is_valid(v_text, 'uuid') then v_text end;
    if v_claims ->> 'role' = 'service_role' then
      v_actor := 'service';
      v_auth := 'secret_key';
    elsif v_claims #>> '{millrace,key}' is not null then
      v_actor := 'key';
      v_auth := 'key';
      v_key_id := v_text;
      v_user_id := private.caller_user_id();
    elsif v_text is not null then
      v_actor := 'user';
      v_auth := 'jwt';
      v_user_id := v_text;
    else
      v_actor := 'anonymous';
      v_auth := 'none';
    end if;
    v_ip := v_headers ->> 'x-millrace-ip';
  end if;

  insert into public.audit_events (
    organization_id, actor, user_id, key_id, auth, via, ip, agent, request_id, action, target_type, target_id, before, after, details
  )
  values (
    coalesce(p_organization_id, private.platform_id()), v_actor, v_user_id, v_key_id, v_auth,
    case when v_actor = 'system' then 'sql' when v_headers is not null and private.request_is_proven(v_headers) then 'function' else 'data_api' end,
    case when pg_input_is_valid(v_ip, 'inet') then host(v_ip::inet) end,
    case when v_actor = 'system' then concat_ws(' ', session_user, nullif(current_setting('application_name'), ''))
      else left(v_headers ->> 'x-millrace-agent', 400) end,
    left(v_headers ->> 'x-request-id', 100),
    p_action, p_target_type, left(p_target_id, 400),
    case when octet_length(v_before) > 4096 then private.audit_value(p_before) else v_before::json end,
    case when octet_length(v_after) > 4096 then private.audit_value(p_after) else v_after::json end,
    case when octet_length(v_details) > 4096 then private.audit_value(p_details) else v_details::json end
  );
end;
$function$;

create or replace function private.audit_batch_of (
  p_organization_id uuid,
  p_event_id        uuid
)
  returns private.audit_batches
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_batch private.audit_batches;
begin
  -- Sealed after it happened, mostly by the next seal; one that became visible late, later.
  select * into v_batch from private.audit_batches b
  where b.organization_id = p_organization_id and b.dropped_at is null
    and b.sealed_at >= private.uuid_v7_time(p_event_id) - interval '1 minute' and p_event_id = any (b.row_ids)
  order by b.sealed_at limit 1;
  return v_batch;
end;
$function$;

create or replace function private.audit_event_reply (
  e public.audit_events
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return to_jsonb(e) - 'tx';
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
      select unnest(b.row_ids) as id from private.audit_batches b
      where p_organization_id is null or b.organization_id = p_organization_id
    ),
    loose as materialized (
      select e.id, e.organization_id, e.tx < v_state.sealed_below or e.occurred_at < v_state.seen_at - interval '1 hour' as is_inserted
      from public.audit_events e
      where (p_organization_id is null or e.organization_id = p_organization_id)
        and not exists (select 1 from sealed s where s.id = e.id)
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

create or replace function private.audit_hash (
  p_text text
)
  returns jsonb
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return jsonb_build_object('cut', true, 'bytes', octet_length(p_text), 'sha256', encode(sha256(convert_to(p_text, 'UTF8')), 'hex'));
end;
$function$;

create or replace function private.audit_head (
  p_head bytea,
  p_root bytea
)
  returns bytea
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return sha256('\x02'::bytea || p_head || p_root);
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
  v_low uuid := case when p_filter ? 'from' then private.uuid_v7_floor((p_filter ->> 'from')::timestamptz) end;
  v_high uuid := case when p_filter ? 'to' then private.uuid_v7_floor((p_filter ->> 'to')::timestamptz) end;
  v_ip text := p_filter ->> 'ip';
  v_text text := p_filter ->> 'q';
  v_where text := '';
  v_reply jsonb;
begin
  if v_ip is not null then
    if not pg_input_is_valid(v_ip, 'inet') then
      perform private.fail('invalid_request', 'The filter ip must be an address', 400);
    end if;
    v_ip := host(v_ip::inet);
  end if;
  -- The statement says only what is asked for: the plan goes along (organization_id, id) and stops at the end of the page.
  if p_after is not null then
    v_where := v_where || format(' and e.id %s $4', case when p_ascending then '>' else '<' end);
  end if;
  if v_low is not null then
    v_where := v_where || ' and e.id >= $5';
  end if;
  if v_high is not null then
    v_where := v_where || ' and e.id < $6';
  end if;
  if v_text is not null then
    v_where := v_where || ' and position(lower($7) in lower(concat_ws('' '', e.action, e.target_type, e.target_id, e.before, e.after, e.details))) > 0';
  end if;
  if p_filter ? 'actions' then
    v_where := v_where || ' and (e.action = any (array(select jsonb_array_elements_text($2 -> ''actions'')))'
      || ' or split_part(e.action, ''.'', 1) || ''.*'' = any (array(select jsonb_array_elements_text($2 -> ''actions''))))';
  end if;
  if v_ip is not null then
    v_where := v_where || ' and e.ip = $8';
  end if;
  select v_where || coalesce(string_agg(format(' and e.%1$I::text = $2 ->> %1$L', f.name), ''), '') into v_where
  from unnest(array['actor', 'user_id', 'key_id', 'via', 'target_type', 'target_id', 'request_id']) as f (name)
  where p_filter ? f.name;
  execute format(
    'select coalesce(jsonb_agg(private.audit_event_reply(p.e) order by (p.e).id %1$s), ''[]'')
     from (select e from public.audit_events e where e.organization_id = $1 %2$s order by e.id %1$s limit $3) p',
    case when p_ascending then 'asc' else 'desc' end, v_where
  ) into v_reply using p_organization_id, p_filter, least(greatest(p_limit, 1), 1001), p_after, v_low, v_high, v_text, v_ip;
  return v_reply;
end;
$function$;

create or replace function private.audit_root (
  p_leaves bytea
)
  returns bytea
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
declare
  v_level bytea := p_leaves;
begin
  -- The tree of RFC 6962: pairs from the left, one without a partner goes up as it is.
  while octet_length(v_level) > 32 loop
    select string_agg(
      case when octet_length(p.pair) = 64 then sha256('\x01'::bytea || p.pair) else p.pair end, ''::bytea order by p.place
    ) into v_level
    from (
      select i as place, substring(v_level from i * 64 + 1 for 64) as pair
      from generate_series(0, (octet_length(v_level) - 1) / 64) i
    ) p;
  end loop;
  return v_level;
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
  v_any jsonb;
  v_before jsonb;
  v_after jsonb;
  v_secret text[] := string_to_array(tg_argv[2], ',');
  v_hidden text[];
  v_thing text := coalesce(tg_argv[3], case when tg_table_name like '%ies' then left(tg_table_name, -3) || 'y' else rtrim(tg_table_name, 's') end);
  v_verb text;
begin
  if tg_op <> 'INSERT' then
    v_old := to_jsonb(old) - '{version,updated_at}'::text[];
  end if;
  if tg_op <> 'DELETE' then
    v_new := to_jsonb(new) - '{version,updated_at}'::text[];
  end if;
  v_any := coalesce(v_new, v_old);
  if tg_op = 'UPDATE' then
    if v_old = v_new then
      return null;
    end if;
    select jsonb_object_agg(n.key, v_old -> n.key), jsonb_object_agg(n.key, n.value) into v_before, v_after
    from jsonb_each(v_new) n where n.value is distinct from v_old -> n.key;
    v_verb := case
      when v_after ? 'deleted_at' then case when v_after ->> 'deleted_at' is null then 'restored' else 'deleted' end
      when v_after ? 'revoked_at' and v_after ->> 'revoked_at' is not null then 'revoked'
      when v_after ? 'suspended_at' then case when v_after ->> 'suspended_at' is null then 'resumed' else 'suspended' end
      when v_after ? 'role' then 'role_changed'
      else 'updated'
    end;
  elsif tg_op = 'INSERT' then
    v_after := jsonb_strip_nulls(v_new);
    v_verb := 'created';
  else
    v_before := jsonb_strip_nulls(v_old);
    v_verb := 'deleted';
  end if;
  if cardinality(v_secret) > 0 then
    v_hidden := array(select s from unnest(v_secret) s where coalesce(v_after, v_before) ? s);
    v_before := v_before - v_secret;
    v_after := v_after - v_secret;
  end if;
  perform private.audit(
    (v_any ->> tg_argv[0])::uuid, v_thing || '.' || v_verb, v_thing, v_any ->> tg_argv[1], v_before, v_after,
    case when cardinality(v_hidden) > 0 then jsonb_build_object('hidden', v_hidden) end
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
    organization_id, actor, user_id, key_id, auth, via, ip, agent, request_id, action, target_type, details
  )
  values (
    coalesce(new.organization_id, private.platform_id()),
    case when new.key_id is not null then 'key' when new.user_id is not null then 'user' else 'anonymous' end,
    new.user_id, new.key_id,
    case when new.key_id is not null then 'key' when new.user_id is not null then 'jwt' else 'none' end,
    'function', host(new.ip), new.agent, new.request_id, new.kind, 'security',
    private.audit_value(new.details || jsonb_build_object('occurrences', new.occurrences)
      || case when v_suppressed > 0 then jsonb_build_object('not_logged', v_suppressed) else '{}' end)
  );
  return null;
end;
$function$;

create or replace function private.audit_statement (
  b private.audit_batches
)
  returns text
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_seen text := (extract(epoch from b.seen_at) * 1000000)::bigint::text;
  v_sealed text := (extract(epoch from b.sealed_at) * 1000000)::bigint::text;
begin
  return concat(
    '22:millrace-audit-batch-1,', octet_length(b.number::text), ':', b.number, ',36:', b.organization_id, ',',
    octet_length(b.first_seq::text), ':', b.first_seq, ',', octet_length(b.last_seq::text), ':', b.last_seq, ',',
    '64:', encode(b.previous_head, 'hex'), ',64:', encode(b.head, 'hex'), ',64:', encode(b.root, 'hex'), ',',
    octet_length(v_seen), ':', v_seen, ',', octet_length(v_sealed), ':', v_sealed, ',64:', encode(b.previous_link, 'hex'), ','
  );
end;
$function$;

create or replace function private.audit_turn (
  p_key     text,
  p_seconds integer
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_suppressed integer;
begin
  update private.audit_turns t set suppressed = t.suppressed + 1
  where t.key = p_key and t.since > v_now - make_interval(secs => p_seconds);
  if found then
    return null;
  end if;
  delete from private.audit_turns t where t.key = p_key returning t.suppressed into v_suppressed;
  insert into private.audit_turns (key, since) values (p_key, v_now) on conflict do nothing;
  return case when found then coalesce(v_suppressed, 0) end;
end;
$function$;

create or replace function private.audit_value (
  p_value jsonb
)
  returns json
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
declare
  v_text text := p_value::text;
begin
  if v_text is null or octet_length(v_text) <= 4096 then
    return v_text::json;
  end if;
  if jsonb_typeof(p_value) = 'object' then
    select jsonb_object_agg(e.key, case when octet_length(e.value::text) <= 1024 then e.value else private.audit_hash(e.value::text) end)::text
    into v_text from jsonb_each(p_value) e;
  end if;
  return case when octet_length(v_text) <= 65536 then v_text::json else private.audit_hash(p_value::text)::json end;
end;
$function$;

create or replace function private.block_ip (
  p_network   inet,
  p_reason    text,
  p_until     timestamp with time zone,
  p_by        text,
  p_automatic boolean                  default false
)
  returns private.ip_blocks
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_network cidr := network(p_network);
  v_block private.ip_blocks;
begin
  if masklen(v_network) < (case when family(v_network) = 6 then 32 else 8 end) then
    perform private.fail('invalid_request', 'The network is too wide: /8 of IPv4 and /32 of IPv6 are the widest', 400);
  end if;
  if private.ip_is_ours(v_network) then
    perform private.fail('conflict', 'The network holds addresses of the platform, which are never blocked', 409);
  end if;
  insert into private.ip_blocks as b (network, reason, blocked_until, is_automatic, created_by)
  values (v_network, p_reason, p_until, p_automatic, p_by)
  on conflict (network) do update set
    reason = excluded.reason, blocked_until = excluded.blocked_until, is_automatic = excluded.is_automatic,
    created_by = excluded.created_by, created_at = private.now()
    -- What a person decided is not changed by the machine.
    where b.is_automatic or not excluded.is_automatic or b.blocked_until <= private.now()
  returning * into v_block;
  if found then
    insert into private.security_events (kind, ip, details)
    values ('ip.blocked', host(v_network)::inet,
      jsonb_build_object('network', v_network, 'reason', p_reason, 'until', p_until, 'by', p_by));
  end if;
  return v_block;
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
  select to_jsonb(p_operation) - '{position,busy,worked_at,api_key_id}'::text[];
$function$;

create or replace function private.caller_key_id()
  returns uuid
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{millrace,key}')::uuid;
end;
$function$;

create or replace function private.caller_user_id()
  returns uuid
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_key_id uuid := private.caller_key_id();
begin
  if v_key_id is null then
    return auth.uid();
  end if;
  return (select k.created_by from public.api_keys k where k.id = v_key_id);
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
  v_key_id text := v_claims #>> '{millrace,key}';
begin
  return jsonb_build_object(
    'user_id', case when v_key_id is null then v_claims ->> 'sub' else private.caller_user_id()::text end,
    -- In a security definer function, current_user is its owner; these two are not touched by that.
    'role', coalesce(nullif(current_setting('role', true), 'none'), session_user),
    'email', v_claims ->> 'email',
    'claims', (
      select coalesce(jsonb_object_agg(c.key, c.value), '{}') from jsonb_each(v_claims) c where c.key = any (p_claims)
    )
  ) || case when v_key_id is null then '{}' else jsonb_build_object('key_id', v_key_id) end;
end;
$function$;

create or replace function private.change_api_key (
  p_key     public.api_keys,
  p_changes jsonb
)
  returns public.api_keys
  language plpgsql
  set search_path to ''
  AS $function$
-- The caller may hand out only what the caller holds; what the key has already it keeps.
declare
  v_allowed text[] := '{name,scopes,ip_allow,requests_per_minute,request_burst,expires_at}';
  v_old text[] := coalesce(p_key.scopes, '{}');
  v_bad text;
begin
  if jsonb_typeof(p_changes) is distinct from 'object' then
    perform private.fail('invalid_request', 'The settings of an API key must be an object', 400);
  end if;
  select min(k.name) into v_bad from jsonb_object_keys(p_changes) as k (name) where k.name <> all (v_allowed);
  if v_bad is not null then
    perform private.fail('invalid_request', format('An API key has no setting %s', left(v_bad, 100)), 400);
  end if;
  begin
    p_key := jsonb_populate_record(p_key, p_changes);
    p_key.ip_allow := array(
      select distinct a.network::cidr::text from unnest(coalesce(p_key.ip_allow, '{}')) as a (network) order by 1
    );
    p_key.scopes := array(select distinct s.scope from unnest(p_key.scopes) as s (scope) order by 1);
  exception when data_exception then
    perform private.fail('invalid_request', 'A setting of the API key has the wrong type, or a network is none', 400);
  end;

  if length(coalesce(p_key.name, '')) not between 1 and 200 then
    perform private.fail('invalid_request', 'The name of an API key has 1 to 200 characters', 400);
  end if;
  if cardinality(p_key.scopes) not between 1 and 100 or array_position(p_key.scopes, null) is not null then
    perform private.fail('invalid_request', 'An API key needs at least one scope', 400);
  end if;
  if cardinality(p_key.ip_allow) > 100 or array_position(p_key.ip_allow, null) is not null then
    perform private.fail('invalid_request', 'An API key may be used from at most a hundred networks', 400);
  end if;
  if p_key.requests_per_minute not between 1 and 1000000 or p_key.request_burst not between 1 and 1000000 then
    perform private.fail('invalid_request', 'A limit of an API key lies between 1 and 1,000,000', 400);
  end if;
  if p_changes ? 'expires_at' and p_key.expires_at <= private.now() then
    perform private.fail('invalid_request', 'The end of an API key must lie ahead; revoke it to end it now', 400);
  end if;
  select min(s.scope) into v_bad from unnest(p_key.scopes) as s (scope)
  where s.scope in ('org:own', 'members:write', 'keys:write', 'billing:write')
    or not exists (select 1 from private.role_permissions rp where rp.permission = s.scope);
  if v_bad is not null then
    perform private.fail('invalid_request', format('An API key cannot hold the scope %s', left(v_bad, 100)), 400);
  end if;
  select min(s.scope) into v_bad from unnest(p_key.scopes) as s (scope)
  where s.scope <> all (v_old) and not exists (
    select 1 from public.organization_members m
    join private.role_permissions rp on rp.role = m.role and rp.permission = s.scope
    where m.organization_id = p_key.organization_id and m.user_id = auth.uid()
  );
  if v_bad is not null then
    perform private.fail('forbidden', format('You cannot hand out the scope %s, which you do not hold', v_bad), 403);
  end if;
  return p_key;
end;
$function$;

create or replace function private.change_is_sensitive()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_aal2((to_jsonb(new) ->> tg_argv[0])::uuid);
  return new;
end;
$function$;

create or replace function private.check_audit_batches (
  p_after           bigint,
  p_organization_id uuid    default null::uuid,
  p_limit           integer default 200000
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
  v_batch record;
  v_last bigint;
  v_place integer;
begin
  -- As many batches as have p_limit rows, one at least.
  select max(g.number) into v_last
  from (
    select b.number, sum(b.last_seq - b.first_seq + 1) over (order by b.number) - (b.last_seq - b.first_seq) as before
    from private.audit_batches b
    where b.number > p_after and (p_organization_id is null or b.organization_id = p_organization_id)
    order by b.number limit 5000
  ) g
  where g.before <= p_limit;
  for v_batch in
    with rows_of as materialized (
      select b.number as batch, u.place, e.occurred_at < b.seen_at - interval '1 hour' as is_late,
        case when e.organization_id = b.organization_id then e.leaf end as leaf
      from private.audit_batches b
      cross join lateral unnest(b.row_ids) with ordinality as u (id, place)
      left join private.audit_leaves e on e.id = u.id
      where b.number > p_after and b.number <= v_last and (p_organization_id is null or b.organization_id = p_organization_id)
    ),
    computed as (
      select r.batch, string_agg(coalesce(r.leaf, decode(repeat('00', 32), 'hex')), ''::bytea order by r.place) as leaves,
        min(r.place) filter (where r.leaf is null) as missing, min(r.place) filter (where r.is_late) as late
      from rows_of r group by r.batch
    )
    select b as seal, b.number as n, c.leaves, c.missing, c.late, private.audit_statement(b) as statement
    from private.audit_batches b
    left join computed c on c.batch = b.number
    where b.number > p_after and b.number <= v_last and (p_organization_id is null or b.organization_id = p_organization_id)
    order by b.number
  loop
    number := (v_batch.seal).number;
    organization_id := (v_batch.seal).organization_id;
    first_seq := (v_batch.seal).first_seq;
    last_seq := (v_batch.seal).last_seq;
    rows_dropped := (v_batch.seal).dropped_at is not null;
    statement := v_batch.statement;
    stored_link := encode((v_batch.seal).link, 'hex');
    key_id := (v_batch.seal).key_id;
    signed_at := (extract(epoch from (v_batch.seal).signed_at) * 1000000)::bigint::text;
    signature := translate(encode((v_batch.seal).signature, 'base64'), E'\n', '');
    fault := null;
    v_place := null;
    if sha256(convert_to(v_batch.statement, 'UTF8')) <> (v_batch.seal).link
      or private.audit_head((v_batch.seal).previous_head, (v_batch.seal).root) <> (v_batch.seal).head then
      fault := 'rewritten';
    elsif not rows_dropped then
      if v_batch.missing is not null then
        fault := 'deleted';
        v_place := v_batch.missing;
      elsif v_batch.leaves <> (v_batch.seal).leaves then
        select min(i) into v_place
        from generate_series(1, (last_seq - first_seq + 1)::integer) i
        where substring(v_batch.leaves from i * 32 - 31 for 32) <> substring((v_batch.seal).leaves from i * 32 - 31 for 32);
        fault := case when exists (
          select 1 from generate_series(1, (last_seq - first_seq + 1)::integer) i
          where substring((v_batch.seal).leaves from i * 32 - 31 for 32) = substring(v_batch.leaves from v_place * 32 - 31 for 32)
        ) then 'reordered' else 'edited' end;
      elsif private.audit_root(v_batch.leaves) <> (v_batch.seal).root then
        fault := 'rewritten';
      elsif v_batch.late is not null then
        fault := 'backdated';
        v_place := v_batch.late;
      end if;
    end if;
    fault_seq := first_seq + v_place - 1;
    fault_row := (v_batch.seal).row_ids[v_place];
    return next;
  end loop;
end;
$function$;

create or replace function private.check_name (
  p_name text
)
  returns text
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  if length(p_name) not between 1 and 200 or p_name ~ '[[:cntrl:]]' or btrim(p_name) = '' then
    perform private.fail('invalid_request', 'A name has 1 to 200 characters, all of them visible', 400);
  end if;
  return p_name;
end;
$function$;

create or replace function private.check_slug (
  p_slug text
)
  returns text
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  if p_slug !~ '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' then
    perform private.fail('invalid_request', 'A slug has 1 to 63 lower-case letters, digits and, between them, hyphens', 400);
  end if;
  return p_slug;
end;
$function$;

create or replace function private.client_ip()
  returns inet
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_text text := private.request_header('x-millrace-ip');
begin
  return case when pg_input_is_valid(v_text, 'inet') then host(v_text::inet)::inet end;
end;
$function$;

create or replace function private.confirmed_email (
  p_user_id uuid
)
  returns text
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (select lower(u.email) from auth.users u where u.id = p_user_id and u.email_confirmed_at is not null);
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
    private.caller_user_id(), p_traceparent, v_now + make_interval(secs => v.timeout_seconds),
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

create or replace function private.dead_letters_from (
  p_organization_id uuid,
  p_filter          jsonb,
  p_limit           integer
)
  returns text
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
  return 'public.job_history j where j.status = ''dead'' and j.replayed_as is null and '
    || private.job_conditions(p_organization_id, coalesce(p_filter, '{}'));
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
  end if;
  execute 'select count(*) from ' || v_which into v_left;
  return jsonb_build_object('discarded', v_discarded, 'left', v_left, 'dry_run', coalesce(p_dry_run, false));
end;
$function$;

create or replace function private.drop_audit_batches (
  p_limit bigint
)
  returns bigint
  language plpgsql
  set search_path to ''
  set lock_timeout to '200ms'
  AS $function$
declare
  v_organization_id uuid;
  v_oldest timestamptz;
  v_low uuid;
  v_days integer;
  v_rows bigint := 0;
  v_week date;
begin
  -- Once an hour is enough, and at once again while there is more.
  if private.setting('audit_retained_at')::timestamptz > private.now() - interval '50 minutes' then
    return 0;
  end if;
  loop
    -- From one tenant to the next by the index.
    select b.organization_id, b.sealed_at into v_organization_id, v_oldest
    from private.audit_batches b
    where b.dropped_at is null and (v_low is null or b.organization_id > v_low)
    order by b.organization_id, b.sealed_at limit 1;
    exit when not found or v_rows >= p_limit;
    v_low := v_organization_id;
    v_days := private.kept_days('audit', v_organization_id);
    if v_oldest < private.now() - make_interval(days => v_days) then
      v_rows := v_rows + private.drop_audit_of(v_organization_id, private.now() - make_interval(days => v_days), p_limit - v_rows);
    end if;
  end loop;
  if v_rows < p_limit then
    delete from private.audit_turns t where t.since < private.now() - interval '1 day';
    insert into private.settings (name, value) values ('audit_retained_at', private.now()::text)
    on conflict (name) do update set value = excluded.value, updated_at = private.now();
    for v_week in
      select to_date(substring(c.relname from '\d{4}w\d{2}$'), 'IYYY"w"IW')
      from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid and c.relname ~ '_\d{4}w\d{2}$'
      where i.inhparent = 'public.audit_events'::regclass
    loop
      continue when (v_week + 37)::timestamp at time zone 'UTC' > private.now();
      begin
        perform private.drop_empty('audit', v_week);
      exception when lock_not_available or deadlock_detected then
        exit;
      end;
    end loop;
  end if;
  return v_rows;
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
    delete from public.audit_events e where e.id = any (v_batch.row_ids);
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

create or replace function private.drop_invitations_by (
  p_organization_id uuid,
  p_user_id         uuid,
  p_role            text default null::text
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_count integer;
begin
  update public.invitations i set status = 'revoked', ended_at = private.now()
  where i.organization_id = p_organization_id and i.created_by = p_user_id and i.status = 'open'
    and (
      not exists (
        select from private.role_permissions rp where rp.role = p_role and rp.permission = 'members:write'
      )
      or private.role_rank(i.role) > private.role_rank(p_role)
    );
  get diagnostics v_count = row_count;
  return v_count;
end;
$function$;

create or replace function private.end_membership (
  p_member public.organization_members
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  perform private.require_other_owner(p_member);
  delete from public.organization_members m
  where m.organization_id = p_member.organization_id and m.user_id = p_member.user_id;
  perform private.drop_invitations_by(p_member.organization_id, p_member.user_id);
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
  perform private.join_by_invitations(p_user_id);
  return v_organization_id;
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
    delete from private.job_leases l where l.id = any (v_leases) returning l.*
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
      coalesce(sum(greatest(s.busy_ms, 0) / cardinality(g.types)), 0)::bigint,
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

create or replace function private.flags_of (
  p_organization_id uuid
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(jsonb_object_agg(f.name, coalesce(f.since_version::text, '')), '{}')
    from private.flags f
    left join private.flag_rules r on r.flag = f.name and r.organization_id = p_organization_id
    -- A hash of flag and organization: another flag's share is made of others.
    where coalesce(r.is_on, abs(hashtextextended(f.name || ':' || p_organization_id::text, 0) % 100) < f.percentage)
  );
end;
$function$;

create or replace function private.flows_reading_secret (
  p_organization_id uuid,
  p_name            text
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'name', f.name) order by f.name, f.id), '[]')
    from (
      select f.id, f.name
      from public.flows f
      join public.flow_versions v on v.id = f.current_version_id
      where f.organization_id = p_organization_id and f.deleted_at is null
        and v.graph::text ~ ('secrets\s*(\.\s*' || p_name || '(?![A-Za-z0-9_-])|\[\s*(\\"|'')' || p_name || '(\\"|''))')
      order by f.name, f.id
      limit 100
    ) f
  );
end;
$function$;

create or replace function private.has_second_factor (
  p_user_id uuid
)
  returns boolean
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return exists (select 1 from auth.mfa_factors f where f.user_id = p_user_id and f.status = 'verified');
end;
$function$;

create or replace function private.invitation_for (
  p_user_id       uuid,
  p_invitation_id uuid,
  p_token         text
)
  returns public.invitations
  language plpgsql
  set search_path to ''
  AS $function$
-- The organization first, then its invitation: the order in which everybody locks them.
declare
  v_invitation public.invitations;
begin
  if (p_invitation_id is null) = (p_token is null) then
    perform private.fail('invalid_request', 'Name an invitation or give its token', 400);
  end if;
  if p_token is not null then
    select i.* into v_invitation from private.invitation_tokens t join public.invitations i on i.id = t.invitation_id
    where t.token_hash = sha256(convert_to(p_token, 'UTF8'));
  else
    select * into v_invitation from public.invitations i
    where i.id = p_invitation_id and i.email = private.confirmed_email(p_user_id);
  end if;
  if v_invitation.id is null then
    perform private.fail('not_found', 'No such invitation', 404);
  end if;
  perform 1 from public.organizations o where o.id = v_invitation.organization_id for no key update;
  select * into v_invitation from public.invitations i where i.id = v_invitation.id for no key update;
  if v_invitation.id is null then
    perform private.fail('not_found', 'No such invitation', 404);
  end if;
  return v_invitation;
end;
$function$;

create or replace function private.invitation_reply (
  p_invitation_id uuid
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select jsonb_build_object(
      'id', i.id, 'organization_id', i.organization_id, 'email', i.email, 'role', i.role,
      'status', case when i.status = 'open' and i.expires_at <= private.now() then 'expired' else i.status end,
      'expires_at', i.expires_at, 'mails', i.mails, 'mailed_at', i.mailed_at, 'created_by', i.created_by,
      'accepted_by', i.accepted_by, 'ended_at', i.ended_at, 'version', i.version, 'created_at', i.created_at,
      'updated_at', i.updated_at
    )
    from public.invitations i where i.id = p_invitation_id
  );
end;
$function$;

create or replace function private.ip_block_until (
  p_ip inet
)
  returns timestamp with time zone
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (
    select max(coalesce(b.blocked_until, 'infinity')) from private.ip_blocks b
    where b.network >>= p_ip and (b.blocked_until is null or b.blocked_until > private.now())
  );
end;
$function$;

create or replace function private.ip_bucket (
  p_ip inet
)
  returns text
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return replace(host(private.ip_network(p_ip)), ':', '_');
end;
$function$;

create or replace function private.ip_is_ours (
  p_network inet
)
  returns boolean
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_ours inet[] := array[
    '127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10', '0.0.0.0/8',
    '::1/128', 'fc00::/7', 'fe80::/10', '::ffff:0:0/96'
  ]::inet[];
begin
  select v_ours || coalesce(array_agg(t.text::inet), '{}') into v_ours
  from regexp_split_to_table(coalesce(private.setting('ip_never_block'), ''), '[\s,]+') as t (text)
  where pg_input_is_valid(t.text, 'inet');
  return exists (select 1 from unnest(v_ours) as o (network) where o.network && p_network);
end;
$function$;

create or replace function private.ip_network (
  p_ip inet
)
  returns cidr
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  -- Whoever has one address of IPv6 has a whole /64 of them.
  return network(set_masklen(p_ip, case when family(p_ip) = 6 then 64 else 32 end));
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
            flow_versions,flows,invitations,job_history,job_queue,organization_members,organizations,plans,profiles,run_archives,
            run_stats_daily,run_steps,runs,schedule_firings,schedules,secrets,usage_hourly,webhook_endpoints,webhook_events,workspaces
          }'::text[])
          -- Weeks of a table of ours.
          or c.relispartition and c.relname ~ '^(runs|run_steps|job_history|audit_events)_(default|\d{4}w\d{2})$'
        )
      )
  );
$function$;

create or replace function private.join_by_invitations (
  p_user_id uuid
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_id uuid;
  v_invitation public.invitations;
  v_joined integer := 0;
begin
  -- In the order of the organizations: two of one person's calls lock them in the same one.
  for v_id in
    select i.id from public.invitations i
    join public.organizations o on o.id = i.organization_id and o.suspended_at is null and o.deletes_at is null
    where i.email = private.confirmed_email(p_user_id) and i.status = 'open' and i.expires_at > private.now()
    order by i.organization_id limit 100
  loop
    v_invitation := private.invitation_for(p_user_id, v_id, null);
    -- It can have ended while we waited.
    if v_invitation.status = 'open' then
      perform private.join_organization(v_invitation, p_user_id);
      v_joined := v_joined + 1;
    end if;
  end loop;
  return v_joined;
end;
$function$;

create or replace function private.join_organization (
  p_invitation public.invitations,
  p_user_id    uuid
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- A moment later than the personal organization that the same transaction may have made: that one stays the first.
  insert into public.organization_members (organization_id, user_id, role, created_at)
  values (p_invitation.organization_id, p_user_id, p_invitation.role, private.now() + interval '1 microsecond')
  on conflict do nothing;
  update public.invitations i set status = 'accepted', accepted_by = p_user_id, ended_at = private.now()
  where i.id = p_invitation.id;
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
  from unnest(array['runs', 'run_steps', 'job_history', 'audit_events']) p (parent),
    (select to_char((private.now() + interval '7 days') at time zone 'UTC', 'IYYY"w"IW') as week) w
  where to_regclass('public.' || p.parent || '_' || w.week) is null;
  if v_missing is not null then
    raise exception 'The partitions of next week are missing: %', array_to_string(v_missing, ', ');
  end if;
  return jsonb_build_object('made', v_made);
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
    when o.id is null then case p_kind when 'audit' then 365 else 14 end
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
  -- In the order of their ids, the order in which they were enqueued: sorting them would cost as much as taking them.
  with taken as (
    delete from public.job_queue j where j.id = any (v_ids)
    returning j.id, j.organization_id, j.type, j.payload, j.attempts, j.max_attempts, j.priority, j.scheduled_for, j.created_at,
      case when num_nonnulls(j.unique_key, j.concurrency_key, j.error_message, j.expires_at) > 0 then jsonb_strip_nulls(
        jsonb_build_object('unique_key', j.unique_key, 'concurrency_key', j.concurrency_key,
          'concurrency_limit', j.concurrency_limit, 'expires_at', j.expires_at, 'error_message', j.error_message)
      ) end as options
  )
  select array_agg(t.id), array_agg(t.organization_id), array_agg(t.type), array_agg(t.payload),
    array_agg((t.attempts + 1)::smallint), array_agg(t.max_attempts), array_agg(t.priority), array_agg(t.scheduled_for),
    array_agg(t.created_at), case when count(t.options) > 0 then array_agg(t.options) end
  into v_lease.job_ids, v_lease.organization_ids, v_lease.types, v_lease.payloads, v_lease.attempts, v_lease.max_attempts,
    v_lease.priorities, v_lease.due, v_lease.created, v_lease.options
  from taken t;
  if v_lease.job_ids is null then
    return '[]';
  end if;
  v_lease.worker_id := p_worker_id;
  v_lease.started_at := p_now;
  insert into private.job_leases select (v_lease).*;
  -- json and not jsonb: built once, and it is text already. What is the same of all is said once.
  return json_build_array(json_build_object(
    'lease', v_lease.id, 'jobs', array_to_json(v_lease.job_ids), 'payloads', array_to_json(v_lease.payloads),
    'organization_ids', private.said_once(v_lease.organization_ids), 'types', private.said_once(v_lease.types),
    'attempts', private.said_once(v_lease.attempts), 'max_attempts', private.said_once(v_lease.max_attempts),
    'priorities', private.said_once(v_lease.priorities)
  ));
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
  v_expires_at timestamptz;
  v_details jsonb := jsonb_build_object('bucket', p_key, 'strikes', p_strikes, 'blocked_until', p_blocked_until);
begin
  if v_kind = 'key' then
    select k.organization_id, k.expires_at into v_organization_id, v_expires_at from public.api_keys k where k.id = v_id;
  end if;
  perform private.security_event('limit.blocked', v_organization_id, v_details, case when v_kind = 'user' then v_id end,
    case when v_kind = 'key' then v_id end);
  if v_organization_id is null then
    return;
  end if;
  perform private.audit(v_organization_id, 'limit.blocked', 'api_key', v_id::text, p_details => v_details);
  -- The ninth block in a row lasts an hour. Whoever hammers through that has nobody who looks after it.
  if p_strikes >= 10 then
    update public.api_keys k set expires_at = private.now()
    where k.id = v_id and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now());
    if found then
      perform private.security_event('key.suspended', v_organization_id, v_details, null, v_id);
      perform private.audit(v_organization_id, 'key.suspended', 'api_key', v_id::text,
        jsonb_build_object('expires_at', v_expires_at), jsonb_build_object('expires_at', private.now()), v_details);
    end if;
  end if;
end;
$function$;

create or replace function private.limit_subject_id (
  p_subject_kind text,
  p_subject_id   text
)
  returns text
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  if p_subject_kind in ('ip', 'refused') and pg_input_is_valid(p_subject_id, 'inet') then
    return private.ip_bucket(p_subject_id::inet);
  end if;
  return p_subject_id;
end;
$function$;

create or replace function private.lock_api_key (
  p_key_id     uuid,
  p_if_version integer default null::integer
)
  returns public.api_keys
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_key public.api_keys;
begin
  -- Asked before the lock: a stranger neither waits for who works on the key nor makes them wait.
  select k.organization_id into v_key.organization_id from public.api_keys k where k.id = p_key_id;
  perform private.require_permission(v_key.organization_id, 'keys:write', 'API key');
  select * into v_key from public.api_keys k where k.id = p_key_id for no key update;
  if p_if_version is not null and v_key.version <> p_if_version then
    perform private.fail('version_mismatch', format('The API key has version %s, not %s', v_key.version, p_if_version), 412);
  end if;
  return v_key;
end;
$function$;

create or replace function private.lock_invitation (
  p_invitation_id   uuid,
  p_organization_id uuid,
  p_if_version      integer
)
  returns public.invitations
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_invitation public.invitations;
  v_organization_id uuid;
begin
  select i.organization_id into v_organization_id from public.invitations i
  where i.id = p_invitation_id and i.organization_id = coalesce(p_organization_id, i.organization_id);
  perform private.require_permission(v_organization_id, 'members:write', 'invitation');
  perform private.lock_organization(v_organization_id, 'members:write');
  select * into v_invitation from public.invitations i where i.id = p_invitation_id for no key update;
  if not found then
    perform private.fail('not_found', 'No such invitation', 404);
  end if;
  perform private.require_rank(v_organization_id, v_invitation.role, 'change the invitation of one');
  if p_if_version is not null and v_invitation.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The invitation has version %s, not %s', v_invitation.version, p_if_version), 412);
  end if;
  if v_invitation.status <> 'open' then
    perform private.fail('conflict', format('The invitation is %s', v_invitation.status), 409);
  end if;
  return v_invitation;
end;
$function$;

create or replace function private.lock_member (
  p_organization_id uuid,
  p_user_id         uuid,
  p_if_version      integer default null::integer
)
  returns public.organization_members
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_member public.organization_members;
begin
  select * into v_member from public.organization_members m
  where m.organization_id = p_organization_id and m.user_id = p_user_id for update;
  if not found then
    perform private.fail('not_found', 'No such member', 404);
  end if;
  if p_if_version is not null and v_member.version <> p_if_version then
    perform private.fail('version_mismatch', format('The member has version %s, not %s', v_member.version, p_if_version), 412);
  end if;
  return v_member;
end;
$function$;

create or replace function private.lock_organization (
  p_organization_id uuid,
  p_permission      text,
  p_if_version      integer default null::integer
)
  returns public.organizations
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_organization public.organizations;
begin
  -- Asked before the lock: a stranger neither waits for who works on it nor makes them wait.
  perform private.require_permission(p_organization_id, p_permission, 'organization');
  select * into v_organization from public.organizations o where o.id = p_organization_id for no key update;
  -- Asked again: what the caller may do can have changed while they waited, by whoever held the lock.
  perform private.require_permission(v_organization.id, p_permission, 'organization');
  if p_if_version is not null and v_organization.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The organization has version %s, not %s', v_organization.version, p_if_version), 412);
  end if;
  return v_organization;
end;
$function$;

create or replace function private.lock_secret (
  p_secret_id  uuid,
  p_permission text,
  p_if_version integer default null::integer
)
  returns public.secrets
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_secret public.secrets;
begin
  select * into v_secret from public.secrets s where s.id = p_secret_id for update;
  perform private.require_permission(v_secret.organization_id, p_permission, 'secret');
  if p_if_version is not null and p_if_version <> v_secret.version then
    perform private.fail('version_mismatch', 'The secret has changed since you read it', 412);
  end if;
  return v_secret;
end;
$function$;

create or replace function private.lock_workspace (
  p_workspace_id    uuid,
  p_organization_id uuid,
  p_if_version      integer
)
  returns public.workspaces
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_workspace public.workspaces;
  v_organization_id uuid;
begin
  select w.organization_id into v_organization_id from public.workspaces w
  where w.id = p_workspace_id and w.organization_id = coalesce(p_organization_id, w.organization_id);
  perform private.require_permission(v_organization_id, 'workspaces:write', 'workspace');
  perform private.lock_organization(v_organization_id, 'workspaces:write');
  select * into v_workspace from public.workspaces w where w.id = p_workspace_id for update;
  if not found then
    perform private.fail('not_found', 'No such workspace', 404);
  end if;
  if p_if_version is not null and v_workspace.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The workspace has version %s, not %s', v_workspace.version, p_if_version), 412);
  end if;
  return v_workspace;
end;
$function$;

create or replace function private.mail_invitation (
  p_invitation_id uuid
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_invitation public.invitations;
  v_rate jsonb;
begin
  update public.invitations i set mails = i.mails + 1, mailed_at = private.now()
  where i.id = p_invitation_id returning * into v_invitation;
  v_rate := private.take_tokens('invite:' || v_invitation.organization_id, 100, 3600, 30);
  if v_rate ->> 'allowed' = 'true' then
    v_rate := private.take_tokens('invite:' || p_invitation_id, 3, 3600, 2);
  end if;
  if v_rate ->> 'allowed' <> 'true' then
    perform private.fail('rate_limited', 'Too many invitations are being sent', 429,
      jsonb_build_object('retry_after_seconds', v_rate -> 'retry_after_seconds'));
  end if;
  -- The token is made when the mail is written, so that it stands in no queue.
  perform private.enqueue_job(v_invitation.organization_id, 'invitation.mail',
    jsonb_build_object('invitation_id', p_invitation_id, 'mail', v_invitation.mails),
    jsonb_build_object('priority', 50, 'unique_key', format('%s:%s', p_invitation_id, v_invitation.mails)));
end;
$function$;

create or replace function private.member_reply (
  p_organization_id uuid,
  p_user_id         uuid
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select jsonb_build_object(
      'user_id', m.user_id, 'role', m.role, 'email', p.email, 'display_name', p.display_name, 'created_at', m.created_at,
      'version', m.version
    )
    from public.organization_members m join public.profiles p on p.id = m.user_id
    where m.organization_id = p_organization_id and m.user_id = p_user_id
  );
end;
$function$;

create or replace function private.must_show_factor (
  p_organization_id uuid
)
  returns boolean
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
-- Asked by the gate of every request: nothing is read for a session that has shown its factor.
declare
  v_claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  if v_claims ->> 'role' is distinct from 'authenticated' or v_claims ->> 'aal' = 'aal2' or v_claims ? 'millrace' then
    return false;
  end if;
  return private.has_second_factor((v_claims ->> 'sub')::uuid) or exists (
    select 1 from public.organizations o where o.id = p_organization_id and o.require_mfa <> 'off'
  );
end;
$function$;

create or replace function private.note_audit_read (
  p_organization_id uuid,
  p_action          text,
  p_details         jsonb
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_suppressed integer := private.audit_turn(concat_ws(':', p_action, p_organization_id, private.caller_key_id(), auth.uid()), 600);
begin
  if v_suppressed is not null then
    perform private.audit(
      p_organization_id, p_action, 'audit', null,
      p_details => nullif(p_details, '{}') || case when v_suppressed > 0 then jsonb_build_object('not_logged', v_suppressed) else '{}' end
    );
  end if;
end;
$function$;

create or replace function private.note_secret_access (
  p_secret  public.secrets,
  p_kind    text,
  p_run_id  uuid,
  p_node_id text,
  p_user_id uuid,
  p_key_id  uuid,
  p_uses    integer
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  insert into private.secret_accesses as a
    (organization_id, secret_id, number, kind, run_id, node_id, user_id, key_id, minute, uses, last_at)
  values (p_secret.organization_id, p_secret.id, p_secret.current_version, p_kind, p_run_id, p_node_id, p_user_id, p_key_id,
    date_trunc('minute', private.now()), greatest(p_uses, 1), private.now())
  on conflict on constraint secret_accesses_by_minute
    do update set uses = a.uses + excluded.uses, last_at = excluded.last_at;
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
  v_counts boolean := p_is_full and exists (
    select 1 from private.job_turns t where t.is_active and t.organization_id <> p_organization_ids[1]
  );
  v_locked uuid[];
begin
  if not v_counts and not v_are_many and not p_is_costly then
    return;
  end if;
  if v_counts then
    -- In one order, and counted afterwards: what another claim has added meanwhile is seen.
    select array_agg(l.organization_id) into v_locked from (
      select t.organization_id from private.job_turns t
      where t.organization_id = any (p_organization_ids) and t.is_active
      order by t.organization_id
      for update
    ) l;
  else
    -- The rest only makes the next look cheaper: no reason to wait.
    select array_agg(l.organization_id) into v_locked from (
      select t.organization_id from private.job_turns t
      where t.organization_id = any (p_organization_ids) and t.is_active
      for update skip locked
    ) l;
  end if;
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
    where g.id = any (v_locked)
    group by g.id
  ) n
  where t.organization_id = n.id and (n.taken > 0 or p_is_costly or (n.is_empty and v_are_many));
  if v_counts and p_virtual_time > (select c.last_value from private.job_clock c) then
    perform setval('private.job_clock', p_virtual_time);
  end if;
end;
$function$;

create or replace function private.organization_reply (
  p_organization_id uuid
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select jsonb_build_object(
      'id', o.id, 'name', o.name, 'slug', o.slug, 'plan', o.plan_id,
      'role', (
        select m.role from public.organization_members m where m.organization_id = o.id and m.user_id = (select auth.uid())
      ),
      'suspended', o.suspended_at is not null, 'suspended_reason', o.suspended_reason, 'deletes_at', o.deletes_at,
      'version', o.version, 'created_at', o.created_at, 'updated_at', o.updated_at
    )
    from public.organizations o where o.id = p_organization_id
  );
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
  -- Read once, and not by auth.uid() and private.caller_key_id(): every policy asks this in every statement.
  v_claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  v_key_id uuid := (v_claims #>> '{millrace,key}')::uuid;
  v_user_id uuid := (v_claims ->> 'sub')::uuid;
  v_aal2 boolean := coalesce(v_claims ->> 'aal' = 'aal2', false);
begin
  -- PL/pgSQL keeps its plans for the session.
  if v_key_id is not null then
    -- The key's own row decides, not what its token was minted with: a token of a revoked key reads nothing.
    return array(
      select k.organization_id
      from public.api_keys k
      join public.organizations o on o.id = k.organization_id
      where k.id = v_key_id and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now())
        and p_permission = any (k.scopes)
        and (o.suspended_at is null or p_permission = 'org:read')
    );
  end if;
  return array(
    select m.organization_id
    from public.organization_members m
    where m.user_id = v_user_id
      and exists (select 1 from private.role_permissions rp where rp.role = m.role and rp.permission = p_permission)
      and exists (
        select 1 from public.organizations o
        where o.id = m.organization_id
          and (o.suspended_at is null and (v_aal2 or o.require_mfa <> 'always') or p_permission = 'org:read')
      )
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
  v_width integer := case when p_limit <= 8 then 8 else least(8, greatest(3, ceil(p_limit / 4.0)::integer)) end;
  v_wanted integer := p_limit;
  v_seen uuid[] := '{}';
  v_done uuid[] := '{}';
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
    select * into v_round from (
      select
        array_agg(n.organization_id) as organizations, array_agg(n.taken) as counts, array_agg(n.latest) as latest,
        array_agg(n.organization_id) filter (where n.taken < n.quota or n.quota = 0) as exhausted,
        array_agg(n.organization_id) filter (where n.taken = 0 and n.quota > 0) as empty,
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
    v_width := least(v_width * 2, 256);
    -- What is left of the batch goes to those that have more, again the least virtual time first.
    continue when v_round.organizations is not null;
    -- All that is known of is taken. What is not known of is looked for once.
    exit when v_has_looked or private.find_turns(p_now) is null;
    v_has_looked := true;
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

create or replace function private.prune_security()
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_events integer;
  v_blocks integer;
begin
  delete from private.security_events e where e.at < private.now() - interval '90 days';
  get diagnostics v_events = row_count;
  delete from private.ip_blocks b where b.blocked_until < private.now() - interval '1 day';
  get diagnostics v_blocks = row_count;
  delete from private.rate_limit_overrides o where o.expires_at < private.now() - interval '90 days';
  return jsonb_build_object('events', v_events, 'ip_blocks', v_blocks);
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
      select o.ctid from private.rate_limits o
      where greatest(o.tat, o.blocked_until, o.refused_at) < private.now() - interval '10 minutes'
      limit p_limit
      -- A request may hold one bucket while it waits for another: whoever deletes several must never wait for it.
      for update skip locked
    )
    returning 1
  )
  select count(*)::integer from gone;
$function$;

create or replace function private.rate_answer (
  p_now      timestamp with time zone,
  p_name     text,
  p_interval interval,
  p_burst    integer,
  p_tat      timestamp with time zone
)
  returns jsonb
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
declare
  v_remaining integer := greatest(0, floor(
    extract(epoch from p_interval * p_burst - (p_tat - p_now)) / extract(epoch from p_interval)
  ));
begin
  return jsonb_build_object(
    'allowed', true,
    'name', p_name,
    'limit', p_burst,
    -- What a client may rely on: so many in so many seconds, again and again.
    'window_seconds', ceil(round(extract(epoch from p_interval * p_burst), 3))::integer,
    'remaining', v_remaining,
    'reset_seconds', greatest(0, ceil(extract(epoch from p_tat - p_now)))::integer,
    'retry_after_seconds', 0,
    'warning', v_remaining * 5 <= p_burst,
    'blocked', false
  );
end;
$function$;

create or replace function private.read_envelope (
  p_envelope text,
  p_key_id   text
)
  returns bytea
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
declare
  v_bytes bytea;
begin
  if p_envelope is null or length(p_envelope) not between 120 and 94000 or p_envelope !~ '^[A-Za-z0-9+/]+={0,2}$' then
    perform private.fail('invalid_request', 'The value is not encrypted as it must be', 400);
  end if;
  v_bytes := decode(p_envelope, 'base64');
  if octet_length(v_bytes) not between 92 and 70000 or get_byte(v_bytes, 0) <> 1 or get_byte(v_bytes, 1) not between 1 and 32
    or octet_length(v_bytes) <= 90 + get_byte(v_bytes, 1)
    or encode(substring(v_bytes from 3 for get_byte(v_bytes, 1)), 'escape') is distinct from p_key_id
  then
    perform private.fail('invalid_request', 'The value is not encrypted as it must be', 400);
  end if;
  return v_bytes;
end;
$function$;

create or replace function private.refuse_audit_change()
  returns trigger
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- Retention deletes rows whose seals it keeps, and says so for its own transaction.
  if tg_op = 'DELETE' and current_setting('millrace.audit_retention', true) = 'on' then
    return old;
  end if;
  perform private.fail('conflict', 'The audit log is append-only', 409);
  return null;
end;
$function$;

create or replace function private.refuse_request (
  p_now       timestamp with time zone,
  p_keys      text[],
  p_names     text[],
  p_intervals interval[],
  p_bursts    integer[],
  p_tats      timestamp with time zone[]
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
-- The rare way: a bucket had no token. The others get theirs back, and whoever asks in spite of refusals is counted.
declare
  v_row record;
  v_retry integer;
  v_worst integer := -1;
  v_blocked boolean := false;
  v_answer jsonb;
begin
  for v_row in
    update private.rate_limits r
    set
      tat = case when a.tat is null then r.tat else r.tat - a.interval end,
      refused = case when not s.personal then 0 when s.rises then 0 else s.refused end,
      refused_at = case when s.personal then p_now end,
      strikes = case when s.rises then least(s.strikes + 1, 100) else s.strikes end,
      -- 15 s, doubled with every strike, an hour at most.
      blocked_until = case
        when s.rises then p_now + make_interval(secs => least(3600, 15 * 2 ^ least(s.strikes, 10)))
        when s.strikes > 0 then r.blocked_until
      end
    from unnest(p_keys, p_names, p_intervals, p_bursts, p_tats) as a (key, name, interval, burst, tat),
      private.rate_limits o,
      lateral (
        select
          split_part(o.key, ':', 1) in ('user', 'key', 'ip') as personal,
          greatest(o.refused_at, o.blocked_until) >= p_now - interval '10 minutes' as remembered
      ) k,
      lateral (
        select k.personal,
          least(case when k.remembered then o.refused + 1 else 1 end, greatest(20, a.burst)) as refused,
          case when k.remembered then o.strikes else 0 end as strikes,
          -- So many more refusals than requests that passed that they are no accident, and the last block is over.
          k.personal and k.remembered and o.refused + 1 >= greatest(20, a.burst)
            and (o.blocked_until is null or o.blocked_until <= p_now) as rises
      ) s
    where o.key = a.key and r.key = a.key
    returning r.key, a.name, a.interval, a.burst, a.tat is null as refused, r.tat, r.strikes, r.blocked_until, s.rises
  loop
    if v_row.rises then
      perform private.limit_struck(v_row.key, v_row.strikes, v_row.blocked_until);
    end if;
    -- A block that begins with this refusal is told to the one who caused it, whichever bucket it was that had no token.
    continue when not v_row.refused and not v_row.rises;
    v_blocked := v_blocked or coalesce(v_row.blocked_until > p_now, false);
    v_retry := greatest(
      case when v_row.refused then
        ceil(extract(epoch from v_row.tat + v_row.interval - v_row.interval * v_row.burst - p_now)) else 0 end,
      coalesce(ceil(extract(epoch from v_row.blocked_until - p_now)), 0), 1
    );
    continue when v_retry <= v_worst;
    v_worst := v_retry;
    v_answer := private.rate_answer(p_now, v_row.name, v_row.interval, v_row.burst, v_row.tat) || jsonb_build_object(
      'allowed', false, 'remaining', 0, 'retry_after_seconds', v_retry, 'warning', true
    );
  end loop;
  return v_answer || jsonb_build_object('blocked', v_blocked);
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
  v_which text := private.dead_letters_from(p_organization_id, p_filter, p_limit);
  v_old uuid[];
  v_jobs jsonb;
  v_reply jsonb;
  v_replayed bigint := 0;
  v_left bigint;
begin
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

create or replace function private.request_buckets (
  p_subject             text,
  p_organization_id     uuid,
  p_plan                public.plans,
  p_route               text,
  p_operation           text         default null::text,
  p_requests_per_minute integer      default null::integer,
  p_request_burst       integer      default null::integer
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_buckets jsonb := jsonb_build_array(
    jsonb_build_object(
      'key', p_subject || ':' || p_route, 'window_seconds', 60,
      'limit', least(p_requests_per_minute, (p_plan).requests_per_minute),
      'burst', least(p_request_burst, (p_plan).request_burst)
    ),
    jsonb_build_object(
      'key', 'org:' || p_organization_id, 'name', 'organization', 'window_seconds', 60,
      'limit', (p_plan).organization_requests_per_minute, 'burst', (p_plan).organization_request_burst
    )
  );
begin
  if p_operation is null then
    return v_buckets;
  end if;
  return v_buckets || (
    select coalesce(jsonb_agg(jsonb_build_object(
      'key', p_subject || ':' || p_operation, 'limit', o.request_limit, 'window_seconds', o.window_seconds, 'burst', o.burst
    )), '[]')
    from private.rate_limit_overrides o
    where o.subject_kind = 'operation' and o.subject_id = p_operation and o.scope = '*'
      and (o.expires_at is null or o.expires_at > private.now())
  );
end;
$function$;

create or replace function private.request_header (
  p_name text
)
  returns text
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return private.request_headers() ->> lower(p_name);
end;
$function$;

create or replace function private.request_headers()
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_text text := nullif(current_setting('request.headers', true), '');
begin
  return case when pg_input_is_valid(v_text, 'jsonb') then v_text::jsonb end;
end;
$function$;

create or replace function private.request_is_proven (
  p_headers jsonb
)
  returns boolean
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_key text;
  v_outer bytea;
  v_inner bytea;
begin
  if p_headers ? 'x-millrace-proof' then
    v_key := private.setting('request_proof_key');
  end if;
  if v_key is null then
    return false;
  end if;
  -- HMAC-SHA-256 (RFC 2104) with what is built in. The setting holds the two padded keys: inner, then outer, 64 bytes each.
  v_inner := decode(left(v_key, 128), 'hex');
  v_outer := decode(right(v_key, 128), 'hex');
  return p_headers ->> 'x-millrace-proof' = encode(sha256(v_outer || sha256(v_inner || convert_to(concat_ws(
    E'\n', coalesce(p_headers ->> 'x-request-id', ''), coalesce(p_headers ->> 'x-millrace-ip', ''), coalesce(p_headers ->> 'x-millrace-agent', '')
  ), 'UTF8'))), 'hex');
end;
$function$;

create or replace function private.require_aal2 (
  p_organization_id uuid
)
  returns void
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_message text;
begin
  if not private.must_show_factor(p_organization_id) then
    return;
  end if;
  v_message := case when private.has_second_factor(auth.uid())
    then 'Show your second factor in this session first: supabase.auth.mfa.challengeAndVerify(), then try again'
    else 'The organization demands a second factor: set one up first with supabase.auth.mfa.enroll(), then verify it' end;
  perform private.fail('mfa_required', v_message, 403, jsonb_build_array(jsonb_build_object(
    'path', 'headers.authorization', 'code', case when private.has_second_factor(auth.uid()) then 'aal2' else 'enroll' end,
    'message', v_message
  )));
end;
$function$;

create or replace function private.require_open_ip (
  p_ip inet
)
  returns void
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  if private.ip_block_until(p_ip) is not null then
    perform private.fail('ip_blocked', 'No requests are taken from this address', 403);
  end if;
end;
$function$;

create or replace function private.require_other_owner (
  p_member public.organization_members
)
  returns void
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  if p_member.role = 'owner' and not exists (
    select from public.organization_members m
    where m.organization_id = p_member.organization_id and m.role = 'owner' and m.user_id <> p_member.user_id
  ) then
    perform private.fail('conflict', 'The last owner stays: transfer the organization to another member first, or delete it', 409);
  end if;
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
  v_key_id uuid := private.caller_key_id();
  v_role text;
  v_scopes text[];
  v_holds boolean := true;
  v_suspended boolean;
  v_deletes boolean;
  v_require_mfa text;
begin
  if v_key_id is not null then
    select k.scopes, k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now()), o.suspended_at is not null,
      o.deletes_at is not null
    into v_scopes, v_holds, v_suspended, v_deletes
    from public.api_keys k
    join public.organizations o on o.id = k.organization_id
    where k.id = v_key_id and k.organization_id = p_organization_id;
  else
    select m.role, o.suspended_at is not null, o.deletes_at is not null, o.require_mfa
    into v_role, v_suspended, v_deletes, v_require_mfa
    from public.organization_members m
    join public.organizations o on o.id = m.organization_id
    where m.organization_id = p_organization_id and m.user_id = (select auth.uid());
  end if;

  -- A stranger learns nothing: the same answer as for a thing that does not exist.
  if v_role is null and v_scopes is null then
    perform private.fail('not_found', format('No such %s', p_what), 404);
  end if;
  if not v_holds then
    perform private.fail('unauthorized', 'The API key is not valid', 401);
  end if;
  if v_suspended then
    perform private.fail('forbidden', 'This organization is suspended', 403);
  end if;
  if v_require_mfa = 'always' and p_permission <> 'org:read' then
    perform private.require_aal2(p_organization_id);
  end if;
  if v_deletes and p_permission not like '%:read' then
    perform private.fail('forbidden', 'This organization is to be deleted: until then it can only be read', 403);
  end if;
  if v_key_id is not null then
    if not p_permission = any (v_scopes) then
      perform private.fail('forbidden', format('The API key lacks the scope %s', p_permission), 403);
    end if;
  elsif not exists (
    select 1 from private.role_permissions rp where rp.role = v_role and rp.permission = p_permission
  ) then
    perform private.fail('forbidden', format('The role %s lacks the permission %s', v_role, p_permission), 403);
  end if;
end;
$function$;

create or replace function private.require_person()
  returns uuid
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  if private.caller_key_id() is not null then
    perform private.fail('forbidden', 'This needs a person: an API key cannot do it', 403);
  end if;
  if auth.uid() is null then
    perform private.fail('unauthorized', 'Sign in first', 401);
  end if;
  return auth.uid();
end;
$function$;

create or replace function private.require_rank (
  p_organization_id uuid,
  p_role            text,
  p_what            text
)
  returns void
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  if private.role_rank(p_role) is null then
    perform private.fail('invalid_request', 'A role is owner, admin, developer, member, viewer or guest', 400);
  end if;
  if coalesce(private.role_rank(private.role_of_caller(p_organization_id)), 0) < private.role_rank(p_role) then
    perform private.fail('forbidden', format('Only who is %s may %s', p_role, p_what), 403);
  end if;
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
  select p.* into v_plan from public.organizations o join public.plans p on p.id = o.plan_id
  where o.id = p_organization_id for no key update of o;
  v_allowed := (to_jsonb(v_plan) ->> p_limit)::bigint;
  -- A statement of its own, so that it sees what was committed while we waited.
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
  join public.audit_events e on e.id = r.id
  where b.sealed_at >= v_last - interval '2 days' and e.id >= v_state.after_id;
  return v_state;
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
  from (values ('runs', 1, 'runs', 'id'), ('runs', 2, 'run_steps', 'run_id'), ('jobs', 1, 'job_history', 'id'), ('audit', 1, 'audit_events', 'id')) as t (kind, place, parent, key)
  where t.kind = p_kind
  order by t.place;
$function$;

create or replace function private.retry_job (
  p_job_id          uuid,
  p_organization_id uuid,
  p_idempotency_key text
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_old public.job_history;
  v_new jsonb;
  v_reply jsonb := private.idempotent_reply(p_organization_id, 'retry_job', p_idempotency_key, to_jsonb(p_job_id));
begin
  if v_reply is not null then
    return v_reply;
  end if;
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
  return private.keep_reply(
    p_organization_id, 'retry_job', p_idempotency_key, private.find_job((v_new ->> 'id')::uuid)
  );
end;
$function$;

create or replace function private.role_of_caller (
  p_organization_id uuid
)
  returns text
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select m.role from public.organization_members m
    where m.organization_id = p_organization_id and m.user_id = (select auth.uid())
  );
end;
$function$;

create or replace function private.role_rank (
  p_role text
)
  returns integer
  language sql
  immutable
  set search_path to ''
  AS $function$
  select array_position(array['guest', 'viewer', 'member', 'developer', 'admin', 'owner'], p_role);
$function$;

create or replace function private.run_steps_page (
  p_run_id     uuid,
  p_from       timestamp with time zone,
  p_after      text,
  p_seen       text[],
  p_limit      integer,
  p_descending boolean                  default false,
  p_status     text[]                   default null::text[],
  p_node_id    text                     default null::text
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
      and (p_from is null or case when p_descending
        then (s.finished_at, i.id collate "C") < (p_from, p_after)
        else (s.finished_at, i.id collate "C") > (p_from, p_after) end)
      and (p_status is null or s.status::text = any (p_status))
      and (p_node_id is null or s.node_id = p_node_id)
      -- Not `<> all`: thousands of steps and thousands of keys are joined by a hash.
      and not exists (select 1 from unnest(p_seen) k where k = left(md5(i.id), 12))
    order by
      case when p_descending then s.finished_at end desc, case when p_descending then i.id collate "C" end desc,
      s.finished_at, i.id collate "C"
    limit p_limit + 1
  ),
  -- At least one step and at most some MiB: a hundred outputs of 1 MiB would fill the memory of an isolate.
  placed as (
    select f.*, row_number() over (
      order by
        case when p_descending then f.finished_at end desc, case when p_descending then f.id collate "C" end desc,
        f.finished_at, f.id collate "C"
    ) as place
    from found f
  ),
  measured as (
    select p.*,
      coalesce(sum(octet_length(p.output::text)) over (
        order by p.place rows between unbounded preceding and 1 preceding
      ), 0) as bytes_before
    from placed p
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

create or replace function private.said_once (
  p_list anyarray
)
  returns json
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return array_to_json(case when p_list[1] = all (p_list) then p_list[1:1] else p_list end);
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
      select 1 from public.organizations o where o.id = p_flow.organization_id and (o.suspended_at is not null or o.deletes_at is not null)
    ) then 'organization_suspended'
  end;
end;
$function$;

create or replace function private.seal_audit()
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_report jsonb := private.seal_audit_rows();
begin
  -- Postgres cannot sign. A worker does, where there is something to sign.
  if exists (select 1 from private.audit_batches b where b.signature is null) then
    perform private.enqueue_job(
      private.platform_id(), 'audit.sign', '{}', '{"unique_key": "audit.sign", "priority": 50, "max_attempts": 5}'
    );
  elsif v_report -> 'rows' = '0' then
    return '{"skipped": "nothing_new"}';
  end if;
  return v_report;
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
    select e.tx, e.id from public.audit_events e where e.tx >= v_sealed_below and e.id = any (v_tenant.ids);
    v_rows := v_rows + cardinality(v_tenant.ids);
  end loop;

  delete from private.audit_sealed_ahead a where a.tx < v_sealed_below;
  update private.audit_seal_state s set
    sealed_below = v_sealed_below, last_number = v_state.last_number, last_link = v_state.last_link,
    seen_at = case when v_last is null then v_began else s.seen_at end;
  return jsonb_build_object('rows', v_rows, 'batches', v_state.last_number - v_number, 'more', v_last is not null);
end;
$function$;

create or replace function private.secret_reply (
  p_secret_id uuid
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select to_jsonb(s) from public.secrets s where s.id = p_secret_id;
$function$;

create or replace function private.security_event (
  p_kind            text,
  p_organization_id uuid,
  p_details         jsonb,
  p_user_id         uuid  default null::uuid,
  p_key_id          uuid  default null::uuid
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  insert into private.security_events (kind, organization_id, user_id, key_id, ip, agent, request_id, details)
  values (
    p_kind, p_organization_id, coalesce(p_user_id, private.caller_user_id()), coalesce(p_key_id, private.caller_key_id()),
    private.client_ip(), left(private.request_header('x-millrace-agent'), 400),
    left(private.request_header('x-request-id'), 100), coalesce(p_details, '{}')
  );
end;
$function$;

create or replace function private.security_events_page (
  p_organization_id uuid,
  p_filter          jsonb,
  p_limit           integer,
  p_before          uuid
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  if p_filter ? 'ip' and not pg_input_is_valid(p_filter ->> 'ip', 'inet') then
    perform private.fail('invalid_request', 'The filter ip must be an address or a network in CIDR form', 400);
  end if;
  return (
    select coalesce(jsonb_agg(to_jsonb(e) || jsonb_build_object('ip', host(e.ip)) order by e.id desc), '[]')
    from (
      select * from private.security_events o
      where (p_organization_id is null or o.organization_id = p_organization_id)
        and (p_before is null or o.id < p_before)
        and (not p_filter ? 'kind' or o.kind = p_filter ->> 'kind')
        and (not p_filter ? 'user_id' or o.user_id = (p_filter ->> 'user_id')::uuid)
        and (not p_filter ? 'key_id' or o.key_id = (p_filter ->> 'key_id')::uuid)
        and (not p_filter ? 'ip' or o.ip <<= (p_filter ->> 'ip')::inet)
        and (not p_filter ? 'after' or o.at >= (p_filter ->> 'after')::timestamptz)
        and (not p_filter ? 'before' or o.at < (p_filter ->> 'before')::timestamptz)
      order by o.id desc limit least(greatest(p_limit, 1), 101)
    ) e
  );
end;
$function$;

create or replace function private.take_many_tokens (
  p_key            text,
  p_limit          integer,
  p_window_seconds integer,
  p_burst          integer,
  p_count          integer
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_interval interval := make_interval(secs => p_window_seconds::double precision / p_limit);
  v_tat timestamptz;
  v_ahead integer;
  v_rate jsonb;
begin
  if p_count = 1 then
    return jsonb_build_object('rate', private.take_tokens(p_key, p_limit, p_window_seconds, p_burst));
  end if;
  -- Nothing is taken here: the row is locked and read.
  insert into private.rate_limits as r (key, tat) values (p_key, v_now)
  on conflict (key) do update set tat = greatest(r.tat, v_now)
  returning r.tat into v_tat;
  -- All but one; the last is taken as one alone is, which answers what is left.
  v_ahead := least(
    p_count, floor(extract(epoch from v_interval * p_burst - (v_tat - v_now)) / extract(epoch from v_interval))
  ) - 1;
  if v_ahead > 0 then
    update private.rate_limits r set tat = v_tat + v_interval * v_ahead where r.key = p_key;
  end if;
  v_rate := private.take_tokens(p_key, p_limit, p_window_seconds, p_burst);
  v_ahead := case when (v_rate ->> 'allowed')::boolean then greatest(v_ahead, 0) + 1 else 0 end;
  return jsonb_build_object(
    'rate', v_rate, 'taken', v_ahead,
    'refused', case when v_ahead < p_count then private.take_tokens(p_key, p_limit, p_window_seconds, p_burst) end
  );
end;
$function$;

create or replace function private.take_request_tokens (
  p_buckets jsonb
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
-- Generic cell rate algorithm, as private.take_tokens, for all buckets of a request. One upsert takes a token of each, in the
-- order of the keys, so that two requests never wait for each other. Rows that have no token to give are locked by it as well:
-- when one refuses, the others get theirs back before anybody else can look. A request that passes costs this one statement.
declare
  v_now timestamptz := private.now();
  v_keys text[];
  v_names text[];
  v_intervals interval[];
  v_bursts integer[];
  v_tats timestamptz[];
  v_forgives boolean;
  v_answer jsonb;
  v_rate jsonb;
begin
  with asked as (
    select distinct on (b.key collate "C")
      b.key, coalesce(b.name, nullif(split_part(b.key, ':', 3), ''), split_part(b.key, ':', 1)) as name,
      make_interval(secs => coalesce(o.window_seconds, b.window_seconds)::double precision
        / coalesce(o.request_limit, b.limit)) as interval,
      coalesce(o.burst, b.burst) as burst
    from jsonb_to_recordset(p_buckets) as b (key text, name text, "limit" integer, window_seconds integer, burst integer)
    left join lateral (
      select o.request_limit, o.window_seconds, o.burst from private.rate_limit_overrides o
      where o.subject_kind = split_part(b.key, ':', 1) and o.subject_id = split_part(b.key, ':', 2)
        and o.scope in ('*', split_part(b.key, ':', 3)) and (o.expires_at is null or o.expires_at > v_now)
      order by (o.scope = '*') limit 1
    ) o on true
    order by b.key collate "C"
  ), taken as (
    insert into private.rate_limits as r (key, tat, burst)
    select a.key, v_now + a.interval, a.burst from asked a order by a.key collate "C"
    on conflict (key) do update
      set tat = greatest(r.tat, v_now) + (excluded.tat - v_now), burst = excluded.burst
      where greatest(r.tat, v_now) + (excluded.tat - v_now) - v_now <= (excluded.tat - v_now) * excluded.burst
        and (r.blocked_until is null or r.blocked_until <= v_now)
    returning r.key, r.tat, r.refused
  )
  select array_agg(a.key), array_agg(a.name), array_agg(a.interval), array_agg(a.burst), array_agg(t.tat),
    max(t.refused) > 0
  into v_keys, v_names, v_intervals, v_bursts, v_tats, v_forgives
  from asked a left join taken t on t.key = a.key;

  if array_position(v_tats, null) is not null then
    return private.refuse_request(v_now, v_keys, v_names, v_intervals, v_bursts, v_tats);
  end if;
  if v_forgives then
    update private.rate_limits r set refused = greatest(r.refused - 10, 0) where r.key = any (v_keys) and r.refused > 0;
  end if;
  -- The tightest is the one that lets the fewest more requests pass.
  for i in 1..coalesce(cardinality(v_keys), 0) loop
    v_rate := private.rate_answer(v_now, v_names[i], v_intervals[i], v_bursts[i], v_tats[i]);
    if v_answer is null or (v_rate ->> 'remaining')::integer < (v_answer ->> 'remaining')::integer then
      v_answer := v_rate;
    end if;
  end loop;
  return v_answer;
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
      when t.relname like 'audit\_%' then 1000
      else 100 - max(s.depth)
    end
  from tenant t join steps s on s.oid = t.oid
  group by t.oid, t.relname
  order by 3, 1;
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
      -- Until the table is there: it is loaded later.
      if to_regclass('public.api_keys') is null then
        return 0;
      end if;
      return (select count(*) from public.api_keys k
        where k.organization_id = p_organization_id and k.revoked_at is null
          and (k.expires_at is null or k.expires_at > private.now()));
    when 'max_secrets' then
      if to_regclass('public.secrets') is null then
        return 0;
      end if;
      return (select count(*) from public.secrets s where s.organization_id = p_organization_id);
    else
      raise 'There is no limit %', p_limit;
  end case;
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
  return v_queued;
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

  -- As the person or the API key that asked: every function below checks what it may do now.
  perform set_config('request.jwt.claims', (case when v_operation.api_key_id is null
    then jsonb_build_object('sub', v_operation.created_by, 'role', 'authenticated')
    else jsonb_build_object('sub', v_operation.api_key_id, 'role', 'authenticated',
      'millrace', jsonb_build_object('key', v_operation.api_key_id))
  end)::text, true);
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

create or replace function public.accept_invitation (
  p_invitation_id uuid default null::uuid,
  p_token         text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_user_id uuid := private.require_person();
  v_invitation public.invitations;
begin
  perform private.ensure_tenant(v_user_id);
  v_invitation := private.invitation_for(v_user_id, p_invitation_id, p_token);
  if v_invitation.status = 'accepted' and v_invitation.accepted_by = v_user_id
    and private.role_of_caller(v_invitation.organization_id) is not null
  then
    return private.organization_reply(v_invitation.organization_id);
  end if;
  if v_invitation.status <> 'open' then
    perform private.fail('conflict', format('The invitation is %s', v_invitation.status), 409);
  end if;
  if v_invitation.expires_at <= private.now() then
    perform private.fail('conflict', 'The invitation has expired', 409);
  end if;
  if exists (
    select from public.organizations o
    where o.id = v_invitation.organization_id and (o.suspended_at is not null or o.deletes_at is not null)
  ) then
    perform private.fail('conflict', 'The organization takes no members at the moment', 409);
  end if;
  perform private.join_organization(v_invitation, v_user_id);
  return private.organization_reply(v_invitation.organization_id);
end;
$function$;

create or replace function public.change_member_role (
  p_organization_id uuid,
  p_user_id         uuid,
  p_role            text,
  p_if_version      integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_member public.organization_members;
begin
  perform private.lock_organization(p_organization_id, 'members:write');
  v_member := private.lock_member(p_organization_id, p_user_id, p_if_version);
  perform private.require_rank(p_organization_id, v_member.role, 'change the role of one');
  perform private.require_rank(p_organization_id, p_role, 'make somebody that');
  if p_role <> v_member.role then
    perform private.require_other_owner(v_member);
    update public.organization_members m set role = p_role
    where m.organization_id = p_organization_id and m.user_id = p_user_id;
    perform private.drop_invitations_by(p_organization_id, p_user_id, p_role);
  end if;
  return private.member_reply(p_organization_id, p_user_id);
end;
$function$;

create or replace function public.create_api_key (
  p_organization_id uuid,
  p_mode            text,
  p_settings        jsonb,
  p_secret_hash     text,
  p_prefix          text,
  p_last_four       text,
  p_idempotency_key text  default null::text
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
  -- Each attempt brings another secret: it is no part of what is compared, nor of what is kept.
  v_reply := private.idempotent_reply(p_organization_id, 'create_api_key', p_idempotency_key,
    jsonb_build_array(p_mode, p_settings));
  if v_reply is not null then
    return v_reply || '{"is_new": false}';
  end if;
  v_key.organization_id := p_organization_id;
  v_key.mode := p_mode;
  v_key.prefix := p_prefix;
  v_key.last_four := p_last_four;
  v_key := private.add_api_key(private.change_api_key(v_key, p_settings), p_secret_hash);
  return private.keep_reply(p_organization_id, 'create_api_key', p_idempotency_key, to_jsonb(v_key)) || '{"is_new": true}';
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

  -- The lock on the organization makes the count exact: two creations at the limit do not both pass. No key update, so that
  -- nobody waits here whose row only refers to the organization.
  select p.* into v_plan from public.organizations o join public.plans p on p.id = o.plan_id
  where o.id = p_organization_id for no key update of o;
  if (select count(*) from public.flows f where f.organization_id = p_organization_id and f.deleted_at is null) >= v_plan.max_flows then
    perform private.fail('plan_limit_reached', format('The plan %s allows %s flows', v_plan.id, v_plan.max_flows), 402);
  end if;

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

create or replace function public.create_invitation (
  p_organization_id uuid,
  p_email           text,
  p_role            text,
  p_expires_in_days integer default 7,
  p_idempotency_key text    default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_email text := lower(btrim(p_email));
  v_reply jsonb;
  v_id uuid;
begin
  perform private.require_permission(p_organization_id, 'members:write', 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'create_invitation', p_idempotency_key,
    jsonb_build_array(v_email, p_role, p_expires_in_days));
  if v_reply is not null then
    return v_reply;
  end if;
  if coalesce(v_email, '') !~ '^[^@[:space:][:cntrl:]<>(),;:"\\]+@[^@[:space:][:cntrl:]<>(),;:"\\]+\.[^@[:space:][:cntrl:]<>(),;:"\\]+$'
    or length(v_email) > 254 or coalesce(p_expires_in_days, 0) not between 1 and 30 or p_role is null
  then
    perform private.fail('invalid_request', 'An invitation needs an e-mail address, a role and 1 to 30 days', 400);
  end if;

  perform private.lock_organization(p_organization_id, 'members:write');
  perform private.require_rank(p_organization_id, p_role, 'invite one');
  update public.invitations i set status = 'expired', ended_at = private.now()
  where i.organization_id = p_organization_id and i.email = v_email and i.status = 'open' and i.expires_at <= private.now();
  if exists (
    select from public.invitations i where i.organization_id = p_organization_id and i.email = v_email and i.status = 'open'
  ) then
    perform private.fail('conflict', 'This address has an open invitation: send it again, or revoke it', 409);
  end if;
  if exists (
    select from public.organization_members m join public.profiles p on p.id = m.user_id
    where m.organization_id = p_organization_id and lower(p.email) = v_email
  ) then
    perform private.fail('conflict', 'This person is a member', 409);
  end if;
  perform private.require_room(p_organization_id, 'max_members');

  insert into public.invitations (organization_id, email, role, expires_at, created_by)
  values (p_organization_id, v_email, p_role, private.now() + make_interval(days => p_expires_in_days), private.caller_user_id())
  returning id into v_id;
  perform private.mail_invitation(v_id);
  return private.keep_reply(p_organization_id, 'create_invitation', p_idempotency_key, private.invitation_reply(v_id));
end;
$function$;

create or replace function public.create_organization (
  p_name            text,
  p_slug            text default null::text,
  p_idempotency_key text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_most constant integer := 10;
  v_user_id uuid := private.require_person();
  v_reply jsonb;
  v_slug text;
  v_id uuid;
begin
  perform private.ensure_tenant(v_user_id);
  -- There is no organization yet in which the key could be unique: it is the person's.
  v_reply := private.idempotent_reply(v_user_id, 'create_organization', p_idempotency_key, jsonb_build_array(p_name, p_slug));
  if v_reply is not null then
    return v_reply;
  end if;
  if p_name is null then
    perform private.fail('invalid_request', 'An organization needs a name', 400);
  end if;
  perform private.check_name(p_name), private.check_slug(p_slug);

  -- One person's foundings happen one by one, so that the count is exact.
  perform 1 from public.profiles p where p.id = v_user_id for no key update;
  if (
    select count(*) from public.organization_members m
    join public.organizations o on o.id = m.organization_id and o.plan_id = 'free'
    where m.user_id = v_user_id and m.role = 'owner'
  ) >= v_most then
    perform private.fail('plan_limit_reached', format('A person may own %s organizations of the plan free', v_most), 402);
  end if;

  v_slug := coalesce(p_slug, nullif(btrim(left(regexp_replace(lower(p_name), '[^a-z0-9]+', '-', 'g'), 50), '-'), ''), 'org');
  loop
    insert into public.organizations (name, slug, created_by) values (p_name, v_slug, v_user_id)
    on conflict (slug) do nothing returning id into v_id;
    exit when found;
    if p_slug is not null then
      perform private.fail('conflict', 'This slug is taken', 409);
    end if;
    v_slug := rtrim(left(v_slug, 50), '-') || '-' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 8);
  end loop;
  insert into public.organization_members (organization_id, user_id, role) values (v_id, v_user_id, 'owner');
  insert into public.workspaces (organization_id, name, is_default) values (v_id, 'Default', true);
  return private.keep_reply(v_user_id, 'create_organization', p_idempotency_key, private.organization_reply(v_id));
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
  v_plan public.plans;
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

  select p.* into v_plan from public.organizations o join public.plans p on p.id = o.plan_id
  where o.id = p_organization_id for no key update of o;
  if (select count(*) from public.secrets s where s.organization_id = p_organization_id) >= v_plan.max_secrets then
    perform private.fail('plan_limit_reached', format('The plan %s allows %s secrets', v_plan.id, v_plan.max_secrets), 402);
  end if;

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
    replace(gen_random_uuid()::text, '-', ''), coalesce(p_signature_required, true), private.caller_user_id(), nullif(p_mapping, '{}'),
    coalesce(p_wait_seconds, 0)
  )
  returning id into v_id;
  insert into private.webhook_secrets (endpoint_id, secret) values (v_id, v_secret);
  -- The only time the secret is shown.
  return private.keep_reply(v_flow.organization_id, 'create_webhook_endpoint', p_idempotency_key,
    private.webhook_endpoint_reply(v_id) || jsonb_build_object('secret', v_secret));
end;
$function$;

create or replace function public.create_workspace (
  p_organization_id uuid,
  p_name            text,
  p_idempotency_key text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_reply jsonb;
  v_workspace public.workspaces;
begin
  perform private.require_permission(p_organization_id, 'workspaces:write', 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'create_workspace', p_idempotency_key, jsonb_build_array(p_name));
  if v_reply is not null then
    return v_reply;
  end if;
  if p_name is null then
    perform private.fail('invalid_request', 'A workspace needs a name', 400);
  end if;
  perform private.check_name(p_name);
  perform private.require_room(p_organization_id, 'max_workspaces');
  insert into public.workspaces (organization_id, name) values (p_organization_id, p_name) returning * into v_workspace;
  return private.keep_reply(p_organization_id, 'create_workspace', p_idempotency_key, to_jsonb(v_workspace));
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
  if v_kind = 'approval' then
    perform private.require_person();
  end if;
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
  end || jsonb_build_object('user_id', private.caller_user_id(), 'decided_at', private.now());
  perform private.resolve_token(v_token.id, v_run.status = 'paused', jsonb_build_object('by', v_kind, 'data', v_data));
  if p_wake then
    perform private.wake_if_idle(v_run.organization_id);
  end if;
  return jsonb_build_object('run_id', p_run_id, 'node_id', v_token.node_id, 'scope', v_token.scope, 'kind', v_kind) || v_data;
end;
$function$;

create or replace function public.decline_invitation (
  p_invitation_id uuid default null::uuid,
  p_token         text default null::text
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_invitation public.invitations := private.invitation_for(private.require_person(), p_invitation_id, p_token);
begin
  if v_invitation.status = 'declined' then
    return;
  end if;
  if v_invitation.status <> 'open' then
    perform private.fail('conflict', format('The invitation is %s', v_invitation.status), 409);
  end if;
  update public.invitations i set status = 'declined', ended_at = private.now() where i.id = v_invitation.id;
end;
$function$;

create or replace function public.delete_organization (
  p_organization_id uuid,
  p_if_version      integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_user_id uuid := private.require_person();
  v_grace constant interval := interval '30 days';
begin
  perform private.lock_organization(p_organization_id, 'org:own', p_if_version);
  update public.organizations o set deletes_at = private.now() + v_grace, deletion_requested_by = v_user_id
  where o.id = p_organization_id;
  return private.organization_reply(p_organization_id);
end;
$function$;

create or replace function public.delete_secret (
  p_secret_id  uuid,
  p_force      boolean default false,
  p_if_version integer default null::integer
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_secret public.secrets := private.lock_secret(p_secret_id, 'secrets:write', p_if_version);
  v_flows jsonb;
begin
  if not coalesce(p_force, false) then
    v_flows := private.flows_reading_secret(v_secret.organization_id, v_secret.name);
    if jsonb_array_length(v_flows) > 0 then
      perform private.fail('conflict', format('Flows use this secret: %s', (
        select string_agg(format('%s (%s)', f.value ->> 'name', f.value ->> 'id'), ', ' order by f.ordinality)
        from jsonb_array_elements(v_flows) with ordinality f where f.ordinality <= 20
      )), 409);
    end if;
  end if;
  delete from public.secrets s where s.id = p_secret_id;
end;
$function$;

create or replace function public.delete_workspace (
  p_workspace_id    uuid,
  p_move_flows_to   uuid    default null::uuid,
  p_if_version      integer default null::integer,
  p_organization_id uuid    default null::uuid
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_workspace public.workspaces := private.lock_workspace(p_workspace_id, p_organization_id, p_if_version);
  v_heir_id uuid;
begin
  if v_workspace.is_default then
    perform private.fail('conflict', 'The default workspace stays: make another one that first', 409);
  end if;
  if p_move_flows_to = p_workspace_id then
    perform private.fail('invalid_request', 'Name another workspace for the flows', 400);
  end if;
  select w.id into v_heir_id from public.workspaces w
  where w.organization_id = v_workspace.organization_id
    and (w.id = p_move_flows_to or (p_move_flows_to is null and w.is_default));
  if not found then
    perform private.fail('not_found', 'No such workspace', 404);
  end if;
  if p_move_flows_to is null and exists (
    select from public.flows f
    where f.organization_id = v_workspace.organization_id and f.workspace_id = p_workspace_id and f.deleted_at is null
  ) then
    perform private.fail('conflict', 'There are flows in this workspace: say where they go', 409);
  end if;
  -- Deleted ones too, of which runs are left: where they go makes no difference to anybody.
  update public.flows f set workspace_id = v_heir_id
  where f.organization_id = v_workspace.organization_id and f.workspace_id = p_workspace_id;
  delete from public.workspaces w where w.id = p_workspace_id;
end;
$function$;

create or replace function public.destroy_secret_version (
  p_secret_id uuid,
  p_number    integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_secret public.secrets := private.lock_secret(p_secret_id, 'secrets:write');
begin
  if not exists (select 1 from private.secret_versions v where v.secret_id = p_secret_id and v.number = p_number) then
    perform private.fail('not_found', 'No such version', 404);
  elsif v_secret.current_version = p_number then
    perform private.fail('conflict', 'This is the current version: set a new value or delete the secret', 409);
  end if;
  update private.secret_versions v set envelope = null, destroyed_at = private.now()
  where v.secret_id = p_secret_id and v.number = p_number and v.envelope is not null;
  perform private.audit(v_secret.organization_id, 'secret.version_destroyed', 'secret', p_secret_id::text, null, null,
    jsonb_build_object('name', v_secret.name, 'number', p_number));
  return private.secret_reply(p_secret_id);
end;
$function$;

create or replace function public.gate (
  p_route           text default 'default'::text,
  p_organization_id uuid default null::uuid,
  p_operation       text default null::text
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
    'rate', private.take_request_tokens(
      private.request_buckets('user:' || v_user_id, v_row.id, v_row.plan, p_route, p_operation)
    )
  );
end;
$function$;

create or replace function public.get_api_usage (
  p_organization_id uuid,
  p_from            date,
  p_to              date
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'org:read', 'organization');
  return private.api_usage_of(p_organization_id, p_from, p_to);
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
  select * into v_event from public.audit_events e where e.id = p_event_id;
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
  select l.organization_id, l.canonical, l.leaf into v_row from private.audit_leaves l where l.id = p_event_id;
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
      'max_members', 'max_workspaces', 'max_flows', 'max_webhook_endpoints', 'max_schedules', 'max_api_keys', 'max_secrets'
    ]) with ordinality as l (name, place)
    where o.id = p_organization_id
    group by p.*, p.id
  );
end;
$function$;

create or replace function public.get_second_factor (
  p_organization_id uuid default null::uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_user_id uuid := private.require_person();
begin
  if p_organization_id is not null and not exists (
    select 1 from public.organization_members m where m.organization_id = p_organization_id and m.user_id = v_user_id
  ) then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  return jsonb_build_object(
    'aal', coalesce(auth.jwt() ->> 'aal', 'aal1'),
    'factors', (
      select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'type', f.factor_type, 'name', f.friendly_name) order by f.created_at), '[]')
      from auth.mfa_factors f where f.user_id = v_user_id and f.status = 'verified'
    ),
    'policy', coalesce((
      select o.require_mfa from public.organizations o where o.id = p_organization_id
    ), 'off'),
    'required', private.must_show_factor(p_organization_id)
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

create or replace function public.leave_organization (
  p_organization_id uuid
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_user_id uuid := private.require_person();
begin
  -- Nobody is kept in by a suspension or a deletion, so no permission is asked: only that they are in it.
  if private.role_of_caller(p_organization_id) is null then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  perform 1 from public.organizations o where o.id = p_organization_id for no key update;
  perform private.end_membership(private.lock_member(p_organization_id, v_user_id));
end;
$function$;

create or replace function public.list_activity (
  p_organization_id uuid,
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
  v_reply jsonb;
begin
  perform private.require_permission(p_organization_id, 'org:read', 'organization');
  -- In the direction of the index, whichever that is.
  execute format(
    'select coalesce(jsonb_agg(jsonb_build_object(
       ''id'', e.id,
       ''occurred_at'', e.occurred_at,
       ''actor'', e.actor,
       ''user_id'', e.user_id,
       ''user_name'', case when $4 then coalesce(p.display_name, p.email) end,
       ''action'', e.action,
       ''target_type'', e.target_type,
       ''target_id'', e.target_id,
       ''target_name'', case when e.target_type in (''flow'', ''workspace'', ''organization'')
         then coalesce(e.after ->> ''name'', e.before ->> ''name'') end
     ) order by e.id %1$s), ''[]'')
     from (
       select * from public.audit_events a
       where a.organization_id = $1 %2$s and a.actor in (''user'', ''key'') and a.target_type in
         (''flow'', ''workspace'', ''organization'', ''member'', ''schedule'', ''webhook_endpoint'', ''entity'', ''invitation'')
       order by a.id %1$s limit $2
     ) e
     left join public.profiles p on p.id = e.user_id',
    case when p_ascending then 'asc' else 'desc' end,
    case when p_after is null then '' when p_ascending then 'and a.id > $3' else 'and a.id < $3' end
  ) into v_reply using p_organization_id, least(greatest(p_limit, 1), 101), p_after,
    p_organization_id = any (private.organizations_with('members:read'));
  return v_reply;
end;
$function$;

create or replace function public.list_audit_events (
  p_organization_id uuid,
  p_filter          jsonb   default '{}'::jsonb,
  p_limit           integer default 51,
  p_after           uuid    default null::uuid,
  p_ascending       boolean default false,
  p_export          boolean default false
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'audit:read', 'organization');
  if p_after is null then
    perform private.note_audit_read(p_organization_id, case when p_export then 'audit.exported' else 'audit.read' end, p_filter);
  end if;
  return private.audit_page(p_organization_id, p_filter, p_limit, p_after, p_ascending);
end;
$function$;

create or replace function public.list_audit_keys()
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(jsonb_agg(k.public_key || jsonb_build_object(
      'kid', k.id, 'use', 'sig', 'alg', 'EdDSA', 'created_at', k.created_at, 'endorsed_by', k.endorsed_by,
      'endorsement', translate(encode(k.endorsement, 'base64'), E'\n', '')
    ) order by k.created_at), '[]')
    from private.audit_keys k
  );
end;
$function$;

create or replace function public.list_own_invitations()
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'id', i.id, 'organization', jsonb_build_object('id', i.organization_id, 'name', o.name), 'role', i.role,
      'invited_by', p.display_name, 'expires_at', i.expires_at, 'created_at', i.created_at
    ) order by i.id desc), '[]')
    from (
      select * from public.invitations i
      where i.email = private.confirmed_email(private.require_person()) and i.status = 'open' and i.expires_at > private.now()
      order by i.id desc limit 100
    ) i
    join public.organizations o on o.id = i.organization_id and o.suspended_at is null and o.deletes_at is null
    left join public.profiles p on p.id = i.created_by
  );
end;
$function$;

create or replace function public.list_run_steps (
  p_run_id     uuid,
  p_from       timestamp with time zone default null::timestamp with time zone,
  p_after      text                     default ''::text,
  p_limit      integer                  default 50,
  p_descending boolean                  default false,
  p_status     text[]                   default null::text[],
  p_node_id    text                     default null::text
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  select private.run_steps_page(r.id, p_from, p_after, null, least(greatest(p_limit, 1), 100), p_descending, p_status, p_node_id)
  from public.runs r
  where r.id = p_run_id;
$function$;

create or replace function public.list_secret_accesses (
  p_secret_id  uuid,
  p_after      uuid    default null::uuid,
  p_limit      integer default 50,
  p_descending boolean default true,
  p_kind       text    default null::text,
  p_run_id     uuid    default null::uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_limit integer := least(greatest(p_limit, 1), 100) + 1;
begin
  perform private.require_permission(
    (select s.organization_id from public.secrets s where s.id = p_secret_id), 'secrets:read', 'secret');
  return coalesce((
    select jsonb_agg(to_jsonb(a) - array['organization_id', 'secret_id', 'place'] order by a.place)
    from (
      select a.*, row_number() over (order by case when p_descending then a.id end desc, a.id) as place
      from private.secret_accesses a
      where a.secret_id = p_secret_id and (p_kind is null or a.kind = p_kind) and (p_run_id is null or a.run_id = p_run_id)
        and (p_after is null or case when p_descending then a.id < p_after else a.id > p_after end)
      order by case when p_descending then a.id end desc, a.id
      limit v_limit
    ) a
  ), '[]');
end;
$function$;

create or replace function public.list_secret_flows (
  p_secret_id uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_secret public.secrets;
begin
  select * into v_secret from public.secrets s where s.id = p_secret_id;
  perform private.require_permission(v_secret.organization_id, 'secrets:read', 'secret');
  return private.flows_reading_secret(v_secret.organization_id, v_secret.name);
end;
$function$;

create or replace function public.list_secret_versions (
  p_secret_id  uuid,
  p_after      integer default null::integer,
  p_limit      integer default 50,
  p_descending boolean default true
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_secret public.secrets;
begin
  select * into v_secret from public.secrets s where s.id = p_secret_id;
  perform private.require_permission(v_secret.organization_id, 'secrets:read', 'secret');
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'number', v.number, 'is_current', v.number = v_secret.current_version, 'key_id', v.key_id,
      'created_by', v.created_by, 'created_at', v.created_at, 'destroyed_at', v.destroyed_at
    ) order by case when p_descending then -v.number else v.number end), '[]')
    from (
      select v.* from private.secret_versions v
      where v.secret_id = p_secret_id
        and (p_after is null or case when p_descending then v.number < p_after else v.number > p_after end)
      order by case when p_descending then -v.number else v.number end
      limit least(greatest(p_limit, 1), 100) + 1
    ) v
  );
end;
$function$;

create or replace function public.list_security_events (
  p_organization_id uuid,
  p_filter          jsonb   default '{}'::jsonb,
  p_limit           integer default 51,
  p_before          uuid    default null::uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'audit:read', 'organization');
  return private.security_events_page(p_organization_id, p_filter, p_limit, p_before);
end;
$function$;

create or replace function public.list_waiting_steps (
  p_organization_id uuid,
  p_kinds           text[]  default '{approval,decision}'::text[],
  p_flow_id         uuid    default null::uuid,
  p_after           uuid    default null::uuid,
  p_limit           integer default 50,
  p_descending      boolean default false
)
  returns jsonb
  language sql
  stable
  set search_path to ''
  AS $function$
  -- Runs as the caller: RLS decides which tokens, runs and flows there are.
  select case when p_organization_id = any ((select private.organizations_with('runs:read'))::uuid[])
    then coalesce(jsonb_agg(to_jsonb(w) - 'place' order by w.place), '[]') end
  from (
    select
      row_number() over (order by case when p_descending then j.id end desc, j.id) as place,
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
      ) and j.organization_id = any ((select private.organizations_with('runs:execute'))::uuid[])
      -- An API key approves nothing.
      and (j.payload -> 'wait' ->> 'kind' <> 'approval' or (select auth.jwt()) #> '{millrace,key}' is null) as may_decide
    from public.job_queue j
    join public.runs r on r.id = j.run_id
    left join public.flows f on f.id = r.flow_id
    where j.organization_id = p_organization_id
      and j.status in ('waiting', 'available', 'paused')
      and j.payload ? 'wait' and not j.payload ? 'resolved'
      and j.payload -> 'wait' ->> 'kind' = any (p_kinds)
      and (p_flow_id is null or r.flow_id = p_flow_id)
      and (p_after is null or case when p_descending then j.id < p_after else j.id > p_after end)
    order by case when p_descending then j.id end desc, j.id
    limit least(greatest(p_limit, 1), 101)
  ) w;
$function$;

create or replace function public.missing_secrets (
  p_organization_id uuid,
  p_names           text[]
)
  returns text[]
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'flows:read', 'organization');
  return (
    select coalesce(array_agg(distinct n order by n), '{}')
    from unnest(p_names[1:500]) n
    where not exists (select 1 from public.secrets s where s.organization_id = p_organization_id and s.name = n)
  );
end;
$function$;

create or replace function public.next_secret_version (
  p_secret_id uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_organization_id uuid := (select s.organization_id from public.secrets s where s.id = p_secret_id);
begin
  perform private.require_permission(v_organization_id, 'secrets:write', 'secret');
  return jsonb_build_object('organization_id', v_organization_id, 'number',
    (select max(v.number) + 1 from private.secret_versions v where v.secret_id = p_secret_id));
end;
$function$;

create or replace function public.pin_api_version (
  p_organization_id uuid,
  p_version         date default null::date,
  p_key_id          uuid default null::uuid
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'org:write', 'organization');
  if p_key_id is not null and not exists (
    select 1 from public.api_keys k where k.id = p_key_id and k.organization_id = p_organization_id
  ) then
    perform private.fail('not_found', 'No such key', 404);
  end if;
  delete from private.api_pins p
  where p.organization_id = p_organization_id and p.key_id is not distinct from p_key_id;
  if p_version is not null then
    insert into private.api_pins (organization_id, key_id, version) values (p_organization_id, p_key_id, p_version);
  end if;
  perform private.audit(
    p_organization_id, 'api_version.pinned', case when p_key_id is null then 'organization' else 'key' end,
    coalesce(p_key_id, p_organization_id)::text, null, jsonb_build_object('version', p_version)
  );
end;
$function$;

create or replace function public.remove_member (
  p_organization_id uuid,
  p_user_id         uuid,
  p_if_version      integer default null::integer
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_member public.organization_members;
begin
  perform private.lock_organization(p_organization_id, 'members:write');
  v_member := private.lock_member(p_organization_id, p_user_id, p_if_version);
  perform private.require_rank(p_organization_id, v_member.role, 'remove one');
  perform private.end_membership(v_member);
end;
$function$;

create or replace function public.request_secret_reveal (
  p_secret_id uuid,
  p_number    integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_secret public.secrets;
  v_ticket uuid;
begin
  select * into v_secret from public.secrets s where s.id = p_secret_id;
  perform private.require_permission(v_secret.organization_id, 'secrets:write', 'secret');
  perform private.require_aal2(v_secret.organization_id);
  v_secret.current_version := coalesce(p_number, v_secret.current_version);
  if not exists (
    select 1 from private.secret_versions v
    where v.secret_id = p_secret_id and v.number = v_secret.current_version and v.envelope is not null
  ) then
    perform private.fail('not_found', 'No such version, or it is destroyed', 404);
  end if;
  perform private.note_secret_access(v_secret, 'reveal', null, null, private.caller_user_id(), private.caller_key_id(), 1);
  perform private.audit(v_secret.organization_id, 'secret.revealed', 'secret', p_secret_id::text, null, null,
    jsonb_build_object('name', v_secret.name, 'number', v_secret.current_version));
  delete from private.secret_tickets t where t.expires_at < private.now();
  insert into private.secret_tickets (secret_id, number, expires_at)
  values (p_secret_id, v_secret.current_version, private.now() + interval '30 seconds')
  returning ticket into v_ticket;
  return jsonb_build_object('ticket', v_ticket, 'number', v_secret.current_version);
end;
$function$;

create or replace function public.resend_invitation (
  p_invitation_id   uuid,
  p_expires_in_days integer default 7,
  p_if_version      integer default null::integer,
  p_organization_id uuid    default null::uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_invitation public.invitations := private.lock_invitation(p_invitation_id, p_organization_id, p_if_version);
begin
  if coalesce(p_expires_in_days, 0) not between 1 and 30 then
    perform private.fail('invalid_request', 'An invitation is open for 1 to 30 days', 400);
  end if;
  -- One that had expired took no seat any more.
  if v_invitation.expires_at <= private.now() then
    perform private.require_room(v_invitation.organization_id, 'max_members');
  end if;
  update public.invitations i
  set expires_at = greatest(i.expires_at, private.now() + make_interval(days => p_expires_in_days))
  where i.id = p_invitation_id;
  perform private.mail_invitation(p_invitation_id);
  return private.invitation_reply(p_invitation_id);
end;
$function$;

create or replace function public.restore_organization (
  p_organization_id uuid,
  p_if_version      integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_organization public.organizations;
  v_role text;
begin
  perform private.require_person();
  -- Not by private.require_permission: it refuses every change of an organization that is to be deleted.
  if private.role_of_caller(p_organization_id) is null then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  select * into v_organization from public.organizations o where o.id = p_organization_id for no key update;
  v_role := private.role_of_caller(p_organization_id);
  if v_role is null or not exists (
    select from private.role_permissions rp where rp.role = v_role and rp.permission = 'org:own'
  ) then
    perform private.fail('forbidden', format('The role %s lacks the permission org:own', v_role), 403);
  end if;
  if v_organization.suspended_at is not null then
    perform private.fail('forbidden', 'This organization is suspended', 403);
  end if;
  if p_if_version is not null and v_organization.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The organization has version %s, not %s', v_organization.version, p_if_version), 412);
  end if;
  if v_organization.deletes_at <= private.now() then
    perform private.fail('conflict', 'The deletion has begun', 409);
  end if;
  update public.organizations o set deletes_at = null, deletion_requested_by = null
  where o.id = p_organization_id and o.deletes_at is not null;
  return private.organization_reply(p_organization_id);
end;
$function$;

create or replace function public.restore_secret_version (
  p_secret_id  uuid,
  p_number     integer,
  p_if_version integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_secret public.secrets := private.lock_secret(p_secret_id, 'secrets:write', p_if_version);
  v_destroyed boolean;
begin
  select v.envelope is null into v_destroyed from private.secret_versions v
  where v.secret_id = p_secret_id and v.number = p_number;
  if v_destroyed is null then
    perform private.fail('not_found', 'No such version', 404);
  elsif v_destroyed then
    perform private.fail('conflict', 'This version is destroyed', 409);
  end if;
  if v_secret.current_version <> p_number then
    update public.secrets s set current_version = p_number, rotated_at = private.now() where s.id = p_secret_id;
  end if;
  return private.secret_reply(p_secret_id);
end;
$function$;

create or replace function public.retry_job (
  p_job_id          uuid,
  p_idempotency_key text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_organization_id uuid := (private.find_job(p_job_id) ->> 'organization_id')::uuid;
begin
  perform private.require_permission(v_organization_id, 'runs:execute', 'job');
  return private.retry_job(p_job_id, v_organization_id, p_idempotency_key);
end;
$function$;

create or replace function public.revoke_api_key (
  p_key_id     uuid,
  p_if_version integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_key public.api_keys := private.lock_api_key(p_key_id, p_if_version);
begin
  if v_key.revoked_at is null then
    update public.api_keys k set revoked_at = private.now() where k.id = p_key_id returning * into v_key;
  end if;
  return to_jsonb(v_key);
end;
$function$;

create or replace function public.revoke_invitation (
  p_invitation_id   uuid,
  p_if_version      integer default null::integer,
  p_organization_id uuid    default null::uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.lock_invitation(p_invitation_id, p_organization_id, p_if_version);
  update public.invitations i set status = 'revoked', ended_at = private.now() where i.id = p_invitation_id;
  return private.invitation_reply(p_invitation_id);
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
  p_idempotency_key text                     default null::text
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
  v_reply := private.idempotent_reply(v_old.organization_id, 'rotate_api_key', p_idempotency_key,
    jsonb_build_array(p_key_id, p_overlap_seconds, p_expires_at));
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
  return private.keep_reply(v_old.organization_id, 'rotate_api_key', p_idempotency_key, to_jsonb(v_new)) || '{"is_new": true}';
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
  perform private.audit(
    v_endpoint.organization_id, 'webhook_endpoint.secret_rotated', 'webhook_endpoint', p_endpoint_id::text,
    p_details => jsonb_build_object('overlap_seconds', p_overlap_seconds)
  );
  return private.webhook_endpoint_reply(p_endpoint_id) || jsonb_build_object('secret', v_secret);
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
    insert into private.digest_opt_outs (organization_id, user_id) values (p_organization_id, private.caller_user_id())
    on conflict (organization_id) do nothing;
  end if;
  return coalesce(p_wanted, false);
end;
$function$;

create or replace function public.set_mfa_policy (
  p_organization_id uuid,
  p_policy          text,
  p_if_version      integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_row public.organizations;
begin
  perform private.require_person();
  perform private.lock_organization(p_organization_id, 'org:own', p_if_version);
  if coalesce(p_policy, '') not in ('off', 'sensitive', 'always') then
    perform private.fail('invalid_request', 'The policy is off, sensitive or always', 400);
  end if;
  -- Whoever demands it of others shows it first: nobody locks themselves out.
  if p_policy <> 'off' and coalesce(auth.jwt() ->> 'aal', 'aal1') <> 'aal2' then
    perform private.fail('mfa_required', 'Show your own second factor in this session before you demand one of everybody', 403,
      jsonb_build_array(jsonb_build_object('path', 'headers.authorization',
        'code', case when private.has_second_factor(auth.uid()) then 'aal2' else 'enroll' end,
        'message', 'The session must be aal2')));
  end if;
  update public.organizations o set require_mfa = p_policy
  where o.id = p_organization_id and o.require_mfa <> p_policy;
  select * into v_row from public.organizations o where o.id = p_organization_id;
  return jsonb_build_object('organization_id', v_row.id, 'require_mfa', v_row.require_mfa, 'version', v_row.version);
end;
$function$;

create or replace function public.set_secret_value (
  p_secret_id  uuid,
  p_number     integer,
  p_envelope   text,
  p_key_id     text,
  p_if_version integer                  default null::integer,
  p_expires_at timestamp with time zone default null::timestamp with time zone
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_kept constant integer := 10;
  v_secret public.secrets := private.lock_secret(p_secret_id, 'secrets:write', p_if_version);
  v_last integer := (select max(v.number) from private.secret_versions v where v.secret_id = p_secret_id);
begin
  -- The number is part of what the ciphertext is bound to, so it has to be known before.
  if p_number is distinct from v_last + 1 then
    perform private.fail('conflict', 'Another value was set at the same time', 409);
  end if;
  if coalesce(p_expires_at, v_secret.expires_at) <= private.now() then
    perform private.fail('invalid_request', 'The expiry is over: give another one with the value', 400);
  end if;
  insert into private.secret_versions (secret_id, number, organization_id, envelope, key_id, created_by)
  values (p_secret_id, p_number, v_secret.organization_id, private.read_envelope(p_envelope, p_key_id), p_key_id,
    private.caller_user_id());
  update private.secret_versions v set envelope = null, destroyed_at = private.now()
  where v.secret_id = p_secret_id and v.envelope is not null and v.number <> p_number and v.number not in (
    select k.number from private.secret_versions k
    where k.secret_id = p_secret_id and k.envelope is not null order by k.number desc limit v_kept
  );
  update public.secrets s set current_version = p_number, rotated_at = private.now(),
    expires_at = coalesce(p_expires_at, s.expires_at)
  where s.id = p_secret_id;
  return private.secret_reply(p_secret_id);
end;
$function$;

create or replace function public.signal_run (
  p_run_id          uuid,
  p_name            text,
  p_data            jsonb   default null::jsonb,
  p_wake            boolean default true,
  p_idempotency_key text    default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
  v_token public.job_queue;
  v_reply jsonb;
begin
  if length(coalesce(p_name, '')) not between 1 and 200 then
    perform private.fail('invalid_request', 'The name of a signal has 1 to 200 characters', 400);
  end if;
  if octet_length(p_data::text) > 262144 then
    perform private.fail('payload_too_large', 'A signal may carry at most 256 KiB', 413);
  end if;
  v_reply := private.idempotent_reply(
    v_run.organization_id, 'signal_run', p_idempotency_key, jsonb_build_array(p_run_id, p_name, p_data)
  );
  if v_reply is not null then
    return v_reply;
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
    return private.keep_reply(v_run.organization_id, 'signal_run', p_idempotency_key, jsonb_build_object(
      'run_id', p_run_id, 'name', p_name, 'delivered', true, 'node_id', v_token.node_id, 'scope', v_token.scope
    ));
  end if;
  if (select count(*) from private.run_signals s where s.run_id = p_run_id) >= 1000 then
    perform private.fail('conflict', 'A thousand signals wait for this run already', 409);
  end if;
  insert into private.run_signals (run_id, kind, name, data, created_by) values (p_run_id, 'signal', p_name, p_data, private.caller_user_id());
  return private.keep_reply(v_run.organization_id, 'signal_run', p_idempotency_key, jsonb_build_object(
    'run_id', p_run_id, 'name', p_name, 'delivered', false, 'node_id', null, 'scope', null
  ));
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
  return to_jsonb(v_profile);
end;
$function$;

create or replace function public.transfer_organization (
  p_organization_id uuid,
  p_user_id         uuid,
  p_own_role        text    default 'admin'::text,
  p_if_version      integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_caller_id uuid := private.require_person();
begin
  perform private.lock_organization(p_organization_id, 'org:own', p_if_version);
  if coalesce(private.role_rank(p_own_role), 0) = 0 then
    perform private.fail('invalid_request', 'A role is owner, admin, developer, member, viewer or guest', 400);
  end if;
  if p_user_id = v_caller_id then
    perform private.fail('invalid_request', 'The organization is yours already', 400);
  end if;
  perform private.lock_member(p_organization_id, p_user_id);
  update public.organization_members m set role = 'owner'
  where m.organization_id = p_organization_id and m.user_id = p_user_id and m.role <> 'owner';
  update public.organization_members m set role = p_own_role
  where m.organization_id = p_organization_id and m.user_id = v_caller_id and m.role <> p_own_role;
  perform private.drop_invitations_by(p_organization_id, v_caller_id, p_own_role);
  -- Who owns it is a change of the organization: what was read before is stale.
  update public.organizations o set name = o.name where o.id = p_organization_id;
  return private.organization_reply(p_organization_id);
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
  values (p_schedule_id, v_at, v_schedule.organization_id, v_now, 'started', v_run_id, private.caller_user_id(), true);
  update public.schedules s set
    open_runs = (v_run_id || private.runs_still_open(s.open_runs))[1:100], last_run_id = v_run_id, last_fired_at = v_now
  where s.id = p_schedule_id;
  perform private.wake_if_idle(v_schedule.organization_id);
  return private.keep_reply(v_schedule.organization_id, 'trigger_schedule', p_idempotency_key,
    jsonb_build_object('schedule_id', p_schedule_id, 'scheduled_for', v_at, 'run_id', v_run_id));
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
begin
  if v_key.revoked_at is not null then
    perform private.fail('conflict', 'The API key is revoked, for good', 409);
  end if;
  if v_key.rotated_at is not null and p_changes ? 'expires_at' then
    perform private.fail('conflict', 'The API key was rotated: its end is the end of the overlap', 409);
  end if;
  v_key := private.change_api_key(v_key, p_changes);
  update public.api_keys k set
    name = v_key.name, scopes = v_key.scopes, ip_allow = v_key.ip_allow, requests_per_minute = v_key.requests_per_minute,
    request_burst = v_key.request_burst, expires_at = v_key.expires_at
  where k.id = p_key_id
  returning * into v_key;
  return to_jsonb(v_key);
end;
$function$;

create or replace function public.update_organization (
  p_organization_id uuid,
  p_name            text    default null::text,
  p_slug            text    default null::text,
  p_if_version      integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.lock_organization(p_organization_id, 'org:write', p_if_version);
  perform private.check_name(p_name), private.check_slug(p_slug);
  update public.organizations o set name = coalesce(p_name, o.name), slug = coalesce(p_slug, o.slug)
  where o.id = p_organization_id
    and (o.name, o.slug) is distinct from (coalesce(p_name, o.name), coalesce(p_slug, o.slug));
  return private.organization_reply(p_organization_id);
exception
  when unique_violation then
    perform private.fail('conflict', 'This slug is taken', 409);
    return null;
end;
$function$;

create or replace function public.update_secret (
  p_secret_id  uuid,
  p_changes    jsonb,
  p_if_version integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_secret public.secrets := private.lock_secret(p_secret_id, 'secrets:write', p_if_version);
  v_next public.secrets;
begin
  if jsonb_typeof(p_changes) is distinct from 'object' then
    perform private.fail('invalid_request', 'The changes are an object', 400);
  end if;
  v_next := jsonb_populate_record(v_secret, p_changes - array(
    select k from jsonb_object_keys(p_changes) k where k not in ('name', 'description', 'expires_at', 'rotate_after_days')
  ));
  if coalesce(v_next.name, '') !~ '^[A-Z][A-Z0-9_]{0,63}$' or length(coalesce(v_next.description, '')) > 1000
    or v_next.rotate_after_days not between 1 and 3650
    or (v_next.expires_at is distinct from v_secret.expires_at and v_next.expires_at <= private.now())
  then
    perform private.fail('invalid_request',
      'A name is A to Z, 0 to 9 and _ (64 at most, a letter first), a description at most 1000 characters, and the expiry is to come', 400);
  end if;
  if v_next.name <> v_secret.name and exists (
    select 1 from public.secrets s where s.organization_id = v_secret.organization_id and s.name = v_next.name
  ) then
    perform private.fail('conflict', format('There is a secret %s already', v_next.name), 409);
  end if;
  if (v_next.name, v_next.description, v_next.expires_at, v_next.rotate_after_days)
    is distinct from (v_secret.name, v_secret.description, v_secret.expires_at, v_secret.rotate_after_days)
  then
    update public.secrets s set name = v_next.name, description = coalesce(v_next.description, ''),
      expires_at = v_next.expires_at, rotate_after_days = v_next.rotate_after_days
    where s.id = p_secret_id;
  end if;
  return private.secret_reply(p_secret_id);
end;
$function$;

create or replace function public.update_workspace (
  p_workspace_id    uuid,
  p_name            text    default null::text,
  p_is_default      boolean default null::boolean,
  p_if_version      integer default null::integer,
  p_organization_id uuid    default null::uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_workspace public.workspaces := private.lock_workspace(p_workspace_id, p_organization_id, p_if_version);
begin
  perform private.check_name(p_name);
  if p_is_default = false and v_workspace.is_default then
    perform private.fail('conflict', 'There is always a default workspace: make another one that', 409);
  end if;
  if p_is_default and not v_workspace.is_default then
    update public.workspaces w set is_default = false
    where w.organization_id = v_workspace.organization_id and w.is_default;
  end if;
  update public.workspaces w set name = coalesce(p_name, w.name), is_default = coalesce(p_is_default, w.is_default)
  where w.id = p_workspace_id
    and (w.name, w.is_default) is distinct from (coalesce(p_name, w.name), coalesce(p_is_default, w.is_default));
  return (select to_jsonb(w) from public.workspaces w where w.id = p_workspace_id);
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
    select coalesce(jsonb_agg(to_jsonb(c) order by c.number), '[]') from private.check_audit_batches(p_after, p_organization_id, 100000) c
  ));
end;
$function$;

create or replace function public.verify_audit_end (
  p_organization_id uuid
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  set statement_timeout to '20s'
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'audit:read', 'organization');
  perform private.note_audit_read(p_organization_id, 'audit.verified', '{}');
  return private.audit_facts(p_organization_id);
end;
$function$;

alter table "private"."api_pins"
  add constraint "api_pins_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "private"."audit_keys"
  add constraint "audit_keys_endorsed_by_fkey" foreign key (endorsed_by) references private.audit_keys(id);

alter table "private"."flag_rules"
  add constraint "flag_rules_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "private"."flag_rules"
  add constraint "flag_rules_flag_fkey" foreign key (flag) references private.flags(name) on delete cascade;

alter table "private"."secret_accesses"
  add constraint "secret_accesses_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "private"."secret_notices"
  add constraint "secret_notices_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "private"."secret_versions"
  add constraint "secret_versions_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete
    set null;

alter table "private"."secret_versions"
  add constraint "secret_versions_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "public"."api_keys"
  add constraint "api_keys_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete set null;

alter table "public"."api_keys"
  add constraint "api_keys_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "private"."api_key_hashes"
  add constraint "api_key_hashes_key_id_fkey" foreign key (key_id) references public.api_keys(id) on delete cascade;

alter table "private"."api_pins"
  add constraint "api_pins_key_id_fkey" foreign key (key_id) references public.api_keys(id) on delete cascade;

alter table "public"."api_keys"
  add constraint "api_keys_rotated_from_fkey" foreign key (rotated_from) references public.api_keys(id) on delete
    set null;

alter table "public"."audit_events"
  add constraint "audit_events_action_check" check ((action ~ '^[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,39}$'::text));

alter table "public"."audit_events"
  add constraint "audit_events_actor_check"
    check ((actor = ANY (ARRAY['user'::text, 'key'::text, 'service'::text, 'system'::text, 'anonymous'::text])));

alter table "public"."audit_events"
  add constraint "audit_events_auth_check"
    check ((auth = ANY (ARRAY['jwt'::text, 'key'::text, 'secret_key'::text, 'sql'::text, 'none'::text])));

alter table "public"."audit_events"
  add constraint "audit_events_pkey" primary key (id);

alter table "public"."audit_events"
  add constraint "audit_events_via_check" check ((via = ANY (ARRAY['function'::text, 'data_api'::text, 'sql'::text])));

alter table "public"."invitations"
  add constraint "invitations_accepted_by_fkey" foreign key (accepted_by) references public.profiles(id) on delete
    set null;

alter table "public"."invitations"
  add constraint "invitations_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete
    set null;

alter table "public"."invitations"
  add constraint "invitations_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "private"."invitation_tokens"
  add constraint "invitation_tokens_invitation_id_fkey" foreign key (invitation_id) references public.invitations(id)
    on delete cascade;

alter table "public"."job_queue"
  add constraint "jobs_are_due_some_day" check (((type = 'flow.step'::text) OR isfinite(scheduled_for)));

alter table "public"."organizations"
  add constraint "organizations_deletion_requested_by_fkey" foreign key (deletion_requested_by)
    references public.profiles(id) on delete set null;

alter table "public"."organizations"
  add constraint "organizations_require_mfa_check"
    check ((require_mfa = ANY (ARRAY['off'::text, 'sensitive'::text, 'always'::text])));

alter table "public"."organizations"
  add constraint "organizations_suspended_reason_check"
    check (((length(suspended_reason) >= 1) AND (length(suspended_reason) <= 500)));

alter table "public"."organizations"
  add constraint "reason_is_of_a_suspension" check (((suspended_reason IS NULL) OR (suspended_at IS NOT NULL)));

alter table "public"."plans"
  add constraint "plans_max_api_keys_check" check ((max_api_keys > 0));

alter table "public"."plans"
  add constraint "plans_max_members_check" check ((max_members > 0));

alter table "public"."plans"
  add constraint "plans_max_secrets_check" check ((max_secrets > 0));

alter table "public"."plans"
  add constraint "plans_max_workspaces_check" check ((max_workspaces > 0));

alter table "public"."plans"
  add constraint "plans_organization_request_burst_check" check ((organization_request_burst > 0));

alter table "public"."plans"
  add constraint "plans_organization_requests_per_minute_check" check ((organization_requests_per_minute > 0));

alter table "public"."secrets"
  add constraint "secrets_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete set null;

alter table "public"."secrets"
  add constraint "secrets_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "private"."secret_notices"
  add constraint "secret_notices_secret_id_fkey" foreign key (secret_id) references public.secrets(id)
    on delete cascade;

alter table "private"."secret_versions"
  add constraint "secret_versions_secret_id_fkey" foreign key (secret_id) references public.secrets(id)
    on delete cascade;

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
            WHEN ((o.suspended_at IS NOT NULL) OR (o.deletes_at IS NOT NULL)) THEN 'organization_suspended'::text
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
            (((((((((((((((((((((('20:millrace-audit-row-1,36:'::text || e.organization_id) || ',36:'::text) || e.id) || ','::text) || octet_length((((EXTRACT(epoch FROM e.occurred_at) * (1000000)::numeric))::bigint)::text)) || ':'::text) || ((EXTRACT(epoch FROM e.occurred_at) * (1000000)::numeric))::bigint) || ','::text) || COALESCE((((octet_length(e.actor) || ':'::text) || e.actor) || ','::text), ':,'::text)) || COALESCE((((octet_length((e.user_id)::text) || ':'::text) || (e.user_id)::text) || ','::text), ':,'::text)) || COALESCE((((octet_length((e.key_id)::text) || ':'::text) || (e.key_id)::text) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.auth) || ':'::text) || e.auth) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.via) || ':'::text) || e.via) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.ip) || ':'::text) || e.ip) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.agent) || ':'::text) || e.agent) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.request_id) || ':'::text) || e.request_id) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.action) || ':'::text) || e.action) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.target_type) || ':'::text) || e.target_type) || ','::text), ':,'::text)) || COALESCE((((octet_length(e.target_id) || ':'::text) || e.target_id) || ','::text), ':,'::text)) || COALESCE((((octet_length((e.before)::text) || ':'::text) || (e.before)::text) || ','::text), ':,'::text)) || COALESCE((((octet_length((e.after)::text) || ':'::text) || (e.after)::text) || ','::text), ':,'::text)) || COALESCE((((octet_length((e.details)::text) || ':'::text) || (e.details)::text) || ','::text), ':,'::text)) AS canonical
           FROM public.audit_events e) c;

create index api_pins_key_id_idx on private.api_pins using btree (key_id);
create index api_usage_organization_id_idx on private.api_usage using btree (organization_id, day);

create index audit_batches_kept_idx on private.audit_batches using btree (organization_id, sealed_at)
  where (dropped_at is null);

create index audit_batches_unsigned_idx on private.audit_batches using btree (number)
  where (signature is null);

create index audit_keys_endorsed_by_idx on private.audit_keys using btree (endorsed_by);
create index audit_sealed_ahead_tx_idx on private.audit_sealed_ahead using btree (tx);
create index flag_rules_flag_idx on private.flag_rules using btree (flag);
create index invitation_tokens_invitation_id_idx on private.invitation_tokens using btree (invitation_id);
create index ip_blocks_blocked_until_idx on private.ip_blocks using btree (blocked_until);
create index ip_blocks_network_idx on private.ip_blocks using gist (network inet_ops);
create index secret_accesses_minute_idx on private.secret_accesses using brin (minute);
create index secret_accesses_organization_id_idx on private.secret_accesses using btree (organization_id);
create index secret_accesses_secret_id_id_idx on private.secret_accesses using btree (secret_id, id);
create index secret_notices_organization_id_idx on private.secret_notices using btree (organization_id);
create index secret_tickets_expires_at_idx on private.secret_tickets using btree (expires_at);
create index secret_versions_created_by_idx on private.secret_versions using btree (created_by);

create index secret_versions_key_id_idx on private.secret_versions using btree (key_id, secret_id, number)
  where (envelope is not null);

create index secret_versions_organization_id_idx on private.secret_versions using btree (organization_id);
create index security_events_at_idx on private.security_events using btree (at);

create index security_events_organization_id_idx on private.security_events using btree (organization_id, id)
  where (organization_id is not null);

create index api_keys_created_by_idx on public.api_keys using btree (created_by);
create index api_keys_organization_id_idx on public.api_keys using btree (organization_id, id);

create unique index api_keys_rotated_from_idx on public.api_keys using btree (rotated_from);

create index audit_events_organization_id_idx on public.audit_events using btree (organization_id, id);
create index audit_events_tx_idx on public.audit_events using btree (tx);
create index invitations_accepted_by_idx on public.invitations using btree (accepted_by);
create index invitations_created_by_idx on public.invitations using btree (created_by);
create index invitations_newest_idx on public.invitations using btree (organization_id, id);

create unique index invitations_one_open_idx on public.invitations using btree (organization_id, email)
  where (status = 'open'::text);

create index invitations_open_email_idx on public.invitations using btree (email)
  where (status = 'open'::text);

create index organizations_deletes_at_idx on public.organizations using btree (deletes_at)
  where (deletes_at is not null);

create index organizations_deletion_requested_by_idx on public.organizations using btree (deletion_requested_by);
create index secrets_created_by_idx on public.secrets using btree (created_by);

create index secrets_expires_at_idx on public.secrets using btree (expires_at)
  where (expires_at is not null);

create trigger append_only
  before delete or update on private.audit_keys
  for each row
  execute function private.refuse_change();

alter table "private"."audit_keys"
  enable always trigger "append_only";

create trigger audit
  after insert on private.security_events
  for each row
  when ((new.kind <> ALL (ARRAY['ip.blocked'::text, 'ip.unblocked'::text])))
  execute function private.audit_security_event();

create trigger audit
  after insert or delete or update of name,
    scopes, ip_allow, requests_per_minute, request_burst, expires_at, revoked_at, rotated_at on public.api_keys
  for each row
  execute function private.audit_row('organization_id', 'id', '', 'key');

create trigger sensitive
  before insert or update of name,
    scopes, ip_allow, requests_per_minute, request_burst, expires_at, revoked_at, rotated_at on public.api_keys
  for each row
  execute function private.change_is_sensitive('organization_id');

create trigger touch
  before update of name,
    scopes, ip_allow, requests_per_minute, request_burst, expires_at, revoked_at, rotated_at on public.api_keys
  for each row
  execute function private.touch();

create trigger append_only
  before delete or update on public.audit_events
  for each row
  execute function private.refuse_audit_change();

alter table "public"."audit_events"
  enable always trigger "append_only";

create trigger no_truncate
  before truncate on public.audit_events
  for each STATEMENT
  execute function private.refuse_audit_change();

alter table "public"."audit_events"
  enable always trigger "no_truncate";

create trigger no_truncate
  before truncate on public.audit_events_default
  for each STATEMENT
  execute function private.refuse_audit_change();

alter table "public"."audit_events_default"
  enable always trigger "no_truncate";

create trigger audit
  after insert or delete or update of type, name, external_key, data, deleted_at on public.entities
  for each row
  execute function
    private.audit_row('organization_id', 'id', 'name,external_key,data,node_id,entered_at,run_id,move_count');

create trigger audit
  after insert or delete or update on public.flows
  for each row
  execute function private.audit_row('organization_id', 'id', '');

create trigger audit
  after insert or delete or update on public.invitations
  for each row
  execute function private.audit_row('organization_id', 'id', '');

create trigger touch
  before update on public.invitations
  for each row
  execute function private.touch();

create trigger audit
  after insert or delete or update on public.organization_members
  for each row
  execute function private.audit_row('organization_id', 'user_id', '', 'member');

create trigger sensitive
  before update of role on public.organization_members
  for each row
  when ((old.role IS DISTINCT FROM new.role))
  execute function private.change_is_sensitive('organization_id');

create trigger touch
  before update on public.organization_members
  for each row
  execute function private.touch();

create trigger audit
  after insert or delete or update on public.organizations
  for each row
  execute function private.audit_row('id', 'id', '');

create trigger sensitive
  before update of deletes_at, require_mfa on public.organizations
  for each row
  when (((old.deletes_at IS DISTINCT FROM new.deletes_at) OR (old.require_mfa IS DISTINCT FROM new.require_mfa)))
  execute function private.change_is_sensitive('id');

create trigger audit
  after insert or delete or update on public.plans
  for each row
  execute function private.audit_row('', 'id', '');

create trigger audit
  after insert or delete or update of email, display_name on public.profiles
  for each row
  execute function private.audit_row('', 'id', 'email,display_name');

create trigger audit
  after insert or delete or update of name,
    flow_id,
    cron,
    timezone,
    starts_at,
    ends_at,
    jitter_seconds, missed_policy, missed_limit, overlap_policy, input, trigger_node, is_active on public.schedules
  for each row
  execute function
    private.audit_row('organization_id', 'id',
    'next_at,fire_at,upcoming,decided_until,refilled_at,refill_at,open_runs,queued_count', 'schedule');

create trigger audit
  after insert or delete or update of name,
    description, current_version, expires_at, rotate_after_days on public.secrets
  for each row
  execute function private.audit_row('organization_id', 'id', 'rotated_at,last_used_at');

create trigger sensitive
  before update of current_version on public.secrets
  for each row
  when ((old.current_version IS DISTINCT FROM new.current_version))
  execute function private.change_is_sensitive('organization_id');

create trigger touch
  before update of name, description, current_version, expires_at, rotate_after_days on public.secrets
  for each row
  execute function private.touch();

create trigger audit
  after insert or delete or update of name,
    provider,
    config,
    slug, flow_id, trigger_node, signature_required, is_active, mapping, wait_seconds on public.webhook_endpoints
  for each row
  execute function private.audit_row('organization_id', 'id', 'slug');

create trigger audit
  after insert or delete or update on public.workspaces
  for each row
  execute function private.audit_row('organization_id', 'id', '');

create policy "members_see_api_keys" on "public"."api_keys"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('keys:read'::text) as organizations_with)::uuid[])));

create policy "auditors_see_audit_events" on "public"."audit_events"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('audit:read'::text) as organizations_with)::uuid[])));

create policy "members_see_invitations" on "public"."invitations"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('members:read'::text) as
    organizations_with)::uuid[])));

create policy "members_see_secrets" on "public"."secrets"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('secrets:read'::text) as
    organizations_with)::uuid[])));

comment on column "private"."api_key_hashes"."key_id" is 'The key.';
comment on column "private"."api_key_hashes"."secret_hash" is 'SHA-256 of the whole key. Its text holds more than 128 random bits, so nothing slower is needed.';
comment on column "private"."api_pins"."key_id" is 'The key; null = every caller of the organization whose key has no row of its own.';
comment on column "private"."api_pins"."organization_id" is 'The organization.';
comment on column "private"."api_pins"."pinned_at" is 'When it was said.';
comment on column "private"."api_pins"."version" is 'The version, a date of the change log.';
comment on column "private"."api_usage"."day" is 'The day, in UTC.';
comment on column "private"."api_usage"."door" is 'Where it was asked for: flows, api/v1/flows, or by an old name, api/v1/workflows.';
comment on column "private"."api_usage"."errors" is 'How many of them got an answer of 400 or above.';
comment on column "private"."api_usage"."operation" is 'The operation: listFlows.';
comment on column "private"."api_usage"."organization_id" is 'The tenant; private.platform_id() = operators and requests that got into none.';
comment on column "private"."api_usage"."requests" is 'How many requests.';
comment on column "private"."api_usage"."version" is 'The version of the API that was meant.';
comment on column "private"."audit_batches"."dropped_at" is 'When retention dropped its rows; null = they are there.';
comment on column "private"."audit_batches"."first_seq" is 'Sequence number, within the tenant, of its first row.';
comment on column "private"."audit_batches"."head" is 'Hash chain over all batches of the tenant up to here (private.audit_head).';
comment on column "private"."audit_batches"."key_id" is 'The key of private.audit_keys that signed it; null = not signed yet.';
comment on column "private"."audit_batches"."last_seq" is 'That of its last row: how many rows of the tenant are sealed up to here.';
comment on column "private"."audit_batches"."leaves" is 'The hashes of the rows, 32 bytes each; null = retention has dropped them.';
comment on column "private"."audit_batches"."link" is 'SHA-256 of its statement (private.audit_statement): what is signed.';
comment on column "private"."audit_batches"."number" is '1, 2, 3 … over all tenants.';
comment on column "private"."audit_batches"."organization_id" is 'The tenant.';
comment on column "private"."audit_batches"."previous_head" is 'The head of the tenant''s batch before it; zeros = it is the first.';
comment on column "private"."audit_batches"."previous_link" is 'The link of the batch with the number before; zeros = it is the first.';
comment on column "private"."audit_batches"."root" is 'Merkle root of its rows.';
comment on column "private"."audit_batches"."row_ids" is 'The rows in the order of their sequence numbers; null = retention has dropped them.';
comment on column "private"."audit_batches"."sealed_at" is 'When it was made.';
comment on column "private"."audit_batches"."seen_at" is 'When all that could be seen of all tenants had last been sealed before: no row of it is much older.';
comment on column "private"."audit_batches"."signature" is 'Ed25519 over the link and signed_at. Null = not signed yet.';
comment on column "private"."audit_batches"."signed_at" is 'When it was signed, by the clock of who signed. Null = not signed yet.';
comment on column "private"."audit_keys"."created_at" is 'First used.';
comment on column "private"."audit_keys"."endorsed_by" is 'The key before it, which signed it; null = the first, or one that the key before it knew nothing of.';
comment on column "private"."audit_keys"."endorsement" is 'Ed25519 by the key before it over the netstrings millrace-audit-key-1 and the id. Null = see endorsed_by.';
comment on column "private"."audit_keys"."id" is 'Thumbprint of the key (RFC 7638), base64url.';
comment on column "private"."audit_keys"."public_key" is 'The public key as JWK: kty, crv, x.';
comment on column "private"."audit_seal_state"."after_id" is 'Rows below this id are not looked at: zeros, but for a database that was restored into another cluster, whose old transaction numbers mean nothing.';
comment on column "private"."audit_seal_state"."id" is 'Always true.';
comment on column "private"."audit_seal_state"."last_link" is 'Its link; zeros = there is none.';
comment on column "private"."audit_seal_state"."last_number" is 'Number of the newest batch.';
comment on column "private"."audit_seal_state"."sealed_below" is 'Every row of a transaction below this is sealed, for ever: all of them have ended.';
comment on column "private"."audit_seal_state"."seen_at" is 'When all that could be seen had last been sealed.';
comment on column "private"."audit_sealed_ahead"."id" is 'The row.';
comment on column "private"."audit_sealed_ahead"."tx" is 'The transaction that wrote the row.';
comment on column "private"."audit_turns"."key" is 'What was done, by whom.';
comment on column "private"."audit_turns"."since" is 'When the log last got a row of it.';
comment on column "private"."audit_turns"."suppressed" is 'How many alike came since.';
comment on column "private"."flag_rules"."flag" is 'The flag.';
comment on column "private"."flag_rules"."is_on" is 'Whether it has the feature.';
comment on column "private"."flag_rules"."organization_id" is 'The organization.';
comment on column "private"."flags"."description" is 'What it switches, for operators.';
comment on column "private"."flags"."name" is 'What code asks for.';
comment on column "private"."flags"."percentage" is 'How many of a hundred organizations have it: always the same ones, and those of a smaller share are among those of a larger one.';
comment on column "private"."flags"."since_version" is 'The first version of the API that has it; null = every version.';
comment on column "private"."flags"."updated_at" is 'When it was set.';
comment on column "private"."invitation_tokens"."created_at" is 'When the mail was written.';
comment on column "private"."invitation_tokens"."invitation_id" is 'The invitation.';
comment on column "private"."invitation_tokens"."token_hash" is 'SHA-256 of the token''s text.';
comment on column "private"."ip_blocks"."blocked_until" is 'Until when; null = until it is lifted.';
comment on column "private"."ip_blocks"."created_at" is 'When it began, or was last set.';
comment on column "private"."ip_blocks"."created_by" is 'Which operator: the name of the secret key; system = automatic.';
comment on column "private"."ip_blocks"."id" is 'UUIDv7.';
comment on column "private"."ip_blocks"."is_automatic" is 'True = too many refused credentials came from there.';
comment on column "private"."ip_blocks"."network" is 'The network; a single address is a network too.';
comment on column "private"."ip_blocks"."reason" is 'Why, for people.';
comment on column "private"."organization_removals"."finished_at" is 'Null = under way; set = nothing of it is left.';
comment on column "private"."organization_removals"."organization_id" is 'The tenant that was.';
comment on column "private"."organization_removals"."removed_rows" is 'Rows removed so far, without those that went along with others.';
comment on column "private"."organization_removals"."started_at" is 'First batch.';
comment on column "private"."rate_limit_overrides"."burst" is 'How many may come at once.';
comment on column "private"."rate_limit_overrides"."created_at" is 'When it was last set.';
comment on column "private"."rate_limit_overrides"."created_by" is 'Which operator: the name of the secret key.';
comment on column "private"."rate_limit_overrides"."expires_at" is 'From when the plan''s limit counts again; null = never.';
comment on column "private"."rate_limit_overrides"."reason" is 'Why, for people.';
comment on column "private"."rate_limit_overrides"."request_limit" is 'Requests per window.';
comment on column "private"."rate_limit_overrides"."scope" is 'A route class or an operation; * = every bucket of the subject that has no override of its own.';
comment on column "private"."rate_limit_overrides"."subject_id" is 'The id of the user, key or organization; the address as private.ip_bucket writes it; the operation''s id.';
comment on column "private"."rate_limit_overrides"."subject_kind" is 'user, key, org, ip, or operation: a bucket of its own for everybody who calls that operation.';
comment on column "private"."rate_limit_overrides"."window_seconds" is 'The window, seconds.';
comment on column "private"."rate_limits"."blocked_until" is 'Null = never blocked; until then nothing passes.';
comment on column "private"."rate_limits"."burst" is 'How many requests the bucket held when it was last used; null = a bucket of private.take_tokens.';
comment on column "private"."rate_limits"."key" is 'What is limited, <kind>:<id>[:<route class or operation>]: user, key, org, ip, refused (credentials from an address), hook (an endpoint''s deliveries).';
comment on column "private"."rate_limits"."refused" is 'Requests refused since the last block began; each one that passes takes ten back.';
comment on column "private"."rate_limits"."refused_at" is 'When a request was last refused; null = never.';
comment on column "private"."rate_limits"."strikes" is 'How many blocks in a row its owner has run into, see private.take_request_tokens.';
comment on column "private"."secret_accesses"."id" is 'UUIDv7: the order of time.';
comment on column "private"."secret_accesses"."key_id" is 'The API key that asked, null = none.';
comment on column "private"."secret_accesses"."kind" is 'run = a step of a run used it; reveal = a person asked to see it.';
comment on column "private"."secret_accesses"."last_at" is 'The last time within it.';
comment on column "private"."secret_accesses"."minute" is 'The minute that the row counts.';
comment on column "private"."secret_accesses"."node_id" is 'Of a step: its node; undo:<id> = what undoes that node.';
comment on column "private"."secret_accesses"."number" is 'The version that was read.';
comment on column "private"."secret_accesses"."organization_id" is 'The tenant.';
comment on column "private"."secret_accesses"."run_id" is 'Of a step: its run.';
comment on column "private"."secret_accesses"."secret_id" is 'The secret. Without a foreign key: the log outlives it.';
comment on column "private"."secret_accesses"."user_id" is 'Of a person: who.';
comment on column "private"."secret_accesses"."uses" is 'How often within it.';
comment on column "private"."secret_notices"."created_at" is 'When the mail was queued.';
comment on column "private"."secret_notices"."days_before" is 'Which warning: 14, 3, 1, or 0 = it has come.';
comment on column "private"."secret_notices"."due_at" is 'The date that was warned of.';
comment on column "private"."secret_notices"."kind" is 'expiry, or rotation = the reminder to set a new value.';
comment on column "private"."secret_notices"."organization_id" is 'The tenant.';
comment on column "private"."secret_notices"."secret_id" is 'The secret.';
comment on column "private"."secret_tickets"."expires_at" is 'Half a minute after it was made.';
comment on column "private"."secret_tickets"."number" is 'The version.';
comment on column "private"."secret_tickets"."secret_id" is 'The secret.';
comment on column "private"."secret_tickets"."ticket" is 'Random.';
comment on column "private"."secret_versions"."created_at" is 'Set.';
comment on column "private"."secret_versions"."created_by" is 'Who set it; null = the account is gone.';
comment on column "private"."secret_versions"."destroyed_at" is 'When the value was thrown away for good; null = it can be restored.';
comment on column "private"."secret_versions"."envelope" is 'Version, id of the master key, wrapped data key, IV, ciphertext, tag. Null = destroyed.';
comment on column "private"."secret_versions"."key_id" is 'The master key that wraps the data key, as the envelope says.';
comment on column "private"."secret_versions"."number" is '1, 2, 3 … within the secret.';
comment on column "private"."secret_versions"."organization_id" is 'The tenant, to which the ciphertext is bound.';
comment on column "private"."secret_versions"."secret_id" is 'The secret.';
comment on column "private"."security_events"."agent" is 'The client''s User-Agent.';
comment on column "private"."security_events"."at" is 'When it happened, or was told.';
comment on column "private"."security_events"."details" is 'What else is known. Never a credential.';
comment on column "private"."security_events"."id" is 'UUIDv7.';
comment on column "private"."security_events"."ip" is 'The address of the client; null = not known.';
comment on column "private"."security_events"."key_id" is 'The API key that asked; null = none that is known.';
comment on column "private"."security_events"."kind" is 'credential.refused, permission.denied, id.probed, mfa.required, signature.refused, address.refused, limit.blocked, key.suspended, ip.blocked or ip.unblocked; see docs/security.md.';
comment on column "private"."security_events"."occurrences" is 'How many alike are told by this row: functions gather them for a moment.';
comment on column "private"."security_events"."organization_id" is 'The organization that it is about; null = not known, for operators only. No reference: an event outlives what it is about.';
comment on column "private"."security_events"."request_id" is 'The request, or the first of them.';
comment on column "private"."security_events"."user_id" is 'The person who asked; null = nobody that is known.';
comment on column "private"."settings"."name" is 'functions_url = where the edge functions answer; max_workers = how many worker isolates may be awake; schedule_clock_since = since when the clock of schedules ticks, written by each tick; operator_email = who is told when a system task fails; usage_counted_to = the hour up to which usage has been counted; audit_retained_at = when retention last looked at the audit log; request_proof_key = what functions prove by that they sent a request, see engine.set_request_proof_key.';
comment on column "public"."api_keys"."created_at" is 'Made.';
comment on column "public"."api_keys"."created_by" is 'Who made it; what the key makes counts as made by them. Null = the account is gone.';
comment on column "public"."api_keys"."expires_at" is 'From when it opens nothing. Null = never; after a rotation the end of the overlap.';
comment on column "public"."api_keys"."id" is 'UUIDv7. The subject of the tokens that requests with the key act by.';
comment on column "public"."api_keys"."ip_allow" is 'Addresses and networks that it may be used from, as in 203.0.113.7/32. Empty = any.';
comment on column "public"."api_keys"."last_four" is 'How it ends: the last four characters of its checksum.';
comment on column "public"."api_keys"."last_used_at" is 'The last request, to within a minute. Null = never used.';
comment on column "public"."api_keys"."mode" is 'live or test: which of its own systems the holder uses it in. Both reach the same data.';
comment on column "public"."api_keys"."name" is 'Name for people.';
comment on column "public"."api_keys"."organization_id" is 'The tenant, the only one that the key reaches.';
comment on column "public"."api_keys"."prefix" is 'How the key begins: mr_<mode>_ and four characters.';
comment on column "public"."api_keys"."request_burst" is 'How many of those may come at once. Null = what the plan allows.';
comment on column "public"."api_keys"."requests_per_minute" is 'Requests a minute and route class. Null = what the plan allows, which is never exceeded.';
comment on column "public"."api_keys"."revoked_at" is 'Null = in force; set = revoked, for good.';
comment on column "public"."api_keys"."rotated_at" is 'When another key took its place. Null = none has.';
comment on column "public"."api_keys"."rotated_from" is 'The key that this one takes the place of. Null = none.';
comment on column "public"."api_keys"."scopes" is 'The permissions that it holds, of those in private.role_permissions.';
comment on column "public"."api_keys"."updated_at" is 'Last change; use is none.';
comment on column "public"."api_keys"."version" is 'Raised by every change; the ETag.';
comment on column "public"."audit_events"."action" is 'thing.verb in the past tense: flow.updated, auth.refused.';
comment on column "public"."audit_events"."actor" is 'user = a person; key = an API key; service = the project''s secret key: an operator or our own functions; system = SQL without a request: the clock, a migration, a person with psql; anonymous = nobody signed in.';
comment on column "public"."audit_events"."after" is 'What they hold now; null = it does not exist any more, or nothing changed.';
comment on column "public"."audit_events"."agent" is 'User agent of the caller, at most 400 characters; for sql the database user and the program.';
comment on column "public"."audit_events"."auth" is 'By what: jwt = an access token of Auth, key = an API key, secret_key, sql = a database connection, none.';
comment on column "public"."audit_events"."before" is 'What the changed columns held before; null = it did not exist, or nothing changed. Kept letter by letter, as the seal is over the text.';
comment on column "public"."audit_events"."details" is 'What else there is to say; null = nothing.';
comment on column "public"."audit_events"."id" is 'UUIDv7 of when it happened.';
comment on column "public"."audit_events"."ip" is 'Address of the caller; null = unknown.';
comment on column "public"."audit_events"."key_id" is 'The API key; null = it was none.';
comment on column "public"."audit_events"."occurred_at" is 'When it happened.';
comment on column "public"."audit_events"."organization_id" is 'The tenant, which may be gone; private.platform_id() = of the platform itself.';
comment on column "public"."audit_events"."request_id" is 'The request; null = there was none.';
comment on column "public"."audit_events"."target_id" is 'Which one; null = none in particular.';
comment on column "public"."audit_events"."target_type" is 'The kind of thing it was done to: flow, member, secret.';
comment on column "public"."audit_events"."tx" is 'The transaction that wrote it: how the sealer finds what became visible late. Not part of the seal.';
comment on column "public"."audit_events"."user_id" is 'The person; for a key who made it; null = there is none.';
comment on column "public"."audit_events"."via" is 'function = our own functions, which prove ip, agent and request_id; data_api = nothing proves them, the caller may have made them up; sql = there was no request.';
comment on column "public"."bulk_operations"."api_key_id" is 'The API key that asked, whose scopes count. Null = a person did.';
comment on column "public"."bulk_operations"."created_by" is 'Who asked, and whose rights count unless it was an API key: then who made the key, or the key when that account is gone.';
comment on column "public"."invitations"."accepted_by" is 'Who accepted; null = nobody, or the account is gone.';
comment on column "public"."invitations"."created_at" is 'Made.';
comment on column "public"."invitations"."created_by" is 'Who invited; null = the account is gone.';
comment on column "public"."invitations"."email" is 'The address, in lower case.';
comment on column "public"."invitations"."ended_at" is 'When it was accepted, declined, revoked or replaced. Null = open.';
comment on column "public"."invitations"."expires_at" is 'From when an open one opens nothing and takes no seat any more.';
comment on column "public"."invitations"."id" is 'UUIDv7.';
comment on column "public"."invitations"."mailed_at" is 'When a mail was last asked for. Null = never.';
comment on column "public"."invitations"."mails" is 'How often it was to be sent.';
comment on column "public"."invitations"."organization_id" is 'The tenant.';
comment on column "public"."invitations"."role" is 'What who accepts becomes.';
comment on column "public"."invitations"."status" is 'open (until expires_at), accepted, declined, revoked, expired (noted when another one takes its place).';
comment on column "public"."invitations"."updated_at" is 'Last change.';
comment on column "public"."invitations"."version" is 'Raised by every change; the ETag.';
comment on column "public"."organization_members"."updated_at" is 'Last change.';
comment on column "public"."organization_members"."version" is 'Raised by every change; the ETag.';
comment on column "public"."organizations"."deletes_at" is 'Null = stays; set = it is to be deleted: from then on all its rows are removed, until then it can only be read, and the deletion be cancelled.';
comment on column "public"."organizations"."deletion_requested_by" is 'Who asked for the deletion; null = nobody, or the account is gone.';
comment on column "public"."organizations"."require_mfa" is 'When its members need a second factor: off = those who have one, for sensitive operations; sensitive = everybody, for these; always = everybody, for all but seeing that it exists.';
comment on column "public"."organizations"."suspended_reason" is 'Why, for its members. Null = none given, or not suspended.';
comment on column "public"."plans"."max_api_keys" is 'API keys in force that an organization may keep.';
comment on column "public"."plans"."max_members" is 'Seats: members and open invitations that an organization may have together.';
comment on column "public"."plans"."max_secrets" is 'Secrets that an organization may keep.';
comment on column "public"."plans"."max_workspaces" is 'Workspaces that an organization may keep.';
comment on column "public"."plans"."organization_request_burst" is 'How many of those may come at once.';
comment on column "public"."plans"."organization_requests_per_minute" is 'API requests that all users and keys of an organization together may make per minute.';
comment on column "public"."plans"."retention_days" is 'Days for which is kept what has ended, by kind: {runs, jobs, webhook_events, archives, audit}; null or absent = for ever. Yours to change: a migration adds what is absent and changes nothing. Webhook events at least 30: a repetition of an event is known by it.';
comment on column "public"."secrets"."created_at" is 'Made.';
comment on column "public"."secrets"."created_by" is 'Who made it; null = the account is gone.';
comment on column "public"."secrets"."current_version" is 'The number of the version that flows get.';
comment on column "public"."secrets"."description" is 'What it is for, for people.';
comment on column "public"."secrets"."expires_at" is 'From then on no flow gets it; null = never.';
comment on column "public"."secrets"."id" is 'UUIDv7.';
comment on column "public"."secrets"."last_used_at" is 'When a flow last got it, to the minute; null = never.';
comment on column "public"."secrets"."name" is 'What expressions call it: secrets.NAME.';
comment on column "public"."secrets"."organization_id" is 'The tenant.';
comment on column "public"."secrets"."rotate_after_days" is 'Days after which the owners are reminded to set a new value; null = never.';
comment on column "public"."secrets"."rotated_at" is 'When the current value was set.';
comment on column "public"."secrets"."updated_at" is 'Last change.';
comment on column "public"."secrets"."version" is 'Raised by every change; the ETag. Not the number of the value.';
comment on column "public"."webhook_events"."organization_id" is 'The tenant: that of the endpoint, with which events go. No foreign key of its own on purpose: it would say the same again with each event.';
comment on function "engine"."add_api_usage"(jsonb) is 'Adds what an isolate has counted: [{day, organization_id (null = none), version, operation, door, requests, errors}].';
comment on function "engine"."add_ip_block"(text, text, timestamp with time zone, text) is 'Blocks a network by hand, or changes its block; p_until null = until it is lifted. 400 for what is no network or too wide, 409 for addresses of the platform.';
comment on function "engine"."blocking_settings"() is 'When addresses are blocked by themselves: {ip_block_after, ip_block_window_seconds, ip_block_seconds, ip_never_block}.';
comment on function "engine"."count_secrets_by_key"() is 'How many values each master key protects: {key id: number}. A key that is not among them protects nothing and may go.';
comment on function "engine"."enqueue_jobs_once"(jsonb, text) is 'engine.enqueue_jobs for operators who may have to ask twice: the same idempotency key with the same jobs gives the same answer for 24 hours and enqueues nothing more.';
comment on function "engine"."ensure_partitions"(integer) is 'Makes the weekly partitions of runs, run_steps, job_history and audit_events from this week to p_weeks_ahead later, with RLS on and no grants of their own. Gives way when the tables are in use: the next call makes the rest. Answers how many it made. Daily by pg_cron.';
comment on function "engine"."gate_key"(text, text, uuid, text, text) is 'The one call before the business call for an API key, given as the SHA-256 of its text in hex: what public.gate answers for a person, with {id, mode} of the key, user_id = who made it, and its scopes as permissions. 401, always the same, for a key that is unknown, revoked or over; 403 ip_not_allowed for an address outside its networks; 404 for another organization than its own. p_ip = the address of the client, null = unknown.';
comment on function "engine"."get_api_usage"(uuid, date, date) is 'public.get_api_usage for operators: null = of every organization.';
comment on function "engine"."get_flag"(text) is 'A flag with its rules, organization → whether it has it; null when there is none of this name.';
comment on function "engine"."get_secret_warning"(uuid, text, timestamp with time zone) is 'What a warning of a secret says, and to whom (the owners): {name, organization, expired, flows, to}. Null = it is void: the secret is gone, has another date or a new value.';
comment on function "engine"."get_webhook_endpoint"(text, boolean, integer, jsonb) is 'What the receiver needs to judge p_count deliveries (null = one, of a receiver of the release before): adapter, settings, valid secrets, a token each of the endpoint''s rate limit as take_many_tokens answers, and in ahead what it takes to run a flow before its event is kept: the current version and the time; null where a limit is full, or a mapping or a limit of the flow has a say. Null = no active endpoint has this slug. p_test = for its test address, where one that is switched off answers too, unless it takes unsigned deliveries. p_ips = the address of each delivery, null = not known; where some are blocked, blocked says which, and where all are, nothing else is answered.';

comment on function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean,
  jsonb, jsonb) is 'Keeps a verified delivery and starts its run, in one transaction, so that it may be acknowledged. A repeated event (same key, or same body where p_dedupe_body) starts nothing and answers with the first one. p_raw_body is base64; p_input is what the trigger gives (event_id and received_at are added); p_worker_id = the first token is leased to that worker, and jobs holds it; p_unsigned = nobody checked who sent it; p_test = it came to the test address: it repeats nothing, runs although the flow is off, and its input says test; p_mapped = what the endpoint''s mapping gave: {entity, input, error}, where the entity is made or brought up to date and moves with the run, and input stands in for p_input; p_ahead says nothing: receivers of the release before send it, and their events take the usual way.';

comment on function "engine"."ingest_webhooks"(uuid, uuid, text, jsonb) is 'Keeps verified deliveries to one endpoint with their runs, which have been run already by this version from this trigger node, in one transaction, so that they may be acknowledged: each leaves what create_run, settle_jobs and finish_run would have left of a run without limits, entity, effects, waits and regions. p_deliveries: [{event_id, run_id, received_at, timeout_seconds, event_key, type, dedupe_body, unsigned, traceparent, raw_body (base64), input, output, steps (as in a result of settle_jobs)}]. Answers the ids of the events that were kept; nothing is left of the others, which are repetitions, or all of them when version, trigger node or flow are other ones by now: they are for ingest_webhook.';
comment on function "engine"."list_ip_blocks"(integer, uuid) is 'The networks that are blocked now, newest first; p_before = only those older than this one.';
comment on function "engine"."list_organization_objects"(uuid, integer) is 'What an organization has in Storage, [{bucket, path}]: large outputs and archives of runs, each under its id.';
comment on function "engine"."list_rate_limit_buckets"(text, text) is 'The buckets of a subject (user, key, org, ip, hook, refused) that are in use or remembered: how much is taken (full_in_seconds), refusals, strikes, and until when it is blocked.';
comment on function "engine"."list_rate_limit_overrides"(text, text) is 'The limits that operators gave by hand, a thousand at the most, of all subjects or of one.';
comment on function "engine"."list_security_events"(uuid, jsonb, integer, uuid) is 'Security events of all organizations and of nobody''s, or of one organization: see public.list_security_events.';

comment on function "engine"."list_task_runs"(text, integer, uuid, boolean, text[], text[]) is
  'The history of a task, newest first (p_ascending = oldest first), after the run p_after; only those with one of these states and triggers.';

comment on function "engine"."list_unsigned_audit"(integer) is 'The oldest seals without a signature: {keys: [{id, public_key}], batches: [{number, statement, link}], before: the seal that they continue, null = none}.';
comment on function "engine"."note_refusals"(jsonb) is 'Writes security events [{kind, organization_id, user_id, key_id, ip, agent, request_id, occurrences, details, counts}] and blocks addresses from which too many refused credentials came (counts = true): more than the setting ip_block_after (50; 0 = never) in ip_block_window_seconds (600) give a block of ip_block_seconds (3600). Answers which of the addresses are blocked: [{ip, until}], until null = until it is lifted.';
comment on function "engine"."organizations_to_remove"(integer) is 'Organizations whose grace after a deletion is over, as a list of ids.';
comment on function "engine"."read_secrets"(jsonb) is 'Gives workers the encrypted values that steps name, and writes down who read them. Takes [{organization_id, name, secret_id, number, uses: [{run_id, node_id, uses}], past_uses: [… and number]}]: the version that is known already is not sent again; past uses are those of it. Answers for each {organization_id, name, status: found, missing or expired, secret_id, number, expires_in_ms, envelope}.';
comment on function "engine"."record_webhook_rejection"(uuid, text) is 'Counts a delivery that was refused, and why; a refused signature is a security event as well, once a minute. Nothing of the delivery is kept.';
comment on function "engine"."redeem_secret_ticket"(uuid) is 'The encrypted value that a ticket stands for, once: {organization_id, secret_id, number, envelope}; null when there is none.';
comment on function "engine"."remove_ip_block"(uuid, text) is 'Lifts a block and forgets the refusals that led to it. 404 when there is none.';
comment on function "engine"."remove_organization"(uuid, integer) is 'Removes a batch of the rows of an organization whose grace is over, of every table that private.tenant_relations names, and at last the organization. Call it until done; killed between two calls, it goes on. waits_for = nothing is left but what workers hold or what lies in Storage. Answers {removed, done, waits_for}.';
comment on function "engine"."remove_rate_limit_override"(text, text, text) is 'Takes a limit that was given by hand away: the plan''s counts again. 404 when there is none.';
comment on function "engine"."request_task"(text, text) is 'Asks for a run of a task by hand, whether it is due, enabled, or waits for others: start_waiting_task begins it within ten seconds, in a session that may take its time. 409 conflict while a run is under way. Answers the row of the history.';
comment on function "engine"."reset_rate_limit_buckets"(text, text) is 'Fills all buckets of a subject and ends its blocks. Answers how many there were.';
comment on function "engine"."resume_organization"(uuid, integer) is 'Ends a suspension; nothing to do = nothing done. A deletion that was asked for stays. Answers the organization.';
comment on function "engine"."retry_job"(uuid, text) is 'public.retry_job for operators.';
comment on function "engine"."rewrap_secrets"(jsonb) is 'Puts newly wrapped data keys into values that still have the old ones: [{secret_id, number, old_header, header, key_id}]. The ciphertext stays. Answers how many.';
comment on function "engine"."seal_audit"() is 'Seals what is new in the audit log, at once: {rows, batches, more}.';
comment on function "engine"."secrets_to_rewrap"(text, integer, jsonb) is 'The next values whose data key is wrapped by another master key than p_key_id, those of p_skip left out: [{secret_id, number, organization_id, key_id, header}].';
comment on function "engine"."set_blocking_settings"(jsonb) is 'Changes when addresses are blocked by themselves: what is absent stays. Answers all settings.';
comment on function "engine"."set_flag"(text, integer, uuid, boolean, text, date) is 'Sets a flag: for a share of the organizations (p_percentage), or for one of them (p_organization_id with p_is_on; null takes its rule away). What is null stays. Answers the flag. Counts with the next request.';
comment on function "engine"."set_rate_limit_override"(jsonb, text) is 'Sets the limit of a subject by hand: {subject_kind, subject_id, scope, request_limit, window_seconds, burst, reason, expires_at}; scope * and a window of 60 s when absent, burst the limit. p_by = which operator. Answers the row.';
comment on function "engine"."set_request_proof_key"(text) is 'Sets the key by which functions prove that request id, address and agent are what they saw: 32 bytes in hex, derived from the project''s secret key.';
comment on function "engine"."sign_audit"(jsonb, jsonb) is 'Stores signatures [{number, link, signed_at in microseconds since 1970, signature in base64}] of seals by the key {id, public_key, endorsed_by, endorsement}, which is published when it is new. Answers how many were wanting.';
comment on function "engine"."suspend_organization"(uuid, text, integer) is 'Suspends an organization: its members see that it exists and why, nothing else; no run starts; those under way go on to their end. Again = another reason. Answers the organization.';
comment on function "engine"."write_invitation"(uuid) is 'What the mail of an invitation says, with a token made for it, of which only the SHA-256 is kept. Null = there is nothing to send any more.';
comment on function "private"."add_api_key"(public.api_keys, text) is 'Adds an API key whose settings are checked already, with the SHA-256 of its text in hex. 402 at the plan''s number of keys in force, unless it takes another one''s place.';

comment on function "private"."add_audit_batches"(uuid, uuid[], bytea, private.audit_seal_state) is
  'Makes the seals of rows of one tenant.';

comment on function "private"."api_usage_of"(uuid, date, date) is 'What was asked of the API between two days, both included, by version, operation and door; p_organization_id null = by everybody.';
comment on function "private"."api_version_of"(uuid, uuid) is 'The version of the API that a key, or else its organization, is pinned to; null = none. For the gate.';
comment on function "private"."audit"(uuid, text, text, text, jsonb, jsonb, jsonb) is 'Writes a row of the audit log, in the transaction of what it tells of: one plain insert. Who and from where come from the session. p_organization_id null = the platform. p_before, p_after: the columns that changed, never secrets; large values are cut, with a hash.';
comment on function "private"."audit_batch_of"(uuid, uuid) is 'The seal of a row; null = it is not sealed.';
comment on function "private"."audit_event_reply"(public.audit_events) is 'A row of the audit log as the API shows it.';
comment on function "private"."audit_facts"(uuid) is 'What verifying needs besides the seals, of one tenant or all: {last_number, last_link: the end as the sealer knows it; number, link: as it is; gap: the first seal that does not continue the one before it {number, is_cut}; dropped: organization → sequence number up to which retention says it has dropped; unsealed: how many rows are too new; inserted: rows that are not}.';
comment on function "private"."audit_hash"(text) is 'What stands for a value that is too large for the audit log: its size and the SHA-256 of its JSON text as jsonb prints it.';
comment on function "private"."audit_head"(bytea, bytea) is 'The head of a tenant''s chain behind a batch: SHA-256 of a byte 2, the head before it and the batch''s Merkle root.';
comment on function "private"."audit_page"(uuid, jsonb, integer, uuid, boolean) is 'A page of the audit log of an organization. p_filter: {actor, user_id, key_id, via, actions: [flow.updated, flow.*], target_type, target_id, ip, request_id, q, from, to}; q is looked for literally, whatever its case, in action, target, before, after and details. No filter but the time has an index: a rare one reads the log of the organization until the page is full.';
comment on function "private"."audit_root"(bytea) is 'The Merkle root (RFC 6962) of hashes of 32 bytes each, one behind the other: nodes are SHA-256 of a byte 1 and both children.';
comment on function "private"."audit_row"() is 'Trigger after insert, update or delete for each row: writes the change into the audit log, of an update only the columns that changed. Arguments: the column with the organization (empty = the platform), the column with the id, columns that are never recorded (by commas; the row says only that they were written), and the name of the thing (default: the table''s in the singular). Actions: created, updated, deleted, restored, revoked, suspended, resumed, role_changed.';
comment on function "private"."audit_security_event"() is 'Trigger on security_events: refused credentials and permissions, blocks for limits and the like stand in the audit log too, at most one a minute of each kind and caller.';
comment on function "private"."audit_statement"(private.audit_batches) is 'What a seal states, as netstrings: number, organization, first and last sequence number, head before, head, Merkle root (hex), seen_at, sealed_at (microseconds since 1970), link before (hex).';
comment on function "private"."audit_turn"(text, integer) is 'Whether an event that may come in floods is to be written into the audit log now: null = no, one alike was within p_seconds; else how many were not written since the last.';
comment on function "private"."audit_value"(jsonb) is 'What the audit log keeps of a value: all of it up to 4 KiB; of a larger object each field up to 1 KiB and {cut: true, bytes, sha256} in place of the others.';

comment on function "private"."block_ip"(inet, text, timestamp
  with time zone, text, boolean) is 'Blocks a network, or changes its block: 400 for one that is too wide, 409 for one that holds addresses of the platform. Nulls = a person has blocked it already, which the machine does not change.';

comment on function "private"."caller_key_id"() is 'The API key by which the caller acts, as its token says; null for people and the service. Says nothing about whether the key still holds: organizations_with and require_permission do.';
comment on function "private"."caller_user_id"() is 'For columns like created_by: the signed-in person; for an API key, who made the key (null when that account is gone); null for the service. Never a reason to allow something.';
comment on function "private"."change_actor"(text[]) is 'Who writes, to be asked inside a trigger: {user_id, role, email, claims}. user_id and email come from the token, null without one; for an API key user_id is who made it, and key_id stands beside it; role is the database role: authenticated, anon, service_role, or who is logged in; claims = those of the token that are named.';
comment on function "private"."change_api_key"(public.api_keys, jsonb) is 'An API key with some settings changed, checked: {name, scopes, ip_allow, requests_per_minute, request_burst, expires_at}; null clears what may be cleared. New scopes must exist, be for keys, and be held by the caller.';
comment on function "private"."change_is_sensitive"() is 'Trigger: the change needs private.require_aal2. The argument is the column that holds the organization. On the tables, so that no function that changes them can forget it.';
comment on function "private"."check_audit_batches"(bigint, uuid, integer) is 'Checks seals behind the number p_after, of one tenant or all, with some p_limit rows: hashes every row anew. One line a seal with what a signature is checked by, and the first fault: deleted, edited, reordered, backdated (a row says it is over an hour older than the last sealing before it), rewritten (the seal itself). Whether seals continue each other, and signatures, are for the caller to check.';
comment on function "private"."check_name"(text) is 'A name for people as it was given; 400 when it is none. Null stays null.';
comment on function "private"."check_slug"(text) is 'A slug as it was given; 400 when it is none. Null stays null.';
comment on function "private"."client_ip"() is 'The address of the client, as functions tell it (x-millrace-ip); null = not known. Whoever calls the Data API directly sets it at will.';
comment on function "private"."confirmed_email"(uuid) is 'The address of a user in lower case; null while it is not confirmed.';
comment on function "private"."dead_letters_from"(uuid, jsonb, integer) is 'What follows "from" in a query for the dead letters (j) that an action means. Refuses what no action takes.';
comment on function "private"."drop_audit_batches"(bigint) is 'Drops what has fallen out of the audit log''s retention, some p_limit rows a call, and weeks in which nothing is left. Answers how many rows.';
comment on function "private"."drop_audit_of"(uuid, timestamp with time zone, bigint) is 'Drops audit rows of a tenant that were sealed before a time, by whole signed seals, and says so in the log itself. The seals stay, with their roots and counts. Answers how many rows.';
comment on function "private"."drop_invitations_by"(uuid, uuid, text) is 'Revokes the open invitations of a person that the role they have now (null = none) could not give. Answers how many.';
comment on function "private"."end_membership"(public.organization_members) is 'Takes a member out; 409 for the last owner. The open invitations they made are revoked. The caller holds the lock of the organization.';
comment on function "private"."ensure_tenant"(uuid) is 'The default organization of a user; makes profile, organization, default workspace and owner membership when there is none, and accepts the invitations to their confirmed address then.';
comment on function "private"."finish_leases"(uuid, jsonb, timestamp with time zone) is 'Part of engine.finish_jobs: leases all of whose jobs have completed and gave no result; keep = they go into the history. Answers those that this worker still held.';
comment on function "private"."flags_of"(uuid) is 'The flags that an organization has: name → the first version of the API that has it, or empty = every version. A rule of its own counts before the share. For the gate.';
comment on function "private"."flows_reading_secret"(uuid, text) is 'The flows whose current version names the secret in an expression, 100 at most: [{id, name}]. It reads the text of the graphs, so that it may find one that only mentions it.';
comment on function "private"."has_second_factor"(uuid) is 'Whether the person has a second factor that is verified.';
comment on function "private"."invitation_for"(uuid, uuid, text) is 'Locks an invitation for whom it is: by its id for the person whose confirmed address it names, by its token for whoever holds that. 404 otherwise.';
comment on function "private"."invitation_reply"(uuid) is 'An invitation as the API shows it: one whose time is over counts as expired.';
comment on function "private"."ip_block_until"(inet) is 'Until when no request is taken from the address; infinity = until it is lifted; null = it is not blocked.';
comment on function "private"."ip_bucket"(inet) is 'The client''s name in keys of private.rate_limits: its network, with _ for each colon.';
comment on function "private"."ip_is_ours"(inet) is 'Whether a network meets addresses that are never blocked: private, loopback and link-local ones, where the platform''s own proxies are, and those of the setting ip_never_block.';
comment on function "private"."ip_network"(inet) is 'The network that counts as one client: an address of IPv4, a /64 of IPv6.';
comment on function "private"."join_by_invitations"(uuid) is 'Accepts all open invitations to a person''s confirmed address: what signing up by an invitation means. Answers how many.';
comment on function "private"."join_organization"(public.invitations, uuid) is 'Makes a person a member by an open invitation, which ends with it and gives them its seat. Who is a member stays what they are. The caller holds the locks of both.';
comment on function "private"."kept_days"(text, uuid) is 'Days for which an organization keeps what has ended: those of its plan, or of a better one that it left within 30 days; null = for ever. The platform, and organizations that are gone: 14, of the audit log 365.';

comment on function "private"."lease_jobs"(uuid, uuid[], boolean, timestamp
  with time zone) is 'Part of engine.claim_jobs: takes jobs, whose rows the caller has locked, out of the queue and into a lease. Answers [{lease, jobs, payloads, organization_ids, types, attempts, max_attempts, priorities}], the lists in the same order, the last five as private.said_once has them. Those that have expired or find no place under their key are left out; [] = all are.';

comment on function "private"."limit_struck"(text, integer, timestamp with time zone) is 'What follows the beginning of a block: a security event, for API keys an audit row as well. The tenth block in a row, after two hours of hammering, suspends the key: it expires now, until someone gives it another end.';
comment on function "private"."limit_subject_id"(text, text) is 'The name that a subject has in keys of private.rate_limits: for an address see private.ip_bucket, else its id.';
comment on function "private"."lock_api_key"(uuid, integer) is 'Locks an API key of the caller for a change: 404 when it is not theirs, 403 without keys:write, 412 when p_if_version is not its version.';
comment on function "private"."lock_invitation"(uuid, uuid, integer) is 'Locks an open invitation of an organization (null = whichever it is of) of the caller for a change: 404, 403, 412; 409 when it is not open any more.';
comment on function "private"."lock_member"(uuid, uuid, integer) is 'Locks a member for a change; 404, 412. The caller holds the lock of the organization already.';
comment on function "private"."lock_organization"(uuid, text, integer) is 'Locks an organization of the caller for a change of it or of who belongs to it: such changes happen one by one. 404, 403 as private.require_permission, asked again under the lock; 412 when p_if_version is not its row version.';
comment on function "private"."lock_secret"(uuid, text, integer) is 'Locks a secret for a change by the caller: 404 for strangers, 403 without the permission, 412 when it is another version than p_if_version.';
comment on function "private"."lock_workspace"(uuid, uuid, integer) is 'Locks a workspace of an organization (null = whichever it is of) of the caller, and the organization before it, for a change: 404, 403, 412.';
comment on function "private"."mail_invitation"(uuid) is 'Enqueues the mail of an invitation. 429 beyond 30 at once and 100 an hour of an organization, or 2 at once and 3 an hour of one invitation.';
comment on function "private"."member_reply"(uuid, uuid) is 'A member as the API shows it.';
comment on function "private"."must_show_factor"(uuid) is 'Whether the caller''s session (its claim aal) is too weak for sensitive operations in the organization: true for a person who has a second factor, or whose organization demands one, and has not shown it in this session. API keys and the service have none.';
comment on function "private"."note_audit_read"(uuid, text, jsonb) is 'Writes into the audit log that somebody reads it: once in ten minutes for each reader.';

comment on function "private"."note_secret_access"(public.secrets, text, uuid, text, uuid, uuid, integer) is
  'Counts a reading of the version that the record names as current, in the row of its reader and minute.';

comment on function "private"."organization_reply"(uuid) is 'An organization as the API shows it, with the role of the caller in it (null = none).';
comment on function "private"."organizations_with"(text) is 'The organizations in which the caller holds the permission, by role or by an API key''s scopes: what every policy asks, once per statement. An organization that is suspended, or that always demands a second factor which this session has not shown, counts only for org:read; a key that is revoked or has expired counts for nothing.';
comment on function "private"."prune_security"() is 'The task security: forgets security events after 90 days, blocks of addresses a day after their end, overrides 90 days after theirs. Answers {events, ip_blocks}.';
comment on function "private"."purge_rate_limits"(integer) is 'Forgets full buckets that nobody has used, or been refused by, for ten minutes; answers how many.';

comment on function "private"."rate_answer"(timestamp with time zone, text, interval, integer, timestamp
  with time zone) is 'What a request is told about a bucket that gave it a token. p_interval = in which one token comes back, p_tat = when the bucket is full again.';

comment on function "private"."read_envelope"(text, text) is 'An envelope in Base64 as bytes; 400 unless it has the form of docs/secrets.md and names this master key.';
comment on function "private"."refuse_audit_change"() is 'Trigger: keeps the audit log append-only. Only private.drop_audit_batches, the way of retention, deletes rows.';

comment on function "private"."refuse_request"(timestamp
  with time zone, text[], text[], interval[], integer[], timestamp with time zone[]) is 'The end of private.take_request_tokens when a bucket had no token (its p_tats is null; the rows are locked): gives the other tokens back, counts the refusal for the buckets of the user, key or address, and answers for the bucket that makes it wait longest. As many refusals as the burst (20 at least; each request that passes takes ten of them back) begin a block of 15 s; every further block is twice as long, up to an hour. Ten quiet minutes forgive all.';

comment on function "private"."request_buckets"(text, uuid, public.plans, text, text, integer, integer) is
  'The buckets that a request takes from, for private.take_request_tokens: of the caller (p_subject: user:<id> or key:<id>) for the route class, of the organization for all that its members and keys do, and of the caller for p_operation where operators limit that. p_requests_per_minute and p_request_burst are a key''s own limits, null = the plan''s, which they never exceed.';

comment on function "private"."request_header"(text) is 'A header of the request to the Data API; null = it has none, or there is no request. Whoever calls the Data API directly sets them at will: see private.request_is_proven.';
comment on function "private"."request_headers"() is 'The headers of the request to the Data API, names in lower case; null = there is no request.';
comment on function "private"."request_is_proven"(jsonb) is 'Whether the headers come from our own functions: x-millrace-proof is HMAC-SHA-256, in hex, over x-request-id, x-millrace-ip and x-millrace-agent joined by line feeds (shared/audit/request_proof.ts). Without a key (engine.set_request_proof_key) nothing is proven.';
comment on function "private"."require_aal2"(uuid) is 'Raises 403 mfa_required when private.must_show_factor: for sensitive operations, whichever way they come. The problem''s code says what to do: aal2 = show the factor, enroll = set one up.';
comment on function "private"."require_open_ip"(inet) is 'Raises 403 ip_blocked for an address in a blocked network; null, an unknown address, passes.';
comment on function "private"."require_other_owner"(public.organization_members) is 'Raises 409 when the member is the only owner. Exact because every change of members holds the lock of the organization.';
comment on function "private"."require_permission"(uuid, text, text) is 'Raises 404 unless the caller is a member of the organization or an API key of it (or when it is null), 401 when the key no longer holds, 403 unless the role holds the permission or the key the scope. p_what names the thing in the message.';
comment on function "private"."require_person"() is 'The signed-in person. 403 for an API key, which has no profile, vote or inbox; 401 for nobody.';
comment on function "private"."require_rank"(uuid, text, text) is 'Raises 403 when the role stands above the caller''s own, 400 when it is none. p_what ends the sentence "Only who is admin may …".';
comment on function "private"."require_room"(uuid, text, integer) is 'Locks the organization and raises 402 plan_limit_reached unless so many more fit under a limit of its plan, named as the column of public.plans (null = no limit). Call it directly before the insert, in the same transaction: parallel creations pass one by one. Answers the plan.';
comment on function "private"."restart_audit_seal"() is 'Lets the sealer go on in a cluster whose transaction numbers are lower than those it knows.';
comment on function "private"."retry_job"(uuid, uuid, text) is 'Does a job once more that was given up, cancelled or expired: as a new job, with all its attempts before it. Once only. The idempotency key is one of p_organization_id: whoever asks. Answers the new job.';
comment on function "private"."role_of_caller"(uuid) is 'The role of the signed-in person in an organization; null = none.';
comment on function "private"."role_rank"(text) is 'The order of the roles, guest 1 to owner 6; null for a word that is no role. Nobody gives a role above their own or touches who stands above them.';

comment on function "private"."run_steps_page"(uuid, timestamp
  with time zone, text, text[], integer, boolean, text[], text) is 'The steps of a run in order of their end, after (p_from, p_after) where p_from is not null, without those whose key is in p_seen; at most p_limit and some 4 MiB of outputs. p_descending = from the last one back; p_status, p_node_id = only those with one of these states, of this node. Answers {steps, more}. The id of a step is unique in its run: node_id[:scope]:attempt; its key, which is there when p_seen is not null, is the beginning of the md5 of that.';

comment on function "private"."said_once"(anyarray) is 'A list as JSON; of one whose entries are all the same, the first stands for all: most leases hold jobs of one kind.';
comment on function "private"."seal_audit"() is 'The task audit-seal: seals what is new in the audit log, and asks for a job audit.sign when seals are not signed.';
comment on function "private"."seal_audit_rows"(integer) is 'Gives what is not sealed of the audit log its sequence numbers and seals, at most p_limit rows of the oldest transactions: {rows, batches, more}. A row that becomes visible late, for its transaction took long, is sealed when it does.';
comment on function "private"."secret_reply"(uuid) is 'A secret as the API shows it: never its value.';
comment on function "private"."security_event"(text, uuid, jsonb, uuid, uuid) is 'Writes a security event; who asked, and from where, comes from the session where it is not given.';
comment on function "private"."security_events_page"(uuid, jsonb, integer, uuid) is 'A page of security events, newest first; p_filter: {kind, user_id, key_id, ip (address or network), after, before}.';

comment on function "private"."take_many_tokens"(text, integer, integer, integer, integer) is
  'Takes up to p_count tokens at once, as so many calls of take_tokens at the same moment would. Answers in rate what the last one that got a token is told, or the only one; of several, also how many were taken, and in refused what the others are told; null = there are no others.';

comment on function "private"."take_request_tokens"(jsonb) is 'Takes one token of each of the buckets [{key, limit, window_seconds, burst, name?}], or of none when one of them has none; null for no buckets. A key is <kind>:<id>[:<route class or operation>]; an override of the subject counts instead of the numbers given. Answers for the tightest bucket what private.take_tokens answers, and name (of the bucket: name, else the last part of its key), warning (four fifths of the burst are gone), blocked (nothing passes until retry_after_seconds are over, however full the bucket is).';
comment on function "private"."tenant_relations"() is 'Every table with rows of tenants, in the order in which they can be removed: those of the catalog that have organization_id, and the few that name a tenant otherwise. condition is SQL about a row, $1 being the organization. What goes along by foreign keys is not in it.';
comment on function "private"."used_of"(uuid, text) is 'How much of a limit of its plan, named as the column of public.plans, an organization uses now. Open invitations take seats (max_members) until they expire.';
comment on function "private"."warn_of_expiry"() is 'The task secrets: queues a mail to the owners 14, 3 and 1 days before a secret expires and when it has, and when a rotation is due, each once; forgets accesses after 90 days. Answers how many mails.';
comment on function "public"."accept_invitation"(uuid, text) is 'Makes the caller a member: by the id of an invitation to their confirmed address, or by a token from its mail whatever their address. Once; again by the same person answers the same. 404 for what is not for them, 409 for one that has ended or expired. Answers the organization.';
comment on function "public"."change_member_role"(uuid, uuid, text, integer) is 'Changes what a member is. Needs members:write; 403 for a role above the caller''s own and for who stands above them; 409 for the last owner; 412 when p_if_version is not the member''s row version. Invitations that the member made and could not make any more are revoked. Answers the member.';
comment on function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text) is 'Makes an API key of the mode live or test. The key itself stays with the caller: only its SHA-256 in hex comes here, its beginning (mr_<mode>_ and four characters) and its last four characters. is_new false = an earlier call with the same Idempotency-Key made it, and the secret of this call opens nothing. Needs keys:write.';
comment on function "public"."create_invitation"(uuid, text, text, integer, text) is 'Invites an address into an organization and enqueues the mail, in one transaction. Needs members:write; 403 for a role above the caller''s own, 409 when the address has an open invitation or belongs to a member, 402 when members and open invitations fill the plan''s seats, 429 for too many. Answers the invitation, without its token.';
comment on function "public"."create_organization"(text, text, text) is 'Founds an organization on the plan free, with a default workspace; the caller, a person, owns it. p_slug null = made from the name. 409 when the slug is taken, 402 for who owns ten of that plan. Answers the organization.';

comment on function "public"."create_secret"(uuid, uuid, text, text, text, text, timestamp
  with time zone, integer, text, text) is 'Makes a secret of a value that the function secrets has encrypted for this id, as version 1. p_fingerprint: a MAC of the value, by which a repeated request is known. Needs secrets:write; 402 at the plan''s number, 409 for a name that is taken. Answers the secret without its value.';

comment on function "public"."create_workspace"(uuid, text, text) is 'Makes a workspace. Needs workspaces:write; 402 at the plan''s number of workspaces. Answers it.';
comment on function "public"."decide_step"(uuid, text, jsonb, text, boolean) is 'Decides a step that waits for a person: an approval ({decision: approved or rejected, comment}), which no API key can give, or an effect of unknown outcome ({outcome: completed, failed or retry, output, error}). 409 when the step waits for none: of two decisions the first counts. Needs runs:execute, and where the step names approvers, to be one.';
comment on function "public"."decline_invitation"(uuid, text) is 'Declines an invitation, named as for accept_invitation. 409 when it has ended otherwise.';
comment on function "public"."delete_organization"(uuid, integer) is 'Asks for the deletion of an organization, which begins 30 days later: until then it can be read, and restore_organization called; nothing else, and no run starts. Needs org:own; 403 when it is asked for already. Answers the organization.';
comment on function "public"."delete_secret"(uuid, boolean, integer) is 'Deletes a secret and all its values. 409, naming them, while the current versions of flows use it, unless p_force. Its access log stays. Needs secrets:write.';
comment on function "public"."delete_workspace"(uuid, uuid, integer, uuid) is 'Deletes a workspace. Its flows go to the workspace named; 409 when it has some and none is named, and for the default workspace. Needs workspaces:write.';
comment on function "public"."destroy_secret_version"(uuid, integer) is 'Throws an earlier value away for good; the current one can not be. Backups keep it as long as they are kept. Needs secrets:write.';
comment on function "public"."gate"(text, uuid, text) is 'The one call before the business call: who the caller is in which organization (null = the first), what the role may do, the plan''s limits, and one token of each rate limit that the request falls under: the person''s for the route class (default, read, write, run), the organization''s, and that of p_operation where it has one. A person''s first call makes profile, organization and workspace.';
comment on function "public"."get_api_usage"(uuid, date, date) is 'What an organization asked of the API between two days, by version, operation and door. Needs org:read.';
comment on function "public"."get_audit_event"(uuid) is 'A row of the audit log, with its seal {number, seq, sealed_at, signed_at}, null = not sealed yet. Needs audit:read.';
comment on function "public"."get_audit_proof"(uuid) is 'What proves that a row is in the log: its canonical bytes, the way to the Merkle root, the statement of the seal and its signature. Needs audit:read; 409 until it is signed.';
comment on function "public"."get_organization_usage"(uuid) is 'How much of each limit of its plan an organization uses: {plan, limits: [{name, used, limit}]}. Needs org:read.';
comment on function "public"."get_second_factor"(uuid) is 'What the caller''s second factor is at: {aal of this session, factors [{id, type, name}] that are verified, policy of the organization, required = sensitive operations are refused until it is shown}.';
comment on function "public"."leave_organization"(uuid) is 'Ends the caller''s own membership, also of a suspended organization. 409 for the last owner.';
comment on function "public"."list_activity"(uuid, integer, uuid, boolean) is 'Who did what in the organization lately, for its members (org:read): rows of the audit log that people and keys made on flows, workspaces, members and the like, without addresses, values and secrets. Names of people need members:read.';

comment on function "public"."list_audit_events"(uuid, jsonb, integer, uuid, boolean, boolean) is
  'A page of the organization''s audit log, see private.audit_page; needs audit:read. That it was read, or exported, stands in the log itself.';

comment on function "public"."list_audit_keys"() is 'The public keys by which seals of the audit log are verified, as JWKs. For everybody.';
comment on function "public"."list_own_invitations"() is 'The open invitations to the caller''s confirmed address, the newest first, 100 at most.';

comment on function "public"."list_run_steps"(uuid, timestamp
  with time zone, text, integer, boolean, text[], text) is 'A page of the steps of a run in order: those after the step p_after that ended at p_from (null = from the first); with p_descending from the last one back; only those with one of these states, of this node. Answers {steps, more}; null when the caller sees no such run. Runs as the caller.';

comment on function "public"."list_secret_accesses"(uuid, uuid, integer, boolean, text, uuid) is
  'Who and what got the value of a secret, from after p_after, one more than p_limit when there are more. Needs secrets:read.';

comment on function "public"."list_secret_flows"(uuid) is 'The flows whose current version uses the secret, 100 at most: [{id, name}]. Needs secrets:read.';
comment on function "public"."list_secret_versions"(uuid, integer, integer, boolean) is 'The versions of a secret without their values, from after p_after, one more than p_limit when there are more. Needs secrets:read.';
comment on function "public"."list_security_events"(uuid, jsonb, integer, uuid) is 'Security events of the organization, newest first; needs audit:read. p_filter: {kind, user_id, key_id, ip, after, before}; p_before = only events older than this one.';

comment on function "public"."list_waiting_steps"(uuid, text[], uuid, uuid, integer, boolean) is
  'Steps of an organization that wait for something: of these kinds (approval and decision wait for a person; also signal, callback, timer, run, limit), those after p_after, or before it when p_descending. may_decide = the caller could. Null for who may not read runs there. Runs as the caller.';

comment on function "public"."missing_secrets"(uuid, text[]) is 'Which of these names (500 at most) are no secrets of the organization: what the compiler warns of. Needs flows:read: whoever runs flows learns it from their failures as well.';
comment on function "public"."next_secret_version"(uuid) is 'What a new value of the secret is to be bound to: {organization_id, number}. Needs secrets:write.';
comment on function "public"."pin_api_version"(uuid, date, uuid) is 'Pins an organization, or one of its keys, to a version of the API; null takes the pin away. Which versions there are is known to the functions. Needs org:write.';
comment on function "public"."remove_member"(uuid, uuid, integer) is 'Takes a member out of an organization: from the next statement on they see nothing of it. What they made stays. Needs members:write; 403 for who stands above the caller, 409 for the last owner.';
comment on function "public"."request_secret_reveal"(uuid, integer) is 'Judges whether the caller may see a value (secrets:write), writes that down, and gives a ticket that only the functions can redeem. p_number null = the current version.';
comment on function "public"."resend_invitation"(uuid, integer, integer, uuid) is 'Sends an invitation again, with a token of its own, and lets it be open for so many days from now, also one that had expired. Needs members:write and a role not below the invitation''s; 429 for too many. Answers the invitation.';
comment on function "public"."restore_organization"(uuid, integer) is 'Cancels a deletion that was asked for and has not begun; nothing to do = nothing done. Needs org:own. Answers the organization.';
comment on function "public"."restore_secret_version"(uuid, integer, integer) is 'Makes an earlier value the current one again. 409 when it is destroyed. Needs secrets:write.';
comment on function "public"."retry_job"(uuid, text) is 'Does a dead letter, or a cancelled or expired job, once more as a new job, which names it as replay_of. 409 when that was done already (details: replayed_as) or a job with its unique key waits. Needs runs:execute. Answers the new job.';
comment on function "public"."revoke_api_key"(uuid, integer) is 'Revokes an API key, for good and at once: the gate refuses the next request, and what a request under way still asks finds nothing. Revoking again changes nothing. Needs keys:write.';
comment on function "public"."revoke_invitation"(uuid, integer, uuid) is 'Takes an open invitation back: its tokens open nothing from then on. Needs members:write and a role not below the invitation''s. Answers the invitation.';

comment on function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp
  with time zone, integer, text) is 'Makes the API key that takes the place of another, with its settings; the old one goes on for p_overlap_seconds (0 = it ends now). p_expires_at null = none, or as long a life as the old one was given. Only the new key''s hash comes here, as for create_api_key. Needs keys:write.';

comment on function "public"."set_mfa_policy"(uuid, text, integer) is 'Says when members need a second factor (organizations.require_mfa). Needs org:own, and for more than off a session with aal2. Answers {organization_id, require_mfa, version}.';

comment on function "public"."set_secret_value"(uuid, integer, text, text, integer, timestamp
  with time zone) is 'Makes a new value the current one; p_number is the one after the last (409 when somebody was faster). The ten newest values are kept, older ones destroyed. p_expires_at null = as it was. Needs secrets:write.';

comment on function "public"."signal_run"(uuid, text, jsonb, boolean, text) is 'Sends a signal to a run: the step that waits longest for it goes on; when none waits, it is kept for the next that does. p_wake false = the caller runs what follows itself. Needs runs:execute.';
comment on function "public"."transfer_organization"(uuid, uuid, text, integer) is 'Makes a member the owner, at once, and the caller what p_own_role says. Needs org:own. Without acceptance: who gets it is a member already, and can leave or give it on. Answers the organization.';
comment on function "public"."update_api_key"(uuid, jsonb, integer) is 'Changes settings of an API key: {name, scopes, ip_allow, requests_per_minute, request_burst, expires_at}; what is not named stays. Holds from the next request on. Needs keys:write.';
comment on function "public"."update_organization"(uuid, text, text, integer) is 'Changes name and slug; null = leave as it is. p_if_version: 412 unless it is the row version. Needs org:write; 409 when the slug is taken.';
comment on function "public"."update_secret"(uuid, jsonb, integer) is 'Changes what p_changes names of {name, description, expires_at, rotate_after_days}; the last two may be null. Flows that name the secret by its old name do not find it any more. Needs secrets:write.';
comment on function "public"."update_workspace"(uuid, text, boolean, integer, uuid) is 'Renames a workspace or makes it the default one, which another one is then no more; null = leave as it is. Needs workspaces:write. Answers it.';
comment on function "public"."verify_audit"(uuid, bigint) is 'Hashes rows of the organization''s audit log again, those of the seals behind the number p_after, some 100,000: {lines: see private.check_audit_batches}, none = these were all. Needs audit:read.';
comment on function "public"."verify_audit_end"(uuid) is 'What verifying the organization''s audit log needs besides its seals: see private.audit_facts. Needs audit:read.';
comment on table "private"."api_key_hashes" is 'What API keys are known by. The keys themselves are kept nowhere.';
comment on table "private"."api_pins" is 'The version of the API that requests mean when they name none: of a key, else of its organization. No row = the latest.';
comment on table "private"."api_usage" is 'How often which operation of which version of the API was asked for. Counted in the isolates and added every few seconds: what an isolate had not added when it was killed is missing. Not for billing.';
comment on table "private"."audit_batches" is 'Seals of the audit log: each gives a list of rows of one tenant their sequence numbers, and is bound to the seal before it of the tenant and of the platform. docs/audit.md says how to verify them.';
comment on table "private"."audit_keys" is 'Public keys by which seals of the audit log are verified. None ever goes: old seals need it.';
comment on table "private"."audit_seal_state" is 'How far the sealer is: one row.';
comment on table "private"."audit_sealed_ahead" is 'Rows that are sealed though a transaction before theirs has not ended: what the sealer must not seal again. Empty as soon as no long transaction is under way.';
comment on table "private"."audit_turns" is 'What was written into the audit log lately, of events that may come in floods: one row of the log stands for all alike of a while.';
comment on table "private"."flag_rules" is 'Organizations that have a flag, or have it not, whatever its share.';
comment on table "private"."flags" is 'Features that are not there for everybody. Set by operators: engine.set_flag.';
comment on table "private"."invitation_tokens" is 'What opens an invitation: of 32 random bytes that stand in a mail, the SHA-256. Each attempt to send makes one; none opens anything once the invitation has ended.';
comment on table "private"."ip_blocks" is 'Networks from which no request is taken.';
comment on table "private"."organization_removals" is 'Organizations whose rows are being removed, or are gone: what is left of a tenant. No foreign key on purpose: it outlives it.';
comment on table "private"."rate_limit_overrides" is 'Limits that operators gave by hand. They are read by the statement that takes the tokens, so one counts from the next request on.';
comment on table "private"."secret_accesses" is 'Who and what got the value of a secret, a row for each reader and minute. Kept 90 days, also when the secret is gone.';
comment on table "private"."secret_notices" is 'Which warnings were sent, so that each is sent once. Another date of expiry, or a new value, begins anew.';
comment on table "private"."secret_tickets" is 'What a person may have revealed: made as the caller, who was judged then, and redeemed once by the function that decrypts. To the caller a ticket is worth nothing.';
comment on table "private"."secret_versions" is 'Values of secrets, encrypted: docs/secrets.md has the format. Only engine.read_secrets, engine.redeem_secret_ticket and the rotation of master keys read them, for the functions.';
comment on table "private"."security_events" is 'What may be an attack, or its beginning. Organizations read their own by public.list_security_events, operators all by engine.list_security_events. Kept for 90 days.';
comment on table "public"."api_keys" is 'API keys of organizations, without what they are made of. A key that was rotated stays, and the new one names it.';
comment on table "public"."audit_events" is 'The audit log: who did what, when, from where. Append-only; partitioned by id, which is ordered by time; sealed by private.seal_audit, see docs/audit.md.';
comment on table "public"."audit_events_default" is 'Audit rows for whose week there is no partition.';
comment on table "public"."invitations" is 'Addresses that were invited into an organization, and what became of it. One open invitation for an address and organization.';
comment on table "public"."secrets" is 'Secrets that flows use by name. Values are elsewhere, encrypted: nothing here tells anything of them.';
comment on view "engine"."changes" is 'Tables whose changes start flows: made by engine.on_change, removed by engine.off_change.';
comment on view "private"."audit_leaves" is 'Rows of the audit log with their hashes: SHA-256 of a zero byte and the canonical bytes. docs/audit.md has the encoding.';

revoke all on function "engine"."add_api_usage"(jsonb) from public;
grant execute on function "engine"."add_api_usage"(jsonb) to "service_role";
revoke all on function "engine"."add_ip_block"(text, text, timestamp with time zone, text) from public;
grant execute on function "engine"."add_ip_block"(text, text, timestamp with time zone, text) to "service_role";
revoke all on function "engine"."blocking_settings"() from public;
grant execute on function "engine"."blocking_settings"() to "service_role";
revoke all on function "engine"."count_secrets_by_key"() from public;
grant execute on function "engine"."count_secrets_by_key"() to "service_role";
revoke all on function "engine"."enqueue_jobs_once"(jsonb, text) from public;
grant execute on function "engine"."enqueue_jobs_once"(jsonb, text) to "service_role";
revoke all on function "engine"."gate_key"(text, text, uuid, text, text) from public;
grant execute on function "engine"."gate_key"(text, text, uuid, text, text) to "service_role";
revoke all on function "engine"."get_api_usage"(uuid, date, date) from public;
grant execute on function "engine"."get_api_usage"(uuid, date, date) to "service_role";
revoke all on function "engine"."get_flag"(text) from public;
grant execute on function "engine"."get_flag"(text) to "service_role";
revoke all on function "engine"."get_secret_warning"(uuid, text, timestamp with time zone) from public;
grant execute on function "engine"."get_secret_warning"(uuid, text, timestamp with time zone) to "service_role";
revoke all on function "engine"."get_webhook_endpoint"(text, boolean, integer, jsonb) from public;
grant execute on function "engine"."get_webhook_endpoint"(text, boolean, integer, jsonb) to "service_role";
revoke all on function "engine"."ingest_webhooks"(uuid, uuid, text, jsonb) from public;
grant execute on function "engine"."ingest_webhooks"(uuid, uuid, text, jsonb) to "service_role";
revoke all on function "engine"."list_ip_blocks"(integer, uuid) from public;
grant execute on function "engine"."list_ip_blocks"(integer, uuid) to "service_role";
revoke all on function "engine"."list_organization_objects"(uuid, integer) from public;
grant execute on function "engine"."list_organization_objects"(uuid, integer) to "service_role";
revoke all on function "engine"."list_rate_limit_buckets"(text, text) from public;
grant execute on function "engine"."list_rate_limit_buckets"(text, text) to "service_role";
revoke all on function "engine"."list_rate_limit_overrides"(text, text) from public;
grant execute on function "engine"."list_rate_limit_overrides"(text, text) to "service_role";
revoke all on function "engine"."list_security_events"(uuid, jsonb, integer, uuid) from public;
grant execute on function "engine"."list_security_events"(uuid, jsonb, integer, uuid) to "service_role";
revoke all on function "engine"."list_task_runs"(text, integer, uuid, boolean, text[], text[]) from public;
grant execute on function "engine"."list_task_runs"(text, integer, uuid, boolean, text[], text[]) to "service_role";
revoke all on function "engine"."list_unsigned_audit"(integer) from public;
grant execute on function "engine"."list_unsigned_audit"(integer) to "service_role";
revoke all on function "engine"."note_refusals"(jsonb) from public;
grant execute on function "engine"."note_refusals"(jsonb) to "service_role";
revoke all on function "engine"."organizations_to_remove"(integer) from public;
grant execute on function "engine"."organizations_to_remove"(integer) to "service_role";
revoke all on function "engine"."read_secrets"(jsonb) from public;
grant execute on function "engine"."read_secrets"(jsonb) to "service_role";
revoke all on function "engine"."record_webhook_rejection"(uuid, text) from public;
grant execute on function "engine"."record_webhook_rejection"(uuid, text) to "service_role";
revoke all on function "engine"."redeem_secret_ticket"(uuid) from public;
grant execute on function "engine"."redeem_secret_ticket"(uuid) to "service_role";
revoke all on function "engine"."remove_ip_block"(uuid, text) from public;
grant execute on function "engine"."remove_ip_block"(uuid, text) to "service_role";
revoke all on function "engine"."remove_organization"(uuid, integer) from public;
grant execute on function "engine"."remove_organization"(uuid, integer) to "service_role";
revoke all on function "engine"."remove_rate_limit_override"(text, text, text) from public;
grant execute on function "engine"."remove_rate_limit_override"(text, text, text) to "service_role";
revoke all on function "engine"."request_task"(text, text) from public;
grant execute on function "engine"."request_task"(text, text) to "service_role";
revoke all on function "engine"."reset_rate_limit_buckets"(text, text) from public;
grant execute on function "engine"."reset_rate_limit_buckets"(text, text) to "service_role";
revoke all on function "engine"."resume_organization"(uuid, integer) from public;
grant execute on function "engine"."resume_organization"(uuid, integer) to "service_role";
revoke all on function "engine"."retry_job"(uuid, text) from public;
grant execute on function "engine"."retry_job"(uuid, text) to "service_role";
revoke all on function "engine"."rewrap_secrets"(jsonb) from public;
grant execute on function "engine"."rewrap_secrets"(jsonb) to "service_role";
revoke all on function "engine"."seal_audit"() from public;
grant execute on function "engine"."seal_audit"() to "service_role";
revoke all on function "engine"."secrets_to_rewrap"(text, integer, jsonb) from public;
grant execute on function "engine"."secrets_to_rewrap"(text, integer, jsonb) to "service_role";
revoke all on function "engine"."set_blocking_settings"(jsonb) from public;
grant execute on function "engine"."set_blocking_settings"(jsonb) to "service_role";
revoke all on function "engine"."set_flag"(text, integer, uuid, boolean, text, date) from public;
grant execute on function "engine"."set_flag"(text, integer, uuid, boolean, text, date) to "service_role";
revoke all on function "engine"."set_rate_limit_override"(jsonb, text) from public;
grant execute on function "engine"."set_rate_limit_override"(jsonb, text) to "service_role";
revoke all on function "engine"."set_request_proof_key"(text) from public;
grant execute on function "engine"."set_request_proof_key"(text) to "service_role";
revoke all on function "engine"."sign_audit"(jsonb, jsonb) from public;
grant execute on function "engine"."sign_audit"(jsonb, jsonb) to "service_role";
revoke all on function "engine"."suspend_organization"(uuid, text, integer) from public;
grant execute on function "engine"."suspend_organization"(uuid, text, integer) to "service_role";
revoke all on function "engine"."write_invitation"(uuid) from public;
grant execute on function "engine"."write_invitation"(uuid) to "service_role";
revoke all on function "private"."add_api_key"(public.api_keys, text) from public;
revoke all on function "private"."add_audit_batches"(uuid, uuid[], bytea, private.audit_seal_state) from public;
revoke all on function "private"."api_usage_of"(uuid, date, date) from public;
revoke all on function "private"."api_version_of"(uuid, uuid) from public;
revoke all on function "private"."audit"(uuid, text, text, text, jsonb, jsonb, jsonb) from public;
revoke all on function "private"."audit_batch_of"(uuid, uuid) from public;
revoke all on function "private"."audit_event_reply"(public.audit_events) from public;
revoke all on function "private"."audit_facts"(uuid) from public;
revoke all on function "private"."audit_hash"(text) from public;
revoke all on function "private"."audit_head"(bytea, bytea) from public;
revoke all on function "private"."audit_page"(uuid, jsonb, integer, uuid, boolean) from public;
revoke all on function "private"."audit_root"(bytea) from public;
revoke all on function "private"."audit_row"() from public;
revoke all on function "private"."audit_security_event"() from public;
revoke all on function "private"."audit_statement"(private.audit_batches) from public;
revoke all on function "private"."audit_turn"(text, integer) from public;
revoke all on function "private"."audit_value"(jsonb) from public;
revoke all on function "private"."block_ip"(inet, text, timestamp with time zone, text, boolean) from public;
revoke all on function "private"."caller_key_id"() from public;
revoke all on function "private"."caller_user_id"() from public;
revoke all on function "private"."change_api_key"(public.api_keys, jsonb) from public;
revoke all on function "private"."change_is_sensitive"() from public;
revoke all on function "private"."check_audit_batches"(bigint, uuid, integer) from public;
revoke all on function "private"."check_name"(text) from public;
revoke all on function "private"."check_slug"(text) from public;
revoke all on function "private"."client_ip"() from public;
revoke all on function "private"."confirmed_email"(uuid) from public;
revoke all on function "private"."dead_letters_from"(uuid, jsonb, integer) from public;
revoke all on function "private"."drop_audit_batches"(bigint) from public;
revoke all on function "private"."drop_audit_of"(uuid, timestamp with time zone, bigint) from public;
revoke all on function "private"."drop_invitations_by"(uuid, uuid, text) from public;
revoke all on function "private"."end_membership"(public.organization_members) from public;
revoke all on function "private"."flags_of"(uuid) from public;
revoke all on function "private"."flows_reading_secret"(uuid, text) from public;
revoke all on function "private"."has_second_factor"(uuid) from public;
revoke all on function "private"."invitation_for"(uuid, uuid, text) from public;
revoke all on function "private"."invitation_reply"(uuid) from public;
revoke all on function "private"."ip_block_until"(inet) from public;
revoke all on function "private"."ip_bucket"(inet) from public;
revoke all on function "private"."ip_is_ours"(inet) from public;
revoke all on function "private"."ip_network"(inet) from public;
revoke all on function "private"."join_by_invitations"(uuid) from public;
revoke all on function "private"."join_organization"(public.invitations, uuid) from public;
revoke all on function "private"."limit_struck"(text, integer, timestamp with time zone) from public;
revoke all on function "private"."limit_subject_id"(text, text) from public;
revoke all on function "private"."lock_api_key"(uuid, integer) from public;
revoke all on function "private"."lock_invitation"(uuid, uuid, integer) from public;
revoke all on function "private"."lock_member"(uuid, uuid, integer) from public;
revoke all on function "private"."lock_organization"(uuid, text, integer) from public;
revoke all on function "private"."lock_secret"(uuid, text, integer) from public;
revoke all on function "private"."lock_workspace"(uuid, uuid, integer) from public;
revoke all on function "private"."mail_invitation"(uuid) from public;
revoke all on function "private"."member_reply"(uuid, uuid) from public;
revoke all on function "private"."must_show_factor"(uuid) from public;
revoke all on function "private"."note_audit_read"(uuid, text, jsonb) from public;

revoke all
  on function "private"."note_secret_access"(public.secrets, text, uuid, text, uuid, uuid, integer)
  from public;

revoke all on function "private"."organization_reply"(uuid) from public;
revoke all on function "private"."prune_security"() from public;

revoke all
  on function "private"."rate_answer"(timestamp with time zone, text, interval, integer, timestamp with time zone)
  from public;

revoke all on function "private"."read_envelope"(text, text) from public;
revoke all on function "private"."refuse_audit_change"() from public;

revoke all
  on function "private"."refuse_request"(timestamp with time zone, text[], text[], interval[], integer[], timestamp
    with time zone[])
  from public;

revoke all on function "private"."request_buckets"(text, uuid, public.plans, text, text, integer, integer) from public;
revoke all on function "private"."request_header"(text) from public;
revoke all on function "private"."request_headers"() from public;
revoke all on function "private"."request_is_proven"(jsonb) from public;
revoke all on function "private"."require_aal2"(uuid) from public;
revoke all on function "private"."require_open_ip"(inet) from public;
revoke all on function "private"."require_other_owner"(public.organization_members) from public;
revoke all on function "private"."require_person"() from public;
revoke all on function "private"."require_rank"(uuid, text, text) from public;
revoke all on function "private"."require_room"(uuid, text, integer) from public;
revoke all on function "private"."restart_audit_seal"() from public;
revoke all on function "private"."retry_job"(uuid, uuid, text) from public;
revoke all on function "private"."role_of_caller"(uuid) from public;
revoke all on function "private"."role_rank"(text) from public;

revoke all
  on function "private"."run_steps_page"(uuid, timestamp with time zone, text, text[], integer, boolean, text[], text)
  from public;

grant execute
  on function "private"."run_steps_page"(uuid, timestamp with time zone, text, text[], integer, boolean, text[], text)
  to "authenticated";

revoke all on function "private"."said_once"(anyarray) from public;
revoke all on function "private"."seal_audit"() from public;
revoke all on function "private"."seal_audit_rows"(integer) from public;
revoke all on function "private"."secret_reply"(uuid) from public;
revoke all on function "private"."security_event"(text, uuid, jsonb, uuid, uuid) from public;
revoke all on function "private"."security_events_page"(uuid, jsonb, integer, uuid) from public;
revoke all on function "private"."take_many_tokens"(text, integer, integer, integer, integer) from public;
revoke all on function "private"."take_request_tokens"(jsonb) from public;
revoke all on function "private"."tenant_relations"() from public;
revoke all on function "private"."used_of"(uuid, text) from public;
revoke all on function "private"."warn_of_expiry"() from public;
revoke all on function "public"."accept_invitation"(uuid, text) from public;
grant execute on function "public"."accept_invitation"(uuid, text) to "authenticated";
revoke all on function "public"."change_member_role"(uuid, uuid, text, integer) from public;
grant execute on function "public"."change_member_role"(uuid, uuid, text, integer) to "authenticated";
revoke all on function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text) from public;
grant execute on function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text) to "authenticated";
revoke all on function "public"."create_invitation"(uuid, text, text, integer, text) from public;
grant execute on function "public"."create_invitation"(uuid, text, text, integer, text) to "authenticated";
revoke all on function "public"."create_organization"(text, text, text) from public;
grant execute on function "public"."create_organization"(text, text, text) to "authenticated";

revoke all
  on function "public"."create_secret"(uuid, uuid, text, text, text, text, timestamp
    with time zone, integer, text, text)
  from public;

grant execute
  on function "public"."create_secret"(uuid, uuid, text, text, text, text, timestamp
    with time zone, integer, text, text)
  to "authenticated";

revoke all on function "public"."create_workspace"(uuid, text, text) from public;
grant execute on function "public"."create_workspace"(uuid, text, text) to "authenticated";
revoke all on function "public"."decline_invitation"(uuid, text) from public;
grant execute on function "public"."decline_invitation"(uuid, text) to "authenticated";
revoke all on function "public"."delete_organization"(uuid, integer) from public;
grant execute on function "public"."delete_organization"(uuid, integer) to "authenticated";
revoke all on function "public"."delete_secret"(uuid, boolean, integer) from public;
grant execute on function "public"."delete_secret"(uuid, boolean, integer) to "authenticated";
revoke all on function "public"."delete_workspace"(uuid, uuid, integer, uuid) from public;
grant execute on function "public"."delete_workspace"(uuid, uuid, integer, uuid) to "authenticated";
revoke all on function "public"."destroy_secret_version"(uuid, integer) from public;
grant execute on function "public"."destroy_secret_version"(uuid, integer) to "authenticated";
revoke all on function "public"."gate"(text, uuid, text) from public;
grant execute on function "public"."gate"(text, uuid, text) to "authenticated";
revoke all on function "public"."get_api_usage"(uuid, date, date) from public;
grant execute on function "public"."get_api_usage"(uuid, date, date) to "authenticated";
revoke all on function "public"."get_audit_event"(uuid) from public;
grant execute on function "public"."get_audit_event"(uuid) to "authenticated";
revoke all on function "public"."get_audit_proof"(uuid) from public;
grant execute on function "public"."get_audit_proof"(uuid) to "authenticated";
revoke all on function "public"."get_organization_usage"(uuid) from public;
grant execute on function "public"."get_organization_usage"(uuid) to "authenticated";
revoke all on function "public"."get_second_factor"(uuid) from public;
grant execute on function "public"."get_second_factor"(uuid) to "authenticated";
revoke all on function "public"."leave_organization"(uuid) from public;
grant execute on function "public"."leave_organization"(uuid) to "authenticated";
revoke all on function "public"."list_activity"(uuid, integer, uuid, boolean) from public;
grant execute on function "public"."list_activity"(uuid, integer, uuid, boolean) to "authenticated";
revoke all on function "public"."list_audit_events"(uuid, jsonb, integer, uuid, boolean, boolean) from public;

grant execute
  on function "public"."list_audit_events"(uuid, jsonb, integer, uuid, boolean, boolean)
  to "authenticated";

revoke all on function "public"."list_audit_keys"() from public;
grant execute on function "public"."list_audit_keys"() to "anon", "authenticated";
revoke all on function "public"."list_own_invitations"() from public;
grant execute on function "public"."list_own_invitations"() to "authenticated";

revoke all
  on function "public"."list_run_steps"(uuid, timestamp with time zone, text, integer, boolean, text[], text)
  from public;

grant execute
  on function "public"."list_run_steps"(uuid, timestamp with time zone, text, integer, boolean, text[], text)
  to "authenticated";

revoke all on function "public"."list_secret_accesses"(uuid, uuid, integer, boolean, text, uuid) from public;
grant execute on function "public"."list_secret_accesses"(uuid, uuid, integer, boolean, text, uuid) to "authenticated";
revoke all on function "public"."list_secret_flows"(uuid) from public;
grant execute on function "public"."list_secret_flows"(uuid) to "authenticated";
revoke all on function "public"."list_secret_versions"(uuid, integer, integer, boolean) from public;
grant execute on function "public"."list_secret_versions"(uuid, integer, integer, boolean) to "authenticated";
revoke all on function "public"."list_security_events"(uuid, jsonb, integer, uuid) from public;
grant execute on function "public"."list_security_events"(uuid, jsonb, integer, uuid) to "authenticated";
revoke all on function "public"."list_waiting_steps"(uuid, text[], uuid, uuid, integer, boolean) from public;
grant execute on function "public"."list_waiting_steps"(uuid, text[], uuid, uuid, integer, boolean) to "authenticated";
revoke all on function "public"."missing_secrets"(uuid, text[]) from public;
grant execute on function "public"."missing_secrets"(uuid, text[]) to "authenticated";
revoke all on function "public"."next_secret_version"(uuid) from public;
grant execute on function "public"."next_secret_version"(uuid) to "authenticated";
revoke all on function "public"."pin_api_version"(uuid, date, uuid) from public;
grant execute on function "public"."pin_api_version"(uuid, date, uuid) to "authenticated";
revoke all on function "public"."remove_member"(uuid, uuid, integer) from public;
grant execute on function "public"."remove_member"(uuid, uuid, integer) to "authenticated";
revoke all on function "public"."request_secret_reveal"(uuid, integer) from public;
grant execute on function "public"."request_secret_reveal"(uuid, integer) to "authenticated";
revoke all on function "public"."resend_invitation"(uuid, integer, integer, uuid) from public;
grant execute on function "public"."resend_invitation"(uuid, integer, integer, uuid) to "authenticated";
revoke all on function "public"."restore_organization"(uuid, integer) from public;
grant execute on function "public"."restore_organization"(uuid, integer) to "authenticated";
revoke all on function "public"."restore_secret_version"(uuid, integer, integer) from public;
grant execute on function "public"."restore_secret_version"(uuid, integer, integer) to "authenticated";
revoke all on function "public"."retry_job"(uuid, text) from public;
grant execute on function "public"."retry_job"(uuid, text) to "authenticated";
revoke all on function "public"."revoke_api_key"(uuid, integer) from public;
grant execute on function "public"."revoke_api_key"(uuid, integer) to "authenticated";
revoke all on function "public"."revoke_invitation"(uuid, integer, uuid) from public;
grant execute on function "public"."revoke_invitation"(uuid, integer, uuid) to "authenticated";

revoke all
  on function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp with time zone, integer, text)
  from public;

grant execute
  on function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp with time zone, integer, text)
  to "authenticated";

revoke all on function "public"."set_mfa_policy"(uuid, text, integer) from public;
grant execute on function "public"."set_mfa_policy"(uuid, text, integer) to "authenticated";

revoke all
  on function "public"."set_secret_value"(uuid, integer, text, text, integer, timestamp with time zone)
  from public;

grant execute
  on function "public"."set_secret_value"(uuid, integer, text, text, integer, timestamp with time zone)
  to "authenticated";

revoke all on function "public"."signal_run"(uuid, text, jsonb, boolean, text) from public;
grant execute on function "public"."signal_run"(uuid, text, jsonb, boolean, text) to "authenticated";
revoke all on function "public"."transfer_organization"(uuid, uuid, text, integer) from public;
grant execute on function "public"."transfer_organization"(uuid, uuid, text, integer) to "authenticated";
revoke all on function "public"."update_api_key"(uuid, jsonb, integer) from public;
grant execute on function "public"."update_api_key"(uuid, jsonb, integer) to "authenticated";
revoke all on function "public"."update_organization"(uuid, text, text, integer) from public;
grant execute on function "public"."update_organization"(uuid, text, text, integer) to "authenticated";
revoke all on function "public"."update_secret"(uuid, jsonb, integer) from public;
grant execute on function "public"."update_secret"(uuid, jsonb, integer) to "authenticated";
revoke all on function "public"."update_workspace"(uuid, text, boolean, integer, uuid) from public;
grant execute on function "public"."update_workspace"(uuid, text, boolean, integer, uuid) to "authenticated";
revoke all on function "public"."verify_audit"(uuid, bigint) from public;
grant execute on function "public"."verify_audit"(uuid, bigint) to "authenticated";
revoke all on function "public"."verify_audit_end"(uuid) from public;
grant execute on function "public"."verify_audit_end"(uuid) to "authenticated";
grant select on table "public"."api_keys" to "authenticated", "service_role";
grant select on table "public"."audit_events" to "authenticated", "service_role";
grant select on table "public"."invitations" to "authenticated", "service_role";
grant select on table "public"."secrets" to "authenticated", "service_role";
grant select on table "engine"."changes" to "service_role";

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

reset check_function_bodies;

-- seed 10_tenancy/011_plans_seed.sql 6e33bdb9fe20e82b
insert into public.plans
  (id, name, requests_per_minute, request_burst, max_flows, max_webhook_endpoints, hook_requests_per_minute, max_run_seconds,
    max_concurrent_runs, max_schedules, queue_weight, max_members, max_workspaces, max_api_keys, max_secrets)
values
  ('free', 'Free', 300, 100, 20, 20, 600, 86400, 200, 20, 1, 5, 3, 5, 20),
  ('pro', 'Pro', 1200, 300, 200, 200, 3000, 604800, 1000, 200, 2, 25, 20, 50, 200),
  ('team', 'Team', 3000, 600, 1000, 1000, 12000, 2592000, 5000, 1000, 4, 200, 100, 200, 1000),
  ('enterprise', 'Enterprise', 12000, 2400, 10000, 10000, 60000, 31536000, null, 10000, 8, 10000, 1000, 2000, 10000)
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
  max_secrets = excluded.max_secrets;
-- end of seed 10_tenancy/011_plans_seed.sql

-- seed 10_tenancy/012_plans_retention_seed.sql 3b03f6adc9e7491a
-- Only what is absent: what an operator has set stays, null (for ever) too. A plan without any gets its archive with them.
update public.plans p set
  archives_runs = case when p.retention_days = '{}' then v.archives_runs else p.archives_runs end,
  retention_days = v.retention_days || p.retention_days
from (values
  ('free', false, '{"runs": 7, "audit": 90, "jobs": 7, "webhook_events": 30, "archives": 365}'::jsonb),
  ('pro', true, '{"runs": 30, "audit": 365, "jobs": 14, "webhook_events": 30, "archives": 365}'),
  ('team', true, '{"runs": 90, "audit": 730, "jobs": 30, "webhook_events": 90, "archives": 1095}'),
  ('enterprise', true, '{"runs": 365, "audit": null, "jobs": 90, "webhook_events": 365, "archives": null}')
) as v (id, archives_runs, retention_days)
where p.id = v.id and not p.retention_days ?& array['runs', 'jobs', 'webhook_events', 'archives', 'audit'];
-- end of seed 10_tenancy/012_plans_retention_seed.sql

-- seed 10_tenancy/013_plans_request_limits_seed.sql e985a141250556bf
update public.plans p
set organization_requests_per_minute = l.requests_per_minute, organization_request_burst = l.burst
from (values ('free', 900, 300), ('pro', 6000, 1200), ('team', 30000, 4000), ('enterprise', 120000, 16000))
  as l (id, requests_per_minute, burst)
where p.id = l.id;
-- end of seed 10_tenancy/013_plans_request_limits_seed.sql

-- seed 10_tenancy/041_role_permissions_seed.sql 6281d76965dfa951
delete from private.role_permissions;
insert into private.role_permissions (role, permission)
select r.role, p.permission
from (values
  ('guest', array['org:read', 'flows:read']),
  ('viewer', array['org:read', 'members:read', 'flows:read', 'runs:read']),
  ('member', array['org:read', 'members:read', 'flows:read', 'runs:read', 'runs:execute', 'webhooks:read']),
  ('developer', array['org:read', 'members:read', 'workspaces:write', 'flows:read', 'flows:write', 'runs:read', 'runs:execute',
    'webhooks:read', 'webhooks:write', 'keys:read', 'secrets:read', 'secrets:write']),
  ('admin', array['org:read', 'org:write', 'members:read', 'members:write', 'workspaces:write', 'flows:read', 'flows:write',
    'runs:read', 'runs:execute', 'webhooks:read', 'webhooks:write', 'keys:read', 'keys:write', 'secrets:read', 'secrets:write',
    'audit:read', 'billing:read']),
  ('owner', array['org:read', 'org:write', 'org:own', 'members:read', 'members:write', 'workspaces:write', 'flows:read',
    'flows:write', 'runs:read', 'runs:execute', 'webhooks:read', 'webhooks:write', 'keys:read', 'keys:write', 'secrets:read',
    'secrets:write', 'audit:read', 'billing:read', 'billing:write'])
) as r (role, permissions)
cross join lateral unnest(r.permissions) as p (permission);
-- end of seed 10_tenancy/041_role_permissions_seed.sql

-- seed 45_tasks/900_system_tasks_seed.sql 84d72bd74def7249
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
    'Mails the owners 14, 3 and 1 days before a secret expires, when it has, and when its rotation is due; forgets accesses to secrets after 90 days.')
on conflict (name) do update set
  kind = excluded.kind, handler = excluded.handler, cron = excluded.cron, depends_on = excluded.depends_on,
  timeout_seconds = excluded.timeout_seconds, alert_after = excluded.alert_after, description = excluded.description;
-- end of seed 45_tasks/900_system_tasks_seed.sql
