create function private.lock_run(p_run_id uuid, p_permission text) returns public.runs
language plpgsql
set search_path = ''
as $$
declare
  v_run public.runs;
begin
  -- Asked before the lock: a stranger neither waits for who works on the run nor makes them wait.
  select r.organization_id into v_run.organization_id from public.runs r where r.id = p_run_id;
  perform private.require_permission(v_run.organization_id, p_permission, 'run');
  select * into v_run from public.runs r where r.id = p_run_id for update;
  if not found then
    perform private.fail('not_found', 'No such run', 404);
  end if;
  return v_run;
end;
$$;

revoke all on function private.lock_run(uuid, text) from public, anon, authenticated, service_role;
comment on function private.lock_run(uuid, text) is 'Locks a run of the caller: 404 when it is not theirs, 403 without the permission.';

create function public.cancel_run(p_run_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
begin
  if v_run.finished_at is not null and v_run.status <> 'cancelled' then
    perform private.fail('run_finished', format('The run has already %s', v_run.status), 409);
  end if;
  perform private.end_run(p_run_id, 'cancelled');
  select * into v_run from public.runs r where r.id = p_run_id;
  return to_jsonb(v_run);
end;
$$;

revoke all on function public.cancel_run(uuid) from public, anon, authenticated, service_role;
grant execute on function public.cancel_run(uuid) to authenticated;
comment on function public.cancel_run(uuid) is
  'Cancels a run: pending steps are dropped, a running step is fenced off. Again on a cancelled run: the same answer. 409 when it ended otherwise. Needs runs:execute.';
