create function private.to_uuid(p_text text) returns uuid
language plpgsql
immutable
set search_path = ''
as $$
begin
  return p_text::uuid;
exception when invalid_text_representation then
  return null;
end;
$$;

revoke all on function private.to_uuid(text) from public, anon, authenticated, service_role;
comment on function private.to_uuid(text) is 'A UUID, or null when the text is none.';

create function private.undo_nodes(p_graph jsonb) returns text[]
language sql
immutable
set search_path = ''
as $$
  select array_agg(n.value ->> 'id' order by n.ordinality)
  from jsonb_array_elements(case when jsonb_typeof(p_graph -> 'nodes') = 'array' then p_graph -> 'nodes' else '[]' end)
    with ordinality n
  where jsonb_typeof(n.value #> '{data,undo}') = 'object' and n.value ->> 'id' is not null;
$$;

revoke all on function private.undo_nodes(jsonb) from public, anon, authenticated, service_role;
comment on function private.undo_nodes(jsonb) is 'Ids of the nodes of a graph that name what undoes them; null = none.';

create function private.run_limits(p_graph jsonb) returns jsonb
language sql
immutable
set search_path = ''
as $$
  -- A graph may be anything here; what is not as it should be sets no limit (the compiler has told its author).
  select case when l.max_runs is not null or l.key_path is not null then
    jsonb_strip_nulls(jsonb_build_object(
      'max_runs', l.max_runs,
      'key_path', l.key_path,
      'max_per_key', case when l.key_path is not null then coalesce(l.max_per_key, 1) end,
      'when_full', case when l.when_full = 'refuse' then 'refuse' else 'queue' end
    )) end
  from (
    select
      private.small_number(s.settings -> 'maxConcurrentRuns') as max_runs,
      private.small_number(s.settings -> 'maxPerKey') as max_per_key,
      s.settings ->> 'whenFull' as when_full,
      -- trigger.body.customer["id"][0] → {body, customer, id, 0}
      case when s.settings ->> 'concurrencyKey' ~ '^\s*trigger([.[].*)?$' then
        (select to_jsonb(array_agg(coalesce(m[1], m[2], m[3]) order by o))
         from regexp_matches(
           regexp_replace(s.settings ->> 'concurrencyKey', '^\s*trigger', ''),
           '\.\s*([A-Za-z_$][A-Za-z0-9_$]*)|\[\s*"([^"]*)"\s*\]|\[\s*([0-9]+)\s*\]', 'g'
         ) with ordinality as x (m, o))
      end as key_path
    from (select p_graph -> 'settings' as settings) s
  ) l;
$$;

revoke all on function private.run_limits(jsonb) from public, anon, authenticated, service_role;
comment on function private.run_limits(jsonb) is 'The limits that the settings of a graph name, as flow_versions keeps them; null = none.';
