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
  p_run_id uuid default null,
  p_parent public.runs default null,
  p_entity_id uuid default null,
  p_schedule_id uuid default null,
  p_pins jsonb default null,
  p_may_refuse boolean default false,
  p_waits_for_nobody boolean default false
) returns public.runs
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_run public.runs;
  v_worker uuid := p_worker_id;
  v_limits jsonb;
  v_limited boolean;
  v_full text;
begin
  insert into public.runs (
    id, organization_id, flow_id, flow_version_id, status, trigger, trigger_node, webhook_event_id, retry_of, input,
    created_by, traceparent, deadline_at, started_at, created_at, parent_run_id, depth, entity_id, schedule_id,
    concurrency_key, pins
  )
  select
    coalesce(p_run_id, private.uuid_v7()), p_flow.organization_id, p_flow.id, v.id,
    case when p_worker_id is null then 'queued' else 'running' end,
    p_trigger, p_trigger_node, p_webhook_event_id, p_retry_of, p_input,
    private.caller_user_id(), p_traceparent, v_now + make_interval(secs => v.timeout_seconds),
    case when p_worker_id is not null then v_now end, v_now,
    p_parent.id, coalesce(p_parent.depth + 1, 0), p_entity_id, p_schedule_id,
    case when v.run_limits ? 'key_path' then
      left(p_input #>> array(select jsonb_array_elements_text(v.run_limits -> 'key_path')), 200) end,
    p_pins
  from public.flow_versions v
  where v.id = coalesce(p_version_id, p_flow.current_version_id)
  returning * into v_run;

  select v.run_limits, v.run_limits is not null or p.max_concurrent_runs is not null into v_limits, v_limited
  from public.organizations o
  join public.plans p on p.id = o.plan_id
  cross join public.flow_versions v
  where o.id = p_flow.organization_id and v.id = v_run.flow_version_id;
  if v_limited then
    v_full := private.take_slots(v_run, p_waits_for_nobody);
    if v_full is not null then
      if p_may_refuse and v_limits ->> 'when_full' = 'refuse' and v_full not like 'org:%' then
        perform private.fail('run_limit_reached', 'As many runs of the flow as it allows are under way', 409,
          jsonb_build_object('limit', v_full));
      end if;
      v_worker := null;
      if p_worker_id is not null then
        update public.runs r set status = 'queued', started_at = null where r.id = v_run.id returning * into v_run;
      end if;
    end if;
  end if;

  insert into public.job_queue (
    organization_id, run_id, resume, status, worker_id, attempts, epoch, started_at, scheduled_for, deadline_at, created_at,
    payload
  )
  values (
    v_run.organization_id, v_run.id, p_retry_of is not null,
    case when v_full is not null then 'waiting' when v_worker is null then 'available' else 'running' end, v_worker,
    case when v_worker is null then 0 else 1 end, case when v_worker is null then 0 else 1 end,
    case when v_worker is not null then v_now end,
    case when v_full is not null then 'infinity' else v_now end, v_run.deadline_at, v_now,
    case when v_full is not null then jsonb_build_object('wait', jsonb_build_object('kind', 'limit', 'name', v_full)) end
  );
  if v_worker is null then
    perform private.give_turn(v_run.organization_id);
  end if;
  if p_entity_id is not null then
    perform private.attach_entity(v_run);
  end if;
  return v_run;
end;
$$;

revoke all on function private.create_run(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid, public.runs, uuid, uuid, jsonb, boolean, boolean) from public, anon, authenticated, service_role;
comment on function private.create_run(public.flows, text, jsonb, text, uuid, uuid, uuid, text, uuid, uuid, public.runs, uuid, uuid, jsonb, boolean, boolean) is
  'Writes a run and its first token. p_worker_id null = any worker may claim it; otherwise it starts leased to that worker (inline start). p_run_id = an id that the caller has chosen already, by private.uuid_v7. A run beyond a limit waits for its place; p_may_refuse = it is refused when the flow says so; p_waits_for_nobody = it never locks the limits of its organization, and where they are near, the clock gives it its place. Trusts its caller for permissions.';
