/**
 * Random flows that compile, and how their effects behave, repeated by a seed.
 *
 * @module
 */
import type { Graph, GraphEdge, GraphNode, JsonObject } from "../../shared/graph/mod.ts";
import { getNode } from "../../shared/nodes/mod.ts";
import { type Random, randomOf } from "./_random.ts";
import { type Behaviour, RandomConfig, type Temper } from "./_random_config.ts";

/** A flow and all that decides what its run has to give. */
export interface RandomFlow {
  graph: Graph;
  /** By node id, `undo:` before it for what undoes the node. */
  behaviours: Record<string, Behaviour>;
  input: JsonObject;
  /** Where the run starts; null = the engine chooses. */
  triggerNode: string | null;
  /** By node id: the owner of the region that the node is in; absent = in none. */
  inside: Record<string, string>;
  /** By splitter: its collector. */
  collectors: Record<string, string>;
  /** Exits of bodies that have none drawn. */
  impliedExits: GraphEdge[];
}

/** Options of {@linkcode randomFlow}. */
export interface RandomFlowOptions {
  /**
   * Whether attempts may be lost with their workers. They count, so a policy that could be used up by them leaves what
   * a run gives to chance; flows for such runs have policies that can not.
   */
  losses: boolean;
  /** What is not left to chance. */
  temper?: Partial<Temper>;
}

/** One body, or what is in none: nodes that edges may join. */
interface Level {
  owner: GraphNode | null;
  /** Nodes that edges may begin at. */
  sources: GraphNode[];
  /** What is done before the body begins. */
  readable: string[];
  depth: number;
}

const REGIONS = ["logic.splitter", "logic.loop.for", "logic.loop.foreach", "logic.loop.while", "logic.boundary"];
const CASES = ["low", "high"];

