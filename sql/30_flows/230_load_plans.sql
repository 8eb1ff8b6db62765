create function engine.load_plans(p_version_ids uuid[], p_plan_version integer) returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'version_id', v.id,
    'flow_id', f.id,
    'flow_name', f.name,
    'plan_hash', encode(v.plan_hash, 'hex'),
    'plan', p.plan,
    'graph', case when p.plan is null then v.graph end
  )), '[]')
  from public.flow_versions v
  join public.flows f on f.id = v.flow_id
  left join private.flow_plans p
    on p.organization_id = v.organization_id and p.plan_hash = v.plan_hash and p.plan_version = p_plan_version
  where v.id = any (p_version_ids);
$$;

revoke all on function engine.load_plans(uuid[], integer) from public, anon, authenticated, service_role;
grant execute on function engine.load_plans(uuid[], integer) to service_role;
comment on function engine.load_plans(uuid[], integer) is
  'The compiled plans of versions; where none is stored for this compiler (p_plan_version), the graph to compile instead.';

create function engine.store_plan(p_version_id uuid, p_plan jsonb, p_plan_version integer) returns void
language sql
security definer
set search_path = ''
as $$
  insert into private.flow_plans as p (organization_id, plan_hash, plan_version, plan)
  select v.organization_id, v.plan_hash, p_plan_version, p_plan
  from public.flow_versions v
  where v.id = p_version_id
  on conflict (organization_id, plan_hash) do update set plan_version = excluded.plan_version, plan = excluded.plan
    where p.plan_version < excluded.plan_version;
$$;

revoke all on function engine.store_plan(uuid, jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function engine.store_plan(uuid, jsonb, integer) to service_role;
comment on function engine.store_plan(uuid, jsonb, integer) is
  'Keeps the plan that was compiled from a version''s graph; an older compiler never overwrites a newer one.';
