create table private.workers (
  id uuid primary key,
  kind text not null check (kind in ('worker', 'inline')),
  started_at timestamptz not null default private.now(),
  expires_at timestamptz not null,
  is_listening boolean not null default false
) with (fillfactor = 70);
alter table private.workers enable row level security;
revoke all on table private.workers from public, anon, authenticated, service_role;

comment on table private.workers is
  'Isolates that hold work. The lease belongs to this row, so one update keeps all the jobs of a worker.';
comment on column private.workers.id is 'Random, made by the isolate; a worker that lost its lease comes back under a new one.';
comment on column private.workers.kind is 'worker = drains the queue; inline = runs what its own request started.';
comment on column private.workers.started_at is 'First claim.';
comment on column private.workers.expires_at is 'When this moment passes, engine.tick gives the jobs of the worker to others.';
comment on column private.workers.is_listening is 'True = its last claim found nothing, and it waits for a notification on the channel millrace_jobs.';

create table private.worker_wakes (
  ticket uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default private.now(),
  redeemed_at timestamptz
);
create index worker_wakes_created_at_idx on private.worker_wakes (created_at);
alter table private.worker_wakes enable row level security;
revoke all on table private.worker_wakes from public, anon, authenticated, service_role;

comment on table private.worker_wakes is
  'Calls that woke a worker. The ticket is the credential of the call: single use, good for a minute, worth nothing else.';
comment on column private.worker_wakes.ticket is 'Sent in the header x-millrace-wake.';
comment on column private.worker_wakes.created_at is 'When the call was queued.';
comment on column private.worker_wakes.redeemed_at is 'When a worker showed it; null = not yet.';
