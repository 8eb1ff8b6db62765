create table private.run_signals (
  id uuid primary key default private.uuid_v7(),
  run_id uuid not null,
  kind text not null check (kind in ('signal', 'callback')),
  name text not null check (length(name) between 1 and 1000),
  data jsonb,
  created_by uuid,
  created_at timestamptz not null default private.now()
);
create index run_signals_run_id_idx on private.run_signals (run_id, kind, name, id);
alter table private.run_signals enable row level security;
revoke all on table private.run_signals from public, anon, authenticated, service_role;

comment on table private.run_signals is
  'Signals and callbacks that came before their run waited for them. Whoever waits next takes the oldest; the rest goes with the run.';
comment on column private.run_signals.id is 'UUIDv7: the order in which they came.';
comment on column private.run_signals.run_id is 'The run.';
comment on column private.run_signals.kind is 'signal = by name; callback = for one step, named node or node:scope.';
comment on column private.run_signals.name is 'The name of the signal, or the step.';
comment on column private.run_signals.data is 'What was sent.';
comment on column private.run_signals.created_by is 'Who sent it; null = nobody in person.';
comment on column private.run_signals.created_at is 'When it came.';
