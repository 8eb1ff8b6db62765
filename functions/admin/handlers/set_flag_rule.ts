import { defineRoute } from "../../../shared/http/mod.ts";
import { saveFlagRule } from "../queries.ts";
import { flagRuleInput, flagRuleParams, flagWithRulesSchema } from "../schemas.ts";

/** PUT /admin/flags/:name/organizations/:organizationId */
export const setFlagRule = defineRoute({
  method: "put",
  path: "/flags/:name/organizations/:organizationId",
  operationId: "setFlagRule",
  summary: "Give an organization a feature, or keep it from it",
  description: "Whatever the flag's share. The organization's audit log tells of it.",
  tags: ["admin"],
  access: { secret: true },
  request: { params: flagRuleParams, body: flagRuleInput },
  responses: { 200: { description: "The flag as it is now", schema: flagWithRulesSchema } },
  errors: ["not_found"],
}, (c, { params, body }) => saveFlagRule(c.var.request, params, body.is_on));
