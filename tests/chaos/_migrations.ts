/**
 * A migration while load runs: a column, an index built concurrently, partitions, a function replaced.
 *
 * @module
 */
import postgres from "postgres";
import { judge } from "./_judge.ts";
import { problemsOf } from "./_contention.ts";
import { pause } from "./_platform.ts";
import type { Scenario } from "./_scenario.ts";
import { openWorld, type World } from "./_world.ts";

const LIMIT_MS = 120_000;

/** Longest time that a statement of a migration waits for a lock: everybody else waits behind it. */
const LOCK_TIMEOUT = "200ms";

/** How often a statement is tried. */
const ATTEMPTS = 200;

/** Statements of harmless migrations. */
const STATEMENTS = [
  "alter table public.runs add column chaos_note text",
  "alter table public.run_steps add column chaos_note text",
  "alter table public.job_queue add column chaos_note text",
  "create index concurrently chaos_idx on public.job_queue (created_at)",
  "create index concurrently chaos_workers_idx on private.workers (started_at)",
  "select engine.ensure_partitions(12)",
  "alter table public.runs drop column chaos_note",
  "alter table public.run_steps drop column chaos_note",
  "drop index concurrently public.chaos_idx",
  "alter table public.job_queue drop column chaos_note",
];

/** See the module. */
export const migrations: Scenario = {
  name: "migrate",
  about: "migrations while load runs",
  async run({ postgres: server, short }) {
    const world = await openWorld(server);
    try {
      const end = new AbortController();
      const load = keepStarting(world, end.signal);
      await pause(1_500);
      const sql = postgres(world.db.url, {
        max: 1,
        onnotice: () => {},
        connection: { lock_timeout: LOCK_TIMEOUT as never },
      });
      let waited = 0;
      const begun = performance.now();
      const partitions = await countPartitions(world);
      try {
        for (const statement of short ? STATEMENTS.slice(0, 6) : STATEMENTS) {
          waited += await apply(sql, statement);
          await pause(short ? 200 : 1_000);
        }
        // A function is replaced while it is being called.
        await replaceFunction(sql, "engine.claim_jobs");
        await replaceFunction(sql, "engine.settle_jobs_itself");
      } finally {
        await sql.end({ timeout: 5 });
      }
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      await pause(1_000);
      end.abort();
      await load;
      await world.allEnded(LIMIT_MS);
      const made = await countPartitions(world) - partitions;
      const logged = problemsOf(world);
      const faults = logged === "nothing" ? [] : [`Workers met: ${logged}`];
      if (world.refused > 0) faults.push(`${world.refused} starts were refused`);
      if (made === 0) faults.push("No partition was made");
      return await judge(world, {
        scenario: migrations.about,
        injected:
          `${short ? 6 : STATEMENTS.length} statements and 2 functions in ${seconds} s, ${waited} times given way, ` +
          `${made} partitions`,
        resumedMs: null,
        faults,
      });
    } finally {
      await world.close();
    }
  },
};

/** Starts runs until it is told to stop. */
export async function keepStarting(world: World, end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    await world.start(1);
    await pause(40);
  }
}

/** Runs a statement, which gives way to who is there before; gives how often it did. */
async function apply(sql: postgres.Sql, statement: string): Promise<number> {
  for (let attempt = 0;; attempt++) {
    try {
      await sql.unsafe(statement);
      return attempt;
    } catch (error) {
      if (attempt >= ATTEMPTS || (error as { code?: string }).code !== "55P03") throw error;
      // What it left is invalid: a concurrent build begins anew.
      const [, index] = /^create index concurrently (\w+)/.exec(statement) ?? [];
      if (index !== undefined) await apply(sql, `drop index concurrently if exists public.${index}, private.${index}`);
      await pause(50);
    }
  }
}

async function replaceFunction(sql: postgres.Sql, name: string): Promise<void> {
  const [row] = await sql`select pg_get_functiondef(${name}::regproc) as text`;
  await sql.unsafe(row?.text);
}

async function countPartitions({ db }: World): Promise<number> {
  const [row] = await db.sql`
    select count(*)::int as n from pg_inherits where inhparent in ('public.runs'::regclass, 'public.run_steps'::regclass)`;
  return row?.n ?? 0;
}
