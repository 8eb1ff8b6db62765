import { defineRoute } from "../../../shared/http/mod.ts";
import { listTemplates } from "../../../shared/templates/mod.ts";
import { TEMPLATES } from "../lists.ts";
import { toSummary } from "../schemas.ts";

/** GET /templates */
export const listFlowTemplates = defineRoute({
  method: "get",
  path: "/",
  operationId: "listTemplates",
  summary: "List templates",
  description: "Flows to begin with, without their graphs.",
  tags: ["templates"],
  access: { user: "flows:read" },
  list: TEMPLATES,
  cache: { kind: "static", maxAgeSeconds: 300, staleWhileRevalidateSeconds: 3600 },
  responses: { 200: { description: "A page of templates", schema: TEMPLATES.page() } },
}, (c, { query }) => TEMPLATES.pageOf(listTemplates().map(toSummary), c.var.request, query));
