import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { findLatestRun } from "../queries.ts";
import { runDetailsSchema } from "../../../shared/runs/mod.ts";

/** GET /runs/latest */
export const getLatestRun = defineRoute({
  method: "get",
  path: "/latest",
  operationId: "getLatestRun",
  summary: "Get the latest run of a flow",
  description: "The newest run of the flow, with its steps. All of them, latest first: `GET /runs?flow_id=…`.",
  tags: ["runs"],
  access: { user: "runs:read" },
  request: { query: z.object({ flow_id: z.uuid() }) },
  responses: { 200: { description: "The run with its steps", schema: runDetailsSchema } },
  errors: ["not_found"],
}, (c, { query }) => findLatestRun(c.var.request.db, query.flow_id));
