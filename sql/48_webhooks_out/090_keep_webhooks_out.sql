create function private.keep_webhooks_out(p_limit integer default 5000) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_woken integer := 0;
  v_gone bigint;
  v_row record;
begin
  -- What waits without a job: its job became a dead letter, the organization was suspended, a backup was restored.
  for v_row in
    select e.subscription_id, s.organization_id
    from private.webhook_endpoint_states e
    join public.webhook_subscriptions s on s.id = e.subscription_id and s.status <> 'paused'
    join public.organizations o on o.id = s.organization_id and o.suspended_at is null and o.deletes_at is null
    where exists (
      select from public.webhook_deliveries d
      where d.subscription_id = s.id and d.status = 'pending' and d.next_attempt_at < private.now() - interval '2 minutes'
        and coalesce(d.leased_until < private.now(), true)
    ) and not exists (
      select from public.job_queue j
      where j.organization_id = s.organization_id and j.type = 'webhook.deliver' and j.unique_key = s.id::text
    )
    order by e.subscription_id limit 1000
    for update of e skip locked
  loop
    perform private.wake_endpoint(v_row.subscription_id, private.now());
    v_woken := v_woken + 1;
  end loop;
  for v_row in
    select distinct m.organization_id from public.webhook_messages m
    where not m.is_sent_on and not m.is_test and m.created_at < private.now() - interval '2 minutes'
  loop
    perform private.enqueue_job(v_row.organization_id, 'webhook.send_on', '{}', '{"priority": 90}');
    v_woken := v_woken + 1;
  end loop;
  with expired as (
    select e.id
    from public.organizations o
    cross join lateral private.kept_days('webhook_events', o.id) as d (days)
    cross join lateral (
      select m.id from public.webhook_messages m
      where m.organization_id = o.id and m.id < private.uuid_v7_floor(private.now() - make_interval(days => d.days))
        and not exists (select from public.webhook_deliveries w where w.message_id = m.id and w.status = 'pending')
      order by m.id limit p_limit
    ) e
    limit p_limit
  ), gone as (
    delete from public.webhook_messages m where m.id in (select e.id from expired e) returning 1
  )
  select count(*) into v_gone from gone;
  delete from private.webhook_endpoint_stats h where h.hour < private.now() - interval '90 days';
  return jsonb_build_object('woken', v_woken, 'deleted', v_gone);
end;
$$;

revoke all on function private.keep_webhooks_out(integer) from public, anon, authenticated, service_role;
comment on function private.keep_webhooks_out(integer) is
  'Part of the task webhook-retries: calls jobs for what waits without one, and deletes events with their deliveries and attempts that have fallen out of retention (that of webhook events), p_limit a call. Answers {woken, deleted}.';
