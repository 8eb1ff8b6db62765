/** What is signed, where it is not the usual. */
export interface SignOptions {
  id?: string;
  /** Seconds. */
  time?: number;
  /** How the headers begin: Resend says `svix`. */
  family?: "webhook" | "svix";
}

/**
 * Signs as Supabase Auth signs its hooks, and Resend its webhooks (Standard Webhooks).
 *
 * @param secret `v1,whsec_…`, or `whsec_…`.
 * @returns The header fields.
 */
export async function sign(
  secret: string,
  body: string,
  { id = `msg_${crypto.randomUUID()}`, time = Math.floor(Date.now() / 1_000), family = "webhook" }: SignOptions = {},
): Promise<Record<string, string>> {
  const bytes = Uint8Array.from(atob(secret.replace(/^(v1,)?whsec_/, "")), (character) => character.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${id}.${time}.${body}`));
  return {
    [`${family}-id`]: id,
    [`${family}-timestamp`]: String(time),
    [`${family}-signature`]: `v1,${btoa(String.fromCharCode(...new Uint8Array(mac)))}`,
  };
}
