-- The way back from 20261121150504_billing_metering_and_mail_back.sql. Written by `deno task db:diff` and never edited; change sql/ instead.
-- Loses data: 26 statements below.

set check_function_bodies = off;

drop policy "members_see_webhook_attempts" on "public"."webhook_attempts";
drop policy "members_see_webhook_deliveries" on "public"."webhook_deliveries";
drop policy "members_see_webhook_messages" on "public"."webhook_messages";
drop policy "members_see_webhook_subscriptions" on "public"."webhook_subscriptions";

drop trigger "seats" on "public"."organization_members";

drop index "public"."usage_hourly_counted_at_idx";
drop index "public"."webhook_events_endpoint_id_idx";

alter table "private"."billing_notices"
  drop constraint "billing_notices_organization_id_fkey";

alter table "private"."budget_periods"
  drop constraint "budget_periods_budget_id_fkey";

alter table "private"."mail_settings"
  drop constraint "mail_settings_organization_id_fkey";

alter table "private"."meter_reports"
  drop constraint "meter_reports_organization_id_fkey";

alter table "private"."spend_reservations"
  drop constraint "spend_reservations_organization_id_fkey";

alter table "private"."stripe_events"
  drop constraint "stripe_events_organization_id_fkey";

alter table "private"."usage_notices"
  drop constraint "usage_notices_organization_id_fkey";

alter table "private"."webhook_portals"
  drop constraint "webhook_portals_created_by_fkey";

alter table "private"."webhook_portals"
  drop constraint "webhook_portals_created_by_key_fkey";

alter table "private"."webhook_portals"
  drop constraint "webhook_portals_organization_id_fkey";

alter table "public"."billing_customers"
  drop constraint "billing_customers_entitled_plan_id_fkey";

alter table "public"."billing_customers"
  drop constraint "billing_customers_organization_id_fkey";

alter table "public"."budgets"
  drop constraint "budgets_created_by_fkey";

alter table "public"."budgets"
  drop constraint "budgets_flow_id_fkey";

alter table "public"."budgets"
  drop constraint "budgets_organization_id_fkey";

alter table "public"."invoices"
  drop constraint "invoices_organization_id_fkey";

alter table "public"."mail_events"
  drop constraint "mail_events_mail_id_fkey";

alter table "public"."mail_events"
  drop constraint "mail_events_organization_id_fkey";

alter table "public"."mail_suppressions"
  drop constraint "mail_suppressions_created_by_fkey";

alter table "public"."mail_suppressions"
  drop constraint "mail_suppressions_mail_id_fkey";

alter table "public"."mail_suppressions"
  drop constraint "mail_suppressions_organization_id_fkey";

alter table "public"."plan_prices"
  drop constraint "plan_prices_plan_id_fkey";

alter table "public"."plans"
  drop constraint "plans_included_seats_check";

alter table "public"."plans"
  drop constraint "plans_max_runs_per_month_check";

alter table "public"."subscriptions"
  drop constraint "subscriptions_organization_id_fkey";

alter table "public"."subscriptions"
  drop constraint "subscriptions_plan_id_fkey";

alter table "public"."subscriptions"
  drop constraint "subscriptions_scheduled_plan_id_fkey";

alter table "public"."usage_details"
  drop constraint "usage_details_organization_id_fkey";

