create function private.change_options(p_table regclass, p_flow_id uuid, p_options jsonb) returns private.change_triggers
language plpgsql
set search_path = ''
as $$
declare
  v_change private.change_triggers;
  v_option text;
  v_value jsonb;
  v_kind text;
  v_column text;
begin
  if jsonb_typeof(p_options) is distinct from 'object' then
    perform private.fail('invalid_request', 'The options are an object', 400);
  end if;
  for v_option, v_value in select e.key, e.value from jsonb_each(p_options) e loop
    v_kind := case
      when v_option in ('on', 'columns', 'exclude', 'claims') then 'array'
      when v_option = 'when' then 'object'
      when v_option in ('name', 'trigger_node') then 'string'
      when v_option in ('batch', 'max_runs', 'max_depth') then 'number'
      when v_option = 'required' then 'boolean'
    end;
    if v_kind is null then
      perform private.fail('invalid_request', format('There is no option "%s": there are on, columns, when, exclude, claims, batch, max_runs, max_depth, required, trigger_node and name', v_option), 400);
    elsif jsonb_typeof(v_value) <> v_kind then
      perform private.fail('invalid_request', format('The option "%s" is of the type %s', v_option, v_kind), 400);
    elsif v_kind = 'array' and jsonb_path_exists(v_value, 'strict $[*] ? (@.type() != "string")') then
      perform private.fail('invalid_request', format('The option "%s" is a list of names', v_option), 400);
    elsif v_kind = 'number' and (v_value::numeric % 1 <> 0 or v_value::numeric not between 0 and 10000) then
      perform private.fail('invalid_request', format('The option "%s" is a whole number up to 10,000', v_option), 400);
    end if;
  end loop;

  v_change.flow_id := p_flow_id;
  v_change.name := coalesce(p_options ->> 'name', 'default');
  v_change.operations := private.text_list(p_options -> 'on', '{insert,update,delete}');
  v_change.columns := private.text_list(p_options -> 'columns', null);
  v_change.condition := nullif(p_options -> 'when', '{}');
  v_change.excluded := private.text_list(p_options -> 'exclude', '{}');
  v_change.claims := private.text_list(p_options -> 'claims', '{}');
  v_change.trigger_node := p_options ->> 'trigger_node';
  v_change.batch := coalesce((p_options -> 'batch')::integer, 1);
  v_change.max_runs := coalesce((p_options -> 'max_runs')::integer, 1000);
  v_change.max_depth := least(coalesce((p_options -> 'max_depth')::integer, 10), 100);
  v_change.required := coalesce((p_options -> 'required')::boolean, false);

  if v_change.name !~ '^[a-z][a-z0-9_-]{0,39}$' then
    perform private.fail('invalid_request', 'A name is up to 40 lower-case letters, digits, hyphens and underscores, a letter first', 400);
  elsif not v_change.operations <@ '{insert,update,delete}' or v_change.operations = '{}' then
    perform private.fail('invalid_request', 'The option "on" lists insert, update, delete, or some of them', 400);
  elsif v_change.columns is not null and not 'update' = any (v_change.operations) then
    perform private.fail('invalid_request', 'The option "columns" is about updates, and they are not listed in "on"', 400);
  elsif v_change.batch < 1 or v_change.max_runs < 1 then
    perform private.fail('invalid_request', 'The options "batch" and "max_runs" are 1 at least', 400);
  elsif v_change.max_depth > 10 then
    perform private.fail('invalid_request', 'The option "max_depth" is 10 at most', 400);
  end if;
  for v_column in
    select c from unnest(v_change.columns || v_change.excluded) c
    union select k from jsonb_object_keys(coalesce(v_change.condition, '{}')) k
  loop
    if not exists (
      select 1 from pg_catalog.pg_attribute a
      where a.attrelid = p_table and a.attname = v_column and a.attnum > 0 and not a.attisdropped
    ) then
      perform private.fail('invalid_request', format('The table %s has no column "%s"', p_table, v_column), 400);
    end if;
  end loop;
  perform private.check_trigger_node(p_flow_id, v_change.trigger_node);
  return v_change;
end;
$$;

revoke all on function private.change_options(regclass, uuid, jsonb) from public, anon, authenticated, service_role;
comment on function private.change_options(regclass, uuid, jsonb) is
  'Reads the options of engine.on_change. Refuses what it does not know, what is out of range, and columns that the table does not have.';
