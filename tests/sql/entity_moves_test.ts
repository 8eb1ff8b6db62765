import { assert, assertEquals } from "../helpers/assert.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import {
  createEntity,
  type EndedStep,
  type Entity,
  journeyOf,
  moveEntities,
  placeOf,
  secondsFromNow,
  startWith,
  statsOf,
  tenantWithPipeline,
  ways,
} from "./_entities.ts";
import { engineOf } from "./_engine.ts";
import { interleave } from "./_interleave.ts";
import { create as createEndpoint, delivery } from "./_webhooks.ts";
import { parallel, rpc, type Tenant } from "./_world.ts";

/** What the statistics of a flow must be: its journeys, added up. */
async function addedUp(db: TestDatabase, flow: string): Promise<unknown[]> {
  const rows = await db.sql`
    select from_node, to_node, count(*)::int as moves, sum(seconds)::text as total_seconds
    from public.entity_moves where flow_id = ${flow} and edge_id is not null group by 1, 2 order by 1, 2`;
  return rows.map((row) => ({ ...row }));
}

async function counted(db: TestDatabase, flow: string): Promise<unknown[]> {
  const rows = await db.sql`
    select from_node, to_node, moves::int, total_seconds::text
    from public.flow_edge_stats where flow_id = ${flow} order by 1, 2`;
  return rows.map((row) => ({ ...row }));
}

/** Fails unless each journey is one unbroken line that ends where its entity stands. */
async function assertUnbroken(db: TestDatabase, tenant: Tenant, entities: readonly Entity[]): Promise<void> {
  for (const { id } of entities) {
    const moves = await journeyOf(db, tenant, id);
    let [place, at]: [string | null, string] = [null, ""];
    for (const [index, move] of moves.entries()) {
      assertEquals([move.number, move.from_node], [index + 1, place]);
      assert(Date.parse(move.moved_at) >= (at === "" ? 0 : Date.parse(at)), "backwards in time");
      [place, at] = [move.to_node, move.moved_at];
    }
    assertEquals(await placeOf(db, id), place);
  }
}

Deno.test("two people move an entity at once: one after the other, both in the journey", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const entity = await createEntity(db, tenant, flow, { p_node_id: "a" });
    await interleave(db, async (stage) => {
      const [first, second] = [await stage.session("first"), await stage.session("second")];
      await first.rpc(tenant.user, "move_entity", { p_entity_id: entity.id, p_node_id: "b" });
      const waiting = await stage.untilBlocked(
        second,
        () => second.rpc<Entity>(tenant.user, "move_entity", { p_entity_id: entity.id, p_node_id: "c" }),
      );
      await first.commit();
      assertEquals((await waiting.result).node_id, "c");
      await second.commit();
    });
    assertEquals(ways(await journeyOf(db, tenant, entity.id)), [">a created", "a>b manual", "b>c manual"]);
    assertEquals((await statsOf(db, tenant, flow)).map(({ edge_ids }) => edge_ids), [["e2"], ["e3"]]);
    await assertUnbroken(db, tenant, [entity]);
  }));

Deno.test("a person and a run move an entity at once, in both orders: the later moment wins", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    for (const personFirst of [true, false]) {
      const entity = await createEntity(db, tenant, flow);
      const run = await startWith(db, tenant, flow, entity.id);
      // The step ends before the person's hand moves, whoever commits first.
      const [clock] = await db.sql<{ at: string }[]>`select clock_timestamp()::text as at`;
      await interleave(db, async (stage) => {
        const [person, worker] = [await stage.session("person"), await stage.session("worker")];
        const byHand = () => person.rpc(tenant.user, "move_entity", { p_entity_id: entity.id, p_node_id: "d" });
        const byRun = () =>
          worker.run("select private.move_entities(array[$1::uuid], array['a'], array[$2::timestamptz])", [
            run,
            clock!.at,
          ]);
        await (personFirst ? byHand() : byRun());
        const [leader, follower] = personFirst ? [person, worker] : [worker, person];
        const waiting = await stage.untilBlocked<unknown>(follower, personFirst ? byRun : byHand);
        await leader.commit();
        await waiting.result;
        await follower.commit();
      });
      const expected = personFirst ? [">start run", "start>d manual"] : [">start run", "start>a run", "a>d manual"];
      assertEquals(ways(await journeyOf(db, tenant, entity.id)), expected);
      assertEquals(await placeOf(db, entity.id), "d");
      await assertUnbroken(db, tenant, [entity]);
    }
  }));

Deno.test("edge statistics stay exact, and nobody deadlocks, while runs and people move many entities at once", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const entities = await parallel(8, (n) => createEntity(db, tenant, flow, { p_name: `e${n}` }));
    const runs = await parallel(8, (n) => startWith(db, tenant, flow, entities[n]!.id));
    const nodes = ["a", "b", "c", "d"];
    // Batches name the runs in different orders and cross the same edges.
    await parallel(60, async (n) => {
      if (n % 5 === 0) {
        const p_entity_id = entities[n % 8]!.id;
        await rpc(db, tenant.user, "move_entity", { p_entity_id, p_node_id: nodes[n % 4]! });
        return;
      }
      const order = n % 2 === 0 ? runs : runs.toReversed();
      const steps = order.flatMap((run, index): EndedStep[] => [
        [run, nodes[(n + index) % 3]!, secondsFromNow(n / 100)],
        [run, nodes[(n + index + 1) % 3]!, secondsFromNow(n / 100 + 0.001)],
      ]);
      await moveEntities(db, steps);
    });
    assertEquals(await counted(db, flow), await addedUp(db, flow));
    assert((await counted(db, flow)).length >= 3);
    await assertUnbroken(db, tenant, entities);
  }));

