create function public.cancel_bulk_operation(p_operation_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
  v_action text;
  v_operation public.bulk_operations;
begin
  select b.organization_id, b.action into v_organization_id, v_action from public.bulk_operations b where b.id = p_operation_id;
  perform private.require_permission(v_organization_id, private.bulk_permission(v_action), 'operation');
  update public.bulk_operations b set status = 'cancelled', finished_at = private.now(), busy = '{}'
  where b.id = p_operation_id and b.finished_at is null;
  select * into v_operation from public.bulk_operations b where b.id = p_operation_id;
  if v_operation.status <> 'cancelled' then
    perform private.fail('conflict', format('The operation has already %s', v_operation.status), 409);
  end if;
  return private.bulk_reply(v_operation);
end;
$$;

revoke all on function public.cancel_bulk_operation(uuid) from public, anon, authenticated, service_role;
grant execute on function public.cancel_bulk_operation(uuid) to authenticated;
comment on function public.cancel_bulk_operation(uuid) is
  'Stops a bulk operation: what it has done stays done. Again on a cancelled one: the same answer; 409 when it ended otherwise. Needs runs:execute, or webhooks:write for replay_events.';
