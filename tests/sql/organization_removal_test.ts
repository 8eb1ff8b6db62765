/**
 * What becomes of an organization that was deleted: nothing of it is left in any table, and nothing of the others is gone.
 *
 * @module
 */
import type postgres from "postgres";
import { assert, assertEquals } from "../helpers/assert.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import { readAllRows } from "../migrations/_sample_data.ts";
import { prepareCast } from "../rls/_actors.ts";
import { assertFails, createTenant, rpc, service } from "./_world.ts";

/**
 * Tables without organization_id, whose rows are no tenant's or go in another way. A new table has to be put here, get
 * the column, refer to a tenant's row, or be named in private.tenant_relations.
 */
const OF_NO_TENANT: Readonly<Record<string, string>> = {
  "public.organizations": "goes last, by itself",
  "public.plan_prices": "the platform's",
  "public.plans": "the platform's",
  "public.profiles": "people, who may be in several organizations",
  "private.role_permissions": "the platform's",
  "private.cache_usage": "counts requests by operation",
  "private.model_prices": "the platform's",
  "private.mail_pace": "the platform's; names whose turn it was last",
  "private.mail_templates": "the platform's",
  "private.settings": "the platform's",
  "private.rate_limits": "forgets by itself within a quarter of an hour",
  "private.rate_limit_overrides": "names what it limits as text; an operator's",
  "private.ip_blocks": "addresses",
  "private.flags": "the platform's",
  "private.audit_keys": "the platform's",
  "private.audit_turns": "says what was logged lately, and forgets it",
  "private.audit_seal_state": "the platform's",
  "private.audit_sealed_ahead": "ids of the log that the sealer forgets",
  "private.job_clock": "the platform's",
  "private.job_leases": "the removal waits for those of the tenant to end",
  "private.next_discovery": "the platform's",
  "private.partition_changes": "ids that a rewrite under way needs, and forgets",
  "private.partition_rewrites": "the platform's",
  "private.run_stats_state": "the platform's",
  "private.system_alerts": "the platform's",
  "private.system_task_runs": "the platform's",
  "private.system_tasks": "the platform's",
  "private.worker_wakes": "the platform's",
  "private.workers": "the platform's",
  "private.organization_removals": "what is left of a tenant: its id",
};

