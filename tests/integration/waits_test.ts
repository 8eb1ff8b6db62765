/**
 * Steps that wait for time, signals, people and callbacks; runs that are paused; effects that happen at most once.
 *
 * @module
 */
import type { GraphNodeData, Json, JsonObject } from "../../shared/graph/mod.ts";
import { NodeError } from "../../shared/nodes/mod.ts";
import { assert, assertEquals, assertRejects } from "../helpers/assert.ts";
import { readRun } from "../helpers/engine.ts";
import { draw, set } from "../helpers/flows.ts";
import { begin, brief, call, goOn, loseWorkers, mail, mailing, play, withEngine } from "./_play.ts";

const START: [string] = ["trigger.manual"];
const wait = (config: JsonObject): [string, GraphNodeData] => ["logic.wait", { config }];

Deno.test("a wait for some time ends when it is over, to the moment", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        a: set({ n: 1 }),
        w: wait({ mode: "duration", durationSeconds: 0.3 }),
        b: set({ n: "{{ steps.a.output.n }}" }),
      },
      "t>a",
      "a>w",
      "w>b",
    );
    const { runId } = await begin(db, graph);
    await goOn(client);
    const { run, steps } = await readRun(db, runId);
    assertEquals([run.status, brief(steps)], ["running", ["a completed"]]);
    const started = performance.now();
    await goOn(client, undefined, 600);
    const done = await readRun(db, runId);
    assertEquals([done.run.status, done.run.output], ["completed", { n: 1 }]);
    assert(performance.now() - started > 100);
    const [row] = await db.sql`
      select extract(epoch from finished_at - started_at)::float8 as seconds, attempt from public.run_steps where node_id = 'w'`;
    // It took as long as the wait, not as long as its end.
    assert(row !== undefined && row.seconds >= 0.29 && row.seconds < 2, String(row?.seconds));
    assertEquals(row?.attempt, 1);
  }));

Deno.test("a moment that has passed is no wait", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      { t: START, w: wait({ mode: "until", until: "2020-01-01T00:00:00Z" }), b: set({ n: 1 }) },
      "t>w",
      "w>b",
    );
    assertEquals((await play(db, client, graph)).run.output, { n: 1 });
  }));

Deno.test("a signal goes to who waits for it, and waits for who does not yet", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      { t: START, w: wait({ mode: "signal", signal: "paid" }), b: set({ got: "{{ steps.w.output.data.n }}" }) },
      "t>w",
      "w>b",
    );
    const late = await begin(db, graph);
    await goOn(client);
    await call(db, late.tenant, "signal_run", { p_run_id: late.runId, p_name: "other", p_data: { n: 0 } });
    await goOn(client);
    assertEquals((await readRun(db, late.runId)).run.status, "running");
    await call(db, late.tenant, "signal_run", { p_run_id: late.runId, p_name: "paid", p_data: { n: 1 } });
    await goOn(client);
    assertEquals((await readRun(db, late.runId)).run.output, { got: 1 });

    const early = await begin(db, graph);
    await call(db, early.tenant, "signal_run", { p_run_id: early.runId, p_name: "paid", p_data: { n: 2 } });
    await goOn(client);
    assertEquals((await readRun(db, early.runId)).run.output, { got: 2 });
  }));

Deno.test("a wait whose time is up goes on at timeout, and a signal after that waits for the next", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        w: wait({ mode: "signal", signal: "s", timeoutSeconds: 1 }),
        in_time: set({ way: "in time" }),
        late: set({ way: "late" }),
      },
      "t>w",
      "w>in_time",
      "w/timeout>late",
    );
    const { runId, tenant } = await begin(db, graph);
    await goOn(client);
    await db.sql`update public.job_queue set scheduled_for = now()`;
    await goOn(client);
    assertEquals((await readRun(db, runId)).run.output, { way: "late" });
    await assertRejects(
      () => call(db, tenant, "signal_run", { p_run_id: runId, p_name: "s" }),
      Error,
      "already completed",
    );
  }));

Deno.test("an approval goes on as a person decides, once", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        w: wait({ mode: "approval", title: "Pay?" }),
        yes: set({ by: "{{ steps.w.output.comment }}" }),
        no: set({ no: 1 }),
      },
      "t>w",
      "w/approved>yes",
      "w/rejected>no",
    );
    for (const [decision, output] of [["approved", { by: "Fine" }], ["rejected", { no: 1 }]] as const) {
      const { runId, tenant } = await begin(db, graph);
      await goOn(client);
      const args = { p_run_id: runId, p_node_id: "w", p_decision: { decision, comment: "Fine" } };
      await call(db, tenant, "decide_step", args);
      await assertRejects(() => call(db, tenant, "decide_step", args), Error, "waits for no decision");
      await goOn(client);
      assertEquals((await readRun(db, runId)).run.output, output);
    }
  }));

