import { toBase64 } from "../../shared/bytes/mod.ts";
import { asResult, type DatabaseClient, type Page, rpc, runSingle } from "../../shared/db/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { AppError, formatPath, invalidRequest, notFound } from "../../shared/errors/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { NodeError, parseTarget } from "../../shared/providers/mod.ts";
import {
  fingerprint,
  keyIdOf,
  type Keyring,
  keyringOf,
  sealEnvelope,
  webhookSubscriptionPlace,
} from "../../shared/secrets/mod.ts";
import {
  applyTransformation,
  checkTransformation,
  eventBody,
  newSigningSecret,
} from "../../shared/webhooks_out/mod.ts";
import { decodeBody } from "./decode_body.ts";
import { DELIVERIES, SUBSCRIPTIONS } from "./subscription_lists.ts";
import type {
  Delivery,
  DeliverySummary,
  NewSubscription,
  Subscription,
  SubscriptionChanges,
  SubscriptionStats,
  SubscriptionSummary,
  SubscriptionWithSecret,
} from "./subscription_schemas.ts";

const DELIVERY_COLUMNS = "id, subscription_id, message_id, application, type, status, attempts, next_attempt_at, " +
  "response_status, error_code, created_at, finished_at";

/** A page of the organization's subscriptions. */
export function findSubscriptions(context: UserContext, query: AnyListQuery): Promise<Page<SubscriptionSummary>> {
  const rows = context.db.from("webhook_subscriptions").select(SUBSCRIPTIONS.columns(query))
    .eq("organization_id", context.organizationId);
  return SUBSCRIPTIONS.find(asResult<SubscriptionSummary[]>(rows), context, query);
}

/** A subscription with the ends of its secrets. */
export function findSubscription(db: DatabaseClient, id: string): Promise<Subscription> {
  return rpc<Subscription>(db, "get_webhook_subscription", { p_subscription_id: id });
}

/**
 * Refuses addresses that are never sent to and transformations that cannot be read.
 *
 * @throws {AppError} `invalid_request`, `blocked_address`.
 */
function requireSendable(env: Env, settings: { url?: string | undefined; transformation?: unknown }): void {
  if (settings.url !== undefined) {
    try {
      parseTarget(settings.url, env.egressAllow);
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      if (error.code === "blocked_address") throw new AppError("blocked_address", { detail: error.message });
      throw invalidRequest([{ path: "body.url", code: "invalid_format", message: error.message }]);
    }
  }
  const { transformation } = settings;
  if (transformation === undefined || transformation === null) return;
  const problems = checkTransformation(transformation as Json).map(({ path, message, position }) => ({
    path: formatPath(["body", "transformation", ...path]),
    code: "expression_invalid",
    message,
    ...(position !== undefined && { position }),
  }));
  if (problems.length > 0) throw invalidRequest(problems);
}

