create table private.webhook_endpoint_states (
  subscription_id uuid primary key references public.webhook_subscriptions (id) on delete cascade,
  failures integer not null default 0 check (failures >= 0),
  failing_since timestamptz,
  opened smallint not null default 0 check (opened >= 0),
  hold_until timestamptz,
  batch smallint not null default 8 check (batch >= 1 and batch <= 32),
  tokens double precision not null default 0,
  tokens_at timestamptz not null default private.now(),
  last_success_at timestamptz,
  last_failure_at timestamptz,
  last_error text
) with (fillfactor = 50);
alter table private.webhook_endpoint_states enable row level security;
revoke all on table private.webhook_endpoint_states from public, anon, authenticated, service_role;

comment on table private.webhook_endpoint_states is
  'How the address of a webhook subscription has done lately: its circuit breaker, its rate, how much is sent at once. Whoever makes or ends deliveries of a subscription holds its row here.';
comment on column private.webhook_endpoint_states.subscription_id is 'The subscription.';
comment on column private.webhook_endpoint_states.failures is 'Failures since the last success.';
comment on column private.webhook_endpoint_states.failing_since is 'The first of them; null = the last attempt succeeded.';
comment on column private.webhook_endpoint_states.opened is 'How often the breaker opened since the last success: each time it stays open for longer.';
comment on column private.webhook_endpoint_states.hold_until is 'Nothing is sent before; then one delivery is tried. Null = the breaker is closed.';
comment on column private.webhook_endpoint_states.batch is 'How many deliveries are under way at once: doubled by success, halved by failure.';
comment on column private.webhook_endpoint_states.tokens is 'Requests that rate_per_minute allowed at tokens_at.';
comment on column private.webhook_endpoint_states.tokens_at is 'When they were counted.';
comment on column private.webhook_endpoint_states.last_success_at is 'The last answer of 2xx; null = none.';
comment on column private.webhook_endpoint_states.last_failure_at is 'The last failure; null = none.';
comment on column private.webhook_endpoint_states.last_error is 'Its code, or status.';

create function private.reset_endpoint(p_subscription_id uuid) returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.webhook_endpoint_states e set
    failures = 0, failing_since = null, opened = 0, hold_until = null, batch = 8, last_error = null
  where e.subscription_id = p_subscription_id;
  perform private.wake_endpoint(p_subscription_id, private.now());
end;
$$;

revoke all on function private.reset_endpoint(uuid) from public, anon, authenticated, service_role;
comment on function private.reset_endpoint(uuid) is 'Forgets how an endpoint has done, and sends what waits.';
