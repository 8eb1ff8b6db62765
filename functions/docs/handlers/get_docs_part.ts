import { notFound } from "../../../shared/errors/mod.ts";
import { defineRawRoute, sendText } from "../../../shared/http/mod.ts";
import { fetchDocument } from "../fetch_document.ts";

/** GET /docs/parts/:name */
export const getDocsPart = defineRawRoute({
  methods: ["GET"],
  path: "/parts/:name",
  operationId: "getDocsPart",
  summary: "A part of the document",
  description: "What the page loads when it is opened: one operation by its id, with every component that it refers " +
    "to; `webhooks`; or `search`, the texts that are searched.",
  tags: ["api"],
  responses: {
    200: { description: "The part", contentType: "application/json" },
    304: { description: "You have it already" },
  },
  errors: ["not_found"],
}, async (c) => {
  const { parts, tag } = await fetchDocument(c.var.request.env);
  const part = parts.get(c.req.param("name") ?? "");
  if (part === undefined) throw notFound("part of the document");
  return await sendText(c, {
    text: part(),
    tag: `${tag.slice(0, -1)}-${c.req.param("name")}"`,
    contentType: "application/json; charset=utf-8",
    cacheControl: "public, max-age=60",
  });
});
