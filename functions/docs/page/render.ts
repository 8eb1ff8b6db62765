import { toBase64 } from "../../../shared/bytes/mod.ts";
import type { Site } from "../split_document.ts";
import { BODY } from "./body.ts";
import { SCRIPT } from "./script/mod.ts";
import { STYLE } from "./style/mod.ts";

/** What a page is made of. */
export interface PageContent {
  /** The index of the document, null when there is none. */
  readonly site: Site | null;
  /** The whole document as JSON: then the page is a file that needs nothing else. */
  readonly document?: string;
  /** Why there is none. */
  readonly problem?: string;
}

/** A page, and the only content that a browser may run in it. */
export interface Page {
  readonly html: string;
  /** Its ETag. */
  readonly tag: string;
  /** Content-Security-Policy: our own style and script by their hashes, and calls to the project alone. */
  readonly policy: string;
}

let hashes: Promise<readonly [style: string, script: string]> | undefined;

/**
 * Makes the page.
 *
 * @param functionsUrl The only address besides its own that the page may call: keys that are entered go nowhere else.
 */
export async function renderPage(
  { site, document, problem }: PageContent,
  functionsUrl: string,
): Promise<Page> {
  const policy = await makePolicy(new URL(functionsUrl).origin);
  const data = JSON.stringify(site ?? { problem: problem ?? "There is no document" });
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${
    document === undefined
      ? ""
      : `<meta http-equiv="Content-Security-Policy" content="${inFile(policy)}">\n`
  }<title>Millrace API</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
${BODY}
<script type="application/json" id="site">${escapeScript(data)}</script>
${document === undefined ? "" : `<script type="application/json" id="document">${escapeScript(document)}</script>\n`}\
<script>${SCRIPT}</script>
</body>
</html>
`;
  return { html, tag: `"${(await hashOf(html)).slice(0, 22)}"`, policy };
}

/** Inside a script element only `<` can end it or begin a comment. */
function escapeScript(json: string): string {
  return json.replaceAll("<", "\\u003c");
}

async function makePolicy(origin: string): Promise<string> {
  hashes ??= Promise.all([hashOf(STYLE), hashOf(SCRIPT)]);
  const [style, script] = await hashes;
  return [
    "default-src 'none'",
    `style-src 'sha256-${style}'`,
    `script-src 'sha256-${script}'`,
    `connect-src 'self' ${origin}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** A policy inside a file knows nothing of frames. */
function inFile(policy: string): string {
  return policy.replace("; frame-ancestors 'none'", "");
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return toBase64(new Uint8Array(digest));
}
