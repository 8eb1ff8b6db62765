import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import { defineJob } from "./define_job.ts";
import { NonRetryable } from "./job_error.ts";

/** Makes deliveries of the events of an organization that have none yet. */
export const webhookSendOn = defineJob({
  type: "webhook.send_on",
  summary: "Makes deliveries of new events, one for each subscription that they fit.",
  payload: z.unknown(),
  timeoutMs: 60_000,
  retry: { minMs: 500, maxMs: 60_000 },
  keep: "failures",
  async run(_payload, { env, organizationId, signal }) {
    if (organizationId === null) {
      throw new NonRetryable("Only organizations have webhooks", { code: "no_organization" });
    }
    let deliveries = 0;
    for (let more = true; more && !signal.aborted;) {
      const made = await rpc<{ deliveries: number; more: boolean }>(
        adminClient(env),
        "send_webhooks_on",
        { p_organization_id: organizationId },
        { schema: "engine", signal },
      );
      deliveries += made.deliveries;
      more = made.more;
    }
    return { deliveries };
  },
});
