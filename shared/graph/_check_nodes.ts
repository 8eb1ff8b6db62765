import { checkConfig, checkDelays, readExpressions } from "./_check_config.ts";
import { checkUndo } from "./_check_undo.ts";
import type { CheckedNode } from "./_model.ts";
import type { SourceNode } from "./_read_graph.ts";
import { ERROR_HANDLE } from "./_regions.ts";
import { nearest } from "./expressions/mod.ts";
import { formatPath, type Problems, quote } from "./problems.ts";
import type { NodeCatalog, NodeFacts, OnError } from "./types.ts";

/**
 * Checks every node by itself: its id, type, config, expressions and retries.
 *
 * @param nodes As they were read.
 * @param catalog The node types that exist.
 * @param problems Gets what is wrong.
 * @returns The nodes with distinct ids; of several with the same id the first.
 */
export function checkNodes(nodes: SourceNode[], catalog: NodeCatalog, problems: Problems): CheckedNode[] {
  const byId = new Map<string, CheckedNode>();
  for (const node of nodes) {
    const place = { path: formatPath([...node.path, "id"]), node_id: node.id };
    const first = byId.get(node.id);
    const checked = checkNode(node, byId.size, catalog, problems);
    if (first === undefined) byId.set(node.id, checked);
    else problems.add("duplicate_node_id", `The id ${quote(node.id)} belongs to ${formatPath(first.path)} too`, place);
  }
  return [...byId.values()];
}

function checkNode(node: SourceNode, ordinal: number, catalog: NodeCatalog, problems: Problems): CheckedNode {
  const facts = node.type === "" ? undefined : factsOf(node, catalog, problems);
  const place = { path: [...node.path, "data"], nodeId: node.id };
  const readings = readExpressions(node.config, place, problems);
  if (facts !== undefined) checkConfig(node.config, facts, place, problems);
  checkDelays(node.retry, place, problems);
  if (node.delivery !== null && facts !== undefined && facts.kind !== "effect") {
    const path = formatPath([...place.path, "delivery"]);
    problems.add("delivery_invalid", `${quote(node.id)} has no effect to deliver`, { path, node_id: node.id });
  }
  return {
    ...node,
    ordinal,
    facts,
    // A type that is unknown but named like a trigger most likely is one, misspelt.
    isTrigger: facts === undefined ? node.type.startsWith("trigger.") : facts.kind === "trigger",
    handles: facts === undefined ? null : handlesOf(node, facts),
    onError: onErrorOf(node, facts),
    readings,
    undo: node.undo === null ? null : checkUndo(node.undo, { facts, catalog, ...place }, problems),
    need: needOf(node, facts),
    mayBeRegion: facts === undefined && mayBeRegion(node.type, catalog),
  };
}

/** What is missing in a graph when a type is misspelt: perhaps the end of a body. */
function mayBeRegion(type: string, catalog: NodeCatalog): boolean {
  const meant = catalog.get(nearest(type, catalog.types()) ?? "");
  return type === "" || type.startsWith("logic.") || meant?.region !== undefined || meant?.closes === true;
}

function factsOf(node: SourceNode, catalog: NodeCatalog, problems: Problems): NodeFacts | undefined {
  const facts = catalog.get(node.type);
  if (facts !== undefined) return facts;
  const similar = nearest(node.type, catalog.types());
  const hint = similar === null ? "" : `; did you mean ${similar}?`;
  const place = { path: formatPath([...node.path, "type"]), node_id: node.id };
  problems.add("unknown_node_type", `There is no node type ${quote(node.type)}${hint}`, place);
  return undefined;
}

function onErrorOf(node: SourceNode, facts: NodeFacts | undefined): OnError {
  return node.onError ?? facts?.defaultOnError ?? "stop";
}

/** The live answers that let a join run; null = all. */
function needOf({ config }: SourceNode, facts: NodeFacts | undefined): number | null {
  try {
    const need = facts?.need?.(config);
    return typeof need === "number" && Number.isInteger(need) && need > 0 ? need : null;
  } catch {
    return null;
  }
}

/** A config may be anything here, and a node type's code may stumble over it: then its handles are not known. */
function handlesOf(node: SourceNode, facts: NodeFacts): string[] | null {
  if (facts.terminal === true) return [];
  try {
    const handles = facts.handles(node.config).filter((handle) => typeof handle === "string");
    const branches = onErrorOf(node, facts) === "branch" && facts.kind !== "trigger" && !handles.includes(ERROR_HANDLE);
    return branches ? [...handles, ERROR_HANDLE] : handles;
  } catch {
    return null;
  }
}
