import type { ExpressionScope, Json, JsonObject } from "../types.ts";
import type { Ast, BinaryOperator, Expression } from "./ast.ts";
import { Call } from "./call.ts";
import { ExpressionError } from "./error.ts";
import { isTruthy } from "../json.ts";
import { asText, element, equal, property, setProperty, typeName } from "./values.ts";
import { ExpressionBudget } from "./budget.ts";

/**
 * Evaluates an expression. The same expression and scope always give the same value.
 *
 * @param expression From `parseExpression`.
 * @param scope What it may read.
 * @param budget A budget shared with other evaluations; a fresh one when absent.
 * @returns A JSON value; what is missing reads as null. Parts of it may be the scope's own objects: do not change them.
 * @throws ExpressionError for types that do not fit, too much work or too large a result.
 */
export function evaluate(
  expression: Expression,
  scope: ExpressionScope,
  budget: ExpressionBudget = new ExpressionBudget(),
): Json {
  const value = evaluateWithin(expression, scope, budget);
  budget.give(value, expression.root.at);
  return value;
}

/** Evaluates without measuring the result: for parts of a text that is measured as a whole. */
export function evaluateWithin(expression: Expression, scope: ExpressionScope, budget: ExpressionBudget): Json {
  const run = (node: Ast): Json => {
    budget.spend(1, node.at);
    switch (node.kind) {
      case "literal":
        return node.value;
      case "root":
        return scope[node.name] ?? null;
      case "step":
        return Object.hasOwn(scope.steps, node.id) ? scope.steps[node.id] ?? null : null;
      case "callback":
        return ownValue(scope.callbacks, node.id);
      case "secret":
        return secret(scope, node.name, node.at);
      case "member":
        return property(run(node.object), node.key);
      case "index":
        return element(run(node.object), run(node.index));
      case "unary":
        return node.operator === "!" ? !isTruthy(run(node.operand)) : negate(run(node.operand), node.at);
      case "binary":
        return combine(node.operator, run(node.left), run(node.right), budget, node.at);
      case "logical": {
        const left = run(node.left);
        const goOn = node.operator === "??" ? left === null : isTruthy(left) === (node.operator === "&&");
        return goOn ? run(node.right) : left;
      }
      case "conditional":
        return run(isTruthy(run(node.test)) ? node.yes : node.no);
      case "list":
        return node.items.map(run);
      case "object": {
        const value: JsonObject = {};
        for (const [key, child] of node.entries) setProperty(value, key, run(child));
        return value;
      }
      case "call":
        return call(node, run, budget);
    }
  };
  return run(expression.root);
}

/** The value of a secret. Whoever may read one was given all that the config names. */
function secret({ secrets }: ExpressionScope, name: string, at: number): string {
  if (secrets === undefined) throw new ExpressionError(`Cannot read the secret ${name} here`, at);
  const value = secrets.get(name);
  if (value === undefined) throw new ExpressionError(`There is no secret ${name}`, at);
  return value;
}

function ownValue(urls: { [nodeId: string]: string } | undefined, id: string): string | null {
  return urls !== undefined && Object.hasOwn(urls, id) ? urls[id] ?? null : null;
}

function call(node: Ast & { kind: "call" }, run: (node: Ast) => Json, budget: ExpressionBudget): Json {
  const { name, nullGivesNull, run: body } = node.definition;
  const context = new Call(name, node.at, node.args, budget, run);
  if (nullGivesNull && context.count > 0 && context.value(0) === null) return null;
  const value = body(context);
  if (typeof value === "string") budget.allowText(value.length, node.at);
  if (typeof value === "number") return finite(value, node.at);
  return value;
}

function combine(operator: BinaryOperator, left: Json, right: Json, budget: ExpressionBudget, at: number): Json {
  switch (operator) {
    case "==":
      return equal(left, right, budget, at);
    case "!=":
      return !equal(left, right, budget, at);
    case "+":
      if (typeof left === "string" || typeof right === "string") return concatenate(left, right, budget, at);
      break;
    case "<":
    case "<=":
    case ">":
    case ">=":
      return order(operator, left, right, budget, at);
  }
  if (typeof left !== "number" || typeof right !== "number") {
    throw new ExpressionError(`Cannot use ${operator} on ${typeName(left)} and ${typeName(right)}`, at);
  }
  return calculate(operator, left, right, at);
}

function calculate(operator: BinaryOperator, left: number, right: number, at: number): number {
  if (right === 0 && (operator === "/" || operator === "%")) throw new ExpressionError("Cannot divide by zero", at);
  switch (operator) {
    case "+":
      return finite(left + right, at);
    case "-":
      return finite(left - right, at);
    case "*":
      return finite(left * right, at);
    case "/":
      return finite(left / right, at);
    default:
      return finite(left % right, at);
  }
}

function concatenate(left: Json, right: Json, budget: ExpressionBudget, at: number): string {
  const a = asText(left, budget, at);
  const b = asText(right, budget, at);
  budget.allowText(a.length + b.length, at);
  return a + b;
}

/** Null is neither less nor more than anything, so that a condition on something missing is false. */
function order(
  operator: "<" | "<=" | ">" | ">=",
  left: Json,
  right: Json,
  budget: ExpressionBudget,
  at: number,
): boolean {
  if (left === null || right === null) return false;
  const comparable = (typeof left === "number" && typeof right === "number") ||
    (typeof left === "string" && typeof right === "string");
  if (!comparable) {
    throw new ExpressionError(`Cannot compare ${typeName(left)} with ${typeName(right)} by ${operator}`, at);
  }
  if (typeof left === "string") budget.spendText(left.length, at);
  switch (operator) {
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
  }
}

function negate(value: Json, at: number): number {
  if (typeof value !== "number") throw new ExpressionError(`Cannot negate ${typeName(value)}`, at);
  return finite(-value, at);
}

/** JSON has no infinity and no negative zero. */
function finite(value: number, at: number): number {
  if (!Number.isFinite(value)) throw new ExpressionError("Cannot hold so large a number", at);
  return value === 0 ? 0 : value;
}
