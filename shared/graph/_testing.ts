/**
 * What the tests of this folder share: a small catalog of node types, short ways to write graphs, and random numbers
 * that a seed repeats.
 *
 * @module
 */
import { z } from "zod";
import type { Plan } from "./plan_types.ts";
import type { CompileResult, Graph, GraphEdge, GraphNode, GraphProblem, Json, JsonObject } from "./types.ts";
import type { NodeCatalog, NodeFacts } from "./types.ts";
import { compile } from "./compile.ts";

/** Facts whose config is checked by a zod schema. */
function facts(type: string, kind: NodeFacts["kind"], schema: z.ZodType, more: Partial<NodeFacts> = {}): NodeFacts {
  return {
    type,
    kind,
    handles: () => ["out"],
    checkConfig: (config) =>
      (schema.safeParse(config).error?.issues ?? []).map(({ path, code, message }) => ({
        path: path.filter((key) => typeof key !== "symbol"),
        code,
        message,
      })),
    ...more,
  };
}

const http = z.strictObject({
  url: z.url(),
  retries: z.int().optional(),
  auth: z.union([z.object({ kind: z.literal("none") }), z.object({ kind: z.literal("bearer"), token: z.string() })])
    .optional(),
});

const FACTS: NodeFacts[] = [
  facts("trigger.webhook", "trigger", z.object({})),
  facts("trigger.manual", "trigger", z.object({})),
  facts("action.set", "pure", z.object({})),
  facts("action.http", "effect", http, {
    takesSecrets: true,
    defaultTimeoutSeconds: 20,
    defaultRetry: { maxAttempts: 3, backoff: "exponential", delaySeconds: 5, maxDelaySeconds: 60, jitter: true },
  }),
  facts("logic.if", "pure", z.object({}), { handles: () => ["true", "false"] }),
  facts("logic.switch", "pure", z.object({}), {
    // Stumbles over a config without cases, as a careless node type might.
    handles: (config) => [...(config["cases"] as Json[]).map((name) => String(name)), "default"],
  }),
  facts("logic.merge", "pure", z.object({}), {
    joins: true,
    need: ({ need }) => typeof need === "number" ? need : "all",
  }),
  facts("logic.stop", "pure", z.object({}), { terminal: true, handles: () => [] }),
  facts("logic.splitter", "pure", z.object({}), { region: "splitter" }),
  facts("logic.collector", "pure", z.object({}), { closes: true }),
  facts("logic.loop.for", "pure", z.object({}), { region: "for", handles: () => ["done", "body"] }),
  facts("logic.loop.while", "pure", z.object({}), { region: "while", handles: () => ["done", "body"] }),
  facts("logic.loop.foreach", "pure", z.object({}), { region: "foreach", handles: () => ["done", "body"] }),
  facts("logic.boundary", "pure", z.object({}), {
    region: "boundary",
    handles: () => ["done", "body", "error"],
    defaultOnError: "branch",
  }),
  facts("logic.loop.break", "pure", z.object({}), { terminal: true, breaks: true, handles: () => [] }),
  facts("logic.wait", "effect", z.object({}), {
    waits: ({ mode }) => mode === "callback" || mode === "signal" ? mode : "timer",
  }),
];

/** A few node types, one of each sort. */
export const catalog: NodeCatalog = {
  get: (type) => FACTS.find((known) => known.type === type),
  types: () => FACTS.map((known) => known.type),
};

/** Writes a node. */
export function node(id: string, type = "action.set", data: GraphNode["data"] = {}): GraphNode {
  return { id, type, position: { x: 0, y: 0 }, data };
}

/** Writes an edge as `a>b`, or `a:handle>b`; its id is the same text. */
export function edge(text: string, condition?: string, id: string = text): GraphEdge {
  const [from = "", target = ""] = text.split(">");
  const [source = "", sourceHandle = null] = from.split(":");
  return { id, source, target, sourceHandle, ...(condition === undefined ? {} : { data: { condition } }) };
}

/** Writes a graph. */
export function graphOf(nodes: GraphNode[], edges: (string | GraphEdge)[]): Graph {
  return { nodes, edges: edges.map((item) => typeof item === "string" ? edge(item) : item) };
}

/** The short names of node types in `draw`. */
const SHORT: Record<string, string> = {
  split: "logic.splitter",
  collect: "logic.collector",
  for: "logic.loop.for",
  while: "logic.loop.while",
  each: "logic.loop.foreach",
  try: "logic.boundary",
  break: "logic.loop.break",
  stop: "logic.stop",
  if: "logic.if",
  merge: "logic.merge",
  wait: "logic.wait",
  http: "action.http",
  t: "trigger.manual",
  start: "trigger.webhook",
};

/**
 * Writes a graph in one string: chains of edges, for example `t>each1:body>a, each1>b`. The letters at the front of an
 * id name the type of its node, see `SHORT`; any other is an `action.set`.
 *
 * @param chains The edges, apart by commas.
 * @param data What the nodes hold, by id.
 */
export function draw(chains: string, data: Record<string, GraphNode["data"]> = {}): Graph {
  const edges = chains.split(",").flatMap((chain) => {
    const stops = chain.trim().split(">");
    return stops.slice(1).map((stop, index) => edge(`${stops[index]}>${stop.split(":")[0]}`));
  });
  const ids = new Set([...edges.flatMap(({ source, target }) => [source, target]), ...Object.keys(data)]);
  const typeOf = (id: string) => SHORT[/^[a-z]+/.exec(id)?.[0] ?? ""] ?? "action.set";
  return { nodes: [...ids].map((id) => node(id, typeOf(id), data[id] ?? {})), edges };
}

/** Compiles with the small catalog. */
export function compileSmall(graph: unknown): CompileResult {
  return compile(graph, catalog);
}

/** Compiles what must be valid. */
export function planOf(graph: unknown): Plan {
  const result = compileSmall(graph);
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 2));
  return result.plan;
}

/** Compiles, and gives the problems or warnings. */
export function problemsOf(graph: unknown): GraphProblem[] {
  const result = compileSmall(graph);
  return result.ok ? result.warnings : result.problems;
}

/** Random numbers from a seed. */
export interface Random {
  /** A whole number from 0 up to, not including, a bound. */
  below(bound: number): number;
  /** True with a probability. */
  chance(probability: number): boolean;
  /** One of a list. */
  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T;
}

/** Makes random numbers (mulberry32) that the same seed repeats. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  return {
    below,
    chance: (probability) => next() < probability,
    pick: (list) => {
      const item = list[below(list.length)];
      if (item === undefined) throw new Error("Cannot pick from an empty list");
      return item;
    },
  };
}

/** The seeds of a property test: always the same ones, and one that no run had before. */
export function seeds(): number[] {
  return [1, 2, 3, crypto.getRandomValues(new Uint32Array(1))[0] ?? 0];
}

/** A random JSON value. */
export function randomJson(random: Random, depth = 3): Json {
  const kind = random.below(depth > 0 ? 8 : 6);
  const words = ["", "a", "id", "__proto__", "constructor", "{{ trigger.x }}", "{{", "out", "😀", "nodes", "0"];
  if (kind === 0) return null;
  if (kind === 1) return random.chance(0.5);
  if (kind === 2) return random.pick([0, -1, 1.5, 1e21, 9007199254740991]);
  if (kind < 6) return random.pick(words);
  const items = Array.from({ length: random.below(4) }, () => randomJson(random, depth - 1));
  if (kind === 6) return items;
  const object: JsonObject = {};
  for (const item of items) {
    Object.defineProperty(object, random.pick(words), {
      value: item,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}
