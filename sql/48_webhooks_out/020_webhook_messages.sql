create table public.webhook_messages (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  type text not null check (length(type) >= 1 and length(type) <= 64),
  data jsonb not null check (jsonb_typeof(data) = 'object'),
  order_key text check (length(order_key) >= 1 and length(order_key) <= 255),
  is_test boolean not null default false,
  is_sent_on boolean not null default false,
  created_at timestamptz not null default private.now()
);
create index webhook_messages_organization_id_idx on public.webhook_messages (organization_id, id);
-- Almost always empty: what no job has made deliveries of yet.
create index webhook_messages_new_idx on public.webhook_messages (organization_id, id) where not is_sent_on;
alter table public.webhook_messages enable row level security;
revoke all on table public.webhook_messages from public, anon, authenticated, service_role;
grant select on table public.webhook_messages to authenticated, service_role;

-- Its policy stands in 022_webhook_deliveries.sql: a portal sees the events that were delivered to it.

comment on table public.webhook_messages is 'Events that somebody was subscribed to when they happened: one row however many are told.';
comment on column public.webhook_messages.id is 'UUIDv7; receivers get it as webhook-id, the same in each attempt.';
comment on column public.webhook_messages.organization_id is 'The tenant.';
comment on column public.webhook_messages.type is 'What happened, of the catalogue in shared/webhooks_out.';
comment on column public.webhook_messages.data is 'What the type''s schema says.';
comment on column public.webhook_messages.order_key is 'Events with the same key reach ordered subscriptions in order; null = this one has no order.';
comment on column public.webhook_messages.is_test is 'True = a person asked for it, to try a subscription.';
comment on column public.webhook_messages.is_sent_on is 'True = its deliveries have been made.';
comment on column public.webhook_messages.created_at is 'When it happened.';
