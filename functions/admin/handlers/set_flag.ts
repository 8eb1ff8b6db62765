import { defineRoute } from "../../../shared/http/mod.ts";
import { saveFlag } from "../queries.ts";
import { flagInput, flagWithRulesSchema } from "../schemas.ts";

/** PUT /admin/flags */
export const setFlag = defineRoute({
  method: "put",
  path: "/flags",
  operationId: "setFlag",
  summary: "Make a feature flag, or change it",
  description: "What is absent stays as it is; a new flag is nobody's. Counts with the next request.",
  tags: ["admin"],
  access: { secret: true },
  request: { body: flagInput },
  responses: { 200: { description: "The flag as it is now", schema: flagWithRulesSchema } },
}, (c, { body }) => saveFlag(c.var.request, body));
