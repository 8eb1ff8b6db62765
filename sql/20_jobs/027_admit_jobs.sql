create function private.lock_concurrency_key(p_limit_key text) returns void
language sql
set search_path = ''
as $$
  select pg_advisory_xact_lock(hashtext('millrace.jobs'), hashtext(p_limit_key));
$$;

revoke all on function private.lock_concurrency_key(text) from public, anon, authenticated, service_role;
comment on function private.lock_concurrency_key(text) is
  'One transaction at a time gives and takes places under a concurrency key. Whoever needs several locks them in their order.';

create function private.admit_jobs(p_lease_id uuid, p_job_ids uuid[], p_now timestamptz) returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_job record;
  v_admitted uuid[] := '{}';
begin
  for v_job in
    select j.*, j.organization_id || ':' || j.concurrency_key as limit_key
    from public.job_queue j
    where j.id = any (p_job_ids)
    order by limit_key nulls first, j.priority, j.scheduled_for, j.id
  loop
    if v_job.expires_at <= p_now then
      perform private.end_queued_job(v_job.id, 'expired', '{"code": "expired", "message": "It had not begun in time"}');
      continue;
    end if;
    if v_job.limit_key is not null then
      perform private.lock_concurrency_key(v_job.limit_key);
      if (select count(*) from private.job_slots s where s.limit_key = v_job.limit_key) >= v_job.concurrency_limit then
        -- Out of the way of claims until a place is free.
        update public.job_queue j set status = 'blocked' where j.id = v_job.id;
        continue;
      end if;
      insert into private.job_slots (limit_key, job_id, lease_id) values (v_job.limit_key, v_job.id, p_lease_id);
    end if;
    v_admitted := v_admitted || v_job.id;
  end loop;
  return v_admitted;
end;
$$;

revoke all on function private.admit_jobs(uuid, uuid[], timestamptz) from public, anon, authenticated, service_role;
comment on function private.admit_jobs(uuid, uuid[], timestamptz) is
  'Part of private.lease_jobs: takes places under concurrency keys for jobs that are about to be leased. Those that find none wait; those that have expired end. Answers the others.';

create function private.unblock_jobs(p_limit_keys text[]) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_key text;
  v_organization_id uuid;
  v_count integer;
  v_freed integer := 0;
begin
  for v_key in select distinct k from unnest(p_limit_keys) k order by k loop
    perform private.lock_concurrency_key(v_key);
    v_organization_id := split_part(v_key, ':', 1)::uuid;
    update public.job_queue j set status = 'available'
    where j.id in (
      select o.id from public.job_queue o
      where o.status = 'blocked' and o.organization_id = v_organization_id and o.concurrency_key = substr(v_key, 38)
      order by o.priority, o.scheduled_for
      limit greatest(0, (
        select max(o.concurrency_limit) from public.job_queue o
        where o.status = 'blocked' and o.organization_id = v_organization_id and o.concurrency_key = substr(v_key, 38)
      ) - (select count(*) from private.job_slots s where s.limit_key = v_key))
      for update skip locked
    );
    get diagnostics v_count = row_count;
    if v_count > 0 then
      perform private.forget_heads(array[v_organization_id]);
      perform private.wake_if_idle(v_organization_id);
    end if;
    v_freed := v_freed + v_count;
  end loop;
  return v_freed;
end;
$$;

revoke all on function private.unblock_jobs(text[]) from public, anon, authenticated, service_role;
comment on function private.unblock_jobs(text[]) is
  'Lets jobs be claimed again that wait for a place under one of these keys, as many as there are places; the claim takes them. Answers how many.';
