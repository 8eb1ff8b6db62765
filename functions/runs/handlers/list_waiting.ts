import { z } from "zod";
import { defineRoute, listOf } from "../../../shared/http/mod.ts";
import { findWaiting } from "../queries.ts";
import { commaList, waitingStepSchema } from "../schemas.ts";

const KINDS = ["approval", "decision", "signal", "callback", "timer", "run", "limit"] as const;

const query = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50).meta({ description: "How many rows, 1 to 100" }),
  cursor: z.string().optional().meta({ description: "next_cursor of the page before" }),
  sort: z.enum(["id"]).default("id").meta({ description: "The order" }),
  kind: commaList(z.enum(KINDS)).default(["approval", "decision"]).meta({
    description: "What is waited for, separated by commas; approval and decision wait for a person",
    examples: ["approval"],
  }),
  flow_id: z.uuid().optional(),
});

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
  request: { query },
  responses: { 200: { description: "A page of waiting steps", schema: listOf(waitingStepSchema) } },
}, (c, { query }) => findWaiting(c.var.request, query));
