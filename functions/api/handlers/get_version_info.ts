import { defineRoute } from "../../../shared/http/mod.ts";
import { apiInfo, apiInfoSchema } from "../schemas.ts";

/** GET /api/v1 */
export const getVersionInfo = defineRoute({
  method: "get",
  path: "/v1",
  operationId: "getVersionInfo",
  summary: "What version 1 of this API is",
  description: "The same as at the root: name, version, and where everything else is.",
  tags: ["api"],
  access: { public: true },
  responses: { 200: { description: "About the API", schema: apiInfoSchema } },
}, (c) => apiInfo(c.var.request.env));
