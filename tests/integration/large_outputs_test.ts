/**
 * Outputs too large for their rows: where they go, who loads them, and what happens while Storage is away.
 *
 * @module
 */
import { LargeValues, type LargeValuesOptions, MemoryBlobStore, readReference } from "../../shared/blobs/mod.ts";
import type { EngineClient } from "../../shared/engine/mod.ts";
import type { GraphNodeData, Json, JsonObject } from "../../shared/graph/mod.ts";
import { NodeError } from "../../shared/nodes/mod.ts";
import type { Providers } from "../../shared/providers/mod.ts";
import { assert, assertEquals, assertRejects } from "../helpers/assert.ts";
import { createTenant, createWorker, readRun, type StepRow } from "../helpers/engine.ts";
import { draw, set } from "../helpers/flows.ts";
import { begin, brief, call, mail, mailing, withEngine } from "./_play.ts";

const START: [string] = ["trigger.manual"];

/** Characters that no row takes without a reference. */
const LARGE = 150_000;

/** A mail whose id, and so its output, is large: its text and then as many x as `size` says. */
function mailer(sent: string[], size = LARGE): Providers {
  return mailing(({ text }) => {
    sent.push(String(text));
    if (text === "fail") return Promise.reject(new NodeError("No", { code: "provider_error" }));
    return Promise.resolve({ id: `${text} ${"x".repeat(size)}` });
  });
}

/** Gives everything that is due to one worker with a cache of its own. */
async function work(
  client: EngineClient,
  store: MemoryBlobStore,
  providers: Providers,
  options: LargeValuesOptions = {},
  idleMs = 0,
): Promise<void> {
  const values = new LargeValues(store, { patienceMs: 0, shortPatienceMs: 0, ...options });
  await createWorker(client, { providers, values }).drain({ idleMs, pollMs: 10 });
}

function reads(store: MemoryBlobStore): number {
  return store.calls.filter((call) => call.startsWith("get")).length;
}

function outputOf(steps: StepRow[], node: string): Json {
  return steps.find(({ node_id, status }) => node_id === node && status !== "retried")?.output ?? null;
}

/** How long an id is that came by reference, without moving it into an output. */
function lengthOf(node: string, data: GraphNodeData = {}): [string, GraphNodeData] {
  const [type, config] = set({ length: `{{ length(steps.${node}.output.id) }}` });
  return [type, { ...config, ...data }];
}

Deno.test("a large output is recorded as a reference and loaded by those who read it, by nobody else", () =>
  withEngine(async (db, client) => {
    const [store, sent] = [new MemoryBlobStore(), []];
    const { tenant, runId } = await begin(
      db,
      draw(
        {
          t: START,
          a: mail(),
          b: mail({}, "b"),
          c: lengthOf("a"),
          w: ["logic.wait", { config: { mode: "signal", signal: "go" } }],
        },
        "t>a",
        "a>w",
        "w>b",
        "b>c",
      ),
    );
    await work(client, store, mailer(sent));
    const before = await readRun(db, runId);
    const reference = readReference(outputOf(before.steps, "a"));
    assert(reference !== null && reference.preview.includes("Hi x"));
    assertEquals([...store.blobs.keys()], [`${tenant.organizationId}/${reference.sha256}.json`]);
    assertEquals(reads(store), 0);

    await call(db, tenant, "signal_run", { p_run_id: runId, p_name: "go" });
    await work(client, store, mailer(sent));
    const { run, steps } = await readRun(db, runId);
    assertEquals([run.status, run.output], ["completed", { length: LARGE + 3 }]);
    assertEquals(brief(steps), ["a completed", "w completed", "b completed", "c completed"]);
    assertEquals(reads(store), 1);
    assertEquals(store.blobs.size, 2);
  }));

