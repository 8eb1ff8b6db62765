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

create function private.lease_jobs(
  p_worker_id uuid,
  p_job_ids uuid[],
  p_job_places tid[],
  p_is_special boolean,
  p_now timestamptz
) returns json
language plpgsql
set search_path = ''
-- Left to itself Postgres plans anew in every call, which takes longer than the work; and a plan made while the queue was
-- empty must not read all of it when it is long.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
  v_lease_id uuid := private.uuid_v7();
  v_places tid[] := p_job_places;
  v_admitted uuid[];
  v_reply json;
begin
  if p_is_special then
    v_admitted := private.admit_jobs(v_lease_id, p_job_ids, p_now);
    select array_agg(j.ctid) into v_places from public.job_queue j where j.id = any (v_admitted);
  end if;
  with taken as (
    -- By their places: half of what looking them up by their ids costs. They are locked, so they are still there. In the
    -- order in which they lie, and the worker puts them into theirs: sorting them here would cost as much as taking them.
    delete from public.job_queue j where j.ctid = any (v_places)
    returning j.id, j.organization_id, j.type, j.payload, j.attempts, j.max_attempts, j.priority, j.scheduled_for, j.created_at,
      case when num_nonnulls(j.unique_key, j.concurrency_key, j.error_message, j.expires_at) > 0 then jsonb_strip_nulls(
        jsonb_build_object('unique_key', j.unique_key, 'concurrency_key', j.concurrency_key,
          'concurrency_limit', j.concurrency_limit, 'expires_at', j.expires_at, 'error_message', j.error_message)
      ) end as options
  ),
  leased as (
    insert into private.job_leases as l (
      id, worker_id, started_at, job_ids, organization_ids, types, payloads, attempts, max_attempts, priorities, due, created, options
    )
    select v_lease_id, p_worker_id, p_now, array_agg(t.id), array_agg(t.organization_id), array_agg(t.type),
      array_agg(t.payload), array_agg((t.attempts + 1)::smallint), array_agg(t.max_attempts), array_agg(t.priority),
      array_agg(t.scheduled_for), array_agg(t.created_at), case when count(t.options) > 0 then array_agg(t.options) end
    from taken t
    having count(*) > 0
    returning l.*
  )
  -- json and not jsonb: built once, and it is text already. What is the same of all is said once.
  select json_build_array(json_build_object(
    'lease', l.id, 'jobs', array_to_json(l.job_ids), 'payloads', array_to_json(l.payloads),
    'organization_ids', private.said_once(l.organization_ids), 'types', private.said_once(l.types),
    'attempts', private.said_once(l.attempts), 'max_attempts', private.said_once(l.max_attempts),
    'priorities', private.said_once(l.priorities)
  )) into v_reply from leased l;
  return coalesce(v_reply, '[]');
end;
$$;

revoke all on function private.lease_jobs(uuid, uuid[], tid[], boolean, timestamptz) from public, anon, authenticated, service_role;
comment on function private.lease_jobs(uuid, uuid[], tid[], boolean, timestamptz) is
  'Part of engine.claim_jobs: takes jobs, whose rows the caller has locked and which lie at p_job_places, out of the queue and into a lease. Answers [{lease, jobs, payloads, organization_ids, types, attempts, max_attempts, priorities}], the lists in the same order, the last five as private.said_once has them. Those that have expired or find no place under their key are left out; [] = all are.';

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
