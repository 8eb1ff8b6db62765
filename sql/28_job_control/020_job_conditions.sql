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
