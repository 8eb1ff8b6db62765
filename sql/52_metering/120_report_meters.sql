create function engine.make_meter_reports() returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_last timestamptz := private.setting('meters_reported_at')::timestamptz;
  v_since timestamptz;
  v_made integer;
  v_expired integer;
begin
  -- Two at once would both find the same hour unreported.
  perform pg_advisory_xact_lock(hashtext('millrace.meters'));
  -- What was counted since the last time; once a day all, for subscriptions that we heard of late.
  v_since := case
    when v_last is null or date_trunc('day', v_last, 'UTC') < date_trunc('day', v_now, 'UTC') then '-infinity'
    else v_last - interval '1 hour'
  end;
  with told as (
    select r.organization_id, r.meter, r.hour, max(r.number) as number, sum(r.quantity) as quantity
    from private.meter_reports r
    where r.hour >= v_now - interval '35 days'
    group by r.organization_id, r.meter, r.hour
  )
  insert into private.meter_reports (organization_id, meter, hour, number, quantity, stripe_customer_id, happened_at)
  select u.organization_id, m.meter, u.hour, coalesce(t.number, 0) + 1, m.quantity - coalesce(t.quantity, 0),
    s.stripe_customer_id, greatest(u.hour, s.created_at)
  from public.usage_hourly u
  join lateral (
    select x.stripe_customer_id, x.created_at from public.subscriptions x
    where x.organization_id = u.organization_id and x.status not in ('incomplete', 'incomplete_expired')
      and x.created_at < u.hour + interval '1 hour' and (x.ended_at is null or x.ended_at > u.hour)
    order by x.is_current desc, x.created_at desc
    limit 1
  ) s on true
  cross join lateral (values ('runs', u.runs_started::bigint), ('steps', u.steps), ('ai_tokens', u.ai_tokens)) as m (meter, quantity)
  left join told t on t.organization_id = u.organization_id and t.meter = m.meter and t.hour = u.hour
  where u.counted_at >= v_since
    and u.hour < date_trunc('hour', v_now, 'UTC') and u.hour >= v_now - interval '34 days 12 hours'
    and m.quantity > coalesce(t.quantity, 0)
    and exists (
      select from public.plan_prices p where p.kind = 'meter' and p.is_active and p.lookup_key = 'millrace_' || m.meter
    )
  order by u.organization_id, u.hour, m.meter;
  get diagnostics v_made = row_count;

  update private.meter_reports r set
    status = 'expired', ended_at = v_now,
    error = coalesce(r.error, '{"code": "expired", "message": "It could not be told in time"}')
  where r.status = 'pending' and r.hour < v_now - interval '34 days 12 hours';
  get diagnostics v_expired = row_count;
  delete from private.meter_reports r where r.status <> 'pending' and r.hour < v_now - interval '90 days';
  insert into private.settings (name, value) values ('meters_reported_at', v_now::text)
  on conflict (name) do update set value = excluded.value, updated_at = v_now;
  return jsonb_build_object('made', v_made, 'expired', v_expired);
end;
$$;

revoke all on function engine.make_meter_reports() from public, anon, authenticated, service_role;
grant execute on function engine.make_meter_reports() to service_role;
comment on function engine.make_meter_reports() is
  'Writes down what Stripe''s meters are to be told of the hours that are over, for organizations with a subscription and meters with a price; ends what is too old for Stripe to take. Answers {made, expired}.';

create function engine.take_meter_reports(p_limit integer) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_reply jsonb;
begin
  with picked as (
    select r.id from private.meter_reports r
    where r.status = 'pending' and r.next_attempt_at <= v_now
    order by r.next_attempt_at, r.id
    limit least(p_limit, 1000)
    for update skip locked
  ),
  taken as (
    update private.meter_reports r set
      attempts = r.attempts + 1,
      -- An attempt that was never told the end of is one whose answer was lost.
      doubtful_since = coalesce(r.doubtful_since, r.attempt_at),
      attempt_at = v_now,
      next_attempt_at = v_now + least(interval '10 minutes' * power(2, least(r.attempts, 6)), interval '6 hours')
    from picked p
    where r.id = p.id
    returning r.*
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', t.id, 'identifier', 'millrace_' || t.id, 'event_name', 'millrace_' || t.meter, 'customer', t.stripe_customer_id,
    'quantity', t.quantity, 'hour', t.hour, 'happened_at', t.happened_at,
    'is_doubtful', coalesce(t.doubtful_since < v_now - interval '23 hours', false),
    'sent', (
      select coalesce(sum(o.quantity), 0) from private.meter_reports o
      where o.organization_id = t.organization_id and o.meter = t.meter and o.hour = t.hour and o.status = 'sent'
    )
  ) order by t.stripe_customer_id, t.id), '[]') into v_reply
  from taken t;
  return v_reply;
end;
$$;

revoke all on function engine.take_meter_reports(integer) from public, anon, authenticated, service_role;
grant execute on function engine.take_meter_reports(integer) to service_role;
comment on function engine.take_meter_reports(integer) is
  'Reports that are due, which nobody else gets for the next minutes: [{id, identifier, event_name, customer, quantity, hour, happened_at, is_doubtful, sent}]. is_doubtful = Stripe may have it, and may have forgotten its identifier; sent = what Stripe surely has of that hour.';

create function engine.end_meter_reports(p_results jsonb) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_count integer;
begin
  update private.meter_reports r set
    status = case e.outcome when 'sent' then 'sent' when 'refused' then 'refused' else 'pending' end,
    ended_at = case when e.outcome in ('sent', 'refused') then v_now end,
    doubtful_since = case when e.outcome = 'unsure' then coalesce(r.doubtful_since, r.attempt_at) else r.doubtful_since end,
    attempt_at = null,
    error = case when e.outcome = 'sent' then null else e.error end
  from jsonb_to_recordset(p_results) as e (id uuid, outcome text, error jsonb)
  where r.id = e.id and r.status = 'pending';
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

revoke all on function engine.end_meter_reports(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.end_meter_reports(jsonb) to service_role;
comment on function engine.end_meter_reports(jsonb) is
  'Says what became of reports: [{id, outcome, error}], outcome sent, refused (for good), retry (Stripe surely has not got it) or unsure (the answer was lost). Answers how many.';
