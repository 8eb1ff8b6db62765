create table public.webhook_attempts (
  delivery_id uuid not null references public.webhook_deliveries (id) on delete cascade,
  number smallint not null check (number > 0),
  organization_id uuid not null,
  response_status smallint,
  error_code text,
  error_message text,
  duration_ms integer not null check (duration_ms >= 0),
  url text not null,
  request_headers jsonb not null,
  response_headers jsonb,
  response_body bytea check (octet_length(response_body) <= 65536),
  is_cut boolean not null default false,
  finished_at timestamptz not null default private.now(),
  primary key (delivery_id, number)
);
alter table public.webhook_attempts enable row level security;
revoke all on table public.webhook_attempts from public, anon, authenticated, service_role;
grant select on table public.webhook_attempts to authenticated, service_role;

create policy members_see_webhook_attempts on public.webhook_attempts for select to authenticated
  using (
    organization_id = any ((select private.organizations_with('webhooks:read'))::uuid[])
    or organization_id = (select private.portal_organization())
      and exists (select 1 from public.webhook_deliveries d where d.id = webhook_attempts.delivery_id)
  );

comment on table public.webhook_attempts is 'What was sent for a delivery each time, and what came back.';
comment on column public.webhook_attempts.delivery_id is 'The delivery.';
comment on column public.webhook_attempts.number is '1, 2, 3 … within the delivery.';
comment on column public.webhook_attempts.organization_id is 'The tenant.';
comment on column public.webhook_attempts.response_status is 'HTTP status; null = none came.';
comment on column public.webhook_attempts.error_code is 'Why it failed, in a word; null = it did not.';
comment on column public.webhook_attempts.error_message is 'The same in a sentence.';
comment on column public.webhook_attempts.duration_ms is 'From the name lookup to the end of the answer, milliseconds.';
comment on column public.webhook_attempts.url is 'Where it was sent.';
comment on column public.webhook_attempts.request_headers is 'As they were sent, without signatures and without the values of the tenant''s own.';
comment on column public.webhook_attempts.response_headers is 'As they came, cookies left out; null = none came.';
comment on column public.webhook_attempts.response_body is 'The first 64 KiB; null = none came.';
comment on column public.webhook_attempts.is_cut is 'True = there was more of the body than was read.';
comment on column public.webhook_attempts.finished_at is 'When it was over.';
