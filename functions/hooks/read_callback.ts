import { type CallbackCall, type CallbackPlace, readCallback as verifyToken } from "../../shared/engine/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { invalidJson, payloadTooLarge } from "../../shared/errors/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { parseJson } from "../../shared/http/mod.ts";

/** Bytes that a callback may carry. */
export const MAX_CALLBACK_BYTES = 262_144;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The step that a callback's token is for; null when the signature is not ours. */
export function readToken(env: Env, token: string): Promise<CallbackPlace | null> {
  return verifyToken(env.secretKeys.default, token);
}

/**
 * The token of a callback's URL, whatever stands before it: the address may have been rewritten on its way. What is no
 * URL is taken as the token itself.
 */
export function tokenOf(urlOrToken: string): string {
  const path = urlOrToken.split(/[?#]/, 1)[0] ?? "";
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * What a callback carries: any JSON, null for an empty body.
 *
 * @throws {AppError} `payload_too_large`, `invalid_json`.
 */
export function readCallbackData(rawBody: Uint8Array): Json {
  if (rawBody.length > MAX_CALLBACK_BYTES) throw payloadTooLarge(MAX_CALLBACK_BYTES);
  return rawBody.length === 0 ? null : readJson(rawBody);
}

/**
 * A body as JSON, whatever its content type says. What a signed address vouches for must mean one thing to all who read
 * it: a property that is there twice is refused.
 *
 * @throws {AppError} `invalid_json`.
 */
export function readJson(rawBody: Uint8Array): Json {
  let text;
  try {
    text = decoder.decode(rawBody);
  } catch (cause) {
    throw invalidJson("invalid_utf8", "The body is not valid UTF-8", "body", cause);
  }
  return parseJson(text, { uniqueKeys: true }) as Json;
}

/** The call that completes a step with some data. */
export function toCall({ runId, node, scope }: CallbackPlace, data: Json): CallbackCall {
  return { run_id: runId, node_id: node, scope, data };
}
