create function private.close_lost_runs(p_name text default null) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_run record;
  v_lease record;
  v_past record;
  v_closed integer := 0;
begin
  -- Whoever holds a row is closing it: a worker that settles its job, or another session here.
  for v_run in
    select r.id, r.name, r.status, r.job_id, r.created_at, t.timeout_seconds
    from private.system_task_runs r
    join private.system_tasks t on t.name = r.name
    where r.finished_at is null and r.job_id is not null and (p_name is null or r.name = p_name)
    order by r.id
    for update of r skip locked
  loop
    -- Its end was not told, for somebody else held the row.
    select h.status, h.error into v_past from public.job_history h where h.id = v_run.job_id;
    if found then
      perform private.task_ended(jsonb_build_object('job', v_run.job_id), v_past.status, v_past.error);
      v_closed := v_closed + 1;
      continue;
    end if;
    if v_run.created_at + make_interval(secs => v_run.timeout_seconds) < v_now then
      -- In this order: the end of the job finds its run closed.
      perform private.end_task_run(v_run.id, 'failed', p_error => jsonb_build_object(
        'code', 'task_timeout', 'message', 'It had not ended after ' || v_run.timeout_seconds || ' seconds'
      ));
      perform private.stop_task_job(v_run.job_id);
      v_closed := v_closed + 1;
      continue;
    end if;
    -- A worker that was lost is none of our business while its job lives: engine.tick puts that back.
    select l.started_at into v_lease from private.job_leases l
    where v_run.job_id = any (l.job_ids) limit 1;
    if found then
      update private.system_task_runs r set status = 'running', started_at = v_lease.started_at
      where r.id = v_run.id and r.status = 'queued';
    elsif not exists (select 1 from public.job_queue j where j.id = v_run.job_id) then
      perform private.end_task_run(v_run.id, 'failed', p_error => jsonb_build_object(
        'code', 'job_lost', 'message', 'Its job is neither waiting, nor with a worker, nor in the history'
      ));
      v_closed := v_closed + 1;
    end if;
  end loop;
  return v_closed;
end;
$$;

revoke all on function private.close_lost_runs(text) from public, anon, authenticated, service_role;
comment on function private.close_lost_runs(text) is
  'Closes runs of a task (null = of all) whose job ended unnoticed, is past the task''s time-out or is gone; notes which ones a worker has begun. Answers how many it closed.';
