/**
 * Encodes bytes as lower-case hex. Not the method of `Uint8Array`: the edge runtime does not have it.
 *
 * @param bytes The bytes.
 */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
