import { EXPRESSION_LIMITS } from "../limits.ts";
import type { Json } from "../types.ts";
import { ExpressionError } from "./error.ts";

/**
 * The budget of one evaluation, or of several that belong together. One unit is about one node of an expression, one
 * element of a list, one entry of an object or sixteen characters of text that were looked at; what a function does
 * natively is charged before it is done.
 */
export class ExpressionBudget {
  #left: number = EXPRESSION_LIMITS.work;
  #outputLeft: number = EXPRESSION_LIMITS.outputLength;

  /** Takes units from the budget. Throws ExpressionError when it is used up. */
  spend(units: number, at: number) {
    this.#left -= units;
    if (this.#left < 0) throw new ExpressionError("Cannot do so much work in one expression", at);
  }

  /** Takes units for looking at text of this length. */
  spendText(length: number, at: number) {
    this.spend(length >> 4, at);
  }

  /** Takes units for searching text for other text, which at worst looks at every character for every other. */
  spendSearch(length: number, wantedLength: number, at: number) {
    this.spend(Math.floor(length * wantedLength / 512), at);
  }

  /** Takes units for making text of this length; refuses what is too long. */
  allowText(length: number, at: number) {
    this.spendText(length, at);
    this.limitText(length, at);
  }

  /** Refuses text that is too long to be made. */
  limitText(length: number, at: number) {
    if (length > EXPRESSION_LIMITS.outputLength) throw tooLarge(at);
  }

  /**
   * Measures a value as JSON text, and refuses what is too large or too deep.
   *
   * @param value Any value an expression met.
   * @param at The position for the error.
   * @returns Its length in UTF-16 units, escapes not counted.
   */
  measure(value: Json, at: number): number {
    return this.#measure(value, at, EXPRESSION_LIMITS.outputLength, 0, 0);
  }

  /** Takes the units for walking through a value of any size; refuses what is too deep to walk through. */
  inspect(value: Json, at: number) {
    this.#measure(value, at, Infinity, 0, 0);
  }

  /** Measures a result and takes it from what may be given in all. */
  give(value: Json, at: number) {
    this.#outputLeft -= this.measure(value, at);
    if (this.#outputLeft < 0) throw tooLarge(at);
  }

  #measure(value: Json, at: number, most: number, before: number, depth: number): number {
    this.spend(1, at);
    if (depth > EXPRESSION_LIMITS.dataDepth) throw new ExpressionError("Cannot use a value nested so deeply", at);
    let total = before;
    if (typeof value === "string") {
      this.spendText(value.length, at);
      total += value.length + 2;
    } else if (Array.isArray(value)) {
      total += 2;
      for (const item of value) total = this.#measure(item, at, most, total + 1, depth + 1);
    } else if (value !== null && typeof value === "object") {
      total += 2;
      for (const key of Object.keys(value)) {
        total = this.#measure(value[key] ?? null, at, most, total + key.length + 4, depth + 1);
      }
    } else {
      total += 5;
    }
    if (total > most) throw tooLarge(at);
    return total;
  }
}

function tooLarge(at: number): ExpressionError {
  return new ExpressionError(`Cannot make more than ${EXPRESSION_LIMITS.outputLength} characters`, at);
}
