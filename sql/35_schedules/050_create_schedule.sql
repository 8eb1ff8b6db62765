create function public.create_schedule(
  p_flow_id uuid,
  p_settings jsonb,
  p_upcoming timestamptz[] default '{}',
  p_idempotency_key text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_flow public.flows;
  v_schedule public.schedules;
  v_reply jsonb;
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, 'flows:write', 'flow');
  -- Without the due times: the same request some minutes later has others.
  v_reply := private.idempotent_reply(v_flow.organization_id, 'create_schedule', p_idempotency_key,
    jsonb_build_array(p_flow_id, p_settings));
  if v_reply is not null then
    return v_reply;
  end if;

  v_schedule.id := private.uuid_v7();
  v_schedule.organization_id := v_flow.organization_id;
  v_schedule.flow_id := p_flow_id;
  v_schedule.timezone := 'UTC';
  v_schedule.jitter_seconds := 0;
  v_schedule.missed_policy := 'skip';
  v_schedule.missed_limit := 10;
  v_schedule.overlap_policy := 'skip';
  v_schedule.input := '{}';
  v_schedule.is_active := true;
  v_schedule.decided_until := private.now();
  v_schedule := private.change_schedule(v_schedule, p_settings);
  v_schedule := private.with_upcoming(v_schedule,
    case when v_schedule.is_active then private.check_upcoming(v_schedule, p_upcoming, private.now()) else '{}' end);
  perform private.check_trigger_node(p_flow_id, v_schedule.trigger_node);
  if v_schedule.is_active and v_schedule.next_at is null then
    perform private.fail('invalid_request', 'Nothing is due any more', 400);
  end if;

  perform private.require_room(v_flow.organization_id, 'max_schedules');

  insert into public.schedules (
    id, organization_id, flow_id, name, cron, timezone, starts_at, ends_at, jitter_seconds, missed_policy, missed_limit,
    overlap_policy, input, trigger_node, is_active, next_at, fire_at, upcoming, decided_until, refilled_at, refill_at, created_by
  )
  values (
    v_schedule.id, v_schedule.organization_id, v_schedule.flow_id, v_schedule.name, v_schedule.cron, v_schedule.timezone,
    v_schedule.starts_at, v_schedule.ends_at, v_schedule.jitter_seconds, v_schedule.missed_policy, v_schedule.missed_limit,
    v_schedule.overlap_policy, v_schedule.input, v_schedule.trigger_node, v_schedule.is_active, v_schedule.next_at,
    v_schedule.fire_at, v_schedule.upcoming, v_schedule.decided_until, v_schedule.refilled_at, v_schedule.refill_at, private.caller_user_id()
  )
  returning * into v_schedule;
  return private.keep_reply(v_flow.organization_id, 'create_schedule', p_idempotency_key, private.schedule_reply(v_schedule));
end;
$$;

revoke all on function public.create_schedule(uuid, jsonb, timestamptz[], text) from public, anon, authenticated, service_role;
grant execute on function public.create_schedule(uuid, jsonb, timestamptz[], text) to authenticated;
comment on function public.create_schedule(uuid, jsonb, timestamptz[], text) is
  'Makes a schedule for a flow. p_settings: name and cron, and whatever of timezone, starts_at, ends_at, jitter_seconds, missed_policy, missed_limit, overlap_policy, input, trigger_node, is_active is not as usual. p_upcoming: its next due times, ascending. Needs flows:write.';
