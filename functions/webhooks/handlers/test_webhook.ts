import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { findSender, findWebhook } from "../queries.ts";
import { newTestSchema, testSchema } from "../schemas.ts";
import { sendTestEvent } from "../send_test_event.ts";

/** POST /webhooks/:id/test */
export const testWebhook = defineRoute({
  method: "post",
  path: "/:id/test",
  operationId: "testWebhook",
  summary: "Send a test event to a webhook endpoint",
  description:
    "Makes a sample event of the provider, or takes yours, signs it with the endpoint's current secret as the provider " +
    "would, and posts it to `test_url`: the whole way that a real event takes. The answer says what happened, also " +
    "when the event was rejected. It starts a real run of the flow's current version.",
  tags: ["webhooks"],
  access: { user: "webhooks:write" },
  rateLimit: "run",
  request: { params: idParams, body: newTestSchema, bodyRequired: false },
  responses: { 200: { description: "What became of the event", schema: testSchema } },
  errors: ["not_found", "service_unavailable", "timeout"],
}, async (c, { params, body }) => {
  const { request } = c.var;
  // As the user first: what she may not see is not there.
  const { test_url } = await findWebhook(request, params.id);
  const sender = await findSender(request, params.id);
  return await sendTestEvent({ env: request.env, sender, shownUrl: test_url, test: body ?? {} });
});
