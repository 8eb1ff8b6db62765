create function engine.release_worker(p_worker_id uuid, p_wake_successor boolean default false) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_freed integer;
  v_more boolean;
begin
  delete from private.workers w where w.id = p_worker_id;
  -- What is given back was not lost: it does not count towards max_attempts.
  update public.job_queue j
  set status = 'available', worker_id = null, started_at = null, resume = true, attempts = greatest(j.attempts - 1, 0)
  from (select o.id from public.job_queue o where o.worker_id = p_worker_id order by o.id for update) l
  where j.id = l.id;
  get diagnostics v_freed = row_count;

  -- Asked after the row is gone: whoever enqueued before saw a live worker and woke nobody.
  v_more := exists (
    select 1 from public.job_queue j
    where j.status = 'available' and j.scheduled_for <= private.now()
  );
  if v_more and p_wake_successor then
    perform private.wake_workers(1);
  end if;
  return jsonb_build_object('freed', v_freed, 'more', v_more);
end;
$$;

revoke all on function engine.release_worker(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function engine.release_worker(uuid, boolean) to service_role;
comment on function engine.release_worker(uuid, boolean) is
  'A worker goes: its jobs become available again. Answers freed (jobs given back) and more (true = there is work that nobody may have been woken for); p_wake_successor wakes another worker for it.';
