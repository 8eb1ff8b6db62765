create function engine.request_task(p_name text, p_idempotency_key text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run private.system_task_runs;
  v_reply jsonb;
begin
  if not exists (select 1 from private.system_tasks t where t.name = p_name) then
    perform private.fail('not_found', 'No such task', 404);
  end if;
  v_reply := private.idempotent_reply(private.platform_id(), 'request_task', p_idempotency_key, to_jsonb(p_name));
  if v_reply is not null then
    return v_reply;
  end if;
  if not private.try_lock_task(p_name) then
    perform private.fail('conflict', 'A run of this task is under way', 409);
  end if;
  perform private.close_lost_runs(p_name);
  select * into v_run from private.system_task_runs r where r.name = p_name and r.finished_at is null;
  if v_run.job_id is not null then
    perform private.fail('conflict', 'A run of this task is under way', 409);
  end if;
  if v_run.id is not null then
    -- It waited for others: now it need not.
    update private.system_task_runs r set trigger = 'manual', reason = null where r.id = v_run.id returning * into v_run;
  else
    insert into private.system_task_runs (name, status, trigger, attempt)
    values (p_name, 'queued', 'manual', private.task_attempt(p_name))
    returning * into v_run;
  end if;
  perform private.audit(null, 'task.requested', 'task', p_name);
  return private.keep_reply(
    private.platform_id(), 'request_task', p_idempotency_key, private.task_run_reply(v_run)
  );
end;
$$;

revoke all on function engine.request_task(text, text) from public, anon, authenticated, service_role;
grant execute on function engine.request_task(text, text) to service_role;
comment on function engine.request_task(text, text) is
  'Asks for a run of a task by hand, whether it is due, enabled, or waits for others: start_waiting_task begins it within ten seconds, in a session that may take its time. 409 conflict while a run is under way. Answers the row of the history.';
