-- The way back from 20261121054346_queue_under_load.sql. Written by `deno task db:diff` and never edited; change sql/ instead.
-- Loses data: 33 statements below.

drop policy if exists millrace_members_read_run_archives on storage.objects;

set check_function_bodies = off;

revoke all on table "private"."workers" from "service_role";

drop trigger "note_downgrade" on "public"."organizations";
drop trigger "touch" on "public"."webhook_endpoints";

drop index "public"."job_queue_blocked_idx";
drop index "public"."job_queue_expires_at_idx";
drop index "public"."job_queue_unique_key_idx";
drop index "public"."webhook_events_body_key_idx";
drop index "public"."webhook_events_event_key_idx";
drop index "public"."webhook_events_without_run_idx";

drop view "engine"."changes";
drop view "engine"."dead_letters";
drop view "engine"."jobs";
drop view "engine"."queue_depth";
drop view "engine"."queue_organizations";
drop view "engine"."stuck";
drop view "engine"."workers";

alter table "private"."digest_opt_outs"
  drop constraint "digest_opt_outs_organization_id_fkey";

alter table "private"."digest_opt_outs"
  drop constraint "digest_opt_outs_user_id_fkey";

alter table "private"."digests"
  drop constraint "digests_organization_id_fkey";

alter table "private"."partition_expired"
  drop constraint "partition_expired_kind_week_fkey";

alter table "private"."plan_downgrades"
  drop constraint "plan_downgrades_organization_id_fkey";

alter table "private"."plan_downgrades"
  drop constraint "plan_downgrades_plan_id_fkey";

alter table "private"."run_archive_weeks"
  drop constraint "run_archive_weeks_organization_id_fkey";

alter table "private"."system_alerts"
  drop constraint "system_alerts_task_fkey";

alter table "private"."system_task_runs"
  drop constraint "system_task_runs_name_fkey";

alter table "public"."analytics_daily"
  drop constraint "analytics_daily_organization_id_fkey";

alter table "public"."job_queue"
  drop constraint "job_queue_concurrency_key_check";

alter table "public"."job_queue"
  drop constraint "job_queue_concurrency_limit_check";

alter table "public"."job_queue"
  drop constraint "job_queue_status_check";

alter table "public"."job_queue"
  drop constraint "job_queue_unique_key_check";

alter table "public"."job_queue"
  drop constraint "jobs_are_leased_elsewhere";

alter table "public"."job_queue"
  drop constraint "limit_of_a_key";

alter table "public"."plans"
  drop constraint "plans_max_concurrent_jobs_check";

alter table "public"."plans"
  drop constraint "plans_queue_weight_check";

alter table "public"."plans"
  drop constraint "retention_is_in_days";

alter table "public"."run_archives"
  drop constraint "run_archives_organization_id_fkey";

alter table "public"."usage_hourly"
  drop constraint "usage_hourly_organization_id_fkey";

alter table "public"."webhook_endpoints"
  drop constraint "webhook_endpoints_wait_seconds_check";

drop function "engine"."add_run_archive"(uuid, date, uuid, jsonb, jsonb, boolean);
drop function "engine"."admit_runs"(uuid);
drop function "engine"."apply_retention"();
drop function "engine"."begin_run_archive"(uuid, date);
drop function "engine"."cancel_job"(uuid);
drop function "engine"."claim_jobs"(uuid, integer, text, uuid, boolean);
drop function "engine"."configure"(text, integer, text);
drop function "engine"."discard_dead_letter"(uuid);
drop function "engine"."discard_dead_letters"(uuid, jsonb, integer, boolean);
drop function "engine"."enqueue_jobs"(jsonb);
drop function "engine"."expired_run_archives"(integer);
drop function "engine"."finish_jobs"(uuid, jsonb);
drop function "engine"."finish_run_archive"(uuid, date, uuid);
drop function "engine"."get_digest"(uuid, date);
drop function "engine"."get_job"(uuid);
drop function "engine"."get_run_end"(uuid);

drop function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean,
  jsonb, jsonb);

