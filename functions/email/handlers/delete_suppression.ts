import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { liftSuppression } from "../suppression_queries.ts";

/** DELETE /email/suppressions/:id */
export const deleteSuppression = defineRoute({
  method: "delete",
  path: "/suppressions/:id",
  operationId: "deleteMailSuppression",
  summary: "Send somebody mails again",
  description:
    "For addresses that bounced or were put on the list by hand. What receivers said themselves only they can " +
    "take back: 409. Resend has a list of its own, from which a bounced address must be taken as well.",
  tags: ["email"],
  access: { user: "mail:write" },
  request: { params: idParams },
  responses: { 204: { description: "It is off the list" } },
  errors: ["not_found", "conflict"],
}, (c, { params }) => liftSuppression(c.var.request.db, params.id));
