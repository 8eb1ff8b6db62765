import { defineRoute, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { removeFlow } from "../queries.ts";

/** DELETE /flows/:id */
export const deleteFlow = defineRoute({
  method: "delete",
  path: "/:id",
  operationId: "deleteFlow",
  summary: "Delete a flow",
  description:
    "The flow and its versions are gone at once; runs that are under way go on to their end and stay in the " +
    "list of runs.",
  tags: ["flows"],
  access: { user: "flows:write" },
  request: { params: idParams, headers: ifMatchHeaders },
  responses: { 204: { description: "It is gone" } },
  errors: ["not_found", "version_mismatch"],
}, async (c, { params }) => {
  await removeFlow(c.var.request.db, params.id, readIfMatch(c));
  return reply(204, undefined);
});
