create function engine.queue_digests(p_day date default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_day date := coalesce(p_day, (private.now() at time zone 'UTC')::date - 1);
  -- Weeks end on Sundays. When the clock missed the day after, there is time until Wednesday.
  v_sunday date := v_day - extract(isodow from v_day)::integer % 7;
  v_weekly boolean := v_day - v_sunday <= 2;
  v_row record;
  v_queued integer := 0;
begin
  for v_row in
    select o.id, d.period, d.last_day, private.digest_due(d.last_day, d.time_zone) as due
    from public.organizations o
    left join private.mail_settings s on s.organization_id = o.id
    cross join lateral (
      select coalesce(s.digest, 'week') as period, coalesce(s.time_zone, 'UTC') as time_zone,
        case coalesce(s.digest, 'week') when 'day' then v_day else v_sunday end as last_day,
        case coalesce(s.digest, 'week') when 'day' then 1 else 7 end as days
    ) d
    where o.suspended_at is null and o.deletes_at is null and (d.period = 'day' or v_weekly)
      and not exists (select 1 from private.digest_opt_outs x where x.organization_id = o.id)
      and not exists (select 1 from private.digests g where g.organization_id = o.id and g.day = d.last_day)
      and exists (
        select 1 from public.analytics_daily a
        where a.organization_id = o.id and a.flow_id = v_nil and a.day > d.last_day - d.days and a.day <= d.last_day and a.runs > 0
      )
    order by o.id
    limit 2000
  loop
    insert into private.digests (organization_id, day, job_id)
    values (v_row.id, v_row.last_day, private.enqueue_job(
      v_row.id, 'digest.mail', jsonb_build_object('organization_id', v_row.id, 'day', v_row.last_day, 'period', v_row.period),
      jsonb_build_object('priority', 200, 'scheduled_for', v_row.due)
    ))
    on conflict do nothing;
    v_queued := v_queued + 1;
  end loop;
  return jsonb_build_object('day', v_day, 'queued', v_queued, 'more', v_queued = 2000);
end;
$$;

revoke all on function engine.queue_digests(date) from public, anon, authenticated, service_role;
grant execute on function engine.queue_digests(date) to service_role;
comment on function engine.queue_digests(date) is
  'Queues digests, a job digest.mail for each organization that had runs and wants it, due in the morning of its time zone: of the week, Monday to Sunday, that ended p_day (null = yesterday, UTC) or up to two days before it; of p_day itself where the organization wants one each day. One for each organization and last day, however often it is called. Answers {day, queued, more}; more = call again.';
