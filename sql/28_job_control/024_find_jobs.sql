create function private.find_jobs(
  p_organization_id uuid,
  p_filter jsonb,
  p_after uuid,
  p_ascending boolean,
  p_limit integer
) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_filter jsonb := coalesce(p_filter, '{}');
  v_conditions text := private.job_conditions(p_organization_id, v_filter - '{steps,open}'::text[]);
  v_jobs jsonb;
  v_states text[];
begin
  if p_limit is null or p_limit not between 1 and 1000 then
    perform private.fail('invalid_request', 'The limit is 1 to 1000', 400);
  end if;
  if v_filter -> 'steps' is distinct from 'true' then
    v_conditions := v_conditions || ' and j.type <> ''flow.step''';
  end if;
  -- Dead letters that nobody has repeated.
  if v_filter -> 'open' = 'true' then
    v_conditions := v_conditions || ' and j.status = ''dead'' and j.replayed_as is null';
  end if;
  -- The states say where a job is, and this says it so that the planner leaves out the rest.
  v_states := case when v_filter -> 'open' = 'true' then '{dead}'
    when v_filter ? 'status' then array(select jsonb_array_elements_text(v_filter -> 'status')) end;
  if v_states <@ '{completed,dead,cancelled,expired}' then
    v_conditions := v_conditions || ' and j.completed_at is not null';
  elsif v_states <@ '{running}' then
    v_conditions := v_conditions || ' and j.completed_at is null and j.worker_id is not null';
  elsif not v_states && '{completed,dead,cancelled,expired}' then
    v_conditions := v_conditions || ' and j.completed_at is null';
  end if;
  if p_after is not null then
    v_conditions := v_conditions || format(' and j.id %s %L::uuid', case when p_ascending then '>' else '<' end, p_after);
  end if;
  execute format(
    'select coalesce(jsonb_agg(to_jsonb(r) - ''{payload,result}''::text[] order by r.id %2$s), ''[]'')
     from (select j.* from engine.jobs j where %1$s order by j.id %2$s limit %3$s) r',
    v_conditions, case when p_ascending then 'asc' else 'desc' end, p_limit
  ) into v_jobs;
  return v_jobs;
end;
$$;

revoke all on function private.find_jobs(uuid, jsonb, uuid, boolean, integer) from public, anon, authenticated, service_role;
comment on function private.find_jobs(uuid, jsonb, uuid, boolean, integer) is
  'Jobs in the order of their ids, without payloads and results: of one organization or all (null), that fit the filter {status, type, code, created_after, created_before, steps, open}, after p_after. steps true = steps of runs too; open true = dead letters that nobody has repeated.';
