create table private.webhook_endpoint_stats (
  subscription_id uuid not null references public.webhook_subscriptions (id) on delete cascade,
  hour timestamptz not null,
  answered_2xx integer not null default 0,
  answered_3xx integer not null default 0,
  answered_4xx integer not null default 0,
  answered_5xx integer not null default 0,
  timed_out integer not null default 0,
  not_reached integer not null default 0,
  durations integer[] not null default '{}',
  primary key (subscription_id, hour)
) with (fillfactor = 50);
alter table private.webhook_endpoint_stats enable row level security;
revoke all on table private.webhook_endpoint_stats from public, anon, authenticated, service_role;

comment on table private.webhook_endpoint_stats is 'Attempts of webhook subscriptions by the hour and what came of them; kept for 90 days.';
comment on column private.webhook_endpoint_stats.subscription_id is 'The subscription.';
comment on column private.webhook_endpoint_stats.hour is 'Its beginning.';
comment on column private.webhook_endpoint_stats.answered_2xx is 'Attempts that succeeded.';
comment on column private.webhook_endpoint_stats.answered_3xx is 'Answered with a redirect, which is a failure.';
comment on column private.webhook_endpoint_stats.answered_4xx is 'Answered with 4xx.';
comment on column private.webhook_endpoint_stats.answered_5xx is 'Answered with 5xx.';
comment on column private.webhook_endpoint_stats.timed_out is 'Not answered, or not completely, in time.';
comment on column private.webhook_endpoint_stats.not_reached is 'No connection, no valid answer, an address that is refused.';
comment on column private.webhook_endpoint_stats.durations is 'How long those took that were answered: a histogram, see private.duration_bucket.';
