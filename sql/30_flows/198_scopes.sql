create function private.scope_chain(p_scope text) returns text[]
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_chain text[] := '{""}';
  v_part text;
begin
  foreach v_part in array string_to_array(p_scope, '/') loop
    v_chain := v_chain || concat_ws('/', nullif(v_chain[cardinality(v_chain)], ''), v_part);
  end loop;
  return v_chain;
end;
$$;

revoke all on function private.scope_chain(text) from public, anon, authenticated, service_role;
comment on function private.scope_chain(text) is 'A scope and all around it, outermost first: a.1/b.2 → {"", a.1, a.1/b.2}.';

create function private.item_scope(p_scope text, p_owner text, p_index integer) returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case when p_scope = '' then '' else p_scope || '/' end || p_owner || '.' || p_index;
end;
$$;

revoke all on function private.item_scope(text, text, integer) from public, anon, authenticated, service_role;
comment on function private.item_scope(text, text, integer) is 'The scope of an item of a region that the node p_owner opened at p_scope.';

create function private.region_items(p_run_id uuid, p_scope text, p_owner text, p_body text[], p_from integer, p_until integer) returns jsonb
language sql
stable
set search_path = ''
as $$
  with items as (
    select i, private.item_scope(p_scope, p_owner, i) as scope from generate_series(p_from, p_until - 1) i
  ),
  -- By node and scope, so that the key finds them however many steps the run has.
  found as (
    select s.scope,
      jsonb_agg(s.output order by s.exit) filter (where s.exit is not null) as values,
      (jsonb_agg(s.error order by s.finished_at) filter (where s.status = 'failed' and s.output is null)) -> 0 as error
    from public.run_steps s
    where s.run_id = p_run_id and s.node_id = any (p_body) and s.scope = any (array(select t.scope from items t))
      and (s.exit is not null or (s.status = 'failed' and s.output is null))
    group by s.scope
  )
  select coalesce(jsonb_agg(
    case
      when f.error is not null then jsonb_build_object('index', t.i, 'status', 'failed', 'error', f.error)
      when f.values is null then jsonb_build_object('index', t.i, 'status', 'skipped')
      else jsonb_build_object('index', t.i, 'status', 'completed',
        'value', case when jsonb_array_length(f.values) = 1 then f.values -> 0 else f.values end)
    end order by t.i
  ), '[]')
  from items t
  left join found f on f.scope = t.scope;
$$;

revoke all on function private.region_items(uuid, text, text, text[], integer, integer) from public, anon, authenticated, service_role;
comment on function private.region_items(uuid, text, text, text[], integer, integer) is
  'What the items p_from to p_until - 1 of a region gave: [{index, status, value or error}]. The value is the output with which the item left the region, a list when it left over several exits.';
