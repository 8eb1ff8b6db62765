import { defineRawRoute, sendText } from "../../../shared/http/mod.ts";
import { fetchDocument } from "../fetch_document.ts";
import { renderPage } from "../page/render.ts";

/** GET /docs/millrace-docs.html */
export const getDocsFile = defineRawRoute({
  methods: ["GET"],
  path: "/millrace-docs.html",
  operationId: "getDocsFile",
  summary: "The documentation as one file",
  description: "The page with everything inside, to be saved and opened from disk, also without a network: " +
    "`curl -o millrace-docs.html …`. Trying operations out from a file works while any site may call (`CORS_ORIGINS`).",
  tags: ["api"],
  responses: {
    200: { description: "The file", contentType: "text/html" },
    304: { description: "You have it already" },
  },
}, async (c) => {
  const { env } = c.var.request;
  const { site, json } = await fetchDocument(env);
  const { html, tag, policy } = await renderPage({ site, document: json }, env.functionsUrl);
  c.header("Content-Security-Policy", policy);
  c.header("Content-Disposition", 'attachment; filename="millrace-docs.html"');
  return await sendText(c, { text: html, tag, contentType: "text/html; charset=utf-8", cacheControl: "no-cache" });
});
