create function private.tell_invoices(p_organization_id uuid, p_current public.subscriptions) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_invoice public.invoices;
begin
  -- What is older was told long ago, or is from before there were webhooks: nobody gets a receipt of last year.
  for v_invoice in
    select * from public.invoices i
    where i.organization_id = p_organization_id and i.status = 'paid' and i.paid_at > v_now - interval '7 days'
      and not exists (
        select from private.billing_notices n where n.kind = 'invoice_paid' and n.object_id = i.stripe_invoice_id
      )
    order by i.paid_at, i.stripe_invoice_id
  loop
    continue when not private.note_billing(p_organization_id, 'invoice_paid', v_invoice.stripe_invoice_id, '');
    perform private.publish_event(p_organization_id, 'invoice.paid', private.invoice_event(v_invoice), v_invoice.stripe_invoice_id);
    if v_invoice.amount_paid > 0 then
      perform private.mail_billing(p_organization_id, 'receipt', v_invoice.stripe_invoice_id, jsonb_build_object(
        'number', coalesce(v_invoice.number, v_invoice.stripe_invoice_id), 'paid_at', v_invoice.paid_at,
        'currency', v_invoice.currency, 'lines', v_invoice.lines, 'subtotal', v_invoice.subtotal, 'tax', v_invoice.tax,
        'total', v_invoice.amount_paid, 'period_start', v_invoice.period_start, 'period_end', v_invoice.period_end,
        'payment_method', v_invoice.payment_method, 'invoice_url', v_invoice.hosted_invoice_url
      ), false);
    end if;
  end loop;

  -- An attempt that is under way (a debit takes days) leaves the subscription active: only a failure makes it past_due. The
  -- first payment is made by somebody who sits in front of it.
  for v_invoice in
    select i.* from public.invoices i
    join public.subscriptions s on s.stripe_subscription_id = i.stripe_subscription_id and s.status in ('past_due', 'unpaid')
    where i.organization_id = p_organization_id and i.status = 'open' and i.attempt_count > 0
      and i.collection_method = 'charge_automatically' and i.created_at > v_now - interval '60 days'
      and not exists (
        select from private.billing_notices n
        where n.kind = 'payment_failed' and n.object_id = i.stripe_invoice_id and n.turn = i.attempt_count::text
      )
    order by i.created_at, i.stripe_invoice_id
  loop
    continue when not private.note_billing(p_organization_id, 'payment_failed', v_invoice.stripe_invoice_id, v_invoice.attempt_count::text);
    perform private.publish_event(p_organization_id, 'invoice.payment_failed', private.invoice_event(v_invoice), v_invoice.stripe_invoice_id);
    perform private.mail_billing(p_organization_id, 'payment_failed', v_invoice.stripe_invoice_id || ':' || v_invoice.attempt_count,
      jsonb_build_object(
        'amount', v_invoice.amount_due, 'currency', v_invoice.currency, 'reason', v_invoice.failure_reason,
        'payment_method', v_invoice.payment_method, 'attempt', v_invoice.attempt_count,
        'next_attempt_at', v_invoice.next_payment_attempt,
        'ends_at', case when p_current.stripe_subscription_id = v_invoice.stripe_subscription_id
          then p_current.past_due_since + private.billing_grace() end,
        'link', '/billing'
      ), true);
  end loop;

  for v_invoice in
    select * from public.invoices i
    where i.organization_id = p_organization_id and i.dispute_status is not null
      and not exists (
        select from private.billing_notices n
        where n.kind = 'dispute' and n.object_id = i.stripe_invoice_id and n.turn = i.dispute_status
      )
  loop
    continue when not private.note_billing(p_organization_id, 'dispute', v_invoice.stripe_invoice_id, v_invoice.dispute_status);
    perform private.tell_dispute(p_organization_id, v_invoice);
  end loop;
end;
$$;

revoke all on function private.tell_invoices(uuid, public.subscriptions) from public, anon, authenticated, service_role;
comment on function private.tell_invoices(uuid, public.subscriptions) is
  'Part of private.settle_billing: receipts, failed payments and disputes, by mail and webhooks, each once.';

