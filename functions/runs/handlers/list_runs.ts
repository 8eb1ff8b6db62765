import { defineRoute } from "../../../shared/http/mod.ts";
import { RUNS } from "../lists.ts";
import { findRuns } from "../queries.ts";

/** GET /runs */
export const listRuns = defineRoute({
  method: "get",
  path: "/",
  operationId: "listRuns",
  summary: "List runs",
  description: "The runs of the organization, newest first, without inputs and outputs.",
  tags: ["runs"],
  access: { user: "runs:read" },
  list: RUNS,
  responses: { 200: { description: "A page of runs", schema: RUNS.page() } },
}, (c, { query }) => findRuns(c.var.request, query));
