create table public.flow_version_runs (
  flow_version_id uuid primary key references public.flow_versions (id) on delete cascade,
  organization_id uuid not null,
  flow_id uuid not null,
  runs bigint not null,
  first_run_at timestamptz not null,
  last_run_at timestamptz not null
);
alter table public.flow_version_runs enable row level security;
revoke all on table public.flow_version_runs from public, anon, authenticated, service_role;
grant select on table public.flow_version_runs to authenticated, service_role;

create policy members_see_flow_version_runs on public.flow_version_runs for select to authenticated
  using (organization_id = any ((select private.organizations_with('runs:read'))::uuid[]));

-- Instead of an index of runs by version: that would cost every run two index entries more, for a question that people ask
-- now and then.
comment on table public.flow_version_runs is
  'How often a version of a flow was run and when, some minutes behind: engine.tick keeps it, public.count_version_runs adds the newest. Dry runs do not count.';
comment on column public.flow_version_runs.flow_version_id is 'The version.';
comment on column public.flow_version_runs.organization_id is 'The tenant.';
comment on column public.flow_version_runs.flow_id is 'The flow.';
comment on column public.flow_version_runs.runs is 'How many runs used it, those that were deleted since included.';
comment on column public.flow_version_runs.first_run_at is 'When the first of them was started.';
comment on column public.flow_version_runs.last_run_at is 'When the last of them was started.';
