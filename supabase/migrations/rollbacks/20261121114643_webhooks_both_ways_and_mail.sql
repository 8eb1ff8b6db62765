-- The way back from 20261121114643_webhooks_both_ways_and_mail.sql. Written by `deno task db:diff` and never edited; change sql/ instead.
-- Loses data: 19 statements below.

set check_function_bodies = off;

drop trigger "publish" on "private"."secret_notices";
drop trigger "audit" on "private"."system_tasks";
drop trigger "publish" on "public"."api_keys";
drop trigger "audit_cancel" on "public"."bulk_operations";
drop trigger "audit" on "public"."bulk_operations";
drop trigger "publish" on "public"."entities";
drop trigger "publish" on "public"."entity_moves";
drop trigger "generation_after_delete" on "public"."flow_versions";
drop trigger "generation_after_insert" on "public"."flow_versions";
drop trigger "generation_after_update" on "public"."flow_versions";
drop trigger "generation_after_delete" on "public"."flows";
drop trigger "generation_after_insert" on "public"."flows";
drop trigger "generation_after_update" on "public"."flows";
drop trigger "publish" on "public"."flows";
drop trigger "audit" on "public"."invitations";
drop trigger "sensitive" on "public"."invitations";
drop trigger "generation_after_delete" on "public"."organization_members";
drop trigger "generation_after_insert" on "public"."organization_members";
drop trigger "generation_after_update" on "public"."organization_members";
drop trigger "publish" on "public"."organization_members";
drop trigger "sensitive_removal" on "public"."organization_members";
drop trigger "generation_after_update" on "public"."organizations";
drop trigger "generation_after_update" on "public"."profiles";
drop trigger "generation_after_delete" on "public"."workspaces";
drop trigger "generation_after_insert" on "public"."workspaces";
drop trigger "generation_after_update" on "public"."workspaces";

drop index "private"."webhook_secrets_key_id_idx";
drop index "private"."webhook_secrets_plain_idx";

drop view "engine"."cache_rates";
drop view "private"."audit_leaves";

alter table "private"."mail_data"
  drop constraint "mail_data_mail_id_fkey";

alter table "private"."webhook_endpoint_states"
  drop constraint "webhook_endpoint_states_subscription_id_fkey";

alter table "private"."webhook_endpoint_stats"
  drop constraint "webhook_endpoint_stats_subscription_id_fkey";

alter table "private"."webhook_refusal_days"
  drop constraint "webhook_refusal_days_endpoint_id_fkey";

alter table "private"."webhook_secrets"
  drop constraint "envelopes_are_whole";

alter table "private"."webhook_secrets"
  drop constraint "sealed_or_waiting_for_it";

alter table "private"."webhook_secrets"
  drop constraint "webhook_secrets_last_four_check";

alter table "private"."webhook_subscription_secrets"
  drop constraint "webhook_subscription_secrets_subscription_id_fkey";

alter table "public"."audit_events"
  drop constraint "audit_events_pkey";

alter table "public"."bulk_operations"
  drop constraint "bulk_operations_action_check";

alter table "public"."mails"
  drop constraint "mails_organization_id_fkey";

alter table "public"."mails"
  drop constraint "mails_resent_from_fkey";

alter table "public"."plans"
  drop constraint "plans_max_webhook_subscriptions_check";

alter table "public"."webhook_attempts"
  drop constraint "webhook_attempts_delivery_id_fkey";

alter table "public"."webhook_deliveries"
  drop constraint "webhook_deliveries_message_id_fkey";

alter table "public"."webhook_deliveries"
  drop constraint "webhook_deliveries_subscription_id_fkey";

alter table "public"."webhook_endpoints"
  drop constraint "webhook_endpoints_provider_check";

alter table "public"."webhook_messages"
  drop constraint "webhook_messages_organization_id_fkey";

alter table "public"."webhook_refusals"
  drop constraint "webhook_refusals_endpoint_id_fkey";

alter table "public"."webhook_subscriptions"
  drop constraint "webhook_subscriptions_created_by_fkey";

alter table "public"."webhook_subscriptions"
  drop constraint "webhook_subscriptions_organization_id_fkey";

