create function private.check_schedule(p_schedule public.schedules) returns void
language plpgsql
set search_path = ''
as $$
begin
  if length(coalesce(p_schedule.name, '')) not between 1 and 200
    or length(coalesce(p_schedule.cron, '')) not between 1 and 200
    or coalesce(p_schedule.timezone, '') !~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$'
    or length(p_schedule.trigger_node) not between 1 and 64
    or p_schedule.is_active is null
  then
    perform private.fail('invalid_request', 'The name, cron expression, time zone or trigger node is out of range', 400);
  end if;
  -- Moments that JavaScript and Postgres write alike, and to which a jitter may be added.
  if p_schedule.starts_at >= p_schedule.ends_at
    or p_schedule.starts_at not between '1970-01-01T00:00:00Z' and '9000-01-01T00:00:00Z'
    or p_schedule.ends_at not between '1970-01-01T00:00:00Z' and '9000-01-01T00:00:00Z'
  then
    perform private.fail('invalid_request', 'A schedule must end later than it starts, between the years 1970 and 9000', 400);
  end if;
  if coalesce(p_schedule.jitter_seconds, -1) not between 0 and 3600
    or coalesce(p_schedule.missed_limit, 0) not between 1 and 100
    or coalesce(p_schedule.missed_policy, '') not in ('skip', 'run_once', 'run_all')
    or coalesce(p_schedule.overlap_policy, '') not in ('allow', 'skip', 'queue', 'cancel_previous')
  then
    perform private.fail('invalid_request', 'The jitter or a policy is out of range', 400);
  end if;
  if p_schedule.input is null or octet_length(p_schedule.input::text) > 65536 then
    perform private.fail('payload_too_large', 'The input of a schedule may have at most 64 KiB', 413);
  end if;
end;
$$;

revoke all on function private.check_schedule(public.schedules) from public, anon, authenticated, service_role;
comment on function private.check_schedule(public.schedules) is 'Refuses settings that are out of range.';

create function private.check_upcoming(p_schedule public.schedules, p_upcoming timestamptz[], p_after timestamptz) returns timestamptz[]
language plpgsql
set search_path = ''
as $$
declare
  v_upcoming timestamptz[];
begin
  if array_ndims(p_upcoming) > 1 or cardinality(p_upcoming) > 150 or array_position(p_upcoming, null) is not null then
    perform private.fail('invalid_request', 'The list of due times may have 150 entries, none of them null', 400);
  end if;
  -- A cron expression is never due twice in a minute. What has passed meanwhile is left out, for clocks differ.
  if exists (
    select 1 from (
      select u.at, lag(u.at) over (order by u.place) as before
      from unnest(p_upcoming) with ordinality as u (at, place)
    ) t
    -- The service reckons in milliseconds.
    where t.at < t.before + interval '1 minute' or t.at not between '1970-01-01T00:00:00Z' and '9000-01-01T00:00:00Z'
      or t.at < date_trunc('milliseconds', p_schedule.starts_at) or t.at > p_schedule.ends_at
  ) then
    perform private.fail('invalid_request', 'Due times must ascend by a minute or more, between start and end', 400);
  end if;
  select coalesce(array_agg(u.at order by u.place), '{}') into v_upcoming
  from unnest(p_upcoming) with ordinality as u (at, place) where u.at > p_after;
  return v_upcoming;
end;
$$;

revoke all on function private.check_upcoming(public.schedules, timestamptz[], timestamptz) from public, anon, authenticated, service_role;
comment on function private.check_upcoming(public.schedules, timestamptz[], timestamptz) is
  'The due times later than p_after, after the shape of the list was checked. Whether they are those of the cron expression only TypeScript can say: a false list harms nobody else, and the service replaces it.';

create function private.with_upcoming(p_schedule public.schedules, p_upcoming timestamptz[]) returns public.schedules
language plpgsql
set search_path = ''
as $$
declare
  v_length integer := cardinality(p_upcoming);
begin
  p_schedule.upcoming := p_upcoming;
  p_schedule.next_at := p_upcoming[1];
  p_schedule.fire_at := p_upcoming[1] + private.schedule_jitter(p_schedule.id, p_upcoming[1], p_schedule.jitter_seconds);
  p_schedule.refilled_at := private.now();
  -- When half of it is used up; and every week, for governments change their clocks at short notice. Not at once: what
  -- was missed is in the list until the clock has decided on it.
  p_schedule.refill_at := case when v_length > 0 then greatest(
    least(p_upcoming[(v_length + 1) / 2], private.now() + interval '7 days'),
    private.now() + interval '10 seconds'
  ) end;
  return p_schedule;
end;
$$;

revoke all on function private.with_upcoming(public.schedules, timestamptz[]) from public, anon, authenticated, service_role;
comment on function private.with_upcoming(public.schedules, timestamptz[]) is 'A schedule with a new list of due times, and all that follows from it.';

create function private.schedule_reply(p_schedule public.schedules) returns jsonb
language sql
stable
set search_path = ''
as $$
  select to_jsonb(p_schedule) - '{upcoming,decided_until,refilled_at,refill_at,open_runs}'::text[];
$$;

revoke all on function private.schedule_reply(public.schedules) from public, anon, authenticated, service_role;
comment on function private.schedule_reply(public.schedules) is 'A schedule as the API shows it.';
