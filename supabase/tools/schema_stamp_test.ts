import { assert, assertEquals, assertThrows } from "../../tests/helpers/assert.ts";
import { REQUIRED_SCHEMA } from "../../shared/db/mod.ts";
import { readSqlFiles, REPOSITORY } from "../local/schema_files.ts";
import { readMigrations } from "./_migration_files.ts";
import { SQL_STAMP, stampedFiles, writeStamps } from "./_schema_stamp.ts";

/** What sql/ says. */
async function told(): Promise<{ version: string; serves_from: string }> {
  const text = await Deno.readTextFile(new URL(`sql/${SQL_STAMP}`, REPOSITORY));
  return JSON.parse(/'(\{.*\})'::jsonb/.exec(text)?.[1] ?? "");
}

Deno.test("functions need, and sql/ tells, the newest migration", async () => {
  const newest = (await readMigrations()).at(-1)?.version;
  const { version, serves_from } = await told();
  assertEquals([REQUIRED_SCHEMA, version], [newest, newest]);
  assert(serves_from <= version, serves_from);
  assert(
    (await readMigrations()).some((migration) => migration.version === serves_from),
    "no migration of this version",
  );
});

Deno.test("a migration that is made carries its own version, in sql/ and in the functions", async () => {
  const files = await readSqlFiles(new URL("sql/", REPOSITORY));
  const stamped = stampedFiles(files, "20301231235959");
  const changed = stamped.filter((file, index) => file.text !== files[index]?.text);
  assertEquals(changed.map(({ path }) => path), [SQL_STAMP]);
  assert(changed[0]?.text.includes('"version": "20301231235959"'));
  assertThrows(() => stampedFiles([], "20301231235959"), Error, "missing");

  const root = new URL(`file://${await Deno.makeTempDir()}/`);
  try {
    for (const path of [`sql/${SQL_STAMP}`, "shared/db/schema_version.ts"]) {
      await Deno.mkdir(new URL(".", new URL(path, root)), { recursive: true });
      await Deno.copyFile(new URL(path, REPOSITORY), new URL(path, root));
    }
    await writeStamps("20301231235959", root);
    const text = await Deno.readTextFile(new URL("shared/db/schema_version.ts", root));
    assert(text.includes('REQUIRED_SCHEMA = "20301231235959"'));
    assert(text.includes('BEFORE_IT_WAS_TOLD = "20261121090449"'));
    assert((await Deno.readTextFile(new URL(`sql/${SQL_STAMP}`, root))).includes('"version": "20301231235959"'));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
