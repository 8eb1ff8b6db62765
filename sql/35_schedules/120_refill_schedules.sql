create function engine.list_schedules_to_refill(p_limit integer default 100) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'id', s.id, 'version', s.version, 'cron', s.cron, 'timezone', s.timezone, 'starts_at', s.starts_at,
      'ends_at', s.ends_at, 'decided_until', s.decided_until, 'now', private.now()
    )), '[]')
    from (
      select * from public.schedules o where o.refill_at <= private.now()
      order by o.refill_at limit least(p_limit, 500)
    ) s
  );
end;
$$;

revoke all on function engine.list_schedules_to_refill(integer) from public, anon, authenticated, service_role;
grant execute on function engine.list_schedules_to_refill(integer) to service_role;
comment on function engine.list_schedules_to_refill(integer) is
  'Schedules whose list of due times is to be worked out again: [{id, version, cron, timezone, starts_at, ends_at, decided_until, now}]. The new list goes on after decided_until, what was missed included.';

create function engine.store_upcoming(p_lists jsonb) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_list record;
  v_schedule public.schedules;
  v_stored integer := 0;
begin
  -- In the order of their ids, so that two who store the same ones do not wait for each other in a circle.
  for v_list in
    select * from jsonb_to_recordset(p_lists) as l (id uuid, version integer, upcoming text[]) order by l.id
  loop
    select * into v_schedule from public.schedules s
    where s.id = v_list.id and s.version = v_list.version and s.is_active for no key update;
    continue when not found;
    begin
      v_schedule := private.with_upcoming(v_schedule,
        private.check_upcoming(v_schedule, v_list.upcoming::timestamptz[], v_schedule.decided_until));
    exception when data_exception or sqlstate 'PGRST' then
      -- A schedule whose list can not be is never due, as one that can not be read. It keeps no other back.
      raise warning 'The due times of schedule % can not be: %', v_list.id, sqlerrm;
      v_schedule := private.with_upcoming(v_schedule, '{}');
    end;
    update public.schedules s set
      upcoming = v_schedule.upcoming, next_at = v_schedule.next_at, fire_at = v_schedule.fire_at,
      refilled_at = v_schedule.refilled_at, refill_at = v_schedule.refill_at
    where s.id = v_schedule.id;
    v_stored := v_stored + 1;
  end loop;
  return v_stored;
end;
$$;

revoke all on function engine.store_upcoming(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.store_upcoming(jsonb) to service_role;
comment on function engine.store_upcoming(jsonb) is
  'Stores new lists of due times: [{id, version, upcoming}]. Passes over a schedule that was changed since, and entries that were decided on since. An empty list = nothing is due any more. Answers how many were stored.';
