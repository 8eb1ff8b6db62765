import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import {
  catalog,
  compileSmall,
  edge,
  graphOf,
  node,
  planOf,
  type Random,
  randomJson,
  randomOf,
  seeds,
} from "./_testing.ts";
import { mutate, randomNested } from "./_random_graphs.ts";
import { compile } from "./compile.ts";
import { parsePlan } from "./plan.ts";
import { PROBLEM_CODES } from "./problems.ts";
import type { Plan } from "./plan_types.ts";
import type { Graph, GraphEdge, GraphNode, Json, NodeFacts } from "./types.ts";

const GRAPHS_PER_SEED = 150;
/** The nodes that may be triggers; as many as a graph has come first. */
const TRIGGERS = new Set(["t0", "t1", "t2"]);

/** Draws a valid graph: a random order of nodes, edges that lead forward in it, reads of what lies behind them. */
function randomGraph(random: Random): Graph {
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  const before = new Map<string, Set<string>>();
  const size = 1 + random.below(40);
  const triggers = 1 + random.below(Math.min(TRIGGERS.size, size));
  for (let index = 0; index < size; index++) {
    const id = index < triggers ? `t${index}` : `n${index}`;
    const ancestors = new Set<string>();
    before.set(id, ancestors);
    if (index < triggers) {
      nodes.push(node(id, random.pick(["trigger.webhook", "trigger.manual"])));
      continue;
    }
    for (let tries = random.below(5); tries > 0; tries--) {
      const source = random.pick(nodes);
      if (source.type === "logic.stop" || edges.some((known) => known.source === source.id && known.target === id)) {
        continue;
      }
      const handle = source.type === "logic.if" ? random.pick([":true", ":false", ""]) : "";
      edges.push(edge(`${source.id}${handle}>${id}`, randomCondition(random, source.id, before)));
      ancestors.add(source.id);
      for (const further of before.get(source.id) ?? []) ancestors.add(further);
    }
    const type = random.pick(["action.set", "logic.if", "logic.merge", "logic.stop"]);
    const readable = [...ancestors].filter((ancestor) => isReachable(ancestor, before));
    const read = random.chance(0.5) && isReachable(id, before) ? random.pick(readable) : null;
    nodes.push(node(id, type, read === null ? {} : { config: { x: `{{ steps.${read}.output }}` } }));
  }
  return graphOf(nodes, edges);
}

/** Whether a trigger leads to a node: only then may it read, and be read. */
function isReachable(id: string, before: ReadonlyMap<string, Set<string>>): boolean {
  return [id, ...(before.get(id) ?? [])].some((other) => TRIGGERS.has(other));
}

function randomCondition(random: Random, source: string, before: ReadonlyMap<string, Set<string>>): string | undefined {
  if (random.chance(0.7)) return undefined;
  const readable = [source, ...(before.get(source) ?? [])].filter((id) => isReachable(id, before));
  if (readable.length === 0) return undefined;
  return `steps.${random.pick(readable)}.output.x == ${random.below(3)}`;
}

/**
 * A reference for what the engine does: one trigger is live, the others dead; every edge answers its target once, and
 * a node is decided when all its in-edges answered.
 */
function propagate(plan: Plan, chosen: number, random: Random): { live: boolean | null; answers: number }[] {
  const states = plan.nodes.map(() => ({ live: null as boolean | null, answers: 0, alive: 0 }));
  const decided = [...plan.triggers];
  for (const trigger of plan.triggers) Object.assign(states[trigger] ?? {}, { live: trigger === chosen });
  while (decided.length > 0) {
    // Any order may happen: workers race.
    const [index = 0] = decided.splice(random.below(decided.length), 1);
    const live = states[index]?.live === true;
    for (const { to } of plan.nodes[index]?.out ?? []) {
      const target = states[to];
      const next = plan.nodes[to];
      if (target === undefined || next === undefined) throw new Error("An edge leads nowhere");
      target.answers++;
      if (live && random.chance(0.6)) target.alive++;
      if (target.answers < next.in) continue;
      target.live = target.alive > 0;
      decided.push(to);
    }
  }
  return states;
}

