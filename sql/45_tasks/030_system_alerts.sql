create table private.system_alerts (
  id uuid primary key default private.uuid_v7(),
  task text not null references private.system_tasks (name) on delete cascade,
  failures integer not null,
  error jsonb not null,
  opened_at timestamptz not null default private.now(),
  mail_job_id uuid,
  resolved_at timestamptz,
  recovery_job_id uuid
);
-- One alert from the first failure that counts to the recovery, however often the task fails in between.
create unique index system_alerts_open_idx on private.system_alerts (task) where resolved_at is null;
create index system_alerts_task_idx on private.system_alerts (task, id);
alter table private.system_alerts enable row level security;
revoke all on table private.system_alerts from public, anon, authenticated, service_role;

comment on table private.system_alerts is 'System tasks that failed: one row from the failure that raised the alert to the recovery. Written by engine.watch_tasks.';
comment on column private.system_alerts.id is 'UUIDv7.';
comment on column private.system_alerts.task is 'The task.';
comment on column private.system_alerts.failures is 'Failures in a row up to now, or up to the recovery.';
comment on column private.system_alerts.error is '{code, message} of the latest of them.';
comment on column private.system_alerts.opened_at is 'When the alert was raised.';
comment on column private.system_alerts.mail_job_id is 'The job that told the operators; null = no address is set (engine.configure).';
comment on column private.system_alerts.resolved_at is 'When the task had completed again; null = it has not.';
comment on column private.system_alerts.recovery_job_id is 'The job that told the operators of the recovery; null = it was not told.';
