import { defineRawRoute } from "../../../shared/http/mod.ts";
import { liveSchema } from "../schemas.ts";

/** GET /health/live */
export const getLive = defineRawRoute({
  methods: ["GET"],
  path: "/live",
  operationId: "getLive",
  summary: "Is it running",
  description: "Answers as long as functions run; asks nothing else. Takes no credentials.",
  tags: ["health"],
  anySchema: true,
  responses: { 200: { description: "It runs", schema: liveSchema } },
}, () => Response.json({ status: "ok" }));
