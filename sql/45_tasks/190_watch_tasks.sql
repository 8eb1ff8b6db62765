create function engine.watch_tasks() returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_stopped integer := 0;
  v_closed integer;
  v_holder record;
  v_alerts jsonb;
begin
  if not pg_try_advisory_xact_lock(hashtext('millrace.task_watch')) then
    return '{"skipped": true}';
  end if;
  -- Runs in other sessions past their time-out. They note it themselves: engine.run_task catches the cancellation.
  for v_holder in
    select h.pid from private.task_holders() h
    join private.system_tasks t on t.name = h.name
    where h.since + make_interval(secs => t.timeout_seconds) < clock_timestamp()
  loop
    begin
      v_stopped := v_stopped + pg_cancel_backend(v_holder.pid)::integer;
    exception when insufficient_privilege then
      raise warning 'Cannot cancel a task that is past its time-out: its session belongs to another role';
    end;
  end loop;
  v_closed := private.close_lost_runs();
  v_alerts := private.raise_alerts();
  return jsonb_build_object('stopped', v_stopped, 'closed', v_closed) || v_alerts;
end;
$$;

revoke all on function engine.watch_tasks() from public, anon, authenticated, service_role;
grant execute on function engine.watch_tasks() to service_role;
comment on function engine.watch_tasks() is
  'Looks after the system tasks, every twenty seconds by pg_cron: cancels what is past its time-out, closes runs whose job is gone, raises and resolves alerts. Answers {stopped, closed, raised, resolved}.';
