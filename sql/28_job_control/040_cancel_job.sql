create function private.cancel_job(p_job_id uuid) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_queued public.job_queue;
  v_job jsonb;
begin
  -- A job may go from the queue to a worker and back between two looks.
  for v_try in 1..5 loop
    select * into v_queued from public.job_queue j where j.id = p_job_id for update;
    if found then
      if v_queued.run_id is not null then
        perform private.fail('conflict', 'This is a step of a run: cancel the run', 409, jsonb_build_object('run_id', v_queued.run_id));
      end if;
      perform private.end_queued_job(p_job_id, 'cancelled');
      return private.find_job(p_job_id);
    end if;
    insert into private.job_states as s (job_id, organization_id, cancel_requested_at, updated_at)
    select l.id, l.organization_id, private.now(), private.now() from private.leased_jobs() l where l.id = p_job_id
    on conflict (job_id) do update set
      cancel_requested_at = coalesce(s.cancel_requested_at, excluded.cancel_requested_at), updated_at = excluded.updated_at;
    v_job := private.find_job(p_job_id);
    exit when v_job is null or v_job ->> 'status' = any ('{running,completed,dead,cancelled,expired}'::text[]);
  end loop;
  if v_job is null then
    perform private.fail('not_found', 'No such job', 404);
  elsif v_job ->> 'status' = any ('{completed,dead,expired}'::text[]) then
    perform private.fail('conflict', format('The job has ended already: it is %s', v_job ->> 'status'), 409);
  end if;
  return v_job;
end;
$$;

revoke all on function private.cancel_job(uuid) from public, anon, authenticated, service_role;
comment on function private.cancel_job(uuid) is
  'Cancels a job: at once when no worker has it; one that a worker has is asked to stop. Again on a cancelled one: the same answer. Answers the job.';

create function public.cancel_job(p_job_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_permission((private.find_job(p_job_id) ->> 'organization_id')::uuid, 'runs:execute', 'job');
  return private.cancel_job(p_job_id);
end;
$$;

revoke all on function public.cancel_job(uuid) from public, anon, authenticated, service_role;
grant execute on function public.cancel_job(uuid) to authenticated;
comment on function public.cancel_job(uuid) is
  'Cancels a job: at once when no worker has it; one that a worker has is asked to stop (cancel_requested_at) and ends as its handler lets it. 409 for a step of a run and for what has ended otherwise. Needs runs:execute. Answers the job.';

create function engine.cancel_job(p_job_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  return private.cancel_job(p_job_id);
end;
$$;

revoke all on function engine.cancel_job(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.cancel_job(uuid) to service_role;
comment on function engine.cancel_job(uuid) is 'public.cancel_job for operators.';
