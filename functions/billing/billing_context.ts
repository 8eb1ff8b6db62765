import { createStripe, type SyncContext } from "../../shared/billing/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { invalidRequest } from "../../shared/errors/mod.ts";
import { readIdempotencyKey, type RouteContext, type UserContext } from "../../shared/http/mod.ts";

/** Why routes of billing write past RLS: the same everywhere. */
export const SYNC_REASON = "What Stripe says is written by nobody but the service; the permission is judged before";

/**
 * What calls of Stripe need.
 *
 * @throws {AppError} `billing_not_configured`.
 */
export function billingOf({ env, log, signal }: Pick<UserContext, "env" | "log" | "signal">): SyncContext {
  return { env, stripe: createStripe(env), log, signal };
}

/** Names the request to Stripe: by the caller's `Idempotency-Key`, whose length Stripe might refuse, or its own id. */
export async function requestKeyOf(c: RouteContext): Promise<string> {
  return await callerKeyOf(c) ?? c.var.request.requestId;
}

/** The caller's `Idempotency-Key`, shortened; null = none was sent. */
export async function callerKeyOf(c: RouteContext): Promise<string | null> {
  const key = readIdempotencyKey(c);
  if (key === null) return null;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
  return Array.from(hash.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Where Stripe's pages lead back to: what the caller names, on a site that may call us, or a page of the frontend.
 *
 * @param path What stands behind FRONTEND_URL when the caller names nothing.
 * @throws {AppError} `invalid_request` when there is no such address, or it is on another site.
 */
export function returnUrl(env: Env, field: string, given: string | undefined, path: string): string {
  if (given === undefined) {
    if (env.frontendUrl !== null) return `${env.frontendUrl}${path}`;
    throw refuse(field, "required", "Say where to come back to: the operator has set no FRONTEND_URL");
  }
  const { origin, username, password } = new URL(given);
  const sites = [...env.corsOrigins, ...(env.frontendUrl === null ? [] : [new URL(env.frontendUrl).origin])];
  // With any site allowed to call, the frontend's own is the only one that is known.
  const isKnown = sites.includes(origin) || (sites.includes("*") && env.frontendUrl === null);
  if (isKnown && username === "" && password === "") return given;
  throw refuse(field, "unknown_site", "Must be on the site of FRONTEND_URL or on one of CORS_ORIGINS");
}

function refuse(field: string, code: string, message: string) {
  return invalidRequest([{ path: `body.${field}`, code, message }]);
}
