import { NodeError } from "../providers/mod.ts";
import { defineNode } from "./define_node.ts";
import { afterAnswer, afterCallback, httpHandles } from "./http/await_callback.ts";
import { buildRequest } from "./http/build_request.ts";
import { readResponse } from "./http/read_response.ts";
import { httpConfigSchema, httpOutputSchema } from "./http/schemas.ts";
import { metered } from "./http/metered.ts";
import { isObject } from "./json_values.ts";

/** Calls any HTTP API on the public internet. */
export const actionHttp = defineNode({
  type: "action.http",
  title: "HTTP request",
  description:
    "Calls an HTTP API and gives its status, headers and body, or waits until the service calls back. Addresses " +
    "inside a network cannot be called.",
  category: "action",
  kind: "effect",
  configSchema: httpConfigSchema,
  outputSchema: httpOutputSchema,
  handles: httpHandles,
  waits: ({ awaitCallback }) => isObject(awaitCallback) ? "callback" : null,
  handlesOfOutput: (output) => isObject(output) && output["timed_out"] === true ? ["timeout"] : ["out"],
  takesSecrets: true,
  secretSettings: ["auth.token", "auth.password", "auth.value"],
  defaultRetry: { maxAttempts: 3, backoff: "exponential", delaySeconds: 2, maxDelaySeconds: 300, jitter: true },
  // Above the longest time-out a config can ask for, so that the request's own message is the one people see.
  defaultTimeoutSeconds: 125,
  exampleConfig: {
    method: "POST",
    url: "https://api.example.com/orders",
    auth: { type: "bearer", token: "YOUR_TOKEN" },
    body: { type: "json", value: { email: "{{ trigger.body.email }}" } },
  },
  exampleInput: { trigger: { body: { email: "ada@example.com" } } },
  async execute(config, context) {
    if (context.resolution !== null) return afterCallback(context.resolution);
    const { idempotencyKey, signal } = context;
    const callbackUrl = config.awaitCallback === undefined ? null : await context.callbackUrl();
    const request = buildRequest(config, { idempotencyKey, signal, callbackUrl });
    const started = performance.now();
    // Neither path nor query, neither fields nor body: all of them carry secrets somewhere.
    const facts = { method: config.method, host: hostOf(request.url) };
    try {
      const response = await metered(config, context, () => context.providers.http.request(request));
      context.log.info("node.http", { ...facts, status: response.status, duration: since(started) });
      return afterAnswer(config, readResponse(config, response, new Date()));
    } catch (error) {
      if (error instanceof NodeError) {
        context.log.warn("node.http.failed", { ...facts, code: error.code, duration: since(started) });
      }
      throw error;
    }
  },
});

function since(started: number): number {
  return Math.round(performance.now() - started);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "";
}
