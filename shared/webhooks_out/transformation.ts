/**
 * What a subscription makes of an event before it is sent: any JSON with expressions over `trigger`, the event.
 *
 * @module
 */
import {
  ExpressionError,
  type ExpressionScope,
  hasExpression,
  type Json,
  type JsonObject,
  references,
  resolveConfig,
} from "../graph/mod.ts";

/** Something that is wrong with a transformation. */
export interface TransformationIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Where in the expression, in UTF-16 units from 0. */
  readonly position?: number;
}

/** Says what is wrong with the expressions of a transformation, so that it is found when it is saved. */
export function checkTransformation(value: Json): TransformationIssue[] {
  return eachText(value, []).flatMap(({ source, path }): TransformationIssue[] => {
    try {
      const { steps } = references(source);
      return steps.length === 0 ? [] : [{ path, message: "There are no steps here: use trigger, which is the event" }];
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return [{ path, message: error.message, position: error.position }];
    }
  });
}

/**
 * Applies a transformation.
 *
 * @param value The transformation.
 * @param event The event: `{type, timestamp, data}`.
 * @returns What is sent instead.
 * @throws {ExpressionError} An expression fails with this event.
 */
export function applyTransformation(value: Json, event: JsonObject): Json {
  return (resolveConfig({ value }, scopeOf(event)) as { value: Json }).value;
}

function scopeOf(trigger: JsonObject): ExpressionScope {
  return { trigger, steps: {}, run: { id: "", started_at: "", attempt: 1 }, flow: { id: "", name: "" } };
}

function eachText(value: Json, path: readonly (string | number)[]): { source: string; path: (string | number)[] }[] {
  if (typeof value === "string") return hasExpression(value) ? [{ source: value, path: [...path] }] : [];
  if (value === null || typeof value !== "object") return [];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, item]) => eachText(item ?? null, [...path, key]));
}
