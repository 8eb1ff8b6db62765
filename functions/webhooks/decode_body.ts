import { toBase64 } from "../../shared/bytes/mod.ts";
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
