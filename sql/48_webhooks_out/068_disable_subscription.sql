create function private.disable_subscription(p_subscription_id uuid, p_reason text, p_failing_since timestamptz) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_subscription public.webhook_subscriptions;
  v_state private.webhook_endpoint_states;
  v_waiting bigint;
  v_owner record;
begin
  update public.webhook_subscriptions s set status = 'disabled', disabled_reason = p_reason, disabled_at = private.now()
  where s.id = p_subscription_id and s.status <> 'disabled'
  returning * into v_subscription;
  if v_subscription.id is null then
    return;
  end if;
  perform private.publish_event(v_subscription.organization_id, 'webhook.endpoint_disabled', jsonb_build_object(
    'id', v_subscription.id, 'url', v_subscription.url, 'reason', p_reason, 'failing_since', p_failing_since
  ), v_subscription.id::text);
  select * into v_state from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id;
  select count(*) into v_waiting from public.webhook_deliveries d where d.subscription_id = p_subscription_id and d.status = 'pending';
  for v_owner in
    select p.email, o.name
    from public.organization_members m
    join public.profiles p on p.id = m.user_id and p.email is not null
    join public.organizations o on o.id = m.organization_id
    where m.organization_id = v_subscription.organization_id and m.role = 'owner'
    order by p.email
  loop
    perform private.send_mail(v_subscription.organization_id, 'endpoint_disabled', v_owner.email, jsonb_build_object(
      'organization', v_owner.name, 'url', left(v_subscription.url, 2000), 'reason', p_reason, 'failures', v_state.failures,
      'failing_since', p_failing_since, 'last_error', v_state.last_error, 'waiting', v_waiting,
      'link', '/webhooks/subscriptions/' || v_subscription.id
    ), concat_ws(':', v_subscription.id, v_subscription.version, v_owner.email));
  end loop;
end;
$$;

revoke all on function private.disable_subscription(uuid, text, timestamptz) from public, anon, authenticated, service_role;
comment on function private.disable_subscription(uuid, text, timestamptz) is
  'Disables a subscription whose address is gone (410) or fails for days, and tells the owners by mail and whoever is subscribed to webhook.endpoint_disabled.';
