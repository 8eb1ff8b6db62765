import { API_VERSIONS, defineRoute } from "../../../shared/http/mod.ts";
import { chosenVersionSchema } from "../version_schemas.ts";

/** GET /api/v1/version */
export const getApiVersion = defineRoute({
  method: "get",
  path: "/v1/version",
  operationId: "getApiVersion",
  summary: "Which version of the API you use",
  description: "What `Millrace-Version` says, else what your key or organization is pinned to, else the latest.",
  tags: ["api"],
  access: { user: "any" },
  responses: { 200: { description: "The version", schema: chosenVersionSchema } },
}, (c) => {
  const { apiVersion: version, pinnedVersion: pinned } = c.var.request;
  return { version, pinned, latest: API_VERSIONS.at(-1)?.version ?? version };
});
