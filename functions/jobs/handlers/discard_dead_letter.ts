import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { removeDeadLetter } from "../queries.ts";

/** DELETE /jobs/dead-letters/:id */
export const discardDeadLetter = defineRoute({
  method: "delete",
  path: "/dead-letters/:id",
  operationId: "discardDeadLetter",
  summary: "Discard a dead letter",
  description: "Deletes a dead letter, whether it was repeated or not.",
  tags: ["jobs"],
  access: { user: "runs:execute", secret: true },
  request: { params: idParams },
  responses: { 204: { description: "It is gone" } },
  errors: ["not_found"],
}, async (c, { params }) => {
  await removeDeadLetter(c.var.request, params.id);
});
