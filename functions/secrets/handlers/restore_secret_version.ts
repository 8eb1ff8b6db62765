import { defineRoute, ifMatchHeaders, readIfMatch } from "../../../shared/http/mod.ts";
import { restoreVersion } from "../queries.ts";
import { secretSchema, versionNumber, versionParams } from "../schemas.ts";
import { answerSecret, SECRET_HEADERS } from "./_answer.ts";

/** POST /secrets/:id/versions/:number/restore */
export const restoreSecretVersion = defineRoute(
  {
    method: "post",
    path: "/:id/versions/:number/restore",
    operationId: "restoreSecretVersion",
    summary: "Restore a value",
    description:
      "Makes an earlier value the current one, which flows get within seconds. 409 when it is destroyed. Takes " +
      "`If-Match`.",
    tags: ["secrets"],
    access: { user: "secrets:write" },
    request: { params: versionParams, headers: ifMatchHeaders },
    responses: { 200: { description: "The secret as it is now", schema: secretSchema, headers: SECRET_HEADERS } },
    errors: ["not_found", "conflict", "version_mismatch"],
  },
  async (c, { params }) =>
    answerSecret(200, await restoreVersion(c.var.request.db, params.id, versionNumber(params.number), readIfMatch(c))),
);
