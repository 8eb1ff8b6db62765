/**
 * Entities that follow the runs of real workers.
 *
 * @module
 */
import { assertEquals } from "../helpers/assert.ts";
import { createFlow, createTenant, readRun } from "../helpers/engine.ts";
import { draw, set } from "../helpers/flows.ts";
import { call, goOn, withEngine } from "./_play.ts";

const GRAPH = draw(
  {
    t: ["trigger.manual"],
    greet: set({ hello: "{{ trigger.name }}" }),
    paid: ["logic.wait", { config: { mode: "signal", signal: "paid" } }],
    ship: set({ sent: true }),
  },
  "t>greet",
  "greet>paid",
  "paid>ship",
);

Deno.test("an entity stands where its run is: at the step that waits, and after it at the last one", () =>
  withEngine(async (db, client) => {
    const tenant = await createTenant(db);
    const flow = await createFlow(db, tenant, GRAPH);
    const created = await call(db, tenant, "create_entity", { p_flow_id: flow, p_type: "customer", p_name: "Ada" });
    const { id } = created as { id: string };
    const run = await call(db, tenant, "start_run", { p_flow_id: flow, p_input: { name: "Ada" }, p_entity_id: id });
    const runId = (run as { id: string }).id;
    const place = async () => {
      const [row] = await db.sql`select node_id from public.entities where id = ${id}`;
      return row?.["node_id"];
    };
    assertEquals(await place(), "t");
    await goOn(client);
    assertEquals(await place(), "paid");
    await call(db, tenant, "signal_run", { p_run_id: runId, p_name: "paid" });
    await goOn(client);
    assertEquals([await place(), (await readRun(db, runId)).run.status], ["ship", "completed"]);
    const moves = await db.sql`select to_node, reason from public.entity_moves where entity_id = ${id} order by number`;
    assertEquals(moves.map((row) => [row["to_node"], row["reason"]]), [
      ["t", "run"],
      ["greet", "run"],
      ["paid", "run"],
      ["ship", "run"],
    ]);
    const stats = await db.sql`select from_node, to_node, moves from public.flow_edge_stats where flow_id = ${flow}`;
    assertEquals(stats.map((row) => `${row["from_node"]}>${row["to_node"]} ${row["moves"]}`).toSorted(), [
      "greet>paid 1",
      "paid>ship 1",
      "t>greet 1",
    ]);
  }));
