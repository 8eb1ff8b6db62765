import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import type { Json } from "../graph/mod.ts";
import { createGuardedHttpProvider } from "../providers/mod.ts";
import { keyringOf } from "../secrets/mod.ts";
import { sendBatch, type WebhookBatch } from "../webhooks_out/mod.ts";
import { defineJob } from "./define_job.ts";
import { JobError } from "./job_error.ts";

/** Sends one batch to one endpoint. The next batch is another job, so that a worker is soon free. */
export const webhookDeliver = defineJob({
  type: "webhook.deliver",
  summary: "Sends what is due to the address of a webhook subscription, one batch at once.",
  payload: z.object({ subscription_id: z.uuid() }),
  timeoutMs: 30_000,
  retry: { minMs: 1_000, maxMs: 300_000 },
  keep: "failures",
  async run({ subscription_id: p_subscription_id }, { env, signal }) {
    const keyring = keyringOf(env);
    if (keyring === null) {
      throw new JobError("Webhooks cannot be signed here: MILLRACE_MASTER_KEYS is missing", {
        code: "secrets_not_set_up",
      });
    }
    const db = adminClient(env);
    const p_lease = crypto.randomUUID();
    const batch = await rpc<WebhookBatch>(db, "begin_webhook_batch", { p_subscription_id, p_lease }, {
      schema: "engine",
      signal,
    });
    if (batch.deliveries.length === 0) return { sent: 0 };
    // Not the one of nodes: each endpoint has a breaker of its own, in the database, which all workers see.
    const http = createGuardedHttpProvider({ egressAllow: env.egressAllow });
    const p_results = await sendBatch(batch, { http, keyring, signal });
    // Without the signal: what was sent has to be written down.
    return await rpc<Json>(db, "end_webhook_batch", { p_subscription_id, p_lease, p_results }, { schema: "engine" });
  },
});
