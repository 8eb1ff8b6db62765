create table public.subscriptions (
  stripe_subscription_id text primary key check (length(stripe_subscription_id) <= 255),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  stripe_customer_id text not null,
  status text not null check (status in (
    'incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled'
  )),
  is_current boolean not null default false,
  plan_id text references public.plans (id),
  billing_interval text check (billing_interval in ('month', 'year')),
  seats integer not null default 1 check (seats >= 0),
  currency text not null check (currency ~ '^[a-z]{3}$'),
  current_period_start timestamptz,
  current_period_end timestamptz,
  trial_end timestamptz,
  cancel_at timestamptz,
  cancel_at_period_end boolean not null default false,
  canceled_at timestamptz,
  ended_at timestamptz,
  past_due_since timestamptz,
  scheduled_plan_id text references public.plans (id),
  has_payment_method boolean not null default false,
  latest_invoice_id text,
  stripe_base_item_id text,
  stripe_seat_item_id text,
  created_at timestamptz not null,
  synced_at timestamptz not null default private.now(),
  sync_ticket bigint not null default 0,
  constraint ended_is_not_current check (not (is_current and status in ('canceled', 'incomplete_expired')))
) with (fillfactor = 90);
create unique index subscriptions_current_idx on public.subscriptions (organization_id) where is_current;
create index subscriptions_organization_id_idx on public.subscriptions (organization_id, created_at);
create index subscriptions_plan_id_idx on public.subscriptions (plan_id);
create index subscriptions_scheduled_plan_id_idx on public.subscriptions (scheduled_plan_id);
create index subscriptions_past_due_since_idx on public.subscriptions (past_due_since) where is_current and past_due_since is not null;
create index subscriptions_trial_end_idx on public.subscriptions (trial_end) where is_current and status = 'trialing';
create trigger audit after insert or delete on public.subscriptions
  for each row execute function private.audit_row('organization_id', 'stripe_subscription_id', 'synced_at,sync_ticket');
create trigger audit_changes after update on public.subscriptions
  for each row when (
    (old.status, old.plan_id, old.billing_interval, old.seats, old.trial_end, old.cancel_at, old.cancel_at_period_end, old.ended_at,
      old.past_due_since, old.scheduled_plan_id, old.current_period_end)
    is distinct from (new.status, new.plan_id, new.billing_interval, new.seats, new.trial_end, new.cancel_at, new.cancel_at_period_end,
      new.ended_at, new.past_due_since, new.scheduled_plan_id, new.current_period_end)
  )
  execute function private.audit_row('organization_id', 'stripe_subscription_id', 'synced_at,sync_ticket');
alter table public.subscriptions enable row level security;
revoke all on table public.subscriptions from public, anon, authenticated, service_role;
grant select on table public.subscriptions to authenticated, service_role;

create policy members_see_subscriptions on public.subscriptions for select to authenticated
  using (organization_id = any ((select private.organizations_with('billing:read'))::uuid[]));

comment on table public.subscriptions is 'Subscriptions at Stripe, as Stripe last said they are. Never changed but by what was fetched from there: engine.put_billing.';
comment on column public.subscriptions.stripe_subscription_id is 'Its id at Stripe.';
comment on column public.subscriptions.organization_id is 'The tenant.';
comment on column public.subscriptions.stripe_customer_id is 'Whose it is at Stripe.';
comment on column public.subscriptions.status is 'Stripe''s words. incomplete = the first payment has not come through; incomplete_expired = it never did; trialing; active; past_due = a payment failed and is tried again; unpaid = it is not tried again; paused = the trial ended without a means of payment; canceled.';
comment on column public.subscriptions.is_current is 'True = the one that gives the organization its plan: of several that have not ended the best one, then the newest.';
comment on column public.subscriptions.plan_id is 'The plan that its price stands for; null = a price that we do not know, which gives no plan.';
comment on column public.subscriptions.billing_interval is 'month or year.';
comment on column public.subscriptions.seats is 'Quantity of the seat price, or of the plan''s own price where there is no other.';
comment on column public.subscriptions.currency is 'ISO 4217 in lower case.';
comment on column public.subscriptions.current_period_start is 'Begin of the period that is paid for.';
comment on column public.subscriptions.current_period_end is 'Its end: the next invoice.';
comment on column public.subscriptions.trial_end is 'End of the trial, which may be over; null = none.';
comment on column public.subscriptions.cancel_at is 'When it is to end; null = it goes on.';
comment on column public.subscriptions.cancel_at_period_end is 'True = it ends with the period.';
comment on column public.subscriptions.canceled_at is 'When the end was asked for; null = never.';
comment on column public.subscriptions.ended_at is 'When it ended; null = it has not.';
comment on column public.subscriptions.past_due_since is 'Since when the oldest invoice is unpaid, while past_due or unpaid: the days of grace count from here. Null = nothing is overdue.';
comment on column public.subscriptions.scheduled_plan_id is 'Another plan that begins with the next period; null = none.';
comment on column public.subscriptions.has_payment_method is 'True = invoices are charged to a means of payment of its own or of the customer.';
comment on column public.subscriptions.latest_invoice_id is 'Its latest invoice at Stripe; null = none.';
comment on column public.subscriptions.stripe_base_item_id is 'The item with the plan''s price; null = none.';
comment on column public.subscriptions.stripe_seat_item_id is 'The item with the price of seats; null = none.';
comment on column public.subscriptions.created_at is 'Made at Stripe.';
comment on column public.subscriptions.synced_at is 'When it was last fetched from Stripe.';
comment on column public.subscriptions.sync_ticket is 'The ticket of that fetch, see engine.billing_ticket: what was fetched with an older one is not written.';