Deno.test("moving takes one graph for many entities, and nothing for runs without one", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const entities = await parallel(40, (n) => createEntity(db, tenant, flow, { p_name: `e${n}` }));
    const runs = await parallel(40, (n) => startWith(db, tenant, flow, entities[n]!.id));
    const at = secondsFromNow(5);
    assertEquals(await moveEntities(db, runs.map((run): EndedStep => [run, "a", at])), 40);
    const [edge] = await statsOf(db, tenant, flow);
    assertEquals([edge?.from_node, edge?.to_node, edge?.moves], ["start", "a", 40]);
    await assertUnbroken(db, tenant, entities);
  }));

Deno.test("move_settled_entities() reads what a worker settles: top level, ended well or badly, and where a run waits", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const [one, two, three] = await parallel(3, () => createEntity(db, tenant, flow));
    const runs = await parallel(3, (n) => startWith(db, tenant, flow, [one, two, three][n]!.id));
    const step = (node: string, status: string, ago: number, more = {}) => ({
      node,
      status,
      started_ago: ago,
      finished_ago: ago,
      ...more,
    });
    const results = [
      {
        run_id: runs[0],
        entity: true,
        steps: [
          step("a", "completed", 300),
          step("d", "skipped", 250),
          step("c", "completed", 200, { scope: "a.0" }),
          step("d", "retried", 150),
          step("b", "failed", 100),
        ],
      },
      {
        run_id: runs[1],
        entity: true,
        steps: [step("a", "completed", 10)],
        move: { node: "b", wait: { kind: "timer" } },
      },
      { run_id: runs[2], scope: "a.1", entity: true, steps: [step("b", "completed", 10)] },
      { run_id: runs[2], steps: [step("b", "completed", 10)] },
      { run_id: runs[2], entity: true, steps: [], move: { node: "d", keep: true }, hold: true },
    ];
    const settle = async (rows: unknown[]) =>
      (await db.sql`
        select private.move_settled_entities(${JSON.stringify(rows)}::text::jsonb,
          clock_timestamp() + interval '1 second') as moved`)[0]?.moved;
    assertEquals(await settle(results), 4);
    const places = [one, two, three].map((entity) => placeOf(db, entity!.id));
    assertEquals(await Promise.all(places), ["b", "b", "start"]);
    assertEquals(ways(await journeyOf(db, tenant, one!.id)), [">start run", "start>a run", "a>b run"]);
    assertEquals(await settle([{ run_id: runs[2], entity: true, child: { node: "c" } }]), 1);
    assertEquals(await settle([{ run_id: runs[2], entity: true, open: { node: "a" } }]), 1);
    assertEquals(await settle([]), null);
    assertEquals(await settle([{ run_id: runs[2], steps: [step("b", "completed", 0)] }]), null);
  }));

Deno.test("many events at once for the same entities: one entity a key, one run an event, every fact kept", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const endpoint = await createEndpoint(db, tenant, { p_flow_id: flow });
    const engine = engineOf(db);
    const replies = await parallel(30, (n) =>
      engine.ingestWebhook(delivery(endpoint, {
        mapped: { entity: { type: "lead", key: `k${n % 3}`, data: { [`event${n}`]: true } }, input: { n } },
      })));
    assertEquals(new Set(replies.map(({ run_id }) => run_id)).size, 30);
    const rows = await db.sql`
      select e.external_key as key, e.node_id, e.run_id, (select count(*)::int from jsonb_object_keys(e.data)) as facts,
        (select count(*)::int from public.runs r where r.entity_id = e.id) as runs
      from public.entities e order by 1`;
    assertEquals(rows.map(({ key, node_id, facts, runs }) => [key, node_id, facts, runs]), [
      ["k0", "hook", 10, 10],
      ["k1", "hook", 10, 10],
      ["k2", "hook", 10, 10],
    ]);
    const errors = await db.sql`select mapping_error from public.webhook_events where mapping_error is not null`;
    assertEquals(errors.length, 0);
  }));

Deno.test("an event whose entity is deleted at the same moment makes a new one", () =>
  withDatabase(async (db) => {
    const { tenant, flow } = await tenantWithPipeline(db);
    const endpoint = await createEndpoint(db, tenant, { p_flow_id: flow });
    const entity = await createEntity(db, tenant, flow, { p_external_key: "k" });
    const mapped = { entity: { type: "lead", key: "k" } };
    await interleave(db, async (stage) => {
      const [person, hook] = [await stage.session("person"), await stage.session("hook")];
      await person.rpc(tenant.user, "delete_entity", { p_entity_id: entity.id });
      const waiting = await stage.untilBlocked(
        hook,
        () => hook.engine.ingestWebhook(delivery(endpoint, { mapped })),
      );
      await person.commit();
      const { run_id } = await waiting.result;
      await hook.commit();
      const [run] = await db.sql`select entity_id from public.runs where id = ${run_id}`;
      const [found] = await db.sql`select id from public.entities where deleted_at is null`;
      assert(found !== undefined && found.id !== entity.id);
      assertEquals(run?.entity_id, found.id);
    });
  }));
