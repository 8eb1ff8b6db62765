create function public.create_entity(
  p_flow_id uuid,
  p_type text,
  p_name text default null,
  p_external_key text default null,
  p_data jsonb default '{}',
  p_node_id text default null,
  p_upsert boolean default false,
  p_idempotency_key text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_flow public.flows;
  v_entity public.entities;
  v_id uuid;
  v_is_new boolean;
  v_reply jsonb;
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, 'runs:execute', 'flow');
  v_reply := private.idempotent_reply(v_flow.organization_id, 'create_entity', p_idempotency_key,
    jsonb_build_array(p_flow_id, p_type, p_name, p_external_key, p_data, p_node_id, p_upsert));
  if v_reply is not null then
    return v_reply;
  end if;
  perform private.check_entity(coalesce(p_type, ''), p_name, p_external_key, p_data);

  select a.id, a.is_new into v_id, v_is_new from private.add_entity(v_flow, p_type, p_name, p_external_key, p_data) a;
  select * into v_entity from public.entities e where e.id = v_id and e.deleted_at is null for no key update;
  if not found then
    perform private.fail('conflict', 'The entity was deleted at the same moment: try again', 409);
  end if;
  if not v_is_new then
    if p_upsert is not true then
      perform private.fail('conflict', format('The flow has a %s with this external key already', p_type), 409);
    end if;
    perform private.refresh_entity(v_id, p_name, p_data);
  end if;
  if p_node_id is not null then
    perform private.place_entity(v_entity, p_node_id, case when v_is_new then 'created' else 'manual' end);
  end if;
  return private.keep_reply(v_flow.organization_id, 'create_entity', p_idempotency_key,
    private.entity_reply(v_id) || jsonb_build_object('is_new', v_is_new));
end;
$$;

revoke all on function public.create_entity(uuid, text, text, text, jsonb, text, boolean, text) from public, anon, authenticated, service_role;
grant execute on function public.create_entity(uuid, text, text, text, jsonb, text, boolean, text) to authenticated;
comment on function public.create_entity(uuid, text, text, text, jsonb, text, boolean, text) is
  'Makes an entity on the canvas of a flow; p_node_id null = it stands nowhere yet. When the external key is taken: 409, or with p_upsert that entity gets the name and the fields of p_data. Needs runs:execute. Answers the entity and is_new.';
