/**
 * The measurements: latency one at a time, rate with several at once, a burst, a crash, and what Postgres wrote.
 *
 * @module
 */
import { equal } from "deno-std/assert/mod.js";
import type { Ledger } from "./ledger.ts";
import { processorTime } from "./processor_time.ts";
import {
  type AnsweredScenario,
  type BenchEvent,
  CHAIN,
  newEvent,
  type ScenarioId,
  type SignedEvent,
  signEvent,
} from "./scenarios.ts";
import type { System } from "./system.ts";

/** Milliseconds after which something that does not end is given up. */
const PATIENCE_MS = 180_000;

/** What a rate measurement found. */
export interface Rate {
  runsPerSecond: number;
  walBytesPerRun: number;
  /** Milliseconds of processor time of the server and of its Postgres sessions. */
  cpuMsPerRun: number;
}

/** What a burst found. */
export interface Burst {
  acceptedPerSecond: number;
  finishedPerSecond: number;
  /** 99th percentile until a request was answered, milliseconds. */
  p99: number;
  walBytesPerRun: number;
  cpuMsPerRun: number;
}

/** What a crash left. */
export interface Crash {
  /** Requests that were acknowledged. */
  acknowledged: number;
  completed: number;
  /** Ended otherwise. */
  failed: number;
  /** Not ended when patience was over. */
  stuck: number;
  /** Acknowledged, and nowhere to be found. */
  lost: number;
  /** Steps whose effect was asked for more than once. */
  repeatedSteps: number;
  /** Effects that the ledger applied, of `expectedEffects`. */
  effects: number;
  expectedEffects: number;
  /** From the restart to the end of the last run. */
  secondsToRecover: number;
}

/** Latencies of `count` requests, one after the other, in milliseconds, sorted. */
export async function measureLatency(system: System, scenario: AnsweredScenario, count: number): Promise<number[]> {
  const latencies: number[] = [];
  for (const request of await newRequests(scenario.id, count)) {
    latencies.push(await answered(system, scenario, request));
  }
  return latencies.toSorted((a, b) => a - b);
}

/** The rate with `atOnce` requests under way. */
export async function measureRate(
  system: System,
  scenario: AnsweredScenario,
  count: number,
  atOnce: number,
): Promise<Rate> {
  const requests = await newRequests(scenario.id, count);
  const spent = await startMeter(system);
  const started = performance.now();
  await inParallel(count, atOnce, () => answered(system, scenario, requests.pop()!));
  const seconds = (performance.now() - started) / 1000;
  return { runsPerSecond: count / seconds, ...await spent(count) };
}

/** S5: requests that are answered at once, until all of their runs have ended. */
export async function measureBurst(system: System, count: number, atOnce: number): Promise<Burst> {
  const before = await system.count("s5");
  const requests = await newRequests("s5", count);
  const spent = await startMeter(system);
  const latencies: number[] = [];
  const started = performance.now();
  await inParallel(count, atOnce, async () => {
    const { delivery } = requests.pop()!;
    const sent = performance.now();
    await deliver(system, "s5", delivery);
    latencies.push(performance.now() - sent);
  });
  const accepted = (performance.now() - started) / 1000;
  await until(async () => (await system.count("s5")).completed - before.completed >= count);
  const finished = (performance.now() - started) / 1000;
  return {
    acceptedPerSecond: count / accepted,
    finishedPerSecond: count / finished,
    p99: percentile(latencies.toSorted((a, b) => a - b), 0.99),
    ...await spent(count),
  };
}

/**
 * S6: kills the server with `kill -9` when 40 % of the effects have happened, starts it again and waits until every run
 * has ended. A request that is not acknowledged is repeated, as senders of webhooks do.
 *
 * @param inHaste Do not wait for leases to lapse: proves the same, and says nothing about the time.
 */
