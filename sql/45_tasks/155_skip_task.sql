create function private.skip_task(p_name text, p_trigger text, p_reason text, p_run_id uuid default null) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_run private.system_task_runs;
begin
  if p_run_id is not null then
    perform private.end_task_run(p_run_id, 'skipped', p_reason);
    select * into v_run from private.system_task_runs r where r.id = p_run_id;
  else
    insert into private.system_task_runs (name, status, trigger, reason, finished_at)
    values (p_name, 'skipped', p_trigger, p_reason, private.now())
    returning * into v_run;
  end if;
  return private.task_run_reply(v_run);
end;
$$;

revoke all on function private.skip_task(text, text, text, uuid) from public, anon, authenticated, service_role;
comment on function private.skip_task(text, text, text, uuid) is
  'Notes in the history that a run was skipped: overlap, disabled, not_installed, or what the handler said. p_run_id = its row, null = there is none yet.';
