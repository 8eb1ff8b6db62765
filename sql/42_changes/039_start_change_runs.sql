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
