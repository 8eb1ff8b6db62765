import type postgres from "postgres";
import { readSqlFiles, REPOSITORY } from "../../supabase/local/schema_files.ts";
import { makeMigration } from "../../supabase/tools/_make_migration.ts";
import { fileName, type Migration, readMigrations } from "../../supabase/tools/_migration_files.ts";
import {
  GRANT_BY_DEFAULT,
  type NamedSql,
  REWRITE_EXPRESSIONS,
  runSql,
  withScratchDatabase,
} from "../../supabase/tools/_scratch_database.ts";
import { assertEquals, assertNotEquals, assertStringIncludes } from "../helpers/assert.ts";
import { catalogSnapshot } from "./_catalog_snapshot.ts";
import { insertSampleData, readAllRows } from "./_sample_data.ts";

const migrations = await readMigrations();
const files = await readSqlFiles(new URL("sql/", REPOSITORY));

const up = (migration: Migration): NamedSql => ({ path: fileName(migration), text: migration.text });
const down = (migration: Migration): NamedSql => ({
  path: `rollbacks/${fileName(migration)}`,
  text: migration.rollback ?? "",
});

/** The schema and the seeded rows, as text. */
async function stateOf(sql: postgres.Sql): Promise<string> {
  const rows = await readAllRows(sql);
  return [
    ...Object.entries(await catalogSnapshot(sql)).flatMap(([kind, lines]) => [`== ${kind}`, ...lines]),
    ...Object.entries(rows)
      // What a migration changes in a table that is in use is in the log, and it is another change each time.
      .filter(([table]) => table !== "public.audit_events")
      .flatMap(([table, lines]) => [`== rows of ${table}`, ...lines]),
  ].join("\n");
}

/** The state of a database that runs these texts. */
async function stateAfter(texts: NamedSql[]): Promise<string> {
  return await withScratchDatabase(async (database) => {
    await runSql(database, texts);
    return await stateOf(database.sql);
  });
}

async function stateOfSql(): Promise<string> {
  return await stateAfter([...files, { path: "rewriting expressions", text: REWRITE_EXPRESSIONS }]);
}

Deno.test("migrations give exactly the schema and the rows of sql/", async () => {
  assertEquals(await stateAfter(migrations.map(up)), await stateOfSql(), "Run deno task db:diff NAME");
});

Deno.test("migrations grant no more on a project that grants every new object by default", async () => {
  const legacy = { path: "grant by default", text: GRANT_BY_DEFAULT };
  assertEquals(await stateAfter([legacy, ...migrations.map(up)]), await stateOfSql());
});

Deno.test("migrations run for a role that is no superuser, as on a hosted project, and back", async () => {
  await withScratchDatabase(async (database) => {
    const role = `hosted_${database.name.slice(-12)}`;
    // What the role `postgres` may do there: https://supabase.com/docs/guides/database/postgres/roles-superuser
    await database.sql.unsafe(`
      create role ${role} nosuperuser createrole createdb bypassrls;
      alter database ${database.name} owner to ${role};
      grant usage, create on schema extensions to ${role};
      grant usage on schema auth, cron, net, realtime to ${role} with grant option;
      grant supabase_realtime_admin, supabase_storage_admin to ${role};
      grant usage on schema storage to ${role};
      grant all on all tables in schema storage to ${role} with grant option;
      grant all on all tables in schema auth, cron, net to ${role};
      grant all on all functions in schema auth, cron, net to ${role};
      grant all on all sequences in schema cron, net to ${role};
      grant anon, authenticated, service_role to ${role};
    `).simple();
    try {
      const as = (sql: NamedSql): NamedSql => ({ ...sql, text: `set local role ${role};\n${sql.text}` });
      await runSql(database, migrations.map(up).map(as));
      await insertSampleData(database.sql);
      await runSql(database, [as({ path: "configure", text: "select engine.configure('https://example.com');" })]);
      await runSql(database, [{ path: "tick", text: "set local role service_role; select engine.tick();" }]);
      await runSql(database, migrations.toReversed().map(down).map(as));
    } finally {
      await database.sql.unsafe(`drop owned by ${role} cascade`).catch(() => {});
      await database.sql.unsafe(`alter database ${database.name} owner to postgres`);
      await database.sql.unsafe(`drop role ${role}`).catch(() => {});
    }
  });
});

Deno.test("migrations come back to the same schema: up, down, up", async () => {
  await withScratchDatabase(async (database) => {
    const states: string[] = [await stateOf(database.sql)];
    for (const migration of migrations) {
      await runSql(database, [up(migration)]);
      states.push(await stateOf(database.sql));
    }
    for (const [index, migration] of [...migrations.entries()].reverse()) {
      await runSql(database, [down(migration)]);
      assertEquals(await stateOf(database.sql), states[index], `after the rollback of ${fileName(migration)}`);
    }
    await runSql(database, migrations.map(up));
    assertEquals(await stateOf(database.sql), states.at(-1));
  });
});

