/**
 * Random flows that compile, and how their effects behave, repeated by a seed.
 *
 * @module
 */
import type { Graph, GraphEdge, GraphNode, GraphNodeData, Json, JsonObject } from "../../shared/graph/mod.ts";

/** Random numbers from a seed. */
export interface Random {
  /** A whole number from 0 up to, not including, a bound. */
  below(bound: number): number;
  /** True with a probability. */
  chance(probability: number): boolean;
  /** One of a list. */
  pick<T>(list: readonly T[]): T;
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

/** What the email service does with the calls of one node. */
export interface Behaviour {
  /** How many calls fail first, in a way that may be tried again. */
  failures: number;
  /** What becomes of the others. */
  then: "sent" | "refused";
}

/** A flow and all that decides what its run has to give. */
export interface RandomFlow {
  graph: Graph;
  /** By node id. */
  behaviours: Record<string, Behaviour>;
  input: JsonObject;
  /** Where the run starts; null = the engine chooses. */
  triggerNode: string | null;
}

/** Options of {@linkcode randomFlow}. */
export interface RandomFlowOptions {
  /**
   * Whether attempts may be lost with their workers. They count, so a policy that could be used up by them leaves what
   * a run gives to chance; flows for such runs have policies that can not.
   */
  losses: boolean;
}

/** The attempts that outlast every loss of a test. */
const PLENTY = 20;

const CASES = ["low", "high"];

/** Draws a flow. The same seed and options give the same one. */
export function randomFlow(seed: number, options: RandomFlowOptions): RandomFlow {
  const random = randomOf(seed);
  // Shapes of all sorts rather than a mean: some flows are chains, some are bushes, few fail at every second node.
  const drawing = new Drawing(random, options, {
    forks: random.pick([0, 0.3, 0.7]),
    effects: random.pick([0, 0.2, 0.5, 0.8]),
    faults: random.pick([0, 0.1, 0.4]),
    risks: random.pick([0, 0.03, 0.1]),
    stops: random.pick([0, 0, 0.05, 0.15]),
  });
  const triggers = random.chance(0.75) ? 1 : 2 + random.below(2);
  for (let index = 0; index < triggers; index++) drawing.addTrigger(`t${index}`);
  const size = random.chance(0.1) ? 18 + random.below(18) : random.below(15);
  for (let index = 0; index < size; index++) drawing.addNode(`n${index}`);
  const triggerNode = random.chance(0.5) ? `t${random.below(triggers)}` : null;
  return { graph: drawing.graph(), behaviours: drawing.behaviours, input: input(random), triggerNode };
}

function input(random: Random): JsonObject {
  return {
    name: random.pick(["Ada", "", "Zoë 😀"]),
    n: random.below(8),
    flag: random.chance(0.5),
    lines: Array.from({ length: random.below(3) }, (_, index) => ({ price: index, id: `line${index}` })),
    // Postgres gives the keys of an object in an order of its own.
    nested: { zebra: 1, a: { long_name: true, b: null }, "10": "ten", "9": "nine" },
  };
}

/** How often what happens in a flow. */
interface Temper {
  forks: number;
  effects: number;
  /** Effects that fail. */
  faults: number;
  /** Expressions that may not be evaluable. */
  risks: number;
  stops: number;
}

/** A flow while it is drawn: every node comes after those that lead to it. */
class Drawing {
  readonly behaviours: Record<string, Behaviour> = {};
  readonly #random: Random;
  readonly #options: RandomFlowOptions;
  readonly #temper: Temper;
  readonly #nodes: GraphNode[] = [];
  readonly #edges: GraphEdge[] = [];
  /** By node id: what runs before it. Nodes that no trigger leads to are in none. */
  readonly #before = new Map<string, string[]>();

  constructor(random: Random, options: RandomFlowOptions, temper: Temper) {
    this.#random = random;
    this.#options = options;
    this.#temper = temper;
  }

