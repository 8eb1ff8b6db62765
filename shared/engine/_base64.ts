/**
 * Base64 of bytes. `btoa` takes a string of bytes, which is built in pieces so that a large body does not overflow the
 * stack; `Uint8Array.prototype.toBase64` is newer than Deno 2.1.
 */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(binary);
}
