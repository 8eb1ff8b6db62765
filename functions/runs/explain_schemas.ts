import { z } from "zod";
import { jsonSchema } from "../../shared/http/mod.ts";
import { runErrorSchema, runStatusSchema } from "../../shared/runs/mod.ts";

const timestamp = z.iso.datetime({ offset: true });

const limitSchema = z.object({
  key: z.string().meta({ description: "org:ID, flow:ID or key:FLOW:VALUE" }),
  places: z.int().nullable(),
  holders: z.int().meta({ description: "Runs that hold a place" }),
  position: z.int().meta({ description: "1 = the next" }),
});

const placeSchema = z.object({
  node_id: z.string().nullable().meta({ description: "Null = at the start" }),
  label: z.string().nullable(),
  type: z.string().nullable(),
  scope: z.string(),
  state: z.enum([
    "running",
    "retry",
    "timer",
    "signal",
    "approval",
    "callback",
    "decision",
    "run",
    "limit",
    "items",
    "line",
    "scheduled",
    "paused",
    "undoing",
  ]).meta({ description: "What it does or waits for; line = it is due and waits for a worker" }),
  sentence: z.string(),
  attempt: z.int(),
  since: timestamp.nullable().meta({ description: "running or waiting: when that began" }),
  until: timestamp.nullable().meta({ description: "When it goes on by itself, or its wait times out" }),
  name: z.string().nullable().meta({ description: "The signal's name" }),
  data: jsonSchema.meta({ description: "What the node shows to people" }),
  last_error: z.string().nullable(),
  run: z.object({ run_id: z.uuid(), flow_id: z.uuid(), status: runStatusSchema }).nullable()
    .meta({ description: "The run it waits for" }),
  limit: limitSchema.nullable(),
  line: z.object({
    ahead: z.int().meta({ description: "Steps of the organization that come first, 1000 at most" }),
    organizations: z.int().meta({ description: "Organizations that take turns, 100 at most" }),
    workers: z.int().meta({ description: "Workers that are awake" }),
  }).nullable(),
  next: z.array(z.string()).meta({ description: "Nodes that the graph puts behind it" }),
});

const joinSchema = z.object({
  node_id: z.string(),
  scope: z.string(),
  expects: z.int(),
  need: z.int().nullable().meta({ description: "How many live branches suffice; null = it waits for all" }),
  fired: z.boolean().meta({ description: "True = it has run already; the others are awaited for nothing" }),
  arrived: z.array(z.string()).meta({ description: "Nodes over whose edges the run came" }),
  dead: z.array(z.string()).meta({ description: "Nodes over whose edges it will not come" }),
  missing: z.array(z.string()).meta({ description: "Nodes that have not answered" }),
  sentence: z.string(),
});

const regionSchema = z.object({
  node_id: z.string(),
  scope: z.string(),
  closer: z.string().meta({ description: "The node at which the run goes on" }),
  total: z.int().nullable().meta({ description: "Null = nobody knows yet" }),
  open: z.int(),
  completed: z.int(),
  failed: z.int(),
  remaining: z.int().nullable().meta({ description: "Items that have not begun" }),
  at_once: z.int(),
  sentence: z.string(),
});

/** Why a run is where it is. */
export const explanationSchema = z.object({
  run_id: z.uuid(),
  status: runStatusSchema,
  dry_run: z.boolean(),
  summary: z.string().meta({ description: "All of it in a sentence or two" }),
  places: z.array(placeSchema).meta({ description: "Where it stands, 200 at most" }),
  place_count: z.int(),
  joins: z.array(joinSchema),
  regions: z.array(regionSchema),
  signals: z.array(z.object({ kind: z.enum(["signal", "callback"]), name: z.string(), count: z.int() }))
    .meta({ description: "What came before anything waited for it" }),
  undone: z.array(z.object({ node_id: z.string(), scope: z.string(), status: z.enum(["completed", "failed"]) })),
  steps: z.record(z.string(), z.int()).meta({ description: "How many attempts ended how" }),
  error: runErrorSchema.nullable(),
  deadline_at: z.iso.datetime({ offset: true }),
  finished_at: z.iso.datetime({ offset: true }).nullable(),
  next: z.array(z.string()).meta({ description: "What happens next, in sentences" }),
}).meta({ id: "RunExplanation", description: "Why a run is where it is, and what it will do next" });

/** Why a run is where it is. */
export type Explanation = z.infer<typeof explanationSchema>;
/** One place of a run. */
export type Place = Explanation["places"][number];
