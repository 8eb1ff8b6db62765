/**
 * What a checkpoint says of a token whose step is not over, or goes on in a region.
 *
 * @module
 */
import type { Json } from "../graph/mod.ts";
import { collectorTolerance, type NodeResult, type NodeWait, type RegionOpening } from "../nodes/mod.ts";
import type { StepAttempt } from "./execute_node.ts";
import { toTarget } from "./frontier.ts";
import { toStorable } from "./storable.ts";
import { itemsPerToken } from "./_items_per_token.ts";
import { bodyReads, tokenReads } from "./token_reads.ts";
import type { JobPayload, JobResult, WaitPayload } from "./types.ts";

type Checkpoint = Omit<JobResult, "job" | "steps">;

/** How the next attempt begins. */
export interface Retry {
  keep?: boolean;
  delayMs?: number;
  error?: string;
  /** The attempt that is about to begin and may happen at most once. */
  intent?: number;
  /** False = nothing was done: what comes back is the same attempt. */
  counted?: boolean;
}

/** The token stays at its node for another attempt, or with an intent for this one. */
export function toRetry({ plan, position, attempt }: StepAttempt, retry: Retry): Checkpoint {
  const { keep = false, delayMs, error, intent, counted = !keep } = retry;
  const { payload, ...target } = toTarget(plan, position, false);
  const announced: JobPayload = { ...payload, ...(intent !== undefined && { intent }) };
  return {
    move: {
      ...target,
      keep,
      ...(Object.keys(announced).length > 0 && { payload: announced }),
      // One that is kept counts as begun.
      attempt: counted ? attempt : attempt - 1,
      ...(delayMs !== undefined && { delayMs }),
      ...(error !== undefined && { error }),
    },
  };
}

/** The token waits at its node; what comes back is the same attempt. */
export function toWait(
  { plan, position, attempt, now }: StepAttempt,
  { kind, name, seconds, data }: Omit<NodeWait, "kind"> & { kind: WaitPayload["kind"] },
): Checkpoint {
  const wait: WaitPayload = {
    kind,
    ...(name !== undefined && { name }),
    ...(data !== undefined && { data: toStorable(data) }),
    since: position.payload?.wait?.since ?? now(),
  };
  const { payload, ...target } = toTarget(plan, position, false);
  return {
    move: {
      ...target,
      payload: { ...payload, wait },
      attempt: attempt - 1,
      wait,
      ...(seconds !== undefined && { delayMs: Math.max(0, seconds * 1000) }),
    },
  };
}

/** The token starts a run, and comes back at its node with what became of it. */
export function toChild(
  { plan, position, attempt, now }: StepAttempt,
  start: NonNullable<NodeResult["start"]>,
): Checkpoint {
  return {
    child: {
      node: position.node.id,
      reads: tokenReads(plan, position.node),
      flow_id: start.flowId,
      input: toStorable(start.input),
      wait: start.wait,
      since: now(),
      attempt,
    },
  };
}

/**
 * Items go into the region of the node.
 *
 * @returns Null when there are none, and never were: the region is through.
 */
export function toOpening({ plan, position }: StepAttempt, opening: RegionOpening): Checkpoint | null {
  const { node, payload } = position;
  const region = node.opens === undefined ? undefined : plan.regions[node.opens];
  const closer = plan.nodes[region?.closer ?? -1];
  if (region === undefined || closer === undefined) return null;
  const first = payload?.again === undefined ? 0 : payload.again.index + 1;
  const { items, window, more = false } = opening;
  if (items.length === 0 && first === 0) return null;
  const inside = plan.nodes.filter((inner) => inner.region === region.index).map(({ id }) => id);
  return {
    open: {
      node: node.id,
      closer: closer.id,
      items: items as Json[],
      first,
      window_size: window,
      chunk: more ? 1 : itemsPerToken(plan, region, items.length),
      tolerate: closer === node ? opening.tolerate : collectorTolerance(closer.config, items.length),
      more,
      reads: bodyReads(plan, region),
      close_reads: tokenReads(plan, closer),
      body: [node.id, ...inside],
    },
  };
}
