create table public.webhook_events (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  endpoint_id uuid not null references public.webhook_endpoints (id) on delete cascade,
  event_key text check (length(event_key) <= 255),
  body_key bytea,
  type text check (length(type) <= 255),
  status text not null check (status in ('accepted', 'held')),
  held_because text,
  unsigned boolean not null default false,
  method text not null,
  headers jsonb not null,
  query jsonb not null default '{}',
  raw_body bytea not null check (octet_length(raw_body) <= 1048576),
  run_id uuid,
  deliveries integer not null default 1,
  replay_of uuid references public.webhook_events (id) on delete set null,
  received_at timestamptz not null default private.now(),
  is_test boolean not null default false,
  mapped jsonb,
  mapping_error text,
  constraint held_says_why check ((status = 'held') = (held_because is not null))
) with (fillfactor = 90);
create unique index webhook_events_event_key_idx on public.webhook_events (endpoint_id, event_key) where replay_of is null and not is_test and event_key is not null;
create unique index webhook_events_body_key_idx on public.webhook_events (endpoint_id, body_key) where replay_of is null and not is_test and body_key is not null;
create index webhook_events_organization_id_idx on public.webhook_events (organization_id, id);
-- A quiet endpoint beside a busy one: its list, live view and figures read its own events only.
create index webhook_events_endpoint_id_idx on public.webhook_events (endpoint_id, id);
-- Almost always empty: the task webhook-retries looks here.
create index webhook_events_without_run_idx on public.webhook_events (id) where status = 'accepted' and run_id is null;
create index webhook_events_replay_of_idx on public.webhook_events (replay_of) where replay_of is not null;
alter table public.webhook_events enable row level security;
revoke all on table public.webhook_events from public, anon, authenticated, service_role;
grant select on table public.webhook_events to authenticated, service_role;

create policy members_see_webhook_events on public.webhook_events for select to authenticated
  using (organization_id = any ((select private.organizations_with('webhooks:read'))::uuid[]));

comment on table public.webhook_events is 'Deliveries whose signature held, or whose endpoint asks for none, kept before they are acknowledged.';
comment on column public.webhook_events.id is 'UUIDv7.';
comment on column public.webhook_events.organization_id is 'The tenant: that of the endpoint, with which events go. No foreign key of its own on purpose: it would say the same again with each event.';
comment on column public.webhook_events.endpoint_id is 'Where it came in.';
comment on column public.webhook_events.event_key is 'The sender''s id of the event; null = it has none. One event per endpoint and key, tests and replays aside.';
comment on column public.webhook_events.body_key is 'SHA-256 of the body where the sender signs no timestamp; null otherwise. One event per endpoint and body, tests and replays aside.';
comment on column public.webhook_events.type is 'The sender''s name for the kind of event; null = unknown.';
comment on column public.webhook_events.status is 'accepted = it started a run; held = it is kept but started none.';
comment on column public.webhook_events.held_because is 'flow_inactive or flow_deleted; null = not held.';
comment on column public.webhook_events.unsigned is 'True = nobody checked who sent it: the endpoint takes deliveries without a signature.';
comment on column public.webhook_events.method is 'HTTP method.';
comment on column public.webhook_events.headers is 'Request headers, without credentials.';
comment on column public.webhook_events.query is 'Query parameters.';
comment on column public.webhook_events.raw_body is 'The bytes that were signed.';
comment on column public.webhook_events.run_id is 'The run it started; null = none.';
comment on column public.webhook_events.deliveries is 'How often it was delivered: above 1, the sender repeated itself.';
comment on column public.webhook_events.replay_of is 'The event that a person sent again; null = it came from outside.';
comment on column public.webhook_events.received_at is 'When it came.';
comment on column public.webhook_events.is_test is 'True = it came to the test address, or is the replay of such an event: each is an event of its own, and runs although endpoint or flow is off.';
comment on column public.webhook_events.mapped is '{entity, input}: what the endpoint''s mapping gave, each only if it gave something; a replay takes it over. Null = there was no mapping.';
comment on column public.webhook_events.mapping_error is 'What of the mapping could not be had, so that the run began without it; null = nothing.';
