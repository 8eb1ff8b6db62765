create function private.stop_task_job(p_job_id uuid) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Not begun: it goes. With a worker: it is asked to stop, and whatever it still says comes too late for the history.
  if exists (select 1 from public.job_queue j where j.id = p_job_id) then
    perform private.end_queued_job(p_job_id, 'cancelled', '{"code": "task_timeout", "message": "Nobody began it in time"}');
  else
    insert into private.job_states as s (job_id, organization_id, cancel_requested_at)
    values (p_job_id, private.platform_id(), private.now())
    on conflict (job_id) do update set cancel_requested_at = coalesce(s.cancel_requested_at, excluded.cancel_requested_at);
  end if;
end;
$$;

revoke all on function private.stop_task_job(uuid) from public, anon, authenticated, service_role;
comment on function private.stop_task_job(uuid) is 'Takes a job of a task out of the queue, or has its worker told to stop.';
