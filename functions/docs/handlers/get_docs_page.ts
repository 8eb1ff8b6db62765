import { isAppError } from "../../../shared/errors/mod.ts";
import { defineRawRoute, sendText } from "../../../shared/http/mod.ts";
import { fetchDocument } from "../fetch_document.ts";
import { renderPage } from "../page/render.ts";

/** GET /docs */
export const getDocsPage = defineRawRoute({
  methods: ["GET"],
  path: "/",
  operationId: "getDocsPage",
  summary: "The documentation as a page",
  description: "A guide and every operation with schemas, examples and code, to be read and tried out. It asks only " +
    "this project for anything, and loads an operation when it is opened. A hosted project without a custom domain " +
    "sends it as text/plain: use `millrace-docs.html` there.",
  tags: ["api"],
  responses: {
    200: { description: "The page", contentType: "text/html" },
    304: { description: "You have it already" },
  },
}, async (c) => {
  const { env } = c.var.request;
  const document = await fetchDocument(env).catch((error: unknown) => {
    if (!isAppError(error)) throw error;
    // The page comes all the same, and says what is missing.
    return { problem: error.detail ?? error.message };
  });
  const { html, tag, policy } = await renderPage(
    "site" in document ? { site: document.site } : { site: null, ...document },
    env.functionsUrl,
  );
  c.header("Content-Security-Policy", policy);
  c.header("Referrer-Policy", "no-referrer");
  return await sendText(c, { text: html, tag, contentType: "text/html; charset=utf-8", cacheControl: "no-cache" });
});
