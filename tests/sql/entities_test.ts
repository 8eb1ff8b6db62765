import { assert, assertEquals } from "../helpers/assert.ts";
import { withDatabase } from "../helpers/postgres.ts";
import {
  attach,
  createEntity,
  type Entity,
  journeyOf,
  moveEntities,
  PIPELINE,
  placeOf,
  secondsFromNow,
  startWith,
  statsOf,
  tenantWithPipeline,
  ways,
} from "./_entities.ts";
import { assertFails, createFlow, failureOf, parallel, rpc, startRun } from "./_world.ts";
import type { Json } from "../../shared/graph/mod.ts";

Deno.test("create_entity() makes one that stands nowhere, or where it is put", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const entity = await createEntity(db, tenant, flow, { p_data: { plan: "pro" } });
    assertEquals([entity.node_id, entity.entered_at, entity.run_id, entity.is_new], [null, null, null, true]);
    assertEquals(entity.data, { plan: "pro" });
    assertEquals(await journeyOf(db, tenant, entity.id), []);

    const placed = await createEntity(db, tenant, flow, { p_node_id: "b", p_name: null });
    assertEquals([placed.node_id, placed.name, placed.move_count], ["b", "lead", 1]);
    const [move] = await journeyOf(db, tenant, placed.id);
    assertEquals([move?.from_node, move?.to_node, move?.reason, move?.seconds], [null, "b", "created", null]);
    assertEquals(move?.moved_by, tenant.user.id);
    await assertFails(createEntity(db, tenant, flow, { p_node_id: "nowhere" }), "unknown_node", 422);
  }));

Deno.test("create_entity() refuses what no entity can be", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    for (
      const args of [
        { p_type: "" },
        { p_type: null },
        { p_type: "x".repeat(65) },
        { p_name: "" },
        { p_name: "x".repeat(201) },
        { p_external_key: "" },
        { p_external_key: "x".repeat(256) },
        { p_data: [] },
        { p_data: "text" },
      ]
    ) {
      await assertFails(createEntity(db, tenant, flow, args), "invalid_request", 400);
    }
    const large = { p_data: { text: "x".repeat(65_536) } };
    await assertFails(createEntity(db, tenant, flow, large), "payload_too_large", 413);
  }));

Deno.test("create_entity() keeps keys apart by flow and type, and brings a known one up to date when asked", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const other = await createFlow(db, tenant);
    const first = await createEntity(db, tenant, flow, { p_external_key: "c-1", p_data: { a: 1, b: 1 } });
    await assertFails(createEntity(db, tenant, flow, { p_external_key: "c-1" }), "conflict", 409);
    for (const args of [{ p_type: "customer" }, { p_flow_id: other }, { p_external_key: "c-2" }]) {
      assert((await createEntity(db, tenant, flow, { p_external_key: "c-1", ...args })).id !== first.id);
    }
    const again = await createEntity(db, tenant, flow, {
      p_external_key: "c-1",
      p_name: null,
      p_data: { b: 2 },
      p_node_id: "a",
      p_upsert: true,
    });
    assertEquals([again.id, again.is_new, again.name], [first.id, false, "Ada"]);
    assertEquals(again.data, { a: 1, b: 2 });
    assertEquals(ways(await journeyOf(db, tenant, first.id)), [">a manual"]);

    await rpc(db, tenant.user, "delete_entity", { p_entity_id: first.id });
    assert((await createEntity(db, tenant, flow, { p_external_key: "c-1" })).id !== first.id);
  }));

Deno.test("create_entity() makes one entity of many calls at once with the same key", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const made = await parallel(
      12,
      (n) => createEntity(db, tenant, flow, { p_external_key: "same", p_data: { [`k${n}`]: n }, p_upsert: true }),
    );
    assertEquals(new Set(made.map(({ id }) => id)).size, 1);
    assertEquals(made.filter((entity) => entity.is_new).length, 1);
    const [row] = await db.sql`select data from public.entities where id = ${made[0]!.id}`;
    assertEquals(Object.keys(row?.data).length, 12);
  }));

