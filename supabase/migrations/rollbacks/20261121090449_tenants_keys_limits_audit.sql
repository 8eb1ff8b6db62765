-- The way back from 20261121090449_tenants_keys_limits_audit.sql. Written by `deno task db:diff` but for its last lines; change sql/ instead.
-- Loses data: 42 statements below.

set check_function_bodies = off;

drop trigger "audit" on "public"."entities";
drop trigger "audit" on "public"."flows";
drop trigger "audit" on "public"."organization_members";
drop trigger "sensitive" on "public"."organization_members";
drop trigger "touch" on "public"."organization_members";
drop trigger "audit" on "public"."organizations";
drop trigger "sensitive" on "public"."organizations";
drop trigger "audit" on "public"."plans";
drop trigger "audit" on "public"."profiles";
drop trigger "audit" on "public"."schedules";
drop trigger "audit" on "public"."webhook_endpoints";
drop trigger "audit" on "public"."workspaces";

drop index "public"."organizations_deletes_at_idx";
drop index "public"."organizations_deletion_requested_by_idx";

drop view "engine"."changes";
drop view "private"."audit_leaves";

alter table "private"."api_key_hashes"
  drop constraint "api_key_hashes_key_id_fkey";

alter table "private"."api_pins"
  drop constraint "api_pins_key_id_fkey";

alter table "private"."api_pins"
  drop constraint "api_pins_organization_id_fkey";

alter table "private"."audit_keys"
  drop constraint "audit_keys_endorsed_by_fkey";

alter table "private"."flag_rules"
  drop constraint "flag_rules_flag_fkey";

alter table "private"."flag_rules"
  drop constraint "flag_rules_organization_id_fkey";

alter table "private"."invitation_tokens"
  drop constraint "invitation_tokens_invitation_id_fkey";

alter table "private"."secret_accesses"
  drop constraint "secret_accesses_organization_id_fkey";

alter table "private"."secret_notices"
  drop constraint "secret_notices_organization_id_fkey";

alter table "private"."secret_notices"
  drop constraint "secret_notices_secret_id_fkey";

alter table "private"."secret_versions"
  drop constraint "secret_versions_created_by_fkey";

alter table "private"."secret_versions"
  drop constraint "secret_versions_organization_id_fkey";

alter table "private"."secret_versions"
  drop constraint "secret_versions_secret_id_fkey";

alter table "public"."api_keys"
  drop constraint "api_keys_created_by_fkey";

alter table "public"."api_keys"
  drop constraint "api_keys_organization_id_fkey";

alter table "public"."api_keys"
  drop constraint "api_keys_rotated_from_fkey";

alter table "public"."invitations"
  drop constraint "invitations_accepted_by_fkey";

alter table "public"."invitations"
  drop constraint "invitations_created_by_fkey";

alter table "public"."invitations"
  drop constraint "invitations_organization_id_fkey";

alter table "public"."job_queue"
  drop constraint "jobs_are_due_some_day";

alter table "public"."organizations"
  drop constraint "organizations_deletion_requested_by_fkey";

alter table "public"."organizations"
  drop constraint "organizations_require_mfa_check";

alter table "public"."organizations"
  drop constraint "organizations_suspended_reason_check";

alter table "public"."organizations"
  drop constraint "reason_is_of_a_suspension";

alter table "public"."plans"
  drop constraint "plans_max_api_keys_check";

alter table "public"."plans"
  drop constraint "plans_max_members_check";

alter table "public"."plans"
  drop constraint "plans_max_secrets_check";

alter table "public"."plans"
  drop constraint "plans_max_workspaces_check";

alter table "public"."plans"
  drop constraint "plans_organization_request_burst_check";

alter table "public"."plans"
  drop constraint "plans_organization_requests_per_minute_check";

alter table "public"."secrets"
  drop constraint "secrets_created_by_fkey";

alter table "public"."secrets"
  drop constraint "secrets_organization_id_fkey";

