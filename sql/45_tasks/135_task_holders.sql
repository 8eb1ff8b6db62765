create function private.task_holders() returns table (name text, pid integer, since timestamptz)
language sql
stable
security definer
set search_path = ''
as $$
  select t.name, l.pid, a.xact_start
  from pg_catalog.pg_locks l
  join private.system_tasks t on hashtext(t.name)::bit(32) = l.objid::bigint::bit(32)
  left join pg_catalog.pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.classid = 7318349 and l.objsubid = 2 and l.granted and l.pid <> pg_backend_pid()
    and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database());
$$;

revoke all on function private.task_holders() from public, anon, authenticated, service_role;
comment on function private.task_holders() is
  'Tasks that other sessions run in this moment: the session, and since when (null = it may not be seen).';
