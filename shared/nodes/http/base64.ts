/** Bytes turned into characters at once: arguments of one call are limited. */
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
