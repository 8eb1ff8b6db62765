import { defineRoute } from "../../../shared/http/mod.ts";
import { apiInfo, apiInfoSchema } from "../schemas.ts";

/** GET /api */
export const getApiInfo = defineRoute({
  method: "get",
  path: "/",
  operationId: "getApiInfo",
  summary: "What this API is",
  description: "Name, version, and where everything else is.",
  tags: ["api"],
  access: { public: true },
  responses: { 200: { description: "About the API", schema: apiInfoSchema } },
}, (c) => apiInfo(c.var.request.env));
