/**
 * What happens in the platform is published, and costs next to nothing when nobody listens.
 *
 * @module
 */
import { EVENT_TYPES } from "../../shared/webhooks_out/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { engineOf } from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";
import { waitingRun } from "./_waits.ts";
import { delivery, tenantWithEndpoint } from "./_webhooks.ts";
import { subscribe } from "./_webhooks_out.ts";
import { addMember, createFlow, createTenant, rpc, startRun, type Tenant } from "./_world.ts";

async function told(db: TestDatabase, tenant: Tenant) {
  const rows = await db.sql`
    select type, data, order_key from public.webhook_messages
    where organization_id = ${tenant.organizationId} order by id`;
  for (const { type, data } of rows) {
    const schema = EVENT_TYPES.find((known) => known.type === type)?.data;
    const result = schema?.strict().safeParse(data);
    assert(result?.success, `${type} does not fit its schema: ${result?.error}`);
  }
  return rows.map((row) => ({ type: row["type"] as string, data: row["data"], key: row["order_key"] }));
}

scenarios("events of the platform", {
  "are published": {
    "of runs that end, each with its state, dry runs left out": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      await subscribe(db, tenant, { event_types: ["run.completed", "run.failed", "run.cancelled"] });
      const runs = await Promise.all([1, 2, 3, 4].map(() => startRun(db, tenant, flow)));
      const [completed = "", failed = "", cancelled = "", dry = ""] = runs;
      await db.sql`update public.runs set pins = '{}' where id = ${dry}`;
      await db.sql`update public.runs set status = 'running', started_at = now() where id in ${db.sql(runs)}`;
      await db.sql`select private.end_run(${completed}, 'completed')`;
      await db.sql`select private.end_run(${failed}, 'failed', null, '{"code": "http_error", "message": "No"}')`;
      await db.sql`select private.end_run(${cancelled}, 'cancelled')`;
      await db.sql`select private.end_run(${dry}, 'completed')`;
      const events = await told(db, tenant);
      assertEquals(events.map(({ type, data, key }) => [type, data.id, data.status, key]), [
        ["run.completed", completed, "completed", completed],
        ["run.failed", failed, "failed", failed],
        ["run.cancelled", cancelled, "cancelled", cancelled],
      ]);
    },
    "of flows, entities, members, keys and secrets": async (db) => {
      const tenant = await createTenant(db);
      await subscribe(db, tenant, {
        event_types: EVENT_TYPES.map(({ type }) => type).filter((type) =>
          /^(flow|entity|member|api_key|secret)\./.test(type)
        ),
      });
      const flow = await createFlow(db, tenant);
      await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_name: "Other" });
      const entity = await rpc<{ id: string }>(db, tenant.user, "create_entity", {
        p_flow_id: flow,
        p_type: "order",
        p_node_id: "start",
      });
      await rpc(db, tenant.user, "move_entity", { p_entity_id: entity.id, p_node_id: "a" });
      await rpc(db, tenant.user, "delete_entity", { p_entity_id: entity.id });
      const user = await addMember(db, tenant.organizationId, "viewer");
      await rpc(db, tenant.user, "remove_member", { p_organization_id: tenant.organizationId, p_user_id: user.id });
      const key = await rpc<{ id: string }>(db, tenant.user, "create_api_key", {
        p_organization_id: tenant.organizationId,
        p_mode: "live",
        p_settings: { name: "Key", scopes: ["flows:read"] },
        p_secret_hash: "0".repeat(64),
        p_prefix: "mr_live_abcd",
        p_last_four: "wxyz",
      });
      await rpc(db, tenant.user, "revoke_api_key", { p_key_id: key.id });
      await db.sql`
        with s as (
          insert into public.secrets (organization_id, name) values (${tenant.organizationId}, 'KEY') returning id
        )
        insert into private.secret_notices (secret_id, kind, due_at, days_before, organization_id)
        select id, 'expiry', now(), 3, ${tenant.organizationId} from s`;
      await rpc(db, tenant.user, "delete_flow", { p_flow_id: flow });
      assertEquals((await told(db, tenant)).map(({ type }) => type), [
        "flow.created",
        "flow.updated",
        "entity.created",
        "entity.moved",
        "entity.moved",
        "entity.deleted",
        "member.joined",
        "member.removed",
        "api_key.created",
        "api_key.revoked",
        "secret.expiring",
        "flow.deleted",
      ]);
    },
    "of an approval that is asked for": async (db) => {
      const tenant = await createTenant(db);
      await subscribe(db, tenant, { event_types: ["approval.requested"] });
      const { run, flow } = await waitingRun(db, { kind: "approval", data: { approvers: { roles: ["admin"] } } }, {
        tenant,
      });
      await waitingRun(db, { kind: "signal", name: "paid" }, { tenant });
      const events = await told(db, tenant);
      assertEquals(events.map(({ type, data }) => [type, data.id, data.flow_id, data.node_id, data.approvers]), [
        ["approval.requested", run, flow, "wait", { roles: ["admin"] }],
      ]);
    },
    "of runs that were run before they were kept": async (db) => {
      const { tenant, endpoint, flow } = await tenantWithEndpoint(db);
      await subscribe(db, tenant, { event_types: ["run.completed"] });
      const [row] = await db.sql`select current_version_id as id from public.flows where id = ${flow}`;
      const given = [1, 2].map((n) => ({
        ...delivery(endpoint, {
          eventKey: `k${n}`,
          input: { type: null, headers: {}, query: {}, method: "POST", body: 1 },
        }),
        ahead: {
          version_id: row?.["id"],
          trigger_node: null,
          received_at: "2026-01-01T00:00:00.5+00:00",
          timeout_seconds: 60,
          event_id: crypto.randomUUID(),
          run_id: crypto.randomUUID(),
          output: { n },
          steps: [{ node: "a", status: "completed" as const, attempt: 1, leaf: true, output: { n } }],
        },
      }));
      await engineOf(db).ingestWebhooks(endpoint.id, given);
      // Repetitions leave nothing, and tell nothing.
      await engineOf(db).ingestWebhooks(endpoint.id, given);
      assertEquals(
        new Set((await told(db, tenant)).map(({ data }) => data.id)),
        new Set(given.map(({ ahead }) => ahead.run_id)),
      );
      assertEquals((await told(db, tenant)).length, 2);
    },
    "not of an organization that is removed": async (db) => {
      const tenant = await createTenant(db);
      await subscribe(db, tenant);
      await addMember(db, tenant.organizationId, "viewer");
      await db.sql`delete from public.organizations where id = ${tenant.organizationId}`;
      assertEquals(await told(db, tenant), []);
    },
  },
});
