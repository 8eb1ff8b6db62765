import { defineRoute } from "../../../shared/http/mod.ts";
import { describeNode } from "../../../shared/nodes/mod.ts";
import { findNode } from "../find_node.ts";
import { nodeTypeSchema, toNodeType, typeParams } from "../schemas.ts";

/** GET /nodes/:type */
export const getNodeType = defineRoute({
  method: "get",
  path: "/:type",
  operationId: "getNodeType",
  summary: "Get a node type",
  description: "What it does, its handles, and the JSON Schemas of its settings and of what it gives.",
  tags: ["nodes"],
  access: { user: "flows:read" },
  request: { params: typeParams },
  cache: { kind: "static", maxAgeSeconds: 300, staleWhileRevalidateSeconds: 3600 },
  responses: { 200: { description: "The node type", schema: nodeTypeSchema } },
}, (_c, { params }) => toNodeType(describeNode(findNode(params.type))));
