/**
 * Workers in processes of their own.
 *
 * @module
 */
import { assert } from "../helpers/assert.ts";
import type { Scene } from "./_scene.ts";
import type { WorkerCommand, WorkerReport } from "./_worker.ts";

/** A worker's process. */
export interface Child {
  /** Sends it a signal; false when it has ended. */
  signal(name: Deno.Signal): boolean;
  /** How it ended, and what it said when it lived to say it. */
  end: Promise<{ killed: boolean; report: WorkerReport | null }>;
}

/** Starts a worker on the scene's database. */
export function spawnWorker(scene: Scene, rest: Partial<WorkerCommand> = {}): Child {
  const command: WorkerCommand = { databaseUrl: scene.db.url, port: scene.port, fault: null, ...rest };
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("./_worker.ts", import.meta.url).pathname, JSON.stringify(command)],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const end = process.output().then(({ signal, stdout, success }) => {
    const text = new TextDecoder().decode(stdout).trim();
    assert(success || signal === "SIGKILL", `The worker ended with ${signal}`);
    return { killed: signal === "SIGKILL", report: text === "" ? null : JSON.parse(text) as WorkerReport };
  });
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
