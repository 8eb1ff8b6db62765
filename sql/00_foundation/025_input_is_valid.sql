create function private.input_is_valid(p_text text, p_type text) returns boolean
language plpgsql
stable
strict
set search_path = ''
as $$
begin
  -- Postgres has it from 16 on.
  if current_setting('server_version_num')::integer >= 160000 then
    return pg_input_is_valid(p_text, p_type);
  end if;
  begin
    execute format('select %L::%s', p_text, p_type);
    return true;
  exception
    when data_exception then
      return false;
  end;
end;
$$;

revoke all on function private.input_is_valid(text, text) from public, anon, authenticated, service_role;
comment on function private.input_is_valid(text, text) is
  'Whether a text can be read as a type, of which the caller writes the name: inet, uuid, jsonb. Null = null was given.';
