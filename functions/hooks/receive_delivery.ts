import { AppError, invalidRequest, methodNotAllowed, serviceUnavailable } from "../../shared/errors/mod.ts";
import { type PublicAccess, type RouteContext, waitUntil } from "../../shared/http/mod.ts";
import { type RateAnswer, rateLimitError, rateLimitHeaders } from "../../shared/rate_limit/mod.ts";
import { openEndpointSecrets } from "../../shared/secrets/mod.ts";
import { applyMapping, getWebhookAdapter, type WebhookAdapter } from "../../shared/webhooks/mod.ts";
import { judgeDelivery } from "./judge_delivery.ts";
import { keptHeaders } from "./kept_headers.ts";
import { findEndpoint, findRunEnd, keepDelivery, keepRefusal, runFlowAhead } from "./queries.ts";
import type { Receipt } from "./schemas.ts";

/** How a delivery came in. */
export interface ReceiveOptions {
  /** Whether it came to the test address: refusals are explained, repetitions run again, and off does not count. */
  readonly test: boolean;
}

/** Receives a delivery: judges it, keeps it, starts its run and answers. */
export async function receiveDelivery(
  c: RouteContext<PublicAccess>,
  rawBody: Uint8Array,
  { test }: ReceiveOptions,
): Promise<Response> {
  const { request } = c.var;
  const { env, log, traceparent } = request;
  const { headers, method, url } = c.req.raw;
  // Asked by those who check an address; nothing is delivered by them.
  if (method === "HEAD" || method === "OPTIONS") return c.body(null, 204);
  const endpoint = await findEndpoint(env, c.req.param("slug") ?? "", test, request.ip);
  const adapter = adapterFor(endpoint.provider, method);
  requireTokens(endpoint.rate);
  const query = readQuery(url);

  const { config, signature_required } = endpoint;
  const { secrets, unreadable } = await openEndpointSecrets(env, endpoint.organization_id, endpoint.secrets);
  const judged = await judgeDelivery(
    adapter,
    { config, signature_required, secrets },
    headers,
    rawBody,
    new Date(),
    test,
  );
  if (!judged.ok) {
    // Whether it is genuine cannot be said here: the sender shall try again, and not give up.
    if (unreadable > 0 && judged.error.code === "invalid_signature") throw unreadableSecret(endpoint.id);
    log.warn("webhook.rejected", { endpoint_id: endpoint.id, reason: judged.reason, test });
    const refused = { method, headers: keptHeaders(headers, config), query, rawBody, test };
    const detail = judged.detail?.replaceAll("\0", "");
    waitUntil(
      keepRefusal(env, endpoint.id, judged.reason, { ...refused, ...(detail !== undefined && { detail }) }),
    );
    throw judged.error;
  }

  const { event, unsigned, answer } = judged;
  if (answer !== undefined) return c.json({ challenge: answer }, 200, limitHeaders(endpoint.rate));
  const kept = keptHeaders(headers, endpoint.config);
  const input = { type: event.type, headers: kept, query, method, body: event.body };
  const mapped = endpoint.mapping === null ? undefined : applyMapping(endpoint.mapping, input);
  if (mapped?.error !== undefined) {
    log.warn("webhook.mapping_failed", { endpoint_id: endpoint.id, reason: mapped.error });
  }
  const ahead = await runFlowAhead(env, endpoint, input);
  const reply = await keepDelivery(env, {
    endpointId: endpoint.id,
    eventKey: event.eventKey,
    type: event.type,
    method,
    headers: kept,
    query,
    rawBody,
    // Calls without a body are no repetitions of each other, unless a signature says nothing but that.
    dedupeBody: event.dedupeByBody && !(unsigned && rawBody.length === 0),
    input,
    ...(mapped && { mapped: { ...mapped } }),
    ...(ahead && { ahead }),
    unsigned,
    test,
    ...(traceparent === null ? {} : { traceparent }),
  });
  const { jobs: _, run: __, ...rest } = reply;
  const run = await findRunEnd(env, reply, endpoint.wait_seconds, () => request.signal);
  const flags = { ...(unsigned && { unsigned }), ...(test && { test }) };
  const receipt = { ...rest, ...(run !== null && { run }), ...flags } as Receipt;
  const isUnderWay = receipt.run_id !== null && run === null && !receipt.duplicate;
  return c.json(receipt, isUnderWay ? 202 : 200, limitHeaders(endpoint.rate));
}

/** The adapter of a provider; providers deliver by POST, and only a custom sender may do it otherwise. */
function adapterFor(provider: string, method: string): WebhookAdapter {
  const adapter = getWebhookAdapter(provider);
  if (adapter === undefined) throw new AppError("internal", { message: `No adapter for ${provider}` });
  if (provider !== "custom" && method !== "POST") throw methodNotAllowed(method, ["POST"]);
  return adapter;
}

function unreadableSecret(endpointId: string): AppError {
  return serviceUnavailable(
    `A secret of the endpoint ${endpointId} cannot be opened: its master key is not in MILLRACE_MASTER_KEYS`,
  );
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
  if (!url.includes("?")) return {};
  const query = Object.fromEntries(new URL(url).searchParams);
  for (const [name, value] of Object.entries(query)) {
    if (!`${name}${value}`.includes("\0")) continue;
    const message = "Must not hold the character U+0000";
    throw invalidRequest([{ path: `query.${name.replaceAll("\0", "")}`, code: "nul_character", message }]);
  }
  return query;
}
