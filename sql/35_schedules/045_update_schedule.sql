create function private.change_schedule(p_schedule public.schedules, p_changes jsonb) returns public.schedules
language plpgsql
set search_path = ''
as $$
declare
  v_allowed text[] := '{name,cron,timezone,starts_at,ends_at,jitter_seconds,missed_policy,missed_limit,overlap_policy,input,trigger_node,is_active}';
  v_unknown text;
begin
  if jsonb_typeof(p_changes) is distinct from 'object' then
    perform private.fail('invalid_request', 'The settings of a schedule must be an object', 400);
  end if;
  select min(k.name) into v_unknown from jsonb_object_keys(p_changes) as k (name) where k.name <> all (v_allowed);
  if v_unknown is not null then
    perform private.fail('invalid_request', format('A schedule has no setting %s', left(v_unknown, 100)), 400);
  end if;
  begin
    p_schedule := jsonb_populate_record(p_schedule, p_changes);
  exception when data_exception then
    perform private.fail('invalid_request', 'A setting of the schedule has the wrong type', 400);
  end;
  -- A JSON null would read as no input at all.
  if p_changes ? 'input' then
    p_schedule.input := p_changes -> 'input';
  end if;
  perform private.check_schedule(p_schedule);
  return p_schedule;
end;
$$;

revoke all on function private.change_schedule(public.schedules, jsonb) from public, anon, authenticated, service_role;
comment on function private.change_schedule(public.schedules, jsonb) is
  'A schedule with some settings changed, checked. A key that is there with null clears what may be cleared.';

create function private.lock_schedule(p_schedule_id uuid, p_permission text, p_if_version integer default null) returns public.schedules
language plpgsql
set search_path = ''
as $$
declare
  v_schedule public.schedules;
begin
  -- Asked before the lock: a stranger neither waits for who works on the schedule nor makes them wait.
  select s.organization_id into v_schedule.organization_id from public.schedules s where s.id = p_schedule_id;
  perform private.require_permission(v_schedule.organization_id, p_permission, 'schedule');
  select * into v_schedule from public.schedules s where s.id = p_schedule_id for no key update;
  if not found then
    perform private.fail('not_found', 'No such schedule', 404);
  end if;
  if p_if_version is not null and v_schedule.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The schedule has version %s, not %s', v_schedule.version, p_if_version), 412);
  end if;
  return v_schedule;
end;
$$;

revoke all on function private.lock_schedule(uuid, text, integer) from public, anon, authenticated, service_role;
comment on function private.lock_schedule(uuid, text, integer) is
  'Locks a schedule of the caller for a change: 404 when it is not theirs, 403 without the permission, 412 when p_if_version is not its version.';

create function public.update_schedule(
  p_schedule_id uuid,
  p_changes jsonb,
  p_upcoming timestamptz[] default null,
  p_flow_id uuid default null,
  p_if_version integer default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_old public.schedules := private.lock_schedule(p_schedule_id, 'flows:write', p_if_version);
  v_new public.schedules := private.change_schedule(v_old, p_changes);
begin
  if p_flow_id is not null and p_flow_id <> v_old.flow_id then
    if not exists (
      select 1 from public.flows f
      where f.id = p_flow_id and f.organization_id = v_old.organization_id and f.deleted_at is null
    ) then
      perform private.fail('not_found', 'No such flow', 404);
    end if;
    v_new.flow_id := p_flow_id;
    -- A node of one flow means nothing in another.
    v_new.trigger_node := p_changes ->> 'trigger_node';
  end if;
  if v_new.trigger_node is distinct from v_old.trigger_node or v_new.flow_id <> v_old.flow_id then
    perform private.check_trigger_node(v_new.flow_id, v_new.trigger_node);
  end if;

  if not v_new.is_active then
    v_new := private.with_upcoming(v_new, '{}');
    v_new.queued_count := 0;
  elsif not v_old.is_active
    or (v_new.cron, v_new.timezone, v_new.starts_at, v_new.ends_at)
      is distinct from (v_old.cron, v_old.timezone, v_old.starts_at, v_old.ends_at)
  then
    v_new := private.with_upcoming(v_new, private.check_upcoming(v_new, p_upcoming, private.now()));
    v_new.decided_until := private.now();
    if v_new.next_at is null then
      perform private.fail('invalid_request', 'Another timing needs its due times, and one must lie ahead', 400);
    end if;
  else
    v_new.fire_at := v_new.next_at + private.schedule_jitter(v_new.id, v_new.next_at, v_new.jitter_seconds);
  end if;
  if not v_new.is_active then
    update public.schedule_firings f set outcome = 'skipped_overlap', reason = 'switched_off', fired_at = private.now()
    where f.schedule_id = p_schedule_id and f.outcome = 'queued';
  end if;

  update public.schedules s set
    name = v_new.name, flow_id = v_new.flow_id, cron = v_new.cron, timezone = v_new.timezone, starts_at = v_new.starts_at,
    ends_at = v_new.ends_at, jitter_seconds = v_new.jitter_seconds, missed_policy = v_new.missed_policy,
    missed_limit = v_new.missed_limit, overlap_policy = v_new.overlap_policy, input = v_new.input,
    trigger_node = v_new.trigger_node, is_active = v_new.is_active, next_at = v_new.next_at, fire_at = v_new.fire_at,
    upcoming = v_new.upcoming, decided_until = v_new.decided_until, refilled_at = v_new.refilled_at,
    refill_at = v_new.refill_at, queued_count = v_new.queued_count
  where s.id = p_schedule_id
  returning * into v_new;
  return private.schedule_reply(v_new);
end;
$$;

revoke all on function public.update_schedule(uuid, jsonb, timestamptz[], uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.update_schedule(uuid, jsonb, timestamptz[], uuid, integer) to authenticated;
comment on function public.update_schedule(uuid, jsonb, timestamptz[], uuid, integer) is
  'Changes settings of a schedule; what is not named stays. Another cron expression, time zone, start or end, and switching on, need p_upcoming, the due times to come. Switching off drops what is queued. Needs flows:write.';

create function public.delete_schedule(p_schedule_id uuid, p_if_version integer default null) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_schedule(p_schedule_id, 'flows:write', p_if_version);
  delete from public.schedules s where s.id = p_schedule_id;
end;
$$;

revoke all on function public.delete_schedule(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.delete_schedule(uuid, integer) to authenticated;
comment on function public.delete_schedule(uuid, integer) is
  'Deletes a schedule with its history; runs that it started stay. Needs flows:write.';
