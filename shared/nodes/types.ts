/**
 * What a node is: its description for people and forms, its contract for the compiler, its work for the engine.
 *
 * @module
 */
import type { z } from "zod";
import type { Json, JsonObject, NodeFacts, OnError, RegionKind, RetryPolicy } from "../graph/mod.ts";
import type { Log } from "../log/mod.ts";
import type { Providers } from "../providers/mod.ts";

/** Shelf a node stands on in the palette. */
export type NodeCategory = "trigger" | "action" | "logic" | "communication";

/** Where a node's messages go. */
export type NodeLog = Pick<Log, "debug" | "info" | "warn" | "error">;

/** Output of one live predecessor, for nodes that join. */
export interface NodeInput {
  /** Id of the predecessor in the graph. */
  nodeId: string;
  /** What it gave. */
  output: Json;
}

/** Everything a node may know and use while it runs. */
export interface NodeContext {
  run: { id: string; organizationId: string; flowId: string; startedAt: string };
  /** `attempt` counts from 1. */
  node: { id: string; type: string; attempt: number };
  /** The run's input. */
  trigger: Json;
  /** Live predecessors' outputs in slot order; empty unless the node joins. */
  inputs: NodeInput[];
  /** Stable across the attempts of this step; other for every step and run. */
  idempotencyKey: string;
  /** The time, which is the same for all workers (their own clocks may be wrong): milliseconds since 1970. */
  now(): number;
  /** Aborted when the step times out, the run is cancelled or the lease is lost. */
  signal: AbortSignal;
  log: NodeLog;
  providers: Providers;
  /** What the node waited for; null when it is run for the first time. */
  resolution: Resolution | null;
  /** At the end of a region, for the node that closes it: what its items gave; null otherwise. */
  region: { total: number; items: ItemResult[] } | null;
  /** For the owner of a region that asked for `more`: the index of the item that has ended, and its value; null otherwise. */
  again: { index: number; last: Json } | null;
  /** A signed URL, good once, that ends the wait of this node. */
  callbackUrl(): Promise<string>;
  /** For whoever calls something that is paid by use; absent = nobody counts (a test of a node). */
  spend?: Spend;
}

/** What services charge for. `cached_token` = of the input, read from the service's cache, and not among `input_token`. */
export type SpendUnit = "call" | "input_token" | "cached_token" | "output_token" | "image" | "second" | "character";

/** How much of what. */
export type SpendUnits = { readonly [unit in SpendUnit]?: number };

/** Counts calls that are paid by use, within the budgets of the organization. */
export interface Spend {
  /**
   * Makes a call: what it may use at most is reserved before, what it used is counted after.
   *
   * @param estimate The model, as in `openai/gpt-5.1`, and the most that the call may use, as far as one can know.
   * @param work Makes the call. `units` = what it used; null = surely nothing was charged. What it throws passes
   * through: where it is known that nothing happened nothing is counted, and otherwise the estimate.
   * @throws {NodeError} `budget_spent`, `price_missing`: the call was not made.
   */
  call<T>(
    estimate: { readonly model: string; readonly units: SpendUnits },
    work: () => Promise<{ readonly value: T; readonly units: SpendUnits | null }>,
  ): Promise<T>;
}

/** What ended a wait. */
export interface Resolution {
  by: "signal" | "approval" | "callback" | "run" | "timeout";
  /** run: {run_id, status, output, error}; approval: {decision, user_id, comment, decided_at}; signal, callback: what was sent. */
  data: Json;
  /** What the node waited for, as it said then; so it may leave itself what it needs later. */
  wait?: NodeWait;
}

/** What became of one item of a region. */
export interface ItemResult {
  index: number;
  /** skipped = it came to no exit of the region. */
  status: "completed" | "failed" | "skipped";
  value?: Json;
  error?: { code: string; message: string; node_id?: string; details?: Json };
}

/** What a node waits for. */
export interface NodeWait {
  kind: "timer" | "signal" | "approval" | "callback";
  /** Of a signal. */
  name?: string;
  /** Seconds until it times out (for a timer: its length); absent = when the run does. */
  seconds?: number;
  /** Shown to people while it waits. */
  data?: Json;
}

/** What a step gives. */
export interface NodeResult {
  /** What later steps read as `steps.<id>.output`. */
  output: Json;
  /** Source handles whose edges are live; all but `error` when absent. An empty list kills every edge. */
  handles?: string[];
  /** Ends the run now. */
  stop?: { status: "completed" | "failed"; message?: string };
  /** The step is not over: the node is run again with `context.resolution`. */
  wait?: NodeWait;
  /** A run is started; the node is run again with `context.resolution`, at the end of that run or (`wait` false) at once. */
  start?: { flowId: string; input: Json; wait: boolean };
  /** The owner of a region sends items into it; at the end its closer is run with `context.region`. */
  open?: RegionOpening;
  /** The loop around the node ends with this iteration. */
  break?: boolean;
}

