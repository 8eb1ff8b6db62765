import { defineRoute } from "../../../shared/http/mod.ts";
import { listNodes } from "../../../shared/nodes/mod.ts";
import { NODE_TYPES } from "../lists.ts";
import { toNodeType } from "../schemas.ts";

/** GET /nodes */
export const listNodeTypes = defineRoute({
  method: "get",
  path: "/",
  operationId: "listNodeTypes",
  summary: "List node types",
  description: "Every type in the order of the palette, or in another.",
  tags: ["nodes"],
  access: { user: "flows:read" },
  list: NODE_TYPES,
  cache: { kind: "static", maxAgeSeconds: 300, staleWhileRevalidateSeconds: 3600 },
  responses: { 200: { description: "A page of node types", schema: NODE_TYPES.page() } },
}, async (c, { query }) => {
  const rows = listNodes().map((node, position) => ({ ...toNodeType(node), position }));
  const page = await NODE_TYPES.pageOf(rows, c.var.request, query);
  return { ...page, data: page.data.map(({ position: _, ...node }) => node) };
});
