import { z } from "zod";
import { jsonSchema } from "../../shared/http/mod.ts";
import { type FlowTemplate, TEMPLATE_CATEGORIES } from "../../shared/templates/mod.ts";

/** A shelf of the gallery. */
export const categorySchema = z.enum(TEMPLATE_CATEGORIES);

const step = z.strictObject({
  node_id: z.string().nullable().meta({ description: "The node; null = something outside of the graph" }),
  setting: z.string().nullable().meta({ description: "Where in its config; null = the node as a whole" }),
  what: z.string().meta({ description: "What to do" }),
});

const summaryShape = {
  id: z.string().meta({ examples: ["simple-webhook"] }),
  name: z.string(),
  description: z.string(),
  category: categorySchema,
  icon: z.string().meta({ description: "Name of an icon of Lucide", examples: ["webhook"] }),
  tags: z.array(z.string()),
  node_types: z.array(z.string()).meta({ description: "What it is made of", examples: [["trigger.webhook"]] }),
};

/** A template in a list. */
export const templateSummarySchema = z.strictObject(summaryShape).meta({ id: "TemplateSummary" });

const filling = {
  configure: z.array(step).meta({ description: "What to fill in before the flow is switched on" }),
  sample_input: jsonSchema.meta({ description: "Input for a first run" }),
  sample_outputs: z.record(z.string(), jsonSchema).meta({
    description: "Node id → what it might answer: the pins of a dry run in which nothing outside happens",
  }),
};

/** A template with its graph. */
export const templateSchema = z.strictObject({
  ...summaryShape,
  graph: z.looseObject({ nodes: z.array(jsonSchema), edges: z.array(jsonSchema) }).meta({
    description: "In the JSON shape of React Flow, with positions",
  }),
  ...filling,
}).meta({ id: "Template" });

/** A flow that was made of a template. */
export const appliedTemplateSchema = z.strictObject({
  template_id: z.string(),
  flow_id: z.uuid(),
  name: z.string(),
  workspace_id: z.uuid(),
  is_active: z.boolean(),
  ...filling,
}).meta({ id: "AppliedTemplate" });

/** The parameters of a template's path. */
export const templateParams = z.object({
  id: z.string().min(1).max(64).regex(/^[a-z0-9-]+$/).meta({ examples: ["simple-webhook"] }),
});

/** A template in a list. */
export type TemplateSummary = z.output<typeof templateSummarySchema>;
/** A template with its graph. */
export type Template = z.output<typeof templateSchema>;
/** A flow that was made of a template. */
export type AppliedTemplate = z.output<typeof appliedTemplateSchema>;

/** A template as a list shows it. */
export function toSummary({ id, name, description, category, icon, tags, graph }: FlowTemplate): TemplateSummary {
  const types = [...new Set(graph.nodes.map(({ type }) => type))];
  return { id, name, description, category, icon, tags: [...tags], node_types: types };
}

/** What is to be filled in, and what to try it with. */
export function toFilling({ configure, sample_input, sample_outputs }: FlowTemplate) {
  return { configure: [...configure], sample_input, sample_outputs: { ...sample_outputs } };
}
