import { z } from "zod";
import { defineRoute, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { removeSecret } from "../queries.ts";

const query = z.object({
  force: z.enum(["true", "false"]).optional().meta({
    description: "`true` deletes it although flows use it: their steps fail with `secret_missing`",
    examples: ["false"],
  }),
});

/** DELETE /secrets/:id */
export const deleteSecret = defineRoute({
  method: "delete",
  path: "/:id",
  operationId: "deleteSecret",
  summary: "Delete a secret",
  description: "Deletes it with all its values. Refused while the current versions of flows use it: the answer names " +
    "them. Its access log and its lines in the audit log stay. Takes `If-Match`.",
  tags: ["secrets"],
  access: { user: "secrets:write" },
  request: { params: idParams, headers: ifMatchHeaders, query },
  responses: { 204: { description: "It is gone" } },
  errors: ["not_found", "conflict", "version_mismatch"],
}, async (c, { params, query }) => {
  await removeSecret(c.var.request.db, params.id, query.force === "true", readIfMatch(c));
  return reply(204, undefined);
});
