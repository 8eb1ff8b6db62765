create table public.mail_events (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid references public.organizations (id) on delete cascade,
  mail_id uuid references public.mails (id) on delete cascade,
  provider text not null check (provider in ('resend')),
  provider_event_id text not null check (length(provider_event_id) >= 1 and length(provider_event_id) <= 255),
  provider_message_id text not null check (length(provider_message_id) >= 1 and length(provider_message_id) <= 300),
  tagged_mail_id uuid,
  type text not null check (type in (
    'sent', 'delivered', 'delayed', 'bounced', 'complained', 'opened', 'clicked', 'failed', 'suppressed'
  )),
  detail jsonb check (octet_length(detail::text) <= 4096),
  status text not null default 'pending' check (status in ('pending', 'applied', 'ignored', 'failed')),
  error text check (length(error) <= 500),
  occurred_at timestamptz not null,
  received_at timestamptz not null default private.now(),
  constraint mail_events_applied check (status <> 'applied' or mail_id is not null)
);
create unique index mail_events_provider_event_id_idx on public.mail_events (provider, provider_event_id);
create index mail_events_mail_id_idx on public.mail_events (mail_id, id) where mail_id is not null;
create index mail_events_organization_id_idx on public.mail_events (organization_id) where organization_id is not null;
create index mail_events_open_idx on public.mail_events (received_at) where status in ('pending', 'failed');
create index mail_events_ignored_idx on public.mail_events (received_at) where status = 'ignored';
alter table public.mail_events enable row level security;
revoke all on table public.mail_events from public, anon, authenticated, service_role;
grant select on table public.mail_events to authenticated, service_role;

create policy members_see_mail_events on public.mail_events for select to authenticated
  using (organization_id = any ((select private.organizations_with('mail:read'))::uuid[]));

comment on table public.mail_events is 'What providers told of mails, as it came: the receipt of POST /email/webhooks. Goes with its mail; what is of no mail of ours goes after two days. Neither links nor addresses of networks are kept.';
comment on column public.mail_events.id is 'UUIDv7.';
comment on column public.mail_events.organization_id is 'The tenant of the mail; null = the platform''s own, or of no mail of ours.';
comment on column public.mail_events.mail_id is 'The mail that it tells of; null = not found.';
comment on column public.mail_events.provider is 'Who says it.';
comment on column public.mail_events.provider_event_id is 'Its id there, signed: the same event that comes again is known by it.';
comment on column public.mail_events.provider_message_id is 'The message''s id there, as mails.provider_message_id.';
comment on column public.mail_events.tagged_mail_id is 'The mail''s id as it was sent along: finds the mail where our sender never learned what the provider called it.';
comment on column public.mail_events.type is 'What happened: sent, delivered, delayed, bounced, complained, opened, clicked, failed or suppressed.';
comment on column public.mail_events.detail is 'Why, of what did not arrive: {type, subtype, message} in the provider''s words. Null = there is nothing to say.';
comment on column public.mail_events.status is 'pending = its mail is not known yet; applied; ignored = of no mail of ours; failed = it could not be applied, and is tried again each minute for a day.';
comment on column public.mail_events.error is 'Why it failed; null = it did not.';
comment on column public.mail_events.occurred_at is 'When it happened, in the provider''s words: events come in any order.';
comment on column public.mail_events.received_at is 'When it came.';
