create function private.small_number(p_value jsonb) returns integer
language sql
immutable
set search_path = ''
as $$
  select case when jsonb_typeof(p_value) = 'number' and (p_value #>> '{}')::numeric between 1 and 1000000
    then (p_value #>> '{}')::numeric::integer end;
$$;

revoke all on function private.small_number(jsonb) from public, anon, authenticated, service_role;
comment on function private.small_number(jsonb) is 'A number from 1 to a million as an integer; null when the value is anything else.';
