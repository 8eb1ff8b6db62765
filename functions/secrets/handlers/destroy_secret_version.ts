import { defineRoute, reply } from "../../../shared/http/mod.ts";
import { destroyVersion } from "../queries.ts";
import { versionNumber, versionParams } from "../schemas.ts";

/** DELETE /secrets/:id/versions/:number */
export const destroySecretVersion = defineRoute({
  method: "delete",
  path: "/:id/versions/:number",
  operationId: "destroySecretVersion",
  summary: "Destroy a value",
  description:
    "Throws an earlier value away for good; 409 for the current one. Backups of the database keep it as long " +
    "as they are kept.",
  tags: ["secrets"],
  access: { user: "secrets:write" },
  sensitive: true,
  request: { params: versionParams },
  responses: { 204: { description: "It is gone" } },
  errors: ["not_found", "conflict"],
}, async (c, { params }) => {
  await destroyVersion(c.var.request.db, params.id, versionNumber(params.number));
  return reply(204, undefined);
});
