create function private.fire_due_time(
  p_schedule public.schedules,
  p_scheduled_for timestamptz,
  p_now timestamptz,
  p_late text
) returns public.schedules
language plpgsql
set search_path = ''
as $$
declare
  v_flow public.flows;
  v_outcome text := 'started';
  v_reason text;
  v_run_id uuid;
begin
  -- The key says it as well: what has been decided once is not decided again.
  if exists (
    select 1 from public.schedule_firings f where f.schedule_id = p_schedule.id and f.scheduled_for = p_scheduled_for
  ) then
    return p_schedule;
  end if;

  select * into v_flow from public.flows f where f.id = p_schedule.flow_id;
  v_reason := private.schedule_obstacle(v_flow);
  if v_reason is not null then
    v_outcome := 'refused';
  else
    v_reason := p_late;
    p_schedule.open_runs := private.runs_still_open(p_schedule.open_runs);
    -- A due time must not overtake those that wait in the queue.
    if p_schedule.overlap_policy = 'queue' and (p_schedule.queued_count > 0 or cardinality(p_schedule.open_runs) > 0) then
      v_outcome := case when p_schedule.queued_count < 100 then 'queued' else 'skipped_overlap' end;
      v_reason := case when v_outcome = 'skipped_overlap' then 'queue_full' else p_late end;
    elsif p_schedule.overlap_policy = 'skip' and cardinality(p_schedule.open_runs) > 0 then
      v_outcome := 'skipped_overlap';
    elsif p_schedule.overlap_policy = 'cancel_previous' then
      -- The caller has locked them all. One that undoes itself is left to that.
      perform private.end_run(r.id, 'cancelled') from public.runs r
      where r.id = any (p_schedule.open_runs) and r.status <> 'compensating';
      p_schedule.open_runs := private.runs_still_open(p_schedule.open_runs);
    end if;
  end if;

  if v_outcome = 'started' then
    begin
      v_run_id := private.start_scheduled_run(p_schedule, v_flow, p_scheduled_for, p_now, false);
      p_schedule.open_runs := (v_run_id || p_schedule.open_runs)[1:100];
      p_schedule.last_run_id := v_run_id;
      p_schedule.last_fired_at := p_now;
    exception
      when lock_not_available or deadlock_detected then
        raise;
      when others then
        -- One schedule that cannot start must not stop the clock of all.
        v_outcome := 'refused';
        v_reason := private.refusal_code(sqlstate, sqlerrm);
    end;
  end if;
  insert into public.schedule_firings (schedule_id, scheduled_for, organization_id, fired_at, outcome, run_id, reason)
  values (p_schedule.id, p_scheduled_for, p_schedule.organization_id, p_now, v_outcome, v_run_id, v_reason);
  p_schedule.queued_count := p_schedule.queued_count + (v_outcome = 'queued')::integer;
  return p_schedule;
end;
$$;

revoke all on function private.fire_due_time(public.schedules, timestamptz, timestamptz, text) from public, anon, authenticated, service_role;
comment on function private.fire_due_time(public.schedules, timestamptz, timestamptz, text) is
  'Decides on one due time: starts its run, queues it, skips it or refuses it, and writes that down. p_late: null, or missed for one that the missed policy makes up for. Answers the schedule with what that changes; the caller, who holds its lock, stores it.';

create function private.refusal_code(p_sqlstate text, p_message text) returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case when p_sqlstate = 'PGRST' then left(p_message::jsonb ->> 'code', 100) else 'internal' end;
end;
$$;

revoke all on function private.refusal_code(text, text) from public, anon, authenticated, service_role;
comment on function private.refusal_code(text, text) is 'The code of an error: that of private.fail, or internal.';

create function private.schedule_obstacle(p_flow public.flows) returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return case
    when p_flow.deleted_at is not null then 'flow_deleted'
    when not p_flow.is_active then 'flow_inactive'
    when exists (
      select 1 from public.organizations o where o.id = p_flow.organization_id and (o.suspended_at is not null or o.deletes_at is not null)
    ) then 'organization_suspended'
  end;
end;
$$;

revoke all on function private.schedule_obstacle(public.flows) from public, anon, authenticated, service_role;
comment on function private.schedule_obstacle(public.flows) is 'Why the clock cannot start a flow; null = it can.';