/** A value encrypted for a subscription. The number is random: nobody has to ask which one is next. */
async function seal(keyring: Keyring, tenant: string, id: string, kind: "signing" | "headers", value: string) {
  const number = 1 + (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % 2_147_483_647;
  const envelope = await sealEnvelope(keyring, webhookSubscriptionPlace(tenant, id, kind, number), value);
  return {
    number,
    envelope: toBase64(envelope),
    key_id: keyIdOf(envelope),
    ...(kind === "signing" && { last_four: value.slice(-4) }),
  };
}

function requireKeyring(env: Env): Keyring {
  const keyring = keyringOf(env);
  if (keyring !== null) return keyring;
  throw new AppError("secrets_not_set_up", {
    detail: "Webhooks cannot be signed here: MILLRACE_MASTER_KEYS is missing",
  });
}

/** Subscribes the organization. The secret is made here; the database gets it encrypted. */
export async function insertSubscription(
  { db, env, organizationId }: UserContext,
  { headers, ...settings }: NewSubscription,
  idempotencyKey: string | null,
): Promise<SubscriptionWithSecret> {
  requireSendable(env, settings);
  const keyring = requireKeyring(env);
  const id = crypto.randomUUID();
  const seed = newSigningSecret();
  const secret = await secretOf(keyring, seed);
  const names = Object.keys(headers ?? {});
  const text = JSON.stringify(headers ?? {});
  type Made = Subscription & { is_new: boolean; seed: string | null };
  const { is_new: _, seed: made_of, ...made } = await rpc<Made>(db, "create_webhook_subscription", {
    p_subscription_id: id,
    p_organization_id: organizationId,
    p_settings: { ...settings, ...(names.length > 0 && { header_names: names }) },
    p_signing: await seal(keyring, organizationId, id, "signing", secret),
    p_headers: names.length === 0 ? null : await seal(keyring, organizationId, id, "headers", text),
    p_idempotency_key: idempotencyKey,
    p_fingerprint: idempotencyKey === null ? null : await fingerprint(keyring, `${organizationId}|headers`, text),
    p_seed: seed,
  });
  // A repeated request gets the secret of the first, unless the master keys have changed in between.
  const first = made_of === null ? null : await secretOf(keyring, made_of);
  const fits = made.secrets.some(({ last_four }) => first?.endsWith(last_four));
  return { ...made, secret: fits ? first : null };
}

/** The signing secret that a seed stands for, to who holds the master key: no reply that is kept holds the secret. */
async function secretOf(keyring: Keyring, seed: string): Promise<string> {
  const digits = await fingerprint(keyring, "webhook subscription secret", seed);
  return `whsec_${toBase64(Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16)))}`;
}

/** Changes a subscription. */
export async function saveSubscription(
  { db, env }: UserContext,
  id: string,
  { headers, ...changes }: SubscriptionChanges,
  version: number | null,
): Promise<Subscription> {
  requireSendable(env, changes);
  const names = Object.keys(headers ?? {});
  // Encrypted for the organization of the subscription, which need not be the one of this request.
  const sealed = names.length === 0 ? null : await seal(
    requireKeyring(env),
    (await findSubscription(db, id)).organization_id,
    id,
    "headers",
    JSON.stringify(headers),
  );
  return await rpc<Subscription>(db, "update_webhook_subscription", {
    p_subscription_id: id,
    p_changes: { ...changes, ...(headers !== undefined && { header_names: names }) },
    p_headers: sealed,
    p_if_version: version,
  });
}

/** Gives a subscription a new secret. */
export async function rotateSubscriptionSecret(
  { db, env }: UserContext,
  id: string,
  overlapSeconds: number,
): Promise<SubscriptionWithSecret> {
  const keyring = requireKeyring(env);
  const secret = newSigningSecret();
  const { organization_id } = await findSubscription(db, id);
  const changed = await rpc<Subscription>(db, "rotate_webhook_subscription_secret", {
    p_subscription_id: id,
    p_signing: await seal(keyring, organization_id, id, "signing", secret),
    p_overlap_seconds: overlapSeconds,
  });
  return { ...changed, secret };
}

/** Deletes a subscription with its deliveries. */
export async function removeSubscription(db: DatabaseClient, id: string, version: number | null): Promise<void> {
  await rpc(db, "delete_webhook_subscription", { p_subscription_id: id, p_if_version: version });
}

/** Sends a made-up event to one subscription. */
export async function sendTest(
  db: DatabaseClient,
  id: string,
  type: string,
  data: Readonly<Record<string, unknown>>,
  idempotencyKey: string | null,
): Promise<DeliverySummary> {
  const args = { p_subscription_id: id, p_type: type, p_data: data, p_idempotency_key: idempotencyKey };
  return shown(await rpc<DeliverySummary>(db, "test_webhook_subscription", args));
}

/** How an endpoint does. */
export function findStats(db: DatabaseClient, id: string, hours: number): Promise<SubscriptionStats> {
  return rpc<SubscriptionStats>(db, "get_webhook_subscription_stats", { p_subscription_id: id, p_hours: hours });
}

/** A page of the organization's deliveries. */
export async function findDeliveries(context: UserContext, query: AnyListQuery): Promise<Page<DeliverySummary>> {
  const rows = context.db.from("webhook_deliveries").select(DELIVERY_COLUMNS)
    .eq("organization_id", context.organizationId);
  const page = await DELIVERIES.find(asResult<DeliverySummary[]>(rows), context, query);
  return { ...page, data: page.data.map(shown) };
}

type StoredAttempt = Omit<Delivery["history"][number], "response_body_encoding">;

/** A delivery with what was sent and what came back. */
export async function findDelivery(db: DatabaseClient, id: string): Promise<Delivery> {
  type Row = DeliverySummary & {
    body: string | null;
    message: { type: string; created_at: string; data: { [key: string]: Json } };
    subscription: { transformation: Json };
    history: StoredAttempt[];
  };
  const columns = `${DELIVERY_COLUMNS}, body, message:webhook_messages(type, created_at, data), ` +
    "subscription:webhook_subscriptions(transformation), history:webhook_attempts(number, response_status, error_code, " +
    "error_message, duration_ms, url, request_headers, response_headers, response_body, is_cut, finished_at)";
  const query = db.from("webhook_deliveries").select(columns).eq("id", id)
    .order("number", { referencedTable: "history", ascending: false }).limit(100, { referencedTable: "history" })
    .maybeSingle();
  const { body, message, subscription, history, ...row } = await runSingle(
    asResult<Row>(query),
    () => notFound("webhook delivery"),
  );
  return {
    ...shown(row),
    request_body: body ?? preview(subscription.transformation, message),
    history: history.toReversed().map((attempt) => {
      const decoded = attempt.response_body === null ? null : decodeBody(attempt.response_body);
      return {
        ...attempt,
        response_body: decoded?.body ?? null,
        response_body_encoding: decoded?.body_encoding ?? null,
      };
    }),
  };
}

/** What is to be sent, before an attempt has settled it. */
function preview(transformation: Json, message: { type: string; created_at: string; data: { [key: string]: Json } }) {
  const event = eventBody(message);
  if (transformation === null) return JSON.stringify(event);
  try {
    return JSON.stringify(applyTransformation(transformation, event)) ?? "";
  } catch {
    // The attempts say why.
    return "";
  }
}

/** Sends a delivery again. */
export async function retryDelivery(db: DatabaseClient, id: string): Promise<DeliverySummary> {
  return shown(await rpc<DeliverySummary>(db, "retry_webhook_delivery", { p_delivery_id: id }));
}

/** Sends a delivery no more. */
export async function cancelDelivery(db: DatabaseClient, id: string): Promise<DeliverySummary> {
  return shown(await rpc<DeliverySummary>(db, "cancel_webhook_delivery", { p_delivery_id: id }));
}

/** Sends many deliveries again. */
export function retryDeliveries(
  { db, organizationId }: UserContext,
  filter: Readonly<Record<string, unknown>>,
  limit: number,
): Promise<{ retried: number; more: boolean }> {
  const args = { p_organization_id: organizationId, p_filter: filter, p_limit: limit };
  return rpc(db, "retry_webhook_deliveries", args);
}

/** A delivery as the API shows it: one that waits for others has no time of its own. */
function shown(row: DeliverySummary): DeliverySummary {
  const {
    id,
    subscription_id,
    message_id,
    application,
    type,
    status,
    attempts,
    next_attempt_at,
    response_status,
    error_code,
    created_at,
    finished_at,
  } = row;
  return {
    id,
    subscription_id,
    message_id,
    application,
    type,
    status,
    attempts,
    next_attempt_at: next_attempt_at === "infinity" ? null : next_attempt_at,
    response_status,
    error_code,
    created_at,
    finished_at,
  };
}
