create table public.flow_versions (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  flow_id uuid not null references public.flows (id) on delete cascade,
  number integer not null check (number > 0),
  graph jsonb not null check (jsonb_typeof(graph) = 'object' and octet_length(graph::text) <= 1048576),
  content_hash bytea not null,
  plan_hash bytea not null,
  timeout_seconds integer not null check (timeout_seconds > 0),
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default private.now(),
  edge_lengths jsonb not null default '{}',
  undo_nodes text[],
  error_flow_id uuid,
  run_limits jsonb,
  compensate_on_cancel boolean not null default false,
  unique (flow_id, number)
);
create index flow_versions_organization_id_idx on public.flow_versions (organization_id);
create index flow_versions_created_by_idx on public.flow_versions (created_by);
create trigger immutable before update on public.flow_versions
  for each row when (
    (new.id, new.organization_id, new.flow_id, new.number, new.graph, new.content_hash, new.plan_hash, new.timeout_seconds)
    is distinct from
    (old.id, old.organization_id, old.flow_id, old.number, old.graph, old.content_hash, old.plan_hash, old.timeout_seconds)
  ) execute function private.refuse_change();
alter table public.flow_versions enable always trigger immutable;
alter table public.flows add constraint flows_current_version_id_fkey
  foreign key (current_version_id) references public.flow_versions (id) deferrable initially deferred;
create trigger generation_after_insert after insert on public.flow_versions
  referencing new table as new_rows for each statement execute function private.bump_generation('flows');
create trigger generation_after_update after update on public.flow_versions
  referencing new table as new_rows old table as old_rows for each statement execute function private.bump_generation('flows');
create trigger generation_after_delete after delete on public.flow_versions
  referencing old table as old_rows for each statement execute function private.bump_generation('flows');
alter table public.flow_versions enable row level security;
revoke all on table public.flow_versions from public, anon, authenticated, service_role;
grant select on table public.flow_versions to authenticated, service_role;

create policy members_see_flow_versions on public.flow_versions for select to authenticated
  using (
    organization_id = any ((select private.organizations_with('flows:read'))::uuid[])
    and exists (select 1 from public.flows f where f.id = flow_versions.flow_id)
  );

comment on table public.flow_versions is 'What a flow was at a moment. Never changed; a run pins one.';
comment on column public.flow_versions.id is 'UUIDv7.';
comment on column public.flow_versions.organization_id is 'The tenant.';
comment on column public.flow_versions.flow_id is 'The flow.';
comment on column public.flow_versions.number is '1, 2, 3 … within the flow.';
comment on column public.flow_versions.graph is 'The graph in React Flow''s JSON shape.';
comment on column public.flow_versions.content_hash is 'SHA-256 of the graph: an unchanged graph makes no new version.';
comment on column public.flow_versions.plan_hash is 'SHA-256 of the graph without its layout: versions that share it share a compiled plan.';
comment on column public.flow_versions.timeout_seconds is 'How long a run may take, from the settings of the graph.';
comment on column public.flow_versions.created_by is 'Who saved it; null = the account is gone.';
comment on column public.flow_versions.created_at is 'Saved.';
comment on column public.flow_versions.edge_lengths is
  'Edge id -> its length on the canvas, in pixels: what an animation needs. Worked out from the graph, see private.edge_lengths.';
comment on column public.flow_versions.undo_nodes is 'Nodes that name what undoes them; null = none.';
comment on column public.flow_versions.error_flow_id is 'A flow that is started when a run fails; null = none.';
comment on column public.flow_versions.run_limits is '{max_runs, key_path, max_per_key, when_full}: how many runs at once, in all and by a value of their input; null = no limit of the flow.';
comment on column public.flow_versions.compensate_on_cancel is 'True = a cancelled run undoes what it did.';

create table private.flow_plans (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  plan_hash bytea not null,
  plan_version integer not null,
  plan jsonb not null,
  primary key (organization_id, plan_hash)
);
alter table private.flow_plans enable row level security;
revoke all on table private.flow_plans from public, anon, authenticated, service_role;

comment on table private.flow_plans is
  'Compiled plans by the hash of what they were compiled from. Written by the service only: what a worker executes never comes from a tenant''s hand.';
comment on column private.flow_plans.organization_id is 'The tenant.';
comment on column private.flow_plans.plan_hash is 'As in flow_versions.';
comment on column private.flow_plans.plan_version is 'Version of the compiler''s output; another one is compiled anew.';
comment on column private.flow_plans.plan is 'The plan, see shared/graph.';
