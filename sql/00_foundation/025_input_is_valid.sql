create function private.input_is_valid(p_text text, p_type text) returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_text is null then
    return null;
  end if;
  -- Postgres has it from 16 on. The type stands in the call: it keeps the one that it was first called with.
  if current_setting('server_version_num')::integer >= 160000 then
    return case p_type
      when 'inet' then pg_input_is_valid(p_text, 'inet')
      when 'uuid' then pg_input_is_valid(p_text, 'uuid')
      when 'jsonb' then pg_input_is_valid(p_text, 'jsonb')
    end;
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
  'Whether a text can be read as a type: inet, uuid or jsonb. Null = null was given.';
