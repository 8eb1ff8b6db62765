import { defineRoute } from "../../../shared/http/mod.ts";
import { FLAGS } from "../lists.ts";
import { findFlags } from "../queries.ts";

/** GET /admin/flags */
export const listAllFlags = defineRoute({
  method: "get",
  path: "/flags",
  operationId: "listAllFlags",
  summary: "List feature flags, by name",
  description: "With the share of organizations that have each, and since which version of the API.",
  tags: ["admin"],
  access: { secret: true },
  list: FLAGS,
  responses: { 200: { description: "A page of flags", schema: FLAGS.page() } },
}, (c, { query }) => FLAGS.pageOf(() => findFlags(c.var.request), c.var.request, query));
