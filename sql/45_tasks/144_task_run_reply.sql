create function private.task_run_reply(p_run private.system_task_runs) returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'id', p_run.id, 'name', p_run.name, 'status', p_run.status, 'trigger', p_run.trigger, 'reason', p_run.reason,
    'attempt', p_run.attempt, 'job_id', p_run.job_id, 'result', p_run.result, 'error', p_run.error,
    'created_at', p_run.created_at, 'started_at', p_run.started_at, 'finished_at', p_run.finished_at
  );
$$;

revoke all on function private.task_run_reply(private.system_task_runs) from public, anon, authenticated, service_role;
comment on function private.task_run_reply(private.system_task_runs) is 'A row of the history as the API shows it.';
