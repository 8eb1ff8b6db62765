import { z } from "zod";
import type { JsonObject } from "../graph/mod.ts";
import type { AnyNode } from "./types.ts";

/** JSON Schemas (2020-12) of a node, for forms and docs. */
export interface NodeSchemas {
  /** What a config may hold before defaults are filled in. */
  config: JsonObject;
  /** What the step gives. */
  output: JsonObject;
}

const cache = new WeakMap<AnyNode, NodeSchemas>();

/**
 * Turns the schemas of a node into JSON Schema. Done when somebody asks, not at import: it costs more than defining
 * all nodes.
 *
 * @param node The node type.
 * @returns Both schemas, made once per isolate. Any string of a config may be an expression instead: the schema
 * describes the values that expressions must give.
 */
export function nodeSchemas(node: AnyNode): NodeSchemas {
  let schemas = cache.get(node);
  if (schemas === undefined) {
    schemas = { config: toJsonSchema(node.configSchema, "input"), output: toJsonSchema(node.outputSchema, "output") };
    cache.set(node, schemas);
  }
  return schemas;
}

function toJsonSchema(schema: z.ZodType, io: "input" | "output"): JsonObject {
  // Through text: what zod returns carries a non-enumerable helper that is no JSON.
  return JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io }))) as JsonObject;
}
