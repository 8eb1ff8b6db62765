create function private.changed_columns(p_old jsonb, p_new jsonb) returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select jsonb_object_agg(n.key, jsonb_build_array(p_old -> n.key, n.value))
    from jsonb_each(p_new) n
    where n.value is distinct from p_old -> n.key
      -- When it was looked at, what follows from other rows, and what may be long or open something.
      and n.key <> all ('{synced_at,sync_ticket,is_current,past_due_since,lines,hosted_invoice_url,invoice_pdf,email}'::text[])
  );
end;
$$;

revoke all on function private.changed_columns(jsonb, jsonb) from public, anon, authenticated, service_role;
comment on function private.changed_columns(jsonb, jsonb) is '{column: [before, after]} of what Stripe says otherwise than we had it; null = nothing.';

create function private.put_subscription(p_organization_id uuid, p_ticket bigint, p_subscription jsonb) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_id text := p_subscription ->> 'id';
  v_now timestamptz := private.now();
  v_was public.subscriptions;
  v_is public.subscriptions;
  v_base record;
  v_seat record;
  v_scheduled text;
begin
  select * into v_was from public.subscriptions s where s.stripe_subscription_id = v_id for update;
  if v_was.sync_ticket >= p_ticket then
    return jsonb_build_object('id', v_id, 'stale', true);
  end if;
  -- A price is known by what it was noted for; a new one by its lookup key.
  with items as (
    select n.item_id, n.quantity, coalesce(p.plan_id, r.plan_id) as plan_id, coalesce(p.kind, r.kind) as kind,
      coalesce(p.billing_interval, r.billing_interval) as billing_interval
    from jsonb_to_recordset(p_subscription -> 'items') as n (item_id text, price_id text, lookup_key text, quantity integer)
    left join public.plan_prices p on p.stripe_price_id = n.price_id
    left join lateral private.read_lookup_key(n.lookup_key) r on true
  )
  select i.* into v_base from items i where i.kind = 'base' order by i.item_id limit 1;
  with items as (
    select n.item_id, n.quantity, coalesce(p.kind, r.kind) as kind
    from jsonb_to_recordset(p_subscription -> 'items') as n (item_id text, price_id text, lookup_key text, quantity integer)
    left join public.plan_prices p on p.stripe_price_id = n.price_id
    left join lateral private.read_lookup_key(n.lookup_key) r on true
  )
  select i.* into v_seat from items i where i.kind = 'seat' order by i.item_id limit 1;
  select coalesce(p.plan_id, r.plan_id) into v_scheduled
  from jsonb_to_recordset(p_subscription -> 'scheduled_items') as n (price_id text, lookup_key text)
  left join public.plan_prices p on p.stripe_price_id = n.price_id
  left join lateral private.read_lookup_key(n.lookup_key) r on true
  where coalesce(p.kind, r.kind) = 'base'
  limit 1;

  insert into public.subscriptions as s (
    stripe_subscription_id, organization_id, stripe_customer_id, status, plan_id, billing_interval, seats, currency,
    current_period_start, current_period_end, trial_end, cancel_at, cancel_at_period_end, canceled_at, ended_at,
    scheduled_plan_id, has_payment_method, latest_invoice_id, stripe_base_item_id, stripe_seat_item_id, created_at, synced_at,
    sync_ticket, is_current
  )
  select v_id, p_organization_id, n.customer_id, n.status, v_base.plan_id, v_base.billing_interval,
    coalesce(v_seat.quantity, v_base.quantity, 1), n.currency, n.current_period_start, n.current_period_end, n.trial_end,
    n.cancel_at, coalesce(n.cancel_at_period_end, false), n.canceled_at, n.ended_at, nullif(v_scheduled, v_base.plan_id),
    coalesce(n.has_payment_method, false), n.latest_invoice_id, v_base.item_id, v_seat.item_id, n.created_at, v_now, p_ticket, false
  from jsonb_to_record(p_subscription) as n (
    customer_id text, status text, currency text, current_period_start timestamptz, current_period_end timestamptz,
    trial_end timestamptz, cancel_at timestamptz, cancel_at_period_end boolean, canceled_at timestamptz, ended_at timestamptz,
    has_payment_method boolean, latest_invoice_id text, created_at timestamptz
  )
  on conflict (stripe_subscription_id) do update set
    status = excluded.status, plan_id = excluded.plan_id, billing_interval = excluded.billing_interval, seats = excluded.seats,
    currency = excluded.currency, current_period_start = excluded.current_period_start,
    current_period_end = excluded.current_period_end, trial_end = excluded.trial_end, cancel_at = excluded.cancel_at,
    cancel_at_period_end = excluded.cancel_at_period_end, canceled_at = excluded.canceled_at, ended_at = excluded.ended_at,
    scheduled_plan_id = excluded.scheduled_plan_id, has_payment_method = excluded.has_payment_method,
    latest_invoice_id = excluded.latest_invoice_id, stripe_base_item_id = excluded.stripe_base_item_id,
    stripe_seat_item_id = excluded.stripe_seat_item_id, synced_at = excluded.synced_at, sync_ticket = excluded.sync_ticket,
    -- What has ended is not current; which one is, private.choose_subscription says.
    is_current = s.is_current and excluded.status not in ('canceled', 'incomplete_expired')
    where s.sync_ticket < excluded.sync_ticket
  returning * into v_is;
  if v_is.stripe_subscription_id is null then
    return jsonb_build_object('id', v_id, 'stale', true);
  end if;
  return jsonb_strip_nulls(jsonb_build_object(
    'kind', 'subscription', 'id', v_id, 'is_new', v_was.stripe_subscription_id is null or null,
    'changed', case when v_was.stripe_subscription_id is not null then private.changed_columns(to_jsonb(v_was), to_jsonb(v_is)) end,
    'unknown_price', v_is.plan_id is null and v_is.status <> 'canceled' or null
  ));
