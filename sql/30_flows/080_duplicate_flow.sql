create function public.duplicate_flow(p_flow_id uuid, p_name text default null, p_idempotency_key text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_flow public.flows;
  v_graph jsonb;
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, 'flows:write', 'flow');
  select v.graph into v_graph from public.flow_versions v where v.id = v_flow.current_version_id;
  return public.create_flow(
    v_flow.organization_id,
    coalesce(p_name, left(v_flow.name, 193) || ' (Copy)'),
    v_graph,
    v_flow.description,
    v_flow.workspace_id,
    false,
    p_idempotency_key
  );
end;
$$;

revoke all on function public.duplicate_flow(uuid, text, text) from public, anon, authenticated, service_role;
grant execute on function public.duplicate_flow(uuid, text, text) to authenticated;
comment on function public.duplicate_flow(uuid, text, text) is
  'Copies a flow, inactive, under p_name or the name with " (Copy)". Needs flows:write.';
