import { defineRoute } from "../../../shared/http/mod.ts";
import { nodeSchemas } from "../../../shared/nodes/mod.ts";
import { findNode } from "../find_node.ts";
import { nodeSchemasSchema, typeParams } from "../schemas.ts";

/** GET /nodes/:type/schema */
export const getNodeSchema = defineRoute({
  method: "get",
  path: "/:type/schema",
  operationId: "getNodeSchema",
  summary: "Get the schemas of a node type",
  description: "JSON Schemas of configuration and output: what an editor builds its form of.",
  tags: ["nodes"],
  access: { user: "flows:read" },
  request: { params: typeParams },
  cache: { kind: "static", maxAgeSeconds: 300, staleWhileRevalidateSeconds: 3600 },
  responses: { 200: { description: "The schemas", schema: nodeSchemasSchema } },
}, (_c, { params }) => {
  const node = findNode(params.type);
  return { type: node.type, ...nodeSchemas(node) };
});
