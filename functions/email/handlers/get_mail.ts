import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { findMail } from "../queries.ts";
import { mailSchema } from "../schemas.ts";

/** GET /email/mails/:id */
export const getMail = defineRoute({
  method: "get",
  path: "/mails/:id",
  operationId: "getMail",
  summary: "Get a mail",
  description: "To whom it went and what became of it, not what it says.",
  tags: ["email"],
  access: { user: "mail:read" },
  request: { params: idParams },
  responses: { 200: { description: "The mail", schema: mailSchema } },
  errors: ["not_found"],
}, (c, { params }) => findMail(c.var.request.db, params.id));
