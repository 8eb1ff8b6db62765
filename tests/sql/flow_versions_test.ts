import type { Json } from "../../shared/graph/mod.ts";
import { assertEquals, assertNotEquals } from "../helpers/assert.ts";
import { scenarios } from "./_scenarios.ts";
import { changed, create, type Flow, save, versions } from "./_flows.ts";
import {
  type Arguments,
  assertFails,
  createFlow,
  createTenant,
  failureOf,
  rpc,
  service,
  smallGraph,
  unusedId,
} from "./_world.ts";

scenarios("flow versions", {
  "public.restore_flow_version()": {
    "makes the old graph the newest version": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant);
      await save(db, tenant, flow.id, { p_graph: smallGraph(2) });
      const [first] = await versions(db, flow.id);
      const args = { p_flow_id: flow.id, p_version_id: first!.id };
      const restored = await rpc<Flow>(db, tenant.user, "restore_flow_version", args);
      assertEquals([restored.version_number, restored.graph], [3, smallGraph()]);
      const all = await versions(db, flow.id);
      assertEquals(all[2]?.content_hash, first!.content_hash);
      assertEquals((await rpc<Flow>(db, tenant.user, "restore_flow_version", args)).version_number, 3);
    },
    "refuses a version of another flow, and a stale row version": async (db) => {
      const tenant = await createTenant(db);
      const [flow, other] = [await create(db, tenant), await create(db, tenant)];
      const restore = (args: Arguments) =>
        rpc(db, tenant.user, "restore_flow_version", { p_flow_id: flow.id, ...args });
      await assertFails(restore({ p_version_id: other.current_version_id }), "not_found", 404);
      await assertFails(restore({ p_version_id: unusedId() }), "not_found", 404);
      const stale = { p_version_id: flow.current_version_id, p_if_version: flow.version + 1 };
      await assertFails(restore(stale), "version_mismatch", 412);
    },
  },
  "public.duplicate_flow()": {
    "copies the current graph, inactive, as (Copy)": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant, { p_description: "What comes in" });
      await save(db, tenant, flow.id, { p_graph: smallGraph(2) });
      const copy = await rpc<Flow>(db, tenant.user, "duplicate_flow", { p_flow_id: flow.id });
      assertNotEquals(copy.id, flow.id);
      assertEquals([copy.name, copy.description, copy.is_active], ["Orders (Copy)", "What comes in", false]);
      assertEquals([copy.graph, copy.version_number, copy.workspace_id], [smallGraph(2), 1, flow.workspace_id]);
    },
    "takes another name, and shortens one that would grow too long": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant, { p_name: "x".repeat(200) });
      const copy = await rpc<Flow>(db, tenant.user, "duplicate_flow", { p_flow_id: flow.id });
      assertEquals(copy.name, `${"x".repeat(193)} (Copy)`);
      const named = await rpc<Flow>(db, tenant.user, "duplicate_flow", { p_flow_id: flow.id, p_name: "Mine" });
      assertEquals(named.name, "Mine");
      const call = rpc(db, tenant.user, "duplicate_flow", { p_flow_id: flow.id, p_name: "" });
      await assertFails(call, "invalid_request", 400);
    },
    "a repeated request stays the same when the original has changed": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant);
      const args = { p_flow_id: flow.id, p_idempotency_key: "k" };
      const copy = await rpc<Flow>(db, tenant.user, "duplicate_flow", args);
      await save(db, tenant, flow.id, { p_graph: smallGraph(2), p_name: "Renamed" });
      assertEquals(await rpc<Flow>(db, tenant.user, "duplicate_flow", args), copy);
    },
  },
  "public.delete_flow()": {
    "hides the flow and its versions from everybody, keeps the runs": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      const run = await rpc<{ id: string }>(db, tenant.user, "start_run", { p_flow_id: flow });
      await rpc(db, tenant.user, "delete_flow", { p_flow_id: flow });
      const seen = await db.as("authenticated", tenant.user.claims, async (sql) => [
        (await sql`select from public.flows`).length,
        (await sql`select from public.flow_versions`).length,
        (await sql`select from public.runs where id = ${run.id}`).length,
      ]);
      assertEquals(seen, [0, 0, 1]);
      const [version] = await versions(db, flow);
      const gone: [string, Arguments][] = [
        ["save_flow", {}],
        ["duplicate_flow", {}],
        ["delete_flow", {}],
        ["start_run", {}],
        ["restore_flow_version", { p_version_id: version!.id }],
        ["create_webhook_endpoint", { p_name: "Shop", p_provider: "custom" }],
      ];
      for (const [name, args] of gone) {
        await assertFails(rpc(db, tenant.user, name, { p_flow_id: flow, ...args }), "not_found", 404);
      }
    },
  },
  "flow versions and plans": {
    "a version never changes": async (db) => {
      const flow = await createFlow(db, await createTenant(db));
      for (const column of ["graph = '{}'", "number = 9", "plan_hash = '\\x00'", "timeout_seconds = 1"]) {
        for (const role of ["origin", "replica"]) {
          const update = db.sql.begin(async (sql) => {
            await sql.unsafe(`set local session_replication_role = ${role}`);
            await sql.unsafe(`update public.flow_versions set ${column} where flow_id = '${flow}'`);
          });
          assertEquals((await failureOf(update)).code, "conflict", `${column} as ${role}`);
        }
      }
    },
    "a plan is stored once for versions that differ in layout, and found by each": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      await save(db, tenant, flow, { p_graph: changed((graph) => graph.viewport = { zoom: 2 }) });
      const ids = (await versions(db, flow)).map((v) => v.id);
      type Loaded = { version_id: string; flow_id: string; flow_name: string; plan: Json; graph: Json };
      const load = async (plan: number) =>
        (await service<Loaded[]>(db, "load_plans", { p_version_ids: ids, p_plan_version: plan }))
          .toSorted((a, b) => ids.indexOf(a.version_id) - ids.indexOf(b.version_id));
      assertEquals((await load(1)).map((loaded) => [loaded.flow_id, loaded.flow_name, loaded.plan, loaded.graph]), [
        [flow, "Orders", null, smallGraph()],
        [flow, "Orders", null, { ...smallGraph(), viewport: { zoom: 2 } }],
      ]);
      const store = (version: string, plan: Json, planVersion: number) =>
        service(db, "store_plan", { p_version_id: version, p_plan: plan, p_plan_version: planVersion });
      await store(ids[0]!, { is: 1 }, 1);
      assertEquals((await load(1)).map((loaded) => [loaded.plan, loaded.graph]), [[{ is: 1 }, null], [
        { is: 1 },
        null,
      ]]);
      await store(ids[1]!, { is: "other" }, 1);
      assertEquals((await load(1))[0]?.plan, { is: 1 }, "the same compiler does not write again");
      await store(ids[0]!, { is: 2 }, 2);
      assertEquals([(await load(2))[0]?.plan, (await load(1))[0]?.plan], [{ is: 2 }, null]);
      await store(ids[0]!, { is: 1 }, 1);
      assertEquals((await load(2))[0]?.plan, { is: 2 }, "an older compiler does not overwrite a newer one");
      await store(unusedId(), {}, 1);
    },
    "tenants do not share plans": async (db) => {
      const tenants = [await createTenant(db), await createTenant(db)];
      const flows = await Promise.all(tenants.map((tenant) => createFlow(db, tenant)));
      const [one, two] = await Promise.all(flows.map(async (flow) => (await versions(db, flow))[0]!));
      assertEquals(one!.plan_hash, two!.plan_hash);
      await service(db, "store_plan", { p_version_id: one!.id, p_plan: { is: 1 }, p_plan_version: 1 });
      const [loaded] = await service<{ plan: Json }[]>(db, "load_plans", {
        p_version_ids: [two!.id],
        p_plan_version: 1,
      });
      assertEquals(loaded?.plan, null);
    },
  },
});
