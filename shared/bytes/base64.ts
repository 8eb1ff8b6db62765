/** Bytes turned into characters at once: a large body in one call would overflow the stack. */
const SLICE = 8_192;

/**
 * Encodes bytes as base64. `node:buffer` would do, but under Deno 2.1.4 importing it makes the type check download
 * Node's types, and `Uint8Array.toBase64` does not exist there.
 *
 * @param bytes The bytes.
 * @returns Base64 with padding.
 */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let start = 0; start < bytes.length; start += SLICE) {
    binary += String.fromCharCode(...bytes.subarray(start, start + SLICE));
  }
  return btoa(binary);
}

/**
 * Encodes bytes as base64url, which can stand in a URL as it is.
 *
 * @param bytes The bytes.
 * @returns Base64url without padding.
 */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// No return types: TypeScript 5.6 (Deno 2.1.4) has no `Uint8Array<ArrayBuffer>`, and TypeScript 6 needs it for WebCrypto.
/**
 * Decodes base64 that comes from our own database or code; white space in it, which Postgres puts there, is passed over.
 *
 * @param text Base64 with padding.
 * @throws {DOMException} When it is anything else.
 */
export function readBase64(text: string) {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/**
 * Decodes base64url without padding, in its one spelling only: the last character has bits that say nothing, and a
 * changed signature must never be the same signature.
 *
 * @param text Any text.
 * @returns The bytes, or null when it is anything else.
 */
export function fromBase64Url(text: string) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  try {
    const bytes = readBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
    return toBase64Url(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}
