create function public.duplicate_flow(p_flow_id uuid, p_name text default null, p_idempotency_key text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_flow public.flows;
  v_graph jsonb;
  v_reply jsonb;
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, 'flows:write', 'flow');
  -- A key of its own and not create_flow's: the same request stays the same when the original has changed meanwhile.
  v_reply := private.idempotent_reply(v_flow.organization_id, 'duplicate_flow', p_idempotency_key,
    jsonb_build_array(p_flow_id, p_name));
  if v_reply is not null then
    return v_reply;
  end if;
  select v.graph into v_graph from public.flow_versions v where v.id = v_flow.current_version_id;
  v_reply := public.create_flow(
    v_flow.organization_id,
    coalesce(p_name, left(v_flow.name, 193) || ' (Copy)'),
    v_graph,
    v_flow.description,
    v_flow.workspace_id,
    false
  );
  return private.keep_reply(v_flow.organization_id, 'duplicate_flow', p_idempotency_key, v_reply);
end;
$$;

revoke all on function public.duplicate_flow(uuid, text, text) from public, anon, authenticated, service_role;
grant execute on function public.duplicate_flow(uuid, text, text) to authenticated;
comment on function public.duplicate_flow(uuid, text, text) is
  'Copies a flow, inactive, under p_name or the name with " (Copy)". Needs flows:write.';