drop function "engine"."add_api_usage"(jsonb, jsonb);
drop function "engine"."begin_webhook_batch"(uuid, uuid);
drop function "engine"."claim_mails"(text, integer, double precision, integer);
drop function "engine"."claim_new_mail"(uuid, text, text, jsonb, text, text);
drop function "engine"."end_webhook_batch"(uuid, uuid, jsonb);
drop function "engine"."finish_mails"(uuid, jsonb);
drop function "engine"."gate_key"(text, text, uuid, text, text, text);
drop function "engine"."get_cache_usage"(date, date);
drop function "engine"."get_flag"(text);
drop function "engine"."list_flags"();
drop function "engine"."list_ip_blocks"(integer, uuid, uuid, boolean, boolean, text);
drop function "engine"."list_security_events"(uuid, jsonb, integer, uuid, uuid, boolean);
drop function "engine"."plain_webhook_secrets"(integer);
drop function "engine"."record_webhook_rejection"(uuid, text, jsonb);
drop function "engine"."remove_flag"(text);
drop function "engine"."schema_version"();
drop function "engine"."seal_webhook_secrets"(jsonb);
drop function "engine"."send_mails"(jsonb);
drop function "engine"."send_webhooks_on"(uuid, integer);
drop function "engine"."set_flag"(text, jsonb);
drop function "engine"."set_flag_rule"(text, uuid, boolean);
drop function "private"."activity_kinds"(uuid);
drop function "private"."activity_thing"(uuid, text, text);
drop function "private"."activity_things_named"(uuid, text);
drop function "private"."add_cache_usage"(jsonb);
drop function "private"."add_mail"(uuid, text, text, jsonb, text, timestamp with time zone, uuid);
drop function "private"."add_message"(uuid, text, jsonb, text);
drop function "private"."audit_address"(jsonb, text);
drop function "private"."audit_bulk_deletion"(public.bulk_operations, jsonb[]);
drop function "private"."audit_slice_end"(bigint, uuid, integer);
drop function "private"."audit_where"(jsonb, uuid, boolean);
drop function "private"."bulk_events"(uuid, jsonb, uuid, uuid, integer);
drop function "private"."bulk_permission"(text);
drop function "private"."bulk_targets"(uuid, text, jsonb, uuid, uuid, integer);
drop function "private"."bump_generation"();
drop function "private"."bump_generation_of"(uuid, text);
drop function "private"."bump_organization_generation"();
drop function "private"."change_webhook_subscription"(public.webhook_subscriptions, jsonb);
drop function "private"."check_api_key_seed"(text);
drop function "private"."check_audit_batches"(bigint, bigint, uuid);
drop function "private"."disable_subscription"(uuid, text, timestamp with time zone);
drop function "private"."end_disabled_deliveries"(uuid);
drop function "private"."generation_of"(uuid, text);
drop function "private"."is_suppressed"(text, text);
drop function "private"."keep_mails"();
drop function "private"."keep_subscription_secret"(public.webhook_subscriptions, text, jsonb);
drop function "private"."keep_webhooks_out"(integer);
drop function "private"."lock_webhook_delivery"(uuid);
drop function "private"."lock_webhook_subscription"(uuid, integer);
drop function "private"."mail_batch"(uuid);
drop function "private"."mail_reply"(public.mails);
drop function "private"."organizations_of_caller"();
drop function "private"."pick_mails"(integer, uuid);
drop function "private"."promote_deliveries"(uuid, text[]);
drop function "private"."publish_api_key"();
drop function "private"."publish_approvals"(jsonb);
drop function "private"."publish_entity"();
drop function "private"."publish_event"(uuid, text, jsonb, text);
drop function "private"."publish_flow"();
drop function "private"."publish_member"();
drop function "private"."publish_move"();
drop function "private"."publish_run"(public.runs);
drop function "private"."publish_secret_notice"();
drop function "private"."put_webhook_secret"(uuid, text, jsonb);
drop function "private"."remove_run"(uuid);
drop function "private"."reset_endpoint"(uuid);
drop function "private"."retry_deliveries"(uuid, uuid[]);
drop function "private"."sealed_webhook_secret"(private.webhook_secrets);
drop function "private"."security_events_page"(uuid, jsonb, integer, uuid, uuid, boolean);
drop function "private"."send_mail"(uuid, text, text, jsonb, text);
drop function "private"."told_webhook_secret"(uuid);
drop function "private"."wake_endpoint"(uuid, timestamp with time zone);
drop function "private"."wake_mails"();
drop function "private"."webhook_subscription_reply"(uuid);
drop function "public"."cancel_mail"(uuid);
drop function "public"."cancel_webhook_delivery"(uuid);
drop function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text, text);

