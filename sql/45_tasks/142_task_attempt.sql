create function private.task_attempt(p_name text) returns smallint
language sql
stable
set search_path = ''
as $$
  select least(count(*) + 1, 32767)::smallint from private.system_task_runs r
  where r.name = p_name and r.status = 'failed' and r.finished_at > coalesce(
    (select max(o.finished_at) from private.system_task_runs o where o.name = p_name and o.status = 'completed'), '-infinity'
  );
$$;

revoke all on function private.task_attempt(text) from public, anon, authenticated, service_role;
comment on function private.task_attempt(text) is 'The number of the next attempt: 1 + the failures since the task last completed.';
