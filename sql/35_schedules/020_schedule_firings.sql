create table public.schedule_firings (
  schedule_id uuid not null references public.schedules (id) on delete cascade,
  scheduled_for timestamptz not null,
  organization_id uuid not null,
  fired_at timestamptz not null default private.now(),
  outcome text not null check (outcome in ('started', 'queued', 'skipped_overlap', 'skipped_missed', 'refused')),
  run_id uuid,
  reason text check (length(reason) between 1 and 100),
  triggered_by uuid references public.profiles (id) on delete set null,
  is_manual boolean not null default false,
  primary key (schedule_id, scheduled_for),
  constraint started_names_its_run check ((outcome = 'started') = (run_id is not null)),
  constraint refused_says_why check (outcome <> 'refused' or reason is not null)
);
create index schedule_firings_fired_at_idx on public.schedule_firings (fired_at);
create index schedule_firings_queued_idx on public.schedule_firings (schedule_id, scheduled_for) where outcome = 'queued';
create index schedule_firings_triggered_by_idx on public.schedule_firings (triggered_by) where triggered_by is not null;
alter table public.schedule_firings enable row level security;
revoke all on table public.schedule_firings from public, anon, authenticated, service_role;
grant select on table public.schedule_firings to authenticated, service_role;

create policy members_see_schedule_firings on public.schedule_firings for select to authenticated
  using (organization_id = any ((select private.organizations_with('flows:read'))::uuid[]));

comment on table public.schedule_firings is
  'What became of each due time. Its key makes it impossible that one fires twice. Kept for 90 days.';
comment on column public.schedule_firings.schedule_id is 'The schedule.';
comment on column public.schedule_firings.scheduled_for is 'The due time; of a firing by hand, when it was asked for.';
comment on column public.schedule_firings.organization_id is 'The tenant.';
comment on column public.schedule_firings.fired_at is 'When it was decided; of one that was queued, when it left the queue.';
comment on column public.schedule_firings.outcome is 'started = run_id is the run; queued = waits for a run of the schedule to end; skipped_overlap = such a run was under way; skipped_missed = nobody was there to fire it in time; refused = it could not start.';
comment on column public.schedule_firings.run_id is 'The run.';
comment on column public.schedule_firings.reason is 'Why, as a code: flow_inactive, flow_deleted, organization_suspended, queue_full, switched_off, missed_policy, or what refused the run. For started: missed = late, by the missed policy; queued = it had waited. Null = nothing to say.';
comment on column public.schedule_firings.triggered_by is 'Who fired it by hand; null = the clock, or the account is gone.';
comment on column public.schedule_firings.is_manual is 'True = by hand.';
