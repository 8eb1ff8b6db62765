import type { Plan, PlanRegion } from "../graph/mod.ts";
import { getNode } from "../nodes/mod.ts";

/** Steps that share a checkpoint, roughly. */
export const MAX_STEPS = 200;

/**
 * How many items of a region one token may carry. Where a body only computes, its items wait for nothing, so that
 * several at once gain nothing on one processor: a token carries as many as one checkpoint holds, whatever the window.
 *
 * @param count How many items there are.
 * @returns 1 where the body has effects, waits, opens regions, or ends more than itself.
 */
export function itemsPerToken(plan: Plan, region: PlanRegion, count: number): number {
  const inside = plan.nodes.filter((node) => node.region === region.index);
  const onlyComputes = inside.every(({ kind, type, opens, closes }) => {
    const { terminal, breaks } = getNode(type) ?? {};
    return kind === "pure" && opens === undefined && closes === undefined && terminal !== true && breaks !== true;
  });
  if (!onlyComputes || region.kind === "while" || region.kind === "boundary") return 1;
  return Math.max(1, Math.min(count, Math.floor(MAX_STEPS / Math.max(1, inside.length))));
}
