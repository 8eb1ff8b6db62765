create function engine.work_bulk_operation(p_operation_id uuid, p_runs integer default 200, p_seconds double precision default 2)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_operation public.bulk_operations;
  v_worked integer := 0;
begin
  select * into v_operation from public.bulk_operations b where b.id = p_operation_id for update skip locked;
  if found and v_operation.finished_at is null then
    v_worked := private.work_bulk_operation(v_operation, least(greatest(p_runs, 1), 1000), least(greatest(p_seconds, 0), 5));
  end if;
  select * into v_operation from public.bulk_operations b where b.id = p_operation_id;
  if not found then
    return null;
  end if;
  return jsonb_build_object(
    'status', v_operation.status, 'total', v_operation.total, 'done', v_operation.done, 'failed', v_operation.failed,
    'worked', v_worked
  );
end;
$$;

revoke all on function engine.work_bulk_operation(uuid, integer, double precision) from public, anon, authenticated, service_role;
grant execute on function engine.work_bulk_operation(uuid, integer, double precision) to service_role;
comment on function engine.work_bulk_operation(uuid, integer, double precision) is
  'One batch of a bulk operation: what its job runs.bulk calls until status is not queued or running any more. Answers {status, total, done, failed, worked}; worked 0 = somebody else is at it, or at the limits of its organization: try again soon. Null = there is no such operation.';