Deno.test("a callback completes the step whose URL was given away, also before it waits and in an item", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        s: ["logic.splitter", { config: { items: [1, 2] } }],
        a: mail({}, "{{ callbacks.w }}"),
        w: wait({ mode: "callback" }),
        b: set({ got: "{{ steps.w.output.data.n }}" }),
        c: ["logic.collector", { config: {} }],
      },
      "t>s",
      "s>a",
      "a>w",
      "w>b",
      "b>c",
    );
    const { runId } = await begin(db, graph);
    const urls: string[] = [];
    const early: string[] = [];
    const complete = async (url: string, n: number) => {
      const [run_id = "", node_id = "", ...scope] = url.split("/").slice(3).join("/").split(".");
      const reply = await client.completeCallbacks([{ run_id, node_id, scope: scope.join("."), data: { n } }]);
      return reply.map(({ status }) => status);
    };
    await goOn(
      client,
      mailing(async ({ text }) => {
        urls.push(String(text));
        if (text?.endsWith("s.0")) early.push(...await complete(text, 10));
        return { id: "1" };
      }),
    );
    assertEquals(urls.sort(), [0, 1].map((index) => `http://hooks/${runId}.w.s.${index}`));
    assertEquals(early, ["buffered"]);
    assertEquals(await complete(urls[1] ?? "", 20), ["completed"]);
    assertEquals(await complete(urls[1] ?? "", 21), ["duplicate"]);
    await goOn(client);
    const { run } = await readRun(db, runId);
    assertEquals([run.status, run.output], ["completed", [{ got: 10 }, { got: 20 }]]);
  }));

Deno.test("a paused run finishes the step that runs, and goes on where it stood", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      { t: START, a: mail(), b: mail(), c: mail(), w: wait({ mode: "signal", signal: "s" }), d: set({ n: 1 }) },
      "t>a",
      "a>b",
      "b>w",
      "t>c",
      "w>d",
    );
    const { runId, tenant } = await begin(db, graph);
    const sent: string[] = [];
    let pause = true;
    const providers = mailing(async (_, key) => {
      sent.push(key.split(":")[1] ?? "");
      if (pause && key.endsWith(":a")) {
        pause = false;
        await call(db, tenant, "pause_run", { p_run_id: runId });
      }
      return { id: "1" };
    });
    await goOn(client, providers);
    await goOn(client, providers);
    const paused = await readRun(db, runId);
    assertEquals(paused.run.status, "paused");
    assertEquals(sent.includes("b"), false);
    assertEquals(brief(paused.steps).includes("a completed"), true);
    // What comes meanwhile is kept, and starts nothing.
    await call(db, tenant, "signal_run", { p_run_id: runId, p_name: "s" });
    await goOn(client, providers);
    assertEquals(sent.includes("b"), false);
    await call(db, tenant, "resume_run", { p_run_id: runId });
    await goOn(client, providers);
    const { run } = await readRun(db, runId);
    assertEquals([run.status, sent.sort()], ["completed", ["a", "b", "c"]]);
  }));

Deno.test("loops and splitters can be paused and resumed at any checkpoint", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        s: ["logic.splitter", { config: { items: [1, 2, 3], maxParallel: 2 } }],
        l: ["logic.loop.while", { config: { condition: "{{ index < 2 }}" } }],
        a: mail({}, "{{ steps.s.output.item }} {{ index }}"),
        c: ["logic.collector", { config: {} }],
      },
      "t>s",
      "s>l",
      "l/body>a",
      "a>l",
      "l>c",
    );
    const { runId, tenant } = await begin(db, graph);
    const sent: string[] = [];
    const providers = mailing(async ({ text }) => {
      sent.push(String(text));
      if (sent.length % 2 === 0) await call(db, tenant, "pause_run", { p_run_id: runId });
      return { id: String(text) };
    });
    for (let round = 0; round < 8; round++) {
      await goOn(client, providers);
      if ((await readRun(db, runId)).run.status === "completed") break;
      await call(db, tenant, "resume_run", { p_run_id: runId });
    }
    const { run } = await readRun(db, runId);
    assertEquals(run.status, "completed");
    assertEquals(sent.sort(), ["1 0", "1 1", "2 0", "2 1", "3 0", "3 1"]);
    assertEquals((run.output as { items: Json[] }[]).map(({ items }) => items.length), [2, 2, 2]);
  }));

