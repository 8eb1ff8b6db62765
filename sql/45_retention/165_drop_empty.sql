create function private.drop_empty(p_kind text, p_week date) returns boolean
language plpgsql
set search_path = ''
set lock_timeout = '200ms'
as $$
declare
  v_table record;
  v_name text;
  v_is_empty boolean;
  v_dropped boolean := false;
begin
  for v_table in select * from private.retained_tables(p_kind) loop
    v_name := private.partition_name(v_table.parent, p_week);
    continue when to_regclass('public.' || v_name) is null;
    execute format('select not exists (select 1 from public.%I)', v_name) into v_is_empty;
    if not v_is_empty then
      return v_dropped;
    end if;
    execute format('lock table only public.%I in access exclusive mode', v_table.parent);
    execute format('select not exists (select 1 from public.%I)', v_name) into v_is_empty;
    if v_is_empty then
      execute format('drop table public.%I', v_name);
      v_dropped := true;
    end if;
  end loop;
  return v_dropped;
end;
$$;

revoke all on function private.drop_empty(text, date) from public, anon, authenticated, service_role;
comment on function private.drop_empty(text, date) is
  'Drops the partitions of a week in which there is nothing. Raises lock_not_available when somebody is in the way for longer than 0.2 s.';
