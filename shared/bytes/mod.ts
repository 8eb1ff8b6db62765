/**
 * Bytes as text, and keys that are derived from the project's secret. A leaf: it imports nothing.
 *
 * @module
 */
export { fromBase64Url, readBase64, toBase64, toBase64Url } from "./base64.ts";
export { toHex } from "./hex.ts";
export { macKey } from "./mac_key.ts";
