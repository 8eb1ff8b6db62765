create function public.retry_step(
  p_run_id uuid,
  p_node_id text,
  p_scope text default '',
  p_idempotency_key text default null,
  p_wake boolean default true
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
  v_scope text := coalesce(p_scope, '');
  v_status text;
begin
  if v_run.finished_at is not null then
    select s.status into v_status from public.run_steps s
    where s.run_id = p_run_id and s.node_id = p_node_id and s.scope = v_scope
    order by s.attempt desc limit 1;
    if v_status is null then
      perform private.fail('conflict', 'The run has never come to this step', 409);
    end if;
    -- Where a run stopped it goes on without doing anything twice; elsewhere the step and what follows it is done again.
    return jsonb_build_object('began', 'run', 'run', case
      when v_status in ('retried', 'unknown') or v_run.error ->> 'node_id' = p_node_id
        then public.retry_run(p_run_id, p_idempotency_key, p_wake)
      else public.rerun_run(p_run_id, p_node_id, p_idempotency_key => p_idempotency_key, p_wake => p_wake)
    end);
  end if;

  perform 1 from public.job_queue j
  where j.run_id = p_run_id and j.node_id = p_node_id and j.scope = v_scope and not coalesce(j.payload ? 'wait', false)
    and (j.status = 'running' or (j.status in ('available', 'paused') and j.attempts > 0))
  order by j.id for update;
  if not found then
    perform private.fail('conflict', 'The step waits for no further attempt', 409);
  end if;
  update public.job_queue j set scheduled_for = private.now()
  where j.run_id = p_run_id and j.node_id = p_node_id and j.scope = v_scope and j.status in ('available', 'paused')
    and j.attempts > 0 and not coalesce(j.payload ? 'wait', false) and j.scheduled_for > private.now();
  if found and p_wake then
    perform private.wake_if_idle(v_run.organization_id);
  end if;
  return jsonb_build_object('began', 'attempt', 'run', to_jsonb(v_run));
end;
$$;

revoke all on function public.retry_step(uuid, text, text, text, boolean) from public, anon, authenticated, service_role;
grant execute on function public.retry_step(uuid, text, text, text, boolean) to authenticated;
comment on function public.retry_step(uuid, text, text, text, boolean) is
  'Tries a step again: one that waits for its next attempt runs at once; a run that has ended is retried where it stopped, or repeated from the step. Needs runs:execute. Answers {began: attempt or run, run}.';
