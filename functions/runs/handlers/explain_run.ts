import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { explainRun as explain } from "../explain_run.ts";
import { explanationSchema } from "../explain_schemas.ts";
import { findRunFacts } from "../queries.ts";

/** GET /runs/:id/explain */
export const explainRun = defineRoute({
  method: "get",
  path: "/:id/explain",
  operationId: "explainRun",
  summary: "Explain a run",
  description:
    "Why the run is where it is and what it will do next, in words and as data, all of one moment: where it " +
    "stands and what each place waits for, what has arrived at merges and what is missing, how far the items of loops " +
    "and splitters are, which limit holds a queued run and who is before it, and why a run has ended.",
  tags: ["runs"],
  access: { user: "runs:read" },
  request: { params: idParams },
  responses: { 200: { description: "The explanation", schema: explanationSchema } },
  errors: ["not_found"],
}, async (c, { params }) => explain(await findRunFacts(c.var.request.db, params.id)));
