create table private.secret_accesses (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  secret_id uuid not null,
  number integer not null,
  kind text not null check (kind in ('run', 'reveal')),
  run_id uuid,
  node_id text,
  user_id uuid,
  key_id uuid,
  minute timestamptz not null,
  uses integer not null default 1 check (uses > 0),
  last_at timestamptz not null default private.now(),
  constraint secret_accesses_by_minute unique nulls not distinct (secret_id, minute, kind, number, run_id, node_id, user_id, key_id)
);
create index secret_accesses_secret_id_id_idx on private.secret_accesses (secret_id, id);
create index secret_accesses_minute_idx on private.secret_accesses using brin (minute);
create index secret_accesses_organization_id_idx on private.secret_accesses (organization_id);
alter table private.secret_accesses enable row level security;
revoke all on table private.secret_accesses from public, anon, authenticated, service_role;

comment on table private.secret_accesses is 'Who and what got the value of a secret, a row for each reader and minute. Kept 90 days, also when the secret is gone.';
comment on column private.secret_accesses.id is 'UUIDv7: the order of time.';
comment on column private.secret_accesses.organization_id is 'The tenant.';
comment on column private.secret_accesses.secret_id is 'The secret. Without a foreign key: the log outlives it.';
comment on column private.secret_accesses.number is 'The version that was read.';
comment on column private.secret_accesses.kind is 'run = a step of a run used it; reveal = a person asked to see it.';
comment on column private.secret_accesses.run_id is 'Of a step: its run.';
comment on column private.secret_accesses.node_id is 'Of a step: its node; undo:<id> = what undoes that node.';
comment on column private.secret_accesses.user_id is 'Of a person: who.';
comment on column private.secret_accesses.key_id is 'The API key that asked, null = none.';
comment on column private.secret_accesses.minute is 'The minute that the row counts.';
comment on column private.secret_accesses.uses is 'How often within it.';
comment on column private.secret_accesses.last_at is 'The last time within it.';
