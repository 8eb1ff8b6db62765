import type { WebhookDelivery } from "../../shared/engine/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { type Arguments, createFlow, createTenant, rpc, type Tenant } from "./_world.ts";

/** An endpoint, as its owner sees it. */
export interface Endpoint {
  id: string;
  slug: string;
  secret: string;
  secrets: { last_four: string; expires_at: string | null }[];
  version: number;
  [column: string]: unknown;
}

/** Makes an endpoint: a custom one, `Shop`. */
export async function create(db: TestDatabase, tenant: Tenant, args: Arguments): Promise<Endpoint> {
  return await rpc<Endpoint>(db, tenant.user, "create_webhook_endpoint", {
    p_name: "Shop",
    p_provider: "custom",
    ...args,
  });
}

/** A tenant with a flow and an endpoint of it. */
export async function tenantWithEndpoint(db: TestDatabase, args: Arguments = {}) {
  const tenant = await createTenant(db);
  const flow = await createFlow(db, tenant);
  return { tenant, flow, endpoint: await create(db, tenant, { p_flow_id: flow, ...args }) };
}

/** Text as bytes. */
export function encode(text: string) {
  return new TextEncoder().encode(text);
}

/** A delivery that was found genuine. */
export function delivery(endpoint: { id: string }, fields: Partial<WebhookDelivery> = {}): WebhookDelivery {
  return {
    endpointId: endpoint.id,
    eventKey: crypto.randomUUID(),
    type: "order.paid",
    method: "POST",
    headers: { "content-type": "application/json" },
    query: { shop: "1" },
    rawBody: encode('{"amount": 100}'),
    dedupeBody: false,
    input: { type: "order.paid", body: { amount: 100 } },
    ...fields,
  };
}

/** How many events an endpoint has, how often they came, and how many runs they started. */
export async function counts(db: TestDatabase, endpointId: string) {
  const [row] = await db.sql`
    select count(*)::int as events, coalesce(sum(deliveries), 0)::int as deliveries,
      (select count(*)::int from public.runs r where r.webhook_event_id in (
        select id from public.webhook_events where endpoint_id = ${endpointId})) as runs
    from public.webhook_events where endpoint_id = ${endpointId}`;
  return { ...row };
}
