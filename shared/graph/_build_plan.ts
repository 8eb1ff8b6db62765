import { itemsOf, regionOf } from "./_check_readings.ts";
import { retryOf, timeoutOf } from "./_defaults.ts";
import type { CheckedEdge, CheckedNode, Reading, Region, Regions } from "./_model.ts";
import { addImpliedExits, planOrder } from "./_build_regions.ts";
import { leadsIntoBody } from "./_regions.ts";
import { STEP_LIMITS } from "./limits.ts";
import { PLAN_VERSION } from "./plan.ts";
import type { Plan, PlanEdge, PlanNode, PlanRegion, PlanUndo } from "./plan_types.ts";

/** A graph without errors. */
export interface SoundGraph {
  nodes: CheckedNode[];
  /** In the order of the graph. */
  edges: CheckedEdge[];
  regions: Regions;
  /** Ordinals of the nodes that a trigger leads to; the others are left out, with their edges. */
  reachable: ReadonlySet<number>;
  /** Seconds a run may take, if the graph says so. */
  timeoutSeconds: number | undefined;
}

/** What is known while a plan is made. */
interface Building {
  /** Places in the plan, by node. */
  places: Map<CheckedNode, number>;
  nodes: PlanNode[];
  regions: PlanRegion[];
  regionPlaces: Map<Region, number>;
}

/**
 * Makes the plan of a graph without errors. It depends on nothing but what the graph means: neither on layout nor on
 * the order of the nodes. (The order of the edges does mean something: it is the order of a join's inputs.)
 *
 * @param graph The graph.
 * @returns The plan.
 */
export function buildPlan(graph: SoundGraph): Plan {
  const live = graph.edges.filter((edge) => graph.reachable.has(edge.from.ordinal));
  const kept = planOrder({ ...graph, edges: live });
  const places = new Map(kept.map((node, place) => [node, place]));
  const owners = kept.flatMap((node) => graph.regions.opened.get(node.ordinal) ?? []);
  const regionPlaces = new Map(owners.map((region, place) => [region, place]));
  const building: Building = { places, nodes: kept.map(toPlanNode), regions: [], regionPlaces };
  building.regions = owners.map((region) => toPlanRegion(region, building));
  for (const [place, node] of building.nodes.entries()) {
    const region = graph.regions.of[kept[place]?.ordinal ?? -1] ?? null;
    node.region = region === null ? null : regionPlaces.get(region) ?? null;
  }
  for (const region of building.regions) markEnds(region, building.nodes);
  for (const edge of live) addEdge(edge, graph.regions, building);
  addImpliedExits(building.nodes, building.regions, kept);
  addReads(kept, live, graph.regions, building);
  return {
    planVersion: PLAN_VERSION,
    nodes: building.nodes,
    triggers: building.nodes.filter((node) => node.kind === "trigger").map((node) => node.index),
    regions: building.regions,
    timeoutSeconds: graph.timeoutSeconds ?? STEP_LIMITS.runTimeoutSeconds.usual,
  };
}

function toPlanNode(node: CheckedNode, index: number): PlanNode {
  const kind = node.facts?.kind ?? "pure";
  return {
    index,
    id: node.id,
    type: node.type,
    label: node.label,
    kind,
    config: node.config,
    in: 0,
    predecessors: [],
    out: [],
    reads: [],
    retry: retryOf(kind === "trigger" ? {} : node.retry, kind === "trigger" ? undefined : node.facts),
    timeoutSeconds: timeoutOf(node.timeoutSeconds, node.facts),
    onError: kind === "trigger" ? "stop" : node.onError,
    region: null,
    ...(node.need === null ? {} : { need: node.need }),
    ...(node.delivery === "at_most_once" ? { delivery: node.delivery } : {}),
  };
}

function toPlanRegion(region: Region, { places, regionPlaces }: Building): PlanRegion {
  const owner = places.get(region.owner) ?? -1;
  return {
    index: regionPlaces.get(region) ?? -1,
    kind: region.kind,
    owner,
    closer: places.get(region.collectors[0] ?? region.owner) ?? -1,
    parent: region.parent === null ? null : regionPlaces.get(region.parent) ?? null,
    exits: 0,
  };
}

