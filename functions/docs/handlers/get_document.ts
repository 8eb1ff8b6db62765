import { defineRawRoute, sendText } from "../../../shared/http/mod.ts";
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
  return await sendText(c, {
    text: json,
    tag,
    contentType: "application/json; charset=utf-8",
    cacheControl: "public, max-age=60",
  });
});
