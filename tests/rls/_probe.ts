/**
 * Acts as each caller inside the database, and undoes what was done: one round trip for a whole line of the matrix.
 *
 * @module
 */
import type postgres from "postgres";
import type { TestDatabase } from "../helpers/postgres.ts";
import type { Actor } from "./_actors.ts";

const PROBE = `
create schema probe;
grant usage on schema probe to anon, authenticated, service_role;

create table probe.actors (
  place integer primary key, name text, role text, claims jsonb, user_id uuid, organization_id uuid
);

-- Runs a statement and undoes it. Answers the number of rows, 'deny' without the privilege, 'policy' when a policy
-- refused the row, or the SQLSTATE.
create function probe.attempt(p_sql text) returns text language plpgsql as $$
declare
  v_rows bigint;
begin
  execute p_sql;
  get diagnostics v_rows = row_count;
  raise sqlstate 'ZZ999' using message = v_rows;
exception
  when sqlstate 'ZZ999' then return sqlerrm || ' rows';
  when insufficient_privilege then
    return case when sqlerrm like 'permission denied%' then 'deny' else 'policy' end;
  when others then return sqlstate;
end $$;

-- Evaluates an expression that gives jsonb and undoes what it did: {"ok": value} or {"code", "message", "status"}.
create function probe.call(p_expression text) returns jsonb language plpgsql as $$
declare
  v_value jsonb;
begin
  execute 'select to_jsonb(' || p_expression || ')' into v_value;
  raise sqlstate 'ZZ999' using message = coalesce(v_value, 'null')::text;
exception
  when sqlstate 'ZZ999' then return jsonb_build_object('ok', sqlerrm::jsonb);
  when sqlstate 'PGRST' then
    declare
      v_detail text;
    begin
      get stacked diagnostics v_detail = pg_exception_detail;
      return sqlerrm::jsonb || v_detail::jsonb;
    end;
  when others then return jsonb_build_object('code', sqlstate, 'message', sqlerrm);
end $$;

create function probe.visible(p_relation text) returns jsonb language plpgsql as $$
declare
  v_rows jsonb;
begin
  execute format('select coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text), ''[]'') from (select * from %s) t', p_relation) into v_rows;
  return v_rows;
exception when insufficient_privilege then return null;
end $$;

create function probe.act(p_actor probe.actors) returns void language sql as $$
  select set_config('role', p_actor.role, true), set_config('request.jwt.claims', p_actor.claims::text, true);
$$;

-- {actor: {select, insert, update, delete, truncate}}; for a sequence, insert stands for nextval and update for setval
create function probe.relation(p_relation text) returns jsonb language plpgsql as $$
declare
  v_actors probe.actors[] := array(select a from probe.actors a order by a.place);
  v_actor probe.actors;
  v_all jsonb;
  v_seen jsonb;
  v_own jsonb;
  v_self jsonb;
  v_column text;
  v_row jsonb;
  v_outcome jsonb := '{}';
  v_is_sequence boolean := (select c.relkind = 'S' from pg_class c where c.oid = p_relation::regclass);
  v_is_view boolean := (select c.relkind = 'v' from pg_class c where c.oid = p_relation::regclass);
begin
  -- Views tell ages: nobody sees another one because a second has passed.
  perform set_config('millrace.now', transaction_timestamp()::text, true);
  v_all := probe.visible(p_relation);
  select a.attname into v_column from pg_attribute a
  where a.attrelid = p_relation::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum limit 1;
  foreach v_actor in array v_actors loop
    select coalesce(jsonb_agg(r.value order by r.value::text) filter (where r.value ->> 'tenant' = v_actor.organization_id::text), '[]')
    into v_own from jsonb_array_elements(probe.tenants(p_relation, v_all)) r;
    v_own := coalesce((select jsonb_agg(r.value -> 'row' order by (r.value -> 'row')::text) from jsonb_array_elements(v_own) r), '[]');
    select coalesce(jsonb_agg(r.value order by r.value::text), '[]') into v_self
    from jsonb_array_elements(v_all) r
    where v_actor.user_id::text = case p_relation when 'public.profiles' then r.value ->> 'id' else r.value ->> 'user_id' end;
    perform probe.act(v_actor);
    v_seen := probe.visible(p_relation);
    v_row := case when v_is_sequence then jsonb_build_object(
      'insert', probe.attempt(format('select nextval(%L)', p_relation)),
      'update', probe.attempt(format('select setval(%L, 1)', p_relation)),
      'delete', 'deny',
      'truncate', 'deny'
    ) else jsonb_build_object(
      'insert', probe.attempt(format('insert into %s default values', p_relation)),
      'update', probe.attempt(format('update %s set %I = default', p_relation, v_column)),
      'delete', probe.attempt(format('delete from %s', p_relation)),
      'truncate', probe.attempt(format('truncate %s', p_relation))
    ) end;
    perform set_config('role', 'none', true);
    -- A view that joins or counts has no rows that anybody could write, whatever the privileges.
    if v_is_view then
      select jsonb_object_agg(e.key, case when e.value in ('55000', '42809') then 'deny' else e.value end) into v_row
      from jsonb_each_text(v_row) e;
    end if;
    v_outcome := v_outcome || jsonb_build_object(v_actor.name, v_row || jsonb_build_object('select', case
      when v_seen is null then 'deny'
      when v_seen = '[]' then 'none'
      when v_seen = v_all then 'all'
      when v_seen = v_own then 'own'
      when v_seen = v_self then 'self'
      else 'leak'
    end));
  end loop;
  return v_outcome;
end $$;

-- Each row with its tenant: [{row, tenant}].
create function probe.tenants(p_relation text, p_rows jsonb) returns jsonb language sql as $$
  select coalesce(jsonb_agg(jsonb_build_object('row', r.value, 'tenant', coalesce(
    r.value ->> 'organization_id',
    case p_relation
      when 'public.organizations' then r.value ->> 'id'
      when 'public.profiles' then (
        select m.organization_id::text from public.organization_members m where m.user_id::text = r.value ->> 'id'
      )
    end
  ))), '[]') from jsonb_array_elements(p_rows) r;
$$;

-- Privileges of the API roles on a relation, columns included, beside those that probe.relation() tries.
create function probe.privileges(p_relation text) returns jsonb language sql as $$
  select coalesce(jsonb_agg(distinct concat_ws(' ', coalesce(r.rolname, 'public'), x.privilege_type, c.attname) order by concat_ws(' ', coalesce(r.rolname, 'public'), x.privilege_type, c.attname)), '[]')
  from (
    select relacl as acl, null as attname from pg_class where oid = p_relation::regclass
    union all
    select attacl, attname::text from pg_attribute where attrelid = p_relation::regclass and attacl is not null
  ) c
  cross join lateral aclexplode(c.acl) x
  left join pg_roles r on r.oid = x.grantee
  where r.rolname is distinct from current_user and r.rolname is distinct from 'postgres';
$$;

-- What the matrix says of a relation after a change that is undone.
create function probe.changed(p_change text, p_relation text) returns jsonb language plpgsql as $$
declare
  v_outcome jsonb;
begin
  execute p_change;
  v_outcome := jsonb_build_object('relation', probe.relation(p_relation), 'privileges', probe.privileges(p_relation));
  raise sqlstate 'ZZ998' using message = v_outcome::text;
exception when sqlstate 'ZZ998' then return sqlerrm::jsonb;
end $$;

-- {actor: x or -}: who may execute any function of the name.
create function probe.executes(p_name text) returns jsonb language sql as $$
  select jsonb_build_object(
    'anon', bool_or(has_function_privilege('anon', p.oid, 'execute')),
    'user', bool_or(has_function_privilege('authenticated', p.oid, 'execute')),
    'service', bool_or(has_function_privilege('service_role', p.oid, 'execute'))
  )
  from pg_proc p
  where p.pronamespace = split_part(p_name, '.', 1)::regnamespace and p.proname = split_part(p_name, '.', 2);
$$;

-- What probe.executes() says after a change (%s = the function, with its parameters) that is undone.
create function probe.executes_changed(p_name text, p_change text) returns jsonb language plpgsql as $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = split_part(p_name, '.', 1)::regnamespace and p.proname = split_part(p_name, '.', 2)
  loop
    execute format(p_change, v_function);
  end loop;
  raise sqlstate 'ZZ998' using message = probe.executes(p_name)::text;
exception when sqlstate 'ZZ998' then return sqlerrm::jsonb;
end $$;
`;