Deno.test("update_entity() changes what is named, under the version that was read", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const entity = await createEntity(db, tenant, flow, { p_external_key: "c-1", p_data: { a: 1 } });
    const update = (args: Record<string, Json>) =>
      rpc<Entity>(db, tenant.user, "update_entity", { p_entity_id: entity.id, ...args });
    const renamed = await update({ p_name: "Grace", p_if_version: entity.version });
    assertEquals([renamed.name, renamed.external_key, renamed.version], ["Grace", "c-1", entity.version + 1]);
    await assertFails(update({ p_name: "Late", p_if_version: entity.version }), "version_mismatch", 412);
    assertEquals((await update({ p_name: "Grace" })).version, renamed.version);
    assertEquals((await update({ p_data: { b: 2 } })).data, { b: 2 });
    assertEquals((await update({ p_external_key: "" })).external_key, null);
    await createEntity(db, tenant, flow, { p_external_key: "c-2" });
    await assertFails(update({ p_external_key: "c-2" }), "conflict", 409);
    await assertFails(update({ p_data: { text: "x".repeat(65_536) } }), "payload_too_large", 413);
  }));

Deno.test("move_entity() goes to nodes of the current graph only, and names the one that is missing", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const entity = await createEntity(db, tenant, flow, { p_node_id: "a" });
    const move = (node: string | null, args = {}) =>
      rpc<Entity>(db, tenant.user, "move_entity", { p_entity_id: entity.id, p_node_id: node, ...args });
    const moved = await move("b");
    assertEquals([moved.node_id, moved.move_count], ["b", 2]);
    assertEquals((await move("b")).version, moved.version, "staying is no move");
    await assertFails(move("b", { p_if_version: 1 }), "version_mismatch", 412);

    const refused = await failureOf(move("zzz"));
    assertEquals([refused.code, refused.status, refused.message], ["unknown_node", 422, 'The flow has no node "zzz"']);
    await assertFails(move(null), "unknown_node", 422);
    await assertFails(move(""), "unknown_node", 422);

    const graph = { ...PIPELINE, nodes: PIPELINE.nodes.filter(({ id }) => id !== "c"), edges: [] };
    await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_graph: graph as unknown as Json });
    await assertFails(move("c"), "unknown_node", 422);
    assertEquals(await placeOf(db, entity.id), "b");
    assertEquals((await move("a")).node_id, "a");

    await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_graph: { nodes: 1, edges: "none" } });
    await assertFails(move("b"), "unknown_node", 422);
  }));

Deno.test("a run moves its entity from the trigger along the edges, with the time spent at each node", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const entity = await createEntity(db, tenant, flow);
    const run = await startWith(db, tenant, flow, entity.id);
    assertEquals(await placeOf(db, entity.id), "start");
    const a = secondsFromNow(10);
    const [b, c] = [5, 7.5].map((seconds) => new Date(Date.parse(a) + seconds * 1000).toISOString()) as [
      string,
      string,
    ];
    assertEquals(await moveEntities(db, [[run, "a", a], [run, "b", b]]), 2);
    assertEquals(await moveEntities(db, [[run, "c", c]]), 1);
    assertEquals(await placeOf(db, entity.id), "c");

    const moves = await journeyOf(db, tenant, entity.id);
    assertEquals(ways(moves), [">start run", "start>a run", "a>b run", "b>c run"]);
    assertEquals(moves.map(({ edge_id }) => edge_id), [null, "e0", "e2", "e3"]);
    assertEquals(moves.map(({ run_id }) => run_id), [run, run, run, run]);
    assertEquals(moves.slice(2).map(({ seconds }) => seconds), [5, 2.5]);
    const stats = await statsOf(db, tenant, flow);
    assertEquals(stats.map((edge) => [edge.from_node, edge.to_node, edge.edge_ids, edge.moves]), [
      ["a", "b", ["e2"], 1],
      ["b", "c", ["e3"], 1],
      ["start", "a", ["e0"], 1],
    ]);
    assertEquals(stats[0]?.total_seconds, 5);
  }));

