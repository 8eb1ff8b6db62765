/**
 * Flows on a real Postgres, drawn with few words and run to their end.
 *
 * @module
 */
import type { EngineClient } from "../../shared/engine/mod.ts";
import type { Graph, GraphNodeData, Json } from "../../shared/graph/mod.ts";
import type { EmailMessage, Providers } from "../../shared/providers/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import {
  connectEngine,
  createFlow,
  createTenant,
  createWorker,
  localProviders,
  readRun,
  startRun,
  type Tenant,
} from "../helpers/engine.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";

/** An email that tells who sends it, in a region of which item. */
export function mail(data: GraphNodeData = {}, text = "{{ trigger.text ?? 'Hi' }}"): [string, GraphNodeData] {
  return ["communication.email", { config: { to: ["ada@example.com"], subject: "Hello", text }, ...data }];
}

/** Providers whose email is a function of the test's. */
export function mailing(
  send: (message: EmailMessage, key: string, signal?: AbortSignal) => Promise<{ id: string }>,
): Providers {
  return {
    ...localProviders(),
    email: { name: "test", send: (message, options) => send(message, options.idempotencyKey, options.signal) },
  };
}

/** Gives an engine to a test, and looks afterwards that no run that has ended left anything behind. */
export async function withEngine(fn: (db: TestDatabase, client: EngineClient) => Promise<void>): Promise<void> {
  await withDatabase(async (db) => {
    const client = await connectEngine(db, 4);
    try {
      await fn(db, client);
      assertEquals(await leftovers(db), []);
    } finally {
      await client.close();
    }
  });
}

/** What runs that have ended have left behind; nothing should be. */
export async function leftovers(db: TestDatabase): Promise<string[]> {
  const rows = await db.sql`
    select l.what from public.runs r join lateral (
      select 'token' as what from public.job_queue j where j.run_id = r.id
      union all select 'join' from private.run_joins g where g.run_id = r.id
      union all select 'region' from private.run_regions g where g.run_id = r.id
      union all select 'place' from private.run_slots s where s.run_id = r.id
      union all select 'signal' from private.run_signals s where s.run_id = r.id
    ) l on true
    where r.finished_at is not null`;
  return rows.map(({ what }) => what);
}

/** A run and what belongs to it. */
export interface Play {
  tenant: Tenant;
  flowId: string;
  runId: string;
}

/** Draws and starts. */
export async function begin(db: TestDatabase, graph: Graph, input: Json = {}, tenant?: Tenant): Promise<Play> {
  const owner = tenant ?? await createTenant(db);
  const flowId = await createFlow(db, owner, graph);
  return { tenant: owner, flowId, runId: await startRun(db, owner, flowId, input) };
}

/** Runs everything that is due, and what comes due within a moment. */
export async function goOn(client: EngineClient, providers: Providers = localProviders(), idleMs = 0): Promise<void> {
  const worker = createWorker(client, {
    providers,
    callbackUrl: ({ runId, node, scope }) => Promise.resolve(`http://hooks/${runId}.${node}.${scope}`),
  });
  await worker.drain({ idleMs, pollMs: 10 });
}

/** Draws, starts, runs to the end, reads. */
export async function play(
  db: TestDatabase,
  client: EngineClient,
  graph: Graph,
  input: Json = {},
  providers?: Providers,
  idleMs = 0,
) {
  const begun = await begin(db, graph, input);
  await goOn(client, providers, idleMs);
  return { ...await readRun(db, begun.runId), ...begun };
}

/** Takes the leases of all workers away; at once, so that none prolongs its own in between. */
export async function loseWorkers(db: TestDatabase): Promise<void> {
  await db.sql.begin(async (sql) => {
    await sql`update private.workers set expires_at = now() - interval '1 second'`;
    await sql`select engine.tick()`;
  });
}

/** Calls a function of schema public as the tenant's user; gives what it gives. */
export async function call(db: TestDatabase, tenant: Tenant, name: string, args: Record<string, Json>): Promise<Json> {
  const list = Object.keys(args).map((key, index) => {
    const value = args[key];
    const type = typeof value === "object" && value !== null ? "::text::jsonb" : "";
    return `${key} => $${index + 1}${type}`;
  });
  const values = Object.values(args).map((value) =>
    typeof value === "object" && value !== null ? JSON.stringify(value) : value
  ) as string[];
  const [row] = await db.as(
    "authenticated",
    tenant.user.claims,
    (sql) => sql.unsafe(`select public.${name}(${list.join(", ")}) as reply`, values),
  );
  return row?.reply ?? null;
}

/** Steps in short: `b retried 2`, in a region `b@loop.0 completed`. */
export function brief(steps: { node_id: string; scope: string; status: string; attempt: number }[]): string[] {
  return steps.map(({ node_id, scope, status, attempt }) =>
    `${node_id}${scope === "" ? "" : `@${scope}`} ${status}${attempt > 1 ? ` ${attempt}` : ""}`
  );
}
