import { z } from "zod";
import { jsonSchema } from "../../shared/http/mod.ts";

const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

const name = z.string().min(1).max(200);
const cron = z.string().min(1).max(200).meta({
  description:
    "Minute, hour, day of month, month, day of week; or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`",
  examples: ["30 2 * * *", "0 9 * * MON-FRI", "0 9 L * *"],
});
const timezone = z.string().min(1).max(64).meta({
  description: "A time zone of the IANA database: the clock that `cron` is read off",
  examples: ["Europe/Berlin"],
});
const startsAt = timestamp.nullable().meta({ description: "Nothing is due before; null = from now on" });
const endsAt = timestamp.nullable().meta({ description: "Nothing is due after; null = for ever" });
const jitterSeconds = z.int().min(0).max(3600).meta({
  description: "It fires up to so many seconds after each due time, by an amount that is fixed for each",
});
const missedPolicy = z.enum(["skip", "run_once", "run_all"]).meta({
  description: "For due times that passed by more than a minute while nobody was there to fire: none of them, the " +
    "newest, or the newest `missed_limit`",
});
const missedLimit = z.int().min(1).max(100);
const overlapPolicy = z.enum(["allow", "skip", "queue", "cancel_previous"]).meta({
  description: "While a run of this schedule is under way: start another, skip, start when it has ended, or cancel it",
});
const input = jsonSchema.meta({ description: "What the trigger gives as `input`, 64 KiB at most; {} when absent" });
const triggerNode = z.string().min(1).max(64);
const isActive = z.boolean().meta({ description: "False = switched off" });

/** A new schedule. */
export const newScheduleSchema = z.strictObject({
  flow_id: z.uuid().meta({ description: "The flow that it starts" }),
  name,
  cron,
  timezone: timezone.default("UTC"),
  starts_at: startsAt.optional(),
  ends_at: endsAt.optional(),
  jitter_seconds: jitterSeconds.default(0),
  missed_policy: missedPolicy.default("skip"),
  missed_limit: missedLimit.default(10),
  overlap_policy: overlapPolicy.default("skip"),
  input: input.optional(),
  trigger_node: triggerNode.nullable().optional().meta({
    description: "Id of the trigger to start at; the first trigger.schedule when absent",
  }),
  is_active: isActive.default(true),
}).meta({
  id: "NewSchedule",
  examples: [{
    flow_id: "0193a000-0000-7000-8000-000000000001",
    name: "Nightly report",
    cron: "30 2 * * *",
    timezone: "Europe/Berlin",
    missed_policy: "run_once",
    overlap_policy: "queue",
  }],
});

/** Changes of a schedule. */
export const scheduleChangesSchema = z.strictObject({
  flow_id: z.uuid().optional(),
  name: name.optional(),
  cron: cron.optional(),
  timezone: timezone.optional(),
  starts_at: startsAt.optional(),
  ends_at: endsAt.optional(),
  jitter_seconds: jitterSeconds.optional(),
  missed_policy: missedPolicy.optional(),
  missed_limit: missedLimit.optional(),
  overlap_policy: overlapPolicy.optional(),
  input: input.optional(),
  trigger_node: triggerNode.nullable().optional(),
  is_active: isActive.optional(),
}).meta({ id: "ScheduleChanges", examples: [{ is_active: false }] });

/** A timing to be tried out. */
export const previewSchema = z.strictObject({
  cron,
  timezone: timezone.default("UTC"),
  starts_at: startsAt.optional(),
  ends_at: endsAt.optional(),
  after: timestamp.optional().meta({ description: "Due times later than this; now when absent" }),
  count: z.int().min(1).max(100).default(10),
}).meta({ id: "SchedulePreview", examples: [{ cron: "30 2 * * *", timezone: "Europe/Berlin", count: 5 }] });

/** A schedule. */
export const scheduleSchema = z.object({
  id: z.uuid(),
  organization_id: z.uuid(),
  flow_id: z.uuid(),
  name: z.string(),
  cron: z.string(),
  timezone: z.string(),
  starts_at: timestamp.nullable(),
  ends_at: timestamp.nullable(),
  jitter_seconds: z.int(),
  missed_policy: missedPolicy,
  missed_limit: z.int(),
  overlap_policy: overlapPolicy,
  input: jsonSchema,
  trigger_node: z.string().nullable().meta({ description: "Null = the first trigger.schedule" }),
  is_active: z.boolean(),
  next_at: timestamp.nullable().meta({ description: "The next due time; null = switched off or over" }),
  fire_at: timestamp.nullable().meta({ description: "When that one fires: due time and jitter" }),
  queued_count: z.int().meta({ description: "Due times that wait for a run to end" }),
  last_run_id: z.uuid().nullable(),
  last_fired_at: timestamp.nullable(),
  created_by: z.uuid().nullable(),
  version: z.int().meta({ description: "Raised by every change of the settings; the ETag" }),
  created_at: timestamp,
  updated_at: timestamp,
}).meta({ id: "Schedule", description: "When the clock starts a flow" });

/** A due time to come. */
const dueTimeSchema = z.object({
  due_at: timestamp,
  local_time: z.string().meta({
    description: "The same moment on the clock of the time zone",
    examples: ["2026-03-29T03:00:00+02:00"],
  }),
  fire_at: timestamp.meta({ description: "When it fires: due time and jitter" }),
}).meta({ id: "DueTime" });

/** Due times to come. */
export const dueTimesSchema = z.object({ data: z.array(dueTimeSchema) }).meta({ id: "DueTimes" });

/** What became of a due time. */
export const firingSchema = z.object({
  scheduled_for: timestamp.meta({ description: "The due time; by hand, when it was asked for" }),
  fired_at: timestamp.meta({ description: "When it was decided, or left the queue" }),
  outcome: z.enum(["started", "queued", "skipped_overlap", "skipped_missed", "refused"]),
  reason: z.string().nullable().meta({
    description: "Why: `flow_inactive`, `flow_deleted`, `organization_suspended`, `queue_full`, `switched_off`, " +
      "`missed_policy`, the code of what refused the run; of a start `missed` or `queued` when it came late",
  }),
  run_id: z.uuid().nullable(),
  is_manual: z.boolean().meta({ description: "True = by hand" }),
  triggered_by: z.uuid().nullable(),
}).meta({ id: "ScheduleFiring", description: "What became of a due time" });

/** A start by hand. */
export const triggeredSchema = z.object({ schedule_id: z.uuid(), scheduled_for: timestamp, run_id: z.uuid() })
  .meta({ id: "TriggeredSchedule" });

/** A new schedule. */
export type NewSchedule = z.infer<typeof newScheduleSchema>;
/** Changes of a schedule. */
export type ScheduleChanges = z.infer<typeof scheduleChangesSchema>;
/** A schedule. */
export type Schedule = z.infer<typeof scheduleSchema>;
/** A due time to come. */
export type DueTime = z.infer<typeof dueTimeSchema>;
/** What became of a due time. */
export type Firing = z.infer<typeof firingSchema>;
/** A start by hand. */
export type Triggered = z.infer<typeof triggeredSchema>;
