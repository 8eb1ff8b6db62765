import { Collector } from "./_message_reader.ts";
import { NodeError } from "./node_error.ts";

/** Bytes fed at once: `DecompressionStream` inflates a whole input chunk before anybody can count the result. */
const SLICE = 256;

const FORMATS: Readonly<Record<string, "gzip" | "deflate">> = { gzip: "gzip", "x-gzip": "gzip", deflate: "deflate" };

/**
 * Undoes the content encoding of a response. We ask for `identity`, but some servers compress whatever is asked.
 *
 * @param body The encoded bytes.
 * @param encoding The `content-encoding` field.
 * @param maxBytes Bytes of the result to accept before giving up.
 * @returns The decoded bytes.
 * @throws {NodeError} `output_too_large` for a bomb, `http_error` for an unknown or broken encoding.
 */
export async function decodeContent(
  body: Uint8Array,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Uint8Array> {
  const name = (encoding ?? "").trim().toLowerCase();
  if (name === "" || name === "identity" || body.length === 0) return body;
  const format = FORMATS[name];
  if (format === undefined) {
    throw new NodeError("The response has a content encoding that cannot be read", { code: "http_error" });
  }
  const collected = new Collector(maxBytes);
  try {
    for await (const part of slices(body).pipeThrough(new DecompressionStream(format))) collected.add(part);
  } catch (error) {
    if (error instanceof NodeError) throw error;
    throw new NodeError(`The response is not valid ${name}`, { code: "http_error", cause: error });
  }
  return collected.bytes();
}

function slices(bytes: Uint8Array): ReadableStream<BufferSource> {
  let start = 0;
  return new ReadableStream({
    pull(controller) {
      if (start >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(start, start += SLICE));
    },
  }, { highWaterMark: 0 });
}
