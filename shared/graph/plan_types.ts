/**
 * The words of a plan: what the compiler makes of a graph and the engine runs. Types only; docs/graph.md says what they
 * mean, and plan.ts reads one that was stored.
 *
 * @module
 */
import type { JsonObject, NodeKind, OnError, RegionKind, RetryPolicy } from "./types.ts";

/** A compiled edge, seen from its source. */
export interface PlanEdge {
  /** Index of the source node. */
  from: number;
  /** Index of the target node. */
  to: number;
  /** The ordinal of this edge among the target's in-edges, from 0. */
  slot: number;
  /** The source handle it leaves from. */
  handle: string;
  /** The source of an expression; absent = always live with its handle. */
  condition?: string;
  /** It leads out of a region, to its closer: it answers no join, and `slot` counts the exits of the region. */
  exit?: true;
  /** It leads into the region that its source opens. */
  body?: true;
}

/** A compiled node. */
export interface PlanNode {
  /** Its place in `plan.nodes`; nodes come in topological order: only exits of a loop or boundary lead back. */
  index: number;
  id: string;
  type: string;
  label: string;
  kind: NodeKind;
  /** The config with its expressions still inside. */
  config: JsonObject;
  /** The number of in-edges, exits of a region not counted. */
  in: number;
  /** The source node of each in-edge, by slot. */
  predecessors: number[];
  /** The out-edges, in the order of the graph. */
  out: PlanEdge[];
  /**
   * The ids of the steps that the config or the conditions of the out-edges read, in the order of the plan. Whoever
   * reads `item` or `index` reads the owner of the innermost region.
   */
  reads: string[];
  /** For the owner of a region: the steps that the conditions of the edges into it read. */
  bodyReads?: string[];
  retry: RetryPolicy;
  /** Seconds one attempt may take. */
  timeoutSeconds: number;
  onError: OnError;
  /** Index of the region that the node lives in; null = none. */
  region: number | null;
  /** Index of the region that the node opens. */
  opens?: number;
  /** Index of the region that the node closes: a collector. */
  closes?: number;
  /** For a join: how many live answers let it run; absent = it waits for all answers. */
  need?: number;
  /** Ids of the waiting nodes whose `callbacks.<id>` the node reads. */
  callbacks?: string[];
  /** What undoes the step. */
  undo?: PlanUndo;
  /** Absent = at least once. */
  delivery?: "at_most_once";
}

/** A compiled compensation. */
export interface PlanUndo {
  type: string;
  config: JsonObject;
  /** Steps that its config reads, the step itself included. */
  reads: string[];
  retry: RetryPolicy;
  timeoutSeconds: number;
}

/** The body of a splitter, loop or boundary; regions nest properly. */
export interface PlanRegion {
  /** Its place in `plan.regions`. */
  index: number;
  kind: RegionKind;
  /** Index of the node that opens it. */
  owner: number;
  /** Index of the node that closes it: the collector of a splitter, otherwise the owner. */
  closer: number;
  /** Index of the region around it; null = none. */
  parent: number | null;
  /** The number of its exits. */
  exits: number;
}

/** What the engine runs: the part of a graph that a trigger can reach, free of layout. */
export interface Plan {
  /** The shape of this plan; a plan of another version is compiled again. */
  planVersion: number;
  nodes: PlanNode[];
  /** Indexes of the trigger nodes. */
  triggers: number[];
  /** The regions, each after the one around it. */
  regions: PlanRegion[];
  /** Seconds a run may take. */
  timeoutSeconds: number;
}
