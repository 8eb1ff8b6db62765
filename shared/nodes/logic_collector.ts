import { z } from "zod";
import type { Json, JsonObject } from "../graph/mod.ts";
import { NodeError } from "../providers/mod.ts";
import { defineNode } from "./define_node.ts";
import { isObject, json } from "./json_values.ts";
import { inOrder, MAX_ITEMS, valuesOf } from "./region/loop.ts";
import type { ItemResult } from "./types.ts";

const policySchema = z.union([
  z.enum(["all", "all_settled"]),
  z.strictObject({ atLeast: z.int().min(1).max(MAX_ITEMS) }),
]);

/** Brings the elements of a splitter together. */
export const logicCollector = defineNode({
  type: "logic.collector",
  title: "Collector",
  description: "Waits for all elements of its splitter and gives a list of what came of them, in their order.",
  category: "logic",
  kind: "pure",
  closes: true,
  configSchema: z.strictObject({
    policy: policySchema.default("all").describe(
      "all: the first element that fails fails the collector; all_settled: none does, and the list says how each " +
        "ended; {atLeast: k}: k elements have to succeed",
    ),
  }),
  outputSchema: z.array(json).describe(
    "What the elements gave, those that failed or came to no exit left out; with all_settled a list of " +
      "{index, status, value or error}",
  ),
  exampleConfig: { policy: "all" },
  exampleInput: {
    region: {
      total: 2,
      items: [{ index: 0, status: "completed", value: { id: 1 } }, { index: 1, status: "completed", value: { id: 2 } }],
    },
  },
  execute({ policy }, { region }) {
    const items = region?.items ?? [];
    if (policy === "all_settled") return { output: inOrder(items).map(describeItem) };
    const failed = inOrder(items).filter(({ status }) => status === "failed");
    const values = valuesOf(items);
    if (policy === "all" ? failed.length > 0 : values.length < policy.atLeast) {
      const needed = policy === "all" ? items.length : policy.atLeast;
      throw tooFew(`${values.length} of ${region?.total ?? 0} elements succeeded, ${needed} have to`, failed);
    }
    return { output: values };
  },
});

/**
 * How many elements may fail before it is certain that a collector will not succeed: the engine ends the region then
 * and does not begin the rest. The collector has the last word at the end, so an answer that is too high costs time
 * and nothing else.
 *
 * @param config The collector's config, as stored or resolved. Must not be valid; an expression that is not resolved
 * bears every failure.
 * @param total Elements of the region.
 * @returns From 0 to `total`.
 */
export function collectorTolerance(config: JsonObject, total: number): number {
  const policy = config["policy"];
  if (policy === undefined || policy === "all") return 0;
  const least = isObject(policy) ? policy["atLeast"] : undefined;
  return typeof least === "number" ? Math.min(total, Math.max(0, total - least)) : total;
}

function describeItem({ index, status, value, error }: ItemResult): Json {
  if (status === "completed") return { index, status, value: value ?? null };
  return { index, status, ...(error === undefined ? {} : { error: { ...error } }) };
}

/** Names some of those that failed: an error is no place for thousands. */
function tooFew(message: string, failed: ItemResult[]): NodeError {
  const named = failed.slice(0, 10).map(describeItem);
  return new NodeError(message, { code: "too_few_items", details: { failed: failed.length, first_failed: named } });
}
