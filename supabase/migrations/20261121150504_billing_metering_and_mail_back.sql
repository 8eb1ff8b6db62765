-- Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

drop policy "members_see_webhook_attempts" on "public"."webhook_attempts";
drop policy "members_see_webhook_deliveries" on "public"."webhook_deliveries";
drop policy "members_see_webhook_messages" on "public"."webhook_messages";
drop policy "members_see_webhook_subscriptions" on "public"."webhook_subscriptions";

drop function "engine"."get_digest"(uuid, date);
drop function "private"."is_suppressed"(text, text);
drop function "private"."keep_webhooks_out"(integer);
drop function "public"."set_daily_digest"(uuid, boolean);

create sequence "private"."billing_tickets" as bigint increment by 1 minvalue 1 maxvalue 9223372036854775807 START
  with 1 cache 1 no cycle;

create table "private"."billing_notices" (
  "kind"            text                     not null,
  "object_id"       text                     not null,
  "turn"            text                     not null,
  "organization_id" uuid                     not null,
  "created_at"      timestamp with time zone not null default private.now(),
  constraint "billing_notices_kind_check"
    check ((kind = ANY (ARRAY['invoice_paid'::text, 'payment_failed'::text, 'trial_ending'::text, 'dispute'::text]))),
  constraint "billing_notices_object_id_check" check ((length(object_id) <= 255)),
  constraint "billing_notices_pkey" primary key (kind, object_id, turn),
  constraint "billing_notices_turn_check" check ((length(turn) <= 100))
);

alter table "private"."billing_notices"
  enable row level security;

create table "private"."budget_periods" (
  "budget_id" uuid                     not null,
  "starts_at" timestamp with time zone not null,
  "used"      bigint                   not null default 0,
  "reserved"  bigint                   not null default 0,
  "alerted"   smallint                 not null default 0,
  constraint "budget_periods_alerted_check" check ((alerted = ANY (ARRAY[0, 50, 80, 100]))),
  constraint "budget_periods_pkey" primary key (budget_id, starts_at),
  constraint "budget_periods_reserved_check" check ((reserved >= 0)),
  constraint "budget_periods_used_check" check ((used >= 0))
);

alter table "private"."budget_periods"
  enable row level security;

alter table "private"."budget_periods"
  set (fillfactor=50);

create table "private"."mail_settings" (
  "organization_id" uuid                     not null,
  "digest"          text                     not null default 'week'::text,
  "time_zone"       text                     not null default 'UTC'::text,
  "brand_name"      text,
  "logo_url"        text,
  "color"           text,
  "reply_to"        text,
  "version"         integer                  not null default 1,
  "updated_at"      timestamp with time zone not null default private.now(),
  constraint "mail_settings_brand_name_check"
    check (((length(brand_name) >= 1) AND (length(brand_name) <= 80) AND (brand_name !~ '[[:cntrl:]<>]'::text))),
  constraint "mail_settings_color_check" check ((color ~ '^#[0-9a-f]{6}$'::text)),
  constraint "mail_settings_digest_check" check ((digest = ANY (ARRAY['week'::text, 'day'::text]))),
  constraint "mail_settings_logo_url_check"
    check (((length(logo_url) <= 2000) AND (logo_url ~ '^https://[^[:space:][:cntrl:]<>"\\@]+$'::text))),
  constraint "mail_settings_pkey" primary key (organization_id),
  constraint "mail_settings_reply_to_check"
    check (((length(reply_to) <= 320) AND (reply_to ~ '^[^\s<>@,;"\\]{1,64}@[^\s<>@,;"\\]{1,255}$'::text))),
  constraint "mail_settings_time_zone_check" check ((time_zone ~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$'::text))
);

alter table "private"."mail_settings"
  enable row level security;

create table "private"."meter_reports" (
  "id"                 uuid                     not null default private.uuid_v7(),
  "organization_id"    uuid                     not null,
  "meter"              text                     not null,
  "hour"               timestamp with time zone not null,
  "number"             smallint                 not null,
  "quantity"           bigint                   not null,
  "stripe_customer_id" text                     not null,
  "happened_at"        timestamp with time zone not null,
  "status"             text                     not null default 'pending'::text,
  "attempts"           integer                  not null default 0,
  "next_attempt_at"    timestamp with time zone not null default private.now(),
  "attempt_at"         timestamp with time zone,
  "doubtful_since"     timestamp with time zone,
  "error"              jsonb,
  "ended_at"           timestamp with time zone,
  constraint "ended_is_told" check (((status = 'pending'::text) = (ended_at IS NULL))),
  constraint "meter_reports_meter_check"
    check ((meter = ANY (ARRAY['runs'::text, 'steps'::text, 'ai_tokens'::text]))),
  constraint "meter_reports_number_check" check ((number >= 1)),
  constraint "meter_reports_organization_id_meter_hour_number_key" unique (organization_id, meter, hour, number),
  constraint "meter_reports_pkey" primary key (id),
  constraint "meter_reports_quantity_check" check ((quantity > 0)),
  constraint "meter_reports_status_check"
    check ((status = ANY (ARRAY['pending'::text, 'sent'::text, 'refused'::text, 'expired'::text])))
);

alter table "private"."meter_reports"
  enable row level security;

alter table "private"."meter_reports"
  set (fillfactor=80);

create table "private"."model_prices" (
  "model"              text                     not null,
  "unit"               text                     not null,
  "valid_from"         timestamp with time zone not null,
  "micros_per_million" bigint,
  constraint "model_prices_micros_per_million_check"
    check (((micros_per_million >= 0) AND (micros_per_million <= '1000000000000000'::bigint))),
  constraint "model_prices_model_check"
    check ((model ~ '^[a-z0-9][a-z0-9_.-]{0,63}/[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}$'::text)),
  constraint "model_prices_pkey" primary key (model, unit, valid_from),
  constraint "model_prices_unit_check"
    check
    ((unit = ANY (ARRAY['call'::text, 'input_token'::text, 'cached_token'::text, 'output_token'::text, 'image'::text,
    'second'::text, 'character'::text])))
);

alter table "private"."model_prices"
  enable row level security;

create table "private"."spend_reservations" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "flow_id"         uuid                     not null,
  "run_id"          uuid                     not null,
  "node_id"         text                     not null,
  "scope"           text                     not null default ''::text,
  "number"          smallint                 not null default 1,
  "job_id"          uuid                     not null,
  "model"           text                     not null,
  "status"          text                     not null default 'open'::text,
  "units"           jsonb                    not null,
  "budgets"         jsonb                    not null default '[]'::jsonb,
  "created_at"      timestamp with time zone not null default private.now(),
  "ended_at"        timestamp with time zone,
  constraint "ended_is_told" check (((status = 'open'::text) = (ended_at IS NULL))),
  constraint "spend_reservations_pkey" primary key (id),
  constraint "spend_reservations_status_check"
    check ((status = ANY (ARRAY['open'::text, 'settled'::text, 'released'::text])))
);

alter table "private"."spend_reservations"
  enable row level security;

alter table "private"."spend_reservations"
  set (fillfactor=70);

create table "private"."stripe_events" (
  "id"                 text                     not null,
  "type"               text                     not null,
  "created_at"         timestamp with time zone not null,
  "received_at"        timestamp with time zone not null default private.now(),
  "kind"               text,
  "object_id"          text,
  "stripe_customer_id" text,
  "queue_key"          text                     not null,
  "organization_id"    uuid,
  "payload"            bytea,
  "is_recovered"       boolean                  not null default false,
  "status"             text                     not null default 'received'::text,
  "error"              text,
  "processed_at"       timestamp with time zone,
  constraint "ended_says_when" check (((status = 'received'::text) = (processed_at IS NULL))),
  constraint "stripe_events_error_check" check ((length(error) <= 2000)),
  constraint "stripe_events_id_check" check (((length(id) >= 1) AND (length(id) <= 255))),
  constraint "stripe_events_kind_check"
    check
    ((kind = ANY (ARRAY['customer'::text, 'subscription'::text, 'invoice'::text, 'charge'::text, 'dispute'::text,
    'prices'::text]))),
  constraint "stripe_events_object_id_check" check ((length(object_id) <= 255)),
  constraint "stripe_events_payload_check" check ((octet_length(payload) <= 1048576)),
  constraint "stripe_events_pkey" primary key (id),
  constraint "stripe_events_queue_key_check" check ((length(queue_key) <= 255)),
  constraint "stripe_events_status_check"
    check ((status = ANY (ARRAY['received'::text, 'done'::text, 'failed'::text, 'ignored'::text]))),
  constraint "stripe_events_stripe_customer_id_check" check ((length(stripe_customer_id) <= 255)),
  constraint "stripe_events_type_check" check ((length(type) <= 255))
);

alter table "private"."stripe_events"
  enable row level security;

alter table "private"."stripe_events"
  set (fillfactor=90);

create table "private"."usage_notices" (
  "organization_id" uuid                     not null,
  "limit_name"      text                     not null,
  "starts_at"       timestamp with time zone not null,
  "share"           smallint                 not null,
  "noticed_at"      timestamp with time zone not null default private.now(),
  constraint "usage_notices_pkey" primary key (organization_id, limit_name, starts_at, share),
  constraint "usage_notices_share_check" check ((share = ANY (ARRAY[80, 100])))
);

alter table "private"."usage_notices"
  enable row level security;

create table "private"."webhook_portals" (
  "id"                uuid                     not null default private.uuid_v7(),
  "organization_id"   uuid                     not null,
  "secret_hash"       bytea                    not null,
  "application"       text                     not null,
  "event_types"       text[]                   not null,
  "flow_ids"          uuid[],
  "resource_ids"      text[],
  "can_write"         boolean                  not null,
  "max_subscriptions" smallint                 not null,
  "expires_at"        timestamp with time zone not null,
  "revoked_at"        timestamp with time zone,
  "created_by"        uuid,
  "created_by_key"    uuid,
  "created_at"        timestamp with time zone not null default private.now(),
  constraint "webhook_portals_application_check" check ((application ~ '^[A-Za-z0-9._:-]{1,100}$'::text)),
  constraint "webhook_portals_event_types_check"
    check (((cardinality(event_types) >= 1) AND (cardinality(event_types) <= 64))),
  constraint "webhook_portals_flow_ids_check"
    check (((cardinality(flow_ids) >= 1) AND (cardinality(flow_ids) <= 100))),
  constraint "webhook_portals_max_subscriptions_check"
    check (((max_subscriptions >= 1) AND (max_subscriptions <= 100))),
  constraint "webhook_portals_pkey" primary key (id),
  constraint "webhook_portals_resource_ids_check"
    check (((cardinality(resource_ids) >= 1) AND (cardinality(resource_ids) <= 100))),
  constraint "webhook_portals_secret_hash_check" check ((octet_length(secret_hash) = 32)),
  constraint "webhook_portals_secret_hash_key" unique (secret_hash)
);

alter table "private"."webhook_portals"
  enable row level security;

create table "public"."billing_customers" (
  "organization_id"     uuid                     not null,
  "stripe_customer_id"  text                     not null,
  "email"               text,
  "currency"            text,
  "tax_exempt"          text                     not null default 'none'::text,
  "balance"             bigint                   not null default 0,
  "delinquent"          boolean                  not null default false,
  "deleted"             boolean                  not null default false,
  "has_payment_method"  boolean                  not null default false,
  "entitled_plan_id"    text,
  "subscription_status" text,
  "created_at"          timestamp with time zone not null default private.now(),
  "synced_at"           timestamp with time zone,
  "sync_ticket"         bigint                   not null default 0,
  constraint "billing_customers_currency_check" check ((currency ~ '^[a-z]{3}$'::text)),
  constraint "billing_customers_email_check" check ((length(email) <= 512)),
  constraint "billing_customers_pkey" primary key (organization_id),
  constraint "billing_customers_stripe_customer_id_check"
    check ((stripe_customer_id ~ '^cus_[A-Za-z0-9_]{1,250}$'::text)),
  constraint "billing_customers_stripe_customer_id_key" unique (stripe_customer_id)
);

alter table "public"."billing_customers"
  enable row level security;

alter table "public"."billing_customers"
  set (fillfactor=90);

create table "public"."budgets" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid                     not null,
  "flow_id"         uuid,
  "name"            text                     not null,
  "meter"           text                     not null,
  "period"          text                     not null default 'month'::text,
  "amount"          bigint                   not null,
  "on_limit"        text                     not null default 'stop'::text,
  "is_enabled"      boolean                  not null default true,
  "created_by"      uuid,
  "version"         integer                  not null default 1,
  "created_at"      timestamp with time zone not null default private.now(),
  "updated_at"      timestamp with time zone not null default private.now(),
  constraint "budgets_amount_check" check (((amount >= 1) AND (amount <= '1000000000000000'::bigint))),
  constraint "budgets_meter_check"
    check ((meter = ANY (ARRAY['cost'::text, 'ai_tokens'::text, 'runs'::text, 'steps'::text]))),
  constraint "budgets_name_check" check (((length(name) >= 1) AND (length(name) <= 200))),
  constraint "budgets_on_limit_check" check ((on_limit = ANY (ARRAY['stop'::text, 'warn'::text]))),
  constraint "budgets_period_check" check ((period = ANY (ARRAY['day'::text, 'month'::text]))),
  constraint "budgets_pkey" primary key (id),
  constraint "only_calls_are_stopped"
    check (((on_limit = 'warn'::text) OR (meter = ANY (ARRAY['cost'::text, 'ai_tokens'::text]))))
);

alter table "public"."budgets"
  enable row level security;

create table "public"."invoices" (
  "stripe_invoice_id"      text                     not null,
  "organization_id"        uuid                     not null,
  "stripe_customer_id"     text                     not null,
  "stripe_subscription_id" text,
  "number"                 text,
  "status"                 text                     not null,
  "billing_reason"         text,
  "collection_method"      text                     not null,
  "currency"               text                     not null,
  "subtotal"               bigint                   not null,
  "tax"                    bigint                   not null default 0,
  "total"                  bigint                   not null,
  "amount_due"             bigint                   not null,
  "amount_paid"            bigint                   not null,
  "amount_refunded"        bigint                   not null default 0,
  "attempt_count"          integer                  not null default 0,
  "next_payment_attempt"   timestamp with time zone,
  "period_start"           timestamp with time zone,
  "period_end"             timestamp with time zone,
  "hosted_invoice_url"     text,
  "invoice_pdf"            text,
  "payment_method"         text,
  "failure_reason"         text,
  "dispute_status"         text,
  "dispute_due_at"         timestamp with time zone,
  "lines"                  jsonb                    not null default '[]'::jsonb,
  "created_at"             timestamp with time zone not null,
  "finalized_at"           timestamp with time zone,
  "due_at"                 timestamp with time zone,
  "paid_at"                timestamp with time zone,
  "synced_at"              timestamp with time zone not null default private.now(),
  "sync_ticket"            bigint                   not null default 0,
  constraint "invoices_amount_refunded_check" check ((amount_refunded >= 0)),
  constraint "invoices_currency_check" check ((currency ~ '^[a-z]{3}$'::text)),
  constraint "invoices_dispute_status_check" check ((length(dispute_status) <= 100)),
  constraint "invoices_failure_reason_check" check ((length(failure_reason) <= 1000)),
  constraint "invoices_lines_check"
    check (((jsonb_typeof(lines) = 'array'::text) AND (octet_length((lines)::text) <= 131072))),
  constraint "invoices_number_check" check ((length(number) <= 200)),
  constraint "invoices_payment_method_check" check ((length(payment_method) <= 200)),
  constraint "invoices_pkey" primary key (stripe_invoice_id),
  constraint "invoices_status_check"
    check ((status = ANY (ARRAY['draft'::text, 'open'::text, 'paid'::text, 'uncollectible'::text, 'void'::text]))),
  constraint "invoices_stripe_invoice_id_check" check ((length(stripe_invoice_id) <= 255))
);

alter table "public"."invoices"
  enable row level security;

alter table "public"."invoices"
  set (fillfactor=90);

create table "public"."mail_events" (
  "id"                  uuid                     not null default private.uuid_v7(),
  "organization_id"     uuid,
  "mail_id"             uuid,
  "provider"            text                     not null,
  "provider_event_id"   text                     not null,
  "provider_message_id" text                     not null,
  "tagged_mail_id"      uuid,
  "type"                text                     not null,
  "detail"              jsonb,
  "status"              text                     not null default 'pending'::text,
  "error"               text,
  "occurred_at"         timestamp with time zone not null,
  "received_at"         timestamp with time zone not null default private.now(),
  constraint "mail_events_applied" check (((status <> 'applied'::text) OR (mail_id IS NOT NULL))),
  constraint "mail_events_detail_check" check ((octet_length((detail)::text) <= 4096)),
  constraint "mail_events_error_check" check ((length(error) <= 500)),
  constraint "mail_events_pkey" primary key (id),
  constraint "mail_events_provider_check" check ((provider = 'resend'::text)),
  constraint "mail_events_provider_event_id_check"
    check (((length(provider_event_id) >= 1) AND (length(provider_event_id) <= 255))),
  constraint "mail_events_provider_message_id_check"
    check (((length(provider_message_id) >= 1) AND (length(provider_message_id) <= 300))),
  constraint "mail_events_status_check"
    check ((status = ANY (ARRAY['pending'::text, 'applied'::text, 'ignored'::text, 'failed'::text]))),
  constraint "mail_events_type_check"
    check
    ((type = ANY (ARRAY['sent'::text, 'delivered'::text, 'delayed'::text, 'bounced'::text, 'complained'::text,
    'opened'::text, 'clicked'::text, 'failed'::text, 'suppressed'::text])))
);

alter table "public"."mail_events"
  enable row level security;

create table "public"."mail_suppressions" (
  "id"              uuid                     not null default private.uuid_v7(),
  "organization_id" uuid,
  "tenant_id"       uuid                     not null,
  "address"         text                     not null,
  "scope"           text                     not null,
  "reason"          text                     not null,
  "note"            text,
  "mail_id"         uuid,
  "created_by"      uuid,
  "created_at"      timestamp with time zone not null default private.now(),
  constraint "mail_suppressions_address_check"
    check
    (((length(address) <= 320) AND (address = lower(address)) AND (address ~
    '^[^\s<>@,;"\\]{1,64}@[^\s<>@,;"\\]{1,255}$'::text))),
  constraint "mail_suppressions_note_check" check ((length(note) <= 500)),
  constraint "mail_suppressions_pkey" primary key (id),
  constraint "mail_suppressions_reason_check"
    check ((reason = ANY (ARRAY['bounced'::text, 'complained'::text, 'manual'::text, 'unsubscribed'::text]))),
  constraint "mail_suppressions_scope_check"
    check
    ((scope = ANY (ARRAY['everything'::text, 'optional'::text, 'alerts'::text, 'digests'::text, 'product'::text]))),
  constraint "mail_suppressions_scope"
    check (((scope = 'everything'::text) = (reason = ANY (ARRAY['bounced'::text, 'manual'::text])))),
  constraint "mail_suppressions_tenant"
    check ((tenant_id = COALESCE(organization_id, '00000000-0000-0000-0000-000000000000'::uuid)))
);

alter table "public"."mail_suppressions"
  enable row level security;

create table "public"."plan_prices" (
  "stripe_price_id"  text                     not null,
  "lookup_key"       text,
  "plan_id"          text,
  "kind"             text                     not null,
  "billing_interval" text,
  "currency"         text                     not null,
  "unit_amount"      bigint,
  "is_active"        boolean                  not null,
  "synced_at"        timestamp with time zone not null default private.now(),
  "sync_ticket"      bigint                   not null default 0,
  constraint "plan_prices_billing_interval_check"
    check ((billing_interval = ANY (ARRAY['month'::text, 'year'::text]))),
  constraint "plan_prices_currency_check" check ((currency ~ '^[a-z]{3}$'::text)),
  constraint "plan_prices_kind_check" check ((kind = ANY (ARRAY['base'::text, 'seat'::text, 'meter'::text]))),
  constraint "plan_prices_lookup_key_check" check ((length(lookup_key) <= 200)),
  constraint "plan_prices_lookup_key_key" unique (lookup_key),
  constraint "plan_prices_pkey" primary key (stripe_price_id),
  constraint "plan_prices_stripe_price_id_check" check ((length(stripe_price_id) <= 255)),
  constraint "price_is_of_a_plan" check (((kind = 'meter'::text) OR ((plan_id IS NOT NULL) AND (billing_interval IS
    NOT NULL))))
);

alter table "public"."plan_prices"
  enable row level security;

create table "public"."subscriptions" (
  "stripe_subscription_id" text                     not null,
  "organization_id"        uuid                     not null,
  "stripe_customer_id"     text                     not null,
  "status"                 text                     not null,
  "is_current"             boolean                  not null default false,
  "plan_id"                text,
  "billing_interval"       text,
  "seats"                  integer                  not null default 1,
  "currency"               text                     not null,
  "current_period_start"   timestamp with time zone,
  "current_period_end"     timestamp with time zone,
  "trial_end"              timestamp with time zone,
  "cancel_at"              timestamp with time zone,
  "cancel_at_period_end"   boolean                  not null default false,
  "canceled_at"            timestamp with time zone,
  "ended_at"               timestamp with time zone,
  "past_due_since"         timestamp with time zone,
  "scheduled_plan_id"      text,
  "has_payment_method"     boolean                  not null default false,
  "latest_invoice_id"      text,
  "stripe_base_item_id"    text,
  "stripe_seat_item_id"    text,
  "created_at"             timestamp with time zone not null,
  "synced_at"              timestamp with time zone not null default private.now(),
  "sync_ticket"            bigint                   not null default 0,
  constraint "ended_is_not_current"
    check ((NOT (is_current AND (status = ANY (ARRAY['canceled'::text, 'incomplete_expired'::text]))))),
  constraint "subscriptions_billing_interval_check"
    check ((billing_interval = ANY (ARRAY['month'::text, 'year'::text]))),
  constraint "subscriptions_currency_check" check ((currency ~ '^[a-z]{3}$'::text)),
  constraint "subscriptions_pkey" primary key (stripe_subscription_id),
  constraint "subscriptions_seats_check" check ((seats >= 0)),
  constraint "subscriptions_status_check"
    check
    ((status = ANY (ARRAY['incomplete'::text, 'incomplete_expired'::text, 'trialing'::text, 'active'::text,
    'past_due'::text, 'unpaid'::text, 'paused'::text, 'canceled'::text]))),
  constraint "subscriptions_stripe_subscription_id_check" check ((length(stripe_subscription_id) <= 255))
);

alter table "public"."subscriptions"
  enable row level security;

alter table "public"."subscriptions"
  set (fillfactor=90);

create table "public"."usage_details" (
  "organization_id" uuid                     not null,
  "hour"            timestamp with time zone not null,
  "flow_id"         uuid                     not null,
  "node_id"         text                     not null default ''::text,
  "model"           text                     not null default ''::text,
  "runs"            integer                  not null default 0,
  "steps"           bigint                   not null default 0,
  "calls"           integer                  not null default 0,
  "input_tokens"    bigint                   not null default 0,
  "output_tokens"   bigint                   not null default 0,
  "other_units"     bigint                   not null default 0,
  "cost_micros"     bigint                   not null default 0,
  "unpriced_calls"  integer                  not null default 0,
  constraint "only_nodes_use_models" check (((model = ''::text) OR (node_id <> ''::text))),
  constraint "runs_are_of_flows" check (((runs = 0) OR (node_id = ''::text))),
  constraint "usage_details_pkey" primary key (organization_id, hour, flow_id, node_id, model)
);

alter table "public"."usage_details"
  enable row level security;

alter table "public"."usage_details"
  set (fillfactor=80);

alter table "private"."mail_data"
  add column "looks" jsonb;

alter table "private"."mail_templates"
  add column "is_branded" boolean not null default false;

alter table "public"."mails"
  add column "delivered_at" timestamp with time zone;

alter table "public"."mails"
  add column "opened_at" timestamp with time zone;

alter table "public"."mails"
  add column "clicked_at" timestamp with time zone;

alter table "public"."plans"
  add column "max_runs_per_month" integer;

alter table "public"."plans"
  add column "included_seats" integer not null default 5;

alter table "public"."usage_hourly"
  add column "ai_tokens" bigint not null default 0;

alter table "public"."usage_hourly"
  add column "cost_micros" bigint not null default 0;

create or replace function engine.billing_reconcile_state()
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return jsonb_build_object(
    'events_since', private.setting('billing_reconciled_at'),
    'live', (
      select coalesce(jsonb_agg(s.stripe_subscription_id order by s.stripe_subscription_id), '[]')
      from public.subscriptions s where s.status not in ('canceled', 'incomplete_expired')
    ),
    'open', (
      select coalesce(jsonb_agg(i.stripe_invoice_id order by i.stripe_invoice_id), '[]')
      from public.invoices i where i.status in ('draft', 'open')
    ),
    'leaving', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'id', s.stripe_subscription_id, 'at_once', o.deletes_at <= private.now() + interval '1 day'
      ) order by s.stripe_subscription_id), '[]')
      from public.subscriptions s join public.organizations o on o.id = s.organization_id and o.deletes_at is not null
      where s.status not in ('canceled', 'incomplete_expired')
        and (s.cancel_at is null and not s.cancel_at_period_end or o.deletes_at <= private.now() + interval '1 day')
    )
  );
end;
$function$;

create or replace function engine.billing_ticket()
  returns bigint
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  return nextval('private.billing_tickets');
end;
$function$;

create or replace function engine.call_all_seats()
  returns integer
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  return (
    select count(*) from public.subscriptions s
    where s.is_current and s.stripe_subscription_id is not null and private.call_seats(s.organization_id)
  );
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
    where m.id = any (v_ids) and (m.expires_at <= v_now or private.is_suppressed(m.tenant_id, m.to_address, m.category));
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

