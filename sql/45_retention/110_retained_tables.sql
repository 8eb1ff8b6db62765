create function private.retained_tables(p_kind text) returns table (parent text, key text)
language sql
immutable
set search_path = ''
as $$
  -- In the order in which everybody writes to them: first what decides how long the others live.
  select t.parent, t.key
  from (values ('runs', 1, 'runs', 'id'), ('runs', 2, 'run_steps', 'run_id'), ('jobs', 1, 'job_history', 'id'), ('audit', 1, 'audit_events', 'id')) as t (kind, place, parent, key)
  where t.kind = p_kind
  order by t.place;
$$;

revoke all on function private.retained_tables(text) from public, anon, authenticated, service_role;
comment on function private.retained_tables(text) is 'The partitioned tables of a kind and the column that says which run or job a row is of.';

create function private.partition_name(p_parent text, p_week date) returns text
language sql
stable
set search_path = ''
as $$
  select p_parent || '_' || to_char(p_week, 'IYYY"w"IW');
$$;

revoke all on function private.partition_name(text, date) from public, anon, authenticated, service_role;
comment on function private.partition_name(text, date) is 'What the partition of a week is called, without its schema.';

create function private.columns_of(p_table text) returns text
language sql
stable
set search_path = ''
as $$
  select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
  from pg_catalog.pg_attribute a
  where a.attrelid = p_table::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '';
$$;

revoke all on function private.columns_of(text) from public, anon, authenticated, service_role;
comment on function private.columns_of(text) is 'The columns of a table, as a list for an insert.';
