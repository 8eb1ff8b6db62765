create table private.system_task_runs (
  id uuid primary key default private.uuid_v7(),
  name text not null references private.system_tasks (name) on delete cascade,
  status text not null check (status in ('queued', 'running', 'completed', 'failed', 'skipped')),
  trigger text not null check (trigger in ('cron', 'manual', 'dependency', 'continued')),
  reason text,
  attempt smallint not null default 1 check (attempt > 0),
  job_id uuid,
  result jsonb,
  error jsonb,
  created_at timestamptz not null default private.now(),
  started_at timestamptz,
  finished_at timestamptz,
  constraint ended_means_finished_at check ((status in ('completed', 'failed', 'skipped')) = (finished_at is not null)),
  constraint failure_says_why check ((status = 'failed') = (error is not null)),
  constraint skipped_says_why check (status <> 'skipped' or reason is not null)
);
-- One run of a task at a time, whoever asks.
create unique index system_task_runs_open_idx on private.system_task_runs (name) where finished_at is null;
create index system_task_runs_name_idx on private.system_task_runs (name, id);
create index system_task_runs_completed_idx on private.system_task_runs (name, finished_at) where status = 'completed';
create index system_task_runs_job_id_idx on private.system_task_runs (job_id) where finished_at is null;
alter table private.system_task_runs enable row level security;
revoke all on table private.system_task_runs from public, anon, authenticated, service_role;

comment on table private.system_task_runs is
  'The history of system tasks. A run of kind sql appears with its end, for it is one transaction. Kept for 90 days, and the last completed run of each task for ever.';
comment on column private.system_task_runs.id is 'UUIDv7.';
comment on column private.system_task_runs.name is 'The task.';
comment on column private.system_task_runs.status is 'queued = it was asked for, waits for its turn, for the tasks it depends on, or for a worker; running = a worker has its job; completed; failed; skipped = nothing was done.';
comment on column private.system_task_runs.trigger is 'cron = it was due; manual = a person; dependency = the last task that it waited for has completed; continued = the run before had more to do.';
comment on column private.system_task_runs.reason is 'Why it was skipped, or what it waits for; null = there is nothing to say.';
comment on column private.system_task_runs.attempt is '1 = the first since the task last completed; raised by every failure.';
comment on column private.system_task_runs.job_id is 'The job that does the work; null = none yet, or none is needed.';
comment on column private.system_task_runs.result is 'What the handler answered: {rows} when that was a number.';
comment on column private.system_task_runs.error is '{code, message} when it failed.';
comment on column private.system_task_runs.created_at is 'When it was asked for.';
comment on column private.system_task_runs.started_at is 'When the work began; null = it has not, or never did.';
comment on column private.system_task_runs.finished_at is 'When it ended; null = it has not.';