drop function "engine"."add_api_usage"(jsonb);
drop function "engine"."add_ip_block"(text, text, timestamp with time zone, text);
drop function "engine"."blocking_settings"();
drop function "engine"."count_secrets_by_key"();
drop function "engine"."enqueue_jobs_once"(jsonb, text);
drop function "engine"."gate_key"(text, text, uuid, text, text);
drop function "engine"."get_api_usage"(uuid, date, date);
drop function "engine"."get_flag"(text);
drop function "engine"."get_secret_warning"(uuid, text, timestamp with time zone);
drop function "engine"."get_webhook_endpoint"(text, boolean, integer, jsonb);
drop function "engine"."ingest_webhooks"(uuid, uuid, text, jsonb);
drop function "engine"."list_ip_blocks"(integer, uuid);
drop function "engine"."list_organization_objects"(uuid, integer);
drop function "engine"."list_rate_limit_buckets"(text, text);
drop function "engine"."list_rate_limit_overrides"(text, text);
drop function "engine"."list_security_events"(uuid, jsonb, integer, uuid);
drop function "engine"."list_task_runs"(text, integer, uuid, boolean, text[], text[]);
drop function "engine"."list_unsigned_audit"(integer);
drop function "engine"."note_refusals"(jsonb);
drop function "engine"."organizations_to_remove"(integer);
drop function "engine"."read_secrets"(jsonb);
drop function "engine"."record_webhook_rejection"(uuid, text);
drop function "engine"."redeem_secret_ticket"(uuid);
drop function "engine"."remove_ip_block"(uuid, text);
drop function "engine"."remove_organization"(uuid, integer);
drop function "engine"."remove_rate_limit_override"(text, text, text);
drop function "engine"."request_task"(text, text);
drop function "engine"."reset_rate_limit_buckets"(text, text);
drop function "engine"."resume_organization"(uuid, integer);
drop function "engine"."retry_job"(uuid, text);
drop function "engine"."rewrap_secrets"(jsonb);
drop function "engine"."seal_audit"();
drop function "engine"."secrets_to_rewrap"(text, integer, jsonb);
drop function "engine"."set_blocking_settings"(jsonb);
drop function "engine"."set_flag"(text, integer, uuid, boolean, text, date);
drop function "engine"."set_rate_limit_override"(jsonb, text);
drop function "engine"."set_request_proof_key"(text);
drop function "engine"."sign_audit"(jsonb, jsonb);
drop function "engine"."suspend_organization"(uuid, text, integer);
drop function "engine"."write_invitation"(uuid);
drop function "private"."add_api_key"(public.api_keys, text);
drop function "private"."add_audit_batches"(uuid, uuid[], bytea, private.audit_seal_state);
drop function "private"."api_usage_of"(uuid, date, date);
drop function "private"."api_version_of"(uuid, uuid);
drop function "private"."audit"(uuid, text, text, text, jsonb, jsonb, jsonb);
drop function "private"."audit_batch_of"(uuid, uuid);
drop function "private"."audit_event_reply"(public.audit_events);
drop function "private"."audit_facts"(uuid);
drop function "private"."audit_hash"(text);
drop function "private"."audit_head"(bytea, bytea);
drop function "private"."audit_page"(uuid, jsonb, integer, uuid, boolean);
drop function "private"."audit_root"(bytea);
drop function "private"."audit_statement"(private.audit_batches);
drop function "private"."audit_turn"(text, integer);
drop function "private"."audit_value"(jsonb);
drop function "private"."block_ip"(inet, text, timestamp with time zone, text, boolean);
drop function "private"."caller_key_id"();
drop function "private"."caller_user_id"();
drop function "private"."change_api_key"(public.api_keys, jsonb);
drop function "private"."check_audit_batches"(bigint, uuid, integer);
drop function "private"."check_name"(text);
drop function "private"."check_slug"(text);
drop function "private"."client_ip"();
drop function "private"."confirmed_email"(uuid);
drop function "private"."dead_letters_from"(uuid, jsonb, integer);
drop function "private"."drop_audit_batches"(bigint);
drop function "private"."drop_audit_of"(uuid, timestamp with time zone, bigint);
drop function "private"."drop_invitations_by"(uuid, uuid, text);
drop function "private"."end_membership"(public.organization_members);
drop function "private"."flags_of"(uuid);
drop function "private"."flows_reading_secret"(uuid, text);
drop function "private"."has_second_factor"(uuid);
drop function "private"."invitation_for"(uuid, uuid, text);
drop function "private"."invitation_reply"(uuid);
drop function "private"."ip_block_until"(inet);
drop function "private"."ip_bucket"(inet);
drop function "private"."ip_is_ours"(inet);
drop function "private"."ip_network"(inet);
drop function "private"."join_by_invitations"(uuid);
drop function "private"."join_organization"(public.invitations, uuid);
drop function "private"."limit_struck"(text, integer, timestamp with time zone);
drop function "private"."limit_subject_id"(text, text);
drop function "private"."lock_api_key"(uuid, integer);
drop function "private"."lock_invitation"(uuid, uuid, integer);
drop function "private"."lock_member"(uuid, uuid, integer);
drop function "private"."lock_organization"(uuid, text, integer);
drop function "private"."lock_secret"(uuid, text, integer);
drop function "private"."lock_workspace"(uuid, uuid, integer);
drop function "private"."mail_invitation"(uuid);
drop function "private"."member_reply"(uuid, uuid);
drop function "private"."must_show_factor"(uuid);
drop function "private"."note_audit_read"(uuid, text, jsonb);
drop function "private"."note_secret_access"(public.secrets, text, uuid, text, uuid, uuid, integer);
drop function "private"."organization_reply"(uuid);
drop function "private"."prune_security"();
drop function "private"."rate_answer"(timestamp with time zone, text, interval, integer, timestamp with time zone);
drop function "private"."read_envelope"(text, text);

