/**
 * A worker in a process of its own, which may kill itself: `deno run -A _worker.ts JSON`. Its last line is a
 * {@linkcode WorkerReport}, when it lives to write it.
 *
 * @module
 */
import { type DrainReport, EngineClient, postgresTransport, Worker } from "../../shared/engine/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { localProviders } from "../helpers/engine.ts";
import { type CallCounts, type FaultPoint, withFault } from "./_faults.ts";

/** What the process is told. */
export interface WorkerCommand {
  databaseUrl: string;
  /** Port of the server that the flow calls. */
  port: number;
  /** Where it dies; null = it lives. */
  fault: FaultPoint | null;
  /** Milliseconds between heartbeats. */
  heartbeatMs?: number;
}

/** What the process says at its end. */
export interface WorkerReport {
  report: DrainReport;
  counts: CallCounts;
}

if (import.meta.main) {
  const { databaseUrl, port, fault, heartbeatMs } = JSON.parse(Deno.args[0] ?? "") as WorkerCommand;
  const counts: CallCounts = {};
  const transport = withFault(
    await postgresTransport(databaseUrl),
    fault,
    () => Deno.kill(Deno.pid, "SIGKILL"),
    counts,
  );
  const worker = new Worker({
    client: new EngineClient(transport),
    providers: localProviders(port),
    log: createLog("chaos"),
    kind: "worker",
    ...(heartbeatMs !== undefined && { heartbeatMs }),
  });
  // Long enough for a machine that is busy: a worker that leaves early dies nowhere.
  const report = await worker.drain({ idleMs: 1_000, pollMs: 10 });
  await transport.close();
  const answer: WorkerReport = { report, counts };
  console.log(JSON.stringify(answer));
}
