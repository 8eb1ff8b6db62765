import type { Json } from "../../shared/graph/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { interleave } from "./_interleave.ts";
import { type Scenarios, scenarios } from "./_scenarios.ts";
import {
  type Arguments,
  assertFails,
  createFlow,
  createTenant,
  parallel,
  rpc,
  smallGraph,
  startRun,
  type Tenant,
} from "./_world.ts";

/** A function that takes a key, with two different requests and what counts its effects. */
interface Keyed {
  /** Arguments of two different requests. */
  prepare(db: TestDatabase, tenant: Tenant): Promise<[Arguments, Arguments]>;
  /** The table in which each effect is a row. */
  counts: string;
}

const KEYED: Record<string, Keyed> = {
  create_flow: {
    prepare: (_db, { organizationId }) =>
      Promise.resolve([
        { p_organization_id: organizationId, p_name: "One", p_graph: smallGraph() },
        { p_organization_id: organizationId, p_name: "Two", p_graph: smallGraph() },
      ]),
    counts: "flows",
  },
  duplicate_flow: {
    prepare: async (db, tenant) => {
      const flow = await createFlow(db, tenant);
      return [{ p_flow_id: flow }, { p_flow_id: flow, p_name: "Other" }];
    },
    counts: "flows",
  },
  start_run: {
    prepare: async (db, tenant) => {
      const flow = await createFlow(db, tenant);
      return [{ p_flow_id: flow, p_input: { n: 1 } }, { p_flow_id: flow, p_input: { n: 2 } }];
    },
    counts: "runs",
  },
  retry_run: {
    prepare: async (db, tenant) => {
      const flow = await createFlow(db, tenant);
      const runs = [await startRun(db, tenant, flow), await startRun(db, tenant, flow)] as const;
      for (const run of runs) await rpc(db, tenant.user, "cancel_run", { p_run_id: run });
      return [{ p_run_id: runs[0] }, { p_run_id: runs[1] }];
    },
    counts: "runs",
  },
  rerun_run: {
    prepare: async (db, tenant) => {
      const run = await startRun(db, tenant, await createFlow(db, tenant));
      return [{ p_run_id: run }, { p_run_id: run, p_input: { other: true } }];
    },
    counts: "runs",
  },
  execute_graph: {
    prepare: (_db, { organizationId }) =>
      Promise.resolve([
        { p_organization_id: organizationId, p_graph: smallGraph() },
        { p_organization_id: organizationId, p_graph: smallGraph(2) },
      ]),
    counts: "runs",
  },
  create_bulk_operation: {
    prepare: (_db, { organizationId }) =>
      Promise.resolve([
        { p_organization_id: organizationId, p_action: "cancel", p_filter: { status: ["paused"] } },
        { p_organization_id: organizationId, p_action: "pause", p_filter: { status: ["queued"] } },
      ]),
    counts: "bulk_operations",
  },
  create_webhook_endpoint: {
    prepare: async (db, tenant) => {
      const flow = await createFlow(db, tenant);
      const endpoint = { p_flow_id: flow, p_name: "Shop", p_provider: "stripe" };
      return [{ ...endpoint, p_secret: "whsec_first" }, { ...endpoint, p_secret: "whsec_second" }];
    },
    counts: "webhook_endpoints",
  },
  replay_webhook_event: {
    prepare: async (db, tenant) => {
      const flow = await createFlow(db, tenant);
      const endpoint = await rpc<{ id: string }>(db, tenant.user, "create_webhook_endpoint", {
        p_flow_id: flow,
        p_name: "Shop",
        p_provider: "custom",
      });
      const rows = await db.sql<{ id: string }[]>`
        insert into public.webhook_events (organization_id, endpoint_id, event_key, status, method, headers, raw_body)
        select ${tenant.organizationId}, ${endpoint.id}, 'event ' || i, 'accepted', 'POST', '{}', '{}'
        from generate_series(1, 2) as i returning id`;
      return [{ p_event_id: rows[0]!.id }, { p_event_id: rows[1]!.id }];
    },
    counts: "webhook_events",
  },
};

async function count(db: TestDatabase, tenant: Tenant, table: string): Promise<number> {
  const [row] = await db.sql`
    select count(*)::int as n from ${db.sql(`public.${table}`)} where organization_id = ${tenant.organizationId}`;
  return row?.n;
}

