create function private.retry_deliveries(p_subscription_id uuid, p_ids uuid[]) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_retried integer;
begin
  -- The state first, as everybody who ends deliveries does.
  perform 1 from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id for update;
  update public.webhook_deliveries d set
    status = 'pending', finished_at = null, counted_from = d.attempts, lease = null, leased_until = null,
    -- Before what waits already: a person asked.
    next_attempt_at = private.now() - interval '1 day'
  where d.id = any (p_ids) and d.subscription_id = p_subscription_id
    and (d.status <> 'pending' or (d.next_attempt_at > private.now() and d.next_attempt_at < 'infinity'));
  get diagnostics v_retried = row_count;
  if v_retried > 0 then
    perform private.wake_endpoint(p_subscription_id, private.now());
  end if;
  return v_retried;
end;
$$;

revoke all on function private.retry_deliveries(uuid, uuid[]) from public, anon, authenticated, service_role;
comment on function private.retry_deliveries(uuid, uuid[]) is
  'Sends deliveries of a subscription again, at once and with ten attempts anew; what is due anyway stays as it is. Answers how many.';

create function private.lock_webhook_delivery(p_delivery_id uuid) returns public.webhook_deliveries
language plpgsql
set search_path = ''
as $$
declare
  v_delivery public.webhook_deliveries;
begin
  select * into v_delivery from public.webhook_deliveries d where d.id = p_delivery_id;
  -- By the application that the subscription has now: to its address the delivery would go.
  perform private.require_webhooks(v_delivery.organization_id, (
    select s.application from public.webhook_subscriptions s
    where s.id = v_delivery.subscription_id and s.application is not distinct from v_delivery.application
  ), 'webhooks:write', 'webhook delivery');
  perform 1 from private.webhook_endpoint_states e where e.subscription_id = v_delivery.subscription_id for update;
  select * into v_delivery from public.webhook_deliveries d where d.id = p_delivery_id for update;
  return v_delivery;
end;
$$;

revoke all on function private.lock_webhook_delivery(uuid) from public, anon, authenticated, service_role;
comment on function private.lock_webhook_delivery(uuid) is
  'Locks a delivery and its endpoint''s state for a change by the caller: 404 for strangers, 403 without webhooks:write.';

