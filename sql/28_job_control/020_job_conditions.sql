create function private.job_conditions(p_organization_id uuid, p_filter jsonb) returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_name text;
  v_value jsonb;
  v_text text := 'true';
begin
  if jsonb_typeof(p_filter) is distinct from 'object' then
    perform private.fail('invalid_request', 'The filter is an object', 400);
  end if;
  if p_organization_id is not null then
    v_text := format('j.organization_id = %L::uuid', p_organization_id);
  end if;
  for v_name, v_value in select e.key, e.value from jsonb_each(p_filter) e loop
    if jsonb_typeof(v_value) is distinct from (case
      when v_name in ('status', 'type') then 'array'
      when v_name in ('code', 'created_after', 'created_before') then 'string'
    end) then
      perform private.fail('invalid_request', format('Jobs can not be filtered by this "%s"', v_name), 400);
    end if;
    begin
      v_text := v_text || case v_name
        when 'status' then format(' and j.status = any (%L::text[])', array(select jsonb_array_elements_text(v_value)))
        when 'type' then format(' and j.type = any (%L::text[])', array(select jsonb_array_elements_text(v_value)))
        when 'code' then format(' and j.error ->> ''code'' = %L', v_value #>> '{}')
        when 'created_after' then format(' and j.id >= %L::uuid', private.uuid_v7_floor((v_value #>> '{}')::timestamptz))
        else format(' and j.id < %L::uuid', private.uuid_v7_floor((v_value #>> '{}')::timestamptz))
      end;
    exception when data_exception or feature_not_supported then
      perform private.fail('invalid_request', format('The filter "%s" is no moment', v_name), 400);
    end;
  end loop;
  return v_text;
end;
$$;

revoke all on function private.job_conditions(uuid, jsonb) from public, anon, authenticated, service_role;
comment on function private.job_conditions(uuid, jsonb) is
  'A filter of jobs as a condition on j, a row of engine.jobs or public.job_history: {status [], type [], code, created_after, created_before}. p_organization_id null = of all. Every value is quoted.';

create function private.find_job(p_job_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (select to_jsonb(j) from engine.jobs j where j.id = p_job_id);
end;
$$;

revoke all on function private.find_job(uuid) from public, anon, authenticated, service_role;
comment on function private.find_job(uuid) is 'A job wherever it is, as engine.jobs has it; null = there is none.';

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
