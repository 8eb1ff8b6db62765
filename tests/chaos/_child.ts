/**
 * Workers in processes of their own.
 *
 * @module
 */
import type { LastWords, WorkerCommand, WorkerReport } from "./_worker.ts";

/** A worker's process. */
export interface Child {
  /** Sends it a signal; false when it has ended. */
  signal(name: Deno.Signal): boolean;
  /** How it ended. */
  end: Promise<ChildEnd>;
}

/** How a worker's process ended. */
export interface ChildEnd {
  killed: boolean;
  /** What it said when it lived to say it. */
  report: WorkerReport | null;
  /** What it said when it killed itself. */
  lastWords: LastWords | null;
}

/** How to start one. */
export interface SpawnOptions {
  /** Milliseconds that the process's clock is off. */
  clockShiftMs?: number;
  /** The program. Default: a worker of today. */
  program?: string;
  /** The folder in which it runs. Default: this one. */
  folder?: string;
}

/** Starts a worker. */
export function spawnWorker(
  command: Omit<WorkerCommand, "fault"> & Partial<WorkerCommand>,
  { clockShiftMs = 0, folder, program = new URL("./_worker.ts", import.meta.url).pathname }: SpawnOptions = {},
): Child {
  const whole: WorkerCommand = { fault: null, ...command };
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program, JSON.stringify(whole)],
    ...(folder !== undefined && { cwd: folder }),
    env: { CHAOS_CLOCK_SHIFT_MS: String(clockShiftMs) },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const end = (async (): Promise<ChildEnd> => {
    const text = await new Response(process.stdout).text();
    const { success, signal } = await process.status;
    await process.stdin.close().catch(() => {});
    if (!success && signal !== "SIGKILL") throw new Error(`The worker ended with ${signal}: ${text}`);
    const [line] = text.trim().split("\n").slice(-1);
    const last = line ? JSON.parse(line) as WorkerReport | LastWords : null;
    return {
      killed: signal === "SIGKILL",
      report: last !== null && "report" in last ? last : null,
      lastWords: last !== null && "dying" in last ? last : null,
    };
  })();
  end.catch(() => {});
  return {
    signal(name) {
      try {
        process.kill(name);
        return true;
      } catch (error) {
        // Deno calls a process that has ended by either name.
        if (error instanceof Deno.errors.NotFound || error instanceof TypeError) return false;
        throw error;
      }
    },
    end,
  };
}
