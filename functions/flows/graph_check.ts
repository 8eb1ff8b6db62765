import { flowInvalid } from "../../shared/errors/mod.ts";
import { compile, type GraphProblem } from "../../shared/graph/mod.ts";
import { nodeCatalog } from "../../shared/nodes/mod.ts";

/** What even a draft must not have: it could not be opened in an editor, or is larger than anything that may run. */
const NEVER_STORED: readonly string[] = [
  "graph_too_large",
  "graph_too_deep",
  "forbidden_key",
  "too_many_nodes",
  "too_many_edges",
];

/** Where the shape of a graph itself is described. */
const OUTER_PATHS: readonly string[] = ["", "nodes", "edges"];

/**
 * Everything that is wrong with a graph, errors first; empty when nothing is.
 *
 * @param graph The graph.
 * @param secrets The names of the organization's secrets; null = not known, then none is said to be missing.
 */
export function findProblems(graph: unknown, secrets: ReadonlySet<string> | null = null): GraphProblem[] {
  const result = compile(graph, nodeCatalog, secrets);
  return result.ok ? result.warnings : result.problems;
}

/** Whether something keeps the graph from running. */
export function hasErrors(problems: readonly GraphProblem[]): boolean {
  return problems.some(({ severity }) => severity === "error");
}

/**
 * Whether a flow may have a graph with these problems: an active one no errors, a draft all that an editor can show.
 *
 * @param problems From {@link findProblems}.
 */
export function isStorable(problems: readonly GraphProblem[], { active }: { readonly active: boolean }): boolean {
  return active ? !hasErrors(problems) : !problems.some(isNeverStored);
}

/**
 * Refuses a graph that no flow may have, and, for an active flow, one that could not run.
 *
 * @param problems From {@link findProblems}.
 * @throws {AppError} `flow_invalid` with all problems.
 */
export function requireStorable(problems: GraphProblem[], { active }: { readonly active: boolean }): void {
  if (!isStorable(problems, { active })) throw flowInvalid(problems);
}

function isNeverStored({ code, path }: GraphProblem): boolean {
  return NEVER_STORED.includes(code) || (code === "graph_invalid" && OUTER_PATHS.includes(path));
}
