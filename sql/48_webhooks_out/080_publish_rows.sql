create function private.publish_flow() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_flow public.flows := coalesce(new, old);
begin
  -- What nobody sees: a flow that was deleted before, and the scratch flow, which is born so. Its first graph belongs to the
  -- making of a flow.
  if (tg_op <> 'INSERT' and old.deleted_at is not null) or (tg_op = 'INSERT' and new.deleted_at is not null)
    or (tg_op = 'UPDATE' and old.current_version_id is null and new.name = old.name)
  then
    return null;
  end if;
  perform private.publish_event(v_flow.organization_id,
    case
      when tg_op = 'INSERT' then 'flow.created'
      when tg_op = 'DELETE' or (new.deleted_at is not null and old.deleted_at is null) then 'flow.deleted'
      else 'flow.updated'
    end,
    jsonb_build_object('id', v_flow.id, 'flow_id', v_flow.id, 'name', v_flow.name, 'is_active', v_flow.is_active, 'version', v_flow.version),
    v_flow.id::text);
  return null;
end;
$$;

revoke all on function private.publish_flow() from public, anon, authenticated, service_role;
comment on function private.publish_flow() is 'Trigger of public.flows: flow.created, flow.updated, flow.deleted.';

create trigger publish after insert or delete or update of name, description, is_active, current_version_id, workspace_id, deleted_at on public.flows
  for each row execute function private.publish_flow();

create function private.publish_entity() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_entity public.entities := coalesce(new, old);
begin
  if not exists (
    select from public.webhook_subscriptions s where s.organization_id = v_entity.organization_id and s.status <> 'disabled'
  ) or (tg_op = 'DELETE' and old.deleted_at is not null) or (tg_op = 'UPDATE' and new.deleted_at is null) then
    return null;
  end if;
  perform private.publish_event(v_entity.organization_id, case tg_op when 'INSERT' then 'entity.created' else 'entity.deleted' end,
    jsonb_build_object('id', v_entity.id, 'flow_id', v_entity.flow_id, 'type', v_entity.type, 'node_id', v_entity.node_id),
    v_entity.id::text);
  return null;
end;
$$;

revoke all on function private.publish_entity() from public, anon, authenticated, service_role;
comment on function private.publish_entity() is 'Trigger of public.entities: entity.created, entity.deleted.';

create trigger publish after insert or delete or update of deleted_at on public.entities
  for each row execute function private.publish_entity();

create function private.publish_move() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- With each step of a run that has an entity: nothing is made before it is known that somebody wants it.
  if exists (
    select from public.webhook_subscriptions s
    where s.organization_id = new.organization_id and s.status <> 'disabled' and s.event_types && array['entity.moved', '*']
  ) then
    perform private.add_message(new.organization_id, 'entity.moved', jsonb_build_object(
      'id', new.entity_id, 'flow_id', new.flow_id, 'number', new.number, 'from_node', new.from_node, 'to_node', new.to_node,
      'reason', new.reason, 'run_id', new.run_id, 'moved_at', new.moved_at
    ), new.entity_id::text);
  end if;
  return null;
end;
$$;

revoke all on function private.publish_move() from public, anon, authenticated, service_role;
comment on function private.publish_move() is 'Trigger of public.entity_moves: entity.moved.';

create trigger publish after insert on public.entity_moves
  for each row execute function private.publish_move();

create function private.publish_member() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_member public.organization_members := coalesce(new, old);
begin
  perform private.publish_event(v_member.organization_id, case tg_op when 'INSERT' then 'member.joined' else 'member.removed' end,
    jsonb_build_object('id', v_member.user_id, 'role', v_member.role), v_member.user_id::text);
  return null;
end;
$$;

revoke all on function private.publish_member() from public, anon, authenticated, service_role;
comment on function private.publish_member() is 'Trigger of public.organization_members: member.joined, member.removed.';

create trigger publish after insert or delete on public.organization_members
  for each row execute function private.publish_member();

create function private.publish_api_key() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and (new.revoked_at is null or old.revoked_at is not null) then
    return null;
  end if;
  perform private.publish_event(new.organization_id, case tg_op when 'INSERT' then 'api_key.created' else 'api_key.revoked' end,
    jsonb_build_object('id', new.id, 'name', new.name, 'mode', new.mode, 'prefix', new.prefix, 'last_four', new.last_four, 'scopes', new.scopes),
    new.id::text);
  return null;
end;
$$;

revoke all on function private.publish_api_key() from public, anon, authenticated, service_role;
comment on function private.publish_api_key() is 'Trigger of public.api_keys: api_key.created, api_key.revoked.';

create trigger publish after insert or update of revoked_at on public.api_keys
  for each row execute function private.publish_api_key();

create function private.publish_secret_notice() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.publish_event(new.organization_id, 'secret.expiring', jsonb_build_object(
    'id', new.secret_id, 'name', (select s.name from public.secrets s where s.id = new.secret_id), 'kind', new.kind,
    'due_at', new.due_at, 'days_before', new.days_before
  ), new.secret_id::text);
  return null;
end;
$$;

revoke all on function private.publish_secret_notice() from public, anon, authenticated, service_role;
comment on function private.publish_secret_notice() is 'Trigger of private.secret_notices: secret.expiring.';

create trigger publish after insert on private.secret_notices
  for each row execute function private.publish_secret_notice();
