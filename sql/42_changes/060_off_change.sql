create function engine.off_change(p_table regclass, p_flow_id uuid default null, p_name text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '5s'
as $$
declare
  v_id uuid;
  v_removed integer := 0;
begin
  for v_id in
    select c.id from private.change_triggers c
    where (p_flow_id is null or c.flow_id = p_flow_id) and (p_name is null or c.name = p_name)
      and exists (select 1 from private.change_tables() t where t.change_id = c.id and t.table_id = p_table)
  loop
    perform private.drop_change_triggers(v_id);
    v_removed := v_removed + 1;
  end loop;
  perform private.forget_lost_changes();
  return jsonb_build_object('removed', v_removed);
exception
  when lock_not_available then
    perform private.fail('conflict', format('%s is in use by a long transaction: try again', p_table), 409);
end;
$$;

revoke all on function engine.off_change(regclass, uuid, text) from public, anon, authenticated, service_role;
grant execute on function engine.off_change(regclass, uuid, text) to service_role;
comment on function engine.off_change(regclass, uuid, text) is
  'Changes of the table start the flow no more. p_flow_id null = no flow; p_name null = whatever its name. Answers {removed}: 0 when there was nothing, which is no error.';
