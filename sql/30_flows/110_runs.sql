create table public.runs (
  id uuid not null default private.uuid_v7() primary key,
  organization_id uuid not null,
  flow_id uuid not null,
  flow_version_id uuid not null,
  status text not null default 'queued'
    check (status in (
      'queued', 'running', 'paused', 'compensating', 'completed', 'failed', 'cancelled', 'compensated', 'compensation_failed'
    )),
  trigger text not null check (trigger in ('manual', 'webhook', 'schedule', 'flow', 'error', 'event')),
  trigger_node text,
  webhook_event_id uuid,
  retry_of uuid,
  input jsonb not null,
  output jsonb,
  error jsonb,
  created_by uuid,
  traceparent text,
  deadline_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  created_at timestamptz not null default private.now(),
  parent_run_id uuid,
  depth smallint not null default 0 check (depth between 0 and 10),
  entity_id uuid,
  schedule_id uuid,
  concurrency_key text check (length(concurrency_key) <= 200),
  pins jsonb,
  constraint finished_means_terminal check (
    (status in ('completed', 'failed', 'cancelled', 'compensated', 'compensation_failed')) = (finished_at is not null)
  ),
  constraint started_unless_queued check (started_at is not null or status in ('queued', 'paused', 'cancelled', 'failed')),
  constraint failed_says_why check (
    (status in ('failed', 'compensating', 'compensated', 'compensation_failed')) = (error is not null)
    or (status in ('compensating', 'compensated', 'compensation_failed'))
  )
) partition by range (id);

create index runs_organization_id_idx on public.runs (organization_id, id);
create index runs_flow_id_idx on public.runs (flow_id, id);

-- Whatever no partition was made for lands here, so that an insert can not fail for want of one.
create table public.runs_default partition of public.runs default with (fillfactor = 80);

create trigger terminal_states_stay before update on public.runs
  for each row when (old.finished_at is not null) execute function private.refuse_change();
-- Also for sessions that replicate or restore, which pass over ordinary triggers.
alter table public.runs enable always trigger terminal_states_stay;

alter table public.runs enable row level security;
alter table public.runs_default enable row level security;
revoke all on table public.runs, public.runs_default from public, anon, authenticated, service_role;
grant select on table public.runs to authenticated, service_role;

create policy members_see_runs on public.runs for select to authenticated
  using (organization_id = any ((select private.organizations_with('runs:read'))::uuid[]));

comment on table public.runs is
  'One execution of a flow. Partitioned by id, which is ordered by time. No foreign keys on purpose: their row locks would write to the flow on every run.';
comment on table public.runs_default is 'Runs for whose week there is no partition.';
comment on column public.runs.id is 'UUIDv7.';
comment on column public.runs.organization_id is 'The tenant.';
comment on column public.runs.flow_id is 'The flow.';
comment on column public.runs.flow_version_id is 'The version that this run executes to its end, whatever is saved meanwhile.';
comment on column public.runs.status is 'queued = no worker has begun it; running = begun, working or visibly waiting; paused = nothing new starts until it is resumed; compensating = it failed and undoes what it did; completed, failed, cancelled, compensated, compensation_failed = ended, never changes again.';
comment on column public.runs.trigger is 'What started it: manual (a person or an API call), webhook, schedule, flow (another flow called it), error (a run of another flow failed) or event (a table changed). A retry keeps what its first run had.';
comment on column public.runs.trigger_node is 'Id of the trigger node to start at; null = the first that fits the trigger.';
comment on column public.runs.webhook_event_id is 'The event, when a webhook started it.';
comment on column public.runs.retry_of is 'The run that this one repeats: a retry or re-run took over recorded steps of it, a replay none; null = none.';
comment on column public.runs.input is 'What the trigger gives to the steps.';
comment on column public.runs.output is 'What a stop node or the only last step gave; null when there are several last steps: read them.';
comment on column public.runs.error is '{code, message, node_id} when it failed.';
comment on column public.runs.created_by is 'Who started it; null = nobody in person.';
comment on column public.runs.traceparent is 'W3C trace context of the request that started it.';
comment on column public.runs.deadline_at is 'When it fails with run_timeout.';
comment on column public.runs.started_at is 'When a worker first took it; null = not yet.';
comment on column public.runs.finished_at is 'When it ended; null = it has not.';
comment on column public.runs.created_at is 'When it was asked for.';
comment on column public.runs.parent_run_id is 'The run whose step started this one, or whose failure did; null = none.';
comment on column public.runs.depth is 'How many runs are above it: flows that call flows stop at 10.';
comment on column public.runs.entity_id is 'The entity that moves with it; null = none.';
comment on column public.runs.schedule_id is 'The schedule that started it; null = none.';
comment on column public.runs.concurrency_key is 'Runs of the flow with the same key count together against its limit; null = none.';
comment on column public.runs.pins is 'For a dry run: outputs by node id that stand in for running the node; no effect without one is performed. Null = a real run.';
