create function private.task_waits_for(p_name text) returns text[]
language sql
stable
set search_path = ''
as $$
  select coalesce(array_agg(d.name order by d.name), '{}')
  from private.system_tasks t
  cross join lateral unnest(t.depends_on) as n (name)
  join private.system_tasks d on d.name = n.name and d.is_enabled
  where t.name = p_name
    and not exists (
      select 1 from private.system_task_runs r
      where r.name = d.name and r.status = 'completed' and r.finished_at > coalesce(
        (
          select max(o.started_at) from private.system_task_runs o
          where o.name = p_name and o.status = 'completed' and o.finished_at = (
            select max(l.finished_at) from private.system_task_runs l where l.name = p_name and l.status = 'completed'
          )
        ),
        '-infinity'
      )
    );
$$;

revoke all on function private.task_waits_for(text) from public, anon, authenticated, service_role;
comment on function private.task_waits_for(text) is
  'The enabled tasks that it depends on and that have not completed since its last completed run began; empty = it may run.';
