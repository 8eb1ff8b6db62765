create table private.stripe_events (
  id text primary key check (length(id) >= 1 and length(id) <= 255),
  type text not null check (length(type) <= 255),
  created_at timestamptz not null,
  received_at timestamptz not null default private.now(),
  kind text check (kind in ('customer', 'subscription', 'invoice', 'charge', 'dispute', 'prices')),
  object_id text check (length(object_id) <= 255),
  stripe_customer_id text check (length(stripe_customer_id) <= 255),
  queue_key text not null check (length(queue_key) <= 255),
  organization_id uuid references public.organizations (id) on delete cascade,
  payload bytea check (octet_length(payload) <= 1048576),
  is_recovered boolean not null default false,
  status text not null default 'received' check (status in ('received', 'done', 'failed', 'ignored')),
  error text check (length(error) <= 2000),
  processed_at timestamptz,
  constraint ended_says_when check ((status = 'received') = (processed_at is null))
) with (fillfactor = 90);
create index stripe_events_queue_key_idx on private.stripe_events (queue_key, received_at) where status = 'received';
create index stripe_events_received_at_idx on private.stripe_events (received_at);
create index stripe_events_organization_id_idx on private.stripe_events (organization_id);
alter table private.stripe_events enable row level security;
revoke all on table private.stripe_events from public, anon, authenticated, service_role;

comment on table private.stripe_events is 'Events that Stripe sent, each once, kept before it gets its answer; forgotten after 90 days. They only say where to look: what is true is fetched.';
comment on column private.stripe_events.id is 'Stripe''s id, the same in every repetition.';
comment on column private.stripe_events.type is 'As invoice.paid.';
comment on column private.stripe_events.created_at is 'When it happened, by Stripe''s clock.';
comment on column private.stripe_events.received_at is 'When it came.';
comment on column private.stripe_events.kind is 'What is to be fetched: customer, subscription, invoice, charge, dispute, or prices = all of them; null = nothing.';
comment on column private.stripe_events.object_id is 'Which one, its id at Stripe.';
comment on column private.stripe_events.stripe_customer_id is 'Whose it is, where the event says so.';
comment on column private.stripe_events.queue_key is 'Those with the same key are worked off one after the other: the customer, else the object.';
comment on column private.stripe_events.organization_id is 'The tenant, once it is known.';
comment on column private.stripe_events.payload is 'The body as it came, byte for byte; null = it did not come, but was found by looking for it.';
comment on column private.stripe_events.is_recovered is 'True = it never came: the task billing-reconcile found it in Stripe''s list.';
comment on column private.stripe_events.status is 'received = to be worked off; done; failed = it cannot be, see error; ignored = nothing of ours.';
comment on column private.stripe_events.error is 'Why it failed, why it waits, or why it was ignored; null = nothing to say.';
comment on column private.stripe_events.processed_at is 'When it was worked off; null = it waits.';
