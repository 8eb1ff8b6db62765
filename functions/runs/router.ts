import { createRouter } from "../../shared/http/mod.ts";
import { cancelRun } from "./handlers/cancel_run.ts";
import { decideStep } from "./handlers/decide_step.ts";
import { deleteRun } from "./handlers/delete_run.ts";
import { getLatestRun } from "./handlers/get_latest_run.ts";
import { getRun } from "./handlers/get_run.ts";
import { getRunStatus } from "./handlers/get_run_status.ts";
import { listRunSteps } from "./handlers/list_run_steps.ts";
import { listRuns } from "./handlers/list_runs.ts";
import { listWaiting } from "./handlers/list_waiting.ts";
import { pauseRun } from "./handlers/pause_run.ts";
import { resumeRun } from "./handlers/resume_run.ts";
import { retryRun } from "./handlers/retry_run.ts";
import { signalRun } from "./handlers/signal_run.ts";
import { startRun } from "./handlers/start_run.ts";
import { watchRun } from "./handlers/watch_run.ts";

/** The routes below /runs. */
export const router = createRouter("runs", [
  startRun,
  listRuns,
  getLatestRun,
  listWaiting,
  getRun,
  deleteRun,
  getRunStatus,
  listRunSteps,
  watchRun,
  pauseRun,
  resumeRun,
  cancelRun,
  signalRun,
  decideStep,
  retryRun,
]);
