import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { changeDeadLetters } from "../queries.ts";
import { deadLetterFilterSchema } from "../schemas.ts";

const body = z.strictObject({
  filter: deadLetterFilterSchema.refine(
    (filter) => Object.keys(filter).length > 0,
    "Name at least one thing: without any, every dead letter would be meant",
  ),
  limit: z.int().min(1).max(1000).default(100).meta({ description: "How many at most" }),
  dry_run: z.boolean().default(false).meta({ description: "Only say how many there are" }),
}).meta({ id: "DeadLetterDiscard", examples: [{ filter: { created_before: "2026-10-01T00:00:00Z" }, limit: 1000 }] });

const discardSchema = z.object({
  discarded: z.int(),
  left: z.int().meta({ description: "How many the filter still finds" }),
  dry_run: z.boolean(),
}).meta({ id: "DeadLetterDiscardResult", description: "What became of dead letters" });

/** POST /jobs/dead-letters/discard */
export const discardDeadLetters = defineRoute({
  method: "post",
  path: "/dead-letters/discard",
  operationId: "discardDeadLetters",
  summary: "Discard dead letters",
  description:
    "Deletes dead letters that nobody has repeated, the oldest first, at most `limit` of those that the filter " +
    "finds.",
  tags: ["jobs"],
  access: { user: "runs:execute", secret: true },
  request: { body },
  responses: { 200: { description: "How many", schema: discardSchema } },
}, (c, { body }) => changeDeadLetters<z.infer<typeof discardSchema>>(c.var.request, "discard_dead_letters", body));
