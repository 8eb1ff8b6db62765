create function private.prune_cron_history() returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_cron integer := 0;
  v_tasks integer;
  v_digests integer;
begin
  if to_regclass('cron.job_run_details') is not null then
    delete from cron.job_run_details d where d.start_time < private.now() - interval '3 days';
    get diagnostics v_cron = row_count;
  end if;
  delete from private.system_task_runs r
  where r.finished_at < private.now() - interval '90 days'
    and r.id <> coalesce((
      select o.id from private.system_task_runs o
      where o.name = r.name and o.status = 'completed' order by o.finished_at desc limit 1
    ), '00000000-0000-0000-0000-000000000000');
  get diagnostics v_tasks = row_count;
  delete from private.system_alerts a where a.resolved_at < private.now() - interval '90 days';
  delete from private.digests d where d.day < (private.now() - interval '90 days')::date;
  get diagnostics v_digests = row_count;
  return jsonb_build_object('cron', v_cron, 'task_runs', v_tasks, 'digests', v_digests);
end;
$$;

revoke all on function private.prune_cron_history() from public, anon, authenticated, service_role;
comment on function private.prune_cron_history() is
  'The task cron-history: pg_cron never forgets what it ran, every ten seconds for the clock: that goes after 3 days; histories of tasks, alerts and digests after 90. Answers {cron, task_runs, digests}.';
