create table public.job_history (
  id uuid not null primary key,
  organization_id uuid not null,
  type text not null,
  status text not null check (status in ('completed', 'dead', 'cancelled', 'expired')),
  priority smallint not null,
  attempts smallint not null check (attempts >= 0),
  max_attempts smallint not null,
  payload jsonb,
  result jsonb,
  error jsonb,
  unique_key text,
  concurrency_key text,
  scheduled_for timestamptz not null,
  created_at timestamptz not null,
  started_at timestamptz,
  completed_at timestamptz not null,
  replay_of uuid,
  replayed_as uuid,
  constraint death_says_why check ((status in ('dead', 'expired')) <= (error is not null))
) partition by range (id);
create index job_history_organization_id_idx on public.job_history (organization_id, id);
create index job_history_unreplayed_idx on public.job_history (organization_id, id) where status = 'dead' and replayed_as is null;

-- Whatever no partition was made for lands here, so that an insert can not fail for want of one.
create table public.job_history_default partition of public.job_history default;

alter table public.job_history enable row level security;
alter table public.job_history_default enable row level security;
revoke all on table public.job_history, public.job_history_default from public, anon, authenticated, service_role;
grant select on table public.job_history to authenticated, service_role;

create policy members_see_job_history on public.job_history for select to authenticated
  using (organization_id = any ((select private.organizations_with('runs:read'))::uuid[]));

comment on table public.job_history is
  'Jobs that have ended. Completed ones only where their type keeps them; those that were given up (dead letters) always. Partitioned by id, which is ordered by time.';
comment on table public.job_history_default is 'Jobs for whose week there is no partition.';
comment on column public.job_history.id is 'The job; UUIDv7 of when it was enqueued.';
comment on column public.job_history.organization_id is 'The tenant; private.platform_id() = none, the job is of the platform itself.';
comment on column public.job_history.type is 'What it does.';
comment on column public.job_history.status is 'completed; dead = given up, a dead letter; cancelled = by a person; expired = it had not begun by expires_at.';
comment on column public.job_history.priority is 'Lower runs first within an organization.';
comment on column public.job_history.attempts is 'How often it was begun.';
comment on column public.job_history.max_attempts is 'How often it might have been.';
comment on column public.job_history.payload is 'Its arguments.';
comment on column public.job_history.result is 'What it gave; null = nothing, or it did not complete.';
comment on column public.job_history.error is '{code, message, details} of the last attempt; null = it succeeded.';
comment on column public.job_history.unique_key is 'Its unique key, if it had one.';
comment on column public.job_history.concurrency_key is 'Its concurrency key, if it had one.';
comment on column public.job_history.scheduled_for is 'When its last attempt was due.';
comment on column public.job_history.created_at is 'When it was enqueued.';
comment on column public.job_history.started_at is 'When its last attempt was claimed; null = never.';
comment on column public.job_history.completed_at is 'When it ended.';
comment on column public.job_history.replay_of is 'The dead letter that it repeats; null = none.';
comment on column public.job_history.replayed_as is 'The job that repeats it; null = none does.';