Deno.test("a merge, the conditions of edges and the run's output go by reference", () =>
  withEngine(async (db, client) => {
    const [store, sent] = [new MemoryBlobStore(), []];
    const graph = draw(
      { t: START, a: mail({}, "a"), b: mail({}, "b"), m: ["logic.merge", { config: { combine: "by_node" } }] },
      "t>a",
      "t>b",
      "a>m",
      "b>m",
    );
    for (const edge of graph.edges) {
      if (edge.source === "a") edge.data = { condition: `length(steps.a.output.id) == ${LARGE + 2}` };
    }
    const { runId, tenant } = await begin(db, graph);
    await work(client, store, mailer(sent));
    const { run, steps } = await readRun(db, runId);
    assertEquals([run.status, steps.length, store.blobs.size], ["completed", 3, 3]);
    const reference = readReference(run.output);
    assert(reference !== null && reference.bytes > 2 * LARGE);
    const merged = await new LargeValues(store).load(tenant.organizationId, reference) as { a: { id: string } };
    assertEquals(merged.a.id.length, LARGE + 2);
    assertEquals(outputOf(steps, "m"), run.output);
  }));

Deno.test("items of regions give references, and their collector loads them", () =>
  withEngine(async (db, client) => {
    const [store, sent] = [new MemoryBlobStore(), []];
    const { runId } = await begin(
      db,
      draw(
        {
          t: START,
          s: ["logic.splitter", { config: { items: "{{ trigger.list }}" } }],
          a: mail({}, "{{ item }}"),
          c: ["logic.collector"],
          n: set({ last: "{{ length(steps.c.output[2].id) }}", count: "{{ length(steps.c.output) }}" }),
        },
        "t>s",
        "s>a",
        "a>c",
        "c>n",
      ),
      { list: ["1", "22", "333"] },
    );
    await work(client, store, mailer(sent), { cacheBytes: 0 });
    const { run, steps } = await readRun(db, runId);
    assertEquals(
      [run.status, run.output],
      ["completed", { count: 3, last: LARGE + 4 }],
      JSON.stringify(run.error),
    );
    assert(steps.filter(({ node_id }) => node_id === "a").every(({ output }) => readReference(output) !== null));
    assert(readReference(outputOf(steps, "c")) !== null);
  }));

Deno.test("a collector refuses more than 16 MiB together, and loads nothing of it", () =>
  withEngine(async (db, client) => {
    const [store, sent] = [new MemoryBlobStore(), []];
    const { runId } = await begin(
      db,
      draw(
        {
          t: START,
          s: ["logic.splitter", { config: { items: "{{ trigger.list }}" } }],
          a: mail({}, "{{ item }}"),
          c: ["logic.collector"],
        },
        "t>s",
        "s>a",
        "a>c",
      ),
      { list: ["1", "2"] },
    );
    await work(client, store, mailer(sent, 9_000_000), { cacheBytes: 0 });
    const { run } = await readRun(db, runId);
    assertEquals([run.status, run.error?.code, run.error?.node_id], ["failed", "output_too_large", "c"]);
    assertEquals(reads(store), 0);
  }));

Deno.test("items that are large themselves reach every step of the body", () =>
  withEngine(async (db, client) => {
    const [store, sent] = [new MemoryBlobStore(), []];
    const { runId } = await begin(
      db,
      draw(
        {
          t: START,
          s: ["logic.loop.foreach", { config: { items: "{{ trigger.list }}" } }],
          a: mail({}, "of {{ length(item) }}"),
          b: mail({}, "{{ length(item) }} again"),
        },
        "t>s",
        "s/body>a",
        "a>b",
        "b>s",
      ),
      { list: ["y".repeat(LARGE)] },
    );
    await work(client, store, mailer(sent, 1), { cacheBytes: 0 });
    const { run, steps } = await readRun(db, runId);
    assertEquals([run.status, sent], ["completed", [`of ${LARGE}`, `${LARGE} again`]], JSON.stringify(run.error));
    assert(
      steps.some(({ node_id, scope, output }) => node_id === "s" && scope === "s.0" && readReference(output) !== null),
    );
  }));

