create function private.json_setting(p_name text) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_value jsonb;
begin
  v_value := nullif(current_setting(p_name, true), '')::jsonb;
  return case when jsonb_typeof(v_value) = 'object' then v_value else '{}' end;
exception when data_exception then
  return '{}';
end;
$$;

revoke all on function private.json_setting(text) from public, anon, authenticated, service_role;
comment on function private.json_setting(text) is
  'A setting of the session that holds a JSON object, such as request.jwt.claims; {} when it is not set or holds something else.';