create function public.retry_webhook_delivery(p_delivery_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_delivery public.webhook_deliveries := private.lock_webhook_delivery(p_delivery_id);
begin
  if exists (select from public.webhook_subscriptions s where s.id = v_delivery.subscription_id and s.status = 'disabled') then
    perform private.fail('conflict', 'The webhook subscription is disabled: make it active first', 409);
  end if;
  if v_delivery.next_attempt_at = 'infinity' then
    perform private.fail('conflict', 'The delivery waits for those of its key before it', 409);
  end if;
  perform private.retry_deliveries(v_delivery.subscription_id, array[p_delivery_id]);
  return (select to_jsonb(d) - '{lease,leased_until,body}'::text[] from public.webhook_deliveries d where d.id = p_delivery_id);
end;
$$;

revoke all on function public.retry_webhook_delivery(uuid) from public, anon, authenticated, service_role;
grant execute on function public.retry_webhook_delivery(uuid) to authenticated;
comment on function public.retry_webhook_delivery(uuid) is
  'Sends a delivery again, at once, with the same webhook-id and ten attempts anew; one that succeeded too. 409 while its subscription is disabled. Needs webhooks:write.';

create function public.cancel_webhook_delivery(p_delivery_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_delivery public.webhook_deliveries := private.lock_webhook_delivery(p_delivery_id);
begin
  if v_delivery.status in ('delivered', 'failed') then
    perform private.fail('conflict', format('The delivery has already %s', case v_delivery.status when 'failed' then 'failed' else 'been delivered' end), 409);
  end if;
  update public.webhook_deliveries d set
    status = 'cancelled', finished_at = private.now(), next_attempt_at = null, lease = null, leased_until = null
  where d.id = p_delivery_id and d.status = 'pending';
  if found and v_delivery.order_key is not null then
    perform private.promote_deliveries(v_delivery.subscription_id, array[v_delivery.order_key]);
    perform private.wake_endpoint(v_delivery.subscription_id, private.now());
  end if;
  return (select to_jsonb(d) - '{lease,leased_until,body}'::text[] from public.webhook_deliveries d where d.id = p_delivery_id);
end;
$$;

revoke all on function public.cancel_webhook_delivery(uuid) from public, anon, authenticated, service_role;
grant execute on function public.cancel_webhook_delivery(uuid) to authenticated;
comment on function public.cancel_webhook_delivery(uuid) is
  'Sends a delivery no more; an attempt that is under way may arrive. Again changes nothing; 409 when it has ended otherwise. Needs webhooks:write.';

create function public.retry_webhook_deliveries(p_organization_id uuid, p_filter jsonb, p_limit integer default 500) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_limit integer := least(greatest(coalesce(p_limit, 500), 1), 5000);
  v_portal private.webhook_portals := private.caller_portal();
  v_bad text;
  v_found uuid[];
  v_group record;
  v_retried integer := 0;
begin
  perform private.require_webhooks(p_organization_id, v_portal.application, 'webhooks:write', 'organization');
  select min(k.name) into v_bad from jsonb_object_keys(coalesce(p_filter, '{}')) as k (name)
  where k.name <> all (array['subscription_id', 'status', 'type', 'application', 'created_after', 'created_before']);
  if v_bad is not null or coalesce(p_filter ->> 'status', 'failed') not in ('failed', 'cancelled', 'delivered') then
    perform private.fail('invalid_request', 'The filter takes subscription_id, status (failed, cancelled, delivered), type, application, created_after and created_before', 400);
  end if;
  begin
    select array_agg(f.id) into v_found
    from (
      select d.id
      from public.webhook_deliveries d
      join public.webhook_subscriptions s on s.id = d.subscription_id and s.status <> 'disabled'
      where d.organization_id = p_organization_id
        and (v_portal.id is null or (s.application = v_portal.application and d.application = v_portal.application))
        and d.status = coalesce(p_filter ->> 'status', 'failed')
        and (p_filter ->> 'subscription_id' is null or d.subscription_id = (p_filter ->> 'subscription_id')::uuid)
        and (p_filter ->> 'type' is null or d.type = p_filter ->> 'type')
        and (p_filter ->> 'application' is null or d.application = p_filter ->> 'application')
        and (p_filter ->> 'created_after' is null or d.id >= private.uuid_v7_floor((p_filter ->> 'created_after')::timestamptz))
        and (p_filter ->> 'created_before' is null or d.id < private.uuid_v7_floor((p_filter ->> 'created_before')::timestamptz))
      order by d.id limit v_limit + 1
    ) f;
  exception when data_exception then
    perform private.fail('invalid_request', 'A value of the filter has the wrong type', 400);
  end;
  for v_group in
    select d.subscription_id, array_agg(d.id) as ids
    from public.webhook_deliveries d
    where d.id = any (v_found[1:v_limit])
    group by d.subscription_id
    order by d.subscription_id
  loop
    v_retried := v_retried + private.retry_deliveries(v_group.subscription_id, v_group.ids);
  end loop;
  return jsonb_build_object('retried', v_retried, 'more', coalesce(cardinality(v_found), 0) > v_limit);
end;
$$;

revoke all on function public.retry_webhook_deliveries(uuid, jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function public.retry_webhook_deliveries(uuid, jsonb, integer) to authenticated;
comment on function public.retry_webhook_deliveries(uuid, jsonb, integer) is
  'Sends many deliveries again, the oldest first, p_limit a call: those of an organization that the filter finds ({subscription_id, status (failed unless it says otherwise), type, application, created_after, created_before}) and whose subscription is not disabled. Answers {retried, more}. Needs webhooks:write.';
