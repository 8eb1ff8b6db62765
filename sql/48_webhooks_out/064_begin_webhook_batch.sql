create function engine.begin_webhook_batch(p_subscription_id uuid, p_lease uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_state private.webhook_endpoint_states;
  v_subscription public.webhook_subscriptions;
  v_limit integer;
  v_capacity double precision;
  v_ids uuid[];
  v_due timestamptz;
begin
  select * into v_state from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id for update;
  select s.* into v_subscription
  from public.webhook_subscriptions s
  join public.organizations o on o.id = s.organization_id and o.suspended_at is null and o.deletes_at is null
  where s.id = p_subscription_id;
  if v_subscription.id is null or v_subscription.status = 'paused' then
    return '{"deliveries": []}';
  end if;
  if v_subscription.status = 'disabled' then
    return jsonb_build_object('deliveries', '[]'::jsonb, 'ended', private.end_disabled_deliveries(p_subscription_id));
  end if;
  if v_state.hold_until > v_now then
    perform private.wake_endpoint(p_subscription_id, v_state.hold_until);
    return '{"deliveries": []}';
  end if;

  -- After a pause of the breaker one is sent to see.
  v_limit := case when v_state.hold_until is not null then 1 else v_state.batch end;
  if v_subscription.rate_per_minute is not null then
    v_capacity := greatest(1, v_subscription.rate_per_minute / 6.0);
    v_state.tokens := least(v_capacity, v_state.tokens
      + greatest(0, extract(epoch from v_now - v_state.tokens_at)) * v_subscription.rate_per_minute / 60.0);
    v_limit := least(v_limit, floor(v_state.tokens)::integer);
    if v_limit = 0 then
      perform private.wake_endpoint(p_subscription_id,
        v_now + make_interval(secs => (1 - v_state.tokens) * 60.0 / v_subscription.rate_per_minute));
      return '{"deliveries": []}';
    end if;
  end if;

  with due as (
    select d.id from public.webhook_deliveries d
    where d.subscription_id = p_subscription_id and d.status = 'pending' and d.next_attempt_at <= v_now
      and (d.leased_until is null or d.leased_until <= v_now)
    order by d.next_attempt_at, d.id limit v_limit
    for update
  ), leased as (
    update public.webhook_deliveries d set lease = p_lease, leased_until = v_now + interval '1 minute'
    from due where d.id = due.id
    returning d.id
  )
  select array_agg(l.id) into v_ids from leased l;
  if v_ids is null then
    select min(greatest(d.next_attempt_at, d.leased_until)) into v_due
    from public.webhook_deliveries d where d.subscription_id = p_subscription_id and d.status = 'pending';
    if v_due < 'infinity' then
      perform private.wake_endpoint(p_subscription_id, v_due);
    end if;
    return '{"deliveries": []}';
  end if;
  if v_subscription.rate_per_minute is not null then
    update private.webhook_endpoint_states e set tokens = v_state.tokens - cardinality(v_ids), tokens_at = v_now
    where e.subscription_id = p_subscription_id;
  end if;

  return jsonb_build_object(
    'subscription', jsonb_build_object(
      'id', v_subscription.id, 'organization_id', v_subscription.organization_id, 'url', v_subscription.url,
      'timeout_seconds', v_subscription.timeout_seconds, 'transformation', v_subscription.transformation
    ),
    -- The newest signs first; those whose overlap is over sign no more.
    'secrets', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'kind', k.kind, 'number', k.number, 'envelope', replace(encode(k.envelope, 'base64'), E'\n', '')
      ) order by k.expires_at nulls first, k.created_at desc), '[]')
      from private.webhook_subscription_secrets k
      where k.subscription_id = p_subscription_id and (k.expires_at is null or k.expires_at > v_now)
    ),
    'now', v_now,
    'deliveries', (
      select jsonb_agg(jsonb_build_object(
        'id', d.id, 'message_id', m.id, 'type', m.type, 'created_at', m.created_at, 'data', m.data, 'body', d.body,
        'attempt', d.attempts + 1
      ) order by d.next_attempt_at, d.id)
      from public.webhook_deliveries d join public.webhook_messages m on m.id = d.message_id
      where d.id = any (v_ids)
    )
  );
end;
$$;

revoke all on function engine.begin_webhook_batch(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function engine.begin_webhook_batch(uuid, uuid) to service_role;
comment on function engine.begin_webhook_batch(uuid, uuid) is
  'Leases the deliveries of a subscription that are due, as many as its endpoint bears at once: {subscription, secrets, now, deliveries}. None while its breaker is open, its rate is used up or it is paused: then the next job is called where one is needed.';

create function private.end_disabled_deliveries(p_subscription_id uuid) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_ended integer;
begin
  with waiting as (
    select d.id from public.webhook_deliveries d
    where d.subscription_id = p_subscription_id and d.status = 'pending' limit 2000 for update
  )
  update public.webhook_deliveries d set
    status = 'failed', finished_at = private.now(), next_attempt_at = null, lease = null, leased_until = null,
    error_code = 'endpoint_disabled'
  from waiting where d.id = waiting.id;
  get diagnostics v_ended = row_count;
  if v_ended = 2000 then
    perform private.wake_endpoint(p_subscription_id, private.now());
  end if;
  return v_ended;
end;
$$;

revoke all on function private.end_disabled_deliveries(uuid) from public, anon, authenticated, service_role;
comment on function private.end_disabled_deliveries(uuid) is
  'Gives up what waits for a disabled subscription, 2,000 a call; a person may send them again. Answers how many.';
