import { z } from "zod";
import { flowInvalid } from "../../../shared/errors/mod.ts";
import { defineRoute, idempotencyHeaders, readIdempotencyKey, reply } from "../../../shared/http/mod.ts";
import { hasErrors, isStorable } from "../graph_check.ts";
import { findOutside, type JudgedFlow, judgeFiles, toProblems } from "../import_files.ts";
import { findKnown, insertFlows } from "../transfer_queries.ts";
import { BUNDLE_FORMAT, importBodySchema, type ImportedFlow, importReportSchema } from "../transfer_schemas.ts";

const flag = z.enum(["true", "false"]).default("false").transform((text) => text === "true");

const query = z.object({
  dry_run: flag.meta({ description: "True = only say what would come of it; nothing is stored" }),
  is_active: flag.meta({ description: "True = switch the flows on; then no graph may have errors" }),
  workspace_id: z.uuid().optional().meta({ description: "The default workspace when absent" }),
});

/** POST /flows/import */
export const importFlows = defineRoute({
  method: "post",
  path: "/import",
  operationId: "importFlows",
  summary: "Import flows",
  description:
    "Makes new flows of a file that `GET /flows/:id/export` gave, all or none; nothing that exists is changed. They come " +
    "as drafts, their problems with the answer. Where one starts another of the same file, it starts the new one; a flow " +
    "that is not in the file is looked for in your organization, by id and then by name.",
  tags: ["flows"],
  access: { user: "flows:write" },
  request: { query, headers: idempotencyHeaders, body: importBodySchema },
  responses: {
    201: { description: "The new flows", schema: importReportSchema },
    200: { description: "What would come of it: a dry run", schema: importReportSchema },
  },
  errors: ["not_found", "flow_invalid", "plan_limit_reached", "idempotency_mismatch"],
}, async (c, { query, body }) => {
  const { db, organizationId } = c.var.request;
  const inBundle = body.format === BUNDLE_FORMAT;
  const files = inBundle ? body.flows : [body];
  const outside = findOutside(files);
  const known = outside.ids.length === 0
    ? { ids: new Set<string>(), byName: new Map<string, string>() }
    : await findKnown(db, organizationId, outside);
  const flows = judgeFiles(files, outside, known);
  const valid = !flows.some(({ problems }) => hasErrors(problems));
  const report = (ids: readonly (string | null)[], newIds: ReadonlyMap<string, string>, dryRun: boolean) => ({
    dry_run: dryRun,
    valid,
    flows: flows.map((flow, index) => toReport(flow, ids[index] ?? null, newIds, query.is_active)),
  });
  if (query.dry_run) return reply(200, report([], new Map(), true));

  const twice = flows.some(({ problems }) => problems.some(({ code }) => code === "duplicate_flow"));
  if (twice || !flows.every(({ problems }) => isStorable(problems, { active: query.is_active }))) {
    throw flowInvalid(toProblems(flows, inBundle));
  }
  const made = await insertFlows(
    db,
    flows.map(({ name, description, graph, sourceId }) => ({ name, description, graph, source_id: sourceId })),
    {
      organizationId,
      workspaceId: query.workspace_id ?? null,
      isActive: query.is_active,
      idempotencyKey: readIdempotencyKey(c),
    },
  );
  const newIds = new Map(flows.flatMap(({ sourceId }, index) => {
    const id = made[index]?.id;
    return sourceId === null || id === undefined ? [] : [[sourceId, id] as const];
  }));
  return reply(201, report(made.map(({ id }) => id), newIds, false));
});

function toReport(
  { sourceId, name, problems, references }: JudgedFlow,
  flowId: string | null,
  newIds: ReadonlyMap<string, string>,
  isActive: boolean,
): ImportedFlow {
  return {
    flow_id: flowId,
    source_id: sourceId,
    name,
    is_active: isActive,
    problems,
    references: references.map((entry) => ({
      ...entry,
      flow_id: entry.flow_id ?? newIds.get(entry.source_id) ?? null,
    })),
  };
}