drop function "engine"."list_jobs"(uuid, jsonb, uuid, boolean, integer);
drop function "engine"."list_task_runs"(text, integer, uuid);
drop function "engine"."list_tasks"();
drop function "engine"."off_change"(regclass, uuid, text);
drop function "engine"."on_change"(regclass, uuid, jsonb);
drop function "engine"."queue_digests"(date);
drop function "engine"."queue_statistics"(uuid, integer);
drop function "engine"."read_run_archive"(uuid, date, uuid, jsonb, integer);
drop function "engine"."remove_run_archives"(uuid[]);
drop function "engine"."replay_dead_letters"(uuid, jsonb, integer, boolean);
drop function "engine"."report_jobs"(uuid, jsonb);
drop function "engine"."request_task"(text);
drop function "engine"."retry_job"(uuid);
drop function "engine"."run_job_now"(uuid);
drop function "engine"."run_task"(text, text);
drop function "engine"."share_breakers"(jsonb);
drop function "engine"."start_waiting_task"();
drop function "engine"."update_task"(text, jsonb);
drop function "engine"."watch_tasks"();
drop function "engine"."work_bulk_operation"(uuid, integer, double precision);
drop function "private"."activate_turns"(uuid[]);
drop function "private"."admit_jobs"(uuid, uuid[], timestamp with time zone);
drop function "private"."apply_retention"(bigint, numeric);
drop function "private"."archives_runs"(uuid);
drop function "private"."begin_rewrite"(text, date);
drop function "private"."begin_tokens"(uuid, uuid[], timestamp with time zone);
drop function "private"."cancel_job"(uuid);
drop function "private"."causing_run"(uuid);
drop function "private"."change_actor"(text[]);
drop function "private"."change_fits"(private.change_triggers, jsonb, jsonb);
drop function "private"."change_obstacle"(private.change_triggers, public.flows, public.runs);
drop function "private"."change_options"(regclass, uuid, jsonb);
drop function "private"."change_tables"();
drop function "private"."check_dead_letter_filter"(jsonb, integer);
drop function "private"."check_leases"();
drop function "private"."clean_rate_limits"();
drop function "private"."close_lost_runs"(text);
drop function "private"."columns_of"(text);
drop function "private"."continue_rewrite"(private.partition_rewrites, bigint, timestamp with time zone);
drop function "private"."copy_changes"(text, date, integer);
drop function "private"."copy_runs"(text, date, uuid[]);
drop function "private"."copy_survivors"(text, date, bigint, timestamp with time zone);
drop function "private"."count_running"(uuid);
drop function "private"."count_usage"();
drop function "private"."count_usage_of"(timestamp with time zone);

drop function
  "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid, public.runs, uuid, uuid,
  jsonb, boolean, boolean);

drop function "private"."depth_of"(jsonb);
drop function "private"."discard_dead_letter"(uuid);
drop function "private"."discard_dead_letters"(uuid, jsonb, integer, boolean);
drop function "private"."drop_change_triggers"(uuid);
drop function "private"."drop_empty"(text, date);
drop function "private"."drop_rewrite"(text, date, text);
drop function "private"."end_queued_job"(uuid, text, jsonb);
drop function "private"."end_task_run"(uuid, text, text, jsonb, jsonb, timestamp with time zone);
drop function "private"."enqueue_job"(uuid, text, jsonb, jsonb);
drop function "private"."enqueue_one"(jsonb, timestamp with time zone);
drop function "private"."enqueue_run_archive"(uuid, date);
drop function "private"."find_expired"(text, date);
drop function "private"."find_job"(uuid);
drop function "private"."find_jobs"(uuid, jsonb, uuid, boolean, integer);
drop function "private"."find_turns"(timestamp with time zone, bigint);
drop function "private"."finish_leases"(uuid, jsonb, timestamp with time zone);
drop function "private"."forget_heads"(uuid[]);
drop function "private"."forget_lost_changes"();
drop function "private"."give_turn"(uuid);
drop function "private"."index_copies"(text, date);
drop function "private"."is_awake"(private.workers);
drop function "private"."is_own_table"(regclass);
drop function "private"."job_again"(public.job_history);
drop function "private"."job_conditions"(uuid, jsonb);
drop function "private"."json_setting"(text);
drop function "private"."keep_cron_job"(text, text, text);
drop function "private"."keep_partitions"();
drop function "private"."kept_days"(text, uuid);
drop function "private"."lease_jobs"(uuid, uuid[], boolean, timestamp with time zone);
drop function "private"."leased_jobs"(uuid[]);
drop function "private"."lock_archive_pass"(uuid, date, uuid);
drop function "private"."lock_concurrency_key"(text);
drop function "private"."look_at_week"(text, date, bigint);
drop function "private"."mail_operators"(private.system_alerts, text);
drop function "private"."note_downgrade"();
drop function "private"."note_expired"(text, date);
drop function "private"."note_partition_change"();

