create function private.keep_webhooks_out() returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_woken integer := 0;
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
  delete from private.webhook_endpoint_stats h where h.hour < private.now() - interval '90 days';
  delete from private.webhook_portals w where w.expires_at < private.now() - interval '1 day';
  return jsonb_build_object('woken', v_woken);
end;
$$;

revoke all on function private.keep_webhooks_out() from public, anon, authenticated, service_role;
comment on function private.keep_webhooks_out() is
  'Part of the task webhook-retries: calls jobs for what waits without one, forgets figures after 90 days and portal tokens a day after their end. Answers {woken}.';
