create table public.run_stats_daily (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  flow_id uuid not null,
  day date not null,
  queued integer not null default 0,
  running integer not null default 0,
  paused integer not null default 0,
  compensating integer not null default 0,
  completed integer not null default 0,
  failed integer not null default 0,
  cancelled integer not null default 0,
  compensated integer not null default 0,
  compensation_failed integer not null default 0,
  timed integer not null default 0,
  duration_ms bigint not null default 0,
  durations integer[] not null default '{}',
  primary key (organization_id, flow_id, day)
);
alter table public.run_stats_daily enable row level security;
revoke all on table public.run_stats_daily from public, anon, authenticated, service_role;
grant select on table public.run_stats_daily to authenticated, service_role;

create policy members_see_run_stats_daily on public.run_stats_daily for select to authenticated
  using (organization_id = any ((select private.organizations_with('runs:read'))::uuid[]));

comment on table public.run_stats_daily is
  'Runs counted by the UTC day they were started on, some minutes behind: engine.tick keeps it, private.run_stats_of adds the newest. Dry runs do not count. A run that is deleted after it ended stays counted.';
comment on column public.run_stats_daily.organization_id is 'The tenant.';
comment on column public.run_stats_daily.flow_id is 'The flow; 00000000-0000-0000-0000-000000000000 = all flows of the organization together.';
comment on column public.run_stats_daily.day is 'The day, in UTC, on which the runs were started.';
comment on column public.run_stats_daily.queued is 'Of these runs, how many were last seen queued.';
comment on column public.run_stats_daily.running is 'How many were last seen running.';
comment on column public.run_stats_daily.paused is 'How many were last seen paused.';
comment on column public.run_stats_daily.compensating is 'How many were last seen undoing what they did.';
comment on column public.run_stats_daily.completed is 'How many completed.';
comment on column public.run_stats_daily.failed is 'How many failed.';
comment on column public.run_stats_daily.cancelled is 'How many were cancelled.';
comment on column public.run_stats_daily.compensated is 'How many failed and undid what they had done.';
comment on column public.run_stats_daily.compensation_failed is 'How many failed and could not undo all.';
comment on column public.run_stats_daily.timed is 'How many have ended after a worker began them: those that the durations are of.';
comment on column public.run_stats_daily.duration_ms is 'Their durations added up, in milliseconds, from the first work to the end.';
comment on column public.run_stats_daily.durations is
  'Their durations as a histogram: element 1 counts those of a millisecond at most, element n + 1 those of at most 2^(n/4) milliseconds.';
