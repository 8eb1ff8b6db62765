import { isAppError } from "../../../shared/errors/mod.ts";
import { defineRawRoute } from "../../../shared/http/mod.ts";
import { fetchDocument } from "../fetch_document.ts";
import { renderPage } from "../page/render.ts";

/** GET /docs */
export const getDocsPage = defineRawRoute({
  methods: ["GET"],
  path: "/",
  operationId: "getDocsPage",
  summary: "The documentation as a page",
  description: "Every operation with schemas, examples and code, to be read and tried out. The page is one file that " +
    "needs nothing else: it can be saved and opened. A hosted project without a custom domain sends it as text/plain; " +
    "save it there with `curl -o docs.html` and open the file.",
  tags: ["api"],
  responses: { 200: { description: "The page", contentType: "text/html" } },
}, async (c) => {
  const document = await fetchDocument(c.var.request.env).catch((error: unknown) => {
    if (!isAppError(error)) throw error;
    // The page comes all the same, and says what is missing.
    return { problem: error.detail ?? error.message };
  });
  const { html, policy } = await renderPage("json" in document ? document : { json: null, ...document });
  return c.body(html, 200, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": policy,
    "Cache-Control": "no-cache",
  });
});
