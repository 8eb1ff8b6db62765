/**
 * The engine on a real Postgres: what people draw is what happens, and Postgres says so.
 *
 * @module
 */
import type { GraphNodeData, Json } from "../../shared/graph/mod.ts";
import { NodeError } from "../../shared/nodes/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { createFlow, createTenant, createWorker, drain, readRun, startRun } from "../helpers/engine.ts";
import { draw, set } from "../helpers/flows.ts";
import { brief, mail, mailing, play, withEngine } from "./_play.ts";

Deno.test("a chain of pure nodes runs in order, in one checkpoint, and its last output is the run's", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      { t: ["trigger.manual"], a: set({ n: "{{ trigger.n + 1 }}" }), b: set({ n: "{{ steps.a.output.n * 2 }}" }) },
      "t>a",
      "a>b",
    );
    const { run, steps } = await play(db, client, graph, { n: 4 });
    assertEquals(run.status, "completed");
    assertEquals(run.output, { n: 10 });
    assertEquals(brief(steps), ["a completed", "b completed"]);
    const [row] = await db.sql`select count(distinct xmin::text)::int as n from public.run_steps`;
    assertEquals(row?.n, 1);
  }));

Deno.test("an if leaves one way dead, and the merge behind both goes on with the other", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: ["trigger.manual"],
        i: ["logic.if", { config: { condition: "{{ trigger.n > 10 }}" } }],
        yes: set({ way: "yes" }),
        no: set({ way: "no" }),
        after: set({ more: true }),
        m: ["logic.merge", { config: { combine: "by_node" } }],
      },
      "t>i",
      "i/true>yes",
      "i/false>no",
      "no>after",
      "yes>m",
      "after>m",
    );
    const { run, steps } = await play(db, client, graph, { n: 11 });
    assertEquals(run.output, { yes: { way: "yes" } });
    assertEquals(brief(steps).sort(), ["after skipped", "i completed", "m completed", "no skipped", "yes completed"]);
  }));

Deno.test("branches with effects part, run, and meet again at the merge", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: ["trigger.manual"],
        a: mail(),
        b: mail(),
        m: ["logic.merge", { config: { combine: "by_node" } }],
        c: mail(),
      },
      "t>a",
      "t>b",
      "a>m",
      "b>m",
      "m>c",
    );
    const keys: string[] = [];
    const { run, steps, runId } = await play(
      db,
      client,
      graph,
      {},
      mailing((_, key) => {
        keys.push(key);
        return Promise.resolve({ id: `mail-${key.split(":")[1]}` });
      }),
    );
    assertEquals(run.status, "completed");
    assertEquals(keys.sort(), [`${runId}:a`, `${runId}:b`, `${runId}:c`]);
    const merged = steps.find((step) => step.node_id === "m")?.output as Record<string, { id: string }>;
    assertEquals([merged.a?.id, merged.b?.id], ["mail-a", "mail-b"]);
  }));

Deno.test("a failing effect is tried again as its policy says, every attempt with the same key", () =>
  withEngine(async (db, client) => {
    const retry = { maxAttempts: 3, backoff: "fixed" as const, delaySeconds: 0.05, maxDelaySeconds: 1, jitter: false };
    const graph = draw({ t: ["trigger.manual"], a: mail({ retry }), b: set({ done: true }) }, "t>a", "a>b");
    const keys: string[] = [];
    const tenant = await createTenant(db);
    const runId = await startRun(db, tenant, await createFlow(db, tenant, graph));
    const providers = mailing((_, key) => {
      keys.push(key);
      if (keys.length < 3) return Promise.reject(new NodeError("Busy", { code: "provider_error", retryable: true }));
      return Promise.resolve({ id: "1" });
    });
    await createWorker(client, { providers }).drain({ idleMs: 500, pollMs: 10 });
    const { run, steps } = await readRun(db, runId);
    assertEquals(run.status, "completed");
    assertEquals(brief(steps), ["a retried", "a retried 2", "a completed 3", "b completed"]);
    assertEquals(new Set(keys).size, 1);
  }));

Deno.test("a failure that no attempt mends fails the run, with the node named, and stops its other branches", () =>
  withEngine(async (db, client) => {
    const retry = { maxAttempts: 1 };
    const graph = draw(
      { t: ["trigger.manual"], a: mail({ retry }), b: mail({ retry }), c: set({ x: 1 }) },
      "t>a",
      "t>b",
      "a>c",
    );
    const { run } = await play(
      db,
      client,
      graph,
      {},
      mailing(() => Promise.reject(new NodeError("No", { code: "provider_error" }))),
    );
    assertEquals(run.status, "failed");
    assertEquals(run.error?.code, "provider_error");
    assert(["a", "b"].includes(run.error?.node_id ?? ""));
  }));

