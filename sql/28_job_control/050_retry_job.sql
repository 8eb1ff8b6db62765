create function private.job_again(p_old public.job_history) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_strip_nulls(jsonb_build_object(
    'type', p_old.type, 'organization_id', p_old.organization_id, 'priority', p_old.priority,
    'max_attempts', p_old.max_attempts, 'unique_key', p_old.unique_key, 'on_conflict', 'reject',
    'concurrency_key', p_old.concurrency_key,
    -- Those who wait under the same key know how many may be at work.
    'concurrency_limit', case when p_old.concurrency_key is not null then (
      select max(q.concurrency_limit) from public.job_queue q
      where q.organization_id = p_old.organization_id and q.concurrency_key = p_old.concurrency_key and q.status = 'blocked'
    ) end
  )) || jsonb_build_object('payload', p_old.payload);
end;
$$;

revoke all on function private.job_again(public.job_history) from public, anon, authenticated, service_role;
comment on function private.job_again(public.job_history) is 'What engine.enqueue_jobs takes to do an ended job once more.';

create function private.retry_job(p_job_id uuid, p_organization_id uuid, p_idempotency_key text) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_old public.job_history;
  v_new jsonb;
  v_reply jsonb := private.idempotent_reply(p_organization_id, 'retry_job', p_idempotency_key, to_jsonb(p_job_id));
begin
  if v_reply is not null then
    return v_reply;
  end if;
  select * into v_old from public.job_history h where h.id = p_job_id for update;
  if not found then
    if private.find_job(p_job_id) is null then
      perform private.fail('not_found', 'No such job', 404);
    end if;
    perform private.fail('conflict', 'The job has not ended', 409);
  elsif v_old.status = 'completed' then
    perform private.fail('conflict', 'The job has completed: enqueue another one to do the same again', 409);
  elsif v_old.replayed_as is not null then
    perform private.fail('conflict', 'The job was retried already', 409, jsonb_build_object('replayed_as', v_old.replayed_as));
  end if;
  v_new := engine.enqueue_jobs(jsonb_build_array(private.job_again(v_old))) -> 0;
  if v_new ->> 'status' <> 'enqueued' then
    perform private.fail('conflict', 'Another job with the same unique key waits to begin', 409, jsonb_build_object('job_id', v_new -> 'id'));
  end if;
  update public.job_history h set replayed_as = (v_new ->> 'id')::uuid where h.id = p_job_id;
  return private.keep_reply(
    p_organization_id, 'retry_job', p_idempotency_key, private.find_job((v_new ->> 'id')::uuid)
  );
end;
$$;

revoke all on function private.retry_job(uuid, uuid, text) from public, anon, authenticated, service_role;
comment on function private.retry_job(uuid, uuid, text) is
  'Does a job once more that was given up, cancelled or expired: as a new job, with all its attempts before it. Once only. The idempotency key is one of p_organization_id: whoever asks. Answers the new job.';

create function public.retry_job(p_job_id uuid, p_idempotency_key text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid := (private.find_job(p_job_id) ->> 'organization_id')::uuid;
begin
  perform private.require_permission(v_organization_id, 'runs:execute', 'job');
  return private.retry_job(p_job_id, v_organization_id, p_idempotency_key);
end;
$$;

revoke all on function public.retry_job(uuid, text) from public, anon, authenticated, service_role;
grant execute on function public.retry_job(uuid, text) to authenticated;
comment on function public.retry_job(uuid, text) is
  'Does a dead letter, or a cancelled or expired job, once more as a new job, which names it as replay_of. 409 when that was done already (details: replayed_as) or a job with its unique key waits. Needs runs:execute. Answers the new job.';

create function engine.retry_job(p_job_id uuid, p_idempotency_key text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  return private.retry_job(p_job_id, private.platform_id(), p_idempotency_key);
end;
$$;

revoke all on function engine.retry_job(uuid, text) from public, anon, authenticated, service_role;
grant execute on function engine.retry_job(uuid, text) to service_role;
comment on function engine.retry_job(uuid, text) is 'public.retry_job for operators.';
