create function private.end_run(p_run_id uuid, p_status text, p_output jsonb default null, p_error jsonb default null) returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_before text;
  v_run public.runs;
  v_status text := p_status;
  v_children uuid[];
begin
  select r.status into v_before from public.runs r where r.id = p_run_id and r.finished_at is null for update;
  if not found then
    return false;
  end if;
  -- Every path locks the run first and its tokens after it, in the order of their ids, so no two of them wait for each other.
  -- A settle that only moves its token locks no run: what it records is there, or refused, once its token is ours. So
  -- whether there is anything to undo is asked afterwards.
  perform 1 from (
    select j.id from public.job_queue j where j.run_id = p_run_id order by j.id for update
  ) l;
  if v_before = 'compensating' then
    -- What goes wrong while a run undoes itself is the end of that.
    v_status := case when p_status in ('compensated', 'compensation_failed') then p_status else 'compensation_failed' end;
  elsif p_status in ('failed', 'cancelled') and private.has_to_undo(p_run_id, p_status) then
    v_status := 'compensating';
  end if;

  update public.runs r set
    status = v_status,
    finished_at = case when v_status <> 'compensating' then v_now end,
    started_at = case when v_status in ('completed', 'compensating') then coalesce(r.started_at, v_now) else r.started_at end,
    output = case when v_before = 'compensating' then r.output else p_output end,
    error = case when v_before = 'compensating' then r.error
      when v_status = 'compensating' then coalesce(p_error, '{"code": "cancelled", "message": "The run was cancelled"}')
      else p_error end
  where r.id = p_run_id
  returning * into v_run;
  with gone as (
    delete from public.job_queue j where j.run_id = p_run_id returning j.payload
  )
  select array_agg(private.to_uuid(g.payload -> 'wait' ->> 'run_id')) into v_children
  from gone g where g.payload -> 'wait' ->> 'kind' = 'run' and not g.payload ? 'resolved';
  delete from private.run_joins g where g.run_id = p_run_id;
  delete from private.run_regions g where g.run_id = p_run_id;
  delete from private.run_signals g where g.run_id = p_run_id;
  if v_children is not null then
    perform private.cancel_runs(v_children);
  end if;

  if v_status = 'compensating' then
    insert into public.job_queue (organization_id, run_id, payload, deadline_at, created_at, scheduled_for)
    select v_run.organization_id, v_run.id, '{"undo": true}', v_now + make_interval(secs => greatest(v.timeout_seconds, 3600)), v_now, v_now
    from public.flow_versions v where v.id = v_run.flow_version_id;
    perform private.wake_if_idle(v_run.organization_id);
    return true;
  end if;
  perform private.free_slots(v_run);
  if v_run.trigger = 'flow' then
    perform private.resolve_parent(v_run);
  end if;
  if p_status = 'failed' or v_before = 'compensating' then
    perform private.start_error_flow(v_run);
  end if;
  -- Here and not in a function: each run comes by, and hardly any organization has a subscription.
  if exists (select from public.webhook_subscriptions s where s.organization_id = v_run.organization_id) then
    perform private.publish_run(v_run);
  end if;
  return true;
end;
$$;

revoke all on function private.end_run(uuid, text, jsonb, jsonb) from public, anon, authenticated, service_role;
comment on function private.end_run(uuid, text, jsonb, jsonb) is
  'Ends a run: status, output or error, and no token left; a worker that still holds one finds its fence gone. A failed run that has something to undo compensates first. Runs that its steps wait for are cancelled, who waits for it goes on, its error flow starts. False = it had ended before.';

create function private.has_to_undo(p_run_id uuid, p_status text) returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select 1
    from public.runs r
    join public.flow_versions v on v.id = r.flow_version_id
    join public.run_steps s on s.run_id = r.id and s.node_id = any (v.undo_nodes) and s.status = 'completed'
    where r.id = p_run_id and r.pins is null and (p_status = 'failed' or v.compensate_on_cancel)
  );
$$;

revoke all on function private.has_to_undo(uuid, text) from public, anon, authenticated, service_role;
comment on function private.has_to_undo(uuid, text) is 'Whether a run that ends so has completed steps that name what undoes them.';
