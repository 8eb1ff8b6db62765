import type { Context } from "hono";
import { isNotModified } from "./etag.ts";

/** A text that is sent again and again. */
export interface SentText {
  readonly text: string;
  /** Its ETag. */
  readonly tag: string;
  readonly contentType: string;
  readonly cacheControl: string;
}

/** Below this a gzip header costs more than it saves (characters). */
const MIN_COMPRESSED = 1024;

/** Texts that an isolate keeps compressed, those used last. */
const MAX_KEPT = 32;

const compressed = new Map<string, Promise<ArrayBuffer>>();

/**
 * Answers with a text: 304 to whoever has it, gzip to whoever takes it. The platform's front compresses as well, but not
 * everywhere (`supabase functions serve`, self-hosted); what is compressed already it passes on. A text is compressed once
 * in an isolate.
 */
export async function sendText(c: Context, { text, tag, contentType, cacheControl }: SentText): Promise<Response> {
  c.header("Cache-Control", cacheControl);
  c.header("Vary", "Accept-Encoding", { append: true });
  c.header("ETag", tag);
  if (isNotModified(c, tag)) return c.body(null, 304);
  c.header("Content-Type", contentType);
  if (text.length < MIN_COMPRESSED || !acceptsGzip(c.req.header("accept-encoding"))) return c.body(text, 200);
  c.header("Content-Encoding", "gzip");
  // Other bytes than without compression: the same by meaning only.
  c.header("ETag", `W/${tag.replace(/^W\//, "")}`);
  return c.body(await gzip(`${contentType} ${tag}`, text), 200);
}

/** `q=0` refuses. */
function acceptsGzip(header = ""): boolean {
  return header.split(",").some((item) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)[\d.]+\s*)?$/i.test(item));
}

function gzip(name: string, text: string): Promise<ArrayBuffer> {
  const known = compressed.get(name);
  compressed.delete(name);
  const bytes = known ??
    new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  compressed.set(name, bytes);
  const [oldest] = compressed.keys();
  if (compressed.size > MAX_KEPT && oldest !== undefined) compressed.delete(oldest);
  return bytes;
}
