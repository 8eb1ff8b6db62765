create function private.change_tables()
returns table (change_id uuid, table_id oid, trigger_name name, is_enabled boolean)
language sql
stable
set search_path = ''
as $$
  select (split_part(encode(t.tgargs, 'escape'), '\000', 1))::uuid, t.tgrelid, t.tgname, t.tgenabled <> 'D'
  from pg_catalog.pg_trigger t
  where t.tgfoid = 'private.start_changed_flow()'::regprocedure and not t.tgisinternal;
$$;

revoke all on function private.change_tables() from public, anon, authenticated, service_role;
grant execute on function private.change_tables() to service_role;
comment on function private.change_tables() is
  'The triggers that engine.on_change made, as the catalog knows them: the row of private.change_triggers that each names, its table, whatever that is called by now, and whether it is switched on.';

create function private.drop_change_triggers(p_change_id uuid) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_trigger record;
begin
  for v_trigger in select t.* from private.change_tables() t where t.change_id = p_change_id loop
    execute format('drop trigger %I on %s', v_trigger.trigger_name, v_trigger.table_id::regclass);
  end loop;
end;
$$;

revoke all on function private.drop_change_triggers(uuid) from public, anon, authenticated, service_role;
comment on function private.drop_change_triggers(uuid) is 'Takes the triggers of a row of private.change_triggers off its table.';

create function private.forget_lost_changes() returns void
language sql
set search_path = ''
as $$
  with lost as (
    delete from private.change_triggers c
    where not exists (select 1 from private.change_tables() t where t.change_id = c.id)
    returning c.id
  )
  delete from private.change_skips s using lost l where s.change_id = l.id;
$$;

revoke all on function private.forget_lost_changes() from public, anon, authenticated, service_role;
comment on function private.forget_lost_changes() is 'Forgets what was made for tables that are gone.';
