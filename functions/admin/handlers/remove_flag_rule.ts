import { defineRoute } from "../../../shared/http/mod.ts";
import { saveFlagRule } from "../queries.ts";
import { flagRuleParams, flagWithRulesSchema } from "../schemas.ts";

/** DELETE /admin/flags/:name/organizations/:organizationId */
export const removeFlagRule = defineRoute({
  method: "delete",
  path: "/flags/:name/organizations/:organizationId",
  operationId: "removeFlagRule",
  summary: "Take an organization's rule of a feature flag away",
  description: "Its share counts again.",
  tags: ["admin"],
  access: { secret: true },
  request: { params: flagRuleParams },
  responses: { 200: { description: "The flag as it is now", schema: flagWithRulesSchema } },
  errors: ["not_found"],
}, (c, { params }) => saveFlagRule(c.var.request, params, null));
