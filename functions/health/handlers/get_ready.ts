import { defineRawRoute } from "../../../shared/http/mod.ts";
import { checkReady } from "../check_ready.ts";
import { readySchema } from "../schemas.ts";

/** GET /health/ready */
export const getReady = defineRawRoute({
  methods: ["GET"],
  path: "/ready",
  operationId: "getReady",
  summary: "Can it work",
  description:
    "The database answers within two seconds and has been migrated; otherwise 503 with `Retry-After` and, in " +
    "`problems`, what is missing. Takes no credentials.",
  tags: ["health"],
  responses: { 200: { description: "It can", schema: readySchema } },
}, async (c) => Response.json(await checkReady(c.var.request.env, c.var.request.db)));
