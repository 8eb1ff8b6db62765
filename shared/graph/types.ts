/**
 * The words of a flow: the graph people draw, the facts the compiler needs about each node type, and what expressions
 * see. Types only; what they mean is written in docs/graph.md. Those of the plan that the engine runs: plan_types.ts.
 *
 * @module
 */
import type { Plan } from "./plan_types.ts";

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** What a node does to the world: it starts runs, it only computes, or it has an effect outside. */
export type NodeKind = "trigger" | "pure" | "effect";

/** What happens when a step fails for good: the run fails, it goes on with the error as data, or the `error` handle lives. */
export type OnError = "stop" | "continue" | "branch";

/** How often and how patiently a failed step is tried again. */
export interface RetryPolicy {
  /** Attempts in all, the first included; 1 = never again. */
  maxAttempts: number;
  /** `fixed`: always `delaySeconds`; `exponential`: doubled after every attempt. */
  backoff: "fixed" | "exponential";
  /** Seconds before the second attempt. */
  delaySeconds: number;
  /** Seconds that a delay never exceeds. */
  maxDelaySeconds: number;
  /** Whether each delay is shortened at random, so that many failures do not return at once. */
  jitter: boolean;
  /** Error codes worth another attempt; absent = all that the node calls retryable. */
  retryOn?: string[];
}

/** What the compiler reads in a node's `data`; further fields are layout. */
export interface GraphNodeData {
  label?: string;
  config?: JsonObject;
  /** Fields left out take the node type's default. */
  retry?: Partial<RetryPolicy>;
  /** Seconds one attempt may take. */
  timeoutSeconds?: number;
  onError?: OnError;
  /** What undoes the step when the run fails later: any node that does work. */
  undo?: GraphUndo;
  /** For effects: whether an attempt of unknown outcome may be repeated (usual) or waits for a person. */
  delivery?: Delivery;
  [layout: string]: unknown;
}

/** How an effect is treated whose outcome nobody knows: it is repeated, or a person decides. */
export type Delivery = "at_least_once" | "at_most_once";

/** The compensation of a step. */
export interface GraphUndo {
  /** The name of a node type that does work. */
  type: string;
  config?: JsonObject;
  retry?: Partial<RetryPolicy>;
  timeoutSeconds?: number;
}

/** A node as React Flow stores it; further fields (position, measured, selected …) are layout. */
export interface GraphNode {
  id: string;
  /** The node type's name, for example `action.http`. */
  type: string;
  data?: GraphNodeData;
  [layout: string]: unknown;
}

/** What the compiler reads in an edge's `data`; further fields are layout. */
export interface GraphEdgeData {
  /** An expression; the edge is live only when it is true. Blank = no condition. */
  condition?: string;
  [layout: string]: unknown;
}

/** An edge as React Flow stores it. */
export interface GraphEdge {
  id: string;
  source: string;
  target: string;
  /** Absent or null = the first handle of the source. */
  sourceHandle?: string | null;
  targetHandle?: string | null;
  data?: GraphEdgeData;
  [layout: string]: unknown;
}

/** A flow as it is drawn and stored. */
export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
  settings?: {
    /** Seconds a run may take. */
    timeoutSeconds?: number;
    /** A flow that is started when a run of this one fails. */
    errorFlowId?: string;
    /** Runs of this flow at once. */
    maxConcurrentRuns?: number;
    /** A path into the trigger such as `trigger.body.customer.id`; runs that find the same there count together. */
    concurrencyKey?: string;
    /** Runs at once with the same key. Default 1. */
    maxPerKey?: number;
    /** What happens to a start beyond these limits. Default `queue`. */
    whenFull?: "queue" | "refuse";
    /** Whether a run that is cancelled undoes what it did, as a failed one does. */
    compensateOnCancel?: boolean;
    [other: string]: unknown;
  };
  [layout: string]: unknown;
}

/** One thing wrong with a node's config, told by its type. */
export interface ConfigIssue {
  /** Where in the config. */
  path: (string | number)[];
  code: string;
  message: string;
}

