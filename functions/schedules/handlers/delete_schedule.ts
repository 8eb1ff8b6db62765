import { defineRoute, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { removeSchedule } from "../queries.ts";

/** DELETE /schedules/:id */
export const deleteSchedule = defineRoute({
  method: "delete",
  path: "/:id",
  operationId: "deleteSchedule",
  summary: "Delete a schedule",
  description: "It fires no more and its history is gone; runs that it started stay.",
  tags: ["schedules"],
  access: { user: "flows:write" },
  request: { params: idParams, headers: ifMatchHeaders },
  responses: { 204: { description: "It is gone" } },
  errors: ["not_found", "version_mismatch"],
}, async (c, { params }) => {
  await removeSchedule(c.var.request.db, params.id, readIfMatch(c));
  return reply(204, undefined);
});
