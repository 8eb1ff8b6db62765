/**
 * GET /runs/:id/explain on real runs: each kind of place, joins, regions, limits, ends.
 *
 * @module
 */
import type { JsonObject } from "../../shared/graph/mod.ts";
import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { startEffectServer } from "../../tests/helpers/effect_server.ts";
import type { ApiUser } from "../../tests/helpers/api.ts";
import { draw, post as postNode, saveFlow, set } from "../../tests/helpers/flows.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { begin, post, type RunBody, withRuns } from "../../tests/helpers/runs_api.ts";
import { router } from "./router.ts";
import { explainRun, type RunFacts } from "./explain_run.ts";
import type { Explanation } from "./explain_schemas.ts";

const explain = async (ada: ApiUser, run: string) => (await ada.get<Explanation>(`/runs/${run}/explain`)).body;

const wait = (config: JsonObject): [string, { config: JsonObject }] => ["logic.wait", { config }];

Deno.test("explain: what a wait waits for, by whom, until when, and what comes next", () =>
  withRuns(router, async (api, ada) => {
    const cases: [JsonObject, string, string][] = [
      [{ mode: "duration", durationSeconds: 3600 }, "timer", '"w" waits until'],
      [{ mode: "signal", signal: "paid" }, "signal", 'waits for the signal "paid"'],
      [{ mode: "callback", timeoutSeconds: 60 }, "callback", "waits for a callback to its URL, until"],
      [{ mode: "approval" }, "approval", "by anybody who may run flows"],
      [{ mode: "approval", approvers: { roles: ["admin", "owner"] } }, "approval", 'the roles "admin" and "owner"'],
    ];
    for (const [config, state, words] of cases) {
      const edge = config["mode"] === "approval" ? "w/approved>a" : "w>a";
      const run = await begin(
        api,
        ada,
        draw({ t: ["trigger.manual"], w: wait(config), a: set({ n: 1 }) }, "t>w", edge),
      );
      const told = await explain(ada, run);
      const [place] = told.places;
      assertEquals([place?.node_id, place?.state, place?.next], ["w", state, ["a"]]);
      assertStringIncludes(place!.sentence, words);
      assertEquals(told.summary, place!.sentence);
      assertStringIncludes(told.next[0]!, '"a" comes next');
      assertEquals(place!.until === null, state === "signal" || state === "approval");
    }
    const graph = draw(
      { t: ["trigger.manual"], w: wait({ mode: "approval" }), y: set({ n: 1 }), n: set({ n: 2 }) },
      "t>w",
      "w/approved>y",
      "w/rejected>n",
    );
    const told = await explain(ada, await begin(api, ada, graph));
    assertEquals(told.next[0], 'Once that has come, "n" and "y" may come next.');
  }));

Deno.test("explain: a merge says what has arrived and from where the rest is missing; a pause is told", () =>
  withRuns(router, async (api, ada) => {
    const graph = draw(
      {
        t: ["trigger.manual"],
        a: set({ n: 1 }),
        w: wait({ mode: "signal", signal: "go" }),
        i: ["logic.if", { config: { condition: false } }],
        c: set({ n: 3 }),
        m: ["logic.merge", {}],
        z: set({ end: true }),
      },
      "t>a",
      "t>w",
      "t>i",
      "i/true>c",
      "a>m",
      "w>m",
      "c>m",
      "m>z",
    );
    const run = await begin(api, ada, graph);
    const told = await explain(ada, run);
    const [join] = told.joins;
    assertEquals([join?.node_id, join?.arrived, join?.dead, join?.missing], ["m", ["a"], ["c"], ["w"]]);
    assertStringIncludes(join!.sentence, 'missing: "w"');
    await post(ada, `/runs/${run}/signals`, { name: "early" });
    await post(ada, `/runs/${run}/pause`);
    const paused = await explain(ada, run);
    assertStringIncludes(paused.summary, "The run is paused");
    assertEquals(paused.signals, [{ kind: "signal", name: "early", count: 1 }]);
    await post(ada, `/runs/${run}/signals`, { name: "go" });
    const held = await explain(ada, run);
    assertEquals(held.places.map(({ state }) => state), ["paused"]);
    await post(ada, `/runs/${run}/resume`);
    const ended = await explain(ada, run);
    assertEquals([ended.places, ended.next, ended.summary], [[], [], "The run completed: no branch of it was left."]);
    assertEquals(ended.steps["skipped"], 1);
  }));

