create table private.meter_reports (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  meter text not null check (meter in ('runs', 'steps', 'ai_tokens')),
  hour timestamptz not null,
  number smallint not null check (number >= 1),
  quantity bigint not null check (quantity > 0),
  stripe_customer_id text not null,
  happened_at timestamptz not null,
  status text not null default 'pending' check (status in ('pending', 'sent', 'refused', 'expired')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default private.now(),
  attempt_at timestamptz,
  doubtful_since timestamptz,
  error jsonb,
  ended_at timestamptz,
  unique (organization_id, meter, hour, number),
  constraint ended_is_told check ((status = 'pending') = (ended_at is null))
) with (fillfactor = 80);
create index meter_reports_pending_idx on private.meter_reports (next_attempt_at) where status = 'pending';
create index meter_reports_hour_idx on private.meter_reports (hour);
alter table private.meter_reports enable row level security;
revoke all on table private.meter_reports from public, anon, authenticated, service_role;

comment on table private.meter_reports is
  'What Stripe''s meters are told: for each organization, meter and hour the quantity, and, when the hour was counted again later, what came to it. Kept for 90 days.';
comment on column private.meter_reports.id is 'UUIDv7; millrace_<id> is the identifier under which Stripe takes it once.';
comment on column private.meter_reports.organization_id is 'The tenant.';
comment on column private.meter_reports.meter is 'runs, steps or ai_tokens; the meter at Stripe has the event name millrace_<meter>.';
comment on column private.meter_reports.hour is 'The hour of use, UTC.';
comment on column private.meter_reports.number is '1 = the first report of the hour; others tell what was counted later.';
comment on column private.meter_reports.quantity is 'How much came to it.';
comment on column private.meter_reports.stripe_customer_id is 'Who pays.';
comment on column private.meter_reports.happened_at is 'The time that Stripe is told: begin of the hour, or of the subscription in it.';
comment on column private.meter_reports.status is 'pending; sent = Stripe has it; refused = Stripe said that it never will; expired = it could not be told within the 35 days that Stripe takes.';
comment on column private.meter_reports.attempts is 'How often it was begun to be sent.';
comment on column private.meter_reports.next_attempt_at is 'Not before.';
comment on column private.meter_reports.attempt_at is 'Begin of the attempt under way; null = none is, or its end was told.';
comment on column private.meter_reports.doubtful_since is 'The first attempt whose answer was lost: Stripe may have it. Null = it surely has not. After a day, when Stripe may have forgotten the identifier, its summary of the hour is asked before it is sent again.';
comment on column private.meter_reports.error is '{code, message} of the last failure; null = none.';
comment on column private.meter_reports.ended_at is 'When it was sent, refused or expired; null = pending.';
