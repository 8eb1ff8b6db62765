/**
 * Signs as Supabase Auth signs its hooks (Standard Webhooks).
 *
 * @param secret `v1,whsec_…`.
 * @returns The header fields.
 */
export async function sign(
  secret: string,
  body: string,
  { id = `msg_${crypto.randomUUID()}`, time = Math.floor(Date.now() / 1_000) }: { id?: string; time?: number } = {},
): Promise<Record<string, string>> {
  const bytes = Uint8Array.from(atob(secret.slice("v1,whsec_".length)), (character) => character.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${id}.${time}.${body}`));
  return {
    "webhook-id": id,
    "webhook-timestamp": String(time),
    "webhook-signature": `v1,${btoa(String.fromCharCode(...new Uint8Array(mac)))}`,
  };
}
