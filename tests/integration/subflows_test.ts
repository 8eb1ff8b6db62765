/**
 * Flows that call flows.
 *
 * @module
 */
import type { GraphNodeData, Json } from "../../shared/graph/mod.ts";
import { NodeError } from "../../shared/nodes/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { createTenant, readRun } from "../helpers/engine.ts";
import { draw, set } from "../helpers/flows.ts";
import { begin, brief, call, goOn, mail, mailing, withEngine } from "./_play.ts";

const START: [string] = ["trigger.manual"];

const sub = (
  flowId: string,
  input: Json,
  more: { mode?: string; data?: GraphNodeData } = {},
): [string, GraphNodeData] => [
  "logic.subflow",
  { config: { flowId, input, ...(more.mode !== undefined && { mode: more.mode }) }, ...more.data },
];

Deno.test("a sub-flow gives what its run gave, in a loop too, and a run that fails fails the step", () =>
  withEngine(async (db, client) => {
    const tenant = await createTenant(db);
    const child = await begin(db, draw({ t: START, a: mail(), b: set({ n: "{{ 6 / trigger.n }}" }) }, "t>a", "a>b"), {
      n: 1,
    }, tenant);
    const providers = mailing(() => Promise.resolve({ id: "1" }));
    const graph = draw(
      {
        t: START,
        l: ["logic.loop.foreach", { config: { items: "{{ trigger.list }}" } }],
        s: sub(child.flowId, { n: "{{ item }}" }),
        a: set({ got: "{{ steps.s.output.output.n }}" }),
      },
      "t>l",
      "l/body>s",
      "s>a",
      "a>l",
    );
    const good = await begin(db, graph, { list: [1, 2] }, tenant);
    await goOn(client, providers, 50);
    const { run, steps } = await readRun(db, good.runId);
    assertEquals([run.status, (run.output as { items: Json }).items], ["completed", [{ got: 6 }, { got: 3 }]]);
    assertEquals(brief(steps).filter((step) => /^[as]@l\.0/.test(step)), ["s@l.0 completed", "a@l.0 completed"]);
    const children = await db.sql`select trigger, depth from public.runs where parent_run_id = ${good.runId}`;
    assertEquals([...children], [{ trigger: "flow", depth: 1 }, { trigger: "flow", depth: 1 }]);

    const bad = await begin(db, graph, { list: [0] }, tenant);
    await goOn(client, providers, 50);
    const failed = (await readRun(db, bad.runId)).run;
    assertEquals([failed.status, failed.error?.code, failed.error?.node_id], ["failed", "subflow_failed", "s"]);
  }));

Deno.test("a sub-flow that is not waited for goes on at once, and one that can not be started says why", () =>
  withEngine(async (db, client) => {
    const tenant = await createTenant(db);
    const other = await begin(db, draw({ t: START, a: set({ n: 1 }) }, "t>a"), {}, tenant);
    const nowhere = crypto.randomUUID();
    const graph = draw(
      {
        t: START,
        s: sub(other.flowId, {}, { mode: "forget" }),
        x: sub(nowhere, {}, { data: { onError: "continue" } }),
        e: set({ status: "{{ steps.s.output.status }}", why: "{{ steps.x.output.error.code }}" }),
      },
      "t>s",
      "s>x",
      "x>e",
    );
    const { runId } = await begin(db, graph, {}, tenant);
    await goOn(client);
    const { run } = await readRun(db, runId);
    assertEquals([run.status, run.output], ["completed", { status: "queued", why: "subflow_refused" }]);
    const [left] = await db.sql`select count(*)::int as n from public.runs where status <> 'completed'`;
    assertEquals(left?.n, 0);
  }));

Deno.test("a sub-flow that failed is tried again as the policy of the step says, each attempt a run of its own", () =>
  withEngine(async (db, client) => {
    const tenant = await createTenant(db);
    const child = await begin(db, draw({ t: START, a: mail({ retry: { maxAttempts: 1 } }) }, "t>a"), {}, tenant);
    await call(db, tenant, "cancel_run", { p_run_id: child.runId });
    let calls = 0;
    const providers = mailing(() =>
      ++calls === 1 ? Promise.reject(new NodeError("No", { code: "provider_error" })) : Promise.resolve({ id: "1" })
    );
    const retry = { maxAttempts: 2, delaySeconds: 0, retryOn: ["subflow_failed"] };
    const graph = draw({ t: START, s: sub(child.flowId, {}, { data: { retry } }) }, "t>s");
    const { runId } = await begin(db, graph, {}, tenant);
    await goOn(client, providers, 50);
    const { run, steps } = await readRun(db, runId);
    assertEquals([run.status, brief(steps)], ["completed", ["s retried", "s completed 2"]]);
    const [count] = await db.sql`select count(*)::int as n from public.runs where parent_run_id = ${runId}`;
    assertEquals(count?.n, 2);
  }));

Deno.test("who cancels a run cancels those that its steps wait for; endless recursion ends at its bound", () =>
  withEngine(async (db, client) => {
    const tenant = await createTenant(db);
    const child = await begin(
      db,
      draw({ t: START, w: ["logic.wait", { config: { mode: "signal", signal: "s" } }] }, "t>w"),
      {},
      tenant,
    );
    const { runId } = await begin(db, draw({ t: START, s: sub(child.flowId, {}) }, "t>s"), {}, tenant);
    await goOn(client, undefined, 50);
    await call(db, tenant, "cancel_run", { p_run_id: runId });
    await client.tick();
    const rows = await db.sql`select status from public.runs where parent_run_id = ${runId}`;
    assertEquals([...rows], [{ status: "cancelled" }]);
    await call(db, tenant, "cancel_run", { p_run_id: child.runId });

    const self = await begin(db, draw({ t: START, a: set({ n: 1 }) }, "t>a"), {}, tenant);
    await goOn(client);
    const graph = draw({ t: START, s: sub(self.flowId, {}) }, "t>s");
    await call(db, tenant, "save_flow", { p_flow_id: self.flowId, p_graph: graph as unknown as Json });
    const started = await call(db, tenant, "start_run", { p_flow_id: self.flowId }) as { id: string };
    await goOn(client, undefined, 100);
    const { run } = await readRun(db, started.id);
    assertEquals([run.status, run.error?.code], ["failed", "subflow_failed"]);
    const [deepest] = await db
      .sql`select max(depth) as depth, count(*)::int as n from public.runs where flow_id = ${self.flowId}`;
    assert(deepest?.depth === 10 && deepest.n === 12, JSON.stringify(deepest));
  }));
