create table public.webhook_refusals (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  endpoint_id uuid not null references public.webhook_endpoints (id) on delete cascade,
  reason text not null check (length(reason) <= 64),
  detail text check (length(detail) <= 500),
  method text not null check (length(method) <= 32),
  headers jsonb not null check (jsonb_typeof(headers) = 'object'),
  query jsonb not null default '{}' check (jsonb_typeof(query) = 'object'),
  body bytea not null check (octet_length(body) <= 4096),
  body_bytes integer not null check (body_bytes >= 0),
  is_test boolean not null default false,
  received_at timestamptz not null default private.now()
);
create index webhook_refusals_endpoint_id_idx on public.webhook_refusals (endpoint_id, id);
alter table public.webhook_refusals enable row level security;
revoke all on table public.webhook_refusals from public, anon, authenticated, service_role;
grant select on table public.webhook_refusals to authenticated, service_role;

create policy members_see_webhook_refusals on public.webhook_refusals for select to authenticated
  using (organization_id = any ((select private.organizations_with('webhooks:read'))::uuid[]));

comment on table public.webhook_refusals is
  'Deliveries that were refused, to find out why: the newest hundred of an endpoint, ten a minute at most, so that nobody fills it. Nothing in them is proved.';
comment on column public.webhook_refusals.id is 'UUIDv7.';
comment on column public.webhook_refusals.organization_id is 'The tenant: that of the endpoint, with which refusals go. No foreign key of its own on purpose.';
comment on column public.webhook_refusals.endpoint_id is 'Where it came in.';
comment on column public.webhook_refusals.reason is 'Why it was refused: a reason of shared/webhooks, such as signature_mismatch.';
comment on column public.webhook_refusals.detail is 'What exactly was wrong; null = the reason says all.';
comment on column public.webhook_refusals.method is 'HTTP method.';
comment on column public.webhook_refusals.headers is 'Request headers, without credentials and signatures.';
comment on column public.webhook_refusals.query is 'Query parameters.';
comment on column public.webhook_refusals.body is 'The first 4 KiB of the body.';
comment on column public.webhook_refusals.body_bytes is 'How long the body was.';
comment on column public.webhook_refusals.is_test is 'True = it came to the test address.';
comment on column public.webhook_refusals.received_at is 'When it came.';

create table private.webhook_refusal_days (
  endpoint_id uuid not null references public.webhook_endpoints (id) on delete cascade,
  day date not null,
  refused bigint not null default 0 check (refused >= 0),
  primary key (endpoint_id, day)
) with (fillfactor = 80);
alter table private.webhook_refusal_days enable row level security;
revoke all on table private.webhook_refusal_days from public, anon, authenticated, service_role;

comment on table private.webhook_refusal_days is 'How many deliveries an endpoint has refused by day, those to its test address aside.';
comment on column private.webhook_refusal_days.endpoint_id is 'The endpoint.';
comment on column private.webhook_refusal_days.day is 'The day, UTC.';
comment on column private.webhook_refusal_days.refused is 'Refused deliveries, also those of which nothing is kept.';
