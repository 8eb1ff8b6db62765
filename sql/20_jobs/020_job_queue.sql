create table public.job_queue (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  type text not null default 'flow.step',
  status text not null default 'available' check (status in ('available', 'running', 'waiting', 'paused', 'blocked')),
  priority smallint not null default 100,
  attempts smallint not null default 0 check (attempts >= 0),
  max_attempts smallint not null default 8 check (max_attempts > 0),
  epoch integer not null default 0,
  resume boolean not null default false,
  worker_id uuid,
  run_id uuid,
  node_id text,
  scope text not null default '',
  reads text[],
  payload jsonb,
  scheduled_for timestamptz not null default private.now(),
  deadline_at timestamptz,
  started_at timestamptz,
  created_at timestamptz not null default private.now(),
  error_message text,
  pausing boolean not null default false,
  unique_key text check (length(unique_key) between 1 and 200),
  concurrency_key text check (length(concurrency_key) between 1 and 200),
  concurrency_limit smallint check (concurrency_limit > 0),
  expires_at timestamptz,
  constraint running_means_leased check ((status = 'running') = (worker_id is not null)),
  constraint steps_belong_to_runs check ((type = 'flow.step') = (run_id is not null)),
  constraint limit_of_a_key check ((concurrency_key is null) = (concurrency_limit is null)),
  constraint jobs_are_due_some_day check (type = 'flow.step' or isfinite(scheduled_for)),
  constraint jobs_are_leased_elsewhere check (type = 'flow.step' or status in ('available', 'waiting', 'blocked'))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- Ready rows only: what is leased or done costs a claim nothing.
create index job_queue_ready_idx on public.job_queue (organization_id, priority, scheduled_for)
  where status = 'available';
create index job_queue_run_id_idx on public.job_queue (run_id) where run_id is not null;
-- For the sweep of lapsed leases, off the claim path. Continuing inline changes none of the indexed columns.
create index job_queue_worker_id_idx on public.job_queue (worker_id) where worker_id is not null;
-- What waits, by the moment it is waited for at the longest; and runs that wait for a place under a limit, in their order.
create index job_queue_waiting_idx on public.job_queue (scheduled_for) where status = 'waiting';
create index job_queue_limited_idx on public.job_queue ((payload -> 'wait' ->> 'name'), id)
  where status = 'waiting' and payload -> 'wait' ->> 'kind' = 'limit';
-- What an organization waits for, for its list.
create index job_queue_waits_idx on public.job_queue (organization_id, id) where payload ? 'wait';
create index job_queue_deadline_at_idx on public.job_queue (deadline_at) where deadline_at is not null;
-- Jobs of a kind with the same key, while they have not begun; and those that wait for a place under their key.
create unique index job_queue_unique_key_idx on public.job_queue (organization_id, type, unique_key) where unique_key is not null;
create index job_queue_blocked_idx on public.job_queue (organization_id, concurrency_key, priority, scheduled_for)
  where status = 'blocked';
create index job_queue_expires_at_idx on public.job_queue (expires_at) where expires_at is not null;

alter table public.job_queue enable row level security;
revoke all on table public.job_queue from public, anon, authenticated, service_role;
grant select on table public.job_queue to authenticated, service_role;

create policy members_see_jobs on public.job_queue for select to authenticated
  using (organization_id = any ((select private.organizations_with('runs:read'))::uuid[]));

comment on table public.job_queue is
  'Work that is waiting or running; finished work leaves. A row of type flow.step is a token: where a run stands. Other rows are jobs; a job that is claimed leaves for private.job_leases. No foreign key to organizations or runs on purpose: its row lock would cost every insert a write on the busiest rows; engine functions are the only writers.';
comment on column public.job_queue.id is 'UUIDv7.';
comment on column public.job_queue.organization_id is 'The tenant.';
comment on column public.job_queue.type is 'flow.step = a token of a run; other kinds of background work have other types.';
comment on column public.job_queue.status is 'available = may be claimed once scheduled_for has come; running = leased to worker_id; waiting = for something to happen (payload says what) or for scheduled_for; paused = its run is; blocked = as many as its concurrency_limit allows are at work.';
comment on column public.job_queue.priority is 'Lower runs first within an organization.';
comment on column public.job_queue.attempts is 'How often this piece of work has been begun: 0 = never.';
comment on column public.job_queue.max_attempts is 'How often it may be begun when its workers keep dying; retries of a failing node follow the node''s own policy.';
comment on column public.job_queue.epoch is 'The fence: raised by every claim; a write that names an older one changes nothing.';
comment on column public.job_queue.resume is 'True = steps at or after node_id may already be recorded (a worker died, or a run is retried); the next worker reads them before it goes on.';
comment on column public.job_queue.worker_id is 'Who holds the lease; null = nobody.';
comment on column public.job_queue.run_id is 'The run, for flow.step.';
comment on column public.job_queue.node_id is 'Where the token entered; null = at the start. A worker that continues inline records steps and leaves this as it is.';
comment on column public.job_queue.scope is 'The items and iterations it belongs to, as in split.3/loop.0; empty = top level.';
comment on column public.job_queue.reads is 'Ids of the steps whose outputs the node needs.';
comment on column public.job_queue.payload is 'For a token at a join: {"live": [slots]} or {"dead": true}; one that waits: {"wait": {kind, name, data}}, and {"resolved": {by, data}} once that is over; at a region: {item, index, count}, {close} or {again}. For jobs: their arguments.';
comment on column public.job_queue.scheduled_for is 'Not before this moment.';
comment on column public.job_queue.deadline_at is 'When the whole run times out; null = no run.';
comment on column public.job_queue.started_at is 'When the present lease began; null = not leased.';
comment on column public.job_queue.created_at is 'When it was enqueued.';
comment on column public.job_queue.pausing is 'True = the run was paused while this token was running: it parks at the next checkpoint.';
comment on column public.job_queue.error_message is 'Why the last attempt failed; null = it did not.';
comment on column public.job_queue.unique_key is 'No two jobs of an organization and type that have not begun have the same; null = any number.';
comment on column public.job_queue.concurrency_key is 'Of the jobs of an organization with this key only concurrency_limit are at work at once; null = no such limit.';
comment on column public.job_queue.concurrency_limit is 'How many that are.';
comment on column public.job_queue.expires_at is 'A job that has not begun by then never does; null = it never expires.';
