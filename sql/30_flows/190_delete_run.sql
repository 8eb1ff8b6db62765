create function private.remove_run(p_run_id uuid) returns public.runs
language plpgsql
set search_path = ''
as $$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
begin
  if v_run.finished_at is null then
    perform private.fail('run_not_finished', 'Cancel the run before deleting it', 409);
  end if;
  delete from public.run_steps s where s.run_id = p_run_id;
  delete from public.runs r where r.id = p_run_id;
  return v_run;
end;
$$;

revoke all on function private.remove_run(uuid) from public, anon, authenticated, service_role;
comment on function private.remove_run(uuid) is
  'Deletes a run that has ended, with its steps, and gives what it was. Whoever calls it tells the audit log: the history of a run is the run itself, of one that is gone the log alone tells.';

create function public.delete_run(p_run_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run public.runs := private.remove_run(p_run_id);
begin
  perform private.audit(v_run.organization_id, 'run.deleted', 'run', p_run_id::text, jsonb_build_object(
    'flow_id', v_run.flow_id, 'status', v_run.status, 'trigger', v_run.trigger, 'created_at', v_run.created_at
  ));
end;
$$;

revoke all on function public.delete_run(uuid) from public, anon, authenticated, service_role;
grant execute on function public.delete_run(uuid) to authenticated;
comment on function public.delete_run(uuid) is 'Deletes a run that has ended, with its steps. Needs runs:execute.';
