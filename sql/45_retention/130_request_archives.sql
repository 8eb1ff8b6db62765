create function private.request_archives(p_week date) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_week private.run_archive_weeks;
  v_due record;
  v_found boolean;
  v_requested integer := 0;
begin
  for v_due in
    select o.id, d.days
    from private.organizations_of_week('runs', p_week) as o (id)
    cross join lateral private.kept_days('runs', o.id) as d (days)
    -- Some days ahead: what is archived in time is dropped in time.
    where private.archives_runs(o.id) and (p_week + 7)::timestamp at time zone 'UTC' + make_interval(days => d.days - 2) <= v_now
  loop
    insert into private.run_archive_weeks (organization_id, week) values (v_due.id, p_week) on conflict do nothing;
    select * into v_week from private.run_archive_weeks w
    where w.organization_id = v_due.id and w.week = p_week for update skip locked;
    continue when not found;
    if v_week.pass_until is null then
      -- An hour: no transaction of ours is open for as long, so everything that ended before is to be seen. What ends
      -- after the first pass waits for a further one until it has expired.
      select exists (
        select 1 from private.week_range(p_week) w
        join public.runs r on r.organization_id = v_due.id and r.id >= w.low and r.id < w.high
        where r.finished_at >= v_week.archived_until and r.finished_at < case
          when v_week.archived_until = '-infinity' then v_now - interval '1 hour'
          else v_now - make_interval(days => v_due.days) end
      ) into v_found;
      continue when not v_found;
      update private.run_archive_weeks w set pass_until = v_now - interval '1 hour', requested_at = v_now, attempts = 0
      where w.organization_id = v_due.id and w.week = p_week;
    end if;
    perform private.enqueue_run_archive(v_due.id, p_week);
    v_requested := v_requested + 1;
  end loop;
  return v_requested;
end;
$$;

revoke all on function private.request_archives(date) from public, anon, authenticated, service_role;
comment on function private.request_archives(date) is
  'Asks for the archives of organizations whose runs of a week fall out of retention within two days, and again for those that are not done: jobs of the type runs.archive. Answers how many.';
