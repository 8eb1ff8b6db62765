create table private.usage_notices (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  limit_name text not null,
  starts_at timestamptz not null,
  share smallint not null check (share in (80, 100)),
  noticed_at timestamptz not null default private.now(),
  primary key (organization_id, limit_name, starts_at, share)
);
alter table private.usage_notices enable row level security;
revoke all on table private.usage_notices from public, anon, authenticated, service_role;

comment on table private.usage_notices is 'Of which shares of what its plan includes an organization was told, so that it is told once.';
comment on column private.usage_notices.organization_id is 'The tenant.';
comment on column private.usage_notices.limit_name is 'What is limited: runs.';
comment on column private.usage_notices.starts_at is 'Begin of the month, UTC.';
comment on column private.usage_notices.share is 'In percent.';
comment on column private.usage_notices.noticed_at is 'When it was told.';
