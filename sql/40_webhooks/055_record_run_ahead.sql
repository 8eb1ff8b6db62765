create function private.record_run_ahead(p_flow public.flows, p_event public.webhook_events, p_trigger_node text, p_input jsonb, p_traceparent text, p_steps jsonb)
returns public.runs
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_run public.runs;
begin
  insert into public.runs (
    id, organization_id, flow_id, flow_version_id, status, trigger, trigger_node, webhook_event_id, input, output,
    created_by, traceparent, deadline_at, started_at, finished_at, created_at
  )
  select
    p_event.run_id, p_flow.organization_id, p_flow.id, v.id, 'completed', 'webhook', p_trigger_node, p_event.id, p_input,
    l.output, auth.uid(), p_traceparent, p_event.received_at + make_interval(secs => v.timeout_seconds),
    p_event.received_at, greatest(v_now, p_event.received_at), p_event.received_at
  from public.flow_versions v
  cross join lateral (
    -- As private.finish_run has it: the output of the only last step.
    select case when count(*) = 1 then (array_agg(s.value -> 'output'))[1] end as output
    from jsonb_array_elements(p_steps) s
    where (s.value ->> 'leaf')::boolean and s.value ->> 'status' = 'completed'
  ) l
  where v.id = p_flow.current_version_id
  returning * into v_run;

  insert into public.run_steps (
    run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, started_at, finished_at
  )
  select
    v_run.id, s.node, '', 1, v_run.organization_id, s.status, coalesce(s.leaf, false), s.handles, s.output,
    v_now - make_interval(secs => coalesce(s.started_ago, 0) / 1000000.0),
    v_now - make_interval(secs => coalesce(s.finished_ago, 0) / 1000000.0)
  from jsonb_to_recordset(p_steps) as s (
    node text, status text, leaf boolean, handles text[], output jsonb, started_ago bigint, finished_ago bigint
  );
  return v_run;
end;
$$;

revoke all on function private.record_run_ahead(public.flows, public.webhook_events, text, jsonb, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.record_run_ahead(public.flows, public.webhook_events, text, jsonb, text, jsonb) is
  'Writes a run that has been run already, with its steps: what create_run, settle_jobs and finish_run would have left of a run without limits, entity, effects, waits and regions. p_steps is as in a result of settle_jobs.';
