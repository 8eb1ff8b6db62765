create function private.start_changed_flow() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_change private.change_triggers;
  v_flow public.flows;
  v_cause public.runs;
  v_obstacle text;
  v_cursor refcursor;
  v_old jsonb;
  v_new jsonb;
  v_rows jsonb[] := '{}';
  v_count bigint := 0;
  v_beyond bigint := 0;
  v_looked boolean := false;
begin
  case tg_op
    when 'INSERT' then
      open v_cursor for select null::jsonb, to_jsonb(n.*) from new_rows n;
    when 'DELETE' then
      open v_cursor for select to_jsonb(o.*), null::jsonb from old_rows o;
    else
      -- Both tables hold the rows in the order in which they were changed.
      open v_cursor for
        select o.row, n.row
        from (select to_jsonb(r.*) as row, row_number() over () as place from old_rows r) o
        join (select to_jsonb(r.*) as row, row_number() over () as place from new_rows r) n using (place)
        order by place;
  end case;

  loop
    fetch v_cursor into v_old, v_new;
    exit when not found;
    if not v_looked then
      v_looked := true;
      select * into v_change from private.change_triggers c where c.id = tg_argv[0]::uuid;
      if not found then
        return null;
      end if;
      select * into v_flow from public.flows f where f.id = v_change.flow_id;
      v_cause := private.causing_run(v_change.organization_id);
      v_obstacle := private.change_obstacle(v_change, v_flow, v_cause);
      -- A column may have got another name, and what was to be left out must not come along under that.
      if not coalesce(v_new, v_old) ?& (
        coalesce(v_change.columns, '{}') || v_change.excluded
          || array(select k from jsonb_object_keys(coalesce(v_change.condition, '{}')) k)
      ) then
        v_obstacle := 'column_gone';
      end if;
    end if;
    continue when v_obstacle is distinct from 'column_gone' and not private.change_fits(v_change, v_old, v_new);
    v_count := v_count + 1;
    if v_obstacle is not null then
      continue;
    elsif v_count > v_change.max_runs::bigint * v_change.batch then
      v_beyond := v_beyond + 1;
    else
      v_rows := v_rows || jsonb_build_object('record', v_new - v_change.excluded, 'old_record', v_old - v_change.excluded);
    end if;
  end loop;
  close v_cursor;
  if v_count = 0 then
    return null;
  end if;

  if v_obstacle is null then
    begin
      perform private.start_change_runs(v_change, v_flow, v_cause, jsonb_build_object(
        'type', format('%s.%s.%s', tg_table_schema, tg_table_name, lower(tg_op)),
        'operation', lower(tg_op), 'schema', tg_table_schema, 'table', tg_table_name,
        'changed_at', private.now(), 'actor', private.change_actor(v_change.claims)
      ), v_rows);
    exception
      when serialization_failure or deadlock_detected then
        raise;
      when others then
        if v_change.required then
          raise;
        end if;
        raise warning 'Cannot start flow % for a change of %.%: %', v_change.flow_id, tg_table_schema, tg_table_name, sqlerrm;
        v_obstacle := left(private.refusal_code(sqlstate, sqlerrm), 60);
        v_count := v_count - v_beyond;
    end;
  end if;
  if v_obstacle is not null or v_beyond > 0 then
    if v_change.required then
      perform private.fail('conflict', format('The change can not start its flow: %s', coalesce(v_obstacle, 'too_many_rows')), 409);
    end if;
    if v_obstacle is not null then
      perform private.skip_change(v_change.id, v_obstacle, v_count);
    end if;
    if v_beyond > 0 then
      perform private.skip_change(v_change.id, 'too_many_rows', v_beyond);
    end if;
  end if;
  return null;
end;
$$;

revoke all on function private.start_changed_flow() from public, anon, authenticated, service_role;
comment on function private.start_changed_flow() is
  'Trigger of engine.on_change, once a statement: starts the flow for the rows that fit, in the transaction of the change. What keeps a run from being started is counted in private.change_skips and does not disturb the change, unless the runs are required.';
