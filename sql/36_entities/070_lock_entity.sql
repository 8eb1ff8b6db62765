create function private.entity_reply(p_entity_id uuid) returns jsonb
language sql
stable
set search_path = ''
as $$
  select to_jsonb(e) - 'deleted_at' from public.entities e where e.id = p_entity_id;
$$;

revoke all on function private.entity_reply(uuid) from public, anon, authenticated, service_role;
comment on function private.entity_reply(uuid) is 'An entity as the API shows it.';

create function private.lock_entity(p_entity_id uuid, p_if_version integer default null) returns public.entities
language plpgsql
set search_path = ''
as $$
declare
  v_entity public.entities;
begin
  -- Asked before the lock: a stranger neither waits for who moves the entity nor makes them wait.
  select e.organization_id into v_entity.organization_id
  from public.entities e
  join public.flows f on f.id = e.flow_id and f.deleted_at is null
  where e.id = p_entity_id and e.deleted_at is null;
  perform private.require_permission(v_entity.organization_id, 'runs:execute', 'entity');
  select * into v_entity from public.entities e where e.id = p_entity_id and e.deleted_at is null for no key update;
  if not found then
    perform private.fail('not_found', 'No such entity', 404);
  end if;
  if p_if_version is not null and v_entity.version <> p_if_version then
    perform private.fail('version_mismatch', format('The entity has version %s, not %s', v_entity.version, p_if_version), 412);
  end if;
  return v_entity;
end;
$$;

revoke all on function private.lock_entity(uuid, integer) from public, anon, authenticated, service_role;
comment on function private.lock_entity(uuid, integer) is
  'Locks an entity of the caller for a change: 404 when it is not theirs, 403 without runs:execute, 412 when p_if_version is not its version.';

create function private.check_entity(p_type text, p_name text, p_external_key text, p_data jsonb) returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  if length(p_type) not between 1 and 64 or length(p_name) not between 1 and 200 or length(p_external_key) not between 1 and 255
    or jsonb_typeof(p_data) <> 'object'
  then
    perform private.fail('invalid_request',
      'A type has 1 to 64 characters, a name 1 to 200, an external key 1 to 255, and data is an object', 400);
  end if;
  if octet_length(p_data::text) > 65536 then
    perform private.fail('payload_too_large', 'The data of an entity may have at most 64 KiB', 413);
  end if;
end;
$$;

revoke all on function private.check_entity(text, text, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.check_entity(text, text, text, jsonb) is
  'Refuses values that no entity can have, before a constraint does; null = not given. 400, or 413 for too much data.';

create function private.place_entity(p_entity public.entities, p_node_id text, p_reason text) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.apply_moves(
    array[p_entity.id], array[p_node_id], array[greatest(private.now(), p_entity.entered_at)], p_reason
  );
  if not exists (select 1 from public.entities e where e.id = p_entity.id and e.node_id = p_node_id) then
    perform private.fail('unknown_node', format('The flow has no node "%s"', p_node_id), 422,
      jsonb_build_array(jsonb_build_object(
        'path', 'body.node_id', 'code', 'unknown_node', 'node_id', p_node_id,
        'message', format('The flow has no node "%s"', p_node_id)
      )));
  end if;
end;
$$;

revoke all on function private.place_entity(public.entities, text, text) from public, anon, authenticated, service_role;
comment on function private.place_entity(public.entities, text, text) is
  'Puts an entity whose row the caller has locked at a node: 422 unless the flow''s current graph has it.';
