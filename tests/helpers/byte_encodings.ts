/**
 * `Uint8Array.prototype.toHex` and `toBase64` for Deno 2.1.4, which lacks them. The local stack uses them; with this the
 * tests of `functions/` can run against the stack under the edge runtime's Deno as well.
 * https://tc39.es/proposal-arraybuffer-base64/
 *
 * @module
 */

/** Defines a method that the runtime does not have. */
function provide(name: string, method: (this: Uint8Array, options?: Base64Options) => string): void {
  if (name in Uint8Array.prototype) return;
  Object.defineProperty(Uint8Array.prototype, name, { value: method, writable: true, configurable: true });
}

/** Options of `toBase64`. */
interface Base64Options {
  alphabet?: "base64" | "base64url";
  omitPadding?: boolean;
}

provide("toHex", function () {
  return Array.from(this, (byte) => byte.toString(16).padStart(2, "0")).join("");
});

provide("toBase64", function ({ alphabet = "base64", omitPadding = false } = {}) {
  const text = btoa(Array.from(this, (byte) => String.fromCharCode(byte)).join(""));
  const digits = alphabet === "base64url" ? text.replaceAll("+", "-").replaceAll("/", "_") : text;
  return omitPadding ? digits.replaceAll("=", "") : digits;
});
