import { main } from "../../supabase/tools/audit_verify.ts";
import type { AuditAnchor, AuditFault, AuditReport } from "../../shared/audit/mod.ts";
import { verifyAudit } from "../../supabase/tools/_verify_audit.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import { auditEnv, seal, tamper, writeEvents } from "./_audit.ts";

const A = "01900000-0000-7000-8000-00000000000a";
const B = "01900000-0000-7000-8000-00000000000b";

/** Makes every seal anew, as somebody would who knows how they are made and may write everything. */
const RESEAL = `
do $$
declare
  v_batch private.audit_batches;
  v_link bytea := decode(repeat('00', 32), 'hex');
begin
  for v_batch in select * from private.audit_batches order by number loop
    v_batch.leaves := (
      select string_agg(l.leaf, ''::bytea order by u.place)
      from unnest(v_batch.row_ids) with ordinality u (id, place) join private.audit_leaves l on l.id = u.id
    );
    v_batch.root := private.audit_root(v_batch.leaves);
    v_batch.previous_head := coalesce(
      (select b.head from private.audit_batches b where b.organization_id = v_batch.organization_id and b.number < v_batch.number
       order by b.number desc limit 1), decode(repeat('00', 32), 'hex')
    );
    v_batch.head := private.audit_head(v_batch.previous_head, v_batch.root);
    v_batch.previous_link := v_link;
    v_batch.link := sha256(convert_to(private.audit_statement(v_batch), 'UTF8'));
    v_link := v_batch.link;
    update private.audit_batches set (leaves, root, previous_head, head, previous_link, link)
      = (v_batch.leaves, v_batch.root, v_batch.previous_head, v_batch.head, v_batch.previous_link, v_batch.link)
    where number = v_batch.number;
  end loop;
  update private.audit_seal_state set last_link = v_link;
end $$`;

const ROLL_BACK = `
update private.audit_seal_state set
  last_number = (select max(number) from private.audit_batches),
  last_link = (select link from private.audit_batches order by number desc limit 1)`;

/** A log of two tenants in six signed seals; the fourth row of A is in its second one. */
async function makeLog(db: TestDatabase): Promise<{ ids: string[]; anchor: AuditAnchor }> {
  for (let i = 0; i < 3; i++) {
    await writeEvents(db, A, 3);
    await writeEvents(db, B, 2);
    await seal(db);
  }
  const rows = await db.sql`
    select unnest(row_ids) as id from private.audit_batches where organization_id = ${A} order by number`;
  const report = await verifyAudit(db.sql);
  assertEquals(report.faults, []);
  return { ids: rows.map((row) => row["id"]), anchor: report.head! };
}

interface Case {
  /** Statements, `$4` standing for the id of A's fourth row and so on. */
  statements: string[];
  /** What is found first. */
  kind: AuditFault["kind"];
  /** The row that is named, by its number. */
  row?: number;
  /** Only found with an end of the log that was kept outside. */
  needsAnchor?: boolean;
  then?: (db: TestDatabase) => Promise<void>;
}

