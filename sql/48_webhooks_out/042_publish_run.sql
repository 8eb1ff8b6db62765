create function private.publish_run(p_run public.runs) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- A dry run happened nowhere but in the editor.
  if p_run.pins is not null then
    return;
  end if;
  perform private.publish_event(p_run.organization_id,
    case p_run.status when 'completed' then 'run.completed' when 'cancelled' then 'run.cancelled' else 'run.failed' end,
    jsonb_build_object(
      'id', p_run.id, 'flow_id', p_run.flow_id, 'status', p_run.status, 'trigger', p_run.trigger, 'error', p_run.error,
      'entity_id', p_run.entity_id, 'parent_run_id', p_run.parent_run_id, 'created_at', p_run.created_at,
      'started_at', p_run.started_at, 'finished_at', p_run.finished_at
    ),
    coalesce(p_run.entity_id, p_run.id)::text);
end;
$$;

revoke all on function private.publish_run(public.runs) from public, anon, authenticated, service_role;
comment on function private.publish_run(public.runs) is
  'Says that a run has ended: run.completed, run.failed (undone or not) or run.cancelled. Whoever ends runs looks first whether anybody is subscribed at all.';

create function private.publish_approvals(p_results jsonb) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_wait record;
begin
  for v_wait in
    select r.run_id, coalesce(r.scope, '') as scope, r.move ->> 'node' as node, r.move #> '{wait,data,approvers}' as approvers,
      q.organization_id, q.flow_id, q.pins, nullif(j.scheduled_for, 'infinity') as expires_at
    from jsonb_to_recordset(p_results) as r (job uuid, run_id uuid, scope text, move jsonb)
    join public.runs q on q.id = r.run_id and q.pins is null
    left join public.job_queue j on j.id = r.job
    where r.move -> 'wait' ->> 'kind' = 'approval'
    order by r.run_id
  loop
    perform private.publish_event(v_wait.organization_id, 'approval.requested', jsonb_build_object(
      'id', v_wait.run_id, 'flow_id', v_wait.flow_id, 'node_id', v_wait.node, 'scope', v_wait.scope,
      'approvers', v_wait.approvers, 'expires_at', v_wait.expires_at
    ), v_wait.run_id::text);
    perform private.enqueue_job(v_wait.organization_id, 'approval.mail', jsonb_build_object(
      'run_id', v_wait.run_id, 'node_id', v_wait.node, 'scope', v_wait.scope
    ), '{"priority": 60}');
  end loop;
end;
$$;

revoke all on function private.publish_approvals(jsonb) from public, anon, authenticated, service_role;
comment on function private.publish_approvals(jsonb) is
  'Part of engine.settle_jobs, where something begins to wait: for what waits for a person the event approval.requested, and a job approval.mail that tells who may decide.';
