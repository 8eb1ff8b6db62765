create function private.try_lock_task(p_name text) returns boolean
language sql
set search_path = ''
as $$
  select pg_try_advisory_xact_lock(7318349, hashtext(p_name));
$$;

revoke all on function private.try_lock_task(text) from public, anon, authenticated, service_role;
comment on function private.try_lock_task(text) is
  'True = the task is ours until the end of the transaction. Nobody ever waits for this lock, so it can be part of no deadlock.';
