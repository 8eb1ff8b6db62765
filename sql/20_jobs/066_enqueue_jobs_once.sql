create function engine.enqueue_jobs_once(p_jobs jsonb, p_idempotency_key text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_reply jsonb := private.idempotent_reply(private.platform_id(), 'enqueue_jobs', p_idempotency_key, p_jobs);
begin
  return coalesce(v_reply, private.keep_reply(
    private.platform_id(), 'enqueue_jobs', p_idempotency_key, engine.enqueue_jobs(p_jobs)
  ));
end;
$$;

revoke all on function engine.enqueue_jobs_once(jsonb, text) from public, anon, authenticated, service_role;
grant execute on function engine.enqueue_jobs_once(jsonb, text) to service_role;
comment on function engine.enqueue_jobs_once(jsonb, text) is
  'engine.enqueue_jobs for operators who may have to ask twice: the same idempotency key with the same jobs gives the same answer for 24 hours and enqueues nothing more.';
