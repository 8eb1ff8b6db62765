import { z } from "zod";
import { isObject } from "./json.ts";
import { findFault } from "./_find_fault.ts";
import type { Plan } from "./plan_types.ts";
import type { JsonObject } from "./types.ts";

/** The shape of the plans that this code makes and runs. Raise it with every change that old plans do not fit. */
export const PLAN_VERSION = 2;

/** What reading a stored plan gives: `version` means compile the graph again, `malformed` that it never was a plan. */
export type PlanResult = { ok: true; plan: Plan } | { ok: false; reason: "version" | "malformed"; message: string };

const index = z.int().min(0);
const edgeSchema = z.strictObject({
  from: index,
  to: index,
  slot: index,
  handle: z.string(),
  condition: z.string().exactOptional(),
  exit: z.literal(true).exactOptional(),
  body: z.literal(true).exactOptional(),
});
const retrySchema = z.strictObject({
  maxAttempts: z.int().min(1),
  backoff: z.enum(["fixed", "exponential"]),
  delaySeconds: z.number().min(0),
  maxDelaySeconds: z.number().min(0),
  jitter: z.boolean(),
  retryOn: z.array(z.string()).exactOptional(),
});
const configSchema = z.custom<JsonObject>((value) => isObject(value));
const nodeSchema = z.strictObject({
  index,
  id: z.string(),
  type: z.string(),
  label: z.string(),
  kind: z.enum(["trigger", "pure", "effect"]),
  config: configSchema,
  in: index,
  predecessors: z.array(index),
  out: z.array(edgeSchema),
  reads: z.array(z.string()),
  bodyReads: z.array(z.string()).exactOptional(),
  retry: retrySchema,
  timeoutSeconds: z.number().positive(),
  onError: z.enum(["stop", "continue", "branch"]),
  region: index.nullable(),
  opens: index.exactOptional(),
  closes: index.exactOptional(),
  need: z.int().min(1).exactOptional(),
  callbacks: z.array(z.string()).exactOptional(),
  undo: z.strictObject({
    type: z.string(),
    config: configSchema,
    reads: z.array(z.string()),
    retry: retrySchema,
    timeoutSeconds: z.number().positive(),
  }).exactOptional(),
  delivery: z.literal("at_most_once").exactOptional(),
});
const regionSchema = z.strictObject({
  index,
  kind: z.enum(["splitter", "for", "while", "foreach", "boundary"]),
  owner: index,
  closer: index,
  parent: index.nullable(),
  exits: index,
});
const planSchema: z.ZodType<Plan> = z.strictObject({
  planVersion: z.literal(PLAN_VERSION),
  nodes: z.array(nodeSchema),
  triggers: z.array(index),
  regions: z.array(regionSchema),
  timeoutSeconds: z.number().positive(),
});

/**
 * Reads a plan that was stored as JSON.
 *
 * @param value What the store gave.
 * @returns The plan; or why it cannot be run. Never throws for JSON.
 */
export function parsePlan(value: unknown): PlanResult {
  const version = isObject(value) ? value["planVersion"] : undefined;
  if (typeof version !== "number") return malformed("Expected an object with a planVersion");
  if (version !== PLAN_VERSION) {
    return { ok: false, reason: "version", message: `Expected a plan of version ${PLAN_VERSION}, got ${version}` };
  }
  const parsed = planSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return malformed(`${issue?.message ?? "Invalid"} at ${issue?.path.join(".") ?? ""}`);
  }
  const fault = findFault(parsed.data);
  return fault === null ? { ok: true, plan: parsed.data } : malformed(fault);
}

function malformed(message: string): PlanResult {
  return { ok: false, reason: "malformed", message };
}
