import {
  type AheadRun,
  type CallbackCall,
  type CallbackPlace,
  type CallbackReply,
  type CallbackState,
  getEngine,
  type IngestReply,
  type RefusedDelivery,
  type RunEnd,
  type WebhookDelivery,
} from "../../shared/engine/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { AppError, notFound } from "../../shared/errors/mod.ts";
import { waitUntil } from "../../shared/http/mod.ts";
import { runInline } from "../../shared/runs/mod.ts";
import type { ReceivingEndpoint } from "./schemas.ts";

/** As the database checks it; anything else is nobody's address. */
const SLUG = /^[A-Za-z0-9_-]{16,64}$/;

/**
 * The endpoint at an address, an active one unless it is its test address; takes a token of its rate limit.
 *
 * @param ip The address of the sender; null = not known.
 * @throws {AppError} `not_found`, `ip_blocked`.
 */
export async function findEndpoint(
  env: Env,
  slug: string,
  test: boolean,
  ip: string | null,
): Promise<ReceivingEndpoint> {
  const found = SLUG.test(slug) ? await getEngine(env).receiver.findEndpoint(slug, test, ip) : null;
  if (found === null) throw notFound("webhook endpoint");
  if (found.blocked === true) throw new AppError("ip_blocked", { detail: "No requests are taken from this address" });
  return found as unknown as ReceivingEndpoint;
}

/** Runs the flow of a delivery before that is kept, if it only computes; undefined = it is run afterwards. */
export async function runFlowAhead(
  env: Env,
  { ahead, organization_id }: ReceivingEndpoint,
  input: WebhookDelivery["input"],
): Promise<AheadRun | undefined> {
  if (ahead === null) return undefined;
  return await getEngine(env).runAhead(ahead, organization_id, input) ?? undefined;
}

/**
 * Commits a delivery with its run where that was run ahead; otherwise starts its run in this isolate.
 *
 * @returns The receipt, once it is committed.
 */
export async function keepDelivery(env: Env, { ahead, ...delivery }: WebhookDelivery): Promise<IngestReply> {
  const { client, inline, receiver } = getEngine(env);
  const kept = ahead === undefined ? null : await receiver.keep({ ...delivery, ahead });
  if (kept !== null) return kept;
  const { reply, idle } = await inline.start((workerId) => client.ingestWebhook(delivery, workerId));
  waitUntil(idle);
  return reply;
}

/**
 * Waits for the end of the run that a delivery has started, now or when it came first.
 *
 * @param seconds How long.
 * @param signalOf Makes what says that the sender has gone: asked for only where there is something to wait for.
 * @returns Null when it has not ended, or there is no run.
 */
export async function findRunEnd(
  env: Env,
  { run_id, duplicate, run }: IngestReply,
  seconds: number,
  signalOf: () => AbortSignal,
): Promise<RunEnd | null> {
  if (run_id === null || seconds === 0) return null;
  if (run !== undefined) return run;
  const { client } = getEngine(env);
  const known = duplicate ? await client.getRunEnd(run_id) : null;
  return known ?? await client.waitForEnd(run_id, seconds, signalOf());
}

/** Counts a refused delivery, and keeps it among the latest. */
export async function keepRefusal(
  env: Env,
  endpointId: string,
  reason: string,
  delivery: RefusedDelivery,
): Promise<void> {
  await getEngine(env).client.recordWebhookRejection(endpointId, reason, delivery);
}

/**
 * Completes waiting steps. A run alone goes on in this isolate; for several a worker is woken.
 *
 * @param callbacks Their signatures have been checked.
 */
export async function completeCallbacks(env: Env, callbacks: readonly CallbackCall[]): Promise<CallbackReply[]> {
  const runs = [...new Set(callbacks.map(({ run_id }) => run_id))];
  const [only, ...others] = runs;
  const outcomes = await getEngine(env).client.completeCallbacks(callbacks, others.length > 0);
  if (only !== undefined && others.length === 0 && outcomes.some(({ status }) => status === "completed")) {
    waitUntil(runInline(env, only));
  }
  return outcomes;
}

/** Whether a callback to a step is still open; null when its run is gone. The signature has been checked. */
export function findCallback(env: Env, place: CallbackPlace): Promise<CallbackState | null> {
  return getEngine(env).client.getCallback(place);
}
