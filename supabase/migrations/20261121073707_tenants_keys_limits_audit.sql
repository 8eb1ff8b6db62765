-- Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

alter table "public"."webhook_events"
  drop constraint "webhook_events_organization_id_fkey";

drop function "engine"."get_webhook_endpoint"(text, boolean);
drop function "private"."check_dead_letter_filter"(jsonb, integer);
drop function "private"."record_run_ahead"(public.flows, public.webhook_events, text, jsonb, text, jsonb);

create table "private"."api_key_hashes" (
  "secret_hash" bytea not null,
  "key_id"      uuid  not null,
  constraint "api_key_hashes_key_id_key" unique (key_id),
  constraint "api_key_hashes_pkey" primary key (secret_hash),
  constraint "api_key_hashes_secret_hash_check" check ((octet_length(secret_hash) = 32))
);

alter table "private"."api_key_hashes"
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

alter table "public"."plans"
  add column "organization_requests_per_minute" integer not null default 900;

alter table "public"."plans"
  add column "organization_request_burst" integer not null default 300;

alter table "public"."audit_events"
  alter column "id" set default private.uuid_v7();

alter table "public"."audit_events"
  alter column "occurred_at" set default private.now();

alter table "public"."audit_events"
  alter column "tx" set default pg_current_xact_id();

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
  p_ip              text default null::text
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
  if coalesce(p_route, '') not in ('default', 'read', 'write', 'run') then
    perform private.fail('invalid_request', 'Unknown route class', 400);
  end if;

  -- One look by the hash. What is unknown, revoked or over is answered alike.
  select k.id, k.organization_id, k.mode, k.scopes, k.ip_allow, k.requests_per_minute, k.request_burst, k.created_by,
    k.last_used_at, o.suspended_at, p as plan
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
    'permissions', case when v_row.suspended_at is null then to_jsonb(v_row.scopes)
      else to_jsonb(array(select s.scope from unnest(v_row.scopes) as s (scope) where s.scope = 'org:read')) end,
    'suspended', v_row.suspended_at is not null,
    'plan', (v_row.plan).id,
    'limits', to_jsonb(v_row.plan) - '{id,name,retention_days,archives_runs}'::text[],
    'flags', '{}'::jsonb,
    'rate', private.take_tokens(
      format('key:%s:%s', v_row.id, p_route),
      least(v_row.requests_per_minute, (v_row.plan).requests_per_minute), 60,
      least(v_row.request_burst, (v_row.plan).request_burst)
    )
  );
end;
$function$;

