import type { WebhookRefusal, WebhookRejection } from "./types.ts";

/**
 * A refusal.
 *
 * @param detail What exactly is wrong, for who sets the webhook up; never anything of a secret.
 */
export function refuse(reason: WebhookRejection, detail?: string): WebhookRefusal {
  return { ok: false, reason, ...(detail !== undefined && { detail }) };
}

/** Refuses a delivery without the header that carries its signature. */
export function refuseMissing(header: string): WebhookRefusal {
  return refuse("missing_signature", `there is no header ${header}`);
}

/** Refuses a signature that no valid secret makes over these bytes. */
export function refuseMismatch(rawBody: Uint8Array): WebhookRefusal {
  return refuse(
    "signature_mismatch",
    `no valid secret of this endpoint makes it over the ${rawBody.length} bytes that came; ` +
      "compare the secret, and send the body exactly as it was signed",
  );
}

/**
 * Refuses a genuine signature of another time.
 *
 * @param timestampSeconds The signed time.
 * @param toleranceSeconds How far it may lie from now, to either side.
 * @returns Null when it does not lie farther.
 */
export function refuseStale(timestampSeconds: number, now: Date, toleranceSeconds: number): WebhookRefusal | null {
  if (Math.abs(now.getTime() / 1000 - timestampSeconds) <= toleranceSeconds) return null;
  const age = Math.round(now.getTime() / 1000 - timestampSeconds);
  const place = age >= 0 ? `${age} s in the past` : `${-age} s in the future`;
  return refuse("stale_timestamp", `the signed time lies ${place}, ${toleranceSeconds} s are allowed`);
}