/** What every function that takes a key owes to it. */
function keyed(name: string, { prepare, counts }: Keyed): Scenarios {
  return {
    "answers the same request with the same reply and does it once": async (db) => {
      const tenant = await createTenant(db);
      const [request] = await prepare(db, tenant);
      const before = await count(db, tenant, counts);
      const call = () => rpc(db, tenant.user, name, { ...request, p_idempotency_key: "k" });
      const first = await call();
      assertEquals(await call(), first);
      assertEquals(await count(db, tenant, counts), before + 1);
    },
    "refuses another request under the same key": async (db) => {
      const tenant = await createTenant(db);
      const [request, other] = await prepare(db, tenant);
      await rpc(db, tenant.user, name, { ...request, p_idempotency_key: "k" });
      const before = await count(db, tenant, counts);
      const call = rpc(db, tenant.user, name, { ...other, p_idempotency_key: "k" });
      await assertFails(call, "idempotency_mismatch", 422);
      assertEquals(await count(db, tenant, counts), before);
    },
    "does it once for 20 at the same time": async (db) => {
      const tenant = await createTenant(db);
      const [request] = await prepare(db, tenant);
      const before = await count(db, tenant, counts);
      const replies = await parallel(20, () => rpc(db, tenant.user, name, { ...request, p_idempotency_key: "k" }));
      assertEquals(new Set(replies.map((reply) => JSON.stringify(reply))).size, 1);
      assertEquals(await count(db, tenant, counts), before + 1);
    },
    "does it again for another key, and without one": async (db) => {
      const tenant = await createTenant(db);
      const [request] = await prepare(db, tenant);
      const before = await count(db, tenant, counts);
      for (const key of ["k1", "k2", null, null]) {
        await rpc(db, tenant.user, name, { ...request, p_idempotency_key: key });
      }
      assertEquals(await count(db, tenant, counts), before + 4);
    },
    "refuses a key of 0 or 256 characters": async (db) => {
      const tenant = await createTenant(db);
      const [request] = await prepare(db, tenant);
      for (const key of ["", "x".repeat(256)]) {
        const call = rpc(db, tenant.user, name, { ...request, p_idempotency_key: key });
        await assertFails(call, "invalid_request", 400);
      }
      await rpc(db, tenant.user, name, { ...request, p_idempotency_key: "x".repeat(255) });
    },
  };
}

scenarios("idempotency keys", {
  ...Object.fromEntries(Object.entries(KEYED).map(([name, facts]) => [`${name}()`, keyed(name, facts)])),
  "private.idempotent_reply()": {
    "keeps keys of tenants and operations apart": async (db) => {
      const [a, b] = [await createTenant(db), await createTenant(db)];
      const flows = await parallel(2, (index) => createFlow(db, [a, b][index]!, { p_idempotency_key: "k" }));
      assertEquals(new Set(flows).size, 2);
      await startRun(db, a, flows[0]!, { p_idempotency_key: "k" });
    },
    "a failed request leaves its key free": async (db) => {
      const tenant = await createTenant(db);
      const request = { p_organization_id: tenant.organizationId, p_name: "A", p_idempotency_key: "k" };
      await assertFails(rpc(db, tenant.user, "create_flow", { ...request, p_graph: [] }), "flow_invalid", 422);
      await rpc(db, tenant.user, "create_flow", { ...request, p_graph: smallGraph() });
    },
    "a key is free again after 24 hours": async (db) => {
      const tenant = await createTenant(db);
      const at = (now: string, mark: Json) =>
        rpc<{ id: string }>(db, tenant.user, "create_flow", {
          p_organization_id: tenant.organizationId,
          p_name: "A",
          p_graph: smallGraph(mark),
          p_idempotency_key: "k",
        }, { now });
      const first = await at("2026-01-01T00:00:00Z", 1);
      assertEquals((await at("2026-01-02T00:00:00Z", 1)).id, first.id);
      const second = await at("2026-01-02T00:00:01Z", 2);
      assertEquals((await at("2026-01-02T12:00:00Z", 2)).id, second.id);
    },
    "a second request waits for the first and gets its reply, or goes on when the first fails": (db) =>
      interleave(db, async (stage) => {
        const tenant = await createTenant(db);
        const [first, second] = [await stage.session("first"), await stage.session("second")];
        for (const end of ["commit", "rollback"] as const) {
          const request = {
            p_organization_id: tenant.organizationId,
            p_name: "A",
            p_graph: smallGraph(),
            p_idempotency_key: end,
          };
          const made = await first.rpc<{ id: string }>(tenant.user, "create_flow", request);
          const waiting = await stage.untilBlocked(
            second,
            () => second.rpc<{ id: string }>(tenant.user, "create_flow", request),
          );
          await first[end]();
          const reply = await waiting.result;
          assertEquals(reply.id === made.id, end === "commit");
          await second.commit();
        }
        assertEquals(await count(db, tenant, "flows"), 2);
      }),
  },
}, { connections: 20 });
