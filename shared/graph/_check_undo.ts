import { checkConfig, checkDelays, type DataPlace, readExpressions, waitsFor } from "./_check_config.ts";
import type { CheckedUndo } from "./_model.ts";
import type { SourceUndo } from "./_read_graph.ts";
import { nearest } from "./expressions/mod.ts";
import { formatPath, type Problems, quote } from "./problems.ts";
import type { JsonObject, NodeCatalog, NodeFacts } from "./types.ts";

/** Where an undo stands. */
interface UndoContext extends DataPlace {
  /** The type of the node that it belongs to. */
  facts: NodeFacts | undefined;
  catalog: NodeCatalog;
}

/**
 * Checks what undoes a node, as a node of its own.
 *
 * @param undo As it was read.
 * @param context The node, and the node types that exist.
 * @param problems Gets what is wrong.
 * @returns The undo with its expressions.
 */
export function checkUndo(undo: SourceUndo, context: UndoContext, problems: Problems): CheckedUndo {
  const { catalog, nodeId } = context;
  const place = { path: [...context.path, "undo"], nodeId };
  if (context.facts !== undefined && !canBeUndone(context.facts)) {
    const message = `${quote(nodeId)} does nothing that could be undone`;
    problems.add("undo_invalid", message, { path: formatPath(place.path), node_id: nodeId });
  }
  const facts = catalog.get(undo.type);
  const typePlace = { path: formatPath([...place.path, "type"]), node_id: nodeId };
  if (facts === undefined && undo.type !== "") {
    const similar = nearest(undo.type, catalog.types());
    const hint = similar === null ? "" : `; did you mean ${similar}?`;
    problems.add("unknown_node_type", `There is no node type ${quote(undo.type)}${hint}`, typePlace);
  }
  if (facts !== undefined && !canUndo(facts, undo.config)) {
    problems.add("undo_invalid", `A node of type ${undo.type} cannot undo anything`, typePlace);
  }
  if (facts !== undefined) checkConfig(undo.config, facts, place, problems);
  checkDelays(undo.retry, place, problems);
  return { ...undo, facts, readings: readExpressions(undo.config, place, problems) };
}

/** Whether a node does work of its own. */
function canBeUndone(facts: NodeFacts): boolean {
  return facts.kind !== "trigger" && facts.terminal !== true && facts.breaks !== true && facts.closes !== true &&
    facts.region === undefined;
}

/** Whether a node can stand alone: it does its work at once and looks at nothing but its config. */
function canUndo(facts: NodeFacts, config: JsonObject): boolean {
  return canBeUndone(facts) && facts.joins !== true && waitsFor(facts, config) === null;
}
