-- Not partitioned by time as steps are: a journey is read by its entity, lives as long as that does and goes with it.
create table public.entity_moves (
  entity_id uuid not null references public.entities (id) on delete cascade,
  number integer not null check (number > 0),
  organization_id uuid not null,
  flow_id uuid not null,
  from_node text,
  to_node text not null,
  edge_id text,
  reason text not null check (reason in ('run', 'manual', 'created', 'webhook')),
  run_id uuid,
  moved_by uuid,
  moved_at timestamptz not null,
  seconds numeric(20, 6) check (seconds >= 0),
  primary key (entity_id, number),
  constraint time_is_spent_somewhere check ((from_node is null) = (seconds is null)),
  constraint an_edge_begins_somewhere check (edge_id is null or from_node is not null)
);
create trigger append_only before update on public.entity_moves
  for each row execute function private.refuse_change();
alter table public.entity_moves enable always trigger append_only;
alter table public.entity_moves enable row level security;
revoke all on table public.entity_moves from public, anon, authenticated, service_role;
grant select on table public.entity_moves to authenticated, service_role;

create policy members_see_entity_moves on public.entity_moves for select to authenticated
  using (
    organization_id = any ((select private.organizations_with('runs:read'))::uuid[])
    and exists (select 1 from public.entities e where e.id = entity_moves.entity_id)
  );

comment on table public.entity_moves is 'The journeys of entities: one row for each move, never changed.';
comment on column public.entity_moves.entity_id is 'The entity.';
comment on column public.entity_moves.number is '1, 2, 3 … within the journey.';
comment on column public.entity_moves.organization_id is 'The tenant.';
comment on column public.entity_moves.flow_id is 'The flow.';
comment on column public.entity_moves.from_node is 'Where it stood before; null = nowhere.';
comment on column public.entity_moves.to_node is 'Where it went.';
comment on column public.entity_moves.edge_id is 'The edge that led there in the graph of that moment; null = none did.';
comment on column public.entity_moves.reason is 'run = a run came there; webhook = a run that a webhook started began there; manual = a person moved it; created = it was made there.';
comment on column public.entity_moves.run_id is 'The run, for run and webhook; null otherwise.';
comment on column public.entity_moves.moved_by is 'The person, for manual and created; null otherwise.';
comment on column public.entity_moves.moved_at is 'When: for run, the end of the step.';
comment on column public.entity_moves.seconds is 'How long it had stood at from_node; null = nowhere.';
