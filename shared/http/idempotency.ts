import type { Context } from "hono";
import { AppError } from "../errors/mod.ts";

/**
 * The caller's `Idempotency-Key`, bare or quoted
 * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/): 1 to 255 visible ASCII characters.
 *
 * @returns The key, or null when the header is absent.
 * @throws {AppError} `invalid_request` when it is malformed.
 */
export function readIdempotencyKey(c: Context): string | null {
  const header = c.req.header("idempotency-key");
  if (header === undefined) return null;
  const key = /^"([^"]*)"$/.exec(header)?.[1] ?? header;
  if (/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/.test(key)) return key;
  const message = "Must be 1 to 255 visible ASCII characters without quotation marks and backslashes";
  throw new AppError("invalid_request", {
    detail: `Idempotency-Key: ${message}`,
    problems: [{ path: "headers.idempotency-key", code: "invalid_value", message }],
  });
}
