import { defineRoute, idParams, ifMatchHeaders, readIfMatch } from "../../../shared/http/mod.ts";
import { saveSecret } from "../queries.ts";
import { secretChangesSchema, secretSchema } from "../schemas.ts";
import { answerSecret, SECRET_HEADERS } from "./_answer.ts";

/** PATCH /secrets/:id */
export const updateSecret = defineRoute(
  {
    method: "patch",
    path: "/:id",
    operationId: "updateSecret",
    summary: "Rename or describe a secret",
    description:
      "Changes what is named and leaves the rest; the value has a route of its own. Flows that name the secret " +
      "by its old name do not find it any more. Takes `If-Match`.",
    tags: ["secrets"],
    access: { user: "secrets:write" },
    request: { params: idParams, headers: ifMatchHeaders, body: secretChangesSchema },
    responses: { 200: { description: "The secret as it is now", schema: secretSchema, headers: SECRET_HEADERS } },
    errors: ["not_found", "conflict", "version_mismatch"],
  },
  async (c, { params, body }) => answerSecret(200, await saveSecret(c.var.request.db, params.id, body, readIfMatch(c))),
);