function markEnds({ index, owner, closer }: PlanRegion, nodes: PlanNode[]) {
  const opening = nodes[owner];
  const closing = nodes[closer];
  if (opening !== undefined) opening.opens = index;
  if (closing !== undefined && closing !== opening) closing.closes = index;
}

function addEdge(edge: CheckedEdge, regions: Regions, { places, nodes, regions: planned, regionPlaces }: Building) {
  const source = nodes[places.get(edge.from) ?? -1];
  const target = nodes[places.get(edge.to) ?? -1];
  if (source === undefined || target === undefined) return;
  const left = regions.exits.get(edge);
  const exited = left === undefined ? undefined : planned[regionPlaces.get(left) ?? -1];
  const compiled: PlanEdge = {
    from: source.index,
    to: target.index,
    slot: exited === undefined ? target.in : exited.exits,
    handle: edge.handle,
    ...(edge.reading === null ? {} : { condition: edge.reading.expression.source }),
    ...(exited === undefined ? {} : { exit: true }),
    ...(leadsIntoBody(edge) ? { body: true } : {}),
  };
  source.out.push(compiled);
  if (exited !== undefined) {
    exited.exits++;
    return;
  }
  target.predecessors.push(source.index);
  target.in++;
}

/** Fills in what each node must be given to run, to decide which of its edges live, and to be undone. */
function addReads(kept: CheckedNode[], edges: CheckedEdge[], regions: Regions, { places, nodes }: Building) {
  const triggers = nodes.filter(({ kind }) => kind === "trigger").map(({ id }) => id);
  const reads = kept.map(() => new Set<string>());
  const bodyReads = kept.map(() => new Set<string>());
  const callbacks = kept.map(() => new Set<string>());
  for (const [place, node] of kept.entries()) {
    for (const reading of node.readings) {
      addReading(reading, itemsOf(node, regions), triggers, reads[place]);
      for (const id of reading.expression.callbacks.keys()) callbacks[place]?.add(id);
    }
  }
  for (const edge of edges) {
    const place = places.get(edge.from);
    if (edge.reading === null || place === undefined) continue;
    // Whether an item goes into a region is decided where it is one, not where the region opens.
    const readers = leadsIntoBody(edge) ? bodyReads : reads;
    addReading(edge.reading, regionOf(edge, regions), triggers, readers[place]);
    for (const id of edge.reading.expression.callbacks.keys()) callbacks[place]?.add(id);
  }
  const order = new Map(nodes.map(({ id, index }) => [id, index]));
  const inOrder = (ids: ReadonlySet<string> = new Set()) =>
    [...ids].filter((id) => order.has(id)).sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  for (const [place, node] of nodes.entries()) {
    const source = kept[place];
    if (source?.facts?.joins === true) {
      for (const index of node.predecessors) reads[place]?.add(nodes[index]?.id ?? "");
    }
    // A node has its own output when its edges are decided.
    reads[place]?.delete(node.id);
    node.reads = inOrder(reads[place]);
    if ((bodyReads[place]?.size ?? 0) > 0) node.bodyReads = inOrder(bodyReads[place]);
    if ((callbacks[place]?.size ?? 0) > 0) node.callbacks = inOrder(callbacks[place]);
    if (source?.undo) node.undo = toPlanUndo(source, regions.of[source.ordinal], triggers, inOrder);
  }
}

function addReading(
  { expression }: Reading,
  items: Region | null | undefined,
  triggers: string[],
  reads: Set<string> | undefined,
) {
  // What `trigger` gives is the output of the trigger at which the run began.
  if (expression.roots.has("trigger")) { for (const id of triggers) reads?.add(id); }
  for (const id of expression.steps.keys()) reads?.add(id);
  if ((expression.roots.has("item") || expression.roots.has("index")) && items) reads?.add(items.owner.id);
}

function toPlanUndo(
  { undo }: CheckedNode,
  region: Region | null | undefined,
  triggers: string[],
  inOrder: (ids: ReadonlySet<string>) => string[],
): PlanUndo {
  const reads = new Set<string>();
  for (const reading of undo?.readings ?? []) addReading(reading, region, triggers, reads);
  return {
    type: undo?.type ?? "",
    config: undo?.config ?? {},
    reads: inOrder(reads),
    retry: retryOf(undo?.retry ?? {}, undo?.facts),
    timeoutSeconds: timeoutOf(undo?.timeoutSeconds, undo?.facts),
  };
}
