/**
 * People and services around the runs of a test: they cancel, pause and resume, send signals, call back, and decide what
 * nobody knows.
 *
 * @module
 */
import type { EngineClient } from "../../shared/engine/mod.ts";
import { assert } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import type { Tenant } from "../helpers/engine.ts";
import type { Random } from "./_random.ts";
import type { RandomFlow } from "./_random_flow.ts";
import { answerTo } from "./_reference_node.ts";
import { pause } from "./_unreliable_workers.ts";

/** A run, and what is done to it from outside. */
export interface Disturbed {
  name: string;
  flow: RandomFlow;
  runId: string;
  tenant: Tenant;
  /** Milliseconds until somebody cancels it. */
  cancelAfter: number | null;
  cancelled: boolean;
  /** Milliseconds until somebody pauses it, and how long. */
  pauses: { after: number; for: number } | null;
  /** Whether signals and callbacks are sent before anybody waits for them. */
  early: boolean;
}

/** Draws what is done to a run. */
export function drawDisturbance(random: Random): Pick<Disturbed, "cancelAfter" | "pauses" | "early"> {
  return {
    cancelAfter: random.chance(0.1) ? random.below(150) : null,
    pauses: random.chance(0.15) ? { after: random.below(100), for: random.below(60) } : null,
    early: random.chance(0.3),
  };
}

/** Cancels a run when it is time. */
export async function cancel(db: TestDatabase, item: Disturbed): Promise<void> {
  if (item.cancelAfter === null) return;
  await pause(item.cancelAfter);
  item.cancelled = await attempt(db, item, "cancel_run");
}

/** Pauses a run when it is time, and resumes it. */
export async function pauseAndResume(db: TestDatabase, item: Disturbed): Promise<void> {
  if (item.pauses === null) return;
  await pause(item.pauses.after);
  await attempt(db, item, "pause_run");
  await pause(item.pauses.for);
  await attempt(db, item, "resume_run");
}

/** Asks for something; false = the run had ended already, or undoes what it did. */
async function attempt(db: TestDatabase, { tenant, runId, name }: Disturbed, verb: string): Promise<boolean> {
  try {
    await db.as("authenticated", tenant.user.claims, (sql) => sql`select ${sql.unsafe(`public.${verb}`)}(${runId})`);
    return true;
  } catch (error) {
    assert(/run_finished|conflict|has already|undoing/.test(String(error)), `${name}: ${verb}: ${error}`);
    return false;
  }
}

/** Sends what the waiting nodes of a run wait for, once, before they do. */
export async function sendEarly(db: TestDatabase, client: EngineClient, item: Disturbed): Promise<void> {
  if (!item.early) return;
  for (const { id, type, data } of item.flow.graph.nodes) {
    if (type !== "logic.wait" || item.flow.inside[id] !== undefined) continue;
    const kind = data?.config?.mode;
    if (kind === "signal" || kind === "callback") await send(db, client, item, id, "", kind);
  }
}

/** Sends what is waited for until there is nothing left to do. */
export async function serve(
  db: TestDatabase,
  client: EngineClient,
  items: Disturbed[],
  done: AbortSignal,
): Promise<void> {
  const byRun = new Map(items.map((item) => [item.runId, item]));
  while (!done.aborted) {
    await pause(15);
    const waiting = await db.sql<{ run_id: string; node_id: string; scope: string; kind: string }[]>`
      select run_id, node_id, scope, payload -> 'wait' ->> 'kind' as kind from public.job_queue
      where status <> 'running' and payload ? 'wait' and not payload ? 'resolved'
        and payload -> 'wait' ->> 'kind' in ('signal', 'callback', 'decision')`;
    for (const { run_id, node_id, scope, kind } of waiting) {
      const item = byRun.get(run_id);
      if (item !== undefined) await send(db, client, item, node_id, scope, kind as "signal");
    }
  }
}

async function send(
  db: TestDatabase,
  client: EngineClient,
  { tenant, runId, name }: Disturbed,
  node: string,
  scope: string,
  kind: "signal" | "callback" | "decision",
): Promise<void> {
  try {
    if (kind === "callback") {
      const { data } = answerTo(node, { kind });
      await client.completeCallbacks([{ run_id: runId, node_id: node, scope, data }]);
      return;
    }
    await db.as("authenticated", tenant.user.claims, async (sql) => {
      if (kind === "signal") {
        const { data } = answerTo(node, { kind });
        await sql`select public.signal_run(${runId}, ${`sig.${node}`}, ${JSON.stringify(data)}::text::jsonb)`;
      } else await sql`select public.decide_step(${runId}, ${node}, '{"outcome": "retry"}', ${scope})`;
    });
  } catch (error) {
    // It has ended, or been decided, in the meantime.
    assert(/run_finished|conflict|has already|no decision/.test(String(error)), `${name}: ${kind}: ${error}`);
  }
}
