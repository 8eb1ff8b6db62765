/**
 * Work that a service takes over and reports on later: the request carries a URL, and the step ends when that is called.
 *
 * @module
 */
import type { Json, JsonObject } from "../../graph/mod.ts";
import { isObject } from "../json_values.ts";
import type { NodeResult, Resolution } from "../types.ts";
import type { HttpConfig } from "./schemas.ts";

/** Header that carries the URL. */
export const CALLBACK_HEADER = "X-Millrace-Callback-Url";

/** Characters of an answer's body that are kept while the step waits: the token that waits must stay small. */
const MAX_KEPT_BODY = 16_384;

/** Source handles of a request; must not throw on any object. */
export function httpHandles(config: JsonObject): string[] {
  const wanted = config["awaitCallback"];
  return isObject(wanted) && (wanted["timeoutSeconds"] ?? null) !== null ? ["out", "timeout"] : ["out"];
}

/**
 * What follows the answer: the step is over, or waits.
 *
 * @param config The request's config.
 * @param response The answer as a step gives it.
 */
export function afterAnswer(config: HttpConfig, response: JsonObject): NodeResult {
  const { awaitCallback } = config;
  if (awaitCallback === undefined) return { output: response };
  // Whoever did not say yes, and did not fail the step either, will not call back.
  if (Math.floor(Number(response["status"]) / 100) !== 2) return { output: response, handles: ["out"] };
  const { timeoutSeconds } = awaitCallback;
  return {
    output: null,
    wait: {
      kind: "callback",
      ...(timeoutSeconds === undefined ? {} : { seconds: timeoutSeconds }),
      data: { response: keep(response) },
    },
  };
}

/** The end of a step that waited. */
export function afterCallback({ by, data, wait }: Resolution): NodeResult {
  const kept = wait?.data;
  const response = isObject(kept) && isObject(kept["response"]) ? kept["response"] : {};
  return by === "timeout"
    ? { output: { ...response, timed_out: true }, handles: ["timeout"] }
    : { output: { ...response, callback: data }, handles: ["out"] };
}

function keep(response: JsonObject): Json {
  const { body = null } = response;
  return JSON.stringify(body).length <= MAX_KEPT_BODY ? response : { ...response, body: null, body_left_out: true };
}