create or replace function engine.get_webhook_endpoint (
  p_slug  text,
  p_test  boolean default false,
  p_count integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_endpoint record;
  v_ahead jsonb;
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
  where e.slug = p_slug and (e.is_active or (p_test and e.signature_required)) and o.suspended_at is null;
  if not found then
    return null;
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
    'hook:' || v_endpoint.id, v_endpoint.hook_requests_per_minute, 60, v_endpoint.hook_requests_per_minute,
    coalesce(p_count, 1)
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
  -- The organization is locked: of two that come at once the second counts the first.
  perform 1 from public.organizations o where o.id = p_key.organization_id for no key update;
  if (
    select count(*) from public.api_keys k
    where k.organization_id = p_key.organization_id and k.revoked_at is null
      and (k.expires_at is null or k.expires_at > private.now())
  ) >= 200 then
    perform private.fail('plan_limit_reached', 'An organization may have 200 API keys in force: revoke some', 402);
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
    case when v_actor = 'system' then 'sql' when private.request_is_proven(v_headers) then 'function' else 'data_api' end,
    case when pg_input_is_valid(v_ip, 'inet') then host(v_ip::inet) end,
    case when v_actor = 'system' then concat_ws(' ', session_user, nullif(current_setting('application_name'), ''))
      else left(v_headers ->> 'x-millrace-agent', 400) end,
    left(v_headers ->> 'x-request-id', 100),
    p_action, p_target_type, left(p_target_id, 400),
    private.audit_value(p_before), private.audit_value(p_after), private.audit_value(p_details)
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
  if cardinality(p_key.scopes) not between 1 and 100 then
    perform private.fail('invalid_request', 'An API key needs at least one scope', 400);
  end if;
  if cardinality(p_key.ip_allow) > 100 then
    perform private.fail('invalid_request', 'An API key may be used from at most a hundred networks', 400);
  end if;
  if p_key.requests_per_minute not between 1 and 1000000 or p_key.request_burst not between 1 and 1000000 then
    perform private.fail('invalid_request', 'A limit of an API key lies between 1 and 1,000,000', 400);
  end if;
  if p_changes ? 'expires_at' and p_key.expires_at <= private.now() then
    perform private.fail('invalid_request', 'The end of an API key must lie ahead; revoke it to end it now', 400);
  end if;
  select min(s.scope) into v_bad from unnest(p_key.scopes) as s (scope)
  where s.scope is null or s.scope in ('org:own', 'members:write', 'keys:write', 'billing:write')
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
            analytics_daily,api_keys,bulk_operations,entities,entity_moves,flow_edge_stats,flow_version_runs,flow_versions,flows,job_history,job_queue,
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
  from unnest(array['runs', 'run_steps', 'job_history', 'audit_events']) p (parent),
    (select to_char((private.now() + interval '7 days') at time zone 'UTC', 'IYYY"w"IW') as week) w
  where to_regclass('public.' || p.parent || '_' || w.week) is null;
  if v_missing is not null then
    raise exception 'The partitions of next week are missing: %', array_to_string(v_missing, ', ');
  end if;
  return jsonb_build_object('made', v_made);
end;
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
  set search_path to ''
  AS $function$
begin
  null;
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
  v_key_id uuid := private.caller_key_id();
begin
  -- PL/pgSQL keeps its plans for the session: policies ask this in every statement.
  if v_key_id is not null then
    -- The key's own row decides, not what its token was minted with: a token of a revoked key reads nothing.
    return (
      select coalesce(array_agg(k.organization_id), '{}')
      from public.api_keys k
      join public.organizations o on o.id = k.organization_id
      where k.id = v_key_id and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now())
        and p_permission = any (k.scopes)
        and (o.suspended_at is null or p_permission = 'org:read')
    );
  end if;
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
  p_requests_per_minute integer      default null::integer
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
      'limit', coalesce(p_requests_per_minute, (p_plan).requests_per_minute),
      -- A limit of its own comes with a burst in the plan's proportion.
      'burst', coalesce(
        greatest(1, round(p_requests_per_minute::numeric * (p_plan).request_burst / (p_plan).requests_per_minute))::integer,
        (p_plan).request_burst
      )
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
  v_key text := private.setting('request_proof_key');
  v_outer bytea;
  v_inner bytea;
begin
  if v_key is null or not p_headers ? 'x-millrace-proof' then
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
begin
  if v_key_id is not null then
    select k.scopes, k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now()), o.suspended_at is not null
    into v_scopes, v_holds, v_suspended
    from public.api_keys k
    join public.organizations o on o.id = k.organization_id
    where k.id = v_key_id and k.organization_id = p_organization_id;
  else
    select m.role, o.suspended_at is not null into v_role, v_suspended
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
  v_user_id uuid := private.require_person();
  v_organization_id uuid := p_organization_id;
  v_row record;
begin
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
    'key', null,
    'organization_id', v_row.id,
    'role', v_row.role,
    'permissions', case when v_row.suspended_at is null then to_jsonb(v_row.permissions) else '["org:read"]'::jsonb end,
    'suspended', v_row.suspended_at is not null,
    'plan', (v_row.plan).id,
    'limits', to_jsonb(v_row.plan) - '{id,name,retention_days,archives_runs}'::text[],
    'flags', '{}'::jsonb,
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
      and (p_after is null or j.id > p_after)
    order by j.id
    limit least(greatest(p_limit, 1), 101)
  ) w;
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
  insert into private.run_signals (run_id, kind, name, data, created_by) values (p_run_id, 'signal', p_name, p_data, private.caller_user_id());
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

alter table "public"."api_keys"
  add constraint "api_keys_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete set null;

alter table "public"."api_keys"
  add constraint "api_keys_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "private"."api_key_hashes"
  add constraint "api_key_hashes_key_id_fkey" foreign key (key_id) references public.api_keys(id) on delete cascade;

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

alter table "public"."job_queue"
  add constraint "jobs_are_due_some_day" check (((type = 'flow.step'::text) OR isfinite(scheduled_for)));

