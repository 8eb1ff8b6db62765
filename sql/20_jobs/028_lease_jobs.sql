create function private.leased_jobs(p_lease_ids uuid[] default null) returns table (
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
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  select l.id, l.worker_id, l.started_at, j.job_id, j.organization_id, j.type, j.payload, j.attempts, j.max_attempts, j.priority,
    j.due, j.created, j.options ->> 'unique_key', j.options ->> 'concurrency_key', (j.options ->> 'concurrency_limit')::smallint,
    (j.options ->> 'expires_at')::timestamptz, j.options ->> 'error_message'
  from private.job_leases l
  cross join lateral unnest(
    l.job_ids, l.organization_ids, l.types, l.payloads, l.attempts, l.max_attempts, l.priorities, l.due, l.created, l.options
  ) as j (job_id, organization_id, type, payload, attempts, max_attempts, priority, due, created, options)
  where p_lease_ids is null or l.id = any (p_lease_ids);
end;
$$;

revoke all on function private.leased_jobs(uuid[]) from public, anon, authenticated, service_role;
comment on function private.leased_jobs(uuid[]) is
  'The jobs that workers hold at this moment, a row each, of these leases or (null) of all; attempts counts the present one.';

create function private.lease_jobs(p_worker_id uuid, p_job_ids uuid[], p_is_special boolean, p_now timestamptz) returns json
language plpgsql
set search_path = ''
as $$
declare
  v_lease private.job_leases;
  v_ids uuid[] := p_job_ids;
begin
  v_lease.id := private.uuid_v7();
  if p_is_special then
    v_ids := private.admit_jobs(v_lease.id, p_job_ids, p_now);
  end if;
  with taken as (
    delete from public.job_queue j where j.id = any (v_ids) returning j.*
  )
  select array_agg(t.id), array_agg(t.organization_id), array_agg(t.type), array_agg(t.payload),
    array_agg((t.attempts + 1)::smallint), array_agg(t.max_attempts), array_agg(t.priority), array_agg(t.scheduled_for),
    array_agg(t.created_at),
    case when count(*) filter (where num_nonnulls(t.unique_key, t.concurrency_key, t.error_message, t.expires_at) > 0) > 0 then array_agg(
      case when num_nonnulls(t.unique_key, t.concurrency_key, t.error_message, t.expires_at) > 0 then jsonb_strip_nulls(
        jsonb_build_object('unique_key', t.unique_key, 'concurrency_key', t.concurrency_key,
          'concurrency_limit', t.concurrency_limit, 'expires_at', t.expires_at, 'error_message', t.error_message)
      ) end
    ) end
  into v_lease.job_ids, v_lease.organization_ids, v_lease.types, v_lease.payloads, v_lease.attempts, v_lease.max_attempts,
    v_lease.priorities, v_lease.due, v_lease.created, v_lease.options
  from (select * from taken order by taken.organization_id, taken.priority, taken.scheduled_for) t;
  if v_lease.job_ids is null then
    return '[]';
  end if;
  v_lease.worker_id := p_worker_id;
  v_lease.started_at := p_now;
  insert into private.job_leases select (v_lease).*;
  -- json and not jsonb: built once, and it is text already. Half the time of this function went into jsonb.
  return json_build_array(json_build_object(
    'lease', v_lease.id, 'jobs', array_to_json(v_lease.job_ids), 'organization_ids', array_to_json(v_lease.organization_ids),
    'types', array_to_json(v_lease.types), 'payloads', array_to_json(v_lease.payloads),
    'attempts', array_to_json(v_lease.attempts), 'max_attempts', array_to_json(v_lease.max_attempts),
    'due', array_to_json(v_lease.due)
  ));
end;
$$;

revoke all on function private.lease_jobs(uuid, uuid[], boolean, timestamptz) from public, anon, authenticated, service_role;
comment on function private.lease_jobs(uuid, uuid[], boolean, timestamptz) is
  'Part of engine.claim_jobs: takes jobs, whose rows the caller has locked, out of the queue and into a lease. Answers [{lease, jobs, organization_ids, types, payloads, attempts, max_attempts, due}], the lists in the same order: half the time of an object a job. Those that have expired or find no place under their key are left out; [] = all are.';
