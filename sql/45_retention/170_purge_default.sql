create function private.weeks_of_default(p_parent text) returns setof date
language plpgsql
stable
set search_path = ''
as $$
declare
  v_id uuid;
  v_low uuid := '00000000-0000-0000-0000-000000000000';
begin
  loop
    execute format('select t.id from public.%I t where t.id >= $1 order by t.id limit 1', p_parent || '_default') into v_id using v_low;
    exit when v_id is null;
    return next private.week_of(v_id);
    select w.high into v_low from private.week_range(private.week_of(v_id)) w;
  end loop;
end;
$$;

revoke all on function private.weeks_of_default(text) from public, anon, authenticated, service_role;
comment on function private.weeks_of_default(text) is 'The weeks of the rows in a default partition.';

create function private.purge_default(p_kind text, p_week date, p_limit bigint) returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_tables text[] := array(select t.parent from private.retained_tables(p_kind) t);
  v_ids uuid[];
begin
  if not private.note_expired(p_kind, p_week) then
    return 0;
  end if;
  execute (
    select format(
      'select array_agg(o.id) from (
         select t.id from public.%I t where t.id >= %L and t.id < %L and not (%s) order by t.id limit $1 for update of t skip locked
       ) o', v_tables[1] || '_default', w.low, w.high, private.survives(p_kind, p_week)
    ) from private.week_range(p_week) w
  ) into v_ids using p_limit;
  if p_kind = 'runs' then
    delete from public.run_steps s where s.run_id = any (v_ids);
  end if;
  execute format('delete from public.%I t where t.id = any ($1)', v_tables[1] || '_default') using v_ids;
  delete from private.partition_expired e where e.kind = p_kind and e.week = p_week;
  return coalesce(cardinality(v_ids), 0);
end;
$$;

revoke all on function private.purge_default(text, date, bigint) from public, anon, authenticated, service_role;
comment on function private.purge_default(text, date, bigint) is
  'Deletes what has expired of a week for which there is no partition: up to p_limit rows. Few come there: those of the week of the installation, and those whose partition is gone.';
