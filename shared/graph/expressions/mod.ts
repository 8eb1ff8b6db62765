/**
 * The expressions inside configs and on edges: a small total language. docs/expressions.md describes it.
 *
 * @module
 */
export type { Expression, Template } from "./ast.ts";
export { ExpressionBudget } from "./budget.ts";
export { ExpressionError } from "./error.ts";
export { evaluate } from "./evaluate.ts";
export { type FunctionInfo, listFunctions } from "./functions/mod.ts";
export { parseExpression } from "./parser.ts";
export { nearest } from "./nearest.ts";
export { evaluateCondition, references, resolveConfig, secretsOf } from "./resolve.ts";
export { hasExpression, parseCondition, parseTemplate } from "./template.ts";
export { checkTriggerExpressions, resolveTriggerExpressions, type TriggerExpressionIssue } from "./trigger_only.ts";
