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
  -- In the order of their ids, the order in which they were enqueued: sorting them would cost as much as taking them.
  with taken as (
    delete from public.job_queue j where j.id = any (v_ids)
    returning j.id, j.organization_id, j.type, j.payload, j.attempts, j.max_attempts, j.priority, j.scheduled_for, j.created_at,
      case when num_nonnulls(j.unique_key, j.concurrency_key, j.error_message, j.expires_at) > 0 then jsonb_strip_nulls(
        jsonb_build_object('unique_key', j.unique_key, 'concurrency_key', j.concurrency_key,
          'concurrency_limit', j.concurrency_limit, 'expires_at', j.expires_at, 'error_message', j.error_message)
      ) end as options
  )
  select array_agg(t.id), array_agg(t.organization_id), array_agg(t.type), array_agg(t.payload),
    array_agg((t.attempts + 1)::smallint), array_agg(t.max_attempts), array_agg(t.priority), array_agg(t.scheduled_for),
    array_agg(t.created_at), case when count(t.options) > 0 then array_agg(t.options) end
  into v_lease.job_ids, v_lease.organization_ids, v_lease.types, v_lease.payloads, v_lease.attempts, v_lease.max_attempts,
    v_lease.priorities, v_lease.due, v_lease.created, v_lease.options
  from taken t;
  if v_lease.job_ids is null then
    return '[]';
  end if;
  v_lease.worker_id := p_worker_id;
  v_lease.started_at := p_now;
  insert into private.job_leases select (v_lease).*;
  -- json and not jsonb: built once, and it is text already. What is the same of all is said once.
  return json_build_array(json_build_object(
    'lease', v_lease.id, 'jobs', array_to_json(v_lease.job_ids), 'payloads', array_to_json(v_lease.payloads),
    'organization_ids', private.said_once(v_lease.organization_ids), 'types', private.said_once(v_lease.types),
    'attempts', private.said_once(v_lease.attempts), 'max_attempts', private.said_once(v_lease.max_attempts),
    'priorities', private.said_once(v_lease.priorities)
  ));
end;
$$;

revoke all on function private.lease_jobs(uuid, uuid[], boolean, timestamptz) from public, anon, authenticated, service_role;
comment on function private.lease_jobs(uuid, uuid[], boolean, timestamptz) is
  'Part of engine.claim_jobs: takes jobs, whose rows the caller has locked, out of the queue and into a lease. Answers [{lease, jobs, payloads, organization_ids, types, attempts, max_attempts, priorities}], the lists in the same order, the last five as private.said_once has them. Those that have expired or find no place under their key are left out; [] = all are.';

create function private.said_once(p_list anyarray) returns json
language plpgsql
immutable
set search_path = ''
as $$
begin
  return array_to_json(case when p_list[1] = all (p_list) then p_list[1:1] else p_list end);
end;
$$;

revoke all on function private.said_once(anyarray) from public, anon, authenticated, service_role;
comment on function private.said_once(anyarray) is
  'A list as JSON; of one whose entries are all the same, the first stands for all: most leases hold jobs of one kind.';
