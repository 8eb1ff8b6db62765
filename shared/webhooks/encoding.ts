/**
 * Strict decoding: one spelling for one sequence of bytes, so that a changed signature is never the same signature.
 *
 * @module
 */
export { fromBase64Url, toBase64, toBase64Url, toHex } from "../bytes/mod.ts";

/**
 * Decodes UTF-8 text as bytes.
 *
 * @param text Any text.
 */
export function fromText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/**
 * Decodes hex.
 *
 * @param text Digits, all in lower or all in upper case.
 * @returns The bytes, or null when it is anything else.
 */
export function fromHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0 || !(/^[0-9a-f]+$/.test(text) || /^[0-9A-F]+$/.test(text))) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/**
 * Decodes base64 with padding.
 *
 * @param text Standard alphabet; unused bits at the end must be zero.
 * @returns The bytes, or null when it is anything else.
 */
export function fromBase64(text: string): Uint8Array | null {
  if (text === "" || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  try {
    const binary = atob(text);
    return btoa(binary) === text ? Uint8Array.from(binary, (char) => char.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}
