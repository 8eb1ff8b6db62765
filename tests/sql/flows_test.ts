import type { Json } from "../../shared/graph/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { scenarios } from "./_scenarios.ts";
import { changed, create, save, versions } from "./_flows.ts";
import {
  addMember,
  type Arguments,
  assertFails,
  createTenant,
  failureOf,
  parallel,
  rpc,
  smallGraph,
  unusedId,
} from "./_world.ts";

scenarios("flows", {
  "public.create_flow()": {
    "makes a flow with version 1 in the default workspace": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant, { p_description: "What comes in" });
      const [workspace] = await db
        .sql`select id from public.workspaces where organization_id = ${tenant.organizationId}`;
      const { id, current_version_id, version, created_at, updated_at, ...rest } = flow;
      assert(id && current_version_id && version && created_at && updated_at);
      assertEquals(rest, {
        organization_id: tenant.organizationId,
        workspace_id: workspace?.id,
        name: "Orders",
        description: "What comes in",
        is_active: true,
        created_by: tenant.user.id,
        version_number: 1,
        graph: smallGraph(),
        edge_lengths: { e1: 100 },
      });
      assertEquals((await versions(db, id)).map((v) => v.number), [1]);
    },
    "puts it into a workspace of the organization, and into no other": async (db) => {
      const [tenant, other] = [await createTenant(db), await createTenant(db)];
      const [own] = await db.sql<{ id: string }[]>`
        insert into public.workspaces (organization_id, name) values (${tenant.organizationId}, 'Sales') returning id`;
      assertEquals((await create(db, tenant, { p_workspace_id: own!.id })).workspace_id, own!.id);
      const [foreign] = await db.sql<{ id: string }[]>`
        select id from public.workspaces where organization_id = ${other.organizationId}`;
      for (const id of [foreign!.id, unusedId()]) {
        const failure = await failureOf(create(db, tenant, { p_workspace_id: id }));
        assertEquals(failure, { code: "not_found", message: "No such workspace", status: 404 });
      }
    },
    "takes names and descriptions of the lengths that it names": async (db) => {
      const tenant = await createTenant(db);
      await create(db, tenant, { p_name: "x", p_description: null });
      await create(db, tenant, { p_name: "ü".repeat(200), p_description: "ü".repeat(4000) });
      const refused = [{ p_name: "" }, { p_name: null }, { p_name: "x".repeat(201) }, {
        p_description: "x".repeat(4001),
      }];
      for (const args of refused) await assertFails(create(db, tenant, args), "invalid_request", 400);
    },
    "refuses what is no graph, and one that is too large": async (db) => {
      const tenant = await createTenant(db);
      for (const graph of [[], "text", 1, null]) {
        await assertFails(create(db, tenant, { p_graph: graph }), "flow_invalid", 422);
      }
      const huge = { nodes: [], edges: [], note: "x".repeat(1_048_576) };
      await assertFails(create(db, tenant, { p_graph: huge }), "payload_too_large", 413);
    },
    "takes a draft that would not compile: nodes and edges of any shape": async (db) => {
      const tenant = await createTenant(db);
      for (const graph of [{}, { nodes: 1, edges: [] }, { nodes: [null, 1, "x", {}], edges: [[]] }]) {
        assertEquals((await create(db, tenant, { p_graph: graph })).graph, graph);
      }
    },
    "stops at the plan's number of flows; a deleted one makes room": async (db) => {
      const tenant = await createTenant(db);
      await db.sql`update public.plans set max_flows = 2 where id = 'free'`;
      const first = await create(db, tenant);
      await create(db, tenant);
      await assertFails(create(db, tenant), "plan_limit_reached", 402);
      await assertFails(rpc(db, tenant.user, "duplicate_flow", { p_flow_id: first.id }), "plan_limit_reached", 402);
      await rpc(db, tenant.user, "delete_flow", { p_flow_id: first.id });
      await create(db, tenant);
    },
    "stops exactly there when ten are made at once": async (db) => {
      const tenant = await createTenant(db);
      await db.sql`update public.plans set max_flows = 4 where id = 'free'`;
      const made = await parallel(
        10,
        () => create(db, tenant).then(() => "made", (error) => failureOf(Promise.reject(error))),
      );
      assertEquals(made.filter((outcome) => outcome === "made").length, 4);
      const refused = made.filter((outcome) => outcome !== "made");
      assert(refused.every((failure) => typeof failure === "object" && failure.code === "plan_limit_reached"));
      await db.sql`update public.plans set max_flows = 20 where id = 'free'`;
    },
    "needs flows:write": async (db) => {
      const tenant = await createTenant(db);
      for (const [role, may] of Object.entries({ developer: true, member: false, viewer: false, guest: false })) {
        const user = await addMember(db, tenant.organizationId, role as "developer");
        const call = create(db, { ...tenant, user });
        if (may) await call;
        else await assertFails(call, "forbidden", 403);
      }
    },
  },
  "public.save_flow()": {
    "changes what is given and leaves the rest": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant, { p_description: "Before" });
      const saved = await save(db, tenant, flow.id, { p_name: "After", p_is_active: false });
      assertEquals([saved.name, saved.description, saved.is_active], ["After", "Before", false]);
      assert(saved.version > flow.version);
      assertEquals(saved.current_version_id, flow.current_version_id);
      const same = await save(db, tenant, flow.id, { p_name: "After" });
      assertEquals(same.version, saved.version, "nothing changed, nothing is written");
    },
    "makes a version when the graph has changed, and none when it has not": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant);
      const same = await save(db, tenant, flow.id, { p_graph: smallGraph() });
      assertEquals([same.version_number, same.version], [1, flow.version]);
      // Keys in another order and other white space are the same JSON.
      const { edges, nodes } = smallGraph();
      assertEquals((await save(db, tenant, flow.id, { p_graph: { edges: edges!, nodes: nodes! } })).version_number, 1);
      const changed = await save(db, tenant, flow.id, { p_graph: smallGraph(2) });
      assertEquals([changed.version_number, changed.graph], [2, smallGraph(2)]);
      assert(changed.version > flow.version);
      assertEquals((await versions(db, flow.id)).map((v) => v.number), [1, 2]);
    },
    "a change of the layout makes a version with the same plan": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant);
      const layouts = [
        changed((graph) => graph.nodes[1]!.position = { x: 5, y: 5 }),
        changed((graph) => Object.assign(graph.nodes[1]!, { width: 10, selected: true, measured: { width: 1 } })),
        changed((graph) => graph.viewport = { x: 0, y: 0, zoom: 2 }),
      ];
      for (const [index, graph] of layouts.entries()) {
        assertEquals((await save(db, tenant, flow.id, { p_graph: graph })).version_number, index + 2);
      }
      const all = await versions(db, flow.id);
      assertEquals(new Set(all.map((v) => v.content_hash)).size, 4);
      assertEquals(new Set(all.map((v) => v.plan_hash)).size, 1);
    },
    "any other change makes another plan": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant);
      const first = (await versions(db, flow.id))[0]!;
      const edge = { id: "e1", source: "start", target: "a" };
      const changes = [
        changed((graph) => graph.nodes[1]!.id = "b"),
        changed((graph) => graph.nodes[1]!.type = "logic.if"),
        changed((graph) => graph.nodes[1]!.data = { config: { mark: 1 }, label: "New" }),
        changed((graph) => graph.nodes.reverse()),
        changed((graph) => graph.edges = []),
        changed((graph) => graph.edges = [{ ...edge, sourceHandle: "error" }]),
        changed((graph) => graph.edges = [{ ...edge, data: { condition: "true" } }]),
        changed((graph) => graph.settings = { timeoutSeconds: 60 }),
        changed((graph) => graph.nodes[1]!.data = { undo: { type: "action.transform" } }),
        changed((graph) => graph.nodes[1]!.data = { delivery: "at_most_once" }),
        changed((graph) => graph.settings = { concurrencyKey: "trigger.id", maxPerKey: 2 }),
      ];
      for (const graph of changes) await save(db, tenant, flow.id, { p_graph: graph });
      const hashes = (await versions(db, flow.id)).map((v) => v.plan_hash);
      assertEquals(new Set(hashes).size, changes.length + 1);
      assertEquals(hashes[0], first.plan_hash);
    },
    "keeps the time-out between a second and what the plan allows": async (db) => {
      const tenant = await createTenant(db);
      const cases: [Json, number][] = [
        [60, 60],
        [0, 1],
        [-5, 1],
        [1e300, 86_400],
        ["60", 86_400],
        [null, 86_400],
        [86_401, 86_400],
      ];
      for (const [timeoutSeconds, expected] of cases) {
        const flow = await create(db, tenant, { p_graph: { ...smallGraph(), settings: { timeoutSeconds } } });
        assertEquals((await versions(db, flow.id))[0]?.timeout_seconds, expected, JSON.stringify(timeoutSeconds));
      }
    },
    "refuses a version of the row that is not the present one": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant);
      const saved = await save(db, tenant, flow.id, { p_name: "A", p_if_version: flow.version });
      const stale = { p_name: "B", p_if_version: flow.version };
      await assertFails(save(db, tenant, flow.id, stale), "version_mismatch", 412);
      assertEquals((await save(db, tenant, flow.id, { p_name: "B", p_if_version: saved.version })).name, "B");
      const late = { p_flow_id: flow.id, p_if_version: saved.version };
      await assertFails(rpc(db, tenant.user, "delete_flow", late), "version_mismatch", 412);
    },
    "of ten who save the same version, one wins": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant);
      const outcomes = await parallel(
        10,
        (index) =>
          save(db, tenant, flow.id, { p_graph: smallGraph(index + 10), p_if_version: flow.version })
            .then(() => "saved", async (error) => (await failureOf(Promise.reject(error))).code),
      );
      assertEquals(outcomes.toSorted(), ["saved", ...Array(9).fill("version_mismatch")]);
      assertEquals((await versions(db, flow.id)).length, 2);
    },
    "ten who save without looking get a version each": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant);
      await parallel(10, (index) => save(db, tenant, flow.id, { p_graph: smallGraph(index + 10) }));
      assertEquals(
        (await versions(db, flow.id)).map((v) => v.number),
        Array.from({ length: 11 }, (_, index) => index + 1),
      );
    },
    "refuses what create_flow() refuses": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant);
      const refused: [Arguments, string, number][] = [
        [{ p_name: "" }, "invalid_request", 400],
        [{ p_name: "x".repeat(201) }, "invalid_request", 400],
        [{ p_description: "x".repeat(4001) }, "invalid_request", 400],
        [{ p_graph: [] }, "flow_invalid", 422],
        [{ p_graph: { note: "x".repeat(1_048_576) } }, "payload_too_large", 413],
        [{ p_workspace_id: unusedId() }, "not_found", 404],
      ];
      for (const [args, code, status] of refused) await assertFails(save(db, tenant, flow.id, args), code, status);
    },
  },
}, { connections: 10 });
