create function private.judge_usage() returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_month timestamptz := private.budget_start('month', v_now);
  v_row record;
  v_told integer := 0;
begin
  -- Budgets of what is counted afterwards.
  for v_row in
    select b.id, private.budget_start(b.period, v_now) as starts_at,
      private.usage_of_budget(b, private.budget_start(b.period, v_now)) as used
    from public.budgets b
    where b.is_enabled and b.meter in ('runs', 'steps')
    order by b.id
  loop
    insert into private.budget_periods as p (budget_id, starts_at, used) values (v_row.id, v_row.starts_at, v_row.used)
    on conflict (budget_id, starts_at) do update set used = greatest(p.used, excluded.used) where p.used < excluded.used;
    perform private.alert_budget(v_row.id, v_row.starts_at);
  end loop;

  -- What the plan includes. Who has passed both shares is told of the higher one.
  for v_row in
    select distinct on (u.organization_id) u.organization_id, u.runs, p.max_runs_per_month as allowed, s.share
    from (
      select h.organization_id, sum(h.runs_started) as runs from public.usage_hourly h
      where h.hour >= v_month group by h.organization_id
    ) u
    join public.organizations o on o.id = u.organization_id and o.suspended_at is null and o.deletes_at is null
    join public.plans p on p.id = o.plan_id and u.runs >= p.max_runs_per_month * 0.8
    join unnest('{80,100}'::smallint[]) s (share) on u.runs * 100 >= p.max_runs_per_month::bigint * s.share
    order by u.organization_id, s.share desc
  loop
    insert into private.usage_notices (organization_id, limit_name, starts_at, share)
    select v_row.organization_id, 'runs', v_month, g.share from unnest('{80,100}'::smallint[]) g (share) where g.share <= v_row.share
    on conflict do nothing;
    continue when not found;
    if v_row.share = 100 then
      perform private.publish_event(v_row.organization_id, 'usage.limit_reached',
        jsonb_build_object('limit', 'runs', 'used', v_row.runs, 'allowed', v_row.allowed), 'runs');
    end if;
    perform private.mail_usage_alert(v_row.organization_id, 'runs this month', v_row.runs::bigint, v_row.allowed, null,
      private.budget_end('month', v_month), 'Nothing is stopped: please choose a plan that fits.',
      format('runs:%s:%s', to_char(v_month at time zone 'UTC', 'YYYYMM'), v_row.share));
    v_told := v_told + 1;
  end loop;
  delete from private.usage_notices n where n.starts_at < v_month - interval '1 year';
  return v_told;
end;
$$;

revoke all on function private.judge_usage() from public, anon, authenticated, service_role;
comment on function private.judge_usage() is
  'Part of the task usage-hourly: brings budgets of runs and steps up to date, and tells organizations at 80 and 100 percent of the runs that their plan includes a month. Answers how many of the latter.';