Deno.test("migrations lose no row of a database with data", async () => {
  await withScratchDatabase(async (database) => {
    const [first, ...later] = migrations;
    await runSql(database, [up(first!)]);
    await insertSampleData(database.sql);
    const before = await readAllRows(database.sql);
    await runSql(database, later.map(up));
    assertRowsKept(before, await readAllRows(database.sql));
  });
});

Deno.test("makeMigration() writes a migration that keeps the rows, and a rollback that keeps them too", async () => {
  const changed = [...files, {
    path: "99_future/010_change.sql",
    text: `
      alter table public.flows add column color text not null default 'blue' check (color <> '');
      create table private.notes (id uuid primary key default private.uuid_v7(), flow_id uuid references public.flows (id));
      alter table private.notes enable row level security;
      revoke all on table private.notes from public, anon, authenticated, service_role;
      create index flows_color_idx on public.flows (color);
      create index runs_status_idx on public.runs (status);
      create function private.color_of(p_flow_id uuid) returns text language sql stable set search_path = ''
        as $$ select f.color from public.flows f where f.id = p_flow_id $$;
      revoke all on function private.color_of(uuid) from public, anon, authenticated, service_role;
      comment on column public.flows.color is 'A colour.';`,
  }];
  const draft = await makeMigration({ migrations, files: changed });
  assertEquals(draft?.losses, []);
  await withScratchDatabase(async (database) => {
    await runSql(database, migrations.map(up));
    await insertSampleData(database.sql);
    const before = await readAllRows(database.sql);
    const schema = await catalogSnapshot(database.sql);
    await runSql(database, [{ path: "forward", text: draft!.forward }]);
    assertRowsKept(before, await readAllRows(database.sql));
    assertNotEquals(await catalogSnapshot(database.sql), schema);
    await runSql(database, [{ path: "rollback", text: draft!.rollback }]);
    assertEquals(await readAllRows(database.sql), before);
    assertEquals(await catalogSnapshot(database.sql), schema);
  });
});

Deno.test("makeMigration() says what would be lost", async () => {
  const changed = [...files, {
    path: "99_future/010_drop.sql",
    text: "alter table public.webhook_endpoints drop column last_rejection;",
  }];
  const draft = await makeMigration({ migrations, files: changed }).catch((error: Error) => error);
  assertEquals(draft instanceof Error ? draft.message : draft?.losses, [
    'alter table "public"."webhook_endpoints"\n  drop column "last_rejection";',
  ]);
});

Deno.test("makeMigration() keeps the values of a renamed column when renames are asked for", async () => {
  const changed = [...files, {
    path: "99_future/010_rename.sql",
    text: "alter table public.flows rename column description to summary;",
  }];
  const draft = await makeMigration({ migrations, files: changed, renames: true });
  assertEquals(draft?.losses, []);
  assertStringIncludes(draft!.forward, 'RENAME column "description" to "summary"');
});

Deno.test("makeMigration() carries a changed seed and takes it back", async () => {
  const changed = files.map((file) =>
    file.path === "10_tenancy/011_plans_seed.sql"
      ? { ...file, text: file.text.replace("'Free', 300", "'Free', 301") }
      : file
  );
  const draft = await makeMigration({ migrations, files: changed });
  await withScratchDatabase(async (database) => {
    const limit = async () =>
      (await database.sql`select requests_per_minute as value from public.plans where id = 'free'`)[0]?.value;
    await runSql(database, migrations.map(up));
    await runSql(database, [{ path: "forward", text: draft!.forward }]);
    assertEquals(await limit(), 301);
    await runSql(database, [{ path: "rollback", text: draft!.rollback }]);
    assertEquals(await limit(), 300);
  });
});

/** Every row there was is still there, with the values it had; new columns and rows may have come. */
function assertRowsKept(before: Record<string, string[]>, after: Record<string, string[]>): void {
  for (const [table, rows] of Object.entries(before)) {
    const kept = (after[table] ?? []).map((row) => JSON.parse(row) as Record<string, unknown>);
    for (const row of rows) {
      const old = Object.entries(JSON.parse(row) as Record<string, unknown>);
      const found = kept.some((next) =>
        old.every(([column, value]) => JSON.stringify(next[column]) === JSON.stringify(value))
      );
      assertEquals(found, true, `${table} lost ${row}`);
    }
  }
}
