/**
 * What a subscription makes of an event before it is sent: any JSON with expressions over `trigger`, the event.
 *
 * @module
 */
import {
  checkTriggerExpressions,
  type Json,
  type JsonObject,
  resolveTriggerExpressions,
  type TriggerExpressionIssue,
} from "../graph/mod.ts";

/** Says what is wrong with the expressions of a transformation, so that it is found when it is saved. */
export function checkTransformation(value: Json): TriggerExpressionIssue[] {
  return checkTriggerExpressions(value, "There are no steps here: use trigger, which is the event");
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
  // The path of an error begins with the name of the field.
  return (resolveTriggerExpressions({ value }, event) as { value: Json }).value;
}
