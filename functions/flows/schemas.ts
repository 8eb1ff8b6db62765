import { z } from "zod";
import { graphSchema, type JsonObject } from "../../shared/graph/mod.ts";

/** A moment, as the database writes it. */
const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

/** The smallest flow that does something: a button and a step that shapes what it was given. */
export const EXAMPLE_GRAPH: JsonObject = {
  nodes: [
    { id: "start", type: "trigger.manual", position: { x: 0, y: 0 }, data: { label: "Start" } },
    {
      id: "done",
      type: "logic.stop",
      position: { x: 240, y: 0 },
      data: { label: "Greet", config: { output: { greeting: "Hello {{ trigger.name }}" } } },
    },
  ],
  edges: [{ id: "start-done", source: "start", target: "done" }],
};

/**
 * What the document says about graphs. Read by the OpenAPI document only, and not before it asks: turning the schema
 * into JSON Schema takes 4 ms, which no start of this function should pay.
 */
const graphDocumentation = {
  id: "Graph",
  type: "object",
  description:
    "A flow as it is drawn, in the JSON shape of React Flow. What the engine does not know is layout and kept",
  required: ["nodes", "edges"],
  get properties() {
    return z.toJSONSchema(graphSchema, { io: "input" }).properties;
  },
  examples: [EXAMPLE_GRAPH],
};

/**
 * Any JSON object: what is wrong inside a graph is told by the compiler, which names nodes and lists everything, and a
 * draft may be wrong inside.
 */
export const graphJson = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "A graph is an object with nodes and edges",
).meta(graphDocumentation);

/**
 * A graph as it was saved. The document says what holds for drafts too: whoever relies on the shape of a graph must look
 * at its problems first.
 */
export const savedGraphJson = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
).meta({
  id: "SavedGraph",
  type: "object",
  description:
    "A graph as it was saved. That of a draft may be wrong inside, and be any object then: `problems` says " +
    "what is wrong with it",
  anyOf: [{ $ref: "#/components/schemas/Graph" }, { type: "object" }],
  examples: [EXAMPLE_GRAPH],
});

/** How long each edge of a graph is. */
const edgeLengths = z.record(z.string(), z.number()).meta({
  description:
    "Edge id → distance between the centres of the nodes it joins, in canvas pixels: how far something that " +
    "moves along it has to go. Edges are left out when one of their nodes has no position",
  examples: [{ "start-done": 240 }],
});

/** How long each edge of a graph is. */
export type EdgeLengths = z.output<typeof edgeLengths>;

/** One thing that is wrong with a graph, or looks so. */
export const graphProblemSchema = z.strictObject({
  code: z.string().meta({ description: "A code of docs/graph.md", examples: ["config_invalid"] }),
  message: z.string(),
  severity: z.enum(["error", "warning"]).meta({ description: "An error keeps the flow from running" }),
  node_id: z.string().optional(),
  edge_id: z.string().optional(),
  path: z.string().meta({ description: "Where in the graph", examples: ["nodes[1].data.config.output"] }),
  position: z.int().optional().meta({ description: "Where in an expression, in UTF-16 units from 0" }),
}).meta({
  id: "GraphProblem",
  examples: [{
    code: "unknown_node_type",
    message: 'There is no node type "action.htp"; did you mean "action.http"?',
    severity: "error",
    node_id: "call",
    path: "nodes[1].type",
  }],
});

const name = z.string().trim().min(1).max(200).meta({ examples: ["Greet new customers"] });
const description = z.string().max(4000).meta({ examples: ["Says hello to whoever pays"] });
const isActive = z.boolean().meta({
  description: "False = a draft: webhooks are kept but start nothing, and the graph may still have errors",
});

const summaryShape = {
  id: z.uuid(),
  organization_id: z.uuid(),
  workspace_id: z.uuid(),
  name: z.string().meta({ examples: ["Greet new customers"] }),
  description: z.string(),
  is_active: z.boolean(),
  current_version_id: z.uuid().nullable().meta({ description: "The version that new runs use" }),
  version: z.int().meta({ description: "Raised by every change; what the ETag says", examples: [2] }),
  created_by: z.uuid().nullable().meta({ description: "Null = the account is gone" }),
  created_at: timestamp,
  updated_at: timestamp,
};

