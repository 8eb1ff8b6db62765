create function public.move_entity(p_entity_id uuid, p_node_id text, p_if_version integer default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.place_entity(private.lock_entity(p_entity_id, p_if_version), p_node_id, 'manual');
  return private.entity_reply(p_entity_id);
end;
$$;

revoke all on function public.move_entity(uuid, text, integer) from public, anon, authenticated, service_role;
grant execute on function public.move_entity(uuid, text, integer) to authenticated;
comment on function public.move_entity(uuid, text, integer) is
  'Moves an entity by hand to a node of the flow''s current graph; 422 unknown_node when there is none. Where it stands already nothing happens. Needs runs:execute. Answers the entity.';
