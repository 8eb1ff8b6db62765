create table public.mail_suppressions (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid references public.organizations (id) on delete cascade,
  tenant_id uuid not null,
  address text not null check (
    length(address) <= 320 and address = lower(address) and address ~ '^[^\s<>@,;"\\]{1,64}@[^\s<>@,;"\\]{1,255}$'
  ),
  scope text not null check (scope in ('everything', 'optional', 'alerts', 'digests', 'product')),
  reason text not null check (reason in ('bounced', 'complained', 'manual', 'unsubscribed')),
  note text check (length(note) <= 500),
  mail_id uuid references public.mails (id) on delete set null,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default private.now(),
  constraint mail_suppressions_tenant check (tenant_id = coalesce(organization_id, '00000000-0000-0000-0000-000000000000')),
  constraint mail_suppressions_scope check ((scope = 'everything') = (reason in ('bounced', 'manual')))
);
create unique index mail_suppressions_address_idx on public.mail_suppressions (tenant_id, address, scope);
create index mail_suppressions_organization_id_idx on public.mail_suppressions (organization_id, id);
create index mail_suppressions_mail_id_idx on public.mail_suppressions (mail_id) where mail_id is not null;
create index mail_suppressions_created_by_idx on public.mail_suppressions (created_by) where created_by is not null;
alter table public.mail_suppressions enable row level security;
revoke all on table public.mail_suppressions from public, anon, authenticated, service_role;
grant select on table public.mail_suppressions to authenticated, service_role;

create policy members_see_mail_suppressions on public.mail_suppressions for select to authenticated
  using (organization_id = any ((select private.organizations_with('mail:read'))::uuid[]));

comment on table public.mail_suppressions is 'Who gets no mails of a tenant, and which. Each tenant has a list of its own: what one has learned of an address, another one is not told.';
comment on column public.mail_suppressions.id is 'UUIDv7.';
comment on column public.mail_suppressions.organization_id is 'The tenant; null = the platform''s own mails, such as those of Auth.';
comment on column public.mail_suppressions.tenant_id is 'The organization, or the platform''s id: so that it can be part of a key.';
comment on column public.mail_suppressions.address is 'The receiver, in small letters: personal data, kept for as long as it must be heeded.';
comment on column public.mail_suppressions.scope is 'Which mails: everything; optional = all that can be switched off; or one category of those.';
comment on column public.mail_suppressions.reason is 'bounced = there is no such mailbox; complained = the receiver called a mail spam; manual = somebody of the organization said so; unsubscribed = the receiver did. The last word on complained and unsubscribed is the receiver''s.';
comment on column public.mail_suppressions.note is 'What the provider said, or somebody noted; null = nothing.';
comment on column public.mail_suppressions.mail_id is 'The mail that bounced, that was complained of, or whose link was used; null = none, or it is forgotten.';
comment on column public.mail_suppressions.created_by is 'Who said so; null = the receiver or the provider, or the account is gone.';
comment on column public.mail_suppressions.created_at is 'Since when; of bounced: when it bounced last.';
