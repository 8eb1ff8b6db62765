import type { Json, JsonObject } from "../graph/mod.ts";
import type { WebhookDelivery, WebhookRefusal } from "./types.ts";

/** How the body of a delivery is understood. */
export type BodyFormat = "auto" | "json" | "form" | "text";

/**
 * Reads the body of a delivery.
 *
 * @param delivery The delivery, its signature already checked where there is one.
 * @param format `auto` goes by the content type; what names none is taken for JSON.
 * @returns The value, or a refusal with the reason `invalid_body`.
 */
export function readBody(delivery: WebhookDelivery, format: BodyFormat): { ok: true; body: Json } | WebhookRefusal {
  try {
    return { ok: true, body: parse(delivery, format === "auto" ? guess(delivery.headers) : format) };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : "The body cannot be read";
    return { ok: false, reason: "invalid_body", detail, cause };
  }
}

/** Characters of an event's id and type that are stored. */
const MAX_LENGTH = 255;

/**
 * Takes a value as id of an event.
 *
 * @returns The id; null when it is empty or too long to be told apart from others once stored.
 */
export function asEventKey(value: string | null): string | null {
  return value === null || value === "" || value.length > MAX_LENGTH || value.includes("\0") ? null : value;
}

/**
 * Takes a value as type of an event.
 *
 * @returns The type, cut where it is too long; null when it is empty.
 */
export function asEventType(value: string | null): string | null {
  return value === null || value === "" || value.includes("\0") ? null : value.slice(0, MAX_LENGTH);
}

/** The text or number at a path of own properties; null when there is something else. */
export function textAt(body: Json, path: readonly string[]): string | null {
  let current: Json | undefined = body;
  for (const key of path) {
    current = typeof current === "object" && current !== null && Object.hasOwn(current, key)
      ? (current as JsonObject)[key]
      : undefined;
  }
  if (typeof current === "number") return String(current);
  return typeof current === "string" ? current : null;
}

/**
 * Puts a text where `textAt` finds it.
 *
 * @returns A copy with it; the same value where it is no object at which a property could be.
 */
export function putAt(body: Json, [key, ...rest]: readonly string[], text: string): Json {
  if (key === undefined) return text;
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const inner = Object.hasOwn(body, key) ? body[key] ?? {} : {};
  return { ...body, [key]: putAt(inner, rest, text) };
}

/** Writes a body as `readBody` reads it. What a form cannot hold is written into it as JSON. */
export function writeBody(body: Json, format: BodyFormat): { text: string; contentType: string } {
  const asText = (value: Json) => typeof value === "string" ? value : JSON.stringify(value);
  if (format === "text") return { text: asText(body), contentType: "text/plain; charset=utf-8" };
  if (format !== "form" || typeof body !== "object" || body === null) {
    return { text: JSON.stringify(body), contentType: "application/json" };
  }
  const fields = Object.entries(body).map(([name, value]) => [name, asText(value)]);
  return { text: new URLSearchParams(fields).toString(), contentType: "application/x-www-form-urlencoded" };
}

function guess(headers: Headers): BodyFormat {
  const type = (headers.get("content-type") ?? "").toLowerCase();
  if (type.startsWith("application/x-www-form-urlencoded")) return "form";
  return type.startsWith("text/") ? "text" : "json";
}

function parse({ rawBody, parseJson }: WebhookDelivery, format: BodyFormat): Json {
  // A delivery without a body, such as a GET.
  if (rawBody.length === 0) return null;
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(rawBody);
  if (format === "json") return (parseJson ?? JSON.parse)(text) as Json;
  // Postgres stores no NUL, and a lone surrogate cannot come out of strict UTF-8.
  if (text.includes("\0")) throw new Error("The body holds the character U+0000");
  return format === "text" ? text : parseForm(text);
}

/** Fields that occur more than once become lists. */
function parseForm(text: string): Json {
  const fields: JsonObject = {};
  for (const [name, value] of new URLSearchParams(text)) {
    if (name === "__proto__") continue;
    const before = Object.hasOwn(fields, name) ? fields[name] : undefined;
    fields[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
    if (value.includes("\0")) throw new Error("The body holds the character U+0000");
  }
  return fields;
}
