import { z } from "zod";
import { defineNode } from "./define_node.ts";
import { json } from "./json_values.ts";
import { MAX_ITEMS } from "./region/loop.ts";

/** Sends each element of a list through the nodes up to the collector. */
export const logicSplitter = defineNode({
  type: "logic.splitter",
  title: "Splitter",
  description:
    "Runs the nodes between it and its collector once for each element of a list, several at a time. Each sees " +
    "its element as `item` and its place as `index`.",
  category: "logic",
  kind: "pure",
  region: "splitter",
  configSchema: z.strictObject({
    items: z.array(json).max(MAX_ITEMS).describe(`The list, usually an expression; ${MAX_ITEMS} elements at most`),
    maxParallel: z.int().min(1).max(100).default(10).describe("Elements at once"),
  }),
  outputSchema: z.object({
    item: json.describe("The element"),
    index: z.int().describe("Its place, from 0"),
    count: z.int().describe("The length of the list"),
  }).nullable().describe("Inside, for each element; nothing outside"),
  exampleConfig: { items: "{{ trigger.body.orders }}", maxParallel: 5 },
  exampleInput: { trigger: { body: { orders: [{ id: 1 }, { id: 2 }] } } },
  // Which failures are borne is the collector's to say; the engine asks it, see `collectorTolerance`.
  execute: ({ items, maxParallel }) => ({ output: null, open: { items, window: maxParallel, tolerate: 0 } }),
});
