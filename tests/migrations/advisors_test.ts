import { REPOSITORY } from "../../supabase/local/schema_files.ts";
import { readMigrations } from "../../supabase/tools/_migration_files.ts";
import { runSql, withScratchDatabase } from "../../supabase/tools/_scratch_database.ts";
import { runSupabaseCli } from "../../supabase/tools/_supabase_cli.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { assertEquals } from "../helpers/assert.ts";

/** One finding of `supabase db advisors`. */
interface Finding {
  name: string;
  level: string;
  detail: string;
  /** Names the lint and the object, the same in every run. */
  cacheKey: string;
}

/** The warnings and errors that the CLI's own advisors (splinter) report for a database. */
async function advise(database: TestDatabase): Promise<Finding[]> {
  const { code, stdout, stderr } = await runSupabaseCli([
    "db",
    "advisors",
    `--remote=${database.url}`,
    "--level=warn",
    "--output-format=json",
  ]);
  if (code !== 0) throw new Error(`supabase db advisors failed: ${stderr}${stdout}`);
  return JSON.parse(stdout.slice(stdout.indexOf("{"))).results;
}

Deno.test("supabase db advisors reports nothing that docs/security.md does not argue", async () => {
  const argued = await Deno.readTextFile(new URL("docs/security.md", REPOSITORY)).catch(() => "");
  await withScratchDatabase(async (database) => {
    await runSql(database, (await readMigrations()).map(({ name, text }) => ({ path: name, text })));
    await database.sql`select engine.ensure_partitions()`;
    const open = (await advise(database)).filter((finding) => !argued.includes(`\`${finding.cacheKey}\``));
    assertEquals(open.map(({ cacheKey, detail }) => `${cacheKey}: ${detail}`), []);
  });
});

Deno.test("supabase db advisors sees a table without row level security", async () => {
  await withScratchDatabase(async (database) => {
    await runSql(database, [{
      path: "careless",
      text: "create table public.careless (id int primary key); grant select on public.careless to anon;",
    }]);
    assertEquals((await advise(database)).map(({ name, level }) => [name, level]), [[
      "rls_disabled_in_public",
      "ERROR",
    ]]);
  });
});
