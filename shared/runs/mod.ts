/**
 * Runs, as every function shows and starts them.
 *
 * @module
 */
export {
  bulkCountSchema,
  type BulkOperation,
  bulkOperationSchema,
  countBulkOperation,
  insertBulkOperation,
  type NewBulkOperation,
} from "./bulk.ts";
export { findRun, findRunState, type StoredRun, toRunDetails } from "./queries.ts";
export { runInline } from "./run_inline.ts";
export * from "./schemas.ts";
export {
  dryRunSchema,
  startGraph,
  type StartGraphArgs,
  startRun,
  type StartRunArgs,
  startRunResponses,
  waitQuery,
} from "./start_run.ts";
