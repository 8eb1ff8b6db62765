import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { localProviders } from "../../tests/helpers/engine.ts";
import { draw, set } from "../../tests/helpers/flows.ts";
import { compile, type Graph, type Json } from "../graph/mod.ts";
import { nodeCatalog } from "../nodes/mod.ts";
import type { PlanCache } from "./plan_cache.ts";
import { runAhead } from "./run_ahead.ts";

/** Some 60 ms of one expression's work, and less than its budget. */
const BIG = Array.from({ length: 90_000 }, (_, index) => index * 7919 % 90_000);

/** The number of steps that are run ahead; null = the event takes the usual way. */
async function stepsAhead(graph: Graph, list: Json[]): Promise<number | null> {
  const compiled = compile(graph, nodeCatalog);
  assert(compiled.ok, JSON.stringify(compiled));
  const flow = { ok: true, id: crypto.randomUUID(), name: "Items", plan: compiled.plan };
  const place = {
    version_id: crypto.randomUUID(),
    trigger_node: null,
    received_at: new Date().toISOString(),
    timeout_seconds: 60,
  };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const run = await runAhead(
    { peek: () => flow } as unknown as PlanCache,
    place,
    crypto.randomUUID(),
    { body: { list, big: BIG } },
    { providers: localProviders(), log, signal: new AbortController().signal, random: Math.random },
  );
  return run?.steps.length ?? null;
}

const items = (count: number) => Array.from({ length: count }, (_, index) => index);
const EACH: Graph["nodes"][number]["type"] = "logic.loop.foreach";
const LIST = { config: { items: "{{ trigger.body.list }}" } };

Deno.test("items are run ahead up to 400 steps, and a longer list takes the usual way", async () => {
  const graph = draw(
    { t: ["trigger.webhook"], each: [EACH, LIST], a: set({ n: "{{ item }}" }), z: set({ n: 1 }) },
    "t>each",
    "each/body>a",
    "each/done>z",
  );
  assertEquals(await stepsAhead(graph, items(300)), 302);
  assertEquals(await stepsAhead(graph, items(401)), null);
  assertEquals(await stepsAhead(graph, items(100_000)), null);
});

Deno.test("items that leave no steps count as well, also those in others", async () => {
  const empty = draw({ t: ["trigger.webhook"], each: [EACH, LIST], z: set({ n: 1 }) }, "t>each", "each/done>z");
  assertEquals(await stepsAhead(empty, items(100)), 2);
  assertEquals(await stepsAhead(empty, items(100_000)), null);
  const nested = draw(
    { t: ["trigger.webhook"], each: [EACH, LIST], inner: [EACH, LIST], z: set({ n: 1 }) },
    "t>each",
    "each/body>inner",
    "each/done>z",
  );
  assertEquals(typeof await stepsAhead(nested, items(10)), "number");
  assertEquals(await stepsAhead(nested, items(100)), null);
});

Deno.test("a run of which an item fails takes the usual way", async () => {
  const graph = draw(
    { t: ["trigger.webhook"], each: [EACH, LIST], a: set({ n: "{{ 1 / item }}" }), z: set({ n: 1 }) },
    "t>each",
    "each/body>a",
    "each/done>z",
  );
  assertEquals(await stepsAhead(graph, [1, 2]), 4);
  assertEquals(await stepsAhead(graph, [1, 0]), null);
});

Deno.test("what takes long is given up, over items and along a chain: its event has to be kept first", async () => {
  const dear = set({ n: "{{ length(unique(trigger.body.big)) }}" });
  const loop = draw({ t: ["trigger.webhook"], each: [EACH, LIST], a: dear }, "t>each", "each/body>a");
  assertEquals(await stepsAhead(loop, items(1)), 2);
  assertEquals(await stepsAhead(loop, items(200)), null);
  const names = Array.from({ length: 90 }, (_, index) => `n${index}`);
  const chain = draw(
    { t: ["trigger.webhook"], ...Object.fromEntries(names.map((name) => [name, dear])) },
    ...names.map((name, index) => `${names[index - 1] ?? "t"}>${name}`),
  );
  assertEquals(await stepsAhead(chain, []), null);
});
