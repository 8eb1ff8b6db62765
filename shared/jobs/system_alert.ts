import { z } from "zod";
import { queueMails } from "../mail/mod.ts";
import { defineJob } from "./define_job.ts";

const payload = z.object({
  alert_id: z.uuid(),
  event: z.enum(["failed", "recovered"]),
  to: z.email(),
  task: z.string(),
  failures: z.int(),
  error: z.object({ code: z.string().nullish(), message: z.string().nullish() }),
  opened_at: z.string(),
});

/** Tells the operators that a system task fails, or that it has recovered: one mail each for an alert. */
export const systemAlert = defineJob({
  type: "system.alert",
  summary: "Mails the operators that a system task fails, or that it works again.",
  payload,
  maxAttempts: 10,
  retry: { minMs: 10_000, maxMs: 1_800_000, factor: 3 },
  async run({ alert_id, event, to, task, failures, error, opened_at }, { env, signal }) {
    const hasFailed = event === "failed";
    return await queueMails(env, [{
      organizationId: null,
      template: "alert",
      to,
      data: {
        title: hasFailed ? `The task ${task} fails` : `The task ${task} works again`,
        level: event,
        message: hasFailed
          ? "The system task could not do its work. It is tried again by the clock; one mail more comes when it works."
          : "The system task has completed again.",
        detail: hasFailed ? `${error.code ?? "error"}: ${error.message ?? "no message"}` : null,
        facts: [{ name: "Task", value: task }, { name: "Failures in a row", value: String(failures) }],
        at: opened_at,
        reason: "You get this as the operator of this deployment.",
      },
      key: `${alert_id}:${event}`,
    }], signal);
  },
});
