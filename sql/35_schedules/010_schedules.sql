create table public.schedules (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  flow_id uuid not null references public.flows (id) on delete cascade,
  name text not null check (length(name) between 1 and 200),
  cron text not null check (length(cron) between 1 and 200),
  timezone text not null default 'UTC' check (timezone ~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$'),
  starts_at timestamptz,
  ends_at timestamptz,
  jitter_seconds integer not null default 0 check (jitter_seconds between 0 and 3600),
  missed_policy text not null default 'skip' check (missed_policy in ('skip', 'run_once', 'run_all')),
  missed_limit integer not null default 10 check (missed_limit between 1 and 100),
  overlap_policy text not null default 'skip' check (overlap_policy in ('allow', 'skip', 'queue', 'cancel_previous')),
  input jsonb not null default '{}' check (octet_length(input::text) <= 65536),
  trigger_node text check (length(trigger_node) between 1 and 64),
  is_active boolean not null default true,
  next_at timestamptz,
  fire_at timestamptz,
  upcoming timestamptz[] not null default '{}' check (cardinality(upcoming) <= 150),
  decided_until timestamptz not null default private.now(),
  refilled_at timestamptz not null default private.now(),
  refill_at timestamptz,
  open_runs uuid[] not null default '{}',
  queued_count integer not null default 0 check (queued_count between 0 and 100),
  last_run_id uuid,
  last_fired_at timestamptz,
  created_by uuid references public.profiles (id) on delete set null,
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  constraint ends_after_start check (starts_at < ends_at),
  constraint next_is_the_first_upcoming check (next_at is not distinct from upcoming[1]),
  constraint fires_after_due check ((fire_at is null) = (next_at is null) and fire_at >= next_at),
  constraint inactive_waits_for_nothing check (is_active or (next_at is null and refill_at is null and queued_count = 0))
) with (fillfactor = 80);
create index schedules_organization_id_idx on public.schedules (organization_id, id);
create index schedules_flow_id_idx on public.schedules (flow_id);
create index schedules_created_by_idx on public.schedules (created_by);
create index schedules_fire_at_idx on public.schedules (fire_at) where fire_at is not null;
create index schedules_refill_at_idx on public.schedules (refill_at) where refill_at is not null;
create index schedules_queued_idx on public.schedules (id) where queued_count > 0;
create trigger touch before update of name, flow_id, cron, timezone, starts_at, ends_at, jitter_seconds, missed_policy,
  missed_limit, overlap_policy, input, trigger_node, is_active on public.schedules
  for each row execute function private.touch();
create trigger audit after insert or delete or update of name, flow_id, cron, timezone, starts_at, ends_at, jitter_seconds,
  missed_policy, missed_limit, overlap_policy, input, trigger_node, is_active on public.schedules
  for each row execute function private.audit_row(
    'organization_id', 'id', 'next_at,fire_at,upcoming,decided_until,refilled_at,refill_at,open_runs,queued_count', 'schedule'
  );
alter table public.schedules enable row level security;
revoke all on table public.schedules from public, anon, authenticated, service_role;
grant select on table public.schedules to authenticated, service_role;

create policy members_see_schedules on public.schedules for select to authenticated
  using (organization_id = any ((select private.organizations_with('flows:read'))::uuid[]));

comment on table public.schedules is
  'When the clock starts a flow. Postgres fires from a list of due times that TypeScript has worked out, for only that knows cron and time zones.';
comment on column public.schedules.id is 'UUIDv7.';
comment on column public.schedules.organization_id is 'The tenant.';
comment on column public.schedules.flow_id is 'The flow that it starts.';
comment on column public.schedules.name is 'Name for people.';
comment on column public.schedules.cron is 'Five fields (minute, hour, day of month, month, day of week) or a nickname, in the time of timezone.';
comment on column public.schedules.timezone is 'IANA name, as Europe/Berlin.';
comment on column public.schedules.starts_at is 'Nothing is due before; null = from the beginning.';
comment on column public.schedules.ends_at is 'Nothing is due after; null = for ever.';
comment on column public.schedules.jitter_seconds is 'It fires up to so many seconds after each due time, each due time with a delay of its own that never changes.';
comment on column public.schedules.missed_policy is 'For due times that nobody was there to fire for more than a minute: skip, run_once (the newest of them) or run_all (the newest missed_limit, the oldest first).';
comment on column public.schedules.missed_limit is 'How many missed due times run_all makes up for.';
comment on column public.schedules.overlap_policy is 'While a run of this schedule has not ended: allow (start another), skip, queue (start when it has ended) or cancel_previous.';
comment on column public.schedules.input is 'What the trigger gives as input.';
comment on column public.schedules.trigger_node is 'Id of the trigger node to start at; null = the first trigger.schedule.';
comment on column public.schedules.is_active is 'False = switched off: nothing is due.';
comment on column public.schedules.next_at is 'The next due time; null = switched off, over, or waiting for a new list.';
comment on column public.schedules.fire_at is 'When that one fires: due time and jitter.';
comment on column public.schedules.upcoming is 'Due times to come, ascending; at most a year ahead but for the first.';
comment on column public.schedules.decided_until is 'Due times up to here have been decided on, or do not count.';
comment on column public.schedules.refilled_at is 'When upcoming was worked out.';
comment on column public.schedules.refill_at is 'When upcoming is to be worked out again; null = never, nothing is to come.';
comment on column public.schedules.open_runs is 'Runs that it started and that had not ended when it last looked, the newest 100.';
comment on column public.schedules.queued_count is 'Due times that wait for a run to end.';
comment on column public.schedules.last_run_id is 'The run that it started last; null = none.';
comment on column public.schedules.last_fired_at is 'When it started that.';
comment on column public.schedules.created_by is 'Who made it; null = the account is gone.';
comment on column public.schedules.version is 'Raised by every change of the settings; the ETag.';
comment on column public.schedules.created_at is 'Made.';
comment on column public.schedules.updated_at is 'Last change of the settings.';
