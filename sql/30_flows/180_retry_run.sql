create function public.retry_run(p_run_id uuid, p_idempotency_key text default null, p_wake boolean default true) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
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
  if v_run.status in ('compensated', 'compensation_failed') then
    perform private.fail('conflict', 'The run has undone what it did: replay it instead', 409);
  end if;
  v_new := private.repeat_run(v_run, v_run.input, v_run.flow_version_id);
  perform private.take_over_steps(v_run, v_new);
  if p_wake then
    perform private.wake_if_idle(v_new.organization_id);
  end if;
  return private.keep_reply(v_run.organization_id, 'retry_run', p_idempotency_key, to_jsonb(v_new));
end;
$$;

revoke all on function public.retry_run(uuid, text, boolean) from public, anon, authenticated, service_role;
grant execute on function public.retry_run(uuid, text, boolean) to authenticated;
comment on function public.retry_run(uuid, text, boolean) is
  'Retries a failed or cancelled run from where it stopped: a new run of the same version that takes over the completed steps. 409 for one that has completed, or that has undone what it did. Needs runs:execute. Answers the new run.';
