create table public.plan_prices (
  stripe_price_id text primary key check (length(stripe_price_id) <= 255),
  lookup_key text unique check (length(lookup_key) <= 200),
  plan_id text references public.plans (id),
  kind text not null check (kind in ('base', 'seat', 'meter')),
  billing_interval text check (billing_interval in ('month', 'year')),
  currency text not null check (currency ~ '^[a-z]{3}$'),
  unit_amount bigint,
  is_active boolean not null,
  synced_at timestamptz not null default private.now(),
  sync_ticket bigint not null default 0,
  constraint price_is_of_a_plan check (kind = 'meter' or (plan_id is not null and billing_interval is not null))
);
create index plan_prices_plan_id_idx on public.plan_prices (plan_id);
create trigger audit after insert or delete on public.plan_prices
  for each row execute function private.audit_row('', 'stripe_price_id', 'sync_ticket', 'price');
create trigger audit_changes after update on public.plan_prices
  for each row when (
    (old.lookup_key, old.plan_id, old.kind, old.billing_interval, old.currency, old.unit_amount, old.is_active)
      is distinct from (new.lookup_key, new.plan_id, new.kind, new.billing_interval, new.currency, new.unit_amount, new.is_active)
  )
  execute function private.audit_row('', 'stripe_price_id', 'synced_at,sync_ticket', 'price');
alter table public.plan_prices enable row level security;
revoke all on table public.plan_prices from public, anon, authenticated, service_role;
grant select on table public.plan_prices to anon, authenticated, service_role;

create policy prices_are_public on public.plan_prices for select to anon, authenticated using (true);

comment on table public.plan_prices is 'Prices of Stripe that give a plan, a seat, or are for a meter. Kept when Stripe gives their lookup key to another price: subscriptions go on with the old one.';
comment on column public.plan_prices.stripe_price_id is 'The price at Stripe.';
comment on column public.plan_prices.lookup_key is 'By which it was found: millrace_<plan>_<month|year>, millrace_<plan>_seat_<month|year>, millrace_<meter>. Null = another price has it now.';
comment on column public.plan_prices.plan_id is 'The plan that it gives or whose seats it is for; null = a meter''s.';
comment on column public.plan_prices.kind is 'base = the plan itself, seat = each member beyond those that the plan has, meter = usage.';
comment on column public.plan_prices.billing_interval is 'month or year; null = a meter''s.';
comment on column public.plan_prices.currency is 'ISO 4217 in lower case.';
comment on column public.plan_prices.unit_amount is 'For one, in the currency''s smallest unit; null = in tiers, or in parts of the smallest unit.';
comment on column public.plan_prices.is_active is 'False = nobody can buy it any more.';
comment on column public.plan_prices.synced_at is 'When it was last fetched from Stripe.';
comment on column public.plan_prices.sync_ticket is 'The ticket of that fetch, see engine.billing_ticket.';
