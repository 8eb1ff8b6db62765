create table private.spend_reservations (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  flow_id uuid not null,
  run_id uuid not null,
  node_id text not null,
  scope text not null default '',
  number smallint not null default 1,
  job_id uuid not null,
  model text not null,
  status text not null default 'open' check (status in ('open', 'settled', 'released')),
  units jsonb not null,
  budgets jsonb not null default '[]',
  created_at timestamptz not null default private.now(),
  ended_at timestamptz,
  constraint ended_is_told check ((status = 'open') = (ended_at is null))
) with (fillfactor = 70);
create index spend_reservations_organization_id_idx on private.spend_reservations (organization_id);
create index spend_reservations_open_idx on private.spend_reservations (created_at) where status = 'open';
create unique index spend_reservations_step_key on private.spend_reservations (run_id, node_id, scope, number) where status = 'open';
create index spend_reservations_ended_at_idx on private.spend_reservations (ended_at) where status <> 'open';
alter table private.spend_reservations enable row level security;
revoke all on table private.spend_reservations from public, anon, authenticated, service_role;

comment on table private.spend_reservations is
  'Calls of models: a row from before the call until a day after it was settled, so that none is counted twice whatever answer was lost.';
comment on column private.spend_reservations.id is 'UUIDv7.';
comment on column private.spend_reservations.organization_id is 'The tenant.';
comment on column private.spend_reservations.flow_id is 'The flow.';
comment on column private.spend_reservations.run_id is 'The run.';
comment on column private.spend_reservations.node_id is 'The node that calls.';
comment on column private.spend_reservations.scope is 'The items and iterations the step belongs to; empty = top level.';
comment on column private.spend_reservations.number is 'Which call of the attempt, from 1: a step may make several, also at once.';
comment on column private.spend_reservations.job_id is 'The token. When nobody has it leased any more while the call is open, its worker is gone.';
comment on column private.spend_reservations.model is 'Provider and model.';
comment on column private.spend_reservations.status is 'open = the call is under way; settled = what it used is counted; released = its worker was lost, or it was not made: nothing of it is held any more. If what a released call used is told later, it is counted all the same.';
comment on column private.spend_reservations.units is 'What the node has estimated.';
comment on column private.spend_reservations.budgets is 'What is reserved of which budgets: [{id, starts_at, amount}].';
comment on column private.spend_reservations.created_at is 'When it was reserved. What it uses belongs to this hour.';
comment on column private.spend_reservations.ended_at is 'When it was settled or released; null = open.';
