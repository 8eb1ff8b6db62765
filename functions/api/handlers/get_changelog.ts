import { API_VERSIONS, defineRoute } from "../../../shared/http/mod.ts";
import { CHANGELOG } from "../version_schemas.ts";

/** GET /api/v1/changelog */
export const getChangelog = defineRoute({
  method: "get",
  path: "/v1/changelog",
  operationId: "getChangelog",
  summary: "The change log",
  description: "The versions of the API, the newest first: what each changed, and which are on their way out.",
  tags: ["api"],
  access: { public: true },
  list: CHANGELOG,
  cache: { kind: "static", maxAgeSeconds: 300, staleWhileRevalidateSeconds: 3600 },
  responses: { 200: { description: "A page of versions", schema: CHANGELOG.page() } },
}, (c, { query }) => {
  const entries = API_VERSIONS.map(({ version, title, changes, deprecatedAt, sunsetAt }) => ({
    version,
    title,
    changes: changes.map(({ description, operations }) => ({ description, operations: [...operations] })),
    deprecated_at: deprecatedAt ?? null,
    sunset_at: sunsetAt ?? null,
  }));
  return CHANGELOG.pageOf(entries, c.var.request, query);
});
