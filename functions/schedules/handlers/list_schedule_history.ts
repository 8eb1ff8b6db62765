import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { FIRINGS } from "../lists.ts";
import { findFirings } from "../queries.ts";

/** GET /schedules/:id/history */
export const listScheduleHistory = defineRoute({
  method: "get",
  path: "/:id/history",
  operationId: "listScheduleHistory",
  summary: "List what became of due times",
  description: "Each due time of the last 90 days, newest first: the run it started, or why it started none.",
  tags: ["schedules"],
  access: { user: "flows:read" },
  request: { params: idParams },
  list: FIRINGS,
  responses: { 200: { description: "A page of the history", schema: FIRINGS.page() } },
  errors: ["not_found"],
}, (c, { params, query }) => findFirings(c.var.request, params.id, query));
