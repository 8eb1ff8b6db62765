import { defineRawRoute } from "../../../shared/http/mod.ts";
import { getReadiness } from "../check_ready.ts";
import { readySchema } from "../schemas.ts";

/** GET /health */
export const getHealth = defineRawRoute({
  methods: ["GET"],
  path: "/",
  operationId: "getHealth",
  summary: "Is all well",
  description: "The same as `/health/ready`, at the address where monitors look first. Takes no credentials.",
  tags: ["health"],
  anySchema: true,
  admin: "Nobody else may ask which schema the database has",
  responses: { 200: { description: "All is well", schema: readySchema } },
  errors: ["schema_mismatch"],
}, async (c) => Response.json(await getReadiness(c.var.request, c.var.request.admin())));
