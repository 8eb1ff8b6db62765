create function public.restore_flow_version(p_flow_id uuid, p_version_id uuid, p_if_version integer default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_graph jsonb;
begin
  perform private.lock_flow(p_flow_id, 'flows:write', p_if_version);
  select v.graph into v_graph from public.flow_versions v where v.id = p_version_id and v.flow_id = p_flow_id;
  if not found then
    perform private.fail('not_found', 'No such version', 404);
  end if;
  return public.save_flow(p_flow_id, p_graph => v_graph);
end;
$$;

revoke all on function public.restore_flow_version(uuid, uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.restore_flow_version(uuid, uuid, integer) to authenticated;
comment on function public.restore_flow_version(uuid, uuid, integer) is
  'Makes the graph of an older version the newest version. Needs flows:write.';
