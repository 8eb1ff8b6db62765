create table public.organization_members (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  role text not null default 'member'
    check (role in ('owner', 'admin', 'developer', 'member', 'viewer', 'guest')),
  created_at timestamptz not null default private.now(),
  version integer not null default 1,
  updated_at timestamptz not null default private.now(),
  primary key (organization_id, user_id)
);
create index organization_members_user_id_idx on public.organization_members (user_id, created_at);
create trigger touch before update on public.organization_members for each row execute function private.touch();
alter table public.organization_members enable row level security;
revoke all on table public.organization_members from public, anon, authenticated, service_role;
grant select on table public.organization_members to authenticated, service_role;

comment on table public.organization_members is 'Who belongs to which organization, and as what.';
comment on column public.organization_members.organization_id is 'The organization.';
comment on column public.organization_members.user_id is 'The person.';
comment on column public.organization_members.role is 'Decides the permissions, see private.role_permissions.';
comment on column public.organization_members.created_at is 'Joined. A person''s first membership is the default organization.';
comment on column public.organization_members.version is 'Raised by every change; the ETag.';
comment on column public.organization_members.updated_at is 'Last change.';
