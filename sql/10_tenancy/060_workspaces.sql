create table public.workspaces (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null check (length(name) between 1 and 200),
  is_default boolean not null default false,
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  unique (organization_id, id)
);
create unique index workspaces_one_default_idx on public.workspaces (organization_id) where is_default;
create trigger touch before update on public.workspaces for each row execute function private.touch();
alter table public.workspaces enable row level security;
revoke all on table public.workspaces from public, anon, authenticated, service_role;
grant select on table public.workspaces to authenticated, service_role;

comment on table public.workspaces is 'A folder of flows inside an organization.';
comment on column public.workspaces.id is 'UUIDv7.';
comment on column public.workspaces.organization_id is 'The tenant.';
comment on column public.workspaces.name is 'Name for people.';
comment on column public.workspaces.is_default is 'Where a flow goes that names no workspace. One per organization.';
comment on column public.workspaces.version is 'Raised by every change; the ETag.';
comment on column public.workspaces.created_at is 'Made.';
comment on column public.workspaces.updated_at is 'Last change.';