Deno.test("what a user gives is never taken for a reference", () =>
  withEngine(async (db, client) => {
    const [store, sent] = [new MemoryBlobStore(), []];
    const stranger = await createTenant(db);
    const secret = await new LargeValues(store).keep(stranger.organizationId, {
      secret: "s".repeat(LARGE),
    }) as JsonObject;
    const { runId, tenant } = await begin(
      db,
      draw(
        {
          t: START,
          a: set({ $blob: "{{ trigger['$blob'] }}" }),
          b: mail({}, "b {{ steps.a.output['$blob'].bytes }}"),
          c: set({ got: "{{ steps.a.output['$blob'] }}" }),
        },
        "t>a",
        "a>b",
        "b>c",
      ),
      secret,
    );
    await work(client, store, mailer(sent, 1), { cacheBytes: 0 });
    const { run, steps } = await readRun(db, runId);
    assertEquals([run.status, run.output], ["completed", { got: secret["$blob"] ?? null }], JSON.stringify(run.error));
    const stored = readReference(outputOf(steps, "a"));
    assert(stored !== null && stored.sha256 !== readReference(secret)?.sha256);
    // And the hash of another organization leads nowhere.
    const theirs = `${stranger.organizationId}/${readReference(secret)?.sha256}.json`;
    assert(
      !store.calls.includes(`get ${theirs}`) &&
        [...store.blobs.keys()].some((path) => path.startsWith(tenant.organizationId)),
    );
  }));

Deno.test("a sub-flow gives its parent what its run gave", () =>
  withEngine(async (db, client) => {
    const [store, sent] = [new MemoryBlobStore(), []];
    const child = await begin(db, draw({ t: START, a: mail() }, "t>a"));
    const { runId } = await begin(
      db,
      draw(
        {
          t: START,
          s: ["logic.subflow", { config: { flowId: child.flowId } }],
          n: set({ length: "{{ length(steps.s.output.output.id) }}" }),
        },
        "t>s",
        "s>n",
      ),
      {},
      child.tenant,
    );
    await work(client, store, mailer(sent), { cacheBytes: 0 }, 50);
    const { run, steps } = await readRun(db, runId);
    assertEquals([run.status, run.output], ["completed", { length: LARGE + 3 }], JSON.stringify(run.error));
    assert(readReference(outputOf(steps, "s")) !== null);
  }));

Deno.test("compensations load what they read", () =>
  withEngine(async (db, client) => {
    const [store, sent]: [MemoryBlobStore, string[]] = [new MemoryBlobStore(), []];
    const config = { to: ["ada@example.com"], subject: "Undo", text: "undo {{ length(steps.a.output.id) }}" };
    const undo = { type: "communication.email", config };
    const { runId } = await begin(
      db,
      draw({ t: START, a: mail({ undo }, "a"), b: mail({ retry: { maxAttempts: 1 } }, "fail") }, "t>a", "a>b"),
    );
    await work(client, store, mailer(sent), { cacheBytes: 0 }, 50);
    assertEquals(sent, ["a", "fail", `undo ${LARGE + 2}`]);
    assertEquals((await readRun(db, runId)).run.status, "compensated");
  }));

Deno.test("the retry of a run takes references over", () =>
  withEngine(async (db, client) => {
    const [store, sent]: [MemoryBlobStore, string[]] = [new MemoryBlobStore(), []];
    const graph = draw({ t: START, a: mail({}, "a"), n: lengthOf("a"), b: mail({}, "fail") }, "t>a", "a>b", "b>n");
    for (const edge of graph.edges) {
      if (edge.source === "a") edge.data = { condition: `length(steps.a.output.id) == ${LARGE + 2}` };
    }
    const { runId, tenant } = await begin(db, graph);
    await work(client, store, mailer(sent));
    assertEquals((await readRun(db, runId)).run.status, "failed");
    const retry = await call(db, tenant, "retry_run", { p_run_id: runId }) as { id: string };
    const mended = mailing(() => Promise.resolve({ id: "1" }));
    await work(client, store, mended);
    const { run, steps } = await readRun(db, retry.id);
    assertEquals([run.status, run.output], ["completed", { length: LARGE + 2 }], JSON.stringify(run.error));
    assertEquals([brief(steps), sent], [["a completed", "b completed", "n completed"], ["a", "fail"]]);
  }));

