/**
 * A Postgres that others use up: all of its connections taken, its rows locked in the wrong order, statements cancelled,
 * serialization failures.
 *
 * @module
 */
import postgres from "postgres";
import { MAX_CONNECTIONS } from "./_chaos_postgres.ts";
import { firstSettleAfter } from "./_audit.ts";
import { judge } from "./_judge.ts";
import { pause } from "./_platform.ts";
import type { Scenario } from "./_scenario.ts";
import { openWorld, type World } from "./_world.ts";

const LIMIT_MS = 180_000;

/** See the module. */
export const crowds: Scenario = {
  name: "crowd",
  about: "all connections taken by others",
  async run({ postgres: server, random, short }) {
    const world = await openWorld(server);
    try {
      let [taken, longestMs] = [0, 0];
      for (let round = 0; round < (short ? 1 : 3); round++) {
        await world.start(15);
        await pause(500 + random.below(1_000));
        const crowd = await takeAll(world);
        taken += crowd.length;
        await pause(short ? 3_000 : 10_000 + random.below(5_000));
        await Promise.all(crowd.map((sql) => sql.end({ timeout: 1 })));
        const at = Date.now();
        await world.start(5);
        await world.allEnded(LIMIT_MS);
        longestMs = Math.max(longestMs, await firstSettleAfter(world.db, at) ?? 0);
      }
      const logged = problemsOf(world);
      return await judge(world, {
        scenario: crowds.about,
        injected: `${taken} connections taken of ${MAX_CONNECTIONS}, workers' own ended; their logs: ${logged}`,
        resumedMs: longestMs,
        faults: taken === 0 ? ["No connection could be taken"] : [],
      });
    } finally {
      await world.close();
    }
  },
};

/** Opens connections until there is none left, and ends those of workers, which then have to come back. */
async function takeAll({ db }: World): Promise<postgres.Sql[]> {
  const crowd: postgres.Sql[] = [];
  const take = async () => {
    const sql = postgres(db.url, { max: 1, connect_timeout: 2, onnotice: () => {} });
    try {
      await sql`select 1`;
      crowd.push(sql);
      return true;
    } catch {
      await sql.end({ timeout: 0 });
      return false;
    }
  };
  while (await take());
  const [first] = crowd;
  if (first === undefined) return [];
  await first`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'millrace'`;
  // What that made free goes too.
  while (await take());
  return crowd;
}

/** See the module. */
export const locks: Scenario = {
  name: "lock",
  about: "deadlocks, cancelled statements, serialization failures",
  async run({ postgres: server, random, short }) {
    const world = await openWorld(server);
    try {
      const { db } = world;
      const name = db.name;
      const end = new AbortController();
      const rivals = Array.from({ length: 2 }, () => rival(db.url, random.below, end.signal));
      const seconds = short ? 4 : 20;
      await load(world, seconds);
      // Every statement that waits for a rival now is cancelled soon. New connections only: workers come and go.
      await db.sql.unsafe(`alter database ${name} set statement_timeout = '250ms'`);
      await load(world, seconds);
      await db.sql.unsafe(`alter database ${name} reset statement_timeout`);
      await db.sql.unsafe(`alter database ${name} set default_transaction_isolation = 'serializable'`);
      await load(world, seconds);
      await db.sql.unsafe(`alter database ${name} reset default_transaction_isolation`);
      end.abort();
      const met = await Promise.all(rivals);
      // Those who began under the old settings go soon.
      for (const child of world.platform.living) child.signal("SIGKILL");
      const at = Date.now();
      await world.allEnded(LIMIT_MS);
      const [stats] = await db
        .sql`select deadlocks::int, xact_rollback::int from pg_stat_database where datname = ${name}`;
      const deadlocks = stats?.deadlocks ?? 0;
      return await judge(world, {
        scenario: locks.about,
        injected: `${deadlocks} deadlocks (${
          met.reduce((sum, n) => sum + n, 0)
        } hit the rival), ${stats?.xact_rollback} ` +
          `rollbacks; workers' logs: ${problemsOf(world)}`,
        resumedMs: await firstSettleAfter(db, at),
        faults: deadlocks === 0 ? ["No deadlock came about"] : [],
      });
    } finally {
      await world.close();
    }
  },
};

async function load(world: World, seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    await world.start(1);
    await pause(100);
  }
}

/** Locks tokens and runs in the order in which the engine does not; gives how often it was the victim. */
async function rival(url: string, below: (bound: number) => number, end: AbortSignal): Promise<number> {
  const sql = postgres(url, { max: 1, onnotice: () => {}, connection: { statement_timeout: 0 } });
  let victim = 0;
  while (!end.aborted) {
    try {
      await sql.begin("isolation level read committed", async (tx) => {
        const tokens = await tx`
          select id, run_id from public.job_queue order by id desc limit ${2 + below(6)} for update`;
        await pause(below(300));
        await tx`select id from public.runs where id = any (${
          tokens.map(({ run_id }) => run_id)
        }) order by id desc for update`;
        await pause(below(300));
        await tx`select id from private.workers order by id desc for update`;
      });
    } catch (error) {
      if ((error as { code?: string }).code === "40P01") victim++;
    }
    await pause(below(100));
  }
  await sql.end({ timeout: 5 });
  return victim;
}

/** What the workers that have ended have logged, by name. */
export function problemsOf({ platform }: World): string {
  const sums = new Map<string, number>();
  for (const { report } of platform.ended) {
    for (const [name, n] of Object.entries(report?.logged ?? {})) sums.set(name, (sums.get(name) ?? 0) + n);
  }
  return [...sums].toSorted().map(([name, n]) => `${n} ${name}`).join(", ") || "nothing";
}
