import { defineRoute } from "../../../shared/http/mod.ts";
import { LIMIT_OVERRIDES } from "../lists.ts";
import { findOverrides } from "../queries.ts";

/** GET /admin/limits/overrides */
export const listLimitOverrides = defineRoute({
  method: "get",
  path: "/limits/overrides",
  operationId: "listLimitOverrides",
  summary: "List limits that were given by hand",
  description:
    "With reason and end, those that have ended too, for 90 days. Of all subjects or of one, a thousand at the most.",
  tags: ["admin"],
  access: { secret: true },
  list: LIMIT_OVERRIDES,
  responses: { 200: { description: "A page of limits", schema: LIMIT_OVERRIDES.page() } },
}, (c, { query }) => findOverrides(c.var.request, query));
