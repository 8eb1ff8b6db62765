/**
 * The pure core: a React Flow graph in, a plan or all its problems out; and the expressions inside configs.
 *
 * @module
 */
export type * from "./types.ts";
export { EXPRESSION_LIMITS, GRAPH_LIMITS } from "./limits.ts";
export { compile } from "./compile.ts";
export { parsePlan, PLAN_VERSION, type PlanResult } from "./plan.ts";
export { semanticGraph } from "./semantic_graph.ts";
export {
  evaluate,
  evaluateCondition,
  type Expression,
  ExpressionError,
  hasExpression,
  parseExpression,
  parseTemplate,
  references,
  resolveConfig,
  type Template,
} from "./expressions/mod.ts";
