import { openPortal } from "../../../shared/billing/mod.ts";
import { defineRoute } from "../../../shared/http/mod.ts";
import { billingOf, returnUrl, SYNC_REASON } from "../billing_context.ts";
import { portalReplySchema, portalSchema } from "../schemas.ts";

/** POST /billing/portal */
export const openPortalPage = defineRoute({
  method: "post",
  path: "/portal",
  operationId: "openPortal",
  summary: "Open Stripe's portal",
  description: "Means of payment, address and invoices. The page is for whoever has its address: send it nowhere else.",
  tags: ["billing"],
  access: { user: "billing:write" },
  sensitive: true,
  admin: SYNC_REASON,
  rateLimit: "run",
  request: { body: portalSchema },
  responses: { 200: { description: "The page, good for a few minutes", schema: portalReplySchema } },
  errors: ["conflict", "billing_not_configured"],
}, async (c, { body }) => {
  const context = c.var.request;
  const billing = billingOf(context);
  const url = returnUrl(context.env, "return_url", body.return_url, "/billing");
  return { url: await openPortal(billing, context.organizationId, url) };
});
