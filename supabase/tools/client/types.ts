/**
 * JSON Schema as TypeScript.
 *
 * @module
 */

/** A schema of the OpenAPI document. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

/** A schema as a type. */
export function typeOf(schema: JsonSchema | undefined): string {
  if (schema === undefined) return "unknown";
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return union(schema.enum.map((value) => JSON.stringify(value)));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return union(choices.map(typeOf));
  if (schema.allOf !== undefined) return schema.allOf.map((part) => `(${typeOf(part)})`).join(" & ");
  const types = [schema.type ?? (schema.properties === undefined ? [] : "object")].flat();
  return types.length === 0 ? "unknown" : union(types.map((type) => plainType(type, schema)));
}

/** The properties of an object, with what they say about themselves. */
export function objectType({ properties = {}, required = [], additionalProperties }: JsonSchema): string {
  const lines = Object.entries(properties).map(([name, property]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    return `${comment(property.description)}${key}${required.includes(name) ? "" : "?"}: ${typeOf(property)};`;
  });
  const rest = typeof additionalProperties === "object" ? typeOf(additionalProperties) : "unknown";
  if (lines.length === 0) return additionalProperties === false ? "Record<string, never>" : `Record<string, ${rest}>`;
  const isOpen = additionalProperties !== undefined && additionalProperties !== false;
  return `{\n${lines.join("\n")}${isOpen ? "\n[name: string]: unknown;" : ""}\n}`;
}

/** A comment above a declaration; nothing when there is nothing to say. */
export function comment(text: string | undefined): string {
  return text === undefined ? "" : `/** ${text.replaceAll("*/", "* /").replaceAll("\n", "\n * ")} */\n`;
}

/** The name behind a reference. */
export function nameOf(ref: string): string {
  return ref.split("/").at(-1) ?? "unknown";
}

function plainType(type: string, schema: JsonSchema): string {
  if (type === "object") return objectType(schema);
  if (type === "array") {
    if (schema.prefixItems !== undefined) return `[${schema.prefixItems.map(typeOf).join(", ")}]`;
    return `(${typeOf(schema.items)})[]`;
  }
  return type === "integer" ? "number" : ["string", "number", "boolean", "null"].includes(type) ? type : "unknown";
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(" | ") || "never";
}