create or replace function engine.end_billing_reconcile (
  p_began_at timestamp with time zone
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  insert into private.settings as s (name, value) values ('billing_reconciled_at', p_began_at::text)
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
end;
$function$;

create or replace function engine.end_meter_reports (
  p_results jsonb
)
  returns integer
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_count integer;
begin
  update private.meter_reports r set
    status = case e.outcome when 'sent' then 'sent' when 'refused' then 'refused' else 'pending' end,
    ended_at = case when e.outcome in ('sent', 'refused') then v_now end,
    doubtful_since = case when e.outcome = 'unsure' then coalesce(r.doubtful_since, r.attempt_at) else r.doubtful_since end,
    attempt_at = null,
    error = case when e.outcome = 'sent' then null else e.error end
  from jsonb_to_recordset(p_results) as e (id uuid, outcome text, error jsonb)
  where r.id = e.id and r.status = 'pending';
  get diagnostics v_count = row_count;
  return v_count;
end;
$function$;

create or replace function engine.end_stripe_events (
  p_events jsonb
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  update private.stripe_events e set
    status = n.status, error = left(n.error, 2000), organization_id = coalesce(o.id, e.organization_id),
    processed_at = case when n.status <> 'received' then private.now() end
  from jsonb_to_recordset(p_events) as n (id text, status text, error text, organization_id uuid)
  left join public.organizations o on o.id = n.organization_id
  where e.id = n.id and e.status = 'received';
end;
$function$;

create or replace function engine.gate_webhook_portal (
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
  v_row record;
begin
  perform private.require_open_ip(case when private.input_is_valid(p_ip, 'inet') then p_ip::inet end);
  if coalesce(p_route, '') not in ('default', 'read', 'write', 'run') then
    perform private.fail('invalid_request', 'Unknown route class', 400);
  end if;
  -- What is unknown, revoked or over is answered alike; a portal ends with the key that made it.
  select w.id, w.organization_id, w.can_write, w.created_by, o.suspended_at, o.deletes_at, p as plan
  into v_row
  from private.webhook_portals w
  join public.organizations o on o.id = w.organization_id
  join public.plans p on p.id = o.plan_id
  left join public.api_keys k on k.id = w.created_by_key
  where w.secret_hash = decode(case when p_secret_hash ~ '^[0-9a-f]{64}$' then p_secret_hash else '' end, 'hex')
    and w.revoked_at is null and w.expires_at > private.now()
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now());
  if not found then
    perform private.fail('unauthorized', 'The portal token is not valid', 401);
  end if;
  if p_organization_id <> v_row.organization_id then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  return jsonb_build_object(
    'user_id', null,
    'key', jsonb_build_object('id', v_row.id, 'mode', 'portal'),
    'organization_id', v_row.organization_id,
    'role', null,
    'permissions', case
      when v_row.suspended_at is not null then '[]'::jsonb
      when v_row.can_write and v_row.deletes_at is null then '["webhooks:read", "webhooks:write"]'::jsonb
      else '["webhooks:read"]'::jsonb
    end,
    'suspended', v_row.suspended_at is not null,
    'plan', (v_row.plan).id,
    'limits', to_jsonb(v_row.plan) - '{id,name,retention_days,archives_runs}'::text[],
    'flags', private.flags_of(v_row.organization_id),
    'api_version', private.api_version_of(v_row.organization_id),
    'generation', null,
    -- Of what an organization may ask in a minute, one customer of its gets no more than this.
    'rate', private.take_request_tokens(private.request_buckets(
      'portal:' || v_row.id, v_row.organization_id, v_row.plan, p_route, p_operation, 120, 30
    ))
  );
end;
$function$;

create or replace function engine.get_approval_request (
  p_run_id  uuid,
  p_node_id text,
  p_scope   text default ''::text
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_run public.runs;
  v_wait jsonb;
  v_until timestamptz;
  v_flow record;
  v_key text := p_run_id || ':' || p_node_id || ':';
begin
  select * into v_run from public.runs r where r.id = p_run_id and r.finished_at is null;
  select j.payload -> 'wait', nullif(j.scheduled_for, 'infinity') into v_wait, v_until
  from public.job_queue j
  where j.run_id = p_run_id and j.node_id = p_node_id and j.scope = p_scope and j.status in ('waiting', 'available', 'paused')
    and j.payload #>> '{wait,kind}' = 'approval' and not j.payload ? 'resolved'
  limit 1;
  -- Decided, timed out or cancelled since it was asked for.
  if v_run.id is null or v_wait is null then
    return null;
  end if;
  -- A step that asks for each of a thousand items fills no inbox: the list of what waits shows them all.
  if (
    select count(*) from (
      select from public.mails m
      where m.tenant_id = v_run.organization_id and m.template = 'approval_request' and starts_with(m.key, v_key)
      limit 100
    ) l
  ) >= 100 then
    return null;
  end if;
  select f.name, n.node #>> '{data,label}' as label into v_flow
  from public.flows f
  left join public.flow_versions v on v.id = v_run.flow_version_id
  left join lateral (
    select e.node from jsonb_array_elements(v.graph -> 'nodes') as e (node) where e.node ->> 'id' = p_node_id limit 1
  ) n on true
  where f.id = v_run.flow_id;
  return (
    select jsonb_build_object(
      'organization_id', o.id, 'key', v_key || p_scope,
      'data', jsonb_build_object(
        'organization', o.name, 'flow', coalesce(v_flow.name, 'A deleted flow'),
        'step', coalesce(v_flow.label, p_node_id),
        'question', left(coalesce(nullif(concat_ws(E'\n', v_wait #>> '{data,title}', v_wait #>> '{data,description}'), ''),
          format('May the run go on at the step %s?', p_node_id)), 4000),
        'asked_by', (select coalesce(p.display_name, p.email) from public.profiles p where p.id = v_run.created_by),
        'run_id', v_run.id, 'expires_at', coalesce(v_until, v_run.deadline_at),
        'on_expiry', case when v_until is null then 'The run ends as failed.' else 'The run goes on at the way out for that.' end,
        'link', '/runs/' || v_run.id
      ),
      'to', coalesce((
        select jsonb_agg(t.address order by t.address)
        from (
          select p.email as address
          from public.organization_members m
          join public.profiles p on p.id = m.user_id and p.email is not null
          join private.role_permissions r on r.role = m.role and r.permission = 'runs:execute'
          where m.organization_id = o.id and case jsonb_typeof(v_wait #> '{data,approvers}')
            when 'object' then coalesce(v_wait #> '{data,approvers,roles}' ? m.role, false)
              or coalesce(v_wait #> '{data,approvers,user_ids}' ? m.user_id::text, false)
            -- Nobody is named, so everybody who may run flows decides; these are told.
            else m.role in ('owner', 'admin') end
          order by p.email limit 50
        ) t
      ), '[]')
    )
    from public.organizations o where o.id = v_run.organization_id and o.suspended_at is null and o.deletes_at is null
  );
end;
$function$;

create or replace function engine.get_digest (
  p_organization_id uuid,
  p_day             date,
  p_period          text default 'day'::text
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_days integer := case p_period when 'week' then 7 else 1 end;
begin
  return (
    with flows as (
      select a.flow_id, coalesce(max(f.name), 'A deleted flow') as name, sum(a.runs) as runs,
        sum(a.failed + a.compensated + a.compensation_failed) as failed,
        -- Of several days the worst: percentiles cannot be added up.
        round(max(a.p95_ms)) as p95_ms
      from public.analytics_daily a
      left join public.flows f on f.id = a.flow_id
      where a.organization_id = p_organization_id and a.day > p_day - v_days and a.day <= p_day and a.flow_id <> v_nil
      group by a.flow_id
    ), sums as (
      select sum(a.runs) as runs, sum(a.completed) as completed, sum(a.failed + a.compensated + a.compensation_failed) as failed,
        sum(a.cancelled) as cancelled, sum(a.unfinished) as unfinished, sum(a.steps) as steps
      from public.analytics_daily a
      where a.organization_id = p_organization_id and a.day > p_day - v_days and a.day <= p_day and a.flow_id = v_nil
    )
    select jsonb_build_object(
      'organization', o.name, 'from', p_day - v_days + 1, 'to_day', p_day, 'runs', s.runs, 'completed', s.completed,
      'failed', s.failed, 'cancelled', s.cancelled, 'unfinished', s.unfinished, 'steps', s.steps,
      'success_rate', round(s.completed::numeric / nullif(s.completed + s.failed, 0), 4),
      'runs_before', (
        select sum(a.runs) from public.analytics_daily a
        where a.organization_id = p_organization_id and a.day > p_day - 2 * v_days and a.day <= p_day - v_days and a.flow_id = v_nil
      ),
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
    join sums s on s.runs > 0
    where o.id = p_organization_id and o.suspended_at is null and o.deletes_at is null
  );
end;
$function$;

create or replace function engine.get_mail_preferences (
  p_mail_id uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_mail public.mails;
begin
  select * into v_mail from public.mails m where m.id = p_mail_id;
  return case when found then private.mail_preferences_reply(v_mail) end;
end;
$function$;

create or replace function engine.get_seats (
  p_organization_id uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return private.seats_of(p_organization_id);
end;
$function$;

create or replace function engine.make_meter_reports()
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_last timestamptz := private.setting('meters_reported_at')::timestamptz;
  v_since timestamptz;
  v_made integer;
  v_expired integer;
begin
  -- Two at once would both find the same hour unreported.
  perform pg_advisory_xact_lock(hashtext('millrace.meters'));
  -- What was counted since the last time; once a day all, for subscriptions that we heard of late.
  v_since := case
    when v_last is null or date_trunc('day', v_last, 'UTC') < date_trunc('day', v_now, 'UTC') then '-infinity'
    else v_last - interval '1 hour'
  end;
  with told as (
    select r.organization_id, r.meter, r.hour, max(r.number) as number, sum(r.quantity) as quantity
    from private.meter_reports r
    where r.hour >= v_now - interval '35 days'
    group by r.organization_id, r.meter, r.hour
  )
  insert into private.meter_reports (organization_id, meter, hour, number, quantity, stripe_customer_id, happened_at)
  select u.organization_id, m.meter, u.hour, coalesce(t.number, 0) + 1, m.quantity - coalesce(t.quantity, 0),
    s.stripe_customer_id, greatest(u.hour, s.created_at)
  from public.usage_hourly u
  join lateral (
    select x.stripe_customer_id, x.created_at from public.subscriptions x
    where x.organization_id = u.organization_id and x.status not in ('incomplete', 'incomplete_expired')
      and x.created_at < u.hour + interval '1 hour' and (x.ended_at is null or x.ended_at > u.hour)
    order by x.is_current desc, x.created_at desc
    limit 1
  ) s on true
  cross join lateral (values ('runs', u.runs_started::bigint), ('steps', u.steps), ('ai_tokens', u.ai_tokens)) as m (meter, quantity)
  left join told t on t.organization_id = u.organization_id and t.meter = m.meter and t.hour = u.hour
  where u.counted_at >= v_since
    and u.hour < date_trunc('hour', v_now, 'UTC') and u.hour >= v_now - interval '34 days 12 hours'
    and m.quantity > coalesce(t.quantity, 0)
    and exists (
      select from public.plan_prices p where p.kind = 'meter' and p.is_active and p.lookup_key = 'millrace_' || m.meter
    )
  order by u.organization_id, u.hour, m.meter;
  get diagnostics v_made = row_count;

  update private.meter_reports r set
    status = 'expired', ended_at = v_now,
    error = coalesce(r.error, '{"code": "expired", "message": "It could not be told in time"}')
  where r.status = 'pending' and r.hour < v_now - interval '34 days 12 hours';
  get diagnostics v_expired = row_count;
  delete from private.meter_reports r where r.status <> 'pending' and r.hour < v_now - interval '90 days';
  insert into private.settings (name, value) values ('meters_reported_at', v_now::text)
  on conflict (name) do update set value = excluded.value, updated_at = v_now;
  return jsonb_build_object('made', v_made, 'expired', v_expired);
end;
$function$;

create or replace function engine.put_billing (
  p_stripe_customer_id text,
  p_ticket             bigint,
  p_found              jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_found: {customer: {…} or absent, subscriptions: [], invoices: [], gone: [ids of invoices], grace_days, reason}, as
-- shared/billing/read_stripe.ts makes it of what Stripe answered.
declare
  v_customer public.billing_customers;
  v_was jsonb;
  v_results jsonb := '[]';
  v_result jsonb;
  v_each jsonb;
begin
  -- The lock of the customer: all that is written of one organization is written one after the other.
  select * into v_customer from public.billing_customers c where c.stripe_customer_id = p_stripe_customer_id for update;
  if not found and p_found #>> '{customer,organization_id}' is not null then
    -- Made at Stripe by us, and the answer lost before it was noted.
    perform engine.put_billing_customer(o.id, p_stripe_customer_id)
    from public.organizations o where o.id::text = p_found #>> '{customer,organization_id}';
    select * into v_customer from public.billing_customers c where c.stripe_customer_id = p_stripe_customer_id for update;
  end if;
  if v_customer.organization_id is null then
    return jsonb_build_object('organization_id', null);
  end if;
  perform private.keep_grace_days((p_found ->> 'grace_days')::integer);

  if p_found -> 'customer' is not null and v_customer.sync_ticket < p_ticket then
    v_was := to_jsonb(v_customer);
    update public.billing_customers c set
      email = case when n.deleted then c.email else left(n.email, 512) end,
      currency = coalesce(n.currency, c.currency), tax_exempt = coalesce(n.tax_exempt, 'none'), balance = coalesce(n.balance, 0),
      delinquent = coalesce(n.delinquent, false), deleted = coalesce(n.deleted, false),
      has_payment_method = coalesce(n.has_payment_method, false), synced_at = private.now(), sync_ticket = p_ticket
    from jsonb_to_record(p_found -> 'customer') as n (
      email text, currency text, tax_exempt text, balance bigint, delinquent boolean, deleted boolean, has_payment_method boolean
    )
    where c.organization_id = v_customer.organization_id
    returning c.* into v_customer;
    v_results := v_results || jsonb_strip_nulls(jsonb_build_object('kind', 'customer', 'id', p_stripe_customer_id,
      'is_new', v_was ->> 'synced_at' is null or null, 'changed', case when v_was ->> 'synced_at' is not null then
        private.changed_columns(v_was, to_jsonb(v_customer)) end));
  end if;
  for v_each in select e.value from jsonb_array_elements(p_found -> 'subscriptions') e loop
    v_result := private.put_subscription(v_customer.organization_id, p_ticket, v_each);
    v_results := v_results || v_result;
  end loop;
  for v_each in select e.value from jsonb_array_elements(p_found -> 'invoices') e loop
    v_result := private.put_invoice(v_customer.organization_id, p_ticket, v_each);
    v_results := v_results || v_result;
  end loop;
  -- Only drafts can be deleted at Stripe.
  delete from public.invoices i
  where i.organization_id = v_customer.organization_id and i.sync_ticket < p_ticket
    and i.stripe_invoice_id in (select g.value from jsonb_array_elements_text(p_found -> 'gone') g);

  perform private.settle_billing(v_customer.organization_id, coalesce(p_found ->> 'reason', 'stripe'));
  return jsonb_build_object(
    'organization_id', v_customer.organization_id,
    'stale', coalesce((select bool_or(r ? 'stale') from jsonb_array_elements(v_results) r), false),
    'results', v_results
  );
end;
$function$;

create or replace function engine.put_billing_customer (
  p_organization_id    uuid,
  p_stripe_customer_id text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_customer public.billing_customers;
begin
  insert into public.billing_customers as c (organization_id, stripe_customer_id)
  values (p_organization_id, p_stripe_customer_id)
  on conflict (organization_id) do update set
    stripe_customer_id = excluded.stripe_customer_id, email = null, currency = null, tax_exempt = 'none', balance = 0,
    delinquent = false, deleted = false, has_payment_method = false, synced_at = null, sync_ticket = 0
    -- Two checkouts at once make one customer of it: the one that is there wins.
    where c.deleted and c.stripe_customer_id <> excluded.stripe_customer_id
  returning * into v_customer;
  if v_customer.organization_id is null then
    select * into v_customer from public.billing_customers c where c.organization_id = p_organization_id;
  end if;
  return jsonb_build_object('organization_id', v_customer.organization_id, 'stripe_customer_id', v_customer.stripe_customer_id);
exception
  when unique_violation then
    perform private.fail('conflict', 'This customer of Stripe belongs to another organization', 409);
  when foreign_key_violation then
    perform private.fail('not_found', 'No such organization', 404);
  when check_violation then
    perform private.fail('invalid_request', 'This is no id of a customer of Stripe', 400);
end;
$function$;

create or replace function engine.put_plan_prices (
  p_prices jsonb,
  p_ticket bigint default null::bigint
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_ticket bigint := coalesce(p_ticket, nextval('private.billing_tickets'));
  v_rows integer;
begin
  -- One at a time: a lookup key may go from one price to another.
  perform pg_advisory_xact_lock(hashtextextended('millrace.plan_prices', 0));
  -- A key is one price's. Who had it is not sold any more and keeps what it was for: there are subscriptions to it.
  update public.plan_prices p set lookup_key = null, is_active = false
  from jsonb_to_recordset(p_prices) as n (id text, lookup_key text)
  where p.lookup_key = n.lookup_key and p.stripe_price_id <> n.id and p.sync_ticket < v_ticket;
  with named as (
    select n.id, n.lookup_key, n.active, lower(n.currency) as currency, n.unit_amount, r.plan_id, r.kind, r.billing_interval
    from jsonb_to_recordset(p_prices) as n (id text, lookup_key text, active boolean, currency text, unit_amount bigint)
    cross join lateral private.read_lookup_key(n.lookup_key) r
    where r.kind is not null
  )
  insert into public.plan_prices as p
    (stripe_price_id, lookup_key, plan_id, kind, billing_interval, currency, unit_amount, is_active, synced_at, sync_ticket)
  select n.id, n.lookup_key, n.plan_id, n.kind, n.billing_interval, n.currency, n.unit_amount, n.active, private.now(), v_ticket
  from named n
  where not exists (select from public.plan_prices o where o.lookup_key = n.lookup_key and o.stripe_price_id <> n.id)
  on conflict (stripe_price_id) do update set
    lookup_key = excluded.lookup_key, plan_id = excluded.plan_id, kind = excluded.kind,
    billing_interval = excluded.billing_interval, currency = excluded.currency, unit_amount = excluded.unit_amount,
    is_active = excluded.is_active, synced_at = excluded.synced_at, sync_ticket = excluded.sync_ticket
    where p.sync_ticket < excluded.sync_ticket;
  get diagnostics v_rows = row_count;
  return jsonb_build_object('written', v_rows);
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
  -- Weeks end on Sundays. When the clock missed the day after, there is time until Wednesday.
  v_sunday date := v_day - extract(isodow from v_day)::integer % 7;
  v_weekly boolean := v_day - v_sunday <= 2;
  v_row record;
  v_queued integer := 0;
begin
  for v_row in
    select o.id, d.period, d.last_day, private.digest_due(d.last_day, d.time_zone) as due
    from public.organizations o
    left join private.mail_settings s on s.organization_id = o.id
    cross join lateral (
      select coalesce(s.digest, 'week') as period, coalesce(s.time_zone, 'UTC') as time_zone,
        case coalesce(s.digest, 'week') when 'day' then v_day else v_sunday end as last_day,
        case coalesce(s.digest, 'week') when 'day' then 1 else 7 end as days
    ) d
    where o.suspended_at is null and o.deletes_at is null and (d.period = 'day' or v_weekly)
      and not exists (select 1 from private.digest_opt_outs x where x.organization_id = o.id)
      and not exists (select 1 from private.digests g where g.organization_id = o.id and g.day = d.last_day)
      and exists (
        select 1 from public.analytics_daily a
        where a.organization_id = o.id and a.flow_id = v_nil and a.day > d.last_day - d.days and a.day <= d.last_day and a.runs > 0
      )
    order by o.id
    limit 2000
  loop
    insert into private.digests (organization_id, day, job_id)
    values (v_row.id, v_row.last_day, private.enqueue_job(
      v_row.id, 'digest.mail', jsonb_build_object('organization_id', v_row.id, 'day', v_row.last_day, 'period', v_row.period),
      jsonb_build_object('priority', 200, 'scheduled_for', v_row.due)
    ))
    on conflict do nothing;
    v_queued := v_queued + 1;
  end loop;
  return jsonb_build_object('day', v_day, 'queued', v_queued, 'more', v_queued = 2000);
end;
$function$;

create or replace function engine.receive_mail_event (
  p_event jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_event: {provider, event_id, message_id, mail_id, type, detail, occurred_at}
declare
  v_event public.mail_events;
begin
  insert into public.mail_events (
    provider, provider_event_id, provider_message_id, tagged_mail_id, type, detail, occurred_at
  )
  values (
    p_event ->> 'provider', p_event ->> 'event_id', p_event ->> 'message_id', (p_event ->> 'mail_id')::uuid, p_event ->> 'type',
    nullif(p_event -> 'detail', 'null'), (p_event ->> 'occurred_at')::timestamptz
  )
  on conflict (provider, provider_event_id) do nothing
  returning * into v_event;
  if v_event.id is null then
    return '{"status": "duplicate"}';
  end if;
  return jsonb_build_object('status', private.try_mail_event(v_event));
end;
$function$;

create or replace function engine.receive_stripe_events (
  p_events jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_events: [{id, type, created_at, kind, object_id, customer_id, queue_key, payload (base64), recovered, ignored}]
declare
  v_new text[];
  v_key text;
begin
  with given as (
    select distinct on (n.id) n.* from jsonb_to_recordset(p_events) as n (
      id text, type text, created_at timestamptz, kind text, object_id text, customer_id text, queue_key text, payload text,
      recovered boolean, ignored text
    )
    order by n.id
  ), kept as (
    insert into private.stripe_events
      (id, type, created_at, received_at, kind, object_id, stripe_customer_id, queue_key, organization_id, payload, is_recovered,
        status, error, processed_at)
    select g.id, g.type, g.created_at, private.now(), g.kind, g.object_id, g.customer_id, g.queue_key,
      (select c.organization_id from public.billing_customers c where c.stripe_customer_id = g.customer_id),
      decode(g.payload, 'base64'), coalesce(g.recovered, false),
      case when g.ignored is null then 'received' else 'ignored' end, g.ignored,
      case when g.ignored is not null then private.now() end
    from given g
    on conflict (id) do nothing
    returning id, queue_key, status
  )
  select array_agg(k.id order by k.id) into v_new from kept k;
  for v_key in
    select distinct e.queue_key from private.stripe_events e where e.id = any (v_new) and e.status = 'received'
  loop
    perform private.call_billing_sync(v_key);
  end loop;
  return jsonb_build_object('new', coalesce(to_jsonb(v_new), '[]'));
end;
$function$;

create or replace function engine.release_spend (
  p_reservation_id uuid
)
  returns boolean
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  return private.release_spend(array[p_reservation_id]) = 1;
end;
$function$;

create or replace function engine.reserve_spend (
  p_call jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_call: {organization_id, flow_id, run_id, node_id, scope, number, job_id, model, units: {unit: quantity}}
declare
  v_call record;
  v_now timestamptz := private.now();
  v_cost record;
  v_tokens bigint;
  v_budget record;
  v_needed bigint;
  v_parts jsonb := '[]';
  v_id uuid;
begin
  select * into v_call from jsonb_to_record(p_call) as c (
    organization_id uuid, flow_id uuid, run_id uuid, node_id text, scope text, number smallint, job_id uuid, model text, units jsonb
  );
  perform private.hold_budgets(v_call.organization_id);
  -- The attempt before this one had a worker that is gone. Waited for here, before any period is locked.
  perform private.release_spend(array(
    select r.id from private.spend_reservations r
    where r.run_id = v_call.run_id and r.node_id = v_call.node_id and r.scope = coalesce(v_call.scope, '')
      and r.number = coalesce(v_call.number, 1) and r.status = 'open'
    for update
  ));
  v_cost := private.cost_of(v_call.model, v_call.units, v_now);
  v_tokens := private.spend_tokens(v_call.units);

  for v_budget in
    select * from private.open_budgets(v_call.organization_id, v_call.flow_id, '{cost,ai_tokens}', v_now)
  loop
    v_needed := case v_budget.meter when 'cost' then v_cost.micros else v_tokens end;
    if v_budget.on_limit = 'stop' then
      if v_budget.meter = 'cost' and not v_cost.is_priced then
        return jsonb_build_object('refused', jsonb_build_object('because', 'no_price', 'id', v_budget.id, 'name', v_budget.name));
      end if;
      if v_budget.used + v_budget.reserved + v_needed > v_budget.amount or v_budget.used >= v_budget.amount then
        -- Full for good only when nothing under way can give anything back.
        if v_budget.reserved = 0 then
          perform private.alert_budget(v_budget.id, v_budget.starts_at, 100::smallint);
        end if;
        return jsonb_build_object('refused', jsonb_build_object(
          'because', 'spent', 'id', v_budget.id, 'name', v_budget.name, 'meter', v_budget.meter, 'limit', v_budget.amount,
          'used', v_budget.used, 'reserved', v_budget.reserved, 'needed', v_needed,
          'resets_at', (select private.budget_end(b.period, v_budget.starts_at) from public.budgets b where b.id = v_budget.id)
        ));
      end if;
    end if;
    v_parts := v_parts || jsonb_build_object('id', v_budget.id, 'starts_at', v_budget.starts_at, 'amount', v_needed);
  end loop;

  -- Nothing is written before all have agreed.
  update private.budget_periods p set reserved = p.reserved + r.amount
  from jsonb_to_recordset(v_parts) as r (id uuid, starts_at timestamptz, amount bigint)
  where p.budget_id = r.id and p.starts_at = r.starts_at and r.amount > 0;
  insert into private.spend_reservations (
    organization_id, flow_id, run_id, node_id, scope, number, job_id, model, units, budgets, created_at
  )
  values (
    v_call.organization_id, v_call.flow_id, v_call.run_id, v_call.node_id, coalesce(v_call.scope, ''),
    coalesce(v_call.number, 1), v_call.job_id, v_call.model, coalesce(v_call.units, '{}'), v_parts, v_now
  )
  returning id into v_id;
  return jsonb_build_object('id', v_id, 'cost_micros', v_cost.micros, 'is_priced', v_cost.is_priced);
end;
$function$;

create or replace function engine.schema_version()
  returns jsonb
  language sql
  immutable
  set search_path to ''
  AS $function$
  select '{"version": "20261121150504", "serves_from": "20261121090449"}'::jsonb;
$function$;

create or replace function engine.set_mail_preferences (
  p_mail_id uuid,
  p_wanted  jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_mail public.mails;
begin
  select * into v_mail from public.mails m where m.id = p_mail_id;
  if not found then
    return null;
  end if;
  perform private.want_mails(v_mail.organization_id, v_mail.to_address, p_wanted, p_mail_id);
  return private.mail_preferences_reply(v_mail);
end;
$function$;

create or replace function engine.set_model_price (
  p_model              text,
  p_unit               text,
  p_micros_per_million bigint,
  p_valid_from         timestamp with time zone default null::timestamp with time zone
)
  returns private.model_prices
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_from timestamptz := coalesce(p_valid_from, private.now());
  v_price private.model_prices;
begin
  insert into private.model_prices as m (model, unit, valid_from, micros_per_million)
  values (p_model, p_unit, v_from, p_micros_per_million)
  on conflict (model, unit, valid_from) do update set micros_per_million = excluded.micros_per_million
  returning * into v_price;
  perform private.audit(null, 'model_price.set', 'model_price', left(p_model, 200), null, to_jsonb(v_price));
  return v_price;
exception
  when check_violation or not_null_violation then
    perform private.fail('invalid_request',
      'A price has a model as in openai/gpt-5.1, a unit (call, input_token, cached_token, output_token, image, second, character) and millionths of a dollar for a million units',
      400);
end;
$function$;

create or replace function engine.settle_spend (
  p_reservation_id uuid,
  p_units          jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_call private.spend_reservations;
  v_cost record;
  v_tokens bigint := private.spend_tokens(p_units);
  v_budget record;
  v_used bigint;
begin
  perform private.hold_budgets(r.organization_id) from private.spend_reservations r where r.id = p_reservation_id;
  select * into v_call from private.spend_reservations r where r.id = p_reservation_id for update;
  if not found or v_call.status = 'settled' then
    return '{"settled": false}';
  end if;
  v_cost := private.cost_of(v_call.model, p_units, v_call.created_at);

  -- Also those that were made since; and of those that were reserved from, whatever their flow or state is now.
  perform private.open_budgets(v_call.organization_id, v_call.flow_id, '{cost,ai_tokens}', v_call.created_at);
  update private.budget_periods p set reserved = greatest(p.reserved - r.amount, 0)
  from jsonb_to_recordset(case v_call.status when 'open' then v_call.budgets else '[]' end)
    as r (id uuid, starts_at timestamptz, amount bigint)
  where p.budget_id = r.id and p.starts_at = r.starts_at;
  for v_budget in
    select b.id, b.meter, p.starts_at from public.budgets b
    join private.budget_periods p on p.budget_id = b.id and p.starts_at = private.budget_start(b.period, v_call.created_at)
    where b.organization_id = v_call.organization_id and b.meter in ('cost', 'ai_tokens')
      and (b.flow_id is null or b.flow_id = v_call.flow_id)
    order by b.id
  loop
    v_used := case v_budget.meter when 'cost' then v_cost.micros else v_tokens end;
    if v_used > 0 then
      update private.budget_periods p set used = p.used + v_used
      where p.budget_id = v_budget.id and p.starts_at = v_budget.starts_at;
      perform private.alert_budget(v_budget.id, v_budget.starts_at);
    end if;
  end loop;

  insert into public.usage_details as d (
    organization_id, hour, flow_id, node_id, model, calls, input_tokens, output_tokens, other_units, cost_micros, unpriced_calls
  )
  select v_call.organization_id, date_trunc('hour', v_call.created_at, 'UTC'), v_call.flow_id, v_call.node_id, v_call.model, 1,
    coalesce(sum(u.quantity) filter (where u.unit in ('input_token', 'cached_token')), 0),
    coalesce(sum(u.quantity) filter (where u.unit = 'output_token'), 0),
    coalesce(sum(u.quantity) filter (where u.unit in ('image', 'second', 'character')), 0),
    v_cost.micros, case when v_cost.is_priced then 0 else 1 end
  from private.spend_units(p_units) u
  on conflict (organization_id, hour, flow_id, node_id, model) do update set
    calls = d.calls + 1,
    input_tokens = d.input_tokens + excluded.input_tokens,
    output_tokens = d.output_tokens + excluded.output_tokens,
    other_units = d.other_units + excluded.other_units,
    cost_micros = d.cost_micros + excluded.cost_micros,
    unpriced_calls = d.unpriced_calls + excluded.unpriced_calls;
  update private.spend_reservations r set status = 'settled', ended_at = v_now where r.id = p_reservation_id;
  return jsonb_build_object('settled', true, 'cost_micros', v_cost.micros, 'is_priced', v_cost.is_priced);
end;
$function$;

create or replace function engine.take_meter_reports (
  p_limit integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_reply jsonb;
begin
  with picked as (
    select r.id from private.meter_reports r
    where r.status = 'pending' and r.next_attempt_at <= v_now
    order by r.next_attempt_at, r.id
    limit least(p_limit, 1000)
    for update skip locked
  ),
  taken as (
    update private.meter_reports r set
      attempts = r.attempts + 1,
      -- An attempt that was never told the end of is one whose answer was lost.
      doubtful_since = coalesce(r.doubtful_since, r.attempt_at),
      attempt_at = v_now,
      next_attempt_at = v_now + least(interval '10 minutes' * power(2, least(r.attempts, 6)), interval '6 hours')
    from picked p
    where r.id = p.id
    returning r.*
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', t.id, 'identifier', 'millrace_' || t.id, 'event_name', 'millrace_' || t.meter, 'customer', t.stripe_customer_id,
    'quantity', t.quantity, 'hour', t.hour, 'happened_at', t.happened_at,
    'is_doubtful', coalesce(t.doubtful_since < v_now - interval '23 hours', false),
    'sent', (
      select coalesce(sum(o.quantity), 0) from private.meter_reports o
      where o.organization_id = t.organization_id and o.meter = t.meter and o.hour = t.hour and o.status = 'sent'
    )
  ) order by t.stripe_customer_id, t.id), '[]') into v_reply
  from taken t;
  return v_reply;
end;
$function$;

create or replace function engine.take_stripe_events (
  p_key   text,
  p_limit integer default 200
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
      'id', t.id, 'type', t.type, 'kind', t.kind, 'object_id', t.object_id, 'customer_id', t.stripe_customer_id
    ) order by t.received_at, t.id), '[]')
    from (
      select e.* from private.stripe_events e
      where e.queue_key = p_key and e.status = 'received' order by e.received_at, e.id limit p_limit
    ) t
  );
end;
$function$;

create or replace function engine.unsubscribe_mail (
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
  select * into v_mail from public.mails m where m.id = p_mail_id;
  if not found then
    return null;
  end if;
  if v_mail.category <> 'transactional' then
    perform private.want_mails(v_mail.organization_id, v_mail.to_address, jsonb_build_object(v_mail.category, false), p_mail_id);
  end if;
  return private.mail_preferences_reply(v_mail);
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
    when 'webhook_subscription' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.webhook_subscriptions t where t.id = v_id and t.organization_id = p_organization_id
      ));
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
  v_suppressed := private.is_suppressed(v_tenant_id, p_to, v_template.category);
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
    insert into private.mail_data (mail_id, data, looks, forget_at)
    values (v_mail.id, p_data, private.mail_looks(p_organization_id, v_template.is_branded), v_mail.expires_at + case when v_template.is_sensitive then interval '1 hour' else interval '7 days' end);
  end if;
  return v_mail;
exception
  when check_violation or not_null_violation then
    perform private.fail('invalid_request', format('A mail that can not be sent: %s', sqlerrm), 400);
end;
$function$;

create or replace function private.alert_budget (
  p_budget_id uuid,
  p_starts_at timestamp with time zone,
  p_at_least  smallint                 default 0
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_budget public.budgets;
  v_period private.budget_periods;
  v_share smallint;
begin
  select * into v_budget from public.budgets b where b.id = p_budget_id;
  select * into v_period from private.budget_periods p where p.budget_id = p_budget_id and p.starts_at = p_starts_at for update;
  if v_period.budget_id is null or not v_budget.is_enabled then
    return;
  end if;
  v_share := greatest(p_at_least, case
    when v_period.used >= v_budget.amount then 100
    when v_period.used >= v_budget.amount * 0.8 then 80
    when v_period.used >= v_budget.amount * 0.5 then 50
    else 0
  end);
  if v_share <= v_period.alerted then
    return;
  end if;
  -- Of several shares that are passed at once only the highest is told.
  update private.budget_periods p set alerted = v_share where p.budget_id = p_budget_id and p.starts_at = p_starts_at;
  perform private.publish_event(v_budget.organization_id, 'budget.reached', jsonb_build_object(
    'id', v_budget.id, 'name', v_budget.name, 'flow_id', v_budget.flow_id, 'meter', v_budget.meter, 'period', v_budget.period,
    'spent', v_period.used, 'limit', v_budget.amount, 'currency', case v_budget.meter when 'cost' then 'usd' end,
    'percent', v_share, 'resets_at', private.budget_end(v_budget.period, p_starts_at)
  ), v_budget.id::text);
  perform private.mail_usage_alert(
    v_budget.organization_id,
    format('the budget %s', v_budget.name),
    -- Money in cents, as the template has it; a mail has no use for less.
    case v_budget.meter when 'cost' then v_period.used / 10000 else v_period.used end,
    case v_budget.meter when 'cost' then greatest(v_budget.amount / 10000, 1) else v_budget.amount end,
    case v_budget.meter when 'cost' then 'USD' end,
    private.budget_end(v_budget.period, p_starts_at),
    case v_budget.on_limit when 'stop' then 'Calls of models that do not fit any more fail.' else 'Nothing is stopped.' end,
    format('%s:%s:%s', v_budget.id, to_char(p_starts_at at time zone 'UTC', 'YYYYMMDD'), v_share)
  );
end;
$function$;

create or replace function private.apply_mail_event (
  p_event public.mail_events
)
  returns public.mail_events
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_event public.mail_events := p_event;
  v_mail public.mails := private.find_told_mail(p_event);
  v_is_hard boolean := p_event.type = 'bounced' and coalesce(p_event.detail ->> 'type', '') = 'Permanent';
  v_was_hard boolean;
  v_arrived boolean;
  v_status text;
  v_error jsonb;
begin
  if v_mail.id is null then
    return v_event;
  end if;
  v_event.mail_id := v_mail.id;
  v_event.organization_id := v_mail.organization_id;
  v_event.status := 'applied';
  v_event.error := null;

  -- Whatever the order, and however often: the status is the highest of what was ever told. Opens, clicks and complaints
  -- are proofs of arrival too.
  v_was_hard := v_mail.status = 'bounced' and coalesce(v_mail.error ->> 'code', '') = 'hard_bounce';
  v_arrived := p_event.type in ('delivered', 'opened', 'clicked', 'complained');
  v_status := case
    when p_event.type = 'complained' or v_mail.status = 'complained' then 'complained'
    when v_is_hard or v_was_hard then 'bounced'
    when v_arrived or v_mail.delivered_at is not null then 'delivered'
    when p_event.type = 'bounced' or v_mail.status = 'bounced' then 'bounced'
    when p_event.type = 'suppressed' or v_mail.status = 'suppressed' then 'suppressed'
    when p_event.type = 'failed' or v_mail.error ->> 'code' = 'provider_failed' then 'failed'
    else 'sent'
  end;
  v_error := case
    when v_status in ('sent', 'delivered') then null
    when v_status = v_mail.status and not (v_status = 'bounced' and v_is_hard and not v_was_hard) then v_mail.error
    else jsonb_build_object(
      'code', case p_event.type
        when 'complained' then 'complaint' when 'suppressed' then 'provider_suppressed' when 'failed' then 'provider_failed'
        else case when v_is_hard then 'hard_bounce' else 'soft_bounce' end
      end,
      'message', coalesce(p_event.detail ->> 'message', case when p_event.type = 'complained'
        then 'The receiver called it spam' else 'The provider gave no reason' end)
    )
  end;

  update public.mails m set
    status = v_status,
    error = v_error,
    provider = p_event.provider,
    provider_message_id = p_event.provider_message_id,
    delivered_at = case when v_arrived then least(m.delivered_at, p_event.occurred_at) else m.delivered_at end,
    opened_at = case when p_event.type = 'opened' then least(m.opened_at, p_event.occurred_at) else m.opened_at end,
    clicked_at = case when p_event.type = 'clicked' then least(m.clicked_at, p_event.occurred_at) else m.clicked_at end,
    opens = m.opens + (p_event.type = 'opened')::integer,
    clicks = m.clicks + (p_event.type = 'clicked')::integer,
    sent_at = coalesce(m.sent_at, least(p_event.occurred_at, private.now())),
    ended_at = coalesce(m.ended_at, private.now()),
    is_unsure = false,
    leased_until = null
  where m.id = v_mail.id;

  if v_mail.ended_at is null then
    -- It is out, though nobody told its sender: what opens something is of no use any more, but to thieves.
    delete from private.mail_data d using private.mail_templates t
    where d.mail_id = v_mail.id and t.name = v_mail.template and t.is_sensitive;
  end if;
  if v_is_hard then
    perform private.suppress(v_mail, 'everything', 'bounced', p_event.detail ->> 'message');
  elsif p_event.type = 'complained' then
    perform private.suppress(v_mail, 'optional', 'complained', p_event.detail ->> 'message');
  end if;
  if v_mail.organization_id is not null and v_status in ('bounced', 'complained') and v_status <> v_mail.status then
    perform private.publish_event(v_mail.organization_id, 'email.' || v_status, jsonb_build_object(
      'id', v_mail.id, 'to', v_mail.to_address, 'template', v_mail.template,
      'reason', case when v_status = 'bounced' then v_error ->> 'message' end
    ), v_mail.id::text);
  end if;
  return v_event;
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
  v_messages bigint;
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
  v_messages := private.purge_webhook_messages(least(p_limit, 2000));
  if v_messages > 0 then
    v_report := v_report || jsonb_build_object(
      'webhook_messages', v_messages, 'more', v_messages = least(p_limit, 2000) or coalesce((v_report -> 'more')::boolean, false)
    );
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

create or replace function private.billing_addresses (
  p_organization_id uuid,
  p_with_owners     boolean
)
  returns table (
    address text
  )
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return query
  with known as (
    select c.email, true as is_billing from public.billing_customers c where c.organization_id = p_organization_id
    union all
    select p.email, false from public.organization_members m join public.profiles p on p.id = m.user_id
    where m.organization_id = p_organization_id and m.role = 'owner'
  ),
  -- What public.mails takes: what Stripe has may have been typed by anybody.
  good as (
    select k.* from known k where length(k.email) <= 320 and k.email ~ '^[^\s<>@,;"\\]{1,64}@[^\s<>@,;"\\]{1,255}$'
  )
  select distinct on (lower(g.email)) g.email
  from good g
  where p_with_owners or g.is_billing or not exists (select from good b where b.is_billing)
  order by lower(g.email), g.is_billing desc;
end;
$function$;

create or replace function private.billing_grace()
  returns interval
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return make_interval(days => coalesce(private.setting('billing_grace_days')::integer, 14));
end;
$function$;

create or replace function private.budget_end (
  p_period    text,
  p_starts_at timestamp with time zone
)
  returns timestamp with time zone
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return (p_starts_at at time zone 'UTC' + case p_period when 'day' then interval '1 day' else interval '1 month' end) at time zone 'UTC';
end;
$function$;

create or replace function private.budget_reply (
  p_budget_id uuid
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select to_jsonb(b) || jsonb_build_object(
      'flow_name', (select f.name from public.flows f where f.id = b.flow_id),
      'currency', case b.meter when 'cost' then 'USD' end,
      'used', coalesce(p.used, private.usage_of_budget(b, s.starts_at)),
      'reserved', coalesce(p.reserved, 0),
      'starts_at', s.starts_at,
      'resets_at', private.budget_end(b.period, s.starts_at)
    )
    from public.budgets b
    cross join lateral (select private.budget_start(b.period, private.now()) as starts_at) s
    left join private.budget_periods p on p.budget_id = b.id and p.starts_at = s.starts_at
    where b.id = p_budget_id
  );
end;
$function$;

create or replace function private.budget_start (
  p_period text,
  p_at     timestamp with time zone
)
  returns timestamp with time zone
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return date_trunc(p_period, p_at, 'UTC');
end;
$function$;

create or replace function private.call_billing_sync (
  p_key text
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- A job that has not begun yet will find this event too; one that is at work may have looked already, so there is a next.
  perform private.enqueue_job(null, 'billing.sync', jsonb_build_object('key', p_key), jsonb_build_object(
    'priority', 10, 'max_attempts', 20, 'unique_key', p_key, 'concurrency_key', 'billing.sync:' || p_key, 'concurrency_limit', 1
  ));
end;
$function$;

create or replace function private.call_seats (
  p_organization_id uuid
)
  returns boolean
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_seats jsonb;
begin
  -- One look for those without a subscription, who are most.
  if not exists (select from public.subscriptions s where s.organization_id = p_organization_id and s.is_current) then
    return false;
  end if;
  v_seats := private.seats_of(p_organization_id);
  if v_seats is null or v_seats -> 'seats' = v_seats -> 'wanted' then
    return false;
  end if;
  -- One at work at a time; one that waits sees what there is when it begins.
  perform private.enqueue_job(p_organization_id, 'metering.seats', '{}',
    '{"unique_key": "seats", "concurrency_key": "seats", "priority": 60}');
  return true;
end;
$function$;

create or replace function private.caller_portal()
  returns private.webhook_portals
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_id uuid := (nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{millrace,portal}')::uuid;
  v_portal private.webhook_portals;
begin
  if v_id is not null then
    -- Its own row decides, not what the caller's token was minted with.
    select w.* into v_portal
    from private.webhook_portals w
    join public.organizations o on o.id = w.organization_id and o.suspended_at is null
    left join public.api_keys k on k.id = w.created_by_key
    where w.id = v_id and w.revoked_at is null and w.expires_at > private.now()
      and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now());
  end if;
  return v_portal;
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
  return private.fit_portal(p_subscription);
end;
$function$;

create or replace function private.changed_columns (
  p_old jsonb,
  p_new jsonb
)
  returns jsonb
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return (
    select jsonb_object_agg(n.key, jsonb_build_array(p_old -> n.key, n.value))
    from jsonb_each(p_new) n
    where n.value is distinct from p_old -> n.key
      -- When it was looked at, what follows from other rows, and what may be long or open something.
      and n.key <> all ('{synced_at,sync_ticket,is_current,past_due_since,lines,hosted_invoice_url,invoice_pdf,email}'::text[])
  );
end;
$function$;

create or replace function private.choose_subscription (
  p_organization_id uuid
)
  returns public.subscriptions
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_id text;
  v_subscription public.subscriptions;
begin
  select s.stripe_subscription_id into v_id
  from public.subscriptions s
  where s.organization_id = p_organization_id and s.status not in ('canceled', 'incomplete_expired')
  -- By what Stripe says and not by what came first, so that whatever the order of events the same one is chosen.
  order by s.status in ('active', 'trialing') desc, s.status = 'past_due' desc, s.status in ('unpaid', 'paused') desc,
    s.created_at desc, s.stripe_subscription_id
  limit 1;
  update public.subscriptions s set is_current = false
  where s.organization_id = p_organization_id and s.is_current and s.stripe_subscription_id is distinct from v_id;
  update public.subscriptions s set is_current = true where s.stripe_subscription_id = v_id and not s.is_current;
  -- Since when it is overdue follows from the invoices, not from when we were told.
  update public.subscriptions s set past_due_since = n.since
  from (
    select s2.stripe_subscription_id as id, case when s2.status in ('past_due', 'unpaid') then coalesce((
      select min(coalesce(i.due_at, i.finalized_at, i.created_at)) from public.invoices i
      where i.stripe_subscription_id = s2.stripe_subscription_id and i.status = 'open' and (i.attempt_count > 0 or i.due_at is not null)
    ), s2.current_period_start) end as since
    from public.subscriptions s2 where s2.organization_id = p_organization_id
  ) n
  where s.stripe_subscription_id = n.id and s.past_due_since is distinct from n.since;
  select * into v_subscription from public.subscriptions s where s.stripe_subscription_id = v_id;
  return v_subscription;
end;
$function$;

create or replace function private.cost_of (
  p_model text,
  p_units jsonb,
  p_at    timestamp with time zone,
  OUT     micros bigint,
  OUT     is_priced boolean
)
  returns record
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  -- The price in force at that time, unit by unit. Up, so that what costs anything never counts as free.
  select coalesce(ceil(sum(u.quantity * c.price) / 1000000), 0)::bigint, coalesce(bool_and(c.price is not null), true)
  into micros, is_priced
  from private.spend_units(p_units) u
  left join lateral (
    select m.micros_per_million::numeric as price
    from private.model_prices m
    where m.model = p_model and m.unit = u.unit and m.valid_from <= p_at
    order by m.valid_from desc
    limit 1
  ) c on true
  -- A call for itself costs nothing unless the list says so: nearly all models are paid by what they read and write.
  where u.quantity > 0 and (u.unit <> 'call' or c.price is not null);
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

  perform private.judge_usage();
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
  -- Runs and steps once, by flow and node, and out of that by organization.
  runs_of_flows as materialized (
    select r.organization_id, r.flow_id, count(*) as started,
      count(*) filter (where r.status = 'completed') as completed,
      count(*) filter (where r.status in ('failed', 'compensated', 'compensation_failed')) as failed,
      count(*) filter (where r.status = 'cancelled') as cancelled,
      count(*) filter (where r.finished_at is null) as open
    from public.runs r
    where r.id >= v_from and r.id < v_to and r.pins is null
    group by r.organization_id, r.flow_id
  ),
  steps_of_nodes as materialized (
    select s.organization_id, r.flow_id, s.node_id, count(*) as steps
    from public.run_steps s
    join public.runs r on r.id = s.run_id and r.id >= v_from and r.id < v_to and r.pins is null
    where s.run_id >= v_from and s.run_id < v_to and s.status <> 'skipped'
    group by s.organization_id, r.flow_id, s.node_id
  ),
  runs as (
    select f.organization_id, sum(f.started) as started, sum(f.completed) as completed, sum(f.failed) as failed,
      sum(f.cancelled) as cancelled, sum(f.open) as open
    from runs_of_flows f
    group by f.organization_id
  ),
  steps as (
    select n.organization_id, sum(n.steps) as steps from steps_of_nodes n group by n.organization_id
  ),
  -- Calls of models are counted as they end.
  calls as (
    select d.organization_id, sum(d.input_tokens + d.output_tokens) as tokens, sum(d.cost_micros) as cost
    from public.usage_details d
    where d.hour = p_hour and d.model <> ''
    group by d.organization_id
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
      union select c.organization_id from calls c
    )
    order by o.id for key share
  ),
  details as (
    insert into public.usage_details as d (organization_id, hour, flow_id, node_id, runs, steps)
    select u.organization_id, p_hour, u.flow_id, u.node_id, u.runs, u.steps
    from (
      select f.organization_id, f.flow_id, '' as node_id, f.started as runs, 0 as steps from runs_of_flows f
      union all
      select n.organization_id, n.flow_id, n.node_id, 0, n.steps from steps_of_nodes n
    ) u
    join tenants t on t.id = u.organization_id
    -- A conflict would lock, and so write to, rows that do not change: most of an hour that is counted again.
    where not exists (
      select from public.usage_details o
      where o.organization_id = u.organization_id and o.hour = p_hour and o.flow_id = u.flow_id and o.node_id = u.node_id
        and o.model = '' and o.runs >= u.runs and o.steps >= u.steps
    )
    order by u.organization_id, u.flow_id, u.node_id
    on conflict (organization_id, hour, flow_id, node_id, model) do update set
      runs = greatest(d.runs, excluded.runs), steps = greatest(d.steps, excluded.steps)
      where d.runs < excluded.runs or d.steps < excluded.steps
  )
  insert into public.usage_hourly as u (
    organization_id, hour, runs_started, runs_completed, runs_failed, runs_cancelled, runs_open, steps, jobs, webhook_events,
    counted_at, ai_tokens, cost_micros
  )
  select t.id, p_hour, coalesce(r.started, 0), coalesce(r.completed, 0), coalesce(r.failed, 0), coalesce(r.cancelled, 0),
    coalesce(r.open, 0), coalesce(s.steps, 0), coalesce(j.jobs, 0), coalesce(e.events, 0), private.now(),
    coalesce(c.tokens, 0), coalesce(c.cost, 0)
  from tenants t
  left join runs r on r.organization_id = t.id
  left join steps s on s.organization_id = t.id
  left join jobs j on j.organization_id = t.id
  left join events e on e.organization_id = t.id
  left join calls c on c.organization_id = t.id
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
    ai_tokens = greatest(u.ai_tokens, excluded.ai_tokens),
    cost_micros = greatest(u.cost_micros, excluded.cost_micros),
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

create or replace function private.digest_due (
  p_day       date,
  p_time_zone text
)
  returns timestamp with time zone
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_due timestamptz := greatest((p_day + 1 + time '07:00') at time zone p_time_zone, private.now());
  v_local timestamp := v_due at time zone p_time_zone;
begin
  return case
    when v_local::time < '07:00' then (v_local::date + time '07:00') at time zone p_time_zone
    when v_local::time >= '20:00' then (v_local::date + 1 + time '07:00') at time zone p_time_zone
    else v_due
  end;
end;
$function$;

create or replace function private.find_told_mail (
  p_event public.mail_events
)
  returns public.mails
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_mail public.mails;
begin
  select * into v_mail from public.mails m
  where m.provider_message_id = p_event.provider_message_id and m.provider = p_event.provider
  limit 1 for update;
  if not found and p_event.tagged_mail_id is not null then
    -- Its sender got no answer: the event is the answer. While the sender may still write down what it got, it is left to.
    select * into v_mail from public.mails m
    where m.id = p_event.tagged_mail_id and m.provider_message_id is null
      and (m.leased_until is null or m.leased_until <= private.now())
    for update;
  end if;
  return v_mail;
end;
$function$;

create or replace function private.fit_portal (
  p_subscription public.webhook_subscriptions
)
  returns public.webhook_subscriptions
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_portal private.webhook_portals := private.caller_portal();
begin
  if v_portal.id is null then
    return p_subscription;
  end if;
  -- A new one is within the bounds where it says nothing of them. One that a member made wider stays theirs to change.
  if p_subscription.created_at is null then
    p_subscription.application := coalesce(p_subscription.application, v_portal.application);
    p_subscription.flow_ids := coalesce(p_subscription.flow_ids, v_portal.flow_ids);
    p_subscription.resource_ids := coalesce(p_subscription.resource_ids, v_portal.resource_ids);
  end if;
  if p_subscription.application is distinct from v_portal.application then
    perform private.fail('forbidden', format('The portal token is for the application %s', v_portal.application), 403);
  elsif not p_subscription.event_types <@ v_portal.event_types then
    perform private.fail('forbidden', format('The portal token is for the events %s', array_to_string(v_portal.event_types, ', ')), 403);
  elsif v_portal.flow_ids is not null and not coalesce(p_subscription.flow_ids <@ v_portal.flow_ids, false)
    or v_portal.resource_ids is not null and not coalesce(p_subscription.resource_ids <@ v_portal.resource_ids, false)
  then
    perform private.fail('forbidden', 'The portal token is for other flow_ids or resource_ids', 403);
  end if;
  return p_subscription;
end;
$function$;

create or replace function private.fits_time_zone (
  p_time_zone text
)
  returns boolean
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return p_time_zone ~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$' and (private.now() at time zone p_time_zone) is not null;
exception when invalid_parameter_value then
  return false;
end;
$function$;

create or replace function private.hold_budgets (
  p_organization_id uuid,
  p_alone           boolean default false
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  if p_alone then
    perform pg_advisory_xact_lock(hashtext('millrace.budgets'), hashtext(p_organization_id::text));
  else
    perform pg_advisory_xact_lock_shared(hashtext('millrace.budgets'), hashtext(p_organization_id::text));
  end if;
end;
$function$;

create or replace function private.invoice_event (
  p_invoice public.invoices
)
  returns jsonb
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return jsonb_build_object(
    'id', p_invoice.stripe_invoice_id, 'number', p_invoice.number,
    'amount', case when p_invoice.status = 'paid' then p_invoice.amount_paid else p_invoice.amount_due end,
    'currency', p_invoice.currency, 'attempt_count', p_invoice.attempt_count, 'next_attempt_at', p_invoice.next_payment_attempt
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
            analytics_daily,api_keys,audit_events,billing_customers,budgets,bulk_operations,entities,entity_moves,flow_edge_stats,flow_version_runs,
            flow_versions,flows,invitations,invoices,job_history,job_queue,mail_events,mail_suppressions,mails,organization_members,
            organizations,plan_prices,plans,profiles,run_archives,run_stats_daily,run_steps,runs,schedule_firings,schedules,secrets,subscriptions,usage_details,usage_hourly,webhook_attempts,
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
  p_tenant_id uuid,
  p_email     text,
  p_category  text
)
  returns boolean
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return exists (
    select from public.mail_suppressions s
    where s.tenant_id = p_tenant_id and s.address = lower(p_email) and case s.scope
      -- Mailboxes come back. What cannot be switched off is risked again after a week: else a bounced sign-in link would
      -- lock somebody out for good.
      when 'everything' then s.reason = 'manual' or p_category <> 'transactional' or s.created_at > private.now() - interval '7 days'
      when 'optional' then p_category <> 'transactional'
      else s.scope = p_category
    end
  );
end;
$function$;

create or replace function private.judge_usage()
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_month timestamptz := private.budget_start('month', v_now);
  v_row record;
  v_told integer := 0;
begin
  -- Budgets of what is counted afterwards.
  for v_row in
    select b.id, private.budget_start(b.period, v_now) as starts_at,
      private.usage_of_budget(b, private.budget_start(b.period, v_now)) as used
    from public.budgets b
    where b.is_enabled and b.meter in ('runs', 'steps')
    order by b.id
  loop
    insert into private.budget_periods as p (budget_id, starts_at, used) values (v_row.id, v_row.starts_at, v_row.used)
    on conflict (budget_id, starts_at) do update set used = greatest(p.used, excluded.used) where p.used < excluded.used;
    perform private.alert_budget(v_row.id, v_row.starts_at);
  end loop;

  -- What the plan includes. Who has passed both shares is told of the higher one.
  for v_row in
    select distinct on (u.organization_id) u.organization_id, u.runs, p.max_runs_per_month as allowed, s.share
    from (
      select h.organization_id, sum(h.runs_started) as runs from public.usage_hourly h
      where h.hour >= v_month group by h.organization_id
    ) u
    join public.organizations o on o.id = u.organization_id and o.suspended_at is null and o.deletes_at is null
    join public.plans p on p.id = o.plan_id and u.runs >= p.max_runs_per_month * 0.8
    join unnest('{80,100}'::smallint[]) s (share) on u.runs * 100 >= p.max_runs_per_month::bigint * s.share
    order by u.organization_id, s.share desc
  loop
    insert into private.usage_notices (organization_id, limit_name, starts_at, share)
    select v_row.organization_id, 'runs', v_month, g.share from unnest('{80,100}'::smallint[]) g (share) where g.share <= v_row.share
    on conflict do nothing;
    continue when not found;
    if v_row.share = 100 then
      perform private.publish_event(v_row.organization_id, 'usage.limit_reached',
        jsonb_build_object('limit', 'runs', 'used', v_row.runs, 'allowed', v_row.allowed), 'runs');
    end if;
    perform private.mail_usage_alert(v_row.organization_id, 'runs this month', v_row.runs::bigint, v_row.allowed, null,
      private.budget_end('month', v_month), 'Nothing is stopped: please choose a plan that fits.',
      format('runs:%s:%s', to_char(v_month at time zone 'UTC', 'YYYYMM'), v_row.share));
    v_told := v_told + 1;
  end loop;
  delete from private.usage_notices n where n.starts_at < v_month - interval '1 year';
  return v_told;
end;
$function$;

create or replace function private.keep_billing()
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_organization_id uuid;
  v_key text;
  v_settled integer := 0;
  v_called integer := 0;
  v_forgotten integer;
begin
  -- What no event tells: that the days of grace are over, and that a trial soon is.
  for v_organization_id in
    select s.organization_id
    from public.subscriptions s
    join public.billing_customers c on c.organization_id = s.organization_id
    where s.is_current and (
      s.past_due_since + private.billing_grace() <= v_now and c.entitled_plan_id is not null
      or s.status = 'trialing' and s.trial_end > v_now and s.trial_end <= v_now + interval '3 days' and not s.cancel_at_period_end
        and not exists (
          select from private.billing_notices n where n.kind = 'trial_ending' and n.object_id = s.stripe_subscription_id
            and n.turn = date_part('epoch', s.trial_end)::bigint::text
        )
    )
    order by s.organization_id limit 1000
  loop
    perform private.settle_billing(v_organization_id, 'clock');
    v_settled := v_settled + 1;
  end loop;
  -- Events whose job was given up, or lost with a restored backup.
  for v_key in
    select distinct e.queue_key from private.stripe_events e
    where e.status = 'received' and e.received_at < v_now - interval '2 minutes'
      and not exists (
        select from public.job_queue j
        where j.organization_id = private.platform_id() and j.type = 'billing.sync' and j.unique_key = e.queue_key
      )
    limit 1000
  loop
    perform private.call_billing_sync(v_key);
    v_called := v_called + 1;
  end loop;
  with old as (
    select e.id from private.stripe_events e where e.received_at < v_now - interval '90 days' and e.status <> 'received'
    order by e.received_at limit 5000
  )
  delete from private.stripe_events e where e.id in (select o.id from old o);
  get diagnostics v_forgotten = row_count;
  return jsonb_build_object('settled', v_settled, 'called', v_called, 'forgotten', v_forgotten);
end;
$function$;

create or replace function private.keep_budgets()
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_released integer;
  v_forgotten integer;
begin
  -- The token of a call whose worker is gone is leased to nobody; its run may have ended, too.
  v_released := private.release_spend(array(
    select r.id from private.spend_reservations r
    where r.status = 'open' and r.created_at < private.now() - interval '30 seconds'
      and not exists (select from public.job_queue j where j.id = r.job_id and j.worker_id is not null)
    order by r.created_at limit 1000
  ));
  delete from private.spend_reservations r where r.id in (
    select o.id from private.spend_reservations o
    where o.status <> 'open' and o.ended_at < private.now() - interval '1 day' limit 10000
  );
  get diagnostics v_forgotten = row_count;
  delete from public.usage_details d where d.ctid in (
    select o.ctid from public.usage_details o where o.hour < private.now() - interval '400 days' limit 10000
  );
  return jsonb_build_object('released', v_released, 'forgotten', v_forgotten);
end;
$function$;

create or replace function private.keep_grace_days (
  p_days integer
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  if p_days is null or private.setting('billing_grace_days') is not distinct from p_days::text then
    return;
  end if;
  insert into private.settings as s (name, value) values ('billing_grace_days', p_days::text)
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
end;
$function$;

create or replace function private.keep_mail_events()
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_event public.mail_events;
  v_applied integer := 0;
begin
  for v_event in
    select * from public.mail_events e
    where e.status in ('pending', 'failed') and e.received_at > v_now - interval '1 day'
    order by e.received_at
    limit 1000
    for update skip locked
  loop
    if private.try_mail_event(v_event) = 'applied' then
      v_applied := v_applied + 1;
    end if;
  end loop;
  -- Whoever sent it has long written down what the provider calls it: the message is of a flow, or of another project.
  -- What says that it is of ours waits for a sender that got no answer.
  update public.mail_events e set status = 'ignored' where e.id in (
    select p.id from public.mail_events p
    where p.status = 'pending'
      and p.received_at <= v_now - case when p.tagged_mail_id is null then interval '10 minutes' else interval '1 day' end
    order by p.received_at limit 5000
  );
  delete from public.mail_events e where e.id in (
    select o.id from public.mail_events o
    where o.status = 'ignored' and o.received_at <= v_now - interval '2 days'
    order by o.received_at limit 5000
  );
  delete from public.mail_events e where e.id in (
    select o.id from public.mail_events o
    where o.status = 'failed' and o.received_at <= v_now - interval '30 days'
    order by o.received_at limit 5000
  );
  return v_applied;
end;
$function$;

create or replace function private.keep_webhooks_out()
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_woken integer := 0;
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
  delete from private.webhook_endpoint_stats h where h.hour < private.now() - interval '90 days';
  delete from private.webhook_portals w where w.expires_at < private.now() - interval '1 day';
  return jsonb_build_object('woken', v_woken);
end;
$function$;

create or replace function private.lock_budget (
  p_budget_id  uuid,
  p_if_version integer
)
  returns public.budgets
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_budget public.budgets;
begin
  select * into v_budget from public.budgets b where b.id = p_budget_id;
  -- Asked before any lock: a stranger makes nobody wait.
  perform private.require_permission(v_budget.organization_id, 'billing:write', 'budget');
  perform private.hold_budgets(v_budget.organization_id, true);
  select * into v_budget from public.budgets b where b.id = p_budget_id for no key update;
  perform private.require_permission(v_budget.organization_id, 'billing:write', 'budget');
  if p_if_version is not null and v_budget.version <> p_if_version then
    perform private.fail('version_mismatch', format('The budget has version %s, not %s', v_budget.version, p_if_version), 412);
  end if;
  return v_budget;
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
  -- By the application that the subscription has now: to its address the delivery would go.
  perform private.require_webhooks(v_delivery.organization_id, (
    select s.application from public.webhook_subscriptions s
    where s.id = v_delivery.subscription_id and s.application is not distinct from v_delivery.application
  ), 'webhooks:write', 'webhook delivery');
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
  perform private.require_webhooks(v_subscription.organization_id, v_subscription.application, 'webhooks:write', 'webhook subscription');
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
      'data', d.data, 'looks', d.looks, 'attempts', m.attempts, 'created_at', m.created_at
    ) order by m.id))
    from public.mails m
    left join private.mail_data d on d.mail_id = m.id
    where m.batch_id = p_batch_id and m.status = 'sending'
  );
end;
$function$;

create or replace function private.mail_billing (
  p_organization_id uuid,
  p_template        text,
  p_key             text,
  p_data            jsonb,
  p_with_owners     boolean
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_address text;
begin
  for v_address in select a.address from private.billing_addresses(p_organization_id, p_with_owners) a loop
    perform private.send_mail(p_organization_id, p_template, v_address,
      p_data || jsonb_build_object('organization', (select o.name from public.organizations o where o.id = p_organization_id)),
      left(p_key, 250) || ':' || md5(lower(v_address)));
  end loop;
end;
$function$;

create or replace function private.mail_figures (
  p_sums jsonb
)
  returns jsonb
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
declare
  v_sent numeric := p_sums ->> 'sent';
  v_delivered numeric := p_sums ->> 'delivered';
  v_bounced numeric := p_sums ->> 'bounced';
begin
  return p_sums || jsonb_build_object(
    'delivery_rate', round(v_delivered / nullif(v_delivered + v_bounced, 0), 4),
    'bounce_rate', round(v_bounced / nullif(v_delivered + v_bounced, 0), 4),
    'complaint_rate', round((p_sums ->> 'complained')::numeric / nullif(v_delivered, 0), 4),
    'open_rate', round((p_sums ->> 'opened')::numeric / nullif(v_delivered, 0), 4),
    'click_rate', round((p_sums ->> 'clicked')::numeric / nullif(v_delivered, 0), 4),
    'unsubscribe_rate', round((p_sums ->> 'unsubscribed')::numeric / nullif(v_sent, 0), 4)
  );
end;
$function$;

create or replace function private.mail_looks (
  p_organization_id uuid,
  p_branded         boolean
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select jsonb_build_object('time_zone', s.time_zone) || case
      when p_branded and coalesce(s.brand_name, s.logo_url, s.color, s.reply_to) is not null then jsonb_build_object('brand',
        jsonb_build_object('name', s.brand_name, 'logo_url', s.logo_url, 'color', s.color, 'reply_to', s.reply_to))
      else '{}' end
    from private.mail_settings s where s.organization_id = p_organization_id
  );
end;
$function$;

create or replace function private.mail_preferences_reply (
  p_mail public.mails
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return jsonb_build_object(
    'organization', (select o.name from public.organizations o where o.id = p_mail.organization_id),
    'address', p_mail.to_address,
    'category', p_mail.category,
    'preferences', private.wanted_mails(p_mail.tenant_id, p_mail.to_address),
    'brand', private.mail_looks(p_mail.organization_id, (
      select t.is_branded from private.mail_templates t where t.name = p_mail.template
    )) -> 'brand'
  );
end;
$function$;

create or replace function private.mail_settings_reply (
  p_organization_id uuid
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_settings private.mail_settings;
begin
  select * into v_settings from private.mail_settings s where s.organization_id = p_organization_id;
  return jsonb_build_object(
    'organization_id', p_organization_id,
    'digest', case
      when exists (select from private.digest_opt_outs x where x.organization_id = p_organization_id) then 'off'
      else coalesce(v_settings.digest, 'week')
    end,
    'time_zone', coalesce(v_settings.time_zone, 'UTC'),
    'brand', jsonb_build_object(
      'name', v_settings.brand_name, 'logo_url', v_settings.logo_url, 'color', v_settings.color, 'reply_to', v_settings.reply_to
    ),
    'version', coalesce(v_settings.version, 1), 'updated_at', v_settings.updated_at
  );
end;
$function$;

create or replace function private.mail_usage_alert (
  p_organization_id uuid,
  p_metric          text,
  p_used            bigint,
  p_limit           bigint,
  p_currency        text,
  p_resets_at       timestamp with time zone,
  p_effect          text,
  p_key             text
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  perform private.send_mail(p_organization_id, 'usage_alert', p.email, jsonb_build_object(
    'organization', o.name, 'metric', p_metric, 'used', p_used, 'limit', p_limit, 'currency', p_currency,
    'resets_at', p_resets_at, 'effect', p_effect, 'link', '/billing/usage'
  ), p_key || ':' || p.id)
  from public.organizations o
  join public.organization_members m on m.organization_id = o.id and m.role in ('owner', 'admin')
  join public.profiles p on p.id = m.user_id and p.email is not null
  where o.id = p_organization_id and o.suspended_at is null and o.deletes_at is null
  order by p.id;
end;
$function$;

create or replace function private.note_billing (
  p_organization_id uuid,
  p_kind            text,
  p_object_id       text,
  p_turn            text
)
  returns boolean
  language plpgsql
  set search_path to ''
  AS $function$
begin
  insert into private.billing_notices (kind, object_id, turn, organization_id)
  values (p_kind, p_object_id, p_turn, p_organization_id)
  on conflict do nothing;
  return found;
end;
$function$;

create or replace function private.open_budgets (
  p_organization_id uuid,
  p_flow_id         uuid,
  p_meters          text[],
  p_at              timestamp with time zone
)
  returns table (
    id        uuid,
    meter     text,
    on_limit  text,
    amount    bigint,
    name      text,
    starts_at timestamp with time zone,
    used      bigint,
    reserved  bigint
  )
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- Who begins a period counts what was used in it before, which must not change meanwhile: see private.hold_budgets.
  insert into private.budget_periods (budget_id, starts_at, used)
  select b.id, s.starts_at, private.usage_of_budget(b, s.starts_at)
  from public.budgets b
  cross join lateral (select private.budget_start(b.period, p_at) as starts_at) s
  where b.organization_id = p_organization_id and b.is_enabled and b.meter = any (p_meters)
    and (b.flow_id is null or b.flow_id = p_flow_id)
    and not exists (select from private.budget_periods p where p.budget_id = b.id and p.starts_at = s.starts_at)
  order by b.id
  on conflict do nothing;

  -- In one order, so that nobody waits for who waits for them.
  return query
    select b.id, b.meter, b.on_limit, b.amount, b.name, p.starts_at, p.used, p.reserved
    from public.budgets b
    join private.budget_periods p on p.budget_id = b.id and p.starts_at = private.budget_start(b.period, p_at)
    where b.organization_id = p_organization_id and b.is_enabled and b.meter = any (p_meters)
      and (b.flow_id is null or b.flow_id = p_flow_id)
    order by b.id
    for update of p;
end;
$function$;

create or replace function private.own_address (
  p_organization_id uuid
)
  returns text
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_email text;
begin
  perform private.require_permission(p_organization_id, 'org:read', 'organization');
  if private.caller_key_id() is not null then
    perform private.fail('forbidden', 'This needs a person: an API key cannot do it', 403);
  end if;
  select p.email into v_email from public.profiles p where p.id = private.caller_user_id();
  if v_email is null then
    perform private.fail('conflict', 'Your account has no e-mail address', 409);
  end if;
  return v_email;
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
  v_first record;
  v_part record;
  v_tokens uuid[];
  v_jobs uuid[];
  v_is_special boolean := false;
  v_counts integer[] := '{}';
  v_latest timestamptz[] := '{}';
  v_exhausted uuid[] := '{}';
  v_empty uuid[] := '{}';
  v_virtual_time bigint;
  v_taken integer := 0;
  v_quota integer;
begin
  p_organization_ids := '{}';
  p_counts := '{}';
  p_latest := '{}';
  p_empty := '{}';
  select array_agg(t.organization_id) as organizations, array_agg(t.virtual_time) as times, array_agg(t.weight) as weights,
    sum(t.weight)::double precision as weight,
    bool_and(t.max_running is null and (t.head_until > p_now and t.head <= p_now) is not true) as is_plain
  into v_first from (
    select o.organization_id, o.virtual_time, o.weight, o.head, o.head_until, o.max_running from private.job_turns o
    where o.is_active and o.virtual_time >= v_floor
    order by o.virtual_time, o.organization_id
    limit v_width
  ) t;
  loop
    if v_first.is_plain then
      -- As the first round nearly always is: nobody has a head or a limit. A small query for each organization costs half of
      -- the general one, of which Postgres prepares every part anew each time.
      for v_place in 1 .. cardinality(v_first.organizations) loop
        v_quota := ceil(p_limit * v_first.weights[v_place] / v_first.weight);
        select array_agg(c.id) filter (where not c.is_job) as tokens, array_agg(c.id) filter (where c.is_job) as jobs,
          bool_or(c.is_special) filter (where c.is_job) as is_special, count(*)::integer as taken,
          max(c.scheduled_for) filter (where c.priority = 100) as latest
        into v_part from (
          select j.id, j.run_id is null as is_job, num_nonnulls(j.concurrency_key, j.expires_at) > 0 as is_special,
            j.priority, j.scheduled_for
          from public.job_queue j
          where j.status = 'available' and j.organization_id = v_first.organizations[v_place] and j.scheduled_for <= p_now
          order by j.priority, j.scheduled_for
          limit least(v_quota, p_limit - v_taken)
          for update skip locked
        ) c;
        v_tokens := v_tokens || v_part.tokens;
        v_jobs := v_jobs || v_part.jobs;
        v_is_special := v_is_special or coalesce(v_part.is_special, false);
        v_counts := v_counts || v_part.taken;
        v_latest := v_latest || v_part.latest;
        v_taken := v_taken + v_part.taken;
        if v_part.taken > 0 then
          v_virtual_time := coalesce(v_virtual_time, v_first.times[v_place]);
        end if;
        if v_part.taken < v_quota then
          v_exhausted := v_exhausted || v_first.organizations[v_place];
          if v_part.taken = 0 then
            v_empty := v_empty || v_first.organizations[v_place];
          end if;
        end if;
      end loop;
      select v_first.organizations, v_counts as counts, v_latest as latest, v_exhausted as exhausted, v_empty as empty,
        false as has_heads, v_virtual_time as virtual_time, v_taken as taken, v_tokens as tokens, v_jobs as jobs,
        v_is_special as is_special
      into v_round;
      v_first.is_plain := false;
    else
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
    end if;

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

create or replace function private.portal_application()
  returns text
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (private.caller_portal()).application;
end;
$function$;

create or replace function private.portal_organization()
  returns uuid
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return (private.caller_portal()).organization_id;
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
    perform private.enqueue_job(v_wait.organization_id, 'approval.mail', jsonb_build_object(
      'run_id', v_wait.run_id, 'node_id', v_wait.node, 'scope', v_wait.scope
    ), '{"priority": 60}');
  end loop;
end;
$function$;

create or replace function private.purge_webhook_messages (
  p_limit bigint
)
  returns bigint
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_ids uuid[];
  v_gone bigint;
begin
  -- Deleted and not dropped: who has got an event before is known by the pair of subscription and event, and no key is unique
  -- over partitions. Ids are collected first: the planner, who cannot know how many there are, would read the whole table.
  select array_agg(l.id) into v_ids
  from (
    select e.id
    from public.organizations o
    cross join lateral private.kept_days('webhook_events', o.id) as d (days)
    cross join lateral (
      select m.id from public.webhook_messages m
      where m.organization_id = o.id and m.id < private.uuid_v7_floor(private.now() - make_interval(days => d.days))
        -- What is still to be sent stays, unless somebody has paused it for all that time.
        and not exists (
          select from public.webhook_deliveries w
          join public.webhook_subscriptions s on s.id = w.subscription_id and s.status <> 'paused'
          where w.message_id = m.id and w.status = 'pending'
        )
      order by m.id limit p_limit
    ) e
    limit p_limit
  ) l;
  v_ids := array(
    select m.id from unnest(v_ids) as l (id) join public.webhook_messages m on m.id = l.id for update of m skip locked
  );
  delete from public.webhook_messages m using unnest(v_ids) as l (id) where m.id = l.id;
  get diagnostics v_gone = row_count;
  return v_gone;
end;
$function$;

create or replace function private.put_invoice (
  p_organization_id uuid,
  p_ticket          bigint,
  p_invoice         jsonb
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_id text := p_invoice ->> 'id';
  v_with_payment boolean := p_invoice ? 'payment';
  v_was public.invoices;
  v_is public.invoices;
begin
  select * into v_was from public.invoices i where i.stripe_invoice_id = v_id for update;
  if v_was.sync_ticket >= p_ticket then
    return jsonb_build_object('id', v_id, 'stale', true);
  end if;
  insert into public.invoices as i (
    stripe_invoice_id, organization_id, stripe_customer_id, stripe_subscription_id, number, status, billing_reason,
    collection_method, currency, subtotal, tax, total, amount_due, amount_paid, attempt_count, next_payment_attempt,
    period_start, period_end, hosted_invoice_url, invoice_pdf, lines, created_at, finalized_at, due_at, paid_at, synced_at,
    sync_ticket, amount_refunded, payment_method, failure_reason, dispute_status, dispute_due_at
  )
  select v_id, p_organization_id, n.customer_id, n.subscription_id, n.number, n.status, n.billing_reason, n.collection_method,
    n.currency, n.subtotal, n.tax, n.total, n.amount_due, n.amount_paid, n.attempt_count, n.next_payment_attempt, n.period_start,
    n.period_end, n.hosted_invoice_url, n.invoice_pdf, n.lines, n.created_at, n.finalized_at, n.due_at, n.paid_at, private.now(),
    p_ticket, coalesce(p.amount_refunded, 0), p.payment_method, p.failure_reason, p.dispute_status, p.dispute_due_at
  from jsonb_to_record(p_invoice) as n (
    customer_id text, subscription_id text, number text, status text, billing_reason text, collection_method text, currency text,
    subtotal bigint, tax bigint, total bigint, amount_due bigint, amount_paid bigint, attempt_count integer,
    next_payment_attempt timestamptz, period_start timestamptz, period_end timestamptz, hosted_invoice_url text, invoice_pdf text,
    lines jsonb, created_at timestamptz, finalized_at timestamptz, due_at timestamptz, paid_at timestamptz
  )
  left join lateral jsonb_to_record(p_invoice -> 'payment') as p (
    amount_refunded bigint, payment_method text, failure_reason text, dispute_status text, dispute_due_at timestamptz
  ) on v_with_payment
  on conflict (stripe_invoice_id) do update set
    stripe_subscription_id = excluded.stripe_subscription_id, number = excluded.number, status = excluded.status,
    billing_reason = excluded.billing_reason, collection_method = excluded.collection_method, currency = excluded.currency,
    subtotal = excluded.subtotal, tax = excluded.tax, total = excluded.total, amount_due = excluded.amount_due,
    amount_paid = excluded.amount_paid, attempt_count = excluded.attempt_count,
    next_payment_attempt = excluded.next_payment_attempt, period_start = excluded.period_start, period_end = excluded.period_end,
    hosted_invoice_url = excluded.hosted_invoice_url, invoice_pdf = excluded.invoice_pdf, lines = excluded.lines,
    finalized_at = excluded.finalized_at, due_at = excluded.due_at, paid_at = excluded.paid_at, synced_at = excluded.synced_at,
    sync_ticket = excluded.sync_ticket,
    -- A list of invoices says nothing of their payments: what is known of them stays.
    amount_refunded = case when v_with_payment then excluded.amount_refunded else i.amount_refunded end,
    payment_method = case when v_with_payment then excluded.payment_method else i.payment_method end,
    failure_reason = case when v_with_payment then excluded.failure_reason else i.failure_reason end,
    dispute_status = case when v_with_payment then excluded.dispute_status else i.dispute_status end,
    dispute_due_at = case when v_with_payment then excluded.dispute_due_at else i.dispute_due_at end
    where i.sync_ticket < excluded.sync_ticket
  returning * into v_is;
  if v_is.stripe_invoice_id is null then
    return jsonb_build_object('id', v_id, 'stale', true);
  end if;
  return jsonb_strip_nulls(jsonb_build_object(
    'kind', 'invoice', 'id', v_id, 'is_new', v_was.stripe_invoice_id is null or null,
    'changed', case when v_was.stripe_invoice_id is not null then private.changed_columns(to_jsonb(v_was), to_jsonb(v_is)) end
  ));
end;
$function$;

create or replace function private.put_subscription (
  p_organization_id uuid,
  p_ticket          bigint,
  p_subscription    jsonb
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_id text := p_subscription ->> 'id';
  v_now timestamptz := private.now();
  v_was public.subscriptions;
  v_is public.subscriptions;
  v_base record;
  v_seat record;
  v_scheduled text;
begin
  select * into v_was from public.subscriptions s where s.stripe_subscription_id = v_id for update;
  if v_was.sync_ticket >= p_ticket then
    return jsonb_build_object('id', v_id, 'stale', true);
  end if;
  -- A price is known by what it was noted for; a new one by its lookup key.
  with items as (
    select n.item_id, n.quantity, coalesce(p.plan_id, r.plan_id) as plan_id, coalesce(p.kind, r.kind) as kind,
      coalesce(p.billing_interval, r.billing_interval) as billing_interval
    from jsonb_to_recordset(p_subscription -> 'items') as n (item_id text, price_id text, lookup_key text, quantity integer)
    left join public.plan_prices p on p.stripe_price_id = n.price_id
    left join lateral private.read_lookup_key(n.lookup_key) r on true
  )
  select i.* into v_base from items i where i.kind = 'base' order by i.item_id limit 1;
  with items as (
    select n.item_id, n.quantity, coalesce(p.kind, r.kind) as kind
    from jsonb_to_recordset(p_subscription -> 'items') as n (item_id text, price_id text, lookup_key text, quantity integer)
    left join public.plan_prices p on p.stripe_price_id = n.price_id
    left join lateral private.read_lookup_key(n.lookup_key) r on true
  )
  select i.* into v_seat from items i where i.kind = 'seat' order by i.item_id limit 1;
  select coalesce(p.plan_id, r.plan_id) into v_scheduled
  from jsonb_to_recordset(p_subscription -> 'scheduled_items') as n (price_id text, lookup_key text)
  left join public.plan_prices p on p.stripe_price_id = n.price_id
  left join lateral private.read_lookup_key(n.lookup_key) r on true
  where coalesce(p.kind, r.kind) = 'base'
  limit 1;

  insert into public.subscriptions as s (
    stripe_subscription_id, organization_id, stripe_customer_id, status, plan_id, billing_interval, seats, currency,
    current_period_start, current_period_end, trial_end, cancel_at, cancel_at_period_end, canceled_at, ended_at,
    scheduled_plan_id, has_payment_method, latest_invoice_id, stripe_base_item_id, stripe_seat_item_id, created_at, synced_at,
    sync_ticket, is_current
  )
  select v_id, p_organization_id, n.customer_id, n.status, v_base.plan_id, v_base.billing_interval,
    coalesce(v_seat.quantity, v_base.quantity, 1), n.currency, n.current_period_start, n.current_period_end, n.trial_end,
    n.cancel_at, coalesce(n.cancel_at_period_end, false), n.canceled_at, n.ended_at, nullif(v_scheduled, v_base.plan_id),
    coalesce(n.has_payment_method, false), n.latest_invoice_id, v_base.item_id, v_seat.item_id, n.created_at, v_now, p_ticket, false
  from jsonb_to_record(p_subscription) as n (
    customer_id text, status text, currency text, current_period_start timestamptz, current_period_end timestamptz,
    trial_end timestamptz, cancel_at timestamptz, cancel_at_period_end boolean, canceled_at timestamptz, ended_at timestamptz,
    has_payment_method boolean, latest_invoice_id text, created_at timestamptz
  )
  on conflict (stripe_subscription_id) do update set
    status = excluded.status, plan_id = excluded.plan_id, billing_interval = excluded.billing_interval, seats = excluded.seats,
    currency = excluded.currency, current_period_start = excluded.current_period_start,
    current_period_end = excluded.current_period_end, trial_end = excluded.trial_end, cancel_at = excluded.cancel_at,
    cancel_at_period_end = excluded.cancel_at_period_end, canceled_at = excluded.canceled_at, ended_at = excluded.ended_at,
    scheduled_plan_id = excluded.scheduled_plan_id, has_payment_method = excluded.has_payment_method,
    latest_invoice_id = excluded.latest_invoice_id, stripe_base_item_id = excluded.stripe_base_item_id,
    stripe_seat_item_id = excluded.stripe_seat_item_id, synced_at = excluded.synced_at, sync_ticket = excluded.sync_ticket,
    -- What has ended is not current; which one is, private.choose_subscription says.
    is_current = s.is_current and excluded.status not in ('canceled', 'incomplete_expired')
    where s.sync_ticket < excluded.sync_ticket
  returning * into v_is;
  if v_is.stripe_subscription_id is null then
    return jsonb_build_object('id', v_id, 'stale', true);
  end if;
  return jsonb_strip_nulls(jsonb_build_object(
    'kind', 'subscription', 'id', v_id, 'is_new', v_was.stripe_subscription_id is null or null,
    'changed', case when v_was.stripe_subscription_id is not null then private.changed_columns(to_jsonb(v_was), to_jsonb(v_is)) end,
    'unknown_price', v_is.plan_id is null and v_is.status <> 'canceled' or null
  ));
end;
$function$;

create or replace function private.read_lookup_key (
  p_lookup_key text,
  OUT          plan_id text,
  OUT          kind text,
  OUT          billing_interval text
)
  returns record
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_parts text[] := regexp_match(p_lookup_key, '^millrace_([a-z]+)(_seat)?_(month|year)$');
begin
  if v_parts is not null and exists (select from public.plans p where p.id = v_parts[1]) then
    plan_id := v_parts[1];
    kind := case when v_parts[2] is null then 'base' else 'seat' end;
    billing_interval := v_parts[3];
  elsif p_lookup_key ~ '^millrace_[a-z][a-z0-9_]*$' then
    kind := 'meter';
  end if;
end;
$function$;

create or replace function private.release_spend (
  p_reservation_ids uuid[]
)
  returns integer
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_ended uuid[];
begin
  if cardinality(p_reservation_ids) = 0 then
    return 0;
  end if;
  -- Reservations before periods, as everywhere; who has one of them under way keeps it.
  v_ended := array(
    select r.id from private.spend_reservations r
    where r.id = any (p_reservation_ids) and r.status = 'open' order by r.id for update skip locked
  );
  perform from (
    select p.budget_id from private.budget_periods p
    where (p.budget_id, p.starts_at) in (
      select b.id, b.starts_at from private.spend_reservations r
      cross join lateral jsonb_to_recordset(r.budgets) as b (id uuid, starts_at timestamptz)
      where r.id = any (v_ended)
    )
    order by p.budget_id, p.starts_at
    for update
  ) l;
  update private.budget_periods p set reserved = greatest(p.reserved - s.amount, 0)
  from (
    select b.id, b.starts_at, sum(b.amount) as amount from private.spend_reservations r
    cross join lateral jsonb_to_recordset(r.budgets) as b (id uuid, starts_at timestamptz, amount bigint)
    where r.id = any (v_ended)
    group by b.id, b.starts_at
  ) s
  where p.budget_id = s.id and p.starts_at = s.starts_at;
  update private.spend_reservations r set status = 'released', ended_at = private.now() where r.id = any (v_ended);
  return cardinality(v_ended);
end;
$function$;

create or replace function private.require_webhooks (
  p_organization_id uuid,
  p_application     text,
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
  v_portal private.webhook_portals := private.caller_portal();
begin
  if v_portal.id is null then
    perform private.require_permission(p_organization_id, p_permission, p_what);
    return;
  end if;
  -- A portal learns nothing of other applications: the same answer as for a thing that does not exist.
  if (p_organization_id, p_application) is distinct from (v_portal.organization_id, v_portal.application) then
    perform private.fail('not_found', format('No such %s', p_what), 404);
  end if;
  if p_permission not like '%:read' then
    if not v_portal.can_write then
      perform private.fail('forbidden', 'The portal token may look and change nothing', 403);
    end if;
    if exists (select from public.organizations o where o.id = p_organization_id and o.deletes_at is not null) then
      perform private.fail('forbidden', 'This organization is to be deleted: until then it can only be read', 403);
    end if;
  end if;
end;
$function$;

create or replace function private.seats_changed()
  returns trigger
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.call_seats(coalesce(new.organization_id, old.organization_id));
  return null;
end;
$function$;

create or replace function private.seats_of (
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
      'subscription_id', s.stripe_subscription_id, 'item_id', s.stripe_seat_item_id, 'price_id', pp.stripe_price_id,
      'seats', case when s.stripe_seat_item_id is null then 0 else s.seats end,
      'wanted', greatest((
        select count(*) from public.organization_members m where m.organization_id = p_organization_id
      ) - p.included_seats, 0)
    )
    from public.subscriptions s
    join public.organizations o on o.id = s.organization_id and o.deletes_at is null
    join public.plans p on p.id = s.plan_id
    cross join lateral (
      -- The price that is sold now, unless the item has one already.
      select x.stripe_price_id from public.plan_prices x
      where x.kind = 'seat' and x.plan_id = s.plan_id and x.billing_interval = s.billing_interval and x.currency = s.currency
        and x.is_active
      order by x.lookup_key is null, x.stripe_price_id
      limit 1
    ) pp
    where s.organization_id = p_organization_id and s.is_current and s.status in ('trialing', 'active', 'past_due')
  );
end;
$function$;

create or replace function private.set_plan (
  p_organization_id uuid,
  p_plan_id         text,
  p_reason          text
)
  returns boolean
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_was text;
  v_status text;
begin
  select o.plan_id into v_was from public.organizations o where o.id = p_organization_id for no key update;
  if v_was is null or v_was = p_plan_id then
    return false;
  end if;
  -- The trigger of the table bumps the generation: who has kept answers of the organization asks anew with the next request.
  update public.organizations o set plan_id = p_plan_id where o.id = p_organization_id;
  select s.status into v_status from public.subscriptions s where s.organization_id = p_organization_id and s.is_current;
  perform private.audit(p_organization_id, 'organization.plan_changed', 'organization', p_organization_id::text,
    jsonb_build_object('plan_id', v_was), jsonb_build_object('plan_id', p_plan_id),
    jsonb_build_object('reason', p_reason, 'subscription_status', v_status));
  perform private.publish_event(p_organization_id, 'subscription.updated',
    jsonb_build_object('plan', p_plan_id, 'previous_plan', v_was, 'status', v_status, 'reason', p_reason), p_organization_id::text);
  return true;
end;
$function$;

create or replace function private.settle_billing (
  p_organization_id uuid,
  p_reason          text
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_customer public.billing_customers;
  v_current public.subscriptions;
  v_entitled text;
  v_moved boolean := false;
begin
  select * into v_customer from public.billing_customers c where c.organization_id = p_organization_id for update;
  if not found then
    return;
  end if;
  v_current := private.choose_subscription(p_organization_id);
  v_entitled := case
    when v_current.status in ('trialing', 'active') then v_current.plan_id
    when v_current.status = 'past_due' and v_current.past_due_since + private.billing_grace() > v_now then v_current.plan_id
  end;
  if v_entitled is not null then
    v_moved := private.set_plan(p_organization_id, v_entitled, p_reason);
  elsif v_customer.entitled_plan_id is not null then
    v_moved := private.set_plan(p_organization_id, 'free', case
      when v_current.status in ('past_due', 'unpaid') then 'payment_overdue'
      when v_current.stripe_subscription_id is null then 'subscription_ended'
      else p_reason
    end);
  end if;
  if v_customer.subscription_status is distinct from v_current.status and not v_moved then
    perform private.publish_event(p_organization_id, 'subscription.updated', jsonb_build_object(
      'plan', o.plan_id, 'previous_plan', o.plan_id, 'status', coalesce(v_current.status, 'canceled'), 'reason', p_reason
    ), p_organization_id::text)
    from public.organizations o where o.id = p_organization_id;
  end if;
  update public.billing_customers c set entitled_plan_id = v_entitled, subscription_status = v_current.status
  where c.organization_id = p_organization_id
    and (c.entitled_plan_id, c.subscription_status) is distinct from (v_entitled, v_current.status);
  perform private.tell_invoices(p_organization_id, v_current);
  perform private.tell_trial(p_organization_id, v_current);
end;
$function$;

create or replace function private.spend_tokens (
  p_units jsonb
)
  returns bigint
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(sum(u.quantity), 0) from private.spend_units(p_units) u
    where u.unit in ('input_token', 'cached_token', 'output_token')
  );
end;
$function$;

create or replace function private.spend_units (
  p_units jsonb
)
  returns table (
    unit     text,
    quantity bigint
  )
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return query
    select u.key, least(floor((u.value #>> '{}')::numeric), 1000000000000)::bigint
    from jsonb_each(p_units) u
    where u.key in ('call', 'input_token', 'cached_token', 'output_token', 'image', 'second', 'character')
      and jsonb_typeof(u.value) = 'number' and (u.value #>> '{}')::numeric > 0;
end;
$function$;

create or replace function private.suppress (
  p_mail   public.mails,
  p_scope  text,
  p_reason text,
  p_note   text
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  insert into public.mail_suppressions as s (organization_id, tenant_id, address, scope, reason, note, mail_id)
  values (p_mail.organization_id, p_mail.tenant_id, lower(p_mail.to_address), p_scope, p_reason, left(p_note, 500), p_mail.id)
  on conflict (tenant_id, address, scope) do update
    set note = excluded.note, mail_id = excluded.mail_id, created_at = excluded.created_at
    where s.reason = 'bounced' and excluded.reason = 'bounced';
end;
$function$;

create or replace function private.tell_dispute (
  p_organization_id uuid,
  p_invoice         public.invoices
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_to text := private.setting('operator_email');
begin
  perform private.audit(p_organization_id, 'invoice.disputed', 'invoice', p_invoice.stripe_invoice_id, null, null,
    jsonb_build_object('status', p_invoice.dispute_status, 'answer_until', p_invoice.dispute_due_at));
  if v_to is null then
    return;
  end if;
  perform private.send_mail(null, 'alert', v_to, jsonb_build_object(
    'title', format('Dispute of invoice %s: %s', coalesce(p_invoice.number, p_invoice.stripe_invoice_id), p_invoice.dispute_status),
    'level', case when p_invoice.dispute_status = 'won' then 'recovered' else 'warning' end,
    'organization', (select o.name from public.organizations o where o.id = p_organization_id),
    'message', case when p_invoice.dispute_due_at is not null
      then 'The payer''s bank asks the payment back. It is answered in the dashboard of Stripe, with evidence, or it is lost.' end,
    'facts', jsonb_build_array(
      jsonb_build_object('name', 'Organization', 'value', p_organization_id),
      jsonb_build_object('name', 'Invoice', 'value', p_invoice.stripe_invoice_id),
      jsonb_build_object('name', 'Answer until', 'value', coalesce(p_invoice.dispute_due_at::text, '–'))
    ),
    'reason', 'You get this because you are the operator of this installation.'
  ), 'dispute:' || p_invoice.stripe_invoice_id || ':' || p_invoice.dispute_status);
end;
$function$;

create or replace function private.tell_invoices (
  p_organization_id uuid,
  p_current         public.subscriptions
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_invoice public.invoices;
begin
  -- What is older was told long ago, or is from before there were webhooks: nobody gets a receipt of last year.
  for v_invoice in
    select * from public.invoices i
    where i.organization_id = p_organization_id and i.status = 'paid' and i.paid_at > v_now - interval '7 days'
      and not exists (
        select from private.billing_notices n where n.kind = 'invoice_paid' and n.object_id = i.stripe_invoice_id
      )
    order by i.paid_at, i.stripe_invoice_id
  loop
    continue when not private.note_billing(p_organization_id, 'invoice_paid', v_invoice.stripe_invoice_id, '');
    perform private.publish_event(p_organization_id, 'invoice.paid', private.invoice_event(v_invoice), v_invoice.stripe_invoice_id);
    if v_invoice.amount_paid > 0 then
      perform private.mail_billing(p_organization_id, 'receipt', v_invoice.stripe_invoice_id, jsonb_build_object(
        'number', coalesce(v_invoice.number, v_invoice.stripe_invoice_id), 'paid_at', v_invoice.paid_at,
        'currency', v_invoice.currency, 'lines', v_invoice.lines, 'subtotal', v_invoice.subtotal, 'tax', v_invoice.tax,
        'total', v_invoice.amount_paid, 'period_start', v_invoice.period_start, 'period_end', v_invoice.period_end,
        'payment_method', v_invoice.payment_method, 'invoice_url', v_invoice.hosted_invoice_url
      ), false);
    end if;
  end loop;

  -- An attempt that is under way (a debit takes days) leaves the subscription active: only a failure makes it past_due. The
  -- first payment is made by somebody who sits in front of it.
  for v_invoice in
    select i.* from public.invoices i
    join public.subscriptions s on s.stripe_subscription_id = i.stripe_subscription_id and s.status in ('past_due', 'unpaid')
    where i.organization_id = p_organization_id and i.status = 'open' and i.attempt_count > 0
      and i.collection_method = 'charge_automatically' and i.created_at > v_now - interval '60 days'
      and not exists (
        select from private.billing_notices n
        where n.kind = 'payment_failed' and n.object_id = i.stripe_invoice_id and n.turn = i.attempt_count::text
      )
    order by i.created_at, i.stripe_invoice_id
  loop
    continue when not private.note_billing(p_organization_id, 'payment_failed', v_invoice.stripe_invoice_id, v_invoice.attempt_count::text);
    perform private.publish_event(p_organization_id, 'invoice.payment_failed', private.invoice_event(v_invoice), v_invoice.stripe_invoice_id);
    perform private.mail_billing(p_organization_id, 'payment_failed', v_invoice.stripe_invoice_id || ':' || v_invoice.attempt_count,
      jsonb_build_object(
        'amount', v_invoice.amount_due, 'currency', v_invoice.currency, 'reason', v_invoice.failure_reason,
        'payment_method', v_invoice.payment_method, 'attempt', v_invoice.attempt_count,
        'next_attempt_at', v_invoice.next_payment_attempt,
        'ends_at', case when p_current.stripe_subscription_id = v_invoice.stripe_subscription_id
          then p_current.past_due_since + private.billing_grace() end,
        'link', '/billing'
      ), true);
  end loop;

  for v_invoice in
    select * from public.invoices i
    where i.organization_id = p_organization_id and i.dispute_status is not null
      and not exists (
        select from private.billing_notices n
        where n.kind = 'dispute' and n.object_id = i.stripe_invoice_id and n.turn = i.dispute_status
      )
  loop
    continue when not private.note_billing(p_organization_id, 'dispute', v_invoice.stripe_invoice_id, v_invoice.dispute_status);
    perform private.tell_dispute(p_organization_id, v_invoice);
  end loop;
end;
$function$;

create or replace function private.tell_trial (
  p_organization_id uuid,
  p_current         public.subscriptions
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  if p_current.status is distinct from 'trialing' or p_current.plan_id is null or p_current.cancel_at_period_end
    or p_current.trial_end > private.now() + interval '3 days' or p_current.trial_end <= private.now()
    or not private.note_billing(p_organization_id, 'trial_ending', p_current.stripe_subscription_id,
      date_part('epoch', p_current.trial_end)::bigint::text)
  then
    return;
  end if;
  perform private.mail_billing(p_organization_id, 'trial_ending',
    p_current.stripe_subscription_id || ':' || date_part('epoch', p_current.trial_end)::bigint,
    jsonb_build_object(
      'plan', (select p.name from public.plans p where p.id = p_current.plan_id), 'ends_at', p_current.trial_end,
      'price', (
        select jsonb_build_object('amount', r.unit_amount, 'currency', r.currency, 'interval', r.billing_interval)
        from public.plan_prices r
        where r.plan_id = p_current.plan_id and r.kind = 'base' and r.billing_interval = p_current.billing_interval
          and r.currency = p_current.currency and r.is_active and r.unit_amount is not null
        order by r.stripe_price_id limit 1
      ),
      'has_payment_method', p_current.has_payment_method, 'link', '/billing'
    ), true);
end;
$function$;

create or replace function private.try_mail_event (
  p_event public.mail_events
)
  returns text
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_event public.mail_events;
begin
  begin
    v_event := private.apply_mail_event(p_event);
  exception
    when others then
      -- The receipt stays: private.keep_mail_events tries again.
      v_event := p_event;
      v_event.status := 'failed';
      v_event.error := left(sqlstate || ' ' || sqlerrm, 500);
  end;
  update public.mail_events e set
    status = v_event.status, error = v_event.error, mail_id = v_event.mail_id, organization_id = v_event.organization_id
  where e.id = p_event.id;
  return v_event.status;
end;
$function$;

create or replace function private.usage_counted_at()
  returns timestamp with time zone
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (select max(s.updated_at) from private.settings s where s.name = 'usage_counted_to');
end;
$function$;

create or replace function private.usage_numbers (
  p_runs           numeric,
  p_steps          numeric,
  p_calls          numeric,
  p_input_tokens   numeric,
  p_output_tokens  numeric,
  p_other_units    numeric,
  p_cost_micros    numeric,
  p_unpriced_calls numeric
)
  returns jsonb
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  return jsonb_build_object(
    'runs', coalesce(p_runs, 0), 'steps', coalesce(p_steps, 0), 'calls', coalesce(p_calls, 0),
    'input_tokens', coalesce(p_input_tokens, 0), 'output_tokens', coalesce(p_output_tokens, 0),
    'other_units', coalesce(p_other_units, 0), 'cost_micros', coalesce(p_cost_micros, 0),
    'unpriced_calls', coalesce(p_unpriced_calls, 0)
  );
end;
$function$;

create or replace function private.usage_of_budget (
  p_budget    public.budgets,
  p_starts_at timestamp with time zone
)
  returns bigint
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select coalesce(sum(case p_budget.meter
      when 'cost' then d.cost_micros
      when 'ai_tokens' then d.input_tokens + d.output_tokens
      when 'runs' then d.runs
      else d.steps
    end), 0)
    from public.usage_details d
    where d.organization_id = p_budget.organization_id and d.hour >= p_starts_at
      and d.hour < private.budget_end(p_budget.period, p_starts_at)
      and (p_budget.flow_id is null or d.flow_id = p_budget.flow_id)
  );
end;
$function$;

create or replace function private.want_mails (
  p_organization_id uuid,
  p_email           text,
  p_wanted          jsonb,
  p_mail_id         uuid  default null::uuid,
  p_user_id         uuid  default null::uuid
)
  returns jsonb
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_tenant_id uuid := coalesce(p_organization_id, private.platform_id());
  v_wanted jsonb;
  v_off text[];
begin
  if jsonb_typeof(p_wanted) is distinct from 'object' or exists (
    select from jsonb_each(p_wanted) w where w.key not in ('alerts', 'digests', 'product') or jsonb_typeof(w.value) <> 'boolean'
  ) then
    perform private.fail('invalid_request', 'Give true or false for alerts, digests and product', 400);
  end if;
  v_wanted := private.wanted_mails(v_tenant_id, p_email) || p_wanted;
  v_off := array(select w.key from jsonb_each(v_wanted) w where w.value = 'false');
  -- A complaint stands for all of them: it is over when its author wants one again.
  delete from public.mail_suppressions s
  where s.tenant_id = v_tenant_id and s.address = lower(p_email) and s.scope <> 'everything'
    and case s.scope when 'optional' then cardinality(v_off) < 3 else s.scope <> all (v_off) end;
  insert into public.mail_suppressions (organization_id, tenant_id, address, scope, reason, mail_id, created_by)
  select p_organization_id, v_tenant_id, lower(p_email), o.scope, 'unsubscribed', p_mail_id, p_user_id
  from unnest(v_off) o (scope)
  where not exists (
    select from public.mail_suppressions s
    where s.tenant_id = v_tenant_id and s.address = lower(p_email) and s.scope = 'optional'
  )
  on conflict (tenant_id, address, scope) do nothing;
  return v_wanted;
end;
$function$;

create or replace function private.wanted_mails (
  p_tenant_id uuid,
  p_email     text
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return (
    select jsonb_object_agg(c.name, not exists (
      select from public.mail_suppressions s
      where s.tenant_id = p_tenant_id and s.address = lower(p_email) and s.scope in ('optional', c.name)
    ))
    from unnest('{alerts,digests,product}'::text[]) c (name)
  );
end;
$function$;

create or replace function private.webhook_portal_reply (
  p_portal private.webhook_portals
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return to_jsonb(p_portal) - '{secret_hash,can_write,revoked_at,created_by_key}'::text[]
    || jsonb_build_object('access', case when p_portal.can_write then 'write' else 'read' end);
end;
$function$;

create or replace function public.create_budget (
  p_organization_id uuid,
  p_settings        jsonb,
  p_idempotency_key text  default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_budget public.budgets;
  v_reply jsonb;
  v_bad text;
begin
  perform private.require_permission(p_organization_id, 'billing:write', 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'create_budget', p_idempotency_key, p_settings);
  if v_reply is not null then
    return v_reply;
  end if;
  if jsonb_typeof(p_settings) is distinct from 'object' then
    perform private.fail('invalid_request', 'The settings of a budget must be an object', 400);
  end if;
  select min(k.name) into v_bad from jsonb_object_keys(p_settings) as k (name)
  where k.name <> all (array['name', 'flow_id', 'meter', 'period', 'amount', 'on_limit', 'is_enabled']);
  if v_bad is not null then
    perform private.fail('invalid_request', format('A budget has no setting %s', left(v_bad, 100)), 400);
  end if;
  perform private.hold_budgets(p_organization_id, true);
  if (select count(*) from public.budgets b where b.organization_id = p_organization_id) >= 100 then
    perform private.fail('conflict', 'An organization has at most 100 budgets', 409);
  end if;
  begin
    v_budget := jsonb_populate_record(null::public.budgets, p_settings);
    if v_budget.flow_id is not null and not exists (
      select from public.flows f
      where f.id = v_budget.flow_id and f.organization_id = p_organization_id and f.deleted_at is null
    ) then
      perform private.fail('not_found', 'No such flow', 404);
    end if;
    insert into public.budgets (organization_id, flow_id, name, meter, period, amount, on_limit, is_enabled, created_by)
    values (
      p_organization_id, v_budget.flow_id, private.check_name(v_budget.name), v_budget.meter, coalesce(v_budget.period, 'month'),
      v_budget.amount,
      coalesce(v_budget.on_limit, case when v_budget.meter in ('runs', 'steps') then 'warn' else 'stop' end),
      coalesce(v_budget.is_enabled, true), private.caller_user_id()
    )
    returning * into v_budget;
  exception
    when data_exception or check_violation or not_null_violation then
      perform private.fail('invalid_request',
        'A setting of the budget is missing or out of range; budgets of runs and steps can only warn', 400);
  end;
  return private.keep_reply(p_organization_id, 'create_budget', p_idempotency_key, private.budget_reply(v_budget.id));
end;
$function$;

create or replace function public.create_webhook_portal (
  p_organization_id uuid,
  p_settings        jsonb,
  p_secret_hash     text,
  p_idempotency_key text  default null::text,
  p_seed            text  default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_asked record;
  v_portal private.webhook_portals;
  v_reply jsonb;
begin
  perform private.require_permission(p_organization_id, 'webhooks:write', 'organization');
  perform private.check_api_key_seed(p_seed);
  if jsonb_typeof(p_settings) is distinct from 'object' or coalesce(p_secret_hash, '') !~ '^[0-9a-f]{64}$' then
    perform private.fail('invalid_request', 'A portal token takes an object of settings and the SHA-256 of its text', 400);
  end if;
  -- As with keys: nobody repeats what another asked for, and is shown their token.
  v_reply := private.idempotent_reply(p_organization_id, 'create_webhook_portal', p_idempotency_key,
    jsonb_build_array(auth.uid(), p_settings));
  if v_reply is not null then
    return v_reply || '{"is_new": false}';
  end if;
  begin
    select * into v_asked from jsonb_to_record(p_settings) as a (
      application text, event_types text[], flow_ids uuid[], resource_ids text[], access text, max_subscriptions smallint,
      expires_in_seconds integer
    );
    if '*' = any (v_asked.event_types) or coalesce(v_asked.access, 'write') not in ('read', 'write')
      or coalesce(v_asked.expires_in_seconds, 900) < 60 or coalesce(v_asked.expires_in_seconds, 900) > 3600
      or array_position(v_asked.event_types, null) is not null
    then
      raise check_violation;
    end if;
    insert into private.webhook_portals (
      organization_id, secret_hash, application, event_types, flow_ids, resource_ids, can_write, max_subscriptions, expires_at,
      created_by, created_by_key
    )
    values (
      p_organization_id, decode(p_secret_hash, 'hex'), v_asked.application, v_asked.event_types, v_asked.flow_ids,
      v_asked.resource_ids, coalesce(v_asked.access, 'write') = 'write', coalesce(v_asked.max_subscriptions, 10),
      private.now() + make_interval(secs => coalesce(v_asked.expires_in_seconds, 900)), private.caller_user_id(),
      private.caller_key_id()
    )
    returning * into v_portal;
  exception
    when check_violation or not_null_violation or data_exception then
      perform private.fail('invalid_request', 'A setting of the portal token is missing or out of range', 400);
    when unique_violation then
      perform private.fail('conflict', 'The portal token could not be made: try again with another one', 409);
  end;
  perform private.audit(p_organization_id, 'webhook_portal.created', 'webhook_portal', v_portal.id::text, null, null,
    jsonb_build_object('application', v_portal.application, 'event_types', v_portal.event_types, 'can_write', v_portal.can_write));
  return private.keep_reply(p_organization_id, 'create_webhook_portal', p_idempotency_key,
    private.webhook_portal_reply(v_portal) || jsonb_build_object('seed', p_seed)) || '{"is_new": true}';
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
  v_portal private.webhook_portals := private.caller_portal();
  v_reply jsonb;
begin
  perform private.require_webhooks(p_organization_id, v_portal.application, 'webhooks:write', 'organization');
  -- Each attempt brings another id and another secret: they are no part of what is compared.
  v_reply := private.idempotent_reply(p_organization_id, 'create_webhook_subscription', p_idempotency_key,
    jsonb_build_array(p_settings, p_fingerprint) || coalesce(to_jsonb(v_portal.application), '[]'));
  if v_reply is not null then
    return v_reply || '{"is_new": false}';
  end if;
  perform private.require_room(p_organization_id, 'max_webhook_subscriptions');
  if v_portal.max_subscriptions <= (
    select count(*) from public.webhook_subscriptions s
    where s.organization_id = p_organization_id and s.application = v_portal.application
  ) then
    perform private.fail('conflict', format('There are %s subscriptions already, as many as the portal may make', v_portal.max_subscriptions), 409);
  end if;
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

create or replace function public.delete_budget (
  p_budget_id  uuid,
  p_if_version integer default null::integer
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.lock_budget(p_budget_id, p_if_version);
  delete from public.budgets b where b.id = p_budget_id;
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
  perform private.require_aal2(v_secret.organization_id);
  update private.secret_versions v set envelope = null, destroyed_at = private.now()
  where v.secret_id = p_secret_id and v.number = p_number and v.envelope is not null;
  perform private.audit(v_secret.organization_id, 'secret.version_destroyed', 'secret', p_secret_id::text, null, null,
    jsonb_build_object('name', v_secret.name, 'number', p_number));
  return private.secret_reply(p_secret_id);
end;
$function$;

create or replace function public.get_budget (
  p_budget_id uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(
    (select b.organization_id from public.budgets b where b.id = p_budget_id), 'billing:read', 'budget');
  return private.budget_reply(p_budget_id);
end;
$function$;

create or replace function public.get_mail_preferences (
  p_organization_id uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  return private.wanted_mails(p_organization_id, private.own_address(p_organization_id));
end;
$function$;

create or replace function public.get_mail_settings (
  p_organization_id uuid
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  perform private.require_permission(p_organization_id, 'mail:read', 'organization');
  return private.mail_settings_reply(p_organization_id);
end;
$function$;

create or replace function public.get_mail_stats (
  p_organization_id uuid,
  p_days            integer default 30,
  p_template        text    default null::text
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_today date := (private.now() at time zone 'UTC')::date;
  v_from date;
  v_reply jsonb;
begin
  perform private.require_permission(p_organization_id, 'mail:read', 'organization');
  if p_days is null or p_days < 1 or p_days > 90 then
    perform private.fail('invalid_request', 'The days are 1 to 90', 400);
  end if;
  v_from := v_today - (p_days - 1);

  with unsubscribed as (
    select distinct s.mail_id from public.mail_suppressions s
    where s.organization_id = p_organization_id and s.reason = 'unsubscribed' and s.mail_id is not null
  ), counted as materialized (
    -- Once over the mails; what is asked for is made of this, which is small.
    select (m.created_at at time zone 'UTC')::date as day, m.template,
      count(*) as mails,
      count(*) filter (where m.sent_at is not null) as sent,
      count(*) filter (where m.delivered_at is not null and m.status <> 'bounced') as delivered,
      count(*) filter (where m.status = 'bounced') as bounced,
      count(*) filter (where m.status = 'complained') as complained,
      count(*) filter (where m.opened_at is not null) as opened,
      count(*) filter (where m.clicked_at is not null) as clicked,
      count(u.mail_id) as unsubscribed,
      count(*) filter (where m.status = 'suppressed') as suppressed,
      count(*) filter (where m.status in ('failed', 'expired')) as failed
    from public.mails m
    left join unsubscribed u on u.mail_id = m.id
    where m.organization_id = p_organization_id and m.id >= private.uuid_v7_floor(v_from::timestamp at time zone 'UTC')
      and (p_template is null or m.template = p_template)
    group by 1, 2
  ), summed as materialized (
    select grouping(c.day) as all_days, grouping(c.template) as all_templates, c.day, c.template, private.mail_figures(jsonb_build_object(
      'mails', coalesce(sum(c.mails), 0), 'sent', coalesce(sum(c.sent), 0), 'delivered', coalesce(sum(c.delivered), 0),
      'bounced', coalesce(sum(c.bounced), 0), 'complained', coalesce(sum(c.complained), 0), 'opened', coalesce(sum(c.opened), 0),
      'clicked', coalesce(sum(c.clicked), 0), 'unsubscribed', coalesce(sum(c.unsubscribed), 0),
      'suppressed', coalesce(sum(c.suppressed), 0), 'failed', coalesce(sum(c.failed), 0)
    )) as figures
    from counted c
    group by grouping sets ((), (c.day), (c.template))
  )
  select jsonb_build_object(
    'from', v_from, 'to', v_today,
    'totals', (select s.figures from summed s where s.all_days = 1 and s.all_templates = 1),
    'templates', coalesce((
      select jsonb_agg(jsonb_build_object('template', s.template) || s.figures order by s.template)
      from summed s where s.all_templates = 0
    ), '[]'),
    'days', coalesce((
      select jsonb_agg(jsonb_build_object('day', s.day) || s.figures order by s.day)
      from summed s where s.all_days = 0
    ), '[]')
  ) into v_reply;
  return v_reply;
end;
$function$;

create or replace function public.get_usage (
  p_organization_id uuid,
  p_from            date,
  p_to              date,
  p_group_by        text    default 'day'::text,
  p_flow_id         uuid    default null::uuid,
  p_limit           integer default 100
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_from timestamptz := p_from::timestamp at time zone 'UTC';
  v_to timestamptz := (p_to + 1)::timestamp at time zone 'UTC';
  v_groups jsonb;
  v_totals jsonb;
begin
  perform private.require_permission(p_organization_id, 'billing:read', 'organization');
  if p_from is null or p_to is null or p_to < p_from or p_to - p_from > 400 then
    perform private.fail('invalid_request', 'Usage is told of 1 to 401 days', 400);
  end if;
  if p_group_by is null or p_group_by not in ('day', 'flow', 'node', 'model') then
    perform private.fail('invalid_request', 'Usage is grouped by day, flow, node or model', 400);
  end if;
  with
  grouped as (
    -- Steps and runs are of no model; what is asked for by model is calls only.
    select
      case p_group_by when 'day' then (d.hour at time zone 'UTC')::date end as day,
      case when p_group_by in ('flow', 'node') then d.flow_id end as flow_id,
      case when p_group_by = 'node' then d.node_id end as node_id,
      case when p_group_by = 'model' then d.model end as model,
      sum(d.runs) as runs, sum(d.steps) as steps, sum(d.calls) as calls, sum(d.input_tokens) as input_tokens,
      sum(d.output_tokens) as output_tokens, sum(d.other_units) as other_units, sum(d.cost_micros) as cost_micros,
      sum(d.unpriced_calls) as unpriced_calls
    from (
      select * from public.usage_details u
      where u.organization_id = p_organization_id and u.hour >= v_from and u.hour < v_to
        and (p_flow_id is null or u.flow_id = p_flow_id)
        and (p_group_by <> 'model' or u.model <> '') and (p_group_by <> 'node' or u.node_id <> '')
      union all
      -- Each day has its row, for charts.
      select p_organization_id, t.day, null, '', '', 0, 0, 0, 0, 0, 0, 0, 0
      from generate_series(p_from::timestamp, p_to::timestamp, interval '1 day') s (day)
      cross join lateral (select s.day at time zone 'UTC' as day) t
      where p_group_by = 'day'
    ) d
    group by 1, 2, 3, 4
  ),
  ranked as (
    select g.*, f.name as flow_name,
      row_number() over (order by g.day, g.cost_micros desc, g.runs desc, g.steps desc, g.flow_id, g.node_id, g.model) as place
    from grouped g
    left join public.flows f on f.id = g.flow_id and f.organization_id = p_organization_id
  )
  select
    jsonb_agg(
      case p_group_by
        when 'day' then jsonb_build_object('day', r.day)
        when 'flow' then jsonb_build_object('flow_id', r.flow_id, 'flow_name', r.flow_name)
        when 'node' then jsonb_build_object('flow_id', r.flow_id, 'flow_name', r.flow_name, 'node_id', r.node_id)
        else jsonb_build_object('model', r.model)
      end || private.usage_numbers(r.runs, r.steps, r.calls, r.input_tokens, r.output_tokens, r.other_units, r.cost_micros, r.unpriced_calls)
      order by r.place
    ) filter (where r.place <= case p_group_by when 'day' then 401 else least(greatest(p_limit, 1), 500) end)
  into v_groups
  from ranked r;
  select private.usage_numbers(sum(d.runs), sum(d.steps), sum(d.calls), sum(d.input_tokens), sum(d.output_tokens),
      sum(d.other_units), sum(d.cost_micros), sum(d.unpriced_calls))
    || jsonb_build_object('groups', count(distinct case p_group_by
      when 'flow' then d.flow_id::text
      when 'node' then nullif(d.node_id, '') || d.flow_id
      else nullif(d.model, '')
    end))
  into v_totals
  from public.usage_details d
  where d.organization_id = p_organization_id and d.hour >= v_from and d.hour < v_to
    and (p_flow_id is null or d.flow_id = p_flow_id);
  return jsonb_build_object(
    'from', p_from, 'to', p_to, 'timezone', 'UTC', 'currency', 'USD', 'group_by', p_group_by,
    'counted_at', private.usage_counted_at(),
    'totals', v_totals - 'groups', 'groups', coalesce(v_groups, '[]'),
    'left_out', greatest((v_totals ->> 'groups')::bigint - coalesce(jsonb_array_length(v_groups), 0), 0)
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
    select e.id, e.run_id, e.status, e.deliveries, e.unsigned, e.is_test, e.replay_of is not null as is_replay,
      e.mapping_error is not null as unmapped, (e.received_at at time zone 'UTC')::date as day
    from public.webhook_events e
    where e.endpoint_id = p_endpoint_id and e.id >= private.uuid_v7_floor(v_from::timestamp at time zone 'UTC')
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
declare
  v_subscription public.webhook_subscriptions;
begin
  select * into v_subscription from public.webhook_subscriptions s where s.id = p_subscription_id;
  perform private.require_webhooks(v_subscription.organization_id, v_subscription.application, 'webhooks:read', 'webhook subscription');
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
  v_subscription public.webhook_subscriptions;
begin
  select * into v_subscription from public.webhook_subscriptions s where s.id = p_subscription_id;
  perform private.require_webhooks(v_subscription.organization_id, v_subscription.application, 'webhooks:read', 'webhook subscription');
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

create or replace function public.lift_suppression (
  p_suppression_id uuid
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_suppression public.mail_suppressions;
begin
  select * into v_suppression from public.mail_suppressions s where s.id = p_suppression_id for update;
  perform private.require_permission(v_suppression.organization_id, 'mail:write', 'suppression');
  if v_suppression.scope <> 'everything' then
    perform private.fail('conflict', 'The receiver wants no such mails: only they can change that, by the link in any mail', 409);
  end if;
  delete from public.mail_suppressions s where s.id = p_suppression_id;
  perform private.audit(v_suppression.organization_id, 'mail_suppression.deleted', 'mail_suppression', p_suppression_id::text,
    null, null, jsonb_build_object('reason', v_suppression.reason));
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
  v_portal private.webhook_portals := private.caller_portal();
  v_bad text;
  v_found uuid[];
  v_group record;
  v_retried integer := 0;
begin
  perform private.require_webhooks(p_organization_id, v_portal.application, 'webhooks:write', 'organization');
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
        and (v_portal.id is null or (s.application = v_portal.application and d.application = v_portal.application))
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

create or replace function public.revoke_webhook_portal (
  p_portal_id uuid
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_portal private.webhook_portals;
begin
  select * into v_portal from private.webhook_portals w where w.id = p_portal_id for update;
  perform private.require_permission(v_portal.organization_id, 'webhooks:write', 'portal token');
  if v_portal.revoked_at is null then
    update private.webhook_portals w set revoked_at = private.now() where w.id = p_portal_id;
    perform private.audit(v_portal.organization_id, 'webhook_portal.revoked', 'webhook_portal', p_portal_id::text, null, null,
      jsonb_build_object('application', v_portal.application));
  end if;
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
  perform private.require_aal2(v_endpoint.organization_id);
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
  perform private.require_aal2(v_subscription.organization_id);
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

create or replace function public.set_mail_preferences (
  p_organization_id uuid,
  p_wanted          jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  return private.want_mails(
    p_organization_id, private.own_address(p_organization_id), p_wanted, null, private.caller_user_id()
  );
end;
$function$;

create or replace function public.suppress_address (
  p_organization_id uuid,
  p_address         text,
  p_note            text default null::text,
  p_idempotency_key text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_suppression public.mail_suppressions;
  v_reply jsonb;
begin
  perform private.require_permission(p_organization_id, 'mail:write', 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'suppress_address', p_idempotency_key,
    jsonb_build_array(lower(p_address), p_note));
  if v_reply is not null then
    return v_reply;
  end if;
  begin
    insert into public.mail_suppressions (organization_id, tenant_id, address, scope, reason, note, created_by)
    values (p_organization_id, p_organization_id, lower(p_address), 'everything', 'manual', p_note, private.caller_user_id())
    on conflict (tenant_id, address, scope) do nothing
    returning * into v_suppression;
  exception
    when check_violation or not_null_violation then
      perform private.fail('invalid_request', 'This is no e-mail address, or the note is longer than 500 characters', 400);
  end;
  if v_suppression.id is null then
    perform private.fail('conflict', 'The address is on the list already', 409);
  end if;
  perform private.audit(p_organization_id, 'mail_suppression.created', 'mail_suppression', v_suppression.id::text, null, null,
    jsonb_build_object('reason', 'manual'));
  return private.keep_reply(p_organization_id, 'suppress_address', p_idempotency_key, to_jsonb(v_suppression) - 'tenant_id');
end;
$function$;

create or replace function public.update_budget (
  p_budget_id  uuid,
  p_changes    jsonb,
  p_if_version integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_budget public.budgets := private.lock_budget(p_budget_id, p_if_version);
  v_bad text;
begin
  if jsonb_typeof(p_changes) is distinct from 'object' then
    perform private.fail('invalid_request', 'The settings of a budget must be an object', 400);
  end if;
  select min(k.name) into v_bad from jsonb_object_keys(p_changes) as k (name)
  where k.name <> all (array['name', 'amount', 'on_limit', 'is_enabled']);
  if v_bad is not null then
    perform private.fail('invalid_request', format('The setting %s of a budget cannot be changed', left(v_bad, 100)), 400);
  end if;
  begin
    v_budget := jsonb_populate_record(v_budget, p_changes);
    update public.budgets b set
      name = private.check_name(v_budget.name), amount = v_budget.amount, on_limit = v_budget.on_limit, is_enabled = v_budget.is_enabled
    where b.id = p_budget_id;
  exception
    when data_exception or check_violation or not_null_violation then
      perform private.fail('invalid_request',
        'A setting of the budget is missing or out of range; budgets of runs and steps can only warn', 400);
  end;
  -- Shares are of the new amount: people are told again of those that are passed anew.
  update private.budget_periods p set alerted = case
    when p.used >= v_budget.amount then least(p.alerted, 100)
    when p.used >= v_budget.amount * 0.8 then least(p.alerted, 80)
    when p.used >= v_budget.amount * 0.5 then least(p.alerted, 50)
    else 0
  end
  where p.budget_id = p_budget_id and p.starts_at = private.budget_start(v_budget.period, private.now());
  return private.budget_reply(p_budget_id);
end;
$function$;

create or replace function public.update_mail_settings (
  p_organization_id uuid,
  p_changes         jsonb,
  p_if_version      integer default null::integer
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_settings private.mail_settings;
  v_brand jsonb := coalesce(nullif(p_changes -> 'brand', 'null'), '{}');
  v_before jsonb;
  v_bad text;
begin
  perform private.require_permission(p_organization_id, 'mail:write', 'organization');
  if jsonb_typeof(p_changes) is distinct from 'object' or jsonb_typeof(v_brand) <> 'object' then
    perform private.fail('invalid_request', 'The mail settings must be an object, and so must their brand', 400);
  end if;
  select min(k.name) into v_bad
  from (
    select c.key from jsonb_object_keys(p_changes) as c (key) where c.key <> all ('{digest,time_zone,brand}')
    union all
    select 'brand.' || b.key from jsonb_object_keys(v_brand) as b (key) where b.key <> all ('{name,logo_url,color,reply_to}')
  ) as k (name);
  if v_bad is not null then
    perform private.fail('invalid_request', format('The mail settings have no %s', left(v_bad, 100)), 400);
  elsif p_changes ? 'digest' and coalesce(p_changes ->> 'digest', '') not in ('off', 'week', 'day') then
    perform private.fail('invalid_request', 'The digest is off, week or day', 400);
  elsif p_changes ? 'time_zone' and not coalesce(private.fits_time_zone(p_changes ->> 'time_zone'), false) then
    perform private.fail('invalid_request', 'There is no time zone of this name', 400);
  end if;
  insert into private.mail_settings (organization_id) values (p_organization_id) on conflict do nothing;
  select * into v_settings from private.mail_settings s where s.organization_id = p_organization_id for update;
  if p_if_version is not null and p_if_version <> v_settings.version then
    perform private.fail('version_mismatch', 'The mail settings have changed since you read them', 412);
  end if;
  v_before := private.mail_settings_reply(p_organization_id) - '{organization_id,version,updated_at}'::text[];
  begin
    update private.mail_settings s set
      digest = case when p_changes ->> 'digest' in ('week', 'day') then p_changes ->> 'digest' else s.digest end,
      time_zone = coalesce(p_changes ->> 'time_zone', s.time_zone),
      brand_name = case when v_brand ? 'name' then v_brand ->> 'name' else s.brand_name end,
      logo_url = case when v_brand ? 'logo_url' then v_brand ->> 'logo_url' else s.logo_url end,
      color = case when v_brand ? 'color' then lower(v_brand ->> 'color') else s.color end,
      reply_to = case when v_brand ? 'reply_to' then v_brand ->> 'reply_to' else s.reply_to end
    where s.organization_id = p_organization_id;
  exception when check_violation then
    perform private.fail('invalid_request', 'A setting of the mails is out of range', 400);
  end;
  if p_changes ->> 'digest' = 'off' then
    insert into private.digest_opt_outs (organization_id, user_id) values (p_organization_id, private.caller_user_id())
    on conflict (organization_id) do nothing;
  elsif p_changes ? 'digest' then
    delete from private.digest_opt_outs x where x.organization_id = p_organization_id;
  end if;
  perform private.audit(p_organization_id, 'mail_settings.updated', 'mail_settings', p_organization_id::text, v_before,
    private.mail_settings_reply(p_organization_id) - '{organization_id,version,updated_at}'::text[]);
  return private.mail_settings_reply(p_organization_id);
end;
$function$;

alter table "private"."billing_notices"
  add constraint "billing_notices_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "private"."mail_settings"
  add constraint "mail_settings_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "private"."meter_reports"
  add constraint "meter_reports_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "private"."spend_reservations"
  add constraint "spend_reservations_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "private"."stripe_events"
  add constraint "stripe_events_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "private"."usage_notices"
  add constraint "usage_notices_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "private"."webhook_portals"
  add constraint "webhook_portals_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete
    set null;

alter table "private"."webhook_portals"
  add constraint "webhook_portals_created_by_key_fkey" foreign key (created_by_key) references public.api_keys(id)
    on delete cascade;

alter table "private"."webhook_portals"
  add constraint "webhook_portals_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "public"."billing_customers"
  add constraint "billing_customers_entitled_plan_id_fkey" foreign key (entitled_plan_id) references public.plans(id);

alter table "public"."billing_customers"
  add constraint "billing_customers_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "public"."budgets"
  add constraint "budgets_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete set null;

alter table "public"."budgets"
  add constraint "budgets_flow_id_fkey" foreign key (flow_id) references public.flows(id) on delete cascade;

alter table "public"."budgets"
  add constraint "budgets_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "private"."budget_periods"
  add constraint "budget_periods_budget_id_fkey" foreign key (budget_id) references public.budgets(id)
    on delete cascade;

alter table "public"."invoices"
  add constraint "invoices_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "public"."mail_events"
  add constraint "mail_events_mail_id_fkey" foreign key (mail_id) references public.mails(id) on delete cascade;

alter table "public"."mail_events"
  add constraint "mail_events_organization_id_fkey" foreign key (organization_id) references public.organizations(id)
    on delete cascade;

alter table "public"."mail_suppressions"
  add constraint "mail_suppressions_created_by_fkey" foreign key (created_by) references public.profiles(id) on delete
    set null;

alter table "public"."mail_suppressions"
  add constraint "mail_suppressions_mail_id_fkey" foreign key (mail_id) references public.mails(id) on delete set null;

alter table "public"."mail_suppressions"
  add constraint "mail_suppressions_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "public"."plan_prices"
  add constraint "plan_prices_plan_id_fkey" foreign key (plan_id) references public.plans(id);

alter table "public"."plans"
  add constraint "plans_included_seats_check" check ((included_seats >= 0));

alter table "public"."plans"
  add constraint "plans_max_runs_per_month_check" check ((max_runs_per_month > 0));

alter table "public"."subscriptions"
  add constraint "subscriptions_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

alter table "public"."subscriptions"
  add constraint "subscriptions_plan_id_fkey" foreign key (plan_id) references public.plans(id);

alter table "public"."subscriptions"
  add constraint "subscriptions_scheduled_plan_id_fkey" foreign key (scheduled_plan_id) references public.plans(id);

alter table "public"."usage_details"
  add constraint "usage_details_organization_id_fkey" foreign key (organization_id)
    references public.organizations(id) on delete cascade;

create index billing_notices_organization_id_idx on private.billing_notices using btree (organization_id);
create index meter_reports_hour_idx on private.meter_reports using btree (hour);

create index meter_reports_pending_idx on private.meter_reports using btree (next_attempt_at)
  where (status = 'pending'::text);

create index spend_reservations_ended_at_idx on private.spend_reservations using btree (ended_at)
  where (status <> 'open'::text);

create index spend_reservations_open_idx on private.spend_reservations using btree (created_at)
  where (status = 'open'::text);

create index spend_reservations_organization_id_idx on private.spend_reservations using btree (organization_id);

create unique index spend_reservations_step_key on private.spend_reservations
  using btree (run_id, node_id, scope, number)
  where (status = 'open'::text);

create index stripe_events_organization_id_idx on private.stripe_events using btree (organization_id);

create index stripe_events_queue_key_idx on private.stripe_events using btree (queue_key, received_at)
  where (status = 'received'::text);

create index stripe_events_received_at_idx on private.stripe_events using btree (received_at);
create index webhook_portals_created_by_idx on private.webhook_portals using btree (created_by);
create index webhook_portals_created_by_key_idx on private.webhook_portals using btree (created_by_key);
create index webhook_portals_expires_at_idx on private.webhook_portals using btree (expires_at);
create index webhook_portals_organization_id_idx on private.webhook_portals using btree (organization_id);
create index billing_customers_entitled_plan_id_idx on public.billing_customers using btree (entitled_plan_id);
create index budgets_created_by_idx on public.budgets using btree (created_by);
create index budgets_flow_id_idx on public.budgets using btree (flow_id);
create index budgets_organization_id_idx on public.budgets using btree (organization_id, id);
create index invoices_organization_id_idx on public.invoices using btree (organization_id, created_at);

create index invoices_stripe_subscription_id_idx on public.invoices using btree (stripe_subscription_id)
  where (status = 'open'::text);

create index mail_events_ignored_idx on public.mail_events using btree (received_at)
  where (status = 'ignored'::text);

create index mail_events_mail_id_idx on public.mail_events using btree (mail_id, id)
  where (mail_id is not null);

create index mail_events_open_idx on public.mail_events using btree (received_at)
  where (status = ANY (ARRAY['pending'::text, 'failed'::text]));

create index mail_events_organization_id_idx on public.mail_events using btree (organization_id)
  where (organization_id is not null);

create unique index mail_events_provider_event_id_idx on public.mail_events using btree (provider, provider_event_id);
create unique index mail_suppressions_address_idx on public.mail_suppressions using btree (tenant_id, address, scope);

create index mail_suppressions_created_by_idx on public.mail_suppressions using btree (created_by)
  where (created_by is not null);

create index mail_suppressions_mail_id_idx on public.mail_suppressions using btree (mail_id)
  where (mail_id is not null);

create index mail_suppressions_organization_id_idx on public.mail_suppressions using btree (organization_id, id);
create index plan_prices_plan_id_idx on public.plan_prices using btree (plan_id);

create unique index subscriptions_current_idx on public.subscriptions using btree (organization_id)
  where is_current;

create index subscriptions_organization_id_idx on public.subscriptions using btree (organization_id, created_at);

create index subscriptions_past_due_since_idx on public.subscriptions using btree (past_due_since)
  where (is_current AND (past_due_since is not null));

create index subscriptions_plan_id_idx on public.subscriptions using btree (plan_id);
create index subscriptions_scheduled_plan_id_idx on public.subscriptions using btree (scheduled_plan_id);

create index subscriptions_trial_end_idx on public.subscriptions using btree (trial_end)
  where (is_current AND (status = 'trialing'::text));

create index usage_details_hour_idx on public.usage_details using btree (hour);
create index usage_hourly_counted_at_idx on public.usage_hourly using btree (counted_at);
create index webhook_events_endpoint_id_idx on public.webhook_events using btree (endpoint_id, id);

create trigger touch
  before update on private.mail_settings
  for each row
  execute function private.touch();

create trigger audit_changes
  after update on public.billing_customers
  for each row
  when
    (((old.stripe_customer_id IS DISTINCT FROM new.stripe_customer_id) OR (old.deleted IS DISTINCT FROM new.deleted)
    OR (old.delinquent IS DISTINCT FROM new.delinquent) OR (old.tax_exempt IS DISTINCT FROM new.tax_exempt) OR
    (old.email IS DISTINCT FROM new.email)))
  execute function private.audit_row('organization_id', 'stripe_customer_id', 'email,synced_at,sync_ticket');

create trigger audit
  after insert or delete on public.billing_customers
  for each row
  execute function private.audit_row('organization_id', 'stripe_customer_id', 'email,sync_ticket');

create trigger audit
  after insert or delete or update on public.budgets
  for each row
  execute function private.audit_row('organization_id', 'id', '');

create trigger touch
  before update on public.budgets
  for each row
  execute function private.touch();

create trigger audit_changes
  after update on public.invoices
  for each row
  when
    (((old.status IS DISTINCT FROM new.status) OR (old.total IS DISTINCT FROM new.total) OR (old.amount_due IS
    DISTINCT FROM new.amount_due) OR (old.amount_paid IS DISTINCT FROM new.amount_paid) OR
    (old.amount_refunded IS DISTINCT FROM new.amount_refunded) OR
    (old.attempt_count IS DISTINCT FROM new.attempt_count) OR
    (old.dispute_status IS DISTINCT FROM new.dispute_status)))
  execute function
    private.audit_row('organization_id', 'stripe_invoice_id',
    'lines,hosted_invoice_url,invoice_pdf,payment_method,synced_at,sync_ticket');

create trigger audit
  after insert or delete on public.invoices
  for each row
  execute function
    private.audit_row('organization_id', 'stripe_invoice_id',
    'lines,hosted_invoice_url,invoice_pdf,payment_method,synced_at,sync_ticket');

create trigger seats
  after insert or delete on public.organization_members
  for each row
  execute function private.seats_changed();

create trigger audit_changes
  after update on public.plan_prices
  for each row
  when
    (((old.lookup_key IS DISTINCT FROM new.lookup_key) OR (old.plan_id IS DISTINCT FROM new.plan_id) OR (old.kind IS
    DISTINCT FROM new.kind) OR (old.billing_interval IS DISTINCT FROM new.billing_interval) OR
    (old.currency IS DISTINCT FROM new.currency) OR (old.unit_amount IS DISTINCT FROM new.unit_amount) OR
    (old.is_active IS DISTINCT FROM new.is_active)))
  execute function private.audit_row('', 'stripe_price_id', 'synced_at,sync_ticket', 'price');

create trigger audit
  after insert or delete on public.plan_prices
  for each row
  execute function private.audit_row('', 'stripe_price_id', 'sync_ticket', 'price');

create trigger audit_changes
  after update on public.subscriptions
  for each row
  when
    (((old.status IS DISTINCT FROM new.status) OR (old.plan_id IS DISTINCT FROM new.plan_id) OR (old.billing_interval
    IS DISTINCT FROM new.billing_interval) OR (old.seats IS DISTINCT FROM new.seats) OR
    (old.trial_end IS DISTINCT FROM new.trial_end) OR (old.cancel_at IS DISTINCT FROM new.cancel_at) OR
    (old.cancel_at_period_end IS DISTINCT FROM new.cancel_at_period_end) OR
    (old.ended_at IS DISTINCT FROM new.ended_at) OR (old.past_due_since IS DISTINCT FROM new.past_due_since) OR
    (old.scheduled_plan_id IS DISTINCT FROM new.scheduled_plan_id) OR
    (old.current_period_end IS DISTINCT FROM new.current_period_end)))
  execute function private.audit_row('organization_id', 'stripe_subscription_id', 'synced_at,sync_ticket');

create trigger audit
  after insert or delete on public.subscriptions
  for each row
  execute function private.audit_row('organization_id', 'stripe_subscription_id', 'synced_at,sync_ticket');

create trigger seats
  after insert or update of seats,
    status, plan_id, billing_interval, is_current, stripe_seat_item_id on public.subscriptions
  for each row
  when (new.is_current)
  execute function private.seats_changed();

create policy "members_see_billing_customers" on "public"."billing_customers"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('billing:read'::text) as
    organizations_with)::uuid[])));

create policy "members_see_budgets" on "public"."budgets"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('billing:read'::text) as
    organizations_with)::uuid[])));

create policy "members_see_invoices" on "public"."invoices"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('billing:read'::text) as
    organizations_with)::uuid[])));

create policy "members_see_mail_events" on "public"."mail_events"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('mail:read'::text) as organizations_with)::uuid[])));

create policy "members_see_mail_suppressions" on "public"."mail_suppressions"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('mail:read'::text) as organizations_with)::uuid[])));

create policy "prices_are_public" on "public"."plan_prices"
  for select
  to "anon", "authenticated"
  using (true);

create policy "members_see_subscriptions" on "public"."subscriptions"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('billing:read'::text) as
    organizations_with)::uuid[])));

create policy "members_see_usage_details" on "public"."usage_details"
  for select
  to "authenticated"
  using
    ((organization_id = ANY (( select private.organizations_with('billing:read'::text) as
    organizations_with)::uuid[])));

create policy "members_see_webhook_attempts" on "public"."webhook_attempts"
  for select
  to "authenticated"
  using
    (((organization_id = ANY (( select private.organizations_with('webhooks:read'::text) as
    organizations_with)::uuid[])) or
    ((organization_id = ( select private.portal_organization() as portal_organization)) AND (exists ( select 1
   from public.webhook_deliveries d
  where (d.id = webhook_attempts.delivery_id))))));

create policy "members_see_webhook_deliveries" on "public"."webhook_deliveries"
  for select
  to "authenticated"
  using
    (((organization_id = ANY (( select private.organizations_with('webhooks:read'::text) as
    organizations_with)::uuid[])) or
    ((organization_id = ( select private.portal_organization() as portal_organization)) AND (application = ( select
    private.portal_application() as portal_application)))));

create policy "members_see_webhook_messages" on "public"."webhook_messages"
  for select
  to "authenticated"
  using
    (((organization_id = ANY (( select private.organizations_with('webhooks:read'::text) as
    organizations_with)::uuid[])) or
    ((organization_id = ( select private.portal_organization() as portal_organization)) AND (exists ( select 1
   from public.webhook_deliveries d
  where (d.message_id = webhook_messages.id))))));

create policy "members_see_webhook_subscriptions" on "public"."webhook_subscriptions"
  for select
  to "authenticated"
  using
    (((organization_id = ANY (( select private.organizations_with('webhooks:read'::text) as
    organizations_with)::uuid[])) or
    ((organization_id = ( select private.portal_organization() as portal_organization)) AND (application = ( select
    private.portal_application() as portal_application)))));

comment on column "private"."billing_notices"."created_at" is 'When.';
comment on column "private"."billing_notices"."kind" is 'invoice_paid, payment_failed, trial_ending or dispute.';
comment on column "private"."billing_notices"."object_id" is 'The invoice or subscription at Stripe.';
comment on column "private"."billing_notices"."organization_id" is 'The tenant.';
comment on column "private"."billing_notices"."turn" is 'Which time: the number of the attempt, the end of the trial, the state of the dispute.';
comment on column "private"."budget_periods"."alerted" is 'The share in percent at which people were last told; 0 = they were not yet.';
comment on column "private"."budget_periods"."budget_id" is 'The budget.';
comment on column "private"."budget_periods"."reserved" is 'Of calls under way, as their nodes have estimated it.';
comment on column "private"."budget_periods"."starts_at" is 'Begin of its day or month, UTC.';
comment on column "private"."budget_periods"."used" is 'Used, in what the budget counts.';
comment on column "private"."mail_data"."looks" is '{time_zone, brand} of the organization when the mail was asked for, so that it is the same to the byte however often it is written; null = the platform''s.';
comment on column "private"."mail_settings"."brand_name" is 'What stands at the head instead of the platform''s name; null = that.';
comment on column "private"."mail_settings"."color" is 'Colour of buttons and links, #rrggbb; null = the platform''s.';
comment on column "private"."mail_settings"."digest" is 'How often its owners are told what its flows did: week or day. That they want no digest at all stands in private.digest_opt_outs.';
comment on column "private"."mail_settings"."logo_url" is 'An image over https instead of the name; null = none.';
comment on column "private"."mail_settings"."organization_id" is 'The tenant.';
comment on column "private"."mail_settings"."reply_to" is 'Where answers go; null = as the platform has it.';
comment on column "private"."mail_settings"."time_zone" is 'IANA name: in which digests come in the morning, and dates are written.';
comment on column "private"."mail_settings"."updated_at" is 'Last change.';
comment on column "private"."mail_settings"."version" is 'Raised by every change; the ETag.';
comment on column "private"."mail_templates"."is_branded" is 'It wears the brand of the organization that it is about; otherwise the platform''s: accounts, and what is paid for.';
comment on column "private"."meter_reports"."attempt_at" is 'Begin of the attempt under way; null = none is, or its end was told.';
comment on column "private"."meter_reports"."attempts" is 'How often it was begun to be sent.';
comment on column "private"."meter_reports"."doubtful_since" is 'The first attempt whose answer was lost: Stripe may have it. Null = it surely has not. After a day, when Stripe may have forgotten the identifier, its summary of the hour is asked before it is sent again.';
comment on column "private"."meter_reports"."ended_at" is 'When it was sent, refused or expired; null = pending.';
comment on column "private"."meter_reports"."error" is '{code, message} of the last failure; null = none.';
comment on column "private"."meter_reports"."happened_at" is 'The time that Stripe is told: begin of the hour, or of the subscription in it.';
comment on column "private"."meter_reports"."hour" is 'The hour of use, UTC.';
comment on column "private"."meter_reports"."id" is 'UUIDv7; millrace_<id> is the identifier under which Stripe takes it once.';
comment on column "private"."meter_reports"."meter" is 'runs, steps or ai_tokens; the meter at Stripe has the event name millrace_<meter>.';
comment on column "private"."meter_reports"."next_attempt_at" is 'Not before.';
comment on column "private"."meter_reports"."number" is '1 = the first report of the hour; others tell what was counted later.';
comment on column "private"."meter_reports"."organization_id" is 'The tenant.';
comment on column "private"."meter_reports"."quantity" is 'How much came to it.';
comment on column "private"."meter_reports"."status" is 'pending; sent = Stripe has it; refused = Stripe said that it never will; expired = it could not be told within the 35 days that Stripe takes.';
comment on column "private"."meter_reports"."stripe_customer_id" is 'Who pays.';
comment on column "private"."model_prices"."micros_per_million" is 'Millionths of a dollar for a million units: 1.25 dollars a million tokens = 1250000. Null = from then on there is no price.';
comment on column "private"."model_prices"."model" is 'Provider and model, as in openai/gpt-5.1.';
comment on column "private"."model_prices"."unit" is 'What is charged for: call (one request), input_token, cached_token (of the input, read from the provider''s cache), output_token, image, second (of sound) or character (of speech).';
comment on column "private"."model_prices"."valid_from" is 'From when on.';
comment on column "private"."settings"."name" is 'functions_url = where the edge functions answer; max_workers = how many worker isolates may be awake; schedule_clock_since = since when the clock of schedules ticks, written by each tick; operator_email = who is told when a system task fails; usage_counted_to = the hour up to which usage has been counted; audit_retained_at = when retention last looked at the audit log; request_proof_key = what functions prove by that they sent a request, see engine.set_request_proof_key; billing_grace_days = how many days an organization keeps its plan while it owes; billing_reconciled_at = when the last whole comparison with Stripe began.';
comment on column "private"."spend_reservations"."budgets" is 'What is reserved of which budgets: [{id, starts_at, amount}].';
comment on column "private"."spend_reservations"."created_at" is 'When it was reserved. What it uses belongs to this hour.';
comment on column "private"."spend_reservations"."ended_at" is 'When it was settled or released; null = open.';
comment on column "private"."spend_reservations"."flow_id" is 'The flow.';
comment on column "private"."spend_reservations"."id" is 'UUIDv7.';
comment on column "private"."spend_reservations"."job_id" is 'The token. When nobody has it leased any more while the call is open, its worker is gone.';
comment on column "private"."spend_reservations"."model" is 'Provider and model.';
comment on column "private"."spend_reservations"."node_id" is 'The node that calls.';
comment on column "private"."spend_reservations"."number" is 'Which call of the attempt, from 1: a step may make several, also at once.';
comment on column "private"."spend_reservations"."organization_id" is 'The tenant.';
comment on column "private"."spend_reservations"."run_id" is 'The run.';
comment on column "private"."spend_reservations"."scope" is 'The items and iterations the step belongs to; empty = top level.';
comment on column "private"."spend_reservations"."status" is 'open = the call is under way; settled = what it used is counted; released = its worker was lost, or it was not made: nothing of it is held any more. If what a released call used is told later, it is counted all the same.';
comment on column "private"."spend_reservations"."units" is 'What the node has estimated.';
comment on column "private"."stripe_events"."created_at" is 'When it happened, by Stripe''s clock.';
comment on column "private"."stripe_events"."error" is 'Why it failed, why it waits, or why it was ignored; null = nothing to say.';
comment on column "private"."stripe_events"."id" is 'Stripe''s id, the same in every repetition.';
comment on column "private"."stripe_events"."is_recovered" is 'True = it never came: the task billing-reconcile found it in Stripe''s list.';
comment on column "private"."stripe_events"."kind" is 'What is to be fetched: customer, subscription, invoice, charge, dispute, or prices = all of them; null = nothing.';
comment on column "private"."stripe_events"."object_id" is 'Which one, its id at Stripe.';
comment on column "private"."stripe_events"."organization_id" is 'The tenant, once it is known.';
comment on column "private"."stripe_events"."payload" is 'The body as it came, byte for byte; null = it did not come, but was found by looking for it.';
comment on column "private"."stripe_events"."processed_at" is 'When it was worked off; null = it waits.';
comment on column "private"."stripe_events"."queue_key" is 'Those with the same key are worked off one after the other: the customer, else the object.';
comment on column "private"."stripe_events"."received_at" is 'When it came.';
comment on column "private"."stripe_events"."status" is 'received = to be worked off; done; failed = it cannot be, see error; ignored = nothing of ours.';
comment on column "private"."stripe_events"."stripe_customer_id" is 'Whose it is, where the event says so.';
comment on column "private"."stripe_events"."type" is 'As invoice.paid.';
comment on column "private"."usage_notices"."limit_name" is 'What is limited: runs.';
comment on column "private"."usage_notices"."noticed_at" is 'When it was told.';
comment on column "private"."usage_notices"."organization_id" is 'The tenant.';
comment on column "private"."usage_notices"."share" is 'In percent.';
comment on column "private"."usage_notices"."starts_at" is 'Begin of the month, UTC.';
comment on column "private"."webhook_portals"."application" is 'Whose subscriptions it sees: those with this application, and no others.';
comment on column "private"."webhook_portals"."can_write" is 'False = it may look and change nothing.';
comment on column "private"."webhook_portals"."created_at" is 'Made.';
comment on column "private"."webhook_portals"."created_by" is 'The person who made it, or who made the key that did; null = the account is gone.';
comment on column "private"."webhook_portals"."created_by_key" is 'The API key that made it, with which it ends; null = a person did.';
comment on column "private"."webhook_portals"."event_types" is 'What its subscriptions may be told of. Never *: types to come are not its.';
comment on column "private"."webhook_portals"."expires_at" is 'From when it opens nothing.';
comment on column "private"."webhook_portals"."flow_ids" is 'Its subscriptions are told of these flows only; null = of all.';
comment on column "private"."webhook_portals"."id" is 'UUIDv7. The subject of the tokens that requests with it act by.';
comment on column "private"."webhook_portals"."max_subscriptions" is 'It makes no further subscription when the application has so many.';
comment on column "private"."webhook_portals"."organization_id" is 'The tenant.';
comment on column "private"."webhook_portals"."resource_ids" is 'Its subscriptions are told of these things only; null = of all.';
comment on column "private"."webhook_portals"."revoked_at" is 'Null = in force; set = revoked, for good.';
comment on column "private"."webhook_portals"."secret_hash" is 'SHA-256 of the token.';
comment on column "public"."billing_customers"."balance" is 'In the currency''s smallest unit; below zero = credit, which the next invoice uses up.';
comment on column "public"."billing_customers"."created_at" is 'First seen.';
comment on column "public"."billing_customers"."currency" is 'In which currency it pays, ISO 4217 in lower case; null = it has paid nothing yet.';
comment on column "public"."billing_customers"."deleted" is 'True = deleted at Stripe: the next checkout makes another customer.';
comment on column "public"."billing_customers"."delinquent" is 'True = its latest charge failed.';
comment on column "public"."billing_customers"."email" is 'Where receipts go; null = to the owners.';
comment on column "public"."billing_customers"."entitled_plan_id" is 'The plan that its subscription gave when it was last looked at; null = none. Only a change of it moves the plan of an organization without a subscription: what an operator gave by hand stays.';
comment on column "public"."billing_customers"."has_payment_method" is 'True = there is a card, or another means of payment, that invoices are charged to.';
comment on column "public"."billing_customers"."organization_id" is 'The tenant.';
comment on column "public"."billing_customers"."stripe_customer_id" is 'Its customer at Stripe.';
comment on column "public"."billing_customers"."subscription_status" is 'The state of the current subscription of which webhooks were last told; null = none.';
comment on column "public"."billing_customers"."sync_ticket" is 'The ticket of that fetch, see engine.billing_ticket: what was fetched with an older one is not written.';
comment on column "public"."billing_customers"."synced_at" is 'When it was last fetched from Stripe; null = never.';
comment on column "public"."billing_customers"."tax_exempt" is 'none, exempt or reverse, as Stripe has it.';
comment on column "public"."budgets"."amount" is 'How much may be used in a period.';
comment on column "public"."budgets"."created_at" is 'Made.';
comment on column "public"."budgets"."created_by" is 'Who made it; null = the account is gone.';
comment on column "public"."budgets"."flow_id" is 'Only what this flow uses; null = all flows of the organization together.';
comment on column "public"."budgets"."id" is 'UUIDv7.';
comment on column "public"."budgets"."is_enabled" is 'False = nothing is stopped, and nobody is told.';
comment on column "public"."budgets"."meter" is 'What is counted: cost (millionths of a US dollar) or ai_tokens of calls of models, runs, or steps.';
comment on column "public"."budgets"."name" is 'Name for people.';
comment on column "public"."budgets"."on_limit" is 'stop = a call that does not fit any more fails before it is made; warn = people are told, and nothing is stopped. Runs and steps are counted afterwards, so they can only warn.';
comment on column "public"."budgets"."organization_id" is 'The tenant.';
comment on column "public"."budgets"."period" is 'It begins anew each day or month, at midnight UTC.';
comment on column "public"."budgets"."updated_at" is 'Last change.';
comment on column "public"."budgets"."version" is 'Raised by every change; the ETag.';
comment on column "public"."invoices"."amount_due" is 'Of the total, after credit.';
comment on column "public"."invoices"."amount_paid" is 'Paid of it.';
comment on column "public"."invoices"."amount_refunded" is 'Given back of what was paid.';
comment on column "public"."invoices"."attempt_count" is 'How often Stripe tried to collect it by its schedule.';
comment on column "public"."invoices"."billing_reason" is 'Why there is one, in Stripe''s words: subscription_create, subscription_cycle, subscription_update, manual, …';
comment on column "public"."invoices"."collection_method" is 'charge_automatically, or send_invoice = people pay it by hand.';
comment on column "public"."invoices"."created_at" is 'Made at Stripe.';
comment on column "public"."invoices"."currency" is 'ISO 4217 in lower case.';
comment on column "public"."invoices"."dispute_due_at" is 'Until when the dispute has to be answered at Stripe; null = not any more, or no dispute.';
comment on column "public"."invoices"."dispute_status" is 'Where a dispute of its payment stands, in Stripe''s words: needs_response, under_review, won, lost, … Null = none.';
comment on column "public"."invoices"."due_at" is 'Until when, where people pay by hand; null = at once.';
comment on column "public"."invoices"."failure_reason" is 'What the bank said to the latest attempt that failed; null = none did, or it said nothing.';
comment on column "public"."invoices"."finalized_at" is 'Since when it is to be paid; null = a draft.';
comment on column "public"."invoices"."hosted_invoice_url" is 'Where it is shown and can be paid. Whoever has it can open it.';
comment on column "public"."invoices"."invoice_pdf" is 'The same as a PDF.';
comment on column "public"."invoices"."lines" is '[{description, quantity, amount, period_start, period_end}], the first 100.';
comment on column "public"."invoices"."next_payment_attempt" is 'When it tries again; null = it does not.';
comment on column "public"."invoices"."number" is 'What people call it; null = a draft.';
comment on column "public"."invoices"."organization_id" is 'The tenant.';
comment on column "public"."invoices"."paid_at" is 'When it was paid; null = it was not.';
comment on column "public"."invoices"."payment_method" is 'With what it was paid, or was to be: Visa ending in 4242. Null = not known.';
comment on column "public"."invoices"."period_end" is 'End of what it is for.';
comment on column "public"."invoices"."period_start" is 'Begin of what it is for.';
comment on column "public"."invoices"."status" is 'draft; open = to be paid; paid; uncollectible = given up; void = taken back.';
comment on column "public"."invoices"."stripe_customer_id" is 'Whose it is at Stripe.';
comment on column "public"."invoices"."stripe_invoice_id" is 'Its id at Stripe.';
comment on column "public"."invoices"."stripe_subscription_id" is 'For which subscription; null = for none.';
comment on column "public"."invoices"."subtotal" is 'Before discounts of the whole and tax.';
comment on column "public"."invoices"."sync_ticket" is 'The ticket of that fetch, see engine.billing_ticket: what was fetched with an older one is not written.';
comment on column "public"."invoices"."synced_at" is 'When it was last fetched from Stripe.';
comment on column "public"."invoices"."tax" is 'Of the total.';
comment on column "public"."invoices"."total" is 'With tax.';
comment on column "public"."mail_events"."detail" is 'Why, of what did not arrive: {type, subtype, message} in the provider''s words. Null = there is nothing to say.';
comment on column "public"."mail_events"."error" is 'Why it failed; null = it did not.';
comment on column "public"."mail_events"."id" is 'UUIDv7.';
comment on column "public"."mail_events"."mail_id" is 'The mail that it tells of; null = not found.';
comment on column "public"."mail_events"."occurred_at" is 'When it happened, in the provider''s words: events come in any order.';
comment on column "public"."mail_events"."organization_id" is 'The tenant of the mail; null = the platform''s own, or of no mail of ours.';
comment on column "public"."mail_events"."provider" is 'Who says it.';
comment on column "public"."mail_events"."provider_event_id" is 'Its id there, signed: the same event that comes again is known by it.';
comment on column "public"."mail_events"."provider_message_id" is 'The message''s id there, as mails.provider_message_id.';
comment on column "public"."mail_events"."received_at" is 'When it came.';
comment on column "public"."mail_events"."status" is 'pending = its mail is not known yet; applied; ignored = of no mail of ours; failed = it could not be applied, and is tried again each minute for a day.';
comment on column "public"."mail_events"."tagged_mail_id" is 'The mail''s id as it was sent along: finds the mail where our sender never learned what the provider called it.';
comment on column "public"."mail_events"."type" is 'What happened: sent, delivered, delayed, bounced, complained, opened, clicked, failed or suppressed.';
comment on column "public"."mail_suppressions"."address" is 'The receiver, in small letters: personal data, kept for as long as it must be heeded.';
comment on column "public"."mail_suppressions"."created_at" is 'Since when; of bounced: when it bounced last.';
comment on column "public"."mail_suppressions"."created_by" is 'Who said so; null = the receiver or the provider, or the account is gone.';
comment on column "public"."mail_suppressions"."id" is 'UUIDv7.';
comment on column "public"."mail_suppressions"."mail_id" is 'The mail that bounced, that was complained of, or whose link was used; null = none, or it is forgotten.';
comment on column "public"."mail_suppressions"."note" is 'What the provider said, or somebody noted; null = nothing.';
comment on column "public"."mail_suppressions"."organization_id" is 'The tenant; null = the platform''s own mails, such as those of Auth.';
comment on column "public"."mail_suppressions"."reason" is 'bounced = there is no such mailbox; complained = the receiver called a mail spam; manual = somebody of the organization said so; unsubscribed = the receiver did. The last word on complained and unsubscribed is the receiver''s.';
comment on column "public"."mail_suppressions"."scope" is 'Which mails: everything; optional = all that can be switched off; or one category of those.';
comment on column "public"."mail_suppressions"."tenant_id" is 'The organization, or the platform''s id: so that it can be part of a key.';
comment on column "public"."mails"."clicked_at" is 'When a link of it was followed first; null = never, or unseen.';
comment on column "public"."mails"."delivered_at" is 'When the receiver''s server took it, as the provider says; null = it did not, or nobody told.';
comment on column "public"."mails"."opened_at" is 'When it was opened first; null = never, or unseen.';
comment on column "public"."plan_prices"."billing_interval" is 'month or year; null = a meter''s.';
comment on column "public"."plan_prices"."currency" is 'ISO 4217 in lower case.';
comment on column "public"."plan_prices"."is_active" is 'False = nobody can buy it any more.';
comment on column "public"."plan_prices"."kind" is 'base = the plan itself, seat = each member beyond those that the plan has, meter = usage.';
comment on column "public"."plan_prices"."lookup_key" is 'By which it was found: millrace_<plan>_<month|year>, millrace_<plan>_seat_<month|year>, millrace_<meter>. Null = another price has it now.';
comment on column "public"."plan_prices"."plan_id" is 'The plan that it gives or whose seats it is for; null = a meter''s.';
comment on column "public"."plan_prices"."stripe_price_id" is 'The price at Stripe.';
comment on column "public"."plan_prices"."sync_ticket" is 'The ticket of that fetch, see engine.billing_ticket.';
comment on column "public"."plan_prices"."synced_at" is 'When it was last fetched from Stripe.';
comment on column "public"."plan_prices"."unit_amount" is 'For one, in the currency''s smallest unit; null = in tiers, or in parts of the smallest unit.';
comment on column "public"."plans"."included_seats" is 'Members that the price of the plan pays for. Each further one takes a seat, where the plan has a price of seats at Stripe. Yours to change.';
comment on column "public"."plans"."max_runs_per_month" is 'Runs that the plan includes in a month. Nothing is stopped: owners and admins are told at 80 and 100 percent. Null = as many as there are. Yours to change.';
comment on column "public"."subscriptions"."billing_interval" is 'month or year.';
comment on column "public"."subscriptions"."cancel_at" is 'When it is to end; null = it goes on.';
comment on column "public"."subscriptions"."cancel_at_period_end" is 'True = it ends with the period.';
comment on column "public"."subscriptions"."canceled_at" is 'When the end was asked for; null = never.';
comment on column "public"."subscriptions"."created_at" is 'Made at Stripe.';
comment on column "public"."subscriptions"."currency" is 'ISO 4217 in lower case.';
comment on column "public"."subscriptions"."current_period_end" is 'Its end: the next invoice.';
comment on column "public"."subscriptions"."current_period_start" is 'Begin of the period that is paid for.';
comment on column "public"."subscriptions"."ended_at" is 'When it ended; null = it has not.';
comment on column "public"."subscriptions"."has_payment_method" is 'True = invoices are charged to a means of payment of its own or of the customer.';
comment on column "public"."subscriptions"."is_current" is 'True = the one that gives the organization its plan: of several that have not ended the best one, then the newest.';
comment on column "public"."subscriptions"."latest_invoice_id" is 'Its latest invoice at Stripe; null = none.';
comment on column "public"."subscriptions"."organization_id" is 'The tenant.';
comment on column "public"."subscriptions"."past_due_since" is 'Since when the oldest invoice is unpaid, while past_due or unpaid: the days of grace count from here. Null = nothing is overdue.';
comment on column "public"."subscriptions"."plan_id" is 'The plan that its price stands for; null = a price that we do not know, which gives no plan.';
comment on column "public"."subscriptions"."scheduled_plan_id" is 'Another plan that begins with the next period; null = none.';
comment on column "public"."subscriptions"."seats" is 'Quantity of the seat price, or of the plan''s own price where there is no other.';
comment on column "public"."subscriptions"."status" is 'Stripe''s words. incomplete = the first payment has not come through; incomplete_expired = it never did; trialing; active; past_due = a payment failed and is tried again; unpaid = it is not tried again; paused = the trial ended without a means of payment; canceled.';
comment on column "public"."subscriptions"."stripe_base_item_id" is 'The item with the plan''s price; null = none.';
comment on column "public"."subscriptions"."stripe_customer_id" is 'Whose it is at Stripe.';
comment on column "public"."subscriptions"."stripe_seat_item_id" is 'The item with the price of seats; null = none.';
comment on column "public"."subscriptions"."stripe_subscription_id" is 'Its id at Stripe.';
comment on column "public"."subscriptions"."sync_ticket" is 'The ticket of that fetch, see engine.billing_ticket: what was fetched with an older one is not written.';
comment on column "public"."subscriptions"."synced_at" is 'When it was last fetched from Stripe.';
comment on column "public"."subscriptions"."trial_end" is 'End of the trial, which may be over; null = none.';
comment on column "public"."usage_details"."calls" is 'Calls of the model.';
comment on column "public"."usage_details"."cost_micros" is 'What the calls cost by the price list of their time, in millionths of a US dollar.';
comment on column "public"."usage_details"."flow_id" is 'The flow; it may be gone.';
comment on column "public"."usage_details"."hour" is 'Begin of the hour, UTC.';
comment on column "public"."usage_details"."input_tokens" is 'Tokens that the model read, those from its provider''s cache included.';
comment on column "public"."usage_details"."model" is 'The model that the node called, as in openai/gpt-5.1; empty = the row has steps.';
comment on column "public"."usage_details"."node_id" is 'The node of its graph; empty = the flow itself, whose row has its runs.';
comment on column "public"."usage_details"."organization_id" is 'The tenant.';
comment on column "public"."usage_details"."other_units" is 'Images, seconds and characters.';
comment on column "public"."usage_details"."output_tokens" is 'Tokens that it wrote.';
comment on column "public"."usage_details"."runs" is 'Runs that were asked for in this hour.';
comment on column "public"."usage_details"."steps" is 'Steps of those runs at the node: each attempt, without those on ways that were not taken.';
comment on column "public"."usage_details"."unpriced_calls" is 'Calls of which something had no price, and counts as nothing.';
comment on column "public"."usage_hourly"."ai_tokens" is 'Tokens that models read and wrote, in calls that began in this hour.';
comment on column "public"."usage_hourly"."cost_micros" is 'What those calls cost by the price list, in millionths of a US dollar. By flow, node and model: public.usage_details.';
comment on function "engine"."billing_reconcile_state"() is 'What the reconciliation begins with: {events_since = when the one before began, null = never; live, open = ids of subscriptions that have not ended and of invoices that are not settled, as we have them; leaving = [{id, at_once}], subscriptions of organizations that are to be deleted and that go on: at_once = within a day}.';
comment on function "engine"."billing_ticket"() is 'A number to take before something is fetched from Stripe and to bring along when it is written. Of two fetches the one with the higher ticket began later, so that what it brings is as new or newer wherever no change came in between; after a change there is always one more fetch, begun after it.';
comment on function "engine"."call_all_seats"() is 'Calls private.call_seats for all who have a subscription: for those whose job was given up. Answers how many differ.';
comment on function "engine"."end_billing_reconcile"(timestamp with time zone) is 'Notes when a reconciliation that came to its end had begun: the next one looks at the events since.';
comment on function "engine"."end_meter_reports"(jsonb) is 'Says what became of reports: [{id, outcome, error}], outcome sent, refused (for good), retry (Stripe surely has not got it) or unsure (the answer was lost). Answers how many.';
comment on function "engine"."end_stripe_events"(jsonb) is 'Notes what became of events: [{id, status: done, failed, ignored, or received = it waits on, error, organization_id}].';
comment on function "engine"."gate_webhook_portal"(text, text, uuid, text, text) is 'The one call before the business call for a portal token, given as the SHA-256 of its text in hex: what engine.gate_key answers for an API key, with the mode portal and webhooks:read, or that and webhooks:write. 120 requests a minute and route class, 30 at once. 401, always the same, for a token that is unknown, revoked or over.';
comment on function "engine"."get_approval_request"(uuid, text, text) is 'What the mails about a step that waits for an approval say, and to whom: {organization_id, key, data, to}. To who may decide, by role or by name, 50 at most; owners and admins where nobody is named. Null = it waits no more, or 100 mails about this step of this run were sent already.';
comment on function "engine"."get_digest"(uuid, date, text) is 'What the digest of an organization says, of p_day or of the week that ends with it (p_period day or week; days are UTC), and to whom (its owners; none when they opted out meanwhile). runs_before: of the period before; null = none was counted. Null = there is nothing to say, or the organization is gone or suspended.';
comment on function "engine"."get_mail_preferences"(uuid) is 'Which mails the receiver of a mail wants of its tenant, for whoever holds its signed link. Null = the mail is forgotten.';
comment on function "engine"."get_seats"(uuid) is 'See private.seats_of.';
comment on function "engine"."make_meter_reports"() is 'Writes down what Stripe''s meters are to be told of the hours that are over, for organizations with a subscription and meters with a price; ends what is too old for Stripe to take. Answers {made, expired}.';
comment on function "engine"."put_billing"(text, bigint, jsonb) is 'Writes what was fetched from Stripe of one customer, under its lock, never older over newer (p_ticket from engine.billing_ticket, taken before the fetch), and draws the consequences: private.settle_billing. Answers {organization_id, stale, results: [{kind, id, is_new, changed, unknown_price, stale}]}; organization_id null = the customer is none of ours; stale = something there was fetched later: fetch again.';
comment on function "engine"."put_billing_customer"(uuid, text) is 'Notes which customer of Stripe an organization is. One that is there wins unless it was deleted at Stripe: use the answer, {organization_id, stripe_customer_id}. 409 = the customer is another organization''s.';
comment on function "engine"."put_plan_prices"(jsonb, bigint) is 'Writes prices as Stripe has them, [{id, lookup_key, active, currency, unit_amount}]; those whose lookup key is none of ours are left out. p_ticket from engine.billing_ticket, taken before they were fetched. Answers {written}.';
comment on function "engine"."queue_digests"(date) is 'Queues digests, a job digest.mail for each organization that had runs and wants it, due in the morning of its time zone: of the week, Monday to Sunday, that ended p_day (null = yesterday, UTC) or up to two days before it; of p_day itself where the organization wants one each day. One for each organization and last day, however often it is called. Answers {day, queued, more}; more = call again.';
comment on function "engine"."receive_mail_event"(jsonb) is 'Keeps what a provider tells of a mail and applies it, in one transaction: a provider that is answered need not say it again, and one that says it again changes nothing. Answers {status}: applied, pending (no mail is known by it yet), failed (kept, and tried again) or duplicate.';
comment on function "engine"."receive_stripe_events"(jsonb) is 'Keeps events of Stripe, each once, and calls a job for each customer that there is something new of, in one transaction. Answers {new: [ids]}: those that were not there.';
comment on function "engine"."release_spend"(uuid) is 'The call was not made, or cost nothing: what it had reserved is free again.';
comment on function "engine"."reserve_spend"(jsonb) is 'Before a call of a model: reserves what its node estimates, of every budget that concerns it. Answers {id, cost_micros, is_priced}, or {refused: {because: spent | no_price, id, name, …}} and reserves nothing. A reservation of an earlier attempt of the same call is released.';
comment on function "engine"."set_mail_preferences"(uuid, jsonb) is 'What the receiver of a mail chose on the page behind its link: private.want_mails. Null = the mail is forgotten.';

comment on function "engine"."set_model_price"(text, text, bigint, timestamp
  with time zone) is 'Sets what a unit of a model costs from a moment on (default: now), in millionths of a dollar for a million units; null ends its price. For operators.';

comment on function "engine"."settle_spend"(uuid, jsonb) is 'After a call of a model: counts what it used ({unit: quantity}) once, gives back what was reserved, tells people when a share of a budget is reached. Answers {settled, cost_micros, is_priced}; settled false = it was before, and nothing changed.';
comment on function "engine"."take_meter_reports"(integer) is 'Reports that are due, which nobody else gets for the next minutes: [{id, identifier, event_name, customer, quantity, hour, happened_at, is_doubtful, sent}]. is_doubtful = Stripe may have it, and may have forgotten its identifier; sent = what Stripe surely has of that hour.';
comment on function "engine"."take_stripe_events"(text, integer) is 'The events with this key that wait, oldest first: [{id, type, kind, object_id, customer_id}]. Nothing is claimed: who works them off twice writes the same.';
comment on function "engine"."unsubscribe_mail"(uuid) is 'One click (RFC 8058): the receiver gets no more mails of this category from its tenant. Any number of clicks is one. Null = the mail is forgotten.';
comment on function "private"."alert_budget"(uuid, timestamp with time zone, smallint) is 'Tells by event and mail that 50, 80 or 100 percent of a budget are used, each share once a period. p_at_least = a call was stopped, so the share is 100 whatever is settled yet.';
comment on function "private"."apply_mail_event"(public.mail_events) is 'Does to its mail what an event says, and to the list of those who get none. Any order of the same events, doubled or not, comes to the same end; the caller sees to it that each is applied once, for opens and clicks are counted. Gives the event back as it stands now; still pending = no mail is known by it.';
comment on function "private"."billing_addresses"(uuid, boolean) is 'To whom mails about money go: the address that the customer has at Stripe, or the owners where it has none; p_with_owners = both.';
comment on function "private"."billing_grace"() is 'How long an organization keeps its plan while an invoice is overdue: BILLING_GRACE_DAYS, as functions last wrote it down.';
comment on function "private"."budget_end"(text, timestamp with time zone) is 'End of the day or month, UTC, that begins then.';
comment on function "private"."budget_reply"(uuid) is 'A budget as the API shows it, with what is used of it in the present period.';
comment on function "private"."budget_start"(text, timestamp with time zone) is 'Begin of the day or month, UTC, that a moment lies in.';
comment on function "private"."call_billing_sync"(text) is 'Calls a job that works off the events with this key, one at a time.';
comment on function "private"."call_seats"(uuid) is 'Sees to it that a job metering.seats brings the subscription of an organization to the number of its members, where it is not. Whatever happens at the same time calls again: a change of members here, a change of the subscription when it is written.';
comment on function "private"."caller_portal"() is 'The portal token by which the caller acts, while it holds; its id is null for everybody else.';
comment on function "private"."changed_columns"(jsonb, jsonb) is '{column: [before, after]} of what Stripe says otherwise than we had it; null = nothing.';
comment on function "private"."choose_subscription"(uuid) is 'Part of private.settle_billing: says which subscription is the current one and since when each is overdue. Answers the current one; all null = there is none.';
comment on function "private"."cost_of"(text, jsonb, timestamp with time zone) is 'What units of a model cost at a time, in millionths of a dollar, rounded up once; is_priced false = a unit has no price, and is counted as nothing.';
comment on function "private"."digest_due"(date, text) is 'When the digest whose last day is p_day is to be mailed: from seven in the morning of the day after on, there, and at no hour of the night.';
comment on function "private"."find_told_mail"(public.mail_events) is 'Part of private.apply_mail_event: locks the mail that an event tells of; null = it is none of ours, or its sender has not written it down yet.';
comment on function "private"."fit_portal"(public.webhook_subscriptions) is 'A subscription as a portal token may leave it: of its application, and told of no more than the token was made for; 403 otherwise. For members and API keys it is as it was.';
comment on function "private"."fits_time_zone"(text) is 'Whether Postgres knows a time zone of this name.';
comment on function "private"."hold_budgets"(uuid, boolean) is 'Calls of an organization are settled side by side; who makes or changes a budget (p_alone) has none of them in between, so that its period begins with exactly what was used.';
comment on function "private"."invoice_event"(public.invoices) is 'The data of invoice.paid and invoice.payment_failed, as the catalogue has it.';
comment on function "private"."is_suppressed"(uuid, text, text) is 'Whether an address gets no mails of a category from a tenant (an organization, or the platform''s id): it bounced there, its owner complained or switched them off, or somebody of the tenant put it on the list.';
comment on function "private"."judge_usage"() is 'Part of the task usage-hourly: brings budgets of runs and steps up to date, and tells organizations at 80 and 100 percent of the runs that their plan includes a month. Answers how many of the latter.';
comment on function "private"."keep_billing"() is 'The task billing: ends plans whose days of grace are over, mails about trials that end within three days, calls jobs for events that wait without one, forgets events after 90 days. Answers {settled, called, forgotten}.';
comment on function "private"."keep_budgets"() is 'The task budgets: gives back what was reserved by workers that are gone; forgets calls a day after they ended, and details of usage after 400 days. Answers {released, forgotten}.';
comment on function "private"."keep_grace_days"(integer) is 'Notes BILLING_GRACE_DAYS where it changed: the clock of the database needs it.';
comment on function "private"."keep_mail_events"() is 'The task mail-events, each minute: applies what could not be applied when it came, ignores what is of no mail of ours after ten minutes (a day where it says that it is), and forgets that. Answers how many were applied.';
comment on function "private"."keep_webhooks_out"() is 'Part of the task webhook-retries: calls jobs for what waits without one, forgets figures after 90 days and portal tokens a day after their end. Answers {woken}.';
comment on function "private"."lock_budget"(uuid, integer) is 'Locks a budget of the caller for a change, and whatever calls are settled of its organization: 404 for strangers, 403 without billing:write, 412 for another version.';
comment on function "private"."mail_billing"(uuid, text, text, jsonb, boolean) is 'Queues one mail about money for each of private.billing_addresses; the name of the organization is added to the data.';
comment on function "private"."mail_figures"(jsonb) is 'Counts of mails with the rates that follow from them, 0 to 1; null = nothing to reckon with. Delivered and bounced are compared with each other: of what went through SMTP nobody tells either.';
comment on function "private"."mail_looks"(uuid, boolean) is 'How mails of an organization look now: {time_zone, brand}, the brand only where p_branded. Null = nothing is set.';
comment on function "private"."mail_preferences_reply"(public.mails) is 'What the page behind the links of a mail shows: {organization (null = the platform), address, category of the mail, preferences, brand (null = the platform''s)}.';
comment on function "private"."mail_settings_reply"(uuid) is 'The mail settings of an organization as the API shows them, with what is usual where nothing is set.';

comment on function "private"."mail_usage_alert"(uuid, text, bigint, bigint, text, timestamp
  with time zone, text, text) is 'Mails owners and admins how much of a limit is used, once for each of them and key.';

comment on function "private"."note_billing"(uuid, text, text, text) is 'True the first time, false ever after.';

comment on function "private"."open_budgets"(uuid, uuid, text[], timestamp
  with time zone) is 'The budgets in force that concern a flow and these meters, with their periods of that time, locked in the order of their ids.';

comment on function "private"."own_address"(uuid) is 'The address of the caller, a person who is a member of the organization.';
comment on function "private"."portal_application"() is 'The application of the portal token by which the caller acts, for policies; null for everybody else.';
comment on function "private"."portal_organization"() is 'The organization of the portal token by which the caller acts, for policies; null for everybody else.';
comment on function "private"."publish_approvals"(jsonb) is 'Part of engine.settle_jobs, where something begins to wait: for what waits for a person the event approval.requested, and a job approval.mail that tells who may decide.';
comment on function "private"."purge_webhook_messages"(bigint) is 'Part of private.apply_retention: deletes up to p_limit events that we send, with their deliveries and attempts, that have fallen out of retention (that of webhook events). Those of which a delivery is pending stay, but for deliveries of paused subscriptions. Answers how many.';
comment on function "private"."put_invoice"(uuid, bigint, jsonb) is 'Part of engine.put_billing: writes an invoice as Stripe has it; payment = what its charges say, absent = not looked at. Answers {kind, id, is_new, changed}, or {id, stale}: what is there was fetched later.';
comment on function "private"."put_subscription"(uuid, bigint, jsonb) is 'Part of engine.put_billing: writes a subscription as Stripe has it. Answers {kind, id, is_new, changed, unknown_price}, or {id, stale}: what is there was fetched later.';
comment on function "private"."read_lookup_key"(text) is 'What a price is for by its lookup key: millrace_<plan>_<month|year> = base, millrace_<plan>_seat_<month|year> = seat, another millrace_<name> = meter. All null = it is none of ours.';
comment on function "private"."release_spend"(uuid[]) is 'Gives back what these calls have reserved and counts nothing. Answers how many were open.';
comment on function "private"."require_webhooks"(uuid, text, text, text) is 'What private.require_permission is for members and API keys, for what belongs to a webhook subscription: a portal token passes for its own application, to write only where it may.';
comment on function "private"."seats_changed"() is 'Trigger of public.organization_members and public.subscriptions: private.call_seats.';
comment on function "private"."seats_of"(uuid) is 'What the subscription of an organization pays for and should: {subscription_id, item_id, price_id, seats, wanted}; wanted = members beyond those that the plan includes. Null = it has no subscription under way, or its plan has no price of a seat.';
comment on function "private"."set_plan"(uuid, text, text) is 'Gives an organization another plan: limits, rates, retention and entitlements follow with the next statement that asks. Writes the audit log and tells webhooks (subscription.updated). False = it has that plan, or there is no such organization. What is over a limit of the new plan stays; nothing new is made.';
comment on function "private"."settle_billing"(uuid, text) is 'Draws every consequence of the rows of billing of an organization, under the lock of its customer: which subscription is current, the plan, what is told by mail and webhooks. It reads nothing but the rows, so that in whatever order they came to be the end is the same; called again it does nothing.';
comment on function "private"."spend_tokens"(jsonb) is 'The tokens among the units of a call.';
comment on function "private"."spend_units"(jsonb) is 'The units of a call, {unit: quantity}, as rows: whole positive quantities of units that there are; the rest is left out.';
comment on function "private"."suppress"(public.mails, text, text, text) is 'Puts the receiver of a mail on the list of its tenant. Who is there stays as they are, but for the time of the last bounce.';
comment on function "private"."tell_dispute"(uuid, public.invoices) is 'Part of private.tell_invoices: a line in the audit log, and a mail to the operators, who answer disputes at Stripe. The plan stays what the subscription gives.';
comment on function "private"."tell_invoices"(uuid, public.subscriptions) is 'Part of private.settle_billing: receipts, failed payments and disputes, by mail and webhooks, each once.';
comment on function "private"."tell_trial"(uuid, public.subscriptions) is 'Part of private.settle_billing: from three days before a trial ends, one mail that says so.';
comment on function "private"."try_mail_event"(public.mail_events) is 'Applies an event and writes down what came of it: applied, pending or failed. Fails for no reason that lies in the event.';
comment on function "private"."usage_counted_at"() is 'When runs and steps were last counted; null = never.';

comment on function "private"."usage_numbers"(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric)
  is 'Sums of usage as the API shows them; null is 0.';

comment on function "private"."usage_of_budget"(public.budgets, timestamp with time zone) is 'What was used in a period of what a budget counts, as usage_details has it.';
comment on function "private"."want_mails"(uuid, text, jsonb, uuid, uuid) is 'Writes down which mails the owner of an address wants: {alerts, digests, product}, each true or false; what is left out stays as it is. Answers all three.';
comment on function "private"."wanted_mails"(uuid, text) is 'Which of the mails that can be switched off an address wants from a tenant: {alerts, digests, product}, each true until its owner said otherwise.';
comment on function "private"."webhook_portal_reply"(private.webhook_portals) is 'A portal token as the API shows it.';
comment on function "public"."create_budget"(uuid, jsonb, text) is 'Makes a budget: {name, meter, amount, flow_id, period, on_limit, is_enabled}. What was used before in the present period counts. Needs billing:write. Answers it.';
comment on function "public"."create_webhook_portal"(uuid, jsonb, text, text, text) is 'Makes a portal token, of which only the SHA-256 in hex comes here: {application, event_types (named, not *), flow_ids, resource_ids, access: read or write, max_subscriptions (10), expires_in_seconds (60 to 3,600; 900)}. It sees and, with write, makes and changes the webhook subscriptions of the application, within these types, flows and things. p_seed as in create_api_key. Needs webhooks:write.';

comment on function "public"."create_webhook_subscription"(uuid, uuid, jsonb, jsonb, jsonb, text, text, text) is
  'Subscribes an organization to events: settings as the columns of public.webhook_subscriptions, and what the function webhooks has encrypted for this id, {number, envelope, key_id, last_four}: the signing secret, and p_headers = the values of the tenant''s own headers. p_fingerprint: a MAC of those, by which a repeated request is known. is_new false = an earlier call with the same Idempotency-Key made it, and the secret of this call signs nothing: seed, the p_seed of that call, tells the function webhooks which one it was. Needs webhooks:write, or a portal token that may write, within its bounds; 402 at the plan''s number.';

comment on function "public"."delete_budget"(uuid, integer) is 'Deletes a budget: it stops nothing more. What was used stays counted. Needs billing:write.';
comment on function "public"."destroy_secret_version"(uuid, integer) is 'Throws an earlier value away for good; the current one can not be. Backups keep it as long as they are kept. Needs secrets:write, and the second factor of who has one.';
comment on function "public"."get_budget"(uuid) is 'A budget with what is used of it. Needs billing:read.';
comment on function "public"."get_mail_preferences"(uuid) is 'Which mails of an organization the caller wants at their own address: {alerts, digests, product}. For members, not for API keys.';
comment on function "public"."get_mail_settings"(uuid) is 'How an organization wants its mails: {digest: off, week or day, time_zone, brand: {name, logo_url, color, reply_to}, version}. Needs mail:read.';
comment on function "public"."get_mail_stats"(uuid, integer, text) is 'What became of the mails of the last p_days days (1 to 90, UTC, today is one of them; by the day they were asked for), in all, by template and by day; p_template = of one only. Days and templates without mails are left out. Needs mail:read.';
comment on function "public"."get_usage"(uuid, date, date, text, uuid, integer) is 'What an organization, or one flow of it, used from one UTC day to another, both included: in all, and by day, or by flow, node or model (those with the highest cost first, p_limit of them, 500 at most; left_out says how many more there are). Needs billing:read.';
comment on function "public"."lift_suppression"(uuid) is 'Takes an address off the list that bounced or was put there by hand; 409 for what its owner said. Needs mail:write.';
comment on function "public"."revoke_webhook_portal"(uuid) is 'Ends a portal token at once and for good; again changes nothing. Needs webhooks:write.';
comment on function "public"."rotate_webhook_secret"(uuid, text, integer, jsonb) is 'Gives an endpoint a new secret; the old one stays valid for p_overlap_seconds. p_sealed: as create_webhook_endpoint has it. The answer holds the new secret, this once, or sealed_secret. Needs webhooks:write, and the second factor of who has one.';

comment on function "public"."rotate_webhook_subscription_secret"(uuid, jsonb, integer, integer) is
  'Gives a webhook subscription a new signing secret, encrypted as in create_webhook_subscription; deliveries are signed with the one before it too for p_overlap_seconds. Needs webhooks:write, and the second factor of who has one.';

comment on function "public"."set_mail_preferences"(uuid, jsonb) is 'Says which mails of an organization the caller wants at their own address; what is left out stays as it is. Answers all three. For members, not for API keys.';
comment on function "public"."suppress_address"(uuid, text, text, text) is 'Puts an address on the list of those who get no mail of the organization at all; 409 when it is there already. Needs mail:write.';
comment on function "public"."update_budget"(uuid, jsonb, integer) is 'Changes name, amount, on_limit or is_enabled of a budget, from the next call on. Needs billing:write; 412 when p_if_version is not its version.';
comment on function "public"."update_mail_settings"(uuid, jsonb, integer) is 'Changes how an organization wants its mails: {digest, time_zone, brand: {name, logo_url, color, reply_to}}; what is not named stays, null clears a part of the brand. Mails that wait keep the looks they were asked for with. Needs mail:write.';
comment on table "private"."billing_notices" is 'Of what was told, by mail and webhooks, so that each thing is told once, however often and in whatever order Stripe tells it.';
comment on table "private"."budget_periods" is 'What was used of a budget in a period: one row from the first look on. Whoever reserves or settles locks it.';
comment on table "private"."mail_settings" is 'How an organization wants the mails that it gets. No row = as it is usual.';
comment on table "private"."meter_reports" is 'What Stripe''s meters are told: for each organization, meter and hour the quantity, and, when the hour was counted again later, what came to it. Kept for 90 days.';
comment on table "private"."model_prices" is 'What services charge for a model, in US dollars, by unit and time: a price is in force until the next one of the same model and unit. Kept by operators with engine.set_model_price; what was counted before is not counted anew.';
comment on table "private"."spend_reservations" is 'Calls of models: a row from before the call until a day after it was settled, so that none is counted twice whatever answer was lost.';
comment on table "private"."stripe_events" is 'Events that Stripe sent, each once, kept before it gets its answer; forgotten after 90 days. They only say where to look: what is true is fetched.';
comment on table "private"."usage_notices" is 'Of which shares of what its plan includes an organization was told, so that it is told once.';
comment on table "private"."webhook_portals" is 'Portal tokens: what lets a customer of a tenant manage the webhook subscriptions of one application, for an hour at most. Forgotten a day after their end.';
comment on table "public"."billing_customers" is 'Which customer of Stripe an organization is, and what Stripe last said of it. Written by engine.put_billing_customer and engine.put_billing.';
comment on table "public"."budgets" is 'How much an organization, or one flow of it, may use of something in a day or month, and what happens then: docs/usage.md.';
comment on table "public"."invoices" is 'Invoices at Stripe, as Stripe last said they are. Amounts are in the currency''s smallest unit. Written by engine.put_billing.';
comment on table "public"."mail_events" is 'What providers told of mails, as it came: the receipt of POST /email/webhooks. Goes with its mail; what is of no mail of ours goes after two days. Neither links nor addresses of networks are kept.';
comment on table "public"."mail_suppressions" is 'Who gets no mails of a tenant, and which. Each tenant has a list of its own: what one has learned of an address, another one is not told.';
comment on table "public"."plan_prices" is 'Prices of Stripe that give a plan, a seat, or are for a meter. Kept when Stripe gives their lookup key to another price: subscriptions go on with the old one.';
comment on table "public"."subscriptions" is 'Subscriptions at Stripe, as Stripe last said they are. Never changed but by what was fetched from there: engine.put_billing.';
comment on table "public"."usage_details" is 'What an organization used, by hour, flow, node and model. Runs and steps are counted by the task usage-hourly, up to an hour behind, in the hour in which the run was asked for; calls of models when they end, in the hour in which they began. Dry runs do not count. What is deleted stays counted; forgotten after 400 days.';

revoke all on function "engine"."billing_reconcile_state"() from public;
grant execute on function "engine"."billing_reconcile_state"() to "service_role";
revoke all on function "engine"."billing_ticket"() from public;
grant execute on function "engine"."billing_ticket"() to "service_role";
revoke all on function "engine"."call_all_seats"() from public;
grant execute on function "engine"."call_all_seats"() to "service_role";
revoke all on function "engine"."end_billing_reconcile"(timestamp with time zone) from public;
grant execute on function "engine"."end_billing_reconcile"(timestamp with time zone) to "service_role";
revoke all on function "engine"."end_meter_reports"(jsonb) from public;
grant execute on function "engine"."end_meter_reports"(jsonb) to "service_role";
revoke all on function "engine"."end_stripe_events"(jsonb) from public;
grant execute on function "engine"."end_stripe_events"(jsonb) to "service_role";
revoke all on function "engine"."gate_webhook_portal"(text, text, uuid, text, text) from public;
grant execute on function "engine"."gate_webhook_portal"(text, text, uuid, text, text) to "service_role";
revoke all on function "engine"."get_approval_request"(uuid, text, text) from public;
grant execute on function "engine"."get_approval_request"(uuid, text, text) to "service_role";
revoke all on function "engine"."get_digest"(uuid, date, text) from public;
grant execute on function "engine"."get_digest"(uuid, date, text) to "service_role";
revoke all on function "engine"."get_mail_preferences"(uuid) from public;
grant execute on function "engine"."get_mail_preferences"(uuid) to "service_role";
revoke all on function "engine"."get_seats"(uuid) from public;
grant execute on function "engine"."get_seats"(uuid) to "service_role";
revoke all on function "engine"."make_meter_reports"() from public;
grant execute on function "engine"."make_meter_reports"() to "service_role";
revoke all on function "engine"."put_billing"(text, bigint, jsonb) from public;
grant execute on function "engine"."put_billing"(text, bigint, jsonb) to "service_role";
revoke all on function "engine"."put_billing_customer"(uuid, text) from public;
grant execute on function "engine"."put_billing_customer"(uuid, text) to "service_role";
revoke all on function "engine"."put_plan_prices"(jsonb, bigint) from public;
grant execute on function "engine"."put_plan_prices"(jsonb, bigint) to "service_role";
revoke all on function "engine"."receive_mail_event"(jsonb) from public;
grant execute on function "engine"."receive_mail_event"(jsonb) to "service_role";
revoke all on function "engine"."receive_stripe_events"(jsonb) from public;
grant execute on function "engine"."receive_stripe_events"(jsonb) to "service_role";
revoke all on function "engine"."release_spend"(uuid) from public;
grant execute on function "engine"."release_spend"(uuid) to "service_role";
revoke all on function "engine"."reserve_spend"(jsonb) from public;
grant execute on function "engine"."reserve_spend"(jsonb) to "service_role";
revoke all on function "engine"."set_mail_preferences"(uuid, jsonb) from public;
grant execute on function "engine"."set_mail_preferences"(uuid, jsonb) to "service_role";
revoke all on function "engine"."set_model_price"(text, text, bigint, timestamp with time zone) from public;
grant execute on function "engine"."set_model_price"(text, text, bigint, timestamp with time zone) to "service_role";
revoke all on function "engine"."settle_spend"(uuid, jsonb) from public;
grant execute on function "engine"."settle_spend"(uuid, jsonb) to "service_role";
revoke all on function "engine"."take_meter_reports"(integer) from public;
grant execute on function "engine"."take_meter_reports"(integer) to "service_role";
revoke all on function "engine"."take_stripe_events"(text, integer) from public;
grant execute on function "engine"."take_stripe_events"(text, integer) to "service_role";
revoke all on function "engine"."unsubscribe_mail"(uuid) from public;
grant execute on function "engine"."unsubscribe_mail"(uuid) to "service_role";
revoke all on function "private"."alert_budget"(uuid, timestamp with time zone, smallint) from public;
revoke all on function "private"."apply_mail_event"(public.mail_events) from public;
revoke all on function "private"."billing_addresses"(uuid, boolean) from public;
revoke all on function "private"."billing_grace"() from public;
revoke all on function "private"."budget_end"(text, timestamp with time zone) from public;
revoke all on function "private"."budget_reply"(uuid) from public;
revoke all on function "private"."budget_start"(text, timestamp with time zone) from public;
revoke all on function "private"."call_billing_sync"(text) from public;
revoke all on function "private"."call_seats"(uuid) from public;
revoke all on function "private"."caller_portal"() from public;
revoke all on function "private"."changed_columns"(jsonb, jsonb) from public;
revoke all on function "private"."choose_subscription"(uuid) from public;
revoke all on function "private"."cost_of"(text, jsonb, timestamp with time zone) from public;
revoke all on function "private"."digest_due"(date, text) from public;
revoke all on function "private"."find_told_mail"(public.mail_events) from public;
revoke all on function "private"."fit_portal"(public.webhook_subscriptions) from public;
revoke all on function "private"."fits_time_zone"(text) from public;
revoke all on function "private"."hold_budgets"(uuid, boolean) from public;
revoke all on function "private"."invoice_event"(public.invoices) from public;
revoke all on function "private"."is_suppressed"(uuid, text, text) from public;
revoke all on function "private"."judge_usage"() from public;
revoke all on function "private"."keep_billing"() from public;
revoke all on function "private"."keep_budgets"() from public;
revoke all on function "private"."keep_grace_days"(integer) from public;
revoke all on function "private"."keep_mail_events"() from public;
revoke all on function "private"."keep_webhooks_out"() from public;
revoke all on function "private"."lock_budget"(uuid, integer) from public;
revoke all on function "private"."mail_billing"(uuid, text, text, jsonb, boolean) from public;
revoke all on function "private"."mail_figures"(jsonb) from public;
revoke all on function "private"."mail_looks"(uuid, boolean) from public;
revoke all on function "private"."mail_preferences_reply"(public.mails) from public;
revoke all on function "private"."mail_settings_reply"(uuid) from public;

revoke all
  on function "private"."mail_usage_alert"(uuid, text, bigint, bigint, text, timestamp with time zone, text, text)
  from public;

revoke all on function "private"."note_billing"(uuid, text, text, text) from public;
revoke all on function "private"."open_budgets"(uuid, uuid, text[], timestamp with time zone) from public;
revoke all on function "private"."own_address"(uuid) from public;
revoke all on function "private"."portal_application"() from public;
grant execute on function "private"."portal_application"() to "authenticated";
revoke all on function "private"."portal_organization"() from public;
grant execute on function "private"."portal_organization"() to "authenticated";
revoke all on function "private"."purge_webhook_messages"(bigint) from public;
revoke all on function "private"."put_invoice"(uuid, bigint, jsonb) from public;
revoke all on function "private"."put_subscription"(uuid, bigint, jsonb) from public;
revoke all on function "private"."read_lookup_key"(text) from public;
revoke all on function "private"."release_spend"(uuid[]) from public;
revoke all on function "private"."require_webhooks"(uuid, text, text, text) from public;
revoke all on function "private"."seats_changed"() from public;
revoke all on function "private"."seats_of"(uuid) from public;
revoke all on function "private"."set_plan"(uuid, text, text) from public;
revoke all on function "private"."settle_billing"(uuid, text) from public;
revoke all on function "private"."spend_tokens"(jsonb) from public;
revoke all on function "private"."spend_units"(jsonb) from public;
revoke all on function "private"."suppress"(public.mails, text, text, text) from public;
revoke all on function "private"."tell_dispute"(uuid, public.invoices) from public;
revoke all on function "private"."tell_invoices"(uuid, public.subscriptions) from public;
revoke all on function "private"."tell_trial"(uuid, public.subscriptions) from public;
revoke all on function "private"."try_mail_event"(public.mail_events) from public;
revoke all on function "private"."usage_counted_at"() from public;

revoke all
  on function "private"."usage_numbers"(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric)
  from public;

revoke all on function "private"."usage_of_budget"(public.budgets, timestamp with time zone) from public;
revoke all on function "private"."want_mails"(uuid, text, jsonb, uuid, uuid) from public;
revoke all on function "private"."wanted_mails"(uuid, text) from public;
revoke all on function "private"."webhook_portal_reply"(private.webhook_portals) from public;
revoke all on function "public"."create_budget"(uuid, jsonb, text) from public;
grant execute on function "public"."create_budget"(uuid, jsonb, text) to "authenticated";
revoke all on function "public"."create_webhook_portal"(uuid, jsonb, text, text, text) from public;
grant execute on function "public"."create_webhook_portal"(uuid, jsonb, text, text, text) to "authenticated";
revoke all on function "public"."delete_budget"(uuid, integer) from public;
grant execute on function "public"."delete_budget"(uuid, integer) to "authenticated";
revoke all on function "public"."get_budget"(uuid) from public;
grant execute on function "public"."get_budget"(uuid) to "authenticated";
revoke all on function "public"."get_mail_preferences"(uuid) from public;
grant execute on function "public"."get_mail_preferences"(uuid) to "authenticated";
revoke all on function "public"."get_mail_settings"(uuid) from public;
grant execute on function "public"."get_mail_settings"(uuid) to "authenticated";
revoke all on function "public"."get_mail_stats"(uuid, integer, text) from public;
grant execute on function "public"."get_mail_stats"(uuid, integer, text) to "authenticated";
revoke all on function "public"."get_usage"(uuid, date, date, text, uuid, integer) from public;
grant execute on function "public"."get_usage"(uuid, date, date, text, uuid, integer) to "authenticated";
revoke all on function "public"."lift_suppression"(uuid) from public;
grant execute on function "public"."lift_suppression"(uuid) to "authenticated";
revoke all on function "public"."revoke_webhook_portal"(uuid) from public;
grant execute on function "public"."revoke_webhook_portal"(uuid) to "authenticated";
revoke all on function "public"."set_mail_preferences"(uuid, jsonb) from public;
grant execute on function "public"."set_mail_preferences"(uuid, jsonb) to "authenticated";
revoke all on function "public"."suppress_address"(uuid, text, text, text) from public;
grant execute on function "public"."suppress_address"(uuid, text, text, text) to "authenticated";
revoke all on function "public"."update_budget"(uuid, jsonb, integer) from public;
grant execute on function "public"."update_budget"(uuid, jsonb, integer) to "authenticated";
revoke all on function "public"."update_mail_settings"(uuid, jsonb, integer) from public;
grant execute on function "public"."update_mail_settings"(uuid, jsonb, integer) to "authenticated";
grant select on table "public"."billing_customers" to "authenticated", "service_role";
grant select on table "public"."budgets" to "authenticated", "service_role";
grant select on table "public"."invoices" to "authenticated", "service_role";
grant select on table "public"."mail_events" to "authenticated", "service_role";
grant select on table "public"."mail_suppressions" to "authenticated", "service_role";
grant select on table "public"."plan_prices" to "anon", "authenticated", "service_role";
grant select on table "public"."subscriptions" to "authenticated", "service_role";
grant select on table "public"."usage_details" to "authenticated", "service_role";

reset check_function_bodies;

-- seed 10_tenancy/014_plans_usage_seed.sql a29c9f4a97c7dcc9
-- Once: what an operator has set since stays.
update public.plans p
set max_runs_per_month = l.runs
from (values ('free', 10000), ('pro', 200000), ('team', 2000000)) as l (id, runs)
where p.id = l.id and p.max_runs_per_month is null and not exists (select from public.plans o where o.max_runs_per_month is not null);
-- end of seed 10_tenancy/014_plans_usage_seed.sql

-- seed 45_tasks/900_system_tasks_seed.sql c9d9edc308fe81a5
with named (name, kind, handler, cron, depends_on, timeout_seconds, alert_after, description) as (values
  ('usage-hourly', 'sql', 'count_usage', '7 * * * *', '{}', 900, 2,
    'Counts what each organization used, by the hour, into usage_hourly: runs, steps, jobs, webhook events; by flow and node into usage_details. Hours of which a run ended late are counted again. Tells who has used what a budget or plan allows.'),
  ('budgets', 'sql', 'keep_budgets', '* * * * *', '{}', 60, 5,
    'Gives back what calls of models had reserved of budgets when their worker was lost; forgets details of usage after 400 days.'),
  ('meter-reports', 'job', 'metering.report', '22 * * * *', '{}', 600, 3,
    'Tells the meters of Stripe what organizations with a subscription used in the hours that are over, each hour once; brings the seats of subscriptions to the numbers of members.'),
  ('analytics-daily', 'sql', 'roll_up_analytics', '23 0 * * *', '{}', 1800, 1,
    'Rolls finished days up into analytics_daily, for each flow: runs by how they ended, success rate, durations, steps. Days of which a run ended late are made anew.'),
  ('digest-daily', 'job', 'digest.daily', '35 0 * * *', '{analytics-daily}', 3600, 1,
    'Mails the owners of each organization what became of the runs of last week or, where they want that, of yesterday: one job digest.mail for each, in the morning of its own time zone, which fails and is tried again by itself.'),
  ('archive-weekly', 'job', 'runs.remove_archives', '31 4 * * 0', '{}', 3600, 1,
    'Removes archives of old runs, in Storage and from the list, that are older than the plan keeps.'),
  ('retention', 'job', 'retention.apply', '47 * * * *', '{}', 3600, 1,
    'Drops runs, steps, jobs and webhook events, in and out, that are older than the plan keeps, step by step; asks for archives before. Fails, after all else is done, when runs could not be archived for two weeks.'),
  ('webhook-retries', 'sql', 'retry_webhooks', '*/5 * * * *', '{}', 120, 3,
    'Starts the runs of accepted webhook events that have none. The engine writes both in one transaction, so it finds only what was restored from a backup or written by hand. For webhooks that we send: calls jobs for what waits without one.'),
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
    'Sees to it that mails that are due have a sender, ends those that are too late, forgets what they said after a week and that they were sent after 90 days.'),
  ('billing', 'sql', 'keep_billing', '*/5 * * * *', '{}', 120, 3,
    'Ends plans whose days of grace are over, mails about trials that end within three days, calls jobs for events of Stripe that wait without one, forgets events after 90 days.'),
  ('mail-events', 'sql', 'keep_mail_events', '* * * * *', '{}', 120, 5,
    'Applies what providers told of mails and could not be applied when it came; forgets after a day what is of no mail of ours.'),
  ('billing-reconcile', 'job', 'billing.reconcile', '11 * * * *', '{}', 900, 2,
    'Compares prices, subscriptions and invoices with Stripe, fetches events that never came, repairs what differs and says what it was.')
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

-- seed 55_mail/011_mail_templates_seed.sql bf837c08be79e768
delete from private.mail_templates;
insert into private.mail_templates (name, category, priority, expires_after, is_sensitive, is_branded)
values
  ('verification', 'transactional', 10, '1 hour', true, false),
  ('magic_link', 'transactional', 10, '30 minutes', true, false),
  ('password_reset', 'transactional', 10, '1 hour', true, false),
  ('security_notice', 'transactional', 50, '1 day', false, false),
  ('invitation', 'transactional', 50, '7 days', true, true),
  ('welcome', 'transactional', 50, '3 days', false, false),
  ('receipt', 'transactional', 50, null, false, false),
  ('payment_failed', 'transactional', 50, null, false, false),
  ('trial_ending', 'transactional', 100, '2 days', false, false),
  ('approval_request', 'alerts', 50, '7 days', false, true),
  ('alert', 'alerts', 50, '1 day', false, true),
  ('usage_alert', 'alerts', 100, '2 days', false, true),
  ('endpoint_disabled', 'alerts', 100, '7 days', false, true),
  ('secret_warning', 'alerts', 100, '3 days', false, true),
  ('weekly_digest', 'digests', 200, '3 days', false, true);
-- end of seed 55_mail/011_mail_templates_seed.sql
