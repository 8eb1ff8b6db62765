import type postgres from "postgres";
import { assert, assertEquals } from "../helpers/assert.ts";
import { withDatabase } from "../helpers/postgres.ts";
import { prepareCast } from "./_actors.ts";
import {
  installProbe,
  lineOf,
  listRelations,
  type Outcomes,
  privilegesOf,
  probeChanged,
  probeRelation,
} from "./_probe.ts";
import { keyReads } from "./_keys.ts";
import { parseTable, READS, WRITES } from "./expected.ts";

const reads = parseTable(READS);
const WRITING = ["insert", "update", "delete", "truncate"] as const;
const ROLES = { anon: ["anon"], authenticated: ["owner"], service_role: ["service"] };
const PRIVILEGES = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"];
const SEQUENCE_PRIVILEGES = ["SELECT", "UPDATE", "USAGE"];

/** What the table says of a relation. */
function expectedOutcomes(relation: string): Outcomes {
  const line = reads[lineOf(relation)];
  assert(line !== undefined, `${relation} has no line in tests/rls/expected.ts: say who may do what with it`);
  return Object.fromEntries(
    Object.entries({ ...line, ...keyReads(lineOf(relation), line) }).map(([actor, word]) => {
      const writes = WRITING.map((verb) => [verb, WRITES[`${lineOf(relation)} ${actor} ${verb}`] ?? "deny"]);
      return [actor, { ...Object.fromEntries(writes), select: word }];
    }),
  );
}

/** The privileges that the table implies: select for whoever is not denied, nothing else, nothing on columns. */
function expectedPrivileges(relation: string): string[] {
  const line = reads[lineOf(relation)]!;
  return Object.entries(ROLES)
    .filter(([, [actor]]) => line[actor!] !== "deny")
    .map(([role]) => `${role} SELECT`)
    .sort();
}

function differs(relation: string, found: { relation: Outcomes; privileges: string[] }): boolean {
  const same = JSON.stringify(sorted(found.relation)) === JSON.stringify(sorted(expectedOutcomes(relation)));
  return !same || found.privileges.join() !== expectedPrivileges(relation).join();
}

/** Whether keys see something else than they should. */
function keysDiffer(relation: string, found: Outcomes): boolean {
  const expected = expectedOutcomes(relation);
  return Object.keys(keyReads(lineOf(relation), reads[lineOf(relation)]!))
    .some((key) => found[key]?.select !== expected[key]?.select);
}

function sorted(outcomes: Outcomes): [string, [string, string][]][] {
  return Object.entries(outcomes).toSorted().map(([actor, verbs]) => [actor, Object.entries(verbs).toSorted()]);
}

Deno.test("who may do what with which rows", async (test) => {
  await withDatabase(async (db) => {
    const cast = await prepareCast(db);
    await installProbe(db, cast.actors);
    const relations = await listRelations(db.sql);

    await test.step("every relation has a line, every line a relation", () => {
      assertEquals([...new Set(relations.map(lineOf))].toSorted(), Object.keys(reads).toSorted());
      for (const key of Object.keys(WRITES)) assert(key.split(" ")[0]! in reads, `${key} is about no relation`);
    });
    await test.step("every relation has rows of three tenants, or a line proves nothing", async () => {
      for (const relation of relations) {
        const [row] = await db.sql.unsafe(`select count(*)::int as n from ${relation}`);
        assert(row?.n > 0, `${relation} is empty`);
      }
    });
    for (const relation of relations) {
      await test.step(relation, async () => {
        assertEquals(await probeRelation(db.sql, relation), expectedOutcomes(relation));
        assertEquals(await privilegesOf(db.sql, relation), expectedPrivileges(relation));
      });
    }
    await test.step("the matrix notices every change for the worse", () => noticesChanges(db.sql, relations));
    await test.step("a privilege on a single column is noticed", () => noticesColumns(db.sql, relations));
  });
});

/** Each change by itself, undone afterwards. */
async function noticesChanges(sql: postgres.Sql, relations: string[]): Promise<void> {
  const policies = await sql`
    select format('%I.%I', n.nspname, c.relname) as relation, p.polname as name,
      pg_get_expr(p.polqual, p.polrelid) = 'true' as is_open
    from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'engine', 'private')`;
  assert(policies.length > 0);
  const changes: [change: string, relation: string][] = [];
  for (const { relation, name, is_open } of policies) {
    changes.push([`drop policy ${name} on ${relation}`, relation]);
    // What is everybody's to read, such as plans, cannot be opened any wider.
    if (is_open !== true) changes.push([`alter policy ${name} on ${relation} using (true)`, relation]);
  }
  for (const relation of relations) {
    const granted = expectedPrivileges(relation);
    const readable = Object.entries(reads[lineOf(relation)]!).some(([actor, word]) =>
      actor !== "service" && word !== "deny" && word !== "all"
    );
    if (readable) changes.push([`alter table ${relation} disable row level security`, relation]);
    const [{ relkind }] = await sql`select relkind from pg_class where oid = ${relation}::regclass` as [
      { relkind: string },
    ];
    for (const role of Object.keys(ROLES)) {
      for (const privilege of relkind === "S" ? SEQUENCE_PRIVILEGES : PRIVILEGES) {
        const change = granted.includes(`${role} ${privilege}`) ? "revoke" : "grant";
        const preposition = change === "grant" ? "to" : "from";
        changes.push([`${change} ${privilege} on ${relation} ${preposition} ${role}`, relation]);
      }
    }
    changes.push([`grant select on ${relation} to public`, relation]);
    changes.push([`grant all on ${relation} to authenticated`, relation]);
  }
  const missed: string[] = [];
  const missedByKeys: string[] = [];
  for (const [change, relation] of changes) {
    const found = await probeChanged(sql, change, relation);
    if (!differs(relation, found)) missed.push(change);
    // A policy that is gone or open shows by what keys see alone.
    if (/policy members_|row level/.test(change) && !keysDiffer(relation, found.relation)) missedByKeys.push(change);
  }
  assertEquals([missed, missedByKeys], [[], []]);
  for (const relation of relations) {
    // As before: every change was undone.
    assertEquals(
      [relation, await probeRelation(sql, relation), await privilegesOf(sql, relation)],
      [relation, expectedOutcomes(relation), expectedPrivileges(relation)],
    );
  }
}

/** A privilege on one column is none on the table. Only what stands in the catalog is asked: nobody acts. */
async function noticesColumns(sql: postgres.Sql, relations: string[]): Promise<void> {
  const missed: string[] = [];
  for (const relation of relations) {
    const [column] = await sql`
      select quote_ident(a.attname) as name from pg_attribute a join pg_class c on c.oid = a.attrelid
      where c.oid = ${relation}::regclass and c.relkind <> 'S' and a.attnum > 0 and not a.attisdropped
      order by a.attnum limit 1`;
    if (column === undefined) continue;
    for (const role of Object.keys(ROLES)) {
      for (const privilege of ["select", "update"]) {
        const change = `grant ${privilege} (${column.name}) on ${relation} to ${role}`;
        await sql.begin(async (transaction) => {
          await transaction.unsafe(change);
          const found = await privilegesOf(transaction as unknown as postgres.Sql, relation);
          if (found.join() === expectedPrivileges(relation).join()) missed.push(change);
          await transaction.unsafe(change.replace("grant", "revoke").replace(` to ${role}`, ` from ${role}`));
        });
      }
    }
  }
  assertEquals(missed, []);
}
