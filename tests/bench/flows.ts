/**
 * Flows beside their peers: the same six scenarios for each system over HTTP, in the same run, round by round in turn.
 * docs/benchmarks.md explains them.
 *
 * @module
 */
import { startPostgres, withDatabase } from "../helpers/postgres.ts";
import { type Ledger, startLedger } from "./flows/ledger.ts";
import {
  type Burst,
  type Crash,
  measureBurst,
  measureCrash,
  measureLatency,
  measureRate,
  median,
  percentile,
  readCounters,
} from "./flows/measure.ts";
import { createMillrace } from "./flows/millrace.ts";
import { printResults } from "./flows/print.ts";
import { ANSWERED } from "./flows/scenarios.ts";
import type { System } from "./flows/system.ts";
import { createDbos } from "./peers/dbos.ts";

/** How much is measured. */
export interface FlowsSizes {
  rounds: number;
  /** Requests one at a time, for the latency; S4 a tenth. */
  single: number;
  /** Requests with eight at once, for the rate; S4 a tenth. */
  many: number;
  /** Requests of S5. */
  burst: number;
  /** Runs of S6. */
  crash: number;
  /** Milliseconds that each effect of S6 takes. */
  effectMs: number;
}

/** As the numbers of docs/benchmarks.md were measured. */
const FULL: FlowsSizes = { rounds: 3, single: 100, many: 500, burst: 2_000, crash: 200, effectMs: 25 };
const QUICK: FlowsSizes = { rounds: 1, single: 20, many: 100, burst: 300, crash: 40, effectMs: 25 };

/** Requests at once for the rates of S1 to S4. */
const AT_ONCE = 8;

/** Requests at once of the burst. */
const BURST_AT_ONCE = 32;

/** What a scenario that is answered cost, medians over the rounds. */
export interface AnsweredResult {
  p50: number;
  p95: number;
  runsPerSecond: number;
  walBytesPerRun: number;
  cpuMsPerRun: number;
  rowsPerRun: number;
  transactionsPerRun: number;
}

/** What was found about a system. */
export interface SystemResult {
  name: string;
  /** By scenario: `s1` to `s4`. */
  answered: Record<string, AnsweredResult>;
  burst: Burst;
  crash: Crash;
}

/** Options of {@linkcode runFlows}. */
export interface FlowsOptions {
  sizes: FlowsSizes;
  /** Which systems. */
  systems: readonly ("millrace" | "dbos" | "data-api")[];
  /** Takes the short cuts of a test: no default durability, a fast clock, no wait for leases. */
  inHaste?: boolean;
  /** Told what is going on. */
  report?: (line: string) => void;
}

/** Runs the benchmark: `deno task bench flows [--quick] [--markdown] [--rounds=N] [--systems=millrace,dbos,data-api]`. */
export async function main(args: string[]): Promise<void> {
  const option = (name: string) => args.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1];
  const sizes = { ...(args.includes("--quick") ? QUICK : FULL) };
  if (option("rounds") !== undefined) sizes.rounds = Number(option("rounds"));
  const systems = (option("systems") ?? "millrace,dbos").split(",") as FlowsOptions["systems"];
  const report = args.includes("--markdown") ? () => {} : (line: string) => console.error(line);
  printResults(await runFlows({ sizes, systems, report }), sizes);
}

/** Runs every scenario on every system and gives what was found. */
export async function runFlows(options: FlowsOptions): Promise<SystemResult[]> {
  const { sizes, systems: wanted, inHaste = false, report = () => {} } = options;
  // Durable as by default; checkpoints, which write whole pages anew, stay out of the measurements of all systems alike.
  const settings = { checkpoint_timeout: "30min", max_wal_size: "8GB" };
  const server = await startPostgres(inHaste ? {} : { private: true, durable: true, settings });
  const ledger = startLedger(sizes.effectMs);
  const systems: System[] = [];
  const results: SystemResult[] = [];
  const open = async (names: readonly string[]): Promise<void> => {
    const [name, ...others] = names;
    if (name === undefined) return await measureAll();
    const content = name === "dbos" ? "empty" : "sql";
    await withDatabase(async (db) => {
      const common = { db, ledger: ledger.host, ...(inHaste && { tickMs: 500 }) };
      systems.push(
        name === "dbos"
          ? createDbos(common)
          : createMillrace({ ...common, transport: name === "data-api" ? "postgrest" : "postgres" }),
      );
      await open(others);
    }, { server, content, connections: 2 });
  };
  const measureAll = async () => {
    for (const system of systems) {
      report(`${system.name}: preparing`);
      await system.prepare();
    }
    try {
      results.push(...await measureSystems(systems, ledger, options));
    } finally {
      await Promise.allSettled(systems.map((system) => system.close()));
    }
  };
  try {
    await open(wanted);
  } finally {
    await ledger.stop();
    await server.stop();
  }
  return results;
}

