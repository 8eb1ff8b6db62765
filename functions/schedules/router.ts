import { createRouter } from "../../shared/http/mod.ts";
import { createSchedule } from "./handlers/create_schedule.ts";
import { deleteSchedule } from "./handlers/delete_schedule.ts";
import { getSchedule } from "./handlers/get_schedule.ts";
import { listNextRuns } from "./handlers/list_next_runs.ts";
import { listScheduleHistory } from "./handlers/list_schedule_history.ts";
import { listSchedules } from "./handlers/list_schedules.ts";
import { previewSchedule } from "./handlers/preview_schedule.ts";
import { triggerSchedule } from "./handlers/trigger_schedule.ts";
import { updateSchedule } from "./handlers/update_schedule.ts";

/** When the clock starts flows. */
export const router = createRouter("schedules", [
  listSchedules,
  createSchedule,
  previewSchedule,
  getSchedule,
  updateSchedule,
  deleteSchedule,
  triggerSchedule,
  listNextRuns,
  listScheduleHistory,
]);
