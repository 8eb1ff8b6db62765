create table public.plans (
  id text primary key check (id in ('free', 'pro', 'team', 'enterprise')),
  name text not null,
  requests_per_minute integer not null check (requests_per_minute > 0),
  request_burst integer not null check (request_burst > 0),
  max_flows integer not null check (max_flows > 0),
  max_webhook_endpoints integer not null check (max_webhook_endpoints > 0),
  hook_requests_per_minute integer not null check (hook_requests_per_minute > 0),
  max_run_seconds integer not null check (max_run_seconds > 0),
  max_concurrent_runs integer check (max_concurrent_runs > 0),
  max_schedules integer not null default 20 check (max_schedules > 0),
  queue_weight smallint not null default 1 check (queue_weight between 1 and 1000),
  max_concurrent_jobs integer check (max_concurrent_jobs > 0),
  retention_days jsonb not null default '{}',
  archives_runs boolean not null default false,
  organization_requests_per_minute integer not null default 900 check (organization_requests_per_minute > 0),
  organization_request_burst integer not null default 300 check (organization_request_burst > 0),
  max_members integer not null default 5 check (max_members > 0),
  max_workspaces integer not null default 3 check (max_workspaces > 0),
  max_api_keys integer not null default 5 check (max_api_keys > 0),
  max_secrets integer not null default 20 check (max_secrets > 0),
  max_webhook_subscriptions integer not null default 10 check (max_webhook_subscriptions > 0),
  max_runs_per_month integer check (max_runs_per_month > 0),
  included_seats integer not null default 5 check (included_seats >= 0),
  constraint retention_is_in_days check (
    jsonb_typeof(retention_days) = 'object'
    and not jsonb_path_exists(retention_days, '$.* ? (@.type() != "null" && (@.type() != "number" || @ < 1 || @ > 36500 || @.floor() != @))')
    and not jsonb_path_exists(retention_days, '$.webhook_events ? (@ < 30)')
  )
);
alter table public.plans enable row level security;
revoke all on table public.plans from public, anon, authenticated, service_role;
grant select on table public.plans to anon, authenticated, service_role;

create policy plans_are_public on public.plans for select to anon, authenticated using (true);

comment on table public.plans is 'What an organization may use. Rows come with the migrations.';
comment on column public.plans.id is 'free, pro, team or enterprise.';
comment on column public.plans.name is 'Name for people.';
comment on column public.plans.requests_per_minute is 'API requests a user may make per minute and route class.';
comment on column public.plans.request_burst is 'How many of those may come at once.';
comment on column public.plans.max_flows is 'Flows that an organization may keep.';
comment on column public.plans.max_webhook_endpoints is 'Webhook endpoints that an organization may keep.';
comment on column public.plans.hook_requests_per_minute is 'Deliveries that one webhook endpoint takes per minute.';
comment on column public.plans.max_run_seconds is 'Longest time that a run may take, seconds.';
comment on column public.plans.max_concurrent_runs is 'Runs of an organization at once; further ones wait for their turn. Null = no limit.';
comment on column public.plans.max_schedules is 'Schedules that an organization may keep.';
comment on column public.plans.queue_weight is 'Share of the workers, against organizations with other weights, while all of them have work waiting.';
comment on column public.plans.max_concurrent_jobs is 'Tokens and jobs of an organization that workers hold at once; further ones wait for their turn. Null = no limit.';
comment on column public.plans.retention_days is 'Days for which is kept what has ended, by kind: {runs, jobs, webhook_events, archives, audit}; null or absent = for ever. Yours to change: a migration adds what is absent and changes nothing. Webhook events at least 30: a repetition of an event is known by it.';
comment on column public.plans.archives_runs is 'True = runs go to Storage before they fall out of retention, see public.run_archives.';
comment on column public.plans.organization_requests_per_minute is 'API requests that all users and keys of an organization together may make per minute.';
comment on column public.plans.organization_request_burst is 'How many of those may come at once.';
comment on column public.plans.max_members is 'Seats: members and open invitations that an organization may have together.';
comment on column public.plans.max_workspaces is 'Workspaces that an organization may keep.';
comment on column public.plans.max_api_keys is 'API keys in force that an organization may keep.';
comment on column public.plans.max_secrets is 'Secrets that an organization may keep.';
comment on column public.plans.max_webhook_subscriptions is 'Webhook subscriptions that an organization may keep.';
comment on column public.plans.max_runs_per_month is 'Runs that the plan includes in a month. Nothing is stopped: owners and admins are told at 80 and 100 percent. Null = as many as there are. Yours to change.';
comment on column public.plans.included_seats is 'Members that the price of the plan pays for. Each further one takes a seat, where the plan has a price of seats at Stripe. Yours to change.';
