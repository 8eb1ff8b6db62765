import { defineRoute } from "../../../shared/http/mod.ts";
import { deleteOverride } from "../queries.ts";
import { overrideQuery } from "../schemas.ts";

/** DELETE /admin/limits/overrides */
export const removeLimitOverride = defineRoute({
  method: "delete",
  path: "/limits/overrides",
  operationId: "removeLimitOverride",
  summary: "Take a limit that was given by hand away",
  description: "The limits of the plan, or of the key, count again from the next request on.",
  tags: ["admin"],
  access: { secret: true },
  request: { query: overrideQuery },
  responses: { 204: { description: "The plan's limit counts again" } },
  errors: ["not_found"],
}, (c, { query }) => deleteOverride(c.var.request, query));
