/**
 * The shape of a flow's graph: React Flow's JSON, strict where the engine reads it and open where layout is kept. These
 * schemas serve API documentation; `compile` uses their parts and says much more.
 *
 * @module
 */
import { z } from "zod";
import { EXPRESSION_LIMITS, GRAPH_LIMITS, STEP_LIMITS } from "./limits.ts";

const { attempts, concurrentRuns, delaySeconds, timeoutSeconds, runTimeoutSeconds } = STEP_LIMITS;

/** How often a failed step is tried again; fields left out take the node type's default. */
export const retrySchema = z.strictObject({
  maxAttempts: z.int().min(attempts.least).max(attempts.most),
  backoff: z.enum(["fixed", "exponential"]),
  delaySeconds: z.number().min(delaySeconds.least).max(delaySeconds.most),
  maxDelaySeconds: z.number().min(delaySeconds.least).max(delaySeconds.most),
  jitter: z.boolean(),
  retryOn: z.array(z.string().min(1).max(64)).max(STEP_LIMITS.retryOn),
}).partial();

/** What happens when a step fails for good. */
export const onErrorSchema = z.enum(["stop", "continue", "branch"]);

/** How an effect of unknown outcome is treated. */
export const deliverySchema = z.enum(["at_least_once", "at_most_once"]);

const typeSchema = z.string().min(1).max(GRAPH_LIMITS.typeLength);
const workSchema = z.object({
  config: z.record(z.string(), z.unknown()),
  retry: retrySchema,
  timeoutSeconds: z.number().min(timeoutSeconds.least).max(timeoutSeconds.most),
}).partial();

/** What undoes a step when its run fails later: a node of its own. */
const undoSchema = z.strictObject({ type: typeSchema, ...workSchema.shape });

/** One node. */
export const nodeSchema = z.looseObject({
  id: z.string().min(1).max(GRAPH_LIMITS.nodeIdLength).regex(/^[A-Za-z0-9_-]+$/, {
    error: "Only letters, digits, _ and - are allowed",
  }),
  type: typeSchema,
  data: z.looseObject({
    label: z.string().max(GRAPH_LIMITS.labelLength).optional(),
    ...workSchema.shape,
    onError: onErrorSchema.optional(),
    undo: undoSchema.optional(),
    delivery: deliverySchema.optional(),
  }).optional(),
});

/** One edge. */
export const edgeSchema = z.looseObject({
  id: z.string().min(1).max(GRAPH_LIMITS.edgeIdLength),
  source: z.string(),
  target: z.string(),
  sourceHandle: z.string().max(GRAPH_LIMITS.handleLength).nullish(),
  targetHandle: z.string().max(GRAPH_LIMITS.handleLength).nullish(),
  data: z.looseObject({ condition: z.string().optional() }).optional(),
});

/** What holds for the flow as a whole. */
export const settingsSchema = z.looseObject({
  timeoutSeconds: z.number().min(runTimeoutSeconds.least).max(runTimeoutSeconds.most),
  errorFlowId: z.guid(),
  maxConcurrentRuns: z.int().min(concurrentRuns.least).max(concurrentRuns.most),
  concurrencyKey: z.string().max(EXPRESSION_LIMITS.sourceLength),
  maxPerKey: z.int().min(concurrentRuns.least).max(concurrentRuns.most),
  whenFull: z.enum(["queue", "refuse"]),
  compensateOnCancel: z.boolean(),
}).partial();

/** A whole graph. */
export const graphSchema = z.looseObject({
  nodes: z.array(nodeSchema).max(GRAPH_LIMITS.nodes),
  edges: z.array(edgeSchema).max(GRAPH_LIMITS.edges),
  settings: settingsSchema.optional(),
});