drop function "private"."note_turns"(timestamp with time zone, boolean, uuid[], integer[], timestamp
  with time zone[], uuid[], boolean, bigint);

drop function "private"."organizations_of_week"(text, date);
drop function "private"."partition_name"(text, date);
drop function "private"."pick_jobs"(integer, timestamp with time zone);
drop function "private"."platform_id"();
drop function "private"."prune_cron_history"();
drop function "private"."prune_idempotency_keys"();
drop function "private"."prune_job_counts"();
drop function "private"."purge_default"(text, date, bigint);
drop function "private"."purge_webhook_events"(bigint);
drop function "private"."put_back_leases"(uuid[], boolean);
drop function "private"."queue_numbers"(uuid);
drop function "private"."queue_statistics"(uuid, integer);
drop function "private"."raise_alerts"();
drop function "private"."record_run_ahead"(public.flows, public.webhook_events, text, jsonb, text, jsonb);
drop function "private"."replay_dead_letters"(uuid, jsonb, integer, boolean);
drop function "private"."request_archives"(date);
drop function "private"."resting_status"(timestamp with time zone, timestamp with time zone);
drop function "private"."retained_tables"(text);
drop function "private"."retry_job"(uuid);
drop function "private"."retry_webhooks"();
drop function "private"."roll_up_analytics"();
drop function "private"."roll_up_day"(date);
drop function "private"."run_job_now"(uuid);
drop function "private"."schedule_tasks"();
drop function "private"."scheduled_tasks"();
drop function "private"."secure_run_archives"();
drop function "private"."setting"(text);
drop function "private"."shorten_leases"(uuid[], uuid[]);
drop function "private"."skip_change"(uuid, text, bigint);
drop function "private"."skip_task"(text, text, text, uuid);
drop function "private"."start_change_runs"(private.change_triggers, public.flows, public.runs, jsonb, jsonb[]);
drop function "private"."start_changed_flow"();
drop function "private"."stop_task_job"(uuid);
drop function "private"."survives"(text, date);
drop function "private"."swap_partition"(text, date, timestamp with time zone);
drop function "private"."sweep_jobs"(timestamp with time zone);
drop function "private"."take_slots"(public.runs, boolean);
drop function "private"."task_attempt"(text);
drop function "private"."task_ended"(jsonb, text, jsonb);
drop function "private"."task_holders"();
drop function "private"."task_run_reply"(private.system_task_runs);
drop function "private"."task_waits_for"(text);
drop function "private"."tell_task"(uuid, text, uuid, text, text, jsonb);
drop function "private"."text_list"(jsonb, text[]);
drop function "private"."throughput_of"(bigint, bigint, bigint, numeric, numeric);
drop function "private"."try_lock_task"(text);
drop function "private"."unblock_jobs"(text[]);
drop function "private"."uuid_v7_time"(uuid);
drop function "private"."wake_if_idle"(uuid);
drop function "private"."warn_of_archives"();
drop function "private"."week_of"(uuid);
drop function "private"."week_range"(date);
drop function "private"."weeks_of_default"(text);
drop function "private"."work_bulk_operation"(public.bulk_operations, integer, double precision);
drop function "public"."cancel_job"(uuid);
drop function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer);
drop function "public"."discard_dead_letter"(uuid);
drop function "public"."discard_dead_letters"(uuid, jsonb, integer, boolean);
drop function "public"."find_run_archives"(uuid);
drop function "public"."get_job"(uuid);
drop function "public"."get_run_archive"(uuid);
drop function "public"."list_jobs"(uuid, jsonb, uuid, boolean, integer);
drop function "public"."list_run_archives"(uuid, date, uuid, integer);
drop function "public"."queue_statistics"(uuid, integer);
drop function "public"."replay_dead_letters"(uuid, jsonb, integer, boolean);
drop function "public"."retry_job"(uuid);
drop function "public"."run_job_now"(uuid);
drop function "public"."set_daily_digest"(uuid, boolean);