export async function measureCrash(
  system: System,
  ledger: Ledger,
  count: number,
  inHaste = false,
): Promise<Crash> {
  ledger.reset();
  const expectedEffects = count * CHAIN;
  let acknowledged = 0;
  const sending = inParallel(count, 32, async () => {
    const delivery = await signEvent(newEvent("s6"));
    await until(() => deliver(system, "s6", delivery).then(() => true, () => false), 100);
    acknowledged++;
  });
  await until(() => Promise.resolve(ledger.calls() >= expectedEffects * 0.4), 1);
  await system.kill();
  if (inHaste) await system.forgetLeases?.();
  const restarted = performance.now();
  await system.start();
  await sending;
  const isOver = async () => {
    const { completed, failed } = await system.count("s6");
    return completed + failed >= count;
  };
  await until(isOver).catch(() => {});
  const { completed, failed, open } = await system.count("s6");
  return {
    acknowledged,
    completed,
    failed,
    stuck: open,
    lost: acknowledged - completed - failed - open,
    repeatedSteps: ledger.repeated(),
    effects: ledger.applied(),
    expectedEffects,
    secondsToRecover: (performance.now() - restarted) / 1000,
  };
}

/** Rows written and transactions committed in the system's database since it was made; its server must have ended. */
export async function readCounters(system: System): Promise<{ rows: number; transactions: number }> {
  // Sessions that have just ended are still reporting.
  await pause(500);
  const [row] = await system.db.sql<{ rows: number; transactions: number }[]>`
    select (select sum(n_tup_ins + n_tup_upd + n_tup_del)::float8 from pg_stat_user_tables) as rows,
      (select xact_commit::float8 from pg_stat_database where datname = current_database()) as transactions`;
  return row!;
}

/** A signed event that is yet to be sent. */
interface BenchRequest {
  event: BenchEvent;
  delivery: SignedEvent;
}

/** Events, signed before any clock starts: senders sign on machines of their own. */
async function newRequests(scenario: ScenarioId, count: number): Promise<BenchRequest[]> {
  return await Promise.all(Array.from({ length: count }, async () => {
    const event = newEvent(scenario);
    return { event, delivery: await signEvent(event) };
  }));
}

/** A request that is answered with the result of its run; gives the milliseconds that it took. */
async function answered(
  system: System,
  scenario: AnsweredScenario,
  { event, delivery }: BenchRequest,
): Promise<number> {
  const started = performance.now();
  const answer = await deliver(system, scenario.id, delivery);
  const took = performance.now() - started;
  const output = system.readOutput(answer);
  if (!equal(output, scenario.expect(event))) {
    throw new Error(`${system.name} gave for ${scenario.id} ${JSON.stringify(event)}: ${JSON.stringify(answer)}`);
  }
  return took;
}

async function deliver(system: System, scenario: ScenarioId, delivery: SignedEvent): Promise<unknown> {
  const response = await fetch(system.url(scenario), { method: "POST", ...delivery });
  const text = await response.text();
  if (!response.ok) throw new Error(`${system.name} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** Does something `count` times, `atOnce` at a time; rejects with the first failure. */
async function inParallel(count: number, atOnce: number, work: () => Promise<unknown>): Promise<void> {
  let begun = 0;
  const lane = async () => {
    while (begun++ < count) await work();
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
}

/** Waits until something is so; rejects when patience is over. */
async function until(isSo: () => Promise<boolean>, pollMs = 10): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!await isSo()) {
    if (performance.now() > end) throw new Error("Patience is over");
    await pause(pollMs);
  }
}

/** Begins to count WAL and processor time; what it gives tells what a run took of both. */
async function startMeter(system: System) {
  const wal = await walPosition(system);
  const time = await processorTime(system);
  return async (runs: number) => {
    const now = await processorTime(system);
    const seconds = now.server - time.server + now.postgres - time.postgres;
    return { walBytesPerRun: (await walPosition(system) - wal) / runs, cpuMsPerRun: seconds * 1000 / runs };
  };
}

async function walPosition(system: System): Promise<number> {
  const [row] = await system.db.sql`select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as position`;
  return row?.position;
}

/** The value below which a share of sorted values lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** The middle of values. */
export function median(values: readonly number[]): number {
  return percentile(values.toSorted((a, b) => a - b), 0.5);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
