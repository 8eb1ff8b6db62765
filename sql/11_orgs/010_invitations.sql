create table public.invitations (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  email text not null check (length(email) >= 3 and length(email) <= 320 and email = lower(email) and email !~ '[[:cntrl:][:space:]]'),
  role text not null check (role in ('owner', 'admin', 'developer', 'member', 'viewer', 'guest')),
  status text not null default 'open' check (status in ('open', 'accepted', 'declined', 'revoked', 'expired')),
  expires_at timestamptz not null,
  mails integer not null default 0 check (mails >= 0),
  mailed_at timestamptz,
  created_by uuid references public.profiles (id) on delete set null,
  accepted_by uuid references public.profiles (id) on delete set null,
  ended_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  constraint ended_says_when check ((status = 'open') = (ended_at is null))
);
create unique index invitations_one_open_idx on public.invitations (organization_id, email) where status = 'open';
create index invitations_newest_idx on public.invitations (organization_id, id);
create index invitations_open_email_idx on public.invitations (email) where status = 'open';
create index invitations_created_by_idx on public.invitations (created_by);
create index invitations_accepted_by_idx on public.invitations (accepted_by);
create trigger touch before update on public.invitations for each row execute function private.touch();
alter table public.invitations enable row level security;
revoke all on table public.invitations from public, anon, authenticated, service_role;
grant select on table public.invitations to authenticated, service_role;

create policy members_see_invitations on public.invitations for select to authenticated
  using (organization_id = any ((select private.organizations_with('members:read'))::uuid[]));

comment on table public.invitations is 'Addresses that were invited into an organization, and what became of it. One open invitation for an address and organization.';
comment on column public.invitations.id is 'UUIDv7.';
comment on column public.invitations.organization_id is 'The tenant.';
comment on column public.invitations.email is 'The address, in lower case.';
comment on column public.invitations.role is 'What who accepts becomes.';
comment on column public.invitations.status is 'open (until expires_at), accepted, declined, revoked, expired (noted when another one takes its place).';
comment on column public.invitations.expires_at is 'From when an open one opens nothing and takes no seat any more.';
comment on column public.invitations.mails is 'How often it was to be sent.';
comment on column public.invitations.mailed_at is 'When a mail was last asked for. Null = never.';
comment on column public.invitations.created_by is 'Who invited; null = the account is gone.';
comment on column public.invitations.accepted_by is 'Who accepted; null = nobody, or the account is gone.';
comment on column public.invitations.ended_at is 'When it was accepted, declined, revoked or replaced. Null = open.';
comment on column public.invitations.version is 'Raised by every change; the ETag.';
comment on column public.invitations.created_at is 'Made.';
comment on column public.invitations.updated_at is 'Last change.';

create table private.invitation_tokens (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  invitation_id uuid not null references public.invitations (id) on delete cascade,
  created_at timestamptz not null default private.now()
);
create index invitation_tokens_invitation_id_idx on private.invitation_tokens (invitation_id);
alter table private.invitation_tokens enable row level security;
revoke all on table private.invitation_tokens from public, anon, authenticated, service_role;

comment on table private.invitation_tokens is
  'What opens an invitation: of 32 random bytes that stand in a mail, the SHA-256. Each attempt to send makes one; none opens anything once the invitation has ended.';
comment on column private.invitation_tokens.token_hash is 'SHA-256 of the token''s text.';
comment on column private.invitation_tokens.invitation_id is 'The invitation.';
comment on column private.invitation_tokens.created_at is 'When the mail was written.';
