import { z } from "zod";
import { jsonSchema } from "../../shared/http/mod.ts";
import { runStatusSchema } from "../../shared/runs/mod.ts";

/** The id of a node. */
export const nodeIdSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "Must be the id of a node");

/** The node in a path that names a step. */
export const stepParams = z.object({ node_id: nodeIdSchema });

/** By which version of the flow a run is repeated. */
export const versionChoice = z.enum(["same", "current"])
  .meta({ description: "same = the version of the run, when absent; current = the flow's current one" });

/** Which item or iteration a step belongs to. */
export const scopeSchema = z.string().max(1_000).regex(/^[A-Za-z0-9_\-./]*$/).default("")
  .meta({ description: "The items and iterations it belongs to, as in split.3/loop.0; empty = top level" });

const timestamp = z.iso.datetime({ offset: true });

/** A step that waits. */
export const waitingStepSchema = z.object({
  id: z.uuid(),
  run_id: z.uuid(),
  flow_id: z.uuid(),
  flow_name: z.string().nullable(),
  node_id: z.string().nullable(),
  scope: z.string(),
  kind: z.string(),
  name: z.string().nullable().meta({ description: "The signal's name, or the limit" }),
  data: jsonSchema.meta({ description: "What the node shows to people: title, description, approvers" }),
  since: timestamp,
  until: timestamp.nullable().meta({ description: "When the wait times out; null = with the run" }),
  deadline_at: timestamp.meta({ description: "When the run times out" }),
  run_status: runStatusSchema,
  entity_id: z.uuid().nullable(),
  may_decide: z.boolean().meta({ description: "Whether the caller is one of those who may decide it" }),
}).meta({ id: "WaitingStep", description: "A step that waits" });

/** A step that waits. */
export type WaitingStep = z.infer<typeof waitingStepSchema>;

/** An object in Storage that holds archived runs. */
export const runArchiveSchema = z.object({
  id: z.uuid(),
  organization_id: z.uuid(),
  week: z.iso.date().meta({ description: "The Monday of the week in which the runs were started, in UTC" }),
  part: z.int().meta({ description: "1, 2, 3 … within the week" }),
  path: z.string().meta({
    description: "Where the object lies in the bucket run-archives",
    examples: ["5d0f…/runs/2026w47-0001-3fa9c1d20b7e.jsonl.gz"],
  }),
  runs: z.int(),
  lines: z.int(),
  bytes: z.int().meta({ description: "Size of the object" }),
  raw_bytes: z.int().meta({ description: "Size of its lines" }),
  sha256: z.string().meta({ description: "SHA-256 of the object, in hex" }),
  first_run_id: z.uuid(),
  last_run_id: z.uuid(),
  created_at: timestamp,
}).meta({ id: "RunArchive", description: "An object in Storage that holds archived runs" });

/** An object in Storage that holds archived runs. */
export type RunArchive = z.infer<typeof runArchiveSchema>;
