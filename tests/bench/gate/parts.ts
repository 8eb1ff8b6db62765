/**
 * What the parts of the gate cost, in processor time of the backend that works: each by itself, many times in one statement.
 *
 * @module
 */
import postgres from "postgres";
import type { TestDatabase } from "../../helpers/postgres.ts";
import { cpuOf } from "../_cpu.ts";

/** Prints microseconds of processor time and buffers of each part. @param hash Of a key that holds, in hex. */
export async function measureParts(db: TestDatabase, hash: string): Promise<void> {
  const user = await db.createUser();
  await db.as("authenticated", user.claims, (sql) => sql`select public.gate()`);
  await db.sql`update public.plans set request_burst = 100000000, organization_request_burst = 100000000`;
  const [key] = await db.sql`
    select k.id, k.organization_id from private.api_key_hashes h join public.api_keys k on k.id = h.key_id
    where h.secret_hash = decode(${hash}, 'hex')`;
  const sql = postgres(db.url, { max: 1, onnotice: () => {} });
  try {
    const [backend] = await sql`
      select pg_backend_pid() as pid, set_config('request.jwt.claims', ${JSON.stringify(user.claims)}, false),
        set_config('request.headers', '{"x-millrace-ip": "203.0.113.7"}', false)`;
    const bucket = (n: string) =>
      `private.request_buckets('key:${key?.id}', '${key?.organization_id}', p, 'read', ${n})`;
    const plan = ", public.plans p where p.id = 'free'";
    // Those that write are called one by one, each with its commit: a row that one transaction changes a thousand times
    // leaves a chain of a thousand versions.
    const parts: readonly [what: string, expression: string, from: string, oneByOne: boolean][] = [
      [
        "engine.gate_key(), all of it",
        `engine.gate_key('${hash}', 'read', null, '203.0.113.7', 'listFlows')`,
        "",
        true,
      ],
      ["public.gate(), all of it", "public.gate('read', null, 'listFlows')", "", true],
      ["private.take_request_tokens(), two buckets", `private.take_request_tokens(${bucket("null")})`, plan, true],
      ["a call that does nothing", "1", "", true],
      ["private.require_open_ip()", "private.require_open_ip('203.0.113.7')", "", false],
      ["private.must_show_factor()", `private.must_show_factor('${key?.organization_id}')`, "", false],
      ["private.flags_of()", `private.flags_of('${key?.organization_id}')`, "", false],
      ["private.api_version_of()", `private.api_version_of('${key?.organization_id}', '${key?.id}')`, "", false],
      ["private.request_buckets()", bucket("'listFlows'"), plan, false],
    ];
    console.log("| part | CPU µs | buffers |\n| --- | --: | --: |");
    for (const [what, expression, from, oneByOne] of parts) {
      const run = async (times: number) => {
        if (!oneByOne) {
          return await sql.unsafe(
            `select count(x::text) from (select ${expression} as x from generate_series(1, ${times}) n ${from} offset 0) s`,
          );
        }
        const one = `select ${expression} from (select) n ${from}`;
        for (let n = 0; n < times; n++) await sql.unsafe(one, [], { prepare: true });
      };
      await run(200);
      const times = oneByOne ? 3_000 : 10_000;
      const before = cpuOf([backend!.pid]);
      await run(times);
      const micros = (cpuOf([backend!.pid]) - before) * 1_000_000 / times;
      const explained = await sql.unsafe(
        `explain (analyze, buffers, costs off, timing off) select ${expression} from (select) n ${from}`,
      );
      const text = explained.map((row) => String(row["QUERY PLAN"])).join("\n");
      console.log(`| ${what} | ${micros.toFixed(0)} | ${/shared hit=(\d+)/.exec(text)?.[1] ?? "0"} |`);
    }
  } finally {
    await sql.end();
  }
}
