/**
 * A queue that has to stay as fast as it was: with much behind it, much before it, and rows that may not be vacuumed.
 *
 * @module
 */
import {
  type Arena,
  assertOnce,
  type Bench,
  CONCURRENCY,
  interleave,
  openArena,
  type Sizes,
  withArenas,
} from "./_bench.ts";
import { claimJobs, finishJobs } from "./_ours.ts";
import { median, number, percentile, type Table } from "./_table.ts";

/** Numbers of one contestant. */
interface Numbers {
  /** Jobs a second, a number for each round. */
  shallow: number[];
  deep: number[];
  /** Jobs a second from the deep queue while a snapshot is held: the jobs that leave dead rows, and a drain after them. */
  held: number;
  afterHeld: number;
}

/** Milliseconds of claims and of settles. */
interface ClaimTimes {
  claim: number[];
  finish: number[];
}

/** Measures all contestants, then our claims by themselves. */
export async function flat(bench: Bench): Promise<Table[]> {
  const drains = await measureDrains(bench);
  const ours = bench.contestants.find((contestant) => contestant.ours);
  return ours === undefined ? [drains] : [drains, await measureClaims(bench, await openArena(bench, ours))];
}

async function measureDrains(bench: Bench): Promise<Table> {
  const { sizes } = bench;
  return await withArenas(
    bench,
    bench.contestants,
    async (shallow) =>
      await withArenas(bench, bench.contestants, async (deep) => {
        const all = new Map<Arena, Numbers>();
        for (const arena of deep) {
          all.set(arena, { shallow: [], deep: [], held: Number.NaN, afterHeld: Number.NaN });
          await makeDeep(bench, arena);
        }
        await interleave(bench, deep, async (arena, round) => {
          bench.note(`round ${round + 1}: ${arena.contestant.name}`);
          const numbers = all.get(arena)!;
          numbers.deep.push(await drainRate(arena, sizes.drain, sizes.waiting));
          const empty = shallow[deep.indexOf(arena)]!;
          await empty.agent.ask("reset", {});
          await empty.agent.ask("fill", { count: sizes.drain });
          numbers.shallow.push(await drainRate(empty, sizes.drain, sizes.drain));
        });
        const held = await Promise.all(deep.map(holdSnapshot));
        const minute = new Promise((resolve) => setTimeout(resolve, sizes.heldMs));
        for (const arena of deep) {
          bench.note(`snapshot held: ${arena.contestant.name}`);
          all.get(arena)!.held = await drainRate(arena, sizes.held, sizes.waiting, sizes.heldMs);
        }
        await minute;
        for (const arena of deep) {
          all.get(arena)!.afterHeld = await drainRate(arena, sizes.drain, sizes.waiting, sizes.heldMs);
        }
        for (const release of held) await release();
        return drainTable(sizes, all);
      }),
  );
}

/** Fills a queue: what has finished (where it is kept), and what waits. */
async function makeDeep({ sizes, note }: Bench, { agent, sql, contestant }: Arena): Promise<void> {
  note(`filling: ${contestant.name}`);
  await agent.ask("addHistory", { count: sizes.finished });
  await agent.ask("fill", { count: sizes.waiting });
  await sql`vacuum analyze`;
}

async function drainRate({ agent, contestant }: Arena, count: number, total: number, budgetMs?: number) {
  const report = await agent.ask("drain", {
    count,
    total,
    concurrency: CONCURRENCY,
    ...(budgetMs !== undefined && { budgetMs }),
  });
  assertOnce(contestant.name, report, budgetMs === undefined ? count : 1);
  return Math.min(report.done, count) / report.ms * 1000;
}

/** Has another session hold a snapshot; gives what ends that. */
async function holdSnapshot({ sql }: Arena): Promise<() => Promise<void>> {
  const session = await sql.reserve();
  await session`begin isolation level repeatable read`;
  await session`select count(*) from pg_catalog.pg_class`;
  return async () => {
    await session`rollback`;
    session.release();
  };
}

