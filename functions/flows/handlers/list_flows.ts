import { defineRoute } from "../../../shared/http/mod.ts";
import { FLOWS } from "../lists.ts";
import { findFlows } from "../queries.ts";

/** GET /flows */
export const listFlows = defineRoute({
  method: "get",
  path: "/",
  operationId: "listFlows",
  summary: "List flows",
  description: "The organization's flows, the newest first, without their graphs.",
  tags: ["flows"],
  access: { user: "flows:read" },
  list: FLOWS,
  cache: { kind: "flows", maxAgeSeconds: 120, staleWhileRevalidateSeconds: 600 },
  responses: { 200: { description: "A page of flows", schema: FLOWS.page() } },
}, (c, { query }) => findFlows(c.var.request, query));
