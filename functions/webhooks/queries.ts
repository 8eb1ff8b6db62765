import { asResult, type DatabaseClient, type Page, rpc, run, runSingle } from "../../shared/db/mod.ts";
import { getEngine } from "../../shared/engine/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { AppError, conflict, forbidden, notFound } from "../../shared/errors/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import {
  keyringOf,
  type NewEndpointSecret,
  openEndpointSecrets,
  type SealedEndpointSecret,
  sealEndpointSecret,
  type StoredEndpointSecret,
} from "../../shared/secrets/mod.ts";
import { newWebhookSecret } from "../../shared/webhooks/mod.ts";
import { decodeBody } from "./decode_body.ts";
import { WEBHOOK_EVENTS, WEBHOOK_REFUSALS, WEBHOOKS } from "./lists.ts";
import type {
  EventSummary,
  NewWebhook,
  Refusal,
  Replay,
  Rotation,
  Webhook,
  WebhookChanges,
  WebhookEvent,
  WebhookSender,
  WebhookStats,
  WebhookSummary,
  WebhookWithSecret,
} from "./schemas.ts";

/** An endpoint as the database gives it: its addresses are not known there. */
type Stored<T extends { url: string; test_url: string }> = Omit<T, "url" | "test_url"> & { slug: string };

/** An endpoint as the API shows it: with the addresses instead of their last part. */
function withUrl<T extends { url: string; test_url: string }>(env: Env, { slug, ...stored }: Stored<T>): T {
  const url = `${env.functionsUrl}/hooks/${slug}`;
  return { ...stored, url, test_url: `${url}/test` } as unknown as T;
}

const SUMMARY_COLUMNS = "id, organization_id, flow_id, trigger_node, name, provider, config, slug, " +
  "signature_required, is_active, rejected_count, last_rejected_at, last_rejection, created_by, version, " +
  "created_at, updated_at, mapping, wait_seconds";

/** A page of the organization's endpoints. */
export async function findWebhooks(context: UserContext, query: AnyListQuery): Promise<Page<WebhookSummary>> {
  const { db, env, organizationId } = context;
  const rows = db.from("webhook_endpoints").select(SUMMARY_COLUMNS).eq("organization_id", organizationId);
  const page = await WEBHOOKS.find(asResult<Stored<WebhookSummary>[]>(rows), context, query);
  return { ...page, data: page.data.map((row) => withUrl<WebhookSummary>(env, row)) };
}

/** An endpoint with the ends of its secrets. */
export async function findWebhook({ db, env }: UserContext, id: string): Promise<Webhook> {
  return withUrl(env, await rpc<Stored<Webhook>>(db, "get_webhook_endpoint", { p_endpoint_id: id }));
}

/** An endpoint that was given a secret, as the database answers. */
type Sealed = Omit<Stored<WebhookWithSecret>, "secret"> & {
  readonly secret?: string;
  readonly sealed_secret?: SealedEndpointSecret;
};

/** Opens the secret in an answer: that of a repeated request is what the first one made. */
async function withSecret(env: Env, { sealed_secret, ...stored }: Sealed): Promise<WebhookWithSecret> {
  let { secret } = stored;
  if (sealed_secret !== undefined) {
    secret = (await openEndpointSecrets(env, stored.organization_id, [sealed_secret])).secrets[0];
    if (secret === undefined) throw new AppError("secrets_not_set_up", { detail: "The secret cannot be opened here" });
  }
  if (secret === undefined) throw conflict("The secret that this request made is gone: rotate it");
  return withUrl<WebhookWithSecret>(env, { ...stored, secret } as Stored<WebhookWithSecret>);
}

/** The secret as the database takes it: sealed, or as it is where there are no master keys. */
async function secretArguments(
  env: Env,
  organizationId: string,
  given: string | undefined,
  config: Readonly<Record<string, unknown>>,
): Promise<{ p_secret: string | null; p_sealed: NewEndpointSecret | null }> {
  const keyring = keyringOf(env);
  if (keyring === null) return { p_secret: given ?? null, p_sealed: null };
  const secret = given ?? newWebhookSecret(config);
  return { p_secret: null, p_sealed: await sealEndpointSecret(keyring, organizationId, secret, given !== undefined) };
}

/** The organization of a flow, to which the secret of its endpoint is bound. */
async function organizationOf(db: DatabaseClient, flowId: string): Promise<string> {
  const query = db.from("flows").select("organization_id").eq("id", flowId).is("deleted_at", null);
  return (await runSingle(query.maybeSingle<{ organization_id: string }>(), () => notFound("flow"))).organization_id;
}

