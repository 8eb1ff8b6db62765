import { defineRawRoute } from "../../../shared/http/mod.ts";
import { answerReceiver, ownPage } from "../answer_receiver.ts";
import { receiverSchema } from "../preferences_schemas.ts";
import { findReceiver } from "../receiver_queries.ts";

/** GET /email/unsubscribe/:token */
export const showUnsubscribe = defineRawRoute({
  methods: ["GET"],
  path: "/unsubscribe/:token",
  operationId: "showUnsubscribe",
  summary: "Ask whether to unsubscribe",
  description: "A page with one button, or JSON for programs. It changes nothing: whatever looks at links in mails " +
    "(previews, scanners) unsubscribes nobody. Leads to `EMAIL_PREFERENCES_URL` where that is set.",
  tags: ["email"],
  admin: "Receivers of mails are no users: the signature of the link decides",
  responses: {
    200: { description: "What the receiver has chosen", schema: receiverSchema },
    303: { description: "The page is elsewhere" },
  },
  errors: ["not_found"],
}, async (c) => {
  const { env } = c.var.request;
  const token = c.req.param("token") ?? "";
  return ownPage(c, env, token) ?? await answerReceiver(c, token, await findReceiver(env, token), "ask");
});
