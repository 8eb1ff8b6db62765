create function private.purge_webhook_events(p_limit bigint) returns bigint
language sql
set search_path = ''
as $$
  -- Few: an endpoint has a hundred of them at most.
  delete from public.webhook_refusals f
  using public.organizations o
  cross join lateral private.kept_days('webhook_events', o.id) as d (days)
  where f.organization_id = o.id and f.id < private.uuid_v7_floor(private.now() - make_interval(days => d.days));
  delete from private.webhook_refusal_days d where d.day < (private.now() at time zone 'UTC')::date - 40;

  -- Deleted and not dropped: an event is known by its key for as long as it is kept, and no key is unique over partitions.
  with expired as (
    select e.id
    from public.organizations o
    cross join lateral private.kept_days('webhook_events', o.id) as d (days)
    cross join lateral (
      select w.id
      from public.webhook_events w
      where w.organization_id = o.id
        and w.id < private.uuid_v7_floor(private.now() - make_interval(days => d.days))
        and not exists (select 1 from public.runs r where r.id = w.run_id and r.finished_at is null)
      order by w.id limit p_limit
    ) e
    limit p_limit
  ),
  locked as (
    select w.id from expired e join public.webhook_events w on w.id = e.id for update of w skip locked
  ),
  gone as (
    delete from public.webhook_events w using locked l where w.id = l.id returning 1
  )
  select count(*) from gone;
$$;

revoke all on function private.purge_webhook_events(bigint) from public, anon, authenticated, service_role;
comment on function private.purge_webhook_events(bigint) is
  'Deletes up to p_limit webhook events that have fallen out of retention, but for those whose run has not ended; with them refusals of that age, which are not counted.';
