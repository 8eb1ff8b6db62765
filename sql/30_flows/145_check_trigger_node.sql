create function private.check_trigger_node(p_flow_id uuid, p_trigger_node text) returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_message text := format('The flow has no trigger node "%s"', p_trigger_node);
begin
  -- Most calls name none and cost nothing here: graphs are large.
  if p_trigger_node is not null and not exists (
    select 1 from public.flows f join public.flow_versions v on v.id = f.current_version_id
    where f.id = p_flow_id and jsonb_path_exists(
      v.graph, '$.nodes[*] ? (@.id == $id && @.type starts with "trigger.")', jsonb_build_object('id', p_trigger_node), true
    )
  ) then
    perform private.fail('invalid_request', v_message, 400, jsonb_build_array(jsonb_build_object(
      'path', 'body.trigger_node', 'code', 'unknown_trigger_node', 'message', v_message
    )));
  end if;
end;
$$;

revoke all on function private.check_trigger_node(uuid, text) from public, anon, authenticated, service_role;
comment on function private.check_trigger_node(uuid, text) is
  'Refuses the id of a node that is no trigger of the flow''s current version; null = none was named. A later version may lack it: runs started there fail.';
