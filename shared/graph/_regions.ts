import type { CheckedEdge, CheckedNode, Region, Regions } from "./_model.ts";
import { adjacencyOf, reachableFrom } from "./_topology.ts";
import { formatPath, type Problems, quote } from "./problems.ts";
import type { RegionKind } from "./types.ts";

/** The handle of loops and boundaries that leads into their body. */
const BODY_HANDLE = "body";
/** The handle that lives when a step has failed. */
export const ERROR_HANDLE = "error";

/** What the walk needs to know. */
export interface RegionContext {
  /** Ordinals of the nodes that nothing leads to: the triggers. */
  starts: number[];
  problems: Problems;
}

/**
 * Tells for every node in whose body it lives, by walking from the starts along the edges, and reports the edges that
 * lead into a body or out of it elsewhere than at its ends. Where a node of unknown type may have opened or closed a
 * body, nothing is reported.
 *
 * @param nodes The nodes; `ordinal` is their index here.
 * @param edges The edges that join them.
 * @param context Where the walk begins, and where problems go.
 * @returns What was found; on contradictions the first answer counts.
 */
export function assignRegions(nodes: CheckedNode[], edges: CheckedEdge[], context: RegionContext): Regions {
  const walk = new RegionWalk(nodes, edges, context.problems);
  walk.run(context.starts);
  addLikelyExits(nodes, edges, walk.found);
  return walk.found;
}

/** Whether an edge leads into the body of its source. */
export function leadsIntoBody({ from, handle }: CheckedEdge): boolean {
  return entersBody(from.facts?.region, handle);
}

/** Whether a handle of a node that opens a region of some kind leads into its body. */
export function entersBody(kind: RegionKind | undefined, handle: string): boolean {
  if (kind === undefined) return false;
  return kind === "splitter" ? handle !== ERROR_HANDLE : handle === BODY_HANDLE;
}

/** The first region that fits, from the inside to the outside. */
export function enclosing(region: Region | null, fits: (region: Region) => boolean): Region | null {
  for (let around = region; around !== null; around = around.parent) if (fits(around)) return around;
  return null;
}

class RegionWalk {
  readonly found: Regions;
  readonly #problems: Problems;
  readonly #queue: CheckedNode[] = [];
  readonly #out: CheckedEdge[][];
  readonly #nodes: CheckedNode[];
  /** Edges into collectors from outside of every splitter, looked at when nothing else is left. */
  readonly #stray: [CheckedEdge, Region | null][] = [];
  /** Ordinals of the nodes that edges lead to across the border of a body. */
  readonly #crossed: number[] = [];
  readonly #edges: CheckedEdge[];
  /** Ordinals of the nodes behind something unknown or wrong: what is said of them could be false. */
  readonly #doubtful: Set<number>;

  constructor(nodes: CheckedNode[], edges: CheckedEdge[], problems: Problems) {
    this.#nodes = nodes;
    this.#problems = problems;
    this.#out = nodes.map(() => []);
    for (const edge of edges) this.#out[edge.from.ordinal]?.push(edge);
    this.#edges = edges;
    this.#doubtful = doubtfulNodes(nodes, edges);
    this.found = {
      of: nodes.map(() => undefined),
      opened: new Map(),
      closed: new Map(),
      exits: new Map(),
      doubtful: new Set(),
      back: new Set(),
    };
  }

