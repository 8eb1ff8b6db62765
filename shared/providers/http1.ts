/**
 * One HTTP/1.1 exchange over a connection that is already open.
 *
 * Written by hand because no client lets us choose the address under Deno 2.1.4: `fetch` resolves the name a second
 * time (a rebinding hole), `node:http` throws "Not implemented: ClientRequest.options.lookup", and undici brings 1 MB
 * and the same unfinished sockets. The part of HTTP/1.1 that a client needs is small when every connection carries
 * one request: nothing that follows the answer is ever read, so there is nothing to smuggle.
 * https://www.rfc-editor.org/rfc/rfc9112
 *
 * @module
 */
import { BodyCut, type ByteStream, Collector, MessageReader, notHttp, tooLarge } from "./_message_reader.ts";
import { NodeError } from "./node_error.ts";

/** Bytes of status line and header fields. */
const MAX_HEAD_BYTES = 64 * 1024;
/** Bytes of all chunk-size lines of a body: a mebibyte in chunks of one byte would cost seconds of CPU. */
const MAX_CHUNK_LINE_BYTES = 256 * 1024;
/** Bytes of the fields after the last chunk. */
const MAX_TRAILER_BYTES = 16 * 1024;
/** Interim answers (1xx) before the real one. */
const MAX_INTERIM = 8;

/** Header fields that this client sets by itself. A caller's own would change where the message ends. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What is sent. */
export interface Http1Request {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: Uint8Array;
}

/** What came back; the body is still encoded as `content-encoding` says. */
export interface Http1Response {
  status: number;
  statusText: string;
  /** Lower-case names; repeated fields joined by `, `. */
  headers: Record<string, string>;
  body: Uint8Array;
  /** Whether there was more of the body. */
  isCut: boolean;
}

/**
 * Refuses header fields that could end a line or that this client owns.
 *
 * @param headers Name → value as the flow's owner gave them.
 * @throws {NodeError} `node_config_invalid`.
 */
function checkHeaders(headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!isHeaderName(name)) throw invalid("A header name holds a character that is not allowed");
    if (OWN_FIELDS.has(name.toLowerCase())) throw invalid(`The header ${name} cannot be set`);
    if (!isHeaderValue(value)) throw invalid(`The value of the header ${name} holds a character that is not allowed`);
  }
}

/** Whether a text is a field name: RFC 9110, `token`. */
export function isHeaderName(name: string): boolean {
  return name.length <= 256 && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
}

