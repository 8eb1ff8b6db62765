import { z } from "zod";
import { defineRoute, idParams, listOf } from "../../../shared/http/mod.ts";
import { archivedSteps, orArchived } from "../archived_run.ts";
import { findSteps, pageOfSteps } from "../queries.ts";
import { stepSchema } from "../../../shared/runs/mod.ts";

const query = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50).meta({ description: "How many steps, 1 to 100" }),
  cursor: z.string().optional().meta({ description: "next_cursor of the page before" }),
  sort: z.enum(["finished_at"]).default("finished_at").meta({ description: "The order" }),
});

/** GET /runs/:id/steps */
export const listRunSteps = defineRoute({
  method: "get",
  path: "/:id/steps",
  operationId: "listRunSteps",
  summary: "List the steps of a run",
  description: "Every attempt of every step, in order of their end. A page ends early when its outputs are large.",
  tags: ["runs"],
  access: { user: "runs:read" },
  request: { params: idParams, query },
  responses: { 200: { description: "A page of steps", schema: listOf(stepSchema) } },
  errors: ["not_found"],
}, (c, { params, query }) =>
  orArchived(
    () => findSteps(c.var.request, params.id, query),
    () => pageOfSteps(c.var.request, params.id, query, archivedSteps(c, params.id)),
  ));