drop function
  "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer, jsonb);

drop function "public"."create_webhook_subscription"(uuid, uuid, jsonb, jsonb, jsonb, text, text, text);
drop function "public"."delete_webhook_subscription"(uuid, integer);
drop function "public"."gate"(text, uuid, text, text);
drop function "public"."get_webhook_stats"(uuid, integer);
drop function "public"."get_webhook_subscription"(uuid);
drop function "public"."get_webhook_subscription_stats"(uuid, integer);
drop function "public"."list_activity"(uuid, jsonb, integer, uuid, boolean);
drop function "public"."list_security_events"(uuid, jsonb, integer, uuid, uuid, boolean);
drop function "public"."resend_mail"(uuid);
drop function "public"."retry_webhook_deliveries"(uuid, jsonb, integer);
drop function "public"."retry_webhook_delivery"(uuid);

drop function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp
  with time zone, integer, text, text);

drop function "public"."rotate_webhook_secret"(uuid, text, integer, jsonb);
drop function "public"."rotate_webhook_subscription_secret"(uuid, jsonb, integer, integer);
drop function "public"."test_webhook_subscription"(uuid, text, jsonb, text);
drop function "public"."update_webhook_subscription"(uuid, jsonb, jsonb, integer);

alter table "private"."webhook_secrets"
  drop column "envelope";

alter table "private"."webhook_secrets"
  drop column "key_id";

alter table "private"."webhook_secrets"
  drop column "last_four";

alter table "public"."plans"
  drop column "max_webhook_subscriptions";

drop table "private"."cache_usage";
drop table "private"."generations";
drop table "private"."mail_data";
drop table "private"."mail_pace";
drop table "private"."mail_templates";
drop table "private"."webhook_endpoint_states";
drop table "private"."webhook_endpoint_stats";
drop table "private"."webhook_refusal_days";
drop table "private"."webhook_subscription_secrets";
drop table "public"."mails";
drop table "public"."webhook_attempts";
drop table "public"."webhook_deliveries";
drop table "public"."webhook_messages";
drop table "public"."webhook_refusals";
drop table "public"."webhook_subscriptions";

alter table "private"."webhook_secrets"
  alter column "secret" set not null;

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

alter table "public"."bulk_operations"
  add constraint "bulk_operations_action_check"
    check ((action = ANY (ARRAY['cancel'::text, 'retry'::text, 'delete'::text, 'resume'::text, 'pause'::text])));

alter table "public"."webhook_endpoints"
  add constraint "webhook_endpoints_provider_check"
    check ((provider = ANY (ARRAY['stripe'::text, 'typeform'::text, 'custom'::text])));

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

create index audit_events_organization_id_idx on public.audit_events using btree (organization_id, id);

create trigger audit
  after insert or delete or update on public.invitations
  for each row
  execute function private.audit_row('organization_id', 'id', '');

