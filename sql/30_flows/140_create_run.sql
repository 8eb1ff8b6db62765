create function private.create_run(
  p_flow public.flows,
  p_trigger text,
  p_input jsonb,
  p_trigger_node text default null,
  p_webhook_event_id uuid default null,
  p_retry_of uuid default null,
  p_version_id uuid default null,
  p_traceparent text default null,
  p_worker_id uuid default null,
  p_run_id uuid default null
) returns public.runs
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_run public.runs;
begin
  insert into public.runs (
    id, organization_id, flow_id, flow_version_id, status, trigger, trigger_node, webhook_event_id, retry_of, input,
    created_by, traceparent, deadline_at, started_at, created_at
  )
  select
    coalesce(p_run_id, private.uuid_v7()), p_flow.organization_id, p_flow.id, v.id,
    case when p_worker_id is null then 'queued' else 'running' end,
    p_trigger, p_trigger_node, p_webhook_event_id, p_retry_of, p_input,
    auth.uid(), p_traceparent, v_now + make_interval(secs => v.timeout_seconds),
    case when p_worker_id is not null then v_now end, v_now
  from public.flow_versions v
  where v.id = coalesce(p_version_id, p_flow.current_version_id)
  returning * into v_run;

  insert into public.job_queue (
    organization_id, run_id, resume, status, worker_id, attempts, epoch, started_at, scheduled_for, deadline_at, created_at
  )
  values (
    v_run.organization_id, v_run.id, p_retry_of is not null,
    case when p_worker_id is null then 'available' else 'running' end, p_worker_id,
    case when p_worker_id is null then 0 else 1 end, case when p_worker_id is null then 0 else 1 end,
    case when p_worker_id is not null then v_now end, v_now, v_run.deadline_at, v_now
  );
  return v_run;
end;
$$;

revoke all on function private.create_run(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid) from public, anon, authenticated, service_role;
comment on function private.create_run(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid) is
  'Writes a run and its first token. p_worker_id null = any worker may claim it; otherwise it starts leased to that worker (inline start). p_run_id = an id that the caller has chosen already, by private.uuid_v7. Trusts its caller for permissions.';
