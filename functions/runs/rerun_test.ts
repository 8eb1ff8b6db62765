/**
 * Runs again: from a step, as a whole, one step, in part with other outputs, dry, and unsaved.
 *
 * @module
 */
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { startEffectServer } from "../../tests/helpers/effect_server.ts";
import { draw, post as postNode, saveFlow, set } from "../../tests/helpers/flows.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { begin, post, read, type RunBody, withRuns } from "../../tests/helpers/runs_api.ts";
import { router } from "./router.ts";

/** t > a > b > c, each adding its letter to what the one before gave. */
const CHAIN = draw(
  {
    t: ["trigger.manual"],
    a: set({ s: "{{ trigger.s }}a" }),
    b: set({ s: "{{ steps.a.output.s }}b" }),
    c: set({ s: "{{ steps.b.output.s }}c" }),
  },
  "t>a",
  "a>b",
  "b>c",
);

const ids = (run: RunBody) =>
  run.steps.map(({ node_id, scope }) => scope === "" ? node_id : `${scope}:${node_id}`).sort();

Deno.test("POST /runs/:id/rerun takes over what is before `from`, with the outputs that are given", () =>
  withRuns(router, async (api, ada) => {
    const run = await begin(api, ada, CHAIN, { s: "-" });
    const first = await read(ada, run);
    assertEquals(first.output, { s: "-abc" });
    const again = await post<RunBody>(ada, `/runs/${run}/rerun`, { from: "c", outputs: { b: { s: "B" } } });
    assertEquals([again.status, again.body.retry_of], [202, run]);
    const second = await read(ada, again.body.id);
    assertEquals([second.status, second.output], ["completed", { s: "Bc" }]);
    const startOf = (body: RunBody, node: string) => body.steps.find(({ node_id }) => node_id === node)?.started_at;
    assertEquals(startOf(second, "a"), startOf(first, "a"));
    assert(startOf(second, "c") !== startOf(first, "c"));
    assertEquals((await read(ada, run)).output, { s: "-abc" });
    const middle = await post<RunBody>(ada, `/runs/${run}/rerun`, { from: "b", input: { s: "new" } });
    assertEquals((await read(ada, middle.body.id)).output, { s: "-abc" });
    const whole = await post<RunBody>(ada, `/runs/${run}/rerun`, { input: { s: "new" } });
    assertEquals((await read(ada, whole.body.id)).output, { s: "newabc" });
    const held = await post<RunBody>(ada, `/runs/${run}/rerun`, { outputs: { a: { s: "A" } } });
    assertEquals((await read(ada, held.body.id)).output, { s: "Abc" });
  }));

Deno.test("POST /runs/:id/rerun refuses nodes that are not there, outputs of what is run again, and runs under way", () =>
  withRuns(router, async (api, ada) => {
    const run = await begin(api, ada, CHAIN, { s: "-" });
    const wrong = [
      { from: "nope" },
      { from: "a b" },
      { from: "b", outputs: { b: 1 } },
      { from: "b", outputs: { c: 1 } },
      { from: "b", outputs: { nope: 1 } },
      { version: "newest" },
    ];
    for (const body of wrong) expectProblem(await post(ada, `/runs/${run}/rerun`, body), "invalid_request");
    const waiting = await begin(
      api,
      ada,
      draw({ t: ["trigger.manual"], w: ["logic.wait", { config: { mode: "approval" } }] }, "t>w"),
    );
    expectProblem(await post(ada, `/runs/${waiting}/rerun`, { from: "w" }), "run_not_finished");
    const same = { "idempotency-key": "once" };
    const [one, two] = [
      await ada.post<RunBody>(`/runs/${run}/rerun`, { from: "c" }, same),
      await ada.post<RunBody>(`/runs/${run}/rerun`, { from: "c" }, same),
    ];
    assertEquals(one.body.id, two.body.id);
  }));

