create function engine.end_webhook_batch(p_subscription_id uuid, p_lease uuid, p_results jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
-- p_results: [{id, status, code, message, duration_ms, url, request_headers, response_headers, response_body (base64), is_cut,
-- retry_after, body}]
declare
  v_now timestamptz := private.now();
  -- Seconds after the first, second … attempt: ten attempts over 75 h.
  v_waits integer[] := array[5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400];
  v_state private.webhook_endpoint_states;
  v_good integer;
  v_bad integer;
  v_gone boolean;
  v_retry_after double precision;
  v_error text;
  v_keys text[];
  v_due timestamptz;
begin
  select * into v_state from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id for update;
  if not found then
    return '{"recorded": 0}';
  end if;
  with results as materialized (
    select r.*, case when r.retry_after > 86400 then 86400 else r.retry_after end as wait, coalesce(r.code is null and r.status >= 200 and r.status <= 299, false) as is_good
    from jsonb_to_recordset(p_results) as r (
      id uuid, status smallint, code text, message text, duration_ms integer, url text, request_headers jsonb,
      response_headers jsonb, response_body text, is_cut boolean, retry_after double precision, body text
    )
  ),
  mine as materialized (
    select d.id, d.organization_id, d.attempts, d.attempts + 1 - d.counted_from as tries, d.order_key
    from public.webhook_deliveries d
    where d.id in (select r.id from results r) and d.lease = p_lease and d.status = 'pending'
    for update
  ),
  outcome as materialized (
    select r.*, m.organization_id, m.attempts, m.tries, m.order_key,
      case when r.is_good then 'delivered' when m.tries >= 10 or r.status = 410 then 'failed' else 'pending' end as word
    from mine m join results r on r.id = m.id
  ),
  told as (
    insert into public.webhook_attempts (
      delivery_id, number, organization_id, response_status, error_code, error_message, duration_ms, url, request_headers,
      response_headers, response_body, is_cut, finished_at
    )
    select o.id, o.attempts + 1, o.organization_id, o.status, o.code, left(o.message, 1000), greatest(o.duration_ms, 0), o.url,
      o.request_headers, o.response_headers, decode(o.response_body, 'base64'), coalesce(o.is_cut, false), v_now
    from outcome o
    on conflict do nothing
  ),
  ended as (
    update public.webhook_deliveries d set
      status = o.word, attempts = d.attempts + 1, lease = null, leased_until = null, response_status = o.status,
      error_code = o.code, body = coalesce(d.body, o.body),
      finished_at = case when o.word <> 'pending' then v_now end,
      next_attempt_at = case when o.word = 'pending' then v_now + make_interval(secs => greatest(
        v_waits[o.tries] * (0.9 + random() * 0.2), o.wait
      )) end
    from outcome o
    where d.id = o.id
  ),
  counted as (
    insert into private.webhook_endpoint_stats as s (
      subscription_id, hour, answered_2xx, answered_3xx, answered_4xx, answered_5xx, timed_out, not_reached, durations
    )
    select p_subscription_id, date_trunc('hour', v_now),
      count(*) filter (where o.is_good), count(*) filter (where o.status >= 300 and o.status <= 399),
      count(*) filter (where o.status >= 400 and o.status <= 499), count(*) filter (where o.status >= 500),
      count(*) filter (where o.code = 'timeout'),
      count(*) filter (where not o.is_good and o.code is distinct from 'timeout' and not coalesce(o.status >= 300, false)),
      private.histogram(array_agg(private.duration_bucket(o.duration_ms)) filter (where o.status is not null))
    from outcome o
    having count(*) > 0
    on conflict (subscription_id, hour) do update set
      answered_2xx = s.answered_2xx + excluded.answered_2xx, answered_3xx = s.answered_3xx + excluded.answered_3xx,
      answered_4xx = s.answered_4xx + excluded.answered_4xx, answered_5xx = s.answered_5xx + excluded.answered_5xx,
      timed_out = s.timed_out + excluded.timed_out, not_reached = s.not_reached + excluded.not_reached,
      durations = private.add_histograms(s.durations, excluded.durations)
  )
  select count(*) filter (where o.is_good), count(*) filter (where not o.is_good), bool_or(o.status = 410),
    max(o.wait) filter (where o.status in (429, 503)),
    (array_agg(coalesce(o.code, o.status::text)) filter (where not o.is_good))[1],
    array_agg(o.order_key) filter (where o.order_key is not null and o.word <> 'pending')
  into v_good, v_bad, v_gone, v_retry_after, v_error, v_keys
  from outcome o;
  perform private.promote_deliveries(p_subscription_id, v_keys);
  if v_good + v_bad = 0 then
    return '{"recorded": 0}';
  end if;

  -- The endpoint: one success shows that it is there.
  if v_good > 0 then
    v_state.failures := 0;
    v_state.failing_since := null;
    v_state.opened := 0;
    v_state.hold_until := null;
    v_state.last_success_at := v_now;
  else
    v_state.failures := v_state.failures + v_bad;
    v_state.failing_since := coalesce(v_state.failing_since, v_now);
    if v_state.failures >= 5 or v_state.opened > 0 then
      v_state.hold_until := v_now + make_interval(secs => least(30 * power(2, v_state.opened), 900) * (0.9 + random() * 0.2));
      v_state.opened := least(v_state.opened + 1, 10);
    end if;
  end if;
  if v_retry_after is not null then
    v_state.hold_until := greatest(v_state.hold_until, v_now + make_interval(secs => v_retry_after));
  end if;
  if v_bad > 0 then
    v_state.last_failure_at := v_now;
    v_state.last_error := v_error;
  end if;
  update private.webhook_endpoint_states e set
    failures = v_state.failures, failing_since = v_state.failing_since, opened = v_state.opened,
    hold_until = v_state.hold_until, last_success_at = v_state.last_success_at, last_failure_at = v_state.last_failure_at,
    last_error = v_state.last_error,
    batch = case when v_bad = 0 then least(e.batch * 2, 32) else greatest(e.batch / 2, 1) end
  where e.subscription_id = p_subscription_id;
  if v_gone or (v_state.failures >= 10 and v_state.failing_since <= v_now - interval '5 days') then
    perform private.disable_subscription(p_subscription_id, case when v_gone then 'gone' else 'failing' end, v_state.failing_since);
  end if;

  select min(greatest(d.next_attempt_at, d.leased_until)) into v_due
  from public.webhook_deliveries d where d.subscription_id = p_subscription_id and d.status = 'pending';
  if v_due < 'infinity' then
    perform private.wake_endpoint(p_subscription_id, v_due);
  end if;
  return jsonb_build_object('recorded', v_good + v_bad, 'delivered', v_good, 'failed', v_bad);
end;
$$;

revoke all on function engine.end_webhook_batch(uuid, uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.end_webhook_batch(uuid, uuid, jsonb) to service_role;
comment on function engine.end_webhook_batch(uuid, uuid, jsonb) is
  'Records what came of a batch: attempts, when the failed ones are sent again (Retry-After heeded up to a day), the endpoint''s breaker and numbers, and calls the next job. What is not leased with p_lease any more is passed over. Answers {recorded, delivered, failed}.';

create function private.promote_deliveries(p_subscription_id uuid, p_keys text[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_keys is null then
    return;
  end if;
  update public.webhook_deliveries d set next_attempt_at = private.now()
  where d.id in (
    select f.id
    from unnest(p_keys) as k (order_key)
    cross join lateral (
      select o.id, o.next_attempt_at from public.webhook_deliveries o
      where o.subscription_id = p_subscription_id and o.order_key = k.order_key and o.status = 'pending'
      order by o.id limit 1
    ) f
    where f.next_attempt_at = 'infinity'
  );
end;
$$;

revoke all on function private.promote_deliveries(uuid, text[]) from public, anon, authenticated, service_role;
comment on function private.promote_deliveries(uuid, text[]) is
  'Of each key the first delivery that is left may be sent now. The caller holds the endpoint''s state.';
