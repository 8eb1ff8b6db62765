create function public.count_version_runs(p_flow_id uuid, p_version_ids uuid[]) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_organization_id uuid;
  v_after uuid := private.runs_counted_to();
begin
  select f.organization_id into v_organization_id from public.flows f where f.id = p_flow_id;
  if v_organization_id is null or not v_organization_id = any (private.organizations_with('runs:read')) then
    return null;
  end if;
  return (
    select coalesce(jsonb_object_agg(c.id, jsonb_build_object('count', c.runs, 'first_at', c.first_at, 'last_at', c.last_at)), '{}')
    from (
      select u.id, sum(u.runs) as runs, min(u.first_at) as first_at, max(u.last_at) as last_at
      from (
        select v.flow_version_id as id, v.runs, v.first_run_at as first_at, v.last_run_at as last_at
        from public.flow_version_runs v where v.flow_version_id = any (p_version_ids) and v.flow_id = p_flow_id
        union all
        -- The newest, which are not counted yet.
        select r.flow_version_id, count(*), min(r.created_at), max(r.created_at)
        from public.runs r
        where r.flow_id = p_flow_id and r.id > v_after and r.flow_version_id = any (p_version_ids) and r.pins is null
        group by r.flow_version_id
      ) u
      group by u.id
    ) c
  );
end;
$$;

revoke all on function public.count_version_runs(uuid, uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.count_version_runs(uuid, uuid[]) to authenticated;
comment on function public.count_version_runs(uuid, uuid[]) is
  'How many runs used these versions of a flow, and when the first and the last of them were started: {version id: {count, first_at, last_at}}, without those that none used. Null when the caller may not see its runs. Runs as the caller.';
