create function engine.on_change(p_table regclass, p_flow_id uuid, p_options jsonb default '{}') returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '5s'
as $$
declare
  v_flow public.flows;
  v_kind "char";
  v_is_partition boolean;
  v_change private.change_triggers;
  v_operation text;
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null and f.current_version_id is not null;
  if not found then
    perform private.fail('not_found', 'No such flow', 404);
  end if;
  select c.relkind, c.relispartition into v_kind, v_is_partition from pg_catalog.pg_class c where c.oid = p_table;
  if not found then
    perform private.fail('not_found', 'No such table', 404);
  elsif private.is_own_table(p_table) then
    perform private.fail('invalid_request', format('%s belongs to Millrace or the platform: its changes can not start flows', p_table), 400);
  elsif v_kind not in ('r', 'p') then
    perform private.fail('invalid_request', format('%s is no table: name the table behind it', p_table), 400);
  elsif v_is_partition then
    perform private.fail('invalid_request', format('%s is a partition: name the table it is a part of', p_table), 400);
  end if;
  v_change := private.change_options(p_table, p_flow_id, coalesce(p_options, '{}'));

  -- The lock that making a trigger takes, taken first: so of two calls at once, the second finds what the first made.
  begin
    execute format('lock table %s in share row exclusive mode', p_table);
    perform private.forget_lost_changes();
    select c.id into v_change.id
    from private.change_triggers c
    where c.flow_id = p_flow_id and c.name = v_change.name and exists (
      select 1 from private.change_tables() t where t.change_id = c.id and t.table_id = p_table
    );
    v_change.id := coalesce(v_change.id, private.uuid_v7());
    insert into private.change_triggers as c (
      id, organization_id, flow_id, name, operations, columns, condition, excluded, claims, trigger_node, batch, max_runs,
      max_depth, required
    )
    values (
      v_change.id, v_flow.organization_id, p_flow_id, v_change.name, v_change.operations, v_change.columns,
      v_change.condition, v_change.excluded, v_change.claims, v_change.trigger_node, v_change.batch, v_change.max_runs,
      v_change.max_depth, v_change.required
    )
    on conflict (id) do update set
      operations = excluded.operations, columns = excluded.columns, condition = excluded.condition,
      excluded = excluded.excluded, claims = excluded.claims, trigger_node = excluded.trigger_node, batch = excluded.batch,
      max_runs = excluded.max_runs, max_depth = excluded.max_depth, required = excluded.required,
      updated_at = private.now();
    perform private.drop_change_triggers(v_change.id);
    foreach v_operation in array v_change.operations loop
      execute format(
        'create trigger %I after %s on %s %s for each statement execute function private.start_changed_flow(%L)',
        'millrace_' || v_operation || '_' || replace(v_change.id::text, '-', ''), v_operation, p_table,
        case v_operation
          when 'insert' then 'referencing new table as new_rows'
          when 'delete' then 'referencing old table as old_rows'
          else 'referencing old table as old_rows new table as new_rows'
        end,
        v_change.id
      );
    end loop;
  exception
    when insufficient_privilege then
      perform private.fail('forbidden', format('The owner of Millrace''s schema may not make triggers on %s', p_table), 403);
    when lock_not_available then
      perform private.fail('conflict', format('%s is in use by a long transaction: try again', p_table), 409);
  end;
  return (select to_jsonb(v) from engine.changes v where v.id = v_change.id);
end;
$$;

revoke all on function engine.on_change(regclass, uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.on_change(regclass, uuid, jsonb) to service_role;
comment on function engine.on_change(regclass, uuid, jsonb) is
  'Changes of a table start a flow, in the same transaction. Options: on [insert, update, delete]; columns [those an update has to change]; when {column: value or list of values}; exclude [columns the flow never sees]; claims [of the writer''s token to pass on]; batch = rows a run gets (1); max_runs = runs a statement starts at most (1000); max_depth = runs that may stand above (10); required = a change that can not start its run is refused (false); trigger_node; name = tells several for the same table and flow apart (default). Again with the same table, flow and name: the options are replaced. Answers the row of engine.changes.';
