/**
 * The frames of the Phoenix protocol as `@supabase/realtime-js` speaks it: JSON objects in version 1.0.0, JSON arrays in
 * 2.0.0, where broadcasts of clients come as binary frames.
 *
 * https://hexdocs.pm/phoenix/writing_a_channels_client.html
 *
 * @module
 */

/** The versions of the protocol, as the client names them in `vsn`. */
export type ProtocolVersion = "1.0.0" | "2.0.0";

/** A message in either direction. */
export interface Frame {
  /** The `ref` of the join that it belongs to. */
  joinRef: string | null;
  /** What its answer will name; null = none is expected. */
  ref: string | null;
  /** `realtime:<topic>`, or `phoenix` for the connection itself. */
  topic: string;
  event: string;
  payload: Record<string, unknown>;
}

/** First byte of a binary frame. */
const CLIENT_BROADCAST = 3;
const SERVER_BROADCAST = 4;
/** How the payload of a binary frame is encoded. */
const BINARY = 0;
const JSON_TEXT = 1;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads what a client sent.
 *
 * @returns undefined for what is no frame of this version
 */
export function readFrame(data: string | ArrayBuffer, version: ProtocolVersion): Frame | undefined {
  try {
    if (typeof data !== "string") return readBinaryFrame(new Uint8Array(data));
    const value: unknown = JSON.parse(data);
    if (version === "1.0.0") return isRecord(value) ? toFrame({ ...value, joinRef: value.join_ref }) : undefined;
    if (!Array.isArray(value) || value.length !== 5) return undefined;
    const [joinRef, ref, topic, event, payload] = value;
    return toFrame({ joinRef, ref, topic, event, payload });
  } catch {
    return undefined;
  }
}

/** A frame as a client of this version reads it; null for what it cannot read. */
export function writeFrame(frame: Frame, version: ProtocolVersion): string | Uint8Array<ArrayBuffer> | null {
  const { joinRef, ref, topic, event, payload } = frame;
  const bytes = event === "broadcast" && payload.payload instanceof Uint8Array ? payload.payload : null;
  if (version === "1.0.0") {
    return bytes === null ? JSON.stringify({ topic, event, payload, ref, join_ref: joinRef }) : null;
  }
  if (bytes !== null) return writeBinaryBroadcast(topic, String(payload.event), bytes);
  return JSON.stringify([joinRef, ref, topic, event, payload]);
}

function toFrame({ joinRef, ref, topic, event, payload }: Record<string, unknown>): Frame | undefined {
  if (typeof topic !== "string" || typeof event !== "string") return undefined;
  return { joinRef: asRef(joinRef), ref: asRef(ref), topic, event, payload: isRecord(payload) ? payload : {} };
}

function asRef(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

/** Kind, the lengths of five texts, the encoding; then the texts; then the payload. */
function readBinaryFrame(bytes: Uint8Array<ArrayBuffer>): Frame | undefined {
  const [kind, joinRefLength = 0, refLength = 0, topicLength = 0, eventLength = 0, metaLength = 0, encoding] = bytes;
  let at = 7;
  const total = at + joinRefLength + refLength + topicLength + eventLength + metaLength;
  if (kind !== CLIENT_BROADCAST || bytes.length < total) return undefined;
  const text = (length: number): string => decoder.decode(bytes.subarray(at, at += length));
  const [joinRef, ref, topic, event] = [text(joinRefLength), text(refLength), text(topicLength), text(eventLength)];
  text(metaLength);
  const rest = bytes.slice(at);
  const payload = encoding === JSON_TEXT ? JSON.parse(decoder.decode(rest)) : rest;
  return {
    joinRef: joinRef === "" ? null : joinRef,
    ref: ref === "" ? null : ref,
    topic,
    event: "broadcast",
    payload: { type: "broadcast", event, payload },
  };
}

/** Kind, the lengths of three texts, the encoding; then the texts; then the payload. */
function writeBinaryBroadcast(topic: string, event: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const [topicBytes, eventBytes] = [encoder.encode(topic), encoder.encode(event)];
  const head = [SERVER_BROADCAST, topicBytes.length, eventBytes.length, 0, BINARY];
  return Uint8Array.of(...head, ...topicBytes, ...eventBytes, ...payload);
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
