create function public.trigger_schedule(p_schedule_id uuid, p_idempotency_key text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_schedule public.schedules := private.lock_schedule(p_schedule_id, 'runs:execute');
  v_flow public.flows;
  v_now timestamptz := private.now();
  v_at timestamptz := v_now;
  v_run_id uuid;
  v_reply jsonb;
begin
  v_reply := private.idempotent_reply(v_schedule.organization_id, 'trigger_schedule', p_idempotency_key, to_jsonb(p_schedule_id));
  if v_reply is not null then
    return v_reply;
  end if;
  select * into v_flow from public.flows f where f.id = v_schedule.flow_id and f.deleted_at is null;
  if not found then
    perform private.fail('not_found', 'No such flow', 404);
  end if;
  if not v_flow.is_active then
    perform private.fail('flow_inactive', 'The flow is switched off', 409);
  end if;
  -- A due time, or another call, of the same microsecond.
  while exists (
    select 1 from public.schedule_firings f where f.schedule_id = p_schedule_id and f.scheduled_for = v_at
  ) or v_at = any (v_schedule.upcoming) loop
    v_at := v_at + interval '1 microsecond';
  end loop;

  v_run_id := private.start_scheduled_run(v_schedule, v_flow, v_at, v_now, true);
  insert into public.schedule_firings (
    schedule_id, scheduled_for, organization_id, fired_at, outcome, run_id, triggered_by, is_manual
  )
  values (p_schedule_id, v_at, v_schedule.organization_id, v_now, 'started', v_run_id, private.caller_user_id(), true);
  update public.schedules s set
    open_runs = (v_run_id || private.runs_still_open(s.open_runs))[1:100], last_run_id = v_run_id, last_fired_at = v_now
  where s.id = p_schedule_id;
  perform private.wake_if_idle(v_schedule.organization_id);
  return private.keep_reply(v_schedule.organization_id, 'trigger_schedule', p_idempotency_key,
    jsonb_build_object('schedule_id', p_schedule_id, 'scheduled_for', v_at, 'run_id', v_run_id));
end;
$$;

revoke all on function public.trigger_schedule(uuid, text) from public, anon, authenticated, service_role;
grant execute on function public.trigger_schedule(uuid, text) to authenticated;
comment on function public.trigger_schedule(uuid, text) is
  'Starts a run of a schedule now, also of one that is switched off, whatever its overlap policy says; what is due later comes all the same. Needs runs:execute; 409 when the flow is off.';
