import { waitsFor } from "./_check_config.ts";
import type { CheckedEdge, CheckedNode, Reading, Region, Regions } from "./_model.ts";
import { enclosing, leadsIntoBody } from "./_regions.ts";
import type { Ancestry } from "./_topology.ts";
import { nearest } from "./expressions/mod.ts";
import { formatPath, type Problems, quote } from "./problems.ts";
import type { NodeFacts } from "./types.ts";

/** What is known about the graph when readings are checked. */
export interface Knowledge {
  byId: ReadonlyMap<string, CheckedNode>;
  ancestry: Ancestry;
  regions: Regions;
  /** Null when nothing is reachable because there is no trigger. */
  reachable: ReadonlySet<number> | null;
  /** Whether no node or edge had to be left out. */
  complete: boolean;
  /** The names of the secrets that exist; null = not known. */
  secrets: ReadonlySet<string> | null;
}

/** Where a reading stands. */
interface Reader {
  node: CheckedNode;
  /** When it stands on an edge: that leaves from the node. */
  edgeId: string | null;
  /** Whether the node has run when it is read: on its edges, and where it is undone. */
  hasRun: boolean;
  /** The region it is read in; undefined = not known. */
  region: Region | null | undefined;
  /** The region whose `item` it reads. */
  items: Region | null | undefined;
  /** Whether URLs are of use there. */
  callbacks: boolean;
  /** Whether secrets may be read. */
  secrets: boolean;
}

/**
 * Checks that every expression reads only what ran before it, in its own region or around it.
 *
 * @param nodes The nodes.
 * @param edges The edges that join them.
 * @param knowledge What is known about their shape.
 * @param problems Gets what is wrong.
 */
export function checkReadings(nodes: CheckedNode[], edges: CheckedEdge[], knowledge: Knowledge, problems: Problems) {
  const { regions } = knowledge;
  for (const node of nodes) {
    const region = regions.of[node.ordinal];
    const inside = { node, edgeId: null, region };
    const config = {
      ...inside,
      hasRun: false,
      items: itemsOf(node, regions),
      callbacks: true,
      secrets: mayRead(node.facts),
    };
    for (const reading of node.readings) checkReading(reading, config, knowledge, problems);
    const undo = { ...inside, hasRun: true, items: region, callbacks: false, secrets: mayRead(node.undo?.facts) };
    for (const reading of node.undo?.readings ?? []) checkReading(reading, undo, knowledge, problems);
  }
  for (const edge of edges) {
    if (edge.reading === null) continue;
    const { from } = edge;
    const region = regionOf(edge, regions);
    const reader = {
      node: from,
      edgeId: edge.id,
      hasRun: true,
      region,
      items: region,
      callbacks: true,
      secrets: false,
    };
    checkReading(edge.reading, reader, knowledge, problems);
  }
}

/**
 * The region whose `item` and `index` the config of a node reads.
 *
 * @returns The region around it; of a while loop its own, because its condition looks at the value of the iteration
 * before; undefined when that is not known.
 */
export function itemsOf(node: CheckedNode, regions: Regions): Region | null | undefined {
  return node.facts?.region === "while" ? regions.opened.get(node.ordinal) : regions.of[node.ordinal];
}

/** The region in which the condition of an edge is read: an edge into a body is decided there, for every item. */
export function regionOf(edge: CheckedEdge, regions: Regions): Region | null | undefined {
  return leadsIntoBody(edge) ? regions.opened.get(edge.from.ordinal) : regions.of[edge.from.ordinal];
}

function checkReading(reading: Reading, reader: Reader, knowledge: Knowledge, problems: Problems) {
  const owner = reader.edgeId === null ? { node_id: reader.node.id } : { edge_id: reader.edgeId };
  const path = formatPath(reading.path);
  for (const [id, position] of reading.expression.steps) {
    checkStep(id, { path, ...owner, position }, reader, knowledge, problems);
  }
  for (const [id, position] of reading.expression.callbacks) {
    checkCallback(id, { path, ...owner, position }, reader, knowledge, problems);
  }
  for (const [name, position] of reading.expression.secrets) {
    if (!reader.secrets) {
      problems.add("secret_not_allowed", notAllowed(name, reader), { path, ...owner, position });
      continue;
    }
    if (knowledge.secrets?.has(name) ?? true) continue;
    problems.add("missing_secret", `There is no secret ${quote(name)}`, { path, ...owner, position });
  }
  if (reader.items !== null) return;
  for (const name of ["item", "index"] as const) {
    const position = reading.expression.roots.get(name);
    if (position === undefined) continue;
    const message = `Cannot read ${name} here: ${quote(reader.node.id)} is in no splitter, loop or boundary`;
    problems.add("no_region", message, { path, ...owner, position });
  }
}

