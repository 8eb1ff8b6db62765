/** What a graph may hold at most. */
export const GRAPH_LIMITS = {
  nodes: 500,
  edges: 2000,
  nodeIdLength: 64,
  edgeIdLength: 300,
  typeLength: 64,
  labelLength: 200,
  handleLength: 100,
  /** UTF-8 bytes of the graph as JSON. */
  bytes: 512 * 1024,
  /** Levels of nesting of the graph as JSON. */
  depth: 64,
  /** Regions inside each other. */
  regionDepth: 8,
  /** Problems listed at once; of more, the rest is counted. */
  problems: 1000,
} as const;

/** The bounds of what a graph may say about time and retries, and what holds when it says nothing. */
export const STEP_LIMITS = {
  /** Seconds one attempt may take: less than the platform lets a worker live. */
  timeoutSeconds: { least: 0.1, most: 300, usual: 30 },
  /** Seconds a run may take: up to 30 days. */
  runTimeoutSeconds: { least: 1, most: 2_592_000, usual: 86_400 },
  attempts: { least: 1, most: 20 },
  /** Seconds between attempts: up to a day. */
  delaySeconds: { least: 0, most: 86_400 },
  retryOn: 32,
  /** Runs of a flow at once, in all or with the same key, where the graph sets a limit. */
  concurrentRuns: { least: 1, most: 1000 },
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
  outputLength: 2 * 1024 * 1024,
  /** Levels of nesting in a value. */
  dataDepth: 128,
} as const;
