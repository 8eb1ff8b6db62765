import { defineRoute } from "../../../shared/http/mod.ts";
import { saveOverride } from "../queries.ts";
import { overrideInput, overrideSchema } from "../schemas.ts";

/** PUT /admin/limits/overrides */
export const setLimitOverride = defineRoute({
  method: "put",
  path: "/limits/overrides",
  operationId: "setLimitOverride",
  summary: "Give a user, key, organization, address or operation a limit of its own",
  description:
    "Counts from the next request on. For `operation` it is a bucket besides the others that everybody who " +
    "calls the operation has; for the other kinds it takes the place of the plan's limit.",
  tags: ["admin"],
  access: { secret: true },
  request: { body: overrideInput },
  responses: { 200: { description: "The limit as it is now", schema: overrideSchema } },
}, (c, { body }) => saveOverride(c.var.request, body));
