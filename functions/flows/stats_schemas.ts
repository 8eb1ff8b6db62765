import { z } from "zod";

const date = z.iso.date().meta({ examples: ["2026-11-20"] });
const count = z.int().min(0);

const numbers = {
  executions: count.meta({ description: "Runs that were started, dry runs not counted" }),
  by_status: z.strictObject({
    queued: count,
    running: count,
    paused: count,
    compensating: count,
    completed: count,
    failed: count,
    cancelled: count,
    compensated: count,
    compensation_failed: count,
  }).meta({ description: "The same runs by what has become of them" }),
  success_rate: z.number().min(0).max(1).nullable().meta({
    description:
      "Completed runs as a part of those that completed, failed or were compensated; null when there is none of them. " +
      "Cancelled runs are neither",
    examples: [0.9875],
  }),
  average_duration_ms: z.number().nullable().meta({
    description: "From the first work to the end, waits included; null when no run that was begun has ended",
  }),
  p95_duration_ms: z.number().nullable().meta({
    description: "19 of 20 took no longer: right to within a fifth, as it comes from a histogram",
  }),
};

const range = {
  executions_today: count.meta({ description: "Runs that were started since midnight, UTC" }),
  from: date.meta({ description: "The first day that counts" }),
  to: date.meta({ description: "The last one: today" }),
  timezone: z.literal("UTC").meta({ description: "In which days begin and end" }),
};

/** The numbers of an organization. */
export const statsSchema = z.strictObject({
  total_flows: count,
  active_flows: count,
  ...range,
  ...numbers,
}).meta({ id: "Stats", description: "Over 7 days, today and the six before, unless something else is said" });

/** The numbers of a flow. */
export const flowStatsSchema = z.strictObject({
  flow_id: z.uuid(),
  ...range,
  ...numbers,
  series: z.array(z.strictObject({ day: date, ...numbers })).meta({ description: "Day by day, the oldest first" }),
}).meta({ id: "FlowStats" });

/** The numbers of an organization. */
export type Stats = z.output<typeof statsSchema>;
/** The numbers of a flow. */
export type FlowStats = z.output<typeof flowStatsSchema>;
