import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { changeMail } from "../queries.ts";
import { mailSchema } from "../schemas.ts";

/** POST /email/mails/:id/resend */
export const resendMail = defineRoute({
  method: "post",
  path: "/mails/:id/resend",
  operationId: "resendMail",
  summary: "Send a mail once more",
  description:
    "Queues the same mail to the same address, as a mail of its own. 409 while it, or another try of it, is on its way, and when " +
    "what it said is forgotten: at once for links, codes and invitations, otherwise a week after it would have expired.",
  tags: ["email"],
  access: { user: "mail:write" },
  rateLimit: "run",
  request: { params: idParams },
  responses: { 200: { description: "The new mail", schema: mailSchema } },
  errors: ["not_found", "conflict"],
}, (c, { params }) => changeMail(c.var.request.db, "resend_mail", params.id));
