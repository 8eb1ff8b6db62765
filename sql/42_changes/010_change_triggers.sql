create table private.change_triggers (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  flow_id uuid not null,
  name text not null check (name ~ '^[a-z][a-z0-9_-]{0,39}$'),
  operations text[] not null check (operations <@ '{insert,update,delete}' and cardinality(operations) > 0),
  columns text[] check (cardinality(columns) > 0),
  condition jsonb check (jsonb_typeof(condition) = 'object'),
  excluded text[] not null default '{}',
  claims text[] not null default '{}',
  trigger_node text,
  batch integer not null default 1 check (batch between 1 and 10000),
  max_runs integer not null default 1000 check (max_runs between 1 and 10000),
  max_depth smallint not null default 10 check (max_depth between 0 and 10),
  required boolean not null default false,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now()
);
create index change_triggers_flow_id_idx on private.change_triggers (flow_id);
alter table private.change_triggers enable row level security;
revoke all on table private.change_triggers from public, anon, authenticated, service_role;
grant select on table private.change_triggers to service_role;

comment on table private.change_triggers is
  'Tables whose changes start a flow, made by engine.on_change. The table itself is known by its triggers, which name the row: so it may be renamed. No foreign key to flows on purpose: what becomes of a deleted one is counted here.';
comment on column private.change_triggers.id is 'UUIDv7; the argument of the triggers.';
comment on column private.change_triggers.organization_id is 'The tenant whose flow it is.';
comment on column private.change_triggers.flow_id is 'The flow.';
comment on column private.change_triggers.name is 'Tells several for the same table and flow apart.';
comment on column private.change_triggers.operations is 'Which changes start it: insert, update, delete.';
comment on column private.change_triggers.columns is 'An update starts it only when one of these differs afterwards; null = any column that is not left out.';
comment on column private.change_triggers.condition is 'Column -> value, or list of values, that the row has to have; after the change, or before a delete. Null = every row.';
comment on column private.change_triggers.excluded is 'Columns that the flow never sees.';
comment on column private.change_triggers.claims is 'Claims of the writer''s token that the flow sees besides who it is.';
comment on column private.change_triggers.trigger_node is 'Id of the trigger node to start at; null = the first event trigger, otherwise the first of all.';
comment on column private.change_triggers.batch is 'How many rows a run gets: 1 = a run for each row.';
comment on column private.change_triggers.max_runs is 'How many runs one statement starts at most; rows beyond are counted as too_many_rows.';
comment on column private.change_triggers.max_depth is 'How many runs may stand above one that is started here: what bounds a flow that writes the table that starts it. 0 = changes that runs make start nothing.';
comment on column private.change_triggers.required is 'True = a change that can not start its run is refused; false = it is counted, and the change goes through.';
comment on column private.change_triggers.created_at is 'Made.';
comment on column private.change_triggers.updated_at is 'Last call of engine.on_change for it.';

create table private.change_skips (
  change_id uuid not null,
  reason text not null check (length(reason) <= 60),
  shard uuid not null default gen_random_uuid(),
  skipped bigint not null check (skipped > 0),
  last_at timestamptz not null default private.now(),
  primary key (change_id, reason, shard)
) with (fillfactor = 70);
alter table private.change_skips enable row level security;
revoke all on table private.change_skips from public, anon, authenticated, service_role;
grant select on table private.change_skips to service_role;

comment on table private.change_skips is
  'How many changed rows started nothing, and why. Several rows a reason: a transaction takes one that nobody holds, so that writers of the table never wait for each other here.';
comment on column private.change_skips.change_id is 'The row of private.change_triggers.';
comment on column private.change_skips.reason is
  'flow_deleted, flow_inactive, organization_suspended; too_deep = started by a run that was too deep already; too_many_rows = beyond max_runs; payload_too_large = more than 1 MiB; column_gone = a column that was named is not there any more; otherwise the code of an error.';
comment on column private.change_skips.shard is 'Random.';
comment on column private.change_skips.skipped is 'Rows of the table.';
comment on column private.change_skips.last_at is 'The last time.';