/** The columns of a flow in lists. */
export const SUMMARY_FIELDS = Object.keys(summaryShape) as [
  keyof typeof summaryShape,
  ...(keyof typeof summaryShape)[],
];

/** A flow in a list. */
export const flowSummarySchema = z.strictObject(summaryShape).meta({
  id: "FlowSummary",
  description: "A flow without its graph",
});

/** A flow as the database gives it. */
const storedFlowSchema = z.strictObject({
  ...summaryShape,
  version_number: z.int().nullable().meta({ description: "The number of the current version", examples: [1] }),
  graph: savedGraphJson.nullable(),
  edge_lengths: edgeLengths.nullable(),
});

/** A flow with its graph. */
export const flowSchema = z.strictObject({
  ...storedFlowSchema.shape,
  problems: z.array(graphProblemSchema).meta({
    description: "What is wrong with the graph. An active flow had no errors when it was saved",
    examples: [[]],
  }),
}).meta({ id: "Flow" });

/** A flow in a list. */
export type FlowSummary = z.output<typeof flowSummarySchema>;
/** A flow as the database gives it. */
export type StoredFlow = z.output<typeof storedFlowSchema>;
/** A flow with its graph. */
export type Flow = z.output<typeof flowSchema>;

/** The body that makes a flow. */
export const newFlowSchema = z.strictObject({
  name,
  description: description.default(""),
  workspace_id: z.uuid().optional().meta({ description: "The default workspace when absent" }),
  graph: graphJson.optional(),
  is_active: isActive.optional(),
}).meta({ examples: [{ name: "Greet new customers", graph: EXAMPLE_GRAPH }] });

/** The body that changes a flow. */
export const flowChangesSchema = z.strictObject({
  name,
  description,
  workspace_id: z.uuid(),
  graph: graphJson,
  is_active: isActive,
}).partial().refine((changes) => Object.values(changes).some((value) => value !== undefined), {
  error: "Say what to change",
}).meta({ examples: [{ name: "Greet everybody" }, { graph: EXAMPLE_GRAPH }] });

/** What to change about a flow. */
export type FlowChanges = z.output<typeof flowChangesSchema>;

const versionShape = {
  id: z.uuid(),
  flow_id: z.uuid(),
  number: z.int().meta({ description: "1, 2, 3 … within the flow", examples: [3] }),
  created_by: z.uuid().nullable().meta({ description: "Who saved it; null = the account is gone" }),
  created_at: timestamp,
};

/** A version without its graph. */
export const versionSummarySchema = z.strictObject(versionShape).meta({ id: "FlowVersionSummary" });

/** A version in a list, and how often it was run. */
export const listedVersionSchema = z.strictObject({
  ...versionShape,
  runs: z.strictObject({
    count: z.int().min(0).meta({ description: "How many runs used it, dry runs not counted" }),
    first_at: timestamp.nullable().meta({ description: "When the first of them was started" }),
    last_at: timestamp.nullable().meta({ description: "When the last of them was started" }),
  }).nullable().meta({ description: "Null for those who may not see runs" }),
}).meta({ id: "ListedFlowVersion" });

/** A version with its graph. */
export const versionSchema = z.strictObject({ ...versionShape, graph: savedGraphJson, edge_lengths: edgeLengths }).meta(
  {
    id: "FlowVersion",
  },
);

/** A version without its graph. */
export type VersionSummary = z.output<typeof versionSummarySchema>;
/** A version in a list, and how often it was run. */
export type ListedVersion = z.output<typeof listedVersionSchema>;
/** A version with its graph. */
export type Version = z.output<typeof versionSchema>;

/** The parameters of a version's path. */
export const versionParams = z.object({ id: z.uuid(), versionId: z.uuid() });