Deno.test("move_entities() takes steps in the order of their ends and drops those that come late", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const entity = await createEntity(db, tenant, flow);
    const run = await startWith(db, tenant, flow, entity.id);
    const at = (seconds: number) => secondsFromNow(seconds);
    assertEquals(await moveEntities(db, [[run, "b", at(20)], [run, "a", at(10)]]), 2, "sorted by time");
    assertEquals(await placeOf(db, entity.id), "b");
    assertEquals(await moveEntities(db, [[run, "a", at(15)]]), 0, "late");
    assertEquals(await placeOf(db, entity.id), "b");
    assertEquals(await moveEntities(db, [[run, "b", at(25)], [run, "b", at(26)], [run, "c", at(30)]]), 1, "staying");
    const moves = await journeyOf(db, tenant, entity.id);
    assertEquals(ways(moves), [">start run", "start>a run", "a>b run", "b>c run"]);
    assert(Math.abs(moves[3]!.seconds! - 10) < 0.1, "the time at b counts from its first moment there");
    const now = at(40);
    assertEquals(
      await moveEntities(db, [[run, "a", now], [run, "b", now], [run, "d", now]]),
      3,
      "ties keep their order",
    );
    assertEquals(await placeOf(db, entity.id), "d");
  }));

Deno.test("move_entities() passes over nodes that are gone, runs without entity, and deleted entities", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const entity = await createEntity(db, tenant, flow);
    const run = await startWith(db, tenant, flow, entity.id);
    const alone = await startRun(db, tenant, flow);
    const at = secondsFromNow(10);
    assertEquals(await moveEntities(db, [[run, "gone", at], [alone, "a", at], [crypto.randomUUID(), "a", at]]), 0);
    assertEquals(await moveEntities(db, [[run, "gone", at], [run, "a", at]]), 1);
    assertEquals(await moveEntities(db, []), 0);
    await rpc(db, tenant.user, "delete_entity", { p_entity_id: entity.id });
    assertEquals(await moveEntities(db, [[run, "b", secondsFromNow(20)]]), 0);
  }));

Deno.test("attach_entity() lets the newest run move the entity, and leaves it where it is for a retry", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const entity = await createEntity(db, tenant, flow, { p_node_id: "d" });
    const first = await startWith(db, tenant, flow, entity.id);
    const second = await startWith(db, tenant, flow, entity.id);
    assertEquals(await moveEntities(db, [[first, "b", secondsFromNow(10)]]), 0);
    assertEquals(await moveEntities(db, [[second, "a", secondsFromNow(11)]]), 1);
    const retry = await startRun(db, tenant, flow);
    await db.sql`update public.runs set retry_of = ${second} where id = ${retry}`;
    await attach(db, retry, entity.id);
    assertEquals(await placeOf(db, entity.id), "a");
    assertEquals(await moveEntities(db, [[retry, "b", secondsFromNow(12)]]), 1);

    const elsewhere = await startRun(db, tenant, await createFlow(db, tenant));
    await assertFails(attach(db, elsewhere, entity.id), "not_found", 404);
    const hook = await startRun(db, tenant, flow);
    await db.sql`update public.runs set trigger = 'webhook' where id = ${hook}`;
    await attach(db, hook, entity.id);
    assertEquals(ways(await journeyOf(db, tenant, entity.id)).at(-1), "b>hook webhook");

    // A run that comes by itself goes on without an entity that is gone, and brings nothing of it back.
    await rpc(db, tenant.user, "delete_entity", { p_entity_id: entity.id });
    const late = await startRun(db, tenant, flow);
    await db.sql`update public.runs set trigger = 'webhook' where id = ${late}`;
    await attach(db, late, entity.id);
    const [run] = await db.sql`select entity_id from public.runs where id = ${late}`;
    assertEquals(run?.entity_id, null);
    await db.sql`select private.refresh_entity(${entity.id}, 'Ada', '{"a": 1}')`;
    const [gone] = await db.sql`select name, data from public.entities where id = ${entity.id}`;
    assertEquals({ ...gone }, { name: "deleted", data: {} });
    await assertFails(attach(db, await startRun(db, tenant, flow), entity.id), "not_found", 404);
  }));

