import { REQUIRED_SCHEMA } from "../../../shared/db/mod.ts";
import { defineRoute } from "../../../shared/http/mod.ts";
import { checkReady } from "../check_ready.ts";
import { listOpenBreakers, operatorsClient } from "../queries.ts";
import { type Detailed, detailedSchema } from "../schemas.ts";

/** GET /health/detailed */
export const getDetailed = defineRoute({
  method: "get",
  path: "/detailed",
  operationId: "getDetailedHealth",
  summary: "What works and what does not",
  description:
    "What `/health/ready` says, and the services outside that workers leave alone at the moment because calls to " +
    "them failed. `degraded` = one of them is a service of the platform itself, such as its e-mail. For operators.",
  tags: ["health"],
  access: { secret: true },
  responses: { 200: { description: "What was found", schema: detailedSchema } },
  errors: ["service_unavailable"],
}, async (c): Promise<Detailed> => {
  const { env } = c.var.request;
  const admin = operatorsClient(env);
  const { checks, schemaVersion } = await checkReady(env, admin, admin);
  const providers = await listOpenBreakers(env);
  const isDegraded = providers.some(({ key }) => !key.startsWith("http:"));
  return {
    status: isDegraded ? "degraded" : "ok",
    checks,
    schema: { needed: REQUIRED_SCHEMA, version: schemaVersion },
    api_keys: env.signingKey === null ? "not_set_up" : "ok",
    providers,
  };
});
