import { z } from "zod";
import { defineRoute, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findRuns } from "../queries.ts";
import { runStatusSchema, runSummarySchema, runTriggerSchema } from "../../../shared/runs/mod.ts";

/** One or more states: `status=failed,cancelled`, or the parameter several times. */
const statuses = z.union([z.string(), z.array(z.string())])
  .transform((value) => [value].flat().flatMap((text) => text.split(",")).map((text) => text.trim()))
  .pipe(z.array(runStatusSchema).min(1))
  .meta({ description: "One or more states, separated by commas", examples: ["failed,cancelled"] });

const moment = z.iso.datetime({ offset: true });

const query = listQuery({
  sort: ["created_at"],
  defaultSort: "-created_at",
  filters: {
    flow_id: z.uuid().optional(),
    status: statuses.optional(),
    trigger: runTriggerSchema.optional(),
    retry_of: z.uuid().optional(),
    created_after: moment.optional().meta({ description: "Started at this moment or later" }),
    created_before: moment.optional().meta({ description: "Started before this moment" }),
  },
});

/** GET /runs */
export const listRuns = defineRoute({
  method: "get",
  path: "/",
  operationId: "listRuns",
  summary: "List runs",
  description: "The runs of the organization, newest first, without inputs and outputs.",
  tags: ["runs"],
  access: { user: "runs:read" },
  request: { query },
  responses: { 200: { description: "A page of runs", schema: listOf(runSummarySchema) } },
}, (c, { query }) => findRuns(c.var.request, query));
