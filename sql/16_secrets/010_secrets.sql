create table public.secrets (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null check (name ~ '^[A-Z][A-Z0-9_]{0,63}$'),
  description text not null default '' check (length(description) <= 1000),
  current_version integer not null default 1 check (current_version > 0),
  expires_at timestamptz,
  rotate_after_days integer check (rotate_after_days between 1 and 3650),
  rotated_at timestamptz not null default private.now(),
  last_used_at timestamptz,
  created_by uuid references public.profiles (id) on delete set null,
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  constraint secrets_organization_id_name_key unique (organization_id, name)
) with (fillfactor = 80);
create index secrets_created_by_idx on public.secrets (created_by);
create index secrets_expires_at_idx on public.secrets (expires_at) where expires_at is not null;
create trigger touch before update of name, description, current_version, expires_at, rotate_after_days on public.secrets
  for each row execute function private.touch();
-- Not for last_used_at: what flows do with secrets is in private.secret_accesses.
create trigger audit after insert or delete or update of name, description, current_version, expires_at, rotate_after_days on public.secrets
  for each row execute function private.audit_row('organization_id', 'id', 'rotated_at,last_used_at');
alter table public.secrets enable row level security;
revoke all on table public.secrets from public, anon, authenticated, service_role;
grant select on table public.secrets to authenticated, service_role;

create policy members_see_secrets on public.secrets for select to authenticated
  using (organization_id = any ((select private.organizations_with('secrets:read'))::uuid[]));

comment on table public.secrets is 'Secrets that flows use by name. Values are elsewhere, encrypted: nothing here tells anything of them.';
comment on column public.secrets.id is 'UUIDv7.';
comment on column public.secrets.organization_id is 'The tenant.';
comment on column public.secrets.name is 'What expressions call it: secrets.NAME.';
comment on column public.secrets.description is 'What it is for, for people.';
comment on column public.secrets.current_version is 'The number of the version that flows get.';
comment on column public.secrets.expires_at is 'From then on no flow gets it; null = never.';
comment on column public.secrets.rotate_after_days is 'Days after which the owners are reminded to set a new value; null = never.';
comment on column public.secrets.rotated_at is 'When the current value was set.';
comment on column public.secrets.last_used_at is 'When a flow last got it, to the minute; null = never.';
comment on column public.secrets.created_by is 'Who made it; null = the account is gone.';
comment on column public.secrets.version is 'Raised by every change; the ETag. Not the number of the value.';
comment on column public.secrets.created_at is 'Made.';
comment on column public.secrets.updated_at is 'Last change.';
