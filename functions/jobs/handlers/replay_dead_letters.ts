import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { changeDeadLetters } from "../queries.ts";
import { deadLetterFilterSchema } from "../schemas.ts";

const body = z.strictObject({
  filter: deadLetterFilterSchema.default({}),
  limit: z.int().min(1).max(1000).default(100).meta({ description: "How many at most" }),
  dry_run: z.boolean().default(false).meta({ description: "Only say how many there are" }),
}).meta({ id: "DeadLetterReplay", examples: [{ filter: { code: "worker_lost" }, limit: 500 }] });

const replaySchema = z.object({
  replayed: z.int(),
  refused: z.int().meta({ description: "Another job with the same unique key waits to begin: they stay" }),
  left: z.int().meta({ description: "How many the filter still finds" }),
  dry_run: z.boolean(),
}).meta({ id: "DeadLetterReplayResult", description: "What became of dead letters" });

/** POST /jobs/dead-letters/replay */
export const replayDeadLetters = defineRoute({
  method: "post",
  path: "/dead-letters/replay",
  operationId: "replayDeadLetters",
  summary: "Replay dead letters",
  description: "Does dead letters once more, the oldest first, at most `limit` of those that the filter finds; each " +
    "becomes a new job, once. Call it again while `left` is more than what was `refused`.",
  tags: ["jobs"],
  access: { user: "runs:execute", secret: true },
  rateLimit: "run",
  request: { body },
  responses: { 200: { description: "How many", schema: replaySchema } },
}, (c, { body }) => changeDeadLetters<z.infer<typeof replaySchema>>(c.var.request, "replay_dead_letters", body));
