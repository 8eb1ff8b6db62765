import type { ExpressionScope, Json } from "../types.ts";
import { ExpressionError } from "./error.ts";
import { evaluate } from "./evaluate.ts";
import { parseExpression } from "./parser.ts";

/** A scope as a run of a small shop would have it. */
export const scope: ExpressionScope = {
  trigger: {
    type: "checkout.session.completed",
    body: { amount: 4200, currency: "eur", größe: "M", "a b": 1, lines: [{ price: 5 }, { price: 7 }], note: null },
  },
  steps: {
    "cart": { output: { total: 12.5, tags: ["new", "vip"] } },
    "node-1": { output: "dashed" },
    "7": { output: 7 },
  },
  run: { id: "018f", started_at: "2026-11-05T10:00:00.000Z", attempt: 1 },
  flow: { id: "f1", name: "Shop" },
};

/** Evaluates source in the scope above. */
export function valueOf(source: string, within: ExpressionScope = scope): Json {
  return evaluate(parseExpression(source), within);
}

/** The error that source gives, as `position: message`; fails when there is none. */
export function errorOf(source: string, within: ExpressionScope = scope): string {
  try {
    valueOf(source, within);
  } catch (error) {
    if (error instanceof ExpressionError) return `${error.position}: ${error.message}`;
    throw error;
  }
  throw new Error(`Expected an error from ${source}`);
}
