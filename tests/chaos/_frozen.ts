/**
 * SIGSTOP of a worker past its lease, and SIGCONT when others have done its work; and workers whose clocks are wrong.
 *
 * @module
 */
import { passTime, resumption } from "./_audit.ts";
import type { ChildEnd } from "./_child.ts";
import { judge } from "./_judge.ts";
import { pause } from "./_platform.ts";
import type { Scenario } from "./_scenario.ts";
import { openWorld, type World } from "./_world.ts";

const LIMIT_MS = 120_000;

/** Seconds that pass in the database: more than a lease. */
const PAST_LEASE = 31;

/** See the module. */
export const freezes: Scenario = {
  name: "freeze",
  about: "SIGSTOP past the lease, then SIGCONT",
  async run({ postgres, random, short }) {
    const world = await openWorld(postgres, { mayWakeAgain: true });
    try {
      const faults: string[] = [];
      let [longestMs, tokens, lost] = [0, 0, 0];
      const rounds = short ? 2 : 10;
      for (let round = 0; round < rounds; round++) {
        const heartbeatMs = round % 2 === 0 ? 60_000 : 500;
        const { at, worker, end } = await freeze(world, heartbeatMs, 100 + random.below(1_000));
        const held = await resumption(world.db, { at, worker });
        tokens += held.held;
        longestMs = Math.max(longestMs, held.longestMs);
        lost += end.report?.report.lost ?? 0;
        if (end.report === null) faults.push("A worker that was woken did not end by itself");
      }
      if (lost === 0) faults.push("No write was refused: nothing was proved");
      return await judge(world, {
        scenario: freezes.about,
        injected: `${rounds} workers frozen, ${tokens} leases held, ${lost} writes refused`,
        resumedMs: longestMs,
        faults,
      });
    } finally {
      await world.close();
    }
  },
};

/** Lets a worker begin, stands it still until others have done everything, and wakes it. */
async function freeze(
  world: World,
  heartbeatMs: number,
  afterMs: number,
): Promise<{ at: number; worker: string; end: ChildEnd }> {
  const { db, platform } = world;
  await platform.quiet(LIMIT_MS);
  const child = platform.start({ command: { heartbeatMs, idleMs: 6_000 } });
  // Once it is there, nobody else is called.
  const worker = await until(async () =>
    (await db.sql`select id from private.workers limit 1`)[0]?.id as string | undefined
  );
  await world.start(12);
  await pause(afterMs);
  await until(async () => {
    child.signal("SIGSTOP");
    const [held] = await db.sql`select 1 from public.job_queue where worker_id = ${worker}`;
    if (held === undefined) child.signal("SIGCONT");
    return held;
  });
  const at = Date.now();
  // The lease of everybody is over who does not prolong it at once; the frozen one can not.
  await passTime(db, PAST_LEASE);
  await db.sql`select engine.tick()`;
  await world.allEnded(LIMIT_MS);
  await Promise.allSettled([...platform.living].filter((other) => other !== child).map(({ end }) => end));
  child.signal("SIGCONT");
  return { at, worker, end: await child.end };
}

async function until<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const found = await find();
    if (found !== undefined) return found;
    await pause(25);
  }
  throw new Error("It never held");
}

/** Milliseconds by which the clocks of workers are off. */
const SHIFTS = [-600_000, 600_000, 0];

/** How far the times of a step may be from those of its run, by the clock of the database. */
const TOLERANCE = "2 seconds";

/** See the module. */
export const clocks: Scenario = {
  name: "clock",
  about: "clocks of workers off by ±10 minutes",
  async run({ postgres, short }) {
    const world = await openWorld(postgres);
    try {
      let turn = 0;
      world.platform.next = () => ({ clockShiftMs: SHIFTS[turn++ % SHIFTS.length]! });
      for (let round = 0; round < (short ? 1 : 4); round++) {
        // All three at once on the same runs.
        const workers = SHIFTS.map((clockShiftMs) =>
          world.platform.start({ clockShiftMs, command: { heartbeatMs: 1_000 } })
        );
        await world.start(short ? 10 : 25);
        await Promise.all(workers.map(({ end }) => end));
      }
      await world.allEnded(LIMIT_MS);
      return await judge(world, {
        scenario: clocks.about,
        injected: `${turn + SHIFTS.length * (short ? 1 : 4)} workers, −10, +10 and 0 minutes`,
        resumedMs: null,
        faults: await wrongTimes(world),
      });
    } finally {
      await world.close();
    }
  },
};

/** Steps outside the times of their run, and rests that did not last as long as they must. */
async function wrongTimes({ db }: World): Promise<string[]> {
  const rows = await db.sql<{ what: string }[]>`
    select 'The step ' || s.node_id || ' is outside its run by ' ||
      greatest(r.started_at - s.started_at, s.finished_at - r.finished_at) as what
    from public.run_steps s join public.runs r on r.id = s.run_id
    where s.started_at < r.started_at - ${TOLERANCE}::interval or s.finished_at > r.finished_at + ${TOLERANCE}::interval
      or s.started_at > s.finished_at
    union all
    select 'A rest of one second was over after ' || (s.finished_at - b.finished_at)
    from public.run_steps s join public.run_steps b on b.run_id = s.run_id and b.node_id = 'both'
    where s.node_id = 'rest' and s.finished_at - b.finished_at not between interval '0.8 seconds' and interval '60 seconds'
    union all
    select 'What was due at ' || (r.input ->> 'due') || ' was begun at ' || s.finished_at
    from public.run_steps s join public.runs r on r.id = s.run_id
    where s.node_id = 'due' and s.finished_at - (r.input ->> 'due')::timestamptz
      not between interval '-0.5 seconds' and interval '60 seconds'`;
  return rows.map(({ what }) => what);
}
