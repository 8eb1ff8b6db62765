create function private.copy_changes(p_kind text, p_week date, p_limit integer) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_ids uuid[];
  v_table record;
begin
  -- First forgotten, then read: what is written in between is noted anew.
  with taken as (
    delete from private.partition_changes c where c.ctid in (
      select o.ctid from private.partition_changes o where o.kind = p_kind and o.week = p_week limit p_limit
    ) returning c.id
  )
  select array_agg(distinct t.id) into v_ids from taken t;
  if v_ids is null then
    return 0;
  end if;
  for v_table in select * from private.retained_tables(p_kind) loop
    execute format('delete from private.%I t where t.%I = any ($1)', 'keep_' || private.partition_name(v_table.parent, p_week), v_table.key)
      using v_ids;
  end loop;
  perform private.copy_runs(p_kind, p_week, v_ids);
  return cardinality(v_ids);
end;
$$;

revoke all on function private.copy_changes(text, date, integer) from public, anon, authenticated, service_role;
comment on function private.copy_changes(text, date, integer) is
  'Copies once more what was written since it was copied, as it is now: up to p_limit notes. Answers how many runs or jobs.';

create function private.swap_partition(p_kind text, p_week date, p_until timestamptz) returns boolean
language plpgsql
set search_path = ''
-- The tables are needed without anybody for some milliseconds. It gives up soon, long before Postgres would look for a
-- deadlock (deadlock_timeout, 1 s); the next call tries again.
set lock_timeout = '200ms'
as $$
declare
  v_range record;
  v_tables text;
  v_table record;
  v_index record;
  v_name text;
  v_empty boolean;
begin
  -- What has been noted so far, while nobody has to wait for it.
  while private.copy_changes(p_kind, p_week, 1000) > 100 loop
    if clock_timestamp() >= p_until then
      return false;
    end if;
  end loop;

  select string_agg(format('only public.%I', t.parent), ', ') into v_tables from private.retained_tables(p_kind) t;
  execute format('lock table %s in access exclusive mode', v_tables);
  -- Whoever wrote has committed: the last notes. From here on nobody writes.
  while private.copy_changes(p_kind, p_week, 1000) > 0 loop
    null;
  end loop;

  select * into v_range from private.week_range(p_week);
  for v_table in select * from private.retained_tables(p_kind) loop
    v_name := private.partition_name(v_table.parent, p_week);
    execute format('alter table public.%I detach partition public.%I', v_table.parent, v_name);
    execute format('drop table public.%I', v_name);
    if v_empty is null then
      execute format('select not exists (select 1 from private.%I)', 'keep_' || v_name) into v_empty;
    end if;
    if v_empty then
      execute format('drop table private.%I', 'keep_' || v_name);
      continue;
    end if;
    execute format('alter table private.%I set schema public', 'keep_' || v_name);
    execute format('alter table public.%I rename to %I', 'keep_' || v_name, v_name);
    execute format('alter table public.%I attach partition public.%I for values from (%L) to (%L)', v_table.parent, v_name, v_range.low, v_range.high);
    execute format('alter table public.%I drop constraint is_of_its_week', v_name);
    for v_index in
      select n.relname as name from pg_catalog.pg_index i join pg_catalog.pg_class n on n.oid = i.indexrelid
      where i.indrelid = ('public.' || v_name)::regclass and n.relname like 'keep\_%'
    loop
      execute format('alter index public.%I rename to %I', v_index.name, substr(v_index.name, 6));
    end loop;
  end loop;
  update private.partition_rewrites r set
    phase = 'idle', began_at = null, rewritten_at = private.now(), looked_at = private.now(), referred = '{}'
  where r.kind = p_kind and r.week = p_week;
  delete from private.partition_expired e where e.kind = p_kind and e.week = p_week;
  return true;
end;
$$;

revoke all on function private.swap_partition(text, date, timestamptz) from public, anon, authenticated, service_role;
comment on function private.swap_partition(text, date, timestamptz) is
  'Puts the copies of a week in the place of its partitions, or drops these when nothing survived. False = too much is being written just now. Raises lock_not_available when somebody is in the way for longer than 0.2 s.';

create function private.drop_rewrite(p_kind text, p_week date, p_error text) returns void
language plpgsql
set search_path = ''
set lock_timeout = '200ms'
as $$
declare
  v_table record;
  v_name text;
begin
  for v_table in select * from private.retained_tables(p_kind) loop
    v_name := private.partition_name(v_table.parent, p_week);
    execute format('drop table if exists private.%I', 'keep_' || v_name);
    if to_regclass('public.' || v_name) is not null then
      execute format('drop trigger if exists note_change on public.%I', v_name);
    end if;
  end loop;
  delete from private.partition_changes c where c.kind = p_kind and c.week = p_week;
  delete from private.partition_expired e where e.kind = p_kind and e.week = p_week;
  update private.partition_rewrites r set
    phase = 'idle', began_at = null, error = p_error, looked_at = private.now(), referred = '{}'
  where r.kind = p_kind and r.week = p_week;
end;
$$;

revoke all on function private.drop_rewrite(text, date, text) from public, anon, authenticated, service_role;
comment on function private.drop_rewrite(text, date, text) is
  'Gives a rewriting up: nothing of it is left, and the partitions are as they were. Looked at again the next day.';