drop function "private"."refuse_request"(timestamp with time zone, text[], text[], interval[], integer[], timestamp
  with time zone[]);

drop function "private"."request_buckets"(text, uuid, public.plans, text, text, integer, integer);
drop function "private"."request_header"(text);
drop function "private"."request_headers"();
drop function "private"."request_is_proven"(jsonb);
drop function "private"."require_aal2"(uuid);
drop function "private"."require_open_ip"(inet);
drop function "private"."require_other_owner"(public.organization_members);
drop function "private"."require_person"();
drop function "private"."require_rank"(uuid, text, text);
drop function "private"."require_room"(uuid, text, integer);
drop function "private"."restart_audit_seal"();
drop function "private"."retry_job"(uuid, uuid, text);
drop function "private"."role_of_caller"(uuid);
drop function "private"."role_rank"(text);
drop function "private"."run_steps_page"(uuid, timestamp with time zone, text, text[], integer, boolean, text[], text);
drop function "private"."said_once"(anyarray);
drop function "private"."seal_audit"();
drop function "private"."seal_audit_rows"(integer);
drop function "private"."secret_reply"(uuid);
drop function "private"."security_event"(text, uuid, jsonb, uuid, uuid);
drop function "private"."security_events_page"(uuid, jsonb, integer, uuid);
drop function "private"."take_many_tokens"(text, integer, integer, integer, integer);
drop function "private"."take_request_tokens"(jsonb);
drop function "private"."tenant_relations"();
drop function "private"."used_of"(uuid, text);
drop function "private"."warn_of_expiry"();
drop function "public"."accept_invitation"(uuid, text);
drop function "public"."change_member_role"(uuid, uuid, text, integer);
drop function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text);
drop function "public"."create_invitation"(uuid, text, text, integer, text);
drop function "public"."create_organization"(text, text, text);

