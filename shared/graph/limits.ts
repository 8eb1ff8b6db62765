/** What a graph may hold at most. */
export const GRAPH_LIMITS = {
  nodes: 500,
  edges: 2000,
  idLength: 64,
  /** Bytes of the graph as UTF-8 JSON. */
  bytes: 512 * 1024,
  depth: 64,
  labelLength: 200,
  handleLength: 64,
} as const;

/** What an expression may be, cost and give at most. */
export const EXPRESSION_LIMITS = {
  /** UTF-16 units of one expression's source. */
  sourceLength: 4096,
  /** Levels of nesting in the source. */
  depth: 128,
  /** Units of work in one evaluation (of an expression, or of a whole config). */
  work: 1_000_000,
  /** UTF-16 units of the result as JSON text (of all results of one config together), and of any text on the way. */
  outputLength: 256 * 1024,
  /** Levels of nesting in a value. */
  dataDepth: 128,
} as const;
