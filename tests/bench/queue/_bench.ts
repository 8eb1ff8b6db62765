/**
 * What all sections share: the server, the contestants with a database each, sizes.
 *
 * @module
 */
import type postgres from "postgres";
import { createDatabase, startPostgres, type TestPostgres } from "../../helpers/postgres.ts";
import { parentOf } from "../_cpu.ts";
import { type Agent, type Contestant, spawnAgent } from "./_spawn.ts";

/** How much is done. */
export interface Sizes {
  /** Rounds over all contestants; medians are taken over them. */
  rounds: number;
  /** Jobs enqueued one by one. */
  single: number;
  /** Calls with 1,000 jobs each. */
  bulkCalls: number;
  /** Jobs of a drain. */
  drain: number;
  /** Samples of the idle latency in a round. */
  latency: number;
  /** Jobs that wait in the deep queue, and jobs that have finished there. */
  waiting: number;
  finished: number;
  /** Claims that are timed. */
  claims: number;
  /** Jobs drained while a snapshot is held, and the milliseconds that it is held at least. */
  held: number;
  heldMs: number;
  /** Organizations, and the jobs of the one that has many. */
  organizations: number;
  crowd: number;
  /** Numbers of worker processes, and jobs for them. */
  processes: readonly number[];
  shared: number;
  /** Webhook events, how often each is sent, and requests at once. */
  events: number;
  copies: number;
  senders: number;
}

/** The sizes that the issue names. */
export const FULL: Sizes = {
  rounds: 5,
  single: 1_000,
  bulkCalls: 30,
  drain: 20_000,
  latency: 40,
  waiting: 500_000,
  finished: 1_000_000,
  claims: 400,
  held: 100_000,
  heldMs: 60_000,
  organizations: 1_000,
  crowd: 100_000,
  processes: [1, 2, 4, 8],
  shared: 60_000,
  events: 2_500,
  copies: 4,
  senders: 64,
};

/** Small enough for a test. */
export const QUICK: Sizes = {
  rounds: 1,
  single: 10,
  bulkCalls: 1,
  drain: 300,
  latency: 2,
  waiting: 6_000,
  finished: 1_000,
  claims: 10,
  held: 600,
  heldMs: 500,
  organizations: 20,
  crowd: 500,
  processes: [1, 2],
  shared: 600,
  events: 10,
  copies: 2,
  senders: 4,
};

/** Handlers at once, in every system. */
export const CONCURRENCY = 24;

const OURS = { ours: true, program: "tests/bench/queue/millrace.ts" };
const PEERS = { ours: false, config: "tests/bench/peers/deno.json" };

/** The queues that are compared. The first one is the measure of ours. */
export const CONTESTANTS: readonly Contestant[] = [
  { ...OURS, name: "Millrace", mode: "failures" },
  { ...OURS, name: "Millrace, history kept", mode: "all" },
  { ...PEERS, name: "graphile-worker", program: "tests/bench/peers/graphile_worker.ts", mode: "normal" },
  { ...PEERS, name: "graphile-worker, batched", program: "tests/bench/peers/graphile_worker.ts", mode: "batched" },
  { ...PEERS, name: "pg-boss, batched", program: "tests/bench/peers/pg_boss.ts", mode: "batched" },
];

/** What a section works with. */
export interface Bench {
  server: TestPostgres;
  sizes: Sizes;
  contestants: readonly Contestant[];
  /** Tells a person what happens. */
  note(text: string): void;
}

/** A contestant with a database of its own. */
export interface Arena {
  contestant: Contestant;
  url: string;
  sql: postgres.Sql;
  /** Process id of the server. */
  postmaster: number;
  agent: Agent;
  /** Ends the agent and drops the database. */
  close(): Promise<void>;
}

/** A Postgres of its own with its default durability. Checkpoints are put off, so that WAL holds no full pages. */
export async function startServer(): Promise<TestPostgres> {
  const settings = {
    checkpoint_timeout: "1h",
    max_wal_size: "32GB",
    shared_buffers: "1GB",
    track_functions: "all",
    "pg_stat_statements.track": "all",
  };
  return await startPostgres({ private: true, durable: true, settings });
}

/** Makes a database for a contestant and starts its process. */
export async function openArena(bench: Bench, contestant: Contestant): Promise<Arena> {
  const db = await createDatabase({
    server: bench.server,
    content: contestant.ours ? "sql" : "empty",
    connections: 2,
  });
  const agent = spawnAgent(contestant, db.url);
  await agent.ask("install", {});
  const [session] = await db.sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return {
    contestant,
    url: db.url,
    sql: db.sql,
    postmaster: parentOf(session!.pid),
    agent,
    async close() {
      await agent.stop();
      await db.drop();
    },
  };
}

/** Runs `fn` with an arena for each contestant. */
export async function withArenas<T>(
  bench: Bench,
  contestants: readonly Contestant[],
  fn: (arenas: Arena[]) => Promise<T>,
): Promise<T> {
  const arenas: Arena[] = [];
  try {
    for (const contestant of contestants) arenas.push(await openArena(bench, contestant));
    return await fn(arenas);
  } finally {
    for (const arena of arenas) await arena.close();
  }
}

/** Calls `fn` for every arena in every round; who goes first changes with the round. */
export async function interleave(
  bench: Bench,
  arenas: readonly Arena[],
  fn: (arena: Arena, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < bench.sizes.rounds; round++) {
    for (let turn = 0; turn < arenas.length; turn++) {
      await fn(arenas[(round + turn) % arenas.length]!, round);
    }
  }
}

/** Throws unless every job was begun once. */
export function assertOnce(what: string, report: { done: number; repeated: number }, count: number): void {
  if (report.done < count || report.repeated > 0) {
    throw new Error(`${what}: ${report.done} of ${count} jobs, ${report.repeated} of them more than once`);
  }
}