drop function "public"."create_secret"(uuid, uuid, text, text, text, text, timestamp
  with time zone, integer, text, text);

drop function "public"."create_workspace"(uuid, text, text);
drop function "public"."decline_invitation"(uuid, text);
drop function "public"."delete_organization"(uuid, integer);
drop function "public"."delete_secret"(uuid, boolean, integer);
drop function "public"."delete_workspace"(uuid, uuid, integer, uuid);
drop function "public"."destroy_secret_version"(uuid, integer);
drop function "public"."gate"(text, uuid, text);
drop function "public"."get_api_usage"(uuid, date, date);
drop function "public"."get_audit_event"(uuid);
drop function "public"."get_audit_proof"(uuid);
drop function "public"."get_organization_usage"(uuid);
drop function "public"."get_second_factor"(uuid);
drop function "public"."leave_organization"(uuid);
drop function "public"."list_activity"(uuid, integer, uuid, boolean);
drop function "public"."list_audit_events"(uuid, jsonb, integer, uuid, boolean, boolean);
drop function "public"."list_audit_keys"();
drop function "public"."list_own_invitations"();
drop function "public"."list_run_steps"(uuid, timestamp with time zone, text, integer, boolean, text[], text);
drop function "public"."list_secret_accesses"(uuid, uuid, integer, boolean, text, uuid);
drop function "public"."list_secret_flows"(uuid);
drop function "public"."list_secret_versions"(uuid, integer, integer, boolean);
drop function "public"."list_security_events"(uuid, jsonb, integer, uuid);
drop function "public"."list_waiting_steps"(uuid, text[], uuid, uuid, integer, boolean);
drop function "public"."missing_secrets"(uuid, text[]);
drop function "public"."next_secret_version"(uuid);
drop function "public"."pin_api_version"(uuid, date, uuid);
drop function "public"."remove_member"(uuid, uuid, integer);
drop function "public"."request_secret_reveal"(uuid, integer);
drop function "public"."resend_invitation"(uuid, integer, integer, uuid);
drop function "public"."restore_organization"(uuid, integer);
drop function "public"."restore_secret_version"(uuid, integer, integer);
drop function "public"."retry_job"(uuid, text);
drop function "public"."revoke_api_key"(uuid, integer);
drop function "public"."revoke_invitation"(uuid, integer, uuid);
drop function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp with time zone, integer, text);
drop function "public"."set_mfa_policy"(uuid, text, integer);
drop function "public"."set_secret_value"(uuid, integer, text, text, integer, timestamp with time zone);
drop function "public"."signal_run"(uuid, text, jsonb, boolean, text);
drop function "public"."transfer_organization"(uuid, uuid, text, integer);
drop function "public"."update_api_key"(uuid, jsonb, integer);
drop function "public"."update_organization"(uuid, text, text, integer);
drop function "public"."update_secret"(uuid, jsonb, integer);
drop function "public"."update_workspace"(uuid, text, boolean, integer, uuid);
drop function "public"."verify_audit"(uuid, bigint);
drop function "public"."verify_audit_end"(uuid);

alter table "private"."rate_limits"
  drop column "blocked_until";

alter table "private"."rate_limits"
  drop column "burst";

alter table "private"."rate_limits"
  drop column "refused_at";

alter table "private"."rate_limits"
  drop column "refused";

alter table "private"."rate_limits"
  drop column "strikes";

alter table "public"."bulk_operations"
  drop column "api_key_id";

alter table "public"."organization_members"
  drop column "updated_at";

alter table "public"."organization_members"
  drop column "version";

alter table "public"."organizations"
  drop column "deletes_at";

alter table "public"."organizations"
  drop column "deletion_requested_by";

alter table "public"."organizations"
  drop column "require_mfa";

alter table "public"."organizations"
  drop column "suspended_reason";

alter table "public"."plans"
  drop column "max_api_keys";

alter table "public"."plans"
  drop column "max_members";

