create function engine.start_waiting_task() returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run private.system_task_runs;
begin
  -- One at a time, each in a transaction of its own: the next call starts the next.
  for v_run in
    select * from private.system_task_runs r where r.finished_at is null and r.job_id is null order by r.id
  loop
    continue when v_run.trigger not in ('manual', 'continued') and private.task_waits_for(v_run.name) <> '{}'
      and exists (select 1 from private.system_tasks t where t.name = v_run.name and t.is_enabled);
    -- Under way in another session: what was asked for by hand waits for its turn.
    continue when not private.try_lock_task(v_run.name);
    return engine.run_task(v_run.name, case when v_run.trigger in ('manual', 'continued') then v_run.trigger else 'dependency' end);
  end loop;
  return null;
end;
$$;

revoke all on function engine.start_waiting_task() from public, anon, authenticated, service_role;
grant execute on function engine.start_waiting_task() to service_role;
comment on function engine.start_waiting_task() is
  'Starts the first task that was asked for by hand, has more to do, or whose last dependency has completed, and answers its row of the history; null = there is none. Every ten seconds by pg_cron.';