const CASES: Record<string, Case> = {
  "an edited action": {
    statements: ["update public.audit_events set action = 'test.undone' where id = '$4'"],
    kind: "edited",
    row: 4,
  },
  "an edited time": {
    statements: ["update public.audit_events set occurred_at = occurred_at + interval '1 microsecond' where id = '$4'"],
    kind: "edited",
    row: 4,
  },
  "an edited person": {
    statements: ["update public.audit_events set user_id = gen_random_uuid() where id = '$5'"],
    kind: "edited",
    row: 5,
  },
  "an edited value": {
    statements: [`update public.audit_events set after = replace(after::text, 'Zoë', 'Zoe')::json where id = '$9'`],
    kind: "edited",
    row: 9,
  },
  "text moved from one field to the next": {
    statements: [
      "update public.audit_events set target_type = 'tes', target_id = 't' || target_id where id = '$4'",
    ],
    kind: "edited",
    row: 4,
  },
  "null made empty": {
    statements: ["update public.audit_events set request_id = '' where id = '$4'"],
    kind: "edited",
    row: 4,
  },
  "a deleted row": { statements: ["delete from public.audit_events where id = '$4'"], kind: "deleted", row: 4 },
  "a row given to another tenant": {
    statements: [`update public.audit_events set organization_id = '${B}' where id = '$4'`],
    kind: "deleted",
    row: 4,
  },
  "rows in another order": {
    statements: [
      "update private.audit_batches set row_ids = array['$5', '$4', '$6']::uuid[] where row_ids[1] = '$4'",
    ],
    kind: "reordered",
    row: 4,
  },
  "rows in another order, with their hashes": {
    statements: [
      `update private.audit_batches set row_ids = array['$5', '$4', '$6']::uuid[],
       leaves = substring(leaves from 33 for 32) || substring(leaves from 1 for 32) || substring(leaves from 65)
       where row_ids[1] = '$4'`,
    ],
    kind: "rewritten",
  },
  "ids exchanged": {
    statements: [
      "update public.audit_events set id = '00000000-0000-7000-8000-000000000000' where id = '$4'",
      "update public.audit_events set id = '$4' where id = '$5'",
      "update public.audit_events set id = '$5' where id = '00000000-0000-7000-8000-000000000000'",
    ],
    kind: "edited",
    row: 4,
  },
  "a row put in beside the seals": {
    statements: [
      `insert into public.audit_events (organization_id, actor, auth, via, action, target_type, tx)
       values ('${A}', 'system', 'sql', 'sql', 'test.forged', 'test', '3')`,
    ],
    kind: "inserted",
  },
  "a row of long ago put in": {
    statements: [
      `insert into public.audit_events (id, organization_id, occurred_at, actor, auth, via, action, target_type)
       values (private.uuid_v7(now() - interval '1 day'), '${A}', now() - interval '1 day', 'system', 'sql', 'sql', 'test.forged', 'test')`,
    ],
    kind: "inserted",
  },
  "a row of long ago put in, and sealed by the sealer": {
    statements: [
      `insert into public.audit_events (id, organization_id, occurred_at, actor, auth, via, action, target_type)
       values (private.uuid_v7(now() - interval '1 day'), '${A}', now() - interval '1 day', 'system', 'sql', 'sql', 'test.forged', 'test')`,
    ],
    then: (db) => seal(db),
    kind: "backdated",
    row: 10,
  },
  "the last rows cut off": {
    statements: ["delete from public.audit_events where id in ('$8', '$9')"],
    kind: "deleted",
    row: 8,
  },
  "the last rows of a tenant cut off with their seal": {
    statements: [
      "delete from public.audit_events where id in ('$7', '$8', '$9')",
      "delete from private.audit_batches where row_ids[1] = '$7'",
    ],
    kind: "cut",
  },
  "the last seals of all cut off": {
    statements: [
      `delete from public.audit_events e using private.audit_batches b where b.number > 4 and e.id = any (b.row_ids)`,
      "delete from private.audit_batches where number > 4",
    ],
    kind: "cut",
  },
  "the whole log thrown away": {
    statements: ["delete from public.audit_events", "delete from private.audit_batches"],
    kind: "cut",
  },
  "the last seals of all cut off, and the sealer's memory rolled back": {
    statements: [
      `delete from public.audit_events e using private.audit_batches b where b.number > 4 and e.id = any (b.row_ids)`,
      "delete from private.audit_batches where number > 4",
      ROLL_BACK,
    ],
    kind: "cut",
    needsAnchor: true,
  },
  "a fork: rows sealed a second time": {
    statements: [
      `insert into private.audit_batches select (jsonb_populate_record(b, jsonb_build_object('number', 7, 'first_seq', 5, 'last_seq', 7))).*
       from private.audit_batches b where b.row_ids[1] = '$4'`,
    ],
    kind: "rewritten",
  },
  "a fork that is made well": {
    statements: [
      `insert into private.audit_batches select (jsonb_populate_record(b, jsonb_build_object('number', 7, 'first_seq', 5, 'last_seq', 7))).*
       from private.audit_batches b where b.row_ids[1] = '$4'`,
      RESEAL,
    ],
    kind: "forked",
  },
  "an edited seal": {
    statements: ["update private.audit_batches set sealed_at = sealed_at - interval '1 second' where number = 3"],
    kind: "rewritten",
  },
  "a log rewritten with all its seals": {
    statements: ["update public.audit_events set action = 'test.undone' where id = '$4'", RESEAL],
    kind: "rewritten",
  },
  "a log rewritten, without signatures": {
    statements: [
      "update public.audit_events set action = 'test.undone' where id = '$4'",
      "update private.audit_batches set key_id = null, signed_at = null, signature = null, sealed_at = sealed_at - interval '2 hours'",
      RESEAL,
    ],
    kind: "unsigned",
  },
  "a log rewritten, and signed by the signer later": {
    statements: [
      "update public.audit_events set action = 'test.undone' where id = '$4'",
      "update private.audit_batches set key_id = null, signed_at = null, signature = null, sealed_at = sealed_at - interval '2 hours'",
      RESEAL,
    ],
    then: (db) => seal(db),
    kind: "signed_late",
  },
  "a log rewritten, and signed by another key": {
    statements: [
      "update public.audit_events set action = 'test.undone' where id = '$4'",
      "update private.audit_batches set key_id = null, signed_at = null, signature = null where number > 2",
      RESEAL,
    ],
    then: (db) => seal(db, auditEnv("sb_secret_of_somebody_else")),
    kind: "unknown_key",
  },
  "a log rewritten within the hour, and signed by the signer": {
    statements: [
      "update public.audit_events set action = 'test.undone' where id = '$4'",
      "update private.audit_batches set key_id = null, signed_at = null, signature = null",
      RESEAL,
    ],
    then: (db) => seal(db),
    kind: "rewritten",
    needsAnchor: true,
  },
};
Deno.test("tampering with the log", async (test) => {
  for (const [name, { statements, kind, row, needsAnchor, then }] of Object.entries(CASES)) {
    await test.step(`${name}: ${kind}`, () =>
      withDatabase(async (db) => {
        const { ids, anchor } = await makeLog(db);
        await tamper(db, ...statements.map((text) => text.replace(/\$(\d)/g, (_, place) => ids[place - 1]!)));
        await then?.(db);
        const report: AuditReport = await verifyAudit(db.sql, { anchor });
        assertEquals(report.faults[0]?.kind, kind, JSON.stringify(report.faults[0]));
        if (row !== undefined) {
          assertEquals([report.faults[0]!.organization_id, report.faults[0]!.seq], [A, row]);
          if (kind !== "reordered" && ids[row - 1]) assertEquals(report.faults[0]!.row_id, ids[row - 1]);
        }
        const without = await verifyAudit(db.sql);
        assertEquals(without.faults.length === 0, needsAnchor ?? false);
        if (!name.includes("seals of all") && kind !== "unknown_key") {
          assertEquals((await verifyAudit(db.sql, { organizationId: A, anchor })).faults.length > 0, true);
        }
      }));
  }
});