alter table "public"."plans"
  drop column "max_secrets";

alter table "public"."plans"
  drop column "max_workspaces";

alter table "public"."plans"
  drop column "organization_request_burst";

alter table "public"."plans"
  drop column "organization_requests_per_minute";

drop table "private"."api_key_hashes";
drop table "private"."api_pins";
drop table "private"."api_usage";
drop table "private"."audit_batches";
drop table "private"."audit_keys";
drop table "private"."audit_seal_state";
drop table "private"."audit_sealed_ahead";
drop table "private"."audit_turns";
drop table "private"."flag_rules";
drop table "private"."flags";
drop table "private"."invitation_tokens";
drop table "private"."ip_blocks";
drop table "private"."organization_removals";
drop table "private"."rate_limit_overrides";
drop table "private"."secret_accesses";
drop table "private"."secret_notices";
drop table "private"."secret_tickets";
drop table "private"."secret_versions";
drop table "private"."security_events";

drop function "private"."audit_security_event"();

drop table "public"."api_keys";
drop table "public"."audit_events_default";
drop table "public"."audit_events";

drop function "private"."refuse_audit_change"();

drop table "public"."invitations";
drop table "public"."secrets";

drop function "private"."audit_row"();
drop function "private"."change_is_sensitive"();

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

alter table "public"."webhook_events"
  add constraint "webhook_events_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

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

comment on column "private"."rate_limits"."key" is 'What is limited: user:<id>:<route class>, hook:<endpoint id>.';
comment on column "private"."settings"."name" is 'functions_url = where the edge functions answer; max_workers = how many worker isolates may be awake; schedule_clock_since = since when the clock of schedules ticks, written by each tick; operator_email = who is told when a system task fails; usage_counted_to = the hour up to which usage has been counted.';
comment on column "public"."bulk_operations"."created_by" is 'Who asked, and whose rights count.';
comment on column "public"."plans"."retention_days" is 'Days for which is kept what has ended, by kind: {runs, jobs, webhook_events, archives}; null or absent = for ever. Yours to change: a migration adds what is absent and changes nothing. Webhook events at least 30: a repetition of an event is known by it.';
comment on column "public"."webhook_events"."organization_id" is 'The tenant.';
comment on function "engine"."ensure_partitions"(integer) is 'Makes the weekly partitions of runs, run_steps and job_history from this week to p_weeks_ahead later, with RLS on and no grants of their own. Gives way when the tables are in use: the next call makes the rest. Answers how many it made. Daily by pg_cron.';
comment on function "engine"."get_webhook_endpoint"(text, boolean) is 'What the receiver needs to judge a delivery: adapter, settings, valid secrets, one token of the endpoint''s rate limit, and in ahead what it takes to run a flow before its event is kept: the current version, ids and time; null where a limit is full, or a mapping or a limit of the flow has a say. Null = no active endpoint has this slug. p_test = for its test address, where one that is switched off answers too, unless it takes unsigned deliveries.';

comment on function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean,
  jsonb, jsonb) is 'Keeps a verified delivery and starts its run, in one transaction, so that it may be acknowledged. A repeated event (same key, or same body where p_dedupe_body) starts nothing and answers with the first one. p_raw_body is base64; p_input is what the trigger gives (event_id and received_at are added); p_worker_id = the first token is leased to that worker, and jobs holds it; p_unsigned = nobody checked who sent it; p_test = it came to the test address: it repeats nothing, runs although the flow is off, and its input says test; p_mapped = what the endpoint''s mapping gave: {entity, input, error}, where the entity is made or brought up to date and moves with the run, and input stands in for p_input; p_ahead = what a flow that only computes has given already: {version_id, event_id, run_id, received_at} as get_webhook_endpoint proposed them and the steps, recorded with the event when the version is still the current one.';

