/**
 * Budgets and calls of models, as the engine and people make them.
 *
 * @module
 */
import type { Json, JsonObject } from "../../shared/graph/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { createFlow, rpc, service, type Tenant } from "./_world.ts";

/** What every test calls: a dollar a million tokens read, ten a million written. */
export const MODEL = "openai/gpt-5.1";

/** A tenant's flow with a token that is leased to a living worker, so that its calls are under way. */
export interface Caller {
  tenant: Tenant;
  flowId: string;
  jobId: string;
  runId: string;
}

/** What `engine.reserve_spend` answers. */
export interface Reserved {
  id: string;
  cost_micros: number;
  is_priced: boolean;
  refused?: { because: string; id: string; name: string; used?: number; reserved?: number; needed?: number };
}

/** What a budget shows. */
export interface ShownBudget {
  id: string;
  used: number;
  reserved: number;
  version: number;
  resets_at: string;
}

/** Sets the prices of {@linkcode MODEL}. */
export async function setPrices(db: TestDatabase): Promise<void> {
  const from = "2020-01-01T00:00:00Z";
  for (const [unit, micros] of [["input_token", 1_000_000], ["cached_token", 100_000], ["output_token", 10_000_000]]) {
    await service(db, "set_model_price", {
      p_model: MODEL,
      p_unit: unit,
      p_micros_per_million: micros,
      p_valid_from: from,
    });
  }
}

/** Makes a flow of the tenant and somebody who works on it. */
export async function caller(db: TestDatabase, tenant: Tenant, flow?: string): Promise<Caller> {
  const flowId = flow ?? await createFlow(db, tenant);
  const [row] = await db.sql<{ job: string; run: string }[]>`
    with w as (
      insert into private.workers (id, kind, expires_at) values (gen_random_uuid(), 'worker', now() + '1 hour') returning id
    )
    insert into public.job_queue (organization_id, run_id, status, worker_id, started_at, epoch)
    select ${tenant.organizationId}, private.uuid_v7(), 'running', w.id, now(), 1 from w
    returning id as job, run_id as run`;
  return { tenant, flowId, jobId: row!.job, runId: row!.run };
}

/** Reserves a call that reads and writes so many tokens. */
export function reserve(
  db: TestDatabase,
  { tenant, flowId, jobId, runId }: Caller,
  units: JsonObject,
  more: JsonObject = {},
  now?: string,
): Promise<Reserved> {
  return service<Reserved>(db, "reserve_spend", {
    p_call: {
      organization_id: tenant.organizationId,
      flow_id: flowId,
      run_id: runId,
      node_id: "ask",
      scope: "",
      number: 1,
      job_id: jobId,
      model: MODEL,
      units,
      ...more,
    },
  }, now === undefined ? {} : { now });
}

/** Settles a call. */
export function settle(db: TestDatabase, id: string, units: JsonObject, now?: string): Promise<Json> {
  const args = { p_reservation_id: id, p_units: units };
  return service(db, "settle_spend", args, now === undefined ? {} : { now });
}

/** Makes a budget of the tenant. */
export function budget(db: TestDatabase, tenant: Tenant, settings: JsonObject, now?: string): Promise<ShownBudget> {
  const args = { p_organization_id: tenant.organizationId, p_settings: { name: "Models", meter: "cost", ...settings } };
  return rpc<ShownBudget>(db, tenant.user, "create_budget", args, now === undefined ? {} : { now });
}

/** What is used and reserved of a budget. */
export async function standOf(db: TestDatabase, tenant: Tenant, id: string, now?: string): Promise<[number, number]> {
  const shown = await rpc<ShownBudget>(
    db,
    tenant.user,
    "get_budget",
    { p_budget_id: id },
    now === undefined ? {} : { now },
  );
  return [shown.used, shown.reserved];
}

/** Events for webhooks and mails of a tenant: `[percent, …]` and `[address and key, …]`. */
export async function told(db: TestDatabase, tenant: Tenant): Promise<{ events: Json[]; mails: number }> {
  const events = await db.sql`
    select data from public.webhook_messages
    where organization_id = ${tenant.organizationId} and type in ('budget.reached', 'usage.limit_reached')
    order by data ->> 'resets_at', (data ->> 'percent')::int`;
  const [mails] = await db.sql`
    select count(*)::int as n from public.mails where organization_id = ${tenant.organizationId} and template = 'usage_alert'`;
  return { events: events.map(({ data }) => data), mails: mails?.n };
}

/** Subscribes the tenant to every event, without a secret: nothing is sent in these tests. */
export async function listen(db: TestDatabase, tenant: Tenant): Promise<void> {
  await db.sql`
    insert into public.webhook_subscriptions (organization_id, url, event_types)
    values (${tenant.organizationId}, 'https://example.com/hook', '{*}')`;
}
