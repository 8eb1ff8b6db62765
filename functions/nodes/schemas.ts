import { z } from "zod";
import type { Json, JsonObject } from "../../shared/graph/mod.ts";
import { jsonSchema } from "../../shared/http/mod.ts";
import type { NodeInfo } from "../../shared/nodes/mod.ts";

/** Any JSON value, typed as nodes take it: requests are parsed by our own strict parser. */
const anyJson = jsonSchema as z.ZodType<Json, Json>;

/** Any JSON object. */
const jsonObject: z.ZodType<JsonObject, JsonObject> = z.record(z.string(), anyJson);

/** The parameter of a node type's path. */
export const typeParams = z.object({
  type: z.string().max(64).meta({ description: "The name of the type", examples: ["action.transform"] }),
});

/** The shelves of the palette. */
export const categorySchema = z.enum(["trigger", "action", "logic", "communication"]);

/** What a node does to the world. */
export const kindSchema = z.enum(["trigger", "pure", "effect"]);

/** What a node waited for, for tests. */
const resolutionSchema = z.strictObject({
  by: z.enum(["signal", "approval", "callback", "run", "timeout"]),
  data: anyJson.default(null).meta({ description: "What was sent, decided, or came of the run" }),
});

/** What the items of a region gave, for tests of the node that closes it. */
const regionSchema = z.strictObject({
  total: z.int().min(0).max(10_000),
  items: z.array(z.strictObject({
    index: z.int().min(0),
    status: z.enum(["completed", "failed", "skipped"]),
    value: anyJson.optional(),
    error: z.strictObject({
      code: z.string().max(100),
      message: z.string(),
      node_id: z.string().optional(),
      details: anyJson.optional(),
    }).optional(),
  })).max(10_000),
});

/** Sample data of a test. */
const sampleSchema = z.strictObject({
  trigger: anyJson.optional().meta({ description: "The run's input: `trigger`" }),
  steps: jsonObject.optional().meta({ description: "Outputs of earlier steps by node id: `steps.<id>.output`" }),
  item: anyJson.optional().meta({ description: "Inside a region: `item`" }),
  index: z.int().min(0).optional().meta({ description: "Inside a region: `index`" }),
  resolution: resolutionSchema.optional().meta({ description: "What the node waited for; absent = it has not yet" }),
  region: regionSchema.optional().meta({ description: "For the node that closes a region: what its items gave" }),
  again: z.strictObject({ index: z.int().min(0), last: anyJson.default(null) }).optional().meta({
    description: "For a while loop: the iteration that has ended",
  }),
});

/** A node type as lists show it. */
export const nodeTypeSchema = z.strictObject({
  type: z.string().meta({ description: "The name in graphs", examples: ["action.http"] }),
  title: z.string().meta({ examples: ["HTTP request"] }),
  description: z.string(),
  category: categorySchema.meta({ description: "The shelf of the palette" }),
  kind: kindSchema.meta({ description: "It starts runs, only computes, or has an effect outside" }),
  handles: z.array(z.string()).meta({
    description: "Source handles with the example's configuration, the default first",
    examples: [["out"]],
  }),
  joins: z.boolean().meta({ description: "Whether it reads the outputs of all nodes before it" }),
  terminal: z.boolean().meta({ description: "Whether nothing may follow it" }),
  region: z.enum(["splitter", "for", "while", "foreach", "boundary"]).nullable().meta({
    description: "The kind of region that it opens; null = none",
  }),
  closes: z.boolean().meta({ description: "Whether it closes the region of a splitter" }),
  breaks: z.boolean().meta({ description: "Whether it ends the loop around it" }),
  example_config: jsonObject,
  example_input: sampleSchema.nullable(),
  default_retry: z.looseObject({}).nullable().meta({
    description: "As `data.retry` of a node; null = no second attempt",
  }),
  default_timeout_seconds: z.number().nullable().meta({ description: "Null = 30" }),
  default_on_error: z.enum(["stop", "continue", "branch"]).meta({ description: "As `data.onError` of a node" }),
}).meta({ id: "NodeType" });

