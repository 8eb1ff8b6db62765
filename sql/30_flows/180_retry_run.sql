create function public.retry_run(p_run_id uuid, p_idempotency_key text default null, p_wake boolean default true) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
  v_flow public.flows;
  v_new public.runs;
  v_reply jsonb;
begin
  v_reply := private.idempotent_reply(v_run.organization_id, 'retry_run', p_idempotency_key, to_jsonb(p_run_id));
  if v_reply is not null then
    return v_reply;
  end if;
  if v_run.finished_at is null then
    perform private.fail('run_not_finished', 'The run is still under way', 409);
  end if;
  if v_run.status = 'completed' then
    perform private.fail('run_finished', 'The run has completed: nothing of it is left to retry', 409);
  end if;
  select * into v_flow from public.flows f where f.id = v_run.flow_id and f.deleted_at is null;
  if not found then
    perform private.fail('not_found', 'No such flow', 404);
  end if;

  v_new := private.create_run(
    v_flow, v_run.trigger, v_run.input, v_run.trigger_node, v_run.webhook_event_id, v_run.id, v_run.flow_version_id, v_run.traceparent
  );
  -- What the run went past is taken over: completed steps, and failed ones whose error it went on with (only those have an
  -- output). Skipped ones follow from them anew; a stop node that failed the run is where the retry begins.
  insert into public.run_steps
    (run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, error, started_at, finished_at, exit)
  select
    v_new.id, s.node_id, s.scope, s.attempt, s.organization_id, s.status, s.leaf, s.handles, s.output, s.error,
    s.started_at, s.finished_at, s.exit
  from public.run_steps s
  where s.run_id = v_run.id
    and (s.status = 'completed' or (s.status = 'failed' and s.output is not null))
    -- What was undone is to be done again.
    and s.node_id not like 'undo:%'
    and not exists (
      select 1 from public.run_steps u
      where u.run_id = s.run_id and u.node_id = 'undo:' || s.node_id and u.scope = s.scope and u.status = 'completed'
    )
    and (v_run.error ->> 'code' = 'stopped' and v_run.error ->> 'node_id' = s.node_id) is not true;
  if p_wake then
    perform private.wake_if_idle();
  end if;
  return private.keep_reply(v_run.organization_id, 'retry_run', p_idempotency_key, to_jsonb(v_new));
end;
$$;

revoke all on function public.retry_run(uuid, text, boolean) from public, anon, authenticated, service_role;
grant execute on function public.retry_run(uuid, text, boolean) to authenticated;
comment on function public.retry_run(uuid, text, boolean) is
  'Retries a failed or cancelled run from where it stopped: a new run of the same version that takes over the completed steps. Needs runs:execute. Answers the new run.';
