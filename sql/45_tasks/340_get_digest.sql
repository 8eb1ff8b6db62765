create function engine.get_digest(p_organization_id uuid, p_day date) returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  with flows as (
    select a.flow_id, coalesce(f.name, 'A deleted flow') as name, a.runs, a.failed + a.compensated + a.compensation_failed as failed,
      round(a.p95_ms) as p95_ms
    from public.analytics_daily a
    left join public.flows f on f.id = a.flow_id
    where a.organization_id = p_organization_id and a.day = p_day
      and a.flow_id <> '00000000-0000-0000-0000-000000000000'
  )
  select jsonb_build_object(
    'organization', o.name, 'day', a.day, 'runs', a.runs, 'completed', a.completed,
    'failed', a.failed + a.compensated + a.compensation_failed, 'cancelled', a.cancelled, 'unfinished', a.unfinished,
    'success_rate', a.success_rate, 'steps', a.steps,
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
  join public.analytics_daily a
    on a.organization_id = o.id and a.day = p_day and a.flow_id = '00000000-0000-0000-0000-000000000000'
  where o.id = p_organization_id and o.suspended_at is null and o.deletes_at is null;
$$;

revoke all on function engine.get_digest(uuid, date) from public, anon, authenticated, service_role;
grant execute on function engine.get_digest(uuid, date) to service_role;
comment on function engine.get_digest(uuid, date) is
  'What the digest of an organization and day says, and to whom (its owners; none when they opted out meanwhile). Null = there is nothing to say, or the organization is gone or suspended.';
