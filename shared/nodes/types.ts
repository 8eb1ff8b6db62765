/**
 * What a node is: its description for people and forms, its contract for the compiler, its work for the engine.
 *
 * @module
 */
import type { z } from "zod";
import type { Json, JsonObject, NodeFacts, RetryPolicy } from "../graph/mod.ts";
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
  /** Aborted when the step times out, the run is cancelled or the lease is lost. */
  signal: AbortSignal;
  log: NodeLog;
  providers: Providers;
}

/** What a step gives. */
export interface NodeResult {
  /** What later steps read as `steps.<id>.output`. */
  output: Json;
  /** Source handles whose edges are live; all but `error` when absent. An empty list kills every edge. */
  handles?: string[];
  /** Ends the run now. */
  stop?: { status: "completed" | "failed"; message?: string };
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
  exampleConfig: JsonObject;
  exampleInput: NodeSample | null;
  defaultRetry: RetryPolicy | null;
  defaultTimeoutSeconds: number | null;
}
