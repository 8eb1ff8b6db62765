create function private.survives(p_kind text, p_week date) returns text
language sql
stable
set search_path = ''
as $$
  select format(
    'not exists (
       select 1 from private.partition_expired e
       where e.kind = %L and e.week = %L and e.organization_id = t.organization_id and t.%I < e.ended_before
     )', p_kind, p_week, case p_kind when 'runs' then 'finished_at' else 'completed_at' end
  ) || case p_kind when 'runs' then format(
    ' or t.id = any (select unnest(r.referred) from private.partition_rewrites r where r.kind = %L and r.week = %L)
      or (t.parent_run_id is not null and exists (select 1 from public.runs p where p.id = t.parent_run_id and p.finished_at is null))',
    p_kind, p_week
  ) else '' end;
$$;

revoke all on function private.survives(text, date) from public, anon, authenticated, service_role;
comment on function private.survives(text, date) is
  'The condition, for rows t of a partition, under which they survive its rewriting: not expired, not ended, or something that has not ended refers to them.';

create function private.copy_runs(p_kind text, p_week date, p_ids uuid[]) returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_table record;
  v_ids uuid[];
  v_old text;
  v_copy text;
  v_rows bigint;
  v_copied bigint := 0;
begin
  for v_table in select * from private.retained_tables(p_kind) loop
    v_old := private.partition_name(v_table.parent, p_week);
    v_copy := 'keep_' || v_old;
    if v_ids is null then
      execute format(
        'with copied as (
           insert into private.%1$I (%2$s) select %2$s from public.%3$I t where t.id = any ($1) and (%4$s) order by t.id returning id
         ) select coalesce(array_agg(c.id), ''{}'') from copied c',
        v_copy, private.columns_of('public.' || v_table.parent), v_old, private.survives(p_kind, p_week)
      ) into v_ids using p_ids;
      v_copied := cardinality(v_ids);
    else
      execute format(
        'insert into private.%1$I (%2$s) select %2$s from public.%3$I t where t.%4$I = any ($1) order by t.%4$I',
        v_copy, private.columns_of('public.' || v_table.parent), v_old, v_table.key
      ) using v_ids;
      get diagnostics v_rows = row_count;
      v_copied := v_copied + v_rows;
    end if;
  end loop;
  return v_copied;
end;
$$;

revoke all on function private.copy_runs(text, date, uuid[]) from public, anon, authenticated, service_role;
comment on function private.copy_runs(text, date, uuid[]) is
  'Copies those of the runs or jobs that survive, with their steps. Answers how many rows. They must not be in the copy yet.';

create function private.copy_survivors(p_kind text, p_week date, p_limit bigint, p_until timestamptz) returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_old text := private.partition_name((select t.parent from private.retained_tables(p_kind) t limit 1), p_week);
  v_position uuid;
  v_ids uuid[];
  v_copied bigint := 0;
begin
  select r.position into v_position from private.partition_rewrites r where r.kind = p_kind and r.week = p_week;
  loop
    execute format('select array_agg(o.id order by o.id) from (select t.id from public.%I t where t.id > $1 order by t.id limit 1000) o', v_old)
      into v_ids using v_position;
    exit when v_ids is null;
    v_copied := v_copied + private.copy_runs(p_kind, p_week, v_ids);
    v_position := v_ids[cardinality(v_ids)];
    exit when v_copied >= p_limit or clock_timestamp() >= p_until;
  end loop;
  update private.partition_rewrites r set
    position = v_position, copied = r.copied + v_copied, phase = case when v_ids is null then 'swapping' else 'copying' end
  where r.kind = p_kind and r.week = p_week;
  if v_ids is null then
    perform private.index_copies(p_kind, p_week);
  end if;
  return v_copied;
end;
$$;

revoke all on function private.copy_survivors(text, date, bigint, timestamptz) from public, anon, authenticated, service_role;
comment on function private.copy_survivors(text, date, bigint, timestamptz) is
  'Copies on behind the last copied row, in the order of ids, until some p_limit rows or p_until; indexes the copies when that was all. Answers how many rows.';

create function private.index_copies(p_kind text, p_week date) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_table record;
  v_index record;
  v_copy text;
begin
  for v_table in select * from private.retained_tables(p_kind) loop
    v_copy := 'keep_' || private.partition_name(v_table.parent, p_week);
    -- Only now: indexes over rows that are there already are built without a gap in them.
    for v_index in
      select i.indisprimary, pg_catalog.pg_get_indexdef(i.indexrelid) as definition, pg_catalog.pg_get_constraintdef(c.oid) as key, n.relname as name
      from pg_catalog.pg_index i
      join pg_catalog.pg_class n on n.oid = i.indexrelid
      left join pg_catalog.pg_constraint c on c.conindid = i.indexrelid and c.contype in ('p', 'u') and c.conrelid = i.indrelid
      where i.indrelid = ('public.' || v_table.parent)::regclass
      order by i.indisprimary desc, n.relname
    loop
      if v_index.key is not null then
        execute format('alter table private.%I add %s', v_copy, v_index.key);
      else
        execute regexp_replace(
          v_index.definition, '^(CREATE (?:UNIQUE )?INDEX) \S+ ON (?:ONLY )?\S+ ', format('\1 ON private.%I ', v_copy)
        );
      end if;
    end loop;
    execute format('analyze private.%I', v_copy);
  end loop;
end;
$$;

revoke all on function private.index_copies(text, date) from public, anon, authenticated, service_role;
comment on function private.index_copies(text, date) is 'Gives the copies of a week the indexes of their tables, and statistics.';
