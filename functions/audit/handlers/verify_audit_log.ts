import { defineRoute } from "../../../shared/http/mod.ts";
import { verifyOrganization } from "../queries.ts";
import { auditReportSchema } from "../schemas.ts";

/** GET /audit/verify */
export const verifyAuditLog = defineRoute({
  method: "get",
  path: "/verify",
  operationId: "verifyAuditLog",
  summary: "Verify the audit log of the organization",
  description:
    "Hashes every row again, and checks that each seal continues the one before it and is signed. A log of more than " +
    "20,000 seals is for `deno task audit:verify`.",
  tags: ["audit"],
  access: { user: "audit:read" },
  rateLimit: "run",
  responses: { 200: { description: "What was proven, and what is broken", schema: auditReportSchema } },
}, async (c) => {
  const { faults, organizations: _, ...report } = await verifyOrganization(c.var.request);
  return { is_whole: faults.length === 0, faults: faults.slice(0, 100), ...report };
});
