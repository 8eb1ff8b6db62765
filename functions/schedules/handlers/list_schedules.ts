import { defineRoute } from "../../../shared/http/mod.ts";
import { SCHEDULES } from "../lists.ts";
import { findSchedules } from "../queries.ts";

/** GET /schedules */
export const listSchedules = defineRoute({
  method: "get",
  path: "/",
  operationId: "listSchedules",
  summary: "List schedules",
  description: "The schedules of the organization, newest first.",
  tags: ["schedules"],
  access: { user: "flows:read" },
  list: SCHEDULES,
  responses: { 200: { description: "A page of schedules", schema: SCHEDULES.page() } },
}, (c, { query }) => findSchedules(c.var.request, query));
