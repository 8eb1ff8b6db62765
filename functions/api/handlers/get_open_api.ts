import { defineRawRoute, sendText } from "../../../shared/http/mod.ts";
import { renderDocument } from "../open_api.ts";

/** GET /api/v1/openapi.json */
export const getOpenApi = defineRawRoute({
  methods: ["GET"],
  path: "/v1/openapi.json",
  operationId: "getOpenApi",
  summary: "The OpenAPI document",
  description:
    "Every operation of every function, made from the code that serves it: OpenAPI 3.1. Takes no credentials.",
  tags: ["api"],
  responses: {
    200: { description: "The document", contentType: "application/json" },
    304: { description: "You have it already" },
  },
}, async (c) => {
  const { json, tag } = await renderDocument(c.var.request.env);
  return await sendText(c, {
    text: json,
    tag,
    contentType: "application/json; charset=utf-8",
    cacheControl: "public, max-age=60",
  });
});
