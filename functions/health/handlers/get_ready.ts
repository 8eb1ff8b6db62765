import { defineRawRoute } from "../../../shared/http/mod.ts";
import { getReadiness } from "../check_ready.ts";
import { readySchema } from "../schemas.ts";

/** GET /health/ready */
export const getReady = defineRawRoute({
  methods: ["GET"],
  path: "/ready",
  operationId: "getReady",
  summary: "Can it work",
  description:
    "The database answers within two seconds and its schema fits these functions; otherwise 503 with `Retry-After` " +
    "and, in `problems`, what is missing and what to do. Takes no credentials.",
  tags: ["health"],
  anySchema: true,
  admin: "Nobody else may ask which schema the database has",
  responses: { 200: { description: "It can", schema: readySchema } },
  errors: ["schema_mismatch"],
}, async (c) => Response.json(await getReadiness(c.var.request, c.var.request.admin())));
