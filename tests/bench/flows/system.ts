/**
 * What the benchmark knows of a system: how to start it, end it, reach it and count what it did.
 *
 * @module
 */
import type { TestDatabase } from "../../helpers/postgres.ts";
import type { ScenarioId } from "./scenarios.ts";

/** How the runs of a scenario stand, counted in the system's own tables. */
export interface RunCounts {
  completed: number;
  /** Ended otherwise. */
  failed: number;
  /** Not ended. */
  open: number;
}

/** A system under measurement. Its server is a process of its own; its tables are in a database of its own. */
export interface System {
  readonly name: string;
  readonly db: TestDatabase;
  /** Prepares database and program; once, before the first start. */
  prepare(): Promise<void>;
  /** Starts the server; resolves when it answers. */
  start(): Promise<void>;
  /** Ends the server as its operator would. */
  stop(): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Ends it for good. */
  close(): Promise<void>;
  /** Process ids of its server, for the processor time that it takes. */
  pids(): number[];
  /** Where the events of a scenario are sent. */
  url(scenario: ScenarioId): string;
  /** What the run gave, from the answer to an event; undefined when the answer does not say that it has completed. */
  readOutput(answer: unknown): unknown;
  /** Lets the leases of a server that was killed lapse now, where there are such: a test has no time to wait for them. */
  forgetLeases?(): Promise<void>;
  /** How the runs of a scenario stand. */
  count(scenario: ScenarioId): Promise<RunCounts>;
}

/** A child process that says `ready PORT` when it answers. */
export class ServerProcess {
  readonly port: number;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /**
   * Starts one and waits until it is ready.
   *
   * @throws When it ends before that; what it wrote has gone to this process's standard error.
   */
  static async start(program: string, args: string[], env: Record<string, string>): Promise<ServerProcess> {
    const command = new Deno.Command(program, { args, env, stdin: "piped", stdout: "piped", stderr: "inherit" });
    const child = command.spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`${program} ended before it was ready: ${text}`);
      text += value;
      const port = /^ready (\d+)$/m.exec(text)?.[1];
      if (port === undefined) continue;
      void (async () => {
        while (!(await reader.read()).done);
      })();
      return new ServerProcess(child, Number(port));
    }
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Ends it: its standard input is closed, which asks it to go. */
  async stop(): Promise<void> {
    await this.#child.stdin.close().catch(() => {});
    await this.#child.status;
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#child.stdin.close().catch(() => {});
  }
}
