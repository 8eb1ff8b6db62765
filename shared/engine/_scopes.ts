/**
 * Scopes: where in nested regions a token or step is, as in `split.3/loop.0`. Empty = in none.
 *
 * @module
 */
import type { Plan, PlanNode } from "../graph/mod.ts";
import type { Job } from "./types.ts";

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

/** The scope of an item of the region that a node opens, as `private.item_scope` has it; `outer` as in a job. */
export function itemScope(outer: string | undefined, owner: string, index: number): string {
  return `${outer ? `${outer}/` : ""}${owner}.${index}`;
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

/**
 * The iteration that a break inside of a region has ended, when the region is passed because a retry has taken it over.
 *
 * @param owner Opens the region.
 * @returns Its scope; undefined when no break in the region was meant for a loop around it.
 */
export function brokenLoop(plan: Plan, owner: PlanNode, { scope = "", breaks = [] }: Job): string | undefined {
  const isLoop = ({ owner: id }: ScopeSegment) =>
    plan.regions.some(({ owner: index, kind }) =>
      plan.nodes[index]?.id === id && kind !== "splitter" && kind !== "boundary"
    );
  const inside = `${scope === "" ? "" : `${scope}/`}${owner.id}.`;
  const reaches = breaks.some((place) =>
    place.startsWith(inside) && !segmentsOf(place).slice(segmentsOf(scope).length).some(isLoop)
  );
  return reaches ? loopScope(plan, owner, scope) : undefined;
}