Deno.test("explain: an open region counts its items", () =>
  withRuns(router, async (api, ada) => {
    const graph = draw(
      {
        t: ["trigger.manual"],
        s: ["logic.splitter", { config: { items: "{{ trigger.list }}", maxParallel: 2 } }],
        w: wait({ mode: "signal", signal: "go" }),
        k: ["logic.collector", {}],
      },
      "t>s",
      "s>w",
      "w>k",
    );
    const run = await begin(api, ada, graph, { list: [1, 2, 3, 4, 5] });
    await post(ada, `/runs/${run}/signals`, { name: "go" });
    const { regions: [region], places } = await explain(ada, run);
    assertEquals([region?.node_id, region?.closer, region?.total, region?.completed, region?.open, region?.remaining], [
      "s",
      "k",
      5,
      1,
      2,
      2,
    ]);
    assertStringIncludes(region!.sentence, "1 done of 5 items, 0 failed");
    assertEquals(places.map(({ state }) => state).sort(), ["items", "signal", "signal"]);
  }));

Deno.test("explain: a queued run says which limit holds it and its place in line, or that it waits for a worker", () =>
  withRuns(router, async (api, ada) => {
    const graph = {
      ...draw({ t: ["trigger.manual"], w: wait({ mode: "signal", signal: "go" }) }, "t>w"),
      settings: { maxConcurrentRuns: 1 },
    };
    const flow_id = await saveFlow(api, ada, graph);
    const runs: string[] = [];
    for (let n = 0; n < 3; n++) runs.push((await post<RunBody>(ada, "/runs", { flow_id })).body.id);
    const told = await explain(ada, runs[2]!);
    const [place] = told.places;
    assertEquals([told.status, place?.state, place?.limit], ["queued", "limit", {
      key: `flow:${flow_id}`,
      places: 1,
      holders: 1,
      position: 2,
    }]);
    assertStringIncludes(told.summary, "(1 of 1 held); it is number 2 in line");
    const other = await saveFlow(api, ada, draw({ t: ["trigger.manual"] }));
    const [row] = await api.db.as(
      "authenticated",
      { sub: ada.id },
      (sql) => sql`select public.start_run(${other}) ->> 'id' as id`,
    );
    const line = await explain(ada, row?.id);
    assertEquals([line.places[0]?.state, line.places[0]?.line?.ahead], ["line", 0]);
    assertStringIncludes(line.summary, "The run is due and waits for a worker");
  }));

Deno.test("explain: a retry says when and why, a failure what it was, a sub-run which one", async () => {
  const server = startEffectServer(() => new Response("no", { status: 500 }));
  try {
    await withRuns(router, async (api, ada) => {
      const retry = {
        maxAttempts: 2,
        backoff: "fixed",
        delaySeconds: 3600,
        maxDelaySeconds: 3600,
        jitter: false,
      } as const;
      const failing = await saveFlow(
        api,
        ada,
        draw({ t: ["trigger.manual"], p: postNode(server.url, {}, { retry }) }, "t>p"),
      );
      const calls = draw({ t: ["trigger.manual"], f: ["logic.subflow", { config: { flowId: failing } }] }, "t>f");
      const run = await begin(api, ada, calls);
      const told = await explain(ada, run);
      const child = told.places[0]?.run;
      assert(child !== null && child !== undefined);
      assertEquals([told.places[0]?.state, told.places[0]?.until, child.flow_id], ["run", null, failing]);
      assertStringIncludes(told.summary, `waits for the run ${child.run_id} of another flow`);
      await api.db
        .sql`update public.job_queue set scheduled_for = now() - interval '1 second' where run_id = ${child.run_id}`;
      await post(ada, `/runs/${child.run_id}/resume`);
      const inner = await explain(ada, child.run_id);
      assertEquals(inner.places[0]?.state, "retry");
      assertStringIncludes(inner.summary, "attempt 2 begins at");
      await post(ada, `/runs/${child.run_id}/steps/p/retry`);
      const failed = await explain(ada, child.run_id);
      assertEquals([failed.status, failed.error?.node_id, failed.steps["retried"]], ["failed", "p", 1]);
      assertStringIncludes(failed.summary, 'The run failed at "p"');
    }, { EGRESS_ALLOW: server.host });
  } finally {
    await server.stop();
  }
});

