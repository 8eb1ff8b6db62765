import { z } from "zod";
import type { Json, JsonObject, Plan } from "./types.ts";

/** The shape of the plans that this code makes and runs. Raise it with every change that old plans do not fit. */
export const PLAN_VERSION = 1;

/** What reading a stored plan gives: `version` means compile the graph again, `malformed` that it never was a plan. */
export type PlanResult = { ok: true; plan: Plan } | { ok: false; reason: "version" | "malformed"; message: string };

const index = z.int().min(0);
const edgeSchema = z.strictObject({
  from: index,
  to: index,
  slot: index,
  handle: z.string(),
  condition: z.string().exactOptional(),
});
const retrySchema = z.strictObject({
  maxAttempts: z.int().min(1),
  backoff: z.enum(["fixed", "exponential"]),
  delaySeconds: z.number().min(0),
  maxDelaySeconds: z.number().min(0),
  jitter: z.boolean(),
  retryOn: z.array(z.string()).exactOptional(),
});
const nodeSchema = z.strictObject({
  index,
  id: z.string(),
  type: z.string(),
  label: z.string(),
  kind: z.enum(["trigger", "pure", "effect"]),
  config: z.custom<JsonObject>((value) => typeof value === "object" && value !== null && !Array.isArray(value)),
  in: index,
  predecessors: z.array(index),
  out: z.array(edgeSchema),
  reads: z.array(z.string()),
  retry: retrySchema,
  timeoutSeconds: z.number().positive(),
  onError: z.enum(["stop", "continue", "branch"]),
});
const planSchema: z.ZodType<Plan> = z.strictObject({
  planVersion: z.literal(PLAN_VERSION),
  nodes: z.array(nodeSchema),
  triggers: z.array(index),
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

function isObject(value: unknown): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Checks what the engine relies on: indexes that fit, edges that lead forward, slots that are each filled once. */
function findFault({ nodes, triggers }: Plan): string | null {
  const filled = nodes.map((node) => new Array<boolean>(node.predecessors.length).fill(false));
  const ids = new Set(nodes.map((node) => node.id));
  if (ids.size < nodes.length) return "Two nodes have the same id";
  for (const [place, node] of nodes.entries()) {
    if (node.index !== place) return `Node ${node.id} has another index than its place`;
    if (node.in !== node.predecessors.length) return `Node ${node.id} counts its in-edges wrongly`;
    if (node.reads.some((id) => !ids.has(id))) return `Node ${node.id} reads a step that is not there`;
    for (const edge of node.out) {
      if (edge.from !== place || edge.to <= place) return `An edge of ${node.id} does not lead forward`;
      if (nodes[edge.to]?.predecessors[edge.slot] !== place) {
        return `An edge of ${node.id} leads into no slot of its own`;
      }
      const slots = filled[edge.to];
      if (slots?.[edge.slot] !== false) return `Two edges lead into one slot of ${nodes[edge.to]?.id}`;
      slots[edge.slot] = true;
    }
  }
  const open = filled.findIndex((slots) => slots.includes(false));
  if (open >= 0) return `Node ${nodes[open]?.id} waits for an edge that is not there`;
  const starts = nodes.filter((node) => node.kind === "trigger").map((node) => node.index);
  return starts.join() === triggers.join() ? null : "The triggers are not those of the nodes";
}