alter table "public"."plans"
  add constraint "plans_organization_request_burst_check" check ((organization_request_burst > 0));

alter table "public"."plans"
  add constraint "plans_organization_requests_per_minute_check" check ((organization_requests_per_minute > 0));

create index api_keys_created_by_idx on public.api_keys using btree (created_by);
create index api_keys_organization_id_idx on public.api_keys using btree (organization_id, id);

create unique index api_keys_rotated_from_idx on public.api_keys using btree (rotated_from);

create index audit_events_organization_id_idx on public.audit_events using btree (organization_id, id);
create index audit_events_tx_idx on public.audit_events using btree (tx);

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
  after insert or delete or update on public.organization_members
  for each row
  execute function private.audit_row('organization_id', 'user_id', '', 'member');

create trigger audit
  after insert or delete or update on public.organizations
  for each row
  execute function private.audit_row('id', 'id', '');

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

comment on column "private"."api_key_hashes"."key_id" is 'The key.';
comment on column "private"."api_key_hashes"."secret_hash" is 'SHA-256 of the whole key. Its text holds more than 128 random bits, so nothing slower is needed.';
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
comment on column "private"."settings"."name" is 'functions_url = where the edge functions answer; max_workers = how many worker isolates may be awake; schedule_clock_since = since when the clock of schedules ticks, written by each tick; operator_email = who is told when a system task fails; usage_counted_to = the hour up to which usage has been counted; request_proof_key = what functions prove by that they sent a request, see engine.set_request_proof_key.';
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
comment on column "public"."plans"."organization_request_burst" is 'How many of those may come at once.';
comment on column "public"."plans"."organization_requests_per_minute" is 'API requests that all users and keys of an organization together may make per minute.';
comment on column "public"."webhook_events"."organization_id" is 'The tenant: that of the endpoint, with which events go. No foreign key of its own on purpose: it would say the same again with each event.';
comment on function "engine"."ensure_partitions"(integer) is 'Makes the weekly partitions of runs, run_steps, job_history and audit_events from this week to p_weeks_ahead later, with RLS on and no grants of their own. Gives way when the tables are in use: the next call makes the rest. Answers how many it made. Daily by pg_cron.';
comment on function "engine"."gate_key"(text, text, uuid, text) is 'The one call before the business call for an API key, given as the SHA-256 of its text in hex: what public.gate answers for a person, with {id, mode} of the key, user_id = who made it, and its scopes as permissions. 401, always the same, for a key that is unknown, revoked or over; 403 ip_not_allowed for an address outside its networks; 404 for another organization than its own. p_ip = the address of the client, null = unknown.';
comment on function "engine"."get_webhook_endpoint"(text, boolean, integer) is 'What the receiver needs to judge p_count deliveries (null = one, of a receiver of the release before): adapter, settings, valid secrets, a token each of the endpoint''s rate limit as take_many_tokens answers, and in ahead what it takes to run a flow before its event is kept: the current version and the time; null where a limit is full, or a mapping or a limit of the flow has a say. Null = no active endpoint has this slug. p_test = for its test address, where one that is switched off answers too, unless it takes unsigned deliveries.';

comment on function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean,
  jsonb, jsonb) is 'Keeps a verified delivery and starts its run, in one transaction, so that it may be acknowledged. A repeated event (same key, or same body where p_dedupe_body) starts nothing and answers with the first one. p_raw_body is base64; p_input is what the trigger gives (event_id and received_at are added); p_worker_id = the first token is leased to that worker, and jobs holds it; p_unsigned = nobody checked who sent it; p_test = it came to the test address: it repeats nothing, runs although the flow is off, and its input says test; p_mapped = what the endpoint''s mapping gave: {entity, input, error}, where the entity is made or brought up to date and moves with the run, and input stands in for p_input; p_ahead says nothing: receivers of the release before send it, and their events take the usual way.';

