import { defineRawRoute } from "../../../shared/http/mod.ts";
import { checkReady } from "../check_ready.ts";
import { readySchema } from "../schemas.ts";

/** GET /health */
export const getHealth = defineRawRoute({
  methods: ["GET"],
  path: "/",
  operationId: "getHealth",
  summary: "Is all well",
  description: "The same as `/health/ready`, at the address where monitors look first. Takes no credentials.",
  tags: ["health"],
  responses: { 200: { description: "All is well", schema: readySchema } },
}, async (c) => Response.json(await checkReady(c.var.request.env, c.var.request.db)));
