create function private.work_bulk_operation(p_operation public.bulk_operations, p_runs integer, p_seconds double precision)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_operation public.bulk_operations := p_operation;
  v_claims text := current_setting('request.jwt.claims', true);
  v_until timestamptz := clock_timestamp() + make_interval(secs => p_seconds);
  v_run uuid;
  v_about jsonb;
  v_deleted jsonb[] := '{}';
  v_outcome text;
  v_message jsonb;
  v_count integer := 0;
  v_busy uuid[] := '{}';
  v_position uuid := p_operation.position;
  v_all boolean := true;
begin
  -- The limits of one organization are all that this needs to lock.
  if not pg_try_advisory_xact_lock(hashtext('millrace.limits'), hashtext(v_operation.organization_id::text)) then
    update public.bulk_operations b set worked_at = clock_timestamp() where b.id = v_operation.id;
    return 0;
  end if;

  -- As the person or the API key that asked: every function below checks what it may do now.
  perform set_config('request.jwt.claims', (case when v_operation.api_key_id is null
    then jsonb_build_object('sub', v_operation.created_by, 'role', 'authenticated')
    else jsonb_build_object('sub', v_operation.api_key_id, 'role', 'authenticated',
      'millrace', jsonb_build_object('key', v_operation.api_key_id))
  end)::text, true);
  begin
    perform private.require_permission(v_operation.organization_id, private.bulk_permission(v_operation.action), 'organization');
  exception when sqlstate 'PGRST' then
    get stacked diagnostics v_outcome = message_text;
    update public.bulk_operations b set
      status = 'failed', finished_at = private.now(), busy = '{}',
      error = jsonb_build_object('code', 'forbidden', 'message', v_outcome::jsonb ->> 'message')
    where b.id = v_operation.id;
    perform set_config('request.jwt.claims', coalesce(v_claims, ''), true);
    return 0;
  end;

  begin
    for v_run in
      select u.id from unnest(v_operation.busy) with ordinality as u (id, place) where u.place <= p_runs
      union all
      select b from private.bulk_targets(
        v_operation.organization_id, v_operation.action, v_operation.filter, v_operation.id, v_operation.position,
        greatest(p_runs - cardinality(v_operation.busy), 0)
      ) b
    loop
      -- At least one, however slow; what is left over is for the next batch.
      if v_count > 0 and clock_timestamp() > v_until then
        v_all := false;
        exit;
      end if;
      v_count := v_count + 1;
      begin
        if v_operation.action = 'delete' then
          -- What it is stays so: it has ended.
          select jsonb_build_object('id', r.id, 'flow_id', r.flow_id, 'status', r.status, 'trigger', r.trigger) into v_about
          from public.runs r where r.id = v_run;
        end if;
        v_outcome := private.act_on_run(v_operation.action, v_run);
        if v_outcome = 'deleted' then
          v_deleted := v_deleted || v_about;
          v_outcome := 'done';
        end if;
      exception
        when sqlstate 'PGRST' then
          get stacked diagnostics v_outcome = message_text;
          v_message := v_outcome::jsonb;
          v_outcome := 'failed';
        when others then
          raise warning 'bulk % of run %: %', v_operation.action, v_run, sqlerrm;
          v_message := '{"code": "internal", "message": "Something went wrong on our side"}';
          v_outcome := 'failed';
      end;
      if v_outcome = 'busy' then
        v_busy := v_busy || v_run;
      elsif v_outcome = 'done' then
        v_operation.done := v_operation.done + 1;
      else
        v_operation.failed := v_operation.failed + 1;
        if jsonb_array_length(v_operation.errors) < 20 then
          v_operation.errors := v_operation.errors || jsonb_build_object(
            case when v_operation.action = 'replay_events' then 'event_id' else 'run_id' end, v_run, 'code', v_message ->> 'code', 'message', v_message ->> 'message'
          );
        end if;
      end if;
      if v_run <> all (v_operation.busy) then
        v_position := v_run;
      else
        v_operation.busy := array_remove(v_operation.busy, v_run);
      end if;
    end loop;
    perform private.audit_bulk_deletion(v_operation, v_deleted);
    perform set_config('request.jwt.claims', coalesce(v_claims, ''), true);

    v_busy := v_operation.busy || v_busy;
    v_all := v_all and cardinality(v_busy) = 0 and not exists (
      select 1 from private.bulk_targets(
        v_operation.organization_id, v_operation.action, v_operation.filter, v_operation.id, v_position, 1
      )
    );
    update public.bulk_operations b set
      status = case when v_all then 'completed' else 'running' end,
      finished_at = case when v_all then private.now() end,
      done = v_operation.done, failed = v_operation.failed, errors = v_operation.errors,
      position = v_position, busy = v_busy, worked_at = clock_timestamp()
    where b.id = v_operation.id;
  exception when others then
    -- It would fail again and again, before all others in line.
    raise warning 'bulk operation %: %', v_operation.id, sqlerrm;
    perform set_config('request.jwt.claims', coalesce(v_claims, ''), true);
    update public.bulk_operations b set
      status = 'failed', finished_at = private.now(), busy = '{}', worked_at = clock_timestamp(),
      error = '{"code": "internal", "message": "Something went wrong on our side"}'
    where b.id = v_operation.id;
    return 0;
  end;
  return v_count;
end;
$$;

revoke all on function private.work_bulk_operation(public.bulk_operations, integer, double precision) from public, anon, authenticated, service_role;
comment on function private.work_bulk_operation(public.bulk_operations, integer, double precision) is
  'One batch of a bulk operation that the caller has locked and that has not ended: at most p_runs runs and p_seconds seconds, as the person who asked. A run that refuses is counted and keeps nothing else back. Answers how many runs it looked at: 0 also when somebody else holds the limits of the organization.';
