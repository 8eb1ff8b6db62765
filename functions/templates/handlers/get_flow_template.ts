import { defineRoute } from "../../../shared/http/mod.ts";
import { findTemplate } from "../find_template.ts";
import { templateParams, templateSchema, toFilling, toSummary } from "../schemas.ts";

/** GET /templates/:id */
export const getFlowTemplate = defineRoute({
  method: "get",
  path: "/:id",
  operationId: "getTemplate",
  summary: "Get a template",
  description: "With its graph, what to fill in, and data to try it with.",
  tags: ["templates"],
  access: { user: "flows:read" },
  request: { params: templateParams },
  cache: { kind: "static", maxAgeSeconds: 300, staleWhileRevalidateSeconds: 3600 },
  responses: { 200: { description: "The template", schema: templateSchema } },
}, (_c, { params }) => {
  const template = findTemplate(params.id);
  return { ...toSummary(template), graph: { ...template.graph }, ...toFilling(template) };
});
