import { AppError, invalidJson, payloadTooLarge, unsupportedMediaType } from "../errors/mod.ts";

/** The largest body that is read, in bytes: 1 MiB. */
export const MAX_BODY_BYTES = 1_048_576;

/** DecompressionStream inflates a whole input chunk at once: small slices keep a bomb from filling the memory. */
const INFLATE_SLICE_BYTES = 256;

/**
 * Reads the body of a request as it was sent, whether its length was announced or not.
 *
 * @param limitBytes One byte more is refused.
 * @throws {AppError} `payload_too_large`; `invalid_request` when the caller broke off.
 */
export async function readBytes(request: Request, limitBytes: number = MAX_BODY_BYTES): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > limitBytes) throw payloadTooLarge(limitBytes);
  if (request.body === null) return new Uint8Array(0);
  try {
    return await collect(request.body, limitBytes);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("invalid_request", { detail: "The body could not be read to its end", cause: error });
  }
}

/**
 * Reads the body of a request as text, inflating gzip. (Not deflate: Deno takes a deflate stream that was cut off for a
 * whole one.)
 *
 * @param limitBytes The limit, before and after inflating.
 * @throws {AppError} What {@link readBytes} throws; `unsupported_media_type` for another encoding; `invalid_json` for
 *   bytes that are not UTF-8 or not what the encoding promises.
 */
export async function readText(request: Request, limitBytes: number = MAX_BODY_BYTES): Promise<string> {
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (!["identity", "gzip"].includes(encoding)) throw unsupportedMediaType("The content encoding must be gzip or none");
  let bytes = await readBytes(request, limitBytes);
  if (encoding === "gzip") bytes = await inflate(bytes, limitBytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalidJson("invalid_utf8", "The body is not valid UTF-8", "body", cause);
  }
}

async function inflate(bytes: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  let offset = 0;
  const slices = new ReadableStream<BufferSource>({
    pull(controller) {
      if (offset >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(offset, offset + INFLATE_SLICE_BYTES));
      offset += INFLATE_SLICE_BYTES;
    },
  });
  try {
    return await collect(slices.pipeThrough(new DecompressionStream("gzip")), limitBytes);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw invalidJson("invalid_encoding", "The body is not valid gzip", "body", error);
  }
}

async function collect(stream: ReadableStream<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = stream.getReader();
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length;
    if (length > limitBytes) {
      // Not awaited: the sender may never end.
      reader.cancel().catch(() => {});
      throw payloadTooLarge(limitBytes);
    }
    chunks.push(part.value);
  }
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const all = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}