create function private.invoice_event(p_invoice public.invoices) returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'id', p_invoice.stripe_invoice_id, 'number', p_invoice.number,
    'amount', case when p_invoice.status = 'paid' then p_invoice.amount_paid else p_invoice.amount_due end,
    'currency', p_invoice.currency, 'attempt_count', p_invoice.attempt_count, 'next_attempt_at', p_invoice.next_payment_attempt
  );
end;
$$;

revoke all on function private.invoice_event(public.invoices) from public, anon, authenticated, service_role;
comment on function private.invoice_event(public.invoices) is 'The data of invoice.paid and invoice.payment_failed, as the catalogue has it.';

create function private.tell_dispute(p_organization_id uuid, p_invoice public.invoices) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_to text := private.setting('operator_email');
begin
  perform private.audit(p_organization_id, 'invoice.disputed', 'invoice', p_invoice.stripe_invoice_id, null, null,
    jsonb_build_object('status', p_invoice.dispute_status, 'answer_until', p_invoice.dispute_due_at));
  if v_to is null then
    return;
  end if;
  perform private.send_mail(null, 'alert', v_to, jsonb_build_object(
    'title', format('Dispute of invoice %s: %s', coalesce(p_invoice.number, p_invoice.stripe_invoice_id), p_invoice.dispute_status),
    'level', case when p_invoice.dispute_status = 'won' then 'recovered' else 'warning' end,
    'organization', (select o.name from public.organizations o where o.id = p_organization_id),
    'message', case when p_invoice.dispute_due_at is not null
      then 'The payer''s bank asks the payment back. It is answered in the dashboard of Stripe, with evidence, or it is lost.' end,
    'facts', jsonb_build_array(
      jsonb_build_object('name', 'Organization', 'value', p_organization_id),
      jsonb_build_object('name', 'Invoice', 'value', p_invoice.stripe_invoice_id),
      jsonb_build_object('name', 'Answer until', 'value', coalesce(p_invoice.dispute_due_at::text, '–'))
    ),
    'reason', 'You get this because you are the operator of this installation.'
  ), 'dispute:' || p_invoice.stripe_invoice_id || ':' || p_invoice.dispute_status);
end;
$$;

revoke all on function private.tell_dispute(uuid, public.invoices) from public, anon, authenticated, service_role;
comment on function private.tell_dispute(uuid, public.invoices) is
  'Part of private.tell_invoices: a line in the audit log, and a mail to the operators, who answer disputes at Stripe. The plan stays what the subscription gives.';

create function private.tell_trial(p_organization_id uuid, p_current public.subscriptions) returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_current.status is distinct from 'trialing' or p_current.plan_id is null or p_current.cancel_at_period_end
    or p_current.trial_end > private.now() + interval '3 days' or p_current.trial_end <= private.now()
    or not private.note_billing(p_organization_id, 'trial_ending', p_current.stripe_subscription_id,
      date_part('epoch', p_current.trial_end)::bigint::text)
  then
    return;
  end if;
  perform private.mail_billing(p_organization_id, 'trial_ending',
    p_current.stripe_subscription_id || ':' || date_part('epoch', p_current.trial_end)::bigint,
    jsonb_build_object(
      'plan', (select p.name from public.plans p where p.id = p_current.plan_id), 'ends_at', p_current.trial_end,
      'price', (
        select jsonb_build_object('amount', r.unit_amount, 'currency', r.currency, 'interval', r.billing_interval)
        from public.plan_prices r
        where r.plan_id = p_current.plan_id and r.kind = 'base' and r.billing_interval = p_current.billing_interval
          and r.currency = p_current.currency and r.is_active and r.unit_amount is not null
        order by r.stripe_price_id limit 1
      ),
      'has_payment_method', p_current.has_payment_method, 'link', '/billing'
    ), true);
end;
$$;

revoke all on function private.tell_trial(uuid, public.subscriptions) from public, anon, authenticated, service_role;
comment on function private.tell_trial(uuid, public.subscriptions) is
  'Part of private.settle_billing: from three days before a trial ends, one mail that says so.';
