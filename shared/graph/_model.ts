import type { Expression } from "./expressions/mod.ts";
import type { SourceEdge, SourceNode } from "./_read_graph.ts";
import type { NodeFacts } from "./types.ts";

/** What an expression somewhere in a graph reads, kept until the shape of the graph is known. */
export interface Reading {
  /** The place of the string that holds the expression. */
  path: (string | number)[];
  expression: Expression;
}

/** A node whose own parts were checked. */
export interface CheckedNode extends SourceNode {
  /** Its ordinal among the checked nodes. */
  ordinal: number;
  /** Undefined when its type is unknown. */
  facts: NodeFacts | undefined;
  isTrigger: boolean;
  /** The handles edges may leave from; null when they cannot be told. */
  handles: string[] | null;
  readings: Reading[];
}

/** An edge that joins two nodes of the graph. */
export interface CheckedEdge extends SourceEdge {
  from: CheckedNode;
  to: CheckedNode;
  /** The handle it leaves from; empty when it is unknown. */
  handle: string;
  reading: Reading | null;
}