comment on column "private"."webhook_secrets"."secret" is 'The secret as the provider shows it.';
comment on column "public"."bulk_operations"."action" is 'What is done to each run.';
comment on column "public"."bulk_operations"."errors" is 'The first of those: [{run_id, code, message}], twenty at most.';
comment on column "public"."bulk_operations"."filter" is 'Which runs: {flow_id, status, trigger, retry_of, entity_id, parent_run_id, schedule_id, created_after, created_before}. Of those only the ones whose state the action is for.';
comment on column "public"."bulk_operations"."id" is 'UUIDv7. Runs that are younger than the operation are none of its business.';
comment on column "public"."webhook_endpoints"."provider" is 'stripe, typeform, or custom (an HMAC described in config).';
comment on function "engine"."add_api_usage"(jsonb) is 'Adds what an isolate has counted: [{day, organization_id (null = none), version, operation, door, requests, errors}].';
comment on function "engine"."count_secrets_by_key"() is 'How many values each master key protects: {key id: number}. A key that is not among them protects nothing and may go.';
comment on function "engine"."gate_key"(text, text, uuid, text, text) is 'The one call before the business call for an API key, given as the SHA-256 of its text in hex: what public.gate answers for a person, with {id, mode} of the key, user_id = who made it, and its scopes as permissions. 401, always the same, for a key that is unknown, revoked or over; 403 ip_not_allowed for an address outside its networks; 404 for another organization than its own. p_ip = the address of the client, null = unknown.';
comment on function "engine"."get_flag"(text) is 'A flag with its rules, organization → whether it has it; null when there is none of this name.';
comment on function "engine"."get_webhook_endpoint"(text, boolean, integer, jsonb) is 'What the receiver needs to judge p_count deliveries (null = one, of a receiver of the release before): adapter, settings, valid secrets, a token each of the endpoint''s rate limit as take_many_tokens answers, and in ahead what it takes to run a flow before its event is kept: the current version and the time; null where a limit is full, or a mapping or a limit of the flow has a say. Null = no active endpoint has this slug. p_test = for its test address, where one that is switched off answers too, unless it takes unsigned deliveries. p_ips = the address of each delivery, null = not known; where some are blocked, blocked says which, and where all are, nothing else is answered.';
comment on function "engine"."get_webhook_sender"(uuid, uuid) is 'What it takes to send a test event to an endpoint as its provider would: slug, adapter, settings and the current secret. Null = there is no such endpoint, or the user p_user_id does not hold webhooks:write in its organization.';
comment on function "engine"."list_ip_blocks"(integer, uuid) is 'The networks that are blocked now, newest first; p_before = only those older than this one.';
comment on function "engine"."list_security_events"(uuid, jsonb, integer, uuid) is 'Security events of all organizations and of nobody''s, or of one organization: see public.list_security_events.';
comment on function "engine"."note_refusals"(jsonb) is 'Writes security events [{kind, organization_id, user_id, key_id, ip, agent, request_id, occurrences, details, counts}] and blocks addresses from which too many refused credentials came (counts = true): more than the setting ip_block_after (50; 0 = never) in ip_block_window_seconds (600) give a block of ip_block_seconds (3600). Answers which of the addresses are blocked: [{ip, until}], until null = until it is lifted.';
comment on function "engine"."record_webhook_rejection"(uuid, text) is 'Counts a delivery that was refused, and why; a refused signature is a security event as well, once a minute. Nothing of the delivery is kept.';
comment on function "engine"."rewrap_secrets"(jsonb) is 'Puts newly wrapped data keys into values that still have the old ones: [{secret_id, number, old_header, header, key_id}]. The ciphertext stays. Answers how many.';
comment on function "engine"."secrets_to_rewrap"(text, integer, jsonb) is 'The next values whose data key is wrapped by another master key than p_key_id, those of p_skip left out: [{secret_id, number, organization_id, key_id, header}].';
comment on function "engine"."set_flag"(text, integer, uuid, boolean, text, date) is 'Sets a flag: for a share of the organizations (p_percentage), or for one of them (p_organization_id with p_is_on; null takes its rule away). What is null stays. Answers the flag. Counts with the next request.';
comment on function "engine"."set_request_proof_key"(text) is 'Sets the key by which functions prove that request id, address and agent are what they saw: 32 bytes in hex, derived from the project''s secret key.';
comment on function "private"."act_on_run"(text, uuid) is 'Does the action of a bulk operation to one run, as whoever the claims of the session name, without waiting for anybody. Answers done, or busy when somebody else is at the run. Throws what the action throws.';
comment on function "private"."add_api_key"(public.api_keys, text) is 'Adds an API key whose settings are checked already, with the SHA-256 of its text in hex. 402 at the plan''s number of keys in force, unless it takes another one''s place.';
comment on function "private"."audit_page"(uuid, jsonb, integer, uuid, boolean) is 'A page of the audit log of an organization. p_filter: {actor, user_id, key_id, via, actions: [flow.updated, flow.*], target_type, target_id, ip, request_id, q, from, to}; q is looked for literally, whatever its case, in action, target, before, after and details. No filter but the time has an index: a rare one reads the log of the organization until the page is full.';
comment on function "private"."audit_row"() is 'Trigger after insert, update or delete for each row: writes the change into the audit log, of an update only the columns that changed. Arguments: the column with the organization (empty = the platform), the column with the id, columns that are never recorded (by commas; the row says only that they were written), and the name of the thing (default: the table''s in the singular). Actions: created, updated, deleted, restored, revoked, suspended, resumed, role_changed.';
comment on function "private"."check_audit_batches"(bigint, uuid, integer) is 'Checks seals behind the number p_after, of one tenant or all, with some p_limit rows: hashes every row anew. One line a seal with what a signature is checked by, and the first fault: deleted, edited, reordered, backdated (a row says it is over an hour older than the last sealing before it), rewritten (the seal itself). Whether seals continue each other, and signatures, are for the caller to check.';
comment on function "private"."limit_struck"(text, integer, timestamp with time zone) is 'What follows the beginning of a block: a security event, for API keys an audit row as well. The tenth block in a row, after two hours of hammering, suspends the key: it expires now, until someone gives it another end.';
comment on function "private"."purge_webhook_events"(bigint) is 'Deletes up to p_limit webhook events that have fallen out of retention, but for those whose run has not ended.';
comment on function "private"."request_header"(text) is 'A header of the request to the Data API; null = it has none, or there is no request. Whoever calls the Data API directly sets them at will: see private.request_is_proven.';
comment on function "private"."request_is_proven"(jsonb) is 'Whether the headers come from our own functions: x-millrace-proof is HMAC-SHA-256, in hex, over x-request-id, x-millrace-ip and x-millrace-agent joined by line feeds (shared/audit/request_proof.ts). Without a key (engine.set_request_proof_key) nothing is proven.';
comment on function "private"."retry_webhooks"() is 'The task webhook-retries: starts the runs of accepted events that have none; the engine leaves none behind, so it finds only what was restored or written by hand. Answers {started, failed}. Events that are held wait for a person.';
comment on function "private"."security_events_page"(uuid, jsonb, integer, uuid) is 'A page of security events, newest first; p_filter: {kind, user_id, key_id, ip (address or network), after, before}.';
comment on function "private"."warn_of_expiry"() is 'The task secrets: queues a mail to the owners 14, 3 and 1 days before a secret expires and when it has, and when a rotation is due, each once; forgets accesses after 90 days. Answers how many mails.';
comment on function "public"."cancel_bulk_operation"(uuid) is 'Stops a bulk operation: what it has done stays done. Again on a cancelled one: the same answer; 409 when it ended otherwise. Needs runs:execute.';
comment on function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text) is 'Makes an API key of the mode live or test. The key itself stays with the caller: only its SHA-256 in hex comes here, its beginning (mr_<mode>_ and four characters) and its last four characters. is_new false = an earlier call with the same Idempotency-Key made it, and the secret of this call opens nothing. Needs keys:write.';
comment on function "public"."create_bulk_operation"(uuid, text, jsonb, boolean, text) is 'Has an action done to all runs that a filter finds; a job works it off in batches, beginning at once. p_dry_run = only says how many there are. Needs runs:execute, now and at each batch. Answers the operation with its total.';

