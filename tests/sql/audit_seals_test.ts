import { AuditBrokenError, signAudit } from "../../shared/audit/mod.ts";
import { verifyAudit } from "../../supabase/tools/_verify_audit.ts";
import { assert, assertEquals, assertRejects } from "../helpers/assert.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import { auditEnv, seal, serviceClient, tamper, writeEvents } from "./_audit.ts";
import { interleave } from "./_interleave.ts";

const A = "01900000-0000-7000-8000-00000000000a";
const B = "01900000-0000-7000-8000-00000000000b";

/** The ids of a tenant in the order of their sequence numbers. */
async function sealedIds(db: TestDatabase, organizationId: string): Promise<string[]> {
  const rows = await db.sql`
    select unnest(row_ids) as id from private.audit_batches where organization_id = ${organizationId} order by number`;
  return rows.map((row) => row["id"]);
}

async function counts(db: TestDatabase): Promise<{ rows: number; sealed: number; distinct: number }> {
  const [row] = await db.sql`
    select (select count(*)::int from public.audit_events) as rows, count(*)::int as sealed, count(distinct id)::int as distinct
    from (select unnest(row_ids) as id from private.audit_batches) s`;
  return row as unknown as { rows: number; sealed: number; distinct: number };
}

Deno.test("rows get sequence numbers, seals continue each other, and all of it verifies", () =>
  withDatabase(async (db) => {
    for (let i = 0; i < 3; i++) {
      await writeEvents(db, A, 5);
      await writeEvents(db, B, 2);
      await seal(db);
    }
    await writeEvents(db, A, 1);
    const report = await verifyAudit(db.sql);
    assertEquals(report.faults, []);
    assertEquals([report.rows, report.batches, report.organizations, report.unsealed_rows], [21, 6, 2, 1]);
    const [last] = await db.sql`
      select max(last_seq)::int as n from private.audit_batches where organization_id = ${A}`;
    assertEquals(last!["n"], 15);
    const one = await verifyAudit(db.sql, { organizationId: B });
    assertEquals([one.faults, one.rows, one.organizations], [[], 6, 1]);
  }));

Deno.test("a row that becomes visible late is sealed then: none is lost, none twice", () =>
  withDatabase((db) =>
    interleave(db, async (stage) => {
      const write = (n: number) => `select private.audit('${A}', 'test.done', 'test', '${n}')`;
      const slow = await stage.session("slow");
      await slow.run(write(1)); // Its transaction and its id are the oldest.
      const quick = await stage.session("quick");
      await quick.run(write(2));
      await quick.commit();
      await seal(db);
      assertEquals((await sealedIds(db, A)).length, 1);
      await quick.run(write(3));
      await quick.run(write(4));
      await quick.commit();
      await seal(db);
      await seal(db);
      assertEquals((await sealedIds(db, A)).length, 3);
      const [ahead] = await db.sql`select count(*)::int as n from private.audit_sealed_ahead`;
      assert(ahead!["n"] >= 3);
      await slow.commit();
      await quick.run(write(5));
      await quick.commit();
      await seal(db);
      await seal(db);
      const rows = await db.sql`select id from public.audit_events where organization_id = ${A} order by target_id`;
      const ids = rows.map((row) => row["id"]);
      assertEquals(await sealedIds(db, A), [ids[1], ids[2], ids[3], ids[0], ids[4]]);
      assertEquals((await verifyAudit(db.sql)).faults, []);
    })
  ));

Deno.test("a transaction that rolls back leaves neither row nor gap", () =>
  withDatabase((db) =>
    interleave(db, async (stage) => {
      const lost = await stage.session("lost");
      await lost.run(`select private.audit('${A}', 'test.done', 'test', '1')`);
      await writeEvents(db, A, 2);
      await seal(db);
      await lost.rollback();
      await writeEvents(db, A, 2);
      await seal(db);
      const { rows, sealed } = await counts(db);
      assertEquals(sealed, rows);
      assertEquals((await verifyAudit(db.sql)).faults, []);
    })
  ));

Deno.test("sealing in small steps, with writers at work and several sealers at once, loses nothing", () =>
  withDatabase(async (db) => {
    let writing = true;
    const writers = Array.from({ length: 4 }, async (_, place) => {
      for (let i = 0; i < 60; i++) {
        await db.sql.begin(async (sql) => {
          await sql`select private.audit(${place % 2 ? A : B}, 'test.done', 'test', ${String(i)})`;
          if (i % 5 === 0) await sql`select private.audit(${A}, 'test.done', 'test', 'second')`;
          if (i % 7 === 0) await sql`select pg_sleep(0.01)`;
        });
      }
    });
    const sealers = Array.from({ length: 3 }, async () => {
      while (writing) await db.sql`select private.seal_audit_rows(7)`;
    });
    await Promise.all(writers);
    writing = false;
    await Promise.all(sealers);
    while ((await db.sql`select private.seal_audit_rows(7) as reply`)[0]!["reply"].more);
    await signAudit(serviceClient(db), auditEnv());
    const { rows, sealed, distinct } = await counts(db);
    assert(rows >= 4 * 60 + 48);
    assertEquals([sealed, distinct], [rows, rows]);
    const report = await verifyAudit(db.sql);
    assertEquals([report.faults, report.unsealed_rows, report.unsigned_batches], [[], 0, 0]);
  }, { connections: 12 }));

Deno.test("the sealer goes on in a cluster whose transaction numbers are lower", () =>
  withDatabase(async (db) => {
    await writeEvents(db, A, 4);
    await seal(db);
    // As after a restored dump: the rows and the sealer know numbers that are yet to come.
    await tamper(db, `update public.audit_events set tx = '900000000000'`);
    await db.sql`update private.audit_seal_state set sealed_below = '900000000001'`;
    await writeEvents(db, A, 3);
    await seal(db);
    await writeEvents(db, A, 1);
    await seal(db);
    const { rows, sealed, distinct } = await counts(db);
    assertEquals([sealed, distinct], [rows, rows]);
    assertEquals((await verifyAudit(db.sql)).faults, []);
  }));

Deno.test("a key is followed by another that it endorses; one that nobody endorses is not believed", () =>
  withDatabase(async (db) => {
    const [first, second] = [await newKey(), await newKey()];
    for (const keys of [[first], [second, first]]) {
      await writeEvents(db, A, 2);
      await seal(db, auditEnv("unused", keys));
    }
    const report = await verifyAudit(db.sql);
    assertEquals([report.faults, report.keys.length], [[], 2]);
    assertEquals((await verifyAudit(db.sql, { keys: [first] })).faults, []);
    await writeEvents(db, A, 2);
    await seal(db, auditEnv("stranger"));
    assertEquals((await verifyAudit(db.sql)).faults.map(({ kind }) => kind), ["unknown_key"]);
  }));

Deno.test("the signer signs nothing that does not continue what was signed", () =>
  withDatabase(async (db) => {
    await writeEvents(db, A, 2);
    await seal(db);
    await writeEvents(db, A, 2);
    await db.sql`select private.seal_audit_rows()`;
    await db.sql`update private.audit_batches set signature = decode(repeat('00', 64), 'hex') where number = 1`;
    await assertRejects(() => signAudit(serviceClient(db), auditEnv()), AuditBrokenError);
  }));

async function newKey() {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]) as CryptoKeyPair;
  return await crypto.subtle.exportKey("jwk", pair.privateKey) as { kty: "OKP"; crv: "Ed25519"; x: string; d: string };
}