comment on function "engine"."list_task_runs"(text, integer, uuid) is 'The history of a task, newest first; p_before = only runs older than this one.';
comment on function "engine"."record_webhook_rejection"(uuid, text) is 'Counts a delivery that was refused, and why. Nothing of the delivery is kept.';
comment on function "engine"."request_task"(text) is 'Asks for a run of a task by hand, whether it is due, enabled, or waits for others: start_waiting_task begins it within ten seconds, in a session that may take its time. 409 conflict while a run is under way. Answers the row of the history.';
comment on function "engine"."retry_job"(uuid) is 'public.retry_job for operators.';
comment on function "private"."change_actor"(text[]) is 'Who writes, to be asked inside a trigger: {user_id, role, email, claims}. user_id and email come from the token, null without one; role is the database role: authenticated, anon, service_role, or who is logged in; claims = those of the token that are named.';
comment on function "private"."check_dead_letter_filter"(jsonb, integer) is 'Refuses what no action on dead letters takes.';
comment on function "private"."ensure_tenant"(uuid) is 'The default organization of a user; makes profile, organization, default workspace and owner membership when there is none.';
comment on function "private"."finish_leases"(uuid, jsonb, timestamp with time zone) is 'Part of engine.finish_jobs: leases all of whose jobs have completed and leave no trace. Answers those that this worker still held.';
comment on function "private"."kept_days"(text, uuid) is 'Days for which an organization keeps what has ended: those of its plan, or of a better one that it left within 30 days; null = for ever. The platform, and organizations that are gone: 14.';

comment on function "private"."lease_jobs"(uuid, uuid[], boolean, timestamp
  with time zone) is 'Part of engine.claim_jobs: takes jobs, whose rows the caller has locked, out of the queue and into a lease. Answers [{lease, jobs, organization_ids, types, payloads, attempts, max_attempts, due}], the lists in the same order: half the time of an object a job. Those that have expired or find no place under their key are left out; [] = all are.';

comment on function "private"."organizations_with"(text) is 'The organizations in which the caller holds the permission: what every policy asks, once per statement. A suspended organization counts only for org:read.';
comment on function "private"."purge_rate_limits"(integer) is 'Forgets full buckets that nobody has used for ten minutes; answers how many.';

comment on function "private"."record_run_ahead"(public.flows, public.webhook_events, text, jsonb, text, jsonb) is
  'Writes a run that has been run already, with its steps: what create_run, settle_jobs and finish_run would have left of a run without limits, entity, effects, waits and regions. p_steps is as in a result of settle_jobs.';

comment on function "private"."require_permission"(uuid, text, text) is 'Raises 404 unless the caller is a member of the organization (or when it is null), 403 unless the role holds the permission. p_what names the thing in the message.';
comment on function "private"."retry_job"(uuid) is 'Does a job once more that was given up, cancelled or expired: as a new job, with all its attempts before it. Once only. Answers the new job.';

comment on function "private"."run_steps_page"(uuid, timestamp
  with time zone, text, text[], integer) is 'The steps of a run in order of their end, after (p_from, p_after) where p_from is not null, without those whose key is in p_seen; at most p_limit and some 4 MiB of outputs. Answers {steps, more}. The id of a step is unique in its run: node_id[:scope]:attempt; its key, which is there when p_seen is not null, is the beginning of the md5 of that.';

comment on function "public"."decide_step"(uuid, text, jsonb, text, boolean) is 'Decides a step that waits for a person: an approval ({decision: approved or rejected, comment}), or an effect of unknown outcome ({outcome: completed, failed or retry, output, error}). 409 when the step waits for none: of two decisions the first counts. Needs runs:execute, and where the step names approvers, to be one.';
comment on function "public"."gate"(text, uuid) is 'The one call before the business call: who the caller is in which organization (null = the first), what the role may do, the plan''s limits, and one token of the rate limit of the route class (default, read, write, run). A person''s first call makes profile, organization and workspace.';
comment on function "public"."list_run_archives"(uuid, date, uuid, integer) is 'Archived objects of an organization, newest first: those of the week of p_week (null = of all), behind p_after. Null when there is none. Runs as the caller.';