/** Whether nodes of a type may read secrets; one that is not known has a problem of its own. */
function mayRead(facts: NodeFacts | undefined): boolean {
  return facts === undefined || facts.takesSecrets === true;
}

function notAllowed(name: string, { node, edgeId }: Reader): string {
  const where = edgeId === null ? `a node of type ${node.type}` : "the condition of an edge";
  return `Cannot read the secret ${quote(name)} in ${where}: what is computed there is recorded`;
}

type Place = Parameters<Problems["add"]>[2];

function checkStep(id: string, place: Place, reader: Reader, knowledge: Knowledge, problems: Problems) {
  const read = knowledge.byId.get(id);
  if (read === reader.node) {
    if (!reader.hasRun) problems.add("not_an_ancestor", `${quote(id)} cannot read its own output`, place);
    return;
  }
  // What could not be read of the graph may hold the step, or the edges that lead from it.
  if (!knowledge.complete) return;
  if (read === undefined) return problems.add("unknown_reference", unknownStep(id, knowledge), place);
  const left = leftRegion(read, reader, knowledge.regions);
  if (left !== null) return problems.add("inside_region", insideFault(read, left, reader, knowledge), place);
  const fault = orderFault(read, reader.node, knowledge);
  if (fault !== null) problems.add("not_an_ancestor", fault, place);
}

function unknownStep(id: string, { byId }: Knowledge): string {
  const similar = nearest(id, [...byId.keys()]);
  return `There is no step ${quote(id)}${similar === null ? "" : `; did you mean ${similar}?`}`;
}

/** The outermost region that holds a step but not its reader; null when there is none, or nobody knows. */
function leftRegion(read: CheckedNode, reader: Reader, regions: Regions): Region | null {
  const region = regions.of[read.ordinal];
  if (region === undefined || reader.region === undefined) return null;
  let left: Region | null = null;
  for (let around = region; around !== null; around = around.parent) {
    const outer = around;
    if (enclosing(reader.region, (mine) => mine === outer) !== null) break;
    left = around;
  }
  return left;
}

function insideFault(read: CheckedNode, left: Region, { node }: Reader, { ancestry }: Knowledge): string {
  const fault = `${quote(read.id)} is in the body of ${quote(left.owner.id)} and cannot be read from outside`;
  const closer = left.collectors[0] ?? left.owner;
  if (closer === node) return `${fault}; the values of the items come to ${quote(node.id)} by themselves`;
  return ancestry.leads(closer.ordinal, node.ordinal) ? `${fault}; read ${quote(closer.id)} instead` : fault;
}

/** Why a step has no output when another runs; null when it has. */
function orderFault(read: CheckedNode, reader: CheckedNode, { ancestry, reachable }: Knowledge): string | null {
  if (!ancestry.leads(read.ordinal, reader.ordinal)) {
    return `${quote(read.id)} does not run before ${quote(reader.id)}: no edges lead from it to there`;
  }
  const neverRuns = reachable?.has(reader.ordinal) === true && !reachable.has(read.ordinal);
  return neverRuns ? `${quote(read.id)} never runs: no trigger leads to it` : null;
}

function checkCallback(id: string, place: Place, reader: Reader, knowledge: Knowledge, problems: Problems) {
  const waiting = knowledge.byId.get(id);
  if (waiting === undefined) {
    if (knowledge.complete) problems.add("unknown_reference", unknownStep(id, knowledge), place);
    return;
  }
  const fault = callbackFault(waiting, reader, knowledge);
  if (fault !== null) problems.add("no_callback", fault, place);
}

function callbackFault(waiting: CheckedNode, { region, callbacks }: Reader, { regions }: Knowledge): string | null {
  if (!callbacks) return "Cannot read callbacks where a step is undone";
  if (waiting.facts === undefined) return null;
  if (waitsFor(waiting.facts, waiting.config) !== "callback") {
    return `${quote(waiting.id)} does not wait for a callback`;
  }
  const its = regions.of[waiting.ordinal];
  if (its === undefined || region === undefined || its === region) return null;
  return `${quote(waiting.id)} waits in another body: only steps beside it know its callback`;
}