/** Makes an endpoint. */
export async function insertWebhook(
  { db, env }: UserContext,
  webhook: NewWebhook,
  idempotencyKey: string | null,
): Promise<WebhookWithSecret> {
  const config = webhook.config ?? {};
  const organizationId = env.masterKeys === null ? "" : await organizationOf(db, webhook.flow_id);
  return await withSecret(
    env,
    await rpc<Sealed>(db, "create_webhook_endpoint", {
      ...await secretArguments(env, organizationId, webhook.secret, config),
      p_flow_id: webhook.flow_id,
      p_name: webhook.name,
      p_provider: webhook.provider,
      p_config: config,
      p_trigger_node: webhook.trigger_node ?? null,
      p_signature_required: webhook.signature_required,
      p_idempotency_key: idempotencyKey,
      p_mapping: webhook.mapping ?? null,
      p_wait_seconds: webhook.wait_seconds,
    }),
  );
}

/** Changes an endpoint. */
export async function saveWebhook(
  { db, env }: UserContext,
  id: string,
  changes: WebhookChanges,
  version: number | null,
): Promise<Webhook> {
  return withUrl(
    env,
    await rpc<Stored<Webhook>>(db, "update_webhook_endpoint", {
      p_endpoint_id: id,
      p_name: changes.name ?? null,
      p_config: changes.config ?? null,
      p_flow_id: changes.flow_id ?? null,
      p_signature_required: changes.signature_required ?? null,
      p_is_active: changes.is_active ?? null,
      p_if_version: version,
      p_trigger_node: changes.trigger_node ?? null,
      // For SQL, null is "as it is" and empty is "none".
      p_mapping: changes.mapping === null ? {} : changes.mapping ?? null,
      p_wait_seconds: changes.wait_seconds ?? null,
    }),
  );
}

/** Gives an endpoint a new secret. */
export async function rotateSecret(
  { db, env }: UserContext,
  { id, organization_id, config }: Pick<Webhook, "id" | "organization_id" | "config">,
  rotation: Rotation,
): Promise<WebhookWithSecret> {
  return await withSecret(
    env,
    await rpc<Sealed>(db, "rotate_webhook_secret", {
      ...await secretArguments(env, organization_id, rotation.secret, config),
      p_endpoint_id: id,
      p_overlap_seconds: rotation.overlap_seconds,
    }),
  );
}

/**
 * What it takes to send a test event as the provider would: the secret, too, which no user may read. So the database
 * is asked as the service, whether this user holds `webhooks:write` in the organization of the endpoint.
 */
export async function findSender({ env, userId }: UserContext, id: string): Promise<WebhookSender> {
  const found = await getEngine(env).client.getWebhookSender(id, userId);
  if (found === null) throw forbidden("Sending test events takes the permission webhooks:write");
  type Found = Omit<WebhookSender, "secret"> & { organization_id: string; secret: StoredEndpointSecret | null };
  const { organization_id, secret, ...sender } = found as unknown as Found;
  if (secret === null) return { ...sender, secret };
  const { secrets: [opened] } = await openEndpointSecrets(env, organization_id, [secret]);
  if (opened === undefined) throw new AppError("secrets_not_set_up", { detail: "The secret cannot be opened here" });
  return { ...sender, secret: opened };
}

/** Deletes an endpoint with its events. */
export async function removeWebhook(db: DatabaseClient, id: string, version: number | null): Promise<void> {
  await rpc(db, "delete_webhook_endpoint", { p_endpoint_id: id, p_if_version: version });
}

const EVENT_COLUMNS = "id, endpoint_id, event_key, type, status, held_because, unsigned, method, run_id, deliveries, " +
  "replay_of, is_test, mapping_error, received_at";

type StoredEvent = Omit<EventSummary, "verdict"> & { unsigned: boolean };

function withVerdict<T extends { unsigned: boolean }>({ unsigned, ...event }: T) {
  return { ...event, verdict: unsigned ? "unsigned" as const : "verified" as const };
}

/** A page of an endpoint's events. */
export async function findEvents(
  context: UserContext,
  endpointId: string,
  query: AnyListQuery,
): Promise<Page<EventSummary>> {
  const rows = context.db.from("webhook_events").select(EVENT_COLUMNS).eq("endpoint_id", endpointId);
  const page = await WEBHOOK_EVENTS.find(asResult<StoredEvent[]>(rows), context, query, { endpoint_id: endpointId });
  // Only an empty list leaves open whether there is such an endpoint.
  if (page.data.length === 0) await requireWebhook(context.db, endpointId);
  return { ...page, data: page.data.map((event) => withVerdict(event)) };
}

