create function private.start_queued_firing(p_schedule public.schedules, p_now timestamptz) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_flow public.flows;
  v_firing public.schedule_firings;
  v_run_id uuid;
  v_reason text;
begin
  -- Somebody may have fired it by hand since the caller looked.
  if cardinality(private.runs_still_open(p_schedule.open_runs)) > 0 then
    return;
  end if;
  select * into v_firing from public.schedule_firings f
  where f.schedule_id = p_schedule.id and f.outcome = 'queued' order by f.scheduled_for limit 1;
  select * into v_flow from public.flows f where f.id = p_schedule.flow_id;
  v_reason := private.schedule_obstacle(v_flow);
  if v_reason is null then
    begin
      v_run_id := private.start_scheduled_run(p_schedule, v_flow, v_firing.scheduled_for, p_now, false);
      v_reason := 'queued';
    exception
      when lock_not_available or deadlock_detected then
        raise;
      when others then
        v_reason := private.refusal_code(sqlstate, sqlerrm);
    end;
  end if;
  update public.schedule_firings f set
    outcome = case when v_run_id is null then 'refused' else 'started' end,
    run_id = v_run_id, reason = v_reason, fired_at = p_now
  where f.schedule_id = p_schedule.id and f.scheduled_for = v_firing.scheduled_for;
  update public.schedules s set
    queued_count = s.queued_count - 1,
    open_runs = case when v_run_id is null then '{}' else array[v_run_id] end,
    last_run_id = coalesce(v_run_id, s.last_run_id),
    last_fired_at = case when v_run_id is null then s.last_fired_at else p_now end
  where s.id = p_schedule.id;
end;
$$;

revoke all on function private.start_queued_firing(public.schedules, timestamptz) from public, anon, authenticated, service_role;
comment on function private.start_queued_firing(public.schedules, timestamptz) is
  'Starts the oldest queued due time of a schedule whose runs have all ended. The caller holds its lock.';
