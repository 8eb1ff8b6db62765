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

/** A value that fits a schema, with what it says about itself where it does. */
export function exampleOf(schema: Schema, schemas: Schemas, depth = 0): unknown {
  const said = [schema.examples?.[0], schema.example, schema.const, schema.default, schema.enum?.[0]]
    .find((value) => value !== undefined);
  if (said !== undefined) return said;
  if (depth > MAX_DEPTH) return null;
  const inside = (part: Schema) => exampleOf(part, schemas, depth + 1);
  if (schema.$ref !== undefined) return inside(schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return inside(choices.find(({ type }) => type !== "null") ?? {});
  if (schema.allOf !== undefined) {
    const parts = schema.allOf.map(inside);
    return parts.length > 1 ? Object.assign({}, ...parts as object[]) : parts[0];
  }
  const type = [schema.type].flat().find((name) => name !== "null");
  switch (type) {
    case "object":
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, part]) => [name, inside(part)]));
    case "array":
      return schema.items === undefined
        ? []
        : Array.from({ length: schema.minItems ?? 1 }, () => inside(schema.items!));
    case "string":
      return FORMATS[schema.format ?? ""] ?? "text".padEnd(schema.minLength ?? 0, "x");
    case "integer":
    case "number":
      return schema.minimum ?? (schema.exclusiveMinimum === undefined ? 1 : schema.exclusiveMinimum + 1);
    case "boolean":
      return true;
    default:
      return schema.properties === undefined ? {} : inside({ ...schema, type: "object" });
  }
}
