import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import type { Env } from "../env/mod.ts";
import { createGuardedHttpProvider, type HttpProvider } from "../providers/mod.ts";
import { keyringOf } from "../secrets/mod.ts";
import { sendBatch, type WebhookBatch } from "../webhooks_out/mod.ts";
import { type AnyJob, defineJob } from "./define_job.ts";
import { JobError } from "./job_error.ts";

/** What the job needs of the outside. */
export interface WebhookDeliverOptions {
  /** Not that of nodes: each endpoint has a breaker of its own, in the database, which all workers see. */
  http(env: Env): HttpProvider;
  /** Calls a function of the schema engine. */
  call<T>(env: Env, name: string, args: Record<string, unknown>): Promise<T>;
}

const OPTIONS: WebhookDeliverOptions = {
  http: ({ egressAllow }) => createGuardedHttpProvider({ egressAllow }),
  // Not ended with the job: what was sent has to be written down.
  call: (env, name, args) => rpc(adminClient(env), name, args, { schema: "engine" }),
};

/** Makes the job of sending one batch to one endpoint. The next batch is another job, so that a worker is soon free. */
export function createWebhookDeliver(options: WebhookDeliverOptions = OPTIONS): AnyJob {
  return defineJob({
    type: "webhook.deliver",
    summary: "Sends what is due to the address of a webhook subscription, one batch at once.",
    payload: z.object({ subscription_id: z.uuid() }),
    timeoutMs: 30_000,
    retry: { minMs: 1_000, maxMs: 300_000 },
    keep: "failures",
    async run({ subscription_id }, { env, signal }) {
      const keyring = keyringOf(env);
      if (keyring === null) {
        throw new JobError("Webhooks cannot be signed here: MILLRACE_MASTER_KEYS is missing", {
          code: "secrets_not_set_up",
        });
      }
      const lease = crypto.randomUUID();
      const p_subscription_id = subscription_id;
      const batch = await options.call<WebhookBatch>(env, "begin_webhook_batch", { p_subscription_id, p_lease: lease });
      if (batch.deliveries.length === 0) return { sent: 0 };
      const results = await sendBatch(batch, { http: options.http(env), keyring, signal });
      return await options.call<{ recorded: number }>(env, "end_webhook_batch", {
        p_subscription_id,
        p_lease: lease,
        p_results: results,
      });
    },
  });
}

/** Sends deliveries of webhooks. */
export const webhookDeliver = createWebhookDeliver();