/** A node type as lists show it. */
export type NodeType = z.input<typeof nodeTypeSchema>;

/** The API's words for what the registry says. */
export function toNodeType(info: NodeInfo): NodeType {
  const { exampleConfig, exampleInput, defaultRetry, defaultTimeoutSeconds, defaultOnError, ...same } = info;
  return {
    ...same,
    example_config: exampleConfig,
    example_input: exampleInput,
    default_retry: defaultRetry === null ? null : { ...defaultRetry },
    default_timeout_seconds: defaultTimeoutSeconds,
    default_on_error: defaultOnError,
  };
}

/** JSON Schemas of a node type. */
export const nodeSchemasSchema = z.strictObject({
  type: z.string(),
  config: jsonObject.meta({
    description: "JSON Schema 2020-12 of `data.config`. Any text in it may be an expression that gives such a value",
  }),
  output: jsonObject.meta({ description: "JSON Schema 2020-12 of what the step gives" }),
}).meta({ id: "NodeSchemas" });

/** The body of a test. */
export const nodeTestSchema = z.strictObject({
  config: jsonObject.default({}).meta({ description: "As `data.config` in a graph; expressions read the input below" }),
  input: sampleSchema.default({}),
  timeout_seconds: z.number().min(0.1).max(30).default(30),
}).meta({
  examples: [{
    config: { input: "{{ trigger.items }}", operations: [{ op: "filter", where: "@.price > 10" }] },
    input: { trigger: { items: [{ name: "Pen", price: 2 }, { name: "Lamp", price: 40 }] } },
  }],
});

/** What came of a test. */
export const nodeTestResultSchema = z.strictObject({
  status: z.enum(["completed", "failed", "waiting"]).meta({
    description:
      "waiting = a run would not be over with the node: see `wait`, `start` and `open`. Nothing of that happens",
  }),
  config: jsonObject.meta({ description: "The configuration after its expressions were resolved" }),
  output: anyJson.meta({ description: "What later steps would read; null when it failed" }),
  handles: z.array(z.string()).meta({ description: "The source handles through which a run would go on" }),
  stop: z.strictObject({ status: z.enum(["completed", "failed"]), message: z.string().optional() }).nullable()
    .meta({ description: "How it would end the run; null = it would not" }),
  wait: z.strictObject({
    kind: z.enum(["timer", "signal", "approval", "callback"]),
    name: z.string().nullable().meta({ description: "Of a signal" }),
    seconds: z.number().nullable().meta({ description: "Until it times out; null = when the run does" }),
    data: anyJson.meta({ description: "What people see while it waits" }),
  }).nullable().meta({ description: "What it would wait for; null = it would not" }),
  start: z.strictObject({ flow_id: z.string(), input: anyJson, wait: z.boolean() }).nullable()
    .meta({ description: "The run it would start; null = none" }),
  open: z.strictObject({
    total: z.int().meta({ description: "Items in all" }),
    items: z.array(anyJson).meta({ description: "The first 20 of them" }),
    window: z.int().meta({ description: "Items at once" }),
    more: z.boolean().meta({ description: "Whether it would be asked again after them" }),
  }).nullable().meta({ description: "What it would send into its region; null = nothing" }),
  break: z.boolean().meta({ description: "Whether it would end the loop around it" }),
  error: z.strictObject({
    code: z.string().meta({ examples: ["http_error"] }),
    message: z.string(),
    retryable: z.boolean(),
    retry_after_seconds: z.number().nullable(),
    details: anyJson,
  }).nullable(),
  duration_ms: z.number(),
}).meta({ id: "NodeTestResult" });

/** What came of a test. */
export type NodeTestReply = z.input<typeof nodeTestResultSchema>;