drop function
  "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb, integer);

alter table "private"."workers"
  drop column "is_listening";

alter table "public"."job_queue"
  drop column "concurrency_key";

alter table "public"."job_queue"
  drop column "concurrency_limit";

alter table "public"."job_queue"
  drop column "expires_at";

alter table "public"."job_queue"
  drop column "unique_key";

alter table "public"."plans"
  drop column "archives_runs";

alter table "public"."plans"
  drop column "max_concurrent_jobs";

alter table "public"."plans"
  drop column "queue_weight";

alter table "public"."plans"
  drop column "retention_days";

alter table "public"."webhook_endpoints"
  drop column "wait_seconds";

drop table "private"."change_skips";
drop table "private"."change_triggers";
drop table "private"."digest_opt_outs";
drop table "private"."digests";
drop table "private"."job_counts";
drop table "private"."job_leases";
drop table "private"."job_slots";
drop table "private"."job_states";
drop table "private"."job_turns";
drop table "private"."partition_changes";
drop table "private"."partition_expired";
drop table "private"."partition_rewrites";
drop table "private"."plan_downgrades";
drop table "private"."provider_breakers";
drop table "private"."run_archive_weeks";
drop table "private"."system_alerts";
drop table "private"."system_task_runs";
drop table "private"."system_tasks";
drop table "public"."analytics_daily";
drop table "public"."job_history_default";
drop table "public"."job_history";
drop table "public"."run_archives";
drop table "public"."usage_hourly";

drop sequence "private"."job_clock";
drop sequence "private"."next_discovery";

create sequence "private"."claim_turns" as bigint increment by 1 minvalue 0 maxvalue 9223372036854775807 START
  with 0 cache 1 no cycle;

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

alter table "public"."job_queue"
  add constraint "job_queue_status_check"
    check ((status = ANY (ARRAY['available'::text, 'running'::text, 'waiting'::text, 'paused'::text])));

create unique index webhook_events_body_key_idx on public.webhook_events using btree (endpoint_id, body_key)
  where ((replay_of is null) AND (not is_test));

create unique index webhook_events_event_key_idx on public.webhook_events using btree (endpoint_id, event_key)
  where ((replay_of is null) AND (not is_test));

create trigger touch
  before update of name,
    config, flow_id, trigger_node, signature_required, is_active, mapping on public.webhook_endpoints
  for each row
  execute function private.touch();

comment on column "private"."settings"."name" is 'functions_url = where the edge functions answer; max_workers = how many worker isolates may be awake; schedule_clock_since = since when the clock of schedules ticks, written by each tick.';
comment on column "public"."job_queue"."payload" is 'For a token at a join: {"live": [slots]} or {"dead": true}; one that waits: {"wait": {kind, name, data}}, and {"resolved": {by, data}} once that is over; at a region: {item, index, count}, {close} or {again}. For other types: their arguments.';
comment on column "public"."job_queue"."status" is 'available = may be claimed once scheduled_for has come; running = leased to worker_id; waiting = for something to happen (payload says what) or for scheduled_for; paused = its run is.';
comment on function "engine"."claim_jobs"(uuid, integer, text, uuid) is 'Leases up to p_limit ready jobs to a worker (kind worker or inline), organizations taking turns; p_run_id = only those of one run. Registers the worker and prolongs its lease. Answers the jobs with what they read.';
comment on function "engine"."configure"(text, integer) is 'Told once after deployment where the edge functions answer, and how many workers may be awake. Schedules the clock with pg_cron; repeat it at will.';
comment on function "engine"."ensure_partitions"(integer) is 'Makes the weekly partitions of runs and run_steps from this week to p_weeks_ahead later, with RLS on and no grants of their own. Gives way when the tables are in use: the next call makes the rest. Answers how many it made. Daily by pg_cron.';
comment on function "engine"."get_webhook_endpoint"(text, boolean) is 'What the receiver needs to judge a delivery: adapter, settings, valid secrets, and one token of the endpoint''s rate limit. Null = no active endpoint has this slug. p_test = for its test address, where one that is switched off answers too, unless it takes unsigned deliveries.';

