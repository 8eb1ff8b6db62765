import type { Json, JsonObject } from "../types.ts";
import type { Ast } from "./ast.ts";
import { ExpressionError } from "./error.ts";
import { isObject } from "../json.ts";
import { asText, typeName } from "./values.ts";
import type { ExpressionBudget } from "./budget.ts";

const ORDINALS = ["first", "second", "third", "fourth"];

/** One call of a function: its arguments, evaluated when they are asked for, and the budget it spends from. */
export class Call {
  readonly budget: ExpressionBudget;
  /** Where errors point to when no argument is to blame. */
  readonly at: number;
  readonly #name: string;
  readonly #args: readonly Ast[];
  readonly #evaluate: (node: Ast) => Json;
  readonly #values: (Json | undefined)[] = [];

  constructor(name: string, at: number, args: readonly Ast[], budget: ExpressionBudget, evaluate: (node: Ast) => Json) {
    this.budget = budget;
    this.at = at;
    this.#name = name;
    this.#args = args;
    this.#evaluate = evaluate;
  }

  /** The number of arguments given. */
  get count(): number {
    return this.#args.length;
  }

  /** An argument's value; null when it was not given. */
  value(index: number): Json {
    const known = this.#values[index];
    if (known !== undefined) return known;
    const node = this.#args[index];
    return this.#values[index] = node === undefined ? null : this.#evaluate(node);
  }

  /** The values of all arguments from an index on. */
  rest(from: number): Json[] {
    return this.#args.slice(from).map((_, index) => this.value(from + index));
  }

  /** An argument that must be text. */
  text(index: number, fallback?: string): string {
    const value = this.#given(index, fallback);
    if (typeof value !== "string") throw this.#wrong(index, "text", value);
    this.budget.spendText(value.length, this.at);
    return value;
  }

  /** An argument as it reads inside text; lists and objects are refused. */
  textual(index: number): string {
    const value = this.value(index);
    if (value !== null && typeof value === "object") throw this.#wrong(index, "text", value);
    const text = asText(value, this.budget, this.at);
    this.budget.spendText(text.length, this.at);
    return text;
  }

  /** An argument that must be a number. */
  number(index: number, fallback?: number): number {
    const value = this.#given(index, fallback);
    if (typeof value !== "number") throw this.#wrong(index, "a number", value);
    return value;
  }

  /** An argument that must be a whole number within bounds. */
  integer(index: number, least: number, most: number, fallback?: number): number {
    const value = this.number(index, fallback);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw this.fail(`${this.#what(index, `a whole number from ${least} to ${most}`)}, not ${value}`, index);
    }
    return value;
  }

  /** An argument that must be a list. */
  list(index: number): Json[] {
    const value = this.value(index);
    if (!Array.isArray(value)) throw this.#wrong(index, "a list", value);
    this.budget.spend(value.length, this.at);
    return value;
  }

  /** An argument that must be an object. */
  object(index: number): JsonObject {
    const value = this.value(index);
    if (!isObject(value)) throw this.#wrong(index, "an object", value);
    this.budget.spend(Object.keys(value).length, this.at);
    return value;
  }

  /** An argument that must be one of a few words. */
  choice<T extends string>(index: number, choices: readonly T[], fallback: T): T {
    const value = this.#given(index, fallback);
    const choice = choices.find((known) => known === value);
    if (choice === undefined) {
      throw this.fail(this.#what(index, `one of ${choices.map((known) => JSON.stringify(known)).join(", ")}`), index);
    }
    return choice;
  }

  /** Makes the error of a value that does not fit. */
  wrong(index: number, expected: string): ExpressionError {
    return this.#wrong(index, expected, this.value(index));
  }

  /** Makes an error that points to an argument, or to the call. */
  fail(message: string, index?: number): ExpressionError {
    return new ExpressionError(message, index === undefined ? this.at : this.#args[index]?.at ?? this.at);
  }

  #given(index: number, fallback: Json | undefined): Json {
    return index >= this.#args.length && fallback !== undefined ? fallback : this.value(index);
  }

  #what(index: number, expected: string): string {
    return `${this.#name}() needs ${expected} as its ${ORDINALS[index] ?? "next"} argument`;
  }

  #wrong(index: number, expected: string, value: Json): ExpressionError {
    return this.fail(`${this.#what(index, expected)}, not ${typeName(value)}`, index);
  }
}
