import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import { queueMails } from "../mail/mod.ts";
import { defineJob } from "./define_job.ts";

/** What `engine.get_approval_request` gives. */
interface ApprovalRequest {
  readonly organization_id: string;
  /** Run, node and scope. */
  readonly key: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Addresses of who may decide. */
  readonly to: readonly string[];
}

/** Tells who may decide that a run waits for them. */
export const approvalMail = defineJob({
  type: "approval.mail",
  summary: "Mails those who may decide that a run waits for an approval.",
  payload: z.object({ run_id: z.uuid(), node_id: z.string(), scope: z.string().default("") }),
  maxAttempts: 8,
  retry: { minMs: 5_000, maxMs: 1_800_000, factor: 3 },
  keep: "failures",
  async run({ run_id, node_id, scope }, { env, signal }) {
    const request = await rpc<ApprovalRequest | null>(
      adminClient(env),
      "get_approval_request",
      { p_run_id: run_id, p_node_id: node_id, p_scope: scope },
      { schema: "engine", signal },
    );
    if (request === null || request.to.length === 0) return { skipped: "nobody_to_tell" };
    const { organization_id, key, data, to: deciders } = request;
    return await queueMails(
      env,
      deciders.map((to) => ({
        organizationId: organization_id,
        template: "approval_request",
        to,
        data,
        key: `${key}:${to}`.slice(0, 300),
      })),
      signal,
    );
  },
});
