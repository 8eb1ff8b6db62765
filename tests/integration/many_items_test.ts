/**
 * Ten thousand items: never as many rows, and no more calls for each than of a thousand.
 *
 * @module
 */
import { EngineClient, type EngineTransport, postgresTransport } from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { createFlow, createTenant, createWorker, readRun, startRun, type Tenant } from "../helpers/engine.ts";
import { draw, set } from "../helpers/flows.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";

const WINDOW = 50;

const GRAPH = draw(
  {
    t: ["trigger.manual"],
    s: ["logic.splitter", { config: { items: "{{ trigger.list }}", maxParallel: WINDOW } }],
    double: set({ n: "{{ item * 2 }}" }),
    c: ["logic.collector", {}],
    last: set({ n: "{{ length(steps.c.output) }}" }),
  },
  "t>s",
  "s>double",
  "double>c",
  "c>last",
);

/** Sends numbers through the flow; tells how many tokens there were at most, how many calls and bytes of answers. */
async function send(db: TestDatabase, tenant: Tenant, flow: string, count: number) {
  const inner = await postgresTransport(db.url, { connections: 2 });
  const seen = { calls: 0, tokens: 0, characters: 0 };
  const transport: EngineTransport = {
    async call(name, args) {
      const reply: Json = await inner.call(name, args);
      seen.calls++;
      seen.characters += JSON.stringify(reply).length;
      if (seen.calls % 10 === 0) {
        const [row] = await db.sql`select count(*)::int as count from public.job_queue`;
        seen.tokens = Math.max(seen.tokens, row?.["count"]);
      }
      return reply;
    },
    close: () => inner.close(),
  };
  try {
    const run = await startRun(db, tenant, flow, { list: Array.from({ length: count }, (_, index) => index) });
    await createWorker(new EngineClient(transport)).drain({ idleMs: 0, budgetMs: 300_000 });
    const { run: { status, output } } = await readRun(db, run);
    assertEquals([status, output], ["completed", { n: count }]);
  } finally {
    await transport.close();
  }
  return seen;
}

Deno.test("ten thousand items are never more tokens than the window, and each costs what it costs of a thousand", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const flow = await createFlow(db, tenant, GRAPH);
    const few = await send(db, tenant, flow, 1_000);
    const many = await send(db, tenant, flow, 10_000);
    assert(many.tokens <= WINDOW + 1, `${many.tokens} tokens at once`);
    assert(many.calls / 10 < few.calls * 1.5, `${few.calls} calls for 1,000 items, ${many.calls} for 10,000`);
    const perItem = [few.characters / 1_000, many.characters / 10_000];
    assert(perItem[1]! < perItem[0]! * 1.5, `${perItem.join(" and ")} characters an item`);
  }));