  /** The graph; in which order the nodes stand must not matter. */
  graph(): Graph {
    const nodes = [...this.#nodes];
    for (let last = nodes.length - 1; last > 0; last--) {
      const other = this.#random.below(last + 1);
      [nodes[last], nodes[other]] = [nodes[other]!, nodes[last]!];
    }
    return { nodes, edges: this.#edges };
  }

  addTrigger(id: string): void {
    this.#nodes.push({ id, type: this.#random.pick(["trigger.manual", "trigger.webhook"]) });
    this.#before.set(id, []);
  }

  addNode(id: string): void {
    const random = this.#random;
    const type = this.#type();
    const sources = this.#nodes.filter((node) => node.type !== "logic.stop");
    // A long way back rarely: flows are deep more than broad.
    const near = sources.slice(-4);
    const wanted = type === "logic.merge" ? 2 + random.below(3) : random.chance(this.#temper.forks / 2) ? 2 : 1;
    const before = new Set<string>();
    if (!random.chance(0.02)) {
      for (let count = 0; count < wanted; count++) {
        const source = random.pick(random.chance(this.#temper.forks) ? sources : near);
        this.#addEdge(source, id);
        if (!this.#before.has(source.id)) continue;
        for (const earlier of [source.id, ...this.#before.get(source.id) ?? []]) before.add(earlier);
      }
    }
    if (before.size > 0) this.#before.set(id, [...before]);
    this.#nodes.push({ id, type, data: this.#data(id, type, [...before]) });
  }

  #type(): string {
    const random = this.#random;
    if (random.chance(this.#temper.stops)) return "logic.stop";
    if (random.chance(this.#temper.effects)) return "communication.email";
    return random.pick([
      "action.transform",
      "action.transform",
      "action.transform",
      "logic.if",
      "logic.switch",
      "logic.merge",
    ]);
  }

  #addEdge(source: GraphNode, target: string): void {
    const random = this.#random;
    const handles: (string | null)[] = source.type === "logic.if"
      ? ["true", "false", null]
      : source.type === "logic.switch"
      ? [...CASES, "default", null]
      : ["out", null];
    const handle = source.data?.onError === "branch" && random.chance(0.4) ? "error" : random.pick(handles);
    const first = handles[0];
    const twin = (edge: GraphEdge) =>
      edge.source === source.id && edge.target === target && (edge.sourceHandle ?? first) === (handle ?? first);
    if (this.#edges.some(twin)) return;
    const readable = [source.id, ...this.#before.get(source.id) ?? []].filter((id) => this.#before.has(id));
    const conditional = readable.length > 0 && random.chance(0.1);
    this.#edges.push({
      id: `e${this.#edges.length}`,
      source: source.id,
      target,
      ...(handle !== null && { sourceHandle: handle }),
      ...(conditional && { data: { condition: this.#condition(readable) } }),
    });
  }

  #data(id: string, type: string, readable: string[]): GraphNodeData {
    const random = this.#random;
    const onError = random.pick(["stop", "continue", "branch"] as const);
    // A stop that were never reached would end nothing.
    const common = random.chance(0.7) ? { onError } : {};
    switch (type) {
      case "communication.email":
        return { config: this.#mail(readable), ...common, retry: this.#retry(id) };
      case "logic.if":
        return { config: { condition: `{{ ${this.#condition(readable)} }}` }, ...common };
      case "logic.switch":
        return { config: this.#switch(readable), ...common };
      case "logic.merge":
        return { config: { combine: random.pick(["append", "by_node", "by_position"]) }, ...common };
      case "logic.stop":
        return { config: this.#stop(readable), ...common };
      default:
        return { config: this.#transform(readable), ...common };
    }
  }

  #transform(readable: string[]): JsonObject {
    const random = this.#random;
    const fields: JsonObject = { s: random.pick(["x", "{{ trigger.name }}", "at {{ trigger.n }}"]) };
    if (random.chance(0.8)) fields.n = `{{ ${this.#number(readable)} }}`;
    if (random.chance(0.3)) fields["deep.er"] = `{{ ${this.#any(readable)} }}`;
    if (random.chance(0.2)) fields.names = `{{ keys(trigger.nested) }}`;
    const operations: Json[] = [{ op: "set", fields }];
    if (random.chance(0.1)) operations.push({ op: "rename", fields: { s: "text.inside" } });
    if (random.chance(this.#temper.risks)) operations.push({ op: "sort" });
    return { operations, ...(random.chance(0.1) && { input: `{{ ${this.#any(readable)} }}` }) };
  }

  #mail(readable: string[]): JsonObject {
    const random = this.#random;
    return {
      to: random.pick<Json>(["ada@example.com", ["ada@example.com", "bo@example.com"]]),
      // Empty for one of the names: a config that only the run finds invalid.
      subject: random.chance(this.#temper.risks) ? "{{ trigger.name }}" : "Hello {{ trigger.name }}",
      text: `${random.pick(["See", "Read"])} {{ ${this.#any(readable)} }}, {{ ${this.#any(readable)} }}`,
    };
  }

  #switch(readable: string[]): JsonObject {
    return {
      value: `{{ ${this.#number(readable)} }}`,
      cases: [{ name: "low", operator: "less", right: 4 }, { name: "high", operator: "greater", right: 2 }],
      mode: this.#random.pick(["first", "all"]),
    };
  }

  #stop(readable: string[]): JsonObject {
    const random = this.#random;
    return {
      status: random.pick(["completed", "failed"]),
      ...(random.chance(0.5) && { message: "Stopped at {{ trigger.n }}" }),
      ...(random.chance(0.7) && { output: `{{ ${this.#any(readable)} }}` }),
    };
  }

  #retry(id: string): NonNullable<GraphNodeData["retry"]> {
    const random = this.#random;
    const outcome = random.chance(1 - this.#temper.faults) ? "sent" : random.pick(["late", "refused", "never"]);
    let maxAttempts = 1 + random.below(3);
    let failures = outcome === "sent" ? 0 : outcome === "never" ? Infinity : random.below(4);
    if (this.#options.losses && Number.isFinite(failures)) maxAttempts = PLENTY;
    // JSON has no infinity, and nobody tries that often.
    if (failures === Infinity) failures = 1000;
    this.behaviours[id] = { failures, then: outcome === "refused" ? "refused" : "sent" };
    return {
      maxAttempts,
      backoff: random.pick(["fixed", "exponential"]),
      delaySeconds: random.pick([0, 0.005, 0.02]),
      maxDelaySeconds: 0.02,
      jitter: random.chance(0.5),
      // Named, or every code that says of itself that it may be tried again.
      ...(random.chance(0.2) && { retryOn: ["provider_error", "node_config_invalid"] }),
      ...(failures > PLENTY && random.chance(0.2) && { retryOn: ["http_error"] }),
    };
  }

  #condition(readable: string[]): string {
    const random = this.#random;
    if (random.chance(0.3)) return random.pick(["trigger.flag", "trigger.n > 3", "trigger.n % 2 == 0", "true"]);
    return `${this.#number(readable)} ${random.pick([">", "<", "!="])} ${random.below(6)}`;
  }

  /** Gives a number, or fails when it is a risk. */
  #number(readable: string[]): string {
    const random = this.#random;
    if (readable.length === 0 || random.chance(0.2)) return random.pick(["trigger.n", "2", "length(trigger.lines)"]);
    const step = `steps.${random.pick(readable)}.output.n`;
    if (random.chance(this.#temper.risks)) return `(${step} + 1)`;
    return random.pick([`(${step} ?? 1)`, `((${step} ?? 3) + trigger.n) % 7`]);
  }

  #any(readable: string[]): string {
    const random = this.#random;
    if (readable.length === 0 || random.chance(0.2)) return random.pick(["trigger", "trigger.nested", "trigger.lines"]);
    const step = `steps.${random.pick(readable)}.output`;
    return random.pick([step, step, `${step}.s`, `${step}.deep`, `${step}.error.message`]);
  }
}