/** One system's measurements so far. */
interface Collected {
  answered: Record<string, { p50: number[]; p95: number[]; rate: number[]; wal: number[]; cpu: number[] }>;
  bursts: Burst[];
  costs: Record<string, { rowsPerRun: number; transactionsPerRun: number }>;
  crash?: Crash;
}

async function measureSystems(
  systems: readonly System[],
  ledger: Ledger,
  { sizes, inHaste, report = () => {} }: FlowsOptions,
): Promise<SystemResult[]> {
  const collected = new Map<System, Collected>();
  for (const system of systems) {
    const answered = Object.fromEntries(
      ANSWERED.map(({ id }) => [id, { p50: [], p95: [], rate: [], wal: [], cpu: [] }]),
    );
    collected.set(system, { answered, bursts: [], costs: {} });
    await system.start();
    // Once before it counts: plans, statements, code.
    for (const scenario of ANSWERED) await measureRate(system, scenario, Math.min(50, sizes.many), 4);
    await measureBurst(system, Math.min(50, sizes.burst), 4);
  }
  for (let round = 1; round <= sizes.rounds; round++) {
    for (const scenario of ANSWERED) {
      const share = scenario.id === "s4" ? 0.1 : 1;
      const single = Math.max(2, Math.ceil(sizes.single * share));
      const many = Math.ceil(sizes.many * share);
      // Every other round the other way round, so that none is always the first.
      for (const system of inTurn(systems, round)) {
        const latencies = await measureLatency(system, scenario, single);
        const rate = await measureRate(system, scenario, many, AT_ONCE);
        const lists = collected.get(system)!.answered[scenario.id]!;
        lists.p50.push(percentile(latencies, 0.5));
        lists.p95.push(percentile(latencies, 0.95));
        lists.rate.push(rate.runsPerSecond);
        lists.wal.push(rate.walBytesPerRun);
        lists.cpu.push(rate.cpuMsPerRun);
        report(
          `round ${round} ${scenario.id} ${system.name}: p50 ${lists.p50.at(-1)?.toFixed(1)} ms, ${
            rate.runsPerSecond.toFixed(0)
          } runs/s`,
        );
      }
    }
    for (const system of inTurn(systems, round)) {
      const burst = await measureBurst(system, sizes.burst, BURST_AT_ONCE);
      collected.get(system)!.bursts.push(burst);
      report(
        `round ${round} s5 ${system.name}: ${burst.acceptedPerSecond.toFixed(0)} accepted/s, ${
          burst.finishedPerSecond.toFixed(0)
        } finished/s`,
      );
    }
  }
  for (const system of systems) {
    const found = collected.get(system)!;
    found.crash = await measureCrash(system, ledger, sizes.crash, inHaste);
    report(`s6 ${system.name}: ${JSON.stringify(found.crash)}`);
    await system.stop();
    found.costs = await measureCosts(system, Math.min(100, sizes.many));
  }
  return systems.map((system) => summarize(system.name, collected.get(system)!));
}

function inTurn(systems: readonly System[], round: number): readonly System[] {
  return round % 2 === 1 ? systems : systems.toReversed();
}

/** Rows and transactions of a run. A session reports what it wrote when it ends, so the server is started for each. */
async function measureCosts(system: System, count: number): Promise<Collected["costs"]> {
  const costs: Collected["costs"] = {};
  for (const scenario of ANSWERED) {
    const runs = scenario.id === "s4" ? Math.ceil(count / 5) : count;
    const before = await readCounters(system);
    await system.start();
    await measureRate(system, scenario, runs, AT_ONCE);
    await system.stop();
    const after = await readCounters(system);
    costs[scenario.id] = {
      rowsPerRun: (after.rows - before.rows) / runs,
      transactionsPerRun: (after.transactions - before.transactions) / runs,
    };
  }
  return costs;
}

function summarize(name: string, { answered, bursts, costs, crash }: Collected): SystemResult {
  return {
    name,
    answered: Object.fromEntries(
      Object.entries(answered).map(([id, { p50, p95, rate, wal, cpu }]) => [id, {
        p50: median(p50),
        p95: median(p95),
        runsPerSecond: median(rate),
        walBytesPerRun: median(wal),
        cpuMsPerRun: median(cpu),
        ...costs[id]!,
      }]),
    ),
    burst: {
      acceptedPerSecond: median(bursts.map((burst) => burst.acceptedPerSecond)),
      finishedPerSecond: median(bursts.map((burst) => burst.finishedPerSecond)),
      p99: median(bursts.map((burst) => burst.p99)),
      walBytesPerRun: median(bursts.map((burst) => burst.walBytesPerRun)),
      cpuMsPerRun: median(bursts.map((burst) => burst.cpuMsPerRun)),
    },
    crash: crash!,
  };
}