comment on function
  "engine"."ingest_webhook"(uuid, text, text, text, jsonb, jsonb, text, boolean, jsonb, text, uuid, boolean, boolean,
  jsonb) is 'Keeps a verified delivery and starts its run, in one transaction, so that it may be acknowledged. A repeated event (same key, or same body where p_dedupe_body) starts nothing and answers with the first one. p_raw_body is base64; p_input is what the trigger gives (event_id and received_at are added); p_worker_id = the first token is leased to that worker, and jobs holds it; p_unsigned = nobody checked who sent it; p_test = it came to the test address: it repeats nothing, runs although the flow is off, and its input says test; p_mapped = what the endpoint''s mapping gave: {entity, input, error}, where the entity is made or brought up to date and moves with the run, and input stands in for p_input.';

comment on function
  "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid, public.runs, uuid, uuid,
  jsonb, boolean) is 'Writes a run and its first token. p_worker_id null = any worker may claim it; otherwise it starts leased to that worker (inline start). p_run_id = an id that the caller has chosen already, by private.uuid_v7. A run beyond a limit waits for its place; p_may_refuse = it is refused when the flow says so. Trusts its caller for permissions.';

comment on function "private"."setting"(text) is 'The value of a setting, null when it was never set.';
comment on function "private"."take_slots"(public.runs) is 'Takes a place under every limit of a run, or none: answers the limit that is full, null when it has its places.';
comment on function "private"."wake_if_idle"() is 'Wakes one worker when none is awake and none has just been called.';
comment on function "private"."work_bulk_operations"(integer, double precision) is 'Part of engine.tick: one batch of one bulk operation, at most p_runs runs and p_seconds seconds. A run that refuses is counted and keeps nothing else back. Answers how many runs it looked at.';
comment on function "public"."create_bulk_operation"(uuid, text, jsonb, boolean, text) is 'Has an action done to all runs that a filter finds; the clock works it off in batches. p_dry_run = only says how many there are. Needs runs:execute, now and at each batch. Answers the operation with its total.';

comment on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb) is
  'Makes a webhook endpoint for a flow. p_secret: the one the provider shows (Stripe), null = made here. The answer holds the secret, this once. Needs webhooks:write.';

comment on function
  "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb) is
  'Changes an endpoint; null = leave as it is, but with another flow the trigger node is p_trigger_node or the first that fits; an empty p_mapping takes the mapping away. Needs webhooks:write.';

comment on sequence "private"."claim_turns" is 'The organization at which the last batch of claims ended, as the first 60 bits of its id; the next batch goes on behind it. Not moved while all organizations with work fit into one batch.';
comment on table "public"."bulk_operations" is 'One action on all runs that a filter finds, worked off by the clock in batches, under the rights of who asked.';
comment on table "public"."job_queue" is 'Work that is waiting or running; finished work leaves. A row of type flow.step is a token: where a run stands. No foreign key to organizations or runs on purpose: its row lock would cost every insert a write on the busiest rows; engine functions are the only writers.';

revoke all on function "engine"."claim_jobs"(uuid, integer, text, uuid) from public;
grant execute on function "engine"."claim_jobs"(uuid, integer, text, uuid) to "service_role";
revoke all on function "engine"."configure"(text, integer) from public;
grant execute on function "engine"."configure"(text, integer) to "service_role";

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

revoke all
  on function
    "private"."create_run"(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid, public.runs, uuid,
    uuid, jsonb, boolean)
  from public;

revoke all on function "private"."setting"(text) from public;
revoke all on function "private"."take_slots"(public.runs) from public;
revoke all on function "private"."wake_if_idle"() from public;

revoke all
  on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb)
  from public;

grant execute
  on function "public"."create_webhook_endpoint"(uuid, text, text, jsonb, text, text, boolean, text, jsonb)
  to "authenticated";

revoke all
  on function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb)
  from public;

grant execute
  on function "public"."update_webhook_endpoint"(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb)
  to "authenticated";

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
