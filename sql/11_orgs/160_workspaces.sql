create function private.lock_workspace(p_workspace_id uuid, p_organization_id uuid, p_if_version integer) returns public.workspaces
language plpgsql
set search_path = ''
as $$
declare
  v_workspace public.workspaces;
  v_organization_id uuid;
begin
  select w.organization_id into v_organization_id from public.workspaces w
  where w.id = p_workspace_id and w.organization_id = coalesce(p_organization_id, w.organization_id);
  perform private.require_permission(v_organization_id, 'workspaces:write', 'workspace');
  perform private.lock_organization(v_organization_id, 'workspaces:write');
  select * into v_workspace from public.workspaces w where w.id = p_workspace_id for update;
  if not found then
    perform private.fail('not_found', 'No such workspace', 404);
  end if;
  if p_if_version is not null and v_workspace.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The workspace has version %s, not %s', v_workspace.version, p_if_version), 412);
  end if;
  return v_workspace;
end;
$$;

revoke all on function private.lock_workspace(uuid, uuid, integer) from public, anon, authenticated, service_role;
comment on function private.lock_workspace(uuid, uuid, integer) is
  'Locks a workspace of an organization (null = whichever it is of) of the caller, and the organization before it, for a change: 404, 403, 412.';

create function public.create_workspace(p_organization_id uuid, p_name text, p_idempotency_key text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_reply jsonb;
  v_workspace public.workspaces;
begin
  perform private.require_permission(p_organization_id, 'workspaces:write', 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'create_workspace', p_idempotency_key, jsonb_build_array(p_name));
  if v_reply is not null then
    return v_reply;
  end if;
  if p_name is null then
    perform private.fail('invalid_request', 'A workspace needs a name', 400);
  end if;
  perform private.check_name(p_name);
  perform private.require_room(p_organization_id, 'max_workspaces');
  insert into public.workspaces (organization_id, name) values (p_organization_id, p_name) returning * into v_workspace;
  return private.keep_reply(p_organization_id, 'create_workspace', p_idempotency_key, to_jsonb(v_workspace));
end;
$$;

revoke all on function public.create_workspace(uuid, text, text) from public, anon, authenticated, service_role;
grant execute on function public.create_workspace(uuid, text, text) to authenticated;
comment on function public.create_workspace(uuid, text, text) is
  'Makes a workspace. Needs workspaces:write; 402 at the plan''s number of workspaces. Answers it.';

create function public.update_workspace(
  p_workspace_id uuid,
  p_name text default null,
  p_is_default boolean default null,
  p_if_version integer default null,
  p_organization_id uuid default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_workspace public.workspaces := private.lock_workspace(p_workspace_id, p_organization_id, p_if_version);
begin
  perform private.check_name(p_name);
  if p_is_default = false and v_workspace.is_default then
    perform private.fail('conflict', 'There is always a default workspace: make another one that', 409);
  end if;
  if p_is_default and not v_workspace.is_default then
    update public.workspaces w set is_default = false
    where w.organization_id = v_workspace.organization_id and w.is_default;
  end if;
  update public.workspaces w set name = coalesce(p_name, w.name), is_default = coalesce(p_is_default, w.is_default)
  where w.id = p_workspace_id
    and (w.name, w.is_default) is distinct from (coalesce(p_name, w.name), coalesce(p_is_default, w.is_default));
  return (select to_jsonb(w) from public.workspaces w where w.id = p_workspace_id);
end;
$$;

revoke all on function public.update_workspace(uuid, text, boolean, integer, uuid) from public, anon, authenticated, service_role;
grant execute on function public.update_workspace(uuid, text, boolean, integer, uuid) to authenticated;
comment on function public.update_workspace(uuid, text, boolean, integer, uuid) is
  'Renames a workspace or makes it the default one, which another one is then no more; null = leave as it is. Needs workspaces:write. Answers it.';

create function public.delete_workspace(
  p_workspace_id uuid,
  p_move_flows_to uuid default null,
  p_if_version integer default null,
  p_organization_id uuid default null
) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_workspace public.workspaces := private.lock_workspace(p_workspace_id, p_organization_id, p_if_version);
  v_heir_id uuid;
begin
  if v_workspace.is_default then
    perform private.fail('conflict', 'The default workspace stays: make another one that first', 409);
  end if;
  if p_move_flows_to = p_workspace_id then
    perform private.fail('invalid_request', 'Name another workspace for the flows', 400);
  end if;
  select w.id into v_heir_id from public.workspaces w
  where w.organization_id = v_workspace.organization_id
    and (w.id = p_move_flows_to or (p_move_flows_to is null and w.is_default));
  if not found then
    perform private.fail('not_found', 'No such workspace', 404);
  end if;
  if p_move_flows_to is null and exists (
    select from public.flows f
    where f.organization_id = v_workspace.organization_id and f.workspace_id = p_workspace_id and f.deleted_at is null
  ) then
    perform private.fail('conflict', 'There are flows in this workspace: say where they go', 409);
  end if;
  -- Deleted ones too, of which runs are left: where they go makes no difference to anybody.
  update public.flows f set workspace_id = v_heir_id
  where f.organization_id = v_workspace.organization_id and f.workspace_id = p_workspace_id;
  delete from public.workspaces w where w.id = p_workspace_id;
end;
$$;

revoke all on function public.delete_workspace(uuid, uuid, integer, uuid) from public, anon, authenticated, service_role;
grant execute on function public.delete_workspace(uuid, uuid, integer, uuid) to authenticated;
comment on function public.delete_workspace(uuid, uuid, integer, uuid) is
  'Deletes a workspace. Its flows go to the workspace named; 409 when it has some and none is named, and for the default workspace. Needs workspaces:write.';
