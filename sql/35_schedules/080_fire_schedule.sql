create function private.fire_schedule(p_schedule public.schedules, p_now timestamptz, p_since timestamptz) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_schedule public.schedules := p_schedule;
  v_due timestamptz[];
  v_missed integer;
  v_from integer;
  v_done integer := 0;
begin
  -- In order: jitter never lets a due time overtake the one before it. Missed is what was due before the clock ticked
  -- again, or before the list named it; what merely waits its turn among many is not.
  select coalesce(array_agg(t.at order by t.place), '{}'), count(*) filter (
    where t.fires_at < greatest(p_since, v_schedule.refilled_at) - interval '60 seconds'
  )
  into v_due, v_missed
  from (
    select u.at, u.place, max(u.at + private.schedule_jitter(v_schedule.id, u.at, v_schedule.jitter_seconds))
      over (order by u.place) as fires_at
    from unnest(v_schedule.upcoming) with ordinality as u (at, place)
  ) t
  where t.fires_at <= p_now;

  -- The first one that is not skipped as missed.
  v_from := 1 + case v_schedule.missed_policy
    when 'skip' then v_missed
    when 'run_once' then greatest(v_missed - 1, 0)
    else greatest(v_missed - v_schedule.missed_limit, 0)
  end;
  for i in 1 .. cardinality(v_due) loop
    if i < v_from then
      insert into public.schedule_firings (schedule_id, scheduled_for, organization_id, fired_at, outcome, reason)
      values (v_schedule.id, v_due[i], v_schedule.organization_id, p_now, 'skipped_missed', 'missed_policy')
      on conflict do nothing;
    else
      -- A run to be cancelled that somebody is at work on right now: the next tick fires.
      exit when v_schedule.overlap_policy = 'cancel_previous' and exists (
        select 1 from unnest(private.runs_still_open(v_schedule.open_runs)) as o (id) where not private.try_lock_run(o.id)
      );
      v_schedule := private.fire_due_time(v_schedule, v_due[i], p_now, case when i <= v_missed then 'missed' end);
    end if;
    v_done := i;
  end loop;
  if v_done = 0 then
    return 0;
  end if;

  v_schedule.upcoming := v_schedule.upcoming[v_done + 1:];
  update public.schedules s set
    upcoming = v_schedule.upcoming,
    next_at = v_schedule.upcoming[1],
    fire_at = v_schedule.upcoming[1]
      + private.schedule_jitter(v_schedule.id, v_schedule.upcoming[1], v_schedule.jitter_seconds),
    decided_until = v_due[v_done],
    open_runs = v_schedule.open_runs,
    queued_count = v_schedule.queued_count,
    last_run_id = v_schedule.last_run_id,
    last_fired_at = v_schedule.last_fired_at
  where s.id = v_schedule.id;
  -- Of a flow that is gone nothing can come any more.
  if exists (select 1 from public.flows f where f.id = v_schedule.flow_id and f.deleted_at is not null) then
    update public.schedule_firings f set outcome = 'refused', reason = 'flow_deleted', fired_at = p_now
    where f.schedule_id = v_schedule.id and f.outcome = 'queued';
    update public.schedules s set
      is_active = false, upcoming = '{}', next_at = null, fire_at = null, refill_at = null, queued_count = 0
    where s.id = v_schedule.id;
  end if;
  return v_done;
end;
$$;

revoke all on function private.fire_schedule(public.schedules, timestamptz, timestamptz) from public, anon, authenticated, service_role;
comment on function private.fire_schedule(public.schedules, timestamptz, timestamptz) is
  'Decides on the due times of a schedule that have come, by its missed policy (missed = due more than 60 s before p_since, when the clock began to tick, or before its list was stored) and its overlap policy, and moves it on. The caller holds its lock. Answers how many were decided on.';