/** Draws a flow. The same seed and options give the same one. */
export function randomFlow(seed: number, options: RandomFlowOptions): RandomFlow {
  const random = randomOf(seed);
  // Shapes of all sorts rather than a mean: some flows are chains, some are bushes, few fail at every second node.
  const temper: Temper = {
    forks: random.pick([0, 0.3, 0.7]),
    effects: random.pick([0, 0.2, 0.5, 0.8]),
    faults: random.pick([0, 0.1, 0.4]),
    risks: random.pick([0, 0.03, 0.1]),
    stops: random.pick([0, 0, 0.05, 0.15]),
    regions: random.pick([0, 0.15, 0.3]),
    waits: random.pick([0, 0, 0.1]),
    undos: random.pick([0, 0, 0.4]),
    ...options.temper,
  };
  const drawing = new Drawing(random, temper, new RandomConfig(random, temper, options.losses));
  const triggers = random.chance(0.75) ? 1 : 2 + random.below(2);
  for (let index = 0; index < triggers; index++) drawing.addTrigger(`t${index}`);
  const size = random.chance(0.1) ? 18 + random.below(18) : random.below(15);
  for (let index = 0; index < size; index++) drawing.addNode(drawing.top);
  const triggerNode = random.chance(0.5) ? `t${random.below(triggers)}` : null;
  return { ...drawing.flow(), input: input(random), triggerNode };
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

/** A flow while it is drawn: every node comes after those that lead to it. */
class Drawing {
  readonly top: Level = { owner: null, sources: [], readable: [], depth: 0 };
  readonly #random: Random;
  readonly #temper: Temper;
  readonly #config: RandomConfig;
  readonly #nodes: GraphNode[] = [];
  readonly #edges: GraphEdge[] = [];
  readonly #inside: Record<string, string> = {};
  readonly #collectors: Record<string, string> = {};
  readonly #impliedExits: GraphEdge[] = [];
  /** By node id: what runs before it. Nodes that no trigger leads to are in none. */
  readonly #before = new Map<string, string[]>();
  #count = 0;

  constructor(random: Random, temper: Temper, config: RandomConfig) {
    this.#random = random;
    this.#temper = temper;
    this.#config = config;
  }

  /** What was drawn; in which order the nodes stand must not matter. */
  flow(): Omit<RandomFlow, "input" | "triggerNode"> {
    const nodes = [...this.#nodes];
    for (let last = nodes.length - 1; last > 0; last--) {
      const other = this.#random.below(last + 1);
      [nodes[last], nodes[other]] = [nodes[other]!, nodes[last]!];
    }
    return {
      graph: { nodes, edges: this.#edges, settings: { compensateOnCancel: this.#random.chance(0.5) } },
      behaviours: this.#config.behaviours,
      inside: this.#inside,
      collectors: this.#collectors,
      impliedExits: this.#impliedExits,
    };
  }

  addTrigger(id: string): void {
    const node = { id, type: this.#random.pick(["trigger.manual", "trigger.webhook"]) };
    this.#nodes.push(node);
    this.top.sources.push(node);
    this.#before.set(id, []);
  }

  addNode(level: Level): void {
    const random = this.#random;
    const type = this.#type(level);
    const id = `n${this.#count++}`;
    // A long way back rarely: flows are deep more than broad.
    const { sources } = level;
    const near = sources.slice(-4);
    const isRegion = REGIONS.includes(type);
    const wanted = type === "logic.merge" ? 2 + random.below(3) : random.chance(this.#temper.forks / 2) ? 2 : 1;
    const before = new Set<string>();
    if (level.owner !== null || isRegion || !random.chance(0.02)) {
      for (let count = 0; count < wanted; count++) {
        const source = random.pick(random.chance(this.#temper.forks) ? sources : near);
        this.#addEdge(source, id, level);
        for (const earlier of this.#beforeNext(source)) before.add(earlier);
      }
    }
    if (before.size > 0) this.#before.set(id, [...before]);
    const readable = [...new Set([...level.readable, ...before])];
    const data = this.#config.data(id, type, { readable, owner: level.owner?.id ?? null });
    const node: GraphNode = { id, type, data };
    this.#add(node, level);
    if (isRegion && before.size === 0) {
      // Nothing leads to it, and what is in it would read what is not there.
      node.type = "action.transform";
      node.data = { config: { operations: [] } };
      sources.push(node);
    } else if (isRegion) this.#addBody(node, level, readable);
    else if (type === "logic.merge" && random.chance(0.4)) this.#addNeed(node, level);
    else if (type !== "logic.stop" && type !== "logic.loop.break") sources.push(node);
  }

  #add(node: GraphNode, level: Level): void {
    this.#nodes.push(node);
    if (level.owner !== null) this.#inside[node.id] = level.owner.id;
  }

  /** What a node behind another one may read. */
  #beforeNext(source: GraphNode): string[] {
    const before = this.#before.get(source.id);
    return before === undefined ? [] : [source.id, ...before];
  }

  /** A merge that does not wait for all gives what chance gives: nobody reads it, and one node follows. */
  #addNeed(merge: GraphNode, level: Level): void {
    const wanted = this.#edges.filter(({ source, target }) => target === merge.id && this.#before.has(source)).length;
    const wait = this.#random.pick(["first", { atLeast: 1 + this.#random.below(Math.max(1, wanted)) }]);
    merge.data = { config: { ...merge.data?.config, wait, combine: "by_node" } };
    const next: GraphNode = { id: `n${this.#count++}`, type: "action.transform" };
    next.data = { config: { operations: [{ op: "set", fields: { after: "{{ trigger.n }}" } }], input: {} } };
    this.#add(next, level);
    this.#edges.push({ id: `e${this.#edges.length}`, source: merge.id, target: next.id });
    // Which of the branches are done by then, chance decides too.
    if (this.#before.has(merge.id)) this.#before.set(next.id, []);
    level.sources.push(next);
  }

  #addBody(owner: GraphNode, level: Level, readable: string[]): void {
    const random = this.#random;
    const isSplitter = owner.type === "logic.splitter";
    const inner: Level = { owner, sources: [owner], readable: [...readable, owner.id], depth: level.depth + 1 };
    // Edges from the owner lead into the body here.
    this.#before.set(owner.id, []);
    const size = random.below(5);
    for (let index = 0; index < size; index++) this.addNode(inner);
    this.#before.set(owner.id, readable);
    const closer: GraphNode = isSplitter
      ? { id: `n${this.#count++}`, type: "logic.collector", data: { config: this.#config.collector() } }
      : owner;
    if (isSplitter) {
      this.#collectors[owner.id] = closer.id;
      this.#add(closer, level);
      this.#before.set(closer.id, readable);
      if (random.chance(0.5)) closer.data = { ...closer.data, onError: random.pick(["continue", "branch"]) };
    }
    this.#addExits(inner, closer);
    level.sources.push(closer);
  }

  #addExits(inner: Level, closer: GraphNode): void {
    const random = this.#random;
    const candidates = inner.sources.filter((node) => node !== inner.owner);
    const ends = candidates.filter((node) => this.#impliedHandles(node).length > 0);
    if (closer === inner.owner && ends.length <= 1 && random.chance(0.6)) {
      for (const node of ends) {
        for (const sourceHandle of this.#impliedHandles(node)) {
          this.#impliedExits.push({
            id: `x${this.#impliedExits.length}`,
            source: node.id,
            target: closer.id,
            sourceHandle,
          });
        }
      }
      return;
    }
    // What is empty has no end but that of a splitter.
    if (candidates.length === 0 && closer === inner.owner) return;
    for (let count = random.pick([1, 1, 2, 3]); count > 0; count--) {
      this.#addEdge(candidates.length === 0 ? inner.sources[0]! : random.pick(candidates), closer.id, inner);
    }
  }

  /** The handles of a node that would lead on, when nothing follows it. */
  #impliedHandles(node: GraphNode): string[] {
    const isOwner = REGIONS.includes(node.type);
    const leadsOn = (handle: string) => handle !== "error" && !(isOwner && handle === "body");
    const first = this.#handles(node)[0];
    if (this.#edges.some((edge) => edge.source === node.id && leadsOn(edge.sourceHandle ?? first ?? "out"))) return [];
    return (getNode(node.type)?.handles?.(node.data?.config ?? {}) ?? ["out"]).filter(leadsOn);
  }

  #type(level: Level): string {
    const random = this.#random;
    if (random.chance(this.#temper.stops)) return "logic.stop";
    if (level.depth < 3 && random.chance(this.#temper.regions)) return random.pick(REGIONS);
    if (random.chance(this.#temper.waits)) return "logic.wait";
    if (this.#isInLoop(level) && random.chance(0.1)) return "logic.loop.break";
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

  #isInLoop({ owner }: Level): boolean {
    if (owner === null) return false;
    if (owner.type !== "logic.boundary") return owner.type !== "logic.splitter";
    const around = this.#inside[owner.id];
    const outer = this.#nodes.find((node) => node.id === around);
    return outer !== undefined && this.#isInLoop({ owner: outer, sources: [], readable: [], depth: 0 });
  }

  /** The handles that an edge from a node may have, its first one first. */
  #handles(source: GraphNode): string[] {
    if (source.type === "logic.if") return ["true", "false"];
    if (source.type === "logic.switch") return [...CASES, "default"];
    return REGIONS.includes(source.type) && source.type !== "logic.splitter" ? ["done"] : ["out"];
  }

  #addEdge(source: GraphNode, target: string, level: Level): void {
    const random = this.#random;
    const isEntry = source === level.owner;
    const handles = this.#handles(source);
    const hasErrors = source.data?.onError === "branch" ||
      (source.type === "logic.boundary" && source.data?.onError === undefined);
    let handle = hasErrors && random.chance(0.4) ? "error" : random.pick([...handles, null]);
    if (isEntry) handle = source.type === "logic.splitter" ? random.pick(["out", null]) : "body";
    const first = handles[0];
    const twin = (edge: GraphEdge) =>
      edge.source === source.id && edge.target === target && (edge.sourceHandle ?? first) === (handle ?? first);
    if (this.#edges.some(twin)) return;
    const readable = [...level.readable, ...(isEntry ? [] : this.#beforeNext(source))];
    const conditional = readable.length > 0 && random.chance(0.1);
    const place = { readable, owner: level.owner?.id ?? null };
    this.#edges.push({
      id: `e${this.#edges.length}`,
      source: source.id,
      target,
      ...(handle !== null && { sourceHandle: handle }),
      ...(conditional && { data: { condition: this.#config.condition(place) } }),
    });
  }
}
