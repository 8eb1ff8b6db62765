create function private.begin_rewrite(p_kind text, p_week date) returns boolean
language plpgsql
set search_path = ''
-- The triggers need the partition without writers for a moment, and whoever waits for that makes everybody wait behind.
set lock_timeout = '200ms'
as $$
declare
  v_range record;
  v_table record;
  v_old text;
  v_copy text;
begin
  if not private.note_expired(p_kind, p_week) then
    return false;
  end if;

  select * into v_range from private.week_range(p_week);
  for v_table in select * from private.retained_tables(p_kind) loop
    v_old := private.partition_name(v_table.parent, p_week);
    v_copy := 'keep_' || v_old;
    execute format('drop table if exists private.%I', v_copy);
    execute format(
      'create table private.%I (like public.%I including defaults including constraints including storage including compression)',
      v_copy, v_table.parent
    );
    -- Says that no row of it is of another week, so that nobody has to look when it takes its place.
    execute format('alter table private.%I add constraint is_of_its_week check (%I >= %L and %I < %L)',
      v_copy, v_table.key, v_range.low, v_table.key, v_range.high);
    execute format('alter table private.%I enable row level security', v_copy);
    execute format('revoke all on table private.%I from public, anon, authenticated, service_role', v_copy);
    execute format('comment on table private.%I is %L', v_copy, 'A week of ' || v_table.parent || '.');
    execute format('drop trigger if exists note_change on public.%I', v_old);
    -- Commits with this transaction, before the first row is copied: what is written from then on is copied once more.
    execute format(
      'create trigger note_change after insert or update or delete on public.%I for each row
         execute function private.note_partition_change(%L, %L, %L)', v_old, p_kind, p_week, v_table.key
    );
  end loop;
  delete from private.partition_changes c where c.kind = p_kind and c.week = p_week;
  update private.partition_rewrites r set
    phase = 'copying', position = '00000000-0000-0000-0000-000000000000', copied = 0,
    began_at = private.now(), tries = 0, error = null
  where r.kind = p_kind and r.week = p_week;
  return true;
end;
$$;

revoke all on function private.begin_rewrite(text, date) from public, anon, authenticated, service_role;
comment on function private.begin_rewrite(text, date) is
  'Begins to rewrite the partitions of a week, if something of it has expired: decides what, makes the empty copies, and has all further writes noted. The copying has to wait for the commit. Raises lock_not_available when somebody writes to the week for longer than 0.2 s.';
