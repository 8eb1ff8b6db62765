import { createRouter } from "../../shared/http/mod.ts";
import { cancelBulkOperation } from "./handlers/cancel_bulk_operation.ts";
import { cancelRun } from "./handlers/cancel_run.ts";
import { createBulkOperation } from "./handlers/create_bulk_operation.ts";
import { decideStep } from "./handlers/decide_step.ts";
import { deleteRun } from "./handlers/delete_run.ts";
import { executeGraph } from "./handlers/execute_graph.ts";
import { explainRun } from "./handlers/explain_run.ts";
import { getBulkOperation } from "./handlers/get_bulk_operation.ts";
import { getLatestRun } from "./handlers/get_latest_run.ts";
import { getRunArchive } from "./handlers/get_run_archive.ts";
import { getRun } from "./handlers/get_run.ts";
import { getRunStatus } from "./handlers/get_run_status.ts";
import { getStepOutput } from "./handlers/get_step_output.ts";
import { listBulkOperations } from "./handlers/list_bulk_operations.ts";
import { listRunSteps } from "./handlers/list_run_steps.ts";
import { listRunArchives } from "./handlers/list_run_archives.ts";
import { listRuns } from "./handlers/list_runs.ts";
import { listWaiting } from "./handlers/list_waiting.ts";
import { pauseRun } from "./handlers/pause_run.ts";
import { replayRun } from "./handlers/replay_run.ts";
import { rerunRun } from "./handlers/rerun_run.ts";
import { resumeRun } from "./handlers/resume_run.ts";
import { retryRun } from "./handlers/retry_run.ts";
import { retryStep } from "./handlers/retry_step.ts";
import { signalRun } from "./handlers/signal_run.ts";
import { startRun } from "./handlers/start_run.ts";
import { watchRun } from "./handlers/watch_run.ts";

/** The routes below /runs. */
export const router = createRouter("runs", [
  startRun,
  executeGraph,
  listRuns,
  getLatestRun,
  listWaiting,
  createBulkOperation,
  listBulkOperations,
  getBulkOperation,
  cancelBulkOperation,
  listRunArchives,
  getRunArchive,
  getRun,
  deleteRun,
  getRunStatus,
  listRunSteps,
  getStepOutput,
  watchRun,
  explainRun,
  pauseRun,
  resumeRun,
  cancelRun,
  signalRun,
  decideStep,
  retryStep,
  retryRun,
  rerunRun,
  replayRun,
]);
