import type { Expression } from "./expressions/mod.ts";
import type { SourceEdge, SourceNode, SourceUndo } from "./_read_graph.ts";
import type { NodeFacts, OnError, RegionKind } from "./types.ts";

/** What an expression somewhere in a graph reads, kept until the shape of the graph is known. */
export interface Reading {
  /** The place of the string that holds the expression. */
  path: (string | number)[];
  expression: Expression;
}

/** A node whose own parts were checked. */
export interface CheckedNode extends Omit<SourceNode, "undo" | "onError"> {
  /** Its ordinal among the checked nodes. */
  ordinal: number;
  /** Undefined when its type is unknown. */
  facts: NodeFacts | undefined;
  isTrigger: boolean;
  /** The handles edges may leave from; null when they cannot be told. */
  handles: string[] | null;
  readings: Reading[];
  onError: OnError;
  undo: CheckedUndo | null;
  /** For a join: the live answers that let it run; null = all. */
  need: number | null;
  /** Whether its type is unknown and may have meant one that opens or closes a region. */
  mayBeRegion: boolean;
}

/** What undoes a node, checked by itself. */
export interface CheckedUndo extends SourceUndo {
  /** Undefined when its type is unknown. */
  facts: NodeFacts | undefined;
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

/** The body of a node, as the walk through the graph found it. */
export interface Region {
  kind: RegionKind;
  owner: CheckedNode;
  parent: Region | null;
  /** 1 = no region around it. */
  depth: number;
  /** The nodes that edges from inside collect it in: of a splitter, and exactly one when all is well. */
  collectors: CheckedNode[];
  /** The nodes directly inside. */
  members: CheckedNode[];
}

/** Which region each node lives in. */
export interface Regions {
  /** By ordinal of the node; null = in none, undefined = no walk came there. */
  of: (Region | null | undefined)[];
  /** By ordinal of the node that opens it. */
  opened: Map<number, Region>;
  /** By ordinal of the collector that closes it. */
  closed: Map<number, Region>;
  /** The edges drawn from inside of a region to its closer. */
  exits: Map<CheckedEdge, Region>;
  /** Edges that lead backward without making a circle. */
  back: Set<CheckedEdge>;
  /** Ordinals of the nodes behind something unknown, or behind an edge that crosses the border of a body. */
  doubtful: Set<number>;
}
