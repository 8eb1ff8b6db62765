create function private.sweep_jobs(p_now timestamptz) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_leases uuid[];
  v_freed integer := 0;
  v_clock bigint := (select c.last_value from private.job_clock c);
begin
  -- Jobs of workers that are gone.
  select array_agg(o.id), coalesce(sum(cardinality(o.organization_ids)), 0)::integer into v_leases, v_freed from (
    select l.id, l.organization_ids from private.job_leases l
    where not exists (select 1 from private.workers w where w.id = l.worker_id)
    order by l.id limit 1000
    for update skip locked
  ) o;
  if v_leases is not null then
    perform private.put_back_leases(v_leases, true);
  end if;

  -- Places without a lease, and jobs that wait for a place that is free: neither should be there.
  delete from private.job_slots s where not exists (select 1 from private.job_leases l where l.id = s.lease_id);
  perform private.unblock_jobs(array(
    select distinct o.limit_key from (
      select j.organization_id || ':' || j.concurrency_key as limit_key, j.concurrency_limit
      from public.job_queue j
      where j.status = 'blocked'
      order by random() limit 500
    ) o
    where (select count(*) from private.job_slots s where s.limit_key = o.limit_key) < o.concurrency_limit
  ));

  -- Jobs that nobody began in time.
  perform private.end_queued_job(o.id, 'expired', '{"code": "expired", "message": "It had not begun in time"}') from (
    select j.id from public.job_queue j where j.expires_at <= p_now order by j.expires_at limit 1000 for update skip locked
  ) o;

  -- An organization so far behind that claims overlook it: one whose claim was taken back. And plans may have changed.
  update private.job_turns t set
    virtual_time = greatest(t.virtual_time, v_clock - 1), weight = p.weight, max_running = p.max_running
  from (
    select u.organization_id, coalesce(p.queue_weight, 1) as weight, p.max_concurrent_jobs as max_running
    from private.job_turns u
    left join public.organizations o on o.id = u.organization_id
    left join public.plans p on p.id = o.plan_id
    where u.is_active and (
      u.virtual_time < v_clock - 64000 or u.weight <> coalesce(p.queue_weight, 1)
      or u.max_running is distinct from p.max_concurrent_jobs
    )
    order by u.organization_id
    for update of u skip locked
  ) p
  where t.organization_id = p.organization_id;
  delete from private.job_states s
  where s.updated_at < p_now - interval '1 hour'
    and not exists (select 1 from public.job_queue j where j.id = s.job_id)
    and not exists (select 1 from private.job_leases l where s.job_id = any (l.job_ids));
  return v_freed;
end;
$$;

revoke all on function private.sweep_jobs(timestamptz) from public, anon, authenticated, service_role;
comment on function private.sweep_jobs(timestamptz) is
  'Part of engine.tick: puts back the jobs of workers that are gone, frees places without a lease, ends what has expired, and keeps the turns in order. Answers how many jobs it put back.';
