create function private.billing_grace() returns interval
language plpgsql
stable
set search_path = ''
as $$
begin
  return make_interval(days => coalesce(private.setting('billing_grace_days')::integer, 14));
end;
$$;

revoke all on function private.billing_grace() from public, anon, authenticated, service_role;
comment on function private.billing_grace() is 'How long an organization keeps its plan while an invoice is overdue: BILLING_GRACE_DAYS, as functions last wrote it down.';

create function private.choose_subscription(p_organization_id uuid) returns public.subscriptions
language plpgsql
set search_path = ''
as $$
declare
  v_id text;
  v_subscription public.subscriptions;
begin
  select s.stripe_subscription_id into v_id
  from public.subscriptions s
  where s.organization_id = p_organization_id and s.status not in ('canceled', 'incomplete_expired')
  -- By what Stripe says and not by what came first, so that whatever the order of events the same one is chosen.
  order by s.status in ('active', 'trialing') desc, s.status = 'past_due' desc, s.status in ('unpaid', 'paused') desc,
    s.created_at desc, s.stripe_subscription_id
  limit 1;
  update public.subscriptions s set is_current = false
  where s.organization_id = p_organization_id and s.is_current and s.stripe_subscription_id is distinct from v_id;
  update public.subscriptions s set is_current = true where s.stripe_subscription_id = v_id and not s.is_current;
  -- Since when it is overdue follows from the invoices, not from when we were told.
  update public.subscriptions s set past_due_since = n.since
  from (
    select s2.stripe_subscription_id as id, case when s2.status in ('past_due', 'unpaid') then coalesce((
      select min(coalesce(i.due_at, i.finalized_at, i.created_at)) from public.invoices i
      where i.stripe_subscription_id = s2.stripe_subscription_id and i.status = 'open' and (i.attempt_count > 0 or i.due_at is not null)
    ), s2.current_period_start) end as since
    from public.subscriptions s2 where s2.organization_id = p_organization_id
  ) n
  where s.stripe_subscription_id = n.id and s.past_due_since is distinct from n.since;
  select * into v_subscription from public.subscriptions s where s.stripe_subscription_id = v_id;
  return v_subscription;
end;
$$;

revoke all on function private.choose_subscription(uuid) from public, anon, authenticated, service_role;
comment on function private.choose_subscription(uuid) is
  'Part of private.settle_billing: says which subscription is the current one and since when each is overdue. Answers the current one; all null = there is none.';

create function private.settle_billing(p_organization_id uuid, p_reason text) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_customer public.billing_customers;
  v_current public.subscriptions;
  v_entitled text;
  v_moved boolean := false;
begin
  select * into v_customer from public.billing_customers c where c.organization_id = p_organization_id for update;
  if not found then
    return;
  end if;
  v_current := private.choose_subscription(p_organization_id);
  v_entitled := case
    when v_current.status in ('trialing', 'active') then v_current.plan_id
    when v_current.status = 'past_due' and v_current.past_due_since + private.billing_grace() > v_now then v_current.plan_id
  end;
  if v_entitled is not null then
    v_moved := private.set_plan(p_organization_id, v_entitled, p_reason);
  elsif v_customer.entitled_plan_id is not null then
    v_moved := private.set_plan(p_organization_id, 'free', case
      when v_current.status in ('past_due', 'unpaid') then 'payment_overdue'
      when v_current.stripe_subscription_id is null then 'subscription_ended'
      else p_reason
    end);
  end if;
  if v_customer.subscription_status is distinct from v_current.status and not v_moved then
    perform private.publish_event(p_organization_id, 'subscription.updated', jsonb_build_object(
      'plan', o.plan_id, 'previous_plan', o.plan_id, 'status', coalesce(v_current.status, 'canceled'), 'reason', p_reason
    ), p_organization_id::text)
    from public.organizations o where o.id = p_organization_id;
  end if;
  update public.billing_customers c set entitled_plan_id = v_entitled, subscription_status = v_current.status
  where c.organization_id = p_organization_id
    and (c.entitled_plan_id, c.subscription_status) is distinct from (v_entitled, v_current.status);
  perform private.tell_invoices(p_organization_id, v_current);
  perform private.tell_trial(p_organization_id, v_current);
end;
$$;

revoke all on function private.settle_billing(uuid, text) from public, anon, authenticated, service_role;
comment on function private.settle_billing(uuid, text) is
  'Draws every consequence of the rows of billing of an organization, under the lock of its customer: which subscription is current, the plan, what is told by mail and webhooks. It reads nothing but the rows, so that in whatever order they came to be the end is the same; called again it does nothing.';
