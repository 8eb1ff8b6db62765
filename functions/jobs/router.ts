import { createRouter } from "../../shared/http/mod.ts";
import { cancelJob } from "./handlers/cancel_job.ts";
import { discardDeadLetter } from "./handlers/discard_dead_letter.ts";
import { discardDeadLetters } from "./handlers/discard_dead_letters.ts";
import { enqueueJobs } from "./handlers/enqueue_jobs.ts";
import { getJob } from "./handlers/get_job.ts";
import { getQueueStats } from "./handlers/get_queue_stats.ts";
import { listDeadLetters } from "./handlers/list_dead_letters.ts";
import { listJobs } from "./handlers/list_jobs.ts";
import { replayDeadLetters } from "./handlers/replay_dead_letters.ts";
import { retryJob } from "./handlers/retry_job.ts";
import { runJobNow } from "./handlers/run_job_now.ts";
import { listTaskHistory } from "./handlers/list_task_history.ts";
import { listTasks } from "./handlers/list_tasks.ts";
import { runTask } from "./handlers/run_task.ts";
import { updateTask } from "./handlers/update_task.ts";

/** The routes below /jobs. */
export const router = createRouter("jobs", [
  listJobs,
  enqueueJobs,
  getQueueStats,
  listDeadLetters,
  replayDeadLetters,
  discardDeadLetters,
  discardDeadLetter,
  // Before /jobs/:id, which they would be.
  listTasks,
  updateTask,
  listTaskHistory,
  runTask,
  getJob,
  cancelJob,
  retryJob,
  runJobNow,
]);
