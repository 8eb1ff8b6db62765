import { migrate, type MigrateOptions, parseOptions } from "../../supabase/tools/db_migrate.ts";
import { REPOSITORY } from "../../supabase/local/schema_files.ts";
import { type Migration, readMigrations } from "../../supabase/tools/_migration_files.ts";
import { runSupabaseCli } from "../../supabase/tools/_supabase_cli.ts";
import { withDatabase } from "../helpers/postgres.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../helpers/assert.ts";

const MIGRATIONS: Migration[] = [
  {
    version: "20260101000000",
    name: "a",
    text: "create table a (x int);",
    rollback: "-- x\n-- Loses data: 1\ndrop table a;",
  },
  { version: "20260102000000", name: "b", text: "create index b on a (x);", rollback: "drop index b;" },
  { version: "20260103000000", name: "c", text: "create view c as select 1 as y;", rollback: "drop view c;" },
];

/** Runs the command on a fresh database and returns what it said and which versions are applied then. */
function withMigrate(
  fn: (
    run: (options: Partial<MigrateOptions>, migrations?: Migration[]) => Promise<[string[], string[]]>,
  ) => Promise<void>,
): Promise<void> {
  return withDatabase(async (database) => {
    await fn(async (options, migrations = MIGRATIONS) => {
      const said: string[] = [];
      const base = { databaseUrl: database.url, dryRun: false, allowDataLoss: false };
      await migrate({ ...base, ...options }, migrations, (line) => said.push(line.replace(/ in \d+ ms$/, "")));
      const [table] = await database.sql`select to_regclass('supabase_migrations.schema_migrations') as name`;
      if (table?.name === null) return [said, []];
      const rows = await database.sql`select version from supabase_migrations.schema_migrations order by 1`;
      return [said, rows.map((row) => row.version.slice(6, 8))];
    });
  }, { content: "empty" });
}

Deno.test("migrate() applies what is pending, once", () =>
  withMigrate(async (run) => {
    assertEquals(await run({ to: "20260102000000" }), [
      ["applied 20260101000000_a.sql", "applied 20260102000000_b.sql"],
      ["01", "02"],
    ]);
    assertEquals(await run({}), [["applied 20260103000000_c.sql"], ["01", "02", "03"]]);
    assertEquals(await run({}), [["nothing to apply"], ["01", "02", "03"]]);
  }));

Deno.test("migrate() takes the newest migrations back and goes forward again", () =>
  withMigrate(async (run) => {
    await run({});
    assertEquals(await run({ down: 2 }), [
      ["rolled back 20260103000000_c.sql", "rolled back 20260102000000_b.sql"],
      ["01"],
    ]);
    assertEquals((await run({}))[1], ["01", "02", "03"]);
  }));

Deno.test("migrate() with dryRun changes nothing", () =>
  withMigrate(async (run) => {
    assertEquals(await run({ dryRun: true, to: "20260101000000" }), [["would apply 20260101000000_a.sql"], []]);
    await run({});
    assertEquals(await run({ dryRun: true, down: 1 }), [["would roll back 20260103000000_c.sql"], ["01", "02", "03"]]);
  }));

Deno.test("migrate() refuses a rollback that loses data until it is allowed", () =>
  withMigrate(async (run) => {
    await run({});
    await assertRejects(() => run({ down: 3 }), Error, "loses data");
    assertEquals((await run({ dryRun: true }))[1], ["01", "02", "03"]);
    assertEquals((await run({ down: 3, allowDataLoss: true }))[1], []);
  }));

Deno.test("migrate() leaves no trace of a migration that fails halfway", () =>
  withMigrate(async (run) => {
    const broken = { version: "20260104000000", name: "d", text: "create table d (); select 1/0;", rollback: null };
    await assertRejects(() => run({}, [...MIGRATIONS, broken]), Error, "division by zero");
    assertEquals((await run({}))[1], ["01", "02", "03"]);
    await run({}, [...MIGRATIONS, { ...broken, text: "create table d ();" }]);
  }));

Deno.test("migrate() refuses versions it does not know", () =>
  withMigrate(async (run) => {
    await assertRejects(() => run({ to: "20270101000000" }), Error, "no such migration");
    await run({});
    await assertRejects(() => run({ down: 1 }, MIGRATIONS.slice(0, 2)), Error, "does not have it");
    await assertRejects(
      () => run({ down: 1 }, MIGRATIONS.map((m) => ({ ...m, rollback: null }))),
      Error,
      "no rollback",
    );
  }));

Deno.test("migrate() and the Supabase CLI's db push keep one record", () =>
  withDatabase(async (database) => {
    const options = { databaseUrl: database.url, dryRun: false, allowDataLoss: false };
    const pushed = await runSupabaseCli(["db", "push", `--remote=${database.url}`, "--yes"], { cwd: REPOSITORY });
    assertEquals(pushed.code, 0, pushed.stderr);
    const migrations = await readMigrations();
    const said: string[] = [];
    await migrate(options, migrations, (line) => said.push(line));
    assertEquals(said, ["nothing to apply"]);
    await migrate({ ...options, down: migrations.length, allowDataLoss: true }, migrations, () => {});
    await migrate(options, migrations, () => {});
    const again = await runSupabaseCli(["db", "push", `--remote=${database.url}`, "--dry-run"], { cwd: REPOSITORY });
    assertStringIncludes(again.stdout + again.stderr, "up to date");
  }, { content: "empty" }));

Deno.test("parseOptions() says what is wrong", () => {
  assertEquals(parseOptions([], undefined), "No database: name it with --database-url or DATABASE_URL");
  assertEquals(parseOptions([], "mysql://x"), "The database's address must begin with postgresql://");
  assertEquals(parseOptions(["--down", "x"], "postgres://x"), "--down takes a whole number above 0");
  assertEquals(parseOptions(["--down", "1", "--to", "2"], "postgres://x"), "--to and --down exclude each other");
  assertEquals(typeof parseOptions(["--what"], "postgres://x"), "string");
  assertEquals(parseOptions(["--database-url", "postgresql://y", "--down", "2", "--dry-run"], undefined), {
    databaseUrl: "postgresql://y",
    down: 2,
    dryRun: true,
    allowDataLoss: false,
  });
});