Deno.test("compile() makes plans that cannot deadlock of all valid graphs", async (t) => {
  for (const seed of seeds()) {
    await t.step(`seed ${seed}`, () => {
      const random = randomOf(seed);
      for (let count = 0; count < GRAPHS_PER_SEED; count++) {
        const plan = planOf(randomGraph(random));
        for (const { index, out, predecessors } of plan.nodes) {
          for (const { from, to, slot } of out) {
            assert(from === index && to > index, "edges lead forward");
            assertEquals(plan.nodes[to]?.predecessors[slot], index);
          }
          assert(predecessors.every((before) => before < index));
        }
        for (const chosen of plan.triggers) {
          for (const [index, { live, answers }] of propagate(plan, chosen, random).entries()) {
            assert(live !== null, `node ${index} was never decided`);
            assertEquals(answers, plan.nodes[index]?.in);
          }
        }
      }
    });
  }
});

Deno.test("compile() gives plans that survive being stored", async (t) => {
  for (const seed of seeds()) {
    await t.step(`seed ${seed}`, () => {
      const random = randomOf(seed);
      for (let count = 0; count < GRAPHS_PER_SEED; count++) {
        const plan = planOf(randomGraph(random));
        assertEquals(parsePlan(JSON.parse(JSON.stringify(plan))), { ok: true, plan });
      }
    });
  }
});

function nested(random: Random): Graph {
  return randomNested(random, 2).graph;
}

Deno.test("compile() never throws, and says why, for graphs with junk in them", async (t) => {
  const codes = new Set(Object.keys(PROBLEM_CODES));
  for (const seed of seeds()) {
    await t.step(`seed ${seed}`, () => {
      const random = randomOf(seed);
      for (let count = 0; count < GRAPHS_PER_SEED * 4; count++) {
        const graph = random.chance(0.2) ? randomJson(random, 6) : mutate(
          JSON.parse(JSON.stringify(random.chance(0.5) ? randomGraph(random) : nested(random))) as Json,
          random,
        );
        const result = compileSmall(graph);
        const problems = result.ok ? result.warnings : result.problems;
        assert(problems.every(({ code }) => codes.has(code)));
        assertEquals(result.ok, !problems.some(({ severity }) => severity === "error"));
        if (result.ok) assert(parsePlan(result.plan).ok);
      }
    });
  }
});

Deno.test("compile() never throws for what is no JSON", () => {
  const cyclic: { nodes: unknown[]; self?: unknown } = { nodes: [] };
  cyclic.self = cyclic;
  cyclic.nodes.push(cyclic, cyclic);
  const hostile = new Proxy({}, {
    ownKeys() {
      throw new Error("no");
    },
  });
  const getter = {
    get nodes(): unknown {
      throw new Error("no");
    },
  };
  const junk = [
    undefined,
    null,
    0,
    NaN,
    10n,
    "graph",
    Symbol("graph"),
    () => {},
    [],
    [[]],
    new Date(),
    new Map([["nodes", []]]),
    cyclic,
    hostile,
    getter,
    { nodes: {}, edges: "x" },
    { nodes: new Array(1_000_000), edges: [] },
    { nodes: [undefined, () => {}, 1n, "\ud800", "\0"], edges: [NaN, hostile] },
    { nodes: [{ id: "\ud800", type: "x" }], edges: [] },
    { nodes: [], edges: [], settings: null },
    Object.create({ nodes: [], edges: [] }),
  ];
  for (const graph of junk) assertEquals(compileSmall(graph).ok, false);
});

Deno.test("compile() survives node types that answer nonsense", () => {
  const careless: NodeFacts = {
    type: "careless",
    kind: "pure",
    handles: () => null as unknown as string[],
    checkConfig: () => {
      throw new RangeError("stumbled");
    },
  };
  const types = { get: (type: string) => type === "careless" ? careless : catalog.get(type), types: () => [] };
  const graph = graphOf([node("t", "trigger.manual"), node("c", "careless")], ["t>c"]);
  const result = compile(graph, types);
  assertEquals(result.ok ? [] : result.problems.map(({ code }) => code), ["config_invalid"]);
});
