import { defineRoute } from "../../../shared/http/mod.ts";
import { DEAD_LETTERS } from "../lists.ts";
import { findDeadLetters } from "../queries.ts";

/** GET /jobs/dead-letters */
export const listDeadLetters = defineRoute({
  method: "get",
  path: "/dead-letters",
  operationId: "listDeadLetters",
  summary: "List dead letters",
  description: "Jobs that were given up and that nobody has repeated, newest first, each with the reason in `error`.",
  tags: ["jobs"],
  access: { user: "runs:read", secret: true },
  list: DEAD_LETTERS,
  responses: { 200: { description: "A page of dead letters", schema: DEAD_LETTERS.page() } },
}, (c, { query }) => findDeadLetters(c.var.request, query));