  run(starts: number[]) {
    for (const start of starts) {
      const node = this.#nodes[start];
      if (node !== undefined) this.#settle(node, null);
    }
    for (;;) {
      const node = this.#queue.shift();
      if (node !== undefined) { for (const edge of this.#out[node.ordinal] ?? []) this.#follow(edge); }
      else if (!this.#followStray()) break;
    }
    this.found.doubtful = this.#behindCrossed();
  }

  #behindCrossed(): Set<number> {
    if (this.#crossed.length === 0) return this.#doubtful;
    const next = adjacencyOf(this.#nodes.length, this.#edges.map(({ from, to }) => [from.ordinal, to.ordinal]));
    return reachableFrom([...this.#doubtful, ...this.#crossed], next);
  }

  #settle(node: CheckedNode, region: Region | null) {
    this.found.of[node.ordinal] = region;
    region?.members.push(node);
    this.#queue.push(node);
    const kind = node.facts?.region;
    if (kind === undefined) return;
    const depth = (region?.depth ?? 0) + 1;
    this.found.opened.set(node.ordinal, { kind, owner: node, parent: region, depth, collectors: [], members: [] });
  }

  #follow(edge: CheckedEdge) {
    const { from, to } = edge;
    // That is a problem of its own.
    if (to.isTrigger) return;
    const inner = (leadsIntoBody(edge) ? this.found.opened.get(from.ordinal) : this.found.of[from.ordinal]) ?? null;
    if (to.facts?.closes === true) return this.#collect(edge, inner);
    const around = enclosing(inner, ({ owner }) => owner === to);
    if (around === null) return this.#enter(edge, inner);
    // An edge back to a splitter makes a circle.
    if (around.kind === "splitter") return;
    this.found.back.add(edge);
    if (around === inner) this.found.exits.set(edge, around);
    else this.#cross(edge, `${quote(from.id)} cannot lead to ${quote(to.id)}: first leave ${body(inner)}`);
  }

  #enter(edge: CheckedEdge, region: Region | null) {
    const { to } = edge;
    const known = this.found.of[to.ordinal];
    if (known === undefined) return this.#settle(to, region);
    if (known === region) return;
    const message = `${quote(to.id)} cannot be reached both from ${body(known)} and from ${body(region)}: ` +
      "a body is entered at its owner and left at its end";
    this.#cross(edge, message);
  }

  #collect(edge: CheckedEdge, inner: Region | null) {
    const { from, to } = edge;
    const splitter = enclosing(inner, ({ kind }) => kind === "splitter");
    if (splitter === null) {
      this.#stray.push([edge, inner]);
      return;
    }
    if (splitter !== inner) {
      this.#cross(edge, `${quote(from.id)} cannot lead to ${quote(to.id)}: first leave ${body(inner)}`);
    }
    const closed = this.found.closed.get(to.ordinal);
    if (closed !== undefined && closed !== splitter) {
      const names = `${quote(closed.owner.id)}; it cannot collect ${quote(splitter.owner.id)} too`;
      return this.#cross(edge, `${quote(to.id)} collects ${names}`);
    }
    this.found.exits.set(edge, splitter);
    if (closed === undefined) {
      this.found.closed.set(to.ordinal, splitter);
      splitter.collectors.push(to);
    }
    this.#enter(edge, splitter.parent);
  }

  #followStray(): boolean {
    const stray = this.#stray.shift();
    if (stray === undefined) return false;
    const [edge, inner] = stray;
    const { to } = edge;
    if (this.found.closed.has(to.ordinal)) {
      this.#cross(
        edge,
        `${quote(edge.from.id)} cannot lead to ${quote(to.id)}: it is in no body that is collected there`,
      );
    } else if (this.found.of[to.ordinal] === undefined) {
      if (!this.#behindCrossed().has(to.ordinal)) {
        const place = { path: formatPath(to.path), node_id: to.id };
        this.#problems.add("collector_without_splitter", `No splitter leads to ${quote(to.id)}`, place);
      }
      this.#settle(to, inner);
    }
    return true;
  }

  #cross(edge: CheckedEdge, message: string) {
    if (this.#doubtful.has(edge.to.ordinal)) return;
    const place = { path: formatPath(edge.path), edge_id: edge.id, node_id: edge.to.id };
    this.#problems.add("region_crossed", message, place);
    this.#crossed.push(edge.to.ordinal);
  }
}

/** The nodes behind something unknown that may have opened or closed a region. */
function doubtfulNodes(nodes: CheckedNode[], edges: CheckedEdge[]): Set<number> {
  const next = adjacencyOf(nodes.length, edges.map(({ from, to }) => [from.ordinal, to.ordinal]));
  const starts = nodes.filter((node) => node.mayBeRegion).map((node) => node.ordinal);
  for (const { from, to, handle } of edges) {
    if (handle === "" && from.facts?.region !== undefined) starts.push(to.ordinal);
  }
  return reachableFrom(starts, next);
}

/**
 * Where no walk came, and behind nodes of unknown type, an edge from a body back to what looks like its owner is no
 * circle either.
 */
function addLikelyExits(nodes: CheckedNode[], edges: CheckedEdge[], { of, back }: Regions) {
  const unsure = edges.filter(({ from, to }) =>
    to.mayBeRegion || (of[from.ordinal] === undefined && to.facts?.region !== undefined)
  );
  if (unsure.length === 0) return;
  const bodies = new Map<CheckedNode, Set<number>>();
  for (const owner of new Set(unsure.map(({ to }) => to))) {
    if (owner.facts?.region === "splitter") continue;
    const entries = edges.filter((edge) => edge.from === owner && edge.handle === BODY_HANDLE);
    // The owner itself ends the walk.
    const next = adjacencyOf(
      nodes.length,
      edges.filter(({ from, to }) => from !== owner && to !== owner).map(({ from, to }) => [from.ordinal, to.ordinal]),
    );
    bodies.set(owner, reachableFrom(entries.map(({ to }) => to.ordinal), next));
  }
  for (const edge of unsure) if (bodies.get(edge.to)?.has(edge.from.ordinal) === true) back.add(edge);
}

function body(region: Region | null): string {
  return region === null ? "outside" : `the body of ${quote(region.owner.id)}`;
}
