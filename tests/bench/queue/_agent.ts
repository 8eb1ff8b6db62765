/**
 * The process that a queue is measured in: it takes commands as lines of JSON and answers each with one.
 *
 * @module
 */
import { cpuOf, cpuOfPostgres } from "../_cpu.ts";
import type { OpenSystem, QueueSystem } from "./_system.ts";

/** Milliseconds after which a drain is given up. */
const GIVE_UP_MS = 300_000;

/** What the process can be asked to do, each with its arguments and its answer. */
export interface AgentCommands {
  install: { in: Record<never, never>; out: Record<never, never> };
  reset: { in: Record<never, never>; out: Record<never, never> };
  /** Enqueues jobs `from` … `from + count - 1` in calls of `size`. */
  fill: { in: { count: number; from?: number; size?: number }; out: { ms: number } };
  addHistory: { in: { count: number }; out: { kept: boolean } };
  enqueueOne: { in: { count: number }; out: { ms: number } };
  /** With an idle worker: enqueues all in one transaction, and measures from its commit until nothing is left. */
  burst: { in: { count: number; concurrency: number; postmaster: number }; out: DrainReport };
  /** Works off what waits until `count` handlers have begun (or `budgetMs` have passed), timed from the first. */
  drain: { in: { count: number; total: number; concurrency: number; budgetMs?: number }; out: DrainReport };
  /** With an idle worker: milliseconds from the call that enqueues until the handler begins. */
  latency: { in: { samples: number; concurrency: number }; out: { ms: number[] } };
  /** Works off what there is and what comes, until told to stop: for several processes at once. */
  share: { in: { concurrency: number; total: number }; out: Record<never, never> };
  stopSharing: { in: Record<never, never>; out: { numbers: number[] } };
  hasWork: { in: Record<never, never>; out: { hasWork: boolean } };
}

/** What came of a drain. */
export interface DrainReport {
  /** Milliseconds that it took. */
  ms: number;
  /** Handlers that began. */
  done: number;
  /** Of them, those of a job whose handler had begun before. */
  repeated: number;
  /** Seconds of processor time of this process and of Postgres; only of a burst. */
  cpu?: { worker: number; postgres: number };
}

type Handlers = {
  [K in keyof AgentCommands]: (
    system: QueueSystem,
    args: AgentCommands[K]["in"],
  ) => Promise<AgentCommands[K]["out"]>;
};

let sharing: { stop(): Promise<void>; numbers: number[] } | undefined;

const HANDLERS: Handlers = {
  async install(system) {
    await system.install();
    return {};
  },
  async reset(system) {
    await system.reset();
    return {};
  },
  async fill(system, { count, from = 0, size = 10_000 }) {
    const started = performance.now();
    for (let at = 0; at < count; at += size) {
      await system.enqueueMany(range(from + at, Math.min(size, count - at)));
    }
    return { ms: performance.now() - started };
  },
  addHistory: async (system, { count }) => ({ kept: await system.addHistory(count) }),
  async enqueueOne(system, { count }) {
    const started = performance.now();
    for (let n = 0; n < count; n++) await system.enqueueOne(n);
    return { ms: performance.now() - started };
  },
  burst,
  drain,
  latency,
  async share(system, { concurrency, total }) {
    const numbers: number[] = [];
    const worker = await system.work({ concurrency, onJob: (n) => void (n < total && numbers.push(n)) });
    sharing = { stop: () => worker.stop(), numbers };
    return {};
  },
  async stopSharing() {
    await sharing?.stop();
    return { numbers: sharing?.numbers ?? [] };
  },
  hasWork: async (system) => ({ hasWork: await system.hasWork() }),
};

