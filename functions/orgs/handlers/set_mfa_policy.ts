import { z } from "zod";
import { defineRoute, etag, idParams, ifMatchHeaders, readIfMatch } from "../../../shared/http/mod.ts";
import { mfaPolicy } from "../schemas.ts";
import { saveMfaPolicy } from "../security_queries.ts";

const body = z.strictObject({ require_mfa: mfaPolicy }).meta({ examples: [{ require_mfa: "off" }] });

const schema = z.strictObject({ organization_id: z.uuid(), require_mfa: mfaPolicy, version: z.int() })
  .meta({ id: "MfaPolicy", description: "When members need a second factor" });

/** PUT /orgs/:id/mfa-policy */
export const setMfaPolicy = defineRoute({
  method: "put",
  path: "/:id/mfa-policy",
  operationId: "setMfaPolicy",
  summary: "Say when members need a second factor",
  description: "`off`: those who have one, for sensitive operations. `sensitive`: everybody, for these. `always`: " +
    "everybody, for all but seeing that the organization exists. For more than `off` your own session must have shown " +
    "its second factor.",
  tags: ["organizations"],
  access: { user: "org:own" },
  organizationParam: "id",
  request: { params: idParams, headers: ifMatchHeaders, body },
  responses: {
    200: { description: "The policy as it is now", schema, headers: { ETag: "The organization's version" } },
  },
  errors: ["version_mismatch", "mfa_required"],
}, async (c, { body }) => {
  const policy = await saveMfaPolicy(c.var.request, body.require_mfa, readIfMatch(c));
  c.header("ETag", etag(policy.version));
  return policy;
});
