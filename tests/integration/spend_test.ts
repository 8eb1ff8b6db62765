/**
 * Steps that call models, through the engine on a real Postgres: counted, kept within budgets, given back.
 *
 * @module
 */
import type { EngineClient } from "../../shared/engine/mod.ts";
import type { Graph } from "../../shared/graph/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { type EffectServer, startEffectServer } from "../helpers/effect_server.ts";
import { createTenant, createWorker, localProviders, readRun } from "../helpers/engine.ts";
import { draw } from "../helpers/flows.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { budget, MODEL, setPrices, standOf } from "../sql/_budgets.ts";
import { begin, withEngine } from "./_play.ts";

/** Answers like a model: four tokens read, two written. */
const MODEL_ANSWER = { usage: { prompt_tokens: 4, completion_tokens: 2 } };

async function withModel(
  answer: Parameters<typeof startEffectServer>[0],
  test: (db: TestDatabase, client: EngineClient, server: EffectServer) => Promise<void>,
): Promise<void> {
  const server = startEffectServer(answer);
  try {
    await withEngine(async (db, client) => {
      await setPrices(db);
      await test(db, client, server);
    });
  } finally {
    await server.stop();
  }
}

/** One step that asks the model, and may read ten tokens and write five: 60 millionths of a dollar. */
function asking(server: EffectServer, settings: Record<string, number> = {}): Graph {
  return draw({
    t: ["trigger.manual"],
    a: ["action.http", {
      config: {
        method: "POST",
        url: server.url,
        meter: { model: MODEL, maxInputTokens: 10, maxOutputTokens: 5 },
        ...settings,
      },
      retry: { maxAttempts: 1, backoff: "fixed", delaySeconds: 0, maxDelaySeconds: 1, jitter: false },
    }],
  }, "t>a");
}

function work(client: EngineClient, server: EffectServer) {
  return createWorker(client, { providers: localProviders(Number(new URL(server.url).port)) })
    .drain({ idleMs: 0, pollMs: 10 });
}

Deno.test("a call of a model is counted by flow, node and model, and stopped before it is made when the budget is used up", () =>
  withModel(() => Response.json(MODEL_ANSWER), async (db, client, server) => {
    const tenant = await createTenant(db);
    // Two calls of 24 and what is reserved for the third do not fit together.
    const { id } = await budget(db, tenant, { amount: 100 });
    const ends: [string, string | undefined][] = [];
    for (let each = 0; each < 3; each++) {
      const { runId } = await begin(db, asking(server), {}, tenant);
      await work(client, server);
      const { run } = await readRun(db, runId);
      ends.push([run.status, run.error?.code]);
    }
    assertEquals(ends, [["completed", undefined], ["completed", undefined], ["failed", "budget_spent"]]);
    assertEquals(server.effects.length, 2);
    assertEquals(await standOf(db, tenant, id), [48, 0]);
    const rows = await db.sql`
      select node_id, model, sum(calls)::int as calls, sum(input_tokens)::int as read, sum(output_tokens)::int as written,
        sum(cost_micros)::int as cost
      from public.usage_details where organization_id = ${tenant.organizationId} group by 1, 2`;
    assertEquals(rows.map((row) => ({ ...row })), [
      { node_id: "a", model: MODEL, calls: 2, read: 8, written: 4, cost: 48 },
    ]);
  }));

Deno.test("a call that failed counts nothing, and one that nobody knows of counts what was reserved", () =>
  withModel(
    (_, count) => count === 1 ? new Response("no", { status: 400 }) : new Promise(() => {}),
    async (db, client, server) => {
      const tenant = await createTenant(db);
      const { id } = await budget(db, tenant, { amount: 1_000 });
      await begin(db, asking(server), {}, tenant);
      await work(client, server);
      assertEquals(await standOf(db, tenant, id), [0, 0]);
      await begin(db, asking(server, { timeoutSeconds: 0.1 }), {}, tenant);
      await work(client, server);
      assertEquals(await standOf(db, tenant, id), [60, 0]);
    },
  ));

Deno.test("steps that call no model ask nobody about budgets", () =>
  withModel(() => Response.json(MODEL_ANSWER), async (db, client, server) => {
    const graph = draw({ t: ["trigger.manual"], a: ["action.http", { config: { url: server.url } }] }, "t>a");
    const { runId } = await begin(db, graph);
    await work(client, server);
    assertEquals((await readRun(db, runId)).run.status, "completed");
    const [row] = await db.sql`select count(*)::int as n from private.spend_reservations`;
    assert(row?.n === 0);
  }));
