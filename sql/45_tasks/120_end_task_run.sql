create function private.end_task_run(
  p_run_id uuid,
  p_status text,
  p_reason text default null,
  p_result jsonb default null,
  p_error jsonb default null,
  p_started_at timestamptz default null
) returns void
language sql
set search_path = ''
as $$
  update private.system_task_runs r set
    status = p_status,
    reason = p_reason,
    result = p_result,
    error = case when p_status = 'failed' then coalesce(p_error, '{"code": "internal", "message": "It failed without a word"}') end,
    started_at = coalesce(p_started_at, r.started_at),
    finished_at = private.now()
  where r.id = p_run_id and r.finished_at is null;
$$;

revoke all on function private.end_task_run(uuid, text, text, jsonb, jsonb, timestamptz) from public, anon, authenticated, service_role;
comment on function private.end_task_run(uuid, text, text, jsonb, jsonb, timestamptz) is
  'Closes a row of the history. It takes no other lock: workers that settle come here, too. What follows from it (alerts, tasks that waited) is done by the watch and by start_waiting_task.';
