import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import { escapeHtml, oneLine } from "./_mail.ts";
import { defineJob } from "./define_job.ts";

/** Receivers that the e-mail service takes in one message. */
const MAX_RECEIVERS = 50;

const payload = z.object({
  secret_id: z.uuid(),
  kind: z.enum(["expiry", "rotation"]),
  due_at: z.string(),
  days_before: z.int(),
});

interface Warning {
  readonly name: string;
  readonly organization: string;
  readonly expired: boolean;
  readonly flows: readonly { readonly id: string; readonly name: string }[];
  readonly to: readonly string[];
}

/** Mails the owners of an organization that a secret expires, has expired, or should get a new value. */
export const secretWarning = defineJob({
  type: "secret.warning",
  summary: "Mails the owners that a secret expires or should be rotated.",
  payload,
  maxAttempts: 8,
  retry: { minMs: 30_000, maxMs: 3_600_000, factor: 3 },
  keep: "failures",
  async run(due, { env, providers, signal }) {
    if (providers.email.name === "none") return { skipped: "email_is_not_set_up" };
    const { secret_id, kind, due_at, days_before } = due;
    const warning = await rpc<Warning | null>(
      adminClient(env),
      "get_secret_warning",
      { p_secret_id: secret_id, p_kind: kind, p_due_at: due_at },
      { schema: "engine", signal },
    );
    // Deleted, prolonged, or given a new value since it was queued.
    if (warning === null || warning.to.length === 0) return { skipped: "nobody_to_tell" };
    const { id } = await providers.email.send(
      { ...compose(warning, due), to: warning.to.slice(0, MAX_RECEIVERS) },
      { idempotencyKey: `secret:${secret_id}:${kind}:${due_at}:${days_before}`, signal },
    );
    return { message_id: id };
  },
});

function compose({ name, organization, expired, flows }: Warning, { kind, due_at }: z.infer<typeof payload>) {
  const date = due_at.slice(0, 10);
  const subject = kind === "rotation"
    ? `The secret ${name} should get a new value`
    : expired
    ? `The secret ${name} has expired`
    : `The secret ${name} expires on ${date}`;
  const users = flows.length === 0
    ? "No flow uses it at the moment."
    : `Flows that use it: ${flows.map((flow) => oneLine(flow.name)).join(", ")}.`;
  const lines = [
    `${subject} (${oneLine(organization)}).`,
    kind === "rotation"
      ? `Its value was to be changed by ${date}. Flows go on with the present one.`
      : expired
      ? "Steps that use it fail with secret_expired until it gets a new value and another date."
      : "From then on steps that use it fail with secret_expired. Give it a new value and another date before.",
    users,
  ];
  return {
    subject: oneLine(`Millrace: ${subject}`),
    text: lines.join("\n\n"),
    html: lines.map((line) => `<p>${escapeHtml(line)}</p>`).join("\n"),
  };
}
