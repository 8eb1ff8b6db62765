/**
 * Splitters, boundaries, and what nests in them, on a real Postgres.
 *
 * @module
 */
import type { GraphNodeData, Json } from "../../shared/graph/mod.ts";
import { NodeError } from "../../shared/nodes/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { readRun } from "../helpers/engine.ts";
import { draw, set } from "../helpers/flows.ts";
import { begin, brief, call, goOn, loseWorkers, mail, mailing, play, withEngine } from "./_play.ts";

const START: [string] = ["trigger.manual"];

function split(items: Json, maxParallel = 10): [string, GraphNodeData] {
  return ["logic.splitter", { config: { items, maxParallel } }];
}

function collect(policy: Json = "all", data: GraphNodeData = {}): [string, GraphNodeData] {
  return ["logic.collector", { config: { policy }, ...data }];
}

const foreach = (items: Json): [string, GraphNodeData] => ["logic.loop.foreach", { config: { items } }];
const when = (condition: string): [string, GraphNodeData] => ["logic.if", { config: { condition } }];

Deno.test("a splitter sends each element through, and the collector gives what came of them in their order", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        s: split("{{ trigger.list }}"),
        a: set({ n: "{{ item * 10 }}", place: "{{ index }} of {{ steps.s.output.count }}" }),
        c: collect(),
        e: set({ sum: "{{ sum(map(steps.c.output, 'n')) }}" }),
      },
      "t>s",
      "s>a",
      "a>c",
      "c>e",
    );
    graph.nodes.find(({ id }) => id === "e")!.data = set({ first: "{{ steps.c.output[0].n }}" })[1];
    const { run, steps } = await play(db, client, graph, { list: [3, 1, 2] });
    assertEquals([run.status, run.output], ["completed", { first: 30 }]);
    const collected = steps.find(({ node_id }) => node_id === "c");
    assertEquals(collected?.output, [
      { n: 30, place: "0 of 3" },
      { n: 10, place: "1 of 3" },
      { n: 20, place: "2 of 3" },
    ]);
    assertEquals(brief(steps).sort(), [
      "a@s.0 completed",
      "a@s.1 completed",
      "a@s.2 completed",
      "c completed",
      "e completed",
      "s completed",
    ]);
  }));