Deno.test("an effect that may happen once only waits for a person when nobody knows what became of it", () =>
  withEngine(async (db, client) => {
    const retry = { maxAttempts: 3, delaySeconds: 0 };
    const drawing = () =>
      draw(
        {
          t: START,
          a: mail({ delivery: "at_most_once", retry }),
          b: set({ id: "{{ steps.a.output.id ?? steps.a.output.error.message }}" }),
        },
        "t>a",
        "a>b",
      );
    const decisions: [JsonObject, string, Json, string[]][] = [
      [{ outcome: "completed", output: { id: "seen" } }, "completed", { id: "seen" }, [
        "a unknown",
        "a completed 2",
        "b completed",
      ]],
      [{ outcome: "failed", error: { code: "provider_error", message: "Lost" } }, "failed", null, [
        "a unknown",
        "a failed 2",
      ]],
      [{ outcome: "retry" }, "completed", { id: "2" }, ["a unknown", "a completed 2", "b completed"]],
    ];
    for (const [decision, status, output, expected] of decisions) {
      let calls = 0;
      const providers = mailing(() =>
        ++calls === 1
          ? Promise.reject(
            new NodeError("Reset", { code: "provider_error", retryable: true, details: { status: null } }),
          )
          : Promise.resolve({ id: String(calls) })
      );
      const { runId, tenant } = await begin(db, drawing());
      await goOn(client, providers);
      await goOn(client, providers);
      assertEquals([(await readRun(db, runId)).run.status, calls], ["running", 1]);
      await call(db, tenant, "decide_step", { p_run_id: runId, p_node_id: "a", p_decision: decision });
      await goOn(client, providers);
      const { run, steps } = await readRun(db, runId);
      assertEquals([run.status, run.output, brief(steps)], [status, output, expected]);
    }
  }));

Deno.test("an effect that may happen once only is not repeated when its worker is lost, but is when it surely failed", () =>
  withEngine(async (db, client) => {
    const retry = { maxAttempts: 3, delaySeconds: 0 };
    const graph = draw(
      { t: START, x: set({}), a: mail({ delivery: "at_most_once", retry }), y: mail({ delivery: "at_most_once" }) },
      "t>x",
      "x>a",
      "x>y",
    );
    const { runId, tenant } = await begin(db, graph);
    let calls = 0;
    const providers = mailing(async (_, key) => {
      if (key.endsWith(":y")) return { id: "y" };
      calls++;
      if (calls === 1) {
        throw new NodeError("Busy", { code: "provider_error", retryable: true, details: { status: 429 } });
      }
      if (calls === 2) {
        await loseWorkers(db);
      }
      return { id: "1" };
    });
    await goOn(client, providers, 100);
    await goOn(client, providers, 100);
    await call(db, tenant, "decide_step", { p_run_id: runId, p_node_id: "a", p_decision: { outcome: "retry" } });
    await goOn(client, providers);
    const { run, steps } = await readRun(db, runId);
    assertEquals(run.status, "completed");
    assertEquals(brief(steps.filter(({ node_id }) => node_id === "a")), ["a retried", "a unknown 2", "a completed 3"]);
    assertEquals(calls, 3);
  }));

Deno.test("a dry run performs nothing, waits for nothing, and takes what is pinned", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        a: mail({}, "Dear {{ trigger.name }}"),
        w: wait({ mode: "approval" }),
        i: ["logic.if", { config: { condition: "{{ steps.p.output.id == 'pinned' }}" } }],
        p: mail(),
        f: mail({ onError: "branch" }),
        end: set({ text: "{{ steps.a.output.would.config.text }}", why: "{{ steps.f.output.error.message }}" }),
      },
      "t>a",
      "a>p",
      "p>i",
      "i/true>w",
      "w/approved>f",
      "f/error>end",
    );
    const { runId } = await begin(db, graph, { name: "Ada" });
    await db.sql`update public.runs set pins = ${
      JSON.stringify({ p: { id: "pinned" }, f: { $error: { code: "provider_error", message: "As told" } } })
    }::text::jsonb where id = ${runId}`;
    let calls = 0;
    await goOn(client, mailing(() => (calls++, Promise.resolve({ id: "1" }))));
    const { run } = await readRun(db, runId);
    assertEquals([run.status, run.output, calls], ["completed", { text: "Dear Ada", why: "As told" }, 0]);
  }));