Deno.test("outputs that are given to a re-run can be references of the run, and no others", () =>
  withEngine(async (db, client) => {
    const [store, sent]: [MemoryBlobStore, string[]] = [new MemoryBlobStore(), []];
    const { runId, tenant } = await begin(db, draw({ t: START, a: mail({}, "a"), n: lengthOf("a") }, "t>a", "a>n"));
    await work(client, store, mailer(sent));
    const kept = outputOf((await readRun(db, runId)).steps, "a");
    const rerun = (a: Json) =>
      call(db, tenant, "rerun_run", { p_run_id: runId, p_from: "n", p_outputs: { a } }) as Promise<{ id: string }>;
    const { id } = await rerun(kept);
    await work(client, store, mailer(sent));
    assertEquals([(await readRun(db, id)).run.output, sent], [{ length: LARGE + 2 }, ["a"]]);
    const forged = { $blob: { sha256: "a".repeat(64), bytes: 9, preview: "" } };
    for (const output of [forged, [forged], { ...forged, more: 1 }]) {
      const error = await assertRejects(() => rerun(output), Error);
      assert(error.message.includes("invalid_request"));
    }
  }));

Deno.test("while Storage is away an effect is not repeated: its output waits in memory, or stays in its row", () =>
  withEngine(async (db, client) => {
    const [store, sent]: [MemoryBlobStore, string[]] = [new MemoryBlobStore(), []];
    const graph = draw({ t: START, a: mail({}, "a"), n: lengthOf("a") }, "t>a", "a>n");
    store.failures = 2;
    const first = await begin(db, graph);
    await work(client, store, mailer(sent, 2_000_000), { patienceMs: 5_000 });
    const kept = await readRun(db, first.runId);
    assertEquals([kept.run.status, kept.run.output, sent], ["completed", { length: 2_000_002 }, ["a"]]);

    store.failures = Infinity;
    const second = await begin(db, graph, {}, first.tenant);
    await work(client, store, mailer(sent));
    const { run, steps } = await readRun(db, second.runId);
    assertEquals([run.status, readReference(outputOf(steps, "a")), sent], ["completed", null, ["a", "a"]]);
  }));

Deno.test("when Storage stays away, an effect is tried again by its policy and a pure step by another worker", () =>
  withEngine(async (db, client) => {
    const [store, sent]: [MemoryBlobStore, string[]] = [new MemoryBlobStore(), []];
    const retry = { maxAttempts: 2, delaySeconds: 0, jitter: false };
    const graph = draw(
      {
        t: START,
        a: mail({ retry }, "a"),
        s: ["logic.wait", { config: { mode: "signal", signal: "go" } }],
        n: lengthOf("a"),
      },
      "t>a",
      "a>s",
      "s>n",
    );
    store.failures = 1;
    const { runId, tenant } = await begin(db, graph);
    await work(client, store, mailer(sent, 2_000_000), {}, 1_000);
    assertEquals(brief((await readRun(db, runId)).steps), ["a retried", "a completed 2"]);

    store.failures = Infinity;
    await call(db, tenant, "signal_run", { p_run_id: runId, p_name: "go" });
    await work(client, store, mailer(sent));
    assertEquals((await readRun(db, runId)).run.status, "running");
    store.failures = 0;
    await work(client, store, mailer(sent));
    const { run, steps } = await readRun(db, runId);
    assertEquals([run.status, run.output], ["completed", { length: 2_000_002 }]);
    assertEquals(brief(steps), ["a retried", "a completed 2", "s completed", "n completed"]);
  }));

Deno.test("more than 16 MiB fail the step, and so does a value that is gone", () =>
  withEngine(async (db, client) => {
    const [store, sent]: [MemoryBlobStore, string[]] = [new MemoryBlobStore(), []];
    const tooLarge = await begin(db, draw({ t: START, a: mail({}, "a") }, "t>a"));
    await work(client, store, mailer(sent, 16_777_216));
    assertEquals((await readRun(db, tooLarge.runId)).run.error?.code, "output_too_large");

    const graph = draw(
      { t: START, a: mail({}, "a"), s: ["logic.wait", { config: { mode: "signal", signal: "go" } }], n: lengthOf("a") },
      "t>a",
      "a>s",
      "s>n",
    );
    const { runId, tenant } = await begin(db, graph, {}, tooLarge.tenant);
    await work(client, store, mailer(sent));
    store.blobs.clear();
    await call(db, tenant, "signal_run", { p_run_id: runId, p_name: "go" });
    await work(client, store, mailer(sent));
    const { run } = await readRun(db, runId);
    assertEquals([run.status, run.error?.code, run.error?.node_id], ["failed", "provider_error", "n"]);
  }));
