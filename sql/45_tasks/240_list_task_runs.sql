create function engine.list_task_runs(
  p_name text,
  p_limit integer default 51,
  p_after uuid default null,
  p_ascending boolean default false,
  p_status text[] default null,
  p_trigger text[] default null
) returns jsonb
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
    select coalesce(jsonb_agg(private.task_run_reply(r) order by case when p_ascending then r.id end, r.id desc), '[]')
    from (
      select * from private.system_task_runs o
      where o.name = p_name
        and (p_after is null or case when p_ascending then o.id > p_after else o.id < p_after end)
        and (p_status is null or o.status::text = any (p_status))
        and (p_trigger is null or o.trigger::text = any (p_trigger))
      order by case when p_ascending then o.id end, o.id desc limit least(greatest(p_limit, 1), 101)
    ) r
  );
end;
$$;

revoke all on function engine.list_task_runs(text, integer, uuid, boolean, text[], text[]) from public, anon, authenticated, service_role;
grant execute on function engine.list_task_runs(text, integer, uuid, boolean, text[], text[]) to service_role;
comment on function engine.list_task_runs(text, integer, uuid, boolean, text[], text[]) is
  'The history of a task, newest first (p_ascending = oldest first), after the run p_after; only those with one of these states and triggers.';