Deno.test("explain: a cancelled run that undoes what it did has not failed, and a sentence begins with a capital", () => {
  const facts: RunFacts = {
    id: crypto.randomUUID(),
    status: "compensating",
    error: { code: "cancelled", message: "The run was cancelled" },
    deadline_at: "2026-11-22T00:00:00Z",
    started_at: "2026-11-21T00:00:00Z",
    finished_at: null,
    dry_run: false,
    now: "2026-11-21T00:00:01Z",
    tokens: [{ scope: "", status: "running", attempt: 1, undo: true }],
    token_count: 1,
    joins: [],
    regions: [],
    signals: [],
    undone: [],
    steps: {},
    cancelling: false,
  };
  assertStringIncludes(explainRun(facts).summary, "The run was cancelled and undoes what it did. The steps");
  const ended = { ...facts, finished_at: "2026-11-21T00:00:02Z", tokens: [], token_count: 0 };
  const undone = [{ node_id: "a", scope: "", status: "completed" as const }];
  assertEquals(
    explainRun({ ...ended, status: "compensated", undone }).summary,
    "The run was cancelled. What it had done was undone: 1 step.",
  );
  const held = { scope: "", status: "running", attempt: 1, started_at: "2026-11-21T00:00:00Z" } as const;
  assertStringIncludes(explainRun({ ...facts, status: "paused", tokens: [held] }).summary, "resumed. The start is");
});

Deno.test("explain: nobody else is told anything", () =>
  withRuns(router, async (api, ada) => {
    const run = await begin(api, ada, draw({ t: ["trigger.manual"], w: wait({ mode: "approval" }) }, "t>w"));
    const stranger = await api.createUser();
    expectProblem(await stranger.get(`/runs/${run}/explain`), "not_found");
    const guest = await api.createMember(ada.organizationId, "guest");
    expectProblem(await guest.get(`/runs/${run}/explain`), "forbidden");
    const [row] = await api.db.as(
      "authenticated",
      { sub: stranger.id },
      (sql) => sql`select private.explain_insides(${run}) as told`,
    );
    assertEquals(row?.told, null);
  }));

Deno.test("explain: a token that goes on in memory is where its recorded steps have led", async () => {
  let answer = () => {};
  const asked = Promise.withResolvers<void>();
  const server = startEffectServer(async ({ path }) => {
    if (path === "/slow") {
      asked.resolve();
      await new Promise<void>((resolve) => answer = resolve);
    }
    return Response.json({ ok: true });
  });
  try {
    await withRuns(router, async (api, ada) => {
      const graph = draw(
        {
          t: ["trigger.manual"],
          first: postNode(`${server.url}/quick`, {}),
          slow: postNode(`${server.url}/slow`, {}),
          end: set({ n: 1 }),
        },
        "t>first",
        "first>slow",
        "slow>end",
      );
      const flow_id = await saveFlow(api, ada, graph);
      const { body: { id } } = await ada.post<RunBody>("/runs", { flow_id });
      await asked.promise;
      const [place] = (await explain(ada, id)).places;
      assertEquals([place?.node_id, place?.state, place?.next], ["slow", "running", ["end"]]);
      answer();
    }, { EGRESS_ALLOW: server.host });
  } finally {
    answer();
    await server.stop();
  }
});
