create table public.invoices (
  stripe_invoice_id text primary key check (length(stripe_invoice_id) <= 255),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  stripe_customer_id text not null,
  stripe_subscription_id text,
  number text check (length(number) <= 200),
  status text not null check (status in ('draft', 'open', 'paid', 'uncollectible', 'void')),
  billing_reason text,
  collection_method text not null,
  currency text not null check (currency ~ '^[a-z]{3}$'),
  subtotal bigint not null,
  tax bigint not null default 0,
  total bigint not null,
  amount_due bigint not null,
  amount_paid bigint not null,
  amount_refunded bigint not null default 0 check (amount_refunded >= 0),
  attempt_count integer not null default 0,
  next_payment_attempt timestamptz,
  period_start timestamptz,
  period_end timestamptz,
  hosted_invoice_url text,
  invoice_pdf text,
  payment_method text check (length(payment_method) <= 200),
  failure_reason text check (length(failure_reason) <= 1000),
  dispute_status text check (length(dispute_status) <= 100),
  dispute_due_at timestamptz,
  lines jsonb not null default '[]' check (jsonb_typeof(lines) = 'array' and octet_length(lines::text) <= 131072),
  created_at timestamptz not null,
  finalized_at timestamptz,
  due_at timestamptz,
  paid_at timestamptz,
  synced_at timestamptz not null default private.now(),
  sync_ticket bigint not null default 0
) with (fillfactor = 90);
create index invoices_organization_id_idx on public.invoices (organization_id, created_at);
create index invoices_stripe_subscription_id_idx on public.invoices (stripe_subscription_id) where status = 'open';
create trigger audit after insert or delete on public.invoices
  for each row execute function private.audit_row(
    'organization_id', 'stripe_invoice_id', 'lines,hosted_invoice_url,invoice_pdf,payment_method,synced_at,sync_ticket');
create trigger audit_changes after update on public.invoices
  for each row when (
    (old.status, old.total, old.amount_due, old.amount_paid, old.amount_refunded, old.attempt_count, old.dispute_status)
      is distinct from (new.status, new.total, new.amount_due, new.amount_paid, new.amount_refunded, new.attempt_count, new.dispute_status)
  )
  execute function private.audit_row(
    'organization_id', 'stripe_invoice_id', 'lines,hosted_invoice_url,invoice_pdf,payment_method,synced_at,sync_ticket');
alter table public.invoices enable row level security;
revoke all on table public.invoices from public, anon, authenticated, service_role;
grant select on table public.invoices to authenticated, service_role;

create policy members_see_invoices on public.invoices for select to authenticated
  using (organization_id = any ((select private.organizations_with('billing:read'))::uuid[]));

comment on table public.invoices is 'Invoices at Stripe, as Stripe last said they are. Amounts are in the currency''s smallest unit. Written by engine.put_billing.';
comment on column public.invoices.stripe_invoice_id is 'Its id at Stripe.';
comment on column public.invoices.organization_id is 'The tenant.';
comment on column public.invoices.stripe_customer_id is 'Whose it is at Stripe.';
comment on column public.invoices.stripe_subscription_id is 'For which subscription; null = for none.';
comment on column public.invoices.number is 'What people call it; null = a draft.';
comment on column public.invoices.status is 'draft; open = to be paid; paid; uncollectible = given up; void = taken back.';
comment on column public.invoices.billing_reason is 'Why there is one, in Stripe''s words: subscription_create, subscription_cycle, subscription_update, manual, …';
comment on column public.invoices.collection_method is 'charge_automatically, or send_invoice = people pay it by hand.';
comment on column public.invoices.currency is 'ISO 4217 in lower case.';
comment on column public.invoices.subtotal is 'Before discounts of the whole and tax.';
comment on column public.invoices.tax is 'Of the total.';
comment on column public.invoices.total is 'With tax.';
comment on column public.invoices.amount_due is 'Of the total, after credit.';
comment on column public.invoices.amount_paid is 'Paid of it.';
comment on column public.invoices.amount_refunded is 'Given back of what was paid.';
comment on column public.invoices.attempt_count is 'How often Stripe tried to collect it by its schedule.';
comment on column public.invoices.next_payment_attempt is 'When it tries again; null = it does not.';
comment on column public.invoices.period_start is 'Begin of what it is for.';
comment on column public.invoices.period_end is 'End of what it is for.';
comment on column public.invoices.hosted_invoice_url is 'Where it is shown and can be paid. Whoever has it can open it.';
comment on column public.invoices.invoice_pdf is 'The same as a PDF.';
comment on column public.invoices.payment_method is 'With what it was paid, or was to be: Visa ending in 4242. Null = not known.';
comment on column public.invoices.failure_reason is 'What the bank said to the latest attempt that failed; null = none did, or it said nothing.';
comment on column public.invoices.dispute_status is 'Where a dispute of its payment stands, in Stripe''s words: needs_response, under_review, won, lost, … Null = none.';
comment on column public.invoices.dispute_due_at is 'Until when the dispute has to be answered at Stripe; null = not any more, or no dispute.';
comment on column public.invoices.lines is '[{description, quantity, amount, period_start, period_end}], the first 100.';
comment on column public.invoices.created_at is 'Made at Stripe.';
comment on column public.invoices.finalized_at is 'Since when it is to be paid; null = a draft.';
comment on column public.invoices.due_at is 'Until when, where people pay by hand; null = at once.';
comment on column public.invoices.paid_at is 'When it was paid; null = it was not.';
comment on column public.invoices.synced_at is 'When it was last fetched from Stripe.';
comment on column public.invoices.sync_ticket is 'The ticket of that fetch, see engine.billing_ticket: what was fetched with an older one is not written.';
