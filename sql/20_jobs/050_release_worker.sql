create function engine.release_worker(p_worker_id uuid, p_wake_successor boolean default false) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_freed integer;
  v_organizations uuid[];
  v_leases uuid[];
  v_more boolean;
begin
  delete from private.workers w where w.id = p_worker_id;
  -- What is given back was not lost: it does not count towards max_attempts.
  with freed as (
    update public.job_queue j
    set status = 'available', worker_id = null, started_at = null, resume = true, attempts = greatest(j.attempts - 1, 0)
    from (select o.id from public.job_queue o where o.worker_id = p_worker_id order by o.id for update) l
    where j.id = l.id
    returning j.organization_id
  )
  select count(*), array_agg(distinct f.organization_id) into v_freed, v_organizations from freed f;
  perform private.forget_heads(v_organizations);
  select array_agg(l.id) into v_leases from (
    select o.id from private.job_leases o where o.worker_id = p_worker_id order by o.id for update
  ) l;
  if v_leases is not null then
    v_freed := v_freed + (
      select sum(cardinality(l.organization_ids)) from private.job_leases l where l.id = any (v_leases)
    );
    perform private.put_back_leases(v_leases, false);
  end if;

  -- Asked after the row is gone: whoever enqueued before saw a live worker and woke nobody.
  v_more := exists (
    select 1 from public.job_queue j
    where j.status = 'available' and j.scheduled_for <= private.now()
  );
  if v_more and p_wake_successor then
    perform private.wake_workers(1);
  end if;
  return jsonb_build_object('freed', v_freed, 'more', v_more);
end;
$$;

revoke all on function engine.release_worker(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function engine.release_worker(uuid, boolean) to service_role;
comment on function engine.release_worker(uuid, boolean) is
  'A worker goes: its jobs become available again. Answers freed (jobs given back) and more (true = there is work that nobody may have been woken for); p_wake_successor wakes another worker for it.';
