/**
 * Examples for a document whose schemas have few: made of the schemas, the same each time.
 *
 * @module
 */

/** A JSON Schema as the document has it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** Schemas by the last part of their `$ref`. */
export type Schemas = Readonly<Record<string, Schema>>;

/** Deeper than any of our answers that is not recursive. */
const MAX_DEPTH = 12;

const FORMATS: Readonly<Record<string, string>> = {
  uuid: "0193a000-0000-7000-8000-000000000001",
  "date-time": "2026-11-20T09:30:00Z",
  date: "2026-11-20",
  uri: "https://example.com/",
  email: "ada@example.com",
  ipv4: "203.0.113.7",
};

/** What text is usually in a property of that name: read better than "text", where it fits. */
const TEXTS: Readonly<Record<string, string>> = {
  name: "Greet new customers",
  display_name: "Ada Lovelace",
  user_name: "Ada Lovelace",
  flow_name: "Greet new customers",
  title: "Greet new customers",
  description: "Says hello to whoever pays",
  summary: "1 step failed",
  message: "The order has no customer",
  detail: "The order has no customer",
  sentence: "Waits for an approval since 09:30",
  reason: "They import on Mondays",
  comment: "Looks good",
  node_id: "charge",
  from_node: "paid",
  to_node: "thanked",
  trigger_node: "start",
  node_ids: "charge",
  edge_ids: "paid-charge",
  from: "charge",
  scope: "split.3",
  handles: "out",
  concurrency_key: "customer-42",
  unique_key: "customer-42",
  event_key: "evt_1042",
  source_id: "evt_1042",
  code: "http_error",
  last_error: "The called service answered 503",
  error_message: "The called service answered 503",
  cron: "0 9 * * 1-5",
  default_cron: "0 9 * * 1-5",
  timezone: "Europe/Berlin",
  ip: "203.0.113.7",
  network: "203.0.113.0/24",
  ip_allow: "203.0.113.0/24",
  agent: "millrace-client/1.0",
  email: "ada@example.com",
  url: "https://example.com/hooks",
  test_url: "https://example.com/hooks/test",
  link: "https://example.com/invitation",
  method: "POST",
  scopes: "flows:read",
  tags: "sales",
  kind: "approval",
  type: "flow.step",
  action: "flow.updated",
  target_type: "flow",
  plan_id: "pro",
  last_four: "k7Qz",
  label: "Charge the card",
  key: "customer-42",
  request_id: "3f1c9a52-7d0e-4b7a-9d58-2f6a1c0b4e11",
  template_id: "simple-webhook",
  subject_id: "0193a000-0000-7000-8000-000000000002",
};

/** Properties that are usually null, where they may be. */
const OFTEN_NULL: ReadonlySet<string> = new Set([
  "next_cursor",
  "suspended_reason",
  "last_rejection",
  "mapping_error",
  "deletes_at",
  "deleted_at",
  "archived_at",
  "cancelled_at",
  "revoked_at",
]);

/** Where an example stands. */
export interface ExamplePlace {
  /** Of the property or parameter. */
  readonly name?: string | undefined;
  readonly depth?: number;
}

/** A value that fits a schema, with what it says about itself where it does. */
export function exampleOf(schema: Schema, schemas: Schemas, { name, depth = 0 }: ExamplePlace = {}): unknown {
  const said = [schema.examples?.[0], schema.example, schema.const, schema.default, schema.enum?.[0]]
    .find((value) => value !== undefined);
  if (said !== undefined) return said;
  if (depth > MAX_DEPTH) return null;
  const inside = (part: Schema, property = name) => exampleOf(part, schemas, { name: property, depth: depth + 1 });
  if (schema.$ref !== undefined) return inside(schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  const choices = schema.anyOf ?? schema.oneOf;
  const isNullable = [schema.type, ...choices?.map(({ type }) => type) ?? []].flat().includes("null");
  if (isNullable && name !== undefined && OFTEN_NULL.has(name)) return null;
  if (choices !== undefined) return inside(choices.find(({ type }) => type !== "null") ?? {});
  if (schema.allOf !== undefined) {
    const parts = schema.allOf.map((part) => inside(part));
    return parts.length > 1 ? Object.assign({}, ...parts as object[]) : parts[0];
  }
  const type = [schema.type].flat().find((name) => name !== "null");
  switch (type) {
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([property, part]) => [property, inside(part, property)]),
      );
    case "array":
      return schema.items === undefined
        ? []
        : Array.from({ length: schema.minItems ?? 1 }, () => inside(schema.items!));
    case "string":
      return FORMATS[schema.format ?? ""] ?? textOf(schema, name);
    case "integer":
    case "number":
      return schema.minimum ?? (schema.exclusiveMinimum === undefined ? 1 : schema.exclusiveMinimum + 1);
    case "boolean":
      return true;
    default:
      return schema.properties === undefined ? {} : inside({ ...schema, type: "object" });
  }
}

function textOf({ minLength = 0, maxLength = Infinity, pattern }: Schema, name = ""): string {
  const usual = TEXTS[name] ?? "text";
  const fits = usual.length >= minLength && usual.length <= maxLength &&
    (pattern === undefined || new RegExp(pattern, "u").test(usual));
  return fits ? usual : "text".padEnd(minLength, "x");
}
