create function private.wake_endpoint(p_subscription_id uuid, p_due timestamptz) returns void
language plpgsql
set search_path = ''
as $$
-- The caller holds the endpoint's state, so that of two calls the earlier moment wins whatever their order.
declare
  v_subscription public.webhook_subscriptions;
  v_hold timestamptz;
  v_failures integer;
  v_due timestamptz;
begin
  select s.* into v_subscription from public.webhook_subscriptions s where s.id = p_subscription_id;
  if v_subscription.id is null or v_subscription.status = 'paused' then
    return;
  end if;
  select e.hold_until, e.failures into v_hold, v_failures
  from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id for update;
  -- What waits for a disabled one is given up at once.
  v_due := case v_subscription.status when 'disabled' then private.now() else greatest(p_due, v_hold, private.now()) end;
  if exists (
    select from public.job_queue j
    where j.organization_id = v_subscription.organization_id and j.type = 'webhook.deliver'
      and j.unique_key = p_subscription_id::text and j.scheduled_for <= v_due
  ) then
    return;
  end if;
  perform private.enqueue_job(v_subscription.organization_id, 'webhook.deliver',
    jsonb_build_object('subscription_id', p_subscription_id),
    jsonb_build_object(
      'unique_key', p_subscription_id, 'on_conflict', 'replace', 'scheduled_for', v_due, 'max_attempts', 100,
      'concurrency_key', 'webhook:' || p_subscription_id, 'concurrency_limit', 1,
      -- Whoever answers goes before whoever does not.
      'priority', case v_subscription.priority when 'high' then 90 when 'normal' then 110 else 160 end
        + case when v_failures > 0 then 30 else 0 end
    ));
end;
$$;

revoke all on function private.wake_endpoint(uuid, timestamptz) from public, anon, authenticated, service_role;
comment on function private.wake_endpoint(uuid, timestamptz) is
  'Sees to it that a job webhook.deliver of the subscription is due at p_due, or sooner. There is one at the most that waits, however many deliveries do, and one at work.';