comment on function "engine"."ingest_webhooks"(uuid, uuid, text, jsonb) is 'Keeps verified deliveries to one endpoint with their runs, which have been run already by this version from this trigger node, in one transaction, so that they may be acknowledged: each leaves what create_run, settle_jobs and finish_run would have left of a run without limits, entity, effects, waits and regions. p_deliveries: [{event_id, run_id, received_at, timeout_seconds, event_key, type, dedupe_body, unsigned, traceparent, raw_body (base64), input, output, steps (as in a result of settle_jobs)}]. Answers the ids of the events that were kept; nothing is left of the others, which are repetitions, or all of them when version, trigger node or flow are other ones by now: they are for ingest_webhook.';
comment on function "engine"."set_request_proof_key"(text) is 'Sets the key by which functions prove that request id, address and agent are what they saw: 32 bytes in hex, derived from the project''s secret key.';
comment on function "private"."add_api_key"(public.api_keys, text) is 'Adds an API key whose settings are checked already, with the SHA-256 of its text in hex. At most 200 in force an organization: 402.';
comment on function "private"."audit"(uuid, text, text, text, jsonb, jsonb, jsonb) is 'Writes a row of the audit log, in the transaction of what it tells of: one plain insert. Who and from where come from the session. p_organization_id null = the platform. p_before, p_after: the columns that changed, never secrets; large values are cut, with a hash.';
comment on function "private"."audit_hash"(text) is 'What stands for a value that is too large for the audit log: its size and the SHA-256 of its JSON text as jsonb prints it.';
comment on function "private"."audit_row"() is 'Trigger after insert, update or delete for each row: writes the change into the audit log, of an update only the columns that changed. Arguments: the column with the organization (empty = the platform), the column with the id, columns that are never recorded (by commas; the row says only that they were written), and the name of the thing (default: the table''s in the singular). Actions: created, updated, deleted, restored, revoked, suspended, resumed, role_changed.';
comment on function "private"."audit_value"(jsonb) is 'What the audit log keeps of a value: all of it up to 4 KiB; of a larger object each field up to 1 KiB and {cut: true, bytes, sha256} in place of the others.';
comment on function "private"."caller_key_id"() is 'The API key by which the caller acts, as its token says; null for people and the service. Says nothing about whether the key still holds: organizations_with and require_permission do.';
comment on function "private"."caller_user_id"() is 'For columns like created_by: the signed-in person; for an API key, who made the key (null when that account is gone); null for the service. Never a reason to allow something.';
comment on function "private"."change_actor"(text[]) is 'Who writes, to be asked inside a trigger: {user_id, role, email, claims}. user_id and email come from the token, null without one; for an API key user_id is who made it, and key_id stands beside it; role is the database role: authenticated, anon, service_role, or who is logged in; claims = those of the token that are named.';
comment on function "private"."change_api_key"(public.api_keys, jsonb) is 'An API key with some settings changed, checked: {name, scopes, ip_allow, requests_per_minute, request_burst, expires_at}; null clears what may be cleared. New scopes must exist, be for keys, and be held by the caller.';
comment on function "private"."dead_letters_from"(uuid, jsonb, integer) is 'What follows "from" in a query for the dead letters (j) that an action means. Refuses what no action takes.';
comment on function "private"."finish_leases"(uuid, jsonb, timestamp with time zone) is 'Part of engine.finish_jobs: leases all of whose jobs have completed and gave no result; keep = they go into the history. Answers those that this worker still held.';

comment on function "private"."lease_jobs"(uuid, uuid[], boolean, timestamp
  with time zone) is 'Part of engine.claim_jobs: takes jobs, whose rows the caller has locked, out of the queue and into a lease. Answers [{lease, jobs, payloads, organization_ids, types, attempts, max_attempts, priorities}], the lists in the same order, the last five as private.said_once has them. Those that have expired or find no place under their key are left out; [] = all are.';

comment on function "private"."limit_struck"(text, integer, timestamp with time zone) is 'What follows a block of a rate limit beginning.';
comment on function "private"."lock_api_key"(uuid, integer) is 'Locks an API key of the caller for a change: 404 when it is not theirs, 403 without keys:write, 412 when p_if_version is not its version.';
comment on function "private"."organizations_with"(text) is 'The organizations in which the caller holds the permission, by role or by an API key''s scopes: what every policy asks, once per statement. A suspended organization counts only for org:read; a key that is revoked or has expired counts for nothing.';
comment on function "private"."purge_rate_limits"(integer) is 'Forgets full buckets that nobody has used, or been refused by, for ten minutes; answers how many.';

