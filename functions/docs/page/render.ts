import { toBase64 } from "../../../shared/bytes/mod.ts";
import { BODY } from "./body.ts";
import { SCRIPT } from "./script/mod.ts";
import { STYLE } from "./style.ts";

/** What a page is made of. */
export interface PageContent {
  /** The OpenAPI document as JSON, null when there is none. */
  readonly json: string | null;
  /** Why there is none. */
  readonly problem?: string;
}

/** A page, and the only content that a browser may run in it. */
export interface Page {
  readonly html: string;
  /** Content-Security-Policy: our own style and script by their hashes, and calls to wherever the API is. */
  readonly policy: string;
}

let policy: Promise<string> | undefined;

/** Makes the page: one file with style, script and document inside. */
export async function renderPage({ json, problem }: PageContent): Promise<Page> {
  const data = json ?? JSON.stringify({ problem: problem ?? "There is no document" });
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Millrace API</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
${BODY}
<script type="application/json" id="document">${escapeScript(data)}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
  policy ??= makePolicy();
  return { html, policy: await policy };
}

/** Inside a script element only `<` can end it or begin a comment. */
function escapeScript(json: string): string {
  return json.replaceAll("<", "\\u003c");
}

async function makePolicy(): Promise<string> {
  return [
    "default-src 'none'",
    `style-src '${await hashOf(STYLE)}'`,
    `script-src '${await hashOf(SCRIPT)}'`,
    "connect-src http: https:",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${toBase64(new Uint8Array(digest))}`;
}
