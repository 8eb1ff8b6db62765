create function private.repeat_run(p_run public.runs, p_input jsonb, p_version_id uuid) returns public.runs
language plpgsql
set search_path = ''
as $$
declare
  v_flow public.flows;
  v_new public.runs;
  v_entity uuid;
begin
  select * into v_flow from public.flows f
  where f.id = p_run.flow_id
    and (f.deleted_at is null or exists (select 1 from private.scratch_flows s where s.flow_id = f.id));
  if not found then
    perform private.fail('not_found', 'No such flow', 404);
  end if;
  select e.id into v_entity from public.entities e
  where e.id = p_run.entity_id and e.flow_id = p_run.flow_id and e.deleted_at is null;
  -- A dry run stays one.
  v_new := private.create_run(
    v_flow, p_run.trigger, p_input, p_run.trigger_node, p_run.webhook_event_id, p_run.id, p_version_id, p_run.traceparent,
    p_entity_id => v_entity, p_pins => p_run.pins, p_may_refuse => true
  );
  return v_new;
end;
$$;

revoke all on function private.repeat_run(public.runs, jsonb, uuid) from public, anon, authenticated, service_role;
comment on function private.repeat_run(public.runs, jsonb, uuid) is
  'A new run like an older one: same trigger, pins and, while it lives, entity. Steps are not taken over yet. 404 when the flow is gone. Trusts its caller for permissions.';

create function private.take_over_steps(
  p_source public.runs,
  p_target public.runs,
  p_redo text[] default '{}',
  p_outputs jsonb default '{}'
) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  v_taken text[];
begin
  -- What the run went past is taken over: completed steps, and failed ones whose error it went on with (only those have an
  -- output). Skipped ones follow from them anew; a stop node that failed the run is where it goes on. An output that is
  -- given counts for a step whatever became of that.
  with taken as (
    insert into public.run_steps
      (run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, error, started_at, finished_at, exit)
    select
      p_target.id, s.node_id, s.scope, s.attempt, s.organization_id, case when g.is_given then 'completed' else s.status end,
      s.leaf, s.handles, case when g.is_given then nullif(p_outputs -> s.node_id, 'null') else s.output end,
      case when g.is_given then null else s.error end, s.started_at, s.finished_at, s.exit
    from public.run_steps s
    cross join lateral (select s.scope = '' and p_outputs ? s.node_id as is_given) g
    where s.run_id = p_source.id
      and s.node_id not like 'undo:%'
      and (s.status = 'completed' or (s.status = 'failed' and (s.output is not null or g.is_given)))
      and (g.is_given or (
        s.node_id <> all (p_redo)
        and not exists (
          select 1 from unnest(string_to_array(s.scope, '/')) as u (segment) where split_part(u.segment, '.', 1) = any (p_redo)
        )
        and (p_source.error ->> 'code' = 'stopped' and p_source.error ->> 'node_id' = s.node_id) is not true
      ))
    returning node_id, scope
  )
  select coalesce(array_agg(t.node_id) filter (where t.scope = ''), '{}') into v_taken from taken t;
  return v_taken;
end;
$$;

revoke all on function private.take_over_steps(public.runs, public.runs, text[], jsonb) from public, anon, authenticated, service_role;
comment on function private.take_over_steps(public.runs, public.runs, text[], jsonb) is
  'Copies to a new run the steps that an older one went past, but for those of the nodes p_redo and of regions that they open. p_outputs: what steps of the top level are said to have given instead. Answers the nodes of the top level that were taken over.';
