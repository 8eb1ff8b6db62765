create table public.usage_hourly (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  hour timestamptz not null,
  runs_started integer not null default 0,
  runs_completed integer not null default 0,
  runs_failed integer not null default 0,
  runs_cancelled integer not null default 0,
  runs_open integer not null default 0,
  steps bigint not null default 0,
  jobs bigint not null default 0,
  webhook_events integer not null default 0,
  counted_at timestamptz not null default private.now(),
  ai_tokens bigint not null default 0,
  cost_micros bigint not null default 0,
  primary key (organization_id, hour)
);
create index usage_hourly_open_idx on public.usage_hourly (hour) where runs_open > 0;
create index usage_hourly_counted_at_idx on public.usage_hourly (counted_at);
alter table public.usage_hourly enable row level security;
revoke all on table public.usage_hourly from public, anon, authenticated, service_role;
grant select on table public.usage_hourly to authenticated, service_role;

create policy members_see_usage_hourly on public.usage_hourly for select to authenticated
  using (organization_id = any ((select private.organizations_with('runs:read'))::uuid[]));

comment on table public.usage_hourly is
  'What an organization used, by the hour, up to an hour behind: the task usage-hourly keeps it. Runs and their steps belong to the hour in which the run was asked for, jobs to that in which they ended. Dry runs and tests of webhooks do not count. What is deleted stays counted. No row = nothing was used.';
comment on column public.usage_hourly.organization_id is 'The tenant.';
comment on column public.usage_hourly.hour is 'Begin of the hour, UTC.';
comment on column public.usage_hourly.runs_started is 'Runs that were asked for in this hour.';
comment on column public.usage_hourly.runs_completed is 'How many of them have completed.';
comment on column public.usage_hourly.runs_failed is 'How many of them have failed, those that undid what they had done included.';
comment on column public.usage_hourly.runs_cancelled is 'How many of them were cancelled.';
comment on column public.usage_hourly.runs_open is 'How many of them had not ended when they were last counted. The hour is counted again when one has.';
comment on column public.usage_hourly.steps is 'Steps of these runs that ran: each attempt, without those on ways that were not taken.';
comment on column public.usage_hourly.jobs is 'Background jobs that ended in this hour, completed or given up.';
comment on column public.usage_hourly.webhook_events is 'Webhook events that came in this hour; a repeated delivery is none.';
comment on column public.usage_hourly.counted_at is 'When the hour was last counted.';
comment on column public.usage_hourly.ai_tokens is 'Tokens that models read and wrote, in calls that began in this hour.';
comment on column public.usage_hourly.cost_micros is 'What those calls cost by the price list, in millionths of a US dollar. By flow, node and model: public.usage_details.';
