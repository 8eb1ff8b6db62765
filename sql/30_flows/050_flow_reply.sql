create function private.flow_reply(p_flow_id uuid) returns jsonb
language sql
stable
set search_path = ''
as $$
  select to_jsonb(f) - 'deleted_at'
    || jsonb_build_object('version_number', v.number, 'graph', v.graph, 'edge_lengths', v.edge_lengths)
  from public.flows f
  left join public.flow_versions v on v.id = f.current_version_id
  where f.id = p_flow_id;
$$;

revoke all on function private.flow_reply(uuid) from public, anon, authenticated, service_role;
comment on function private.flow_reply(uuid) is 'A flow as the API shows it: the row, and the number, the graph and its edge lengths of the current version.';

create function private.lock_flow(p_flow_id uuid, p_permission text, p_if_version integer default null) returns public.flows
language plpgsql
set search_path = ''
as $$
declare
  v_flow public.flows;
begin
  -- Asked before the lock: a stranger neither waits for who works on the flow nor makes them wait.
  select f.organization_id into v_flow.organization_id from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, p_permission, 'flow');
  -- No key update, as foreign keys to the flow are checked meanwhile by those who hold what we may want next.
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null for no key update;
  if not found then
    perform private.fail('not_found', 'No such flow', 404);
  end if;
  if p_if_version is not null and v_flow.version <> p_if_version then
    perform private.fail('version_mismatch', format('The flow has version %s, not %s', v_flow.version, p_if_version), 412);
  end if;
  return v_flow;
end;
$$;

revoke all on function private.lock_flow(uuid, text, integer) from public, anon, authenticated, service_role;
comment on function private.lock_flow(uuid, text, integer) is
  'Locks a flow of the caller for a change: 404 when it is not theirs, 403 without the permission, 412 when p_if_version is not its row version.';
