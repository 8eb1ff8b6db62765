import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import { queueMails } from "../mail/mod.ts";
import { defineJob } from "./define_job.ts";

const payload = z.object({
  secret_id: z.uuid(),
  kind: z.enum(["expiry", "rotation"]),
  due_at: z.string(),
  days_before: z.int(),
});

/** What `engine.get_secret_warning` gives. */
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
  async run({ secret_id, kind, due_at, days_before }, { env, signal, organizationId }) {
    const warning = await rpc<Warning | null>(
      adminClient(env),
      "get_secret_warning",
      { p_secret_id: secret_id, p_kind: kind, p_due_at: due_at },
      { schema: "engine", signal },
    );
    // Deleted, prolonged, or given a new value since it was queued.
    if (warning === null || warning.to.length === 0) return { skipped: "nobody_to_tell" };
    const { to: owners, flows, ...data } = warning;
    return await queueMails(
      env,
      owners.map((to) => ({
        organizationId,
        template: "secret_warning",
        to,
        data: { ...data, kind, due_at, flows: flows.slice(0, 200) },
        key: `${secret_id}:${kind}:${due_at}:${days_before}:${to}`,
      })),
      signal,
    );
  },
});
