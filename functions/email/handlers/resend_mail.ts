import { defineRoute, idParams, reply } from "../../../shared/http/mod.ts";
import { changeMail } from "../queries.ts";
import { mailSchema } from "../schemas.ts";

/** POST /email/mails/:id/resend */
export const resendMail = defineRoute({
  method: "post",
  path: "/mails/:id/resend",
  operationId: "resendMail",
  summary: "Send a mail once more",
  description: "Queues the same mail to the same address, as a mail of its own. 409 while it is on its way, and when " +
    "what it said is forgotten: at once for links, codes and invitations, otherwise a week after it would have expired.",
  tags: ["email"],
  access: { user: "mail:write" },
  rateLimit: "run",
  request: { params: idParams },
  responses: { 201: { description: "The new mail", schema: mailSchema } },
  errors: ["not_found", "conflict"],
}, async (c, { params }) => reply(201, await changeMail(c.var.request.db, "resend_mail", params.id)));
