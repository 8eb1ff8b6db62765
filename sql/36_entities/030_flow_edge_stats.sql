create table public.flow_edge_stats (
  flow_id uuid not null references public.flows (id) on delete cascade,
  from_node text not null,
  to_node text not null,
  organization_id uuid not null,
  moves bigint not null check (moves > 0),
  total_seconds numeric(20, 6) not null check (total_seconds >= 0),
  last_at timestamptz not null,
  primary key (flow_id, from_node, to_node)
) with (fillfactor = 50);
alter table public.flow_edge_stats enable row level security;
revoke all on table public.flow_edge_stats from public, anon, authenticated, service_role;
grant select on table public.flow_edge_stats to authenticated, service_role;

create policy members_see_flow_edge_stats on public.flow_edge_stats for select to authenticated
  using (
    organization_id = any ((select private.organizations_with('runs:read'))::uuid[])
    and exists (select 1 from public.flows f where f.id = flow_edge_stats.flow_id)
  );

comment on table public.flow_edge_stats is
  'What moved over the edges of a flow, counted by each move itself. Jumps between nodes that no edge joins are not in it.';
comment on column public.flow_edge_stats.flow_id is 'The flow.';
comment on column public.flow_edge_stats.from_node is 'Where the edge begins.';
comment on column public.flow_edge_stats.to_node is 'Where it ends. Several edges between the same two nodes count as one.';
comment on column public.flow_edge_stats.organization_id is 'The tenant.';
comment on column public.flow_edge_stats.moves is 'How many entities came over it, as often as each did.';
comment on column public.flow_edge_stats.total_seconds is 'How long all of them together had stood at from_node before.';
comment on column public.flow_edge_stats.last_at is 'The latest move.';
