create table public.webhook_subscriptions (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  url text not null check (length(url) >= 8 and length(url) <= 2048),
  description text not null default '' check (length(description) <= 500),
  application text check (application ~ '^[A-Za-z0-9._:-]{1,100}$'),
  event_types text[] not null,
  flow_ids uuid[],
  resource_ids text[],
  status text not null default 'active' check (status in ('active', 'paused', 'disabled')),
  disabled_reason text check (disabled_reason in ('gone', 'failing')),
  disabled_at timestamptz,
  transformation jsonb check (octet_length(transformation::text) <= 8192),
  header_names text[] not null default '{}',
  ordered boolean not null default false,
  rate_per_minute integer check (rate_per_minute >= 1 and rate_per_minute <= 60000),
  timeout_seconds smallint not null default 15 check (timeout_seconds >= 1 and timeout_seconds <= 15),
  priority text not null default 'normal' check (priority in ('high', 'normal', 'low')),
  created_by uuid references public.profiles (id) on delete set null,
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  constraint event_types_are_known check (
    cardinality(event_types) >= 1 and cardinality(event_types) <= 64 and array_position(event_types, null) is null
    and event_types <@ array[
      '*', 'run.completed', 'run.failed', 'run.cancelled', 'flow.created', 'flow.updated', 'flow.deleted', 'entity.created',
      'entity.moved', 'entity.deleted', 'approval.requested', 'webhook.endpoint_disabled', 'subscription.updated',
      'invoice.paid', 'invoice.payment_failed', 'budget.reached', 'usage.limit_reached', 'secret.expiring', 'member.joined',
      'member.removed', 'api_key.created', 'api_key.revoked', 'email.bounced', 'email.complained'
    ]
  ),
  constraint filters_are_short check (
    coalesce(cardinality(flow_ids) >= 1 and cardinality(flow_ids) <= 100, true)
    and coalesce(cardinality(resource_ids) >= 1 and cardinality(resource_ids) <= 100, true)
  ),
  constraint headers_are_few check (cardinality(header_names) <= 20),
  constraint disabled_says_why check ((status = 'disabled') = (disabled_reason is not null) and (status = 'disabled') = (disabled_at is not null))
) with (fillfactor = 90);
create index webhook_subscriptions_organization_id_idx on public.webhook_subscriptions (organization_id, id);
create index webhook_subscriptions_created_by_idx on public.webhook_subscriptions (created_by);
create trigger touch before update on public.webhook_subscriptions for each row execute function private.touch();
-- Where events go is worth knowing, but only the host: the rest of an address, and what is sent, may hold tokens.
create trigger audit after insert or update or delete on public.webhook_subscriptions
  for each row execute function private.audit_row('organization_id', 'id', 'transformation', '', 'url');
alter table public.webhook_subscriptions enable row level security;
revoke all on table public.webhook_subscriptions from public, anon, authenticated, service_role;
grant select on table public.webhook_subscriptions to authenticated, service_role;

create policy members_see_webhook_subscriptions on public.webhook_subscriptions for select to authenticated
  using (
    organization_id = any ((select private.organizations_with('webhooks:read'))::uuid[])
    or organization_id = (select private.portal_organization()) and application = (select private.portal_application())
  );

comment on table public.webhook_subscriptions is 'Where organizations want to be told of events, and of which: docs/webhooks_out.md.';
comment on column public.webhook_subscriptions.id is 'UUIDv7.';
comment on column public.webhook_subscriptions.organization_id is 'The tenant.';
comment on column public.webhook_subscriptions.url is 'Where events are sent; http or https.';
comment on column public.webhook_subscriptions.description is 'What it is for, for people; empty = none given.';
comment on column public.webhook_subscriptions.application is 'Which of the tenant''s own customers it is for, in the tenant''s words: what a portal token may see. Null = none.';
comment on column public.webhook_subscriptions.event_types is 'The types that are sent; * = all.';
comment on column public.webhook_subscriptions.flow_ids is 'Only events of these flows, and those that belong to no flow; null = of all.';
comment on column public.webhook_subscriptions.resource_ids is 'Only events whose data has one of these ids; null = all.';
comment on column public.webhook_subscriptions.status is 'active; paused = events are kept and sent when it goes on; disabled = by us: nothing is kept or sent until a person activates it.';
comment on column public.webhook_subscriptions.disabled_reason is 'gone = it answered 410; failing = nothing got through for five days. Null = not disabled.';
comment on column public.webhook_subscriptions.disabled_at is 'Since when; null = not disabled.';
comment on column public.webhook_subscriptions.transformation is 'A value with expressions over trigger = the event, sent as the body instead of the event; null = the event as it is.';
comment on column public.webhook_subscriptions.header_names is 'Names of headers that are sent besides ours; their values are encrypted elsewhere.';
comment on column public.webhook_subscriptions.ordered is 'True = of events with the same key one is sent only when those before it have got through, or were given up.';
comment on column public.webhook_subscriptions.rate_per_minute is 'Requests a minute at most; null = no limit.';
comment on column public.webhook_subscriptions.timeout_seconds is 'How long one attempt may take: name lookup, connection, headers and body.';
comment on column public.webhook_subscriptions.priority is 'Whose deliveries go first when workers are busy: high, normal or low.';
comment on column public.webhook_subscriptions.created_by is 'Who made it; null = the account is gone.';
comment on column public.webhook_subscriptions.version is 'Raised by every change; the ETag.';
comment on column public.webhook_subscriptions.created_at is 'Made.';
comment on column public.webhook_subscriptions.updated_at is 'Last change.';
