import { AppError, invalidRequest, methodNotAllowed } from "../../../shared/errors/mod.ts";
import { defineRawRoute, waitUntil } from "../../../shared/http/mod.ts";
import { type RateAnswer, rateLimitError, rateLimitHeaders } from "../../../shared/rate_limit/mod.ts";
import { getWebhookAdapter, type WebhookAdapter } from "../../../shared/webhooks/mod.ts";
import { judgeDelivery } from "../judge_delivery.ts";
import { keptHeaders } from "../kept_headers.ts";
import { countRejection, findEndpoint, keepDelivery } from "../queries.ts";
import { type Receipt, receiptSchema } from "../schemas.ts";

/** ALL /hooks/:slug */
export const receiveWebhook = defineRawRoute({
  path: "/:slug",
  operationId: "receiveWebhook",
  summary: "Receive a webhook",
  description: "The public address of a webhook endpoint. The signature is checked over the raw bytes; the event is " +
    "committed before the answer, and its run begins right after it. A repeated event starts nothing and gets the " +
    "answer of the first one.\n\nEndpoints of a provider take POST; custom ones take any method.",
  tags: ["hooks"],
  admin: "A provider that delivers an event is no user: the endpoint's secret decides",
  responses: {
    202: { description: "Kept, and a run was started", schema: receiptSchema },
    200: { description: "Known already, or kept without a run", schema: receiptSchema },
  },
  errors: ["not_found", "method_not_allowed", "rate_limited", "invalid_signature", "invalid_json", "invalid_request"],
}, async (c, rawBody) => {
  const { env, log, traceparent } = c.var.request;
  const { headers, method, url } = c.req.raw;
  // Asked by those who check an address; nothing is delivered by them.
  if (method === "HEAD" || method === "OPTIONS") return c.body(null, 204);
  const endpoint = await findEndpoint(env, c.req.param("slug") ?? "");
  const adapter = adapterFor(endpoint.provider, method);
  requireTokens(endpoint.rate);
  const query = readQuery(url);

  const judged = await judgeDelivery(adapter, endpoint, headers, rawBody, new Date());
  if (!judged.ok) {
    log.warn("webhook.rejected", { endpoint_id: endpoint.id, reason: judged.reason });
    waitUntil(countRejection(env, endpoint.id, judged.reason));
    throw judged.error;
  }

  const { event, unsigned } = judged;
  const kept = keptHeaders(headers, endpoint.config);
  const { reply, idle } = await keepDelivery(env, {
    endpointId: endpoint.id,
    eventKey: event.eventKey,
    type: event.type,
    method,
    headers: kept,
    query,
    rawBody,
    // Calls without a body are no repetitions of each other, unless a signature says nothing but that.
    dedupeBody: event.dedupeByBody && !(unsigned && rawBody.length === 0),
    input: { type: event.type, headers: kept, query, method, body: event.body },
    unsigned,
    ...(traceparent === null ? {} : { traceparent }),
  });
  waitUntil(idle);
  const { jobs: _, ...rest } = reply;
  const receipt = { ...rest, ...(unsigned ? { unsigned } : {}) } as Receipt;
  return c.json(receipt, receipt.run_id !== null && !receipt.duplicate ? 202 : 200, limitHeaders(endpoint.rate));
});

/** The adapter of a provider; providers deliver by POST, and only a custom sender may do it otherwise. */
function adapterFor(provider: string, method: string): WebhookAdapter {
  const adapter = getWebhookAdapter(provider);
  if (adapter === undefined) throw new AppError("internal", { message: `No adapter for ${provider}` });
  if (provider !== "custom" && method !== "POST") throw methodNotAllowed(method, ["POST"]);
  return adapter;
}

function requireTokens(rate: RateAnswer): void {
  const refused = rateLimitError(rate);
  if (refused === undefined) return;
  const headers = { ...refused.headers, ...limitHeaders(rate) };
  throw new AppError("rate_limited", { detail: refused.detail, headers });
}

function limitHeaders(rate: RateAnswer): Record<string, string> {
  return rateLimitHeaders(rate, "hook");
}

/** The query by name; of a name that is there twice the last value. */
function readQuery(url: string): Record<string, string> {
  const query = Object.fromEntries(new URL(url).searchParams);
  for (const [name, value] of Object.entries(query)) {
    if (!`${name}${value}`.includes("\0")) continue;
    const message = "Must not hold the character U+0000";
    throw invalidRequest([{ path: `query.${name.replaceAll("\0", "")}`, code: "nul_character", message }]);
  }
  return query;
}
