create table public.mails (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid references public.organizations (id) on delete cascade,
  tenant_id uuid not null,
  template text not null,
  category text not null check (category in ('transactional', 'alerts', 'digests', 'product')),
  key text not null check (length(key) >= 1 and length(key) <= 300),
  to_address text not null check (length(to_address) <= 320 and to_address ~ '^[^\s<>@,;"\\]{1,64}@[^\s<>@,;"\\]{1,255}$'),
  subject text check (length(subject) <= 300),
  status text not null default 'queued' check (status in (
    'queued', 'sending', 'sent', 'delivered', 'bounced', 'complained', 'failed', 'suppressed', 'cancelled', 'expired'
  )),
  priority smallint not null check (priority in (10, 50, 100, 200)),
  scheduled_for timestamptz not null,
  expires_at timestamptz not null,
  attempts smallint not null default 0,
  batch_id uuid,
  provider text check (provider in ('resend', 'smtp')),
  provider_message_id text check (length(provider_message_id) <= 300),
  error jsonb,
  opens integer not null default 0,
  clicks integer not null default 0,
  resent_from uuid references public.mails (id) on delete set null,
  created_at timestamptz not null default private.now(),
  sent_at timestamptz,
  ended_at timestamptz,
  leased_until timestamptz,
  is_unsure boolean not null default false,
  delivered_at timestamptz,
  opened_at timestamptz,
  clicked_at timestamptz,
  constraint mails_tenant check (tenant_id = coalesce(organization_id, '00000000-0000-0000-0000-000000000000')),
  constraint mails_waiting check ((ended_at is null) = (status in ('queued', 'sending'))),
  constraint mails_batch check (status <> 'sending' or (batch_id is not null and leased_until is not null)),
  constraint mails_unsure check (not is_unsure or (batch_id is not null and provider is not null))
) with (fillfactor = 80);
create unique index mails_key_idx on public.mails (tenant_id, template, key);
create index mails_queued_idx on public.mails (priority, tenant_id, scheduled_for) where status = 'queued';
create index mails_scheduled_for_idx on public.mails (scheduled_for) where status = 'queued';
create index mails_expires_at_idx on public.mails (expires_at) where status = 'queued';
create index mails_batch_id_idx on public.mails (batch_id) where batch_id is not null;
create index mails_leased_until_idx on public.mails (leased_until) where status = 'sending';
create index mails_organization_id_idx on public.mails (organization_id, id);
create index mails_provider_message_id_idx on public.mails (provider_message_id) where provider_message_id is not null;
create index mails_resent_from_idx on public.mails (resent_from) where resent_from is not null;
create index mails_ended_at_idx on public.mails (ended_at) where ended_at is not null;
alter table public.mails enable row level security;
revoke all on table public.mails from public, anon, authenticated, service_role;
grant select on table public.mails to authenticated, service_role;

create policy members_see_mails on public.mails for select to authenticated
  using (organization_id = any ((select private.organizations_with('mail:read'))::uuid[]));

comment on table public.mails is 'Mails of the platform: one row for each receiver. Written by private.send_mail, sent by the job mail.send, forgotten after 90 days.';
comment on column public.mails.id is 'UUIDv7.';
comment on column public.mails.organization_id is 'The tenant whom it is about; null = nobody''s, as the mails of Auth.';
comment on column public.mails.tenant_id is 'The organization, or the platform''s id: whose turn it is.';
comment on column public.mails.template is 'Which mail, see private.mail_templates.';
comment on column public.mails.category is 'As the template''s: what the receiver may have switched off.';
comment on column public.mails.key is 'What it is about, from whoever asked for it: one mail for each organization, template and key, ever.';
comment on column public.mails.to_address is 'The receiver: personal data, gone with the row.';
comment on column public.mails.subject is 'Its subject; null = not written yet, or forgotten.';
comment on column public.mails.status is
  'queued; sending = with a provider, whose answer is not known yet; sent = a provider took it; delivered, bounced, complained = what the provider said later; failed = it was not sent, or nobody can know; suppressed = the receiver wants none, or has no mailbox; cancelled; expired = too late to be of use.';
comment on column public.mails.priority is '10 first, 200 last.';
comment on column public.mails.scheduled_for is 'Not sent before; later after a failure.';
comment on column public.mails.expires_at is 'Not sent any more from then on.';
comment on column public.mails.attempts is 'How often a provider was asked to send it.';
comment on column public.mails.batch_id is 'With which others it was given to the provider: stays the same while it is not known whether they were taken.';
comment on column public.mails.provider is 'Who took it, or was asked last: resend or smtp; null = nobody yet.';
comment on column public.mails.provider_message_id is 'Its id there, by which events of the provider find it.';
comment on column public.mails.error is '{code, message} of the latest failure; null = none.';
comment on column public.mails.opens is 'How often it was opened, as far as the provider can know.';
comment on column public.mails.clicks is 'How often a link of it was followed, as far as the provider can know.';
comment on column public.mails.resent_from is 'The mail of which this one is another try, asked for by somebody.';
comment on column public.mails.created_at is 'Asked for.';
comment on column public.mails.sent_at is 'When a provider took it; null = none did.';
comment on column public.mails.ended_at is 'When it was sent or given up; null = it is still to be sent.';
comment on column public.mails.leased_until is 'While sending: until then nobody else asks the provider again.';
comment on column public.mails.is_unsure is 'The provider may have taken it: it was asked, and its answer is not known. Then no other provider is asked, ever.';
comment on column public.mails.delivered_at is 'When the receiver''s server took it, as the provider says; null = it did not, or nobody told.';
comment on column public.mails.opened_at is 'When it was opened first; null = never, or unseen.';
comment on column public.mails.clicked_at is 'When a link of it was followed first; null = never, or unseen.';

create table private.mail_data (
  mail_id uuid primary key references public.mails (id) on delete cascade,
  data jsonb not null check (octet_length(data::text) <= 131072),
  forget_at timestamptz not null,
  looks jsonb
);
create index mail_data_forget_at_idx on private.mail_data (forget_at);
alter table private.mail_data enable row level security;
revoke all on table private.mail_data from public, anon, authenticated, service_role;

comment on table private.mail_data is 'What mails say: for whom they were written, and for nobody else. Forgotten as soon as the mail is out where it opens something (mail_templates.is_sensitive).';
comment on column private.mail_data.mail_id is 'The mail.';
comment on column private.mail_data.data is 'What the template is filled with.';
comment on column private.mail_data.looks is '{time_zone, brand} of the organization when the mail was asked for, so that it is the same to the byte however often it is written; null = the platform''s.';
comment on column private.mail_data.forget_at is 'Removed from then on: a week after the mail would have expired, an hour where it opens something.';