drop function "engine"."billing_reconcile_state"();
drop function "engine"."billing_ticket"();
drop function "engine"."call_all_seats"();
drop function "engine"."end_billing_reconcile"(timestamp with time zone);
drop function "engine"."end_meter_reports"(jsonb);
drop function "engine"."end_stripe_events"(jsonb);
drop function "engine"."gate_webhook_portal"(text, text, uuid, text, text);
drop function "engine"."get_approval_request"(uuid, text, text);
drop function "engine"."get_digest"(uuid, date, text);
drop function "engine"."get_mail_preferences"(uuid);
drop function "engine"."get_seats"(uuid);
drop function "engine"."make_meter_reports"();
drop function "engine"."put_billing"(text, bigint, jsonb);
drop function "engine"."put_billing_customer"(uuid, text);
drop function "engine"."put_plan_prices"(jsonb, bigint);
drop function "engine"."receive_mail_event"(jsonb);
drop function "engine"."receive_stripe_events"(jsonb);
drop function "engine"."release_spend"(uuid);
drop function "engine"."reserve_spend"(jsonb);
drop function "engine"."set_mail_preferences"(uuid, jsonb);
drop function "engine"."set_model_price"(text, text, bigint, timestamp with time zone);
drop function "engine"."settle_spend"(uuid, jsonb);
drop function "engine"."take_meter_reports"(integer);
drop function "engine"."take_stripe_events"(text, integer);
drop function "engine"."unsubscribe_mail"(uuid);
drop function "private"."alert_budget"(uuid, timestamp with time zone, smallint);
drop function "private"."apply_mail_event"(public.mail_events);
drop function "private"."billing_addresses"(uuid, boolean);
drop function "private"."billing_grace"();
drop function "private"."budget_end"(text, timestamp with time zone);
drop function "private"."budget_reply"(uuid);
drop function "private"."budget_start"(text, timestamp with time zone);
drop function "private"."call_billing_sync"(text);
drop function "private"."call_seats"(uuid);
drop function "private"."caller_portal"();
drop function "private"."changed_columns"(jsonb, jsonb);
drop function "private"."choose_subscription"(uuid);
drop function "private"."cost_of"(text, jsonb, timestamp with time zone);
drop function "private"."digest_due"(date, text);
drop function "private"."find_told_mail"(public.mail_events);
drop function "private"."fit_portal"(public.webhook_subscriptions);
drop function "private"."fits_time_zone"(text);
drop function "private"."hold_budgets"(uuid, boolean);
drop function "private"."invoice_event"(public.invoices);
drop function "private"."is_suppressed"(uuid, text, text);
drop function "private"."judge_usage"();
drop function "private"."keep_billing"();
drop function "private"."keep_budgets"();
drop function "private"."keep_grace_days"(integer);
drop function "private"."keep_mail_events"();
drop function "private"."keep_webhooks_out"();
drop function "private"."lock_budget"(uuid, integer);
drop function "private"."mail_billing"(uuid, text, text, jsonb, boolean);
drop function "private"."mail_figures"(jsonb);
drop function "private"."mail_looks"(uuid, boolean);
drop function "private"."mail_preferences_reply"(public.mails);
drop function "private"."mail_settings_reply"(uuid);
drop function "private"."mail_usage_alert"(uuid, text, bigint, bigint, text, timestamp with time zone, text, text);
drop function "private"."note_billing"(uuid, text, text, text);
drop function "private"."open_budgets"(uuid, uuid, text[], timestamp with time zone);
drop function "private"."own_address"(uuid);
drop function "private"."portal_application"();
drop function "private"."portal_organization"();
drop function "private"."purge_webhook_messages"(bigint);
drop function "private"."put_invoice"(uuid, bigint, jsonb);
drop function "private"."put_subscription"(uuid, bigint, jsonb);
drop function "private"."read_lookup_key"(text);
drop function "private"."release_spend"(uuid[]);
drop function "private"."require_webhooks"(uuid, text, text, text);
drop function "private"."seats_of"(uuid);
drop function "private"."set_plan"(uuid, text, text);
drop function "private"."settle_billing"(uuid, text);
drop function "private"."spend_tokens"(jsonb);
drop function "private"."spend_units"(jsonb);
drop function "private"."suppress"(public.mails, text, text, text);
drop function "private"."tell_dispute"(uuid, public.invoices);
drop function "private"."tell_invoices"(uuid, public.subscriptions);
drop function "private"."tell_trial"(uuid, public.subscriptions);
drop function "private"."try_mail_event"(public.mail_events);
drop function "private"."usage_counted_at"();
drop function "private"."usage_numbers"(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric);
drop function "private"."usage_of_budget"(public.budgets, timestamp with time zone);
drop function "private"."want_mails"(uuid, text, jsonb, uuid, uuid);
drop function "private"."wanted_mails"(uuid, text);
drop function "private"."webhook_portal_reply"(private.webhook_portals);
drop function "public"."create_budget"(uuid, jsonb, text);
drop function "public"."create_webhook_portal"(uuid, jsonb, text, text, text);
drop function "public"."delete_budget"(uuid, integer);
drop function "public"."get_budget"(uuid);
drop function "public"."get_mail_preferences"(uuid);
drop function "public"."get_mail_settings"(uuid);
drop function "public"."get_mail_stats"(uuid, integer, text);
drop function "public"."get_usage"(uuid, date, date, text, uuid, integer);
drop function "public"."lift_suppression"(uuid);
drop function "public"."revoke_webhook_portal"(uuid);
drop function "public"."set_mail_preferences"(uuid, jsonb);
drop function "public"."suppress_address"(uuid, text, text, text);
drop function "public"."update_budget"(uuid, jsonb, integer);
drop function "public"."update_mail_settings"(uuid, jsonb, integer);

alter table "private"."mail_data"
  drop column "looks";

alter table "private"."mail_templates"
  drop column "is_branded";

alter table "public"."mails"
  drop column "clicked_at";

alter table "public"."mails"
  drop column "delivered_at";

alter table "public"."mails"
  drop column "opened_at";

alter table "public"."plans"
  drop column "included_seats";

alter table "public"."plans"
  drop column "max_runs_per_month";

alter table "public"."usage_hourly"
  drop column "ai_tokens";

alter table "public"."usage_hourly"
  drop column "cost_micros";