function drainTable(sizes: Sizes, all: Map<Arena, Numbers>): Table {
  const share = (value: number, base: number) => `${number(value)} (${Math.round(value / base * 100)} %)`;
  return {
    title: "Drain at depth",
    about:
      `Jobs a second, ${CONCURRENCY} at once, timed from the first handler to the ${number(sizes.drain)}th: with ` +
      `that many waiting; with ${number(sizes.waiting)} waiting and, where the system keeps them, ` +
      `${number(sizes.finished)} finished; of that deep queue ${number(sizes.held)} jobs (${
        sizes.heldMs / 1000
      } s at ` +
      `most) while another transaction holds a snapshot, and ${number(sizes.drain)} more when it has been held for ` +
      `${sizes.heldMs / 1000} s. In brackets: share of the first column.`,
    columns: ["queue", number(sizes.drain), `${number(sizes.waiting)} waiting`, "snapshot held", "after it"],
    rows: [...all].map(([{ contestant }, { shallow, deep, held, afterHeld }]) => {
      const base = median(shallow);
      return [
        contestant.name,
        number(base),
        share(median(deep), base),
        share(held, base),
        share(afterHeld, base),
      ];
    }),
  };
}

async function measureClaims(bench: Bench, arena: Arena): Promise<Table> {
  const { sizes } = bench;
  try {
    const all = new Map<string, ClaimTimes>();
    const jobs = sizes.claims * CONCURRENCY;
    await arena.agent.ask("fill", { count: jobs });
    await timeClaims(arena, Math.ceil(sizes.claims / 4));
    await arena.agent.ask("fill", { count: jobs });
    all.set("empty but for these jobs", await timeClaims(arena, sizes.claims));
    await makeDeep(bench, arena);
    all.set(
      `${number(sizes.waiting)} waiting, ${number(sizes.finished)} finished`,
      await timeClaims(arena, sizes.claims),
    );
    const release = await holdSnapshot(arena);
    const minute = new Promise((resolve) => setTimeout(resolve, sizes.heldMs));
    await drainRate(arena, sizes.held, sizes.waiting, sizes.heldMs);
    await minute;
    all.set("the same, snapshot held", await timeClaims(arena, sizes.claims));
    await release();
    return claimTable(sizes, all);
  } finally {
    await arena.close();
  }
}

async function timeClaims({ sql }: Arena, claims: number): Promise<ClaimTimes> {
  const workerId = crypto.randomUUID();
  const times: ClaimTimes = { claim: [], finish: [] };
  for (let n = 0; n < claims; n++) {
    const started = performance.now();
    const jobs = await claimJobs(sql, workerId, CONCURRENCY);
    const claimed = performance.now();
    if (jobs.length !== CONCURRENCY) throw new Error(`A claim gave ${jobs.length} jobs of ${CONCURRENCY}`);
    await finishJobs(sql, workerId, jobs, false);
    times.claim.push(claimed - started);
    times.finish.push(performance.now() - claimed);
  }
  await sql`select engine.release_worker(${workerId})`;
  return times;
}

function claimTable(sizes: Sizes, all: Map<string, ClaimTimes>): Table {
  const base = percentile([...all.values()][0]!.claim, 0.95);
  return {
    title: "Our claim at depth",
    about:
      `Milliseconds of ${sizes.claims} claims of ${CONCURRENCY} jobs each, and of the settles that follow, from one ` +
      `connection. In brackets: how many times the p95 of the empty queue. The snapshot: held for ` +
      `${sizes.heldMs / 1000} s, ${number(sizes.held)} jobs drained meanwhile.`,
    columns: ["queue", "claim p50", "claim p95", "settle p50", "settle p95"],
    rows: [...all].map(([name, { claim, finish }]) => [
      name,
      number(percentile(claim, 0.5)),
      `${number(percentile(claim, 0.95))} (${number(percentile(claim, 0.95) / base)}×)`,
      number(percentile(finish, 0.5)),
      number(percentile(finish, 0.95)),
    ]),
  };
}
