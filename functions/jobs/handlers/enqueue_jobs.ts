import { z } from "zod";
import { fromZod, invalidRequest, type Problem } from "../../../shared/errors/mod.ts";
import { defineRoute, idempotencyHeaders, jsonSchema, readIdempotencyKey } from "../../../shared/http/mod.ts";
import { jobRegistry } from "../../../shared/jobs/mod.ts";
import { insertJobs } from "../queries.ts";
import { jobTypeSchema } from "../schemas.ts";

const key = z.string().min(1).max(200);
const moment = z.iso.datetime({ offset: true });

const newJob = z.strictObject({
  type: jobTypeSchema,
  payload: jsonSchema.optional().meta({ description: "Its arguments, as its type wants them" }),
  organization_id: z.uuid().optional().meta({ description: "None = the platform's own" }),
  priority: z.int().min(-32_768).max(32_767).optional().meta({ description: "Lower first; 100 when it is not said" }),
  delay_seconds: z.number().min(0).max(31_536_000).optional(),
  scheduled_for: moment.optional(),
  max_attempts: z.int().min(1).max(100).optional().meta({ description: "8 when it is not said" }),
  unique_key: key.optional().meta({ description: "No two of an organization and type with the same wait to begin" }),
  on_conflict: z.enum(["keep", "replace", "reject"]).optional()
    .meta({ description: "What becomes of one whose unique key is there" }),
  concurrency_key: key.optional(),
  concurrency_limit: z.int().min(1).max(1000).optional()
    .meta({ description: "How many with the same concurrency key may be at work at once; 1 when it is not said" }),
  expires_in_seconds: z.number().min(1).max(31_536_000).optional(),
  expires_at: moment.optional(),
});

const body = z.strictObject({ jobs: z.array(newJob).min(1).max(1000) })
  .meta({ id: "NewJobs", examples: [{ jobs: [{ type: "system.noop", payload: {}, delay_seconds: 60 }] }] });

const enqueuedSchema = z.object({
  jobs: z.array(z.object({
    id: z.uuid().nullable(),
    status: z.enum(["enqueued", "replaced", "kept", "rejected"]),
  })).meta({ description: "In the order of the request; kept and rejected name the job that is there" }),
}).meta({ id: "EnqueuedJobs", description: "What became of jobs that were to be enqueued" });

/** POST /jobs */
export const enqueueJobs = defineRoute({
  method: "post",
  path: "/",
  operationId: "enqueueJobs",
  summary: "Enqueue jobs",
  description: "For operators: enqueues jobs, all or none. Types are those of Millrace, and each payload is checked " +
    "against the schema of its type.",
  tags: ["jobs"],
  access: { secret: true },
  request: { headers: idempotencyHeaders, body },
  responses: { 201: { description: "What became of them", schema: enqueuedSchema } },
  errors: ["idempotency_mismatch"],
}, async (c, { body }) => {
  await requireKnown(body.jobs);
  return { jobs: await insertJobs(c.var.request, body.jobs, readIdempotencyKey(c)) };
});

/**
 * Refuses types that there are not and payloads that do not fit theirs, all at once.
 *
 * @throws {AppError} `invalid_request`.
 */
async function requireKnown(jobs: readonly z.infer<typeof newJob>[]): Promise<void> {
  const problems: Problem[] = [];
  for (const [index, { type, payload }] of jobs.entries()) {
    const known = await jobRegistry.get(type);
    if (known === undefined) {
      const message = `There is no type "${type}": there are ${jobRegistry.types.join(", ")}`;
      problems.push({ path: `body.jobs[${index}].type`, code: "unknown_job_type", message });
      continue;
    }
    const { error } = known.payload.safeParse(payload);
    if (error !== undefined) problems.push(...fromZod(error, `body.jobs[${index}].payload`));
  }
  if (problems.length > 0) throw invalidRequest(problems.slice(0, 100));
}
