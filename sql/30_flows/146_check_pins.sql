create function private.check_pins(p_version_id uuid, p_pins jsonb) returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_problems jsonb;
begin
  if p_pins is null then
    return;
  end if;
  if jsonb_typeof(p_pins) <> 'object' then
    perform private.fail('invalid_request', 'Pins are outputs by node id', 400);
  end if;
  if octet_length(p_pins::text) > 262144 then
    perform private.fail('payload_too_large', 'The pins of a dry run may have at most 256 KiB', 413);
  end if;
  -- No graph has more nodes, and each is looked up.
  if (select count(*) from jsonb_object_keys(p_pins)) > 500 then
    perform private.fail('invalid_request', 'A dry run has at most 500 pins', 400);
  end if;
  select jsonb_agg(jsonb_build_object(
    'path', 'body.dry_run.pins.' || k.id, 'code', 'unknown_node', 'message', format('The graph has no node "%s"', k.id)
  ) order by k.id) into v_problems
  from jsonb_object_keys(p_pins) k (id)
  where not exists (
    select 1 from public.flow_versions v
    where v.id = p_version_id
      and jsonb_path_exists(v.graph, '$.nodes[*] ? (@.id == $id)', jsonb_build_object('id', k.id), true)
  );
  if v_problems is not null then
    perform private.fail('invalid_request', 'A pin is for a node that the graph lacks', 400, v_problems);
  end if;
end;
$$;

revoke all on function private.check_pins(uuid, jsonb) from public, anon, authenticated, service_role;
comment on function private.check_pins(uuid, jsonb) is
  'Refuses what can not be the pins of a dry run of a version: {node id: output}, 256 KiB at most; null = a real run.';