comment on function "public"."list_run_steps"(uuid, timestamp
  with time zone, text, integer) is 'A page of the steps of a run in order: those after the step p_after that ended at p_from (null = from the first). Answers {steps, more}; null when the caller sees no such run. Runs as the caller.';

comment on function "public"."list_waiting_steps"(uuid, text[], uuid, uuid, integer) is 'Steps of an organization that wait for something: of these kinds (approval and decision wait for a person; also signal, callback, timer, run, limit), those after p_after. may_decide = the caller could. Null for who may not read runs there. Runs as the caller.';
comment on function "public"."retry_job"(uuid) is 'Does a dead letter, or a cancelled or expired job, once more as a new job, which names it as replay_of. 409 when that was done already (details: replayed_as) or a job with its unique key waits. Needs runs:execute. Answers the new job.';
comment on function "public"."signal_run"(uuid, text, jsonb, boolean) is 'Sends a signal to a run: the step that waits longest for it goes on; when none waits, it is kept for the next that does. p_wake false = the caller runs what follows itself. Needs runs:execute.';
comment on view "engine"."changes" is 'Tables whose changes start flows: made by engine.on_change, removed by engine.off_change.';

revoke all on function "engine"."get_webhook_endpoint"(text, boolean) from public;
grant execute on function "engine"."get_webhook_endpoint"(text, boolean) to "service_role";
revoke all on function "engine"."list_task_runs"(text, integer, uuid) from public;
grant execute on function "engine"."list_task_runs"(text, integer, uuid) to "service_role";
revoke all on function "engine"."record_webhook_rejection"(uuid, text) from public;
grant execute on function "engine"."record_webhook_rejection"(uuid, text) to "service_role";
revoke all on function "engine"."request_task"(text) from public;
grant execute on function "engine"."request_task"(text) to "service_role";
revoke all on function "engine"."retry_job"(uuid) from public;
grant execute on function "engine"."retry_job"(uuid) to "service_role";
revoke all on function "private"."check_dead_letter_filter"(jsonb, integer) from public;

revoke all
  on function "private"."record_run_ahead"(public.flows, public.webhook_events, text, jsonb, text, jsonb)
  from public;

revoke all on function "private"."retry_job"(uuid) from public;
revoke all on function "private"."run_steps_page"(uuid, timestamp with time zone, text, text[], integer) from public;

grant execute
  on function "private"."run_steps_page"(uuid, timestamp with time zone, text, text[], integer)
  to "authenticated";

revoke all on function "public"."gate"(text, uuid) from public;
grant execute on function "public"."gate"(text, uuid) to "authenticated";
revoke all on function "public"."list_run_archives"(uuid, date, uuid, integer) from public;
grant execute on function "public"."list_run_archives"(uuid, date, uuid, integer) to "authenticated";
revoke all on function "public"."list_run_steps"(uuid, timestamp with time zone, text, integer) from public;
grant execute on function "public"."list_run_steps"(uuid, timestamp with time zone, text, integer) to "authenticated";
revoke all on function "public"."list_waiting_steps"(uuid, text[], uuid, uuid, integer) from public;
grant execute on function "public"."list_waiting_steps"(uuid, text[], uuid, uuid, integer) to "authenticated";
revoke all on function "public"."retry_job"(uuid) from public;
grant execute on function "public"."retry_job"(uuid) to "authenticated";
revoke all on function "public"."signal_run"(uuid, text, jsonb, boolean) from public;
grant execute on function "public"."signal_run"(uuid, text, jsonb, boolean) to "authenticated";
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

-- Rows that the seeds of the release before would leave as they are.
delete from private.system_tasks where name in ('audit-seal', 'secrets', 'security', 'organizations-remove');
update public.plans set retention_days = retention_days - 'audit' where retention_days ? 'audit';
