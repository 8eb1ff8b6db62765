import { z } from "zod";
import { jsonSchema } from "../../shared/http/mod.ts";
import { versionSummarySchema } from "./schemas.ts";

const valueChange = z.strictObject({
  path: z.string().meta({ description: "Where in the node, edge or settings", examples: ["data.config.url"] }),
  before: jsonSchema.optional().meta({ description: "Absent = it was not there" }),
  after: jsonSchema.optional().meta({ description: "Absent = it is not there any more" }),
  cut: z.literal(true).optional().meta({
    description: "A value is too long to be shown whole: before and after are the beginning of its JSON text",
  }),
  layout: z.boolean().meta({ description: "True = how it looks, without meaning for a run" }),
});

const items = {
  added: z.array(z.string()).meta({ description: "Ids" }),
  removed: z.array(z.string()).meta({ description: "Ids" }),
  changed: z.array(z.strictObject({
    id: z.string(),
    layout_only: z.boolean().meta({ description: "Only its looks changed: moved, selected, resized" }),
    changes: z.array(valueChange),
  })),
};

/** How two versions of a flow differ. */
export const versionComparisonSchema = z.strictObject({
  flow_id: z.uuid(),
  from: versionSummarySchema.nullable().meta({ description: "Null = there is no earlier one: all is added" }),
  to: versionSummarySchema,
  layout_only: z.boolean().meta({ description: "Both mean the same to a run: at most their looks differ" }),
  nodes: z.strictObject(items),
  edges: z.strictObject({
    ...items,
    reordered: z.boolean().meta({ description: "Edges of both come in another order: the order of a merge's inputs" }),
  }),
  settings: z.array(valueChange),
  unlisted: z.int().meta({ description: "Changes beyond those that are listed" }),
}).meta({ id: "FlowVersionComparison" });

/** How two versions of a flow differ. */
export type VersionComparison = z.output<typeof versionComparisonSchema>;
