import type { Plan, PlanRegion } from "../graph/mod.ts";
import { getNode } from "../nodes/mod.ts";

/** Steps that share a checkpoint, roughly. */
export const MAX_STEPS = 200;

/**
 * How many items of a region one token may carry.
 *
 * @param count How many items there are.
 * @param window How many tokens there may be at once; all of them are given something to do.
 * @returns 1 where the body has effects, waits, opens regions, or ends more than itself.
 */
export function itemsPerToken(plan: Plan, region: PlanRegion, count: number, window: number): number {
  const inside = plan.nodes.filter((node) => node.region === region.index);
  const onlyComputes = inside.every(({ kind, type, opens, closes }) => {
    const { terminal, breaks } = getNode(type) ?? {};
    return kind === "pure" && opens === undefined && closes === undefined && terminal !== true && breaks !== true;
  });
  if (!onlyComputes || region.kind === "while" || region.kind === "boundary") return 1;
  const share = region.kind === "splitter" ? Math.ceil(count / window) : count;
  return Math.max(1, Math.min(share, Math.floor(MAX_STEPS / Math.max(1, inside.length))));
}
