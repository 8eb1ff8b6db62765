create function engine.put_billing_customer(p_organization_id uuid, p_stripe_customer_id text) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_customer public.billing_customers;
begin
  insert into public.billing_customers as c (organization_id, stripe_customer_id)
  values (p_organization_id, p_stripe_customer_id)
  on conflict (organization_id) do update set
    stripe_customer_id = excluded.stripe_customer_id, email = null, currency = null, tax_exempt = 'none', balance = 0,
    delinquent = false, deleted = false, has_payment_method = false, synced_at = null, sync_ticket = 0
    -- Two checkouts at once make one customer of it: the one that is there wins.
    where c.deleted and c.stripe_customer_id <> excluded.stripe_customer_id
  returning * into v_customer;
  if v_customer.organization_id is null then
    select * into v_customer from public.billing_customers c where c.organization_id = p_organization_id;
  end if;
  return jsonb_build_object('organization_id', v_customer.organization_id, 'stripe_customer_id', v_customer.stripe_customer_id);
exception
  when unique_violation then
    perform private.fail('conflict', 'This customer of Stripe belongs to another organization', 409);
  when foreign_key_violation then
    perform private.fail('not_found', 'No such organization', 404);
  when check_violation then
    perform private.fail('invalid_request', 'This is no id of a customer of Stripe', 400);
end;
$$;

revoke all on function engine.put_billing_customer(uuid, text) from public, anon, authenticated, service_role;
grant execute on function engine.put_billing_customer(uuid, text) to service_role;
comment on function engine.put_billing_customer(uuid, text) is
  'Notes which customer of Stripe an organization is. One that is there wins unless it was deleted at Stripe: use the answer, {organization_id, stripe_customer_id}. 409 = the customer is another organization''s.';
