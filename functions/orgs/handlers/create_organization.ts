import {
  defineRoute,
  etag,
  idempotencyHeaders,
  readIdempotencyKey,
  reply,
  resourceUrl,
} from "../../../shared/http/mod.ts";
import { insertOrganization } from "../queries.ts";
import { newOrganizationSchema, organizationSchema } from "../schemas.ts";
import { CREATED_HEADERS } from "./_headers.ts";

/** POST /orgs */
export const createOrganization = defineRoute({
  method: "post",
  path: "/",
  operationId: "createOrganization",
  summary: "Create an organization",
  description: "On the plan free, with a default workspace; you own it. A person may own ten of that plan.",
  tags: ["organizations"],
  access: { user: "any" },
  personOnly: true,
  request: { headers: idempotencyHeaders, body: newOrganizationSchema },
  responses: { 201: { description: "The new organization", schema: organizationSchema, headers: CREATED_HEADERS } },
  errors: ["conflict", "plan_limit_reached", "idempotency_mismatch"],
}, async (c, { body }) => {
  const organization = await insertOrganization(c.var.request.db, body, readIdempotencyKey(c));
  const headers = { ETag: etag(organization.version), Location: resourceUrl(c, "orgs", organization.id) };
  return reply(201, organization, headers);
});
