import { defineRoute } from "../../../shared/http/mod.ts";
import { WAITING_STEPS } from "../lists.ts";
import { findWaiting } from "../queries.ts";

/** GET /runs/waiting */
export const listWaiting = defineRoute({
  method: "get",
  path: "/waiting",
  operationId: "listWaitingSteps",
  summary: "List what waits for people",
  description: "The steps of the organization's runs that wait for somebody to decide, or with `kind` for anything " +
    "else. `may_decide` says whether you are one of those who may.",
  tags: ["runs"],
  access: { user: "runs:read" },
  list: WAITING_STEPS,
  responses: { 200: { description: "A page of waiting steps", schema: WAITING_STEPS.page() } },
}, (c, { query }) => findWaiting(c.var.request, query));
