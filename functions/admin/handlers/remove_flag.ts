import { defineRoute } from "../../../shared/http/mod.ts";
import { deleteFlag } from "../queries.ts";
import { flagParams } from "../schemas.ts";

/** DELETE /admin/flags/:name */
export const removeFlag = defineRoute({
  method: "delete",
  path: "/flags/:name",
  operationId: "removeFlag",
  summary: "Remove a feature flag with its rules",
  description: "Requests of everybody who had it go without from the next one on.",
  tags: ["admin"],
  access: { secret: true },
  request: { params: flagParams },
  responses: { 204: { description: "Nobody has it any more" } },
  errors: ["not_found"],
}, (c, { params }) => deleteFlag(c.var.request, params.name));
