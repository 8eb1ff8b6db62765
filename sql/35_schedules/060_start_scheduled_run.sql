create function private.start_scheduled_run(
  p_schedule public.schedules,
  p_flow public.flows,
  p_scheduled_for timestamptz,
  p_now timestamptz,
  p_is_manual boolean
) returns uuid
language plpgsql
set search_path = ''
as $$
begin
  return (private.create_run(
    p_flow, 'schedule',
    jsonb_build_object(
      'schedule_id', p_schedule.id, 'name', p_schedule.name, 'scheduled_for', p_scheduled_for, 'fired_at', p_now,
      'timezone', p_schedule.timezone, 'manual', p_is_manual, 'input', p_schedule.input
    ),
    p_schedule.trigger_node, p_schedule_id => p_schedule.id, p_may_refuse => true
  )).id;
end;
$$;

revoke all on function private.start_scheduled_run(public.schedules, public.flows, timestamptz, timestamptz, boolean) from public, anon, authenticated, service_role;
comment on function private.start_scheduled_run(public.schedules, public.flows, timestamptz, timestamptz, boolean) is
  'Starts a run of a schedule. Its input: {schedule_id, name, scheduled_for, fired_at, timezone, manual, input}. Fails where the flow refuses runs beyond its limits. Answers its id.';

create function private.runs_still_open(p_run_ids uuid[]) returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(r.id order by r.id), '{}') from public.runs r
    where r.id = any (p_run_ids) and r.finished_at is null
  );
end;
$$;

revoke all on function private.runs_still_open(uuid[]) from public, anon, authenticated, service_role;
comment on function private.runs_still_open(uuid[]) is 'Those of the runs that have not ended.';
