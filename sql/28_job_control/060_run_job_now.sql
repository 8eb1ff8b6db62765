create function private.run_job_now(p_job_id uuid) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_job public.job_queue;
  v_now timestamptz := private.now();
begin
  select * into v_job from public.job_queue j where j.id = p_job_id for update;
  if not found then
    if private.find_job(p_job_id) is null then
      perform private.fail('not_found', 'No such job', 404);
    end if;
    perform private.fail('conflict', 'The job has begun or ended already', 409);
  elsif v_job.run_id is not null then
    perform private.fail('conflict', 'This is a step of a run', 409, jsonb_build_object('run_id', v_job.run_id));
  elsif v_job.status = 'blocked' then
    perform private.fail('conflict', 'The job waits for another one with its concurrency key to end', 409);
  end if;
  if v_job.scheduled_for > v_now then
    update public.job_queue j set status = 'available', scheduled_for = v_now where j.id = p_job_id;
    perform private.wake_if_idle(v_job.organization_id);
  end if;
  return private.find_job(p_job_id);
end;
$$;

revoke all on function private.run_job_now(uuid) from public, anon, authenticated, service_role;
comment on function private.run_job_now(uuid) is 'Makes a delayed job due. One that is due already stays as it is. Answers the job.';

create function public.run_job_now(p_job_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_permission((private.find_job(p_job_id) ->> 'organization_id')::uuid, 'runs:execute', 'job');
  return private.run_job_now(p_job_id);
end;
$$;

revoke all on function public.run_job_now(uuid) from public, anon, authenticated, service_role;
grant execute on function public.run_job_now(uuid) to authenticated;
comment on function public.run_job_now(uuid) is
  'Makes a delayed job, or one that waits to be tried again, due at once. 409 when it has begun, ended, or waits for a place under its concurrency key. Needs runs:execute. Answers the job.';

create function engine.run_job_now(p_job_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  return private.run_job_now(p_job_id);
end;
$$;

revoke all on function engine.run_job_now(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.run_job_now(uuid) to service_role;
comment on function engine.run_job_now(uuid) is 'public.run_job_now for operators.';
