create function public.update_entity(
  p_entity_id uuid,
  p_name text default null,
  p_external_key text default null,
  p_data jsonb default null,
  p_if_version integer default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_entity public.entities := private.lock_entity(p_entity_id, p_if_version);
  v_key text := nullif(coalesce(p_external_key, v_entity.external_key), '');
begin
  perform private.check_entity(null, p_name, v_key, p_data);
  begin
    update public.entities e set
      name = coalesce(p_name, e.name),
      external_key = v_key,
      data = coalesce(p_data, e.data)
    where e.id = p_entity_id
      and (e.name, e.external_key, e.data) is distinct from (coalesce(p_name, e.name), v_key, coalesce(p_data, e.data));
  exception when unique_violation then
    perform private.fail('conflict', format('The flow has a %s with this external key already', v_entity.type), 409);
  end;
  return private.entity_reply(p_entity_id);
end;
$$;

revoke all on function public.update_entity(uuid, text, text, jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function public.update_entity(uuid, text, text, jsonb, integer) to authenticated;
comment on function public.update_entity(uuid, text, text, jsonb, integer) is
  'Changes an entity; null = leave as it is, an empty p_external_key takes the key away, p_data replaces the data. p_if_version: 412 unless it is the row version. Needs runs:execute.';
