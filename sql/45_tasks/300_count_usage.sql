create function private.count_usage() returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_this timestamptz := date_trunc('hour', private.now(), 'UTC');
  v_from timestamptz := private.setting('usage_counted_to')::timestamptz;
  v_hour timestamptz;
  v_hours integer := 0;
  v_late integer := 0;
  v_rows integer := 0;
begin
  if v_from is null then
    -- For the first time: what there is, of a month.
    v_from := greatest(date_trunc('hour', least(
      (select r.created_at from public.runs r order by r.id limit 1),
      (select e.received_at from public.webhook_events e order by e.id limit 1),
      v_this
    ), 'UTC'), v_this - interval '31 days');
  end if;
  -- The hour before, once more: something of it may have been committed after it was counted.
  v_from := least(v_from, v_this) - interval '1 hour';

  -- Earlier hours of which a run has ended since. Open runs are those that have tokens.
  for v_hour in
    select u.hour from public.usage_hourly u where u.runs_open > 0 and u.hour < v_from
    group by u.hour
    having sum(u.runs_open) <> (
      select count(distinct j.run_id) from public.job_queue j
      where j.run_id >= private.uuid_v7_floor(u.hour) and j.run_id < private.uuid_v7_floor(u.hour + interval '1 hour')
    )
    order by u.hour
  loop
    v_rows := v_rows + private.count_usage_of(v_hour);
    v_late := v_late + 1;
  end loop;
  for v_hour in select g.hour from generate_series(v_from, v_this, interval '1 hour') g (hour) loop
    v_rows := v_rows + private.count_usage_of(v_hour);
    v_hours := v_hours + 1;
  end loop;

  perform private.judge_usage();
  insert into private.settings (name, value) values ('usage_counted_to', v_this::text)
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
  return jsonb_build_object('hours', v_hours, 'late_hours', v_late, 'rows', v_rows);
end;
$$;

revoke all on function private.count_usage() from public, anon, authenticated, service_role;
comment on function private.count_usage() is
  'The task usage-hourly: counts the hours since it last did, the present one so far, and earlier ones of which a run has ended meanwhile. Answers {hours, late_hours, rows}.';
