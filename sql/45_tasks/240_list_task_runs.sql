create function engine.list_task_runs(p_name text, p_limit integer default 51, p_before uuid default null) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if not exists (select 1 from private.system_tasks t where t.name = p_name) then
    perform private.fail('not_found', 'No such task', 404);
  end if;
  return (
    select coalesce(jsonb_agg(private.task_run_reply(r) order by r.id desc), '[]')
    from (
      select * from private.system_task_runs o
      where o.name = p_name and (p_before is null or o.id < p_before)
      order by o.id desc limit least(greatest(p_limit, 1), 101)
    ) r
  );
end;
$$;

revoke all on function engine.list_task_runs(text, integer, uuid) from public, anon, authenticated, service_role;
grant execute on function engine.list_task_runs(text, integer, uuid) to service_role;
comment on function engine.list_task_runs(text, integer, uuid) is
  'The history of a task, newest first; p_before = only runs older than this one.';
