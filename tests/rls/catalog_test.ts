import type postgres from "postgres";
import { assert, assertEquals } from "../helpers/assert.ts";
import { withDatabase } from "../helpers/postgres.ts";

/** Rules that every object of our schemas keeps: a query that finds those which do not. */
const RULES: Record<string, string> = {
  "every table has row level security": `
    select name from tables where not rls`,
  "every table has a comment": `
    select name from tables where coalesce(obj_description(oid, 'pg_class'), '') = ''`,
  "every column has a comment (partitions have their parent's)": `
    select t.name || '.' || a.attname as name from tables t join pg_attribute a on a.attrelid = t.oid
    where a.attnum > 0 and not a.attisdropped and not t.is_partition and coalesce(col_description(t.oid, a.attnum), '') = ''`,
  "every function has a comment": `
    select name from functions where coalesce(obj_description(oid, 'pg_proc'), '') = ''`,
  "every function has an empty search_path": `
    select name from functions where not coalesce('search_path=""' = any (config), false)`,
  "nothing is granted to public": `
    select t.name from tables t, aclexplode(t.acl) x where x.grantee = 0
    union all select f.name from functions f, aclexplode(coalesce(f.acl, acldefault('f', f.owner))) x where x.grantee = 0
    union all select nspname from pg_namespace, aclexplode(nspacl) x where nspname in ('engine', 'private') and x.grantee = 0`,
  "nobody may pass a grant on": `
    select t.name from tables t, aclexplode(t.acl) x where x.is_grantable and x.grantee <> t.owner
    union all select f.name from functions f, aclexplode(f.acl) x where x.is_grantable and x.grantee <> f.owner`,
  "all belongs to one owner, whom no API role is a member of": `
    select name from tables where owner <> (select owner from functions limit 1)
    union all select name from functions where owner <> (select owner from functions limit 1)
    union all select r.rolname from pg_roles r where r.rolname in ('anon', 'authenticated', 'service_role')
      and pg_has_role(r.oid, (select owner from functions limit 1), 'member')`,
  "policies name the API roles they are for": `
    select p.polname::text as name from pg_policy p join tables t on t.oid = p.polrelid
    where p.polroles = '{0}' or 'service_role'::regrole = any (p.polroles)`,
  "views act as their caller": `
    select c.relname::text as name from pg_class c where c.relkind in ('v', 'm')
      and c.relnamespace in ('public'::regnamespace, 'engine'::regnamespace, 'private'::regnamespace)
      and not coalesce('security_invoker=true' = any (c.reloptions), false)`,
  "append-only triggers also fire for replicating sessions": `
    select t.tgname::text as name from pg_trigger t where t.tgfoid = 'private.refuse_change()'::regprocedure and t.tgenabled <> 'A'`,
  "every foreign key has an index that it can use": `
    select c.conname::text as name from pg_constraint c join tables t on t.oid = c.conrelid
    where c.contype = 'f' and c.conparentid = 0 and not exists (
      select from pg_index i where i.indrelid = c.conrelid and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
    )`,
};

const CATALOG = `
  with tables as (
    select c.oid, format('%I.%I', n.nspname, c.relname) as name, c.relrowsecurity as rls, c.relacl as acl, c.relowner as owner,
      c.relispartition as is_partition
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'engine', 'private') and c.relkind in ('r', 'p')
  ),
  functions as (
    select p.oid, p.oid::regprocedure::text as name, p.proconfig as config, p.proacl as acl, p.proowner as owner
    from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'engine'::regnamespace, 'private'::regnamespace)
  )`;

/** Careless objects: each breaks the rule that is named. */
const CARELESS: Record<string, string> = {
  "every table has row level security": "create table public.careless (id integer)",
  "every table has a comment": "comment on table public.flows is null",
  "every column has a comment (partitions have their parent's)": "alter table public.flows add column careless integer",
  "every function has a comment": "comment on function private.now() is null",
  "every function has an empty search_path": "alter function private.now() set search_path = public",
  "nothing is granted to public": "create function public.careless() returns integer language sql as 'select 1'",
  "nobody may pass a grant on": "grant select on public.plans to anon with grant option",
  "all belongs to one owner, whom no API role is a member of": "alter table public.plans owner to service_role",
  "policies name the API roles they are for": "create policy careless on public.flows using (true)",
  "views act as their caller": "create view public.careless as select * from public.flows",
  "append-only triggers also fire for replicating sessions": "alter table public.run_steps enable trigger append_only",
  "every foreign key has an index that it can use": "drop index public.flows_created_by_idx",
};

async function findings(sql: postgres.Sql | postgres.TransactionSql, rule: string): Promise<string[]> {
  const rows = await sql.unsafe<{ name: string }[]>(`${CATALOG} ${RULES[rule]}`);
  return rows.map((row) => row.name);
}

Deno.test("rules that every object of the schema keeps", async (test) => {
  await withDatabase(async (db) => {
    await db.sql`select engine.ensure_partitions(1)`;
    for (const rule of Object.keys(RULES)) {
      await test.step(rule, async () => {
        assertEquals(await findings(db.sql, rule), []);
        const careless = await db.sql.begin(async (sql) => {
          await sql.unsafe(CARELESS[rule]!);
          const found = await findings(sql, rule);
          throw Object.assign(new Error("undo"), { found });
        }).catch((error) => error);
        assert(careless.found?.length > 0, `the rule does not notice: ${CARELESS[rule]} (${careless.message})`);
      });
    }
  });
});
