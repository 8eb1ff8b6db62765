/**
 * Runs, as every function shows and starts them.
 *
 * @module
 */
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
