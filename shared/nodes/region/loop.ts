/**
 * What the owners of regions have in common.
 *
 * @module
 */
import { z } from "zod";
import type { Json } from "../../graph/mod.ts";
import { json } from "../json_values.ts";
import type { ItemResult, NodeContext, NodeResult } from "../types.ts";

/** Items that a region may take at most, and iterations of a loop. */
export const MAX_ITEMS = 10_000;

/** Handles of a loop or boundary: what follows it, and its body. */
export const REGION_HANDLES = ["done", "body"] as const;

/** Schema of what a loop gives. */
export const loopOutputSchema = z.object({
  count: z.int().describe("Iterations that were run"),
  items: z.array(json).describe("What they gave, in order; those that came to no exit of the body are left out"),
  last: json.describe("What the last of these gave; null when there is none"),
});

/** The values of the items that came to an exit of the region, in order. */
export function valuesOf(items: ItemResult[]): Json[] {
  return inOrder(items).filter(({ status }) => status === "completed").map(({ value }) => value ?? null);
}

/** Items by their index. */
export function inOrder(items: ItemResult[]): ItemResult[] {
  return items.toSorted((a, b) => a.index - b.index);
}

/** The end of a loop. */
export function closeLoop(region: NonNullable<NodeContext["region"]>): NodeResult {
  const items = valuesOf(region.items);
  return { output: { count: region.items.length, items, last: items.at(-1) ?? null }, handles: ["done"] };
}

/** Opens a region whose items go through it one after the other, the first failure ending it. */
export function openLoop(items: Json[], more = false): NodeResult {
  return { output: null, open: { items, window: 1, tolerate: 0, ...(more ? { more } : {}) } };
}
