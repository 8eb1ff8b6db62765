create function private.leased_job(p_job public.job_queue, p_lease_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'lease', p_lease_id, 'job', p_job.id, 'type', p_job.type, 'organization_id', p_job.organization_id,
    'payload', p_job.payload, 'attempt', p_job.attempts + 1, 'max_attempts', p_job.max_attempts,
    'priority', p_job.priority, 'scheduled_for', p_job.scheduled_for, 'created_at', p_job.created_at
  ) || case
    when coalesce(p_job.unique_key, p_job.concurrency_key, p_job.error_message) is null and p_job.expires_at is null then '{}'::jsonb
    else jsonb_strip_nulls(jsonb_build_object(
      'unique_key', p_job.unique_key, 'concurrency_key', p_job.concurrency_key, 'concurrency_limit', p_job.concurrency_limit,
      'expires_at', p_job.expires_at, 'error_message', p_job.error_message
    ))
  end;
end;
$$;

revoke all on function private.leased_job(public.job_queue, uuid) from public, anon, authenticated, service_role;
comment on function private.leased_job(public.job_queue, uuid) is 'A job as its lease keeps it and its worker gets it.';

create function private.leased_jobs() returns table (
  lease_id uuid,
  worker_id uuid,
  started_at timestamptz,
  id uuid,
  organization_id uuid,
  type text,
  payload jsonb,
  attempts smallint,
  max_attempts smallint,
  priority smallint,
  scheduled_for timestamptz,
  created_at timestamptz,
  unique_key text,
  concurrency_key text,
  concurrency_limit smallint,
  expires_at timestamptz,
  error_message text
)
language sql
stable
set search_path = ''
as $$
  select l.id, l.worker_id, l.started_at, j.job, j.organization_id, j.type, j.payload, j.attempt, j.max_attempts, j.priority,
    j.scheduled_for, j.created_at, j.unique_key, j.concurrency_key, j.concurrency_limit, j.expires_at, j.error_message
  from private.job_leases l
  cross join lateral jsonb_to_recordset(l.jobs) as j (
    job uuid, organization_id uuid, type text, payload jsonb, attempt smallint, max_attempts smallint, priority smallint,
    scheduled_for timestamptz, created_at timestamptz, unique_key text, concurrency_key text, concurrency_limit smallint,
    expires_at timestamptz, error_message text
  );
$$;

revoke all on function private.leased_jobs() from public, anon, authenticated, service_role;
comment on function private.leased_jobs() is 'The jobs that workers hold at this moment, a row each; attempts counts the present one.';

create function private.lease_jobs(p_worker_id uuid, p_job_ids uuid[], p_now timestamptz) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_lease constant uuid := private.uuid_v7();
  v_job_ids uuid[] := p_job_ids;
  v_jobs jsonb;
  v_organization_ids uuid[];
begin
  if exists (
    select 1 from public.job_queue j where j.id = any (p_job_ids) and (j.concurrency_key is not null or j.expires_at <= p_now)
  ) then
    v_job_ids := private.admit_jobs(v_lease, p_job_ids, p_now);
  end if;
  with taken as (
    delete from public.job_queue j where j.id = any (v_job_ids) returning j.*
  )
  select jsonb_agg(private.leased_job(t, v_lease)), array_agg(t.organization_id) into v_jobs, v_organization_ids from taken t;
  if v_jobs is null then
    return '[]';
  end if;
  insert into private.job_leases (id, worker_id, jobs, organization_ids, started_at)
  values (v_lease, p_worker_id, v_jobs, v_organization_ids, p_now);
  return v_jobs;
end;
$$;

revoke all on function private.lease_jobs(uuid, uuid[], timestamptz) from public, anon, authenticated, service_role;
comment on function private.lease_jobs(uuid, uuid[], timestamptz) is
  'Part of engine.claim_jobs: takes jobs, whose rows the caller has locked, out of the queue and into a lease. Answers them as their worker gets them; those that have expired or find no place under their key are left out.';
