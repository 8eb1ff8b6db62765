create function private.schedule_tasks() returns text[]
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_task private.system_tasks;
  v_name text;
  -- A session of its own each, so that nothing long keeps the clock of the runs waiting.
  v_names text[] := array['millrace-tick', 'millrace-task-watch', 'millrace-task-starts'];
begin
  if to_regprocedure('cron.schedule(text, text, text)') is null then
    return '{}';
  end if;
  perform private.keep_cron_job('millrace-tick', '10 seconds', 'select engine.tick()');
  perform private.keep_cron_job('millrace-task-watch', '20 seconds', 'select engine.watch_tasks()');
  -- The time-out of the task that it starts is the watch's to keep.
  perform private.keep_cron_job('millrace-task-starts', '10 seconds',
    'set local statement_timeout = 0; select engine.start_waiting_task()');
  for v_task in select * from private.system_tasks t where t.is_enabled order by t.name loop
    v_name := 'millrace-' || v_task.name;
    perform private.keep_cron_job(v_name, coalesce(v_task.custom_cron, v_task.cron), format(
      'set local statement_timeout = %L; select engine.run_task(%L)', v_task.timeout_seconds || 's', v_task.name
    ));
    v_names := v_names || v_name;
  end loop;
  -- All that is called millrace-… is ours: what went, or was switched off, goes.
  for v_name in
    select j.jobname from cron.job j
    where j.jobname like 'millrace-%' and j.jobname <> all (v_names)
      and j.username = current_user and j.database = current_database()
  loop
    perform cron.unschedule(v_name);
  end loop;
  return v_names;
end;
$$;

revoke all on function private.schedule_tasks() from public, anon, authenticated, service_role;
comment on function private.schedule_tasks() is
  'Brings the jobs of pg_cron in line with the tasks: the clock, the watch, and a job for each enabled task. Answers their names; none where pg_cron is missing. Seconds need pg_cron 1.5, older ones go by the minute.';
