/**
 * A worker in a process of its own, which may kill itself: `deno run -A _worker.ts JSON`. Its last line is a
 * {@linkcode WorkerReport}, when it lives to write it. It ends when its standard input does.
 *
 * @module
 */
import "./_shifted_clock.ts";
import { type DrainReport, EngineClient, postgresTransport, Worker } from "../../shared/engine/mod.ts";
import { configureLog, createLog } from "../../shared/log/mod.ts";
import { localProviders } from "../helpers/engine.ts";
import { type CallCounts, FaultGate, type FaultPoint, gated, gatedProviders } from "./_faults.ts";
import { chaosJobs } from "./_jobs.ts";

/** What the process is told. */
export interface WorkerCommand {
  databaseUrl: string;
  /** Port of the server that the flow calls. */
  port: number;
  /** Where it dies; null = it lives. */
  fault: FaultPoint | null;
  /** Milliseconds between heartbeats. */
  heartbeatMs?: number;
  /** Milliseconds without work after which it ends. Default 1,000. */
  idleMs?: number;
  /** Milliseconds after which it claims nothing more. Default 100,000. */
  budgetMs?: number;
}

/** What the process says at its end. */
export interface WorkerReport {
  report: DrainReport;
  counts: CallCounts;
  /** Warnings and errors of its log, by name. Older releases do not say. */
  logged?: Record<string, number>;
}

/** What it says before it kills itself. */
export interface LastWords {
  /** The worker's id in Postgres. */
  dying: string;
  /** `Date.now()` of the machine's clock. */
  at: number;
}

async function main(command: WorkerCommand): Promise<void> {
  const logged: Record<string, number> = {};
  configureLog({
    level: "warn",
    write(line) {
      const { action = "?" } = JSON.parse(line) as { action?: string };
      logged[action] = (logged[action] ?? 0) + 1;
      if (Deno.env.has("CHAOS_LOG")) console.error(line);
    },
  });
  void endWithParent();
  const transport = await postgresTransport(command.databaseUrl);
  const gate = new FaultGate(command.fault, () => {
    const words: LastWords = { dying: worker.id, at: Date.now() };
    console.log(JSON.stringify(words));
    Deno.kill(Deno.pid, "SIGKILL");
  });
  const providers = gatedProviders(localProviders(command.port), gate);
  const worker: Worker = new Worker({
    client: new EngineClient(gated(transport, gate)),
    providers,
    jobs: chaosJobs(providers),
    log: createLog("chaos"),
    kind: "worker",
    ...(command.heartbeatMs !== undefined && { heartbeatMs: command.heartbeatMs }),
  });
  // Long enough for a machine that is busy: a worker that leaves early dies nowhere.
  const report = await worker.drain({
    idleMs: command.idleMs ?? 1_000,
    pollMs: 10,
    ...(command.budgetMs !== undefined && { budgetMs: command.budgetMs }),
  });
  await transport.close();
  const answer: WorkerReport = { report, counts: gate.counts, logged };
  console.log(JSON.stringify(answer));
  Deno.exit(0);
}

async function endWithParent(): Promise<void> {
  for await (const _ of Deno.stdin.readable);
  Deno.exit(1);
}

if (import.meta.main) await main(JSON.parse(Deno.args[0] ?? "") as WorkerCommand);
