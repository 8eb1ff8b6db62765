/**
 * What a Supabase project does by itself: pg_cron turns the clock every ten seconds, pg_net calls the worker function, and
 * the edge runtime gives that call an isolate. Here an isolate is a process. Nothing else starts workers.
 *
 * @module
 */
import { startCronDispatcher } from "../../supabase/local/cron_dispatcher.ts";
import { openPostgres } from "../../supabase/local/database.ts";
import { startNetDispatcher } from "../../supabase/local/net_dispatcher.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { type Child, type ChildEnd, type SpawnOptions, spawnWorker } from "./_child.ts";
import type { WorkerCommand } from "./_worker.ts";

/** How the next worker is started. */
export interface NextWorker extends SpawnOptions {
  command?: Partial<WorkerCommand>;
}

/** A running platform. */
export interface Platform {
  /** Says how the next worker is started; may be changed at any time. */
  next: () => NextWorker;
  /** Starts one more, as somebody's webhook would. */
  start(next?: NextWorker): Child;
  /** The workers that live. */
  living: Set<Child>;
  /** How those that have ended did. */
  ended: (ChildEnd & { program: string | undefined })[];
  /** What went wrong with workers' processes, other than being killed. */
  broken: string[];
  /** Waits until no worker lives; false when some still do after so many milliseconds. */
  quiet(limitMs: number): Promise<boolean>;
  /** Ends it, and whoever is still there. */
  stop(): Promise<void>;
}

/** Most isolates at once. */
const MAX_WORKERS = 3;

/**
 * Starts the platform of a database.
 *
 * @param base What every worker is told, unless `next` says otherwise.
 */
export async function startPlatform(
  db: TestDatabase,
  base: Pick<WorkerCommand, "databaseUrl" | "port">,
): Promise<Platform> {
  const stop = new AbortController();
  const local = openPostgres(db.url);
  const platform: Omit<Platform, "quiet" | "start" | "stop"> = {
    next: () => ({}),
    living: new Set(),
    ended: [],
    broken: [],
  };

  const start = (next: NextWorker = platform.next()) => {
    const { command, ...options } = next;
    const child = spawnWorker({ ...base, ...command }, options);
    platform.living.add(child);
    child.end.then(
      (end) => platform.ended.push({ ...end, program: options.program }),
      (error) => platform.broken.push(String(error)),
    ).finally(() => platform.living.delete(child));
    return child;
  };

  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen() {} },
    async (request) => {
      await request.body?.cancel();
      const ticket = request.headers.get("x-millrace-wake") ?? "";
      const [row] = await local.executor.query<{ redeemed: boolean }>(
        "select engine.redeem_wake($1::text::uuid) as redeemed",
        [ticket],
      ).catch(() => []);
      if (!row) return new Response(null, { status: 503 });
      if (row.redeemed && platform.living.size < MAX_WORKERS) start();
      return new Response(null, { status: 202 });
    },
  );
  await db.sql`select engine.configure(${`http://127.0.0.1:${server.addr.port}`}, ${MAX_WORKERS})`;
  // The other tasks of a project are not what is looked at.
  await db.sql`update cron.job set active = false where schedule !~ 'seconds'`;
  const cron = startCronDispatcher(local.executor);
  const net = await startNetDispatcher(local);

  const quiet = async (limitMs: number) => {
    const until = performance.now() + limitMs;
    while (platform.living.size > 0 && performance.now() < until) await pause(50);
    return platform.living.size === 0;
  };
  return Object.assign(platform, {
    quiet,
    start,
    async stop() {
      await cron.stop();
      for (const child of platform.living) child.signal("SIGKILL");
      await quiet(5_000);
      await net.stop();
      stop.abort();
      await server.finished;
      await local.close();
    },
  });
}

/** Resolves after some milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
