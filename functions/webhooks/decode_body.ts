import type { WebhookEvent } from "./schemas.ts";

/**
 * The bytes of a delivery for people: as text where they are text, else as base64.
 *
 * @param hex As the Data API gives `bytea`: `\x` and two digits a byte.
 */
export function decodeBody(hex: string): Pick<WebhookEvent, "body" | "body_encoding" | "body_bytes"> {
  const bytes = Uint8Array.from(hex.slice(2).match(/../g) ?? [], (pair) => parseInt(pair, 16));
  try {
    const body = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { body, body_encoding: "utf-8", body_bytes: bytes.length };
  } catch {
    return { body: toBase64(bytes), body_encoding: "base64", body_bytes: bytes.length };
  }
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let offset = 0; offset < bytes.length; offset += 8_192) {
    binary += String.fromCharCode(...bytes.subarray(offset, offset + 8_192));
  }
  return btoa(binary);
}
