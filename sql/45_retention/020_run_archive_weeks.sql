create table private.run_archive_weeks (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  week date not null check (extract(isodow from week) = 1),
  archived_until timestamptz not null default '-infinity',
  pass_until timestamptz,
  pass_id uuid,
  position jsonb,
  requested_at timestamptz not null default private.now(),
  attempts integer not null default 0,
  warned_at timestamptz,
  primary key (organization_id, week)
);
create index run_archive_weeks_open_idx on private.run_archive_weeks (requested_at) where pass_until is not null;
alter table private.run_archive_weeks enable row level security;
revoke all on table private.run_archive_weeks from public, anon, authenticated, service_role;

comment on table private.run_archive_weeks is
  'How far the runs of an organization and week are archived. Runs that end late are archived in a further pass.';
comment on column private.run_archive_weeks.organization_id is 'The tenant.';
comment on column private.run_archive_weeks.week is 'The Monday of the week.';
comment on column private.run_archive_weeks.archived_until is 'Runs that ended before this are in confirmed objects: retention may drop them.';
comment on column private.run_archive_weeks.pass_until is 'The pass under way archives those that ended from archived_until until this; null = none is under way.';
comment on column private.run_archive_weeks.pass_id is 'Who works on the pass: each attempt has its own, and what names another is refused. Null = nobody has begun.';
comment on column private.run_archive_weeks.position is 'Behind which line the last confirmed object of the pass ends: {run_id, ended, step}; null = none is confirmed.';
comment on column private.run_archive_weeks.requested_at is 'When the pass was asked for.';
comment on column private.run_archive_weeks.attempts is 'How often somebody began the pass.';
comment on column private.run_archive_weeks.warned_at is 'When it was said that it does not succeed; null = it was not.';
