/**
 * Deliveries signed as their providers do it: by Stripe's own SDK, and by the letter of Typeform's documentation.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import Stripe from "stripe";

/** The value of `Stripe-Signature`, by the test helper of Stripe's SDK. */
export async function signStripe(payload: string | Uint8Array, secret: string, timestamp?: number): Promise<string> {
  if (typeof payload === "string") {
    const { webhooks } = new Stripe("sk_test_unused");
    return await webhooks.generateTestHeaderStringAsync({
      payload,
      secret,
      ...(timestamp !== undefined && { timestamp }),
    });
  }
  // The SDK signs text only; bytes that are none are signed by hand.
  const time = timestamp ?? Math.floor(Date.now() / 1000);
  const mac = createHmac("sha256", secret).update(`${time}.`).update(payload).digest("hex");
  return `t=${time},v1=${mac}`;
}

/** The value of `Typeform-Signature`: https://www.typeform.com/developers/webhooks/secure-your-webhooks/ */
export async function signTypeform(payload: string, secret: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(payload));
  return `sha256=${btoa(String.fromCharCode(...new Uint8Array(mac)))}`;
}
