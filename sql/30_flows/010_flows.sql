create table public.flows (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  workspace_id uuid not null,
  name text not null check (length(name) between 1 and 200),
  description text not null default '' check (length(description) <= 4000),
  is_active boolean not null default true,
  current_version_id uuid,
  created_by uuid references public.profiles (id) on delete set null,
  deleted_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  foreign key (organization_id, workspace_id) references public.workspaces (organization_id, id)
);
create index flows_organization_id_idx on public.flows (organization_id, id) where deleted_at is null;
create index flows_workspace_id_idx on public.flows (organization_id, workspace_id);
create index flows_created_by_idx on public.flows (created_by);
create index flows_current_version_id_idx on public.flows (current_version_id);
create trigger touch before update on public.flows for each row execute function private.touch();
create trigger audit after insert or update or delete on public.flows
  for each row execute function private.audit_row('organization_id', 'id', '');
create trigger generation_after_insert after insert on public.flows
  referencing new table as new_rows for each statement execute function private.bump_generation('flows');
create trigger generation_after_update after update on public.flows
  referencing new table as new_rows old table as old_rows for each statement execute function private.bump_generation('flows');
create trigger generation_after_delete after delete on public.flows
  referencing old table as old_rows for each statement execute function private.bump_generation('flows');
alter table public.flows enable row level security;
revoke all on table public.flows from public, anon, authenticated, service_role;
grant select on table public.flows to authenticated, service_role;

create policy members_see_flows on public.flows for select to authenticated
  using (deleted_at is null and organization_id = any ((select private.organizations_with('flows:read'))::uuid[]));

comment on table public.flows is 'A flow: a name for a line of versions. Its graph is that of the current version.';
comment on column public.flows.id is 'UUIDv7.';
comment on column public.flows.organization_id is 'The tenant.';
comment on column public.flows.workspace_id is 'The workspace, of the same organization.';
comment on column public.flows.name is 'Name for people.';
comment on column public.flows.description is 'What it is for; empty = none given.';
comment on column public.flows.is_active is 'False = webhooks are kept but start no run; starting by hand is refused.';
comment on column public.flows.current_version_id is 'The version that new runs use.';
comment on column public.flows.created_by is 'Who made it; null = the account is gone.';
comment on column public.flows.deleted_at is 'Null = in use; set = deleted: nobody sees it, its runs stay until their retention ends.';
comment on column public.flows.version is 'Raised by every change of the row; the ETag. Not the number of a flow version.';
comment on column public.flows.created_at is 'Made.';
comment on column public.flows.updated_at is 'Last change.';
