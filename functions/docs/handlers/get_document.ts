import { defineRawRoute, isNotModified } from "../../../shared/http/mod.ts";
import { fetchDocument } from "../fetch_document.ts";

/** GET /docs/openapi.json */
export const getDocument = defineRawRoute({
  methods: ["GET"],
  path: "/openapi.json",
  operationId: "getDocument",
  summary: "The OpenAPI document",
  description: "The document that `api` makes, kept for a minute. Takes no credentials.",
  tags: ["api"],
  responses: {
    200: { description: "The document", contentType: "application/json" },
    304: { description: "You have it already" },
  },
}, async (c) => {
  const { json, tag } = await fetchDocument(c.var.request.env);
  const headers = { "Cache-Control": "public, max-age=60", ...(tag === null ? {} : { ETag: tag }) };
  if (tag !== null && isNotModified(c, tag)) return c.body(null, 304, headers);
  return c.body(json, 200, { ...headers, "Content-Type": "application/json; charset=utf-8" });
});
