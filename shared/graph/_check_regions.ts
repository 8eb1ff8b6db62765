import { enclosing } from "./_regions.ts";
import type { CheckedNode, Region, Regions } from "./_model.ts";
import { type adjacencyOf, reachableFrom } from "./_topology.ts";
import { GRAPH_LIMITS } from "./limits.ts";
import { formatPath, type Problems, quote } from "./problems.ts";

/** What the checks of regions need to know. */
export interface RegionCheck {
  nodes: CheckedNode[];
  /** Where the edges lead. */
  next: ReturnType<typeof adjacencyOf>;
  /** Whether no node or edge had to be left out. */
  complete: boolean;
  problems: Problems;
}

/**
 * Checks each region as a whole: that a splitter has its collector, that regions do not lie too deep in each other,
 * that something is inside; and that every break is in a loop.
 */
export function checkRegions(regions: Regions, check: RegionCheck) {
  for (const region of regions.opened.values()) {
    checkDepth(region, check.problems);
    if (region.kind === "splitter" && region.collectors.length !== 1) checkSplitter(region, regions, check);
    else if (region.members.length === 0) {
      const message = `Nothing is in the body of ${quote(region.owner.id)}`;
      check.problems.add("empty_region", message, placeOf(region.owner));
    }
  }
  for (const node of check.nodes) {
    const region = regions.of[node.ordinal];
    if (node.facts?.breaks !== true || region === undefined || regions.doubtful.has(node.ordinal)) continue;
    checkBreak(node, region, check.problems);
  }
}

/** Told of the first region that is too deep only, not of those inside it. */
function checkDepth({ depth, owner }: Region, problems: Problems) {
  if (depth !== GRAPH_LIMITS.regionDepth + 1) return;
  const message = `${quote(owner.id)} lies in ${depth - 1} bodies; more cannot lie inside each other`;
  problems.add("region_too_deep", message, placeOf(owner));
}

function checkSplitter(
  { owner, collectors }: Region,
  { doubtful }: Regions,
  { next, complete, problems }: RegionCheck,
) {
  if (collectors.length > 1) {
    const names = collectors.map(({ id }) => quote(id)).join(" and ");
    problems.add("splitter_not_collected", `${quote(owner.id)} can have one collector, not ${names}`, placeOf(owner));
    return;
  }
  // What could not be read may be the collector.
  if (!complete) return;
  for (const ordinal of reachableFrom([owner.ordinal], next)) if (doubtful.has(ordinal)) return;
  const message = `What ${quote(owner.id)} splits is never collected: lead it to a collector`;
  problems.add("splitter_not_collected", message, placeOf(owner));
}

function checkBreak(node: CheckedNode, region: Region | null, problems: Problems) {
  const broken = enclosing(region, ({ kind }) => kind !== "boundary");
  if (broken !== null && broken.kind !== "splitter") return;
  const message = broken === null
    ? `${quote(node.id)} is in no loop`
    : `${quote(node.id)} cannot break out of the splitter ${quote(broken.owner.id)}`;
  problems.add("break_outside_loop", message, placeOf(node));
}

function placeOf(node: CheckedNode) {
  return { path: formatPath(node.path), node_id: node.id };
}