async function burst(
  system: QueueSystem,
  { count, concurrency, postmaster }: AgentCommands["burst"]["in"],
): Promise<DrainReport> {
  const tally = new Tally(count, count);
  const worker = await system.work({ concurrency, onJob: (n) => tally.add(n) });
  // It has found nothing and waits.
  await pause(300);
  await system.enqueueMany(range(0, count));
  const before = { worker: cpuOf([Deno.pid]), postgres: cpuOfPostgres(postmaster) };
  const started = performance.now();
  await tally.reached(GIVE_UP_MS);
  while (await system.hasWork()) {
    if (performance.now() - started > GIVE_UP_MS) throw new Error("Jobs were left after all handlers had run");
  }
  const ms = performance.now() - started;
  const cpu = {
    worker: cpuOf([Deno.pid]) - before.worker,
    postgres: cpuOfPostgres(postmaster) - before.postgres,
  };
  await worker.stop();
  return { ...tally.report(ms), cpu };
}

async function drain(
  system: QueueSystem,
  { count, total, concurrency, budgetMs = GIVE_UP_MS }: AgentCommands["drain"]["in"],
): Promise<DrainReport> {
  const tally = new Tally(count, total);
  const worker = await system.work({ concurrency, onJob: (n) => tally.add(n) });
  await tally.reached(budgetMs);
  const ms = (tally.ended ?? performance.now()) - tally.began;
  const report = tally.report(ms);
  await worker.stop();
  return report;
}

async function latency(system: QueueSystem, { samples, concurrency }: AgentCommands["latency"]["in"]) {
  const ms: number[] = [];
  let began: (() => void) | undefined;
  const worker = await system.work({ concurrency, onJob: () => began?.() });
  await pause(500);
  for (let n = -10; n < samples; n++) {
    // Long enough to be idle again, and never in step with a timer.
    await pause(30 + Math.random() * 40);
    const handled = new Promise<void>((resolve) => began = resolve);
    const started = performance.now();
    let ended = 0;
    void handled.then(() => ended = performance.now());
    await system.enqueueOne(n + 10);
    await handled;
    if (n >= 0) ms.push(ended - started);
  }
  await worker.stop();
  return { ms };
}

/** Counts handlers. */
class Tally {
  readonly #wanted: number;
  readonly #seen: Uint8Array;
  readonly #all = Promise.withResolvers<void>();
  #done = 0;
  #repeated = 0;
  /** `performance.now()` of the first handler and of the last one that was wanted. */
  began = 0;
  ended: number | undefined;

  constructor(wanted: number, total: number) {
    this.#wanted = wanted;
    this.#seen = new Uint8Array(total);
  }

  add(n: number): void {
    if (this.#done === 0) this.began = performance.now();
    if (n < 0 || n >= this.#seen.length) throw new Error(`There is no job ${n}`);
    if (this.#seen[n]) this.#repeated++;
    this.#seen[n] = 1;
    this.#done++;
    if (this.#done === this.#wanted) {
      this.ended = performance.now();
      this.#all.resolve();
    }
  }

  async reached(limitMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise<void>((resolve) => timer = setTimeout(resolve, limitMs));
    await Promise.race([this.#all.promise, limit]);
    clearTimeout(timer);
  }

  report(ms: number): DrainReport {
    return { ms, done: this.#done, repeated: this.#repeated };
  }
}

/** The numbers `from` … `from + count - 1`. */
function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Serves commands from standard input until it ends: `URL MODE` are the arguments of the process. */
export async function runAgent(open: OpenSystem): Promise<void> {
  const [url = "", mode = ""] = Deno.args;
  const system = await open({ url, mode });
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  let rest = "";
  for await (const text of lines) {
    rest += text;
    const complete = rest.split("\n");
    rest = complete.pop() ?? "";
    for (const line of complete) answer(await perform(system, line));
  }
  await system.close();
  Deno.exit(0);
}

async function perform(system: QueueSystem, line: string): Promise<unknown> {
  try {
    const { command, args } = JSON.parse(line) as { command: keyof AgentCommands; args: never };
    return { ok: true, reply: await HANDLERS[command](system, args) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) };
  }
}

function answer(message: unknown): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(message)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
