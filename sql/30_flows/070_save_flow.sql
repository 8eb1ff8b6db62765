create function public.save_flow(
  p_flow_id uuid,
  p_name text default null,
  p_description text default null,
  p_graph jsonb default null,
  p_workspace_id uuid default null,
  p_is_active boolean default null,
  p_if_version integer default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_flow public.flows := private.lock_flow(p_flow_id, 'flows:write', p_if_version);
  v_max_run_seconds integer;
begin
  if length(p_name) not between 1 and 200 or length(p_description) > 4000 then
    perform private.fail('invalid_request', 'A name has 1 to 200 characters, a description at most 4000', 400);
  end if;
  if p_workspace_id is not null and not exists (
    select 1 from public.workspaces w where w.id = p_workspace_id and w.organization_id = v_flow.organization_id
  ) then
    perform private.fail('not_found', 'No such workspace', 404);
  end if;

  update public.flows f set
    name = coalesce(p_name, f.name),
    description = coalesce(p_description, f.description),
    workspace_id = coalesce(p_workspace_id, f.workspace_id),
    is_active = coalesce(p_is_active, f.is_active)
  where f.id = p_flow_id
    and (f.name, f.description, f.workspace_id, f.is_active) is distinct from (
      coalesce(p_name, f.name), coalesce(p_description, f.description),
      coalesce(p_workspace_id, f.workspace_id), coalesce(p_is_active, f.is_active));
  if p_graph is not null then
    select p.max_run_seconds into v_max_run_seconds
    from public.organizations o join public.plans p on p.id = o.plan_id where o.id = v_flow.organization_id;
    perform private.add_flow_version(v_flow, p_graph, v_max_run_seconds);
  end if;
  return private.flow_reply(p_flow_id);
end;
$$;

revoke all on function public.save_flow(uuid, text, text, jsonb, uuid, boolean, integer) from public, anon, authenticated, service_role;
grant execute on function public.save_flow(uuid, text, text, jsonb, uuid, boolean, integer) to authenticated;
comment on function public.save_flow(uuid, text, text, jsonb, uuid, boolean, integer) is
  'Changes a flow; null = leave as it is. A changed graph becomes a new version, an unchanged one does not. p_if_version: 412 unless it is the row version. Needs flows:write.';
