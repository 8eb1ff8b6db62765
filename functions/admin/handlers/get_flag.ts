import { defineRoute } from "../../../shared/http/mod.ts";
import { findFlag } from "../queries.ts";
import { flagParams, flagWithRulesSchema } from "../schemas.ts";

/** GET /admin/flags/:name */
export const getFlag = defineRoute({
  method: "get",
  path: "/flags/:name",
  operationId: "getFlag",
  summary: "Get a feature flag and who has it",
  description: "With its rules: the organizations that have it, or have it not, whatever the share says.",
  tags: ["admin"],
  access: { secret: true },
  request: { params: flagParams },
  responses: { 200: { description: "The flag", schema: flagWithRulesSchema } },
  errors: ["not_found"],
}, (c, { params }) => findFlag(c.var.request, params.name));
