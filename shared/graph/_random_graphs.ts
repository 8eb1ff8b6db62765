/**
 * Random graphs with regions inside regions, for property tests.
 *
 * @module
 */
import { edge, node, type Random, randomJson } from "./_testing.ts";
import type { Graph, GraphEdge, GraphNode, Json, JsonObject } from "./types.ts";

/** A random graph and what is known of it. */
export interface NestedGraph {
  graph: Graph;
  /** The owner of the region that each node lives in. */
  lives: Map<string, string | null>;
}

/** Where a sequence of nodes is drawn. */
interface Place {
  /** Owners of the regions around, from the outside. */
  owners: string[];
  /** Whether a break is allowed. */
  loop: boolean;
  /** Steps that may be read. */
  readable: string[];
}

/** From here on, nothing is begun that holds more than one node. */
const MOST_NODES = 60;
const LOOPS = ["logic.loop.for", "logic.loop.while", "logic.loop.foreach", "logic.boundary"];

/**
 * Draws a valid graph whose regions nest up to a depth.
 *
 * @param random Random numbers.
 * @param depth Regions inside each other.
 * @returns The graph; its trigger is `t`.
 */
export function randomNested(random: Random, depth = 4): NestedGraph {
  const drawing = new Drawing(random, depth);
  drawing.sequence(["t"], { owners: [], loop: false, readable: ["t"] });
  return { graph: { nodes: drawing.nodes, edges: drawing.edges }, lives: drawing.lives };
}

class Drawing {
  readonly nodes: GraphNode[] = [node("t", "trigger.manual")];
  readonly edges: GraphEdge[] = [];
  readonly lives = new Map<string, string | null>([["t", null]]);
  readonly #random: Random;
  readonly #depth: number;

  constructor(random: Random, depth: number) {
    this.#random = random;
    this.#depth = depth;
  }

  /** Draws nodes one behind the other; gives the ends from which it may go on, and what may be read there. */
  sequence(starts: string[], place: Place): { ends: string[]; readable: string[] } {
    let ends = starts;
    let readable = place.readable;
    for (let length = 1 + this.#random.below(4); length > 0 && ends.length > 0; length--) {
      const inside = { ...place, readable };
      const kind = this.nodes.length > MOST_NODES ? 0 : this.#random.below(10);
      const next = kind < 4
        ? this.#step(ends, inside)
        : kind < 6
        ? this.#fork(ends, inside)
        : kind < 9 && place.owners.length < this.#depth
        ? this.#region(ends, inside)
        : this.#aside(ends, inside);
      ends = next.ends;
      readable = next.readable;
    }
    return { ends, readable };
  }

  #add(type: string, ends: string[], place: Place): string {
    const id = `n${this.nodes.length}`;
    const reads = this.#read(type === "logic.while" ? { ...place, owners: [...place.owners, id] } : place);
    this.nodes.push(node(id, type, reads === null ? {} : { config: { x: `{{ ${reads} }}` } }));
    this.lives.set(id, place.owners.at(-1) ?? null);
    for (const end of ends) this.edges.push(edge(`${end}>${id}`));
    return id;
  }

  #read({ owners, readable }: Place): string | null {
    if (this.#random.chance(0.5)) return null;
    if (owners.length > 0 && this.#random.chance(0.5)) return this.#random.pick(["item", "index", "[item, index]"]);
    return `steps.${this.#random.pick(readable)}.output`;
  }

  #step(ends: string[], place: Place) {
    const type = this.#random.pick(["action.set", "logic.merge", "logic.if"]);
    const id = this.#add(type, ends, place);
    const handles = type === "logic.if" ? this.#random.pick([[":true", ":false"], [":true"], [""]]) : [""];
    return { ends: handles.map((handle) => `${id}${handle}`), readable: [...place.readable, id] };
  }

  #fork(ends: string[], place: Place) {
    // A node of its own: an edge must not be drawn twice.
    const id = this.#add("action.set", ends, place);
    const inside = { ...place, readable: [...place.readable, id] };
    const branches = [1, 2].map(() => {
      const first = this.#add("action.set", [id], inside);
      return this.sequence([first], { ...inside, readable: [...inside.readable, first] });
    });
    // What one branch lost at a stop or break runs not for sure before what follows the other.
    const joined = branches.every((branch) => branch.ends.length > 0);
    const own = branches.filter((branch) => branch.ends.length > 0).flatMap((branch) => branch.readable);
    return {
      ends: branches.flatMap((branch) => branch.ends),
      readable: joined ? [...new Set(own)] : [...new Set([...inside.readable, ...own])],
    };
  }

  #aside(ends: string[], place: Place) {
    const kind = this.#random.below(3);
    if (kind === 0 && place.loop) this.#add("logic.loop.break", ends, place);
    else if (kind === 1) this.#add("logic.stop", ends, place);
    else this.#add("action.set", ends, place);
    // Whoever ended may have been the only one.
    return { ends: this.#random.chance(0.9) ? ends : [], readable: place.readable };
  }

  #region(ends: string[], place: Place) {
    const type = this.#random.pick(["logic.splitter", "logic.splitter", ...LOOPS]);
    const id = this.#add(type, ends, place);
    const splits = type === "logic.splitter";
    const inside = {
      owners: [...place.owners, id],
      loop: !splits && (type !== "logic.boundary" || place.loop),
      readable: [...place.readable, id],
    };
    const first = this.#add("action.set", [splits ? id : `${id}:body`], inside);
    const body = this.sequence([first], { ...inside, readable: [...inside.readable, first] });
    if (!splits) {
      if (this.#random.chance(0.5)) { for (const end of body.ends) this.edges.push(edge(`${end}>${id}`)); }
      return { ends: [this.#random.pick([id, `${id}:done`])], readable: [...place.readable, id] };
    }
    const collector = this.#add("logic.collector", body.ends.length > 0 ? body.ends : [id], place);
    return { ends: [collector], readable: [...place.readable, id, collector] };
  }
}

/** Puts junk into some place of a value. */
export function mutate(value: Json, random: Random, probability = 0.08): Json {
  if (random.chance(probability)) return randomJson(random);
  if (Array.isArray(value)) {
    const items = value.map((item) => mutate(item, random, probability));
    if (random.chance(0.1) && items.length > 0) items.push(random.pick(items));
    return items;
  }
  if (value === null || typeof value !== "object") return value;
  const copy: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (!random.chance(0.02)) copy[key] = mutate(item, random, probability);
  }
  return copy;
}
