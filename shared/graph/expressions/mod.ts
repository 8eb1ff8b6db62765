import type { ExpressionScope, Json, References } from "../types.ts";

export { ExpressionError } from "./error.ts";

/** A parsed expression. */
export interface Expression {
  readonly source: string;
}
/** A parsed string of a config. */
export interface Template {
  readonly source: string;
}

/** Parses one expression (without braces). Throws ExpressionError. */
export function parseExpression(_source: string): Expression {
  throw new Error("Not built yet");
}
/** Parses a string that may hold `{{ expressions }}`. Throws ExpressionError. */
export function parseTemplate(_text: string): Template {
  throw new Error("Not built yet");
}
/** Evaluates an expression. Throws ExpressionError. */
export function evaluate(_expression: Expression, _scope: ExpressionScope): Json {
  throw new Error("Not built yet");
}
/** Evaluates an edge condition (its source as the plan holds it) to true or false. Throws ExpressionError. */
export function evaluateCondition(_source: string, _scope: ExpressionScope): boolean {
  throw new Error("Not built yet");
}
/** Replaces every expression in a config by its value. Throws ExpressionError with the path of the string. */
export function resolveConfig(_config: Json, _scope: ExpressionScope): Json {
  throw new Error("Not built yet");
}
/** What a config's expressions read. Throws ExpressionError with the path of the string. */
export function references(_config: Json): References {
  throw new Error("Not built yet");
}
/** Whether a string holds an expression. */
export function hasExpression(text: string): boolean {
  return text.includes("{{");
}
