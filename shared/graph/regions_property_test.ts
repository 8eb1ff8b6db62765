import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { mutate, type NestedGraph, randomNested } from "./_random_graphs.ts";
import { compileSmall, draw, planOf, problemsOf, type Random, randomOf, seeds } from "./_testing.ts";
import { parsePlan } from "./plan.ts";
import type { ProblemCode } from "./problems.ts";
import type { Plan } from "./plan_types.ts";
import type { Graph, GraphNode, Json } from "./types.ts";

const GRAPHS_PER_SEED = 40;

/** Runs a property for every seed; its name says which. */
async function forSeeds(t: Deno.TestContext, property: (random: Random) => void) {
  for (const seed of seeds()) {
    await t.step(`seed ${seed}`, () => {
      const random = randomOf(seed);
      for (let count = 0; count < GRAPHS_PER_SEED; count++) property(random);
    });
  }
}

/** The owner of the region that each node lives in, as the plan says. */
function livesIn({ nodes, regions }: Plan): Map<string, string | null> {
  return new Map(nodes.map(({ id, region }) => [id, region === null ? null : nodes[regions[region]!.owner]!.id]));
}

/**
 * A reference for what the engine does within one region, or outside of all (null): every edge answers its target once,
 * in any order; a node is decided when all its in-edges have answered, and a collector when its splitter is.
 */
function decide(plan: Plan, region: number | null, random: Random): { decided: Set<number>; exits: number[] } {
  const answers = plan.nodes.map(() => 0);
  const ready: number[] = region === null ? [...plan.triggers] : [];
  const exits: number[] = [];
  const follow = (out: Plan["nodes"][number]["out"]) => {
    for (const { to, slot, exit } of out) {
      if (exit === true) {
        exits.push(slot);
        continue;
      }
      const count = (answers[to] ?? 0) + 1;
      answers[to] = count;
      assert(count <= plan.nodes[to]!.in, "an edge too many");
      if (count === plan.nodes[to]!.in) ready.push(to);
    }
  };
  if (region !== null) follow(plan.nodes[plan.regions[region]!.owner]!.out.filter(({ body }) => body === true));
  const decided = new Set<number>();
  while (ready.length > 0) {
    const [index = 0] = ready.splice(random.below(ready.length), 1);
    assert(!decided.has(index), "decided twice");
    decided.add(index);
    const node = plan.nodes[index]!;
    follow(node.out.filter(({ body }) => body !== true));
    const opened = node.opens === undefined ? undefined : plan.regions[node.opens];
    if (opened !== undefined && opened.closer !== index) ready.push(opened.closer);
  }
  return { decided, exits };
}

/** What has to hold of the plan of a valid graph. */
function checkPlan(plan: Plan, { lives }: NestedGraph, random: Random) {
  assertEquals(parsePlan(JSON.parse(JSON.stringify(plan))), { ok: true, plan });
  assertEquals(livesIn(plan), new Map(plan.nodes.map(({ id }) => [id, lives.get(id) ?? null])));
  for (const { index, kind, owner, closer, exits } of plan.regions) {
    const members = plan.nodes.filter((node) => node.region === index);
    assert(members.every((node) => node.index > owner && (kind !== "splitter" || node.index < closer)), "order");
    const found = decide(plan, index, random);
    assertEquals(found.decided, new Set(members.map((node) => node.index)), "a member was never decided");
    assertEquals(found.exits.toSorted((a, b) => a - b), Array.from({ length: exits }, (_, slot) => slot));
  }
  const outside = plan.nodes.filter((node) => node.region === null).map((node) => node.index);
  assertEquals(decide(plan, null, random).decided, new Set(outside));
  for (const node of plan.nodes) {
    for (const { to, exit } of node.out) {
      // What follows a region stands behind all of it.
      const region = node.opens === undefined ? undefined : plan.regions[node.opens];
      const behind = region !== undefined && exit !== true && plan.nodes[to]?.region === node.region;
      if (behind) assert(plan.nodes.every((inner) => !isInside(plan, inner.region, region.index) || inner.index < to));
    }
  }
}

function isInside(plan: Plan, region: number | null, wanted: number): boolean {
  for (let at = region; at !== null; at = plan.regions[at]?.parent ?? null) if (at === wanted) return true;
  return false;
}

