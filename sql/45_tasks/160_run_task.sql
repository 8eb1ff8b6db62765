create function engine.run_task(p_name text, p_trigger text default 'cron') returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_task private.system_tasks;
  v_run private.system_task_runs;
  v_trigger text := p_trigger;
  v_waits text[];
  v_function regprocedure;
  v_result jsonb;
  v_state text;
  v_message text;
begin
  if coalesce(p_trigger, '') not in ('cron', 'manual', 'dependency', 'continued') then
    perform private.fail('invalid_request', 'A task is started by cron, manual, dependency or continued', 400);
  end if;
  select * into v_task from private.system_tasks t where t.name = p_name;
  if not found then
    perform private.fail('not_found', 'No such task', 404);
  end if;

  -- Nobody waits for somebody else's run: it is under way, that is all.
  if not private.try_lock_task(p_name) then
    return private.skip_task(p_name, p_trigger, 'overlap');
  end if;
  perform private.close_lost_runs(p_name);
  select * into v_run from private.system_task_runs r where r.name = p_name and r.finished_at is null;
  if v_run.job_id is not null then
    return private.skip_task(p_name, p_trigger, 'overlap');
  end if;
  -- It was asked for by hand, or goes on: then it is that, whoever comes first.
  if v_run.trigger in ('manual', 'continued') and v_trigger <> 'manual' then
    v_trigger := v_run.trigger;
  end if;
  if not v_task.is_enabled and v_trigger <> 'manual' then
    return private.skip_task(p_name, v_trigger, 'disabled', v_run.id);
  end if;

  -- A person's word counts more than the order of things, and what has begun goes on.
  v_waits := case when v_trigger in ('manual', 'continued') then '{}' else private.task_waits_for(p_name) end;
  if v_run.id is null then
    insert into private.system_task_runs (name, status, trigger, attempt)
    values (p_name, 'queued', v_trigger, private.task_attempt(p_name))
    returning * into v_run;
  end if;
  if v_waits <> '{}' then
    update private.system_task_runs r set reason = 'waits for ' || array_to_string(v_waits, ', ')
    where r.id = v_run.id returning * into v_run;
    return private.task_run_reply(v_run);
  end if;
  update private.system_task_runs r set
    trigger = v_trigger, attempt = private.task_attempt(p_name), reason = null,
    started_at = case v_task.kind when 'sql' then private.now() end
  where r.id = v_run.id returning * into v_run;

  begin
    if v_task.kind = 'job' then
      if to_regprocedure('private.enqueue_job(uuid, text, jsonb, jsonb)') is null then
        return private.skip_task(p_name, v_trigger, 'not_installed', v_run.id);
      end if;
      update private.system_task_runs r set job_id = private.enqueue_job(
        private.platform_id(), v_task.handler, jsonb_build_object('task', p_name, 'task_run_id', v_run.id),
        jsonb_build_object('unique_key', p_name, 'max_attempts', v_task.max_attempts)
      )
      where r.id = v_run.id returning * into v_run;
      return private.task_run_reply(v_run);
    end if;

    select p.oid into v_function from pg_catalog.pg_proc p
    where p.pronamespace = 'private'::regnamespace and p.proname = v_task.handler and p.pronargs = p.pronargdefaults
    limit 1;
    if v_function is null then
      return private.skip_task(p_name, v_trigger, 'not_installed', v_run.id);
    end if;
    execute format('select to_jsonb(private.%I())', v_task.handler) into v_result;
    if jsonb_typeof(v_result) <> 'object' then
      v_result := jsonb_build_object('rows', v_result);
    end if;
    if v_result ? 'skipped' then
      return private.skip_task(p_name, v_trigger, v_result ->> 'skipped', v_run.id);
    end if;
    perform private.end_task_run(v_run.id, 'completed', p_result => v_result);
    if v_result -> 'more' = 'true' then
      insert into private.system_task_runs (name, status, trigger) values (p_name, 'queued', 'continued');
    end if;
  exception
    when query_canceled then
      -- By statement_timeout, by the watch, or by a person.
      perform private.end_task_run(v_run.id, 'failed', p_error => case
        when clock_timestamp() - now() >= make_interval(secs => v_task.timeout_seconds * 0.99) then jsonb_build_object(
          'code', 'task_timeout', 'message', 'It had not ended after ' || v_task.timeout_seconds || ' seconds'
        )
        else jsonb_build_object('code', 'task_cancelled', 'message', 'Somebody cancelled it')
      end);
    when others or assert_failure then
      get stacked diagnostics v_state = returned_sqlstate, v_message = message_text;
      perform private.end_task_run(v_run.id, 'failed', p_error => case v_state
        when 'PGRST' then jsonb_build_object(
          'code', v_message::jsonb ->> 'code', 'message', v_message::jsonb ->> 'message'
        )
        else jsonb_build_object('code', v_state, 'message', left(v_message, 2000))
      end);
  end;
  select * into v_run from private.system_task_runs r where r.id = v_run.id;
  return private.task_run_reply(v_run);
end;
$$;

revoke all on function engine.run_task(text, text) from public, anon, authenticated, service_role;
grant execute on function engine.run_task(text, text) to service_role;
comment on function engine.run_task(text, text) is
  'Runs a system task, or enqueues its job, and answers the row of its history. Not while a run of it is under way (skipped: overlap), nor when it is disabled, nor before the tasks it depends on have completed (queued: start_waiting_task starts it then); p_trigger manual asks neither of the last two. Never raises for what the task does: that is in the history. In the SQL editor: select engine.run_task(''usage-hourly'', ''manual'').';
