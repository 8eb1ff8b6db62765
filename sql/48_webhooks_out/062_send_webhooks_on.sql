create function engine.send_webhooks_on(p_organization_id uuid, p_limit integer default 500) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_messages uuid[];
  v_subscription_id uuid;
  v_made integer := 0;
begin
  -- One after the other in an organization: of two that are at it at once, the later events could overtake the earlier.
  perform pg_advisory_xact_lock(hashtext('millrace.send_webhooks_on'), hashtext(p_organization_id::text));
  select array_agg(m.id order by m.id) into v_messages
  from (
    select o.id from public.webhook_messages o
    where o.organization_id = p_organization_id and not o.is_sent_on and not o.is_test
    order by o.id limit least(greatest(p_limit, 1), 1000)
  ) m;
  if v_messages is null then
    return '{"messages": 0, "deliveries": 0, "more": false}';
  end if;
  for v_subscription_id in
    -- The endpoint's state is held: who ends deliveries of the same keys waits. In one order everywhere.
    select e.subscription_id
    from public.webhook_subscriptions s
    join private.webhook_endpoint_states e on e.subscription_id = s.id
    where s.organization_id = p_organization_id and s.status <> 'disabled'
    order by e.subscription_id
    for update of e
  loop
    with made as (
      insert into public.webhook_deliveries (
        organization_id, subscription_id, message_id, application, type, order_key, next_attempt_at
      )
      select p_organization_id, s.id, m.id, s.application, m.type, k.order_key,
        case when k.order_key is not null and (
          row_number() over (partition by k.order_key order by m.id) > 1
          or exists (
            select from public.webhook_deliveries d
            where d.subscription_id = s.id and d.order_key = k.order_key and d.status = 'pending'
          )
        ) then 'infinity' else private.now() end
      from public.webhook_subscriptions s
      join public.webhook_messages m on m.id = any (v_messages)
      cross join lateral (select case when s.ordered then m.order_key end as order_key) k
      where s.id = v_subscription_id
        and s.event_types && array[m.type, '*']
        and (s.flow_ids is null or not m.data ? 'flow_id' or m.data ->> 'flow_id' = any (s.flow_ids::text[]))
        and (s.resource_ids is null or m.data ->> 'id' = any (s.resource_ids))
        -- What an endpoint is told of itself would go nowhere.
        and not (m.type = 'webhook.endpoint_disabled' and m.data ->> 'id' = s.id::text)
      order by m.id
      on conflict do nothing
      returning 1
    )
    select v_made + count(*) into v_made from made;
    if found then
      perform private.wake_endpoint(v_subscription_id, n.due)
      from (
        select min(d.next_attempt_at) as due from public.webhook_deliveries d
        where d.subscription_id = v_subscription_id and d.status = 'pending'
      ) n
      where n.due < 'infinity';
    end if;
  end loop;
  update public.webhook_messages m set is_sent_on = true where m.id = any (v_messages);
  return jsonb_build_object('messages', cardinality(v_messages), 'deliveries', v_made,
    'more', cardinality(v_messages) = least(greatest(p_limit, 1), 1000));
end;
$$;

revoke all on function engine.send_webhooks_on(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function engine.send_webhooks_on(uuid, integer) to service_role;
comment on function engine.send_webhooks_on(uuid, integer) is
  'Makes the deliveries of new events of an organization, in their order, and calls the jobs that send them. Answers {messages, deliveries, more}.';
