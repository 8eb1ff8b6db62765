create function engine.get_digest(p_organization_id uuid, p_day date, p_period text default 'day') returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_days integer := case p_period when 'week' then 7 else 1 end;
begin
  return (
    with flows as (
      select a.flow_id, coalesce(max(f.name), 'A deleted flow') as name, sum(a.runs) as runs,
        sum(a.failed + a.compensated + a.compensation_failed) as failed,
        -- Of several days the worst: percentiles cannot be added up.
        round(max(a.p95_ms)) as p95_ms
      from public.analytics_daily a
      left join public.flows f on f.id = a.flow_id
      where a.organization_id = p_organization_id and a.day > p_day - v_days and a.day <= p_day and a.flow_id <> v_nil
      group by a.flow_id
    ), sums as (
      select sum(a.runs) as runs, sum(a.completed) as completed, sum(a.failed + a.compensated + a.compensation_failed) as failed,
        sum(a.cancelled) as cancelled, sum(a.unfinished) as unfinished, sum(a.steps) as steps
      from public.analytics_daily a
      where a.organization_id = p_organization_id and a.day > p_day - v_days and a.day <= p_day and a.flow_id = v_nil
    )
    select jsonb_build_object(
      'organization', o.name, 'from', p_day - v_days + 1, 'to_day', p_day, 'runs', s.runs, 'completed', s.completed,
      'failed', s.failed, 'cancelled', s.cancelled, 'unfinished', s.unfinished, 'steps', s.steps,
      'success_rate', round(s.completed::numeric / nullif(s.completed + s.failed, 0), 4),
      'runs_before', (
        select sum(a.runs) from public.analytics_daily a
        where a.organization_id = p_organization_id and a.day > p_day - 2 * v_days and a.day <= p_day - v_days and a.flow_id = v_nil
      ),
      'failing', coalesce((
        select jsonb_agg(jsonb_build_object('name', l.name, 'runs', l.runs, 'failed', l.failed) order by l.failed desc, l.name)
        from (select * from flows f where f.failed > 0 order by f.failed desc, f.name limit 5) l
      ), '[]'),
      'slowest', coalesce((
        select jsonb_agg(jsonb_build_object('name', l.name, 'runs', l.runs, 'p95_ms', l.p95_ms) order by l.p95_ms desc, l.name)
        from (select * from flows f where f.p95_ms is not null order by f.p95_ms desc, f.name limit 5) l
      ), '[]'),
      'to', coalesce((
        select jsonb_agg(p.email order by p.email)
        from public.organization_members m join public.profiles p on p.id = m.user_id
        where m.organization_id = o.id and m.role = 'owner' and p.email is not null
          and not exists (select 1 from private.digest_opt_outs x where x.organization_id = o.id)
      ), '[]')
    )
    from public.organizations o
    join sums s on s.runs > 0
    where o.id = p_organization_id and o.suspended_at is null and o.deletes_at is null
  );
end;
$$;

revoke all on function engine.get_digest(uuid, date, text) from public, anon, authenticated, service_role;
grant execute on function engine.get_digest(uuid, date, text) to service_role;
comment on function engine.get_digest(uuid, date, text) is
  'What the digest of an organization says, of p_day or of the week that ends with it (p_period day or week; days are UTC), and to whom (its owners; none when they opted out meanwhile). runs_before: of the period before; null = none was counted. Null = there is nothing to say, or the organization is gone or suspended.';