Deno.test("POST /runs/:id/rerun does a region anew that is closed behind `from`, and leaves one alone before it", () =>
  withRuns(router, async (api, ada) => {
    const graph = draw(
      {
        t: ["trigger.manual"],
        s: ["logic.splitter", { config: { items: "{{ trigger.list }}" } }],
        x: set({ n: "{{ item }}" }),
        y: set({ n: "{{ steps.x.output.n }}" }),
        k: ["logic.collector", {}],
        z: set({ done: true }),
      },
      "t>s",
      "s>x",
      "x>y",
      "y>k",
      "k>z",
    );
    const run = await begin(api, ada, graph, { list: [1, 2] });
    const first = await read(ada, run);
    assertEquals(first.status, "completed");
    const starts = (body: RunBody, of: RunBody) =>
      body.steps.filter((step) =>
        of.steps.some((other) =>
          other.node_id === step.node_id && other.scope === step.scope && other.started_at === step.started_at
        )
      ).map(({ node_id }) => node_id).sort();
    const behind = await post<RunBody>(ada, `/runs/${run}/rerun`, { from: "z" });
    const after = await read(ada, behind.body.id);
    assertEquals([after.status, ids(after)], ["completed", ids(first)]);
    assertEquals(starts(after, first), ["k", "s", "x", "x", "y", "y"]);
    const inside = await post<RunBody>(ada, `/runs/${run}/rerun`, { from: "y" });
    const anew = await read(ada, inside.body.id);
    assertEquals([anew.status, ids(anew)], ["completed", ids(first)]);
    assertEquals(starts(anew, first), []);
  }));

Deno.test("POST /runs/:id/replay does all of it anew, by the run's version or the flow's current one", () =>
  withRuns(router, async (api, ada) => {
    const flow_id = await saveFlow(api, ada, CHAIN);
    const { body: { id: run } } = await post<RunBody>(ada, "/runs", { flow_id, input: { s: "-" } });
    const graph = draw({ t: ["trigger.manual"], a: set({ s: "new" }) }, "t>a");
    await api.db.as(
      "authenticated",
      { sub: ada.id },
      (sql) => sql`select public.save_flow(${flow_id}, p_graph => ${JSON.stringify(graph)}::text::jsonb)`,
    );
    const same = await post<RunBody>(ada, `/runs/${run}/replay`);
    assertEquals([same.status, (await read(ada, same.body.id)).output], [202, { s: "-abc" }]);
    const current = await post<RunBody>(ada, `/runs/${run}/replay?version=current`);
    assertEquals((await read(ada, current.body.id)).output, { s: "new" });
    await api.db.sql`update public.flows set is_active = false where id = ${flow_id}`;
    expectProblem(await post(ada, `/runs/${run}/replay`), "flow_inactive");
  }));

Deno.test("POST /runs/:id/steps/:node_id/retry runs the next attempt at once, and a run that ended goes on there", async () => {
  let fails = true;
  const server = startEffectServer(() => fails ? new Response("no", { status: 500 }) : Response.json({ ok: true }));
  try {
    await withRuns(router, async (api, ada) => {
      const retry = {
        maxAttempts: 2,
        backoff: "fixed",
        delaySeconds: 3600,
        maxDelaySeconds: 3600,
        jitter: false,
      } as const;
      const graph = draw(
        { t: ["trigger.manual"], a: set({ n: 1 }), p: postNode(server.url, {}, { retry }), z: set({ end: true }) },
        "t>a",
        "a>p",
        "p>z",
      );
      const run = await begin(api, ada, graph);
      assertEquals((await read(ada, run)).waiting_for?.reason, "retry");
      expectProblem(await post(ada, `/runs/${run}/steps/z/retry`), "conflict");
      const again = await post<RunBody>(ada, `/runs/${run}/steps/p/retry`);
      assertEquals([again.status, again.body.id], [200, run]);
      assertEquals((await read(ada, run)).status, "failed");
      fails = false;
      const fresh = await post<RunBody>(ada, `/runs/${run}/steps/p/retry`, {});
      assertEquals([fresh.status, fresh.body.retry_of], [202, run]);
      const ended = await read(ada, fresh.body.id);
      assertEquals([ended.status, ids(ended)], ["completed", ["a", "p", "z"]]);
      expectProblem(await post(ada, `/runs/${run}/steps/z/retry`), "conflict");
      const from = await post<RunBody>(ada, `/runs/${fresh.body.id}/steps/p/retry`);
      assertEquals([(await read(ada, from.body.id)).status, server.effects.length], ["completed", 4]);
    }, { EGRESS_ALLOW: server.host });
  } finally {
    await server.stop();
  }
});

