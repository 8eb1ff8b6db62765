create function public.test_webhook_subscription(p_subscription_id uuid, p_type text, p_data jsonb, p_idempotency_key text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_subscription public.webhook_subscriptions := private.lock_webhook_subscription(p_subscription_id);
  v_message_id uuid;
  v_delivery_id uuid;
  v_reply jsonb;
begin
  v_reply := private.idempotent_reply(v_subscription.organization_id, 'test_webhook_subscription', p_idempotency_key,
    jsonb_build_array(p_subscription_id, p_type, p_data));
  if v_reply is not null then
    return v_reply;
  end if;
  if v_subscription.status = 'disabled' then
    perform private.fail('conflict', 'The webhook subscription is disabled: make it active first', 409);
  end if;
  if coalesce(length(p_type) not between 1 and 64, true) or jsonb_typeof(p_data) is distinct from 'object' or octet_length(p_data::text) > 65536 then
    perform private.fail('invalid_request', 'A test event has a type and an object of at most 64 KiB', 400);
  end if;
  perform 1 from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id for update;
  insert into public.webhook_messages (organization_id, type, data, is_test, is_sent_on)
  values (v_subscription.organization_id, p_type, p_data, true, true)
  returning id into v_message_id;
  insert into public.webhook_deliveries (organization_id, subscription_id, message_id, application, type, next_attempt_at)
  values (v_subscription.organization_id, p_subscription_id, v_message_id, v_subscription.application, p_type, private.now() - interval '1 day')
  returning id into v_delivery_id;
  perform private.wake_endpoint(p_subscription_id, private.now());
  return private.keep_reply(v_subscription.organization_id, 'test_webhook_subscription', p_idempotency_key,
    (select to_jsonb(d) - '{lease,leased_until,body}'::text[] from public.webhook_deliveries d where d.id = v_delivery_id));
end;
$$;

revoke all on function public.test_webhook_subscription(uuid, text, jsonb, text) from public, anon, authenticated, service_role;
grant execute on function public.test_webhook_subscription(uuid, text, jsonb, text) to authenticated;
comment on function public.test_webhook_subscription(uuid, text, jsonb, text) is
  'Sends a made-up event to one subscription, whatever its types and filters, before what waits there. It takes the way of every delivery. Needs webhooks:write; answers the delivery.';
