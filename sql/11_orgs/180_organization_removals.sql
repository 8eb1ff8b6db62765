create table private.organization_removals (
  organization_id uuid primary key,
  started_at timestamptz not null default private.now(),
  finished_at timestamptz,
  removed_rows bigint not null default 0 check (removed_rows >= 0)
);
alter table private.organization_removals enable row level security;
revoke all on table private.organization_removals from public, anon, authenticated, service_role;

comment on table private.organization_removals is
  'Organizations whose rows are being removed, or are gone: what is left of a tenant. No foreign key on purpose: it outlives it.';
comment on column private.organization_removals.organization_id is 'The tenant that was.';
comment on column private.organization_removals.started_at is 'First batch.';
comment on column private.organization_removals.finished_at is 'Null = under way; set = nothing of it is left.';
comment on column private.organization_removals.removed_rows is 'Rows removed so far, without those that went along with others.';
