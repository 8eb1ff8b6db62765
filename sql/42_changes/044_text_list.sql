create function private.text_list(p_list jsonb, p_default text[]) returns text[]
language sql
immutable
set search_path = ''
as $$
  select case when p_list is null or p_list = '[]' then p_default
    else array(select distinct e from jsonb_array_elements_text(p_list) e order by e) end;
$$;

revoke all on function private.text_list(jsonb, text[]) from public, anon, authenticated, service_role;
comment on function private.text_list(jsonb, text[]) is 'The different texts of a JSON list in their order; p_default when there are none.';
