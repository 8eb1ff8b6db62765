create function public.create_webhook_subscription(
  p_subscription_id uuid,
  p_organization_id uuid,
  p_settings jsonb,
  p_signing jsonb,
  p_headers jsonb default null,
  p_idempotency_key text default null,
  p_fingerprint text default null,
  p_seed text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_subscription public.webhook_subscriptions;
  v_portal private.webhook_portals := private.caller_portal();
  v_reply jsonb;
begin
  perform private.require_webhooks(p_organization_id, v_portal.application, 'webhooks:write', 'organization');
  -- Each attempt brings another id and another secret: they are no part of what is compared.
  v_reply := private.idempotent_reply(p_organization_id, 'create_webhook_subscription', p_idempotency_key,
    jsonb_build_array(p_settings, p_fingerprint) || coalesce(to_jsonb(v_portal.application), '[]'));
  if v_reply is not null then
    return v_reply || '{"is_new": false}';
  end if;
  perform private.require_room(p_organization_id, 'max_webhook_subscriptions');
  if v_portal.max_subscriptions <= (
    select count(*) from public.webhook_subscriptions s
    where s.organization_id = p_organization_id and s.application = v_portal.application
  ) then
    perform private.fail('conflict', format('There are %s subscriptions already, as many as the portal may make', v_portal.max_subscriptions), 409);
  end if;
  v_subscription.id := p_subscription_id;
  v_subscription.organization_id := p_organization_id;
  v_subscription.created_by := private.caller_user_id();
  v_subscription := private.change_webhook_subscription(v_subscription, p_settings);
  begin
    insert into public.webhook_subscriptions (
      id, organization_id, url, description, application, event_types, flow_ids, resource_ids, status, transformation,
      header_names, ordered, rate_per_minute, timeout_seconds, priority, created_by
    )
    values (
      v_subscription.id, v_subscription.organization_id, v_subscription.url, coalesce(v_subscription.description, ''),
      v_subscription.application, v_subscription.event_types, v_subscription.flow_ids, v_subscription.resource_ids,
      coalesce(v_subscription.status, 'active'), v_subscription.transformation, coalesce(v_subscription.header_names, '{}'),
      coalesce(v_subscription.ordered, false), v_subscription.rate_per_minute, coalesce(v_subscription.timeout_seconds, 15),
      coalesce(v_subscription.priority, 'normal'), v_subscription.created_by
    )
    returning * into v_subscription;
  exception
    when check_violation or not_null_violation then
      perform private.fail('invalid_request', 'A setting of the webhook subscription is out of range', 400);
    when unique_violation then
      perform private.fail('conflict', 'There is a webhook subscription of this id already', 409);
  end;
  insert into private.webhook_endpoint_states (subscription_id) values (v_subscription.id);
  perform private.keep_subscription_secret(v_subscription, 'signing', p_signing);
  if p_headers is not null then
    perform private.keep_subscription_secret(v_subscription, 'headers', p_headers);
  end if;
  return private.keep_reply(p_organization_id, 'create_webhook_subscription', p_idempotency_key,
    private.webhook_subscription_reply(v_subscription.id) || jsonb_build_object('seed', left(p_seed, 100))) || '{"is_new": true}';
end;
$$;

revoke all on function public.create_webhook_subscription(uuid, uuid, jsonb, jsonb, jsonb, text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.create_webhook_subscription(uuid, uuid, jsonb, jsonb, jsonb, text, text, text) to authenticated;
comment on function public.create_webhook_subscription(uuid, uuid, jsonb, jsonb, jsonb, text, text, text) is
  'Subscribes an organization to events: settings as the columns of public.webhook_subscriptions, and what the function webhooks has encrypted for this id, {number, envelope, key_id, last_four}: the signing secret, and p_headers = the values of the tenant''s own headers. p_fingerprint: a MAC of those, by which a repeated request is known. is_new false = an earlier call with the same Idempotency-Key made it, and the secret of this call signs nothing: seed, the p_seed of that call, tells the function webhooks which one it was. Needs webhooks:write, or a portal token that may write, within its bounds; 402 at the plan''s number.';
