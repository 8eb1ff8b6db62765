/**
 * What an endpoint makes of an event: the entity it is about and the input of its run, by expressions over `trigger`.
 *
 * @module
 */
import { z } from "zod";
import {
  checkTriggerExpressions,
  ExpressionError,
  type Json,
  type JsonObject,
  resolveTriggerExpressions,
  type TriggerExpressionIssue,
} from "../graph/mod.ts";

/** Most that the input of a run may be, as `start_run` has it (UTF-8 bytes of its JSON). */
const MAX_INPUT_BYTES = 1_048_576;
const MAX_DATA_BYTES = 65_536;

/** In JSON text: the character U+0000 or half a surrogate pair, which Postgres cannot keep. */
const NOT_STORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

const text = z.string().min(1).max(4_096);
const values = z.record(z.string(), z.unknown());

/** Schema of a mapping. Every text in it may hold expressions. */
export const mappingSchema = z.strictObject({
  entity: z.strictObject({
    type: text.meta({ description: "What it is", examples: ["customer"] }),
    key: text.meta({ description: "What it is called there", examples: ["{{ trigger.body.data.object.customer }}"] }),
    name: text.optional().meta({ description: "Its key when absent or empty" }),
    data: values.optional().meta({ description: "Put over what is known of it, field by field" }),
  }).optional().meta({ description: "The entity that the run moves: found by type and key, or made" }),
  input: values.optional().meta({ description: "What `trigger` is in the run, instead of the event as it came" }),
}).meta({
  id: "WebhookMapping",
  description: "What to make of an event. Expressions read `trigger`: type, headers, query, method and body",
  examples: [{
    entity: { type: "customer", key: "{{ trigger.body.data.object.customer }}" },
    input: { amount: "{{ trigger.body.data.object.amount }}" },
  }],
});

/** What a mapping says. */
export type WebhookMapping = z.output<typeof mappingSchema>;

/** What a mapping gave. A part that is absent was not asked for, or could not be had: then `error` says why. */
export interface MappedEvent {
  readonly entity?: { readonly type: string; readonly key: string; readonly name?: string; readonly data?: JsonObject };
  readonly input?: JsonObject;
  readonly error?: string;
}

/**
 * Says what is wrong with the expressions of a mapping, so that it is found when it is saved and not with an event.
 *
 * @param mapping As {@link mappingSchema} accepts it.
 */
export function checkMapping(mapping: WebhookMapping): TriggerExpressionIssue[] {
  return checkTriggerExpressions(mapping as JsonObject, "There are no steps yet when a mapping is read: use trigger");
}

/**
 * Applies a mapping to an event. Never throws: a part that fails is left out and named in `error`, the other one stays.
 *
 * @param mapping As it is stored; whoever reaches the database may have stored anything.
 * @param trigger What the trigger would give.
 */
export function applyMapping(mapping: unknown, trigger: JsonObject): MappedEvent {
  const parsed = mappingSchema.safeParse(mapping);
  if (!parsed.success) return { error: "The mapping of the endpoint is not valid: save it again" };
  const { entity, input } = parsed.data as { entity?: JsonObject; input?: JsonObject };
  const errors: string[] = [];
  const part = <T>(name: string, source: JsonObject | undefined, read: (value: JsonObject) => T): T | undefined => {
    if (source === undefined) return undefined;
    try {
      const value = read(resolveTriggerExpressions(source, trigger) as JsonObject);
      if (NOT_STORABLE.test(JSON.stringify(value))) throw new Error("a text holds a character that cannot be kept");
      return value;
    } catch (error) {
      const path = error instanceof ExpressionError && error.path.length > 0 ? `.${error.path.join(".")}` : "";
      errors.push(`${name}${path}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const mapped = {
    entity: part("entity", entity, readEntity),
    input: part("input", input, (value) => within(value, MAX_INPUT_BYTES, "it")),
    error: undefined as string | undefined,
  };
  if (errors.length > 0) mapped.error = errors.join("; ").slice(0, 1_000);
  return Object.fromEntries(Object.entries(mapped).filter(([, value]) => value !== undefined));
}

/** Checks what an entity became: its texts may be of any type now, or nothing at all. */
function readEntity({ type, key, name, data }: JsonObject): NonNullable<MappedEvent["entity"]> {
  const shown = name === undefined || name === null || name === "" ? undefined : asText(name, "name");
  return {
    type: bounded(asText(type, "type"), "type", 64),
    key: bounded(asText(key, "key"), "key", 255),
    ...(shown !== undefined && { name: [...shown].slice(0, 200).join("") }),
    ...(data !== undefined && { data: within(data as JsonObject, MAX_DATA_BYTES, "data") }),
  };
}

function asText(value: Json | undefined, field: string): string {
  if (typeof value === "string") return value.trim();
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const found = value === null || value === undefined ? "nothing" : Array.isArray(value) ? "a list" : "an object";
  throw new Error(`${field} gave ${found} instead of text`);
}

function bounded(value: string, field: string, most: number): string {
  if (value === "") throw new Error(`${field} gave nothing`);
  if ([...value].length > most) throw new Error(`${field} has more than ${most} characters`);
  return value;
}

function within(value: JsonObject, most: number, what: string): JsonObject {
  const bytes = new TextEncoder().encode(JSON.stringify(value)).length;
  if (bytes > most) throw new Error(`${what} has more than ${most / 1024} KiB`);
  return value;
}