Deno.test("elements go through in windows, with effects, each with a key of its own", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        s: split("{{ trigger.list }}", 3),
        a: mail({}, "{{ item }}"),
        b: set({ n: "{{ index }}" }),
        c: collect(),
      },
      "t>s",
      "s>a",
      "a>b",
      "b>c",
    );
    const keys: string[] = [];
    let atOnce = 0;
    let most = 0;
    const providers = mailing(async ({ text }, key) => {
      most = Math.max(most, ++atOnce);
      keys.push(`${key.split(":").slice(1).join(":")} ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      atOnce--;
      return { id: "1" };
    });
    const list = Array.from({ length: 10 }, (_, index) => `x${index}`);
    const { run } = await play(db, client, graph, { list }, providers);
    assertEquals(run.output, list.map((_, n) => ({ n })));
    assertEquals(keys.sort(), list.map((item, index) => `a:s.${index} ${item}`));
    assertEquals(most, 3);
  }));

Deno.test("elements that come to no exit are left out, and an empty list gives an empty list", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        s: split("{{ trigger.list }}"),
        i: when("{{ item > 2 }}"),
        a: set({ n: "{{ item }}" }),
        c: collect(),
      },
      "t>s",
      "s>i",
      "i/true>a",
      "a>c",
    );
    assertEquals((await play(db, client, graph, { list: [1, 5, 2, 3] })).run.output, [{ n: 5 }, { n: 3 }]);
    const empty = await play(db, client, graph, { list: [] });
    assertEquals([empty.run.status, empty.run.output, brief(empty.steps)], ["completed", [], [
      "s completed",
      "c completed",
    ]]);
  }));

Deno.test("an element that leaves over several exits gives a list of what they gave", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      { t: START, s: split([1, 2]), a: set({ a: "{{ item }}" }), b: set({ b: "{{ item }}" }), c: collect() },
      "t>s",
      "s>a",
      "s>b",
      "a>c",
      "b>c",
    );
    const { run } = await play(db, client, graph);
    assertEquals(run.output, [[{ a: 1 }, { b: 1 }], [{ a: 2 }, { b: 2 }]]);
  }));

Deno.test("the collector's policy says how many failures it bears", () =>
  withEngine(async (db, client) => {
    const drawing = (policy: Json, data: GraphNodeData = {}) =>
      draw(
        {
          t: START,
          s: split([0, 1, 2, 3], 1),
          a: set({ n: "{{ 6 / item }}" }),
          c: collect(policy, data),
          e: set({ end: 1 }),
        },
        "t>s",
        "s>a",
        "a>c",
        "c>e",
      );
    const all = await play(db, client, drawing("all"));
    assertEquals([all.run.status, all.run.error?.code, all.run.error?.node_id], ["failed", "expression_invalid", "a"]);
    // The first failure ends it: nothing of the others began.
    assertEquals(brief(all.steps), ["s completed", "a@s.0 failed", "c failed"]);
    const settled = await play(db, client, drawing("all_settled"));
    const list = settled.steps.find(({ node_id }) => node_id === "c")?.output as { status: string; value: Json }[];
    assertEquals(list.map(({ status }) => status), ["failed", "completed", "completed", "completed"]);
    assertEquals(list[1]?.value, { n: 6 });
    const three = await play(db, client, drawing({ atLeast: 3 }));
    assertEquals(three.steps.find(({ node_id }) => node_id === "c")?.output, [{ n: 6 }, { n: 3 }, { n: 2 }]);
    const four = await play(db, client, drawing({ atLeast: 4 }));
    assertEquals([four.run.status, four.run.error?.code], ["failed", "expression_invalid"]);
    const goesOn = await play(db, client, drawing("all", { onError: "continue" }));
    assertEquals([goesOn.run.status, goesOn.run.output], ["completed", { end: 1 }]);
  }));

Deno.test("regions nest: what is inside reads the items around it", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        s: split(["a", "b"]),
        l: foreach([1, 2]),
        x: set({ id: "{{ steps.s.output.item }}{{ item }}", top: "{{ steps.before.output.k }}" }),
        y: set({ ids: "{{ steps.l.output.items }}", mine: "{{ item }}" }),
        c: collect(),
        before: set({ k: "K" }),
      },
      "t>before",
      "before>s",
      "s>l",
      "l/body>x",
      "x>l",
      "l>y",
      "y>c",
    );
    const { run, steps } = await play(db, client, graph);
    const ids = (letter: string) => ({
      mine: letter,
      ids: [{ id: `${letter}1`, top: "K" }, { id: `${letter}2`, top: "K" }],
    });
    assertEquals(run.output, [ids("a"), ids("b")]);
    assertEquals(steps.filter(({ scope }) => scope === "s.1/l.0").map(({ node_id }) => node_id), ["x"]);
  }));

Deno.test("a boundary gives what its body gave, or goes on at error with the failure", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        e: ["logic.boundary", { config: {} }],
        a: set({ n: "{{ 6 / trigger.n }}" }),
        slow: mail(),
        ok: set({ ok: "{{ steps.e.output[0].n }}" }),
        bad: set({ why: "{{ steps.e.output.error.code }}", where: "{{ steps.e.output.error.node_id }}" }),
      },
      "t>e",
      "e/body>a",
      "e/body>slow",
      "a>e",
      "slow>e",
      "e>ok",
      "e/error>bad",
    );
    const providers = mailing(() => Promise.resolve({ id: "1" }));
    assertEquals((await play(db, client, graph, { n: 2 }, providers)).run.output, { ok: 3 });
    const failed = await play(db, client, graph, { n: 0 }, providers);
    assertEquals([failed.run.status, failed.run.output], ["completed", { why: "expression_invalid", where: "a" }]);
  }));

Deno.test("a failure inside a loop goes outward to the nearest boundary, and ends the run when there is none", () =>
  withEngine(async (db, client) => {
    const nodes = { t: START, l: foreach([2, 0, 1]), a: set({ n: "{{ 6 / item }}" }) };
    const bare = await play(db, client, draw(nodes, "t>l", "l/body>a", "a>l"));
    assertEquals([bare.run.status, bare.run.error?.node_id, brief(bare.steps)], ["failed", "a", [
      "a@l.0 completed",
      "a@l.1 failed",
      "l failed",
    ]]);
    const caught = await play(
      db,
      client,
      draw(
        {
          ...nodes,
          e: ["logic.boundary", {}],
          bad: set({ code: "{{ steps.e.output.error.code }}" }),
          next: set({ y: 1 }),
        },
        "t>e",
        "e/body>l",
        "l/body>a",
        "a>l",
        "l>next",
        "next>e",
        "e/error>bad",
      ),
    );
    assertEquals([caught.run.status, caught.run.output], ["completed", { code: "expression_invalid" }]);
    assertEquals(brief(caught.steps).includes("l@e.0 failed"), true);
  }));

Deno.test("a stop node in a body ends the whole run", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        s: split([1, 2, 3]),
        x: ["logic.stop", { config: { output: { at: "{{ index }}" } } }],
        a: set({}),
        c: collect(),
        e: set({ n: 1 }),
      },
      "t>s",
      "s>x",
      "s>a",
      "a>c",
      "c>e",
    );
    const { run } = await play(db, client, graph);
    assertEquals(run.status, "completed");
    assert([0, 1, 2].includes((run.output as { at: number }).at));
  }));

Deno.test("forks and joins inside a body meet within their own item", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        s: split([1, 2, 3, 4]),
        a: mail({}, "a{{ item }}"),
        b: mail({}, "b{{ item }}"),
        m: ["logic.merge", { config: { combine: "by_node" } }],
        z: set({ a: "{{ steps.m.output.a.id }}", b: "{{ steps.m.output.b.id }}", of: "{{ item }}" }),
        c: collect(),
      },
      "t>s",
      "s>a",
      "s>b",
      "a>m",
      "b>m",
      "m>z",
      "z>c",
    );
    const providers = mailing(async ({ text }) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 8));
      return { id: String(text) };
    });
    const { run } = await play(db, client, graph, {}, providers);
    assertEquals(run.output, [1, 2, 3, 4].map((of) => ({ a: `a${of}`, b: `b${of}`, of })));
  }));

Deno.test("a retry of a failed run repeats no element that went through", () =>
  withEngine(async (db, client) => {
    const retry = { maxAttempts: 1 };
    const graph = draw(
      {
        t: START,
        s: split([1, 2, 3], 1),
        a: mail({ retry }, "no {{ item }}"),
        b: set({ n: "{{ item }}" }),
        c: collect(),
        e: set({ got: "{{ steps.c.output }}" }),
      },
      "t>s",
      "s>a",
      "a>b",
      "b>c",
      "c>e",
    );
    const sent: string[] = [];
    let broken = true;
    const providers = mailing(({ text }) => {
      sent.push(String(text));
      if (broken && text === "no 2") return Promise.reject(new NodeError("No", { code: "provider_error" }));
      return Promise.resolve({ id: "1" });
    });
    const first = await play(db, client, graph, {}, providers);
    assertEquals(first.run.status, "failed");
    broken = false;
    const again = await call(db, first.tenant, "retry_run", { p_run_id: first.runId }) as { id: string };
    await goOn(client, providers);
    const second = await readRun(db, again.id);
    assertEquals([second.run.status, second.run.output], ["completed", { got: [{ n: 1 }, { n: 2 }, { n: 3 }] }]);
    assertEquals(sent, ["no 1", "no 2", "no 2", "no 3"]);
  }));

Deno.test("a worker that is lost in a body is followed by one that repeats nothing that was recorded", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        l: foreach(["x", "y"]),
        a: mail({}, "a{{ item }}"),
        b: mail({}, "b{{ item }}{{ index }}"),
        z: set({ id: "{{ steps.b.output.id }}" }),
      },
      "t>l",
      "l/body>a",
      "a>b",
      "b>z",
      "z>l",
    );
    const sent: string[] = [];
    let lose = true;
    const { runId } = await begin(db, graph);
    const providers = mailing(async ({ text }) => {
      sent.push(String(text));
      if (text === "by1" && lose) {
        lose = false;
        await loseWorkers(db);
      }
      return { id: String(text) };
    });
    await goOn(client, providers);
    await goOn(client, providers);
    const { run } = await readRun(db, runId);
    assertEquals([run.status, (run.output as { items: Json }).items], ["completed", [{ id: "bx0" }, { id: "by1" }]]);
    assertEquals(sent, ["ax", "bx0", "ay", "by1", "by1"]);
  }));
