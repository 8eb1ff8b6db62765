create function engine.put_billing(p_stripe_customer_id text, p_ticket bigint, p_found jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
-- p_found: {customer: {…} or absent, subscriptions: [], invoices: [], gone: [ids of invoices], grace_days, reason}, as
-- shared/billing/sync_rows.ts makes it of what Stripe answered.
declare
  v_customer public.billing_customers;
  v_was jsonb;
  v_results jsonb := '[]';
  v_result jsonb;
  v_each jsonb;
begin
  -- The lock of the customer: all that is written of one organization is written one after the other.
  select * into v_customer from public.billing_customers c where c.stripe_customer_id = p_stripe_customer_id for update;
  if not found and p_found #>> '{customer,organization_id}' is not null then
    -- Made at Stripe by us, and the answer lost before it was noted.
    perform engine.put_billing_customer(o.id, p_stripe_customer_id)
    from public.organizations o where o.id::text = p_found #>> '{customer,organization_id}';
    select * into v_customer from public.billing_customers c where c.stripe_customer_id = p_stripe_customer_id for update;
  end if;
  if v_customer.organization_id is null then
    return jsonb_build_object('organization_id', null);
  end if;
  perform private.keep_grace_days((p_found ->> 'grace_days')::integer);

  if p_found -> 'customer' is not null and v_customer.sync_ticket < p_ticket then
    v_was := to_jsonb(v_customer);
    update public.billing_customers c set
      email = case when n.deleted then c.email else left(n.email, 512) end,
      currency = coalesce(n.currency, c.currency), tax_exempt = coalesce(n.tax_exempt, 'none'), balance = coalesce(n.balance, 0),
      delinquent = coalesce(n.delinquent, false), deleted = coalesce(n.deleted, false),
      has_payment_method = coalesce(n.has_payment_method, false), synced_at = private.now(), sync_ticket = p_ticket
    from jsonb_to_record(p_found -> 'customer') as n (
      email text, currency text, tax_exempt text, balance bigint, delinquent boolean, deleted boolean, has_payment_method boolean
    )
    where c.organization_id = v_customer.organization_id
    returning c.* into v_customer;
    v_results := v_results || jsonb_strip_nulls(jsonb_build_object('kind', 'customer', 'id', p_stripe_customer_id,
      'is_new', v_was ->> 'synced_at' is null or null, 'changed', case when v_was ->> 'synced_at' is not null then
        private.changed_columns(v_was, to_jsonb(v_customer)) end));
  end if;
  for v_each in select e.value from jsonb_array_elements(p_found -> 'subscriptions') e loop
    v_result := private.put_subscription(v_customer.organization_id, p_ticket, v_each);
    v_results := v_results || v_result;
  end loop;
  for v_each in select e.value from jsonb_array_elements(p_found -> 'invoices') e loop
    v_result := private.put_invoice(v_customer.organization_id, p_ticket, v_each);
    v_results := v_results || v_result;
  end loop;
  -- Only drafts can be deleted at Stripe.
  delete from public.invoices i
  where i.organization_id = v_customer.organization_id and i.sync_ticket < p_ticket
    and i.stripe_invoice_id in (select g.value from jsonb_array_elements_text(p_found -> 'gone') g);

  perform private.settle_billing(v_customer.organization_id, coalesce(p_found ->> 'reason', 'stripe'));
  return jsonb_build_object(
    'organization_id', v_customer.organization_id,
    'stale', coalesce((select bool_or(r ? 'stale') from jsonb_array_elements(v_results) r), false),
    'results', v_results
  );
end;
$$;

revoke all on function engine.put_billing(text, bigint, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.put_billing(text, bigint, jsonb) to service_role;
comment on function engine.put_billing(text, bigint, jsonb) is
  'Writes what was fetched from Stripe of one customer, under its lock, never older over newer (p_ticket from engine.billing_ticket, taken before the fetch), and draws the consequences: private.settle_billing. Answers {organization_id, stale, results: [{kind, id, is_new, changed, unknown_price, stale}]}; organization_id null = the customer is none of ours; stale = something there was fetched later: fetch again.';

create function private.keep_grace_days(p_days integer) returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_days is null or private.setting('billing_grace_days') is not distinct from p_days::text then
    return;
  end if;
  insert into private.settings as s (name, value) values ('billing_grace_days', p_days::text)
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
end;
$$;

revoke all on function private.keep_grace_days(integer) from public, anon, authenticated, service_role;
comment on function private.keep_grace_days(integer) is 'Notes BILLING_GRACE_DAYS where it changed: the clock of the database needs it.';
