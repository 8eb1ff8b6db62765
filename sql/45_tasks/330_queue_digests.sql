create function engine.queue_digests(p_day date default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_day date := coalesce(p_day, (private.now() at time zone 'UTC')::date - 1);
  v_organization_id uuid;
  v_queued integer := 0;
begin
  for v_organization_id in
    select a.organization_id from public.analytics_daily a
    join public.organizations o on o.id = a.organization_id and o.suspended_at is null and o.deletes_at is null
    where a.day = v_day and a.flow_id = v_nil and a.runs > 0
      and not exists (select 1 from private.digest_opt_outs x where x.organization_id = a.organization_id)
      and not exists (select 1 from private.digests d where d.organization_id = a.organization_id and d.day = v_day)
    order by a.organization_id
    limit 2000
  loop
    insert into private.digests (organization_id, day, job_id)
    values (v_organization_id, v_day, private.enqueue_job(
      v_organization_id, 'digest.mail', jsonb_build_object('organization_id', v_organization_id, 'day', v_day),
      '{"priority": 200}'
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
  'Queues the digest of a day (null = yesterday, UTC), a job digest.mail for each organization that had runs and wants it, once for each however often it is called. Answers {day, queued, more}; more = call again.';
