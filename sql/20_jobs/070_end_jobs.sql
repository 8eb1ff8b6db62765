create function private.end_queued_job(p_job_id uuid, p_status text, p_error jsonb default null) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_job public.job_queue;
begin
  delete from public.job_queue j where j.id = p_job_id and j.run_id is null returning * into v_job;
  if not found then
    return;
  end if;
  insert into public.job_history (
    id, organization_id, type, status, priority, attempts, max_attempts, payload, error, unique_key, concurrency_key,
    scheduled_for, created_at, completed_at
  )
  values (
    v_job.id, v_job.organization_id, v_job.type, p_status, v_job.priority, v_job.attempts, v_job.max_attempts, v_job.payload,
    p_error, v_job.unique_key, v_job.concurrency_key,
    v_job.scheduled_for, v_job.created_at, private.now()
  );
  perform private.tell_task(v_job.organization_id, v_job.type, v_job.id, v_job.unique_key, p_status, p_error);
end;
$$;

revoke all on function private.end_queued_job(uuid, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.end_queued_job(uuid, text, jsonb) is
  'Ends a job that has not begun: cancelled or expired. Does nothing if it is not in the queue any more.';

create function private.tell_task(
  p_organization_id uuid, p_type text, p_job_id uuid, p_unique_key text, p_status text, p_error jsonb
) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Tasks are the platform's own, and come after the queue in the order of these files.
  if p_organization_id = private.platform_id() and to_regprocedure('private.task_ended(jsonb, text, jsonb)') is not null then
    perform private.task_ended(jsonb_build_object('job', p_job_id, 'type', p_type, 'unique_key', p_unique_key), p_status, p_error);
  end if;
end;
$$;

revoke all on function private.tell_task(uuid, text, uuid, text, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.tell_task(uuid, text, uuid, text, text, jsonb) is
  'Tells the system tasks that a job of the platform has ended: they keep their own history.';

create function private.put_back_leases(p_lease_ids uuid[], p_is_lost boolean) returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_organizations uuid[];
  v_keys text[];
  v_ended record;
begin
  -- Those who lost their worker too often are given up; the others wait for the next one. A newer job with the same unique
  -- key takes the key from one that had begun.
  with jobs as materialized (
    select l.*, exists (
      select 1 from private.job_states s where s.job_id = l.id and s.cancel_requested_at is not null
    ) as is_stopped
    from private.leased_jobs(p_lease_ids) l
  ),
  dead as (
    insert into public.job_history (
      id, organization_id, type, status, priority, attempts, max_attempts, payload, error, unique_key, concurrency_key,
      scheduled_for, created_at, started_at, completed_at
    )
    select j.id, j.organization_id, j.type, case when j.is_stopped then 'cancelled' else 'dead' end, j.priority, j.attempts,
      j.max_attempts, j.payload,
      case when not j.is_stopped then '{"code": "worker_lost", "message": "The worker was lost each time it ran the job"}'::jsonb end,
      j.unique_key, j.concurrency_key,
      j.scheduled_for, j.created_at, j.started_at, v_now
    from jobs j where j.is_stopped or (p_is_lost and j.attempts >= j.max_attempts)
    on conflict do nothing
    returning id, organization_id, type, unique_key, status, error
  ),
  back as (
    insert into public.job_queue (
      id, organization_id, type, payload, priority, attempts, max_attempts, scheduled_for, created_at, unique_key,
      concurrency_key, concurrency_limit, expires_at, error_message
    )
    select j.id, j.organization_id, j.type, j.payload, j.priority, j.attempts - case when p_is_lost then 0 else 1 end,
      j.max_attempts, j.scheduled_for, j.created_at,
      case when not exists (
        select 1 from public.job_queue q
        where q.organization_id = j.organization_id and q.type = j.type and q.unique_key = j.unique_key
      ) then j.unique_key end,
      j.concurrency_key, j.concurrency_limit, j.expires_at, case when p_is_lost then 'The worker was lost' else j.error_message end
    from jobs j where not j.is_stopped and (not p_is_lost or j.attempts < j.max_attempts)
    on conflict do nothing
    returning organization_id
  )
  select array_agg(distinct b.organization_id) as organizations, (select jsonb_agg(to_jsonb(d)) from dead d) as dead
  into v_ended from back b;
  delete from private.job_states s
  where s.cancel_requested_at is not null
    and s.job_id in (select unnest(l.job_ids) from private.job_leases l where l.id = any (p_lease_ids));
  delete from private.job_leases l where l.id = any (p_lease_ids);
  v_organizations := v_ended.organizations;
  if v_ended.dead is not null then
    perform private.tell_task((d ->> 'organization_id')::uuid, d ->> 'type', (d ->> 'id')::uuid, d ->> 'unique_key', d ->> 'status', nullif(d -> 'error', 'null'))
    from jsonb_array_elements(v_ended.dead) d;
  end if;
  with freed as (
    delete from private.job_slots s where s.lease_id = any (p_lease_ids) returning s.limit_key
  )
  select array_agg(f.limit_key) into v_keys from freed f;
  perform private.unblock_jobs(v_keys);
  -- They are due since before: whatever stepped over them looks again.
  perform private.forget_heads(v_organizations);
  return v_organizations;
end;
$$;

revoke all on function private.put_back_leases(uuid[], boolean) from public, anon, authenticated, service_role;
comment on function private.put_back_leases(uuid[], boolean) is
  'Puts the jobs of leases back into the queue: their worker is lost (the attempt counts, and the last one makes a dead letter) or gave them back (it does not). Those that were asked to stop end. The caller has locked the leases. Answers the organizations that have work again.';