async function uncovered(sql: postgres.Sql | postgres.TransactionSql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    with recursive covered as (
      select coalesce(pg_partition_root(t.relation), t.relation)::oid as id from private.tenant_relations() t
      union
      select k.conrelid from covered c
      join pg_constraint k on k.confrelid = c.id and k.contype = 'f' and k.confdeltype = 'c'
    )
    select format('%s.%s', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'private', 'engine') and c.relkind in ('r', 'p') and not c.relispartition
      and c.oid not in (select id from covered)
    order by 1`;
  return rows.map(({ name }) => name);
}

Deno.test("every table is a tenant's, which the removal empties, or is known to be nobody's", async () => {
  await withDatabase(async (db) => {
    assertEquals((await uncovered(db.sql)).filter((name) => !(name in OF_NO_TENANT)), []);
    // Whatever carries the column is found, without anybody saying so.
    await db.sql.begin(async (sql) => {
      await sql`create table private.forgotten (organization_id uuid)`;
      await sql`create table private.careless (tenant uuid)`;
      const names = await uncovered(sql);
      assertEquals([names.includes("private.forgotten"), names.includes("private.careless")], [false, true]);
      throw new Error("undo");
    }).catch((error) => assertEquals(error.message, "undo"));
  });
});

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Ids that belong to a tenant: its own, and of every row that carries it. People are not among them. */
async function idsOf(db: TestDatabase, organizationId: string, rows: Record<string, string[]>): Promise<Set<string>> {
  const people = await db.sql`select id from auth.users`;
  const ids = new Set([organizationId]);
  for (const texts of Object.values(rows)) {
    for (const text of texts) {
      const row = JSON.parse(text);
      if (row.organization_id === organizationId && typeof row.id === "string") ids.add(row.id);
    }
  }
  for (const { id } of people) ids.delete(id);
  return ids;
}

function mentions(text: string, ids: Set<string>): boolean {
  return text.match(UUID)?.some((id) => ids.has(id)) ?? false;
}

/** Tables that name ids of the tenant for a while: see above. */
const MAY_MENTION = new Set([
  "private.organization_removals",
  "private.partition_changes",
  "private.rate_limits",
  "private.audit_sealed_ahead",
  "private.audit_turns",
  // An operator's words.
  "private.ip_blocks",
]);

Deno.test("the removal leaves nothing of the tenant and all of the others, however often it is interrupted", async () => {
  await withDatabase(async (db) => {
    const { a, actors } = await prepareCast(db);
    const owner = actors.find(({ name }) => name === "owner")!;
    const user = { id: owner.userId!, email: "", claims: owner.claims };
    const args = { p_organization_id: a.organization };
    assertEquals(await service(db, "organizations_to_remove"), []);
    await assertFails(service(db, "remove_organization", args), "conflict", 409);
    await rpc(db, user, "delete_organization", args);
    await assertFails(service(db, "remove_organization", args), "conflict", 409);
    await db.sql`update public.organizations set deletes_at = now() - interval '1 second' where id = ${a.organization}`;
    assertEquals(await service(db, "organizations_to_remove"), [a.organization]);
    await assertFails(rpc(db, user, "restore_organization", args), "conflict", 409);

    const before = await readAllRows(db.sql);
    const ids = await idsOf(db, a.organization, before);
    assert(ids.size > 30, `only ${ids.size} ids`);
    const filled = Object.entries(before).filter(([, rows]) => rows.some((row) => mentions(row, ids))).length;
    assert(filled > 40, `only ${filled} tables name the tenant`);

    // Killed in the middle of a batch: nothing of that batch is done.
    await db.sql.begin(async (sql) => {
      await sql`select engine.remove_organization(${a.organization}, 10)`;
      throw new Error("killed");
    }).catch((error) => assertEquals(error.message, "killed"));
    assertEquals(await readAllRows(db.sql), before);

    let batches = 0;
    let waited = 0;
    for (;;) {
      const batch = await service<{ removed: number; done: boolean; waits_for?: string }>(db, "remove_organization", {
        ...args,
        p_limit: 7,
      });
      assert(batch.removed <= 7 && ++batches < 1_000);
      if (batch.waits_for === "workers") {
        assert(++waited === 1);
        await db.sql`delete from private.job_leases where ${a.organization} = any (organization_ids)`;
      }
      if (batch.done) break;
    }
    assert(waited === 1 && batches > 10);

    const after = await readAllRows(db.sql);
    const left = Object.entries(after).flatMap(([table, rows]) =>
      MAY_MENTION.has(table)
        ? []
        : rows.filter((row) => mentions(row, ids)).map((row) => `${table}: ${row.slice(0, 200)}`)
    );
    assertEquals(left, []);
    const gone = Object.entries(before).flatMap(([table, rows]) => {
      const kept = new Set(after[table]);
      return MAY_MENTION.has(table) ? [] : rows.filter((row) => !mentions(row, ids) && !kept.has(row))
        .map((row) => `${table}: ${row.slice(0, 200)}`);
    });
    assertEquals(gone, []);
    const [removal] = await db.sql`
      select finished_at is not null as finished, removed_rows::int as rows from private.organization_removals
      where organization_id = ${a.organization}`;
    assert(removal?.finished && removal.rows > 50);
    assertEquals(await service(db, "organizations_to_remove"), []);
  });
});

Deno.test("objects in Storage go before the organization does, and only its own", async () => {
  await withDatabase(async (db) => {
    const [ada, bob] = [await createTenant(db), await createTenant(db)];
    const args = { p_organization_id: ada.organizationId };
    await db.sql`insert into storage.buckets (id, name) values ('other', 'other')`;
    await db.sql`
      insert into storage.objects (bucket_id, name) values
        ('run-data', ${`${ada.organizationId}/b.json`}), ('run-archives', ${`${ada.organizationId}/2026/1.gz`}),
        ('other', ${`${ada.organizationId}/c`}), ('run-data', ${`${bob.organizationId}/b.json`}),
        ('run-data', ${`${ada.organizationId}-x/b.json`}), ('run-data', ${`x/${ada.organizationId}/b.json`})`;
    assertEquals(await service(db, "list_organization_objects", args), [
      { bucket: "run-archives", path: `${ada.organizationId}/2026/1.gz` },
      { bucket: "run-data", path: `${ada.organizationId}/b.json` },
    ]);
    assertEquals(await service(db, "list_organization_objects", { ...args, p_limit: 1 }), [
      { bucket: "run-archives", path: `${ada.organizationId}/2026/1.gz` },
    ]);
    await db.sql`update public.organizations set deletes_at = now() where id = ${ada.organizationId}`;
    let batch: { done: boolean; removed: number; waits_for?: string };
    do batch = await service(db, "remove_organization", args); while (batch.removed > 0);
    assertEquals(batch.waits_for, "objects");
    await db.sql`delete from storage.objects where name like ${`${ada.organizationId}/%`} and bucket_id <> 'other'`;
    batch = await service(db, "remove_organization", args);
    assertEquals(batch.done, true);
  });
});
