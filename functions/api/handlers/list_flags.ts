import { defineRoute } from "../../../shared/http/mod.ts";
import { flagsSchema } from "../version_schemas.ts";

/** GET /api/v1/flags */
export const listFlags = defineRoute({
  method: "get",
  path: "/v1/flags",
  operationId: "listFlags",
  summary: "Which features your organization has",
  description: "Of those that are not there for everybody, in the version of the API that the request means.",
  tags: ["api"],
  access: { user: "any" },
  responses: { 200: { description: "The flags", schema: flagsSchema } },
}, (c) => ({ flags: [...c.var.request.flags] }));
