import { defineRawRoute } from "../../../shared/http/mod.ts";
import { answerReceiver, ownPage } from "../answer_receiver.ts";
import { receiverSchema } from "../preferences_schemas.ts";
import { findReceiver } from "../receiver_queries.ts";

/** GET /email/preferences/:token */
export const showPreferences = defineRawRoute({
  methods: ["GET"],
  path: "/preferences/:token",
  operationId: "showMailPreferences",
  summary: "Show which mails a receiver gets",
  description: "The page that links in mails lead to, or JSON for programs. No session is needed: the link is the " +
    "credential, and good for nothing else. Leads to `EMAIL_PREFERENCES_URL` where that is set.",
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
  return ownPage(c, env, token) ?? await answerReceiver(c, token, await findReceiver(env, token), "choose");
});
