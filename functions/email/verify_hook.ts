import { AppError, invalidSignature } from "../../shared/errors/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { parseJson } from "../../shared/http/mod.ts";
import { getWebhookAdapter } from "../../shared/webhooks/mod.ts";

/** A call that its sender signed. */
export interface SignedCall {
  /** Signed with it: the same in every repetition. */
  readonly id: string;
  readonly body: Json;
}

/**
 * Verifies a call by Standard Webhooks, as Supabase Auth and Resend sign theirs.
 *
 * @param secrets `whsec_…`, or `v1,whsec_…` as Auth shows them; one of them must have signed.
 * @throws {AppError} `invalid_signature`; `invalid_json` for what is genuine and cannot be read.
 */
export async function verifyHook(
  headers: Headers,
  rawBody: Uint8Array,
  secrets: readonly string[],
  now = new Date(),
): Promise<SignedCall> {
  const verdict = await getWebhookAdapter("standard_webhooks")!.verify({
    rawBody,
    headers,
    config: {},
    secrets: secrets.map((secret) => secret.replace(/^v1,/, "")),
    now,
    // What a signature vouches for must mean one thing to all who read it.
    parseJson: (text) => parseJson(text, { uniqueKeys: true }),
  });
  if (verdict.ok) return { id: verdict.event.eventKey ?? "", body: verdict.event.body };
  if (verdict.reason !== "invalid_body") throw invalidSignature("The call is not signed, or not by who it should be");
  if (verdict.cause instanceof AppError) throw verdict.cause;
  throw new AppError("invalid_json", { detail: "The body cannot be read", cause: verdict.cause });
}
