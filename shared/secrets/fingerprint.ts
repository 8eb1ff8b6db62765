import { toHex } from "../bytes/mod.ts";
import type { Keyring } from "./keyring.ts";

/**
 * A MAC of a value, by which a repeated request is known for one without the value being stored anywhere: unlike a hash
 * it tells nothing to whoever holds the database alone, however short the value is.
 *
 * @param keyring Its current key is used: with another one a repeated request counts as a different one.
 * @param place What the value belongs to; the same value elsewhere gives another fingerprint.
 * @param value The value.
 * @returns Lower-case hex.
 */
export async function fingerprint(keyring: Keyring, place: string, value: string): Promise<string> {
  const key = await keyring.derive(keyring.current, "secret fingerprint v1");
  const bytes = new TextEncoder().encode(`${place}\u0000${value}`);
  return toHex(new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes)));
}
