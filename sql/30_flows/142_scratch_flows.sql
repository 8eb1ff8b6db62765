create table private.scratch_flows (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  flow_id uuid not null references public.flows (id) on delete cascade
);
create index scratch_flows_flow_id_idx on private.scratch_flows (flow_id);
alter table private.scratch_flows enable row level security;
revoke all on table private.scratch_flows from public, anon, authenticated, service_role;

comment on table private.scratch_flows is
  'The flow of an organization that nobody sees (it counts as deleted): its versions are graphs that were run without being saved.';
comment on column private.scratch_flows.organization_id is 'The tenant.';
comment on column private.scratch_flows.flow_id is 'The flow.';

create function private.scratch_flow(p_organization_id uuid) returns public.flows
language plpgsql
set search_path = ''
as $$
declare
  v_flow public.flows;
begin
  perform pg_advisory_xact_lock(hashtext('millrace.scratch'), hashtext(p_organization_id::text));
  select f.* into v_flow from private.scratch_flows s join public.flows f on f.id = s.flow_id
  where s.organization_id = p_organization_id for update of f;
  if not found then
    insert into public.flows (organization_id, workspace_id, name, description, is_active, deleted_at)
    select p_organization_id, w.id, 'Unsaved graphs', 'Graphs that were run without being saved', false, private.now()
    from public.workspaces w where w.organization_id = p_organization_id and w.is_default
    returning * into v_flow;
    insert into private.scratch_flows (organization_id, flow_id) values (p_organization_id, v_flow.id);
  end if;
  return v_flow;
end;
$$;

revoke all on function private.scratch_flow(uuid) from public, anon, authenticated, service_role;
comment on function private.scratch_flow(uuid) is 'The flow that holds the unsaved graphs of an organization, locked; made when there is none.';