Deno.test("a dry run performs no effect, takes what is pinned, and stays dry when it is retried or replayed", async () => {
  const server = startEffectServer(() => Response.json({ ok: true }));
  try {
    await withRuns(router, async (api, ada) => {
      const graph = draw(
        { t: ["trigger.manual"], p: postNode(server.url), z: set({ got: "{{ steps.p.output.body.id }}" }) },
        "t>p",
        "p>z",
      );
      const flow_id = await saveFlow(api, ada, graph);
      const pins = { p: { status: 200, body: { id: 7 } } };
      const dry = await post<RunBody>(ada, "/runs", { flow_id, dry_run: { pins } });
      assertEquals([dry.status, dry.body.pins], [202, pins]);
      assertEquals((await read(ada, dry.body.id)).output, { got: 7 });
      const again = await post<RunBody>(ada, `/runs/${dry.body.id}/replay`);
      assertEquals((await read(ada, again.body.id)).output, { got: 7 });
      const unpinned = await post<RunBody>(ada, "/runs", { flow_id, dry_run: {} });
      assert((await read(ada, unpinned.body.id)).status !== "running");
      const failing = await post<RunBody>(ada, "/runs", {
        flow_id,
        dry_run: { pins: { p: { $error: { code: "http_error", message: "No" } } } },
      });
      const failed = await read(ada, failing.body.id);
      assertEquals([failed.status, failed.error?.code], ["failed", "http_error"]);
      const retried = await post<RunBody>(ada, `/runs/${failed.id}/retry`);
      assertEquals((await read(ada, retried.body.id)).status, "failed");
      assertEquals(server.effects.length, 0);
      expectProblem(await post(ada, "/runs", { flow_id, dry_run: { pins: { nope: 1 } } }), "invalid_request");
      expectProblem(await post(ada, "/runs", { flow_id, dry_run: { pins: [] } }), "invalid_request");
      const large = { p: "x".repeat(262_145) };
      expectProblem(await post(ada, "/runs", { flow_id, dry_run: { pins: large } }), "payload_too_large");
    }, { EGRESS_ALLOW: server.host });
  } finally {
    await server.stop();
  }
});

Deno.test("POST /runs/execute runs a graph that is not saved, and no list of versions shows it", () =>
  withRuns(router, async (api, ada) => {
    const flow_id = await saveFlow(api, ada, CHAIN);
    const loose = await post<RunBody>(ada, "/runs/execute?wait=10", { graph: CHAIN, input: { s: "x" } });
    assertEquals([loose.status, loose.body.output], [200, { s: "xabc" }]);
    const within = await post<RunBody>(ada, "/runs/execute", { graph: CHAIN, flow_id, input: { s: "y" } });
    assertEquals([within.status, within.body.flow_id], [202, flow_id]);
    assertEquals((await read(ada, within.body.id)).output, { s: "yabc" });
    const [versions] = await api.db.as(
      "authenticated",
      { sub: ada.id },
      (sql) =>
        sql`select (select count(*)::int from public.flow_versions) as versions, (select count(*)::int from public.flows) as flows`,
    );
    assertEquals({ ...versions }, { versions: 1, flows: 1 });
    const again = await post<RunBody>(ada, `/runs/${loose.body.id}/replay`);
    assertEquals((await read(ada, again.body.id)).output, { s: "xabc" });
    const broken = draw({ t: ["trigger.manual"], a: ["no.such.type"] }, "t>a");
    expectProblem(await post(ada, "/runs/execute", { graph: broken }), "flow_invalid");
    expectProblem(
      await post(ada, "/runs/execute", { graph: CHAIN, flow_id: crypto.randomUUID() }),
      "not_found",
    );
    const wrongPin = { graph: CHAIN, dry_run: { pins: { nope: 1 } } };
    expectProblem(await post(ada, "/runs/execute", wrongPin), "invalid_request");
  }));
