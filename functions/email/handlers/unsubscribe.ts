import { defineRawRoute } from "../../../shared/http/mod.ts";
import { answerReceiver } from "../answer_receiver.ts";
import { receiverSchema } from "../preferences_schemas.ts";
import { unsubscribeReceiver } from "../receiver_queries.ts";

/** POST /email/unsubscribe/:token */
export const unsubscribe = defineRawRoute({
  methods: ["POST"],
  path: "/unsubscribe/:token",
  operationId: "unsubscribe",
  summary: "Unsubscribe with one click",
  description:
    "What mail programs call (RFC 8058: `List-Unsubscribe-Post`), without signing in: the receiver gets no " +
    "more mails of this mail's category from its organization. Any number of calls is one. Whatever the body says.",
  tags: ["email"],
  admin: "Receivers of mails are no users: the signature of the link decides",
  bodyLimitBytes: 16_384,
  responses: { 200: { description: "What the receiver has chosen now", schema: receiverSchema } },
  errors: ["not_found", "payload_too_large"],
}, async (c) => {
  const token = c.req.param("token") ?? "";
  return await answerReceiver(c, token, await unsubscribeReceiver(c.var.request.env, token), "unsubscribed");
});
