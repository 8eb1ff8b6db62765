import { z } from "zod";
import { blobPath, callerBlobStore, canonicalText, hashOf, readReference } from "../../../shared/blobs/mod.ts";
import { runSingle } from "../../../shared/db/mod.ts";
import { notFound } from "../../../shared/errors/mod.ts";
import type { Json } from "../../../shared/graph/mod.ts";
import { defineRoute, isNotModified, type RouteContext, type UserAccess } from "../../../shared/http/mod.ts";
import { archivedSteps, findArchivedRun, orArchived } from "../archived_run.ts";

const params = z.object({
  id: z.uuid(),
  node_id: z.string().min(1).max(100).meta({ description: "The node, or undo:<node> for what undid it" }),
});

const query = z.object({
  scope: z.string().max(2_000).default("").meta({
    description: "The items and iterations it belongs to, as in the step",
  }),
  attempt: z.coerce.number().int().min(1).max(32_767).optional().meta({ description: "The newest when absent" }),
});

interface StoredOutput {
  readonly organization_id: string;
  readonly output: Json;
}

/** GET /runs/:id/steps/:node_id/output */
export const getStepOutput = defineRoute({
  method: "get",
  path: "/:id/steps/:node_id/output",
  operationId: "getStepOutput",
  summary: "Get the whole output of a step",
  description: "The output as it is, however large. Runs and lists of steps show a large one as " +
    '`{"$blob": {"sha256", "bytes", "preview"}}`. The ETag is the hash of its content.',
  tags: ["runs"],
  access: { user: "runs:read" },
  request: { params, query },
  responses: {
    200: {
      description: "The output; null when the attempt gave none",
      contentType: "application/json",
      headers: { ETag: "SHA-256 of the body" },
    },
    304: { description: "You have it" },
  },
  errors: ["not_found", "service_unavailable"],
}, async (c, { params, query }) => {
  const { db, env } = c.var.request;
  let steps = db.from("run_steps").select("organization_id, output")
    .eq("run_id", params.id).eq("node_id", params.node_id).eq("scope", query.scope);
  if (query.attempt !== undefined) steps = steps.eq("attempt", query.attempt);
  const newest = steps.order("attempt", { ascending: false }).limit(1).maybeSingle<StoredOutput>();
  const { organization_id, output } = await orArchived(
    () => runSingle<StoredOutput>(newest, () => notFound("step")),
    () => findArchivedOutput(c, params, query),
  );

  const reference = readReference(output);
  const text = reference === null ? new TextEncoder().encode(canonicalText(output)) : null;
  const tag = `"${reference?.sha256 ?? await hashOf(text ?? new Uint8Array())}"`;
  c.header("ETag", tag);
  if (isNotModified(c, tag)) return c.body(null, 304);
  c.header("Content-Type", "application/json");
  if (reference === null) return c.body(canonicalText(output));
  // As the caller: the policy of the bucket decides once more.
  const jwt = c.req.header("authorization")?.replace(/^bearer +/i, "") ?? "";
  const body = await callerBlobStore(env, jwt).stream(blobPath(organization_id, reference.sha256));
  if (body === null) throw notFound("output");
  return c.body(body);
});

/** The same of an archived run: the newest attempt, or the one that is asked for. */
async function findArchivedOutput(
  c: RouteContext<UserAccess>,
  { id, node_id }: z.infer<typeof params>,
  { scope, attempt }: z.infer<typeof query>,
): Promise<StoredOutput> {
  const { organization_id } = await findArchivedRun(c, id);
  let newest: { readonly attempt: number; readonly output: unknown } | undefined;
  for await (const step of archivedSteps(c, id)) {
    const isAskedFor = step.node_id === node_id && step.scope === scope && step.attempt === (attempt ?? step.attempt);
    if (isAskedFor && step.attempt > (newest?.attempt ?? 0)) newest = step;
  }
  if (newest === undefined) throw notFound("step");
  return { organization_id, output: newest.output as Json };
}