/** What every caller can do with a relation: actor → verb → outcome. */
export type Outcomes = Record<string, Record<string, string>>;

/** Puts the probe into the database. */
export async function installProbe(db: TestDatabase, actors: Actor[]): Promise<void> {
  await db.sql.unsafe(PROBE);
  for (const [place, actor] of actors.entries()) {
    await db.sql`
      insert into probe.actors values (${place}, ${actor.name}, ${actor.role},
        ${
      JSON.stringify({ role: actor.role, ...actor.claims })
    }::text::jsonb, ${actor.userId}, ${actor.organizationId})`;
  }
}

/** The line of the matrix for a relation. */
export async function probeRelation(sql: postgres.Sql, relation: string): Promise<Outcomes> {
  return (await sql`select probe.relation(${relation}) as line`)[0]?.line;
}

/** Privileges of roles other than the owner, as `role PRIVILEGE [column]`. */
export async function privilegesOf(sql: postgres.Sql, relation: string): Promise<string[]> {
  return (await sql`select probe.privileges(${relation}) as list`)[0]?.list;
}

/** Line and privileges after a change that is undone. */
export async function probeChanged(
  sql: postgres.Sql,
  change: string,
  relation: string,
): Promise<{ relation: Outcomes; privileges: string[] }> {
  return (await sql`select probe.changed(${change}, ${relation}) as outcome`)[0]?.outcome;
}

/** What a call gave, or why it was refused. */
export type CallOutcome = { ok: unknown } | { code: string; message: string; status?: number };

/** Evaluates a SQL expression as somebody, and undoes it. */
export async function probeCall(db: TestDatabase, actor: Actor, expression: string): Promise<CallOutcome> {
  const rows = await db.as(
    actor.role,
    actor.claims,
    (sql) => sql<{ outcome: CallOutcome }[]>`select probe.call(${expression}) as outcome`,
  );
  return rows[0]!.outcome;
}

/** Every table, view, sequence and foreign table of our schemas. */
export async function listRelations(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'engine', 'private') and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') order by 1`;
  return rows.map((row) => row.name);
}

/** The line of the table that a relation belongs to: partitions of a week share one. */
export function lineOf(relation: string): string {
  return relation.replace(/_\d{4}w\d{2}$/, "_<week>");
}
