create function private.try_end_run(p_run_id uuid, p_status text, p_error jsonb default null) returns boolean
language plpgsql
set search_path = ''
set lock_timeout = '200ms'
as $$
begin
  if not private.try_lock_run(p_run_id) then
    return false;
  end if;
  return private.end_run(p_run_id, p_status, null, p_error);
exception when others then
  -- One run that can not be ended must not stop the clock of all. Nothing of the attempt is left, its locks neither.
  raise warning 'Cannot end run % as %: %', p_run_id, p_status, sqlerrm;
  return false;
end;
$$;

revoke all on function private.try_end_run(uuid, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.try_end_run(uuid, text, jsonb) is
  'Part of engine.tick: ends a run unless somebody is at it, or has ended it, or it can not be. Waits for a place under a limit for 0.2 s at the most. Never fails: false = it did not end.';
