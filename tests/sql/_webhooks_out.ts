import { toBase64 } from "../../shared/bytes/mod.ts";
import { createGuardedHttpProvider, type GuardedHttpOptions } from "../../shared/providers/mod.ts";
import { keyIdOf, Keyring, sealEnvelope, webhookSubscriptionPlace } from "../../shared/secrets/mod.ts";
import { newSigningSecret, sendBatch, type WebhookBatch } from "../../shared/webhooks_out/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { startTestServer, type TestServer } from "../helpers/raw_server.ts";
import { type Arguments, type CallOptions, createTenant, rpc, service, type Tenant } from "./_world.ts";

const KEY = new Uint8Array(32).fill(7);
const KEYRING = new Keyring({ current: "k1", keys: { k1: KEY } });

/** The master key under which these subscriptions are, as `MILLRACE_MASTER_KEYS` has it. */
export const MASTER_KEYS = JSON.stringify({ k1: toBase64(KEY) });

/** A subscription as its owner sees it, and what it is signed with. */
export interface Subscription {
  id: string;
  secret: string;
  version: number;
  status: string;
  [column: string]: unknown;
}

/** Encrypts something for a subscription, as the function webhooks does. */
export async function sealed(tenant: Tenant, id: string, kind: "signing" | "headers", value: string, number = 1) {
  const envelope = await sealEnvelope(
    KEYRING,
    webhookSubscriptionPlace(tenant.organizationId, id, kind, number),
    value,
  );
  return {
    number,
    envelope: toBase64(envelope),
    key_id: keyIdOf(envelope),
    ...(kind === "signing" && { last_four: value.slice(-4) }),
  };
}

/** Subscribes a tenant to everything, unless the settings say otherwise. */
export async function subscribe(db: TestDatabase, tenant: Tenant, settings: Arguments = {}): Promise<Subscription> {
  const id = crypto.randomUUID();
  const secret = newSigningSecret();
  const made = await rpc<Subscription>(db, tenant.user, "create_webhook_subscription", {
    p_subscription_id: id,
    p_organization_id: tenant.organizationId,
    p_settings: { url: "https://example.com/hooks", event_types: ["*"], ...settings },
    p_signing: await sealed(tenant, id, "signing", secret),
  });
  return { ...made, secret };
}

/** Publishes events of `invoice.paid` with these ids, in one transaction, and makes deliveries of them. */
export async function publish(
  db: TestDatabase,
  tenant: Tenant,
  ids: readonly string[],
  options: CallOptions & { key?: string } = {},
): Promise<void> {
  await db.sql.begin(async (sql) => {
    await sql`select set_config('millrace.now', ${options.now ?? ""}, true)`;
    for (const id of ids) {
      await sql`
        select private.publish_event(${tenant.organizationId}, 'invoice.paid', ${
        JSON.stringify({ id })
      }::text::jsonb, ${options.key ?? null})`;
    }
  });
  await service(db, "send_webhooks_on", { p_organization_id: tenant.organizationId }, options);
}

/**
 * Does what a worker does with every job webhook.deliver that is due, one after the other, until none is.
 *
 * @returns The subscriptions whose job ran, in order.
 */
export async function deliverAll(
  db: TestDatabase,
  options: {
    readonly now?: string;
    readonly http?: GuardedHttpOptions;
    readonly most?: number;
    readonly keyring?: Keyring;
  } = {},
): Promise<string[]> {
  const { now } = options;
  const clock = now === undefined ? {} : { now };
  const http = createGuardedHttpProvider(options.http);
  const ran: string[] = [];
  while (ran.length < (options.most ?? 200)) {
    const [claimed] = await db.sql`
      delete from public.job_queue where id = (
        select id from public.job_queue
        where type = 'webhook.deliver' and scheduled_for <= ${now ?? new Date(Date.now() + 50).toISOString()}
        order by priority, scheduled_for, id limit 1
      ) returning payload`;
    if (claimed === undefined) break;
    const p_subscription_id: string = claimed["payload"].subscription_id;
    ran.push(p_subscription_id);
    const p_lease = crypto.randomUUID();
    const batch = await service(
      db,
      "begin_webhook_batch",
      { p_subscription_id, p_lease },
      clock,
    ) as unknown as WebhookBatch;
    const p_results = await sendBatch(batch, { http, keyring: options.keyring ?? KEYRING });
    if (p_results.length > 0) {
      await service(db, "end_webhook_batch", { p_subscription_id, p_lease, p_results: p_results as never }, clock);
    }
  }
  return ran;
}

/** Deliveries of a subscription, in order. */
export async function deliveriesOf(db: TestDatabase, subscriptionId: string) {
  const rows = await db.sql`
    select d.id, m.data ->> 'id' as event, d.status, d.attempts, d.response_status, d.error_code,
      d.next_attempt_at::text as next_attempt_at
    from public.webhook_deliveries d join public.webhook_messages m on m.id = d.message_id
    where d.subscription_id = ${subscriptionId} order by m.id`;
  return rows.map((row) => ({ ...row }) as Delivery);
}

/** One of them. */
export interface Delivery {
  id: string;
  event: string;
  status: string;
  attempts: number;
  response_status: number | null;
  error_code: string | null;
  next_attempt_at: string | null;
}

/** A receiver that takes it. */
export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/** A receiver that answers so. */
export const status = (code: number, fields = "") => `HTTP/1.1 ${code} X\r\n${fields}Content-Length: 0\r\n\r\n`;

/** A day in the future, so that shifted times never lie before what the database made by its own clock. */
const START = Date.now() + 86_400_000;
/** So many seconds after that, ISO 8601. */
export const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();

/** A tenant and a server beside it. */
export interface Place {
  tenant: Tenant;
  server: TestServer;
  url: string;
  http: { egressAllow: string[] };
}

/** A tenant and a server that answers so. */
export async function withServer(
  db: TestDatabase,
  answer: Parameters<typeof startTestServer>[0],
  work: (place: Place) => Promise<void>,
): Promise<void> {
  const server = startTestServer(answer);
  try {
    const host = `127.0.0.1:${server.port}`;
    await work({ tenant: await createTenant(db), server, url: `http://${host}/hooks`, http: { egressAllow: [host] } });
  } finally {
    await server.close();
  }
}
