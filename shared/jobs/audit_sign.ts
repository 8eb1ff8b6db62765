import { z } from "zod";
import { AuditBrokenError, signAudit } from "../audit/mod.ts";
import { adminClient } from "../db/mod.ts";
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
    try {
      return { signed: await signAudit(adminClient(env), env, signal) };
    } catch (error) {
      if (error instanceof AuditBrokenError) throw new NonRetryable(error.message, { code: "audit_broken" });
      throw error;
    }
  },
});
