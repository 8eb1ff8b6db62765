create table public.billing_customers (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  stripe_customer_id text not null unique check (stripe_customer_id ~ '^cus_[A-Za-z0-9_]{1,250}$'),
  email text check (length(email) <= 512),
  currency text check (currency ~ '^[a-z]{3}$'),
  tax_exempt text not null default 'none',
  balance bigint not null default 0,
  delinquent boolean not null default false,
  deleted boolean not null default false,
  has_payment_method boolean not null default false,
  entitled_plan_id text references public.plans (id),
  subscription_status text,
  created_at timestamptz not null default private.now(),
  synced_at timestamptz,
  sync_ticket bigint not null default 0
) with (fillfactor = 90);
create index billing_customers_entitled_plan_id_idx on public.billing_customers (entitled_plan_id);
create trigger audit after insert or delete on public.billing_customers
  for each row execute function private.audit_row('organization_id', 'stripe_customer_id', 'email,sync_ticket');
create trigger audit_changes after update on public.billing_customers
  for each row when (
    (old.stripe_customer_id, old.deleted, old.delinquent, old.tax_exempt, old.email)
      is distinct from (new.stripe_customer_id, new.deleted, new.delinquent, new.tax_exempt, new.email)
  )
  execute function private.audit_row('organization_id', 'stripe_customer_id', 'email,synced_at,sync_ticket');
alter table public.billing_customers enable row level security;
revoke all on table public.billing_customers from public, anon, authenticated, service_role;
grant select on table public.billing_customers to authenticated, service_role;

create policy members_see_billing_customers on public.billing_customers for select to authenticated
  using (organization_id = any ((select private.organizations_with('billing:read'))::uuid[]));

comment on table public.billing_customers is 'Which customer of Stripe an organization is, and what Stripe last said of it. Written by engine.put_billing_customer and engine.put_billing.';
comment on column public.billing_customers.organization_id is 'The tenant.';
comment on column public.billing_customers.stripe_customer_id is 'Its customer at Stripe.';
comment on column public.billing_customers.email is 'Where receipts go; null = to the owners.';
comment on column public.billing_customers.currency is 'In which currency it pays, ISO 4217 in lower case; null = it has paid nothing yet.';
comment on column public.billing_customers.tax_exempt is 'none, exempt or reverse, as Stripe has it.';
comment on column public.billing_customers.balance is 'In the currency''s smallest unit; below zero = credit, which the next invoice uses up.';
comment on column public.billing_customers.delinquent is 'True = its latest charge failed.';
comment on column public.billing_customers.deleted is 'True = deleted at Stripe: the next checkout makes another customer.';
comment on column public.billing_customers.has_payment_method is 'True = there is a card, or another means of payment, that invoices are charged to.';
comment on column public.billing_customers.entitled_plan_id is 'The plan that its subscription gave when it was last looked at; null = none. Only a change of it moves the plan of an organization without a subscription: what an operator gave by hand stays.';
comment on column public.billing_customers.subscription_status is 'The state of the current subscription of which webhooks were last told; null = none.';
comment on column public.billing_customers.created_at is 'First seen.';
comment on column public.billing_customers.synced_at is 'When it was last fetched from Stripe; null = never.';
comment on column public.billing_customers.sync_ticket is 'The ticket of that fetch, see engine.billing_ticket: what was fetched with an older one is not written.';

create sequence private.billing_tickets as bigint;
revoke all on sequence private.billing_tickets from public, anon, authenticated, service_role;

create function engine.billing_ticket() returns bigint
language plpgsql
security definer
set search_path = ''
as $$
begin
  return nextval('private.billing_tickets');
end;
$$;

revoke all on function engine.billing_ticket() from public, anon, authenticated, service_role;
grant execute on function engine.billing_ticket() to service_role;
comment on function engine.billing_ticket() is
  'A number to take before something is fetched from Stripe and to bring along when it is written. Of two fetches the one with the higher ticket began later, so that what it brings is as new or newer wherever no change came in between; after a change there is always one more fetch, begun after it.';