/** What goes through a region. */
export interface RegionOpening {
  items: Json[];
  /** Items at once. */
  window: number;
  /** Failed items that do not fail the region. */
  tolerate: number;
  /** The owner is asked again, with `context.again`, when these items have ended. */
  more?: boolean;
}

/** One node type. `C` is its config after expressions were resolved and the schema was applied. */
export interface NodeDefinition<C> {
  /** Stable name such as `action.http`, stored in graphs for ever. */
  type: string;
  /** Short name for people. */
  title: string;
  /** One or two sentences: what it does, what it gives. */
  description: string;
  category: NodeCategory;
  /** `pure` = deterministic and without effect, so its chain may be settled in one checkpoint. */
  kind: "trigger" | "pure" | "effect";
  /** Schema of `data.config`; without transforms, so that forms can be built from its JSON Schema. */
  configSchema: z.ZodType<C>;
  /** Schema of the output, for forms and docs. */
  outputSchema: z.ZodType;
  /** Source handles that edges may use, the default first. Default `["out"]`. Must not throw on any object. */
  handles?(config: JsonObject): string[];
  /** Reads all its direct predecessors through `context.inputs`. */
  joins?: boolean;
  /** Has no outgoing edges. */
  terminal?: boolean;
  /** Opens a region of this kind. */
  region?: RegionKind;
  /** Closes the region of a splitter. */
  closes?: boolean;
  /** Ends the loop around it. */
  breaks?: boolean;
  /** For a join: live answers that let it run. Default all. Must not throw on any object. */
  need?(config: JsonObject): "all" | number;
  /** What a node with this config waits for, null = nothing. Default null. Must not throw on any object. */
  waits?(config: JsonObject): NodeWait["kind"] | "run" | null;
  /** What happens when it fails and the graph does not say. Default `stop`. */
  defaultOnError?: OnError;
  /** Settings that hold secrets whatever they are called, as paths like `auth.token`; never shown. */
  secretSettings?: string[];
  /**
   * Whether its config may read secrets. Only for what uses them itself, in a call to the outside: what it gives is
   * searched for them, but nothing that computes may have them. Default false.
   */
  takesSecrets?: boolean;
  /** The live handles that belong to an output, for a dry run whose author wrote the output. Default: the first. */
  handlesOfOutput?(output: Json): string[];
  /** Retry policy when the graph gives none. */
  defaultRetry?: RetryPolicy;
  /** Seconds one attempt may take when the graph gives nothing. */
  defaultTimeoutSeconds?: number;
  /** A config that is valid and useful as a start. */
  exampleConfig: JsonObject;
  /** A sample of what a test may feed it: the run's input and the predecessors' outputs. */
  exampleInput?: NodeSample;
  /** Does the work. Throws {@linkcode NodeError} for failures that people can understand. */
  execute(config: C, context: NodeContext): NodeResult | Promise<NodeResult>;
}

/** Any node, its config type forgotten. */
export type AnyNode = NodeDefinition<unknown>;

/** Sample data for a test of a node. */
export interface NodeSample {
  /** The run's input. */
  trigger?: Json;
  /** Outputs of earlier steps by node id, readable as `steps.<id>.output` and, for joins, as inputs in this order. */
  steps?: Record<string, Json>;
  /** Inside a region: `item`. */
  item?: Json;
  /** Inside a region: `index`. */
  index?: number;
  /** What the node waited for; absent = it is run for the first time. */
  resolution?: Resolution;
  /** For the node that closes a region: what the items gave; absent = the region is yet to be opened. */
  region?: { total: number; items: ItemResult[] };
  /** For the owner of a while loop: the iteration that has ended. */
  again?: { index: number; last: Json };
}

/** What lists and forms show of a node. */
export interface NodeInfo {
  type: string;
  title: string;
  description: string;
  category: NodeCategory;
  kind: NodeFacts["kind"];
  /** Source handles of the example config. */
  handles: string[];
  joins: boolean;
  terminal: boolean;
  /** The kind of region that it opens. */
  region: RegionKind | null;
  /** Whether it closes the region of a splitter. */
  closes: boolean;
  /** Whether it ends the loop around it. */
  breaks: boolean;
  exampleConfig: JsonObject;
  exampleInput: NodeSample | null;
  defaultRetry: RetryPolicy | null;
  defaultTimeoutSeconds: number | null;
  defaultOnError: OnError;
}
