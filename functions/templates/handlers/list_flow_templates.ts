import { z } from "zod";
import { openList } from "../../../shared/db/mod.ts";
import { defineRoute, listOf, listOptions, listQuery } from "../../../shared/http/mod.ts";
import { listTemplates } from "../../../shared/templates/mod.ts";
import { categorySchema, templateSummarySchema, toSummary } from "../schemas.ts";

const query = listQuery({
  sort: ["name", "id"],
  defaultSort: "name",
  filters: {
    category: categorySchema.optional(),
    tag: z.string().min(1).max(40).optional().meta({ description: "Only those with this tag", examples: ["webhook"] }),
    q: z.string().trim().min(1).max(200).optional().meta({
      description: "Only those whose name, description or tags hold this text, whatever its case",
    }),
  },
});

/** GET /templates */
export const listFlowTemplates = defineRoute({
  method: "get",
  path: "/",
  operationId: "listTemplates",
  summary: "List templates",
  description: "Flows to begin with, without their graphs.",
  tags: ["templates"],
  access: { user: "flows:read" },
  request: { query },
  responses: { 200: { description: "A page of templates", schema: listOf(templateSummarySchema) } },
}, async (c, { query }) => {
  const list = await openList(listOptions(c.var.request, "templates", query));
  const column = list.column === "id" ? "id" : "name";
  const sign = list.ascending ? 1 : -1;
  const order = (a: { name: string; id: string }, b: { name: string; id: string }) =>
    sign * (compare(a[column], b[column]) || compare(a.id, b.id));
  const { after } = list;
  const position = after === undefined ? undefined : { name: String(after.value), id: after.id };
  const wanted = query.q?.toLowerCase();
  const found = listTemplates().map(toSummary).filter((template) =>
    (query.category === undefined || template.category === query.category) &&
    (query.tag === undefined || template.tags.includes(query.tag)) &&
    (wanted === undefined ||
      [template.name, template.description, ...template.tags].some((text) => text.toLowerCase().includes(wanted))) &&
    (position === undefined || order(template, position) > 0)
  );
  return await list.page(found.toSorted(order).slice(0, list.fetchCount));
});

/** By code unit: the same order everywhere. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
