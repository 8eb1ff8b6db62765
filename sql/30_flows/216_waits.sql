create function private.resolve_token(p_token_id uuid, p_paused boolean, p_resolution jsonb) returns void
language sql
set search_path = ''
as $$
  update public.job_queue j set
    status = case when p_paused then 'paused' else 'available' end,
    scheduled_for = private.now(),
    payload = j.payload || jsonb_build_object('resolved', p_resolution)
  where j.id = p_token_id;
$$;

revoke all on function private.resolve_token(uuid, boolean, jsonb) from public, anon, authenticated, service_role;
comment on function private.resolve_token(uuid, boolean, jsonb) is
  'Ends the wait of a token: whoever claims it next finds the resolution in its payload. The caller holds the run and the token.';

create function private.waiting_token(p_run_id uuid, p_kinds text[], p_name text, p_node_id text default null, p_scope text default null)
returns public.job_queue
language plpgsql
set search_path = ''
as $$
declare
  v_token public.job_queue;
begin
  -- Not one that a worker has claimed because its time is out: that is decided.
  select j.* into v_token from public.job_queue j
  where j.run_id = p_run_id and j.status in ('waiting', 'available', 'paused') and j.payload ? 'wait' and not j.payload ? 'resolved'
    and j.payload -> 'wait' ->> 'kind' = any (p_kinds)
    and (p_name is null or j.payload -> 'wait' ->> 'name' = p_name)
    and (p_node_id is null or (j.node_id = p_node_id and j.scope = p_scope))
  order by j.id limit 1
  for update;
  return v_token;
end;
$$;

revoke all on function private.waiting_token(uuid, text[], text, text, text) from public, anon, authenticated, service_role;
comment on function private.waiting_token(uuid, text[], text, text, text) is
  'The token of a run that waits longest for one of these kinds of things, locked; its id is null when none does. The caller holds the run.';

create function private.take_signals(p_results jsonb) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_wait record;
  v_signal private.run_signals;
begin
  for v_wait in
    select r.job, r.run_id, r.move -> 'wait' ->> 'kind' as kind,
      case when r.move -> 'wait' ->> 'kind' = 'callback' then concat_ws(':', r.move ->> 'node', nullif(r.scope, ''))
        else r.move -> 'wait' ->> 'name' end as name
    from jsonb_to_recordset(p_results) as r (job uuid, run_id uuid, scope text, move jsonb)
    where r.move -> 'wait' ->> 'kind' in ('signal', 'callback')
  loop
    delete from private.run_signals s
    where s.id = (
      select o.id from private.run_signals o
      where o.run_id = v_wait.run_id and o.kind = v_wait.kind and o.name = v_wait.name
      order by o.id limit 1
    )
    returning * into v_signal;
    continue when v_signal.id is null;
    perform private.resolve_token(
      v_wait.job, exists (select 1 from public.runs q where q.id = v_wait.run_id and q.status = 'paused'),
      jsonb_build_object('by', v_wait.kind, 'data', v_signal.data)
    );
    -- Whoever settles may run nothing but its own request.
    perform private.wake_if_idle(null);
    v_signal := null;
  end loop;
end;
$$;

revoke all on function private.take_signals(jsonb) from public, anon, authenticated, service_role;
comment on function private.take_signals(jsonb) is
  'Part of engine.settle_jobs: a token that begins to wait for what has come already goes on at once.';

create function private.start_children(p_worker_id uuid, p_results jsonb, p_paused uuid[]) returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_kept uuid[] := '{}';
  v_start record;
  v_parent public.runs;
  v_flow public.flows;
  v_run public.runs;
  v_refused jsonb;
  v_resolution jsonb;
  v_worker uuid;
begin
  for v_start in
    select r.job, r.run_id, c.* from jsonb_to_recordset(p_results) as r (job uuid, run_id uuid, organization_id uuid, child jsonb)
    cross join lateral jsonb_to_record(r.child) as c (
      node text, flow_id text, input jsonb, wait boolean, reads text[], attempt smallint, since bigint
    )
    where r.child is not null
    order by r.organization_id, r.job
  loop
    select * into v_parent from public.runs q where q.id = v_start.run_id;
    v_flow := null;
    v_run := null;
    select f.* into v_flow from public.flows f
    where f.id = private.to_uuid(v_start.flow_id) and f.organization_id = v_parent.organization_id and f.deleted_at is null;
    v_refused := case
      when v_flow.id is null then jsonb_build_object('code', 'not_found', 'message', 'There is no such flow')
      when not v_flow.is_active then jsonb_build_object('code', 'flow_inactive', 'message', 'The flow is switched off')
      when v_flow.current_version_id is null then jsonb_build_object('code', 'flow_invalid', 'message', 'The flow has no graph yet')
      when v_parent.depth >= 10 then jsonb_build_object('code', 'too_deep', 'message', 'Flows may call flows ten levels deep')
    end;
    if v_refused is null then
      v_run := private.create_run(
        v_flow, 'flow', coalesce(v_start.input, '{}'), p_parent => v_parent, p_traceparent => v_parent.traceparent,
        p_pins => case when v_parent.pins is not null then '{}'::jsonb end
      );
      perform private.wake_if_idle(v_parent.organization_id);
    end if;
    v_resolution := case
      when v_refused is not null then jsonb_build_object('by', 'run', 'data', jsonb_build_object(
        'run_id', null, 'status', 'refused', 'output', null, 'error', v_refused))
      when not v_start.wait then private.run_resolution(v_run)
    end;
    v_worker := case when v_resolution is null or v_start.run_id = any (p_paused) then null else p_worker_id end;
    update public.job_queue j set
      node_id = v_start.node,
      reads = v_start.reads,
      epoch = j.epoch + 1,
      resume = false,
      pausing = false,
      -- What comes back is the same attempt.
      attempts = coalesce(v_start.attempt, 1) - case when v_worker is null then 1 else 0 end,
      max_attempts = 8 + coalesce(v_start.attempt, 1),
      status = case when v_resolution is null then 'waiting' when v_worker is null then 'paused' else 'running' end,
      worker_id = v_worker,
      started_at = case when v_worker is not null then private.now() end,
      -- Should the end of that run be missed, the tick looks after it a minute later.
      scheduled_for = private.now() + case when v_resolution is null then interval '1 minute' else interval '0' end,
      payload = jsonb_build_object('wait', jsonb_build_object('kind', 'run', 'run_id', v_run.id, 'since', v_start.since))
        || case when v_resolution is null then '{}' else jsonb_build_object('resolved', v_resolution) end
    where j.id = v_start.job;
    if v_worker is not null then
      v_kept := v_kept || v_start.job;
    end if;
  end loop;
  return v_kept;
end;
$$;

revoke all on function private.start_children(uuid, jsonb, uuid[]) from public, anon, authenticated, service_role;
comment on function private.start_children(uuid, jsonb, uuid[]) is
  'Part of engine.settle_jobs: the tokens of results with "child" start another flow of their organization, once, since it is the transaction that moves the token; they wait for its end or go on at once. A start that is refused resolves the wait with the reason. Answers the tokens that stay leased to the worker.';
