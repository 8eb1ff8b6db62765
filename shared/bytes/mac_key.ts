const encoder = new TextEncoder();
const keys = new Map<string, Promise<CryptoKey>>();

/**
 * The HMAC-SHA-256 key of one use of the project's secret key, made once per isolate. HKDF keeps the uses apart: what is
 * signed for one is nothing to another.
 *
 * @param secret The project's default secret key.
 * @param purpose Names the use and its version, such as `list cursor v1`. Another name makes all old signatures void.
 */
export function macKey(secret: string, purpose: string): Promise<CryptoKey> {
  const name = JSON.stringify([purpose, secret]);
  let key = keys.get(name);
  if (key === undefined) keys.set(name, key = deriveKey(secret, purpose));
  return key;
}

async function deriveKey(secret: string, purpose: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveKey"]);
  return await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: encoder.encode(`millrace ${purpose}`) },
    base,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
}
