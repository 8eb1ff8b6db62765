import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { changeMail } from "../queries.ts";
import { mailSchema } from "../schemas.ts";

/** POST /email/mails/:id/cancel */
export const cancelMail = defineRoute({
  method: "post",
  path: "/mails/:id/cancel",
  operationId: "cancelMail",
  summary: "Cancel a mail",
  description: "Keeps a queued mail from being sent. Once it is with a provider it is too late: 409.",
  tags: ["email"],
  access: { user: "mail:write" },
  request: { params: idParams },
  responses: { 200: { description: "The mail", schema: mailSchema } },
  errors: ["not_found", "conflict"],
}, (c, { params }) => changeMail(c.var.request.db, "cancel_mail", params.id));
