create function public.update_webhook_subscription(
  p_subscription_id uuid,
  p_changes jsonb,
  p_headers jsonb default null,
  p_if_version integer default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_was public.webhook_subscriptions := private.lock_webhook_subscription(p_subscription_id, p_if_version);
  v_now public.webhook_subscriptions := private.change_webhook_subscription(v_was, p_changes);
begin
  begin
    update public.webhook_subscriptions s set
      url = v_now.url, description = v_now.description, application = v_now.application, event_types = v_now.event_types,
      flow_ids = v_now.flow_ids, resource_ids = v_now.resource_ids, status = v_now.status,
      disabled_reason = v_now.disabled_reason, disabled_at = v_now.disabled_at, transformation = v_now.transformation,
      header_names = v_now.header_names, ordered = v_now.ordered, rate_per_minute = v_now.rate_per_minute,
      timeout_seconds = v_now.timeout_seconds, priority = v_now.priority
    where s.id = p_subscription_id;
  exception when check_violation or not_null_violation then
    perform private.fail('invalid_request', 'A setting of the webhook subscription is out of range', 400);
  end;
  if p_changes ? 'header_names' then
    delete from private.webhook_subscription_secrets k where k.subscription_id = p_subscription_id and k.kind = 'headers';
    if p_headers is not null then
      perform private.keep_subscription_secret(v_now, 'headers', p_headers);
    end if;
  end if;
  -- Another address, or a person who says that it works again: what is known of the old one says nothing any more.
  if v_now.status = 'active' and (v_was.status <> 'active' or v_was.url <> v_now.url) then
    perform private.reset_endpoint(p_subscription_id);
  end if;
  return private.webhook_subscription_reply(p_subscription_id);
end;
$$;

revoke all on function public.update_webhook_subscription(uuid, jsonb, jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function public.update_webhook_subscription(uuid, jsonb, jsonb, integer) to authenticated;
comment on function public.update_webhook_subscription(uuid, jsonb, jsonb, integer) is
  'Changes settings of a webhook subscription; what is not named stays. header_names and p_headers (as in create_webhook_subscription; null = none any more) go together. status active after paused or disabled, or another url: what waits is sent at once. Needs webhooks:write.';

create function public.rotate_webhook_subscription_secret(
  p_subscription_id uuid,
  p_signing jsonb,
  p_overlap_seconds integer default 86400,
  p_if_version integer default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_subscription public.webhook_subscriptions := private.lock_webhook_subscription(p_subscription_id, p_if_version);
begin
  perform private.require_aal2(v_subscription.organization_id);
  if coalesce(p_overlap_seconds, -1) not between 0 and 604800 then
    perform private.fail('invalid_request', 'The overlap lasts 0 to 604,800 seconds (7 days)', 400);
  end if;
  -- Two sign at the most: the newest, and the one before it.
  delete from private.webhook_subscription_secrets k
  where k.subscription_id = p_subscription_id and k.kind = 'signing' and k.expires_at is not null;
  update private.webhook_subscription_secrets k set expires_at = v_now + make_interval(secs => p_overlap_seconds)
  where k.subscription_id = p_subscription_id and k.kind = 'signing';
  perform private.keep_subscription_secret(v_subscription, 'signing', p_signing);
  update public.webhook_subscriptions s set description = s.description where s.id = p_subscription_id;
  perform private.audit(v_subscription.organization_id, 'webhook_subscription.secret_rotated', 'webhook_subscription',
    p_subscription_id::text, null, null, jsonb_build_object('overlap_seconds', p_overlap_seconds));
  return private.webhook_subscription_reply(p_subscription_id);
end;
$$;

revoke all on function public.rotate_webhook_subscription_secret(uuid, jsonb, integer, integer) from public, anon, authenticated, service_role;
grant execute on function public.rotate_webhook_subscription_secret(uuid, jsonb, integer, integer) to authenticated;
comment on function public.rotate_webhook_subscription_secret(uuid, jsonb, integer, integer) is
  'Gives a webhook subscription a new signing secret, encrypted as in create_webhook_subscription; deliveries are signed with the one before it too for p_overlap_seconds. Needs webhooks:write, and the second factor of who has one.';

create function public.get_webhook_subscription(p_subscription_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_subscription public.webhook_subscriptions;
begin
  select * into v_subscription from public.webhook_subscriptions s where s.id = p_subscription_id;
  perform private.require_webhooks(v_subscription.organization_id, v_subscription.application, 'webhooks:read', 'webhook subscription');
  return private.webhook_subscription_reply(p_subscription_id);
end;
$$;

revoke all on function public.get_webhook_subscription(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_webhook_subscription(uuid) to authenticated;
comment on function public.get_webhook_subscription(uuid) is 'A webhook subscription with the ends of its secrets. Needs webhooks:read.';

create function public.delete_webhook_subscription(p_subscription_id uuid, p_if_version integer default null) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_webhook_subscription(p_subscription_id, p_if_version);
  delete from public.webhook_subscriptions s where s.id = p_subscription_id;
end;
$$;

revoke all on function public.delete_webhook_subscription(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.delete_webhook_subscription(uuid, integer) to authenticated;
comment on function public.delete_webhook_subscription(uuid, integer) is
  'Deletes a webhook subscription with its deliveries; nothing more is sent. Needs webhooks:write.';
