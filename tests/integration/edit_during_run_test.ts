import type { Graph } from "../../shared/graph/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import { connectEngine, createFlow, createTenant, drain, readRun, startRun } from "../helpers/engine.ts";
import { draw } from "../helpers/flows.ts";
import { withDatabase } from "../helpers/postgres.ts";

/** start → wait for a signal → end with a word. */
function flow(word: string, isLonger = false): Graph {
  const nodes: Parameters<typeof draw>[0] = {
    start: ["trigger.manual"],
    wait: ["logic.wait", { config: { mode: "signal", signal: "go" } }],
    end: ["logic.stop", { config: { output: `${word} {{ trigger.name }}` } }],
  };
  return isLonger
    ? draw(
      { ...nodes, more: ["action.transform", { config: { operations: [] } }] },
      "start>more",
      "more>wait",
      "wait>end",
    )
    : draw(nodes, "start>wait", "wait>end");
}

Deno.test("a run ends on the version it began with, whatever is saved, switched off or deleted meanwhile", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const as = (fn: Parameters<typeof db.as>[2]) => db.as("authenticated", tenant.user.claims, fn);
    const client = await connectEngine(db);
    try {
      const id = await createFlow(db, tenant, flow("old"));
      const save = (graph: Graph) =>
        as((sql) => sql`select public.save_flow(${id}, p_graph => ${JSON.stringify(graph)}::text::jsonb)`);
      const signal = (run: string) => as((sql) => sql`select public.signal_run(${run}, 'go', 'null')`);

      // One that waits in the middle, one that nobody has begun yet.
      const waiting = await startRun(db, tenant, id, { name: "waiting" });
      await drain(client);
      const queued = await startRun(db, tenant, id, { name: "queued" });
      await save(flow("new", true));
      await drain(client);
      const later = await startRun(db, tenant, id, { name: "later" });
      await drain(client);
      await save(draw({ start: ["trigger.manual"] }));
      await as((sql) => sql`select public.save_flow(${id}, p_is_active => false)`);
      for (const run of [waiting, queued]) await signal(run);
      await drain(client);
      await as((sql) => sql`select public.delete_flow(${id})`);
      await signal(later);
      await drain(client);

      const ends = await Promise.all([waiting, queued, later].map((run) => readRun(db, run)));
      assertEquals(ends.map(({ run }) => [run.status, run.output]), [
        ["completed", "old waiting"],
        ["completed", "old queued"],
        ["completed", "new later"],
      ]);
      assertEquals(ends.map(({ steps }) => steps.map(({ node_id }) => node_id).join(" ")), [
        "wait end",
        "wait end",
        "more wait end",
      ]);
      const versions = await db.sql`
        select v.number from public.runs r join public.flow_versions v on v.id = r.flow_version_id order by r.id`;
      assertEquals(versions.map(({ number }) => number), [1, 1, 2]);
    } finally {
      await client.close();
    }
  }));
