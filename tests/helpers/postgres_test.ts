import { assert, assertEquals, assertRejects } from "./assert.ts";
import { withDatabase } from "./postgres.ts";

Deno.test("withDatabase() gives each test a database of its own", async () => {
  await withDatabase(async (db) => {
    await db.sql`create table public.marks (id integer)`;
  }, { content: "empty" });
  await withDatabase(async (db) => {
    const [row] = await db.sql`select to_regclass('public.marks') as found, current_setting('server_version_num') as v`;
    assertEquals(row?.found, null);
    assert(Number(row?.v) >= 170000);
  }, { content: "empty" });
});

Deno.test("as() acts with the role and the claims, as PostgREST would", () =>
  withDatabase(async (db) => {
    const user = await db.createUser("ada@example.com");
    const [row] = await db.as(
      "authenticated",
      user.claims,
      (sql) => sql`select current_user as role, auth.uid() as id, auth.role() as claimed, auth.email() as email`,
    );
    assertEquals({ ...row }, { role: "authenticated", id: user.id, claimed: "authenticated", email: user.email });
    await assertRejects(() => db.as("authenticated", user.claims, (sql) => sql`select * from auth.users`));
    const [after] = await db.sql`select current_user as role`;
    assertEquals(after?.role, "postgres");
  }, { content: "empty" }));

Deno.test("withDatabase() applies every file of sql/", () =>
  withDatabase(async (db) => {
    const [row] = await db.sql`select count(*)::int as tables from pg_tables where schemaname = 'public'`;
    assert((row?.tables ?? 0) > 0);
  }));
