/**
 * Throw-away databases for the tools, on the Postgres that the tests use.
 *
 * @module
 */
import postgres from "postgres";
import { createDatabase, type TestDatabase } from "../../tests/helpers/postgres.ts";

/** What is run in a scratch database, in order. */
export interface NamedSql {
  /** For messages: the file's path. */
  path: string;
  text: string;
}

/**
 * Older hosted projects grant every new object to the API roles by default. Scratch databases that a diff starts from
 * do the same, so that migrations revoke what they must even there.
 */
export const GRANT_BY_DEFAULT = `
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
`;

/**
 * Writes triggers, policies and views anew from what Postgres says of them. Some expressions come back from the catalog in
 * another shape than they went in (`(a, b) is distinct from (c, d)` becomes a chain of `or`), and once more changed when
 * that is read again: only after this round do two databases with the same meaning have the same text.
 */
export const REWRITE_EXPRESSIONS = `
do $$
declare
  v record;
begin
  for v in
    select t.tgrelid::regclass as relation, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) as definition
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where not t.tgisinternal and t.tgparentid = 0 and t.tgconstraint = 0 and t.tgqual is not null
      and c.relnamespace in ('public'::regnamespace, 'engine'::regnamespace, 'private'::regnamespace)
  loop
    execute replace(v.definition, 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER');
    execute format('alter table %s enable %s trigger %I', v.relation,
      case v.tgenabled when 'A' then 'always' when 'R' then 'replica' else '' end, v.tgname);
  end loop;
  for v in
    select p.polrelid::regclass as relation, p.polname,
      coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', '') ||
        coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') as expressions
    from pg_policy p join pg_class c on c.oid = p.polrelid
    where c.relnamespace in ('public'::regnamespace, 'engine'::regnamespace, 'private'::regnamespace)
  loop
    execute format('alter policy %I on %s %s', v.polname, v.relation, v.expressions);
  end loop;
  for v in
    select c.oid::regclass as relation, pg_get_viewdef(c.oid) as definition,
      coalesce('with (' || array_to_string(c.reloptions, ', ') || ')', '') as options
    from pg_class c
    where c.relkind = 'v' and c.relnamespace in ('public'::regnamespace, 'engine'::regnamespace, 'private'::regnamespace)
  loop
    execute format('create or replace view %s %s as %s', v.relation, v.options, v.definition);
  end loop;
end
$$;
`;

/** Runs `fn` with a database that holds only what Supabase gives every project, then drops it. */
export async function withScratchDatabase<T>(fn: (database: TestDatabase) => Promise<T>): Promise<T> {
  const database = await createDatabase({ content: "empty", connections: 1 });
  try {
    return await fn(database);
  } finally {
    await database.drop();
  }
}

/**
 * Runs SQL texts one after the other, each in a transaction of its own.
 *
 * @throws {Error} naming the file and line of the statement that failed
 */
export async function runSql(database: Pick<TestDatabase, "sql">, files: NamedSql[]): Promise<void> {
  for (const { path, text } of files) {
    try {
      await database.sql.begin((transaction) => transaction.unsafe(text).simple());
    } catch (error) {
      if (!(error instanceof postgres.PostgresError)) throw error;
      const line = error.position ? text.slice(0, Number(error.position)).split("\n").length : 1;
      throw new Error(`${path}:${line}: ${error.message}`, { cause: error });
    }
  }
}
