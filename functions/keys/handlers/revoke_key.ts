import { defineRoute, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { endKey } from "../queries.ts";

/** DELETE /keys/:id */
export const revokeKey = defineRoute({
  method: "delete",
  path: "/:id",
  operationId: "revokeKey",
  summary: "Revoke an API key",
  description: "At once and for good: the next request with it is refused, and one under way reads nothing more. It " +
    "stays in the list. Revoking it again changes nothing.",
  tags: ["keys"],
  access: { user: "keys:write" },
  personOnly: true,
  request: { params: idParams, headers: ifMatchHeaders },
  responses: { 204: { description: "It is revoked" } },
  errors: ["not_found", "version_mismatch"],
}, async (c, { params }) => {
  await endKey(c.var.request.db, params.id, readIfMatch(c));
  return reply(204, undefined);
});
