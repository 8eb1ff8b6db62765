create table private.system_tasks (
  name text primary key check (name ~ '^[a-z][a-z0-9-]{0,39}$'),
  description text not null,
  kind text not null check (kind in ('sql', 'job')),
  handler text not null,
  cron text not null,
  depends_on text[] not null default '{}',
  timeout_seconds integer not null default 60 check (timeout_seconds between 1 and 21600),
  max_attempts smallint not null default 3 check (max_attempts between 1 and 20),
  alert_after smallint not null default 1 check (alert_after between 1 and 100),
  custom_cron text,
  is_enabled boolean not null default true,
  updated_at timestamptz,
  constraint handler_is_a_name check (
    case kind when 'sql' then handler ~ '^[a-z][a-z0-9_]{0,62}$' else handler ~ '^[a-z][a-z0-9_.]{0,99}$' end
  ),
  constraint waits_not_for_itself check (name <> all (depends_on))
);
create trigger audit after update of custom_cron, is_enabled on private.system_tasks
  for each row execute function private.audit_row('', 'name', '', 'task');
alter table private.system_tasks enable row level security;
revoke all on table private.system_tasks from public, anon, authenticated, service_role;

comment on table private.system_tasks is
  'What the platform does by the clock for itself. Rows come with the migrations; operators change when, and whether, a task runs. engine.configure schedules them with pg_cron.';
comment on column private.system_tasks.name is 'What it is called; its job of pg_cron is millrace-<name>.';
comment on column private.system_tasks.description is 'What it does, for operators.';
comment on column private.system_tasks.kind is 'sql = a function of schema private, run in the call itself; job = a background job for a worker.';
comment on column private.system_tasks.handler is 'The function, which takes no argument and answers a number of rows, nothing, or an object: {skipped: why} = there was nothing to do, {more: true} = it is to be called again soon; or the type of the job.';
comment on column private.system_tasks.cron is 'When it is due, in GMT, unless an operator says otherwise.';
comment on column private.system_tasks.depends_on is 'Tasks that must have completed since this one last began what it completed.';
comment on column private.system_tasks.timeout_seconds is 'How long a run may take; then it is cancelled and has failed.';
comment on column private.system_tasks.max_attempts is 'For a job: how often a worker tries before the run has failed.';
comment on column private.system_tasks.alert_after is 'An alert is raised after so many failures in a row.';
comment on column private.system_tasks.custom_cron is 'When it is due by an operator''s wish; null = as cron says.';
comment on column private.system_tasks.is_enabled is 'False = it runs only when somebody starts it by hand, and no other task waits for it.';
comment on column private.system_tasks.updated_at is 'When an operator last changed it; null = never.';
