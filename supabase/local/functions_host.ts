/**
 * Keeps a process that serves the functions: replaces it when the code changes, restarts it when it crashes.
 *
 * @module
 */
import { type FunctionsProcess, startFunctionsProcess } from "./functions_process.ts";

/** Options of {@linkcode FunctionsHost}. */
export interface FunctionsHostOptions {
  /** Folder that holds one folder per function. */
  folder: URL;
  /** The environment that the functions see, all of it. */
  env: Record<string, string>;
  /** Folders and files whose change reloads the functions. Default: none. */
  watch?: URL[];
  /** Called with each line that the functions write. */
  onLine?: (line: string) => void;
  /** Called with what happens to the process, for people. */
  onEvent?: (message: string) => void;
}

/** Changes that come within this time reload once. */
const SETTLE_MS = 150;
const LONGEST_BACKOFF_MS = 5_000;
/** How long answers may take when the process is replaced, and when everything ends. */
const RELOAD_DRAIN_MS = 10_000;
const STOP_DRAIN_MS = 1_000;

/** Serves functions. */
export class FunctionsHost {
  readonly #options: FunctionsHostOptions;
  readonly #watcher: Deno.FsWatcher | undefined;
  #current: Promise<FunctionsProcess>;
  #retiring = new Set<Promise<void>>();
  #crashes = 0;
  #stopped = false;

  /** Starts at once; the first request waits for it. */
  constructor(options: FunctionsHostOptions) {
    this.#options = options;
    this.#current = this.#start();
    if (options.watch?.length) {
      this.#watcher = Deno.watchFs(options.watch.map((url) => url.pathname));
      this.#reloadOnChange(this.#watcher);
    }
  }

  /** Resolves when requests are served. */
  async ready(): Promise<void> {
    await this.#current;
  }

  /** Whether there is a function of this name. */
  has(slug: string): boolean {
    if (!/^[A-Za-z0-9_-]+$/.test(slug)) return false;
    try {
      return Deno.statSync(new URL(`${slug}/index.ts`, this.#options.folder)).isFile;
    } catch {
      return false;
    }
  }

  /**
   * Answers a request whose path begins with the function's name.
   *
   * @throws when the process ends before it has answered
   */
  async fetch(request: Request): Promise<Response> {
    const process = await this.#current;
    return await process.fetch(request);
  }

  /** Resolves when new requests are served from a new process; the old one finishes what it has begun. */
  async reload(): Promise<void> {
    const next = await this.#start();
    // Read only now: the old process may have crashed and been replaced in the meantime.
    const old = await this.#current.catch(() => undefined);
    this.#current = Promise.resolve(next);
    if (old) this.#retire(old, RELOAD_DRAIN_MS);
  }

  /** The process id, for tests that kill it. */
  async pid(): Promise<number> {
    return (await this.#current).pid;
  }

  /** Ends the process and the watcher. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#watcher?.close();
    const last = await this.#current.catch(() => undefined);
    await Promise.all([...this.#retiring, last && this.#retire(last, STOP_DRAIN_MS)]);
  }

  async #start(): Promise<FunctionsProcess> {
    const { folder, env, onLine = () => {} } = this.#options;
    const process = await startFunctionsProcess({ folder, env, onLine });
    process.ended.then(() => this.#onEnd(process));
    return process;
  }

  async #onEnd(process: FunctionsProcess): Promise<void> {
    if (this.#stopped || await this.#current !== process) return;
    this.#crashes++;
    this.#options.onEvent?.("the functions' process ended unexpectedly: starting another one");
    const delay = this.#crashes === 1 ? 0 : Math.min(100 * 2 ** this.#crashes, LONGEST_BACKOFF_MS);
    const next = delay === 0 ? this.#start() : pause(delay).then(() => this.#start());
    this.#current = next;
    try {
      await Promise.race([(await next).ended, pause(LONGEST_BACKOFF_MS, { unref: true })]);
      // It has held for a while, or its own end has been counted.
      if (await this.#current === await next) this.#crashes = 0;
    } catch (error) {
      this.#options.onEvent?.(`cannot restart the functions: ${error instanceof Error ? error.message : error}`);
    }
  }

  #retire(process: FunctionsProcess, drainMs: number): Promise<void> {
    const end = process.retire(drainMs).finally(() => this.#retiring.delete(end));
    this.#retiring.add(end);
    return end;
  }

  async #reloadOnChange(watcher: Deno.FsWatcher): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    for await (const { kind, paths } of watcher) {
      if (kind === "access" || !paths.some(isCode)) continue;
      clearTimeout(timer);
      timer = setTimeout(async () => {
        if (this.#stopped) return;
        const start = performance.now();
        try {
          await this.reload();
          this.#options.onEvent?.(`functions reloaded (${Math.round(performance.now() - start)} ms)`);
        } catch (error) {
          this.#options.onEvent?.(`cannot reload the functions: ${error instanceof Error ? error.message : error}`);
        }
      }, SETTLE_MS);
    }
  }
}

function isCode(path: string): boolean {
  return /\.(ts|tsx|js|json)$/.test(path) && !/_test\.tsx?$/.test(path);
}

/** With `unref` the waiting alone does not keep the program running. */
function pause(milliseconds: number, { unref = false } = {}): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    if (unref) Deno.unrefTimer(timer);
  });
}
