/**
 * Reads what a person wants to know of a schema out of the catalog.
 *
 * @module
 */
import type postgres from "postgres";
import { OUR_SCHEMAS } from "./_schema_diff.ts";

/** A table with all that hangs on it. */
export interface TableDoc {
  schema: string;
  name: string;
  comment: string | null;
  partitionedBy: string | null;
  unlogged: boolean;
  rls: boolean;
  columns: ColumnDoc[];
  /** Definitions, such as `primary key (id)`. */
  constraints: { name: string; definition: string }[];
  indexes: { name: string; definition: string }[];
  policies: { name: string; command: string; roles: string; using: string | null; check: string | null }[];
  triggers: { name: string; definition: string }[];
  /** `role: privileges`. */
  grants: string[];
  references: { columns: string[]; table: string }[];
}

/** A column. */
export interface ColumnDoc {
  name: string;
  type: string;
  nullable: boolean;
  key: boolean;
  default: string | null;
  comment: string | null;
}

/** A function. */
export interface FunctionDoc {
  schema: string;
  name: string;
  arguments: string;
  returns: string;
  definer: boolean;
  volatility: string;
  executableBy: string[];
  comment: string | null;
}

/** A schema as people read it. */
export interface SchemaDoc {
  schemas: { name: string; comment: string | null }[];
  tables: TableDoc[];
  functions: FunctionDoc[];
}

const TABLES = `
select n.nspname as schema, c.relname as name, obj_description(c.oid, 'pg_class') as comment,
  pg_get_partkeydef(c.oid) as "partitionedBy", c.relpersistence = 'u' as unlogged, c.relrowsecurity as rls,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'nullable', not a.attnotnull,
      'default', pg_get_expr(d.adbin, d.adrelid), 'comment', col_description(c.oid, a.attnum),
      'key', exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p' and a.attnum = any (k.conkey))
    ) order by a.attnum), '[]')
    from pg_attribute a left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select coalesce(jsonb_agg(jsonb_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid, true))
      order by array_position(array['p', 'u', 'f', 'c'], k.contype::text), k.conname), '[]')
    from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u', 'f', 'c')) as constraints,
  (select coalesce(jsonb_agg(jsonb_build_object('name', i.relname, 'definition', pg_get_indexdef(i.oid)) order by i.relname), '[]')
    from pg_index x join pg_class i on i.oid = x.indexrelid
    where x.indrelid = c.oid and not exists (select from pg_constraint k where k.conindid = i.oid)) as indexes,
  (select coalesce(jsonb_agg(jsonb_build_object('name', p.policyname, 'command', lower(p.cmd),
      'roles', array_to_string(p.roles, ', '), 'using', p.qual, 'check', p.with_check) order by p.policyname), '[]')
    from pg_policies p where p.schemaname = n.nspname and p.tablename = c.relname) as policies,
  (select coalesce(jsonb_agg(jsonb_build_object('name', t.tgname, 'definition', pg_get_triggerdef(t.oid, true)) order by t.tgname), '[]')
    from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal) as triggers,
  (select coalesce(jsonb_agg(g.line order by g.line), '[]') from (
      select coalesce(r.rolname, 'public') || ': ' || string_agg(lower(x.privilege_type), ', ' order by x.privilege_type) as line
      from aclexplode(c.relacl) x left join pg_roles r on r.oid = x.grantee
      where x.grantee <> c.relowner group by r.rolname) g) as grants,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'table', k.confrelid::regclass::text,
      'columns', (select jsonb_agg(a.attname order by array_position(k.conkey, a.attnum))
        from pg_attribute a where a.attrelid = c.oid and a.attnum = any (k.conkey))) order by k.conname), '[]')
    from pg_constraint k where k.conrelid = c.oid and k.contype = 'f') as references
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any ($1) and c.relkind in ('r', 'p') and not c.relispartition
order by array_position($1, n.nspname::text), c.relname`;

const FUNCTIONS = `
select n.nspname as schema, p.proname as name, pg_get_function_arguments(p.oid) as arguments,
  pg_get_function_result(p.oid) as returns, p.prosecdef as definer,
  case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
  (select coalesce(jsonb_agg(coalesce(r.rolname, 'public') order by r.rolname), '[]')
    from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x left join pg_roles r on r.oid = x.grantee
    where x.grantee <> p.proowner) as "executableBy",
  obj_description(p.oid, 'pg_proc') as comment
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = any ($1) and p.prokind = 'f'
order by array_position($1, n.nspname::text), p.proname, pg_get_function_arguments(p.oid)`;

/**
 * @param sql a connection that may read the catalog
 * @returns our schemas; partitions are left out, their parent says it all
 */
export async function readSchema(sql: postgres.Sql): Promise<SchemaDoc> {
  const schemas = [...OUR_SCHEMAS];
  return {
    schemas: [
      ...await sql<{ name: string; comment: string | null }[]>`
      select nspname as name, obj_description(oid, 'pg_namespace') as comment from pg_namespace
      where nspname = any (${schemas}) order by array_position(${schemas}, nspname::text)`,
    ],
    tables: [...await sql.unsafe<TableDoc[]>(TABLES, [schemas])],
    functions: [...await sql.unsafe<FunctionDoc[]>(FUNCTIONS, [schemas])],
  };
}
