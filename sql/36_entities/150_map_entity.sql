create function private.map_entity(
  p_flow public.flows,
  p_entity jsonb,
  out id uuid,
  out is_new boolean,
  out error text
)
language plpgsql
set search_path = ''
as $$
begin
  perform private.check_entity(
    coalesce(p_entity ->> 'type', ''), p_entity ->> 'name', coalesce(p_entity ->> 'key', ''), p_entity -> 'data'
  );
  select a.id, a.is_new into id, is_new
  from private.add_entity(p_flow, p_entity ->> 'type', p_entity ->> 'name', p_entity ->> 'key', p_entity -> 'data') a;
exception when sqlstate 'PGRST' or check_violation then
  error := case sqlstate when 'PGRST' then sqlerrm::jsonb ->> 'message' else 'The entity has values that none can have' end;
end;
$$;

revoke all on function private.map_entity(public.flows, jsonb) from public, anon, authenticated, service_role;
comment on function private.map_entity(public.flows, jsonb) is
  'Finds or makes the entity {type, key, name, data} that the mapping of a webhook endpoint gave. Says what is wrong with it in error instead of failing: an event is never lost for it.';

create function private.refresh_mapped_entity(p_entity_id uuid, p_entity jsonb) returns text
language plpgsql
set search_path = ''
as $$
begin
  perform private.refresh_entity(p_entity_id, p_entity ->> 'name', p_entity -> 'data');
  return null;
exception when sqlstate 'PGRST' then
  return sqlerrm::jsonb ->> 'message';
end;
$$;

revoke all on function private.refresh_mapped_entity(uuid, jsonb) from public, anon, authenticated, service_role;
comment on function private.refresh_mapped_entity(uuid, jsonb) is
  'Brings a known entity up to date with what a mapping gave; answers what was wrong with that, null = nothing. Locks the entity.';