Deno.test("onError decides whether a failure goes on as data or over the error edge", () =>
  withEngine(async (db, client) => {
    const failing = mailing(() => Promise.reject(new NodeError("No such receiver", { code: "provider_error" })));
    const goOn = draw(
      {
        t: ["trigger.manual"],
        a: mail({ onError: "continue" }),
        b: set({ why: "{{ steps.a.output.error.message }}" }),
      },
      "t>a",
      "a>b",
    );
    const first = await play(db, client, goOn, {}, failing);
    assertEquals([first.run.status, first.run.output], ["completed", { why: "No such receiver" }]);
    assertEquals(brief(first.steps), ["a failed", "b completed"]);

    const branch = draw(
      { t: ["trigger.manual"], a: mail({ onError: "branch" }), b: set({ ok: true }), c: set({ ok: false }) },
      "t>a",
      "a>b",
      "a/error>c",
    );
    const second = await play(db, client, branch, {}, failing);
    assertEquals([second.run.status, second.run.output], ["completed", { ok: false }]);
    assertEquals(brief(second.steps).sort(), ["a failed", "b skipped", "c completed"]);
  }));

Deno.test("a stop node ends the run at once, as it says", () =>
  withEngine(async (db, client) => {
    const stop = (config: Record<string, Json>): [string, GraphNodeData] => ["logic.stop", { config }];
    const good = await play(db, client, draw({ t: ["trigger.manual"], s: stop({ output: { n: 1 } }) }, "t>s"));
    assertEquals([good.run.status, good.run.output], ["completed", { n: 1 }]);
    const bad = await play(
      db,
      client,
      draw({ t: ["trigger.manual"], s: stop({ status: "failed", message: "Sold out" }) }, "t>s"),
    );
    assertEquals([bad.run.status, bad.run.error?.code, bad.run.error?.message], ["failed", "stopped", "Sold out"]);
  }));

Deno.test("a step that takes too long fails with step_timeout", () =>
  withEngine(async (db, client) => {
    const graph = draw({ t: ["trigger.manual"], a: mail({ timeoutSeconds: 1, retry: { maxAttempts: 1 } }) }, "t>a");
    const { run } = await play(db, client, graph, {}, mailing(() => new Promise(() => {})));
    assertEquals([run.status, run.error?.code], ["failed", "step_timeout"]);
  }));

Deno.test("an expression that can not be evaluated fails its step, not the worker", () =>
  withEngine(async (db, client) => {
    const graph = draw({ t: ["trigger.manual"], a: set({ n: "{{ trigger.none + 1 }}" }) }, "t>a");
    const { run } = await play(db, client, graph, { text: "many" });
    assertEquals([run.status, run.error?.node_id], ["failed", "a"]);
  }));

Deno.test("a condition that can not be evaluated fails the run, at a trigger too", () =>
  withEngine(async (db, client) => {
    for (const source of ["t", "a"]) {
      const graph = draw({ t: ["trigger.manual"], a: set({ n: 1 }), b: set({ n: 2 }) }, "t>a", "a>b");
      graph.edges.find((edge) => edge.source === source)!.data = { condition: "trigger.none + 1 > 0" };
      const { run } = await play(db, client, graph);
      assertEquals([run.status, run.error?.code], ["failed", "expression_invalid"]);
    }
  }));

Deno.test("an output that jsonb can not hold is kept without the characters it refuses", () =>
  withEngine(async (db, client) => {
    const graph = draw({ t: ["trigger.manual"], a: mail(), b: set({ id: "{{ steps.a.output.id }}" }) }, "t>a", "a>b");
    const { run } = await play(db, client, graph, {}, mailing(() => Promise.resolve({ id: "a\0b\ud800" })));
    assertEquals([run.status, run.output], ["completed", { id: "a\uFFFDb\uFFFD" }]);
  }));

Deno.test("a flow that does not compile fails its run with all its problems", () =>
  withEngine(async (db, client) => {
    const { run } = await play(db, client, draw({ t: ["trigger.manual"], a: ["action.nonsense"] }, "t>a", "a>nowhere"));
    assertEquals([run.status, run.error?.code], ["failed", "flow_invalid"]);
    const details = (run.error as unknown as { details: { code: string }[] }).details;
    assertEquals(details.map((problem) => problem.code).sort(), ["dangling_edge", "unknown_node_type"]);
  }));

Deno.test("a worker that is gone between two effects is followed by one that repeats nothing that was recorded", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      { t: ["trigger.manual"], a: mail(), x: set({ n: 1 }), b: mail(), c: mail() },
      "t>a",
      "a>x",
      "x>b",
      "b>c",
    );
    const tenant = await createTenant(db);
    const runId = await startRun(db, tenant, await createFlow(db, tenant, graph));
    const sent: string[] = [];
    let reached = () => {};
    const atB = new Promise<void>((resolve) => reached = resolve);
    // The first worker hangs in b for ever: from outside, the same as one that was killed there.
    const gone = createWorker(client, {
      providers: mailing((_, key) => {
        sent.push(key);
        if (!key.endsWith(":b")) return Promise.resolve({ id: "1" });
        reached();
        return new Promise(() => {});
      }),
    });
    const stopped = new AbortController();
    const draining = gone.drain({ signal: stopped.signal });
    await atB;
    await db.sql`update private.workers set expires_at = now() - interval '1 second'`;
    assertEquals((await client.tick()).jobs_freed, 1);
    await drain(client, { providers: mailing((_, key) => (sent.push(key), Promise.resolve({ id: "2" }))) });
    const { run, steps } = await readRun(db, runId);
    assertEquals(run.status, "completed");
    assertEquals(brief(steps), ["a completed", "x completed", "b completed", "c completed"]);
    assertEquals(sent.map((key) => key.split(":")[1]), ["a", "b", "b", "c"]);
    stopped.abort();
    const report = await draining;
    assertEquals(report.settled, 1);
  }));

