import type { ExpressionScope, Json } from "../types.ts";
import { ExpressionError } from "./error.ts";
import { references, resolveConfig } from "./resolve.ts";
import { hasExpression } from "./template.ts";

/** Something that is wrong with an expression outside a flow. */
export interface TriggerExpressionIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Where in the expression, in UTF-16 units from 0. */
  readonly position?: number;
}

/**
 * Says what is wrong with the expressions of JSON that is resolved where there are no steps: mappings of what arrives,
 * transformations of what is sent.
 *
 * @param withoutSteps What an expression that reads a step is told.
 */
export function checkTriggerExpressions(value: Json, withoutSteps: string): TriggerExpressionIssue[] {
  return eachText(value, []).flatMap(({ source, path }): TriggerExpressionIssue[] => {
    try {
      return references(source).steps.length === 0 ? [] : [{ path, message: withoutSteps }];
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return [{ path, message: error.message, position: error.position }];
    }
  });
}

/**
 * Resolves JSON with expressions over `trigger` only.
 *
 * @throws {ExpressionError} An expression fails with this trigger.
 */
export function resolveTriggerExpressions(value: Json, trigger: Json): Json {
  const scope: ExpressionScope = {
    trigger,
    steps: {},
    run: { id: "", started_at: "", attempt: 1 },
    flow: { id: "", name: "" },
  };
  return resolveConfig(value, scope);
}

/** Every text with an expression in it, and where it stands. */
function eachText(value: Json, path: readonly (string | number)[]): { source: string; path: (string | number)[] }[] {
  if (typeof value === "string") return hasExpression(value) ? [{ source: value, path: [...path] }] : [];
  if (value === null || typeof value !== "object") return [];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, item]) => eachText(item ?? null, [...path, key]));
}
