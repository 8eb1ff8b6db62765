/**
 * Everything that can be seen of a schema in the catalog, as text: two databases with the same snapshot are the same to
 * every query, role and tool. Written without pg-delta on purpose, because it checks what pg-delta made.
 *
 * @module
 */
import type postgres from "postgres";

/** What is compared, each as a query that gives one text column. `$1` holds our schemas. */
const QUERIES: Readonly<Record<string, string>> = {
  schemas: `
    select format('%s %s %s', n.nspname, n.nspacl::text, obj_description(n.oid, 'pg_namespace'))
    from pg_namespace n where n.nspname = any ($1) and n.nspname <> 'public'`,
  extensions: `select extname::text from pg_extension`,
  relations: `
    select format('%s kind %s persistence %s rls %s forced %s options %s acl %s partition of %s %s replica %s: %s',
      c.oid::regclass, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,
      (select string_agg(o, ' ' order by o) from unnest(c.reloptions) o),
      (select string_agg(a::text, ' ' order by a::text) from unnest(coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))) a
        where c.relkind <> 'i'),
      (select i.inhparent::regclass from pg_inherits i where i.inhrelid = c.oid),
      pg_get_expr(c.relpartbound, c.oid), c.relreplident, obj_description(c.oid, 'pg_class'))
    from pg_class c where c.relnamespace::regnamespace::text = any ($1)`,
  columns: `
    select format('%s %s %s %s not null %s default %s generated %s identity %s acl %s: %s',
      a.attrelid::regclass, row_number() over (partition by a.attrelid order by a.attnum), a.attname,
      format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attgenerated,
      a.attidentity, a.attacl::text, col_description(a.attrelid, a.attnum))
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relnamespace::regnamespace::text = any ($1) and a.attnum > 0 and not a.attisdropped`,
  constraints: `
    select format('%s on %s: %s valid %s: %s', conname, coalesce(nullif(conrelid, 0)::regclass::text, contypid::regtype::text),
      pg_get_constraintdef(oid), convalidated, obj_description(oid, 'pg_constraint'))
    from pg_constraint where connamespace::regnamespace::text = any ($1)`,
  indexes: `
    select format('%s valid %s parent %s', pg_get_indexdef(i.indexrelid), i.indisvalid and i.indisready,
      (select h.inhparent::regclass from pg_inherits h where h.inhrelid = i.indexrelid))
    from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace::regnamespace::text = any ($1)`,
  triggers: `
    select format('%s enabled %s internal %s: %s', pg_get_triggerdef(t.oid, true), t.tgenabled, t.tgisinternal,
      obj_description(t.oid, 'pg_trigger'))
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where c.relnamespace::regnamespace::text = any ($1) and not t.tgisinternal`,
  policies: `
    select format('%s %s %s %s %s using %s check %s: %s', schemaname, tablename, policyname, permissive, roles::text || cmd,
      qual, with_check, obj_description(p.oid, 'pg_policy'))
    from pg_policies v join pg_policy p on p.polname = v.policyname
      and p.polrelid = format('%I.%I', v.schemaname, v.tablename)::regclass
    where schemaname = any ($1)`,
  functions: `
    select format('%s acl %s: %s', pg_get_functiondef(p.oid),
      (select string_agg(a::text, ' ' order by a::text) from unnest(coalesce(p.proacl, acldefault('f', p.proowner))) a),
      obj_description(p.oid, 'pg_proc'))
    from pg_proc p where p.pronamespace::regnamespace::text = any ($1) and p.prokind in ('f', 'p')`,
  types: `
    select format('%s %s', t.oid::regtype, t.typtype) from pg_type t
    where t.typnamespace::regnamespace::text = any ($1) and t.typtype in ('e', 'd', 'r')`,
};

/** Which parts of a snapshot are wanted. */
export interface SnapshotOptions {
  /** Schemas to look at. Default: ours. */
  schemas?: string[];
}

/**
 * @param sql a connection of the superuser
 * @returns sorted lines by kind of object
 */
export async function catalogSnapshot(
  sql: postgres.Sql,
  { schemas = ["public", "engine", "private"] }: SnapshotOptions = {},
): Promise<Record<string, string[]>> {
  const snapshot: Record<string, string[]> = {};
  for (const [kind, query] of Object.entries(QUERIES)) {
    const parameters = query.includes("$1") ? [schemas] : [];
    const rows = await sql.unsafe(query, parameters).values();
    snapshot[kind] = rows.map((row) => String(row[0])).sort();
  }
  return snapshot;
}
