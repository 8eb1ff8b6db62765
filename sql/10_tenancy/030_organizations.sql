create table public.organizations (
  id uuid primary key default private.uuid_v7(),
  name text not null check (length(name) between 1 and 200),
  slug text not null unique check (slug ~ '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$'),
  plan_id text not null default 'free' references public.plans (id),
  created_by uuid references public.profiles (id) on delete set null,
  suspended_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  suspended_reason text check (length(suspended_reason) between 1 and 500),
  deletes_at timestamptz,
  deletion_requested_by uuid references public.profiles (id) on delete set null,
  require_mfa text not null default 'off' check (require_mfa in ('off', 'sensitive', 'always')),
  constraint reason_is_of_a_suspension check (suspended_reason is null or suspended_at is not null)
);
create index organizations_created_by_idx on public.organizations (created_by);
create index organizations_plan_id_idx on public.organizations (plan_id);
create index organizations_deletion_requested_by_idx on public.organizations (deletion_requested_by);
create index organizations_deletes_at_idx on public.organizations (deletes_at) where deletes_at is not null;
create trigger touch before update on public.organizations for each row execute function private.touch();
alter table public.organizations enable row level security;
revoke all on table public.organizations from public, anon, authenticated, service_role;
grant select on table public.organizations to authenticated, service_role;

comment on table public.organizations is 'A tenant. Every other row belongs to one.';
comment on column public.organizations.id is 'UUIDv7.';
comment on column public.organizations.name is 'Name for people.';
comment on column public.organizations.slug is 'Name in addresses: lower case, digits, hyphens.';
comment on column public.organizations.plan_id is 'The plan, which gives the limits.';
comment on column public.organizations.created_by is 'Who founded it; null = the account is gone.';
comment on column public.organizations.suspended_at is 'Null = in use; set = members see that it exists and nothing else works.';
comment on column public.organizations.version is 'Raised by every change; the ETag.';
comment on column public.organizations.created_at is 'Founded.';
comment on column public.organizations.updated_at is 'Last change.';
comment on column public.organizations.suspended_reason is 'Why, for its members. Null = none given, or not suspended.';
comment on column public.organizations.deletes_at is 'Null = stays; set = it is to be deleted: from then on all its rows are removed, until then it can only be read, and the deletion be cancelled.';
comment on column public.organizations.deletion_requested_by is 'Who asked for the deletion; null = nobody, or the account is gone.';
comment on column public.organizations.require_mfa is 'When its members need a second factor: off = those who have one, for sensitive operations; sensitive = everybody, for these; always = everybody, for all but seeing that it exists.';