comment on function
  "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer) is
  'Makes a webhook endpoint for a flow. p_secret: the one the provider shows (Stripe), null = made here. The answer holds the secret, this once. Needs webhooks:write.';

comment on function "public"."gate"(text, uuid, text) is 'The one call before the business call: who the caller is in which organization (null = the first), what the role may do, the plan''s limits, and one token of each rate limit that the request falls under: the person''s for the route class (default, read, write, run), the organization''s, and that of p_operation where it has one. A person''s first call makes profile, organization and workspace.';
comment on function "public"."list_activity"(uuid, integer, uuid, boolean) is 'Who did what in the organization lately, for its members (org:read): rows of the audit log that people and keys made on flows, workspaces, members and the like, without addresses, values and secrets. Names of people need members:read.';
comment on function "public"."list_security_events"(uuid, jsonb, integer, uuid) is 'Security events of the organization, newest first; needs audit:read. p_filter: {kind, user_id, key_id, ip, after, before}; p_before = only events older than this one.';

comment on function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp
  with time zone, integer, text) is 'Makes the API key that takes the place of another, with its settings; the old one goes on for p_overlap_seconds (0 = it ends now). p_expires_at null = none, or as long a life as the old one was given. Only the new key''s hash comes here, as for create_api_key. Needs keys:write.';

