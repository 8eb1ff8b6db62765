import { defineRoute, idParams, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findFirings } from "../queries.ts";
import { firingSchema } from "../schemas.ts";

const query = listQuery({
  sort: ["scheduled_for"],
  defaultSort: "-scheduled_for",
  filters: { outcome: firingSchema.shape.outcome.optional() },
});

/** GET /schedules/:id/history */
export const listScheduleHistory = defineRoute({
  method: "get",
  path: "/:id/history",
  operationId: "listScheduleHistory",
  summary: "List what became of due times",
  description: "Each due time of the last 90 days, newest first: the run it started, or why it started none.",
  tags: ["schedules"],
  access: { user: "flows:read" },
  request: { params: idParams, query },
  responses: { 200: { description: "A page of the history", schema: listOf(firingSchema) } },
  errors: ["not_found"],
}, (c, { params, query }) => findFirings(c.var.request, params.id, query));
