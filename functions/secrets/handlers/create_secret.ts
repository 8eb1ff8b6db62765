import { defineRoute, idempotencyHeaders, readIdempotencyKey, resourceUrl } from "../../../shared/http/mod.ts";
import { insertSecret } from "../queries.ts";
import { newSecretSchema, secretSchema } from "../schemas.ts";
import { answerSecret, SECRET_HEADERS } from "./_answer.ts";

/** POST /secrets */
export const createSecret = defineRoute({
  method: "post",
  path: "/",
  operationId: "createSecret",
  summary: "Create a secret",
  description:
    "Keeps a value encrypted, for nodes that name it: `{{ secrets.NAME }}`. The answer does not hold it. A " +
    "repeated request is known by its `Idempotency-Key` and the same value.",
  tags: ["secrets"],
  access: { user: "secrets:write" },
  request: { headers: idempotencyHeaders, body: newSecretSchema },
  responses: {
    201: {
      description: "The new secret",
      schema: secretSchema,
      headers: { ...SECRET_HEADERS, Location: "The address of the secret" },
    },
  },
  errors: ["not_found", "conflict", "plan_limit_reached", "idempotency_mismatch", "secrets_not_set_up"],
}, async (c, { body }) => {
  const secret = await insertSecret(c.var.request, body, readIdempotencyKey(c));
  return answerSecret(201, secret, { Location: resourceUrl(c, "secrets", secret.id) });
});
