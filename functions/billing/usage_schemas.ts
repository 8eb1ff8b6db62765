import { z } from "zod";

const date = z.iso.date().meta({ examples: ["2026-11-20"] });
const count = z.int().min(0);

const numbers = {
  runs: count.meta({ description: "Runs that were asked for; dry runs do not count" }),
  steps: count.meta({ description: "Steps that ran: each attempt" }),
  calls: count.meta({ description: "Calls of models" }),
  input_tokens: count.meta({ description: "What models read, in tokens" }),
  output_tokens: count.meta({ description: "What they wrote, in tokens" }),
  other_units: count.meta({ description: "Images, seconds of sound and characters of speech" }),
  cost_micros: count.meta({
    description: "What the calls cost by the price list of their time, in millionths of the currency",
    examples: [1_250_000],
  }),
  unpriced_calls: count.meta({ description: "Calls of which something had no price, and counts as nothing" }),
};

const groups = z.enum(["day", "flow", "node", "model"]);

/** What is asked for. */
export const usageQuerySchema = z.strictObject({
  from: date.optional().meta({ description: "The first day, UTC; 30 days back when absent" }),
  to: date.optional().meta({ description: "The last day, UTC; today when absent. 401 days at most" }),
  group_by: groups.default("day"),
  flow_id: z.uuid().optional().meta({ description: "Only what this flow used" }),
  limit: z.coerce.number().int().min(1).max(500).default(100).meta({
    description: "Of flows, nodes or models: how many, those that cost most first. Days are all there",
  }),
});

/** What is asked for. */
export type UsageQuery = z.output<typeof usageQuerySchema>;

/** Usage over some days. */
export const usageSchema = z.strictObject({
  from: date,
  to: date,
  timezone: z.literal("UTC"),
  currency: z.literal("USD").meta({ description: "What models cost is told in US dollars, as their prices are" }),
  group_by: groups,
  counted_at: z.iso.datetime({ offset: true }).nullable().meta({
    description: "When runs and steps were last counted, which is done each hour; calls of models are there at once",
  }),
  totals: z.strictObject(numbers),
  groups: z.array(z.strictObject({
    day: date.optional(),
    flow_id: z.uuid().optional(),
    flow_name: z.string().nullable().optional().meta({ description: "Null = the flow is gone" }),
    node_id: z.string().optional(),
    model: z.string().optional().meta({ examples: ["openai/gpt-5.1"] }),
    ...numbers,
  })).meta({ description: "One for each day, the oldest first; or flow, node or model" }),
  left_out: count.meta({ description: "How many more flows, nodes or models there are" }),
}).meta({ id: "Usage", description: "What an organization used" });

/** Usage over some days. */
export type Usage = z.output<typeof usageSchema>;
