import { assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { type TestDatabase, withDatabase } from "../../tests/helpers/postgres.ts";
import { applyMigrations, type Migration } from "./migrations.ts";
import { postgresExecutor } from "./sql_executor.ts";

const FIRST: Migration = { version: "20260101000000", name: "first", text: "create table public.a (id integer);" };
const SECOND: Migration = {
  version: "20260102000000",
  name: "second",
  text: "create table public.b (id integer); insert into public.b values (1);",
};

function test(name: string, fn: (db: TestDatabase) => Promise<void>): void {
  Deno.test(name, () => withDatabase(fn, { content: "empty" }));
}

test("applyMigrations() applies what is pending and records it as the CLI does", async ({ sql }) => {
  const executor = postgresExecutor(sql);
  assertEquals(await applyMigrations(executor, { migrations: [FIRST] }), [FIRST]);
  assertEquals(await applyMigrations(executor, { migrations: [FIRST, SECOND] }), [SECOND]);
  assertEquals(await applyMigrations(executor, { migrations: [FIRST, SECOND] }), []);
  const rows = await sql`select version, name, statements from supabase_migrations.schema_migrations order by 1`;
  assertEquals(rows.map((row) => ({ ...row })), [
    { version: FIRST.version, name: "first", statements: [FIRST.text] },
    { version: SECOND.version, name: "second", statements: [SECOND.text] },
  ]);
});

test("a migration that fails changes nothing, those before it stay", async ({ sql }) => {
  const broken = { ...SECOND, text: "create table public.b (id integer);\nselect 1 / 0;" };
  await assertRejects(
    () => applyMigrations(postgresExecutor(sql), { migrations: [FIRST, broken] }),
    Error,
    "Cannot apply migration 20260102000000_second: division by zero",
  );
  const [row] = await sql`select to_regclass('public.a') is not null as a, to_regclass('public.b') is not null as b`;
  assertEquals({ ...row }, { a: true, b: false });
  assertEquals((await sql`select 1 from supabase_migrations.schema_migrations`).length, 1);
});

test("several runners at once apply each migration once", async ({ sql }) => {
  const applied = await Promise.all(
    Array.from({ length: 4 }, () => applyMigrations(postgresExecutor(sql), { migrations: [FIRST, SECOND] })),
  );
  assertEquals(applied.flat().map((migration) => migration.name).sort(), ["first", "second"]);
});

test("applyMigrations() refuses a database of another history", async ({ sql }) => {
  const executor = postgresExecutor(sql);
  await applyMigrations(executor, { migrations: [SECOND] });
  await assertRejects(() => applyMigrations(executor, { migrations: [FIRST, SECOND] }), Error, "it is older than");
  await assertRejects(() => applyMigrations(executor, { migrations: [FIRST] }), Error, "the database has 20260102");
});
