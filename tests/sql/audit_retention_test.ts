import { verifyAudit } from "../../supabase/tools/_verify_audit.ts";
import { assertEquals } from "../helpers/assert.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import { seal, tamper, writeEvents } from "./_audit.ts";

/** Retention as it is so many days later. */
async function retainLater(db: TestDatabase, days: number, limit = 100_000): Promise<number> {
  return await db.sql.begin(async (sql) => {
    await sql`select set_config('millrace.now', (now() + make_interval(days => ${days}))::text, true)`;
    await sql`delete from private.settings where name = 'audit_retained_at'`;
    const [row] = await sql`select private.drop_audit_batches(${limit}) as n`;
    return Number(row!["n"]);
  });
}

async function makeOrganization(db: TestDatabase, plan: string): Promise<string> {
  const [row] = await db.sql`
    insert into public.organizations (name, slug, plan_id) values (${plan}, ${plan + "-x"}, ${plan}) returning id`;
  return row!["id"];
}

Deno.test("retention drops old rows by whole seals, keeps the seals, and the log verifies", () =>
  withDatabase(async (db) => {
    const free = await makeOrganization(db, "free");
    const enterprise = await makeOrganization(db, "enterprise");
    for (let i = 0; i < 4; i++) {
      await writeEvents(db, free, 3);
      await writeEvents(db, enterprise, 3);
      await seal(db);
    }
    assertEquals(await retainLater(db, 80), 0, "The plan free keeps them for 90 days");
    assertEquals(await retainLater(db, 91, 4), 4, "Whole seals: the first has the row of the organization too");
    await seal(db);
    const some = await verifyAudit(db.sql);
    assertEquals([some.faults, some.dropped_rows], [[], 4]);
    // The last seal but those of today is dropped too; that which tells of the dropping stays.
    assertEquals(await retainLater(db, 91), 9);
    assertEquals(await retainLater(db, 91), 0);
    await seal(db);
    const report = await verifyAudit(db.sql);
    assertEquals([report.faults, report.dropped_rows], [[], 13]);
    const left = await db.sql`
      select organization_id, count(*)::int as n from public.audit_events where action = 'test.done' group by 1`;
    assertEquals(left.map((row) => [row["organization_id"], row["n"]]), [[enterprise, 12]]);
    const told = await db.sql`
      select (details ->> 'through')::int as through from public.audit_events where action = 'audit.dropped' order by id`;
    assertEquals(told.map((row) => row["through"]), [4, 13]);
  }));

Deno.test("rows that somebody drops as if by retention are missed", () =>
  withDatabase(async (db) => {
    const free = await makeOrganization(db, "free");
    for (let i = 0; i < 3; i++) {
      await writeEvents(db, free, 2);
      await seal(db);
    }
    await tamper(
      db,
      `delete from public.audit_events e using private.audit_batches b
       where b.organization_id = '${free}' and b.first_seq = 1 and e.id = any (b.row_ids)`,
      `update private.audit_batches set dropped_at = now(), row_ids = null, leaves = null
       where organization_id = '${free}' and first_seq = 1`,
    );
    assertEquals((await verifyAudit(db.sql)).faults.map(({ kind }) => kind), ["deleted"]);
  }));

Deno.test("retention is the only one that deletes, and for its own transaction only; empty weeks go", () =>
  withDatabase(async (db) => {
    await db.sql`select engine.ensure_partitions(1)`;
    const free = await makeOrganization(db, "free");
    await writeEvents(db, free, 2);
    await seal(db);
    await writeEvents(db, free, 2);
    await seal(db);
    await retainLater(db, 91);
    const error = await db.sql`delete from public.audit_events`.catch((error) => error);
    assertEquals(String(error.message).includes("append-only"), true);
    const weeks = await db.sql`
      select inhrelid::regclass::text as name from pg_inherits where inhparent = 'public.audit_events'::regclass`;
    // This week's has the last seal; next week's was empty, and is 37 days past.
    assertEquals(weeks.length, 2);
  }));
