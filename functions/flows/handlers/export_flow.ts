import { z } from "zod";
import type { DatabaseClient } from "../../../shared/db/mod.ts";
import { notFound } from "../../../shared/errors/mod.ts";
import { defineRoute, idParams, reply } from "../../../shared/http/mod.ts";
import { contentDisposition, type ExportedFlow, toFile } from "../export_file.ts";
import { findReferences } from "../flow_references.ts";
import { findExported, findNames } from "../transfer_queries.ts";
import { BUNDLE_FORMAT, flowBundleSchema, flowFileSchema, MAX_FLOWS } from "../transfer_schemas.ts";

const query = z.object({
  subflows: z.enum(["true", "false"]).default("false").meta({
    description: `Also the flows that it starts, and those that they start: ${MAX_FLOWS} at most, as one file`,
  }),
});

/** GET /flows/:id/export */
export const exportFlow = defineRoute({
  method: "get",
  path: "/:id/export",
  operationId: "exportFlow",
  summary: "Export a flow",
  description:
    "The current version as a file that `POST /flows/import` takes, here or elsewhere. Secrets are left out and listed in " +
    "`requires`, with the other flows that this one starts.",
  tags: ["flows"],
  access: { user: "flows:read" },
  request: { params: idParams, query },
  responses: {
    200: {
      description: "The file; with `subflows=true` all of them in one",
      schema: z.union([flowFileSchema, flowBundleSchema]),
      headers: { "Content-Disposition": "The name of the file" },
    },
  },
}, async (c, { params, query }) => {
  const { db } = c.var.request;
  const withSubflows = query.subflows === "true";
  const flows = await collect(db, params.id, withSubflows);
  const [first] = flows;
  if (first === undefined) throw notFound("flow");
  const names = new Map(flows.map(({ id, name }) => [id, name]));
  const unnamed = flows.flatMap(referencesOf).filter((id) => !names.has(id));
  for (const [id, name] of await findNames(db, [...new Set(unnamed)])) names.set(id, name);
  const now = new Date();
  const files = flows.map((flow) => toFile(flow, names, now));
  const [file] = files;
  const body = withSubflows || file === undefined
    ? { format: BUNDLE_FORMAT, version: 1 as const, flows: files, exported_at: now.toISOString() } as const
    : file;
  return reply(200, body, {
    "Content-Disposition": contentDisposition(first.name, withSubflows ? "flows" : "flow"),
  });
});

/** A flow and, level by level, those it starts. */
async function collect(db: DatabaseClient, id: string, withSubflows: boolean): Promise<ExportedFlow[]> {
  const found = new Map<string, ExportedFlow>();
  const asked = new Set<string>();
  let level = [id];
  while (level.length > 0 && found.size < MAX_FLOWS) {
    const ids = level.slice(0, MAX_FLOWS - found.size);
    for (const one of ids) asked.add(one);
    const flows = await findExported(db, ids);
    for (const flow of flows) found.set(flow.id, flow);
    level = withSubflows ? [...new Set(flows.flatMap(referencesOf))].filter((one) => !asked.has(one)) : [];
  }
  return [...found.values()];
}

function referencesOf({ graph }: ExportedFlow): string[] {
  return findReferences(graph ?? {}).map(({ id }) => id);
}
