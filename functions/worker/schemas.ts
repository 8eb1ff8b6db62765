import { z } from "zod";

/** The answer to a call that wakes a worker. */
export const wakeReplySchema = z.object({
  already_running: z.boolean().meta({ description: "True = a worker was awake in this isolate and goes on" }),
}).meta({ id: "WakeReply" });

/** What a turn of the clock has done. */
export const tickReportSchema = z.object({
  skipped: z.boolean().optional().meta({ description: "True = another tick is under way; nothing was done" }),
  workers_lost: z.int().optional().meta({ description: "Workers whose lease had lapsed" }),
  jobs_freed: z.int().optional().meta({ description: "Their jobs, which others may take now" }),
  runs_expired: z.int().optional().meta({ description: "Runs past their deadline, failed with run_timeout" }),
  runs_given_up: z.int().optional().meta({
    description: "Runs that lost their worker too often, failed with worker_lost",
  }),
  schedules_fired: z.int().optional().meta({ description: "Due times of schedules that were decided on" }),
  ready: z.int().optional().meta({ description: "Jobs that are due, 500 at most" }),
  workers_woken: z.int().optional().meta({ description: "Workers that were called" }),
}).meta({ id: "TickReport", description: "What a turn of the clock has done" });
