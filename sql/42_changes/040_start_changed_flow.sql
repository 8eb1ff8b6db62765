create function private.change_fits(p_change private.change_triggers, p_old jsonb, p_new jsonb) returns boolean
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_row jsonb := coalesce(p_new, p_old);
begin
  if p_old is not null and p_new is not null then
    if p_change.columns is null then
      if p_old - p_change.excluded = p_new - p_change.excluded then
        return false;
      end if;
    elsif not exists (select 1 from unnest(p_change.columns) c where p_old -> c <> p_new -> c) then
      return false;
    end if;
  end if;
  return p_change.condition is null or not exists (
    select 1 from jsonb_each(p_change.condition) w
    where not exists (
      select 1
      from jsonb_array_elements(case jsonb_typeof(w.value) when 'array' then w.value else jsonb_build_array(w.value) end) v
      where v.value = v_row -> w.key
    )
  );
end;
$$;

revoke all on function private.change_fits(private.change_triggers, jsonb, jsonb) from public, anon, authenticated, service_role;
comment on function private.change_fits(private.change_triggers, jsonb, jsonb) is
  'Whether a changed row is one that starts the flow: p_old null = inserted, p_new null = deleted.';

create function private.skip_change(p_change_id uuid, p_reason text, p_rows bigint) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- A row that nobody holds, or a new one: writers of the table never wait for each other because of a counter. Where a row
  -- that was changed meanwhile would be an error, none is looked for.
  if current_setting('transaction_isolation') = 'read committed' then
    update private.change_skips s set skipped = s.skipped + p_rows, last_at = private.now()
    where (s.change_id, s.reason, s.shard) = (
      select o.change_id, o.reason, o.shard from private.change_skips o
      where o.change_id = p_change_id and o.reason = p_reason
      limit 1 for update skip locked
    );
    if found then
      return;
    end if;
  end if;
  insert into private.change_skips (change_id, reason, skipped) values (p_change_id, p_reason, p_rows);
end;
$$;

revoke all on function private.skip_change(uuid, text, bigint) from public, anon, authenticated, service_role;
comment on function private.skip_change(uuid, text, bigint) is 'Counts rows of a table that started no run, without waiting for anybody.';

create function private.change_obstacle(p_change private.change_triggers, p_flow public.flows, p_cause public.runs) returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return case
    when p_flow.id is null or p_flow.current_version_id is null then 'flow_deleted'
    -- Changes that runs make, and triggers of the tenant's own that go round in circles.
    when p_cause.depth >= p_change.max_depth or pg_trigger_depth() > 16 then 'too_deep'
    else private.schedule_obstacle(p_flow)
  end;
end;
$$;

revoke all on function private.change_obstacle(private.change_triggers, public.flows, public.runs) from public, anon, authenticated, service_role;
comment on function private.change_obstacle(private.change_triggers, public.flows, public.runs) is
  'Why a change can not start its flow; null = it can. p_cause = the run that makes the change, null when none does.';

create function private.start_change_runs(
  p_change private.change_triggers,
  p_flow public.flows,
  p_cause public.runs,
  p_event jsonb,
  p_rows jsonb[]
) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_claims text := current_setting('request.jwt.claims', true);
  v_sub uuid := private.to_uuid(p_event #>> '{actor,user_id}');
  v_input jsonb;
  v_batch jsonb[];
  v_runs uuid[] := '{}';
begin
  -- Accounts of another provider have ids that are no UUIDs, and auth.uid() fails for them.
  if v_sub is null and v_claims <> '' then
    perform set_config('request.jwt.claims', '', true);
  end if;
  for v_from in 1 .. cardinality(p_rows) by p_change.batch loop
    v_batch := p_rows[v_from : v_from + p_change.batch - 1];
    v_input := p_event || jsonb_build_object('event_id', private.uuid_v7()) || case p_change.batch
      when 1 then v_batch[1]
      else jsonb_build_object('records', to_jsonb(v_batch), 'count', cardinality(v_batch))
    end;
    if octet_length(v_input::text) > 1048576 then
      if p_change.required then
        perform private.fail('payload_too_large', 'The changed rows are more than the 1 MiB that a run may get', 413);
      end if;
      perform private.skip_change(p_change.id, 'payload_too_large', cardinality(v_batch));
      continue;
    end if;
    v_runs := v_runs || (private.create_run(
      p_flow, 'event', v_input, p_change.trigger_node,
      p_parent => case when p_cause.id is not null then p_cause end, p_waits_for_nobody => true
    )).id;
  end loop;
  if v_sub is null and v_claims <> '' then
    perform set_config('request.jwt.claims', v_claims, true);
  end if;
  -- Without a unique key: that of another open transaction would have to be waited for.
  if exists (select 1 from public.job_queue j where j.run_id = any (v_runs) and j.status = 'waiting') then
    perform private.enqueue_job(p_flow.organization_id, 'runs.admit', '{}', '{"max_attempts": 3, "priority": 50}');
  end if;
  perform private.wake_if_idle(p_flow.organization_id);
end;
$$;

revoke all on function private.start_change_runs(private.change_triggers, public.flows, public.runs, jsonb, jsonb[]) from public, anon, authenticated, service_role;
comment on function private.start_change_runs(private.change_triggers, public.flows, public.runs, jsonb, jsonb[]) is
  'Starts the runs of a statement: p_event = what they have in common, p_rows = {record, old_record} of each row.';

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
