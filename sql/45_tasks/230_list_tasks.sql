create function engine.list_tasks() returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'name', t.name, 'description', t.description, 'kind', t.kind, 'handler', t.handler,
    'cron', coalesce(t.custom_cron, t.cron), 'default_cron', t.cron, 'depends_on', to_jsonb(t.depends_on),
    'is_enabled', t.is_enabled, 'timeout_seconds', t.timeout_seconds, 'alert_after', t.alert_after,
    'state', case
      when h.name is not null then 'running'
      when o.job_id is not null then o.status
      when o.reason is not null then 'waiting'
      when o.id is not null then 'queued'
      when t.is_enabled then 'idle'
      else 'disabled'
    end,
    'reason', o.reason,
    'is_scheduled', t.name = any (s.scheduled),
    'last_run', case when l.id is not null then private.task_run_reply(l) end,
    'last_completed_at', (
      select max(r.finished_at) from private.system_task_runs r where r.name = t.name and r.status = 'completed'
    ),
    'failures', private.task_attempt(t.name) - 1,
    'alert', (
      select jsonb_build_object('opened_at', a.opened_at, 'failures', a.failures, 'error', a.error)
      from private.system_alerts a where a.task = t.name and a.resolved_at is null
    )
  ) order by t.name), '[]')
  from private.system_tasks t
  cross join (select private.scheduled_tasks() as scheduled) s
  left join private.system_task_runs o on o.name = t.name and o.finished_at is null
  left join lateral (
    select r.* from private.system_task_runs r where r.name = t.name order by r.id desc limit 1
  ) l on true
  left join (select distinct on (k.name) k.name from private.task_holders() k) h on h.name = t.name;
$$;

revoke all on function engine.list_tasks() from public, anon, authenticated, service_role;
grant execute on function engine.list_tasks() to service_role;
comment on function engine.list_tasks() is
  'All system tasks with where they stand: state is idle, disabled, queued, waiting (for the tasks it depends on) or running; last_run = the newest row of the history; failures = in a row; is_scheduled = pg_cron has a job for it.';
