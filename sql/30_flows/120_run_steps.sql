create table public.run_steps (
  run_id uuid not null,
  node_id text not null,
  scope text not null default '',
  attempt smallint not null default 1,
  organization_id uuid not null,
  status text not null check (status in ('completed', 'failed', 'retried', 'skipped', 'unknown')),
  leaf boolean not null default false,
  handles text[],
  output jsonb,
  error jsonb,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  exit smallint,
  primary key (run_id, node_id, scope, attempt),
  constraint failure_says_why check ((status in ('failed', 'retried', 'unknown')) = (error is not null))
) partition by range (run_id);

create table public.run_steps_default partition of public.run_steps default;

create trigger append_only before update on public.run_steps
  for each row execute function private.refuse_change();
alter table public.run_steps enable always trigger append_only;

alter table public.run_steps enable row level security;
alter table public.run_steps_default enable row level security;
revoke all on table public.run_steps, public.run_steps_default from public, anon, authenticated, service_role;
grant select on table public.run_steps to authenticated, service_role;

create policy members_see_run_steps on public.run_steps for select to authenticated
  using (organization_id = any ((select private.organizations_with('runs:read'))::uuid[]));

comment on table public.run_steps is
  'What a run did: one row per attempt of a node, written once, when it ended. Partitioned like runs. Never changed.';
comment on table public.run_steps_default is 'Steps of runs for whose week there is no partition.';
comment on column public.run_steps.run_id is 'The run.';
comment on column public.run_steps.node_id is 'The node of the graph.';
comment on column public.run_steps.scope is 'The items and iterations it belongs to, as in split.3/loop.0; empty = top level.';
comment on column public.run_steps.exit is 'In a region: the exit over which the run left the item with this step, so that its output is the value of the item; null = none.';
comment on column public.run_steps.attempt is '1 = the first.';
comment on column public.run_steps.organization_id is 'The tenant, so that RLS asks no other table.';
comment on column public.run_steps.status is 'completed; failed = for good; retried = failed, another attempt follows; skipped = every way to it was dead; unknown = nobody knows whether its effect happened, and it must not be repeated: a person decides.';
comment on column public.run_steps.leaf is 'True = nothing follows it in the graph.';
comment on column public.run_steps.handles is 'The source handles through which the run went on; null = all but error.';
comment on column public.run_steps.output is 'What the node gave.';
comment on column public.run_steps.error is '{code, message, details} of the attempt.';
comment on column public.run_steps.started_at is 'Begin of the attempt.';
comment on column public.run_steps.finished_at is 'End of the attempt.';

create table private.run_joins (
  run_id uuid not null,
  node_id text not null,
  scope text not null default '',
  live smallint[] not null,
  dead smallint[] not null,
  fired boolean not null default false,
  expects smallint not null default 32767,
  need smallint,
  primary key (run_id, node_id, scope)
) with (fillfactor = 70);
alter table private.run_joins enable row level security;
revoke all on table private.run_joins from public, anon, authenticated, service_role;
grant select on table private.run_joins to service_role;

comment on table private.run_joins is 'Joins that some of their in-edges have answered. The last answer removes the row and makes the token.';
comment on column private.run_joins.run_id is 'The run.';
comment on column private.run_joins.node_id is 'The node at which branches meet.';
comment on column private.run_joins.scope is 'The items and iterations it belongs to; empty = top level.';
comment on column private.run_joins.live is 'Slots of the in-edges over which the run came.';
comment on column private.run_joins.fired is 'True = it needed fewer answers than all and has run; the others are awaited for nothing.';
comment on column private.run_joins.dead is 'Slots of the in-edges over which it will not come.';
comment on column private.run_joins.expects is 'The number of its in-edges.';
comment on column private.run_joins.need is 'How many live answers let it run; null = it waits for all answers.';
