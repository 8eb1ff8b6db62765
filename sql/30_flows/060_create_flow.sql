create function public.create_flow(
  p_organization_id uuid,
  p_name text,
  p_graph jsonb,
  p_description text default '',
  p_workspace_id uuid default null,
  p_is_active boolean default true,
  p_idempotency_key text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_reply jsonb;
  v_plan public.plans;
  v_flow public.flows;
begin
  perform private.require_permission(p_organization_id, 'flows:write', 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'create_flow', p_idempotency_key,
    jsonb_build_array(p_name, p_graph, p_description, p_workspace_id, p_is_active));
  if v_reply is not null then
    return v_reply;
  end if;
  if length(coalesce(p_name, '')) not between 1 and 200 or length(coalesce(p_description, '')) > 4000 then
    perform private.fail('invalid_request', 'A name has 1 to 200 characters, a description at most 4000', 400);
  end if;

  v_plan := private.require_room(p_organization_id, 'max_flows');

  insert into public.flows (organization_id, workspace_id, name, description, is_active, created_by)
  select p_organization_id, w.id, p_name, coalesce(p_description, ''), coalesce(p_is_active, true), private.caller_user_id()
  from public.workspaces w
  where w.organization_id = p_organization_id and (w.id = p_workspace_id or (p_workspace_id is null and w.is_default))
  returning * into v_flow;
  if not found then
    perform private.fail('not_found', 'No such workspace', 404);
  end if;
  perform private.add_flow_version(v_flow, p_graph, v_plan.max_run_seconds);
  return private.keep_reply(p_organization_id, 'create_flow', p_idempotency_key, private.flow_reply(v_flow.id));
end;
$$;

revoke all on function public.create_flow(uuid, text, jsonb, text, uuid, boolean, text) from public, anon, authenticated, service_role;
grant execute on function public.create_flow(uuid, text, jsonb, text, uuid, boolean, text) to authenticated;
comment on function public.create_flow(uuid, text, jsonb, text, uuid, boolean, text) is
  'Makes a flow with its first version; p_workspace_id null = the default workspace. Needs flows:write; 402 at the plan''s number of flows. Answers the flow with its graph.';
