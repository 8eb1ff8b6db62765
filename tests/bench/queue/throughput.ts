/**
 * Beside the peers: enqueueing, draining, the latency of an idle queue, and what a job costs Postgres.
 *
 * @module
 */
import { type Arena, assertOnce, type Bench, CONCURRENCY, interleave, withArenas } from "./_bench.ts";
import { type Agent, spawnAgent } from "./_spawn.ts";
import { median, number, percentile, ratio, type Table } from "./_table.ts";

/** Numbers of one contestant, one for each round (latencies: one for each sample). */
interface Numbers {
  single: number[];
  bulk: number[];
  drain: number[];
  latency: number[];
  /** Microseconds of processor time that the drain took a job. */
  worker: number[];
  postgres: number[];
}

/** What a job costs, written once. */
interface Costs {
  enqueueWal: number;
  drainWal: number;
  dead: number;
}

/** Measures all contestants. */
export async function throughput(bench: Bench): Promise<Table[]> {
  return await withArenas(bench, bench.contestants, async (arenas) => {
    const all = new Map(arenas.map((arena) => [arena, noNumbers()]));
    // Once before it counts: plans, catalog, files.
    for (const { agent, postmaster } of arenas) {
      await agent.ask("burst", { count: Math.min(bench.sizes.drain, 2_000), concurrency: CONCURRENCY, postmaster });
    }
    await interleave(bench, arenas, async (arena, round) => {
      bench.note(`round ${round + 1}: ${arena.contestant.name}`);
      await measureRound(bench, arena, all.get(arena)!);
    });
    const costs = new Map<Arena, Costs>();
    for (const arena of arenas) costs.set(arena, await measureCosts(bench, arena));
    return [speedTable(bench, all), costTable(all, costs)];
  });
}

async function measureRound({ sizes }: Bench, arena: Arena, numbers: Numbers): Promise<void> {
  const { agent, contestant, postmaster } = arena;
  await agent.ask("reset", {});
  const single = await agent.ask("enqueueOne", { count: sizes.single });
  numbers.single.push(sizes.single / single.ms * 1000);
  const bulkJobs = sizes.bulkCalls * 1_000;
  const bulk = await agent.ask("fill", { count: bulkJobs, size: 1_000 });
  numbers.bulk.push(bulkJobs / bulk.ms * 1000);
  await agent.ask("reset", {});
  const drain = await agent.ask("burst", { count: sizes.drain, concurrency: CONCURRENCY, postmaster });
  assertOnce(`${contestant.name}, drain`, drain, sizes.drain);
  numbers.drain.push(sizes.drain / drain.ms * 1000);
  numbers.worker.push((drain.cpu?.worker ?? Number.NaN) / sizes.drain * 1e6);
  numbers.postgres.push((drain.cpu?.postgres ?? Number.NaN) / sizes.drain * 1e6);
  await agent.ask("reset", {});
  const { ms } = await agent.ask("latency", { samples: sizes.latency, concurrency: CONCURRENCY });
  numbers.latency.push(...ms);
}

/** Counts while no session is open that has not reported yet: each part has a process of its own. */
async function measureCosts({ sizes }: Bench, arena: Arena): Promise<Costs> {
  await arena.agent.ask("reset", {});
  await arena.agent.stop();
  const before = await counters(arena);
  await withAgent(arena, (agent) => agent.ask("fill", { count: sizes.drain, size: 1_000 }));
  const filled = await counters(arena);
  await withAgent(arena, async (agent) => {
    const total = sizes.drain;
    assertOnce(
      arena.contestant.name,
      await agent.ask("drain", { count: total, total, concurrency: CONCURRENCY }),
      total,
    );
    // Peers write what was finished when the worker stops.
    if ((await agent.ask("hasWork", {})).hasWork) throw new Error(`${arena.contestant.name} left jobs behind`);
  });
  const drained = await counters(arena);
  return {
    enqueueWal: (filled.wal - before.wal) / sizes.drain,
    drainWal: (drained.wal - filled.wal) / sizes.drain,
    dead: (drained.dead - filled.dead) / sizes.drain,
  };
}

