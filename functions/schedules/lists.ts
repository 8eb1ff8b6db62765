/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { z } from "zod";
import { defineList, where } from "../../shared/http/mod.ts";
import { firingSchema, scheduleSchema } from "./schemas.ts";

/** Schedules. */
export const SCHEDULES = defineList({
  name: "schedules",
  item: scheduleSchema,
  // Ids are ordered by time, and indexed within the organization.
  sort: { created_at: "id", name: "name", updated_at: "updated_at" },
  defaultSort: "-created_at",
  filters: {
    flow_id: where.equals(z.uuid()),
    is_active: where.flag(),
    created_after: where.from({ column: "created_at" }),
    created_before: where.before({ column: "created_at" }),
    q: where.text(["name"]),
  },
});

/** What became of the due times of a schedule. */
export const FIRINGS = defineList({
  name: "schedule_firings",
  item: firingSchema,
  sort: { scheduled_for: "scheduled_for" },
  defaultSort: "-scheduled_for",
  id: "scheduled_for",
  filters: {
    outcome: where.equals(firingSchema.shape.outcome),
    is_manual: where.flag(),
    scheduled_after: where.from({ column: "scheduled_for" }),
    scheduled_before: where.before({ column: "scheduled_for" }),
  },
});