Deno.test("delete_entity() erases what is known of it and hides its journey, and the statistics stay", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const entity = await createEntity(db, tenant, flow, { p_external_key: "c-1", p_data: { a: 1 }, p_node_id: "a" });
    await rpc(db, tenant.user, "move_entity", { p_entity_id: entity.id, p_node_id: "b" });
    await assertFails(
      rpc(db, tenant.user, "delete_entity", { p_entity_id: entity.id, p_if_version: 1 }),
      "version_mismatch",
      412,
    );
    await rpc(db, tenant.user, "delete_entity", { p_entity_id: entity.id });
    const [row] = await db.sql`select name, external_key, data from public.entities where id = ${entity.id}`;
    assertEquals({ ...row }, { name: "deleted", external_key: null, data: {} });
    assertEquals(await rpc(db, tenant.user, "get_entity_journey", { p_entity_id: entity.id }), null);
    await assertFails(rpc(db, tenant.user, "delete_entity", { p_entity_id: entity.id }), "not_found", 404);
    assertEquals((await statsOf(db, tenant, flow)).length, 1);
    await assertFails(db.sql`update public.entity_moves set to_node = 'c'`, "conflict", 409);
  }));

Deno.test("the entities of a deleted flow are gone for everybody", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const entity = await createEntity(db, tenant, flow, { p_node_id: "a" });
    await rpc(db, tenant.user, "delete_flow", { p_flow_id: flow });
    await assertFails(
      rpc(db, tenant.user, "move_entity", { p_entity_id: entity.id, p_node_id: "b" }),
      "not_found",
      404,
    );
    assertEquals(await rpc(db, tenant.user, "get_entity_journey", { p_entity_id: entity.id }), null);
    assertEquals(await rpc(db, tenant.user, "list_edge_stats", { p_flow_id: flow }), null);
  }));

Deno.test("get_entity_journey() pages both ways and adds up the time at each node", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const entity = await createEntity(db, tenant, flow, { p_node_id: "a" });
    for (const node of ["b", "a", "b", "c"]) {
      await rpc(db, tenant.user, "move_entity", { p_entity_id: entity.id, p_node_id: node });
    }
    const page = async (args: Record<string, Json>) => {
      const found = await rpc<{ moves: { number: number }[]; more: boolean }>(db, tenant.user, "get_entity_journey", {
        p_entity_id: entity.id,
        ...args,
      });
      return [found.moves.map(({ number }) => number), found.more];
    };
    assertEquals(await page({ p_limit: 2 }), [[1, 2], true]);
    assertEquals(await page({ p_limit: 3, p_after: 2 }), [[3, 4, 5], false]);
    assertEquals(await page({ p_limit: 2, p_descending: true }), [[5, 4], true]);
    assertEquals(await page({ p_limit: 5, p_descending: true, p_after: 2 }), [[1], false]);
    const { durations } = await rpc<{ durations: { node_id: string; stays: number; seconds: number; since: Json }[] }>(
      db,
      tenant.user,
      "get_entity_journey",
      { p_entity_id: entity.id },
    );
    const stays = durations.map(({ node_id, stays, since }) => `${node_id} ${stays} ${since !== null}`);
    assertEquals(stays.toSorted(), ["a 2 false", "b 2 false", "c 1 true"]);
    assert(durations.every(({ seconds }) => seconds > 0));
  }));
