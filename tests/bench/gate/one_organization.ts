/**
 * The bucket of an organization is one row: how many calls of its members and keys a second it lets through, beside as
 * many callers of as many organizations.
 *
 * @module
 */
import postgres from "postgres";
import type { TestDatabase } from "../../helpers/postgres.ts";

const SECONDS = 3;

/** Prints calls a second over so many connections, of one organization and of several. */
export async function measureOneOrganization(db: TestDatabase): Promise<void> {
  await db.sql`update public.plans set request_burst = 100000000, organization_request_burst = 100000000`;
  const hashes = async (ofOne: boolean) =>
    (await db.sql<{ hash: string }[]>`
      select encode(h.secret_hash, 'hex') as hash
      from private.api_key_hashes h join public.api_keys k on k.id = h.key_id
      where (k.organization_id = (select organization_id from public.api_keys limit 1)) = ${ofOne} limit 16`).map((
      { hash },
    ) => hash);
  const [one, several] = [await hashes(true), await hashes(false)];
  console.log(
    "| connections | one organization, calls/s | as many organizations, calls/s | transaction |\n| --: | --: | --: | --- |",
  );
  for (const connections of [1, 8, 16]) {
    for (const mode of ["as PostgREST sends it", "one statement"] as const) {
      // In turns, the best of three: what else the machine does takes away and adds nothing.
      const [hot, cool] = [[0], [0]];
      for (let turn = 0; turn < 3; turn++) {
        hot.push(await rate(db, connections, one, mode));
        cool.push(await rate(db, connections, several, mode));
      }
      console.log(`| ${connections} | ${Math.max(...hot).toFixed(0)} | ${Math.max(...cool).toFixed(0)} | ${mode} |`);
    }
  }
}

async function rate(db: TestDatabase, connections: number, hashes: string[], mode: string): Promise<number> {
  const clients = Array.from({ length: connections }, () => postgres(db.url, { max: 1, onnotice: () => {} }));
  try {
    await Promise.all(clients.map((sql) => sql`select 1`));
    const end = performance.now() + SECONDS * 1000;
    const counts = await Promise.all(clients.map(async (sql, n) => {
      let calls = 0;
      const hash = hashes[n % hashes.length]!;
      while (performance.now() < end) {
        if (mode === "one statement") await sql`select engine.gate_key(${hash}, 'read')`;
        else {
          await sql.begin(async (transaction) => {
            await transaction`select set_config('request.headers', '{}', true)`;
            await transaction`select engine.gate_key(${hash}, 'read')`;
          });
        }
        calls++;
      }
      return calls;
    }));
    return counts.reduce((sum, calls) => sum + calls, 0) / SECONDS;
  } finally {
    await Promise.all(clients.map((sql) => sql.end()));
  }
}
