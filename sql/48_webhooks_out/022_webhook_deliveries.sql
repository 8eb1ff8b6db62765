create table public.webhook_deliveries (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  subscription_id uuid not null references public.webhook_subscriptions (id) on delete cascade,
  message_id uuid not null references public.webhook_messages (id) on delete cascade,
  application text,
  type text not null,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'failed', 'cancelled')),
  attempts smallint not null default 0 check (attempts >= 0),
  counted_from smallint not null default 0,
  next_attempt_at timestamptz default private.now(),
  order_key text,
  lease uuid,
  leased_until timestamptz,
  response_status smallint,
  error_code text,
  body text,
  created_at timestamptz not null default private.now(),
  finished_at timestamptz,
  constraint webhook_deliveries_subscription_id_message_id_key unique (subscription_id, message_id),
  constraint ended_means_finished check ((status = 'pending') = (finished_at is null)),
  constraint pending_means_due_some_day check ((status = 'pending') = (next_attempt_at is not null))
) with (fillfactor = 80);
create index webhook_deliveries_organization_id_idx on public.webhook_deliveries (organization_id, id);
create index webhook_deliveries_subscription_id_idx on public.webhook_deliveries (subscription_id, id);
create index webhook_deliveries_message_id_idx on public.webhook_deliveries (message_id);
create index webhook_deliveries_due_idx on public.webhook_deliveries (subscription_id, next_attempt_at) where status = 'pending';
create index webhook_deliveries_order_idx on public.webhook_deliveries (subscription_id, order_key, id)
  where status = 'pending' and order_key is not null;
alter table public.webhook_deliveries enable row level security;
revoke all on table public.webhook_deliveries from public, anon, authenticated, service_role;
grant select on table public.webhook_deliveries to authenticated, service_role;

create policy members_see_webhook_deliveries on public.webhook_deliveries for select to authenticated
  using (
    organization_id = any ((select private.organizations_with('webhooks:read'))::uuid[])
    or organization_id = (select private.portal_organization()) and application = (select private.portal_application())
  );

create policy members_see_webhook_messages on public.webhook_messages for select to authenticated
  using (
    organization_id = any ((select private.organizations_with('webhooks:read'))::uuid[])
    or organization_id = (select private.portal_organization())
      and exists (select 1 from public.webhook_deliveries d where d.message_id = webhook_messages.id)
  );

comment on table public.webhook_deliveries is 'What is to be told to whom: one row for each event and subscription, with how far it is.';
comment on column public.webhook_deliveries.id is 'UUIDv7.';
comment on column public.webhook_deliveries.organization_id is 'The tenant: that of the subscription, with which deliveries go.';
comment on column public.webhook_deliveries.subscription_id is 'Where it goes.';
comment on column public.webhook_deliveries.message_id is 'The event.';
comment on column public.webhook_deliveries.application is 'That of the subscription when the delivery was made.';
comment on column public.webhook_deliveries.type is 'That of the event.';
comment on column public.webhook_deliveries.status is 'pending = to be sent, or sent again; delivered = answered with 2xx; failed = given up; cancelled = by a person.';
comment on column public.webhook_deliveries.attempts is 'How often it was sent.';
comment on column public.webhook_deliveries.counted_from is 'Attempts that do not count against the ten: those before a person sent it again.';
comment on column public.webhook_deliveries.next_attempt_at is 'When it is sent next; infinity = when those of its key before it have ended; null = it has ended.';
comment on column public.webhook_deliveries.order_key is 'Of the event, where the subscription is ordered; null = it waits for no other.';
comment on column public.webhook_deliveries.lease is 'Who sends it now; only they may say what came of it. Null = nobody.';
comment on column public.webhook_deliveries.leased_until is 'From then on another may send it.';
comment on column public.webhook_deliveries.response_status is 'HTTP status of the last attempt; null = none came.';
comment on column public.webhook_deliveries.error_code is 'Why the last attempt failed; null = it did not, or was not made.';
comment on column public.webhook_deliveries.body is 'What was sent, where the transformation made it; null = the event as it is.';
comment on column public.webhook_deliveries.created_at is 'Made.';
comment on column public.webhook_deliveries.finished_at is 'When it ended; null = it has not.';
