/**
 * A worker in a process of its own: `deno run -A _worker.ts`, which reads its command, JSON, as the first line of its
 * standard input, and ends with that input.
 *
 * @module
 */
import { EngineClient, postgresTransport, Worker } from "../../shared/engine/mod.ts";
import { readEnv } from "../../shared/env/mod.ts";
import { createJobRunner } from "../../shared/jobs/mod.ts";
import { configureLog, createLog } from "../../shared/log/mod.ts";
import { createProviders } from "../../shared/providers/mod.ts";

/** What the process is told. */
export interface WorkerCommand {
  databaseUrl: string;
  /** The variables of the functions. */
  variables: Readonly<Record<string, string>>;
}

async function main({ databaseUrl, variables }: WorkerCommand, ended: Promise<void>): Promise<void> {
  configureLog({ level: "error", write: (line) => console.error(line) });
  const env = readEnv((name) => variables[name]);
  const log = createLog("worker");
  const providers = createProviders(env);
  const transport = await postgresTransport(databaseUrl, { connections: 3 });
  let isOver = false;
  void ended.then(() => isOver = true);
  while (!isOver) {
    const worker = new Worker({
      client: new EngineClient(transport),
      providers,
      jobs: createJobRunner({ env, providers, log }),
      log,
      kind: "worker",
    });
    await worker.drain({ idleMs: 1_000, pollMs: 10, budgetMs: 30_000 });
  }
  await transport.close();
  Deno.exit(0);
}

/** The first line of standard input, and when that ends. */
async function readCommand(): Promise<{ command: WorkerCommand; ended: Promise<void> }> {
  const reader = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("There is no command");
    text += value;
  }
  const ended = (async () => {
    while (!(await reader.read()).done);
  })();
  return { command: JSON.parse(text) as WorkerCommand, ended };
}

if (import.meta.main) {
  const { command, ended } = await readCommand();
  await main(command, ended);
}