/** Whether a text may stand as a field value: no line breaks, no NUL, nothing beyond one byte a character. */
export function isHeaderValue(value: string): boolean {
  return value.length <= 16_384 && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

/** Whether this client sets the header field by itself, so that nobody else may. */
export function isOwnHeader(name: string): boolean {
  return OWN_FIELDS.has(name.toLowerCase());
}

/**
 * Sends one request and reads its answer to the end.
 *
 * @param stream An open connection; closing it (also to abort) is the caller's part.
 * @param request What to send.
 * @param maxBodyBytes Bytes of the body to accept before giving up.
 * @param cutBody Whether a longer body is cut there instead.
 * @returns The answer.
 * @throws {NodeError} `http_error` when the answer is no HTTP, `output_too_large` when the body is too large; errors
 * of the connection pass through.
 */
export async function exchange(
  stream: ByteStream,
  request: Http1Request,
  maxBodyBytes: number,
  cutBody = false,
): Promise<Http1Response> {
  checkHeaders(request.headers);
  // The server may answer and close before it took the whole body (413): the answer counts more than our write error.
  const sent = send(stream, request).then(() => null, (error: unknown) => ({ error }));
  const reader = new MessageReader(stream);
  try {
    const head = await readHead(reader);
    const collected = new Collector(maxBodyBytes, cutBody);
    const isCut = await readBody(reader, request.method, head, collected, cutBody ? Infinity : maxBodyBytes);
    return { ...head, headers: joinFields(head.fields), body: collected.bytes(), isCut };
  } catch (error) {
    if (error instanceof NodeError && !reader.untouched) throw error;
    const failure = await Promise.race([sent, Promise.resolve(null)]);
    throw failure === null ? error : failure.error;
  }
}

async function send(stream: ByteStream, request: Http1Request): Promise<void> {
  const { method, url, body } = request;
  const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`];
  for (const [name, value] of Object.entries(request.headers)) lines.push(`${name}: ${value}`);
  // `identity` keeps the count of received bytes and the count of useful bytes the same.
  lines.push("Accept-Encoding: identity", "Connection: close");
  if (body !== undefined || !["GET", "HEAD", "OPTIONS", "DELETE"].includes(method)) {
    lines.push(`Content-Length: ${body?.length ?? 0}`);
  }
  const head = Uint8Array.from(`${lines.join("\r\n")}\r\n\r\n`, (char) => char.charCodeAt(0));
  await writeAll(stream, head);
  if (body !== undefined) await writeAll(stream, body);
}

async function writeAll(stream: ByteStream, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length;) start += await stream.write(bytes.subarray(start));
}

interface Head {
  status: number;
  statusText: string;
  fields: [string, string][];
}

/** Reads status line and fields, past interim answers. */
async function readHead(reader: MessageReader): Promise<Head> {
  for (let interim = 0; interim <= MAX_INTERIM; interim++) {
    const budget = { bytes: MAX_HEAD_BYTES };
    const match = /^HTTP\/1\.[01] ([1-5]\d\d)(?: (.*))?$/.exec(await reader.line(budget));
    if (match === null) throw notHttp("The status line is not HTTP/1.1");
    const status = Number(match[1]);
    if (status === 101) throw notHttp("The server changed the protocol");
    const fields = await readFields(reader, budget);
    if (status >= 200) return { status, statusText: (match[2] ?? "").slice(0, 256), fields };
  }
  throw notHttp("Too many interim answers");
}

async function readFields(reader: MessageReader, budget: { bytes: number }): Promise<[string, string][]> {
  const fields: [string, string][] = [];
  for (;;) {
    const line = await reader.line(budget);
    if (line === "") return fields;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    // This also refuses folded lines, which begin with white space.
    if (!isHeaderName(name)) throw notHttp("A header field is malformed");
    fields.push([name.toLowerCase(), line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, "")]);
  }
}

/** Reads the body into `collected`; answers whether it was cut there. */
async function readBody(
  reader: MessageReader,
  method: string,
  head: Head,
  collected: Collector,
  maxBytes: number,
): Promise<boolean> {
  if (method === "HEAD" || head.status === 204 || head.status === 304) return false;
  try {
    await readWhole(reader, head, collected, maxBytes);
    return false;
  } catch (error) {
    if (error instanceof BodyCut) return true;
    throw error;
  }
}

async function readWhole(reader: MessageReader, head: Head, collected: Collector, maxBytes: number): Promise<void> {
  const values = (name: string) =>
    head.fields.filter((field) => field[0] === name).flatMap((field) => field[1].split(",").map((part) => part.trim()));
  const codings = values("transfer-encoding");
  if (codings.length > 0) {
    if (codings.length !== 1 || codings[0]?.toLowerCase() !== "chunked") throw notHttp("Unknown transfer encoding");
    return await readChunks(reader, collected);
  }
  const lengths = new Set(values("content-length"));
  const [length] = lengths;
  if (length === undefined) return await reader.rest((bytes) => collected.add(bytes));
  if (lengths.size !== 1 || !/^\d{1,15}$/.test(length)) throw notHttp("The content length is malformed");
  // Refused before a byte of it is read.
  if (Number(length) > maxBytes) throw tooLarge(maxBytes);
  await reader.exactly(Number(length), (bytes) => collected.add(bytes));
}

async function readChunks(reader: MessageReader, collected: Collector): Promise<void> {
  const lines = { bytes: MAX_CHUNK_LINE_BYTES };
  for (;;) {
    const line = await reader.line(lines);
    const match = /^([0-9a-fA-F]{1,8})[\t ]*(;.*)?$/.exec(line);
    if (match === null) throw notHttp("A chunk size is malformed");
    const size = parseInt(match[1] ?? "", 16);
    if (size === 0) break;
    collected.reserve(size);
    await reader.exactly(size, (bytes) => collected.add(bytes));
    if (await reader.line({ bytes: 2 }) !== "") throw notHttp("A chunk is longer than its size");
  }
  const budget = { bytes: MAX_TRAILER_BYTES };
  while (await reader.line(budget) !== "");
}

function joinFields(fields: [string, string][]): Record<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of fields) {
    if (name === "__proto__") continue;
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(joined);
}

function invalid(message: string): NodeError {
  return new NodeError(message, { code: "node_config_invalid" });
}
