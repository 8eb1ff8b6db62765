create function private.add_entity(
  p_flow public.flows,
  p_type text,
  p_name text,
  p_external_key text,
  p_data jsonb,
  out id uuid,
  out is_new boolean
)
language plpgsql
set search_path = ''
as $$
begin
  loop
    -- Two that add the same at once: the second waits here for the first to commit, then finds it.
    insert into public.entities as e (organization_id, flow_id, type, name, external_key, data, created_by)
    values (
      p_flow.organization_id, p_flow.id, p_type, coalesce(p_name, left(p_external_key, 200), p_type), p_external_key,
      coalesce(p_data, '{}'), private.caller_user_id()
    )
    on conflict (flow_id, type, external_key) where external_key is not null and deleted_at is null do nothing
    returning e.id into id;
    is_new := id is not null;
    exit when is_new;
    select e.id into id from public.entities e
    where e.flow_id = p_flow.id and e.type = p_type and e.external_key = p_external_key and e.deleted_at is null;
    -- Deleted in between: there is room now.
    exit when id is not null;
  end loop;
end;
$$;

revoke all on function private.add_entity(public.flows, text, text, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.add_entity(public.flows, text, text, text, jsonb) is
  'Makes an entity, or finds the one that has this key already, which it neither locks nor changes. Without a name it is called by its key, else by its type. Trusts its caller for permissions and values.';

create function private.refresh_entity(p_entity_id uuid, p_name text, p_data jsonb) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_data jsonb;
begin
  select e.data || coalesce(p_data, '{}') into v_data from public.entities e
  where e.id = p_entity_id and e.deleted_at is null
  for no key update;
  -- Deleted meanwhile: nothing of it may come back.
  if not found then
    return;
  end if;
  perform private.check_entity(null, p_name, null, v_data);
  update public.entities e set name = coalesce(p_name, e.name), data = v_data
  where e.id = p_entity_id and (e.name, e.data) is distinct from (coalesce(p_name, e.name), v_data);
end;
$$;

revoke all on function private.refresh_entity(uuid, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.refresh_entity(uuid, text, jsonb) is
  'Brings a known entity up to date: another name, and fields of p_data over its own; null = leave as it is.';
