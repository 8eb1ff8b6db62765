-- The way back from 20261120221441_initial_schema.sql. Written by `deno task db:diff` and never edited; change sql/ instead.
-- Loses data: 23 statements below.

set check_function_bodies = off;

drop policy "members_see_flow_versions" on "public"."flow_versions";
drop policy "members_see_flows" on "public"."flows";
drop policy "members_see_jobs" on "public"."job_queue";
drop policy "members_see_members" on "public"."organization_members";
drop policy "members_see_their_organizations" on "public"."organizations";
drop policy "members_see_themselves" on "public"."profiles";
drop policy "members_see_run_steps" on "public"."run_steps";
drop policy "members_see_runs" on "public"."runs";
drop policy "members_see_webhook_endpoints" on "public"."webhook_endpoints";
drop policy "members_see_webhook_events" on "public"."webhook_events";
drop policy "members_see_workspaces" on "public"."workspaces";

alter table "private"."flow_plans"
  drop constraint "flow_plans_organization_id_fkey";

alter table "private"."webhook_secrets"
  drop constraint "webhook_secrets_endpoint_id_fkey";

alter table "public"."flow_versions"
  drop constraint "flow_versions_created_by_fkey";

alter table "public"."flow_versions"
  drop constraint "flow_versions_flow_id_fkey";

alter table "public"."flow_versions"
  drop constraint "flow_versions_organization_id_fkey";

alter table "public"."flows"
  drop constraint "flows_created_by_fkey";

alter table "public"."flows"
  drop constraint "flows_current_version_id_fkey";

alter table "public"."flows"
  drop constraint "flows_organization_id_fkey";

alter table "public"."flows"
  drop constraint "flows_organization_id_workspace_id_fkey";

alter table "public"."organization_members"
  drop constraint "organization_members_organization_id_fkey";

alter table "public"."organization_members"
  drop constraint "organization_members_user_id_fkey";

alter table "public"."organizations"
  drop constraint "organizations_created_by_fkey";

alter table "public"."organizations"
  drop constraint "organizations_plan_id_fkey";

alter table "public"."profiles"
  drop constraint "profiles_id_fkey";

alter table "public"."webhook_endpoints"
  drop constraint "webhook_endpoints_created_by_fkey";

alter table "public"."webhook_endpoints"
  drop constraint "webhook_endpoints_flow_id_fkey";

alter table "public"."webhook_endpoints"
  drop constraint "webhook_endpoints_organization_id_fkey";

alter table "public"."webhook_events"
  drop constraint "webhook_events_endpoint_id_fkey";

alter table "public"."webhook_events"
  drop constraint "webhook_events_organization_id_fkey";

alter table "public"."webhook_events"
  drop constraint "webhook_events_replay_of_fkey";

alter table "public"."workspaces"
  drop constraint "workspaces_organization_id_fkey";

drop function "engine"."claim_jobs"(uuid, integer, text, uuid);
drop function "engine"."configure"(text, integer);
drop function "engine"."ensure_partitions"(integer);
drop function "engine"."get_webhook_endpoint"(text);
drop function "engine"."heartbeat"(uuid);

drop function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean);

drop function "engine"."load_plans"(uuid[], integer);
drop function "engine"."record_webhook_rejection"(uuid, text);
drop function "engine"."redeem_wake"(uuid);
drop function "engine"."release_worker"(uuid, boolean);
drop function "engine"."settle_jobs"(uuid, jsonb);
drop function "engine"."store_plan"(uuid, jsonb, integer);
drop function "engine"."tick"();
drop function "private"."add_flow_version"(public.flows, jsonb, integer);
drop function "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid);
drop function "private"."end_run"(uuid, text, jsonb, jsonb);
drop function "private"."ensure_tenant"(uuid);
drop function "private"."fail"(text, text, integer, jsonb);
drop function "private"."finish_run"(uuid);
drop function "private"."flow_reply"(uuid);
drop function "private"."graph_without_layout"(jsonb);
drop function "private"."idempotent_reply"(uuid, text, text, jsonb);
drop function "private"."job_reply"(uuid[]);
drop function "private"."keep_reply"(uuid, text, text, jsonb);
drop function "private"."keep_worker"(uuid, text);
drop function "private"."lock_flow"(uuid, text, integer);
drop function "private"."lock_run"(uuid, text);
drop function "private"."lock_webhook_endpoint"(uuid, integer);
drop function "private"."new_webhook_secret"(jsonb);
drop function "private"."organizations_with"(text);
drop function "private"."purge_rate_limits"(integer);
drop function "private"."require_permission"(uuid, text, text);
drop function "private"."run_steps_page"(uuid, timestamp with time zone, text, text[], integer);
drop function "private"."run_tokens"(uuid);
drop function "private"."setting"(text);
drop function "private"."take_tokens"(text, integer, integer, integer);
drop function "private"."try_lock_run"(uuid);
drop function "private"."uuid_v7_floor"(timestamp with time zone);
drop function "private"."wake_if_idle"();
drop function "private"."wake_workers"(integer);
drop function "private"."webhook_body"(bytea);
drop function "private"."webhook_endpoint_reply"(uuid);
drop function "public"."cancel_run"(uuid);
drop function "public"."create_flow"(uuid, text, jsonb, text, uuid, boolean, text);
drop function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text);
drop function "public"."delete_flow"(uuid, integer);
drop function "public"."delete_run"(uuid);
drop function "public"."delete_webhook_endpoint"(uuid, integer);
drop function "public"."duplicate_flow"(uuid, text, text);
drop function "public"."gate"(text, uuid);
drop function "public"."get_latest_run"(uuid);
drop function "public"."get_run"(uuid, integer);
drop function "public"."get_run_progress"(uuid, timestamp with time zone, text[], integer);
drop function "public"."get_webhook_endpoint"(uuid);
drop function "public"."list_run_steps"(uuid, timestamp with time zone, text, integer);
drop function "public"."replay_webhook_event"(uuid, text);
drop function "public"."restore_flow_version"(uuid, uuid, integer);
drop function "public"."retry_run"(uuid, text, boolean);
drop function "public"."rotate_webhook_secret"(uuid, text, integer);
drop function "public"."save_flow"(uuid, text, text, jsonb, uuid, boolean, integer);
drop function "public"."start_run"(uuid, jsonb, text, text, text, boolean);
drop function "public"."sync_profile"(text);
drop function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text);

drop table "private"."flow_plans";
drop table "private"."idempotency_keys";
drop table "private"."rate_limits";
drop table "private"."role_permissions";
drop table "private"."run_joins";
drop table "private"."settings";
drop table "private"."webhook_secrets";
drop table "private"."worker_wakes";
drop table "private"."workers";
drop table "public"."flow_versions";
drop table "public"."flows";
drop table "public"."job_queue";
drop table "public"."organization_members";
drop table "public"."organizations";
drop table "public"."plans";
drop table "public"."profiles";
drop table "public"."run_steps_default";
drop table "public"."run_steps";
drop table "public"."runs_default";
drop table "public"."runs";

drop function "private"."refuse_change"();

drop table "public"."webhook_endpoints";
drop table "public"."webhook_events";
drop table "public"."workspaces";

drop function "private"."now"();
drop function "private"."touch"();
drop function "private"."uuid_v7"(timestamp with time zone);

drop sequence "private"."claim_turns";

drop schema "engine";
drop schema "private";

reset check_function_bodies;
