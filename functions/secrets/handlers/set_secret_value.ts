import { defineRoute, idParams, ifMatchHeaders, readIfMatch } from "../../../shared/http/mod.ts";
import { saveValue } from "../queries.ts";
import { newValueSchema, secretSchema } from "../schemas.ts";
import { answerSecret, SECRET_HEADERS } from "./_answer.ts";

/** PUT /secrets/:id/value */
export const setSecretValue = defineRoute({
  method: "put",
  path: "/:id/value",
  operationId: "setSecretValue",
  summary: "Set a new value",
  description:
    "Makes the next version of the secret; flows get it within seconds. The ten newest values are kept and " +
    "can be restored, older ones are destroyed. Takes `If-Match`.",
  tags: ["secrets"],
  access: { user: "secrets:write" },
  request: { params: idParams, headers: ifMatchHeaders, body: newValueSchema },
  responses: { 200: { description: "The secret as it is now", schema: secretSchema, headers: SECRET_HEADERS } },
  errors: ["not_found", "conflict", "version_mismatch", "secrets_not_set_up"],
}, async (c, { params, body }) => answerSecret(200, await saveValue(c.var.request, params.id, body, readIfMatch(c))));
