create function private.roll_up_analytics() returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_today date := (private.now() at time zone 'UTC')::date;
  v_day date;
  v_days integer := 0;
  v_rows integer := 0;
begin
  -- What no tick has counted yet: yesterday must be complete.
  perform private.count_runs();
  -- Days that were never rolled up, and those of which a run has ended (or was deleted) since. Runs take 31 days at most;
  -- the first time takes all there is.
  for v_day in
    select distinct d.day from public.run_stats_daily d
    left join public.analytics_daily a
      on a.organization_id = d.organization_id and a.flow_id = d.flow_id and a.day = d.day
    where d.day < v_today
      and d.day >= coalesce((select max(m.day) from public.analytics_daily m) - 35, '-infinity')
      and (a.day is null
        or (a.completed, a.failed, a.cancelled, a.compensated, a.compensation_failed, a.unfinished)
          is distinct from (d.completed, d.failed, d.cancelled, d.compensated, d.compensation_failed,
            d.queued + d.running + d.paused + d.compensating))
    order by 1
  loop
    v_rows := v_rows + private.roll_up_day(v_day);
    v_days := v_days + 1;
  end loop;
  return jsonb_build_object('days', v_days, 'rows', v_rows);
end;
$$;

revoke all on function private.roll_up_analytics() from public, anon, authenticated, service_role;
comment on function private.roll_up_analytics() is
  'The task analytics-daily: makes the rows of analytics_daily for the days that have passed and changed. Answers {days, rows}.';
