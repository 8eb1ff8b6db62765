import { z } from "zod";
import { AuditBrokenError, requestProofKey, signAudit } from "../audit/mod.ts";
import { toHex } from "../bytes/mod.ts";
import { adminClient, rpc } from "../db/mod.ts";
import { defineJob } from "./define_job.ts";
import { NonRetryable } from "./job_error.ts";

/** The job that the system task `audit-seal` asks for when there is something to sign. */
export const auditSign = defineJob({
  type: "audit.sign",
  summary: "Signs the seals of the audit log that are not signed yet.",
  payload: z.unknown(),
  timeoutMs: 60_000,
  keep: "failures",
  run: async (_payload, { env, signal }) => {
    // So that the database knows our own requests from those who only say they are: told again when the key changed.
    const key = toHex(await requestProofKey(env.secretKeys.default));
    await rpc(adminClient(env), "set_request_proof_key", { p_key: key }, { schema: "engine", signal });
    try {
      return { signed: await signAudit(adminClient(env), env, signal) };
    } catch (error) {
      if (error instanceof AuditBrokenError) throw new NonRetryable(error.message, { code: "audit_broken" });
      throw error;
    }
  },
});