comment on function "private"."rate_answer"(timestamp with time zone, text, interval, integer, timestamp
  with time zone) is 'What a request is told about a bucket that gave it a token. p_interval = in which one token comes back, p_tat = when the bucket is full again.';

comment on function "private"."refuse_audit_change"() is 'Trigger: keeps the audit log append-only. Only private.drop_audit_batches, the way of retention, deletes rows.';

comment on function "private"."refuse_request"(timestamp
  with time zone, text[], text[], interval[], integer[], timestamp with time zone[]) is 'The end of private.take_request_tokens when a bucket had no token (its p_tats is null; the rows are locked): gives the other tokens back, counts the refusal for the buckets of the user, key or address, and answers for the bucket that makes it wait longest. As many refusals as the burst (20 at least; each request that passes takes ten of them back) begin a block of 15 s; every further block is twice as long, up to an hour. Ten quiet minutes forgive all.';

comment on function "private"."request_buckets"(text, uuid, public.plans, text, text, integer) is
  'The buckets that a request takes from, for private.take_request_tokens: of the caller (p_subject: user:<id> or key:<id>) for the route class, of the organization for all that its members and keys do, and of the caller for p_operation where operators limit that. p_requests_per_minute = the key''s own limit, null = the plan''s.';

comment on function "private"."request_header"(text) is 'A header of the request to the Data API; null = it has none, or there is no request. Whoever calls the Data API directly sets them at will: see private.request_is_proven.';
comment on function "private"."request_headers"() is 'The headers of the request to the Data API, names in lower case; null = there is no request.';
comment on function "private"."request_is_proven"(jsonb) is 'Whether the headers come from our own functions: x-millrace-proof is HMAC-SHA-256, in hex, over x-request-id, x-millrace-ip and x-millrace-agent joined by line feeds (shared/audit/request_proof.ts). Without a key (engine.set_request_proof_key) nothing is proven.';
comment on function "private"."require_permission"(uuid, text, text) is 'Raises 404 unless the caller is a member of the organization or an API key of it (or when it is null), 401 when the key no longer holds, 403 unless the role holds the permission or the key the scope. p_what names the thing in the message.';
comment on function "private"."require_person"() is 'The signed-in person. 403 for an API key, which has no profile, vote or inbox; 401 for nobody.';
comment on function "private"."said_once"(anyarray) is 'A list as JSON; of one whose entries are all the same, the first stands for all: most leases hold jobs of one kind.';

comment on function "private"."take_many_tokens"(text, integer, integer, integer, integer) is
  'Takes up to p_count tokens at once, as so many calls of take_tokens at the same moment would. Answers in rate what the last one that got a token is told, or the only one; of several, also how many were taken, and in refused what the others are told; null = there are no others.';

comment on function "private"."take_request_tokens"(jsonb) is 'Takes one token of each of the buckets [{key, limit, window_seconds, burst, name?}], or of none when one of them has none; null for no buckets. A key is <kind>:<id>[:<route class or operation>]; an override of the subject counts instead of the numbers given. Answers for the tightest bucket what private.take_tokens answers, and name (of the bucket: name, else the last part of its key), warning (four fifths of the burst are gone), blocked (nothing passes until retry_after_seconds are over, however full the bucket is).';
comment on function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text) is 'Makes an API key of the mode live or test. The key itself stays with the caller: only its SHA-256 in hex comes here, its beginning (mr_<mode>_ and four characters) and its last four characters. is_new false = an earlier call with the same Idempotency-Key made it, and the secret of this call opens nothing. Needs keys:write.';
comment on function "public"."decide_step"(uuid, text, jsonb, text, boolean) is 'Decides a step that waits for a person: an approval ({decision: approved or rejected, comment}), which no API key can give, or an effect of unknown outcome ({outcome: completed, failed or retry, output, error}). 409 when the step waits for none: of two decisions the first counts. Needs runs:execute, and where the step names approvers, to be one.';
comment on function "public"."revoke_api_key"(uuid, integer) is 'Revokes an API key, for good and at once: the gate refuses the next request, and what a request under way still asks finds nothing. Revoking again changes nothing. Needs keys:write.';

comment on function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp
  with time zone, integer, text) is 'Makes the API key that takes the place of another, with its settings; the old one goes on for p_overlap_seconds (0 = it ends now). p_expires_at null = none, or as long a life as the old one was given. Only the new key''s hash comes here, as for create_api_key. Needs keys:write.';

