create function public.pause_run(p_run_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
begin
  if v_run.finished_at is not null then
    perform private.fail('run_finished', format('The run has already %s', v_run.status), 409);
  end if;
  if v_run.status = 'compensating' then
    perform private.fail('conflict', 'The run is undoing what it did, which can not be paused', 409);
  end if;
  if v_run.status <> 'paused' then
    update public.runs r set status = 'paused' where r.id = p_run_id returning * into v_run;
    perform 1 from (
      select j.id from public.job_queue j where j.run_id = p_run_id order by j.id for update
    ) l;
    update public.job_queue j set
      status = case when j.status = 'available' then 'paused' else j.status end,
      pausing = j.status = 'running'
    where j.run_id = p_run_id and j.status in ('available', 'running');
  end if;
  return to_jsonb(v_run);
end;
$$;

revoke all on function public.pause_run(uuid) from public, anon, authenticated, service_role;
grant execute on function public.pause_run(uuid) to authenticated;
comment on function public.pause_run(uuid) is
  'Pauses a run: steps that are running end, nothing new begins until resume_run. Its time-out goes on. Again on a paused run: the same answer. Needs runs:execute.';

create function public.resume_run(p_run_id uuid, p_wake boolean default true) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
begin
  if v_run.finished_at is not null then
    perform private.fail('run_finished', format('The run has already %s', v_run.status), 409);
  end if;
  if v_run.status = 'paused' then
    update public.runs r set status = case when r.started_at is null then 'queued' else 'running' end
    where r.id = p_run_id returning * into v_run;
    perform 1 from (
      select j.id from public.job_queue j where j.run_id = p_run_id order by j.id for update
    ) l;
    update public.job_queue j set
      pausing = false,
      status = case
        when j.status <> 'paused' then j.status
        when j.payload ? 'wait' and not j.payload ? 'resolved' and j.scheduled_for > private.now() then 'waiting'
        else 'available'
      end
    where j.run_id = p_run_id and (j.status = 'paused' or j.pausing);
    if p_wake then
      perform private.wake_if_idle(v_run.organization_id);
    end if;
  end if;
  return to_jsonb(v_run);
end;
$$;

revoke all on function public.resume_run(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function public.resume_run(uuid, boolean) to authenticated;
comment on function public.resume_run(uuid, boolean) is
  'Lets a paused run go on where it stands. Again on a run that is not paused: the same answer. Needs runs:execute.';
