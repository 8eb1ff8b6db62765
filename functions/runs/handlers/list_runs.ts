import { z } from "zod";
import { defineRoute, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findRuns } from "../queries.ts";
import { commaList } from "../schemas.ts";
import { runStatusSchema, runSummarySchema, runTriggerSchema } from "../../../shared/runs/mod.ts";

const moment = z.iso.datetime({ offset: true });

const query = listQuery({
  sort: ["created_at"],
  defaultSort: "-created_at",
  filters: {
    flow_id: z.uuid().optional(),
    status: commaList(runStatusSchema).optional()
      .meta({ description: "One or more states, separated by commas", examples: ["failed,cancelled"] }),
    trigger: commaList(runTriggerSchema).optional()
      .meta({ description: "One or more of what starts runs, separated by commas", examples: ["schedule"] }),
    retry_of: z.uuid().optional().meta({ description: "Retries, re-runs and replays of this run" }),
    entity_id: z.uuid().optional().meta({ description: "Runs that this entity moved with" }),
    flow_version_id: z.uuid().optional().meta({ description: "Runs of this version" }),
    parent_run_id: z.uuid().optional().meta({ description: "Runs that this run started" }),
    schedule_id: z.uuid().optional(),
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
