/**
 * Merges that wait for all, for the first or for some.
 *
 * @module
 */
import type { GraphNodeData, Json } from "../../shared/graph/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import { readRun } from "../helpers/engine.ts";
import { draw, set } from "../helpers/flows.ts";
import { begin, brief, call, goOn, mail, mailing, play, withEngine } from "./_play.ts";

const START: [string] = ["trigger.manual"];

/** Three branches, of which some wait for a signal of their name, into a merge. */
function drawing(wait: Json, slow: string[], dead: string[] = []) {
  const branch = (id: string): [string, GraphNodeData] =>
    slow.includes(id) ? ["logic.wait", { config: { mode: "signal", signal: id } }] : set({ id });
  return draw(
    {
      t: START,
      i: ["logic.if", { config: { condition: "{{ true }}" } }],
      a: branch("a"),
      b: branch("b"),
      c: branch("c"),
      m: ["logic.merge", { config: { wait, combine: "by_node" } }],
      e: set({ got: "{{ keys(steps.m.output) }}" }),
    },
    "t>i",
    ...["a", "b", "c"].map((id) => `i/${dead.includes(id) ? "false" : "true"}>${id}`),
    "a>m",
    "b>m",
    "c>m",
    "m>e",
  );
}

const got = (steps: { node_id: string; output: Json }[]) =>
  (steps.find(({ node_id }) => node_id === "e")?.output as { got: Json })?.got;

Deno.test("a merge that waits for the first runs once, with the first, and what comes later is dropped", () =>
  withEngine(async (db, client) => {
    const { runId, tenant } = await begin(db, drawing("first", ["a", "b"]));
    await goOn(client);
    const early = await readRun(db, runId);
    assertEquals([early.run.status, got(early.steps)], ["running", ["c"]]);
    for (const name of ["b", "a"]) await call(db, tenant, "signal_run", { p_run_id: runId, p_name: name });
    await goOn(client);
    const { run, steps } = await readRun(db, runId);
    assertEquals([run.status, got(steps)], ["completed", ["c"]]);
    assertEquals(steps.filter(({ node_id }) => node_id === "m").length, 1);
  }));

Deno.test("a merge that waits for k runs with the first k that are alive", () =>
  withEngine(async (db, client) => {
    const { runId, tenant } = await begin(db, drawing({ atLeast: 2 }, ["a", "b", "c"]));
    await goOn(client);
    await call(db, tenant, "signal_run", { p_run_id: runId, p_name: "c" });
    await goOn(client);
    assertEquals(got((await readRun(db, runId)).steps), undefined);
    await call(db, tenant, "signal_run", { p_run_id: runId, p_name: "a" });
    await goOn(client);
    const { run, steps } = await readRun(db, runId);
    assertEquals([run.status, got(steps)], ["running", ["a", "c"]]);
    await call(db, tenant, "signal_run", { p_run_id: runId, p_name: "b" });
    await goOn(client);
    assertEquals((await readRun(db, runId)).run.status, "completed");
  }));

Deno.test("a merge that can not get as many as it needs is skipped, and so is one of dead branches only", () =>
  withEngine(async (db, client) => {
    for (
      const [wait, dead, status] of [
        ["first", ["a", "b"], "completed"],
        ["first", ["a", "b", "c"], "skipped"],
        [{ atLeast: 2 }, ["b"], "completed"],
        [{ atLeast: 2 }, ["a", "b"], "skipped"],
        [{ atLeast: 3 }, ["a"], "skipped"],
        ["all", ["a", "b"], "completed"],
        ["all", ["a", "b", "c"], "skipped"],
      ] as [Json, string[], string][]
    ) {
      for (const slow of [[], ["c"]]) {
        const { runId, tenant } = await begin(db, drawing(wait, slow, dead));
        await call(db, tenant, "signal_run", { p_run_id: runId, p_name: "c" });
        await goOn(client);
        const { run, steps } = await readRun(db, runId);
        assertEquals(run.status, "completed");
        const m = steps.find(({ node_id }) => node_id === "m");
        assertEquals(m?.status, status, JSON.stringify([wait, dead, slow]));
      }
    }
  }));

Deno.test("merges for the first race inside the items of a splitter, each for itself", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        s: ["logic.splitter", { config: { items: [1, 2, 3, 4, 5] } }],
        a: mail({}, "a"),
        b: mail({}, "b"),
        m: ["logic.merge", { config: { wait: "first", combine: "by_node" } }],
        x: mail({}, "x{{ item }}"),
        c: ["logic.collector", {}],
      },
      "t>s",
      "s>a",
      "s>b",
      "a>m",
      "b>m",
      "m>x",
      "x>c",
    );
    const sent: string[] = [];
    const providers = mailing(async ({ text }) => {
      sent.push(String(text));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      return { id: String(text) };
    });
    const { run, steps } = await play(db, client, graph, {}, providers);
    assertEquals(run.status, "completed");
    assertEquals((run.output as { id: string }[]).map(({ id }) => id), ["x1", "x2", "x3", "x4", "x5"]);
    assertEquals(brief(steps).filter((step) => step.startsWith("m@")).length, 5);
    assertEquals(sent.length, 15);
  }));
