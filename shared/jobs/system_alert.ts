import { z } from "zod";
import { escapeHtml, oneLine } from "./_mail.ts";
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
  async run(alert, { providers, signal }) {
    if (providers.email.name === "none") return { skipped: "email_is_not_set_up" };
    const { id } = await providers.email.send(
      { ...compose(alert), to: [alert.to] },
      { idempotencyKey: `alert:${alert.alert_id}:${alert.event}`, signal },
    );
    return { message_id: id };
  },
});

function compose({ event, task, failures, error, opened_at }: z.infer<typeof payload>) {
  const times = failures === 1 ? "once" : `${failures} times in a row`;
  const lines = event === "failed"
    ? [
      `The system task ${task} has failed ${times}.`,
      `The last error: ${oneLine(`${error.code ?? "unknown"}: ${error.message ?? ""}`, 1_000)}`,
      "There will be no further mail before it has completed again. What it does, its history and how to start it by " +
      "hand: GET /jobs/tasks, GET /jobs/tasks/" + task + "/history, POST /jobs/tasks/" + task + "/run.",
    ]
    : [`The system task ${task} works again. It had failed ${times}; the alert was raised at ${opened_at}.`];
  return {
    subject: oneLine(event === "failed" ? `Millrace: ${task} fails` : `Millrace: ${task} works again`),
    text: lines.join("\n\n"),
    html: lines.map((line) => `<p>${escapeHtml(line)}</p>`).join("\n"),
  };
}
