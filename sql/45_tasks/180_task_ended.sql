create function private.task_ended(p_job jsonb, p_status text, p_error jsonb) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid := coalesce(p_job ->> 'job', p_job ->> 'id');
  v_run_id uuid;
  v_result jsonb;
  v_started_at timestamptz;
begin
  select h.result, h.started_at into v_result, v_started_at from public.job_history h where h.id = v_job_id;
  -- It never waits: whoever holds the row is closing it, and looks into the history of jobs first.
  select r.id into v_run_id from private.system_task_runs r
  where r.job_id = v_job_id and r.finished_at is null for update skip locked;
  if found then
    perform private.end_task_run(
      v_run_id,
      case when p_status = 'cancelled' or v_result ? 'skipped' then 'skipped'
        when p_status = 'completed' then 'completed' else 'failed' end,
      case when p_status = 'cancelled' then 'job_cancelled' else v_result ->> 'skipped' end,
      v_result, nullif(p_error, 'null'), v_started_at
    );
    return;
  end if;
  -- A dead letter that was replayed with success: the task has completed after all.
  insert into private.system_task_runs (name, status, trigger, job_id, attempt, result, started_at, finished_at)
  select t.name, 'completed', 'manual', v_job_id, private.task_attempt(t.name), v_result,
    coalesce(v_started_at, private.now()), private.now()
  from private.system_tasks t
  where p_status = 'completed' and t.name = p_job ->> 'unique_key' and t.kind = 'job' and t.handler = p_job ->> 'type'
    and not exists (select 1 from private.system_task_runs r where r.name = t.name and r.job_id = v_job_id);
end;
$$;

revoke all on function private.task_ended(jsonb, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.task_ended(jsonb, text, jsonb) is
  'Told when a job of the platform has ended: closes the run of the task that it belongs to. p_job = {job, type, unique_key}; p_status = completed, dead, cancelled or expired. A result {skipped: why} says that there was nothing to do.';