comment on function "public"."update_api_key"(uuid, jsonb, integer) is 'Changes settings of an API key: {name, scopes, ip_allow, requests_per_minute, request_burst, expires_at}; what is not named stays. Holds from the next request on. Needs keys:write.';
comment on table "private"."api_key_hashes" is 'What API keys are known by. The keys themselves are kept nowhere.';
comment on table "private"."rate_limit_overrides" is 'Limits that operators gave by hand. They are read by the statement that takes the tokens, so one counts from the next request on.';
comment on table "public"."api_keys" is 'API keys of organizations, without what they are made of. A key that was rotated stays, and the new one names it.';
comment on table "public"."audit_events" is 'The audit log: who did what, when, from where. Append-only; partitioned by id, which is ordered by time; sealed by private.seal_audit, see docs/audit.md.';
comment on table "public"."audit_events_default" is 'Audit rows for whose week there is no partition.';

revoke all on function "engine"."gate_key"(text, text, uuid, text) from public;
grant execute on function "engine"."gate_key"(text, text, uuid, text) to "service_role";
revoke all on function "engine"."get_webhook_endpoint"(text, boolean, integer) from public;
grant execute on function "engine"."get_webhook_endpoint"(text, boolean, integer) to "service_role";
revoke all on function "engine"."ingest_webhooks"(uuid, uuid, text, jsonb) from public;
grant execute on function "engine"."ingest_webhooks"(uuid, uuid, text, jsonb) to "service_role";
revoke all on function "engine"."set_request_proof_key"(text) from public;
grant execute on function "engine"."set_request_proof_key"(text) to "service_role";
revoke all on function "private"."add_api_key"(public.api_keys, text) from public;
revoke all on function "private"."audit"(uuid, text, text, text, jsonb, jsonb, jsonb) from public;
revoke all on function "private"."audit_hash"(text) from public;
revoke all on function "private"."audit_row"() from public;
revoke all on function "private"."audit_value"(jsonb) from public;
revoke all on function "private"."caller_key_id"() from public;
revoke all on function "private"."caller_user_id"() from public;
revoke all on function "private"."change_api_key"(public.api_keys, jsonb) from public;
revoke all on function "private"."dead_letters_from"(uuid, jsonb, integer) from public;
revoke all on function "private"."limit_struck"(text, integer, timestamp with time zone) from public;
revoke all on function "private"."lock_api_key"(uuid, integer) from public;

revoke all
  on function "private"."rate_answer"(timestamp with time zone, text, interval, integer, timestamp with time zone)
  from public;

revoke all on function "private"."refuse_audit_change"() from public;

revoke all
  on function "private"."refuse_request"(timestamp with time zone, text[], text[], interval[], integer[], timestamp
    with time zone[])
  from public;

revoke all on function "private"."request_buckets"(text, uuid, public.plans, text, text, integer) from public;
revoke all on function "private"."request_header"(text) from public;
revoke all on function "private"."request_headers"() from public;
revoke all on function "private"."request_is_proven"(jsonb) from public;
revoke all on function "private"."require_person"() from public;
revoke all on function "private"."said_once"(anyarray) from public;
revoke all on function "private"."take_many_tokens"(text, integer, integer, integer, integer) from public;
revoke all on function "private"."take_request_tokens"(jsonb) from public;
revoke all on function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text) from public;
grant execute on function "public"."create_api_key"(uuid, text, jsonb, text, text, text, text) to "authenticated";
revoke all on function "public"."revoke_api_key"(uuid, integer) from public;
grant execute on function "public"."revoke_api_key"(uuid, integer) to "authenticated";

revoke all
  on function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp with time zone, integer, text)
  from public;

grant execute
  on function "public"."rotate_api_key"(uuid, text, text, text, integer, timestamp with time zone, integer, text)
  to "authenticated";

revoke all on function "public"."update_api_key"(uuid, jsonb, integer) from public;
grant execute on function "public"."update_api_key"(uuid, jsonb, integer) to "authenticated";
grant select on table "public"."api_keys" to "authenticated", "service_role";
grant select on table "public"."audit_events" to "authenticated", "service_role";

reset check_function_bodies;

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
