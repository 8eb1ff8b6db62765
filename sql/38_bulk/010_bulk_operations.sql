create table public.bulk_operations (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  action text not null check (action in ('cancel', 'retry', 'delete', 'resume', 'pause', 'replay_events')),
  filter jsonb not null check (jsonb_typeof(filter) = 'object'),
  status text not null default 'queued' check (status in ('queued', 'running', 'completed', 'cancelled', 'failed')),
  total integer not null check (total >= 0),
  done integer not null default 0 check (done >= 0),
  failed integer not null default 0 check (failed >= 0),
  errors jsonb not null default '[]',
  error jsonb,
  position uuid not null default '00000000-0000-0000-0000-000000000000',
  busy uuid[] not null default '{}',
  created_by uuid not null,
  created_at timestamptz not null default private.now(),
  worked_at timestamptz,
  finished_at timestamptz,
  api_key_id uuid,
  constraint finished_means_terminal check ((status in ('completed', 'cancelled', 'failed')) = (finished_at is not null)),
  constraint failed_says_why check ((status = 'failed') = (error is not null))
) with (fillfactor = 70);
create index bulk_operations_organization_id_idx on public.bulk_operations (organization_id, id);
create index bulk_operations_open_idx on public.bulk_operations (id) where finished_at is null;
-- Who began it and who stopped it; how far it is, is no change by people.
create trigger audit after insert on public.bulk_operations
  for each row execute function private.audit_row('organization_id', 'id', 'position,busy,errors');
create trigger audit_cancel after update on public.bulk_operations
  for each row when (new.status = 'cancelled' and old.status <> 'cancelled')
  execute function private.audit_row('organization_id', 'id', 'position,busy,errors');
alter table public.bulk_operations enable row level security;
revoke all on table public.bulk_operations from public, anon, authenticated, service_role;
grant select on table public.bulk_operations to authenticated, service_role;

create policy members_see_bulk_operations on public.bulk_operations for select to authenticated
  using (organization_id = any ((select private.organizations_with('runs:read'))::uuid[]));

comment on table public.bulk_operations is
  'One action on all runs, or events of webhooks, that a filter finds, worked off in batches by a job of the type runs.bulk, or else by the clock, under the rights of who asked.';
comment on column public.bulk_operations.id is 'UUIDv7. Runs and events that are younger than the operation are none of its business.';
comment on column public.bulk_operations.organization_id is 'The tenant.';
comment on column public.bulk_operations.action is 'What is done to each run; replay_events = each event of a webhook goes through its flow again.';
comment on column public.bulk_operations.filter is 'Which runs: {flow_id, status, trigger, retry_of, entity_id, parent_run_id, schedule_id, created_after, created_before}. Of those only the ones whose state the action is for. For replay_events: {endpoint_id, event_ids, type, status, run_status, test, received_after, received_before}.';
comment on column public.bulk_operations.status is 'queued = not begun; running = some batches are done; completed = all runs were tried; cancelled = stopped by a person; failed = who asked may not do it any more.';
comment on column public.bulk_operations.total is 'How many runs it found when it was made.';
comment on column public.bulk_operations.done is 'Runs that the action was done to. A run that needed it no more counts as done.';
comment on column public.bulk_operations.failed is 'Runs that refused it.';
comment on column public.bulk_operations.errors is 'The first of those: [{run_id or event_id, code, message}], twenty at most.';
comment on column public.bulk_operations.error is '{code, message} when the operation itself failed.';
comment on column public.bulk_operations.position is 'The last run that was looked at: they are gone through in the order of their ids.';
comment on column public.bulk_operations.busy is 'Runs that somebody was at; they are tried again.';
comment on column public.bulk_operations.created_by is 'Who asked, and whose rights count unless it was an API key: then who made the key, or the key when that account is gone.';
comment on column public.bulk_operations.created_at is 'When it was asked for.';
comment on column public.bulk_operations.worked_at is 'The last batch; null = none yet.';
comment on column public.bulk_operations.finished_at is 'When it ended; null = it has not.';
comment on column public.bulk_operations.api_key_id is 'The API key that asked, whose scopes count. Null = a person did.';
