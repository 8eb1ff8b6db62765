/**
 * The pure core: a React Flow graph in, a plan or all its problems out; and the expressions inside configs. It imports
 * nothing of ours. docs/graph.md and docs/expressions.md describe both.
 *
 * @module
 */
export type * from "./plan_types.ts";
export type * from "./types.ts";
export { EXPRESSION_LIMITS, GRAPH_LIMITS, STEP_LIMITS } from "./limits.ts";
export {
  compareGraphs,
  type GraphComparison,
  type ItemChange,
  type ItemsComparison,
  type ValueChange,
} from "./compare_graphs.ts";
export { compareValues, isEqual, isObject, isTruthy } from "./json.ts";
export { compile } from "./compile.ts";
export { formatPath, PROBLEM_CODES, type ProblemCode } from "./problems.ts";
export { parsePlan, PLAN_VERSION, type PlanResult } from "./plan.ts";
export { graphSchema } from "./schema.ts";
export { semanticGraph } from "./semantic_graph.ts";
export {
  checkTriggerExpressions,
  evaluate,
  evaluateCondition,
  type Expression,
  ExpressionBudget,
  ExpressionError,
  type FunctionInfo,
  hasExpression,
  listFunctions,
  parseExpression,
  parseTemplate,
  references,
  resolveConfig,
  resolveTriggerExpressions,
  secretsOf,
  type Template,
  type TriggerExpressionIssue,
} from "./expressions/mod.ts";
