import { buildPlan } from "./_build_plan.ts";
import { checkEdges } from "./_check_edges.ts";
import { checkNodes } from "./_check_nodes.ts";
import { checkShape } from "./_check_shape.ts";
import { readGraph } from "./_read_graph.ts";
import { toJson } from "./_to_json.ts";
import { Problems } from "./problems.ts";
import type { CompileResult, NodeCatalog } from "./types.ts";

/**
 * Compiles a graph into the plan that the engine runs, or says everything that is wrong with it at once. In a plan
 * every edge but the exits of a loop leads forward and every in-edge begins at a node that a trigger leads to, so every
 * join gets an answer on each of them: a compiled plan cannot deadlock.
 *
 * @param graph Anything; a React Flow graph is meant.
 * @param catalog The node types that exist.
 * @param secrets The names of the secrets that exist, null = not known. None by default.
 * @returns The plan with its warnings, or all problems (errors and warnings). Never throws.
 */
export function compile(
  graph: unknown,
  catalog: NodeCatalog,
  secrets: ReadonlySet<string> | null = new Set(),
): CompileResult {
  const problems = new Problems();
  const json = toJson(graph, problems);
  const source = json === undefined ? null : readGraph(json, problems);
  if (source === null) return { ok: false, problems: problems.list() };
  const nodes = checkNodes(source.nodes, catalog, problems);
  const edges = checkEdges(source.edges, { nodes, complete: source.complete, problems });
  const shape = checkShape(nodes, edges, { complete: source.complete, secrets }, problems);
  if (problems.failed) return { ok: false, problems: problems.list() };
  const plan = buildPlan({ nodes, edges, ...shape, timeoutSeconds: source.timeoutSeconds });
  return { ok: true, plan, warnings: problems.list() };
}