drop table "private"."billing_notices";
drop table "private"."budget_periods";
drop table "private"."mail_settings";
drop table "private"."meter_reports";
drop table "private"."model_prices";
drop table "private"."spend_reservations";
drop table "private"."stripe_events";
drop table "private"."usage_notices";
drop table "private"."webhook_portals";
drop table "public"."billing_customers";
drop table "public"."budgets";
drop table "public"."invoices";
drop table "public"."mail_events";
drop table "public"."mail_suppressions";
drop table "public"."plan_prices";
drop table "public"."subscriptions";

drop function "private"."seats_changed"();

drop table "public"."usage_details";

drop sequence "private"."billing_tickets";

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

create or replace function engine.schema_version()
  returns jsonb
  language sql
  immutable
  set search_path to ''
  AS $function$
  select '{"version": "20261121123306", "serves_from": "20261121090449"}'::jsonb;
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
  v_id uuid := case when private.input_is_valid(p_id, 'uuid') then p_id::uuid end;
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
            webhook_deliveries,webhook_endpoints,webhook_events,webhook_messages,webhook_refusals,webhook_subscriptions,
            workspaces
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

create policy "members_see_webhook_subscriptions" on "public"."webhook_subscriptions"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('webhooks:read'::text) as
    organizations_with)::uuid[])));

comment on column "private"."settings"."name" is 'functions_url = where the edge functions answer; max_workers = how many worker isolates may be awake; schedule_clock_since = since when the clock of schedules ticks, written by each tick; operator_email = who is told when a system task fails; usage_counted_to = the hour up to which usage has been counted; audit_retained_at = when retention last looked at the audit log; request_proof_key = what functions prove by that they sent a request, see engine.set_request_proof_key.';
comment on function "engine"."get_digest"(uuid, date) is 'What the digest of an organization and day says, and to whom (its owners; none when they opted out meanwhile). Null = there is nothing to say, or the organization is gone or suspended.';
comment on function "engine"."queue_digests"(date) is 'Queues the digest of a day (null = yesterday, UTC), a job digest.mail for each organization that had runs and wants it, once for each however often it is called. Answers {day, queued, more}; more = call again.';
comment on function "private"."is_suppressed"(text, text) is 'Whether an address gets no mails of a category: it bounced, complained, or its owner switched them off.';
comment on function "private"."keep_webhooks_out"(integer) is 'Part of the task webhook-retries: calls jobs for what waits without one, and deletes events with their deliveries and attempts that have fallen out of retention (that of webhook events), p_limit a call. Answers {woken, deleted}.';
comment on function "private"."publish_approvals"(jsonb) is 'Part of engine.settle_jobs, where something begins to wait: approval.requested for what waits for a person.';

comment on function "public"."create_webhook_subscription"(uuid, uuid, jsonb, jsonb, jsonb, text, text, text) is
  'Subscribes an organization to events: settings as the columns of public.webhook_subscriptions, and what the function webhooks has encrypted for this id, {number, envelope, key_id, last_four}: the signing secret, and p_headers = the values of the tenant''s own headers. p_fingerprint: a MAC of those, by which a repeated request is known. is_new false = an earlier call with the same Idempotency-Key made it, and the secret of this call signs nothing: seed, the p_seed of that call, tells the function webhooks which one it was. Needs webhooks:write; 402 at the plan''s number.';

comment on function "public"."destroy_secret_version"(uuid, integer) is 'Throws an earlier value away for good; the current one can not be. Backups keep it as long as they are kept. Needs secrets:write.';
comment on function "public"."rotate_webhook_secret"(uuid, text, integer, jsonb) is 'Gives an endpoint a new secret; the old one stays valid for p_overlap_seconds. p_sealed: as create_webhook_endpoint has it. The answer holds the new secret, this once, or sealed_secret. Needs webhooks:write.';

comment on function "public"."rotate_webhook_subscription_secret"(uuid, jsonb, integer, integer) is
  'Gives a webhook subscription a new signing secret, encrypted as in create_webhook_subscription; deliveries are signed with the one before it too for p_overlap_seconds. Needs webhooks:write.';

comment on function "public"."set_daily_digest"(uuid, boolean) is 'Whether the owners of an organization get a mail after each day with runs; they do until somebody says otherwise. Needs org:write. Answers what holds now.';

revoke all on function "engine"."get_digest"(uuid, date) from public;
grant execute on function "engine"."get_digest"(uuid, date) to "service_role";
revoke all on function "private"."is_suppressed"(text, text) from public;
revoke all on function "private"."keep_webhooks_out"(integer) from public;
revoke all on function "public"."set_daily_digest"(uuid, boolean) from public;
grant execute on function "public"."set_daily_digest"(uuid, boolean) to "authenticated";

reset check_function_bodies;

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