comment on function "public"."rotate_webhook_secret"(uuid, text, integer) is 'Gives an endpoint a new secret; the old one stays valid for p_overlap_seconds. The answer holds the new secret, this once. Needs webhooks:write.';
comment on function "public"."sync_profile"(text) is 'Brings the caller''s profile in step with Supabase Auth after sign-up or a change of address. p_display_name null = leave it.';
comment on function "public"."update_api_key"(uuid, jsonb, integer) is 'Changes settings of an API key: {name, scopes, ip_allow, requests_per_minute, request_burst, expires_at}; what is not named stays. Holds from the next request on. Needs keys:write.';
comment on table "public"."bulk_operations" is 'One action on all runs that a filter finds, worked off in batches by a job of the type runs.bulk, or else by the clock, under the rights of who asked.';
comment on view "private"."audit_leaves" is 'Rows of the audit log with their hashes: SHA-256 of a zero byte and the canonical bytes. docs/audit.md has the encoding.';

revoke all on function "engine"."add_api_usage"(jsonb) from public;
grant execute on function "engine"."add_api_usage"(jsonb) to "service_role";
revoke all on function "engine"."gate_key"(text, text, uuid, text, text) from public;
grant execute on function "engine"."gate_key"(text, text, uuid, text, text) to "service_role";
revoke all on function "engine"."get_flag"(text) from public;
grant execute on function "engine"."get_flag"(text) to "service_role";
revoke all on function "engine"."list_ip_blocks"(integer, uuid) from public;
grant execute on function "engine"."list_ip_blocks"(integer, uuid) to "service_role";
revoke all on function "engine"."list_security_events"(uuid, jsonb, integer, uuid) from public;
grant execute on function "engine"."list_security_events"(uuid, jsonb, integer, uuid) to "service_role";
revoke all on function "engine"."record_webhook_rejection"(uuid, text) from public;
grant execute on function "engine"."record_webhook_rejection"(uuid, text) to "service_role";
revoke all on function "engine"."set_flag"(text, integer, uuid, boolean, text, date) from public;
grant execute on function "engine"."set_flag"(text, integer, uuid, boolean, text, date) to "service_role";
revoke all on function "private"."check_audit_batches"(bigint, uuid, integer) from public;
revoke all on function "private"."request_is_proven"(jsonb) from public;
revoke all on function "private"."security_events_page"(uuid, jsonb, integer, uuid) from public;
revoke all on function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text) from public;
grant execute on function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text) to "authenticated";

revoke all
  on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer)
  from public;

grant execute
  on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer)
  to "authenticated";

revoke all on function "public"."gate"(text, uuid, text) from public;
grant execute on function "public"."gate"(text, uuid, text) to "authenticated";
revoke all on function "public"."list_activity"(uuid, integer, uuid, boolean) from public;
grant execute on function "public"."list_activity"(uuid, integer, uuid, boolean) to "authenticated";
revoke all on function "public"."list_security_events"(uuid, jsonb, integer, uuid) from public;
grant execute on function "public"."list_security_events"(uuid, jsonb, integer, uuid) to "authenticated";

revoke all
  on function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp with time zone, integer, text)
  from public;

grant execute
  on function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp with time zone, integer, text)
  to "authenticated";

revoke all on function "public"."rotate_webhook_secret"(uuid, text, integer) from public;
grant execute on function "public"."rotate_webhook_secret"(uuid, text, integer) to "authenticated";

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

-- Rows that the seeds of the release before would leave as they are.
delete from private.system_tasks where name = 'mails';