Deno.test("compile() makes plans of graphs with regions inside regions, where nothing waits for ever", async (t) => {
  await forSeeds(t, (random) => {
    const nested = randomNested(random);
    checkPlan(planOf(nested.graph), nested, random);
  });
});

Deno.test("compile() gives plans that parsePlan() refuses once they are damaged, or that still hold together", async (t) => {
  await forSeeds(t, (random) => {
    const nested = randomNested(random, 2);
    const damaged = mutate(JSON.parse(JSON.stringify(planOf(nested.graph))) as Json, random, 0.003);
    const result = parsePlan(damaged);
    if (!result.ok) return;
    for (const { index } of result.plan.regions) decide(result.plan, index, random);
  });
});

/** Nodes and edges that bring one problem into any graph; `host` is some node of it that others may follow. */
type Planting = (host: string, inner: string | null) => Graph;

const reading = (text: string): GraphNode["data"] => ({ config: { x: `{{ ${text} }}` } });
const deep = Array.from({ length: 9 }, (_, level) => `:body>each9${level}`).join("");

const PLANTINGS: Partial<Record<ProblemCode, Planting>> = {
  region_crossed: (_, inner) => draw(inner === null ? "t>split9>p>collect9, t>q>p" : `t>${inner}`),
  region_too_deep: (host) => draw(`${host}>each9${deep}:body>p`),
  splitter_not_collected: (host) => draw(`${host}>split9>p`),
  collector_without_splitter: () => draw("t>collect9>p"),
  break_outside_loop: () => draw("t>split9>break9, split9>p>collect9"),
  inside_region: (_, inner) =>
    inner === null
      ? draw("t>split9>q>collect9>p", { p: reading("steps.q.output") })
      : draw("t>p", { p: reading(`steps.${inner}.output`) }),
  no_region: () => draw("t>p", { p: reading("item.x") }),
  secret_not_allowed: (host) => draw(`${host}>p`, { p: reading("secrets.nobody") }),
  no_callback: (host) =>
    draw(`${host}>p>wait9`, { p: reading("callbacks.wait9"), wait9: { config: { mode: "timer" } } }),
  need_too_high: (host) => draw(`${host}>merge9`, { merge9: { config: { need: 2 } } }),
  undo_invalid: (host) => draw(`${host}>p`, { p: { undo: { type: "logic.splitter" } } }),
  delivery_invalid: (host) => draw(`${host}>p`, { p: { delivery: "at_least_once" } }),
  cycle: (host) => draw(`${host}>p>q>p`),
  empty_region: (host) => draw(`${host}>each9>p`),
  unknown_reference: (host) => draw(`${host}>p`, { p: reading("steps.nobody.output + callbacks.nobody") }),
  not_an_ancestor: (host) => draw(`${host}>p, ${host}>q`, { p: reading("steps.q.output") }),
};

function planted({ graph, lives }: NestedGraph, planting: Planting, random: Random): Graph {
  const hosts = graph.nodes.filter(({ type }) => !["logic.stop", "logic.loop.break"].includes(type));
  const inner = graph.nodes.filter(({ id }) => lives.get(id) !== null);
  const more = planting(random.pick(hosts).id, inner.length === 0 ? null : random.pick(inner).id);
  const known = new Set(graph.nodes.map(({ id }) => id));
  const nodes = [...graph.nodes, ...more.nodes.filter(({ id }) => !known.has(id))];
  return { nodes, edges: random.chance(0.5) ? [...graph.edges, ...more.edges] : [...more.edges, ...graph.edges] };
}

for (const [code, planting] of Object.entries(PLANTINGS)) {
  Deno.test(`compile() finds ${code} wherever it is planted`, async (t) => {
    await forSeeds(t, (random) => {
      const graph = planted(randomNested(random, 3), planting, random);
      const problems = problemsOf(graph);
      assert(
        problems.some((problem) => problem.code === code),
        JSON.stringify([graph.edges.map(({ id }) => id), problems], null, 1),
      );
      assertEquals(compileSmall(graph).ok, problems.every(({ severity }) => severity === "warning"));
    });
  });
}
