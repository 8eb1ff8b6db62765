create function private.work_bulk_operations(p_runs integer default 200, p_seconds double precision default 2) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_operation public.bulk_operations;
begin
  -- One operation a tick, those in line taking turns.
  select * into v_operation from public.bulk_operations b
  where b.finished_at is null
  order by b.worked_at nulls first, b.id limit 1
  for update skip locked;
  if not found then
    return 0;
  end if;
  return private.work_bulk_operation(v_operation, p_runs, p_seconds);
end;
$$;

revoke all on function private.work_bulk_operations(integer, double precision) from public, anon, authenticated, service_role;
comment on function private.work_bulk_operations(integer, double precision) is
  'Part of engine.tick: one batch of one bulk operation, whatever became of its job. Answers how many runs it looked at.';
