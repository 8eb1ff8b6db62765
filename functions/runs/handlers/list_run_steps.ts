import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { RUN_STEPS } from "../lists.ts";
import { archivedSteps, orArchived } from "../archived_run.ts";
import { findSteps, pageOfSteps } from "../queries.ts";

/** GET /runs/:id/steps */
export const listRunSteps = defineRoute({
  method: "get",
  path: "/:id/steps",
  operationId: "listRunSteps",
  summary: "List the steps of a run",
  description: "Every attempt of every step, in order of their end. A page ends early when its outputs are large.",
  tags: ["runs"],
  access: { user: "runs:read" },
  request: { params: idParams },
  list: RUN_STEPS,
  responses: { 200: { description: "A page of steps", schema: RUN_STEPS.page() } },
  errors: ["not_found"],
}, (c, { params, query }) =>
  orArchived(
    () => findSteps(c.var.request, params.id, query),
    () => pageOfSteps(c.var.request, params.id, query, archivedSteps(c, params.id)),
  ));
