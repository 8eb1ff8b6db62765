create table private.job_leases (
  id uuid primary key default private.uuid_v7(),
  worker_id uuid not null,
  job_ids uuid[] not null,
  organization_ids uuid[] not null,
  types text[] not null,
  payloads jsonb[] not null,
  attempts smallint[] not null,
  max_attempts smallint[] not null,
  priorities smallint[] not null,
  due timestamptz[] not null,
  created timestamptz[] not null,
  options jsonb[],
  started_at timestamptz not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
-- Ids and times do not shrink; trying takes half the time of writing a lease.
alter table private.job_leases
  alter column job_ids set storage external,
  alter column due set storage external,
  alter column created set storage external;
create index job_leases_worker_id_idx on private.job_leases (worker_id);
alter table private.job_leases enable row level security;
revoke all on table private.job_leases from public, anon, authenticated, service_role;

comment on table private.job_leases is
  'Jobs that workers hold, one row for each batch that was claimed: the claim takes the jobs out of job_queue, so that a job costs two row writes and not three. The row is the fence: who names one that is gone writes nothing.';
comment on column private.job_leases.id is 'UUIDv7. What a worker names with each result.';
comment on column private.job_leases.worker_id is 'Who holds it. When that worker is lost, engine.tick puts the jobs back.';
comment on column private.job_leases.job_ids is 'The jobs that are not finished. The other lists have an entry for each, in the same order; private.leased_jobs reads them.';
comment on column private.job_leases.organization_ids is 'Whose they are: how many an organization has at work.';
comment on column private.job_leases.types is 'What they do.';
comment on column private.job_leases.payloads is 'Their arguments.';
comment on column private.job_leases.attempts is 'How often each was begun, this time included.';
comment on column private.job_leases.max_attempts is 'How often each may be begun.';
comment on column private.job_leases.priorities is 'Lower runs first within an organization.';
comment on column private.job_leases.due is 'When they were due.';
comment on column private.job_leases.created is 'When they were enqueued.';
comment on column private.job_leases.options is '{unique_key, concurrency_key, concurrency_limit, expires_at, error_message} of those that have any; null = none has.';
comment on column private.job_leases.started_at is 'When they were claimed.';

create table private.job_slots (
  limit_key text not null,
  job_id uuid not null,
  lease_id uuid not null,
  primary key (limit_key, job_id)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
create index job_slots_lease_id_idx on private.job_slots (lease_id);
alter table private.job_slots enable row level security;
revoke all on table private.job_slots from public, anon, authenticated, service_role;

comment on table private.job_slots is
  'Places under concurrency keys that leased jobs hold. A place is worth nothing without its lease: none can leak.';
comment on column private.job_slots.limit_key is 'ORGANIZATION:KEY.';
comment on column private.job_slots.job_id is 'The job.';
comment on column private.job_slots.lease_id is 'The lease it is in.';

create table private.job_states (
  job_id uuid primary key,
  organization_id uuid not null,
  progress jsonb,
  cancel_requested_at timestamptz,
  updated_at timestamptz not null default private.now()
) with (fillfactor = 70);
alter table private.job_states enable row level security;
revoke all on table private.job_states from public, anon, authenticated, service_role;

comment on table private.job_states is
  'What is said of jobs while they are at work: a row only for those that tell of their progress or are asked to stop; gone when they end.';
comment on column private.job_states.job_id is 'The job.';
comment on column private.job_states.organization_id is 'The tenant.';
comment on column private.job_states.progress is 'What its handler last said, in words of its own; null = nothing.';
comment on column private.job_states.cancel_requested_at is 'When somebody asked it to stop; null = nobody has.';
comment on column private.job_states.updated_at is 'The last change.';

create table private.job_counts (
  minute timestamptz not null,
  organization_id uuid not null,
  type text not null,
  worker_id uuid not null,
  completed integer not null default 0,
  retried integer not null default 0,
  dead integer not null default 0,
  busy_ms bigint not null default 0,
  wait_ms bigint not null default 0,
  primary key (minute, organization_id, type, worker_id)
) with (fillfactor = 70);
alter table private.job_counts enable row level security;
revoke all on table private.job_counts from public, anon, authenticated, service_role;

comment on table private.job_counts is
  'Jobs that ended, counted by the minute. Each worker has rows of its own, so that none waits for another; a task forgets old ones.';
comment on column private.job_counts.minute is 'The minute in which they ended.';
comment on column private.job_counts.organization_id is 'The tenant.';
comment on column private.job_counts.type is 'What they do.';
comment on column private.job_counts.worker_id is 'Who did them.';
comment on column private.job_counts.completed is 'Attempts that succeeded.';
comment on column private.job_counts.retried is 'Attempts after which another one follows.';
comment on column private.job_counts.dead is 'Jobs that were given up.';
comment on column private.job_counts.busy_ms is 'Milliseconds that the attempts took, together.';
comment on column private.job_counts.wait_ms is 'Milliseconds from being due to being claimed, together.';