end;
$$;

revoke all on function private.put_subscription(uuid, bigint, jsonb) from public, anon, authenticated, service_role;
comment on function private.put_subscription(uuid, bigint, jsonb) is
  'Part of engine.put_billing: writes a subscription as Stripe has it. Answers {kind, id, is_new, changed, unknown_price}, or {id, stale}: what is there was fetched later.';

create function private.put_invoice(p_organization_id uuid, p_ticket bigint, p_invoice jsonb) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_id text := p_invoice ->> 'id';
  v_with_payment boolean := p_invoice ? 'payment';
  v_was public.invoices;
  v_is public.invoices;
begin
  select * into v_was from public.invoices i where i.stripe_invoice_id = v_id for update;
  if v_was.sync_ticket >= p_ticket then
    return jsonb_build_object('id', v_id, 'stale', true);
  end if;
  insert into public.invoices as i (
    stripe_invoice_id, organization_id, stripe_customer_id, stripe_subscription_id, number, status, billing_reason,
    collection_method, currency, subtotal, tax, total, amount_due, amount_paid, attempt_count, next_payment_attempt,
    period_start, period_end, hosted_invoice_url, invoice_pdf, lines, created_at, finalized_at, due_at, paid_at, synced_at,
    sync_ticket, amount_refunded, payment_method, failure_reason, dispute_status, dispute_due_at
  )
  select v_id, p_organization_id, n.customer_id, n.subscription_id, n.number, n.status, n.billing_reason, n.collection_method,
    n.currency, n.subtotal, n.tax, n.total, n.amount_due, n.amount_paid, n.attempt_count, n.next_payment_attempt, n.period_start,
    n.period_end, n.hosted_invoice_url, n.invoice_pdf, n.lines, n.created_at, n.finalized_at, n.due_at, n.paid_at, private.now(),
    p_ticket, coalesce(p.amount_refunded, 0), p.payment_method, p.failure_reason, p.dispute_status, p.dispute_due_at
  from jsonb_to_record(p_invoice) as n (
    customer_id text, subscription_id text, number text, status text, billing_reason text, collection_method text, currency text,
    subtotal bigint, tax bigint, total bigint, amount_due bigint, amount_paid bigint, attempt_count integer,
    next_payment_attempt timestamptz, period_start timestamptz, period_end timestamptz, hosted_invoice_url text, invoice_pdf text,
    lines jsonb, created_at timestamptz, finalized_at timestamptz, due_at timestamptz, paid_at timestamptz
  )
  left join lateral jsonb_to_record(p_invoice -> 'payment') as p (
    amount_refunded bigint, payment_method text, failure_reason text, dispute_status text, dispute_due_at timestamptz
  ) on v_with_payment
  on conflict (stripe_invoice_id) do update set
    stripe_subscription_id = excluded.stripe_subscription_id, number = excluded.number, status = excluded.status,
    billing_reason = excluded.billing_reason, collection_method = excluded.collection_method, currency = excluded.currency,
    subtotal = excluded.subtotal, tax = excluded.tax, total = excluded.total, amount_due = excluded.amount_due,
    amount_paid = excluded.amount_paid, attempt_count = excluded.attempt_count,
    next_payment_attempt = excluded.next_payment_attempt, period_start = excluded.period_start, period_end = excluded.period_end,
    hosted_invoice_url = excluded.hosted_invoice_url, invoice_pdf = excluded.invoice_pdf, lines = excluded.lines,
    finalized_at = excluded.finalized_at, due_at = excluded.due_at, paid_at = excluded.paid_at, synced_at = excluded.synced_at,
    sync_ticket = excluded.sync_ticket,
    -- A list of invoices says nothing of their payments: what is known of them stays.
    amount_refunded = case when v_with_payment then excluded.amount_refunded else i.amount_refunded end,
    payment_method = case when v_with_payment then excluded.payment_method else i.payment_method end,
    failure_reason = case when v_with_payment then excluded.failure_reason else i.failure_reason end,
    dispute_status = case when v_with_payment then excluded.dispute_status else i.dispute_status end,
    dispute_due_at = case when v_with_payment then excluded.dispute_due_at else i.dispute_due_at end
    where i.sync_ticket < excluded.sync_ticket
  returning * into v_is;
  if v_is.stripe_invoice_id is null then
    return jsonb_build_object('id', v_id, 'stale', true);
  end if;
  return jsonb_strip_nulls(jsonb_build_object(
    'kind', 'invoice', 'id', v_id, 'is_new', v_was.stripe_invoice_id is null or null,
    'changed', case when v_was.stripe_invoice_id is not null then private.changed_columns(to_jsonb(v_was), to_jsonb(v_is)) end
  ));
end;
$$;

revoke all on function private.put_invoice(uuid, bigint, jsonb) from public, anon, authenticated, service_role;
comment on function private.put_invoice(uuid, bigint, jsonb) is
  'Part of engine.put_billing: writes an invoice as Stripe has it; payment = what its charges say, absent = not looked at. Answers {kind, id, is_new, changed}, or {id, stale}: what is there was fetched later.';
