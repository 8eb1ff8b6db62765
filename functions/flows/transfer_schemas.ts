import { z } from "zod";
import type { JsonObject } from "../../shared/graph/mod.ts";
import { EXAMPLE_GRAPH, graphProblemSchema, savedGraphJson } from "./schemas.ts";

/** What a file's `format` says. */
export const FILE_FORMAT = "millrace.flow";
/** What the `format` of several files in one says. */
export const BUNDLE_FORMAT = "millrace.flows";
/** Flows in one bundle. */
export const MAX_FLOWS = 50;

const requirement = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("flow"),
    id: z.uuid().meta({ description: "As the graph names it" }),
    name: z.string().max(200).nullable().meta({ description: "Null = it was gone when the file was made" }),
    used_by: z.array(z.string().max(100)).max(2_000).meta({ description: "Ids of the nodes, or `settings`" }),
  }).meta({ description: "Another flow that this one starts" }),
  z.strictObject({
    kind: z.literal("secret"),
    node_id: z.string().max(100).nullable(),
    path: z.string().max(2_000).meta({ examples: ["nodes[1].data.config.auth.token"] }),
  }).meta({ description: "A setting that was left out because it is a secret" }),
]).meta({ examples: [{ kind: "secret", node_id: "pay", path: "nodes[1].data.config.auth.token" }] });

const settings = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "Settings are an object",
).meta({ type: "object", description: "Those of the graph: time-out, limits, error flow" });

const version = z.literal(1);
const exportedAt = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.000Z"] });

/** A flow as a file. */
export const flowFileSchema = z.strictObject({
  format: z.literal(FILE_FORMAT),
  version,
  id: z.guid().optional().meta({ description: "What it was called where it comes from, for references between flows" }),
  name: z.string().trim().min(1).max(200),
  description: z.string().max(4000).default(""),
  graph: savedGraphJson,
  settings: settings.optional(),
  requires: z.array(requirement).max(2_000).default([]),
  exported_at: exportedAt.optional(),
}).meta({
  id: "FlowFile",
  examples: [{ format: FILE_FORMAT, version: 1, name: "Greet", description: "Says hello", graph: EXAMPLE_GRAPH }],
});

/** Several flows as one file. */
export const flowBundleSchema = z.strictObject({
  format: z.literal(BUNDLE_FORMAT),
  version,
  flows: z.array(flowFileSchema).min(1).max(MAX_FLOWS),
  exported_at: exportedAt.optional(),
}).meta({ id: "FlowBundle" });

/** What can be imported. */
export const importBodySchema = z.discriminatedUnion("format", [flowFileSchema, flowBundleSchema]).meta({
  examples: [{ format: FILE_FORMAT, version: 1, name: "Greet", description: "Says hello", graph: EXAMPLE_GRAPH }],
});

/** What came of an import, or would. */
export const importReportSchema = z.strictObject({
  dry_run: z.boolean(),
  valid: z.boolean().meta({ description: "Whether all flows could be switched on: no errors, perhaps warnings" }),
  flows: z.array(z.strictObject({
    flow_id: z.uuid().nullable().meta({ description: "The new flow; null in a dry run" }),
    source_id: z.string().nullable().meta({ description: "The id in the file" }),
    name: z.string(),
    is_active: z.boolean(),
    problems: z.array(graphProblemSchema),
    references: z.array(z.strictObject({
      source_id: z.string().meta({ description: "As the file names it" }),
      name: z.string().nullable(),
      found_by: z.enum(["file", "id", "name"]).nullable().meta({
        description:
          "file = it is imported with this one; id, name = it is a flow of your organization; null = there is none",
      }),
      flow_id: z.uuid().nullable().meta({ description: "What it is called here; null = not known (yet)" }),
    })).meta({ description: "The other flows that it starts" }),
  })),
}).meta({ id: "FlowImport" });

/** A flow as a file. */
export type FlowFile = z.output<typeof flowFileSchema>;
/** Several flows as one file. */
export type FlowBundle = z.output<typeof flowBundleSchema>;
/** What a file needs of the place it comes to. */
export type Requirement = z.output<typeof requirement>;
/** What came of an import, or would. */
export type ImportReport = z.output<typeof importReportSchema>;
/** What came of one flow of an import. */
export type ImportedFlow = ImportReport["flows"][number];
