import { z } from "zod";
import { defineNode } from "./define_node.ts";
import { json } from "./json_values.ts";
import { openLoop, REGION_HANDLES, valuesOf } from "./region/loop.ts";

/** Catches the failures of the nodes in its body. */
export const logicBoundary = defineNode({
  type: "logic.boundary",
  title: "Error boundary",
  description:
    "Runs its body once. When a step in it fails, the rest of the body is dropped and the flow goes on at error.",
  category: "logic",
  kind: "pure",
  region: "boundary",
  // What it is there for.
  defaultOnError: "branch",
  configSchema: z.strictObject({}),
  outputSchema: json.describe("What the body gave; null when it came to no exit"),
  handles: () => [...REGION_HANDLES],
  exampleConfig: {},
  exampleInput: { region: { total: 1, items: [{ index: 0, status: "completed", value: { paid: true } }] } },
  execute(_config, { region }) {
    if (region === null) return openLoop([null]);
    return { output: valuesOf(region.items)[0] ?? null, handles: ["done"] };
  },
});
