/**
 * Webhooks out with everything real: Data API, Postgres, receivers on ports, a worker in a process of its own.
 *
 * @module
 */
import type { TestApi } from "../helpers/api.ts";
import { withServedApi } from "../helpers/served_api.ts";
import { MASTER_KEYS, subscribe } from "../sql/_webhooks_out.ts";
import { createTenant, type Tenant } from "../sql/_world.ts";
import { MISBEHAVIOURS, type Receiver, startBadReceiver, startGoodReceiver } from "./_receivers.ts";
import type { WorkerCommand } from "./_worker.ts";

/** The scene. */
export interface Scene {
  readonly api: TestApi;
  /** Whose endpoint is good, and another tenant, whose endpoints are not. */
  readonly good: Subscriber;
  readonly bad: Readonly<Record<string, Subscriber>>;
}

/** An endpoint with its subscription. */
export interface Subscriber {
  readonly owner: Tenant;
  readonly receiver: Receiver;
  readonly id: string;
}

/**
 * Sets the scene and runs `fn` in it.
 *
 * @param misbehaviours Those that there are; by name, see {@linkcode MISBEHAVIOURS}.
 */
export async function withScene<T>(misbehaviours: readonly string[], fn: (scene: Scene) => Promise<T>): Promise<T> {
  const good = startGoodReceiver();
  const bad = Object.fromEntries(misbehaviours.map((name) => [name, startBadReceiver(MISBEHAVIOURS[name]!)]));
  const receivers = [good, ...Object.values(bad)];
  try {
    return await withServedApi([], async (api) => {
      const [ada, bob] = [await createTenant(api.db), await createTenant(api.db)];
      await api.db.sql`update public.organizations set plan_id = 'enterprise'`;
      const subscriber = async (owner: Tenant, receiver: Receiver): Promise<Subscriber> => {
        const { id } = await subscribe(api.db, owner, { url: receiver.url, event_types: ["invoice.paid"] });
        return { owner, receiver, id };
      };
      const scene: { api: TestApi; good: Subscriber; bad: Record<string, Subscriber> } = {
        api,
        good: await subscriber(ada, good),
        bad: {},
      };
      for (const [name, receiver] of Object.entries(bad)) scene.bad[name] = await subscriber(bob, receiver);
      const worker = startWorker({ databaseUrl: api.db.url, variables: api.variables });
      try {
        return await fn(scene);
      } finally {
        await worker.stop();
      }
    }, { env: { EGRESS_ALLOW: receivers.map(({ host }) => host).join(","), MILLRACE_MASTER_KEYS: MASTER_KEYS } });
  } finally {
    await Promise.all(receivers.map((receiver) => receiver.stop()));
  }
}

function startWorker(command: WorkerCommand): { stop(): Promise<void> } {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("./_worker.ts", import.meta.url).pathname],
    stdin: "piped",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const input = child.stdin.getWriter();
  const told = input.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
  return {
    async stop() {
      await told;
      await input.close().catch(() => {});
      // What hangs holds it for the seconds of one request; the databases' end would hold it for longer.
      const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await child.status;
      clearTimeout(timer);
    },
  };
}

/** Says that something happened in an organization; gives when, milliseconds since 1970. */
export async function publish({ api }: Scene, { owner }: Subscriber, id: string): Promise<number> {
  const at = Date.now();
  await api.db.sql`select private.publish_event(${owner.organizationId}, 'invoice.paid', ${
    JSON.stringify({ id })
  }::text::jsonb)`;
  return at;
}

/** Milliseconds from each event to its arrival; those that have not arrived are left out. */
export function latencies({ receiver }: Subscriber, published: ReadonlyMap<string, number>): number[] {
  return [...published].flatMap(([id, at]) => {
    const arrived = receiver.arrivals.get(id);
    return arrived === undefined ? [] : [arrived - at];
  });
}

/** Waits until something holds. @throws {Error} when it does not within the seconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  for (const end = Date.now() + seconds * 1_000; Date.now() < end;) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Not within ${seconds} s: ${what}`);
}