async function withAgent<T>({ contestant, url }: Arena, fn: (agent: Agent) => Promise<T>): Promise<T> {
  const agent = spawnAgent(contestant, url);
  try {
    return await fn(agent);
  } finally {
    await agent.stop();
  }
}

/** WAL bytes and row versions that updates and deletes have left behind, of all user tables. */
async function counters({ sql }: Arena): Promise<{ wal: number; dead: number }> {
  // Sessions that have just ended are still reporting.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const [row] = await sql<{ wal: number; dead: number }[]>`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as wal,
      (select sum(n_tup_upd + n_tup_del)::float8 from pg_stat_user_tables) as dead`;
  return row!;
}

function speedTable(bench: Bench, all: Map<Arena, Numbers>): Table {
  const peers = [...all].filter(([arena]) => !arena.contestant.ours).map(([, numbers]) => numbers);
  const best = {
    single: Math.max(...peers.map((numbers) => median(numbers.single))),
    bulk: Math.max(...peers.map((numbers) => median(numbers.bulk))),
    drain: Math.max(...peers.map((numbers) => median(numbers.drain))),
    latency: Math.min(...peers.map((numbers) => median(numbers.latency))),
  };
  const { sizes } = bench;
  return {
    title: "Beside its peers",
    about:
      `One process, ${CONCURRENCY} handlers at once, medians of ${sizes.rounds} interleaved rounds. In brackets: ` +
      `how many times the best peer (latency: the fastest peer's p50). Enqueue: jobs a second from one connection, one a ` +
      `call and 1,000 a call. Drain: jobs a second, ${number(sizes.drain)} no-op jobs, from the commit that enqueues ` +
      `them until none is left. Idle: milliseconds from the call that enqueues until the handler begins.`,
    columns: ["queue", "enqueue one/s", "enqueue 1,000/s", "drain/s", "idle p50 ms", "idle p95 ms"],
    rows: [...all].map(([{ contestant }, numbers]) => [
      contestant.name,
      ...(["single", "bulk", "drain"] as const).map((key) =>
        `${number(median(numbers[key]))} (${ratio(median(numbers[key]), best[key])})`
      ),
      `${number(median(numbers.latency))} (${ratio(median(numbers.latency), best.latency)})`,
      number(percentile(numbers.latency, 0.95)),
    ]),
  };
}

function costTable(all: Map<Arena, Numbers>, costs: Map<Arena, Costs>): Table {
  return {
    title: "What a job costs",
    about:
      "Processor time of the drain, microseconds a job, medians: of Postgres, all its processes, and of the worker's " +
      "process; unlike the rates above it hardly depends on what else the machine does. WAL bytes to enqueue a job " +
      "(1,000 a call) and to drain it, with no full-page images (no checkpoint happens meanwhile), and row versions left " +
      "dead by draining it: the same on every machine.",
    columns: [
      "queue",
      "CPU µs Postgres",
      "CPU µs worker",
      "CPU µs both",
      "WAL B enqueue",
      "WAL B drain",
      "WAL B a job",
      "dead rows a job",
    ],
    rows: [...costs].map(([arena, { enqueueWal, drainWal, dead }]) => {
      const { postgres, worker } = all.get(arena)!;
      return [
        arena.contestant.name,
        number(median(postgres)),
        number(median(worker)),
        number(median(postgres.map((value, index) => value + worker[index]!))),
        number(enqueueWal),
        number(drainWal),
        number(enqueueWal + drainWal),
        dead.toFixed(2),
      ];
    }),
  };
}

function noNumbers(): Numbers {
  return { single: [], bulk: [], drain: [], latency: [], worker: [], postgres: [] };
}
