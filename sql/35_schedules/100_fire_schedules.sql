create function private.fire_schedules(p_now timestamptz) returns integer
language plpgsql
set search_path = ''
set lock_timeout = '200ms'
as $$
declare
  v_schedule public.schedules;
  v_decided integer := 0;
  v_busy uuid[] := '{}';
  v_since timestamptz := private.clock_since(p_now);
  v_until timestamptz := clock_timestamp() + interval '3 seconds';
begin
  for v_schedule in
    select s.* from public.schedules s
    where s.queued_count > 0
      and not exists (select 1 from public.runs r where r.id = any (s.open_runs) and r.finished_at is null)
    order by s.organization_id limit 1000 for no key update of s skip locked
  loop
    exit when clock_timestamp() > v_until - interval '2 seconds';
    continue when v_schedule.organization_id = any (v_busy);
    begin
      perform private.start_queued_firing(v_schedule, p_now);
      v_decided := v_decided + 1;
    exception
      when lock_not_available or deadlock_detected then
        v_busy := v_busy || v_schedule.organization_id;
      when others then
        raise warning 'Cannot start what schedule % has queued: %', v_schedule.id, sqlerrm;
    end;
  end loop;

  for v_schedule in
    select s.* from public.schedules s
    where s.fire_at <= p_now
      -- After an outage longer than the list, nobody knows yet all that was missed: it fires once the list is new.
      and greatest(s.upcoming[cardinality(s.upcoming)], s.refilled_at) >= v_since - interval '60 seconds'
    order by s.fire_at limit 5000 for no key update skip locked
  loop
    -- The rest comes with the next tick, and so does an organization where somebody holds what a run needs for long.
    exit when clock_timestamp() > v_until or cardinality(v_busy) >= 10;
    continue when v_schedule.organization_id = any (v_busy);
    begin
      v_decided := v_decided + private.fire_schedule(v_schedule, p_now, v_since);
    exception
      when lock_not_available or deadlock_detected then
        v_busy := v_busy || v_schedule.organization_id;
      when others then
        -- One schedule that can not be decided on must not stop the clock of all.
        raise warning 'Cannot fire schedule %: %', v_schedule.id, sqlerrm;
    end;
  end loop;

  if exists (select 1 from public.schedules s where s.refill_at <= p_now) then
    perform private.wake_if_idle(null);
  end if;
  delete from public.schedule_firings f where f.ctid in (
    select o.ctid from public.schedule_firings o
    where o.fired_at < p_now - interval '90 days' and o.outcome <> 'queued'
    order by o.fired_at limit 500 for update skip locked
  );
  return v_decided;
end;
$$;

revoke all on function private.fire_schedules(timestamptz) from public, anon, authenticated, service_role;
comment on function private.fire_schedules(timestamptz) is
  'Fires the schedules that are due, starts what waits in queues, has lists of due times renewed that run low, forgets firings after 90 days. Waits for nobody longer than 0.2 s and ends after some 3 s, so the clock can call it. Answers how many due times were decided on or left a queue.';