Deno.test("a retry of a failed run takes over what was completed and does only the rest", () =>
  withEngine(async (db, client) => {
    const retry = { maxAttempts: 1 };
    const graph = draw(
      {
        t: ["trigger.manual"],
        i: ["logic.if", { config: { condition: "{{ true }}" } }],
        dead: set({ x: 1 }),
        a: mail(),
        b: mail({ retry }),
        m: ["logic.merge", { config: { combine: "by_node" } }],
      },
      "t>i",
      "i/false>dead",
      "i/true>a",
      "a>b",
      "b>m",
      "dead>m",
      "a>m",
    );
    const sent: string[] = [];
    let broken = true;
    const providers = mailing((_, key) => {
      sent.push(key.split(":")[1] ?? "");
      if (broken && key.endsWith(":b")) return Promise.reject(new NodeError("No", { code: "provider_error" }));
      return Promise.resolve({ id: "1" });
    });
    const first = await play(db, client, graph, {}, providers);
    assertEquals(first.run.status, "failed");
    broken = false;
    const [again] = await db.as(
      "authenticated",
      first.tenant.user.claims,
      (sql) => sql`select public.retry_run(${first.runId}) as run`,
    );
    await drain(client, { providers });
    const second = await readRun(db, again?.run.id);
    assertEquals([second.run.status, second.run.retry_of], ["completed", first.runId]);
    assertEquals(sent, ["a", "b", "b"]);
    assertEquals(brief(second.steps).sort(), [
      "a completed",
      "b completed",
      "dead skipped",
      "i completed",
      "m completed",
    ]);
  }));

Deno.test("a retry comes to a stop node again that was recorded when its run had failed already", () =>
  withEngine(async (db, client) => {
    const retry = { maxAttempts: 1 };
    const stop: [string, GraphNodeData] = ["logic.stop", { config: { output: { stopped: true } } }];
    const graph = draw(
      { t: ["trigger.manual"], a: mail({ retry }), x: mail(), b: mail(), s: stop },
      "t>a",
      "a>x",
      "t>b",
      "b>s",
    );
    const sent: string[] = [];
    let broken = true;
    // Both branches end in the same moment, so one settle records both ends; the first of them counts.
    const both = Promise.withResolvers<void>();
    const providers = mailing(async (_, key) => {
      const node = key.split(":")[1] ?? "";
      sent.push(node);
      if (sent.length === 2) both.resolve();
      await both.promise;
      if (broken && node === "a") throw new NodeError("No", { code: "provider_error" });
      return { id: "1" };
    });
    const first = await play(db, client, graph, {}, providers);
    assertEquals([first.run.status, brief(first.steps).sort()], ["failed", ["a failed", "b completed", "s completed"]]);
    broken = false;
    const [again] = await db.as(
      "authenticated",
      first.tenant.user.claims,
      (sql) => sql`select public.retry_run(${first.runId}) as run`,
    );
    await drain(client, { providers });
    const second = await readRun(db, again?.run.id);
    assertEquals([second.run.status, second.run.output], ["completed", { stopped: true }]);
    assertEquals(sent.filter((node) => node === "b").length, 1);
  }));

Deno.test("many runs with many workers at once all end, each step once", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      { t: ["trigger.manual"], a: mail(), b: mail(), c: mail(), m: ["logic.merge", { config: {} }], d: mail() },
      "t>a",
      "t>b",
      "t>c",
      "a>m",
      "b>m",
      "c>m",
      "m>d",
    );
    const tenant = await createTenant(db);
    const flowId = await createFlow(db, tenant, graph);
    await db
      .sql`select private.create_run(f, 'manual', '{}') from public.flows f, generate_series(1, 60) where f.id = ${flowId}`;
    const sent = new Map<string, number>();
    const providers = mailing(async (_, key) => {
      sent.set(key, (sent.get(key) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
      return { id: "1" };
    });
    await Promise.all(
      [1, 2, 3, 4].map(() => createWorker(client, { providers, concurrency: 5 }).drain({ idleMs: 300, pollMs: 5 })),
    );
    const [row] = await db.sql`
      select count(*) filter (where status = 'completed')::int as completed,
        (select count(*)::int from public.run_steps) as steps from public.runs`;
    assertEquals(row, { completed: 60, steps: 300 });
    assertEquals([sent.size, Math.max(...sent.values())], [240, 1]);
  }));
