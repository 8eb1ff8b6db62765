create table public.analytics_daily (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  flow_id uuid not null,
  day date not null,
  runs integer not null,
  completed integer not null,
  failed integer not null,
  cancelled integer not null,
  compensated integer not null,
  compensation_failed integer not null,
  unfinished integer not null,
  success_rate double precision,
  p50_ms double precision,
  p95_ms double precision,
  steps bigint not null default 0,
  rolled_up_at timestamptz not null default private.now(),
  primary key (organization_id, flow_id, day)
);
create index analytics_daily_day_idx on public.analytics_daily (day);
alter table public.analytics_daily enable row level security;
revoke all on table public.analytics_daily from public, anon, authenticated, service_role;
grant select on table public.analytics_daily to authenticated, service_role;

create policy members_see_analytics_daily on public.analytics_daily for select to authenticated
  using (organization_id = any ((select private.organizations_with('runs:read'))::uuid[]));

comment on table public.analytics_daily is
  'Finished days in figures, one row for each organization, flow and UTC day on which runs were asked for. Made by the task analytics-daily out of run_stats_daily and run_steps; a day is made anew when a run of it ends later.';
comment on column public.analytics_daily.organization_id is 'The tenant.';
comment on column public.analytics_daily.flow_id is 'The flow; 00000000-0000-0000-0000-000000000000 = all flows of the organization together.';
comment on column public.analytics_daily.day is 'The day, UTC, on which the runs were asked for.';
comment on column public.analytics_daily.runs is 'Runs, without dry ones.';
comment on column public.analytics_daily.completed is 'How many completed.';
comment on column public.analytics_daily.failed is 'How many failed.';
comment on column public.analytics_daily.cancelled is 'How many were cancelled.';
comment on column public.analytics_daily.compensated is 'How many failed and undid what they had done.';
comment on column public.analytics_daily.compensation_failed is 'How many failed and could not undo all.';
comment on column public.analytics_daily.unfinished is 'How many had not ended yet.';
comment on column public.analytics_daily.success_rate is 'Completed runs as a part (0 to 1) of those that ended without being cancelled; null = there was none.';
comment on column public.analytics_daily.p50_ms is 'The duration, milliseconds, that half of the runs did not exceed; null = none has ended.';
comment on column public.analytics_daily.p95_ms is 'The duration, milliseconds, that 95 % of the runs did not exceed; null = none has ended.';
comment on column public.analytics_daily.steps is 'Steps that ran: each attempt, without those on ways that were not taken.';
comment on column public.analytics_daily.rolled_up_at is 'When the row was made or made anew.';
