import { z } from "zod";
import { defineRoute, listOf } from "../../../shared/http/mod.ts";
import { listNodes } from "../../../shared/nodes/mod.ts";
import { categorySchema, kindSchema, nodeTypeSchema, toNodeType } from "../schemas.ts";

/** GET /nodes */
export const listNodeTypes = defineRoute({
  method: "get",
  path: "/",
  operationId: "listNodeTypes",
  summary: "List node types",
  description: "Every type in the order of the palette. There are few enough for one page: `next_cursor` is null.",
  tags: ["nodes"],
  access: { user: "flows:read" },
  request: { query: z.object({ category: categorySchema.optional(), kind: kindSchema.optional() }) },
  responses: { 200: { description: "The node types", schema: listOf(nodeTypeSchema) } },
}, (_c, { query }) => {
  const nodes = listNodes().filter((node) =>
    (query.category === undefined || node.category === query.category) &&
    (query.kind === undefined || node.kind === query.kind)
  );
  return { data: nodes.map(toNodeType), next_cursor: null };
});
