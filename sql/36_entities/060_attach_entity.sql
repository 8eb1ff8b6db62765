create function private.attach_entity(p_run public.runs) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_entity public.entities;
  v_trigger text := p_run.trigger_node;
begin
  select * into v_entity from public.entities e
  where e.id = p_run.entity_id and e.flow_id = p_run.flow_id and e.deleted_at is null
  for no key update;
  if not found then
    -- Who names it is told; a run that comes by itself goes on without it.
    if p_run.trigger = 'manual' and p_run.retry_of is null then
      perform private.fail('not_found', 'No such entity', 404);
    end if;
    update public.runs r set entity_id = null where r.id = p_run.id;
    return;
  end if;
  update public.entities e set run_id = p_run.id where e.id = v_entity.id and e.run_id is distinct from p_run.id;
  -- A retry goes on where its predecessor stopped.
  if p_run.retry_of is not null then
    return;
  end if;

  if v_trigger is null then
    select n.value ->> 'id' into v_trigger
    from public.flow_versions v
    cross join lateral jsonb_array_elements(
      case when jsonb_typeof(v.graph -> 'nodes') = 'array' then v.graph -> 'nodes' else '[]' end
    ) with ordinality n
    where v.id = p_run.flow_version_id and n.value ->> 'type' like 'trigger.%'
    order by n.value ->> 'type' = 'trigger.' || p_run.trigger desc, n.ordinality
    limit 1;
  end if;
  perform private.apply_moves(
    array[v_entity.id], array[v_trigger], array[greatest(private.now(), v_entity.entered_at)],
    case when p_run.trigger = 'webhook' then 'webhook' else 'run' end
  );
end;
$$;

revoke all on function private.attach_entity(public.runs) from public, anon, authenticated, service_role;
comment on function private.attach_entity(public.runs) is
  'Gives a new run the entity that its entity_id names: it stands at the run''s trigger and moves with this run from now on, and with no older one. A retry finds it where it is. Unless it lives in the same flow: 404 for a run that is started by hand, any other goes on without it. Locks the entity: call it last.';
