/**
 * Runs that fail and undo what they did.
 *
 * @module
 */
import type { GraphNodeData, JsonObject } from "../../shared/graph/mod.ts";
import { NodeError } from "../../shared/nodes/mod.ts";
import type { Providers } from "../../shared/providers/mod.ts";
import { assertEquals, assertRejects } from "../helpers/assert.ts";
import { readRun } from "../helpers/engine.ts";
import { draw, set } from "../helpers/flows.ts";
import { begin, brief, call, goOn, loseWorkers, mail, mailing, play, withEngine } from "./_play.ts";

const START: [string] = ["trigger.manual"];

/** A mail that a second one undoes. */
function undoable(text: string, undo: string, more: GraphNodeData = {}): [string, GraphNodeData] {
  const config: JsonObject = { to: ["ada@example.com"], subject: "Undo", text: undo };
  return mail(
    { undo: { type: "communication.email", config, retry: { maxAttempts: 2, delaySeconds: 0 } }, ...more },
    text,
  );
}

/** A run of it does two things, fails, and has both to undo. */
function twoToUndo() {
  return draw(
    {
      t: START,
      a: undoable("a", "undo a"),
      b: undoable("b", "undo b"),
      z: ["logic.stop", { config: { status: "failed" } }],
    },
    "t>a",
    "a>b",
    "b>z",
  );
}

/** Notes what is sent; `refuse` says what fails. */
function noting(sent: string[], refuse: (text: string, count: number) => NodeError | null = () => null): Providers {
  return mailing(({ text }) => {
    sent.push(String(text));
    const failure = refuse(String(text), sent.filter((other) => other === text).length);
    return failure === null ? Promise.resolve({ id: `id-${text}` }) : Promise.reject(failure);
  });
}

const fatal = () => new NodeError("No", { code: "provider_error" });
const passing = () => new NodeError("Busy", { code: "provider_error", retryable: true });

Deno.test("a failed run undoes its completed steps, the newest first, and keeps the error", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        x: set({ who: "{{ trigger.who }}" }),
        a: undoable("a", "undo {{ steps.a.output.id }} of {{ steps.x.output.who }} for {{ trigger.who }}"),
        b: undoable("b", "undo {{ steps.b.output.id }} {{ run.id == null }}"),
        c: mail({ retry: { maxAttempts: 1 } }, "c"),
        d: undoable("d", "never"),
      },
      "t>x",
      "x>a",
      "a>b",
      "b>c",
      "c>d",
    );
    const sent: string[] = [];
    const { run, steps } = await play(
      db,
      client,
      graph,
      { who: "Ada" },
      noting(sent, (text) => text === "c" ? fatal() : null),
    );
    assertEquals([run.status, run.error?.code, run.error?.node_id], ["compensated", "provider_error", "c"]);
    assertEquals(sent, ["a", "b", "c", "undo id-b false", "undo id-a of Ada for Ada"]);
    assertEquals(brief(steps).slice(-2), ["undo:b completed", "undo:a completed"]);
  }));

Deno.test("each item of a region is undone for itself", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        s: ["logic.splitter", { config: { items: ["x", "y"], maxParallel: 1 } }],
        p: set({ name: "{{ item }}!" }),
        a: undoable("a{{ item }}", "undo {{ item }} {{ steps.p.output.name }} {{ steps.a.output.id }}"),
        c: ["logic.collector", { config: {} }],
        z: ["logic.stop", { config: { status: "failed" } }],
      },
      "t>s",
      "s>p",
      "p>a",
      "a>c",
      "c>z",
    );
    const sent: string[] = [];
    const { run, steps } = await play(db, client, graph, {}, noting(sent));
    assertEquals([run.status, run.error?.code], ["compensated", "stopped"]);
    assertEquals(sent, ["ax", "ay", "undo y y! id-ay", "undo x x! id-ax"]);
    assertEquals(brief(steps).slice(-2), ["undo:a@s.1 completed", "undo:a@s.0 completed"]);
  }));

Deno.test("what undoes a step is tried again, and its failure for good does not keep the others from being undone", () =>
  withEngine(async (db, client) => {
    const graph = twoToUndo();
    const sent: string[] = [];
    const first = await play(
      db,
      client,
      graph,
      {},
      noting(sent, (text, count) => text === "undo b" && count === 1 ? passing() : null),
      100,
    );
    assertEquals(first.run.status, "compensated");
    assertEquals(brief(first.steps).slice(-3), ["undo:b retried", "undo:b completed 2", "undo:a completed"]);

    const second = await play(db, client, graph, {}, noting(sent, (text) => text === "undo b" ? passing() : null), 100);
    assertEquals([second.run.status, second.run.error?.code], ["compensation_failed", "stopped"]);
    assertEquals(brief(second.steps).slice(-3), ["undo:b retried", "undo:b failed 2", "undo:a completed"]);
  }));

Deno.test("a worker that is lost while it undoes is followed by one that goes on", () =>
  withEngine(async (db, client) => {
    const graph = twoToUndo();
    const { runId } = await begin(db, graph);
    const sent: string[] = [];
    const providers = mailing(async ({ text }) => {
      sent.push(String(text));
      if (text === "undo a" && sent.filter((other) => other === "undo a").length === 1) {
        await loseWorkers(db);
      }
      return { id: "1" };
    });
    await goOn(client, providers);
    await goOn(client, providers);
    assertEquals((await readRun(db, runId)).run.status, "compensated");
    assertEquals(sent, ["a", "b", "undo b", "undo a", "undo a"]);
  }));

Deno.test("a cancelled run undoes what it did where its flow says so, and then can not be retried any more", () =>
  withEngine(async (db, client) => {
    const nodes = {
      t: START,
      a: undoable("a", "undo a"),
      w: ["logic.wait", { config: { mode: "signal", signal: "s" } }] as [string, GraphNodeData],
    };
    for (const compensateOnCancel of [true, false]) {
      const sent: string[] = [];
      const graph = { ...draw(nodes, "t>a", "a>w"), settings: { compensateOnCancel } };
      const { runId, tenant } = await begin(db, graph);
      await goOn(client, noting(sent));
      await call(db, tenant, "cancel_run", { p_run_id: runId });
      await goOn(client, noting(sent));
      assertEquals((await readRun(db, runId)).run.status, compensateOnCancel ? "compensated" : "cancelled");
      assertEquals(sent, compensateOnCancel ? ["a", "undo a"] : ["a"]);
      const retry = call(db, tenant, "retry_run", { p_run_id: runId });
      if (compensateOnCancel) {
        await assertRejects(() => retry, Error, "replay it instead");
        continue;
      }
      const again = await retry as { id: string };
      await goOn(client, noting(sent));
      assertEquals(sent.filter((text) => text === "a").length, 1);
      await db.sql`select private.end_run(${again.id}, 'failed', null, '{"code": "internal", "message": "Enough"}')`;
      await goOn(client, noting(sent));
    }
  }));