Deno.test("the command says what it proved and ends with 0, or shows the first broken place and ends with 1", () =>
  withDatabase(async (db) => {
    await makeLog(db);
    const folder = await Deno.makeTempDir();
    const anchor = `${folder}/anchor.json`;
    const verify = async (...args: string[]) => {
      const lines: string[] = [];
      return { code: await main(["--database-url", db.url, ...args], undefined, (line) => lines.push(line)), lines };
    };
    const whole = await verify("--save-anchor", anchor);
    assertEquals([whole.code, whole.lines.at(-1)], [0, "The log is whole"]);
    assert(whole.lines[0]!.startsWith("15 rows hashed again, 6 seals of 2 organizations"));
    await tamper(
      db,
      "delete from private.audit_batches where number > 4",
      "delete from public.audit_events where id not in (select unnest(row_ids) from private.audit_batches)",
      ROLL_BACK,
    );
    assertEquals((await verify()).code, 0);
    const cut = await verify("--anchor", anchor);
    assertEquals([cut.code, cut.lines[0]], [1, "BROKEN cut: The log had 6 seals and has 4"]);
    assertEquals((await verify("--organization", "none")).code, 2);
    assertEquals((await verify("--nonsense")).code, 2);
    await Deno.remove(folder, { recursive: true });
  }));
