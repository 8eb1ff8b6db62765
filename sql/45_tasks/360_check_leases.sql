create function private.check_leases() returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_late timestamptz := private.now() - interval '1 minute';
  v_workers integer;
  v_tokens integer;
  v_jobs integer;
begin
  select count(*) into v_workers from private.workers w where w.expires_at < v_late;
  select count(*) into v_tokens from public.job_queue j
  where j.worker_id is not null and j.started_at < v_late
    and not exists (select 1 from private.workers w where w.id = j.worker_id);
  select count(*) into v_jobs from private.job_leases l
  where l.started_at < v_late and not exists (select 1 from private.workers w where w.id = l.worker_id);
  if v_workers + v_tokens + v_jobs > 0 then
    raise exception 'Leases that lapsed over a minute ago have not been given away: % workers, % tokens, % batches of jobs. Does the clock (engine.tick, job millrace-tick of pg_cron) run?',
      v_workers, v_tokens, v_jobs;
  end if;
  return jsonb_build_object('workers', (select count(*) from private.workers));
end;
$$;

revoke all on function private.check_leases() from public, anon, authenticated, service_role;
comment on function private.check_leases() is
  'The task leases: engine.tick gives away lapsed leases every ten seconds; this fails when one is left that lapsed over a minute ago. Answers {workers}: those that hold a lease.';
