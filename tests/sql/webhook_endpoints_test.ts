import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { engineOf, runState } from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";
import { counts, create, delivery, type Endpoint, tenantWithEndpoint } from "./_webhooks.ts";
import {
  addMember,
  type Arguments,
  assertFails,
  createFlow,
  createTenant,
  failureOf,
  parallel,
  rpc,
  service,
  unusedId,
} from "./_world.ts";

/** What the receiver gets to judge a delivery. */
interface Receiver {
  id: string;
  secrets: string[];
  ahead: { version_id: string } | null;
  rate: { allowed: boolean; limit: number };
  [field: string]: unknown;
}

async function receiver(db: TestDatabase, slug: string, now?: string): Promise<Receiver | null> {
  return await service<Receiver | null>(db, "get_webhook_endpoint", { p_slug: slug }, now === undefined ? {} : { now });
}

scenarios("webhook endpoints", {
  "public.create_webhook_endpoint()": {
    "makes an address that cannot be guessed and a secret that is shown once": async (db) => {
      const { tenant, flow, endpoint } = await tenantWithEndpoint(db, {
        p_provider: "stripe",
        p_trigger_node: "start",
      });
      assert(/^[0-9a-f]{32}$/.test(endpoint.slug));
      assert(/^whsec_[A-Za-z0-9+/]{43}=$/.test(endpoint.secret), endpoint.secret);
      assertEquals(endpoint.secrets.map((s) => [s.last_four, s.expires_at]), [[endpoint.secret.slice(-4), null]]);
      const { provider, flow_id, trigger_node, signature_required, is_active, organization_id } = endpoint;
      assertEquals([provider, flow_id, trigger_node, signature_required, is_active, organization_id], [
        "stripe",
        flow,
        "start",
        true,
        true,
        tenant.organizationId,
      ]);
      const again = await rpc<Endpoint>(db, tenant.user, "update_webhook_endpoint", { p_endpoint_id: endpoint.id });
      assertEquals(again.secret, undefined);
      assert(!JSON.stringify(again).includes(endpoint.secret));
    },
    "takes the provider's secret": async (db) => {
      const { endpoint } = await tenantWithEndpoint(db, { p_secret: "whsec_from_stripe" });
      assertEquals(endpoint.secret, "whsec_from_stripe");
      assertEquals((await receiver(db, endpoint.slug))?.secrets, ["whsec_from_stripe"]);
    },
    "refuses what is out of range, null included": async (db) => {
      const { tenant, flow } = await tenantWithEndpoint(db);
      const refused: Arguments[] = [
        { p_name: "" },
        { p_name: null },
        { p_name: "x".repeat(201) },
        { p_provider: "paypal" },
        { p_provider: null },
        { p_config: [] },
        { p_config: { note: "x".repeat(8192) } },
        { p_secret: "short" },
        { p_secret: "x".repeat(513) },
        { p_trigger_node: "" },
        { p_trigger_node: "x".repeat(65) },
        { p_trigger_node: "a" },
        { p_trigger_node: "gone" },
      ];
      for (const args of refused) {
        await assertFails(create(db, tenant, { p_flow_id: flow, ...args }), "invalid_request", 400);
      }
      await create(db, tenant, { p_flow_id: flow, p_config: null, p_signature_required: null });
    },
    "stops at the plan's number of endpoints, exactly, when ten are made at once": async (db) => {
      const { tenant, flow } = await tenantWithEndpoint(db);
      await db.sql`update public.plans set max_webhook_endpoints = 4 where id = 'free'`;
      const outcomes = await parallel(10, () =>
        create(db, tenant, { p_flow_id: flow })
          .then(() => "made", async (error) => (await failureOf(Promise.reject(error))).code));
      assertEquals(outcomes.filter((outcome) => outcome === "made").length, 3);
      assertEquals(outcomes.filter((outcome) => outcome === "plan_limit_reached").length, 7);
      await db.sql`update public.plans set max_webhook_endpoints = 20 where id = 'free'`;
    },
    "needs webhooks:write": async (db) => {
      const { tenant, flow } = await tenantWithEndpoint(db);
      for (const [role, may] of Object.entries({ developer: true, member: false, viewer: false, guest: false })) {
        const user = await addMember(db, tenant.organizationId, role as "member");
        const call = create(db, { ...tenant, user }, { p_flow_id: flow });
        if (may) await call;
        else await assertFails(call, "forbidden", 403);
      }
    },
  },
  "public.get_webhook_endpoint()": {
    "shows an endpoint without its secrets, to whoever holds webhooks:read": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db, { p_secret: "a secret of nine" });
      const member = await addMember(db, tenant.organizationId, "member");
      const got = await rpc<Endpoint>(db, member, "get_webhook_endpoint", { p_endpoint_id: endpoint.id });
      const { secret: _, ...shown } = endpoint;
      assertEquals(got, shown as Endpoint);
      assertEquals(got.secrets.map((s) => s.last_four), ["nine"]);
      const viewer = await addMember(db, tenant.organizationId, "viewer");
      const call = rpc(db, viewer, "get_webhook_endpoint", { p_endpoint_id: endpoint.id });
      await assertFails(call, "forbidden", 403);
    },
  },
  "public.update_webhook_endpoint(), rotate, delete": {
    "changes what is given, raising the version": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db, { p_config: { header: "x-sign" } });
      const flow = await createFlow(db, tenant);
      const update = (args: Arguments) =>
        rpc<Endpoint>(db, tenant.user, "update_webhook_endpoint", { p_endpoint_id: endpoint.id, ...args });
      const renamed = await update({ p_name: "New", p_if_version: endpoint.version });
      assertEquals([renamed.name, renamed.config, renamed.version], [
        "New",
        { header: "x-sign" },
        endpoint.version + 1,
      ]);
      const moved = await update({ p_flow_id: flow, p_config: {}, p_is_active: false, p_signature_required: false });
      assertEquals([moved.flow_id, moved.config, moved.is_active, moved.signature_required], [flow, {}, false, false]);
      await assertFails(update({ p_if_version: endpoint.version }), "version_mismatch", 412);
      for (const args of [{ p_name: "" }, { p_config: [] }, { p_config: { note: "x".repeat(8192) } }]) {
        await assertFails(update(args), "invalid_request", 400);
      }
    },
    "starts at a trigger that its flow has, the new flow's when both change": async (db) => {
      const { tenant, flow, endpoint } = await tenantWithEndpoint(db);
      const graph = { nodes: [{ id: "hook", type: "trigger.webhook" }, { id: "a", type: "logic.stop" }], edges: [] };
      const other = await createFlow(db, tenant, { p_graph: graph });
      const update = (args: Arguments) =>
        rpc<Endpoint>(db, tenant.user, "update_webhook_endpoint", { p_endpoint_id: endpoint.id, ...args });
      assertEquals((await update({ p_trigger_node: "start" })).trigger_node, "start");
      for (const args of [{}, { p_flow_id: flow }]) {
        await assertFails(update({ ...args, p_trigger_node: "hook" }), "invalid_request", 400);
      }
      for (const node of ["start", "a"]) {
        await assertFails(update({ p_flow_id: other, p_trigger_node: node }), "invalid_request", 400);
      }
      const moved = await update({ p_flow_id: other, p_trigger_node: "hook" });
      assertEquals([moved.flow_id, moved.trigger_node], [other, "hook"]);
      // A node of one flow means nothing in another.
      assertEquals((await update({ p_flow_id: flow })).trigger_node, null);
    },
    "leads to flows of its own organization only": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db);
      const foreign = await createFlow(db, await createTenant(db));
      for (const id of [foreign, unusedId()]) {
        const call = rpc(db, tenant.user, "update_webhook_endpoint", { p_endpoint_id: endpoint.id, p_flow_id: id });
        assertEquals(await failureOf(call), { code: "not_found", message: "No such flow", status: 404 });
      }
    },
    "after a rotation two secrets are valid, until the overlap ends": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db, { p_secret: "secret number one" });
      const rotate = (secret: string, now: string) =>
        rpc<Endpoint>(db, tenant.user, "rotate_webhook_secret", {
          p_endpoint_id: endpoint.id,
          p_secret: secret,
          p_overlap_seconds: 3600,
        }, { now });
      const later = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
      const rotated = await rotate("secret number two", later(1));
      assertEquals(rotated.secret, "secret number two");
      assertEquals(rotated.secrets.map((s) => s.last_four).toSorted(), [" one", " two"]);
      const valid = async (at: string) => (await receiver(db, endpoint.slug, at))?.secrets;
      assertEquals(await valid(later(2)), ["secret number two", "secret number one"]);
      assertEquals(await valid(later(62)), ["secret number two"]);
      await rotate("secret number three", later(3));
      assertEquals(await valid(later(4)), ["secret number three", "secret number two"], "never three at once");
    },
    "a rotation without overlap ends the old secret at once": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db);
      const args = { p_endpoint_id: endpoint.id, p_overlap_seconds: 0 };
      const { secret } = await rpc<Endpoint>(db, tenant.user, "rotate_webhook_secret", args);
      assertEquals((await receiver(db, endpoint.slug))?.secrets, [secret]);
    },
    "ten rotations at once leave two secrets, one of them for ever": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db);
      await parallel(10, () => rpc(db, tenant.user, "rotate_webhook_secret", { p_endpoint_id: endpoint.id }));
      const rows = await db.sql`
        select expires_at is null as current from private.webhook_secrets where endpoint_id = ${endpoint.id}`;
      assertEquals(rows.map((row) => row.current).toSorted(), [false, true]);
    },
    "refuses an overlap or a secret that is out of range": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db);
      const refused: Arguments[] = [
        { p_overlap_seconds: -1 },
        { p_overlap_seconds: 604_801 },
        { p_overlap_seconds: null },
        { p_secret: "short" },
        { p_secret: "x".repeat(513) },
      ];
      for (const args of refused) {
        const call = rpc(db, tenant.user, "rotate_webhook_secret", { p_endpoint_id: endpoint.id, ...args });
        await assertFails(call, "invalid_request", 400);
      }
    },
    "a deleted endpoint takes its events and secrets along; its runs stay": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db);
      const { run_id } = await engineOf(db).ingestWebhook(delivery(endpoint));
      const stale = { p_endpoint_id: endpoint.id, p_if_version: endpoint.version + 1 };
      await assertFails(rpc(db, tenant.user, "delete_webhook_endpoint", stale), "version_mismatch", 412);
      await rpc(db, tenant.user, "delete_webhook_endpoint", { p_endpoint_id: endpoint.id });
      assertEquals(await counts(db, endpoint.id), { events: 0, deliveries: 0, runs: 0 });
      const secrets = await db.sql`select from private.webhook_secrets where endpoint_id = ${endpoint.id}`;
      assertEquals([secrets.length, (await runState(db, run_id!)).status], [0, "queued"]);
      assertEquals(await receiver(db, endpoint.slug), null);
    },
  },
  "engine.get_webhook_sender()": {
    "gives the current secret for who may change the endpoint, and nothing for anybody else": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db, { p_secret: "the old one" });
      await rpc(db, tenant.user, "rotate_webhook_secret", { p_endpoint_id: endpoint.id, p_secret: "the new one" });
      const ask = (user: { id: string }, id = endpoint.id) => engineOf(db).getWebhookSender(id, user.id);
      const sender = {
        slug: endpoint.slug,
        organization_id: tenant.organizationId,
        provider: "custom",
        config: {},
        signature_required: true,
        secret: "the new one",
      };
      assertEquals(await ask(tenant.user), sender);
      assertEquals(await ask(await addMember(db, tenant.organizationId, "developer")), sender);
      assertEquals(await ask(await addMember(db, tenant.organizationId, "member")), null);
      assertEquals(await ask((await createTenant(db)).user), null);
      assertEquals(await ask(tenant.user, unusedId()), null);
      await db.sql`update public.organizations set suspended_at = now() where id = ${tenant.organizationId}`;
      assertEquals(await ask(tenant.user), null);
    },
  },
  "engine.get_webhook_endpoint() and record_webhook_rejection()": {
    "gives the receiver what it needs, and takes a token of the endpoint's limit": async (db) => {
      const { tenant, flow, endpoint } = await tenantWithEndpoint(db, {
        p_config: { header: "x" },
        p_secret: "a secret",
      });
      const { rate, ahead, ...rest } = (await receiver(db, endpoint.slug))!;
      assertEquals(rest, {
        id: endpoint.id,
        organization_id: tenant.organizationId,
        flow_id: flow,
        provider: "custom",
        config: { header: "x" },
        mapping: null,
        signature_required: true,
        wait_seconds: 0,
        secrets: ["a secret"],
      });
      assertEquals([rate.allowed, rate.limit], [true, 600]);
      assertEquals(typeof ahead?.version_id, "string");
      await db.sql`update public.plans set hook_requests_per_minute = 1 where id = 'free'`;
      await receiver(db, endpoint.slug);
      assertEquals((await receiver(db, endpoint.slug))?.rate.allowed, false);
      await db.sql`update public.plans set hook_requests_per_minute = 600 where id = 'free'`;
    },
    "says which deliveries come from blocked addresses, and takes no token for them": async (db) => {
      const { endpoint } = await tenantWithEndpoint(db);
      type Found = { taken?: number; blocked?: boolean[]; rate?: { remaining: number } };
      const find = (...ips: (string | null)[]) =>
        engineOf(db).getWebhookEndpoint(endpoint.slug, false, ips.length, ips) as Promise<Found>;
      assertEquals((await find("198.51.100.1", null)).blocked, undefined);
      await db.sql`
        insert into private.ip_blocks (network, reason, created_by) values ('198.51.100.0/24', 'Test', 'default')`;
      const some = await find("198.51.100.1", "203.0.113.1", null, "198.51.100.2");
      assertEquals([some.blocked, some.taken, some.rate?.remaining], [[true, false, false, true], 2, 596]);
      assertEquals<unknown>(await find("198.51.100.1", "198.51.100.2"), { blocked: [true, true] });
      const one = await find("198.51.100.1", "203.0.113.1");
      assertEquals([one.blocked, one.rate?.remaining], [[true, false], 595]);
      assertEquals((await find("203.0.113.1")).blocked, undefined);
      await db.sql`delete from private.ip_blocks`;
    },
    "knows no endpoint that is off, suspended or missing": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db);
      assertEquals(await receiver(db, "x".repeat(32)), null);
      await rpc(db, tenant.user, "update_webhook_endpoint", { p_endpoint_id: endpoint.id, p_is_active: false });
      assertEquals(await receiver(db, endpoint.slug), null);
      await rpc(db, tenant.user, "update_webhook_endpoint", { p_endpoint_id: endpoint.id, p_is_active: true });
      await db.sql`update public.organizations set suspended_at = now() where id = ${tenant.organizationId}`;
      assertEquals(await receiver(db, endpoint.slug), null);
    },
    "knows one that is off for its test address, suspended ones not even there": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db);
      const tester = () => engineOf(db).getWebhookEndpoint(endpoint.slug, true) as Promise<Receiver | null>;
      await rpc(db, tenant.user, "update_webhook_endpoint", { p_endpoint_id: endpoint.id, p_is_active: false });
      assertEquals([await receiver(db, endpoint.slug), (await tester())?.rate.allowed], [null, true]);
      await db.sql`update public.organizations set suspended_at = now() where id = ${tenant.organizationId}`;
      assertEquals(await tester(), null);
    },
    "counts refused deliveries without raising the version": async (db) => {
      const { endpoint } = await tenantWithEndpoint(db);
      const reject = (reason: string) =>
        service(db, "record_webhook_rejection", { p_endpoint_id: endpoint.id, p_reason: reason });
      await parallel(10, () => reject("timestamp too old"));
      await reject("x".repeat(300));
      const events = await db.sql`
        select details ->> 'reason' as reason from private.security_events where details ->> 'endpoint_id' = ${endpoint.id}`;
      assertEquals(events.map((event) => event.reason), ["timestamp too old"], "one of a minute");
      const [row] = await db.sql`
        select rejected_count::int, last_rejection, version, last_rejected_at is not null as stamped
        from public.webhook_endpoints where id = ${endpoint.id}`;
      assertEquals({ ...row }, {
        rejected_count: 11,
        last_rejection: "x".repeat(200),
        version: endpoint.version,
        stamped: true,
      });
      await service(db, "record_webhook_rejection", { p_endpoint_id: unusedId(), p_reason: "x" });
    },
  },
}, { connections: 10 });