/** What the compiler needs to know about a node type. */
export interface NodeFacts {
  type: string;
  kind: NodeKind;
  /**
   * The source handles that a node with this config has. Its usual answer is `["out"]`; an edge without a
   * `sourceHandle` leaves from the first of them. The handle `error` is added by the compiler (`onError: "branch"`).
   */
  handles(config: JsonObject): string[];
  /** Checks a config that still holds expressions; issues at a place that holds one are dropped by the compiler. */
  checkConfig(config: JsonObject): ConfigIssue[];
  /** Whether the node reads the outputs of all its direct predecessors (`logic.merge`). */
  joins?: boolean;
  /** Whether nothing may follow the node (`logic.stop`). */
  terminal?: boolean;
  /** The kind of region that the node opens. */
  region?: RegionKind;
  /** Whether the node closes the region of a splitter (`logic.collector`). */
  closes?: boolean;
  /** Whether the node ends the loop around it (`logic.loop.break`). */
  breaks?: boolean;
  /** For a join: how many live answers let it run; absent = it waits for all answers. Must not throw on any object. */
  need?(config: JsonObject): "all" | number;
  /** What happens when it fails and the graph does not say. Default `stop`. */
  defaultOnError?: OnError;
  /**
   * For a type that may wait: what a node with this config waits for, null = nothing. Only for a `callback` expressions
   * may read `callbacks.<id>`; and what waits cannot undo a step. Must not throw on any object.
   */
  waits?(config: JsonObject): "timer" | "signal" | "approval" | "callback" | "run" | null;
  /** Whether its config may read secrets: it uses them itself, and gives them to nobody who writes them down. */
  takesSecrets?: boolean;
  defaultRetry?: RetryPolicy;
  /** Seconds one attempt may take when the graph does not say. */
  defaultTimeoutSeconds?: number;
}

/** The node types that exist. */
export interface NodeCatalog {
  /** The facts of a type; undefined when there is no such type. */
  get(type: string): NodeFacts | undefined;
  /** The names of all types. */
  types(): string[];
}

/** What a region is the body of. */
export type RegionKind = "splitter" | "for" | "while" | "foreach" | "boundary";

/** One thing wrong with a graph. */
export interface GraphProblem {
  /** One of `PROBLEM_CODES`. */
  code: string;
  /** A sentence for the person who drew the graph. */
  message: string;
  /** An error keeps the flow from running; a warning does not. */
  severity: "error" | "warning";
  node_id?: string;
  edge_id?: string;
  /** Where in the graph's JSON, for example `nodes[3].data.config.url`; empty = the graph as a whole. */
  path: string;
  /** For an expression: where in that string, counted in UTF-16 units from 0. */
  position?: number;
}

/** What compiling a graph gives. */
export type CompileResult =
  | { ok: true; plan: Plan; warnings: GraphProblem[] }
  | { ok: false; problems: GraphProblem[] };

/** What expressions can see. */
export interface ExpressionScope {
  /** The run's input. */
  trigger: Json;
  /** The steps so far, by node id. One that was skipped is absent (and reads as null). */
  steps: { [nodeId: string]: { output: Json } };
  run: { id: string; started_at: string; attempt: number };
  flow: { id: string; name: string };
  /** In a region: what goes through it; absent reads as null. */
  item?: Json;
  /** In a region: the ordinal of the item or iteration, from 0. */
  index?: number;
  /** The URLs that complete waiting nodes, by node id. */
  callbacks?: { [nodeId: string]: string };
  /** The values of secrets, by name: only where a config is resolved for a node that may have them. */
  secrets?: ReadonlyMap<string, string>;
  /** Is told what each expression of a config gives that reads a secret. */
  tellSecret?(value: Json): void;
}

/** What a config reads. */
export interface References {
  /** Ids of the steps, sorted. */
  steps: string[];
  /** Ids of the waiting nodes whose callback is read, sorted. */
  callbacks: string[];
  usesTrigger: boolean;
  /** Whether `item` or `index` is read. */
  usesItem: boolean;
}