async function requireWebhook(db: DatabaseClient, id: string): Promise<void> {
  const missing = () => notFound("webhook endpoint");
  await runSingle(db.from("webhook_endpoints").select("id").eq("id", id).maybeSingle<{ id: string }>(), missing);
}

/** An event with what came. */
export async function findEvent(db: DatabaseClient, id: string): Promise<WebhookEvent> {
  const query = db.from("webhook_events").select(`${EVENT_COLUMNS}, headers, query, mapped, raw_body`).eq("id", id);
  return readEvent(await runSingle(query.maybeSingle<StoredWholeEvent>(), () => notFound("webhook event")));
}

type StoredWholeEvent = StoredEvent & Pick<WebhookEvent, "headers" | "query" | "mapped"> & { raw_body: string };

function readEvent({ raw_body, ...event }: StoredWholeEvent): WebhookEvent {
  return { ...withVerdict(event), ...decodeBody(raw_body) };
}

/** Sends a kept event through its flow again. */
export function replayEvent(db: DatabaseClient, id: string, idempotencyKey: string | null): Promise<Replay> {
  return rpc<Replay>(db, "replay_webhook_event", { p_event_id: id, p_idempotency_key: idempotencyKey });
}

const REFUSAL_COLUMNS =
  "id, endpoint_id, reason, detail, method, headers, query, body, body_bytes, is_test, received_at";

/** What an endpoint has refused. */
function refusalsOf(db: DatabaseClient, endpointId: string) {
  return db.from("webhook_refusals").select(REFUSAL_COLUMNS).eq("endpoint_id", endpointId);
}

type StoredRefusal = Omit<Refusal, "body_encoding">;

/** The bytes that are kept as text, or as base64; how long the body was stays as it is. */
function readRefusal(stored: StoredRefusal): Refusal {
  const { body, body_encoding } = decodeBody(stored.body);
  return { ...stored, body, body_encoding };
}

/** A page of what an endpoint has refused. */
export async function findRefusals(
  context: UserContext,
  endpointId: string,
  query: AnyListQuery,
): Promise<Page<Refusal>> {
  const rows = refusalsOf(context.db, endpointId);
  const page = await WEBHOOK_REFUSALS.find(asResult<StoredRefusal[]>(rows), context, query, {
    endpoint_id: endpointId,
  });
  if (page.data.length === 0) await requireWebhook(context.db, endpointId);
  return { ...page, data: page.data.map(readRefusal) };
}

/** What came to an endpoint in the last days. */
export function findStats(db: DatabaseClient, id: string, days: number): Promise<WebhookStats> {
  return rpc<WebhookStats>(db, "get_webhook_stats", { p_endpoint_id: id, p_days: days });
}

/** Something that arrived. */
export type Arrival =
  | { readonly kind: "event"; readonly id: string; readonly data: WebhookEvent }
  | { readonly kind: "refusal"; readonly id: string; readonly data: Refusal };

/** What {@linkcode findArrivals} looks for. */
export interface ArrivalQuery {
  readonly endpoint: { readonly id: string };
  /** Only what came to the test address, or only what came to the real one; undefined = both. */
  readonly test: boolean | undefined;
  /** Only what is younger than this id. */
  readonly after: string;
  readonly limit: number;
}

/** What arrived at an endpoint after an id, kept or refused, oldest first. */
export async function findArrivals(
  db: DatabaseClient,
  { endpoint, test, after, limit }: ArrivalQuery,
  signal: AbortSignal,
): Promise<Arrival[]> {
  const events = db.from("webhook_events").select(`${EVENT_COLUMNS}, headers, query, mapped, raw_body`)
    .eq("endpoint_id", endpoint.id).gt("id", after);
  const refusals = refusalsOf(db, endpoint.id).gt("id", after);
  const [kept, refused] = await Promise.all([
    run<StoredWholeEvent[]>(
      asResult((test === undefined ? events : events.eq("is_test", test)).order("id").limit(limit).abortSignal(signal)),
    ),
    run<StoredRefusal[]>(
      asResult(
        (test === undefined ? refusals : refusals.eq("is_test", test)).order("id").limit(limit).abortSignal(signal),
      ),
    ),
  ]);
  const arrivals: Arrival[] = [
    ...kept.map((row) => ({ kind: "event" as const, id: row.id, data: readEvent(row) })),
    ...refused.map((row) => ({ kind: "refusal" as const, id: row.id, data: readRefusal(row) })),
  ];
  return arrivals.sort((a, b) => a.id < b.id ? -1 : 1).slice(0, limit);
}
