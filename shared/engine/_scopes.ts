/**
 * Scopes: where in nested regions a token or step is, as in `split.3/loop.0`. Empty = in none.
 *
 * @module
 */
import type { Plan, PlanNode } from "../graph/mod.ts";

/** One level of a scope. */
export interface ScopeSegment {
  /** Id of the node that owns the region. */
  owner: string;
  /** The item or iteration, from 0. */
  index: number;
}

/** The levels of a scope, from the outermost. */
export function segmentsOf(scope: string): ScopeSegment[] {
  if (scope === "") return [];
  return scope.split("/").map((segment) => {
    const point = segment.lastIndexOf(".");
    return { owner: segment.slice(0, point), index: Number(segment.slice(point + 1)) };
  });
}

/**
 * The iteration of the loop nearest around a node.
 *
 * @param scope Where the node runs.
 * @returns Its scope; undefined outside of loops.
 */
export function loopScope(plan: Plan, node: PlanNode, scope: string): string | undefined {
  const parts = scope.split("/");
  let region = node.region === null ? undefined : plan.regions[node.region];
  while (region !== undefined && (region.kind === "splitter" || region.kind === "boundary")) {
    parts.pop();
    region = region.parent === null ? undefined : plan.regions[region.parent];
  }
  return region === undefined ? undefined : parts.join("/");
}
